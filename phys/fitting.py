"""From measured pulse trains to a device law: least squares, model choice, uncertainty.

Every law of the catalogue is fitted to the increments by maximum likelihood (least squares with
the weights that cycle noise and read noise ask for, see `phys.fit_likelihood`), the law is chosen
by the Bayesian information criterion, and its numbers get intervals by the bootstrap
(`phys.fit_bootstrap`). Devices may differ in their step and in their bounds, as the devices of an
array do (`phys.Spread`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from threadpoolctl import threadpool_limits

from phys import checked
from phys.checked import InputError
from phys.fit_bootstrap import Interval, Resamples, bootstrap
from phys.fit_families import LEFT_OUT, STEP, Family, Rough, chosen_families
from phys.fit_likelihood import Likelihood
from phys.fit_optimise import NoFitError, Optimum, optimise
from phys.fit_parameters import CYCLE_NOISE, READ_NOISE, Layout
from phys.fit_result import FitResult, LawFit
from phys.pulse_data import PulseData
from phys.spread import Spread
from theory.errors import TheoryError

FEWEST_PULSES = 10
FEWEST_STOPPED = 5
"""A hard bound that stops fewer pulses than this is not seen in the data."""
UNDECIDED = 1.0
"""A number whose standard error on its fitting scale (mostly a logarithm) is above this is open."""
BISECTIONS = 50
MOST_MISSING = 0.05
PLATEAU = 0.02
"""Part of a device's readings beyond the level of a plateau, on either side."""
QUIET = 1e-4
"""Noise below this part of an increment is not told from none."""


@dataclass(frozen=True)
class Progress:
    """Where a fit stands: laws done, of how many, and the one at hand."""

    done: int
    total: int
    law: str


def fit(
    data: PulseData,
    laws: str | Iterable[str] | None = None,
    *,
    confidence: float = 0.95,
    resamples: int = 1000,
    seed: int = 0,
    progress: Callable[[Progress], None] | None = None,
) -> FitResult:
    """Fit device laws to measured pulse trains and choose one.

    Parameters
    ----------
    data : PulseData
        From `phys.pulse_file.read_pulses` or `phys.pulse_data.from_arrays`.
    laws : str or iterable of str, optional
        Names of the catalogue; all of them where left out.
    confidence : float
        Of the intervals, 0.5 to 0.999.
    resamples : int
        Bootstrap resamples, 100 to 100000.
    seed : int
        Of the resampling.
    progress : callable, optional
        Called with a `Progress` before each law and at the end.

    Returns
    -------
    FitResult

    Raises
    ------
    InputError
        Too few pulses, pulses in one direction only, or no law that the data decide.

    Examples
    --------
    >>> from phys.fit_examples import load_example
    >>> result = fit(load_example("soft_bounds"), laws=["soft_bounds", "constant_step"])
    >>> result.best.name, 0.3 in result.intervals["imbalance"]
    ('soft_bounds', True)
    """
    confidence = checked.real("confidence", confidence, 0.5, 0.999)
    resamples = checked.whole("resamples", resamples, 100, 100_000)
    seed = checked.whole("seed", seed, 0, 2**64 - 1)
    families = chosen_families(laws)
    rough = look(data)
    tell = progress or (lambda now: None)
    # The matrices are small: threads of the linear algebra would cost more than they bring.
    with threadpool_limits(1, "blas"):
        fits, failed = _fit_all(families, data, rough, tell)
    if laws is None:
        failed = LEFT_OUT | failed
    fits.sort(key=lambda one: one.bic)
    decided = [one for one in fits if not one.undecided and one.optimum.settled]
    if not decided:
        open_numbers = "; ".join(
            f"{f.name} leaves {', '.join(f.undecided) or 'its best numbers'} open" for f in fits
        )
        reasons = open_numbers or "; ".join(f"{n}: {reason}" for n, reason in failed.items())
        raise InputError(
            f"{data.source}: {data.pulses} pulses do not identify a law: {reasons}; measure trains "
            f"that reach both ends of the range, or fit a law with fewer numbers"
        )
    best = decided[0]
    with threadpool_limits(1, "blas"):
        drawn = bootstrap(best.optimum, resamples, seed)
    return FitResult(
        data,
        tuple(fits),
        failed,
        best,
        _intervals(best.optimum, drawn, confidence),
        _symmetry_point(best.optimum, drawn, confidence),
        _spread(best.optimum),
        confidence,
        drawn.kind,
        seed,
    )


def _fit_all(
    families: tuple[Family, ...],
    data: PulseData,
    rough: Rough,
    tell: Callable[[Progress], None],
) -> tuple[list[LawFit], dict[str, str]]:
    """Fit every law; return the fits, and for the others the reason why there is none."""
    fits: list[LawFit] = []
    failed: dict[str, str] = {}
    for k, family in enumerate(families):
        now = Progress(k, len(families), family.name)
        tell(now)
        try:
            fits.append(fit_law(family, data, rough, partial(tell, now)))
        except (NoFitError, TheoryError, InputError) as error:
            failed[family.name] = str(error)
    tell(Progress(len(families), len(families), ""))
    return fits, failed


def fit_law(
    family: Family, data: PulseData, rough: Rough, check: Callable[[], None] = lambda: None
) -> LawFit:
    """Fit one law.

    Raises
    ------
    NoFitError
        If its likelihood has no maximum that the search finds.
    theory.errors.TheoryError
        If the numbers that fit best make no law: a step that is not positive within the bounds.
    """
    devices = len(data.names)
    effects: tuple[str, ...] = ("step", "high", "low") if devices > 1 else ()
    likelihood = Likelihood(family, data)
    layout = Layout(family, devices, {}, effects)
    count = layout.size
    values = family.start(rough) | _noise(data, rough)
    differences = None
    if family.hard:
        low, high = _ends(data)
        values |= {"w_min": float(low.mean()), "w_max": float(high.mean())}
        differences = np.stack([0 * high, high / high.mean() - 1, low / low.mean() - 1], axis=1)
    start = layout.vector(values, differences if effects else None)
    optimum = optimise(likelihood, layout, start, check)
    stopped = likelihood.stopped(layout.numbers(optimum.vector))
    seen = {"w_max": stopped[1] >= FEWEST_STOPPED, "w_min": stopped[-1] >= FEWEST_STOPPED}
    lost = [name for name in family.hard if name in _undecided(optimum) or not seen[name]]
    if lost:
        # Bounds that no pulse presses against are put where the readings end; they count as fitted.
        ends = {"w_max": float(data.weight.max()), "w_min": float(data.weight.min())}
        values = layout.natural(optimum.vector)
        held = {name: ends[name] for name in lost}
        gone = {"high": "w_max", "low": "w_min"}
        kept = tuple(effect for effect in effects if gone.get(effect) not in lost)
        layout = Layout(family, devices, held, kept)
        again = {name: float(values[name]) for name in layout.names}
        likelihood = Likelihood(family, data)
        optimum = optimise(likelihood, layout, layout.vector(again), check)
    values = layout.natural(optimum.vector)
    return LawFit(
        family.name,
        family.law(values),
        optimum,
        likelihood,
        count * math.log(data.pulses) + 2 * optimum.loss,
        count,
        tuple(name for name in _undecided(optimum) if name not in (CYCLE_NOISE, READ_NOISE)),
    )


def look(data: PulseData) -> Rough:
    """Take a first look at the data: straight lines through the increments.

    Raises
    ------
    InputError
        If there are too few pulses to begin with, or the weight does not move.
    """
    after = np.nonzero(~data.first)[0]
    weight, change = data.weight[after - 1], data.weight[after] - data.weight[after - 1]
    low, high = np.quantile(data.weight, [0.002, 0.998])
    lines: dict[int, tuple[float, float]] = {}
    for sign, name in ((1, "up"), (-1, "down")):
        chosen = data.direction[after] == sign
        count = int(chosen.sum())
        if count < FEWEST_PULSES:
            raise InputError(
                f"{data.source}: {count} {name} pulses; at least {FEWEST_PULSES} in each direction "
                f"are needed to identify a law: measure longer trains"
            )
        # Pulses that press against a hard bound move nothing and would tilt the line.
        room = (high - weight) if sign > 0 else (weight - low)
        free = chosen & (room > 0.05 * (high - low))
        free = free if free.sum() >= FEWEST_PULSES else chosen
        if np.ptp(weight[free]) == 0:
            raise InputError(f"{data.source}: the {name} pulses all start at one weight; vary it")
        slope, at_zero = np.polyfit(weight[free], sign * change[free], 1)
        lines[sign] = float(at_zero), float(slope)
    if not low < 0 < high:
        raise InputError(
            f"{data.source}: the readings lie between {low:.4g} and {high:.4g}, and weight 0 has "
            f"to be among them; shift them, or give the conductances that are weights -1 and +1"
        )
    mean = (abs(lines[1][0]) + abs(lines[-1][0])) / 2
    smallest = max(1e-3 * mean, 1e-9)
    up, down = (max(lines[sign][0], smallest) for sign in (1, -1))
    if not math.isfinite(up + down) or up + down <= 2e-9:
        raise InputError(f"{data.source}: the pulses do not move the weight; check the columns")
    step = (up + down) / 2
    imbalance = max(-0.9, min(0.9, (up - down) / (up + down)))
    return Rough(step, imbalance, lines[1][1] / up, lines[-1][1] / down, float(low), float(high))


def _noise(data: PulseData, rough: Rough) -> dict[str, float]:
    """Return noises to start from: the scatter of the increments, half of it from reading."""
    after = np.nonzero(~data.first)[0]
    change = data.weight[after] - data.weight[after - 1]
    weight = data.weight[after - 1]
    up = rough.step * (1 + rough.imbalance) * (1 + rough.up_slope * weight)
    down = rough.step * (1 - rough.imbalance) * (1 + rough.down_slope * weight)
    rest = change - np.where(data.direction[after] > 0, up, -down)
    scatter = float(np.sqrt(np.mean(rest**2)))
    return {
        CYCLE_NOISE: max(scatter / rough.step / 2, 10 * QUIET),
        READ_NOISE: max(scatter / 4, QUIET * rough.step),
    }


def _ends(data: PulseData) -> tuple[np.ndarray, np.ndarray]:
    """Return where the readings of each device end, (devices,) each: its plateaus, if any."""
    owns = [data.weight[data.device == d] for d in range(len(data.names))]
    ends = np.array([np.quantile(own, [PLATEAU, 1 - PLATEAU]) for own in owns])
    return np.minimum(ends[:, 0], -1e-3), np.maximum(ends[:, 1], 1e-3)


def _undecided(optimum: Optimum) -> list[str]:
    """Names of the shared numbers that the data leave open."""
    variance = np.diag(optimum.covariance)[: optimum.layout.shared]
    return [
        name
        for name, value in zip(optimum.layout.names, variance, strict=True)
        if not value < UNDECIDED**2
    ]


def _intervals(optimum: Optimum, drawn: Resamples, confidence: float) -> dict[str, Interval]:
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


def _symmetry_point(optimum: Optimum, drawn: Resamples, confidence: float) -> Interval:
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


def _spread(optimum: Optimum) -> Spread:
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
