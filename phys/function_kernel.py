"""The arithmetic of devices whose steps are Python functions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from phys.step_functions import StepFunctions


@dataclass(frozen=True)
class FunctionKernel:
    """The arithmetic of `StepFunctions`, in the form of `phys.kernels.LawKernel`."""

    functions: StepFunctions
    width: int = 8
    step_place: int = 0
    low_place: int = 1
    high_place: int = 2

    def up_step(self, weight: np.ndarray, c: Any, o: int) -> np.ndarray:
        """Return the change of `weight` by an up pulse."""
        q = self.functions.up(self._nominal(weight, c))
        return np.asarray(c[self.step_place] * np.asarray(q, dtype=np.float32))

    def down_step(self, weight: np.ndarray, c: Any, o: int) -> np.ndarray:
        """Return the change of `weight` by a down pulse."""
        q = self.functions.down(self._nominal(weight, c))
        return np.asarray(-c[self.step_place] * np.asarray(q, dtype=np.float32))

    def _nominal(self, weight: np.ndarray, c: Any) -> np.ndarray:
        low, high = (np.float32(b) for b in self.functions.bounds)
        own_low, own_high = c[self.low_place], c[self.high_place]
        if np.all(own_low == low) and np.all(own_high == high):
            return weight
        return np.asarray(low + (weight - own_low) / (own_high - own_low) * (high - low))

    def coefficients(self, values: Any, step: Any, low: Any, high: Any) -> np.ndarray:
        """Return step and bounds of each device, float32 (n, width)."""
        count = max(np.size(step), np.size(low), np.size(high))
        table = np.zeros((count, self.width), np.float32)
        table[:, 0], table[:, 1], table[:, 2] = step, low, high
        return table
