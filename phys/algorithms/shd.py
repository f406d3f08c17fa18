"""Stochastic Hamiltonian Descent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from phys.algorithms.interface import BuiltIn, check_rates
from phys.algorithms.transfer import due_column, transfer, transfer_numbers
from phys.network import Layer


@dataclass(frozen=True)
class SHD(BuiltIn):
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

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update A; when it is time, read a column of A and update that column of C."""
        layer.a.update(x, d, self.lr_a, self.pulses)
        column = due_column(layer, self.transfer_every)
        if column is not None:
            transfer(layer, column, self.lr_c, self.pulses)

    def slowed(self, factor: float) -> SHD:
        """Return the algorithm with the learning rate of A times `factor`."""
        return replace(self, lr_a=self.lr_a * factor)

    def scheduled(self, factor: float) -> SHD:
        """Return the algorithm with the rate of the transfer times `factor`.

        Where the motion is overdamped, C learns with ``kappa E[g]/(E|g| G')``, whatever the rate of
        A: that one is its memory.
        """
        return replace(self, lr_c=self.lr_c * factor)

    def numbers(self, layer: Layer) -> tuple[np.float32, np.float32, int, int]:
        """Return the gains of A's updates and of the transfers, slots and samples per transfer."""
        return transfer_numbers(self, layer)
