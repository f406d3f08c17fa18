"""The fit of one law: maximum likelihood, with hard bounds that may not show in the data."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from phys.fitting.families import Family, Rough
from phys.fitting.first_look import plateaus, starting_noise
from phys.fitting.likelihood import Likelihood
from phys.fitting.optimise import Optimum, optimise
from phys.fitting.parameters import CYCLE_NOISE, READ_NOISE, Layout
from phys.fitting.pulse_data import PulseData
from phys.fitting.result import LawFit

FEWEST_STOPPED = 5
"""A hard bound that stops fewer pulses than this is not seen in the data."""
UNDECIDED = 1.0
"""A number whose standard error on its fitting scale (mostly a logarithm) is above this is open."""


def fit_law(
    family: Family, data: PulseData, rough: Rough, check: Callable[[], None] = lambda: None
) -> LawFit:
    """Fit one law.

    Raises
    ------
    NoFitError
        If its likelihood has no maximum that the search finds.
    theory.errors.TheoryError
        If the numbers that fit best make no law: a step that is not positive within the bounds.
    """
    devices = len(data.names)
    effects: tuple[str, ...] = ("step", "high", "low") if devices > 1 else ()
    likelihood = Likelihood(family, data)
    layout = Layout(family, devices, {}, effects)
    count = layout.size
    values = family.start(rough) | starting_noise(data, rough)
    differences = None
    if family.hard:
        low, high = plateaus(data)
        values |= {"w_min": float(low.mean()), "w_max": float(high.mean())}
        differences = np.stack([0 * high, high / high.mean() - 1, low / low.mean() - 1], axis=1)
    start = layout.vector(values, differences if effects else None)
    optimum = optimise(likelihood, layout, start, check)
    stopped = likelihood.stopped(layout.numbers(optimum.vector))
    seen = {"w_max": stopped[1] >= FEWEST_STOPPED, "w_min": stopped[-1] >= FEWEST_STOPPED}
    lost = [name for name in family.hard if name in undecided(optimum) or not seen[name]]
    if lost:
        # Bounds that no pulse presses against are put where the readings end; they count as fitted.
        ends = {"w_max": float(data.weight.max()), "w_min": float(data.weight.min())}
        values = layout.natural(optimum.vector)
        held = {name: ends[name] for name in lost}
        gone = {"high": "w_max", "low": "w_min"}
        kept = tuple(effect for effect in effects if gone.get(effect) not in lost)
        layout = Layout(family, devices, held, kept)
        again = {name: float(values[name]) for name in layout.names}
        likelihood = Likelihood(family, data)
        optimum = optimise(likelihood, layout, layout.vector(again), check)
    values = layout.natural(optimum.vector)
    return LawFit(
        family.name,
        family.law(values),
        optimum,
        likelihood,
        count * math.log(data.pulses) + 2 * optimum.loss,
        count,
        tuple(name for name in undecided(optimum) if name not in (CYCLE_NOISE, READ_NOISE)),
    )


def undecided(optimum: Optimum) -> list[str]:
    """Names of the shared numbers that the data leave open."""
    variance = np.diag(optimum.covariance)[: optimum.layout.shared]
    return [
        name
        for name, value in zip(optimum.layout.names, variance, strict=True)
        if not value < UNDECIDED**2
    ]
