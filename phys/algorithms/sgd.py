"""Pulsed SGD, and the same on arrays whose zero lies at their symmetry points."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from phys.algorithms.interface import BuiltIn, check_rates
from phys.network import Layer
from phys.pulses import update_gain


@dataclass(frozen=True)
class PulsedSGD(BuiltIn):
    r"""Stochastic gradient descent by the fully parallel pulsed update of one array.

    On average, to first order in the step,

    .. math:: W \leftarrow W + \Delta W\,F(W) - |\Delta W|\,G(W), \qquad
              \Delta W = \mathrm{lr}\; d x^T

    Parameters
    ----------
    lr : float
        Learning rate.
    pulses : int
        Slots of a pulse train (symbol BL).

    References
    ----------
    Gokmen and Vlasov, Front. Neurosci. 10:333 (2016).
    """

    lr: float = 0.01
    pulses: int = 10
    name: ClassVar[str] = "sgd"
    arrays: ClassVar[tuple[str, ...]] = ("c",)
    step: ClassVar[str] = "step_sgd"

    def __post_init__(self) -> None:
        check_rates(self, "lr")

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update array C by pulses."""
        layer.c.update(x, d, self.lr, self.pulses)

    def slowed(self, factor: float) -> PulsedSGD:
        """Return the algorithm with its learning rate times `factor`."""
        return replace(self, lr=self.lr * factor)

    def numbers(self, layer: Layer) -> tuple[np.float32, int]:
        """Return the gain of an update and the slots of a train."""
        return update_gain(self.lr, layer.c.device.dw_min, self.pulses), self.pulses
