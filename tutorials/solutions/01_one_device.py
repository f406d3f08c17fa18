"""Solutions of 01_one_device."""

from theory import w
from theory.symbols import rho, w_max


def up_then_down(start: float, dw: float) -> float:
    """Return the weight after an up pulse and then a down pulse."""
    raised = start + dw * 1.3 * (1 - start)
    return raised - dw * 0.7 * (1 + raised)


SOLUTIONS = {
    # -dw_min*q_down(w), with q_down = 0.7*(1 + w).
    "ex1": -0.01 * 0.7 * (1 + 0.5),
    # Half of down minus up: the terms with rho*w cancel.
    "ex2": w / w_max - rho,
    # The down pulse starts where the up pulse ended.
    "ex3": up_then_down,
    # Constant steps that differ: G = -rho everywhere, so that nothing stops the drift.
    "ex4": "b",
    # The distance to the bound shrinks by the same factor with every pulse.
    "ex5": "1 - (1 - w_0)*(1 - dw_min*(1 + rho))**n",
}
