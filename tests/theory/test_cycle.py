"""Alternating pulses: the verified claims, series against exact cycles, noise, responses."""

from __future__ import annotations

from math import log, sqrt

import numpy as np
import pytest
from sympy import Function, Rational, S, Symbol, diff, exp, lambdify, symbols

from theory import DeviceLaw, alternating_cycle, laws, pulse_response, w
from theory.algebra import vanishes
from theory.errors import ConditionError, NoSymmetryPoint
from theory.response import pulses
from theory.symbols import dw_min, rho, w_0, w_max, w_min

STEP = Rational(1, 1000)


def test_verified_exact_cycle_of_balanced_soft_bounds():
    low, high = alternating_cycle(laws.soft_bounds(1, -1, 0)).exact
    assert (low + dw_min / (2 - dw_min)).simplify() == 0
    assert (high - dw_min / (2 - dw_min)).simplify() == 0


def test_verified_multiplier_of_soft_bounds():
    cycle = alternating_cycle(laws.soft_bounds())
    claimed = (1 - dw_min * (1 + rho) / w_max) * (1 + dw_min * (1 - rho) / w_min)
    assert vanishes(cycle.multiplier - claimed)
    assert vanishes(diff(cycle.multiplier, dw_min).subs(dw_min, 0) + 2 * cycle.point.slope)


def test_verified_first_order_cycle_of_any_law():
    """With undetermined Taylor coefficients, so that it holds for every smooth law."""
    star, F0, F1, F2, G1, G2 = symbols("w_star F0 F1 F2 G1 G2", real=True)
    c = Symbol("c", real=True)
    x = w - star
    F = F0 + F1 * x + F2 * x**2
    G = G1 * x + G2 * x**2
    up, down = F - G, F + G
    place = star + c * dw_min
    raised = place + dw_min * up.subs(w, place)
    residue = (raised - dw_min * down.subs(w, raised) - place).expand().coeff(dw_min, 2)
    (solution,) = [-residue.subs(c, 0) / diff(residue, c)]
    assert vanishes(solution + F0 / 2 * (1 + F1 / G1))
    assert vanishes(solution + F0 - F0 / 2 * (1 - F1 / G1))
    assert vanishes((2 * solution + F0) / 2 + F0 * F1 / (2 * G1))
    multiplier = (diff(raised - dw_min * down.subs(w, raised), c) / dw_min).expand()
    assert vanishes(diff(multiplier, dw_min).subs(dw_min, 0) + 2 * G1)


SMOOTH = ["soft_bounds", "linear_step", "exponential_step", "power_step", "capacitor", "exp_step"]


@pytest.mark.parametrize("name", SMOOTH)
@pytest.mark.parametrize("order", [1, 2])
def test_series_converges_at_its_stated_order(name, order):
    cycle = alternating_cycle(laws.CATALOGUE[name].law())
    low, high = cycle.series(order)
    errors = []
    for step in (Rational(1, 100), Rational(1, 200)):
        (orbit,) = cycle.orbits(step)
        errors.append(abs((low.subs(dw_min, step) - orbit.after_down).evalf(30)))
        assert abs((high.subs(dw_min, step) - orbit.after_up).evalf(30)) < 30 * step ** (order + 1)
    if errors[1] > 1e-25:
        assert float(log(errors[0] / errors[1], 2)) == pytest.approx(order + 1, abs=0.35)


@pytest.mark.parametrize("name", SMOOTH)
def test_orbit_is_a_fixed_point_for_both_orders_and_straddles(name):
    law = laws.CATALOGUE[name].law()
    cycle = alternating_cycle(law)
    step = Rational(1, 500)
    (orbit,) = cycle.orbits(step)
    forward, backward = cycle.map.subs(dw_min, step), cycle.reversed_map.subs(dw_min, step)
    assert abs((forward.subs(w, orbit.after_down) - orbit.after_down).evalf(30)) < 1e-26
    assert abs((backward.subs(w, orbit.after_up) - orbit.after_up).evalf(30)) < 1e-26
    assert orbit.stable
    assert orbit.after_down < float(cycle.point) < orbit.after_up
    slope = diff(forward, w).subs(w, orbit.after_down).evalf(30)
    assert abs(slope - orbit.multiplier.evalf(30)) < 1e-25


def test_verified_number_of_pairs():
    """Bounds +-2, rho .3, step .001: 2000 pairs from 0 leave 81 steps, 6500 pairs 1.2."""
    cycle = alternating_cycle(laws.soft_bounds(2, -2, 0.3))
    place, left = 0.0, {}
    for pair in range(1, 6501):
        place += 0.001 * 1.3 * (1 - place / 2)
        place -= 0.001 * 0.7 * (1 + place / 2)
        left[pair] = abs(place - 0.6) / 0.001
    assert left[2000] == pytest.approx(81, abs=0.6)
    assert left[6500] == pytest.approx(1.2, abs=0.06)
    center = float(cycle.exact[0].subs(dw_min, STEP))
    within = Rational("0.0009")
    found = cycle.pairs(0, within, STEP)
    assert found.exact
    place, count = 0.0, 0
    while abs(place - center) > float(within):
        place += 0.001 * 1.3 * (1 - place / 2)
        place -= 0.001 * 0.7 * (1 + place / 2)
        count += 1
    assert found.number == count
    asymptotic = log(0.6 / 0.0009) / (2 * 0.001 * 0.5)
    assert float(found.number) == pytest.approx(asymptotic, rel=2e-3)


def test_pairs_of_a_curved_law_are_asymptotic_and_close():
    law = laws.exponential_step(1, -1, 0.1, 3, 3)
    cycle = alternating_cycle(law)
    found = cycle.pairs(0, Rational(1, 1000), Rational(1, 2000))
    assert not found.exact
    up, down = (lambdify(w, q, "math") for q in (law.up, law.down))
    (orbit,) = cycle.orbits(Rational(1, 2000))
    place, count = 0.0, 0
    while abs(place - float(orbit.after_down)) > 1e-3:
        place += up(place) / 2000
        place -= down(place) / 2000
        count += 1
    assert float(found.number) == pytest.approx(count, rel=0.15)


def test_verified_end_point_scatter_with_cycle_noise():
    """Bounds +-.6, rho .3, step .001, noise .3: 4.7 steps predicted."""
    cycle = alternating_cycle(laws.soft_bounds(0.6, -0.6, 0.3))
    predicted = float(0.3 * cycle.noise_spread.subs(dw_min, STEP)) / 0.001
    assert predicted == pytest.approx(4.7, abs=0.05)
    rng = np.random.default_rng(7)
    devices = 4000
    place = np.full(devices, 0.18)
    for _ in range(1500):
        place += 0.001 * 1.3 * (1 - place / 0.6) * (1 + 0.3 * rng.standard_normal(devices))
        place -= 0.001 * 0.7 * (1 + place / 0.6) * (1 + 0.3 * rng.standard_normal(devices))
    measured = place.std() / 0.001
    # Relative error of a standard deviation from n samples: 1/sqrt(2n); four of them, and the
    # first-order formula is good to dw_min/B.
    tolerance = 4 / sqrt(2 * devices) + 0.01
    assert measured == pytest.approx(predicted, rel=tolerance)
    assert measured != pytest.approx(predicted * sqrt(2), rel=tolerance)
    assert place.mean() == pytest.approx(float(cycle.exact[0].subs(dw_min, STEP)), abs=4e-4)


def test_basin_is_limited_by_unstable_cycles():
    G = w * (w - S.Half) * (w + S.Half)
    law = DeviceLaw("three", up=2 - G, down=2 + G, bounds=(-1, 1))
    points = law.symmetry_points()
    cycle = alternating_cycle(law, points[2])
    low, high = cycle.basin(Rational(1, 1000))
    assert high == 1
    assert abs(float(low)) < 0.01
    up, down = (lambdify(w, q, "math") for q in (law.up, law.down))

    def end(place):
        for _ in range(40000):
            place += 0.001 * up(place)
            place -= 0.001 * down(place)
        return place

    assert end(float(low) + 0.01) == pytest.approx(0.5, abs=0.01)
    assert end(float(low) - 0.01) == pytest.approx(-0.5, abs=0.01)


def test_conditions_are_refused_with_a_remedy(soft):
    cycle = alternating_cycle(soft)
    with pytest.raises(ConditionError, match="smaller step"):
        cycle.basin(5)
    with pytest.raises(ConditionError, match="with_values"):
        alternating_cycle(laws.soft_bounds()).orbits(STEP)
    with pytest.raises(ConditionError, match="order = 9"):
        cycle.series(9)
    with pytest.raises(ConditionError, match="within = 0"):
        cycle.pairs(0, 0, STEP)
    with pytest.raises(ConditionError, match="dw_min = 0 must be above 0"):
        cycle.orbits(0)
    with pytest.raises(ConditionError, match="does not shrink"):
        cycle.pairs(0, STEP, 9)
    mirrored = DeviceLaw("away", up=1 + w / 3, down=1 - w / 3, bounds=(-1, 1))
    with pytest.raises(ConditionError, match="unstable"):
        alternating_cycle(mirrored).pairs(S.Half, STEP, STEP)
    with pytest.raises(NoSymmetryPoint, match="no symmetry point of law"):
        alternating_cycle(soft, laws.soft_bounds(1, -1, 0).symmetry_point())


@pytest.mark.parametrize("direction", ["up", "down"])
@pytest.mark.parametrize(
    ("law", "kind"),
    [
        (laws.constant_step(1, -1, 0.2), "exact"),
        (laws.linear_step(1, -1, 0.1, 0.4, 0.6), "exact"),
        (laws.soft_bounds(1, -0.7, 0.3), "exact"),
        (laws.soft_bounds_pmax(800, 0.002, 1, -1), "exact"),
        (laws.exponential_step(1, -1, 0.2, 4, 3), "limit"),
        (laws.exp_step(1, -1, 0, -1.18445, -0.081404, 5, 5, -0.5, -0.5), "limit"),
        (laws.power_step(1, -1, 0.2, 2.5, 0.5), "limit"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_pulse_response_against_iteration(law, kind, direction):
    made = pulse_response(law, direction)
    assert made.kind == kind
    q = lambdify(w, law.up if direction == "up" else -law.down, "math")
    errors = []
    for count in (50, 100):
        step = 0.4 / count
        place = -0.2
        for _ in range(count):
            place += step * q(place)
        closed = made.expression.subs({w_0: S(-1) / 5, dw_min: Rational(2, 5 * count)})
        errors.append(abs(float(closed.subs(pulses, count).evalf(20)) - place))
    if kind == "exact":
        assert max(errors) < 1e-13
    else:
        assert errors[0] < 0.02
        assert errors[1] < 0.6 * errors[0]


@pytest.mark.parametrize("name", ["exponential_step", "exp_step", "power_step"])
def test_limit_responses_solve_their_differential_equation(name):
    law = laws.CATALOGUE[name].law()
    if name == "power_step":
        law = law.with_values(gamma_up=Rational(5, 2))
    made = pulse_response(law)
    rate = diff(made.expression, pulses) - dw_min * law.up.subs(w, made.expression)
    for count in (0, 20, 300):
        place = {pulses: count, dw_min: STEP, w_0: Rational(1, 10)}
        assert abs(rate.subs(place).evalf(30)) < 1e-25
    start = made.expression.subs({pulses: 0, dw_min: STEP, w_0: Rational(1, 10)})
    assert abs(start.evalf(30) - Rational(1, 10)) < 1e-25


def test_response_without_closed_form_is_named():
    law = DeviceLaw("odd", up=2 - w**3, down=1 + exp(w) / 9, bounds=(-1, 1))
    made = pulse_response(law)
    assert made.kind == "implicit"
    assert made.expression is None
    assert made.equation.lhs == pulses
    assert not made.equation.atoms(Function)
    with pytest.raises(ConditionError, match="direction"):
        pulse_response(law, "left")


def test_w_bounds_symbols_are_the_notation():
    assert laws.soft_bounds().bounds == (w_min, w_max)
