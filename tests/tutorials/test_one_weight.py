"""One weight under SHD: the flow follows theory, and noisy copies follow the flow."""

from __future__ import annotations

import numpy as np
import pytest
from sympy import log

from phys.checked import InputError
from phys.teaching.one_weight import OneWeight
from theory import SHD, fluctuations, laws, quadratic
from theory.symbols import A, C, eta_A, kappa, noise, sigma

VALUES = {eta_A: 0.05, kappa: 0.01, noise: float(np.sqrt(2 / np.pi))}
LAW = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)


def motion(reference="symmetry_point", law=LAW, **changes):
    shd = SHD(law, reference=reference, loss=quadratic(1, 0))
    return OneWeight(shd, VALUES | changes)


def test_small_deviations_follow_the_linearised_motion():
    one = motion(law=laws.linear_asymmetry(tau=1, w_star=0))
    a, c = one.flow(0, 1e-3, 300)
    matrix = np.array(one.shd.linearised.matrix.subs(one.values), dtype=float)
    values, vectors = np.linalg.eig(matrix)
    start = np.linalg.solve(vectors, np.array([0, 1e-3], dtype=complex))
    exact = np.array([vectors @ (start * np.exp(values * t)) for t in range(301)])
    assert np.allclose(np.stack([a, c], axis=1), exact.real, atol=1e-9)


@pytest.mark.parametrize("reference", ["symmetry_point", 0])
def test_the_energy_changes_as_the_dissipation_says(reference):
    one = motion(reference)
    a, c = one.flow(float(one.shd.reference), 0.5, 200)
    rate = one.function(one.shd.dissipation)(a, c)
    change = np.concatenate([[0], np.cumsum((rate[1:] + rate[:-1]) / 2)])
    assert np.allclose(one.energy(a, c) - one.energy(a, c)[0], change, atol=2e-5)


def test_noisy_copies_have_the_temperature_of_theory_and_no_other():
    one = motion(law=laws.linear_asymmetry(tau=1, w_star=0))
    _, c = one.descend(0, 0, 1500, 1.0, 400, seed=1)
    theory = float(fluctuations(one.shd).temperature.subs(sigma, 1).subs(one.values))
    # Copies are independent; one value in a hundred counts as independent within a copy.
    error = np.sqrt(2 / (400 * 10))
    measured = float(np.mean(c[500:] ** 2))
    assert abs(measured / theory - 1) < 4 * error + 0.05
    assert abs(measured / (2 * theory) - 1) > 4 * error + 0.05


def test_moving_both_at_once_pumps_energy():
    one = motion(0, laws.constant_step(1, -1, 0))
    a, c = one.descend(0, 0.5, 500, 0.0, 1, simultaneous=True)
    energy = one.energy(a, c)[:, 0]
    factor = 1 + VALUES[kappa] * VALUES[eta_A]
    assert np.allclose(energy, energy[0] * factor ** np.arange(501), rtol=1e-9)
    a, c = one.descend(0, 0.5, 500, 0.0, 1)
    assert one.energy(a, c).max() < 1.05 * energy[0]


def test_what_has_no_number_is_named():
    one = OneWeight(SHD(LAW, loss=quadratic(1, 0)), {eta_A: 0.1})
    with pytest.raises(InputError, match="m_g have no number"):
        one.flow(0, 1, 1)
    with pytest.raises(InputError, match="samples"):
        motion().flow(0, 1, 0)
    with pytest.raises(InputError, match="sigma"):
        motion().descend(0, 1, 1, -1, 1)


def test_expressions_become_functions_of_both():
    one = motion()
    assert np.array_equal(one.function(log(A) + C)(np.ones(3), 2.0), [2.0, 2.0, 2.0])
    assert one.function(kappa)(np.ones(3), 0.0).shape == (3,)
