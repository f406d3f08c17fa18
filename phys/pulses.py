"""Stochastic pulse trains and update management, for whole lines at a time.

A column line j fires in a slot with probability p_j, a row line i with q_i; where both fire, the
device between them gets one pulse with the sign of ``d_i x_j``. The number of pulses is binomial
with mean ``pulses * p_j * q_i``, which is ``lr |d_i x_j| / dw_min`` where no probability clips
(Gokmen and Vlasov, Front. Neurosci. 10:333, 2016).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phys.loops.lines import TWO_32, peak_probabilities
from phys.random_bits import (
    COLUMN_TRAIN,
    CYCLE_NOISE,
    LOW_32,
    ROW_TRAIN,
    U1,
    U32,
    child,
    stream_key,
)

MAX_PULSES = 64


def update_gain(lr: float, dw_min: float, pulses: int) -> np.float32:
    """Return ``lr / (dw_min * pulses)``, the product of the firing probabilities at x = d = 1."""
    return np.float32(lr / (dw_min * pulses))


def array_streams(seed: int) -> np.ndarray:
    """Return the keys of an array's column trains, row trains and cycle noise, uint64 (3,)."""
    return np.array(
        [stream_key(seed, int(s)) for s in (COLUMN_TRAIN, ROW_TRAIN, CYCLE_NOISE)], dtype=np.uint64
    )


def update_key(stream: np.uint64, number: int) -> np.uint64:
    """Return the key of update `number` in a stream."""
    with np.errstate(over="ignore"):
        return np.uint64(child(np.uint64(stream), np.uint64(number)))


@dataclass(frozen=True)
class Trains:
    """The trains of all lines of one side in one update.

    Attributes
    ----------
    bits : uint64 (lines,)
        Bit `s` of a line's word: the line fires in slot `s`.
    probability : float32 (lines,)
        Chance to fire in a slot, after clipping at 1.
    clipped : bool (lines,)
        Where more than 1 was wanted.
    """

    bits: np.ndarray
    probability: np.ndarray
    clipped: np.ndarray

    def firing(self, slot: int) -> np.ndarray:
        """Return the lines that fire in `slot`, in rising order."""
        return np.nonzero((self.bits >> np.uint64(slot)) & U1)[0]


def draw_line_trains(values: np.ndarray, p_peak: np.float32, key: np.uint64, pulses: int) -> Trains:
    """Draw the trains of lines that carry `values`, float32; the largest fires with `p_peak`.

    Same bits as `phys.loops.lines.draw_side`.
    """
    size = np.abs(values)
    wanted = size / size.max() * p_peak
    clipped = wanted > np.float32(1)
    probability = np.minimum(wanted, np.float32(1))
    active = np.nonzero(values)[0]
    threshold = (probability[active] * TWO_32).astype(np.uint64)
    keys = child(key, active.astype(np.uint64))
    # One hash for two slots, see `phys.random_bits.slot_word`: a row of words per pair of slots.
    words = child(keys, np.arange((pulses + 1) // 2, dtype=np.uint64)[:, None])
    fires = np.stack(((words & LOW_32) < threshold, (words >> U32) < threshold), axis=1)
    fires = fires.reshape(-1, active.size)[:pulses]
    slots = np.arange(pulses, dtype=np.uint64)[:, None]
    bits = np.zeros(values.size, dtype=np.uint64)
    bits[active] = np.bitwise_or.reduce(fires.astype(np.uint64) << slots, axis=0)
    return Trains(bits, probability, clipped & (values != 0))


@dataclass(frozen=True)
class UpdatePlan:
    """The column and row trains of one update, and what they deliver on average.

    Attributes
    ----------
    columns, rows : Trains
    wanted : float
        Sum over the devices of ``lr |d_i x_j| / dw_min``, in pulses.
    delivered : float
        The same after cutting and clipping.
    addressed, clipped : int
        Devices with a wanted change, and those of them that cannot get all of it.
    """

    columns: Trains
    rows: Trains
    wanted: float
    delivered: float
    addressed: int
    clipped: int


def plan_update(
    x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int, streams: np.ndarray, number: int
) -> UpdatePlan | None:
    """Plan update `number` of an array; None where `x` or `d` is all zero.

    Parameters
    ----------
    x, d : float32 (columns,) and (rows,)
    gain : float32
        From `update_gain`.
    pulses : int
        Slots in a train, 1 to 64.
    streams : uint64 (3,)
        From `array_streams`.
    """
    x_count, d_count = np.count_nonzero(x), np.count_nonzero(d)
    if not x_count or not d_count:
        return None
    x_peak, d_peak = np.abs(x).max(), np.abs(d).max()
    p_x, p_d, cut = peak_probabilities(gain, x_peak, d_peak, x_count)
    columns = draw_line_trains(x, p_x, update_key(streams[0], number), pulses)
    rows = draw_line_trains(d, p_d, update_key(streams[1], number), pulses)
    whole = 0 if cut else (x_count - columns.clipped.sum()) * (d_count - rows.clipped.sum())
    return UpdatePlan(
        columns,
        rows,
        wanted=float(gain)
        * pulses
        * float(np.abs(x).sum(dtype=float) * np.abs(d).sum(dtype=float)),
        delivered=pulses
        * float(columns.probability.sum(dtype=float) * rows.probability.sum(dtype=float)),
        addressed=int(x_count * d_count),
        clipped=int(x_count * d_count - whole),
    )
