"""The loops over lines and devices of one array, written to be read and to be compiled.

A loop does what its sentence says, one device at a time. `phys.compiler` puts these functions
beside the step functions of one law and compiles them with numba; run by the interpreter as they
stand, they are the oracle of the tests.

Arrays of devices are stored column by column: ``weights[j, i]`` is the device of column line `j`
and row line `i`, so that the devices of one column line lie side by side. A column line that
carries a zero is skipped, and most of an image is zero. Sums run in a fixed order, so that every
engine finds the same bits.
"""

import numpy as np

from phys.elementary import (
    F0,
    F1,
    HALF,
    QUANTILE_SPLIT,
    TWO_M32,
    U33,
    central_quantile,
    tail_quantile,
)
from phys.random_bits import LOW_32, SLOTS_PER_DEVICE, U1, U32, child
from phys.simd import lane_dot

TWO_32 = np.float32(2.0**32)
U0 = np.uint64(0)
UP = 1
DOWN = -1
BLOCK = 256

# What an update adds to its statistics, by place.
UPDATES = 0
WANTED = 1
DELIVERED = 2
ADDRESSED = 3
CLIPPED = 4
PULSES = 5
STATISTICS = 6


def forward_into(weights, reference, x, index, y):
    """Compute ``y_i = sum_j x_j (w_ji - r_ji)``, adding the columns in rising order of `j`.

    Four columns are added in one pass, from left to right, so that `y` is loaded and stored once.
    """
    columns, rows = weights.shape
    count = 0
    for j in range(columns):
        if x[j] != F0:
            index[count] = j
            count += 1
    for i in range(rows):
        y[i] = F0
    k = 0
    while k + 4 <= count:
        a, b, c, d = index[k], index[k + 1], index[k + 2], index[k + 3]
        xa, xb, xc, xd = x[a], x[b], x[c], x[d]
        for i in range(rows):
            y[i] = (
                y[i]
                + xa * (weights[a, i] - reference[a, i])
                + xb * (weights[b, i] - reference[b, i])
                + xc * (weights[c, i] - reference[c, i])
                + xd * (weights[d, i] - reference[d, i])
            )
        k += 4
    while k < count:
        a = index[k]
        xa = x[a]
        for i in range(rows):
            y[i] += xa * (weights[a, i] - reference[a, i])
        k += 1


def backward_into(weights, reference, d, z):
    """Compute ``z_j = sum_i d_i (w_ji - r_ji)``, each sum in the sixteen-lane order."""
    for j in range(weights.shape[0]):
        z[j] = lane_dot(weights[j], reference[j], d)


def forward_batch(weights, reference, x, y):
    """Apply `forward_into` to every row of `x`."""
    index = np.empty(weights.shape[0], np.int64)
    for n in range(x.shape[0]):
        forward_into(weights, reference, x[n], index, y[n])


def backward_batch(weights, reference, d, z):
    """Apply `backward_into` to every row of `d`."""
    for n in range(d.shape[0]):
        backward_into(weights, reference, d[n], z[n])


def peak_and_count(values):
    """Return the largest magnitude and the number of values that are not zero."""
    peak = F0
    count = 0
    for k in range(values.size):
        size = abs(values[k])
        if size > peak:
            peak = size
        if size > F0:
            count += 1
    return peak, count


def peak_probabilities(gain, x_peak, d_peak, x_count):
    """Return the firing probabilities of the strongest column and row, and whether they are cut.

    Their product is ``gain * x_peak * d_peak`` with ``gain = lr / (dw_min * pulses)``, and update
    management makes the two equal. A product above 1 cannot be delivered. It is cut to 1, so that
    all devices get the same share of what they should get: if single lines were clipped instead,
    the strong ones would lose and the weak ones not, and the sum of many updates would point
    elsewhere (softmax errors, one large and many small ones of the other sign, drive an array
    into its bound that way). Where one column alone carries a value, as in a transfer, it fires in
    every slot and the rows take the product, so that only the rows above 1 are clipped.
    """
    product = gain * x_peak * d_peak
    if x_count == 1:
        return F1, product, False
    if product > F1:
        return F1, F1, True
    balanced = np.sqrt(product)
    return balanced, balanced, False


def draw_trains(values, peak, p_peak, key, pulses, index, keys, thresholds, trains):
    """Draw the pulse trains of the lines that carry `values`; bit `s` of a train is slot `s`.

    Line `k` fires in a slot with probability ``min(1, |value_k| / peak * p_peak)``: it fires where
    the slot's 32 random bits, an integer, are below ``2**32`` times that.

    Returns the number of lines that fire at all (they stand first in `index` and `trains`), the
    number of lines that carry a value, the number of clipped lines and the sum of probabilities.
    """
    count = 0
    clipped = 0
    total = 0.0
    for line in range(values.size):
        if values[line] != F0:
            p = abs(values[line]) / peak * p_peak
            if p > F1:
                p = F1
                clipped += 1
            total += p
            index[count] = line
            keys[count] = child(key, np.uint64(line))
            thresholds[count] = np.uint64(p * TWO_32)
            trains[count] = U0
            count += 1
    for pair in range((pulses + 1) // 2):
        even = np.uint64(2 * pair)
        odd = even + U1 if 2 * pair + 1 < pulses else even
        both = U1 if odd != even else U0
        for k in range(count):
            bits = child(keys[k], np.uint64(pair))
            low = np.uint64((bits & LOW_32) < thresholds[k])
            high = np.uint64((bits >> U32) < thresholds[k]) & both
            trains[k] |= (low << even) | (high << odd)
    fired = 0
    for k in range(count):
        if trains[k] != U0:
            index[fired] = index[k]
            trains[fired] = trains[k]
            fired += 1
    return fired, count, clipped, total


def sort_by_slot(values, index, trains, fired, pulses, lines, counts):
    """List the lines that fire in each slot: ``lines[0, s]`` positive, ``lines[1, s]`` negative.

    A line is written to the end of the list either way, and the end moves if it fires: that costs
    less than a branch that nothing can predict.
    """
    for s in range(pulses):
        counts[0, s] = 0
        counts[1, s] = 0
    for k in range(fired):
        line = index[k]
        side = 0 if values[line] > F0 else 1
        for s in range(pulses):
            end = counts[side, s]
            lines[side, s, end] = line
            counts[side, s] = end + np.int64((trains[k] >> np.uint64(s)) & U1)


def clamp(value, low, high):
    """Return `value` moved into [low, high]."""
    if value < low:
        return low
    if value > high:
        return high
    return value


def normals_into(bits, count, tail, xi):
    """Write to `xi` the standard normals of `count` words of random bits; see `normal_from_bits`.

    The centre of the quantile function is computed for all, and then the seventh part of the draws
    that lies in its tails anew: three loops without a branch take a third of the time of one with.
    """
    for k in range(count):
        size = central_quantile(HALF - (np.float32(bits[k] >> U33) + HALF) * TWO_M32)
        xi[k] = size if (bits[k] & U1) == U0 else -size
    tails = 0
    for k in range(count):
        tail[tails] = k
        tails += np.int64(HALF - (np.float32(bits[k] >> U33) + HALF) * TWO_M32 > QUANTILE_SPLIT)
    for t in range(tails):
        k = tail[t]
        size = tail_quantile((np.float32(bits[k] >> U33) + HALF) * TWO_M32)
        xi[k] = size if (bits[k] & U1) == U0 else -size


def noisy(step, xi, relative, additive, scale):
    """Return a step with its cycle noise: ``step (1 + relative xi) + scale additive xi``."""
    return step * (F1 + relative * xi) + scale * (additive * xi)


def pulse_pairs(
    weights, x_lines, x_count, d_lines, d_count, direction, c, stride, noise, key, slot, draws
):
    """Give one pulse to every device where one of the column lines meets one of the row lines."""
    rows = weights.shape[1]
    relative, additive = noise
    bits, tail, xi = draws
    group = bits.size // d_count
    for start in range(0, x_count, group):
        stop = min(start + group, x_count)
        k = 0
        for m in range(start, stop):
            first = x_lines[m] * rows
            for t in range(d_count):
                place = np.uint64(first + d_lines[t]) * SLOTS_PER_DEVICE + slot
                bits[k + t] = child(key, place)
            k += d_count
        normals_into(bits, k, tail, xi)
        k = 0
        for m in range(start, stop):
            w = weights[x_lines[m]]
            first = x_lines[m] * rows
            for t in range(d_count):
                i = d_lines[t]
                o = (first + i) * stride
                step = up_step(w[i], c, o) if direction > 0 else down_step(w[i], c, o)
                step = noisy(step, xi[k + t], relative, additive, c[o + STEP])
                w[i] = clamp(w[i] + step, c[o + LOW], c[o + HIGH])
            k += d_count


def pulse_pairs_quietly(weights, x_lines, x_count, d_lines, d_count, direction, c, stride):
    """Do the same as `pulse_pairs` without noise."""
    rows = weights.shape[1]
    for m in range(x_count):
        j = x_lines[m]
        w = weights[j]
        first = j * rows
        if direction > 0:
            for t in range(d_count):
                i = d_lines[t]
                o = (first + i) * stride
                w[i] = clamp(w[i] + up_step(w[i], c, o), c[o + LOW], c[o + HIGH])
        else:
            for t in range(d_count):
                i = d_lines[t]
                o = (first + i) * stride
                w[i] = clamp(w[i] + down_step(w[i], c, o), c[o + LOW], c[o + HIGH])


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
    scratch : (index, words, lines, counts, draws), see `phys.fast.Scratch`.
    statistics : float64 (6,), added to.
    """
    columns, rows = weights.shape
    index, words, lines, counts, draws = scratch
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
    sort_by_slot(d, index, trains, fired, pulses, lines[1], counts[1])
    fired, _, clipped_x, total_x = draw_trains(
        x, x_peak, p_x, child(stream[0], turn), pulses, index, keys, thresholds, trains
    )
    sort_by_slot(x, index, trains, fired, pulses, lines[0], counts[0])
    noise_key = child(stream[2], turn)
    quiet = noise[0] == F0 and noise[1] == F0
    delivered = 0
    for s in range(pulses):
        for toward in range(2):
            for away in range(2):
                n, m = counts[0, toward, s], counts[1, away, s]
                if n == 0 or m == 0:
                    continue
                x_lines, d_lines = lines[0, toward, s], lines[1, away, s]
                direction = UP if toward == away else DOWN
                delivered += n * m
                if not quiet:
                    slot = np.uint64(s)
                    pulse_pairs(
                        weights,
                        x_lines,
                        n,
                        d_lines,
                        m,
                        direction,
                        c,
                        stride,
                        noise,
                        noise_key,
                        slot,
                        draws,
                    )
                elif stride == 0:
                    pulse_pairs_quietly(weights, x_lines, n, d_lines, m, direction, c, 0)
                else:
                    pulse_pairs_quietly(weights, x_lines, n, d_lines, m, direction, c, WIDTH)
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


def step_block(weights, c, stride, direction, start, stop, relative, additive, xi):
    """Give one pulse to the devices from `start` to `stop`, with the noise `xi`."""
    for device in range(start, stop):
        o = device * stride
        w = weights[device]
        step = up_step(w, c, o) if direction > 0 else down_step(w, c, o)
        step = noisy(step, xi[device - start], relative, additive, c[o + STEP])
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
    relative, additive = noise
    bits = np.empty(BLOCK, np.uint64)
    tail = np.empty(BLOCK, np.int64)
    xi = np.empty(BLOCK, np.float32)
    for start in range(0, weights.size, BLOCK):
        stop = min(start + BLOCK, weights.size)
        for n in range(directions.size):
            if relative != F0 or additive != F0:
                noise_key = child(stream[2], np.uint64(number + n))
                for device in range(start, stop):
                    place = np.uint64(device) * SLOTS_PER_DEVICE
                    bits[device - start] = child(noise_key, place)
                normals_into(bits, stop - start, tail, xi)
                step_block(weights, c, stride, directions[n], start, stop, relative, additive, xi)
            elif stride == 0:
                step_block_quietly(weights, c, 0, directions[n], start, stop)
            else:
                step_block_quietly(weights, c, WIDTH, directions[n], start, stop)


CORE_KERNELS = (
    "forward_into",
    "backward_into",
    "forward_batch",
    "backward_batch",
    "peak_and_count",
    "peak_probabilities",
    "draw_trains",
    "sort_by_slot",
    "clamp",
    "normals_into",
    "noisy",
)
LAW_KERNELS = (
    "pulse_pairs",
    "pulse_pairs_quietly",
    "update_array",
    "step_block",
    "step_block_quietly",
    "alternate",
)
