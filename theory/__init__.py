"""Analog training on asymmetric resistive devices, derived: SymPy only, every step checked."""

from __future__ import annotations

from theory import laws
from theory.law import DeviceLaw
from theory.parameters import Parameter
from theory.symbols import w
from theory.symmetry import SymmetryPoint, SymmetryPoints

__all__ = ["DeviceLaw", "Parameter", "SymmetryPoint", "SymmetryPoints", "laws", "w"]
