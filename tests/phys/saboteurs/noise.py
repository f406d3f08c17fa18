"""What can go wrong with noise."""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import Crossbar, Device
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.altered import Altered
from tests.phys.saboteurs.bounds import SOFT


class Rectified(Altered):
    """A pulse never moves a device backwards, however large the noise."""

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        return pulse * np.maximum(pulse * step, np.float32(0))


@saboteur("noise.mean", "have mean ", also=("noise.size",))
def steps_never_change_sign() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02, cycle_noise=2.0), Rectified)


class FromVariance(Crossbar):
    """An array whose noise has the number given as its variance."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.noise = np.sqrt(self.noise[0]), np.sqrt(self.noise[1])


@saboteur("noise.size", " scatter by ")
def deviation_is_taken_for_a_variance() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02, additive_noise=0.3), FromVariance)


class Frozen(Crossbar):
    """Draws its noise once for each device, and uses it for every pulse."""

    def pulse_all(self, directions: Any, *args: Any, **options: Any) -> None:
        if not np.isin(directions, (-1, 1)).all():
            super().pulse_all(directions, *args, **options)
        number = self.updates
        for direction in directions:
            self.updates = 0
            super().pulse_all([direction], *args, **options)
        self.updates = number + len(directions)


@saboteur("noise.fresh", "the steps of a device at two pulses have the correlation 1")
def noise_is_drawn_once() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02, cycle_noise=0.3), Frozen)
