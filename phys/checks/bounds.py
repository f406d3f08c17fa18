"""Bounds: hard ones are never passed, soft ones are approached by steps that vanish."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from phys.checks import draws
from phys.checks.registry import NotApplicable, check, require
from phys.checks.subject import Subject


@check(
    "bounds.clamped",
    "After every pulse each weight lies within its own device's bounds: w_min <= w <= w_max.",
    draws=lambda subject: {
        "start": draws.weights(subject),
        "pulses": draws.pulse_trains(),
        "seed": draws.seeds(),
    },
)
def clamped(subject: Subject, start: float, pulses: list[int], seed: int) -> None:
    """Pulse a few devices, noise and spread included, and look at every weight in between."""
    xbar = subject.array(2, 3, weights=start, seed=seed)
    population = xbar.population
    low, high = (
        np.broadcast_to(np.asarray(b, np.float32), xbar.columns.size).reshape(xbar.columns.shape).T
        for b in (population.low, population.high)
    )
    for number, pulse in enumerate(pulses, 1):
        xbar.pulse_all([pulse])
        found = xbar.weights
        for outside, side, bound in (
            (found < low, "below w_min", low),
            (found > high, "above w_max", high),
        ):
            if outside.any():
                place = tuple(int(k) for k in np.argwhere(outside)[0])
                require(
                    False,
                    f"after pulse {number} ({pulse:+d}) w{list(place)} = {found[place]:.9g} lies "
                    f"{side} = {bound[place]:.9g}",
                )
        require(
            np.isfinite(found).all(), f"after pulse {number} ({pulse:+d}) a weight is not finite"
        )


SOFT = 1e-6
"""Part of the step in the middle of the range up to which a step at a bound counts as 0."""


def soft_sides(subject: Subject) -> list[int]:
    """Return at which bounds the step towards them vanishes: +1 the upper, -1 the lower."""
    low, high = subject.bounds
    middle = np.asarray((low + high) / 2)
    sides = []
    if abs(subject.up(np.asarray(high))) <= SOFT * subject.up(middle):
        sides.append(1)
    if abs(subject.down(np.asarray(low))) <= SOFT * subject.down(middle):
        sides.append(-1)
    if not sides:
        raise NotApplicable("neither step vanishes at its bound: both bounds are hard")
    return sides


@check(
    "bounds.soft",
    "Where q_up(w_max) = 0 the up step dies away towards the bound, as dw_min q_up(w) does (and "
    "the down step where q_down(w_min) = 0): a soft bound is approached, at last without moving.",
    needs=("still",),
    draws=lambda subject: {
        "side": st.sampled_from(soft_sides(subject)),
        "distance": st.floats(0, 6).map(lambda power: 10.0**-power / 10),
    },
)
def soft(subject: Subject, side: int, distance: float) -> None:
    """Pulse towards a soft bound from a fraction of the range before it."""
    low, high = subject.bounds
    bound = high if side > 0 else low
    xbar = subject.array(device=subject.nominal, weights=bound - side * distance * (high - low))
    before = float(xbar.weights[0, 0])
    xbar.pulse_all([side])
    moved = abs(float(xbar.weights[0, 0]) - before)
    q = subject.up if side > 0 else subject.down
    expected = subject.nominal.dw_min * float(np.maximum(q(np.asarray(before)), 0.0))
    require(
        moved <= expected + 2e-3 * subject.nominal.dw_min,
        f"from w = {before:.9g}, {abs(bound - before):.3g} before the soft bound {bound:g}, a "
        f"pulse moves by {moved:.3g} instead of dw_min q = {expected:.3g}",
    )


def spacing(weight: float) -> float:
    """Return the distance between float32 numbers around `weight`."""
    return float(np.spacing(np.float32(abs(weight))))
