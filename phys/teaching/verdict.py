"""What a judge of an answer says, and the form that every judge has."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Complex, Integral, Real
from typing import Any, Protocol

from numpy import bool_
from sympy import Expr
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom


@dataclass(frozen=True)
class Verdict:
    """The judgement of one answer.

    Attributes
    ----------
    passed : bool
    message : str
        A sentence: why it is right, or what is wrong.
    """

    passed: bool
    message: str


class Judge(Protocol):
    """Anything that can judge an answer: `Formula`, `Number`, `Choice`, `DeviceAnswer`, ..."""

    def judge(self, answer: Any) -> Verdict:
        """Return what is to be said about `answer`; answers of a wrong type get a sentence too."""


@dataclass(frozen=True)
class Exercise:
    """One exercise of a notebook.

    Attributes
    ----------
    judge : Judge
        How answers are judged.
    hints : tuple of str
        From the gentlest to the most direct.
    """

    judge: Judge
    hints: tuple[str, ...]


def missing(answer: Any) -> str:
    """Return a sentence if nothing was answered yet, else an empty text."""
    if answer is ...:
        return "not answered yet: put your answer in the place of `...` and run the cell again."
    if answer is None:
        return (
            "the answer is `None`, so nothing arrived here. If a function of yours computes it, "
            "check that the function ends in `return`."
        )
    if isinstance(answer, str | bytes) and not answer.strip():
        return "the answer is empty: put something between the quotation marks."
    if isinstance(answer, list | tuple | dict | set) and len(answer) == 0:
        return "the answer is empty: put something between the brackets."
    return ""


KINDS: dict[str, tuple[type, ...]] = {
    "an equation": (Relational,),
    "True or False": (bool, bool_, BooleanAtom),
    "a whole number": (Integral,),
    "a number": (Real,),
    "a complex number": (Complex,),
    "a formula": (Expr,),
    "a text": (str, bytes),
    "a list": (list,),
    "a tuple": (tuple,),
    "a dictionary": (dict,),
    "a set": (set, frozenset),
}
"""The first that fits names a type: every whole number is a number, too."""


def kind_of(answer: Any) -> str:
    """Name the type of an answer in words that a newcomer knows.

    Examples
    --------
    >>> kind_of(lambda x: x), kind_of([1]), kind_of("w")
    ('a function', 'a list', 'a text')
    """
    if isinstance(answer, type):
        return f"the class `{answer.__name__}` itself"
    for name, kinds in KINDS.items():
        if isinstance(answer, kinds):
            return name
    if hasattr(answer, "shape"):
        return "an array"
    if callable(answer) and hasattr(answer, "__name__"):
        return "a function"
    return f"an object of type `{type(answer).__name__}`"
