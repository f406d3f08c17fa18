"""Symmetry points: exact, certified, several, none, a continuum, undecided."""

from __future__ import annotations

import pickle

import pytest
from mpmath import iv, mp
from sympy import Abs, Max, Piecewise, Rational, S, Symbol, cos, exp, pi, sin, sqrt, tanh

from theory import DeviceLaw, SymmetryPoints, laws, w
from theory.errors import NoSymmetryPoint, SeveralSymmetryPoints, UndecidedSymmetryPoint
from theory.intervals import ends, evaluator
from theory.roots import roots_in
from theory.symbols import rho, w_max, w_min

x = Symbol("x", real=True)


def device(G, F=2, bounds=(-1, 1)):
    return DeviceLaw("test", up=F - G, down=F + G, bounds=bounds)


def test_verified_symmetry_point_of_soft_bounds():
    a, b = 1 + rho, 1 - rho
    claimed = (a - b) / (a / w_max - b / w_min)
    point = laws.soft_bounds().symmetry_point()
    assert (point.expression - claimed).simplify() == 0
    assert point.stable is True
    assert point.conditions == ()
    B = Symbol("B", positive=True)
    assert point.expression.subs({w_max: B, w_min: -B}).simplify() == rho * B


def test_negative_symmetry_points_are_kept():
    assert laws.soft_bounds(1, -1, -0.3).symmetry_point().value == -0.3


def test_several_points_with_their_stability():
    law = device(w * (w - Rational(1, 2)) * (w + Rational(1, 2)))
    points = law.symmetry_points()
    assert [p.expression for p in points] == [-S.Half, 0, S.Half]
    assert [p.stable for p in points] == [True, False, True]
    assert [p.slope for p in points] == [S.Half, -S.Half / 2, S.Half]
    with pytest.raises(SeveralSymmetryPoints, match="3 symmetry points"):
        law.symmetry_point()


def test_high_degree_uses_sturm_and_stays_exact():
    law = device((w**5 - w + Rational(1, 4)) / 4)
    points = law.symmetry_points()
    assert {p.method for p in points} == {"sturm"}
    with mp.workdps(40):
        places = [mp.mpf(str(p.evaluate(35))) for p in points]
        assert all(abs(place**5 - place + 0.25) < 1e-33 for place in places)


def test_touching_root_of_a_polynomial_is_exact_and_neither_stable_nor_unstable():
    point = device((w - Rational(1, 3)) ** 2).symmetry_point()
    assert point.expression == Rational(1, 3)
    assert point.stable is None
    assert point.slope == 0


def test_touching_root_of_a_transcendental_is_returned_as_undecided():
    law = device(((exp(w) - 1) ** 2 + (1 - cos(w))) / 3)
    points = law.symmetry_points()
    assert points.outcome == "undecided"
    assert any(a <= 0 <= b for a, b in points.undecided)
    assert all(b - a < 1e-3 for a, b in points.undecided)
    with pytest.raises(UndecidedSymmetryPoint, match="neither shown nor excluded"):
        law.symmetry_point()


@pytest.mark.parametrize(
    ("G", "method"),
    [
        (w - Rational(1, 7), "exact"),
        (exp(3 * w) - 2, "exact"),
        (exp(w) + exp(-w) - Rational(9, 4), "exact"),
        (exp(w) + w - Rational(3, 2), "interval"),
        (sin(w) - Rational(1, 3), "interval"),
        (tanh(w) - w**2 + Rational(1, 8), "interval"),
    ],
)
def test_method_by_class_of_the_expression(G, method):
    points = device(G, F=20).symmetry_points()
    assert points
    assert {p.method for p in points} == {method}
    for p in points:
        assert abs(G.subs(w, p.evaluate(30)).evalf(30)) < 1e-28
        low, high = p.enclosure
        assert low <= p.expression <= high


def test_enclosures_are_narrow_and_hold_a_sign_change():
    G = exp(w) + w - Rational(3, 2)
    low, high = device(G, F=20).symmetry_point().enclosure
    assert 0 < high - low < Rational(1, 10**29)
    assert G.subs(w, low).evalf(60) < 0 < G.subs(w, high).evalf(60)


def test_root_at_a_bound_belongs_to_the_closed_interval():
    law = DeviceLaw("edge", up=(1 - w), down=2 * (1 - w) * (1 + w / 2), bounds=(-1, 1))
    assert law.symmetry_points()[-1].expression == 1


def test_none_and_continuum_have_names_and_reasons():
    none = laws.constant_step(1, -1, 0.3)
    assert none.symmetry_points().outcome == "none"
    assert "differ by a constant" in none.symmetry_points().reason
    with pytest.raises(NoSymmetryPoint, match="differ by a constant"):
        none.symmetry_point()
    every = laws.constant_step(1, -1, 0)
    assert every.symmetry_points().outcome == "continuum"
    assert every.symmetry_points().continuum == ((-1, 1),)
    with pytest.raises(SeveralSymmetryPoints, match="every weight"):
        every.symmetry_point()
    one_sided = device(1 + w**2)
    assert "down step is larger" in one_sided.symmetry_points().reason
    symbolic = laws.constant_step().symmetry_points()
    assert symbolic.outcome == "none"
    assert "does not depend on w" in symbolic.reason


def test_implicit_answer_names_what_is_missing():
    found = laws.exponential_step().symmetry_points()
    assert found.outcome == "implicit"
    assert "gamma_up" in found.reason
    with pytest.raises(NoSymmetryPoint, match="with_values"):
        laws.exponential_step().symmetry_point()


def test_conditions_come_along_with_symbols():
    found = laws.linear_step().symmetry_points()
    assert len(found) == 1
    assert len(found[0].conditions) == 3
    law = laws.linear_step(1, -1, None, 0.5, 0.5)
    assert law.symmetry_point().expression == 2 * rho
    inside = [c.subs(rho, Rational(1, 4)) for c in law.symmetry_point().conditions]
    outside = [c.subs(rho, Rational(3, 4)) for c in law.symmetry_point().conditions]
    assert all(bool(c) for c in inside)
    assert not all(bool(c) for c in outside)
    assert law.with_values(imbalance=0.75).symmetry_points().outcome == "none"


def test_equal_exponents_stay_in_closed_form_with_symbols():
    law = laws.exponential_step(1, -1, None, 5, 5)
    formula = law.symmetry_points()
    assert formula.outcome == "points"
    chosen = law.with_values(imbalance=0.2).symmetry_point()
    values = [p.expression.subs(rho, Rational(1, 5)).evalf(20) for p in formula]
    assert min(abs(v - chosen.evaluate(20)) for v in values) < 1e-18
    power = laws.power_step(1, -1, None, Rational(3, 2), Rational(3, 2))
    at = power.symmetry_points()[0].expression.subs(rho, Rational(1, 5)).evalf(20)
    assert abs(at - power.with_values(imbalance=0.2).symmetry_point().evaluate(20)) < 1e-18


def test_pieces_kinks_and_jumps():
    kink = device(Piecewise((w / 2, w < 0), (w, True)))
    assert kink.symmetry_point().expression == 0
    assert kink.symmetry_point().stable
    jump = device(Piecewise((-S.Half, w < Rational(1, 4)), (S.Half, True)) + 0 * w)
    point = jump.symmetry_point()
    assert (point.expression, point.method, point.stable) == (Rational(1, 4), "jump", True)
    flat = device(Piecewise((w, w < 0), (0, w < S.Half), (w - S.Half, True)))
    assert flat.symmetry_points().continuum == ((0, S.Half),)
    assert device(Abs(w - Rational(1, 3)) - Rational(1, 6)).symmetry_points()[0].value == 1 / 6
    assert device(Max(w, w / 3)).symmetry_point().expression == 0


def test_points_survive_pickling():
    points = laws.soft_bounds(1, -1, 0.3).symmetry_points()
    again = pickle.loads(pickle.dumps(points))
    assert isinstance(again, SymmetryPoints)
    assert (tuple(again), again.outcome, again.reason) == (
        tuple(points),
        points.outcome,
        points.reason,
    )


def test_symbolic_point_has_no_number():
    with pytest.raises(NoSymmetryPoint, match="with_values"):
        float(laws.soft_bounds().symmetry_point())


@pytest.mark.parametrize(
    "f", [exp(x) * x**3, sqrt(x + 2) / (3 + x), tanh(2 * x) - x, sin(x) ** 2 + pi * x, Max(x, -x)]
)
def test_enclosures_contain_the_function(f):
    iv.dps = 20
    enclose = evaluator(f, x)
    from theory.intervals import box
    from theory.intervals import mp as context

    low, high = ends(enclose(box(context.mpf("-0.4"), context.mpf("0.7"))))
    for n in range(21):
        place = Rational(-4, 10) + Rational(11, 200) * n
        assert low <= context.mpf(str(f.subs(x, place).evalf(60))) <= high


def test_certified_roots_find_all_of_many():
    found = roots_in(sin(20 * x) + x / 50, x, S(-1), S(1))
    assert not found.undecided
    assert len(found.found) == 13
    assert S.Zero in [r.expression for r in found.found] or any(
        abs(r.expression) < 1e-25 for r in found.found
    )


def test_answer_does_not_depend_on_a_clock(repository):
    for file in (repository / "theory").rglob("*.py"):
        text = file.read_text()
        assert "import time" not in text
        assert "signal" not in text
        assert " solve(" not in text
        assert "solveset(" not in text
