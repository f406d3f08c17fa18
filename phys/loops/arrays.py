"""The loops that move the weights of an array, written to be read and to be compiled.

`phys.compiler` puts these functions beside the step functions of one law (`up_step`, `down_step`
and the places STEP, LOW, HIGH and WIDTH of a device's coefficients, see `phys.kernels`) and
compiles them with numba; run by the interpreter beside them, they are the oracle of the tests.
Arrays are stored as in `phys.loops.lines`.
"""

import numpy as np

from phys.elementary import F0, F1
from phys.loops.lines import (
    clamp,
    draw_side,
    list_line,
    list_signs,
    normals_into,
    peak_and_count,
    peak_probabilities,
)
from phys.random_bits import child

BLOCK = 256
NOT_NEGATIVE = (1 << 62) - 1

# Below so many rows that fire, pulses are given row by row: long loops take less time than short
# ones, and the devices of a column hardly share cache lines then.
FEW = 16

# A listed pulse is ``device * 64 + slot``, which is also its place among the random numbers.
PULSE_CODES = 64
DEVICE = np.uint64(6)

# What an update adds to its statistics, by place.
UPDATES = 0
WANTED = 1
DELIVERED = 2
ADDRESSED = 3
CLIPPED = 4
PULSES = 5
STATISTICS = 6


def pulse_quietly(w, columns, rows, slots, c, stride):
    """Give all pulses of an update without noise, slot by slot; return how many.

    `columns` and `rows` are (listed, ends) as `phys.loops.lines.list_by_slot` writes them, for
    positive and for negative values; the places of a column and a row add up to a device.
    """
    given = 0
    for slot in range(slots):
        for toward in range(2):
            xs = firing(columns, toward, slot)
            for away in range(2):
                ds = firing(rows, away, slot)
                given += xs.size * ds.size
                outer, inner = (ds, xs) if ds.size < min(xs.size, FEW) else (xs, ds)
                if toward == away:
                    for m in range(outer.size):
                        for t in range(inner.size):
                            i = (outer[m] + inner[t]) & NOT_NEGATIVE
                            o = i * stride
                            w[i] = clamp(w[i] + up_step(w[i], c, o), c[o + LOW], c[o + HIGH])
                else:
                    for m in range(outer.size):
                        for t in range(inner.size):
                            i = (outer[m] + inner[t]) & NOT_NEGATIVE
                            o = i * stride
                            w[i] = clamp(w[i] + down_step(w[i], c, o), c[o + LOW], c[o + HIGH])
    return given


def firing(lines, sign, slot):
    """Return the places of the lines with a value of this sign that fire in a slot."""
    listed, ends = lines
    return listed[sign, ends[sign, slot] : ends[sign, slot + 1]]


def pulse_noisily(w, columns, rows, slots, c, stride, noise, key, draws):
    """Give all pulses of an update with noise, first all upward ones; return how many.

    As `pulse_quietly`, but the places are ``PULSE_CODES`` times as much, so that the sum of a
    column, a row and the slot says all about a pulse. These sums are listed until a block is full:
    drawing the noise of many pulses at once takes a third of the time. A device gets pulses of one
    direction only, so that the directions may follow each other.
    """
    listed, words = draws
    given = 0
    for down in range(2):
        # A plain 0 would have numba compile `give_pulses` for this constant, too.
        count = np.int64(0)
        for slot in range(slots):
            for sign in range(2):
                xs = firing(columns, sign, slot)
                ds = firing(rows, sign if down == 0 else 1 - sign, slot)
                outer, inner = (ds, xs) if ds.size < min(xs.size, FEW) else (xs, ds)
                for m in range(outer.size):
                    if count + inner.size > listed.size:
                        give_pulses(w, listed, count, down, c, stride, noise, key, words)
                        given += count
                        count = 0
                    first = outer[m] + slot
                    for t in range(inner.size):
                        listed[count + t] = first + inner[t]
                    count += inner.size
        give_pulses(w, listed, count, down, c, stride, noise, key, words)
        given += count
    return given


def give_pulses(w, listed, count, down, c, stride, noise, key, words):
    """Give the first `count` of the `listed` pulses, in their order, each with its own noise."""
    xi = normals_into(listed, count, key, words)
    if down == 0:
        for k in range(count):
            i = np.int64(np.uint64(listed[k]) >> DEVICE)
            o = (i * stride) & NOT_NEGATIVE
            step = noisy(up_step(w[i], c, o), xi[k], noise, c, o)
            w[i] = clamp(w[i] + step, c[o + LOW], c[o + HIGH])
    else:
        for k in range(count):
            i = np.int64(np.uint64(listed[k]) >> DEVICE)
            o = (i * stride) & NOT_NEGATIVE
            step = noisy(down_step(w[i], c, o), xi[k], noise, c, o)
            w[i] = clamp(w[i] + step, c[o + LOW], c[o + HIGH])


def noisy(step, xi, noise, c, o):
    """Return ``step (1 + relative xi)``, or with additive noise ``step + dw_min additive xi``."""
    relative, additive = noise
    if additive != F0:
        return step + c[o + STEP] * (additive * xi)
    return step * (F1 + relative * xi)


def update_array(
    weights, c, stride, noise, x, d, gain, pulses, stream, number, scratch, statistics
):
    """Apply one fully parallel stochastic update of ``lr * d x^T`` to an array.

    Parameters
    ----------
    weights : float32 (columns, rows), changed in place.
    c, stride : coefficients of the devices, and how many lie between two devices (0: all equal).
    noise : (relative, additive) standard deviation of a step.
    x, d : float32 (columns,) and (rows,); `d` is the direction in which the rows should move.
    gain : float32, ``lr / (dw_min * pulses)``.
    pulses : slots in a train, at most 64.
    stream : uint64 (3,), keys of the column trains, row trains and cycle noise.
    number : how many updates the array has seen.
    scratch : see `phys.fast.scratch`.
    statistics : float64 (6,), added to.
    """
    statistics[UPDATES] += 1.0
    x_peak, x_count = peak_and_count(x)
    d_peak, d_count = peak_and_count(d)
    if x_count == 0 or d_count == 0:
        return
    p_x, p_d, cut = peak_probabilities(gain, x_peak, d_peak, x_count)
    turn = np.uint64(number)
    columns, rows, draws = scratch
    pitch = place_pitch(noise)
    x_sums = draw_side(
        x, x_count, x_peak, p_x, child(stream[0], turn), pulses, d.size * pitch, columns
    )
    d_sums = draw_side(d, d_count, d_peak, p_d, child(stream[1], turn), pulses, pitch, rows)
    given = pulse_lines(weights, columns, rows, pulses, c, stride, noise, stream, turn, draws)
    count_update(statistics, gain, pulses, x_sums, d_sums, cut, given)


def update_column(
    weights, c, stride, noise, column, d, gain, pulses, stream, number, scratch, statistics
):
    """Apply `update_array` where x is 1 at one `column` and 0 at all others."""
    statistics[UPDATES] += 1.0
    d_peak, d_count = peak_and_count(d)
    if d_count == 0:
        return
    _, p_d, _ = peak_probabilities(gain, F1, d_peak, 1)
    turn = np.uint64(number)
    columns, rows, draws = scratch
    pitch = place_pitch(noise)
    list_line(column * d.size * pitch, pulses, columns)
    d_sums = draw_side(d, d_count, d_peak, p_d, child(stream[1], turn), pulses, pitch, rows)
    given = pulse_lines(weights, columns, rows, pulses, c, stride, noise, stream, turn, draws)
    count_update(statistics, gain, pulses, (1, 0, 1.0, 1.0), d_sums, False, given)


def give_column(
    weights, c, stride, noise, column, signs, count, stream, number, scratch, statistics
):
    """Give the `count` devices of a column that have a sign one pulse in its direction.

    This is `update_column` with a gain of 1 and a train of one slot, in which all lines fire.
    """
    statistics[UPDATES] += 1.0
    pitch = place_pitch(noise)
    if stride == 0 and pitch == 1:
        step_column(weights[column], signs, c)
    else:
        columns, rows, draws = scratch
        list_line(column * signs.size * pitch, 1, columns)
        list_signs(signs, pitch, rows)
        pulse_lines(weights, columns, rows, 1, c, stride, noise, stream, np.uint64(number), draws)
    size = 1.0 * count
    count_update(statistics, F1, 1, (1, 0, 1.0, 1.0), (count, 0, size, size), False, count)


def step_column(w, signs, c):
    """Give one noise-free pulse to equal devices, in the direction of their signs.

    Both directions are computed for every device: so the loop fills vector registers.
    """
    for i in range(w.size):
        v = w[i]
        up = clamp(v + up_step(v, c, 0), c[LOW], c[HIGH])
        down = clamp(v + down_step(v, c, 0), c[LOW], c[HIGH])
        moved = up if signs[i] > F0 else down
        w[i] = moved if signs[i] != F0 else v


def place_pitch(noise):
    """Return by how much a listed place counts devices."""
    return 1 if noise[0] == F0 and noise[1] == F0 else PULSE_CODES


def pulse_lines(weights, columns, rows, pulses, c, stride, noise, stream, turn, draws):
    """Give all pulses of update `turn`, whose lines are listed by slot; return how many."""
    w = weights.reshape(-1)
    xs = columns[2], columns[3]
    ds = rows[2], rows[3]
    if place_pitch(noise) > 1:
        return pulse_noisily(w, xs, ds, pulses, c, stride, noise, child(stream[2], turn), draws)
    if stride == 0:
        return pulse_quietly(w, xs, ds, pulses, c, 0)
    return pulse_quietly(w, xs, ds, pulses, c, WIDTH)


def count_update(statistics, gain, pulses, x_sums, d_sums, cut, given):
    """Add an update to the statistics of an array; the sums are those of `draw_side`."""
    x_count, x_clipped, x_probability, x_total = x_sums
    d_count, d_clipped, d_probability, d_total = d_sums
    statistics[WANTED] += gain * pulses * x_total * d_total
    statistics[DELIVERED] += pulses * x_probability * d_probability
    statistics[ADDRESSED] += x_count * d_count
    whole = 0 if cut else (x_count - x_clipped) * (d_count - d_clipped)
    statistics[CLIPPED] += x_count * d_count - whole
    statistics[PULSES] += given


def step_block(weights, c, stride, direction, start, stop, noise, xi):
    """Give one pulse to the devices from `start` to `stop`, with the noise `xi`."""
    for device in range(start, stop):
        o = device * stride
        w = weights[device]
        step = up_step(w, c, o) if direction > 0 else down_step(w, c, o)
        step = noisy(step, xi[device - start], noise, c, o)
        weights[device] = clamp(w + step, c[o + LOW], c[o + HIGH])


def step_block_quietly(weights, c, stride, direction, start, stop):
    """Give one noise-free pulse to the devices from `start` to `stop`."""
    if direction > 0:
        for device in range(start, stop):
            o = device * stride
            w = weights[device]
            weights[device] = clamp(w + up_step(w, c, o), c[o + LOW], c[o + HIGH])
    else:
        for device in range(start, stop):
            o = device * stride
            w = weights[device]
            weights[device] = clamp(w + down_step(w, c, o), c[o + LOW], c[o + HIGH])


def alternate(weights, c, stride, noise, directions, stream, number):
    """Give every device of the flat array `weights` one pulse per entry of `directions`, in turn.

    Block by block, so that a block stays in the cache for all its pulses.
    """
    quiet = noise[0] == F0 and noise[1] == F0
    listed = np.empty(BLOCK, np.int64)
    words = (np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.float32))
    for start in range(0, weights.size, BLOCK):
        stop = min(start + BLOCK, weights.size)
        for device in range(start, stop):
            listed[device - start] = device * PULSE_CODES
        for n in range(directions.size):
            if quiet and stride == 0:
                step_block_quietly(weights, c, 0, directions[n], start, stop)
            elif quiet:
                step_block_quietly(weights, c, WIDTH, directions[n], start, stop)
            else:
                key = child(stream[2], np.uint64(number + n))
                xi = normals_into(listed, stop - start, key, words)
                step_block(weights, c, stride, directions[n], start, stop, noise, xi)


WITHOUT_LAW = ("firing", "place_pitch", "count_update")
"""What is compiled once for all laws, beside `phys.loops.lines`."""

OF_A_LAW = (
    "pulse_quietly",
    "pulse_noisily",
    "give_pulses",
    "noisy",
    "update_array",
    "update_column",
    "give_column",
    "step_column",
    "pulse_lines",
    "step_block",
    "step_block_quietly",
    "alternate",
)
KERNELS = (*WITHOUT_LAW, *OF_A_LAW)
CALLED_FROM_PYTHON = ("update_array", "alternate")
