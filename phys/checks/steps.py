"""Single steps: their direction, their order, and the two parts they are made of."""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from phys.checks import draws
from phys.checks.bounds import spacing
from phys.checks.registry import check, require
from phys.checks.subject import Subject

CROWD = 512
"""Weights looked at between two that are drawn."""


@check(
    "steps.sign",
    "Without noise an up pulse never lowers a weight and a down pulse never raises it: "
    "q_up(w) >= 0 and q_down(w) >= 0 between the bounds.",
    needs=("still",),
    draws=lambda subject: {
        "first": draws.weights(subject),
        "last": draws.weights(subject),
        "seed": draws.seeds(),
    },
)
def sign(subject: Subject, first: float, last: float, seed: int) -> None:
    """Pulse many weights once, up and down; devices differ as they do."""
    for pulse, wrong in ((1, "lowers"), (-1, "raises")):
        xbar = subject.array(2, CROWD // 2, device=subject.quiet, seed=seed)
        xbar.set_weights(np.linspace(first, last, CROWD).reshape(2, -1))
        before = xbar.weights.copy()
        xbar.pulse_all([pulse])
        moved = (xbar.weights - before) * pulse
        place = np.unravel_index(np.argmin(moved), moved.shape)
        require(
            moved[place] >= 0,
            f"{'an up' if pulse > 0 else 'a down'} pulse {wrong} w = {before[place]:.9g} by "
            f"{-moved[place]:.3g}",
        )


@check(
    "steps.order",
    "Without noise a pulse keeps the order of two weights, w1 <= w2 implies T(w1) <= T(w2), "
    "wherever dw_min |q'| < 1 between them.",
    needs=("still",),
    draws=lambda subject: {
        "first": draws.weights(subject),
        "last": draws.weights(subject),
        "pulse": st.sampled_from([1, -1]),
    },
)
def order(subject: Subject, first: float, last: float, pulse: int) -> None:
    """Pulse many weights in rising order, and compare neighbours."""
    assume(first < last)
    xbar = subject.array(1, CROWD, device=subject.nominal, weights=np.linspace(first, last, CROWD))
    before = xbar.weights[0].astype(float)
    xbar.pulse_all([pulse])
    after = xbar.weights[0].astype(float)
    step = subject.nominal.dw_min
    q = step * (subject.up(before) if pulse > 0 else -subject.down(before))
    speaks = np.diff(q) > -np.diff(before)
    assume(speaks.any())
    rounding = 4 * spacing(max(map(abs, subject.bounds))) + 1e-5 * np.abs(q[1:])
    crossed = np.where(speaks, -np.diff(after) - rounding, -np.inf)
    k = int(np.argmax(crossed))
    require(
        crossed[k] <= 0,
        f"{'an up' if pulse > 0 else 'a down'} pulse takes w1 = {before[k]:.9g} to {after[k]:.9g} "
        f"and w2 = {before[k + 1]:.9g}, which lay above, to {after[k + 1]:.9g} below it",
    )


@check(
    "parts.symmetric",
    "The symmetric part F(w) = (q_up + q_down)/2 is positive strictly between the bounds, so that "
    "pulses move every weight.",
    draws=lambda subject: {
        "first": draws.weights(subject, 1e-4),
        "last": draws.weights(subject, 1e-4),
    },
)
def symmetric(subject: Subject, first: float, last: float) -> None:
    """Look at F between two weights."""
    places = np.linspace(first, last, CROWD)
    if subject.law is not None:
        values = subject.of_law("F", places)
    else:
        values = (subject.up(places) + subject.down(places)) / 2
    bad = np.nonzero(~(values > 0))[0]
    require(
        not bad.size,
        f"F = {values[bad[0]]:.6g} at w = {places[bad[0]]:.9g}" if bad.size else "",
    )


@check(
    "parts.recombine",
    "The parts give the steps back: q_up = F - G and q_down = F + G.",
    needs=("formula",),
    draws=lambda subject: {"weight": draws.weights(subject, 1e-6)},
)
def recombine(subject: Subject, weight: float) -> None:
    """Evaluate both sides."""
    at = np.asarray(weight)
    f, g = float(subject.of_law("F", at)), float(subject.of_law("G", at))
    for name, found, wanted, formula in (
        ("q_up", float(subject.up(at)), f - g, "F - G"),
        ("q_down", float(subject.down(at)), f + g, "F + G"),
    ):
        require(
            abs(found - wanted) <= 1e-9 * (abs(f) + abs(g)),
            f"{name} = {found:.9g}, but {formula} = {wanted:.9g} at w = {weight:.9g}",
        )
