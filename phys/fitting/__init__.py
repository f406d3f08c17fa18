"""From measured pulses to a device law: read a table, fit every law, choose one, show it."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from phys.fitting.bootstrap import Interval
    from phys.fitting.choice import Progress, fit
    from phys.fitting.examples import load_example
    from phys.fitting.figure import fit_figure
    from phys.fitting.pulse_data import PulseData, from_arrays
    from phys.fitting.pulse_file import read_pulses
    from phys.fitting.result import FitResult

_HOMES = {
    "FitResult": "result",
    "Interval": "bootstrap",
    "Progress": "choice",
    "PulseData": "pulse_data",
    "fit": "choice",
    "fit_figure": "figure",
    "from_arrays": "pulse_data",
    "load_example": "examples",
    "read_pulses": "pulse_file",
}

__all__ = [
    "FitResult",
    "Interval",
    "Progress",
    "PulseData",
    "fit",
    "fit_figure",
    "from_arrays",
    "load_example",
    "read_pulses",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'phys.fitting' has no attribute {name!r}")
    value = getattr(import_module(f"phys.fitting.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
