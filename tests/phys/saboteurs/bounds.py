"""What can go wrong with the bounds and with single steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import Crossbar, Device
from tests.phys.saboteurs import Sabotage, saboteur
from theory import laws


class OpenAbove(Crossbar):
    """Clamps from below only."""

    def pulse_all(self, directions: Any, *args: Any, **options: Any) -> None:
        before = self.columns.copy()
        super().pulse_all(directions, *args, **options)
        if len(directions) == 1 and directions[0] == 1:
            step = np.float32(self.device.dw_min)
            at_bound = self.columns == self.bounds[1].T
            self.columns[at_bound] = before[at_bound] + step


@saboteur("bounds.clamped", "lies above w_max")
def upper_bound_is_not_clamped() -> Sabotage:
    law = laws.constant_step(w_max=1, w_min=-1, imbalance=0)
    return Sabotage(Device(law, dw_min=0.02), OpenAbove)
