"""Solutions of 06_hamiltonian."""

from math import pi, sqrt

from theory.symbols import A, curvature, eta_A, kappa, noise, r, tau, w_star

SOLUTIONS = {
    # The integral of a - r from r to A is (A - r)**2/2.
    "ex1": kappa * (A - r) ** 2 / (2 * eta_A),
    # kappa/eta_A*(A - r) times the friction -eta_A*m_g*(A - w_star)/tau, with r = w_star.
    "ex2": -kappa * noise * (A - w_star) ** 2 / tau,
    # 4*kappa*eta_A*k*F = (eta_A*m_g*slope)**2, with F = 0.91 and m_g = sqrt(2/pi).
    "ex3": 0.05 * (sqrt(2 / pi) * 1) ** 2 / (4 * 1 * 0.91),
    # k*(C - C*) + m_g*(r - w_star)/tau = 0.
    "ex4": noise * (w_star - r) / (curvature * tau),
}
