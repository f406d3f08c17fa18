"""SHD by pulses against the ODE: offset, damping, temperature, energy balance.

The simulator below is the pulse process alone (binomial counts, one step per pulse); nothing
in it comes from the theory. Every claim has a negative control.
"""

from __future__ import annotations

from math import pi, sqrt

import numpy as np
import pytest
from sympy import Rational, lambdify

from theory import SHD, fluctuations, laws, noise, quadratic, w
from theory.symbols import dw_min, eta_A, kappa

LAW = laws.soft_bounds(1, -1, Rational(3, 10))
ETA, KAPPA, STEP, SIGMA, SLOTS = 0.02, 0.02, 0.001, 0.5, 40
RATES = {eta_A: Rational(1, 50), kappa: Rational(1, 50), dw_min: Rational(1, 1000)}
MAGNITUDE = SIGMA * sqrt(2 / pi)


def pulsed(law, reference, start, steps, devices, seed, kick=0.0):
    """Run independent one-weight problems f = C**2/2; return all C and A of all steps."""
    rng = np.random.default_rng(seed)
    up, down = (lambdify(w, q, "numpy") for q in (law.up, law.down))
    a, c = np.full(devices, start), np.full(devices, kick)
    trace = np.empty((2, steps, devices))
    for t in range(steps):
        trace[:, t] = a, c
        g = c + SIGMA * rng.standard_normal(devices)
        count = rng.binomial(SLOTS, np.minimum(1, ETA * abs(g) / (SLOTS * STEP)))
        a = a + STEP * count * np.where(g < 0, up(a), -down(a))
        c = c + KAPPA * (a - reference)
    return trace


def shd(reference):
    return SHD(
        LAW,
        reference=reference,
        loss=quadratic(1, 0),
        gradient_noise=noise.gaussian(Rational(1, 2)).at(0),
    )


def numbers(expression):
    return float(expression.subs(RATES).evalf(20))


@pytest.fixture(scope="module")
def shifted():
    return pulsed(LAW, 0.3, 0.3, 6000, 300, seed=11)[:, 1500:]


def independent(trace, rate):
    """Number of independent values: devices times relaxation times of the slow decay."""
    return trace.shape[2] * trace.shape[1] * rate / 2


def test_offset_without_shifting_and_none_with_it(shifted):
    model = shd(Rational(0))
    predicted = numbers(model.offset)
    assert predicted == pytest.approx(MAGNITUDE * 0.3, rel=1e-6)
    trace = pulsed(LAW, 0.0, 0.0, 6000, 300, seed=12)[:, 2000:]
    damping = -numbers(model.linearised.trace)
    temperature = numbers(fluctuations(shd("symmetry_point"), Rational(1, 4), True).temperature)
    # Small corrections: E|g| grows with the offset (folded normal), the rates are finite.
    exact = SHD(
        LAW,
        reference=0,
        loss=quadratic(1, 0),
        gradient_noise=noise.gaussian(Rational(1, 2)).at(_C()),
    ).offset
    tolerance = 4 * sqrt(temperature / independent(trace, damping)) + 0.02 * predicted
    assert trace[1].mean() == pytest.approx(float(exact), abs=tolerance)
    assert shifted[1].mean() == pytest.approx(0, abs=tolerance)
    assert predicted > 3 * tolerance


def _C():
    from theory.symbols import C

    return C


def test_temperature_and_equipartition(shifted):
    model = shd("symmetry_point")
    found = fluctuations(model, Rational(1, 4) * (1 - Rational(1, SLOTS)), pulse_noise=True)
    temperature = numbers(found.temperature)
    damping = -numbers(model.linearised.trace)
    tolerance = 4 * sqrt(2 / independent(shifted, damping)) + 0.05
    measured = shifted[1].var()
    assert measured == pytest.approx(temperature, rel=tolerance)
    assert shifted[0].var() == pytest.approx(numbers(found.covariance[0, 0]), rel=tolerance)
    # Negative controls: half the damping would double the temperature.
    assert measured != pytest.approx(2 * temperature, rel=tolerance)
    assert measured != pytest.approx(temperature / 2, rel=tolerance)


def test_injection_is_balanced_by_dissipation(shifted):
    """The measured dissipation equals the predicted injection, in the stationary state."""
    model = shd("symmetry_point")
    found = fluctuations(model, Rational(1, 4) * (1 - Rational(1, SLOTS)), pulse_noise=True)
    from theory.symbols import A

    rate = lambdify(A, -model.dissipation.subs(RATES).evalf(17), "numpy")
    measured = rate(shifted[0]).mean()
    damping = -numbers(model.linearised.trace)
    tolerance = 4 * sqrt(2 / independent(shifted, damping)) + 0.06
    assert measured == pytest.approx(numbers(found.injection), rel=tolerance)
    assert measured != pytest.approx(2 * numbers(found.injection), rel=tolerance)


def test_ring_down_follows_the_linearised_motion():
    kick, steps, devices = 0.1, 900, 1500
    trace = pulsed(LAW, 0.3, 0.3, steps, devices, seed=13, kick=kick)[1].mean(axis=1)
    matrix = np.array(shd("symmetry_point").linearised.matrix.subs(RATES).evalf(17), dtype=float)
    assert shd("symmetry_point").linearised.trace.subs(RATES) < 0

    def predicted(matrix):
        values, vectors = np.linalg.eig(matrix)
        start = np.linalg.solve(vectors, np.array([0.0, kick]))
        modes = vectors[1] * start
        return np.array([(modes * np.exp(values * t)).sum().real for t in range(steps)])

    temperature = numbers(fluctuations(shd("symmetry_point"), Rational(1, 4), True).temperature)
    tolerance = 4.5 * sqrt(temperature / devices) + 0.03 * kick
    assert abs(trace - predicted(matrix)).max() < tolerance
    undamped = matrix.copy()
    undamped[0, 0] = 0
    assert abs(trace - predicted(undamped)).max() > 3 * tolerance
