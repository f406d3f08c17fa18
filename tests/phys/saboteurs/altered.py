"""Arrays whose pulses do something else than their device says."""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import Crossbar


class Altered(Crossbar):
    """Gives pulses one by one, and lets `altered` change what each did."""

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        """Return the step to take instead of `step` from the weights `before`."""
        raise NotImplementedError

    def pulse_all(self, directions: Any, *args: Any, **options: Any) -> None:
        if not np.isin(directions, (-1, 1)).all():
            super().pulse_all(directions, *args, **options)
        low, high = (bound.T for bound in self.bounds)
        for pulse in directions:
            before = self.columns.copy()
            super().pulse_all([pulse], *args, **options)
            step = self.altered(before, self.columns - before, int(pulse))
            self.columns[...] = np.clip(before + step, low, high)
