"""The loops that move the weights of an array, written to be read and to be compiled.

`phys.compiler` puts these functions beside the step functions of one law (`up_step`, `down_step`
and the places STEP, LOW, HIGH and WIDTH of a device's coefficients, see `phys.kernels`) and
compiles them with numba; run by the interpreter beside them, they are the oracle of the tests.
Arrays are stored as in `phys.loops`.
"""

import numpy as np

from phys.elementary import F0, F1
from phys.loops import (
    clamp,
    draw_trains,
    normals_into,
    peak_and_count,
    peak_probabilities,
    sort_by_slot,
)
from phys.random_bits import child

UP = 1
DOWN = -1
BLOCK = 256
NOT_NEGATIVE = (1 << 62) - 1
FIRST_SLOT = np.uint64(0)

# What an update adds to its statistics, by place.
UPDATES = 0
WANTED = 1
DELIVERED = 2
ADDRESSED = 3
CLIPPED = 4
PULSES = 5
STATISTICS = 6


def pulse_pairs(
    w, x_lines, x_count, d_lines, d_count, direction, c, stride, noise, key, slot, draws
):
    """Give one pulse to every device where one of the column lines meets one of the row lines.

    `x_lines` holds the place of each column's first device; a row line is added to it.

    Block by block: list the devices, draw their noise, move them.
    """
    devices, words = draws
    group = devices.size // d_count
    for start in range(0, x_count, group):
        count = 0
        for m in range(start, min(start + group, x_count)):
            first = x_lines[m]
            for t in range(d_count):
                devices[count + t] = first + d_lines[t]
            count += d_count
        xi = normals_into(devices, count, key, slot, words)
        move(w, devices, count, direction, c, stride, noise, xi)


def move(w, devices, count, direction, c, stride, noise, xi):
    """Give one pulse with the noise `xi` to each of the first `count` of `devices`.

    That a place is not negative is written out, which spares the compiled code the question.
    """
    if direction > 0:
        for k in range(count):
            i = devices[k] & NOT_NEGATIVE
            o = (i * stride) & NOT_NEGATIVE
            step = noisy(up_step(w[i], c, o), xi[k], noise, c, o)
            w[i] = clamp(w[i] + step, c[o + LOW], c[o + HIGH])
    else:
        for k in range(count):
            i = devices[k] & NOT_NEGATIVE
            o = (i * stride) & NOT_NEGATIVE
            step = noisy(down_step(w[i], c, o), xi[k], noise, c, o)
            w[i] = clamp(w[i] + step, c[o + LOW], c[o + HIGH])


def pulse_pairs_quietly(w, x_lines, x_count, d_lines, d_count, direction, c, stride):
    """Do the same as `pulse_pairs` without noise."""
    for m in range(x_count):
        first = x_lines[m]
        if direction > 0:
            for t in range(d_count):
                i = (first + d_lines[t]) & NOT_NEGATIVE
                o = (i * stride) & NOT_NEGATIVE
                w[i] = clamp(w[i] + up_step(w[i], c, o), c[o + LOW], c[o + HIGH])
        else:
            for t in range(d_count):
                i = (first + d_lines[t]) & NOT_NEGATIVE
                o = (i * stride) & NOT_NEGATIVE
                w[i] = clamp(w[i] + down_step(w[i], c, o), c[o + LOW], c[o + HIGH])


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
    sort_by_slot(d, index, trains, fired, pulses, 1, lines[1], counts[1])
    fired, _, clipped_x, total_x = draw_trains(
        x, x_peak, p_x, child(stream[0], turn), pulses, index, keys, thresholds, trains
    )
    sort_by_slot(x, index, trains, fired, pulses, rows, lines[0], counts[0])
    noise_key = child(stream[2], turn)
    quiet = noise[0] == F0 and noise[1] == F0
    delivered = 0
    for s in range(pulses):
        for toward in range(2):
            for away in range(2):
                n, m = counts[0, toward, s], counts[1, away, s]
                if n == 0 or m == 0:
                    continue
                delivered += n * m
                x_lines, d_lines = lines[0, toward, s], lines[1, away, s]
                direction = UP if toward == away else DOWN
                if not quiet:
                    pulse_pairs(
                        w,
                        x_lines,
                        n,
                        d_lines,
                        m,
                        direction,
                        c,
                        stride,
                        noise,
                        noise_key,
                        np.uint64(s),
                        draws,
                    )
                elif stride == 0:
                    pulse_pairs_quietly(w, x_lines, n, d_lines, m, direction, c, 0)
                else:
                    pulse_pairs_quietly(w, x_lines, n, d_lines, m, direction, c, WIDTH)
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
    statistics[PULSES] += delivered


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
    devices = np.empty(BLOCK, np.int64)
    words = (np.empty(BLOCK, np.int32), np.empty(BLOCK, np.int32), np.empty(BLOCK, np.float32))
    for start in range(0, weights.size, BLOCK):
        stop = min(start + BLOCK, weights.size)
        for device in range(start, stop):
            devices[device - start] = device
        for n in range(directions.size):
            if quiet and stride == 0:
                step_block_quietly(weights, c, 0, directions[n], start, stop)
            elif quiet:
                step_block_quietly(weights, c, WIDTH, directions[n], start, stop)
            else:
                noise_key = child(stream[2], np.uint64(number + n))
                xi = normals_into(devices, stop - start, noise_key, FIRST_SLOT, words)
                step_block(weights, c, stride, directions[n], start, stop, noise, xi)


KERNELS = (
    "pulse_pairs",
    "move",
    "pulse_pairs_quietly",
    "noisy",
    "update_array",
    "step_block",
    "step_block_quietly",
    "alternate",
)
