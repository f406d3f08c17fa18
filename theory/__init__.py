"""Analog training on asymmetric resistive devices, derived: SymPy only, every step checked."""

from __future__ import annotations

from theory import laws
from theory.cycle import AlternatingCycle, alternating_cycle
from theory.law import DeviceLaw
from theory.parameters import Parameter
from theory.response import PulseResponse, pulse_response
from theory.symbols import w
from theory.symmetry import SymmetryPoint, SymmetryPoints

__all__ = [
    "AlternatingCycle",
    "DeviceLaw",
    "Parameter",
    "PulseResponse",
    "SymmetryPoint",
    "SymmetryPoints",
    "alternating_cycle",
    "laws",
    "pulse_response",
    "w",
]
