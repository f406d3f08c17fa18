"""The energy along the discrete recursion: its change, its step limits, a counter-example."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sympy import Matrix, Rational, S, Symbol, lambdify, sqrt

from theory import SHD, laws, noise, quadratic
from theory.algebra import vanishes
from theory.discrete import (
    change_matrix,
    counter_example,
    damping,
    energy_change,
    shadow_energy,
    step_limits,
    step_matrix,
    step_numbers,
    theta,
)
from theory.errors import ConditionError
from theory.signs import Sign, prove_sign
from theory.symbols import A, C, eta_A, kappa

t = Symbol("t", positive=True)


@pytest.mark.parametrize("order", ["A first", "simultaneous"])
@pytest.mark.parametrize("name", ["linear_asymmetry", "soft_bounds", "power_step"])
def test_change_of_energy_to_second_order(name, order):
    """Richardson: what the formula leaves over shrinks with the third power of the rates."""
    law = laws.CATALOGUE[name].law()
    shd = SHD(
        law,
        reference=Rational(1, 20),
        loss=quadratic(2, Rational(1, 10)),
        gradient_noise=noise.deterministic().at(2 * (C - Rational(1, 10))),
    )
    change = energy_change(shd, order)
    start = {A: Rational(1, 5), C: Rational(-1, 4)}
    left = []
    for scale in (Rational(1, 100), Rational(1, 200)):
        rates = {kappa: scale * 3 / 10, eta_A: scale / 2}
        equations = {s: e.subs(rates) for s, e in shd.equations.items()}
        after_a = start[A] + equations[A].subs(start)
        used = after_a if order == "A first" else start[A]
        after_c = start[C] + equations[C].subs({A: used, C: start[C]})
        energy = shd.energy.subs(rates)
        exact = energy.subs({A: after_a, C: after_c}) - energy.subs(start)
        left.append(abs((exact - change.total.subs(rates).subs(start)).evalf(30)))
    # For straight laws updated at once the formula is exact.
    assert left[1] == 0 or left[0] / left[1] == pytest.approx(8, rel=0.1)


def test_energy_falls_in_every_step_exactly_below_the_limit():
    form = change_matrix()
    limits = step_limits()
    assert vanishes(form.det() - theta * (limits.falling - theta))
    region = {theta: (0, 1)}
    assert prove_sign(form[1, 1], region) is Sign.NEGATIVE
    # Below the limit theta < d(2 - d) <= 1: write d = 1 - s, |s| < 1, and theta = x(1 - s^2).
    s, x = Symbol("s", positive=True), Symbol("x", positive=True)
    for sign in (1, -1):
        inside = {damping: 1 - sign * s, theta: x * (1 - s**2)}
        minor = form.subs(inside)
        assert prove_sign(minor[1, 1], {x: (0, 1), s: (0, 1)}) is Sign.NEGATIVE
        assert prove_sign(minor.det(), {x: (0, 1), s: (0, 1)}) is Sign.POSITIVE


def test_stability_limit_by_eigenvalues():
    step = lambdify((theta, damping), step_matrix(), "numpy")
    for stiffness, damped in product(np.linspace(0.05, 4.2, 24), np.linspace(0.05, 1.95, 20)):
        radius = max(abs(np.linalg.eigvals(np.array(step(stiffness, damped), float))))
        verdict = step_limits().verdict(Rational(str(stiffness)), Rational(str(damped)))
        assert (verdict != "diverges") == (radius < 1)


def test_counter_example_rises_though_the_recursion_converges():
    example = counter_example()
    assert step_limits().verdict(example.stiffness, example.damped) == "converges"
    assert example.change > 0
    step = step_matrix().subs({theta: example.stiffness, damping: example.damped})
    state = Matrix(example.state)
    after = step * state
    assert (after.T * after - state.T * state)[0, 0] == example.change
    for _ in range(60):
        state = step * state
    assert (state.T * state)[0, 0] < Rational(1, 100)


def test_scaled_matrix_is_the_recursion():
    law = laws.linear_asymmetry(1, 0)
    shd = SHD(law, loss=quadratic(2, 0), gradient_noise=Rational(1, 2))
    rates = {kappa: Rational(1, 4), eta_A: Rational(1, 2)}
    move = {s: e.subs(rates) for s, e in shd.equations.items()}
    a, c = Rational(1, 5), Rational(-1, 3)
    after_a = a + move[A].subs({A: a, C: c})
    after_c = c + move[C].subs({A: after_a, C: c})
    scale = Matrix([sqrt(rates[kappa] / rates[eta_A]), sqrt(2)])
    stiffness, damped = (e.subs(rates) for e in step_numbers(shd))
    numbers = {theta: stiffness, damping: damped}
    assert numbers == {theta: rates[kappa] * rates[eta_A] * 2, damping: rates[eta_A] / 2}
    made = step_matrix().subs(numbers) * Matrix([a * scale[0], c * scale[1]])
    assert vanishes(made[0] - after_a * scale[0])
    assert vanishes(made[1] - after_c * scale[1])


def test_undamped_recursion_conserves_the_shadow_energy_and_the_other_order_pumps():
    step = step_matrix().subs(damping, 0)
    form = shadow_energy()
    assert (step.T * form * step - form).applyfunc(lambda e: e.expand()) == Matrix.zeros(2, 2)
    # C first, with the gradient taken again at the new C, conserves the mirrored form.
    again = Matrix([[1 - theta, -sqrt(theta)], [sqrt(theta), 1]])
    mirrored = form.applyfunc(lambda e: e.subs(sqrt(theta), -sqrt(theta)))
    assert (again.T * mirrored * again - mirrored).expand() == Matrix.zeros(2, 2)
    other = step_matrix("simultaneous").subs(damping, 0)
    assert (other.T * other - (1 + theta) * Matrix.eye(2)).expand() == Matrix.zeros(2, 2)


def test_bad_input():
    with pytest.raises(ConditionError, match="order"):
        energy_change(SHD(laws.soft_bounds(1, -1, 0)), "C first")
    with pytest.raises(ConditionError, match="order"):
        step_matrix("C first")
    with pytest.raises(ConditionError, match="positive"):
        step_limits().verdict(0, 1)
    assert step_limits().verdict(S.Half, 3) == "diverges"
