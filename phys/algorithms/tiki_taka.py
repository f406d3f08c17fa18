"""Tiki-Taka, version 1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from phys import checked
from phys.algorithms.column_transfer import ColumnTransfer
from phys.algorithms.interface import HIGHEST_RATE, check_rates


@dataclass(frozen=True)
class TikiTaka(ColumnTransfer):
    r"""Tiki-Taka v1: a fast array A and a slow one C, whose sum is the weight.

    .. math:: W = \gamma\,(A - R_A) + (C - R_C); \quad
              A \leftarrow A + \Delta A\,F_A - |\Delta A|\,G_A, \quad
              \Delta A = \mathrm{lr_A}\; d x^T; \qquad
              C_j \leftarrow C_j + \mathrm{lr_C}\,(A - R_A)_j

    The asymmetry of A makes it forget, so that it holds a recent mean of the gradient; after every
    `transfer_every` samples one of its columns is added to C by pulses, round robin. The updates
    are those of `SHD`, which reads C alone: gamma = 0.

    Parameters
    ----------
    lr_a, lr_c : float
        Learning rates of A and of the transfer to C.
    gamma : float
        Part of A in the weight.
    transfer_every : int
        Samples between two transfers.
    pulses : int
        Slots of a pulse train (symbol BL).

    References
    ----------
    Gokmen and Haensch, Front. Neurosci. 14:103 (2020).
    """

    lr_a: float = 0.05
    lr_c: float = 0.2
    gamma: float = 0.1
    transfer_every: int = 2
    pulses: int = 10
    name: ClassVar[str] = "tiki-taka"
    arrays: ClassVar[tuple[str, ...]] = ("a", "c")
    step: ClassVar[str] = "step_transfer"

    def __post_init__(self) -> None:
        check_rates(self, "lr_a", "lr_c")
        checked.real("gamma", self.gamma, 0.0, HIGHEST_RATE)

    @property
    def terms(self) -> tuple[tuple[str, float], ...]:
        """C and gamma times A."""
        return (("c", 1.0), ("a", self.gamma)) if self.gamma else (("c", 1.0),)
