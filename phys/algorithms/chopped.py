"""Tiki-Taka, version 2, with choppers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from phys import checked
from phys.algorithms.tiki_taka_v2 import TikiTakaV2
from phys.algorithms.transfer import flip_threshold, flips
from phys.network import Layer


@dataclass(frozen=True)
class ChoppedTikiTakaV2(TikiTakaV2):
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
    transfer_every : int
        Samples between two reads (symbol n_s).
    pulses : int
        Slots of a pulse train (symbol BL).
    transfer_pulses : int
        Pulses that a device of C gets at most per visit; the source gives one.
    flip_probability : float
        Chance that a chopper flips after its column was read.

    References
    ----------
    Rasch et al., Nat. Commun. 15:7133 (2024).
    """

    lr_h: float = 50.0
    flip_probability: float = 0.02
    name: ClassVar[str] = "chopped-tiki-taka-v2"
    step: ClassVar[str] = "step_chopped"

    def __post_init__(self) -> None:
        super().__post_init__()
        checked.real("flip_probability", self.flip_probability, 0.0, 1.0)

    def buffers(self, rows: int, cols: int) -> dict[str, np.ndarray]:
        """Return the buffer H, in pulses of C, and the choppers' signs, one per column."""
        return {**super().buffers(rows, cols), "chopper": np.ones(cols, np.float32)}

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update A by the chopped input; when it is time, visit the column whose turn it is."""
        super().update(layer, x * layer.buffers["chopper"], d)

    def visit(self, layer: Layer, column: int) -> None:
        """Read a column of A with its sign, give C its pulses, and perhaps flip the chopper."""
        chopper = layer.buffers["chopper"]
        self.fill(layer, column, chopper[column] * layer.a.read_column(column))
        if flips(layer, flip_threshold(self.flip_probability)):
            chopper[column] *= -1

    def numbers(self, layer: Layer) -> tuple[Any, ...]:
        """Return the numbers of `TikiTakaV2` and the flip threshold."""
        return (*super().numbers(layer), flip_threshold(self.flip_probability))
