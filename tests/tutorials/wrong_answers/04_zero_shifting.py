"""Typical wrong answers to 04_zero_shifting."""

from __future__ import annotations

import numpy as np

from phys import Crossbar
from theory.symbols import dw_min, rho, tau


def forgets_the_copy(xbar: Crossbar, pairs: int) -> None:
    xbar.pulse_all([+1, -1] * pairs)


def looks_up(xbar: Crossbar, pairs: int) -> None:
    xbar.set_reference(xbar.symmetry_points())


def only_up(xbar: Crossbar, pairs: int) -> None:
    xbar.pulse_all([+1] * pairs)
    xbar.set_reference(xbar.weights)


def too_few(xbar: Crossbar, pairs: int) -> None:
    xbar.pulse_all([+1, -1] * 3)
    xbar.set_reference(xbar.weights)


def copies_first(xbar: Crossbar, pairs: int) -> None:
    xbar.set_reference(np.full((8, 12), 0.2))
    xbar.pulse_all([+1, -1] * pairs)


def stops(xbar: Crossbar, pairs: int) -> None:
    xbar.pulse_all([0])


WRONG = {
    "ex1": [
        (forgets_the_copy, "still zero"),
        (looks_up, "no pulse was sent"),
        (only_up, "at a bound"),
        (too_few, "400 pairs"),
        (copies_first, "after the last pulse"),
        (stops, "InputError"),
        (0.3, "function itself"),
    ],
    "ex2": [
        (6490 * 5 / 1000, "two pulses"),
        (2 * 6490 * 5 / 1000 * 256 * 785, "all at once"),
        (2 * 6490 * 5 / 1000 * 256, "rows are pulsed"),
        (2 * 6490 * 5, "nanoseconds"),
    ],
    "ex3": [("a", "cost nothing"), ("c", "far apart"), (1, "choose one")],
    "ex4": [
        (-dw_min / 2 * (1 - rho**2) * (1 - rho), "after the down pulse"),
        (-dw_min * rho * (1 - rho**2) / 2, "sign of F'"),
        (dw_min * rho / 2, "1 - rho**2"),
        (dw_min * tau, "`tau`"),
    ],
}
