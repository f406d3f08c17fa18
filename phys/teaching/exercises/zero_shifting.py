"""Exercises and predictions of 04_zero_shifting."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sympy import Expr, cancel

from phys.crossbar import Crossbar
from phys.device import Device
from phys.spread import Spread
from phys.teaching.exercises.one_device import equal_bounds
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Choice, Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise, Verdict, kind_of, missing
from phys.teaching.watchdog import TookTooLong, time_limit
from phys.zero_shifting import pairs_needed
from theory import laws
from theory.symbols import dw_min, w

BOUND, IMBALANCE, STEP = 2, 0.3, 0.001
ROWS, COLUMNS, PULSE_NS = 256, 785, 5.0
PAIRS, SECONDS = 400, 10.0


def ruined() -> Device:
    """Return the device of this notebook."""
    return Device(laws.soft_bounds(w_max=BOUND, w_min=-BOUND, imbalance=IMBALANCE), dw_min=STEP)


def small_array(seed: int = 5) -> Crossbar:
    """Return an array of devices that all differ, each with a symmetry point of its own."""
    law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.2)
    spread = Spread(step=0.2, bounds=0.2, imbalance=0.1)
    return Crossbar(8, 12, Device(law, dw_min=0.02, device_spread=spread), seed=seed)


@dataclass(frozen=True)
class Procedure:
    """A judge of procedures that zero-shift an array: ``procedure(xbar, pairs)``."""

    because: str

    def judge(self, answer: Any) -> Verdict:
        """Return the verdict on `answer`, tried on an array of its own."""
        if sentence := missing(answer):
            return Verdict(False, sentence)
        if not callable(answer) or isinstance(answer, type):
            return Verdict(
                False,
                f"the answer is {kind_of(answer)}; give the function itself, its name without "
                "brackets.",
            )
        xbar = small_array()
        try:
            with time_limit(SECONDS):
                returned = answer(xbar, PAIRS)
        except TookTooLong:
            return Verdict(False, f"your function runs longer than {SECONDS:g} s for one array.")
        except Exception as problem:
            # Whatever a reader's function raises is told, not thrown.
            return Verdict(False, f"your function stops with {type(problem).__name__}: {problem}.")
        return Verdict(False, missing(returned)) if returned is ... else self._verdict(xbar)

    def _verdict(self, xbar: Crossbar) -> Verdict:
        points = xbar.symmetry_points()
        near = 2 * np.asarray(xbar.population.step).max()
        reference = xbar.reference
        if not reference.any():
            return Verdict(
                False,
                "the reference is still zero: end with `xbar.set_reference(xbar.weights)`.",
            )
        if xbar.updates == 0:
            return Verdict(
                False,
                "no pulse was sent. A real array does not tell its symmetry points; it has to be "
                "pulsed.",
            )
        if not np.array_equal(reference, xbar.weights):
            return Verdict(
                False,
                "the reference is not what the weights are after the last pulse: copy "
                "`xbar.weights` at the end.",
            )
        error = np.abs(reference - points).max()
        if error > near:
            low, high = xbar.bounds
            ends = min(np.abs(reference - low).max(), np.abs(reference - high).max())
            more = (
                " They all stand at a bound: send up and down in turn."
                if ends < near
                else f" Alternate +1 and -1 for the {PAIRS} pairs that are asked for."
            )
            return Verdict(
                False,
                f"the furthest reference is {error:.2f} away from the symmetry point of its "
                f"device.{more}",
            )
        return Verdict(True, self.because)


def shift_time() -> float:
    """Return how long a zero-shift of the first layer takes, in microseconds."""
    return 2 * pairs_needed(Crossbar(1, 1, ruined())) * PULSE_NS / 1000


def error_of_mean() -> Expr:
    """Return how far the mean of both weights of the cycle is from w*, to first order."""
    law = equal_bounds()
    star = law.symmetry_point().expression
    error = -dw_min * law.F * law.F.diff(w) / (2 * law.G.diff(w))
    return cancel(error.subs(w, star))


def error_of_down() -> Expr:
    """Return the same for the weight after the down pulse."""
    law = equal_bounds()
    star = law.symmetry_point().expression
    return (-dw_min / 2 * law.F * (1 + law.F.diff(w) / law.G.diff(w))).subs(w, star)


EXERCISES = {
    "ex1": Exercise(
        Procedure(
            "Your procedure has found the symmetry point of every device, without being told a "
            "single number about them.",
        ),
        (
            "`xbar.pulse_all([+1, -1] * pairs)` sends pairs of pulses to all devices.",
            (
                "After the pulses, the weights *are* the symmetry points, to a step: "
                "`xbar.set_reference(xbar.weights)`."
            ),
        ),
    ),
    "ex2": Exercise(
        Number(
            shift_time,
            "All devices are pulsed at the same time, so that the size of the array does not "
            "count. This is done once, before a training that takes far longer.",
            relative=0.02,
            mistakes={
                "a pair has two pulses.": lambda: shift_time() / 2,
                "the devices are pulsed all at once, not one by one.": lambda: (
                    shift_time() * ROWS * COLUMNS
                ),
                "the rows are pulsed all at once, not one by one.": lambda: shift_time() * ROWS,
                "that is in nanoseconds.": lambda: 1000 * shift_time(),
            },
            unit="microseconds",
        ),
        (
            "How many pulses does one device get? Do the others have to wait for it?",
            "Two pulses for each pair, 5 ns each, for all devices at once.",
        ),
    ),
    "ex3": Exercise(
        Choice(
            "b",
            "An error that all devices share is an imbalance again: it pulls all weights the same "
            "way. Errors that differ in sign pull every weight somewhere else.",
            {
                "a": "random errors of that size cost nothing in the figure above.",
                "c": "look at the two curves at the same error: they are far apart.",
            },
        ),
        (
            "Look at the figure above: which of the two curves falls?",
            (
                "A reference that is not programmed at all is wrong by the symmetry point, and "
                "that is much the same for all devices."
            ),
        ),
    ),
    "ex4": Exercise(
        Formula(
            error_of_mean,
            "Without imbalance the mean of the two hits the symmetry point, and with it the error "
            "is smaller than a step by far.",
            mistakes={
                "that is the error after the down pulse; the two corrections differ in the sign "
                "of their first term, and it cancels in the mean.": error_of_down,
                "mind the sign of F': here F falls with the weight.": lambda: -error_of_mean(),
                "F is taken at the symmetry point, where it is 1 - rho**2.": lambda: (
                    dw_min * equal_bounds().parameter("imbalance").symbol / 2
                ),
            },
            aliases={"delta": "dw_min"},
        ),
        (
            "The mean of the two formulas of notebook 02 is `w_star - dw_min*F*F'/(2*G')`.",
            (
                "With equal bounds F = 1 - rho*w/w_max, G' = 1/w_max, and the symmetry point is "
                "at rho*w_max."
            ),
        ),
    ),
}

PREDICTIONS = {
    "p1": Prediction(
        "b",
        {
            "a": "hardly at all: the steps stay as unequal as they were",
            "b": "half of the way to balanced devices",
            "c": "up to where balanced devices are, or nearly so",
        },
        {
            "a": "The steps did stay unequal, and yet it helped.",
            "b": "It helped more than that.",
            "ba": "It helped less than that.",
            "c": "It helped less than that.",
        },
    ),
    "p2": Prediction(
        "a",
        {
            "a": "errors that differ from device to device, at random",
            "b": "an error that all devices share",
            "c": "both alike",
        },
        {
            "a": "Random errors pull in all directions.",
            "b": "Look at the curves again.",
            "c": "They differ.",
        },
    ),
}
