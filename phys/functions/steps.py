"""StepFunctions: a device without a formula, two Python functions for its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from phys.functions.checks import check_function, checked_bounds, checked_name
from phys.functions.identity import name_of


@dataclass(frozen=True)
class StepFunctions:
    """A device without a formula: two Python functions for the steps, vectorised over the weight.

    Parameters
    ----------
    up, down : callable
        ``q_up(w)`` and ``q_down(w)`` for a float32 array `w`: dimensionless, finite from bound to
        bound, positive between them.
    bounds : (float, float)
        ``w_min < 0 < w_max``.
    name : str

    Raises
    ------
    InputError
        A function that raises, returns another shape, numbers that are no steps, or numbers that
        depend on more than the weight; bounds that do not hold 0.

    Notes
    -----
    Plain functions and lambdas that numba can compile run at the speed of a law: arithmetic,
    comparisons, NumPy functions, Python numbers from around them and other plain functions that
    they call, see `phys.functions.numbers_pass`. Others run at NumPy's speed, and an
    `UncompiledDeviceWarning` says why. The fast and the event engine give the same bits either way,
    since both run the same form. The compiled and the NumPy form of functions that use + - * / and
    square roots give the same bits; other functions may differ in the last place.

    Examples
    --------
    >>> from phys import Device
    >>> device = Device(StepFunctions(lambda w: 1 - w**3, lambda w: 1 + w, (-1, 1)), dw_min=0.01)
    >>> device.law
    StepFunctions(up=<lambda>, down=<lambda>, bounds=(-1, 1), name='step functions')
    """

    up: Callable[[Any], Any]
    down: Callable[[Any], Any]
    bounds: tuple[float, float]
    name: str = "step functions"

    def __post_init__(self) -> None:
        checked_name(self.name)
        bounds = checked_bounds(self.bounds)
        check_function("up", self.up, bounds)
        check_function("down", self.down, bounds)

    def __repr__(self) -> str:
        return (
            f"StepFunctions(up={name_of(self.up)}, down={name_of(self.down)}, "
            f"bounds={self.bounds}, name={self.name!r})"
        )
