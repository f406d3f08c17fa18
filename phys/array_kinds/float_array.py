"""Weights without devices: floating-point numbers behind the reads of a crossbar."""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import fast
from phys.reads import Reads


class FloatArray:
    """Float32 weights that are read like those of a `Crossbar`; `columns` is written directly.

    Parameters
    ----------
    rows, cols : int
    """

    def __init__(self, rows: int, cols: int) -> None:
        self.rows, self.cols = rows, cols
        self.read = Reads()
        self.columns = np.zeros((cols, rows), dtype=np.float32)
        self.reference_columns = np.zeros((cols, rows), dtype=np.float32)

    @property
    def effective_weights(self) -> np.ndarray:
        """The weights, float32 (rows, cols)."""
        return self.columns.T

    def set_weights(self, weights: np.ndarray) -> None:
        """Take over `weights`, (rows, cols)."""
        self.columns[...] = weights.T

    def forward(self, x: np.ndarray, *, probe: int | None = None) -> np.ndarray:
        """Return ``weights @ x`` for every row of `x`, float32 (batch, rows)."""
        array: Any = self
        return fast.forward(array, x)

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Return ``weights.T @ d`` for every row of `d`, float32 (batch, cols)."""
        array: Any = self
        return fast.backward(array, d)

    def state(self) -> dict[str, np.ndarray]:
        """Return a copy of the weights."""
        return {"weights": self.columns.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up the weights that `state` returned."""
        self.columns[...] = state["weights"]
