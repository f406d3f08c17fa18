"""Bounds: hard ones are never passed, soft ones are approached by steps that vanish."""

from __future__ import annotations

import numpy as np

from phys.checks import draws
from phys.checks.registry import check, require
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
