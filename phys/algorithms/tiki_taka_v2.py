"""Tiki-Taka, version 2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from phys import checked
from phys.algorithms.interface import BuiltIn, check_rates
from phys.algorithms.transfer import due_column, give_full_pulses
from phys.network import Layer
from phys.pulses import MAX_PULSES, update_gain


@dataclass(frozen=True)
class TikiTakaV2(BuiltIn):
    r"""Tiki-Taka v2: a digital buffer H between A and C filters the noise of single reads.

    A takes the pulsed outer product of every sample. After every `transfer_every` samples one
    column k of A is read against its reference R, round robin:

    .. math:: h_k \leftarrow h_k + \lambda_H\,(A - R)\,v_k; \qquad
              |h| \ge 1: \; \text{one pulse of that sign to } C, \quad
              h \leftarrow h - \operatorname{sgn} h

    with v_k the unit vector of the column. Forward and backward read C.

    Parameters
    ----------
    lr_a : float
        Learning rate of A.
    lr_h : float
        Rate of the buffer (symbol lambda_H): pulses of C per visit and unit of A.
    transfer_every : int
        Samples between two reads (symbol n_s).
    pulses : int
        Slots of a pulse train (symbol BL).
    transfer_pulses : int
        Pulses that a device of C gets at most per visit; the source gives one.

    References
    ----------
    Gokmen, Front. Artif. Intell. 4:699148 (2021); in this form Rasch et al., Nat. Commun. 15:7133
    (2024).
    """

    lr_a: float = 0.05
    lr_h: float = 100.0
    transfer_every: int = 1
    pulses: int = 10
    transfer_pulses: int = 10
    name: ClassVar[str] = "tiki-taka-v2"
    arrays: ClassVar[tuple[str, ...]] = ("a", "c")
    step: ClassVar[str] = "step_buffered"

    def __post_init__(self) -> None:
        check_rates(self, "lr_a", "lr_h")
        checked.whole("transfer_pulses", self.transfer_pulses, 1, MAX_PULSES)

    def buffers(self, rows: int, cols: int) -> dict[str, np.ndarray]:
        """Return the buffer H, in pulses of C."""
        return {"h": np.zeros((cols, rows), np.float32)}

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update A; when it is time, visit the column whose turn it is."""
        layer.a.update(x, d, self.lr_a, self.pulses)
        column = due_column(layer, self.transfer_every)
        if column is not None:
            self.visit(layer, column)

    def visit(self, layer: Layer, column: int) -> None:
        """Read a column of A, add it to the buffer and give C its pulses."""
        self.fill(layer, column, layer.a.read_column(column))

    def fill(self, layer: Layer, column: int, reading: np.ndarray) -> None:
        """Add `reading` to the buffer of a column and give C its pulses."""
        h = layer.buffers["h"][column]
        h += np.float32(self.lr_h) * reading
        give_full_pulses(layer, column, h, self.transfer_pulses)

    def slowed(self, factor: float) -> Self:
        """Return the algorithm with the learning rate of A times `factor`."""
        return replace(self, lr_a=self.lr_a * factor)

    def numbers(self, layer: Layer) -> tuple[Any, ...]:
        """Return A's gain, the buffer's rate, slots, samples per read and pulses per visit."""
        return (
            update_gain(self.lr_a, layer.a.device.dw_min, self.pulses),
            np.float32(self.lr_h),
            self.pulses,
            self.transfer_every,
            self.transfer_pulses,
        )
