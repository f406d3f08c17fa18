"""Mixed precision: the gradient is summed digitally, the weights are devices."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from phys.algorithms.interface import BuiltIn, check_rates
from phys.algorithms.transfer import give_full_pulses
from phys.network import Layer


@dataclass(frozen=True)
class MixedPrecision(BuiltIn):
    r"""Mixed-precision training: a digital sum of gradients, given to the array in whole pulses.

    .. math:: \chi \leftarrow \chi + \mathrm{lr}\; d x^T; \qquad
              |\chi| \ge \Delta w_{min}: \; \text{one pulse of that sign to } C, \quad
              \chi \leftarrow \chi - \Delta w_{min}\operatorname{sgn} \chi

    The second part is done after every `transfer_every` samples, column after column, up to
    `pulses` times for each column. Every product of the update is computed digitally, so that it
    costs what the fully parallel update saves.

    Parameters
    ----------
    lr : float
        Learning rate.
    transfer_every : int
        Samples between two transfers.
    pulses : int
        Pulses that a device gets at most per transfer; the rest stays in the sum.

    References
    ----------
    Nandakumar et al., Front. Neurosci. 14:406 (2020).
    """

    lr: float = 0.2
    transfer_every: int = 100
    pulses: int = 10
    name: ClassVar[str] = "mixed-precision"
    arrays: ClassVar[tuple[str, ...]] = ("c",)
    step: ClassVar[str] = "step_mixed_precision"

    def __post_init__(self) -> None:
        check_rates(self, "lr")

    def buffers(self, rows: int, cols: int) -> dict[str, np.ndarray]:
        r"""Return the sum of gradients, in pulses: :math:`\chi/\Delta w_{min}`."""
        return {"chi": np.zeros((cols, rows), np.float32)}

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Add the outer product to the sum; when it is time, give C its pulses."""
        chi = layer.buffers["chi"]
        rate, _, _ = self.numbers(layer)
        step = rate * x
        index = np.nonzero(step)[0]
        chi[index] += step[index, None] * d
        layer.turns += 1
        if layer.turns % self.transfer_every == 0:
            for column in range(layer.c.cols):
                give_full_pulses(layer, column, chi[column], self.pulses)

    def slowed(self, factor: float) -> MixedPrecision:
        """Return the algorithm with its learning rate times `factor`."""
        return replace(self, lr=self.lr * factor)

    def numbers(self, layer: Layer) -> tuple[np.float32, int, int]:
        """Return the learning rate in pulses, samples per transfer and pulses per transfer."""
        return np.float32(self.lr / layer.c.device.dw_min), self.transfer_every, self.pulses
