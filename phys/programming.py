"""Ways to programme an array: all devices in parallel, row by row, device by device.

All three give every device the same pulses, from the same trains, in the same order; they differ
in which lines are driven at the same time, and so in how long an update of N x N devices takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from phys import checked
from phys.timing import Timing

MODES = ("parallel", "rows", "devices")
SIGNS = ((1, 1), (-1, -1), (1, -1), (-1, 1))


@dataclass(frozen=True)
class SubPhase:
    """Lines that are driven together, and with which polarity.

    Attributes
    ----------
    columns, rows : int64
        Line numbers, rising.
    polarity : int
        +1: their devices get up pulses, -1: down pulses.
    """

    columns: np.ndarray
    rows: np.ndarray
    polarity: int


def sub_phases(x: np.ndarray, d: np.ndarray, mode: str = "parallel") -> Iterator[SubPhase]:
    """Yield the sub-phases of one update; those without lines are skipped.

    In one sub-phase the devices that may switch are {rows driven} x {columns driven}, all in one
    direction. So signed `x` and `d` need four, (+,+) and (-,-) up, (+,-) and (-,+) down, in this
    order, and ``x >= 0`` needs two.

    Parameters
    ----------
    x, d : (columns,) and (rows,)
    mode : str
        "parallel"; "rows": the same for one row at a time; "devices": for one device at a time.

    Examples
    --------
    >>> x, d = np.array([1.0, 0.0, 2.0]), np.array([1.0, -1.0])
    >>> [len(list(sub_phases(x, d, mode))) for mode in MODES]
    [2, 2, 4]
    """
    checked.choice("mode", mode, MODES)
    columns = {s: np.nonzero(x * s > 0)[0] for s in (1, -1)}
    rows = {s: np.nonzero(d * s > 0)[0] for s in (1, -1)}
    if mode == "parallel":
        for sx, sd in SIGNS:
            if columns[sx].size and rows[sd].size:
                yield SubPhase(columns[sx], rows[sd], sx * sd)
        return
    for row in np.nonzero(d)[0]:
        for sx in (1, -1):
            polarity = sx if d[row] > 0 else -sx
            if mode == "rows":
                if columns[sx].size:
                    yield SubPhase(columns[sx], np.array([row]), polarity)
            else:
                for column in columns[sx]:
                    yield SubPhase(np.array([column]), np.array([row]), polarity)


def update_ns(
    x: np.ndarray, d: np.ndarray, pulses: int, timing: Timing, mode: str = "parallel"
) -> float:
    """Return how long an update takes from theory: sub-phases times slots times the slot period.

    That is O(1) in the size of the array in parallel, O(N) row by row, O(N^2) device by device.

    Examples
    --------
    >>> x, d = np.ones(100), np.ones(100)
    >>> [update_ns(x, d, 10, Timing(), mode) for mode in MODES]
    [50.0, 5000.0, 500000.0]
    """
    checked.choice("mode", mode, MODES)
    counts = [(int((x * s > 0).sum()), int((d * s > 0).sum())) for s in (1, -1)]
    (x_up, d_up), (x_down, d_down) = counts
    if mode == "parallel":
        phases = sum(1 for a in (x_up, x_down) for b in (d_up, d_down) if a and b)
    elif mode == "rows":
        phases = (d_up + d_down) * ((x_up > 0) + (x_down > 0))
    else:
        phases = (d_up + d_down) * (x_up + x_down)
    total = phases * pulses * timing.slot_fs + max(phases - 1, 0) * timing.phase_gap_fs
    return total / 1e6
