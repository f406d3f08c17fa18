"""Measured pulse trains as arrays, and the way from siemens to weight."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from phys import checked
from phys.checked import InputError


@dataclass(frozen=True)
class WeightMapping:
    """From conductance to weight: ``w = (conductance - zero) / per_weight``.

    Parameters
    ----------
    zero : float
        Conductance at weight 0, siemens.
    per_weight : float
        Conductance per unit of weight, siemens, above 0.

    Examples
    --------
    >>> WeightMapping.of_range(1e-6, 9e-6).zero
    5e-06
    """

    zero: float
    per_weight: float

    @classmethod
    def of_range(cls, low: float, high: float) -> WeightMapping:
        """Return the mapping that takes `low` siemens to weight -1 and `high` siemens to +1."""
        low, high = (checked.real(f"range[{k}]", x, 0.0) for k, x in enumerate((low, high)))
        if not low < high:
            raise InputError(f"range = ({low:g}, {high:g}) S: give the lower conductance first")
        return cls((low + high) / 2, (high - low) / 2)

    def weight(self, conductance: Any) -> Any:
        """Return the weight of a conductance in siemens."""
        return (conductance - self.zero) / self.per_weight


@dataclass(frozen=True)
class PulseData:
    """Pulse trains of one or several devices, one after another.

    Attributes
    ----------
    device, cycle : int (n,)
        Numbers of the device and of the train, both from 0; `cycle` counts over all devices.
    direction : int (n,)
        +1 or -1: the pulse that led to the reading; 0 for the first reading of a train.
    weight : float64 (n,)
        Readings, dimensionless.
    names : tuple of str
        Names of the devices.
    mapping : WeightMapping or None
        How siemens became weights; None where weights were given.
    source : str
    """

    device: np.ndarray
    cycle: np.ndarray
    direction: np.ndarray
    weight: np.ndarray
    names: tuple[str, ...]
    mapping: WeightMapping | None = None
    source: str = "data"

    @cached_property
    def first(self) -> np.ndarray:
        """Whether a reading is the first one of its train, bool (n,)."""
        return self.direction == 0

    @property
    def pulses(self) -> int:
        """Number of pulses whose effect was read."""
        return int(np.count_nonzero(self.direction))

    @property
    def cycles(self) -> int:
        """Number of trains, over all devices."""
        return int(self.cycle[-1]) + 1

    def __repr__(self) -> str:
        return (
            f"PulseData({self.source!r}: {len(self.names)} devices, {self.cycles} cycles, "
            f"{self.pulses} pulses)"
        )


def from_arrays(
    weights: Sequence[np.ndarray],
    directions: Sequence[np.ndarray],
    devices: Sequence[int] | None = None,
    source: str = "arrays",
) -> PulseData:
    """Return pulse data from arrays, one train each.

    Parameters
    ----------
    weights : sequence of (m + 1,)
        Readings of each train, the first before its first pulse.
    directions : sequence of (m,)
        +1 or -1 for each pulse.
    devices : sequence of int, optional
        Number of the device of each train, from 0, rising; all of one device where left out.

    Examples
    --------
    >>> from_arrays([[0.0, 0.1, 0.2, 0.1]], [[1, 1, -1]])
    PulseData('arrays': 1 devices, 1 cycles, 3 pulses)
    """
    owners = [0] * len(weights) if devices is None else list(devices)
    if not weights or not len(weights) == len(directions) == len(owners):
        raise InputError(
            f"{len(weights)} weights, {len(directions)} directions, {len(owners)} devices: give "
            f"one of each for every train, and at least one train"
        )
    trains = []
    for k, (reading, turns) in enumerate(zip(weights, directions, strict=True)):
        w, d = np.asarray(reading, dtype=np.float64), np.asarray(turns, dtype=np.int64)
        if w.ndim != 1 or d.shape != (w.size - 1,) or not np.isin(d, (-1, 1)).all():
            raise InputError(
                f"train {k}: {w.shape} weights and {d.shape} directions; give one weight more "
                f"than directions, and directions of +1 and -1"
            )
        if not np.isfinite(w).all():
            raise InputError(f"train {k}: weights[{np.argmin(np.isfinite(w))}] is not finite")
        trains.append((np.full(w.size, owners[k]), np.full(w.size, k), np.r_[0, d], w))
    device, cycle, direction, weight = (np.concatenate(part) for part in zip(*trains, strict=True))
    count = int(device.max()) + 1
    if set(device.tolist()) != set(range(count)) or (np.diff(device) < 0).any():
        raise InputError(f"devices = {owners}: number them 0, 1, 2, ... in rising order")
    names = tuple(str(k) for k in range(count))
    return PulseData(device, cycle, direction, weight, names, None, source)
