"""Exercises and predictions of 05_pulses_in_time."""

from __future__ import annotations

import numpy as np
from sympy import Expr, Symbol, exp

from phys.programming import update_ns
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from phys.timing import Timing

RATE, INPUT, DIRECTION, STEP, SLOTS = 0.1, 0.8, 0.2, 0.002, 31
ROWS, COLUMNS, SLOT_NS = 256, 785, 8.0
TRAIN = 10
ROW, COLUMN, DELAY_PS = 3, 40, 50.0

waiting, tau = Symbol("t", positive=True), Symbol("tau", positive=True)


def mean_pulses() -> float:
    """Return the mean number of pulses of the device of the first exercise."""
    return RATE * INPUT * DIRECTION / STEP


def update_time(mode: str = "parallel") -> float:
    """Return how long an update of the first layer takes, in ns, with x and d of both signs."""
    x, d = (np.where(np.arange(n) % 2, -1.0, 1.0) for n in (COLUMNS, ROWS))
    return update_ns(x, d, TRAIN, Timing(slot_ns=SLOT_NS), mode)


def overlap() -> float:
    """Return the overlap at the crosspoint of the third exercise, in ns."""
    timing = Timing(slot_ns=15, line_delay_ps=DELAY_PS)
    late = timing.skew_fs(ROW + 1, COLUMN + 1)[COLUMN, ROW]
    return float(timing.nominal_fs - abs(late)) / 1e6


def settled_share() -> Expr:
    """Return which share of a step a read at a time t after it sees."""
    return 1 - exp(-waiting / tau)


EXERCISES = {
    "ex1": Exercise(
        Number(
            mean_pulses,
            "The number of slots does not count, as long as no probability is clipped at 1: more "
            "slots only make the result less random.",
            mistakes={
                "that is the wanted change of the weight; divide by the nominal step.": lambda: (
                    RATE * INPUT * DIRECTION
                ),
                "that is the mean in each slot; there are more of them.": lambda: (
                    mean_pulses() / SLOTS
                ),
                "the number of slots is in the probabilities already.": lambda: (
                    mean_pulses() * SLOTS
                ),
            },
            unit="pulses",
        ),
        (
            (
                "On average the update has to change the weight by lr*d*x. How many nominal steps "
                "is that?"
            ),
            "lr*d*x/dw_min.",
        ),
    ),
    "ex2": Exercise(
        Number(
            update_time,
            "Two hundred thousand devices, in less time than light takes for a hundred metres. "
            "This is what crossbars are for.",
            relative=0.001,
            mistakes={
                "that is one sub-phase. Count those that inputs and directions of both signs "
                "need.": lambda: update_time() / 4,
                "that is for inputs of one sign; here both have two.": lambda: update_time() / 2,
                "the rows are pulsed at the same time, not one after the other.": lambda: (
                    update_time("rows")
                ),
                "the devices are pulsed at the same time, not one after the other.": lambda: (
                    update_time("devices")
                ),
                "a slot is longer than a pulse: count slots.": lambda: update_time() * 5 / SLOT_NS,
            },
            unit="ns",
        ),
        (
            "How many sub-phases are there if inputs and directions both have two signs?",
            "Four sub-phases, ten slots each, 8 ns for a slot.",
        ),
    ),
    "ex3": Exercise(
        Number(
            overlap,
            "The pulse is there, and so is the partner; they only miss each other in part.",
            relative=0.001,
            mistakes={
                "that is how much later one edge comes than the other; the overlap is what is left "
                "of the pulse.": lambda: 5 - overlap(),
                "the delays of row and column go into the difference, not into the sum.": lambda: (
                    5 - (COLUMN + ROW) * DELAY_PS / 1000
                ),
                "the row's edge has a way of its own: only the difference counts.": lambda: (
                    5 - COLUMN * DELAY_PS / 1000
                ),
                "that is in picoseconds.": lambda: 1000 * overlap(),
            },
            unit="ns",
        ),
        (
            "The edge on the row has passed 40 crosspoints, that on the column 3.",
            "They are (40 - 3)*50 ps apart. Subtract that from the 5 ns of a pulse.",
        ),
    ),
    "ex4": Exercise(
        Formula(
            settled_share,
            "After one time constant about two thirds are there, after three nearly everything.",
            mistakes={
                "that is the share which is still missing.": lambda: exp(-waiting / tau),
                "that holds for short times only; an exponential approach slows down.": lambda: (
                    waiting / tau
                ),
                "the time constant divides the time.": lambda: 1 - exp(-waiting * tau),
            },
        ),
        (
            "What is still missing falls exponentially: exp(-t/tau) of the step.",
            "One minus that.",
        ),
    ),
}

PREDICTIONS = {
    "p1": Prediction(
        "c",
        {
            "a": "the same time",
            "b": "four times as long",
            "c": "sixteen times as long",
        },
        {
            "a": "That is so only where all lines work at the same time.",
            "b": "Look again at which lines are driven at the same time.",
            "c": "All devices are updated at once.",
        },
    ),
    "p2": Prediction(
        "b",
        {
            "a": "it fails: half of every change is missing",
            "b": "it reads clearly worse, but it learns",
            "c": "it reads nearly as well as without skew",
        },
        {
            "a": "The changes are smaller, but they still point in the right direction.",
            "b": "It suffered more than that.",
            "bc": "It forgave more than that.",
            "c": "It suffered more than that.",
        },
    ),
}
