"""What can go wrong with the symmetry point."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from sympy import Rational

from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.altered import Altered
from tests.phys.saboteurs.bounds import SOFT
from theory import DeviceLaw, SymmetryPoints, laws, w
from theory.symbols import rho, w_max, w_min


@saboteur("symmetry.exists", "the up step is larger between the bounds throughout")
def up_steps_always_win() -> Sabotage:
    return Sabotage(laws.constant_step(w_max=1, w_min=-1, imbalance=Rational(3, 10)))


@saboteur("symmetry.unique", "G changes its sign at -0.5, 0, 0.5")
def three_symmetry_points() -> Sabotage:
    bend = w**3 - w / 4
    return Sabotage(DeviceLaw("three", up=1 - bend, down=1 + bend, bounds=(-1, 1)))


@saboteur("symmetry.attracts", "G falls through 0 at 0: pulses lead away from there")
def steps_grow_towards_the_bounds() -> Sabotage:
    return Sabotage(DeviceLaw("runaway", up=1 + w / 2, down=1 - w / 2, bounds=(-1, 1)))


class PositiveOnly(DeviceLaw):
    """Solves G(w) = 0 for a w that is declared positive, and so loses the points below 0."""

    def symmetry_points(self) -> SymmetryPoints:
        every = super().symmetry_points()
        return SymmetryPoints([p for p in every if float(p) > 0], every.outcome, every.reason)


@saboteur("symmetry.theory", "theory lists none, but q_up - q_down changes its sign at -0.3")
def negative_symmetry_point_is_lost() -> Sabotage:
    mirrored = laws.soft_bounds(w_max=1, w_min=-1, imbalance=Rational(-3, 10))
    return Sabotage(
        PositiveOnly("soft", up=mirrored.up, down=mirrored.down, bounds=mirrored.bounds)
    )


class PlusInDenominator(DeviceLaw):
    """Has w* = (a - b)/(a/w_max + b/w_min), with the wrong sign between the two."""

    def symmetry_points(self) -> SymmetryPoints:
        (point,) = super().symmetry_points()
        a, b = 1 + rho, 1 - rho
        return SymmetryPoints([replace(point, expression=(a - b) / (a / w_max + b / w_min))])


class WrongFormula(DeviceLaw):
    """Has the right numbers, and the wrong formula while its parameters are open."""

    @property
    def symbolic(self) -> DeviceLaw:
        right = super().symbolic
        return PlusInDenominator(
            right.name,
            up=right.up_form,
            down=right.down_form,
            bounds=right.bounds_form,
            parameters=right.parameters,
        )


@saboteur("symmetry.symbolic", "in numbers, but the formula gives")
def formula_has_a_wrong_sign() -> Sabotage:
    law = laws.soft_bounds(w_max=1, w_min=Rational(-4, 5), imbalance=Rational(3, 10))
    return Sabotage(
        WrongFormula(
            "soft",
            up=law.up_form,
            down=law.down_form,
            bounds=law.bounds_form,
            parameters=law.parameters,
        )
    )


class Backlash(Altered):
    """The first pulse after a change of direction is weaker by a twentieth."""

    last = 0

    def set_weights(self, weights: Any) -> None:
        super().set_weights(weights)
        self.last = 0

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        turned, self.last = self.last == -pulse, pulse
        return step * np.float32(0.95) if turned else step


@saboteur("symmetry.balanced", "a pair moves the weight by")
def direction_change_costs_a_part_of_the_step() -> Sabotage:
    return Sabotage(SOFT, Backlash)
