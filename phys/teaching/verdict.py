"""What a judge of an answer says, and the form that every judge has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


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
    if isinstance(answer, str | bytes | list | tuple | dict | set) and len(answer) == 0:
        return "the answer is empty: put something between the quotation marks or brackets."
    return ""


def kind_of(answer: Any) -> str:
    """Name the type of an answer in words that a newcomer knows.

    Examples
    --------
    >>> kind_of(lambda x: x), kind_of([1]), kind_of("w")
    ('a function', 'a list', 'a text')
    """
    names = {
        bool: "True or False",
        int: "a whole number",
        float: "a number",
        complex: "a complex number",
        str: "a text",
        list: "a list",
        tuple: "a tuple",
        dict: "a dictionary",
        set: "a set",
    }
    if type(answer) in names:
        return names[type(answer)]
    if getattr(answer, "shape", ()) != ():
        return "an array"
    if isinstance(answer, type):
        return f"the class `{answer.__name__}` itself"
    if callable(answer) and hasattr(answer, "__name__"):
        return "a function"
    return f"an object of type `{type(answer).__name__}`"
