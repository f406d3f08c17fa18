"""Solutions of 00_start_here."""

from theory.symbols import dw_min, rho

SOLUTIONS = {
    # One device at every crossing of a row and a column.
    "ex1": 784 * 256,
    # Up adds dw_min*(1 + rho), down takes dw_min*(1 - rho) away.
    "ex2": dw_min * (1 + rho) - dw_min * (1 - rho),
    # Where the curves cross, both steps are equal.
    "ex3": "c",
}
