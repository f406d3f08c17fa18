"""Typical wrong answers to 08_your_own_device."""

from sympy import Rational

from theory import DeviceLaw, laws, w

UP, DOWN = Rational(6, 5) * (1 - w), Rational(4, 5) * (1 + w)

WRONG = {
    "ex1": [
        (laws.soft_bounds(2, -2, Rational(1, 5)), "bounds are not"),
        (
            DeviceLaw("even", up=1 - w**2, down=1 - w**2, bounds=(-1, 1)),
            "at weight 0 are 1 up and 1 down, not",
        ),
        (
            DeviceLaw("stops", up=UP + w**2 / 5, down=DOWN + w**2 / 5, bounds=(-1, 1)),
            "both have to be 0",
        ),
        (laws.soft_bounds(1, -1, Rational(1, 5)), "bend one of them"),
        (
            DeviceLaw("swapped", up=DOWN * (1 - w / 4), down=UP * (1 + w / 4), bounds=(-1, 1)),
            "changed places",
        ),
        (DeviceLaw, "the class `DeviceLaw` itself"),
        (laws.soft_bounds(), "have no values"),
        (
            DeviceLaw(
                "swing", up=UP * (1 + w) * (1 + w), down=DOWN * (1 - w) * (1 - w), bounds=(-1, 1)
            ),
            "conformance kit",
        ),
        (UP, "a device is asked for"),
    ],
    "ex2": [
        (w / 2, "expected"),
        ("1", "that is F"),
        ("w - 2*a*w*(1 - w**2)", "half of the difference"),
        ("a*w*(1 - w**2) - w/2", "down minus up"),
        ("w/2 - b*w*(1 - w**2)", "`b`"),
    ],
    "ex3": [
        (1.0, "slope of G"),
        (2 / 3, "halfway"),
        (-0.5, "sign"),
        (0.6, "too large"),
        (0.25, "half of"),
        ("a > 1/2", "quotation marks"),
    ],
    "ex4": [
        (0.92, "add the conductance"),
        (6.84, "4 microsiemens above"),
        (1.92, "lower end"),
        (2.84, "share of the range"),
        (5.92e-6, "in siemens"),
        ("5.92", "quotation marks"),
    ],
}
