"""Typical wrong answers to 02_symmetry_point."""

from math import log, log10

from theory import DeviceLaw, laws, w
from theory.symbols import dw_min, rho, w_max, w_min

UNSTABLE = DeviceLaw("repels", up=1 + (w + 0.2) / 2, down=1 - (w + 0.2) / 2, bounds=(-1, 1))

WRONG = {
    "ex1": [
        (rho, "multiply by the bound"),
        (w_max, "up step"),
        (rho / w_max, "slope of G"),
        (-rho * w_max, "wrong sign"),
        (2 * rho * w_max, "2 times"),
        (rho * w_min, "`w_min`"),
        (w / w_max - rho, "`w`"),
        (0.3, "a formula in `rho`, `w_max`"),
    ],
    "ex2": [
        (1 - dw_min / w_max, "the 2 is missing"),
        (1 - 2 * dw_min, "slope of G is missing"),
        (2 * dw_min / w_max, "what remains"),
        (1 + 2 * dw_min / w_max, "would grow"),
    ],
    "ex3": [
        (log10(80) / 0.004, "base 10"),
        (2 * log(80) / 0.004, "A pair has two"),
        (log(30) / 0.004, "start is not 0"),
        (log(50) / 0.004, "measured from the symmetry point"),
        (-log(80) / 0.004, "sign"),
    ],
    "ex4": [
        (laws.soft_bounds(1, -1, 0.2), "not at -0.2"),
        (laws.soft_bounds(2, -2, -0.1), "bounds are not"),
        (laws.constant_step(1, -1, 0.3), "nowhere vanishes"),
        (laws.soft_bounds(1, -1), "imbalance have no values"),
        (
            DeviceLaw("unstable", up=1 + (w + 0.2) / 2, down=1 - (w + 0.2) / 2, bounds=(-1, 1)),
            "unstable",
        ),
        (1 - w, "a device is asked for"),
    ],
}
