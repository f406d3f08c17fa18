"""Typical wrong answers to 00_start_here."""

from theory.symbols import dw_min, rho, tau

WRONG = {
    "ex1": [
        (784 + 256, "number of lines"),
        (784, "number of inputs"),
        (785 * 257, "too large"),
        ("784*256", "quotation marks"),
    ],
    "ex2": [
        (2 * rho, "units of `dw_min`"),
        (2 * dw_min, "sum of both"),
        ((1 + rho) * dw_min, "up pulse alone"),
        (-2 * rho * dw_min, "wrong sign"),
        (rho * dw_min, "1/2 times"),
        (2 * tau * dw_min, "`tau`"),
        ("2*rho dw_min", "star"),
    ],
    "ex3": [("a", "stand apart"), ("b", "upper bound"), ("d", "choose one")],
}
