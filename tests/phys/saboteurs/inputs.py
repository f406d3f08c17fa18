"""What can go wrong with what is handed in."""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import Crossbar, Device, UpdateResult
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.bounds import SOFT

DEVICE = Device(SOFT, dw_min=0.02)


class InMemoryOrder(Crossbar):
    """Takes numbers as they lie in memory."""

    def set_weights(self, weights: Any) -> None:
        given = np.asarray(weights)
        super().set_weights(given.ravel(order="K").reshape(given.shape))


@saboteur("input.layout", "a plain array against ")
def weights_are_taken_as_they_lie_in_memory() -> Sabotage:
    return Sabotage(DEVICE, InMemoryOrder)


class Scaling(Crossbar):
    """Scales the signals in place, and the learning rate against it."""

    def update(self, x: Any, d: Any, lr: float, pulses: int = 10, **options: Any) -> UpdateResult:
        if isinstance(x, np.ndarray) and x.dtype == np.float32 and x.flags.writeable:
            x *= np.float32(0.5)
            lr *= 2
        return super().update(x, d, lr, pulses, **options)


@saboteur("input.unchanged", "before and after: x[", also=("input.layout",))
def signals_are_scaled_in_place() -> Sabotage:
    return Sabotage(DEVICE, Scaling)


class Lenient(Crossbar):
    """Takes what is not a number for 0."""

    def forward(self, x: Any, **options: Any) -> np.ndarray:
        values = np.asarray(x)
        if values.dtype.kind == "f":
            values = np.nan_to_num(values, posinf=np.inf, neginf=-np.inf)
        return super().forward(values, **options)


@saboteur("refuse.signals", "forward with nan among its numbers is accepted")
def nan_is_taken_for_zero() -> Sabotage:
    return Sabotage(DEVICE, Lenient)


class Hasty(Crossbar):
    """Counts an update before it looks at its arguments."""

    def update(self, x: Any, d: Any, lr: float, *args: Any, **options: Any) -> UpdateResult:
        if not lr > 0:
            self.updates += 1
        return super().update(x, d, lr, *args, **options)


@saboteur("refuse.numbers", "lr = 0 is refused after something changed: updates: 1 against 2")
def updates_are_counted_before_they_are_checked() -> Sabotage:
    return Sabotage(DEVICE, Hasty)
