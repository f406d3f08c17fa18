"""DeviceLaw: values, content equality, and every kind of bad input."""

from __future__ import annotations

import pickle

import pytest
from sympy import I, Piecewise, Rational, S, Symbol, exp, log, oo, pi, sqrt, tan

from theory import DeviceLaw, Parameter, laws, w
from theory.errors import (
    BoundsError,
    LawError,
    NotPositiveError,
    ParameterError,
    PoleError,
    TheoryError,
)

B = Symbol("B", positive=True)
rho = Symbol("rho", real=True)


def law(up=1 - w, down=1 + w, bounds=(-1, 1), **more):
    return DeviceLaw("mine", up=up, down=down, bounds=bounds, **more)


def test_decimal_numbers_become_exact():
    made = law(up=1.3 * (1 - w), down=0.7 + 0.7 * w)
    assert made.up == Rational(13, 10) * (1 - w)
    assert w - Rational(3, 10) == made.G
    assert made.symmetry_point().expression == Rational(3, 10)


def test_F_and_G_rebuild_the_steps(soft):
    assert (soft.F - soft.G - soft.up).expand() == 0
    assert (soft.F + soft.G - soft.down).expand() == 0
    assert (soft.psi * soft.F - soft.G).simplify() == 0


def test_values_and_symbols():
    made = laws.soft_bounds(0.6, -0.6, 0.3)
    assert made.values == {
        "w_max": Rational(3, 5),
        "w_min": Rational(-3, 5),
        "imbalance": S(3) / 10,
    }
    assert made.parameter("imbalance").symbol == rho
    assert made.symbolic.up.has(rho)
    assert {s.name for s in made.symbolic.bounds[0].free_symbols} == {"w_min"}
    assert not made.symbolic.is_numeric
    assert made.is_numeric
    assert made.symbolic.with_values(**made.values) == made
    assert w * Rational(5, 3) == made.with_values(imbalance=0).G
    assert made.with_values(imbalance=None).symmetry_point().expression == 3 * rho / 5


def test_equal_by_content_hashable_and_picklable():
    one, two = laws.soft_bounds(1, -1, 0.3), laws.soft_bounds(1, -1, Rational(3, 10))
    assert one == two
    assert hash(one) == hash(two)
    assert one != laws.soft_bounds(1, -1, 0.2)
    again = pickle.loads(pickle.dumps(one))
    assert again == one
    assert again.symmetry_point() == one.symmetry_point()


def test_frozen(soft):
    with pytest.raises(AttributeError):
        soft.name = "other"


def test_user_parameters_by_name_and_by_symbol():
    by_name = law(up=1 - w / B, down=1 + w / B, bounds=(-B, B), parameters={"B": 2})
    by_symbol = law(up=1 - w / B, down=1 + w / B, bounds=(-B, B), parameters={B: 2})
    assert by_name == by_symbol
    assert by_name.bounds == (-2, 2)
    kept = law(up=1 - w / B, down=1 + w / B, bounds=(-B, B), parameters={"B": None})
    assert not kept.is_numeric
    assert isinstance(kept.parameters[0], Parameter)


def test_latex_shows_everything(soft):
    shown = soft._repr_latex_()
    for part in (r"q_\mathrm{up}", r"q_\mathrm{down}", "F &=", "G &=", r"w_\ast"):
        assert part in shown
    assert "continuum" in laws.constant_step(1, -1, 0)._repr_latex_()


@pytest.mark.parametrize(
    ("make", "error", "words"),
    [
        (lambda: law(bounds=(1, -1)), BoundsError, ["reversed", "w_min < 0 < w_max"]),
        (lambda: law(bounds=(0, 1)), BoundsError, ["w_min = 0", "below 0"]),
        (lambda: law(bounds=(-1, 0)), BoundsError, ["w_max = 0", "above 0"]),
        (lambda: law(bounds=(-oo, 1)), BoundsError, ["w_min = -oo", "finite"]),
        (lambda: law(bounds=(-w, 1)), BoundsError, ["contain the state"]),
        (lambda: law(bounds=3), BoundsError, ["two numbers"]),
        (lambda: law(up=2, down=1), LawError, ["state symbol w", "constant_step"]),
        (lambda: law(up=1 - w * B), LawError, ["unknown symbol", "B", "parameters="]),
        (lambda: law(up=2 + I * w), LawError, ["complex"]),
        (lambda: law(up=sqrt(w)), LawError, ["complex near", "negative"]),
        (lambda: law(up=3 + log(w)), LawError, ["pole"]),
        (lambda: law(up=1 / (w - 0.25) ** 2), PoleError, ["w = 0.25", "inside the bounds"]),
        (lambda: law(up=2 + tan(2 * w)), LawError, ["tan"]),
        (lambda: law(down=1 + 2 * w), NotPositiveError, ["q_down", "w = -0.5", "narrow"]),
        (lambda: law(up=(w - 0.25) ** 2), NotPositiveError, ["w = 0.25"]),
        (lambda: law(up=exp(w) - 1), NotPositiveError, ["q_up"]),
        (lambda: law(up=-1 - w**2), NotPositiveError, ["q_up"]),
        (lambda: law(up=Symbol("w") + 2), LawError, ["other assumptions", "import w"]),
        (lambda: law(up=Symbol("w", positive=True) + 2), LawError, ["lose roots"]),
        (lambda: law(up="1 - w"), TheoryError, ["text"]),
        (lambda: law(up=[1]), TheoryError, ["up"]),
        (lambda: law(parameters={"B": True}), TheoryError, ["B = True"]),
        (lambda: law(parameters={"B": float("nan")}), TheoryError, ["not finite"]),
        (lambda: law(parameters={3: 1}), ParameterError, ["neither a name"]),
        (lambda: law(parameters={"a b": 1}), ParameterError, ["identifier"]),
        (lambda: laws.soft_bounds(1, -1, 1), ParameterError, ["imbalance = 1", "between -1 and 1"]),
        (lambda: laws.soft_bounds(-1, 1), ParameterError, ["w_max = -1", "above 0"]),
        (lambda: laws.soft_bounds().with_values(rho=1), ParameterError, ["imbalance"]),
        (lambda: laws.soft_bounds(float("inf")), TheoryError, ["w_max", "not finite"]),
        (lambda: laws.linear_step(1, -1, 0, 2, 0), NotPositiveError, ["w = 0.5"]),
        (lambda: laws.linear_asymmetry(1, 2), BoundsError, ["w_min"]),
        (lambda: laws.tabulated([0, 1], [1], [1, 1]), LawError, ["up has 1 values"]),
        (lambda: laws.tabulated([0, 0], [1, 1], [1, 1]), LawError, ["sort"]),
        (lambda: laws.tabulated([0], [1], [1]), LawError, ["two"]),
        (lambda: laws.find("nope"), LawError, ["soft_bounds"]),
        (
            lambda: law(up=Piecewise((1 - w, w > 0), (1 + w - 0.5, True))),
            NotPositiveError,
            ["w = -0.5"],
        ),
    ],
)
def test_bad_input_says_what_and_where(make, error, words):
    with pytest.raises(error) as caught:
        make()
    for word in words:
        assert word in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_two_symbols_of_one_name_are_noticed():
    with pytest.raises(LawError, match="unknown symbol"):
        law(up=1 - w * Symbol("B"), down=1 + w * B / 2, parameters={B: 1})


def test_decimals_in_exponents_may_round_a_zero_at_a_bound():
    made = law(up=1 - exp(-12.345 * (1 - w)), down=1 - exp(-7.891 * (1 + w)))
    assert made.symmetry_point().stable
    with pytest.raises(NotPositiveError, match="q_down"):
        law(down=1 - exp(-7.891 * (0.999 + w)))


def test_steps_may_vanish_at_a_bound_and_need_no_zero_there():
    law(up=sqrt(1 - w), down=sqrt(1 + w))
    law(up=(1 - w) ** Rational(37, 10), down=1 + w)
    law(up=1 - exp(-3 * (1 - w)), down=2 + w**3)
    law(up=pi - 3 * w, down=1 + w)
