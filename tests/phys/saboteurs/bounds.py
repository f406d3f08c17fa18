"""What can go wrong with the bounds."""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import Crossbar, Device
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.altered import Altered
from theory import laws

SOFT = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)


class OpenAbove(Crossbar):
    """Does not clamp an up pulse."""

    def pulse_all(self, directions: Any, *args: Any, **options: Any) -> None:
        before = self.columns.copy()
        super().pulse_all(directions, *args, **options)
        if len(directions) == 1 and directions[0] == 1:
            step = np.float32(self.device.dw_min)
            at_bound = self.columns == self.bounds[1].T
            self.columns[at_bound] = before[at_bound] + step


@saboteur("bounds.clamped", "lies above w_max = 1")
def upper_bound_is_not_clamped() -> Sabotage:
    law = laws.linear_step(w_max=1, w_min=-1, imbalance=0, slope_up=0.5, slope_down=0.5)
    return Sabotage(Device(law, dw_min=0.02), OpenAbove)


class SmallestStep(Altered):
    """A driver whose weakest pulse still moves a device by a quarter of the nominal step."""

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        return pulse * np.maximum(np.abs(step), np.float32(self.device.dw_min / 4))


@saboteur("bounds.soft", "before the soft bound 1, a pulse moves by")
def step_does_not_vanish_at_a_soft_bound() -> Sabotage:
    return Sabotage(SOFT, SmallestStep)
