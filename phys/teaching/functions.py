"""Answers that are functions of the reader's own: tried on a few inputs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from phys.teaching.numbers import read_number
from phys.teaching.verdict import Verdict, kind_of, missing
from phys.teaching.watchdog import TookTooLong, time_limit

SECONDS = 10.0


@dataclass(frozen=True)
class Function:
    """A judge of functions that return a number.

    Parameters
    ----------
    right : callable
        A right function.
    because : str
        Said after a right answer.
    inputs : sequence of tuple
        What the function is tried on.
    relative : float
        Tolerance of each value.
    mistakes : mapping of sentence to callable
        Typical wrong functions, each with what to say about it.

    Examples
    --------
    >>> judge = Function(lambda w: 1 - w, "It falls to 0 at the bound.", [(0.0,), (0.5,)])
    >>> judge.judge(lambda w: 1 - w).passed
    True
    >>> judge.judge(lambda w: 1 + w).message
    'for the input (0.5) your function returns 1.5, where 0.5 is expected.'
    """

    right: Callable[..., float]
    because: str
    inputs: Sequence[tuple[Any, ...]]
    relative: float = 1e-6
    mistakes: Mapping[str, Callable[..., float]] = field(default_factory=dict)

    def judge(self, answer: Any) -> Verdict:
        """Return the verdict on `answer`."""
        if sentence := missing(answer):
            return Verdict(False, sentence)
        if not callable(answer) or isinstance(answer, type):
            return Verdict(
                False,
                f"the answer is {kind_of(answer)}; give the function itself, its name without "
                "brackets.",
            )
        found: list[float] = []
        for given in self.inputs:
            number = _call(answer, given)
            if isinstance(number, str):
                return Verdict(False, number)
            found.append(number)
        if self._agrees(found, self.right):
            return Verdict(True, self.because)
        for sentence, wrong in self.mistakes.items():
            if self._agrees(found, wrong):
                return Verdict(False, sentence)
        for given, number in zip(self.inputs, found, strict=True):
            wanted = float(self.right(*given))
            if not self._near(number, wanted):
                return Verdict(
                    False,
                    f"for the input {_shown(given)} your function returns {number:.6g}, "
                    f"where {wanted:.6g} is expected.",
                )
        raise AssertionError("a function that differs differs somewhere")

    def _agrees(self, found: Sequence[float], other: Callable[..., float]) -> bool:
        return all(
            self._near(number, float(other(*given)))
            for given, number in zip(self.inputs, found, strict=True)
        )

    def _near(self, number: float, wanted: float) -> bool:
        return abs(number - wanted) <= self.relative * max(abs(wanted), 1e-3)


def _call(function: Callable[..., Any], given: tuple[Any, ...]) -> float | str:
    try:
        with time_limit(SECONDS):
            made = function(*given)
    except TookTooLong:
        return f"your function runs longer than {SECONDS:g} s for the input {_shown(given)}."
    except Exception as problem:
        # Whatever a reader's function raises is told, not thrown.
        return (
            f"for the input {_shown(given)} your function stops with "
            f"{type(problem).__name__}: {problem}."
        )
    number = read_number(made)
    if isinstance(number, str):
        return f"for the input {_shown(given)} your function does not return a number: {number}"
    return number


def _shown(given: tuple[Any, ...]) -> str:
    return "(" + ", ".join(f"{g:g}" if isinstance(g, float) else str(g) for g in given) + ")"
