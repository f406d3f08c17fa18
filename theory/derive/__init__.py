"""Derivations of the results of the two papers, for any device law.

Each function returns a :class:`theory.Derivation`; its ``verify()`` checks every step.
"""

from __future__ import annotations

from collections.abc import Callable

from theory.derivation import Derivation
from theory.derive.coincidences import coincidences
from theory.derive.descent import implicit_penalty, sgd_equilibrium
from theory.derive.hamiltonian import shd_damping, shd_energy, unshifted_offset
from theory.derive.scale import learned_scale
from theory.derive.symmetry import symmetry_point, zero_shifting
from theory.law import DeviceLaw

NAMES: dict[str, Callable[[DeviceLaw], Derivation]] = {
    "symmetry_point": symmetry_point,
    "zero_shifting": zero_shifting,
    "sgd_equilibrium": sgd_equilibrium,
    "implicit_penalty": implicit_penalty,
    "learned_scale": learned_scale,
    "shd_energy": shd_energy,
    "shd_damping": shd_damping,
    "unshifted_offset": unshifted_offset,
    "coincidences": coincidences,
}
"""All derivations by name."""

__all__ = [
    "NAMES",
    "coincidences",
    "implicit_penalty",
    "learned_scale",
    "sgd_equilibrium",
    "shd_damping",
    "shd_energy",
    "symmetry_point",
    "unshifted_offset",
    "zero_shifting",
]
