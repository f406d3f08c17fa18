"""Intervals of what was fitted, of the symmetry point too, and how much devices differ."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from phys.fitting.bootstrap import Interval, Resamples
from phys.fitting.families import STEP
from phys.fitting.optimise import Optimum
from phys.fitting.parameters import Layout
from phys.spread import Spread

BISECTIONS = 50
MOST_MISSING = 0.05


def intervals(optimum: Optimum, drawn: Resamples, confidence: float) -> dict[str, Interval]:
    """Return the intervals of all numbers, each made on the scale on which it was fitted."""
    layout = optimum.layout
    values = layout.natural(optimum.vector)
    made: dict[str, Interval] = {}
    for k, name in enumerate(layout.names):
        width = drawn.half_width(drawn.vectors[:, k], confidence)
        ends = [layout.natural(_moved(optimum.vector, k, side * width))[name] for side in (-1, 1)]
        made[name] = Interval(float(values[name]), float(min(ends)), float(max(ends)))
    for name, value in layout.held.items():
        made[name] = Interval(value, math.nan, math.nan)
    if STEP not in made:
        centre = float(np.log(layout.family.nominal_step(values)))
        steps = np.log(layout.family.nominal_step(layout.natural(drawn.vectors)))
        width = drawn.half_width(steps, confidence)
        low, mid, high = (math.exp(centre + side * width) for side in (-1, 0, 1))
        made = {STEP: Interval(mid, low, high), **made}
    return made


def _moved(vector: np.ndarray, k: int, by: float) -> np.ndarray:
    moved = vector.copy()
    moved[k] += by
    return moved


def symmetry_point(optimum: Optimum, drawn: Resamples, confidence: float) -> Interval:
    """Return where G vanishes, with its interval; NaN where it does not, or often does not."""
    layout = optimum.layout
    point = float(_roots(layout, optimum.vector[None, : layout.shared])[0])
    points = _roots(layout, drawn.vectors)
    there = np.isfinite(points)
    if not math.isfinite(point) or there.mean() < 1 - MOST_MISSING:
        return Interval(point, math.nan, math.nan)
    width = drawn.half_width(points[there], confidence)
    return Interval(point, point - width, point + width)


def _roots(layout: Layout, vectors: np.ndarray) -> np.ndarray:
    """Return the weight where G rises through zero, for each row of shared numbers, (rows,)."""
    values: dict[str, Any] = layout.natural(vectors)
    low, high = (
        np.broadcast_to(b, len(vectors)).astype(float) for b in layout.family.nominal_bounds(values)
    )
    edges = low.copy(), high.copy()

    def asymmetry(weight: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            value = layout.family.asymmetry(weight, *edges, values)
        return np.broadcast_to(value, weight.shape)

    margin = 1e-9 * (high - low)
    low, high = low + margin, high - margin
    crossed = (asymmetry(low) < 0) & (asymmetry(high) > 0)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        above = asymmetry(middle) > 0
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(crossed, (low + high) / 2, np.nan)


def spread(optimum: Optimum) -> Spread:
    """Return how much devices differ: the scatter of their numbers less its uncertainty."""
    layout = optimum.layout
    if not layout.effects:
        return Spread()
    differ = layout.differences(optimum.vector)
    rest = np.nan_to_num(optimum.covariance[layout.shared :, layout.shared :], posinf=0.0)
    count = len(layout.effects)
    blocks = rest.reshape(layout.devices - 1, count, layout.devices - 1, count)
    found: dict[str, float] = {}
    for k, name in enumerate(layout.effects):
        doubt = np.trace(blocks[:, k, :, k]) / (layout.devices - 1)
        found[name] = float(np.var(differ[:, k], ddof=1) - doubt)
    bounds = [found[name] for name in ("high", "low") if name in found]
    return Spread(
        step=math.sqrt(max(found["step"], 0.0)),
        bounds=math.sqrt(max(sum(bounds) / len(bounds), 0.0)) if bounds else 0.0,
    )
