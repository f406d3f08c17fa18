"""Exercises and predictions of 08_your_own_device."""

from __future__ import annotations

import math

from sympy import Expr, Rational, S, Symbol, solve

from phys.fitting import load_example
from phys.teaching.devices import DeviceAnswer
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from theory import DeviceLaw, w

MIDDLE_UP, MIDDLE_DOWN = 1.2, 0.8
WEIGHT = 0.23
SIZE = Symbol("a", real=True)
"""Size of a hump in the steps."""


def saturating() -> DeviceLaw:
    """Return the law of this notebook: the steps die away at both bounds, along a curve."""
    return DeviceLaw(
        "saturating",
        up=Rational(11, 10) * (1 - w) * (1 + w / 4),
        down=Rational(9, 10) * (1 + w) * (1 - w / 4),
        bounds=(-1, 1),
    )


def humped(size: float) -> DeviceLaw:
    """Return a law whose up step has a hump and its down step a dip, of a given size."""
    hump = size * w * (1 - w**2)
    return DeviceLaw("humped", up=1 - w / 2 + hump, down=1 + w / 2 - hump, bounds=(-1, 1))


def steps_in_the_middle(law: DeviceLaw) -> bool | str:
    """Return whether the steps at weight 0 are those that the exercise asks for, or a sentence."""
    up, down = (float(step.subs(w, 0)) for step in (law.up, law.down))
    if math.isclose(up, MIDDLE_UP, abs_tol=1e-9) and math.isclose(down, MIDDLE_DOWN, abs_tol=1e-9):
        return True
    found = f"its steps at weight 0 are {up:.4g} up and {down:.4g} down"
    if math.isclose(up, MIDDLE_DOWN, abs_tol=1e-9) and math.isclose(down, MIDDLE_UP, abs_tol=1e-9):
        return f"{found}: the two formulas changed places."
    return f"{found}, not {MIDDLE_UP:g} and {MIDDLE_DOWN:g}."


def dies_away(law: DeviceLaw) -> bool | str:
    """Return whether the up step vanishes at 1 and the down step at -1, or a sentence."""
    up, down = float(law.up.subs(w, 1)), float(law.down.subs(w, -1))
    if abs(up) < 1e-9 and abs(down) < 1e-9:
        return True
    return (
        f"its up step at 1 is {up:.4g}, and its down step at -1 is {down:.4g}: both have to be 0."
    )


def is_curved(law: DeviceLaw) -> bool:
    """Return whether at least one of the steps is no straight line."""
    return bool(law.up.diff(w, 2) != 0 or law.down.diff(w, 2) != 0)


def antisymmetric() -> Expr:
    """Return G of the humped law, for any size of the hump."""
    return w / 2 - SIZE * w * (1 - w**2)


def threshold() -> float:
    """Return the size of the hump from which on there is more than one symmetry point."""
    return float(solve(antisymmetric().diff(w).subs(w, 0), SIZE)[0])


def conductance(weight: float) -> float:
    """Return the conductance of a weight in the linear_step example, in microsiemens."""
    mapping = load_example("linear_step").mapping
    assert mapping is not None
    return 1e6 * (mapping.zero + mapping.per_weight * weight)


EXERCISES = {
    "ex1": Exercise(
        DeviceAnswer(
            "Ten lines, and the whole toolkit knows your device: theory, arrays, training.",
            {
                "its bounds are not -1 and 1.": lambda law: bool(law.bounds == (-1, 1)),
                "its steps at weight 0 are other ones.": steps_in_the_middle,
                "its steps do not vanish at the bounds.": dies_away,
                "both of its steps are straight lines; bend one of them.": is_curved,
            },
        ),
        (
            "Start from the law above, and change the two factors in front.",
            "`up=Rational(6, 5) * (1 - w) * (1 + w / 4)`, and the down step likewise with 4/5.",
        ),
    ),
    "ex2": Exercise(
        Formula(
            antisymmetric,
            "The hump stands in both steps with opposite signs, so that all of it goes into G.",
            mistakes={
                "that is F: subtract the steps, do not add them.": lambda: S.One,
                "half of the difference is asked for.": lambda: 2 * antisymmetric(),
                "the order is the other one: G is down minus up.": lambda: -antisymmetric(),
            },
        ),
        (
            "G is half of the difference `down - up`.",
            "`(1 + w/2 - hump) - (1 - w/2 + hump)` is `w - 2*hump`.",
        ),
    ),
    "ex3": Exercise(
        Number(
            threshold,
            "There the slope of G at 0 changes its sign: the symmetry point splits into three, and "
            "the middle one repels. The device has become a memory with two states.",
            relative=0.005,
            mistakes={
                "the slope of G at 0 is 1/2 minus the size of the hump.": lambda: 1.0,
                "that is where the outer symmetry points lie halfway to the bounds; ask when "
                "they first appear.": lambda: 2 / 3,
            },
        ),
        (
            "Besides w = 0, G vanishes where 1/2 = a*(1 - w**2). From which a on is that possible?",
            "The right side is largest at w = 0, where it is a.",
        ),
    ),
    "ex4": Exercise(
        Number(
            lambda: conductance(WEIGHT),
            "What the theory says in weights, the laboratory reads in siemens.",
            relative=0.003,
            mistakes={
                "add the conductance of weight 0.": lambda: conductance(WEIGHT) - conductance(0),
                "weight 1 is 4 microsiemens above weight 0, not 8: the range goes from -1 to "
                "1.": lambda: conductance(2 * WEIGHT),
                "that takes the weight for the share of the range, but weights go from -1 to 1, "
                "not from 0 to 1.": lambda: conductance(2 * WEIGHT - 1),
                "that is counted from the lower end; weight 0 lies in the middle of the "
                "range.": lambda: conductance(WEIGHT - 1),
                "that is in siemens; a microsiemens is a millionth of it.": lambda: (
                    1e-6 * conductance(WEIGHT)
                ),
            },
            unit="microsiemens",
        ),
        (
            "The two ends of the range are the weights -1 and 1. Which conductance is weight 0?",
            "It is `5 + 4*weight`.",
        ),
    ),
}

PREDICTIONS = {
    "p1": Prediction(
        "a",
        {
            "a": "it passes: every step has the right sign",
            "b": "it fails: pulses lead away from its symmetry point",
            "c": "it is refused as a law",
        },
        {
            "a": "The sign of a step is not all that counts.",
            "b": "It did better than that.",
            "c": "It is a device, though not one to train with.",
        },
    ),
    "p2": Prediction(
        "b",
        {
            "a": "as well as the one with the right law",
            "b": "a few percent worse",
            "c": "far worse",
        },
        {
            "a": "A symmetry point has to be stable, too: otherwise friction has the wrong sign.",
            "b": "Without a stable symmetry point, friction has the wrong sign: nothing settles.",
            "c": "It learned more than that.",
        },
    ),
    "p3": Prediction(
        "c",
        {
            "a": "one that is too simple: it needs the fewest numbers",
            "b": "the law that made the data",
            "c": "the most flexible one: it comes closest to every point",
        },
        {
            "a": "Simplicity counts, but not that much.",
            "b": "Another one was chosen.",
            "c": "Every number has its price, and buys nothing where a law has another shape.",
        },
    ),
}
