"""Exercises and predictions of 01_one_device."""

from __future__ import annotations

from sympy import Expr, exp

from phys.teaching.formulas import Formula
from phys.teaching.functions import Function
from phys.teaching.numbers import Choice, Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from theory import DeviceLaw, laws, pulse_response
from theory.response import pulses
from theory.symbols import dw_min, rho, w, w_0, w_max

BOUND, IMBALANCE, STEP = 1, 0.3, 0.01
PLACE = 0.5


def device_law() -> DeviceLaw:
    """Return the law of the device of this notebook."""
    return laws.soft_bounds(w_max=BOUND, w_min=-BOUND, imbalance=IMBALANCE)


def equal_bounds() -> DeviceLaw:
    """Return soft bounds at -w_max and w_max, with the imbalance left symbolic."""
    law = laws.soft_bounds()
    return DeviceLaw(
        "equal bounds",
        up=law.up,
        down=law.down.subs(law.bounds[0], -w_max),
        bounds=(-w_max, w_max),
        parameters=[law.parameter("w_max"), law.parameter("imbalance")],
    )


def down_change() -> float:
    """Return the change of a weight at PLACE by one down pulse."""
    return -STEP * float(device_law().down.subs(w, PLACE))


def number_at(expression: Expr, place: float) -> float:
    """Return the value of an expression in w."""
    return float(expression.subs(w, place))


def two_pulses(start: float, dw: float) -> float:
    """Return the weight after an up pulse and then a down pulse."""
    law = device_law()
    raised = start + dw * number_at(law.up, start)
    return raised - dw * number_at(law.down, raised)


def two_pulses_from_start(start: float, dw: float) -> float:
    """Return the same with the down step taken at the start: a typical mistake."""
    law = device_law()
    return start + dw * (number_at(law.up, start) - number_at(law.down, start))


def reversed_pulses(start: float, dw: float) -> float:
    """Return the weight after a down pulse and then an up pulse: another one."""
    law = device_law()
    lowered = start - dw * number_at(law.down, start)
    return lowered + dw * number_at(law.up, lowered)


def after_up_pulses() -> Expr:
    """Return the weight after n up pulses from w_0, between bounds of -1 and 1."""
    return pulse_response(laws.soft_bounds(1, -1), "up").equation.rhs


def small_steps() -> Expr:
    """Return the weight after n up pulses in the limit of small steps."""
    return 1 - (1 - w_0) * exp(-dw_min * (1 + rho) * pulses)


EXERCISES = {
    "ex1": Exercise(
        Number(
            down_change,
            "Above the symmetry point down pulses do more than up pulses; that is what pulls a "
            "weight back.",
            relative=1e-6,
            mistakes={
                "that is the step in units of `dw_min`; multiply by `dw_min`, and mind the "
                "direction.": lambda: down_change() / STEP,
                "that is the step in units of `dw_min`, and it is a step down: multiply by "
                "`-dw_min`.": lambda: -down_change() / STEP,
                "that is an up pulse. A down pulse moves by `-dw_min*q_down(w)`.": lambda: (
                    STEP * number_at(device_law().up, PLACE)
                ),
                "that is the down step at weight 0; put the weight that is asked for into "
                "`q_down`.": lambda: -STEP * number_at(device_law().down, 0),
                "that is the new weight; its change is asked for.": lambda: PLACE + down_change(),
            },
        ),
        (
            "A down pulse changes the weight by `-dw_min*q_down(w)`.",
            "`law.down.subs(w, 0.5)` is the step in units of `dw_min`, which is `STEP` here.",
        ),
    ),
    "ex2": Exercise(
        Formula(
            lambda: equal_bounds().G,
            "G is a straight line that rises through zero: negative below the symmetry point, "
            "positive above it.",
            mistakes={
                "that is F, the symmetric part: subtract the steps, do not add them.": lambda: (
                    equal_bounds().F
                ),
                "half of the difference is asked for.": lambda: 2 * equal_bounds().G,
                "the order is the other one: G is down minus up, so that it is positive where down "
                "pulses win.": lambda: -equal_bounds().G,
            },
        ),
        (
            "G is half of the difference `q_down - q_up`.",
            "Write both steps out, and let `.expand()` do the rest.",
        ),
    ),
    "ex3": Exercise(
        Function(
            two_pulses,
            "The second pulse starts where the first one has ended: that is why the order of two "
            "pulses matters.",
            [(0.0, 0.01), (0.3, 0.01), (-0.5, 0.1), (0.9, 0.2)],
            mistakes={
                "the down step has to be taken at the weight after the up pulse, not at the "
                "start.": two_pulses_from_start,
                "the order is the other one: first up, then down.": reversed_pulses,
                "that is the weight after the up pulse alone.": lambda start, dw: (
                    start + dw * number_at(device_law().up, start)
                ),
            },
        ),
        (
            "Compute the weight after the up pulse first, and give it a name.",
            "`raised = start + dw * q_up(start)`, then take `dw * q_down(raised)` away.",
        ),
    ),
    "ex4": Exercise(
        Choice(
            "b",
            "Its two steps differ everywhere by the same factor, so G never vanishes: the weight "
            "runs to a bound.",
            {
                "a": "its steps change with the weight, and they meet at a symmetry point.",
                "c": "its steps are equal everywhere: G is zero, and there is no drift at all.",
            },
        ),
        (
            "The mean drifts by -dw_min*G with every pulse. Where can it stop?",
            "It stops where G vanishes. Which of the devices has no such place?",
        ),
    ),
    "ex5": Exercise(
        Formula(
            after_up_pulses,
            "A geometric sequence: each pulse takes the same share of the way that is left to the "
            "bound.",
            mistakes={
                "that is the limit of very small steps. For any step size, each pulse multiplies "
                "the distance to the bound by the same factor.": small_steps,
                "that is the distance to the bound; the weight is asked for.": lambda: (
                    1 - after_up_pulses()
                ),
                "the imbalance is missing: a pulse takes the share `(1 + rho)*dw_min`.": lambda: (
                    after_up_pulses().subs(rho, 0)
                ),
            },
            aliases={"delta": "dw_min", "N": "n", "w0": "w_0"},
            domain={"n": (1, 6), "dw_min": (0.01, 0.2), "w_0": (-0.8, 0.8), "rho": (-0.8, 0.8)},
        ),
        (
            "Let d be the distance to the bound, 1 - w. What does one up pulse make of d?",
            "d becomes d*(1 - dw_min*(1 + rho)). And after n pulses?",
        ),
    ),
}


PREDICTIONS = {
    "p1": Prediction(
        "b",
        {
            "a": "exactly where it started",
            "b": "above the start, since up pulses are stronger there",
            "c": "below the start",
        },
        {
            "a": "The steps change on the way, so they cannot cancel.",
            "b": "That would be so if the steps stayed as they are at the start.",
            "c": "It went the other way.",
        },
    ),
    "p2": Prediction(
        "a",
        {
            "a": "around 0, since the pulses cancel on average",
            "b": "at the symmetry point",
            "c": "at the upper bound, since up pulses are stronger",
        },
        {
            "a": "As many pulses go up as down, but they are not of the same size.",
            "b": "They came to rest elsewhere.",
            "c": "Up pulses are stronger only below the symmetry point.",
        },
    ),
}
