"""What a learned scale does to the equilibrium of plain SGD, integrated beside its derivation."""

from __future__ import annotations

from itertools import pairwise

import pytest
from sympy import lambdify

from theory import derive, laws, sgd_equilibrium, w
from theory import noise as noises
from theory.derive.scale import scale, scale_rate
from theory.sgd import lr
from theory.symbols import g, r
from theory.symbols import noise as magnitude

OPTIMUM = 0.5
LAW = laws.soft_bounds(1, -1, 0)


def integrate(mean: float, rate: float, time: float = 60.0, step: float = 0.01):
    """Return the path of (w, s) on the loss (s w - 0.5)**2/2, by the midpoint rule."""
    F, G = (lambdify(w, part) for part in (LAW.F, LAW.G))

    def motion(weight: float, factor: float) -> tuple[float, float]:
        gradient = factor * weight - OPTIMUM
        pull = factor * (gradient * F(weight) + mean * G(weight))
        return -pull, -rate * weight * gradient

    path = [(0.1, 1.0)]
    for _ in range(int(time / step)):
        weight, factor = path[-1]
        a, b = motion(weight, factor)
        a, b = motion(weight + step / 2 * a, factor + step / 2 * b)
        path.append((weight + step * a, factor + step * b))
    return path


def excess(path, rate):
    """Return the quantity of the last identity; for F = 1 and r = 0 its integral is w**2/2."""
    return [rate * weight**2 / 2 - factor**2 / 2 for weight, factor in path]


def test_without_it_the_weight_stops_short_and_with_it_comes_ever_closer():
    """While the scale grows slowly, the balance s w - 0.5 = -w holds: the rest is 0.5/(s + 1)."""
    alone, scaled = integrate(1.0, 0.0), integrate(1.0, 20.0)
    stop = sgd_equilibrium(LAW, curvature=1, optimum=OPTIMUM, noise=noises.constant(1, 1))
    assert alone[-1][0] == pytest.approx(float(stop.solution.expression), abs=1e-6)
    assert alone[-1][0] * alone[-1][1] == pytest.approx(OPTIMUM / 2, abs=1e-6)
    weight, factor = scaled[-1]
    assert OPTIMUM - weight * factor == pytest.approx(OPTIMUM / (factor + 1), rel=0.05)
    assert OPTIMUM - weight * factor < OPTIMUM / 8


def test_the_size_of_the_weight_less_that_of_the_scale_falls_and_without_pull_stays():
    falling = excess(integrate(1.0, 0.5), 0.5)
    assert all(after < before for before, after in pairwise(falling))
    still = excess(integrate(0.0, 0.5), 0.5)
    assert max(still) - min(still) < 1e-5


def test_the_derivation_states_the_rates_that_were_integrated():
    steps = {step.label: step for step in derive.learned_scale(LAW).verify().steps}
    growth = steps[r"\dot s\,\big|_{\mathbb{E}[g] = -\mathbb{E}|g|\psi(w)}"].right
    values = {w: 0.25, r: 0, magnitude: 1, scale_rate: 0.5, scale: 1, lr: 1, g: -0.25}
    assert float(growth.subs(values)) == pytest.approx(0.5 * 0.25 * 0.25)
