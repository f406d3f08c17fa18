"""Answers that are one number, or one of a few choices."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from textwrap import shorten
from typing import Any

from phys.teaching.verdict import Verdict, kind_of, missing


@dataclass(frozen=True)
class Number:
    """A judge of numbers.

    Parameters
    ----------
    right : callable
        Computes the right number.
    because : str
        What the number shows; said after a right answer.
    relative, absolute : float
        Tolerance: ``absolute + relative*|right|``.
    unit : str
        Named in messages.
    mistakes : mapping of sentence to callable
        Typical wrong numbers, each with what to say about it.

    Examples
    --------
    >>> judge = Number(lambda: 0.5, "Half of it is left.", mistakes={"that is w_min.": lambda: -2})
    >>> judge.judge(0.5).passed, judge.judge(-0.5).message
    (True, 'the size is right, the sign is not: check what counts as positive.')
    """

    right: Callable[[], float]
    because: str
    relative: float = 0.01
    absolute: float = 0.0
    unit: str = ""
    mistakes: Mapping[str, Callable[[], float]] = field(default_factory=dict)

    def judge(self, answer: Any) -> Verdict:
        """Return the verdict on `answer`."""
        number = read_number(answer)
        if isinstance(number, str):
            return Verdict(False, number)
        right = float(self.right())
        if self._near(number, right):
            return Verdict(True, self.because)
        for sentence, wrong in self.mistakes.items():
            if self._near(number, float(wrong())):
                return Verdict(False, sentence)
        return Verdict(False, self._typical(number, right))

    def _near(self, number: float, right: float) -> bool:
        return abs(number - right) <= self.absolute + self.relative * abs(right)

    def _typical(self, number: float, right: float) -> str:
        if self._near(-number, right):
            return "the size is right, the sign is not: check what counts as positive."
        for factor, words in FACTORS.items():
            if self._near(number / factor, right):
                cause = SLIPPED if self.unit and factor in PERCENTAGES else CAUSES[factor]
                return f"it is {words} what is expected: look for {cause}."
        if number and right and self._near(1 / number, right):
            return "it is one over what is expected: numerator and denominator changed places."
        unit = f" {self.unit}" if self.unit else ""
        tolerance = self.absolute + self.relative * abs(right)
        if abs(number - right) <= max(2 * tolerance, min(10 * tolerance, CLOSE * abs(right))):
            return (
                f"{number:.6g}{unit} is close, but not close enough: look for what was rounded or "
                "left out."
            )
        if right < 0 or number < 0:
            side = "above" if number > right else "below"
            return f"{number:.6g}{unit} lies {side} what is expected."
        return f"{number:.6g}{unit} is too {'large' if number > right else 'small'}."


CLOSE = 0.1
LONGEST = 40
FACTORS = {
    2.0: "twice",
    0.5: "half of",
    100.0: "a hundred times",
    0.01: "a hundredth of",
    1000.0: "a thousand times",
    0.001: "a thousandth of",
}
CAUSES = {
    2.0: "a missing factor 1/2",
    0.5: "a missing factor 2",
    100.0: "a percentage where a fraction is asked for",
    0.01: "a fraction where a percentage is asked for",
    1000.0: "a unit or a power of ten that is off",
    0.001: "a unit or a power of ten that is off",
}
PERCENTAGES = (100.0, 0.01)
"""Factors that mean a percentage, unless the number has a unit."""
SLIPPED = "a power of ten that is off"


def read_number(answer: Any) -> float | str:
    """Return the number that an answer is, or a sentence that says why it is none.

    Examples
    --------
    >>> from sympy import Rational
    >>> read_number(Rational(1, 4)), read_number("0.3")
    (0.25, 'the answer is a text: give the number without quotation marks.')
    """
    if sentence := missing(answer):
        return sentence
    kind = kind_of(answer)
    if isinstance(answer, type) or kind == "True or False":
        return f"the answer is {kind}, but a number is asked for."
    if kind == "a text":
        return "the answer is a text: give the number without quotation marks."
    if kind == "an equation":
        return "the answer is an equation; give the number alone."
    if kind == "a function":
        return (
            "the answer is a function; call it, with brackets and what it needs, so that its "
            "number arrives here."
        )
    if kind == "a complex number" or getattr(answer, "is_imaginary", None):
        return f"{answer} is a complex number; the answer is real."
    if symbols := getattr(answer, "free_symbols", None):
        names = ", ".join(sorted(str(s) for s in symbols))
        return f"the answer still contains {names}: put in the numbers, with `.subs(...)`."
    if getattr(answer, "shape", ()) != () or isinstance(answer, list | tuple | dict | set):
        several = "one entry" if len(answer) == 1 else "several entries"
        return f"the answer is {kind} with {several}; give the number itself."
    if getattr(answer, "is_finite", None) is False:
        return f"the answer is {answer}, which is no finite number: look for a division by zero."
    try:
        number = float(answer)
    except OverflowError:
        return "the answer is beyond what a number can hold here; a much smaller one is expected."
    except (TypeError, ValueError):
        return f"the answer is {kind}; one number is asked for."
    if not math.isfinite(number):
        return f"the answer is {number}, which is no finite number: look for a division by zero."
    return number


@dataclass(frozen=True)
class Choice:
    """A judge of one choice among a few.

    Parameters
    ----------
    right : str
        Its letter.
    because : str
        Why it is right.
    wrong : mapping of letter to sentence
        Every other choice, with what speaks against it.

    Examples
    --------
    >>> judge = Choice("b", "Both steps are equal there.", wrong={"a": "that is the bound."})
    >>> judge.judge("(B)").passed, judge.judge("a").message
    (True, 'that is the bound.')
    """

    right: str
    because: str
    wrong: Mapping[str, str]

    def judge(self, answer: Any) -> Verdict:
        """Return the verdict on `answer`."""
        if sentence := missing(answer):
            return Verdict(False, sentence)
        letter = read_letter(answer, sorted([self.right, *self.wrong]))
        if letter == self.right:
            return Verdict(True, self.because)
        return Verdict(False, self.wrong.get(letter, letter))


def read_letter(answer: Any, letters: Iterable[str]) -> str:
    """Return the letter that an answer chooses, or a sentence that says what to choose from.

    Examples
    --------
    >>> read_letter(" b) ", "abc"), read_letter(2, "ab")
    ('b', 'the answer is a whole number; choose one of "a", "b", with the quotation marks.')
    """
    letter = answer.strip(" ().:").lower() if isinstance(answer, str) else ""
    if letter in (known := list(letters)):
        return letter
    listed = ", ".join(f'"{one}"' for one in known)
    given = (
        f'there is no choice "{shorten(answer, LONGEST)}"'
        if isinstance(answer, str)
        else f"the answer is {kind_of(answer)}"
    )
    return f"{given}; choose one of {listed}, with the quotation marks."
