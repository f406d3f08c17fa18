"""Solutions of 03_why_sgd_fails."""

from math import sqrt

from theory import w
from theory.symbols import curvature, tau, w_o, w_star
from theory.symbols import noise as m

SOLUTIONS = {
    # k*(w - w_o) + m*(w - w_star)/tau = 0 is linear in w.
    "ex1": (curvature * w_o + m / tau * w_star) / (curvature + m / tau),
    # (w + 0.4)*(1 - 0.3*w) + 0.8*(w - 0.3) = 0, the root between the bounds.
    "ex2": (1.68 - sqrt(1.68**2 + 4 * 0.3 * 0.16)) / (2 * 0.3),
    # The integral of (w - w_star)/tau from w_star.
    "ex3": (w - w_star) ** 2 / (2 * tau),
    # Step size and learning rate drop out of the balance.
    "ex4": "c",
}
