"""What can go wrong where weights are stored and clipped in absolute numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.altered import Altered
from tests.phys.saboteurs.bounds import SOFT
from theory import laws


class Truncating(Altered):
    """Stores weights in 17 bits of the range, and cuts the rest off."""

    def set_weights(self, weights: Any) -> None:
        super().set_weights(weights)
        self.columns[...] = self._cut(self.columns)

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        return self._cut(before + step) - before

    def _cut(self, weights: np.ndarray) -> np.ndarray:
        low, high = self.device.bounds
        unit = np.float32((high - low) / 2**17)
        return np.floor(weights / unit) * unit


@saboteur("metamorphic.mirror", "but on the mirrored device to")
def stored_weights_are_cut_off() -> Sabotage:
    return Sabotage(SOFT, Truncating)


class Normalised(Altered):
    """Clips every weight to -1 .. 1, the range of a normalised conductance."""

    def set_weights(self, weights: Any) -> None:
        super().set_weights(np.clip(weights, -1, 1))

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        return np.clip(before + step, -1, 1) - before


@saboteur("metamorphic.rescale", "but in doubled units to 0.5")
def weights_are_clipped_to_one() -> Sabotage:
    return Sabotage(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), Normalised)
