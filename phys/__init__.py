"""Numbers and events: devices, crossbars, engines and training. `theory` holds the derivations."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phys.array_kinds.differential_pair import DifferentialPair
    from phys.array_kinds.mean_field import MeanFieldCrossbar
    from phys.crossbar import Crossbar, UpdateResult
    from phys.device import Device
    from phys.functions.hidden_state import HiddenStateFunctions
    from phys.functions.kernel import UncompiledDeviceWarning
    from phys.functions.steps import StepFunctions
    from phys.history import History
    from phys.layers import Conv, Dense, Pool
    from phys.reads import Read, Reads
    from phys.spread import Spread
    from phys.timing import Timing
    from phys.trace import Trace
    from phys.training import train
    from phys.zero_shifting import ZeroShiftHistory, zero_shift

_HOMES = {
    "Crossbar": "phys.crossbar",
    "UpdateResult": "phys.crossbar",
    "Device": "phys.device",
    "Spread": "phys.spread",
    "StepFunctions": "phys.functions.steps",
    "HiddenStateFunctions": "phys.functions.hidden_state",
    "UncompiledDeviceWarning": "phys.functions.kernel",
    "Conv": "phys.layers",
    "Dense": "phys.layers",
    "Pool": "phys.layers",
    "DifferentialPair": "phys.array_kinds.differential_pair",
    "MeanFieldCrossbar": "phys.array_kinds.mean_field",
    "Read": "phys.reads",
    "Reads": "phys.reads",
    "Timing": "phys.timing",
    "Trace": "phys.trace",
    "History": "phys.history",
    "train": "phys.training",
    "ZeroShiftHistory": "phys.zero_shifting",
    "zero_shift": "phys.zero_shifting",
}

__all__ = [
    "Conv",
    "Crossbar",
    "Dense",
    "Device",
    "DifferentialPair",
    "HiddenStateFunctions",
    "History",
    "MeanFieldCrossbar",
    "Pool",
    "Read",
    "Reads",
    "Spread",
    "StepFunctions",
    "Timing",
    "Trace",
    "UncompiledDeviceWarning",
    "UpdateResult",
    "ZeroShiftHistory",
    "train",
    "zero_shift",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'phys' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value
