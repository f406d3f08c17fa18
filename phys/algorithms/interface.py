"""What `train` needs of a training algorithm, and what only the compiled loop needs."""

from __future__ import annotations

from typing import Any, ClassVar, Protocol

import numpy as np

from phys import checked
from phys.network import Layer
from phys.pulses import MAX_PULSES


class Algorithm(Protocol):
    """A training algorithm: what a layer does with one sample's input and direction.

    An algorithm of one's own is a frozen dataclass that derives from this class and gives `name`,
    `arrays`, `update` and `slowed`; the others have a default. `train` takes an instance of it
    and calls `update` sample by sample, layer by layer.

    Examples
    --------
    Sign descent: pulsed SGD that only looks at the sign of the direction.

    >>> from dataclasses import dataclass, replace
    >>> @dataclass(frozen=True)
    ... class SignDescent(Algorithm):
    ...     lr: float = 0.01
    ...     name = "sign-descent"
    ...     arrays = ("c",)
    ...
    ...     def update(self, layer, x, d):
    ...         layer.c.update(x, np.sign(d), self.lr, 10)
    ...
    ...     def slowed(self, factor):
    ...         return replace(self, lr=self.lr * factor)
    >>> from phys import train
    >>> len(train("digits", SignDescent(), epochs=1, samples=100, layers=(64, 10)).accuracy)
    1
    """

    @property
    def name(self) -> str:
        """What the algorithm is called, for example on the command line."""

    @property
    def arrays(self) -> tuple[str, ...]:
        """Arrays of a layer: "c" takes the initial weights; () for floating-point weights."""

    @property
    def terms(self) -> tuple[tuple[str, float], ...]:
        """What forward and backward read: arrays and the factors of their sum."""
        return (("c", 1.0),)

    def buffers(self, rows: int, cols: int) -> dict[str, np.ndarray]:
        """Return the digital memory of a layer at its start, float32.

        A memory of one number per device has the shape (cols, rows), as arrays are stored; of one
        number per column line (cols,). It stands in ``layer.buffers`` and in checkpoints.
        """
        return {}

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Learn from one sample: `x` entered the layer, and its outputs should move along `d`."""

    def slowed(self, factor: float) -> Algorithm:
        """Return the algorithm with the learning rates that act on the gradient times `factor`."""

    def scheduled(self, factor: float) -> Algorithm:
        """Return the algorithm with the rates at which its weights learn times `factor`."""
        return self.slowed(factor)


class BuiltIn(Algorithm, Protocol):
    """An algorithm whose `update` also stands in `phys.loops.layer_steps`, to be compiled."""

    step: ClassVar[str]
    """Name of the function in `phys.loops.layer_steps` that does the same, bit for bit."""

    def numbers(self, layer: Layer) -> tuple[Any, ...]:
        """Return the settings that the compiled step takes, in its order."""


HIGHEST_RATE = 1e38
"""Above it, a rate is no number of float32."""

MOST_SAMPLES = 10**12


def check_rates(algorithm: Any, *names: str) -> None:
    """Raise `InputError` unless these learning rates are positive and the pulses fit a train."""
    for name in names:
        checked.real(name, getattr(algorithm, name), 0.0, HIGHEST_RATE, open_low=True)
    if hasattr(algorithm, "pulses"):
        checked.whole("pulses", algorithm.pulses, 1, MAX_PULSES)
    if hasattr(algorithm, "transfer_every"):
        checked.whole("transfer_every", algorithm.transfer_every, 1, MOST_SAMPLES)
