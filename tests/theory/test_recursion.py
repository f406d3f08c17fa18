"""Fixed points of a user's own recursion: SHD, Tiki-Taka, residual learning, and what is left."""

from __future__ import annotations

import pytest
from sympy import Abs, Rational, S, Symbol, exp, lambdify, sin

from theory import SHD, fixed_points, laws, quadratic, w
from theory import noise as models
from theory.algebra import vanishes
from theory.errors import ConditionError
from theory.recursion import F, G
from theory.symbols import A, C, curvature, eta_A, kappa, noise, r, w_o

P, W = Symbol("P", real=True), Symbol("W", real=True)
mix = Symbol("gamma", positive=True)
LAW = laws.soft_bounds(1, -1, Rational(3, 10))


def shd_flow(reference):
    return {A: -eta_A * (curvature * (C - w_o) * F(A) + noise * G(A)), C: kappa * (A - reference)}


def test_shd_is_an_instance():
    law = laws.soft_bounds()
    (found,) = fixed_points(shd_flow(r), (A, C), law)
    end = SHD(law, reference=r, loss=quadratic()).fixed_points[0]
    assert found[A] == end.A
    assert vanishes(found[C] - end.C)
    assert found.remaining == ()


def test_symbolic_stability_by_sign():
    law = laws.linear_asymmetry(1, 0)
    (found,) = fixed_points(shd_flow(S.Zero), (A, C), law)
    assert found.stable is True
    undamped = {A: -eta_A * curvature * C * F(A), C: kappa * A}
    (border,) = fixed_points(undamped, (A, C), law)
    assert border.stable is None
    pumped = {A: -eta_A * (C * F(A) - noise * G(A)), C: kappa * A}
    (worse,) = fixed_points(pumped, (A, C), law)
    assert worse.stable is False


@pytest.mark.parametrize("kind", ["flow", "map"])
def test_tiki_taka_on_an_unshifted_device_is_biased(kind):
    rate = Rational(1, 10)
    gradient = A / 2 + C - Rational(1, 5)
    moves = {
        A: -rate * (gradient * F(A) + G(A) / 2),
        C: rate * (A * F(C) - Abs(A) * G(C)),
    }
    if kind == "map":
        moves = {s: s + move for s, move in moves.items()}
    (found,) = fixed_points(moves, (A, C), LAW, kind)
    assert found[A] == 0
    assert found[C] == Rational(7, 20)
    assert found.stable is True
    assert len(found.eigenvalues) == 4
    shifted = {A: LAW.with_values(imbalance=0), C: LAW}
    (exact,) = fixed_points(moves, (A, C), shifted, kind)
    assert exact[C] == Rational(1, 5)


def test_residual_learning_is_exact_iff_G_of_P_vanishes_at_zero():
    rate, transfer = Rational(1, 10), Rational(1, 20)
    gradient = W + P / 2 - Rational(1, 5)
    moves = {
        P: P - rate * (gradient * F(P) + G(P) / 2),
        W: W + transfer * (P * F(W) - Abs(P) * G(W)),
    }
    (biased,) = fixed_points(moves, (P, W), LAW, "map")
    assert biased[P] == 0
    assert biased[W] != Rational(1, 5)
    (exact,) = fixed_points(moves, (P, W), {P: laws.soft_bounds(1, -1, 0), W: LAW}, "map")
    assert exact[W] == Rational(1, 5)
    functions = [lambdify((P, W), e, "math") for e in _filled(moves, LAW)]
    state = (0.3, -0.4)
    for _ in range(4000):
        state = tuple(f(*state) for f in functions)
    assert state[1] == pytest.approx(float(biased[W]), abs=1e-9)


def _filled(moves, law):
    out = []
    for move in moves.values():
        for symbol in (P, W):
            move = move.subs(F(symbol), law.F.subs(w, symbol))
            move = move.subs(G(symbol), law.G.subs(w, symbol))
        out.append(move)
    return out


def test_one_state_with_folded_noise_is_certified():
    model = models.gaussian(Rational(1, 2))
    flow = {W: -((W + Rational(1, 5)) * F(W) + model.at(W + Rational(1, 5)) * G(W))}
    (found,) = fixed_points(flow, (W,), LAW)
    assert (
        abs(
            flow[W]
            .subs(F(W), LAW.F.subs(w, W))
            .subs(G(W), LAW.G.subs(w, W))
            .subs(W, found[W])
            .evalf(25)
        )
        < 1e-24
    )
    assert found.stable is True


def test_several_fixed_points_and_their_stability():
    flow = {W: W * (W - S.Half) * (W + S.Half)}
    found = fixed_points(flow, (W,), LAW)
    assert [(p[W], p.stable) for p in found] == [(-S.Half, False), (0, True), (S.Half, False)]


def test_what_cannot_be_reached_is_returned_as_equations():
    (found,) = fixed_points({A: sin(A * C) - C, C: exp(A) - C**2 - A}, (A, C), LAW)
    assert found.remaining
    assert found.stable is None


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: fixed_points({A: -A}, (A, C), LAW), "lack C"),
        (lambda: fixed_points({A: F(A + 1)}, (A,), LAW), "state variables only"),
        (lambda: fixed_points({A: -A}, (A,), LAW, "both"), "'flow' or 'map'"),
        (lambda: fixed_points({Symbol("z"): 0}, (Symbol("z"),), LAW), "must be real"),
    ],
)
def test_bad_input(make, words):
    with pytest.raises(ConditionError, match=words):
        make()
