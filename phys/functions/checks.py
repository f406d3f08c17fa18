"""What a user's step functions are held to, when the device is defined and when they are called."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from phys import checked
from phys.checked import InputError
from phys.functions.identity import name_of

GRID = 101
TOLERANCE = 1e-4


def checked_name(name: Any) -> str:
    """Return `name` if it is text, or raise `InputError`."""
    if not isinstance(name, str):
        raise InputError(f"name = {name!r} is not text; give a name such as 'my device'")
    return name


def checked_bounds(bounds: Any) -> tuple[float, float]:
    """Return ``(w_min, w_max)`` with ``w_min < 0 < w_max``, or raise `InputError`."""
    try:
        first, second = bounds
    except (TypeError, ValueError):
        raise InputError(f"bounds = {bounds!r} is no pair; give (w_min, w_max)") from None
    low = checked.real("bounds[0]", first, -np.inf)
    high = checked.real("bounds[1]", second, -np.inf)
    if not low < 0 < high:
        raise InputError(
            f"bounds = {bounds} do not hold 0 strictly inside; give (w_min < 0, w_max > 0)"
        )
    return low, high


def grid(bounds: tuple[float, float]) -> np.ndarray:
    """Return the weights at which functions are tried, bounds included, float32."""
    return np.linspace(*bounds, GRID, dtype=np.float32)


def called(
    name: str, function: Callable[..., Any], weights: np.ndarray, *state: np.ndarray
) -> tuple[np.ndarray, ...]:
    """Call a user's function and return what it gave, float32 arrays of the shape of `weights`.

    Parameters
    ----------
    name : str
        Of the function, for errors.
    weights : float32 (n,)
    state : float32 (n,) each
        The hidden numbers of the devices.

    Returns
    -------
    tuple of float32 (n,)
        The first result, and the new value of each hidden number.

    Raises
    ------
    InputError
        The function raised, or gave something else than that.
    """
    try:
        with np.errstate(all="ignore"):
            given = function(weights, *state)
    except Exception as error:
        raise InputError(
            f"{name} = {name_of(function)} raised {type(error).__name__}: {error}, for weights of "
            f"shape {weights.shape}; write it with NumPy so that it works element by element "
            f"(np.where in place of if)"
        ) from error
    results = given if state else (given,)
    if not isinstance(results, tuple) or len(results) != 1 + len(state):
        raise InputError(
            f"{name} = {name_of(function)} returned {_kind(results)}; return 1 + {len(state)} "
            f"arrays in a tuple: the step, then the new value of each hidden number"
        )
    return tuple(_real(name, result, weights) for result in results)


def _kind(value: Any) -> str:
    if isinstance(value, tuple):
        return f"a tuple of {len(value)}"
    return f"one {type(value).__name__}"


def _real(name: str, result: Any, weights: np.ndarray) -> np.ndarray:
    values = np.asarray(result)
    if values.shape != weights.shape:
        raise InputError(
            f"{name} returned shape {values.shape} for weights of shape {weights.shape}; "
            f"write it with NumPy so that it works element by element"
        )
    if values.dtype.kind not in "fiub":
        raise InputError(
            f"{name}(w = {weights[0]:.4g}) = {values[0]} is not a positive, finite, real step; "
            f"correct the function"
        )
    return values.astype(np.float32, copy=False)


def check_function(
    name: str,
    function: Callable[..., Any],
    bounds: tuple[float, float],
    initial: Sequence[float] = (),
    *,
    positive: bool = True,
) -> None:
    """Try a function at weights from bound to bound, or raise `InputError`.

    Its first result must be finite, and positive inside the bounds where it is a step; it must
    depend on each device's own numbers alone.
    """
    if not callable(function):
        raise InputError(f"{name} = {function!r} cannot be called; give a function")
    weights = grid(bounds)
    state = [np.full(weights.shape, value, np.float32) for value in initial]
    results = called(name, function, weights, *state)
    first = results[0]
    good = np.isfinite(first)
    if positive:
        good[1:-1] &= first[1:-1] > 0
    if not good.all():
        k = int(np.argmin(good))
        what = "positive, finite, real step" if positive else "finite weight"
        raise InputError(
            f"{name}(w = {weights[k]:.4g}) = {first[k]} is not a {what}; "
            f"correct the function or narrow the bounds"
        )
    for hidden in results[1:]:
        if not np.isfinite(hidden).all():
            k = int(np.argmin(np.isfinite(hidden)))
            raise InputError(
                f"{name}(w = {weights[k]:.4g}) makes a hidden number {hidden[k]}; correct the "
                f"function or narrow the bounds"
            )
    some = called(name, function, weights[::3].copy(), *(values[::3].copy() for values in state))
    for whole, part in zip(results, some, strict=True):
        close = np.isclose(whole[::3], part, rtol=TOLERANCE, atol=TOLERANCE * np.abs(whole).max())
        if not close.all():
            k = int(np.argmin(close))
            raise InputError(
                f"{name}(w = {weights[3 * k]:.4g}) = {whole[3 * k]} among {GRID} weights and "
                f"{part[k]} among {part.size}; a step may depend on the device's own numbers "
                f"alone: leave chance to cycle_noise, and memory to HiddenStateFunctions"
            )
