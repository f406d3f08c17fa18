"""What can go wrong with the energy of SHD."""

from __future__ import annotations

from sympy import Expr, Integer

from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.bounds import SOFT
from theory import DeviceLaw, SymmetryPoint, SymmetryPoints, w


def _with(kind: type[DeviceLaw]) -> Sabotage:
    return Sabotage(kind("soft", up=SOFT.up, down=SOFT.down, bounds=SOFT.bounds))


class UnitMass(DeviceLaw):
    """Takes the kinetic energy of a linear device, F = 1, for that of a soft-bound one."""

    @property
    def F(self) -> Expr:
        return Integer(1)


@saboteur(
    "shd.energy_falls",
    "H rises at the rate",
    # The parts and the tilted energy hold the same F.
    also=("parts.recombine", "shd.tilted_energy_falls"),
)
def energy_ignores_how_steps_shrink() -> Sabotage:
    return _with(UnitMass)


class CentredPoint(DeviceLaw):
    """Takes the middle between the bounds for the symmetry point."""

    def symmetry_points(self) -> SymmetryPoints:
        slope = self.G.diff(w).subs(w, 0)
        return SymmetryPoints([SymmetryPoint(Integer(0), 0.0, True, slope, "exact")])


@saboteur(
    "shd.energy_rises",
    "it does not rise, at A =",
    # A wrong symmetry point is wrong everywhere that it is used.
    also=("symmetry.theory", "shd.energy_falls"),
)
def symmetry_point_is_taken_in_the_middle() -> Sabotage:
    return _with(CentredPoint)


class OppositeTilt(DeviceLaw):
    """Takes psi from the convention G = (q_up - q_down)/2."""

    @property
    def psi(self) -> Expr:
        return (self.up - self.down) / (self.up + self.down)


@saboteur("shd.tilted_energy_falls", "the tilted energy rises at the rate")
def tilt_has_the_wrong_sign() -> Sabotage:
    return _with(OppositeTilt)
