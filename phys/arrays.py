"""The fast engine without numba: NumPy over many devices at once, with the same bits.

The order of every sum and of the pulses on a device is that of `phys.loops.lines` and
`phys.loops.arrays`; the tests hold them together. It also serves devices whose steps are Python
functions.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from phys.elementary import F1, normal_from_bits
from phys.loops import arrays as array_loops
from phys.pulses import UpdatePlan, plan_update, update_key
from phys.random_bits import SLOTS_PER_DEVICE, U1, child
from phys.simd import LANES

if TYPE_CHECKING:
    from phys.crossbar import Crossbar

# Devices handled at once: no temporary array is as large as a large array of devices.
BLOCK = 2**17


def forward(weights: np.ndarray, reference: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Compute ``y = (w - r) x`` for every row of `x`, columns added in rising order."""
    y = np.zeros((x.shape[0], weights.shape[1]), dtype=np.float32)
    for n, row in enumerate(x):
        index = np.nonzero(row)[0]
        for part in _blocks(index, weights.shape[1]):
            terms = np.empty((part.size + 1, weights.shape[1]), dtype=np.float32)
            terms[0] = y[n]
            terms[1:] = row[part, None] * (weights[part] - reference[part])
            y[n] = np.add.accumulate(terms, axis=0)[-1]
    return y


def backward(weights: np.ndarray, reference: np.ndarray, d: np.ndarray) -> np.ndarray:
    """Compute ``z = (w - r)^T d`` for every row of `d`, in the sixteen-lane order."""
    columns, rows = weights.shape
    groups = -(-rows // LANES)
    z = np.zeros((d.shape[0], columns), dtype=np.float32)
    for n, direction in enumerate(d):
        for part in _blocks(np.arange(columns), rows):
            terms = np.zeros((part.size, (groups + 1) * LANES), dtype=np.float32)
            terms[:, LANES : LANES + rows] = direction * (weights[part] - reference[part])
            lanes = np.add.accumulate(terms.reshape(part.size, groups + 1, LANES), axis=1)[:, -1]
            half = LANES // 2
            while half:
                lanes = lanes[:, :half] + lanes[:, half:]
                half //= 2
            z[n, part] = lanes[:, 0]
    return z


def _blocks(columns: np.ndarray, rows: int) -> Iterator[np.ndarray]:
    """Part a list of columns, so that a part with `rows` devices in each column is a block."""
    size = max(1, BLOCK // rows)
    for start in range(0, columns.size, size):
        yield columns[start : start + size]


def give_pulses(
    crossbar: Crossbar,
    device: np.ndarray,
    up: bool,
    noise_key: Any,
    slot: Any,
    fraction: np.ndarray | None = None,
    start: np.ndarray | None = None,
) -> np.ndarray:
    """Give one pulse to each of the devices `device` (flat places, no two alike).

    Parameters
    ----------
    noise_key, slot : uint64 and int, scalars or one of each per device
    fraction : float32, optional
        Part of its step that each device takes, where timing is not ideal.
    start : float32, optional
        Weights at which the steps are computed, where they are not the stored ones.

    Returns
    -------
    float32
        How far each device moved.
    """
    weights, table = crossbar.columns.reshape(-1), _coefficients(crossbar, device)
    w = weights[device]
    place = w if start is None else start
    moved = _moved(crossbar, w, place, table.T, device, up, noise_key, slot, fraction)
    _put_back(crossbar, device, moved, table)
    return np.asarray(moved - w)


def _coefficients(crossbar: Crossbar, device: np.ndarray) -> np.ndarray:
    """Return the coefficients of devices: a copy of theirs, or those that all share."""
    table = crossbar.coefficients
    return table[device] if table.shape[0] > 1 else table


def _put_back(
    crossbar: Crossbar, device: np.ndarray, weights: np.ndarray, table: np.ndarray
) -> None:
    """Store the weights of devices, and their hidden numbers, which are among the coefficients."""
    crossbar.columns.reshape(-1)[device] = weights
    if crossbar.hidden_places and table is not crossbar.coefficients:
        crossbar.coefficients[device] = table


def _moved(
    crossbar: Crossbar,
    w: np.ndarray,
    place: np.ndarray,
    c: np.ndarray,
    device: np.ndarray,
    up: bool,
    noise_key: Any,
    slot: Any,
    fraction: np.ndarray | None,
) -> np.ndarray:
    """Return the weights `w` after a pulse whose step is that at the weights `place`."""
    kernel, noise = crossbar.kernel, crossbar.noise
    step = kernel.up_step(place, c, 0) if up else kernel.down_step(place, c, 0)
    if noise[0] != 0 or noise[1] != 0:
        draw = device.astype(np.uint64) * SLOTS_PER_DEVICE + np.asarray(slot, dtype=np.uint64)
        xi = normal_from_bits(child(noise_key, draw))
        if noise[1] != 0:
            step = step + c[kernel.step_place] * (noise[1] * xi)
        else:
            step = step * (F1 + noise[0] * xi)
    if fraction is not None:
        step = step * fraction
    return np.asarray(np.minimum(np.maximum(w + step, c[kernel.low_place]), c[kernel.high_place]))


def update(
    crossbar: Crossbar,
    x: np.ndarray,
    d: np.ndarray,
    gain: np.float32,
    pulses: int,
    fractions: np.ndarray | None = None,
) -> None:
    """Apply one parallel stochastic update.

    `fractions`, float32 (columns, rows), is the part of a step that each device takes where
    timing is not ideal; a device with 0 gets no pulse.
    """
    number, rows, given = crossbar.updates, d.size, 0
    crossbar.statistics[array_loops.UPDATES] += 1
    plan = plan_update(x, d, gain, pulses, crossbar.streams, number)
    if plan is None:
        return
    noise_key = update_key(crossbar.streams[2], number)
    part = None if fractions is None else fractions.reshape(-1)
    i = np.flatnonzero(plan.rows.bits)
    for j in _blocks(np.flatnonzero(plan.columns.bits), max(i.size, 1)):
        trains = (plan.columns.bits[j, None] & plan.rows.bits[i]).reshape(-1)
        hit = trains != 0
        if part is not None:
            hit &= part[j[:, None] * rows + i].reshape(-1) > 0
        place = np.flatnonzero(hit)
        a, b = np.divmod(place, i.size)
        device, trains = j[a] * rows + i[b], trains[place]
        up = (x[j] > 0)[a] == (d[i] > 0)[b]
        given += int(np.bitwise_count(trains).sum())
        for direction, chosen in ((True, up), (False, ~up)):
            _give_trains(crossbar, device[chosen], trains[chosen], direction, noise_key, part)
    count_update(crossbar, plan, given)


def _give_trains(
    crossbar: Crossbar,
    device: np.ndarray,
    trains: np.ndarray,
    up: bool,
    noise_key: Any,
    part: np.ndarray | None,
) -> None:
    """Give each device the pulses of its own train.

    No device waits for another one: all get their first pulse, then their second, in whatever slots
    these are. Most get one or two, and those that get most stand first.
    """
    if not device.size:
        return
    count = np.bitwise_count(trains)
    order = np.argsort(count)[::-1]
    device, trains = device[order], trains[order]
    weights, table = crossbar.columns.reshape(-1)[device], _coefficients(crossbar, device)
    fraction = None if part is None else part[device]
    for more in (device.size - np.cumsum(np.bincount(count)[:-1])).tolist():
        w, train = weights[:more], trains[:more]
        slot = np.bitwise_count(~train & (train - U1)) if any(crossbar.noise) else 0
        fractions = None if fraction is None else fraction[:more]
        c = table.T[:, :more]
        w[...] = _moved(crossbar, w, w, c, device[:more], up, noise_key, slot, fractions)
        train &= train - U1
    _put_back(crossbar, device, weights, table)


def count_update(crossbar: Crossbar, plan: UpdatePlan, given: int) -> None:
    """Add an update that gave `given` pulses to the statistics of the array."""
    crossbar.statistics[array_loops.WANTED] += plan.wanted
    crossbar.statistics[array_loops.DELIVERED] += plan.delivered
    crossbar.statistics[array_loops.ADDRESSED] += plan.addressed
    crossbar.statistics[array_loops.CLIPPED] += plan.clipped
    crossbar.statistics[array_loops.PULSES] += given


def alternate(crossbar: Crossbar, directions: np.ndarray) -> None:
    """Give every device one pulse per entry of `directions` (+1 up, -1 down), in turn."""
    keys = [update_key(crossbar.streams[2], crossbar.updates + n) for n in range(directions.size)]
    for start in range(0, crossbar.columns.size, BLOCK):
        block = np.arange(start, min(start + BLOCK, crossbar.columns.size))
        for key, direction in zip(keys, directions, strict=True):
            give_pulses(crossbar, block, direction > 0, key, 0)
