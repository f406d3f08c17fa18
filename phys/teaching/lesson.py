"""Lesson: what one notebook asks its reader, and what it answers."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from matplotlib import rcParams
from matplotlib.figure import Figure

from phys import compiler
from phys.plots import STYLE
from phys.teaching.display import say, shorten_errors, show
from phys.teaching.plan import chapter, neighbours
from phys.teaching.predictions import Prediction
from phys.teaching.settings import is_automated, is_quick
from phys.teaching.verdict import Exercise, Verdict

UNCOMPILED = (
    "Python runs without the compiler numba here, and is slower. So trainings are shorter, and "
    "data smaller, than in the printed notebook, and the numbers differ a little from those there."
)


class Lesson:
    """The exercises and predictions of one notebook.

    They stand in the module of `phys.teaching.exercises` that is called like the notebook, without
    its number: ``EXERCISES`` and ``PREDICTIONS``, each a dictionary.

    Parameters
    ----------
    name : str
        The notebook's file name without ``.ipynb``.

    Raises
    ------
    InputError
        There is no such notebook.

    Examples
    --------
    >>> Lesson("01_one_device").judge("ex1", ...).passed
    False
    """

    def __init__(self, name: str) -> None:
        self.chapter = chapter(name)
        module = import_module(f"phys.teaching.exercises.{self.chapter.module}")
        self.exercises: dict[str, Exercise] = module.EXERCISES
        self.predictions: dict[str, Prediction] = module.PREDICTIONS
        self.hinted: dict[str, int] = {}
        self.committed: dict[str, str | float] = {}

    def opening(self) -> None:
        """Say what a reader will be able to do afterwards; set the style of figures and errors."""
        rcParams.update(STYLE)
        shorten_errors()
        before, _ = neighbours(self.chapter.name)
        lines = ["**After this notebook you can**", ""]
        lines += [f"- {goal}" for goal in self.chapter.goals]
        lines += ["", f"It takes about {self.chapter.minutes} minutes, exercises included."]
        if before is not None:
            lines[-1] += f" It builds on [{before.title}]({before.name}.ipynb)."
        if is_quick() and not compiler.available():
            lines += ["", UNCOMPILED]
        say("\n".join(lines))

    def closing(self) -> None:
        """Point to the next notebook."""
        _, after = neighbours(self.chapter.name)
        if after is None:
            say("This was the last notebook of the course. Go and build a device of your own.")
        else:
            say(f"**Next:** [{after.title}]({after.name}.ipynb)")

    # -- exercises -------------------------------------------------------------------------
    def judge(self, exercise: str, answer: Any) -> Verdict:
        """Return the verdict on an answer, whatever the answer is."""
        if exercise not in self.exercises:
            return Verdict(False, _unknown("exercise", exercise, self.exercises))
        try:
            return self.exercises[exercise].judge.judge(answer)
        except Exception as problem:
            # An answer can be any object at all; a reader gets a sentence even where it misbehaves.
            return Verdict(
                False,
                f"this answer cannot be judged ({type(problem).__name__}: {problem}). "
                "Start from a simpler one.",
            )

    def check(self, exercise: str, answer: Any) -> None:
        """Judge an answer and say what is right or wrong with it."""
        verdict = self.judge(exercise, answer)
        if verdict.passed:
            say(f"✓ **{exercise} is right.** {verdict.message}")
        else:
            more = f' For a hint: `hint("{exercise}")`.' if exercise in self.exercises else ""
            say(f"✗ **{exercise}, not yet:** {verdict.message}{more}")

    def hint(self, exercise: str) -> None:
        """Give the next hint of an exercise; after the last one, say where the solution stands."""
        if exercise not in self.exercises:
            say(_unknown("exercise", exercise, self.exercises))
            return
        hints = self.exercises[exercise].hints
        given = self.hinted.get(exercise, 0)
        self.hinted[exercise] = given + 1
        if given < len(hints):
            say(f"**Hint {given + 1} of {len(hints)}:** {hints[given]}")
        else:
            place = f"solutions/{self.chapter.name}.py"
            say(f"There are no more hints. The solution stands in [{place}]({place}).")

    # -- predictions -----------------------------------------------------------------------
    def predict(self, prediction: str, answer: Any) -> None:
        """Commit to a prediction; until then `reveal` keeps the result to itself."""
        if prediction not in self.predictions:
            say(_unknown("prediction", prediction, self.predictions))
            return
        asked = self.predictions[prediction]
        if answer is ... and is_automated():
            self.committed[prediction] = asked.default
            say(f"*No reader here: the stored prediction is* {asked.describe(asked.default)}")
            return
        choice, problem = asked.read(answer)
        if choice is None:
            self.committed.pop(prediction, None)
            say(f"✗ **{prediction}, no prediction yet:** {problem}")
        else:
            self.committed[prediction] = choice
            say(f"Your prediction: {asked.describe(choice)}. Now run the next cell.")

    def reveal(
        self,
        prediction: str,
        truth: str | float,
        explanation: str,
        figure: Figure | None = None,
        alt: str = "",
    ) -> None:
        """Show a result, if the reader has committed to a prediction, and compare the two.

        Parameters
        ----------
        prediction : str
        truth : str or float
            What came out, computed: the letter of an option, or the number.
        explanation : str
            Why it came out so, in Markdown.
        figure, alt
            As in `phys.teaching.show`.
        """
        if prediction not in self.predictions:
            say(_unknown("prediction", prediction, self.predictions))
            return
        if prediction not in self.committed:
            say(
                f'**First predict:** replace `...` in `predict("{prediction}", ...)` above, run '
                "that cell, and then this one again."
            )
            return
        if figure is not None:
            show(figure, alt)
        asked, choice = self.predictions[prediction], self.committed[prediction]
        say(
            f"You predicted {asked.describe(choice)}; the result is {asked.describe(truth)}. "
            f"**{asked.compare(choice, truth)}**\n\n{explanation}"
        )


def _unknown(kind: str, name: str, known: dict[str, Any]) -> str:
    listed = ", ".join(f'"{one}"' for one in known)
    return f"there is no {kind} {name!r} in this notebook; there are {listed}."
