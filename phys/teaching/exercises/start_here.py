"""Exercises of 00_start_here: small ones, to try how answers are given."""

from __future__ import annotations

from phys.teaching.formulas import Formula
from phys.teaching.numbers import Choice, Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from theory import laws
from theory.symbols import dw_min, rho, w, w_max

INPUTS, UNITS = 784, 256


def pair_at_zero() -> object:
    """Return the movement of a weight at 0 by an up and a down pulse, to first order."""
    return -2 * dw_min * laws.soft_bounds().G.subs(w, 0)


EXERCISES = {
    "ex1": Exercise(
        Number(
            lambda: INPUTS * UNITS,
            "One device at every crossing of a row and a column line, and all of them are read in "
            "one go.",
            relative=1e-9,
            mistakes={
                "that is the number of lines, rows plus columns. A device sits at every crossing "
                "of two lines.": lambda: INPUTS + UNITS,
                "that is the number of inputs: each input line crosses every row.": lambda: INPUTS,
            },
        ),
        (
            "Draw three rows and four columns. How many crossings are there?",
            "It is the number of rows times the number of columns.",
        ),
    ),
    "ex2": Exercise(
        Formula(
            pair_at_zero,
            "A pair of pulses that should cancel moves the weight, by an amount in proportion to "
            "the imbalance. This movement is what the course is about.",
            mistakes={
                "these are the steps in units of `dw_min`; multiply by it to get a change of the "
                "weight.": lambda: 2 * rho,
                "that is the sum of both step sizes. The down pulse moves the weight down, so its "
                "step has to be subtracted.": lambda: 2 * dw_min,
                "that is the up pulse alone.": lambda: (1 + rho) * dw_min,
                "the place is zero, so the bounds drop out.": lambda: 2 * rho * dw_min * w_max,
            },
        ),
        (
            "The up pulse adds `dw_min*(1 + rho)`. What does the down pulse do?",
            "Subtract `dw_min*(1 - rho)` from `dw_min*(1 + rho)`.",
        ),
    ),
    "ex3": Exercise(
        Choice(
            "c",
            "There, one up pulse and one down pulse cancel. It is called the symmetry point, and "
            "two notebooks from here you can compute it for any device.",
            {
                "a": "at zero the two curves stand apart: an up pulse does more than a down pulse.",
                "b": "at the upper bound an up pulse does nothing any more, but a down pulse does.",
            },
        ),
        ("Look where the two curves of the first figure meet.",),
    ),
}

PREDICTIONS = {
    "p1": Prediction(
        "b",
        {
            "a": "as good as the exact one",
            "b": "a few percent worse",
            "c": "useless: it misreads most of the images",
        },
        {
            "a": "The imbalance does not average out.",
            "b": "It is far worse than a small loss.",
            "c": "It learns after all.",
        },
    ),
}
