"""Floating-point SGD: the digital baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from phys.algorithms.interface import BuiltIn, check_rates
from phys.network import Layer


@dataclass(frozen=True)
class FloatSGD(BuiltIn):
    r"""Stochastic gradient descent on floating-point weights: the digital baseline.

    .. math:: W \leftarrow W + \mathrm{lr}\; d x^T

    Parameters
    ----------
    lr : float
        Learning rate.
    """

    lr: float = 0.05
    name: ClassVar[str] = "float"
    arrays: ClassVar[tuple[str, ...]] = ()
    step: ClassVar[str] = "step_float"

    def __post_init__(self) -> None:
        check_rates(self, "lr")

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Add the outer product."""
        step = np.float32(self.lr) * x
        index = np.nonzero(step)[0]
        layer.c.columns[index] += step[index, None] * d

    def slowed(self, factor: float) -> FloatSGD:
        """Return the algorithm with its learning rate times `factor`."""
        return replace(self, lr=self.lr * factor)

    def numbers(self, layer: Layer) -> tuple[np.float32]:
        """Return the learning rate."""
        return (np.float32(self.lr),)
