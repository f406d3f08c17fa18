"""Plain SGD: equilibria, the implicit penalty, the residual loss, and gradient noise."""

from __future__ import annotations

from math import erf, exp, pi, sqrt

import numpy as np
import pytest
from sympy import Integral, Rational, S, Symbol, diff, lambdify

from theory import (
    DeviceLaw,
    implicit_penalty,
    laws,
    noise,
    penalty_table,
    residual_loss,
    sgd_equilibrium,
    w,
)
from theory.algebra import vanishes
from theory.errors import ConditionError
from theory.noise import mu
from theory.sgd import lr, slots
from theory.symbols import curvature, dw_min, sigma, tau, w_o, w_star
from theory.symbols import noise as magnitude


def test_verified_equilibrium_of_the_linear_device():
    found = sgd_equilibrium(laws.linear_asymmetry()).solution
    m = magnitude / tau
    claimed = (curvature * w_o + m * w_star) / (curvature + m)
    assert vanishes(found.expression - claimed)
    assert found.stable is True


def test_folded_normal_mean_and_its_moments():
    model = noise.gaussian(Rational(7, 10))
    rng = np.random.default_rng(1)
    g = 0.3 + 0.7 * rng.standard_normal(200_000)
    at = lambdify(mu, [model.magnitude, *model.up_moments, *model.down_moments], "mpmath")(0.3)
    measured = [
        abs(g).mean(),
        abs(g[g < 0]).sum() / g.size,
        (g[g < 0] ** 2).sum() / g.size,
        g[g > 0].sum() / g.size,
        (g[g > 0] ** 2).sum() / g.size,
    ]
    for exact, number in zip(at, measured, strict=True):
        assert float(exact) == pytest.approx(number, rel=0.02)
    by_hand = 0.7 * sqrt(2 / pi) * exp(-(0.3**2) / (2 * 0.7**2)) + 0.3 * erf(0.3 / 0.7 / sqrt(2))
    assert float(at[0]) == pytest.approx(by_hand, rel=1e-12)


def test_small_bias_is_second_order():
    model = noise.gaussian()
    rest = (model.magnitude - model.small_bias).subs(sigma, 1)
    assert abs(rest.subs(mu, Rational(1, 10)).evalf()) < 2e-5
    assert vanishes(diff(model.magnitude, mu).subs(mu, 0))


def test_sample_noise_equals_the_mean_over_samples():
    offsets = [Rational(-3, 10), Rational(1, 10), Rational(1, 5)]
    model = noise.samples(offsets)
    place = Rational(1, 7)
    assert model.at(place) == sum(abs(place + x) for x in offsets) / 3
    assert sum(model.up_moments) + sum(model.down_moments) != 0
    total = (model.down_moments[0] - model.up_moments[0]).subs(mu, place)
    assert total == place


LAWS = ["soft_bounds", "linear_asymmetry", "exponential_step", "power_step", "tabulated"]


@pytest.mark.parametrize("name", LAWS)
def test_exact_equilibrium_against_bisection(name):
    law = laws.CATALOGUE[name].law()
    problem = sgd_equilibrium(
        law, curvature=2, optimum=Rational(-1, 5), noise=noise.gaussian(Rational(1, 2))
    )
    found = problem.solution
    F, G = (lambdify(w, e, "mpmath") for e in (law.F, law.G))

    def balance(place):
        mean = 2 * (place + 0.2)
        size = 0.5 * sqrt(2 / pi) * exp(-(mean**2) / 0.5) + mean * erf(mean / 0.5 / sqrt(2))
        return mean * F(place) + size * G(place)

    low, high = (float(b) * 0.999 for b in law.bounds)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if balance(middle) > 0 else (middle, high)
    assert float(found) == pytest.approx(middle, abs=1e-12)
    star = float(law.symmetry_point())
    assert min(-0.2, star) < float(found) < max(-0.2, star)


def test_noise_free_sgd_has_no_bias():
    for name in LAWS:
        law = laws.CATALOGUE[name].law()
        problem = sgd_equilibrium(
            law, curvature=1, optimum=Rational(1, 8), noise=noise.deterministic()
        )
        assert problem.solution.expression == Rational(1, 8)
    symbolic = sgd_equilibrium(laws.soft_bounds(), noise=noise.deterministic())
    assert symbolic.bias == 0


def test_constant_step_is_pinned_to_a_bound():
    law = laws.constant_step(1, -1, Rational(1, 2))
    found = sgd_equilibrium(law, curvature=Rational(1, 10), optimum=0, noise=noise.constant(1, 1))
    assert found.solution.expression == 1
    assert found.solution.method == "bound"


@pytest.mark.parametrize("name", sorted(laws.CATALOGUE))
def test_penalty_against_quadrature_and_derivative(name):
    law = laws.CATALOGUE[name].law()
    found = implicit_penalty(law)
    low, high = law.bounds
    for share in (Rational(1, 5), Rational(1, 2), Rational(9, 10)):
        place = Rational(str((low + share * (high - low)).evalf(12)))
        value = found.value(place)
        assert abs(value - found.by_quadrature(place)) < 1e-20
        assert value >= -1e-25
    if not found.closed:
        assert found.expression.has(Integral)


def test_penalty_table_says_which_are_closed():
    closed = {line.law for line in penalty_table() if line.closed}
    assert {
        "constant_step",
        "linear_step",
        "soft_bounds",
        "exponential_step",
        "tabulated",
    } <= closed
    assert "exp_step" not in closed


def test_sgd_minimises_loss_plus_penalty(soft):
    problem = sgd_equilibrium(
        soft, curvature=1, optimum=Rational(1, 2), noise=noise.constant(Rational(1, 3), 1)
    )
    objective = (w - S.Half) ** 2 / 2 + implicit_penalty(soft).expression / 3
    slope = diff(objective, w).subs(w, problem.solution.expression)
    assert abs(slope.evalf(30)) < 1e-25
    assert diff(objective, w, 2).subs(w, problem.solution.expression).evalf() > 0


def test_more_states_do_not_cure_asymmetry():
    problem = sgd_equilibrium(
        laws.linear_asymmetry(1, Rational(1, 2)),
        curvature=1,
        optimum=0,
        noise=noise.constant(Rational(1, 2), Rational(1, 4)),
    )
    terms = residual_loss(problem)
    assert terms.asymmetry == problem.residual_loss
    assert terms.pulses.subs(dw_min, 0) == 0
    assert diff(terms.pulses, dw_min).is_positive
    assert terms.with_many_states.subs(lr, 0) == terms.asymmetry
    assert terms.asymmetry > 0


def sgd_by_pulses(law, k, optimum, deviation, rate, step, steps, devices, seed):
    """Pulsed SGD on many independent weights: the pulse process itself, nothing from theory."""
    rng = np.random.default_rng(seed)
    up, down = (lambdify(w, q, "numpy") for q in (law.up, law.down))
    place = np.full(devices, optimum)
    total, square, counted = 0.0, 0.0, 0
    for t in range(steps):
        g = k * (place - optimum) + deviation * rng.standard_normal(devices)
        count = rng.binomial(10, np.minimum(1, rate * abs(g) / (10 * step)))
        move = np.where(g < 0, up(place), -down(place))
        place = place + step * count * move
        if t > steps // 2:
            total += place.mean()
            square += (place**2).mean()
            counted += 1
    mean = total / counted
    return mean, square / counted - mean**2


def test_equilibrium_and_spread_of_pulsed_sgd_with_negative_control():
    law = laws.soft_bounds(1, -1, 0.3)
    rate, step, devices, steps = 0.01, 0.0005, 300, 3000
    problem = sgd_equilibrium(law, curvature=1, optimum=-0.4, noise=noise.gaussian(0.4))
    mean, variance = sgd_by_pulses(law, 1.0, -0.4, 0.4, rate, step, steps, devices, 5)
    predicted = float(problem.solution)
    numbers = {lr: Rational(1, 100), dw_min: Rational(1, 2000), slots: 10}
    spread = float(problem.variance.subs(numbers).evalf(20))
    # Independent samples: devices times the number of relaxation times that were averaged.
    independent = devices * (steps / 2) * rate / 2
    tolerance = 4 * sqrt(spread / independent) + 2 * rate
    assert mean == pytest.approx(predicted, abs=tolerance)
    assert abs(mean - -0.4) > 3 * tolerance
    assert variance == pytest.approx(spread, rel=4 * sqrt(2 / independent) + 0.05)
    symmetric, _ = sgd_by_pulses(
        laws.constant_step(1, -1, 0), 1.0, -0.4, 0.4, rate, step, steps, devices, 5
    )
    assert symmetric == pytest.approx(-0.4, abs=tolerance)


def test_bad_input():
    with pytest.raises(ConditionError, match="curvature = -1"):
        sgd_equilibrium(laws.soft_bounds(), curvature=-1)
    with pytest.raises(ConditionError, match="deterministic"):
        noise.gaussian(0)
    with pytest.raises(ConditionError, match="sum to 1"):
        noise.samples([1])
    with pytest.raises(ConditionError, match="empty"):
        noise.samples([])
    with pytest.raises(ConditionError, match="must not be negative"):
        noise.constant(-1)
    with pytest.raises(ConditionError, match="give values"):
        _ = sgd_equilibrium(laws.exponential_step()).solutions
    law = DeviceLaw(
        "x",
        up=2 - w**3,
        down=2 + w**3 + w / Symbol("T", positive=True),
        bounds=(-1, 1),
        parameters={"T": None},
    )
    with pytest.raises(ConditionError, match="degree"):
        _ = sgd_equilibrium(law).solutions
