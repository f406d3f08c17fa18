r"""Schedules: how the rates at which weights learn change from epoch to epoch.

In epoch e, counted from 0, an algorithm learns with its rates times the factor of its schedule:
`lr` of the algorithms with one array, `lr_c` of SHD and Tiki-Taka, whose rate of A is a memory and
hardly changes how fast C learns, and what acts on the gradient in the others
(`phys.algorithms.Algorithm.scheduled`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Protocol

from phys import checked
from phys.checked import InputError


class Schedule(Protocol):
    """What a schedule of one's own needs; a frozen dataclass, so that a checkpoint knows it."""

    def factor(self, epoch: int) -> float:
        """Return what the learning rates are multiplied by in an epoch, counted from 0."""


@dataclass(frozen=True)
class Constant:
    """The same learning rates in every epoch."""

    def factor(self, epoch: int) -> float:
        """Return 1."""
        return 1.0


@dataclass(frozen=True)
class Steps:
    """Learning rates that change at some epochs and stay until the next.

    Parameters
    ----------
    steps : tuple of (epoch, factor)
        From that epoch on, counted from 0, the rates are the first ones times the factor.

    Examples
    --------
    >>> halves = Steps(((10, 0.5), (20, 0.25)))
    >>> [halves.factor(epoch) for epoch in (0, 9, 10, 19, 20, 99)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """

    steps: tuple[tuple[int, float], ...]

    def __post_init__(self) -> None:
        epochs: list[int] = []
        given: tuple[Any, ...] = self.steps
        for k, step in enumerate(given):
            if not isinstance(step, tuple | list) or len(step) != 2:
                raise InputError(f"schedule[{k}] = {step!r} is no step; give (epoch, factor)")
            epochs.append(checked.whole(f"epoch of schedule[{k}]", step[0], 0))
            checked.real(f"factor of schedule[{k}]", step[1], 0.0, open_low=True)
        if epochs != sorted(set(epochs)):
            raise InputError(f"schedule = {given!r}: give its epochs in rising order, each once")

    def factor(self, epoch: int) -> float:
        """Return the factor of the last step that has come."""
        return float(next((f for start, f in reversed(self.steps) if epoch >= start), 1.0))


@dataclass(frozen=True)
class Cosine:
    r"""Learning rates that fall along half a cosine.

    .. math:: \text{factor} = f + (1 - f)\,\tfrac12\left(1 + \cos\frac{\pi e}{E}\right)

    Parameters
    ----------
    end : float
        The factor f that is reached after the last epoch.
    epochs : int, optional
        Epochs E of the fall; default: those of the training. Later epochs keep `end`.

    References
    ----------
    Loshchilov and Hutter, ICLR 2017, arXiv 1608.03983, without restarts.

    Examples
    --------
    >>> [round(Cosine(0.1, epochs=4).factor(epoch), 3) for epoch in range(6)]
    [1.0, 0.868, 0.55, 0.232, 0.1, 0.1]
    """

    end: float = 0.0
    epochs: int | None = None

    def __post_init__(self) -> None:
        checked.real("end of the cosine schedule", self.end, 0.0)
        if self.epochs is not None:
            checked.whole("epochs of the cosine schedule", self.epochs, 1)

    def factor(self, epoch: int) -> float:
        """Return the factor of an epoch."""
        if self.epochs is None:
            raise InputError("schedule = Cosine(): its epochs are those of a training; give them")
        fall = math.cos(math.pi * min(epoch / self.epochs, 1.0))
        return self.end + (1 - self.end) * (1 + fall) / 2


@dataclass(frozen=True)
class Exponential:
    r"""Learning rates that change by the same ratio from epoch to epoch.

    .. math:: \text{factor} = r^e

    Parameters
    ----------
    ratio : float
        Of one epoch's rates to those of the epoch before (symbol r).

    Examples
    --------
    >>> Exponential(0.5).factor(3)
    0.125
    """

    ratio: float

    def __post_init__(self) -> None:
        checked.real("ratio of the exponential schedule", self.ratio, 0.0, open_low=True)

    def factor(self, epoch: int) -> float:
        """Return the ratio to the power of the epoch."""
        return float(self.ratio**epoch)


def aihwkit_schedule() -> Steps:
    """Return the steps of IBM's aihwkit: rates of .01, .005 and .0025, ten epochs each.

    References
    ----------
    IBM/aihwkit, its MNIST examples with Gokmen and Vlasov's device.
    """
    return Steps(((10, 0.5), (20, 0.25)))


def wu_2024_schedule() -> Steps:
    """Return the step of Wu et al.: a tenth from epoch 35 on; they train for 80 epochs.

    References
    ----------
    Wu, Gokmen, Rasch and Chen, NeurIPS 2024, arXiv 2406.12774.
    """
    return Steps(((35, 0.1),))


PUBLISHED = {"aihwkit": aihwkit_schedule, "wu-2024": wu_2024_schedule}
HELP = (
    "constant; cosine or cosine:END; exponential:RATIO; steps as EPOCH:FACTOR,... with epochs from "
    f"0; or {' or '.join(PUBLISHED)}"
)


def as_schedule(value: Any, epochs: int) -> Schedule:
    """Return the schedule that a word, a list of steps or a `Schedule` means.

    Parameters
    ----------
    value : str, list of (epoch, factor), Schedule or None
        As a word: "constant", "cosine", "cosine:0.01", "exponential:0.95", "10:0.5,20:0.25",
        "aihwkit" or "wu-2024". None is constant.
    epochs : int
        Of the training, for a cosine that does not say.

    Raises
    ------
    InputError
        It means none, or its factor is not a positive number in one of the epochs.

    Examples
    --------
    >>> as_schedule("10:0.5,20:0.25", 30) == as_schedule([(10, 0.5), (20, 0.25)], 30)
    True
    >>> as_schedule("cosine", 30)
    Cosine(end=0.0, epochs=30)
    """
    if value is None:
        return Constant()
    if isinstance(value, str):
        schedule: Any = _from_word(value)
    elif isinstance(value, list | tuple):
        pairs = (tuple(step) if isinstance(step, list | tuple) else step for step in value)
        schedule = Steps(tuple(pairs))
    else:
        schedule = value
    if isinstance(schedule, Cosine) and schedule.epochs is None:
        schedule = replace(schedule, epochs=epochs)
    if not callable(getattr(schedule, "factor", None)):
        raise InputError(f"schedule = {value!r} is no schedule; give {HELP}")
    for epoch in range(epochs):
        name = f"factor of schedule {schedule!r} in epoch {epoch}"
        checked.real(name, schedule.factor(epoch), 0.0, open_low=True)
    chosen: Schedule = schedule
    return chosen


def _from_word(word: str) -> Schedule:
    kind, _, number = word.partition(":")
    try:
        if word in PUBLISHED:
            return PUBLISHED[word]()
        if word == "constant":
            return Constant()
        if kind == "cosine":
            return Cosine(float(number) if number else 0.0)
        if kind == "exponential" and number:
            return Exponential(float(number))
        pairs = [step.split(":") for step in word.split(",")]
        return Steps(tuple((int(epoch), float(factor)) for epoch, factor in pairs))
    except InputError:
        raise
    except ValueError:
        raise InputError(f"schedule = {word!r} is no schedule; give {HELP}") from None
