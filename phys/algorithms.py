"""Training algorithms: what a layer does with one sample's input and direction.

An algorithm names the arrays that a layer needs and says, in `update`, what happens to them. It
never sees the network: forward and backward always read array C. A new one is a dataclass with the
same members; `phys.training.train` takes an instance of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import numpy as np

from phys import checked
from phys.network import Layer
from phys.pulses import MAX_PULSES


class Algorithm(Protocol):
    """What `train` needs of an algorithm."""

    name: ClassVar[str]
    arrays: ClassVar[tuple[str, ...]]
    """Arrays of a layer: "c" is read forward and backward, others are the algorithm's own. Empty:
    floating-point weights."""

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Learn from one sample: `x` entered the layer, and its outputs should move along `d`."""

    def slowed(self, factor: float) -> Algorithm:
        """Return the algorithm with the learning rates that act on the gradient times `factor`."""


def _check_rates(algorithm: Any, *names: str) -> None:
    for name in names:
        checked.real(name, getattr(algorithm, name), 0.0, open_low=True)
    if hasattr(algorithm, "pulses"):
        checked.whole("pulses", algorithm.pulses, 1, MAX_PULSES)


@dataclass(frozen=True)
class FloatSGD:
    r"""Stochastic gradient descent on floating-point weights: the digital baseline.

    .. math:: W \leftarrow W + \mathrm{lr}\; d x^T

    Parameters
    ----------
    lr : float
        Learning rate.
    """

    lr: float = 0.05
    name: ClassVar[str] = "float"
    arrays: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        _check_rates(self, "lr")

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Add the outer product."""
        step = np.float32(self.lr) * x
        index = np.nonzero(step)[0]
        layer.c.columns[index] += step[index, None] * d

    def slowed(self, factor: float) -> FloatSGD:
        """Return the algorithm with its learning rate times `factor`."""
        return replace(self, lr=self.lr * factor)


@dataclass(frozen=True)
class PulsedSGD:
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

    def __post_init__(self) -> None:
        _check_rates(self, "lr")

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update array C by pulses."""
        layer.c.update(x, d, self.lr, self.pulses)

    def slowed(self, factor: float) -> PulsedSGD:
        """Return the algorithm with its learning rate times `factor`."""
        return replace(self, lr=self.lr * factor)


@dataclass(frozen=True)
class SHD:
    r"""Stochastic Hamiltonian Descent: two coupled arrays, whose asymmetry is the friction.

    Array A takes the pulsed outer product of every sample; after every `transfer_every` samples one
    column of A is read against its reference R and C is updated with it by pulses, round robin:

    .. math:: A \leftarrow A + \Delta A\,F_A - |\Delta A|\,G_A, \quad
              \Delta A = \mathrm{lr_A}\; d x^T; \qquad
              C_j \leftarrow C_j + \mathrm{lr_C}\,(A - R)_j

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

    def __post_init__(self) -> None:
        _check_rates(self, "lr_a", "lr_c")
        checked.whole("transfer_every", self.transfer_every, 1)

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Update A; when it is time, read a column of A and update that column of C."""
        layer.a.update(x, d, self.lr_a, self.pulses)
        layer.turns += 1
        if layer.turns % self.transfer_every == 0:
            column = (layer.turns // self.transfer_every - 1) % layer.a.cols
            one_hot = np.zeros(layer.a.cols, dtype=np.float32)
            one_hot[column] = 1
            layer.c.update(one_hot, layer.a.read_column(column), self.lr_c, self.pulses)

    def slowed(self, factor: float) -> SHD:
        """Return the algorithm with the learning rate of A times `factor`."""
        return replace(self, lr_a=self.lr_a * factor)


BUILT_IN: dict[str, Callable[..., Any]] = {a.name: a for a in (FloatSGD, PulsedSGD, SHD)}


def named_algorithm(name: str, **rates: Any) -> Algorithm:
    """Return the built-in algorithm `name` with these settings; None keeps a default.

    Examples
    --------
    >>> named_algorithm("shd", lr_a=0.1, lr_c=None)
    SHD(lr_a=0.1, lr_c=0.2, transfer_every=2, pulses=10)
    """
    checked.choice("algorithm", name, tuple(BUILT_IN))
    build = BUILT_IN[name]
    fields = build.__dataclass_fields__  # type: ignore[attr-defined]
    given = {key: value for key, value in rates.items() if value is not None}
    for key, value in given.items():
        if key not in fields:
            known = ", ".join(fields)
            raise checked.InputError(
                f"{key} = {value!r} means nothing to algorithm {name!r}, which takes {known}; "
                f"leave it out"
            )
    algorithm: Algorithm = build(**given)
    return algorithm
