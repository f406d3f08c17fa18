"""Checks of arguments: each error names the argument, its value, the bound and the remedy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


class InputError(ValueError):
    """An argument that cannot be used; the message says which, and what would do."""


def real(
    name: str, value: Any, low: float, high: float = math.inf, *, open_low: bool = False
) -> float:
    """Return `value` as a float within [low, high] (or (low, high]), or raise `InputError`."""
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        raise InputError(
            f"{name} = {value!r} is not a number; give one{_range(low, high, open_low)}"
        ) from None
    if not math.isfinite(number) or number < low or number > high or (open_low and number == low):
        raise InputError(
            f"{name} = {value!r} is out of range; give a finite number{_range(low, high, open_low)}"
        )
    return number


def whole(name: str, value: Any, low: int, high: int | None = None) -> int:
    """Return `value` as an int within [low, high], or raise `InputError`."""
    bound = f"between {low} and {high}" if high is not None else f"of at least {low}"
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        raise InputError(f"{name} = {value!r} is not a whole number; give one {bound}")
    if value < low or (high is not None and value > high):
        raise InputError(f"{name} = {value} is out of range; give a whole number {bound}")
    return int(value)


def choice(name: str, value: Any, allowed: tuple[str, ...]) -> str:
    """Return `value` if it is one of `allowed`, or raise `InputError` that lists them."""
    if value not in allowed:
        raise InputError(f"{name} = {value!r} is unknown; choose one of {', '.join(allowed)}")
    return str(value)


def array(name: str, value: Any, shape: tuple[int | None, ...]) -> np.ndarray:
    """Return a C-contiguous float32 copy of `value` with `shape` (None: any), all finite.

    Raises
    ------
    InputError
        Wrong type or shape, or an element that is NaN, infinite or too large for float32; the
        message gives the first such place.
    """
    try:
        given = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        raise InputError(f"{name} is not an array of numbers but {type(value).__name__}") from None
    if len(given.shape) != len(shape) or any(
        want is not None and have != want for have, want in zip(given.shape, shape, strict=True)
    ):
        wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ")"
        raise InputError(f"{name} has shape {given.shape}; give an array of shape {wanted}")
    with np.errstate(over="ignore"):
        result = given.astype(np.float32)
    if not np.isfinite(result).all():
        place = tuple(int(k) for k in np.argwhere(~np.isfinite(result))[0])
        raise InputError(f"{name}{list(place)} = {given[place]} is not finite; give finite numbers")
    return np.ascontiguousarray(result)


def _range(low: float, high: float, open_low: bool) -> str:
    start = f" above {low:g}" if open_low else f" of at least {low:g}"
    return (start if math.isfinite(low) else "") + (
        f" and at most {high:g}" if math.isfinite(high) else ""
    )
