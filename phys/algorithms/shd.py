"""Stochastic Hamiltonian Descent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from phys.algorithms.column_transfer import ColumnTransfer
from phys.algorithms.interface import check_rates


@dataclass(frozen=True)
class SHD(ColumnTransfer):
    r"""Stochastic Hamiltonian Descent: two coupled arrays, whose asymmetry is the friction.

    Array A takes the pulsed outer product of every sample; after every `transfer_every` samples one
    column of A is read against its reference R and C is updated with it by pulses, round robin:

    .. math:: A \leftarrow A + \Delta A\,F_A - |\Delta A|\,G_A, \quad
              \Delta A = \mathrm{lr_A}\; d x^T; \qquad
              C_j \leftarrow C_j + \mathrm{lr_C}\,(A - R)_j

    Forward and backward read C.

    Parameters
    ----------
    lr_a, lr_c : float
        Learning rates of A (symbol eta_A) and of the transfer to C.
    transfer_every : int
        Samples between two transfers.
    pulses : int
        Slots of a pulse train (symbol BL).

    References
    ----------
    Onen et al., Front. Artif. Intell. 5:891624 (2022), arXiv 2201.13377.
    """

    lr_a: float = 0.05
    lr_c: float = 0.2
    transfer_every: int = 2
    pulses: int = 10
    name: ClassVar[str] = "shd"
    arrays: ClassVar[tuple[str, ...]] = ("a", "c")
    step: ClassVar[str] = "step_transfer"

    def __post_init__(self) -> None:
        check_rates(self, "lr_a", "lr_c")
