"""Solutions of 08_your_own_device."""

from sympy import Rational

from theory import DeviceLaw, w

SOLUTIONS = {
    # 6/5 and 4/5 are the steps at 0; the brackets vanish at the bounds; the third factor bends.
    "ex1": DeviceLaw(
        "mine",
        up=Rational(6, 5) * (1 - w) * (1 + w / 4),
        down=Rational(4, 5) * (1 + w) * (1 - w / 4),
        bounds=(-1, 1),
    ),
    # Half of down minus up.
    "ex2": "w/2 - a*w*(1 - w**2)",
    # G has other roots where 1/2 = a*(1 - w**2), which needs a > 1/2.
    "ex3": 0.5,
    # Weight 0 is 5 microsiemens, and a unit of weight is 4.
    "ex4": 5 + 4 * 0.23,
}
