"""Typical wrong answers to 03_why_sgd_fails."""

from theory import w
from theory.symbols import curvature as k
from theory.symbols import noise as m
from theory.symbols import rho, tau, w_o, w_star

WRONG = {
    "ex1": [
        ((k * w_o + m * w_star) / (k + m), "range is missing"),
        (w_o, "loss alone"),
        (w_star, "device alone"),
        ((k * tau * w_star + m * w_o) / (k * tau + m), "changed places"),
        ((k * tau * w_o - m * w_star) / (k * tau - m), "G falls"),
        ((k * tau * w_o + rho * w_star) / (k * tau + rho), "`rho`"),
        ("w_eq = w_o", "right of the equals sign"),
    ],
    "ex2": [
        ((-0.4 + 0.8 * 0.3) / 1.8, "takes F = 1"),
        (0.4 - 0.0937, "distance from the optimum"),
        (-0.4, "optimum of the loss"),
        (0.3, "symmetry point of the device"),
        (0.0937, "the sign is not"),
    ],
    "ex3": [
        ((w - w_star) / tau, "integrate it"),
        (w**2 / (2 * tau), "fixed at 0"),
        (w**2 / (2 * tau) - w * w_star / tau, "vanishes at 0"),
        (m * (w - w_star) ** 2 / (2 * tau), "outside of R"),
        ((w - w_star) ** 2 / tau, "2 times"),
    ],
    "ex4": [("a", "jitter"), ("b", "drops out"), ("sgd", "choose one")],
}
