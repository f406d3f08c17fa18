"""StepFunctions: a device without a formula, two Python functions for its steps."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from phys import checked
from phys.checked import InputError


@dataclass(frozen=True)
class StepFunctions:
    """A device without a formula: two Python functions for the steps, vectorised over the weight.

    Parameters
    ----------
    up, down : callable
        ``q_up(w)`` and ``q_down(w)`` for a float32 array `w`, positive inside the bounds.
    bounds : (float, float)
        ``w_min < 0 < w_max``.
    name : str

    Examples
    --------
    >>> from phys import Device
    >>> device = Device(StepFunctions(lambda w: 1 - w**3, lambda w: 1 + w, (-1, 1)), dw_min=0.01)
    >>> device.law.name
    'step functions'
    """

    up: Callable[[np.ndarray], np.ndarray]
    down: Callable[[np.ndarray], np.ndarray]
    bounds: tuple[float, float]
    name: str = "step functions"

    def __post_init__(self) -> None:
        low = checked.real("bounds[0]", self.bounds[0], -np.inf)
        high = checked.real("bounds[1]", self.bounds[1], -np.inf)
        if not low < 0 < high:
            raise InputError(
                f"bounds = {self.bounds} do not hold 0 strictly inside; give (w_min < 0, w_max > 0)"
            )
        inside = np.linspace(low, high, 101, dtype=np.float32)[1:-1]
        for name in ("up", "down"):
            q = np.asarray(getattr(self, name)(inside))
            if q.shape != inside.shape:
                raise InputError(
                    f"{name} returned shape {q.shape} for weights of shape {inside.shape}; "
                    f"write it with NumPy so that it works element by element"
                )
            bad = np.nonzero(~(np.isfinite(q) & (q > 0)))[0] if np.isrealobj(q) else [0]
            if len(bad):
                k = bad[0]
                raise InputError(
                    f"{name}(w = {inside[k]:.4g}) = {q[k]} is not a positive, finite, real step; "
                    f"correct the function or narrow the bounds"
                )
