"""A first look at measured pulses: straight lines, noises and plateaus for a fit to start from."""

from __future__ import annotations

import math

import numpy as np

from phys.checked import InputError
from phys.fitting.families import Rough
from phys.fitting.parameters import CYCLE_NOISE, READ_NOISE
from phys.fitting.pulse_data import PulseData

FEWEST_PULSES = 10
PLATEAU = 0.02
"""Part of a device's readings beyond the level of a plateau, on either side."""
ODD_SPAN = 50.0
"""A train whose readings span this many times what those of most do is in another unit."""
QUIET = 1e-4
"""Noise below this part of an increment is not told from none."""


def look(data: PulseData) -> Rough:
    """Take a first look at the data: straight lines through the increments.

    Raises
    ------
    InputError
        If there are too few pulses to begin with, or the weight does not move.
    """
    _check_spans(data)
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


def _check_spans(data: PulseData) -> None:
    """Refuse trains of which one moves far more than most: mixed units, or a broken reading."""
    trains = [data.weight[data.cycle == k] for k in range(int(data.cycle.max()) + 1)]
    spans = np.array([np.ptp(train) for train in trains])
    usual = float(np.median(spans))
    k = int(np.argmax(spans))
    if usual > 0 and spans[k] > ODD_SPAN * usual:
        device = data.names[data.device[data.cycle == k][0]]
        raise InputError(
            f"{data.source}: the readings of a train of device {device!r} (train {k + 1} of "
            f"{spans.size}) span {spans[k]:.4g}, those of most {usual:.4g}; give all readings in "
            f"one unit, and leave out trains with broken readings"
        )


def starting_noise(data: PulseData, rough: Rough) -> dict[str, float]:
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


def plateaus(data: PulseData) -> tuple[np.ndarray, np.ndarray]:
    """Return where the readings of each device end, (devices,) each: its plateaus, if any."""
    owns = [data.weight[data.device == d] for d in range(len(data.names))]
    ends = np.array([np.quantile(own, [PLATEAU, 1 - PLATEAU]) for own in owns])
    return np.minimum(ends[:, 0], -1e-3), np.maximum(ends[:, 1], 1e-3)
