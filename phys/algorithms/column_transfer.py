"""What SHD and Tiki-Taka v1 share: an array A whose columns are added to C, round robin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Protocol, Self

import numpy as np

from phys.algorithms.interface import BuiltIn
from phys.algorithms.transfer import due_column, transfer, transfer_numbers
from phys.network import Layer


class ColumnTransfer(BuiltIn, Protocol):
    """An algorithm of two arrays with the settings lr_a, lr_c, transfer_every and pulses."""

    lr_a: float
    lr_c: float
    transfer_every: int
    pulses: int

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update A; when it is time, read a column of A and update that column of C."""
        layer.a.update(x, d, self.lr_a, self.pulses)
        column = due_column(layer, self.transfer_every)
        if column is not None:
            transfer(layer, column, self.lr_c, self.pulses)

    def slowed(self, factor: float) -> Self:
        """Return the algorithm with the learning rate of A times `factor`."""
        return self._with(lr_a=self.lr_a * factor)

    def scheduled(self, factor: float) -> Self:
        """Return the algorithm with the rate of the transfer times `factor`.

        Where the motion is overdamped, C learns with ``kappa E[g]/(E|g| G')``, whatever the rate of
        A: that one is its memory.
        """
        return self._with(lr_c=self.lr_c * factor)

    def numbers(self, layer: Layer) -> tuple[np.float32, np.float32, int, int]:
        """Return the gains of A's updates and of the transfers, slots and samples per transfer."""
        return transfer_numbers(self, layer)

    def _with(self, **rates: float) -> Self:
        algorithm: Any = self
        return replace(algorithm, **rates)
