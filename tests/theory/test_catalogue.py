"""Every catalogue law against independent high-precision numerics, and metamorphic relations."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from mpmath import mp
from sympy import Rational, lambdify

from theory import DeviceLaw, alternating_cycle, implicit_penalty, laws, pulse_response, w
from theory.errors import LawError
from theory.response import pulses
from theory.symbols import dw_min, w_0


def rationals(low, high, digits=3):
    """Rational numbers with few digits; shrinks towards the lower end."""
    scale = 10**digits
    return st.integers(round(low * scale), round(high * scale)).map(
        lambda n: Rational(Fraction(n, scale))
    )


upper, lower = rationals(0.3, 2), rationals(0.3, 2).map(lambda x: -x)
balance = rationals(-0.6, 0.6)
RANDOM = {
    "linear_step": {
        "w_max": upper,
        "w_min": lower,
        "imbalance": balance,
        "slope_up": rationals(0, 1),
        "slope_down": rationals(0.05, 1),
    },
    "soft_bounds": {"w_max": upper, "w_min": lower, "imbalance": balance},
    "soft_bounds_pmax": {
        "p_max": st.integers(50, 2000),
        "alpha": rationals(0.001, 0.01),
        "range_max": upper,
        "range_min": lower,
    },
    "exponential_response": {
        "w_max": upper,
        "w_min": lower,
        "nonlinearity_up": rationals(0.1, 6),
        "nonlinearity_down": rationals(0.1, 6),
    },
    "exponential_step": {
        "w_max": upper,
        "w_min": lower,
        "imbalance": balance,
        "gamma_up": rationals(0.5, 6),
        "gamma_down": rationals(0.5, 6),
    },
    "exp_step": {
        "w_max": upper,
        "w_min": lower,
        "imbalance": rationals(-0.2, 0.2),
        "A_up": rationals(0.01, 0.2),
        "A_down": rationals(0.01, 0.2),
        "gamma_up": rationals(0.2, 2),
        "gamma_down": rationals(0.2, 2),
        "slope": rationals(0.1, 1),
        "offset": rationals(-0.3, 0.3),
    },
    "power_step": {
        "w_max": upper,
        "w_min": lower,
        "imbalance": balance,
        "gamma_up": rationals(0.2, 4, 1),
        "gamma_down": rationals(0.2, 4, 1),
    },
    "biased_linear": {"tau": upper, "imbalance": balance},
    "linear_asymmetry": {"tau": rationals(1, 2), "w_star": rationals(-0.9, 0.9)},
    "capacitor": {
        "w_max": upper,
        "w_min": lower,
        "imbalance": rationals(-0.05, 0.05),
        "modulation": rationals(0.02, 0.5),
    },
}


def bracketed(G, a, b, left, right, digits):
    """The root between a and b by regula falsi (Illinois), with a bisection now and then."""
    for turn in range(400):
        middle = (a + b) / 2 if turn % 5 == 4 else b - right * (b - a) / (right - left)
        value = G(middle)
        if value == 0 or abs(b - a) < mp.mpf(10) ** (3 - digits):
            return middle
        if value * right < 0:
            a, left = b, right
        else:
            left /= 2
        b, right = middle, value
    return middle


def bisect_all(G, low, high, cells=60, digits=40):
    """Sign changes of G on a grid, then refined: nothing shared with theory."""
    places = [low + (high - low) * i / cells for i in range(cells + 1)]
    values = [G(x) for x in places]
    found = []
    for (a, b), (left, right) in zip(pairwise(places), pairwise(values), strict=True):
        if left == 0 or left * right < 0:
            found.append(a if left == 0 else bracketed(G, a, b, left, right, digits))
    return found


def compare(law):
    """Compare symbolic symmetry points inside the bounds with bisection."""
    points = law.symmetry_points()
    assert points.outcome in ("points", "none")
    with mp.workdps(40):
        G = lambdify(w, law.down - law.up, modules="mpmath")
        low, high = (mp.mpf(str(b.evalf(40))) for b in law.bounds)
        margin = (high - low) / 10**6
        reference = bisect_all(G, low + margin, high - margin)
        places = [mp.mpf(str(p.evaluate(35))) for p in points]
        inner = [(x, p) for x, p in zip(places, points, strict=True)]
        inner = [(x, p) for x, p in inner if low + margin < x < high - margin]
        assert len(inner) == len(reference)
        for (place, point), number in zip(inner, reference, strict=True):
            assert abs(place - number) < mp.mpf(10) ** -28 * max(1, abs(high), abs(low))
            assert point.stable is (mp.diff(G, number) > 0)


@pytest.mark.parametrize("name", sorted(RANDOM))
def test_symbolic_points_against_bisection(name):
    @settings(max_examples=100, suppress_health_check=list(HealthCheck))
    @given(st.fixed_dictionaries(RANDOM[name]))
    def check(numbers):
        try:
            law = laws.CATALOGUE[name].law(**numbers)
        except LawError:
            assume(False)
        compare(law)

    check()


@settings(max_examples=100, suppress_health_check=list(HealthCheck))
@given(
    st.lists(rationals(0.05, 2), min_size=5, max_size=5),
    st.lists(rationals(0.05, 2), min_size=5, max_size=5),
)
def test_tables_against_bisection(up, down):
    law = laws.tabulated([-1, Rational(-1, 3), 0, Rational(1, 2), 1], up, down)
    points = law.symmetry_points()
    assume(points.outcome in ("points", "none"))
    assume(all(abs(p.value) < 0.99 and p.stable is not None for p in points))
    G = lambdify(w, law.down - law.up, modules="math")
    reference = bisect_all(G, -1.0, 1.0, 199, digits=15)
    assume(all(b.value - a.value > 0.02 for a, b in pairwise(points)))
    assert len(reference) == len(points)
    for point, number in zip(points, reference, strict=True):
        assert abs(point.value - number) < 1e-12


def test_long_tables_and_high_degrees_stay_quick_and_right():
    knots = [Rational(i, 40) - 1 for i in range(81)]
    up = [Rational(6, 5) - x + x**2 / 9 for x in knots]
    law = laws.tabulated(knots, up, [Rational(9, 10) + x * 4 / 5 for x in knots])
    point = law.symmetry_point()
    assert law.G.subs(w, point.expression) == 0
    (orbit,) = alternating_cycle(law).orbits(Rational(1, 1000))
    assert orbit.after_down < point.expression < orbit.after_up
    found = implicit_penalty(law)
    assert not found.closed
    assert found.value(Rational(1, 2)) > 0
    steep = DeviceLaw("steep", up=2 - w**61, down=2 + w**35 + w / 3, bounds=(-1, 1))
    assert steep.symmetry_point().expression == 0
    (orbit,) = alternating_cycle(steep).orbits(Rational(1, 1000))
    assert orbit.method == "interval"
    assert orbit.after_down < 0 <= orbit.after_up + Rational(1, 10**25)


def test_constant_step_has_no_point_or_all():
    for share in range(-9, 10):
        outcome = laws.constant_step(1, -1, Rational(share, 10)).symmetry_points().outcome
        assert outcome == ("none" if share else "continuum")


EVERY = [e.name for e in laws.CATALOGUE.values() if e.name != "constant_step"]


@pytest.mark.parametrize("name", EVERY)
@pytest.mark.parametrize("relation", ["mirror", "rescale", "factor"])
def test_metamorphic_relations(name, relation):
    law = laws.CATALOGUE[name].law()
    star = law.symmetry_point().evaluate(30)
    low, high = law.bounds
    s = Rational(7, 3)
    up, down, bounds, wanted = {
        "mirror": (law.down.subs(w, -w), law.up.subs(w, -w), (-high, -low), -star),
        "rescale": (law.up.subs(w, w / s), law.down.subs(w, w / s), (s * low, s * high), s * star),
        "factor": (s * law.up, s * law.down, (low, high), star),
    }[relation]
    other = DeviceLaw(relation, up=up, down=down, bounds=bounds)
    assert abs(other.symmetry_point().evaluate(30) - wanted) < 1e-27
    assert other.symmetry_point().stable is law.symmetry_point().stable


@pytest.mark.parametrize("name", sorted(laws.CATALOGUE))
def test_every_entry_says_where_it_comes_from(name):
    entry = laws.CATALOGUE[name]
    doc = entry.build.__doc__
    assert entry.peers
    assert "math::" in doc or name == "tabulated"
    assert "Parameters" in doc
    assert "Examples" in doc
    assert entry.law().source
    assert entry.formula.endswith(".")
    for parameter in entry.law().parameters:
        assert parameter.description


def test_published_identities():
    pmax = laws.soft_bounds_pmax(1000, 0.0005, 1, -1)
    low, high = pmax.bounds
    assert abs((pmax.symmetry_point().expression - (low + high) / 2).evalf(30)) < 1e-28
    soft = laws.linear_step(1, -1, 0.3, 1, 1)
    assert soft.up == laws.soft_bounds(1, -1, 0.3).up
    assert soft.down == laws.soft_bounds(1, -1, 0.3).down
    biased = laws.biased_linear(2, 0.3)
    assert biased.up.expand() == laws.soft_bounds(2, -2, 0.3).up.expand()


def test_measured_form_reaches_its_range_after_p_max_pulses():
    law = laws.soft_bounds_pmax(1000, 0.0005, 1, -1)
    low, high = law.bounds
    step = Rational(1, 2000) * (high - low) / 2
    after = pulse_response(law).expression.subs({dw_min: step, w_0: -1, pulses: 1000})
    # One pulse of the aihwkit form multiplies the distance by 1 - alpha, not by exp(-alpha).
    assert abs(float(after.evalf(20)) - 1) < 5e-4


@pytest.mark.parametrize("nonlinearity", [Rational(1, 2), 2, 5])
def test_neurosim_form_crosses_its_range_in_P_pulses(nonlinearity):
    law = laws.exponential_response(1, -1, nonlinearity, nonlinearity)
    ends = []
    for count in (1000, 4000):
        made = pulse_response(law).expression
        after = made.subs({dw_min: Rational(2, count), w_0: -1, pulses: count})
        ends.append(abs(float(after.evalf(20)) - 1))
    assert ends[0] < 0.02
    assert ends[1] < ends[0] / 3.5


@pytest.mark.parametrize("name", sorted(laws.presets.PRESETS))
def test_presets(name):
    preset = laws.presets.PRESETS[name]()
    assert preset.law.is_numeric
    assert 0 < preset.dw_min < 1
    assert preset.cycle_noise > 0
    assert "aihwkit" in preset.source
    assert preset.law.symmetry_points().outcome in ("points", "continuum")
    assert preset.states > 1


def test_one_sided_skew_of_aihwkit_is_converted():
    preset = laws.presets.reram_es()
    skew = preset.law.values["imbalance"]
    assert (1 - skew) / (1 + skew) == 1 - Rational("0.259359")
    assert preset.dw_min * (1 + skew) == Rational("0.00135")
