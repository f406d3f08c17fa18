"""Tiki-Taka, version 2, with choppers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from phys import checked
from phys.algorithms.interface import BuiltIn, check_rates
from phys.algorithms.transfer import due_column, flip_threshold, flips, give_full_pulses
from phys.network import Layer
from phys.pulses import MAX_PULSES, update_gain


@dataclass(frozen=True)
class ChoppedTikiTakaV2(BuiltIn):
    r"""Chopped Tiki-Taka v2: sign flips turn a wrong reference of A into noise that averages out.

    Every column line j has a chopper, a sign s_j. It multiplies what A learns and what is read of
    it, so that the gradient comes back with its own sign, and an offset of A with a random one:

    .. math:: \Delta A = \mathrm{lr_A}\; d\,(s x)^T; \qquad
              h_k \leftarrow h_k + \lambda_H\,s_k\,(A - R)\,v_k

    with v_k the unit vector of column k, whose turn it is; after its read, s_k changes sign with
    probability `flip_probability`. Where abs(h) >= 1, C gets one pulse of that sign and h comes
    back by one, as in `TikiTakaV2`. Forward and backward read C.

    Parameters
    ----------
    lr_a : float
        Learning rate of A.
    lr_h : float
        Rate of the buffer (symbol lambda_H): pulses of C per visit and unit of A.
    flip_probability : float
        Chance that a chopper flips after its column was read.
    transfer_every : int
        Samples between two reads (symbol n_s).
    pulses : int
        Slots of a pulse train (symbol BL).
    transfer_pulses : int
        Pulses that a device of C gets at most per visit; the source gives one.

    References
    ----------
    Rasch et al., Nat. Commun. 15:7133 (2024).
    """

    lr_a: float = 0.05
    lr_h: float = 50.0
    flip_probability: float = 0.02
    transfer_every: int = 1
    pulses: int = 10
    transfer_pulses: int = 10
    name: ClassVar[str] = "chopped-tiki-taka-v2"
    arrays: ClassVar[tuple[str, ...]] = ("a", "c")
    step: ClassVar[str] = "step_chopped"

    def __post_init__(self) -> None:
        check_rates(self, "lr_a", "lr_h")
        checked.real("flip_probability", self.flip_probability, 0.0, 1.0)
        checked.whole("transfer_pulses", self.transfer_pulses, 1, MAX_PULSES)

    def buffers(self, rows: int, cols: int) -> dict[str, np.ndarray]:
        """Return the buffer H, in pulses of C, and the choppers' signs, one per column."""
        return {"h": np.zeros((cols, rows), np.float32), "chopper": np.ones(cols, np.float32)}

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update A; when it is time, add a column of A to the buffer and give C its pulses."""
        chopper = layer.buffers["chopper"]
        layer.a.update(x * chopper, d, self.lr_a, self.pulses)
        column = due_column(layer, self.transfer_every)
        if column is not None:
            h = layer.buffers["h"][column]
            h += np.float32(self.lr_h) * (chopper[column] * layer.a.read_column(column))
            give_full_pulses(layer, column, h, self.transfer_pulses)
            if flips(layer, flip_threshold(self.flip_probability)):
                chopper[column] *= -1

    def slowed(self, factor: float) -> ChoppedTikiTakaV2:
        """Return the algorithm with the learning rate of A times `factor`."""
        return replace(self, lr_a=self.lr_a * factor)

    def numbers(self, layer: Layer) -> tuple[np.float32, np.float32, np.uint64, int, int, int]:
        """Return A's gain, the buffer's rate, the flip threshold, slots, samples, limit."""
        return (
            update_gain(self.lr_a, layer.a.device.dw_min, self.pulses),
            np.float32(self.lr_h),
            flip_threshold(self.flip_probability),
            self.pulses,
            self.transfer_every,
            self.transfer_pulses,
        )
