"""What an update in events returns, and what is counted while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from phys.crossbar import UpdateResult
from phys.trace import Trace


@dataclass(frozen=True)
class EventResult(UpdateResult):
    """What one update did, with its course in time.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns.
    devices, counts : int64
        Devices that got pulses (``column * rows + row``), and how many each got.
    coincidences : int
        Pairs of a row and a column pulse of one slot, by the trains.
    lost : int
        Coincidences that switched nothing: too short an overlap, or none at all.
    stray : int
        Pulses from lines of different slots that met: timing so far off that trains mix.
    partial : int
        Pulses, out of `pulses`, that switched only a part of a step.
    start_ns, time_ns : float
        When the update began on the clock, and how long it took.
    energy_fj : float
    trace : Trace or None

    Notes
    -----
    ``pulses == coincidences - lost + stray``.
    """

    shape: tuple[int, int]
    devices: np.ndarray = field(repr=False)
    counts: np.ndarray = field(repr=False)
    coincidences: int
    lost: int
    stray: int
    partial: int
    start_ns: float
    time_ns: float
    energy_fj: float
    trace: Trace | None = field(repr=False)

    @property
    def pulses_per_device(self) -> np.ndarray:
        """Pulses that each device got, int64 (rows, cols)."""
        rows, cols = self.shape
        table = np.zeros(rows * cols, dtype=np.int64)
        table[self.devices] = self.counts
        return table.reshape(cols, rows).T


class Tally:
    """What is counted while an operation runs."""

    def __init__(self) -> None:
        self.devices: list[np.ndarray] = []
        self.stray = self.partial = 0
        self.overlap_fs = 0

    def pulses(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the devices that got pulses, and how many each got."""
        every = np.concatenate([np.zeros(0, dtype=np.int64), *self.devices])
        devices, counts = np.unique(every, return_counts=True)
        return devices, counts
