"""Uncertainty of fitted numbers: the bootstrap over devices, or over cycles of one device.

Devices (or trains of one device) are drawn with replacement, as whole trains, because the pulses
of one train are not independent. Each resample is fitted by one step of Fisher scoring from the
best fit, which its first and second derivatives train by train make a small linear system; the
tests compare that with fits from the start. Intervals are those of Student's t with the resampled
standard deviation and as many degrees of freedom as there are units less one, since a few devices
say little about how much devices differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from phys.fitting.optimise import Blocks, Optimum
from phys.random_bits import BOOTSTRAP, normals, stream_key, uniforms

SMALLEST_WEIGHT = 1e-6
RIDGE = 1e-10
CHUNK = 100
FEWEST_UNITS = 2


@dataclass(frozen=True)
class Interval:
    """A number with its confidence interval.

    Attributes
    ----------
    value, low, high : float
        NaN for the ends where the data give none.

    Examples
    --------
    >>> 0.2 in Interval(0.25, 0.1, 0.4), 0.5 in Interval(0.25, 0.1, 0.4)
    (True, False)
    """

    value: float
    low: float
    high: float

    def __contains__(self, number: float) -> bool:
        return self.low <= number <= self.high

    def shrunk(self, factor: float) -> Interval:
        """Return the interval with both sides `factor` times as far from the value."""
        return Interval(
            self.value,
            self.value - factor * (self.value - self.low),
            self.value + factor * (self.high - self.value),
        )


@dataclass(frozen=True)
class Resamples:
    """Fits of resampled data.

    Attributes
    ----------
    vectors : float64 (resamples, shared)
        The shared numbers of each, laid out as in `Layout`.
    units : int
        Devices, or trains, that were drawn from.
    kind : str
        "devices", "cycles", or "curvature" where there is only one train to draw from.
    """

    vectors: np.ndarray
    units: int
    kind: str

    def half_width(self, values: np.ndarray, confidence: float) -> float:
        """Return half the width of the interval of a quantity with these resampled values."""
        spread = float(np.std(values, ddof=1))
        if self.kind == "curvature":
            return float(student.ppf((1 + confidence) / 2, 10**6)) * spread
        quantile = float(student.ppf((1 + confidence) / 2, self.units - 1))
        return quantile * spread * float(np.sqrt(self.units / (self.units - 1)))


def draw_weights(units: int, resamples: int, seed: int) -> np.ndarray:
    """Return how often each unit is drawn in each resample, int (resamples, units).

    Each resample has its own key below `seed`, so that it does not depend on how many there are.

    Examples
    --------
    >>> weights = draw_weights(4, 3, seed=1)
    >>> weights.sum(axis=1).tolist(), bool((weights[:2] == draw_weights(4, 2, 1)).all())
    ([4, 4, 4], True)
    """
    counts = np.empty((resamples, units), dtype=np.int64)
    for k in range(resamples):
        drawn = (uniforms(stream_key(seed, int(BOOTSTRAP), k), units) * units).astype(np.int64)
        counts[k] = np.bincount(drawn, minlength=units)
    return counts


def bootstrap(optimum: Optimum, resamples: int, seed: int) -> Resamples:
    """Return the fits of `resamples` resampled data sets.

    Parameters
    ----------
    optimum : Optimum
    resamples : int
    seed : int

    Returns
    -------
    Resamples
        From the Fisher information where there is one train of one device.
    """
    layout, blocks = optimum.layout, optimum.blocks
    p = layout.shared
    centre = optimum.vector[:p]
    if layout.devices >= FEWEST_UNITS:
        blocks = blocks.by_device(layout.devices)
    units = blocks.device.size
    if units < FEWEST_UNITS:
        return _from_curvature(optimum, resamples, seed)
    weights = draw_weights(units, resamples, seed)
    kind = "devices" if layout.devices >= FEWEST_UNITS else "cycles"
    differ = layout.differences(optimum.vector) if layout.effects else np.zeros((units, 0))
    moved = [
        _one_step(blocks, differ, some, p)
        for some in np.array_split(weights.astype(np.float64), -(-resamples // CHUNK))
    ]
    return Resamples(centre + np.concatenate(moved), units, kind)


def _one_step(blocks: Blocks, differ: np.ndarray, weights: np.ndarray, p: int) -> np.ndarray:
    """Return the change of the shared numbers in each resample, (resamples, p).

    The differences between the devices of a resample add up to zero over that resample: they are
    moved there first, and then along directions that keep it so.
    """
    soft = np.maximum(weights, SMALLEST_WEIGHT)
    units, effects = differ.shape
    shift = -(weights @ differ) / units
    pull = blocks.gradient + np.einsum("due,be->bdu", blocks.fisher[:, :, p:], shift)
    system = np.einsum("bd,dij->bij", soft, blocks.fisher[:, :p, :p])
    side = np.einsum("bd,bdi->bi", soft, pull[:, :, :p])
    if effects:
        free = _complements(weights)
        count = free.shape[2] * effects
        cross = np.einsum("bd,bdj,dse->bsje", soft, free, blocks.fisher[:, :p, p:], optimize=True)
        corner = np.einsum(
            "bd,bdi,bdj,def->biejf", soft, free, free, blocks.fisher[:, p:, p:], optimize=True
        )
        cross = cross.reshape(-1, p, count)
        system = np.block(
            [[system, cross], [np.swapaxes(cross, 1, 2), corner.reshape(-1, count, count)]]
        )
        own = np.einsum("bd,bdj,bde->bje", soft, free, pull[:, :, p:], optimize=True)
        side = np.concatenate([side, own.reshape(-1, count)], axis=1)
    unit = 1 / np.sqrt(np.maximum(np.einsum("bii->bi", system), 1e-12))
    scaled = unit[:, :, None] * system * unit[:, None, :] + RIDGE * np.eye(side.shape[1])
    return np.asarray(-(unit * np.linalg.solve(scaled, (unit * side)[:, :, None])[:, :, 0])[:, :p])


def _complements(weights: np.ndarray) -> np.ndarray:
    """Return orthonormal columns at right angles to each row: (rows, units, units - 1)."""
    unit = weights / np.linalg.norm(weights, axis=1, keepdims=True)
    mirror = unit.copy()
    mirror[:, 0] += np.where(unit[:, 0] >= 0, 1.0, -1.0)
    mirror /= np.linalg.norm(mirror, axis=1, keepdims=True)
    reflection = np.eye(weights.shape[1]) - 2 * mirror[:, :, None] * mirror[:, None, :]
    return np.asarray(reflection[:, :, 1:])


def _from_curvature(optimum: Optimum, resamples: int, seed: int) -> Resamples:
    """Draw from the normal distribution that the Fisher information gives."""
    p = optimum.layout.shared
    covariance = np.nan_to_num(optimum.covariance[:p, :p], posinf=1e6)
    values, axes = np.linalg.eigh(covariance)
    xi = normals(stream_key(seed, int(BOOTSTRAP)), resamples * p).reshape(resamples, p)
    vectors = optimum.vector[:p] + (xi * np.sqrt(np.maximum(values, 0))) @ axes.T
    return Resamples(vectors, 1, "curvature")
