"""What can go wrong in an update."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from phys import Crossbar, Device, UpdateResult
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.bounds import SOFT

DEVICE = Device(SOFT, dw_min=0.02)


class Short(Crossbar):
    """Forgets the last slot of every train."""

    def update(self, x: Any, d: Any, lr: float, pulses: int = 10, **options: Any) -> UpdateResult:
        if 1 < pulses <= 64:
            lr, pulses = lr * (pulses - 1) / pulses, pulses - 1
        return super().update(x, d, lr, pulses, **options)


@saboteur("update.mean", "on average; ")
def trains_lack_their_last_slot() -> Sabotage:
    return Sabotage(DEVICE, Short)


class Overcounting(Crossbar):
    """Reports the slots of a train as pulses, wherever there was one."""

    def update(self, x: Any, d: Any, lr: float, pulses: int = 10, **options: Any) -> UpdateResult:
        result = super().update(x, d, lr, pulses, **options)
        return replace(result, pulses=pulses if result.pulses else 0)


@saboteur("update.count", "against as many single pulses: weight", also=("seed.other",))
def slots_are_reported_as_pulses() -> Sabotage:
    return Sabotage(DEVICE, Overcounting)


class HalfSelected(Crossbar):
    """Devices on a driven column creep up, also where the row is not driven."""

    def update(self, x: Any, d: Any, lr: float, pulses: int = 10, **options: Any) -> UpdateResult:
        result = super().update(x, d, lr, pulses, **options)
        creep = np.float32(1e-3 * self.device.dw_min)
        idle = np.outer(np.asarray(x, float) != 0, np.asarray(d, float) == 0)
        self.columns[idle] = np.minimum(self.columns[idle] + creep, self.bounds[1].T[idle])
        return result


@saboteur("update.lines", "at d = 0, x = ")
def half_selected_devices_creep() -> Sabotage:
    return Sabotage(DEVICE, HalfSelected)
