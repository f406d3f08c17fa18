"""Predict, run, explain: a reader's bet on a result that is not shown yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from phys.teaching.numbers import read_letter, read_number
from phys.teaching.verdict import missing


@dataclass(frozen=True)
class Prediction:
    """A question whose answer the reader commits to before the result is shown.

    Parameters
    ----------
    default : str or float
        What stands in for a reader where the notebook is executed by machine.
    options : mapping of letter to text
        The choices; empty where a number is asked for.
    replies : mapping of letter to sentence
        What to say to a reader who chose this letter and was wrong; under two letters, the choice
        and the result, where that depends on what came out.
    unit : str
        Of the number.
    relative : float
        How close a predicted number has to come to count as right.
    """

    default: str | float
    options: Mapping[str, str] = field(default_factory=dict)
    replies: Mapping[str, str] = field(default_factory=dict)
    unit: str = ""
    relative: float = 0.3

    def read(self, answer: Any) -> tuple[str | float | None, str]:
        """Return the prediction and an empty text, or None and a sentence that says what is asked.

        Examples
        --------
        >>> Prediction("a", {"a": "up", "b": "down"}).read("B ")
        ('b', '')
        >>> Prediction(0.5).read("half")[1]
        'the answer is a text: give the number without quotation marks.'
        """
        if sentence := missing(answer):
            return None, sentence
        if not self.options:
            number = read_number(answer)
            return (None, number) if isinstance(number, str) else (number, "")
        letter = read_letter(answer, self.options)
        return (letter, "") if letter in self.options else (None, letter)

    def describe(self, choice: str | float) -> str:
        """Return a choice in words."""
        if isinstance(choice, str):
            return f"({choice}) {self.options[choice]}"
        return f"{choice:.4g}{' ' + self.unit if self.unit else ''}"

    def compare(self, choice: str | float, truth: str | float) -> str:
        """Return what to say to a reader who predicted `choice` when `truth` came out."""
        if isinstance(choice, str) or isinstance(truth, str):
            if choice == truth:
                return "It came out as you said."
            usual = self.replies.get(str(choice), "It came out otherwise.")
            return str(self.replies.get(f"{choice}{truth}", usual))
        if abs(choice - truth) <= self.relative * abs(truth):
            return "You were close."
        if choice * truth < 0:
            return "It came out with the other sign."
        return f"Your prediction was too {'large' if abs(choice) > abs(truth) else 'small'}."
