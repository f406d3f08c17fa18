"""Engines that lose a little of what the other one does."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from phys import Crossbar, Device, UpdateResult
from phys.kernels import LawKernel
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.bounds import SOFT


class Uncounted(Crossbar):
    """Its event engine does not count updates, so that each has the trains of the first."""

    def update(self, x: Any, d: Any, lr: float, pulses: int = 10, **options: Any) -> UpdateResult:
        number = self.updates
        result = super().update(x, d, lr, pulses, **options)
        if options.get("engine") == "event":
            self.updates = number
        return result


@saboteur("engine.event", "pulse, fast against event engine: updates: 4 against 2")
def event_engine_does_not_count_updates() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), Uncounted)


class Punctual(Crossbar):
    """Its fast engine takes every line to be in time."""

    def update(self, x: Any, d: Any, lr: float, pulses: int = 10, **options: Any) -> UpdateResult:
        if options.get("engine", "fast") == "fast":
            options["timing"] = None
        return super().update(x, d, lr, pulses, **options)


@saboteur("engine.timing", "with timing faults, fast against event engine")
def fast_engine_ignores_late_lines() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), Punctual)


class Rearranged(Device):
    """Its NumPy form adds in another order than the compiled one."""

    @cached_property
    def kernel(self) -> LawKernel:
        given = super().kernel
        assert isinstance(given, LawKernel)
        third = np.float32(1 / 3)

        def up(w: Any, c: Any, o: int) -> Any:
            step = given.up_step(w, c, o)
            return step * third + step * third + step * third

        return replace(given, up_step=up)


@saboteur("engine.numpy", "compiled against NumPy: weight")
def numpy_form_adds_in_another_order() -> Sabotage:
    return Sabotage(Rearranged(SOFT, dw_min=0.02))
