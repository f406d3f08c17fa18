"""SHD: energies, the tilt theorem, offset, damping, noise, asymmetric C, clipped transfer."""

from __future__ import annotations

import pytest
from sympy import Function, Integral, Min, Rational, S, Symbol, atan, diff, lambdify, sqrt, symbols

from theory import SHD, DeviceLaw, critical_rates, fluctuations, laws, noise, quadratic, w
from theory.algebra import vanishes
from theory.comparison import compare_residuals
from theory.errors import ConditionError
from theory.sgd import lr
from theory.shd_clipped import clipped_energy
from theory.shd_noise import injection, lyapunov
from theory.symbols import A, C, curvature, dw_min, eta_A, kappa, r, sigma, tau, w_o, w_star
from theory.symbols import noise as magnitude

EVERY = [n for n in laws.CATALOGUE if n != "tabulated"]
RATES = {kappa: Rational(1, 5), eta_A: Rational(3, 10), magnitude: Rational(2, 5)}


def abstract():
    """A law with undetermined functions F and G: claims for every device at once."""
    F, G = Function("F")(A), Function("G")(A)
    return F, G


def test_verified_energy_theorem_for_undetermined_functions():
    F, G = abstract()
    f = Function("f")(C)
    move = {A: -eta_A * (diff(f, C) * F + magnitude * G), C: kappa * (A - r)}
    slope = kappa / eta_A * (A - r) / F
    rate = diff(f, C) * move[C] + slope * move[A]
    assert vanishes(rate + kappa * magnitude * (A - r) * G / F)
    at_r = Symbol("psi_r", real=True)
    tilted = rate + magnitude * at_r * move[C]
    assert vanishes(tilted + kappa * magnitude * (A - r) * (G / F - at_r))


@pytest.mark.parametrize("name", EVERY)
def test_verified_energy_and_tilted_energy_of_every_law(name):
    shd = SHD(laws.CATALOGUE[name].law(), reference=Rational(1, 20))
    assert vanishes(shd.rate_of(shd.energy) - shd.dissipation)
    assert vanishes(shd.rate_of(shd.tilted_energy) - shd.tilted_dissipation)


def test_general_reference_and_symbolic_law():
    shd = SHD(laws.soft_bounds(), reference=r)
    assert shd.kinetic.closed
    assert vanishes(shd.rate_of(shd.energy) - shd.dissipation)
    assert vanishes(shd.tilt - magnitude * laws.soft_bounds().psi.subs(w, r))


def test_tilt_vanishes_exactly_at_the_symmetry_point():
    law = laws.soft_bounds()
    shd = SHD(law, reference=r)
    star = law.symmetry_point().expression
    assert vanishes(shd.tilt.subs(r, star))
    tilt_slope = diff(shd.tilt, r).subs(r, star)
    assert not vanishes(tilt_slope)
    assert vanishes(SHD(law, reference="symmetry_point", loss=quadratic()).offset)


def test_verified_offset_of_the_linear_device():
    shd = SHD(laws.linear_asymmetry(), reference=r, loss=quadratic())
    assert vanishes(shd.offset - magnitude * (w_star - r) / (curvature * tau))
    end = shd.fixed_points[0]
    assert r == end.A
    assert vanishes(end.C - w_o - shd.offset)


def test_without_gradient_noise_there_is_no_offset():
    shd = SHD(
        laws.soft_bounds(1, -1, 0.3),
        loss=quadratic(1, Rational(1, 5)),
        gradient_noise=noise.deterministic().at(C - Rational(1, 5)),
    )
    assert [p.C for p in shd.fixed_points] == [Rational(1, 5)]


def test_offset_with_folded_normal_noise_is_certified():
    shd = SHD(
        laws.soft_bounds(1, -1, 0.3),
        loss=quadratic(1, 0),
        gradient_noise=noise.gaussian(Rational(1, 2)).at(C),
    )
    (end,) = shd.fixed_points
    assert end.method == "interval"
    assert abs(end.condition.subs(C, end.C).evalf(25)) < 1e-24
    constant = SHD(
        laws.soft_bounds(1, -1, 0.3),
        loss=quadratic(1, 0),
        gradient_noise=noise.gaussian(Rational(1, 2)).at(S.Zero),
    )
    assert float(shd.offset.evalf()) == pytest.approx(float(constant.offset.evalf()), rel=0.05)


def test_general_loss_gives_the_condition():
    (end,) = SHD(laws.soft_bounds(1, -1, 0.3), reference=r).fixed_points
    assert end.method == "implicit"
    assert end.condition.has(Function("f"))


def test_rising_region_is_where_the_energy_rises():
    shd = SHD(laws.soft_bounds(1, -1, 0.3), loss=quadratic(1, 0))
    region = shd.rising_region
    assert (region.lower, region.upper) == (0, Rational(3, 10))
    rate = lambdify(A, shd.dissipation.subs(RATES), "math")
    places = [-0.955 + 0.01 * i for i in range(190)]
    for place in places:
        inside = float(region.lower) + 1e-9 < place < float(region.upper) - 1e-9
        assert (rate(place) > 0) == inside
    tilted = lambdify(A, shd.tilted_dissipation.subs(RATES), "math")
    assert all(tilted(place) <= 1e-15 for place in places)
    general = SHD(laws.biased_linear(), reference=r).rising_region
    assert general.lower.subs(r, 0) == Min(0, laws.biased_linear().symmetry_point().expression)
    shifted = SHD(laws.soft_bounds(1, -1, 0.3), reference="symmetry_point")
    assert shifted.rising_region.is_empty


def test_tilted_energy_needs_psi_to_rise():
    """A law whose psi falls somewhere: there the tilted energy can rise."""
    G = w * (w - S.Half) * (w + S.Half)
    shd = SHD(DeviceLaw("wavy", up=2 - G, down=2 + G, bounds=(-1, 1)), reference=0)
    assert shd.tilted_dissipation.subs(RATES).subs(A, Rational(1, 4)) > 0


def test_verified_frequency_and_damping():
    law = laws.soft_bounds()
    point = law.symmetry_point()
    shd = SHD(law, reference=point.expression, loss=quadratic())
    force, slope = law.F.subs(w, point.expression), point.slope
    assert vanishes(shd.linearised.determinant - kappa * eta_A * curvature * force)
    assert vanishes(shd.linearised.trace + eta_A * magnitude * slope)
    B, rho = symbols("B rho", positive=True)
    biased = laws.biased_linear()
    force = biased.F.subs(w, biased.symmetry_point().expression)
    assert vanishes(force - (1 - biased.parameter("imbalance").symbol ** 2))
    assert rho != B


def test_without_asymmetry_nothing_damps():
    shd = SHD(laws.constant_step(1, -1, 0), loss=quadratic())
    assert shd.damping_ratio == 0
    numbers = {kappa: 1, eta_A: 1, curvature: 1}
    assert shd.frequency.subs(numbers) == 1
    with pytest.raises(ConditionError, match="no asymmetry"):
        critical_rates(shd)
    with pytest.raises(ConditionError, match="stationary"):
        fluctuations(shd)


def test_regimes_and_critical_rates():
    law = laws.biased_linear(1, 0)
    rates = critical_rates(SHD(law, loss=quadratic()))
    for factor, regime in ((S.Half, "over-damped"), (1, "critically damped"), (2, "under-damped")):
        shd = SHD(law, loss=quadratic(2, 0), gradient_noise=Rational(1, 2))
        numbers = {eta_A: Rational(1, 10)}
        chosen = factor * rates.kappa.subs({curvature: 2, magnitude: Rational(1, 2)}).subs(numbers)
        linear = type(shd.linearised)(shd.linearised.matrix.subs({**numbers, kappa: chosen}))
        assert linear.regime == regime
    assert rates.transfer_rate(2, 10) == 20 * rates.kappa


def test_a_general_loss_counts_with_its_curvature():
    law = laws.soft_bounds(1, -1, 0.3)
    general, chosen = SHD(law), SHD(law, loss=quadratic())
    assert general.damping_ratio == chosen.damping_ratio
    assert general.offset == chosen.offset
    assert critical_rates(general) == critical_rates(chosen)
    assert general.eigenvalues == chosen.eigenvalues


def test_eigenvalues_solve_the_characteristic_equation():
    shd = SHD(laws.soft_bounds(1, -1, 0.3), reference=Rational(1, 10), loss=quadratic())
    linear = shd.linearised
    for value in shd.eigenvalues:
        assert vanishes(value**2 - linear.trace * value + linear.determinant)


def test_verified_temperature_and_equipartition():
    shd = SHD(laws.linear_asymmetry(w_star=0), loss=quadratic())
    found = fluctuations(shd)
    claimed = kappa * sigma**2 * tau / (2 * magnitude)
    assert vanishes(found.temperature - claimed)
    assert vanishes(curvature * found.covariance[1, 1] - claimed)
    assert vanishes(kappa / eta_A * found.covariance[0, 0] - claimed)
    assert vanishes(found.injection - found.dissipation)
    assert vanishes(found.residual_loss - claimed / 2)


@pytest.mark.parametrize("name", ["soft_bounds", "linear_step", "power_step", "capacitor"])
def test_equipartition_and_balance_of_every_law(name):
    law = laws.CATALOGUE[name].law()
    shd = SHD(law, reference="symmetry_point", loss=quadratic())
    found = fluctuations(shd, pulse_noise=True)
    force = law.F.subs(w, law.symmetry_point().expression)
    assert vanishes(kappa / (eta_A * force) * found.covariance[0, 0] - found.temperature)
    assert vanishes(found.injection - found.dissipation)
    local = injection(shd).subs(A, law.symmetry_point().expression)
    assert vanishes(local - fluctuations(shd).injection)


def test_lyapunov_solution():
    from sympy import Matrix

    drift = Matrix([[-2, -3], [1, Rational(-1, 2)]])
    drive = Matrix([[2, 1], [1, 5]])
    found = lyapunov(drift, drive)
    assert drift * found + found * drift.T + drive == Matrix.zeros(2, 2)
    with pytest.raises(ConditionError, match="not stable"):
        lyapunov(-drift, drive)


def test_verified_asymmetric_core_and_its_indefinite_term():
    shd = SHD(laws.soft_bounds(1, -1, 0.3), laws.soft_bounds(1, -1, 0.2), reference=r)
    assert vanishes(shd.rate_of(shd.energy) - shd.dissipation)
    core = SHD(
        laws.soft_bounds(1, -1, 0), laws.soft_bounds(1, -1, 0.2), loss=quadratic(1, 0)
    ).core_term.subs(RATES)
    signs = {
        (core.subs({A: S(a) / 2, C: S(c) / 10}) > 0) == True  # noqa: E712
        for a, c in ((1, -5), (1, 1), (1, 5), (-1, 1))
    }
    assert signs == {True, False}
    assert "no fixed sign" in SHD.core_term.__doc__
    with pytest.raises(ConditionError, match="symmetric C"):
        _ = shd.tilted_energy


def test_verified_clipped_transfer():
    shd = SHD(laws.soft_bounds(1, -1, 0.3), reference=r)

    def clip(x):
        return atan(5 * x)

    energy, rate = clipped_energy(shd, clip)
    assert energy.has(Integral)
    slope = kappa / eta_A * clip(A - r) / shd.F
    assert vanishes(diff(energy, A) - slope)
    motion = diff(shd.loss, C) * kappa * clip(A - r) + slope * shd.equations[A]
    assert vanishes(motion - rate)


def test_who_wins_as_states_grow():
    """Shifted SHD has no bias; plain SGD keeps its own, however many states there are."""
    law = laws.soft_bounds(1, -1, 0.3)
    found = compare_residuals(law, curvature=1, optimum=-0.2, magnitude=0.4, variance=0.25)
    few = {dw_min: S(1) / 100, lr: S(1) / 10**4, kappa: S(1) / 10**6, eta_A: S(1) / 10**4}
    many = {**few, dw_min: S(1) / 10**6}
    assert found.sgd.total.subs(many).evalf() < found.sgd.total.subs(few).evalf()
    assert found.sgd.total.subs(many).evalf() > found.sgd.asymmetry.evalf() > 0.001
    assert found.shd.subs(many).evalf() < found.sgd.asymmetry.evalf() / 1000
    assert found.winner(many) == "SHD"
    cold = {**few, lr: S(1) / 10**9, dw_min: S(1) / 10**9, kappa: 1}
    at_star = compare_residuals(law, curvature=1, optimum=0.3, magnitude=0.4, variance=0.25)
    assert at_star.sgd.asymmetry == 0
    assert at_star.winner(cold) == "SGD"
    assert found.limit_of_many_states == found.sgd.asymmetry


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: SHD(laws.soft_bounds(1, -1, 0), reference=2), "inside the bounds"),
        (lambda: SHD(laws.soft_bounds(1, -1, 0), reference="zero"), "symmetry_point"),
        (lambda: SHD(laws.soft_bounds(1, -1, 0), loss=w**2), "does not contain C"),
        (lambda: SHD(laws.soft_bounds(1, -1, 0), gradient_noise=-1), "must not be negative"),
        (
            lambda: SHD(laws.soft_bounds(1, -1, 0), loss=C**3).damping_ratio,
            r"C\*\*3 is not quadratic",
        ),
        (lambda: SHD(laws.soft_bounds(1, -1, 0), loss=-(C**2)).linearised, "no minimum"),
        (
            lambda: fluctuations(SHD(laws.soft_bounds(1, -1, 0.3), loss=quadratic())),
            "at a symmetry point",
        ),
        (lambda: SHD(laws.linear_step(), reference=r).rising_region, "known to be stable"),
        (
            lambda: critical_rates(SHD(laws.soft_bounds(1, -1, 0), loss=C**4)),
            r"C\*\*4 is not quadratic",
        ),
    ],
)
def test_bad_input(make, words):
    with pytest.raises(ConditionError, match=words):
        make()


def test_damping_ratio_formula_at_symmetric_bounds():
    shd = SHD(laws.biased_linear(Rational(3, 5), 0.3), reference="symmetry_point", loss=quadratic())
    F, slope = Rational(91, 100), Rational(5, 3)
    claimed = eta_A * magnitude * slope / (2 * sqrt(kappa * eta_A * curvature * F))
    assert vanishes(shd.damping_ratio - claimed)
