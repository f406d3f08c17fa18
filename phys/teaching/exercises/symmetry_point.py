"""Exercises and predictions of 02_symmetry_point."""

from __future__ import annotations

import math

from sympy import Expr

from phys.teaching.devices import DeviceAnswer
from phys.teaching.exercises.one_device import device_law, equal_bounds
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from theory import DeviceLaw, alternating_cycle
from theory.symbols import dw_min, rho, w, w_max

START, WITHIN, STEP = -0.5, 0.01, 0.002
GOAL = -0.2


def multiplier() -> Expr:
    """Return the factor by which a pair of pulses shrinks distances, to first order."""
    law = equal_bounds()
    return 1 - 2 * dw_min * law.G.diff(w)


def pairs() -> float:
    """Return how many pairs the device of the third exercise needs."""
    cycle = alternating_cycle(device_law())
    return float(cycle.pairs(start=START, within=WITHIN, step=STEP).number)


def rests_at_the_goal(law: DeviceLaw) -> bool | str:
    """Return whether the only symmetry point is the one asked for, or a sentence with its place."""
    found = float(law.symmetry_point())
    if math.isclose(found, GOAL, abs_tol=1e-9):
        return True
    place = f"its symmetry point is at {found:.4g}, not at {GOAL:g}"
    if math.isclose(found, -GOAL, abs_tol=1e-9):
        return f"{place}: the size is right, the sign is not."
    return f"{place}."


def ends_at_one(law: DeviceLaw) -> bool:
    """Return whether the bounds are -1 and 1."""
    return bool(law.bounds == (-1, 1))


EXERCISES = {
    "ex1": Exercise(
        Formula(
            lambda: equal_bounds().symmetry_point().expression,
            "The symmetry point moves away from zero in proportion to the imbalance.",
            mistakes={
                "that is the point relative to the bound; multiply by the bound.": lambda: rho,
                "that is where the *up step* vanishes. Up and down steps have to be "
                "equal.": lambda: w_max,
                "one over the bound is the slope of G. The root is asked for.": lambda: rho / w_max,
            },
        ),
        (
            "Set G to zero and solve for w. You found G in the last notebook: w/w_max - rho.",
            "Which w makes w/w_max equal to rho?",
        ),
    ),
    "ex2": Exercise(
        Formula(
            multiplier,
            "The finer the steps and the wider the range, the more slowly a pair pulls.",
            mistakes={
                "a pair moves the weight by `-2*dw_min*G`; the 2 is missing.": lambda: (
                    1 - dw_min / w_max
                ),
                "the slope of G is missing.": lambda: 1 - 2 * dw_min,
                "that is what a pair takes away of the distance; what remains is asked "
                "for.": lambda: 2 * dw_min / w_max,
                "with the plus sign the distance would grow.": lambda: 1 + 2 * dw_min / w_max,
            },
            domain={"dw_min": (0.01, 0.2)},
        ),
        (
            (
                "A pair moves the weight by `-2*dw_min*G(w)`, and near the symmetry point G is its "
                "slope times the distance."
            ),
            (
                "The new distance is the old one times `1 - 2*dw_min*slope`. What is the slope of "
                "w/w_max - rho?"
            ),
        ),
    ),
    "ex3": Exercise(
        Number(
            pairs,
            "The logarithm is what makes it bearable: ten times closer costs the same number of "
            "pairs again, wherever you are.",
            relative=0.03,
            mistakes={
                "you took the logarithm to the base 10; the natural one, `np.log`, belongs "
                "here.": lambda: pairs() / math.log(10),
                "that is the number of pulses. A pair has two.": lambda: 2 * pairs(),
                "the start is not 0: the distance to go is larger.": lambda: (
                    math.log(0.3 / WITHIN) / (2 * STEP)
                ),
                "the distance to go is measured from the symmetry point, not from 0.": lambda: (
                    math.log(abs(START) / WITHIN) / (2 * STEP)
                ),
            },
            unit="pairs",
        ),
        (
            (
                "Use `np.log(distance/within) / (2*dw_min*slope)`, or ask "
                "`alternating_cycle(law).pairs(start=..., within=..., step=...).number`, with the "
                "`law` of such a device."
            ),
            "The symmetry point is at 0.3, so the distance to go is 0.8. The slope of G is 1.",
        ),
    ),
    "ex4": Exercise(
        DeviceAnswer(
            "Your device passes every check of the conformance kit, and you know where it rests "
            "without a single pulse.",
            {
                "its bounds are not -1 and 1.": ends_at_one,
                "its symmetry point lies elsewhere.": rests_at_the_goal,
                "its symmetry point is unstable: there, G has to rise through zero.": lambda law: (
                    bool(law.symmetry_point().stable)
                ),
            },
        ),
        (
            "Soft bounds with equal bounds rest at rho*w_max. Which rho do you need?",
            (
                "`laws.soft_bounds(w_max=1, w_min=-1, imbalance=...)`, or your own "
                '`DeviceLaw("mine", up=..., down=..., bounds=(-1, 1))`.'
            ),
        ),
    ),
}

PREDICTIONS = {
    "p1": Prediction(
        "a",
        {
            "a": "each of them somewhere else, depending on where it started",
            "b": "both at the same weight",
            "c": "at opposite bounds",
        },
        {
            "a": "They forgot where they had started.",
            "b": "They stayed apart.",
            "c": "Near a bound, the steps that lead back are the stronger ones.",
        },
    ),
    "p2": Prediction(
        "b",
        {
            "a": "some tens of pairs",
            "b": "some hundreds of pairs",
            "c": "some thousands of pairs",
        },
        {
            "a": "The pull fades as the weight comes closer.",
            "b": "Count again: a pair moves the weight by much less than a step once it is near.",
            "c": "It was faster than that.",
        },
    ),
}
