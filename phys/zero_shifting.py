"""Zero-shifting: find every device's symmetry point by pulses, and make it the zero of the weight.

Alternating up and down pulses drive each device to the weight where the two cancel. Copied to the
reference array, that weight becomes the zero of ``weights - reference`` (Kim et al. 2019,
arXiv 1907.10228). The procedure is a measurement: it sees pulses and weights, never the law. The
law only serves to say in advance how many pulses will do, and afterwards how close they came.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from phys import checked
from phys.array_kinds.mean_field import MeanFieldCrossbar
from phys.checked import InputError
from phys.crossbar import ENGINES, Crossbar
from phys.random_bits import REFERENCE_ERROR, normals, stream_key
from phys.symmetry import BLOCK, antisymmetric_slope, cycle_multiplier, symmetric_part
from phys.timing import Timing
from theory import DeviceLaw

READS = ("down", "mean")
MAX_PAIRS = 2_000_000
CHECKPOINTS = 48
TRACED = 8
SLOWEST_QUANTILE = 0.99

Pulse = Callable[[Any], None]
"""Gives every device these pulses, +1 up or -1 down."""


@dataclass(frozen=True)
class ZeroShiftHistory:
    """What a zero-shift did.

    Attributes
    ----------
    pairs : int
        Up-down pairs given to every device.
    pulses : int
        Pulses spent over all devices, two for each pair.
    rule : str
        How the number of pairs was chosen: "given", "from the law" or "measured"; "limit" for a
        `MeanFieldCrossbar`, where ever smaller pulses end on the symmetry points themselves.
    at : list of int
        Pairs after which the entries below were taken.
    distance : list of float or None
        Root mean square distance of the devices from their true symmetry points, in weight units;
        None where these are not known, as for devices with a hidden state.
    slowest : list of float or None
        The distance that 99 % of the devices do not exceed.
    trace : array (len(at), up to 8)
        Weights of a few devices, for a plot.
    trace_targets : array or None
        True symmetry points of these devices.
    reference : array (rows, cols)
        What was programmed into the reference array.
    """

    pairs: int
    pulses: int
    rule: str
    at: list[int] = field(repr=False)
    distance: list[float] | None = field(repr=False)
    slowest: list[float] | None = field(repr=False)
    trace: np.ndarray = field(repr=False)
    trace_targets: np.ndarray | None = field(repr=False)
    reference: np.ndarray = field(repr=False)


def pairs_needed(xbar: Crossbar) -> int:
    """Return how many up-down pairs bring 99 % of the devices within a step of their cycle.

    ``ln(|w0 - w*| / eps) / -ln(multiplier)`` with the two-pulse multiplier at the symmetry point
    and ``eps`` one step, ``dw_min F(w*)``, or the scatter that cycle noise leaves,
    ``sigma F(w*) sqrt(dw_min / (2 G'(w*)))`` (without F for additive noise), where that is larger.

    Raises
    ------
    InputError
        If the device has no law, or no stable symmetry point.
    """
    if not isinstance(xbar.device.law, DeviceLaw):
        raise InputError(
            "pairs = None needs a device with a law to compute the number of pairs; give "
            'pairs=..., or pairs="measure" to stop when the weights stop moving'
        )
    points = xbar.symmetry_points().T.reshape(-1)
    if np.isnan(points).any():
        bad = int(np.isnan(points).sum())
        raise InputError(
            f"pairs = None: {bad} of {points.size} devices of law {xbar.device.law.name!r} have no "
            f"stable symmetry point to converge to; give pairs=..., or change the law"
        )
    width = max(1, BLOCK // xbar.rows)
    needed = [
        _pairs_of_devices(xbar, points, slice(start, start + width))
        for start in range(0, xbar.cols, width)
    ]
    pairs = np.quantile(np.concatenate(needed), SLOWEST_QUANTILE)
    return int(min(max(np.ceil(pairs), 1), MAX_PAIRS))


def _pairs_of_devices(xbar: Crossbar, points: np.ndarray, columns: slice) -> np.ndarray:
    """Return how many pairs the devices of some columns need, float64 (devices,)."""
    population = xbar.population.part(columns, xbar.rows)
    weights = xbar.columns[columns].reshape(-1)
    points = points.reshape(xbar.columns.shape)[columns].reshape(-1)
    step = np.asarray(population.step * symmetric_part(population, points))
    slope = antisymmetric_slope(population, points)
    delta = np.asarray(population.step)
    jump = xbar.device.cycle_noise * step + xbar.device.additive_noise * delta
    scatter = jump / np.sqrt(2 * delta * slope)
    shrink = np.clip(np.abs(cycle_multiplier(population, points)), 1e-12, 1 - 1e-12)
    ratio = np.maximum(np.abs(weights - points) / np.maximum(step, scatter), 1.0)
    return np.asarray(np.log(ratio) / -np.log(shrink))


def zero_shift(
    xbar: Crossbar,
    pairs: int | str | None = None,
    *,
    read: str = "down",
    reference_error: float = 0.0,
    progress: Callable[[float], Any] | None = None,
    engine: str = "fast",
    timing: Timing | None = None,
) -> ZeroShiftHistory:
    """Alternate up and down pulses on every device, then copy the weights to the reference.

    Parameters
    ----------
    xbar : Crossbar
        Changed: its weights end near the symmetry points, its reference becomes a copy of them.
    pairs : int, None or "measure"
        Up-down pairs. None computes the number that the slowest 1 % of the devices need from the
        law (`pairs_needed`), and measures where there is no law; "measure" goes on until the
        weights' own movement shows that less than a step is left.
    read : str
        "down" copies the weights after the last down pulse; "mean" copies the mean of the weights
        after the last up and after the last down pulse, which lies closer to the symmetry point
        where F is flat.
    reference_error : float
        Standard deviation of the programming error of the reference, as a fraction of the
        nominal range ``w_max - w_min``.
    progress : callable, optional
        Called with the fraction done, in [0, 1].
    engine : str
        "fast", or "event": every pulse on a clock, for small arrays.
    timing : Timing, optional
        Of the pulses, as in `Crossbar.pulse_all`; None is `Timing.ideal`, in which both engines
        give the same bits. The weights settle before they are read;
        `phys.events.EventArray.zero_shift` reads them on the clock.

    Returns
    -------
    ZeroShiftHistory

    Raises
    ------
    InputError
        An argument that cannot be used; the array is then unchanged.

    Examples
    --------
    >>> from theory import laws
    >>> from phys import Crossbar, Device, zero_shift
    >>> law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
    >>> xbar = Crossbar(4, 4, Device(law, dw_min=0.01), seed=0)
    >>> history = zero_shift(xbar)
    >>> step = 0.01 * (1 - 0.3**2)
    >>> history.pairs, bool(abs(xbar.reference - 0.3).max() < 2 * step)
    (174, True)

    Edges that come late shorten the pulses of the far devices. Steps that are smaller by the same
    part up and down cancel at the same weight, and more pairs reach it:

    >>> late = Timing(slot_ns=15, line_delay_ps=500)
    >>> xbar = Crossbar(4, 4, Device(law, dw_min=0.01), seed=0)
    >>> history = zero_shift(xbar, pairs=300, engine="event", timing=late)
    >>> bool(abs(xbar.reference - 0.3).max() < 2 * step)
    True
    """
    checked.choice("read", read, READS)
    checked.choice("engine", engine, ENGINES)
    error = checked.real("reference_error", reference_error, 0.0, 1.0)
    if isinstance(xbar, MeanFieldCrossbar):
        return _shift_in_the_limit(xbar, error)
    if pairs is None and not isinstance(xbar.device.law, DeviceLaw):
        pairs = "measure"
    if pairs is None:
        count, rule = pairs_needed(xbar), "from the law"
    elif pairs == "measure":
        count, rule = None, "measured"
    else:
        count, rule = checked.whole("pairs", pairs, 1, MAX_PAIRS), "given"
    watch, pulse = _Watch(xbar), partial(xbar.pulse_all, engine=engine, timing=timing)
    if count is None:
        count = _alternate_until_still(xbar, watch, pulse)
    else:
        for stop in _checkpoints(count):
            _alternate(pulse, stop - watch.at[-1])
            watch.note(stop)
            if progress is not None:
                progress(stop / count)
    target = xbar.columns.copy()
    if read == "mean":
        pulse([1])
        target = (target + xbar.columns) / np.float32(2)
        pulse([-1])
    xbar.set_reference(_with_error(xbar, target, error).T)
    return watch.history(count, rule, 2 * (count + (read == "mean")) * target.size)


def _with_error(xbar: Crossbar, target: np.ndarray, error: float) -> np.ndarray:
    """Return what a programming error with this standard deviation makes of a reference."""
    if not error:
        return target
    low, high = xbar.device.bounds
    xi = normals(stream_key(xbar.seed, int(REFERENCE_ERROR), xbar.updates), target.size)
    return np.asarray(target + np.float32(error * (high - low)) * xi.reshape(target.shape))


def _shift_in_the_limit(xbar: MeanFieldCrossbar, error: float) -> ZeroShiftHistory:
    """Put weights and reference of an array without pulses on its symmetry points."""
    points = xbar.symmetry_points().T
    if np.isnan(points).any():
        raise InputError(
            f"{int(np.isnan(points).sum())} of {points.size} devices of law "
            f"{xbar.device.law.name!r} have no stable symmetry point, and a MeanFieldCrossbar has "
            f"no pulses to look for it; leave the zero-shift out, or change the law"
        )
    watch = _Watch(xbar)
    xbar.columns[...] = points
    watch.note(0)
    xbar.set_reference(_with_error(xbar, points, error).T)
    return watch.history(0, "limit", 0)


def _alternate(pulse: Pulse, pairs: int) -> None:
    block = 1000
    for start in range(0, pairs, block):
        pulse(np.tile([1, -1], min(block, pairs - start)))


def _checkpoints(count: int) -> list[int]:
    return sorted({int(k) for k in np.geomspace(1, count, CHECKPOINTS).round()} | {count})


def _alternate_until_still(xbar: Crossbar, watch: _Watch, pulse: Pulse) -> int:
    """Alternate in blocks until the movement that is left, by extrapolation, is below a step.

    Two equal blocks move the weights by c1 and c2 (root mean square, cycle by cycle); an
    exponential approach leaves ``c2 r / (1 - r)`` with ``r = c2 / c1``. The block doubles while it
    is too short to tell.

    Cycle noise keeps the weights moving for ever. On the way, c1 and c2 point the same way; once a
    weight only scatters about its place and forgets where it was within a block, what c1 brought
    c2 takes back, with a correlation of -1/2. Half of that at two block lengths ends the search.
    """
    block, done, scattered = 16, 0, 0
    step = float(np.mean(xbar.population.step))
    while done + 2 * block <= MAX_PAIRS:
        moves = []
        for _ in range(2):
            before = xbar.columns.copy()
            _alternate(pulse, block)
            moves.append(xbar.columns - before)
        done += 2 * block
        watch.note(done)
        first, second = (float(np.sqrt(np.mean(move**2))) for move in moves)
        ratio = second / first if first else 0.0
        if ratio < 0.9 and second * ratio / (1 - ratio) < step / 2:
            return done
        if ratio >= 0.9 and second < step / 2 and block >= 1024:
            return done
        scattered += float(np.mean(moves[0] * moves[1])) < -first * second / 4
        if scattered == 2:
            return done
        block *= 2
    warnings.warn(
        f"zero_shift stopped after {done} pairs with the weights still moving; give pairs=... if "
        f"that is intended",
        stacklevel=3,
    )
    return done


class _Watch:
    """Notes how far an array is from its true symmetry points, where these are known."""

    def __init__(self, xbar: Crossbar) -> None:
        self.xbar = xbar
        points = xbar.symmetry_points().T.reshape(-1)
        self.points = None if np.isnan(points).all() else points
        self.chosen = np.unique(np.linspace(0, xbar.columns.size - 1, TRACED).astype(int))
        self.at: list[int] = []
        self.rms: list[float] = []
        self.slowest: list[float] = []
        self.trace: list[np.ndarray] = []
        self.note(0)

    def note(self, pairs: int) -> None:
        flat = self.xbar.columns.reshape(-1)
        self.at.append(pairs)
        self.trace.append(flat[self.chosen].copy())
        if self.points is not None:
            distance = flat - self.points
            np.abs(distance, out=distance)
            self.rms.append(float(np.sqrt(np.nanmean(distance**2))))
            self.slowest.append(float(np.nanquantile(distance, SLOWEST_QUANTILE)))

    def history(self, pairs: int, rule: str, pulses: int) -> ZeroShiftHistory:
        known = self.points is not None
        return ZeroShiftHistory(
            pairs=pairs,
            pulses=pulses,
            rule=rule,
            at=self.at,
            distance=self.rms if known else None,
            slowest=self.slowest if known else None,
            trace=np.array(self.trace),
            trace_targets=self.points[self.chosen] if self.points is not None else None,
            reference=self.xbar.reference.copy(),
        )
