"""Symmetry points and convergence of whole arrays, from the law and each device's own numbers.

The theory package answers for one law; an array has a law with a hundred thousand sets of numbers.
Here the same G(w) = 0 is solved for all of them at once, by bisection, in float64.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from phys.expressions import as_function
from phys.functions.checks import called
from phys.functions.steps import StepFunctions
from phys.population import Population
from theory import DeviceLaw, w

BISECTIONS = 60
BLOCK = 2**14
"""Devices that are solved for at once; the temporary arrays are no larger."""

SAMPLES = 1001
"""Weights at which functions are looked at for crossings."""


@lru_cache(maxsize=512)
def _compiled(expression: sp.Expr, symbols: tuple[sp.Symbol, ...]) -> Any:
    return as_function([w, *symbols], expression)


def per_device(population: Population, expression: sp.Expr) -> Any:
    """Return `expression` as a function of the weights of all devices, in float64.

    Parameters
    ----------
    population : Population
    expression : Expr
        In ``w`` and the parameters of ``population.device.form``.

    Returns
    -------
    callable
        Takes float64 weights (..., n) and returns the same shape.
    """
    compiled = _compiled(expression, tuple(population.values))
    arguments = list(population.values.values())

    def call(weight: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return np.broadcast_to(compiled(weight, *arguments), weight.shape)

    return call


def device_symmetry_points(population: Population) -> np.ndarray:
    """Return the stable symmetry point of every device, float64 (n,), or (1,) if all are alike.

    NaN where the device has a hidden state, or where G does not rise through zero between the
    bounds. A device with several symmetry points gets one of the stable ones if it has a law, and
    NaN if it is given by functions.
    """
    if isinstance(population.device.law, StepFunctions):
        return _points_of_functions(population, population.device.law)
    if not isinstance(population.device.law, DeviceLaw):
        return np.array([np.nan])
    numbers = (population.low, population.high, *population.values.values())
    different = max(np.size(number) for number in numbers)
    starts = range(0, different, BLOCK)
    return np.concatenate(
        [_points_of_law(population.part(slice(start, start + BLOCK), 1)) for start in starts]
    )


def _points_of_law(population: Population) -> np.ndarray:
    low, high = (
        np.atleast_1d(np.asarray(b, dtype=np.float64)) for b in (population.low, population.high)
    )
    count = max([low.size, *(np.size(v) for v in population.values.values())])
    low, high = np.broadcast_to(low, count).copy(), np.broadcast_to(high, count).copy()
    antisymmetric = per_device(population, population.device.form.G)
    crossed = (antisymmetric(low) < 0) & (antisymmetric(high) > 0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = antisymmetric(middle) > 0
        high = np.where(above, middle, high)
        low = np.where(above, low, middle)
    return np.where(crossed, (low + high) / 2, np.nan)


def _points_of_functions(population: Population, functions: StepFunctions) -> np.ndarray:
    """Return where down - up crosses zero upwards, if it does so once, for each device's bounds."""

    def rises(place: np.ndarray) -> np.ndarray:
        weights = place.astype(np.float32)
        (up,) = called("up", functions.up, weights)
        (down,) = called("down", functions.down, weights)
        return np.asarray(down > up)

    nominal_low, nominal_high = functions.bounds
    grid = np.linspace(nominal_low, nominal_high, SAMPLES)
    above = rises(grid)
    if above[0] or np.count_nonzero(above[1:] != above[:-1]) != 1:
        return np.array([np.nan])
    k = int(np.argmax(above))
    low, high = grid[k - 1 : k].copy(), grid[k : k + 1].copy()
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        over = rises(middle)
        low, high = np.where(over, low, middle), np.where(over, middle, high)
    part = ((low + high) / 2 - nominal_low) / (nominal_high - nominal_low)
    own_low, own_high = (
        np.atleast_1d(np.asarray(b, dtype=np.float64)) for b in (population.low, population.high)
    )
    return np.asarray(own_low + part * (own_high - own_low))


def cycle_multiplier(population: Population, points: np.ndarray) -> np.ndarray:
    """Return the multiplier of the up-then-down map at the symmetry points `points`, (n,).

    ``(1 + delta q_up'(w)) (1 - delta q_down'(w))``, the factor by which a pair of pulses shrinks a
    small distance from the cycle, to first order in the step.
    """
    form = population.device.form
    up_slope = per_device(population, sp.diff(form.up, w))(points)
    down_slope = per_device(population, sp.diff(form.down, w))(points)
    return np.asarray((1 + population.step * up_slope) * (1 - population.step * down_slope))


def symmetric_part(population: Population, weights: np.ndarray) -> np.ndarray:
    """Return F(w) = (q_up + q_down)/2 of every device at its weight, float64 (n,)."""
    return np.asarray(per_device(population, population.device.form.F)(weights))


def antisymmetric_slope(population: Population, weights: np.ndarray) -> np.ndarray:
    """Return G'(w) of every device at its weight, float64 (n,)."""
    return np.asarray(per_device(population, sp.diff(population.device.form.G, w))(weights))
