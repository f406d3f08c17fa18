"""Residual learning: a second array learns what the first one misses."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from phys import checked
from phys.algorithms.interface import HIGHEST_RATE, BuiltIn, check_rates
from phys.algorithms.transfer import transfer, transfer_numbers
from phys.network import Layer


@dataclass(frozen=True)
class ResidualLearning(BuiltIn):
    r"""Residual learning: P (array A) learns what W (array C) misses, and W moves by P.

    The gradient g is taken at the sum of the two, which forward and backward read:

    .. math:: P' = P - \alpha\,g(W + \gamma P)\,F(P) - \alpha\,|g|\,G(P); \qquad
              W' = W + \beta\,P'\,F(W) - \beta\,|P'|\,G(W)

    At its end P is zero, where the method is exact if and only if G(0) = 0 for P: zero-shift it.
    Both arrays are read against their references. The second equation moves the whole of W, which
    a crossbar does column after column; it is done after every `transfer_every` samples.

    Parameters
    ----------
    lr_a, lr_c : float
        Learning rates of P (symbol alpha) and of W (symbol beta).
    gamma : float
        Part of P in the weight.
    transfer_every : int
        Samples between two moves of W.
    pulses : int
        Slots of a pulse train (symbol BL).

    References
    ----------
    Wu, Xiao, Gokmen, Fagbohungbe and Chen, NeurIPS 2025, arXiv 2502.06309.
    """

    lr_a: float = 0.05
    lr_c: float = 0.05
    gamma: float = 0.1
    transfer_every: int = 100
    pulses: int = 10
    name: ClassVar[str] = "residual"
    arrays: ClassVar[tuple[str, ...]] = ("a", "c")
    step: ClassVar[str] = "step_residual"

    def __post_init__(self) -> None:
        check_rates(self, "lr_a", "lr_c")
        checked.real("gamma", self.gamma, 0.0, HIGHEST_RATE)

    @property
    def terms(self) -> tuple[tuple[str, float], ...]:
        """W and gamma times P."""
        return (("c", 1.0), ("a", self.gamma)) if self.gamma else (("c", 1.0),)

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update P; when it is time, move every column of W by that of P."""
        layer.a.update(x, d, self.lr_a, self.pulses)
        layer.turns += 1
        if layer.turns % self.transfer_every == 0:
            for column in range(layer.c.cols):
                transfer(layer, column, self.lr_c, self.pulses)

    def slowed(self, factor: float) -> ResidualLearning:
        """Return the algorithm with the learning rate of P times `factor`."""
        return replace(self, lr_a=self.lr_a * factor)

    def numbers(self, layer: Layer) -> tuple[np.float32, np.float32, int, int]:
        """Return the gains of the updates of P and W, slots and samples between moves of W."""
        return transfer_numbers(self, layer)
