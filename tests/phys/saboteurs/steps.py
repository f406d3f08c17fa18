"""What can go wrong with single steps and the parts of a law."""

from __future__ import annotations

import numpy as np
from sympy import Expr

from phys import StepFunctions
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.altered import Altered
from tests.phys.saboteurs.bounds import SOFT
from theory import DeviceLaw


@saboteur("steps.sign", "an up pulse lowers w = ")
def line_through_measured_steps_falls_below_zero() -> Sabotage:
    """Positive wherever the constructor looks, negative beyond the last point measured."""
    return Sabotage(StepFunctions(lambda w: 0.985 - w, lambda w: 1 + w, (-1, 1)))


class Uneven(Altered):
    """Every other device takes smaller steps, though the devices are not to differ."""

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        odd = (np.arange(step.size) % 2).reshape(step.shape)
        return step * np.where(odd, np.float32(0.8), np.float32(1))


@saboteur("steps.order", "which lay above, to")
def devices_differ_without_spread() -> Sabotage:
    return Sabotage(SOFT, Uneven)


def _without_middle(q: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.where((w > 0.482) & (w < 0.498), np.float32(0), q)


@saboteur(
    "parts.symmetric",
    "F = 0 at w = 0.4",
    # Where no pulse moves the weight, every weight is a symmetry point.
    also=("symmetry.unique",),
)
def dead_zone_between_measured_points() -> Sabotage:
    return Sabotage(
        StepFunctions(
            lambda w: _without_middle(1 - w, w), lambda w: _without_middle(1 + w, w), (-1, 1)
        )
    )


class Doubled(DeviceLaw):
    """Forgets the half in G = (q_down - q_up)/2."""

    @property
    def G(self) -> Expr:
        return self.down - self.up


@saboteur("parts.recombine", "but F - G =")
def antisymmetric_part_without_its_half() -> Sabotage:
    return Sabotage(Doubled("soft", up=SOFT.up, down=SOFT.down, bounds=SOFT.bounds))
