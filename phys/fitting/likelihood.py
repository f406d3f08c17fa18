r"""The likelihood of measured pulse trains: noisy steps, clamped at the bounds, read with noise.

A pulse in direction d = +1 or -1 moves the weight of a device by

.. math:: w' = \mathrm{clamp}\bigl(w + d\,\delta\,q_d(w)\,(1 + \sigma\xi)\bigr), \qquad
          y = w + s\eta

with :math:`\xi, \eta` standard normal. Readings y carry the read noise s, so that an increment
shares its noise with its neighbours, and a regression of increments on readings would be biased.
Around a reference state c of each reading the model is linear: the residuals
:math:`r_k = y_k - M(c_{k-1}) - a_{k-1}(y_{k-1} - c_{k-1})`, with M the mean of a clamped normal
step and a its slope, have the tridiagonal covariance

.. math:: \mathrm{Var}\,r_k = V(c_{k-1}) + s^2(1 + a_{k-1}^2), \qquad
          \mathrm{Cov}(r_k, r_{k+1}) = -a_k s^2,

and its factors give independent innovations :math:`\varepsilon_k` of variance :math:`S_k`. This is
the extended Kalman filter in one banded solve; it is exact for steps that are straight lines in
the weight. The reference states are the smoothed weights, found anew after each fit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.linalg import lapack
from scipy.special import ndtr

from phys.fitting.families import Family
from phys.fitting.pulse_data import PulseData

SMALLEST_VARIANCE = 1e-16


@dataclass(frozen=True)
class Numbers:
    """What a fit has for every device.

    Attributes
    ----------
    values : mapping of parameter name to number
    step, low, high : float64 (devices,)
        Each device's ``dw_min`` and bounds.
    cycle_noise, read_noise : float
        Symbols sigma (relative) and s (weight).
    """

    values: Mapping[str, Any]
    step: np.ndarray
    low: np.ndarray
    high: np.ndarray
    cycle_noise: float
    read_noise: float


@dataclass(frozen=True)
class Innovations:
    """Independent normal numbers that the data come down to: `error`, with `variance`, (m,)."""

    error: np.ndarray
    variance: np.ndarray

    @property
    def loss(self) -> np.ndarray:
        """Minus the logarithm of the likelihood, pulse by pulse, (m,)."""
        return (self.error**2 / self.variance + np.log(2 * np.pi * self.variance)) / 2


@dataclass(frozen=True)
class Steps:
    """Pulses at given weights, (m,) each: mean M, slope a and variance V of the weight afterwards.

    `free` is the probability that a pulse is not stopped by a bound.
    """

    mean: np.ndarray
    slope: np.ndarray
    variance: np.ndarray
    free: np.ndarray


class Likelihood:
    """The likelihood of one law on one set of pulse trains.

    Parameters
    ----------
    family : Family
    data : PulseData
    """

    def __init__(self, family: Family, data: PulseData) -> None:
        self.family, self.data = family, data
        self.after = np.nonzero(~data.first)[0]
        self.before = self.after - 1
        self.direction = data.direction[self.after]
        self.device = data.device[self.after]
        self.linked = np.diff(self.after) == 1
        self.reference = data.weight.copy()

    @property
    def cycle(self) -> np.ndarray:
        """Number of the train that each pulse belongs to, (m,)."""
        return self.data.cycle[self.after]

    def steps(self, numbers: Numbers, weight: np.ndarray) -> Steps:
        """Return mean, slope and variance of the weight after each pulse, from `weight`, (m,)."""
        mean, slope, variance, free = (np.empty(self.after.size) for _ in range(4))
        with np.errstate(all="ignore"):
            for sign, (step, rise) in self.family.steps.items():
                chosen = self.direction == sign
                owner = self.device[chosen]
                low, high, size = (a[owner] for a in (numbers.low, numbers.high, numbers.step))
                edge = 1e-9 * (high - low)
                c = np.clip(weight[chosen], low + edge, high - edge)
                q = size * step(c, low, high, numbers.values)
                q_rise = size * rise(c, low, high, numbers.values)
                sigma = numbers.cycle_noise
                room = high - c if sign > 0 else c - low
                moved = _clamped(room, q, sigma * np.abs(q))
                mean[chosen] = c + sign * moved.mean
                spread_rise = sigma * np.sign(q) * q_rise
                slope[chosen] = moved.inside * (1 + sign * q_rise) - sign * (
                    moved.density * spread_rise
                )
                variance[chosen] = moved.variance
                free[chosen] = moved.inside
        return Steps(mean, slope, variance, free)

    def stopped(self, numbers: Numbers) -> dict[int, int]:
        """Return how many up (+1) and down (-1) pulses a bound more likely stops than not."""
        made = self.steps(numbers, self.reference[self.before])
        return {d: int(np.sum((self.direction == d) & (made.free < 0.5))) for d in (1, -1)}

    def _residuals(self, numbers: Numbers) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Residuals r, slopes a, and the diagonal and off-diagonal of their covariance."""
        start = self._within(numbers, self.reference[self.before])
        made = self.steps(numbers, start)
        y = self.data.weight
        r = y[self.after] - made.mean - made.slope * (y[self.before] - start)
        noise = numbers.read_noise**2
        diagonal = made.variance + noise * (1 + made.slope**2) + SMALLEST_VARIANCE
        beside = np.where(self.linked, -made.slope[1:] * noise, 0.0)
        return r, made.slope, diagonal, beside

    def _within(self, numbers: Numbers, weight: np.ndarray) -> np.ndarray:
        return np.clip(weight, numbers.low[self.device], numbers.high[self.device])

    def innovations(self, numbers: Numbers) -> Innovations | None:
        """Return the innovations, or None where the numbers make no sense."""
        r, _, diagonal, beside = self._residuals(numbers)
        if not (np.isfinite(r).all() and np.isfinite(diagonal).all()):
            return None
        variance, factor, failed = lapack.dpttrf(diagonal, beside)
        if failed:
            return None
        band = np.ones((2, r.size))
        band[1, :-1] = factor
        error, failed = lapack.dtbtrs(band, r[:, None], uplo="L", diag="U")
        return None if failed else Innovations(error[:, 0], variance)

    def smoothed(self, numbers: Numbers) -> np.ndarray:
        """Return the mean of every reading's true weight, given all readings, (n,)."""
        r, slope, diagonal, beside = self._residuals(numbers)
        variance, factor, _ = lapack.dpttrf(diagonal, beside)
        pull, _ = lapack.dpttrs(variance, factor, r)
        noise = np.zeros(self.data.weight.size)
        noise[self.after] += pull
        noise[self.before] -= slope * pull
        return np.asarray(self.data.weight - numbers.read_noise**2 * noise)


@dataclass(frozen=True)
class _Moved:
    mean: np.ndarray
    variance: np.ndarray
    inside: np.ndarray
    density: np.ndarray


def _clamped(room: np.ndarray, step: np.ndarray, spread: np.ndarray) -> _Moved:
    """Mean and variance of min(room, X), with X normal; and P(X < room), density at room."""
    z = np.where(spread > 0, (room - step) / np.maximum(spread, 1e-300), np.inf * (room - step))
    z = np.clip(np.nan_to_num(z, nan=0.0), -1e3, 1e3)
    inside = ndtr(z)
    density = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi)
    short = spread * (z * inside + density)
    # (room - X)+ has second moment spread^2 ((z^2 + 1) inside + z density).
    second = spread**2 * ((z**2 + 1) * inside + z * density)
    far = z > 8
    mean = np.where(far, step, room - short)
    variance = np.where(far, spread**2, np.maximum(second - short**2, 0.0))
    return _Moved(mean, variance, inside, density)
