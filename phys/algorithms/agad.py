"""AGAD: Tiki-Taka v2 with choppers and a reference that is learned on the way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from phys import checked
from phys.algorithms.chopped import ChoppedTikiTakaV2
from phys.algorithms.interface import check_rates
from phys.algorithms.transfer import flip_threshold, flips
from phys.network import Layer


@dataclass(frozen=True)
class AGAD(ChoppedTikiTakaV2):
    r"""Analog gradient accumulation with dynamic reference: no symmetry point need be known.

    As in `ChoppedTikiTakaV2`, but what is read of A is taken against a digital reference: the
    running mean M of past reads, copied to M' whenever the column's chopper s_k flips.

    .. math:: \Delta A = \mathrm{lr_A}\; d\,(s x)^T; \qquad
              h_k \leftarrow h_k + \lambda_H\,s_k\,(r_k - M'_k), \quad
              M_k \leftarrow M_k + \mu\,(r_k - M_k), \qquad r_k = (A - R)\,v_k

    with v_k the unit vector of column k, whose turn it is; after its read, s_k changes sign with
    probability `flip_probability`, and then M'_k = M_k. Where abs(h) >= 1, C gets one pulse of that
    sign and h comes back by one. Forward and backward read C.

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
    mean_rate : float
        Weight of the newest read in the running mean (symbol mu).

    References
    ----------
    Rasch et al., Nat. Commun. 15:7133 (2024).
    """

    flip_probability: float = 0.3
    mean_rate: float = 0.5
    name: ClassVar[str] = "agad"
    step: ClassVar[str] = "step_agad"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_rates(self, "mean_rate")
        checked.real("mean_rate", self.mean_rate, 0.0, 1.0)

    def buffers(self, rows: int, cols: int) -> dict[str, np.ndarray]:
        """Return H, in pulses of C, the choppers, the mean M of past reads and its copy M'."""
        return {
            **super().buffers(rows, cols),
            "mean": np.zeros((cols, rows), np.float32),
            "reference": np.zeros((cols, rows), np.float32),
        }

    def visit(self, layer: Layer, column: int) -> None:
        """Read a column of A against its learned reference, which a flip renews."""
        chopper = layer.buffers["chopper"]
        mean, reference = (layer.buffers[name][column] for name in ("mean", "reference"))
        reading = layer.a.read_column(column)
        mean += np.float32(self.mean_rate) * (reading - mean)
        self.fill(layer, column, chopper[column] * (reading - reference))
        if flips(layer, flip_threshold(self.flip_probability)):
            reference[...] = mean
            chopper[column] *= -1

    def numbers(self, layer: Layer) -> tuple[Any, ...]:
        """Return the numbers of `ChoppedTikiTakaV2` and the rate of the running mean."""
        return (*super().numbers(layer), np.float32(self.mean_rate))
