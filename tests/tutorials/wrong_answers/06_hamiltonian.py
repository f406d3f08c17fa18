"""Typical wrong answers to 06_hamiltonian."""

from math import pi, sqrt

from theory.symbols import A, curvature, eta_A, kappa, noise, r, tau, w_star

SIZE = sqrt(2 / pi)
CRITICAL = 0.05 * SIZE**2 / (4 * 0.91)

WRONG = {
    "ex1": [
        (kappa * (A - r) / eta_A, "integrate it"),
        (kappa * A**2 / (2 * eta_A), "not from 0"),
        (eta_A * (A - r) ** 2 / (2 * kappa), "changed places"),
        ((A - r) ** 2 / 2, "factor kappa/eta_A is missing"),
        (kappa * (A - r) ** 2 / eta_A, "2 times"),
        ("kappa*v**2/(2*eta_A)", "`v`"),
    ],
    "ex2": [
        (kappa * noise * (A - w_star) ** 2 / tau, "minus sign is missing"),
        (-kappa * (A - w_star) ** 2 / tau, "`m_g`, is missing"),
        (-kappa * noise * (A - w_star) / tau, "both the slope"),
        (-kappa * eta_A * noise * (A - w_star) ** 2 / tau, "eta_A cancels"),
    ],
    "ex3": [
        (4 * CRITICAL, "is missing"),
        (2 * CRITICAL, "squaring the 2"),
        (0.91 * CRITICAL, "F at the symmetry point"),
        (CRITICAL / SIZE, "enters squared"),
        (0.05 * SIZE / 2, "omega_0 at critical"),
    ],
    "ex4": [
        (noise * (r - w_star) / (curvature * tau), "above the optimum"),
        (noise * (w_star - r) / tau, "divide by the curvature"),
        (noise * (w_star - r) / curvature, "over tau"),
        ((w_star - r) / (curvature * tau), "`m_g`, is missing"),
        (noise * w_star / (curvature * tau), "expected"),
    ],
}
