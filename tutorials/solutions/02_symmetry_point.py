"""Solutions of 02_symmetry_point."""

from math import log

from theory import laws
from theory.symbols import dw_min, rho, w_max

SOLUTIONS = {
    # w/w_max = rho.
    "ex1": rho * w_max,
    # 1 - 2*dw_min*G', with the slope G' = 1/w_max.
    "ex2": 1 - 2 * dw_min / w_max,
    # The distance shrinks from 0.8 to 0.01, and the slope of G is 1.
    "ex3": log(0.8 / 0.01) / (2 * 0.002),
    # Equal soft bounds rest at rho*w_max.
    "ex4": laws.soft_bounds(w_max=1, w_min=-1, imbalance=-0.2),
}
