"""Training algorithms: what a layer does with one sample's input and direction.

An algorithm names the arrays and the digital buffers that a layer needs, says which combination of
arrays forward and backward read, and in `update` what happens to them. It never sees the network.
`Algorithm` shows how to write one's own; the built-in ones also have a compiled layer step in
`phys.loops.layer_steps`.
"""

from __future__ import annotations

import inspect
from dataclasses import fields
from typing import Any

from phys import checked
from phys.algorithms.agad import AGAD
from phys.algorithms.chopped import ChoppedTikiTakaV2
from phys.algorithms.floating import FloatSGD
from phys.algorithms.interface import Algorithm, BuiltIn
from phys.algorithms.mixed_precision import MixedPrecision
from phys.algorithms.residual import ResidualLearning
from phys.algorithms.sgd import PulsedSGD
from phys.algorithms.shd import SHD
from phys.algorithms.tiki_taka import TikiTaka
from phys.algorithms.tiki_taka_v2 import TikiTakaV2
from phys.algorithms.zero_shifted_sgd import ZeroShiftedSGD

__all__ = [
    "AGAD",
    "BUILT_IN",
    "SHD",
    "Algorithm",
    "BuiltIn",
    "ChoppedTikiTakaV2",
    "FloatSGD",
    "MixedPrecision",
    "PulsedSGD",
    "ResidualLearning",
    "TikiTaka",
    "TikiTakaV2",
    "ZeroShiftedSGD",
    "named_algorithm",
    "settings_of",
    "summary",
]

BUILT_IN: dict[str, Any] = {
    a.name: a
    for a in (
        FloatSGD,
        PulsedSGD,
        ZeroShiftedSGD,
        SHD,
        TikiTaka,
        TikiTakaV2,
        ChoppedTikiTakaV2,
        AGAD,
        ResidualLearning,
        MixedPrecision,
    )
}


def settings_of(name: str) -> dict[str, Any]:
    """Return the settings of the built-in algorithm `name` with their defaults.

    Examples
    --------
    >>> settings_of("sgd")
    {'lr': 0.01, 'pulses': 10}
    """
    checked.choice("algorithm", name, tuple(BUILT_IN))
    return {field.name: field.default for field in fields(BUILT_IN[name])}


def summary(name: str) -> str:
    """Return in one sentence what the built-in algorithm `name` does.

    Examples
    --------
    >>> summary("shd")
    'Stochastic Hamiltonian Descent: two coupled arrays, whose asymmetry is the friction.'
    """
    checked.choice("algorithm", name, tuple(BUILT_IN))
    return (inspect.getdoc(BUILT_IN[name]) or "").split("\n\n")[0].replace("\n", " ")


def named_algorithm(name: str, **rates: Any) -> Algorithm:
    """Return the built-in algorithm `name` with these settings; None keeps a default.

    Examples
    --------
    >>> named_algorithm("shd", lr_a=0.1, lr_c=None)
    SHD(lr_a=0.1, lr_c=0.2, transfer_every=2, pulses=10)
    """
    known = settings_of(name)
    given = {key: value for key, value in rates.items() if value is not None}
    for key, value in given.items():
        if key not in known:
            raise checked.InputError(
                f"{key} = {value!r} means nothing to algorithm {name!r}, which takes "
                f"{', '.join(known)}; leave it out"
            )
    algorithm: Algorithm = BUILT_IN[name](**given)
    return algorithm
