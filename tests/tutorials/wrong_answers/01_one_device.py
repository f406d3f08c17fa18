"""Typical wrong answers to 01_one_device."""

from theory import w
from theory.symbols import rho, w_max, w_min

WRONG = {
    "ex1": [
        (0.01 * 0.7 * 1.5, "sign is not"),
        (-0.7 * 1.5, "units of `dw_min`"),
        (0.01 * 1.3 * 0.5, "that is an up pulse"),
        (-0.01 * 0.7, "weight 0"),
        (0.5 - 0.0105, "new weight"),
        (0.7 * (1 + w), "still contains w"),
    ],
    "ex2": [
        (1 - rho * w / w_max, "that is F"),
        (2 * (w / w_max - rho), "half of the difference"),
        (rho - w / w_max, "order is the other one"),
        (w / w_max - rho + w_min, "`w_min`"),
        (w - rho, "expected"),
    ],
    "ex3": [
        (lambda start, dw: start + dw * (1.3 * (1 - start) - 0.7 * (1 + start)), "after the up"),
        (lambda start, dw: start + dw * 1.3 * (1 - start), "up pulse alone"),
        (lambda start, dw: start, "expected"),
        (lambda start: start, "TypeError"),
        (0.5, "function itself"),
    ],
    "ex4": [("a", "meet"), ("c", "no drift"), ("soft bounds", "choose one")],
    "ex5": [
        ("1 - (1 - w_0)*exp(-dw_min*(1 + rho)*n)", "very small steps"),
        ("(1 - w_0)*(1 - dw_min*(1 + rho))**n", "distance to the bound"),
        ("1 - (1 - w_0)*(1 - dw_min)**n", "imbalance is missing"),
        ("1 - (1 - w_0)*(1 - delta*(1 + tau))**n", "`tau`"),
        ("w_0 + n*dw_min*(1 + rho)*(1 - w_0)", "expected"),
    ],
}
