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
    draw_trains,
    normals_into,
    peak_and_count,
    peak_probabilities,
    sort_by_slot,
)
from phys.random_bits import child

BLOCK = 256
NOT_NEGATIVE = (1 << 62) - 1

# A listed pulse is ``(device * 64 + slot) * 2``, plus 1 if it is a downward one.
PULSE_CODES = 128
DEVICE = np.uint64(7)

# What an update adds to its statistics, by place.
UPDATES = 0
WANTED = 1
DELIVERED = 2
ADDRESSED = 3
CLIPPED = 4
PULSES = 5
STATISTICS = 6


def pulse_quietly(w, lines, counts, slots, c, stride):
    """Give all pulses of an update without noise, slot by slot; return how many.

    ``lines[0, 0, s]`` and ``lines[0, 1, s]`` list the first device of each column line that fires
    in slot `s` with a positive or a negative value, ``lines[1]`` the row lines; `counts` says how
    many.
    """
    given = 0
    for s in range(slots):
        for toward in range(2):
            for away in range(2):
                x_count, d_count = counts[0, toward, s], counts[1, away, s]
                given += x_count * d_count
                d_lines = lines[1, away, s]
                for m in range(x_count):
                    first = lines[0, toward, s, m]
                    if toward == away:
                        for t in range(d_count):
                            i = (first + d_lines[t]) & NOT_NEGATIVE
                            o = i * stride
                            w[i] = clamp(w[i] + up_step(w[i], c, o), c[o + LOW], c[o + HIGH])
                    else:
                        for t in range(d_count):
                            i = (first + d_lines[t]) & NOT_NEGATIVE
                            o = i * stride
                            w[i] = clamp(w[i] + down_step(w[i], c, o), c[o + LOW], c[o + HIGH])
    return given


def pulse_noisily(w, lines, counts, slots, c, stride, noise, key, draws):
    """Give all pulses of an update with noise; return how many.

    As `pulse_quietly`, but `lines` hold ``PULSE_CODES`` times as much, so that the sum of a column,
    a row, twice the slot and 1 for a downward pulse says all about a pulse. These sums are listed
    until a block is full: drawing the noise of many pulses at once takes a third of the time.
    """
    listed, words = draws
    given = 0
    count = 0
    for s in range(slots):
        for toward in range(2):
            for away in range(2):
                d_count = counts[1, away, s]
                d_lines = lines[1, away, s]
                code = 2 * s + (0 if toward == away else 1)
                for m in range(counts[0, toward, s]):
                    if count + d_count > listed.size:
                        give_pulses(w, listed, count, c, stride, noise, key, words)
                        given += count
                        count = 0
                    first = lines[0, toward, s, m] + code
                    for t in range(d_count):
                        listed[count + t] = first + d_lines[t]
                    count += d_count
    give_pulses(w, listed, count, c, stride, noise, key, words)
    return given + count


def give_pulses(w, listed, count, c, stride, noise, key, words):
    """Give the first `count` of the `listed` pulses, in their order, each with its own noise."""
    xi = normals_into(listed, count, key, words)
    for k in range(count):
        i = np.int64(np.uint64(listed[k]) >> DEVICE)
        o = (i * stride) & NOT_NEGATIVE
        v = w[i]
        step = down_step(v, c, o) if listed[k] & 1 else up_step(v, c, o)
        w[i] = clamp(v + noisy(step, xi[k], noise, c, o), c[o + LOW], c[o + HIGH])


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
    scratch : (index, words, lines, counts, draws), see `phys.fast.scratch`.
    statistics : float64 (6,), added to.
    """
    columns, rows = weights.shape
    index, words, lines, counts, draws = scratch
    w = weights.reshape(-1)
    statistics[UPDATES] += 1.0
    x_peak, x_count = peak_and_count(x)
    d_peak, d_count = peak_and_count(d)
    if x_count == 0 or d_count == 0:
        return
    p_x, p_d, cut = peak_probabilities(gain, x_peak, d_peak, x_count)
    turn = np.uint64(number)
    keys, thresholds, trains = words
    fired, _, clipped_d, total_d = draw_trains(
        d, d_peak, p_d, child(stream[1], turn), pulses, index, keys, thresholds, trains
    )
    quiet = noise[0] == F0 and noise[1] == F0
    pitch = 1 if quiet else PULSE_CODES
    sort_by_slot(d, index, trains, fired, pulses, pitch, lines[1], counts[1])
    fired, _, clipped_x, total_x = draw_trains(
        x, x_peak, p_x, child(stream[0], turn), pulses, index, keys, thresholds, trains
    )
    sort_by_slot(x, index, trains, fired, pulses, rows * pitch, lines[0], counts[0])
    if not quiet:
        key = child(stream[2], turn)
        given = pulse_noisily(w, lines, counts, pulses, c, stride, noise, key, draws)
    elif stride == 0:
        given = pulse_quietly(w, lines, counts, pulses, c, 0)
    else:
        given = pulse_quietly(w, lines, counts, pulses, c, WIDTH)
    x_total = 0.0
    for j in range(columns):
        x_total += abs(x[j])
    d_total = 0.0
    for i in range(rows):
        d_total += abs(d[i])
    statistics[WANTED] += gain * pulses * x_total * d_total
    statistics[DELIVERED] += pulses * total_x * total_d
    statistics[ADDRESSED] += x_count * d_count
    whole = 0 if cut else (x_count - clipped_x) * (d_count - clipped_d)
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


KERNELS = (
    "pulse_quietly",
    "pulse_noisily",
    "give_pulses",
    "noisy",
    "update_array",
    "step_block",
    "step_block_quietly",
    "alternate",
)
