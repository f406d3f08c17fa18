"""The loops over the lines of an array, written to be read and to be compiled: reads and trains.

A loop does what its sentence says, one line or device at a time. `phys.compiler` compiles these
functions with numba; run by the interpreter as they stand, they are the oracle of the tests. The
loops that move weights are in `phys.loops.arrays`.

Arrays of devices are stored column by column: ``weights[j, i]`` is the device of column line `j`
and row line `i`, so that the devices of one column line lie side by side. A column line that
carries a zero is skipped, and most of an image is zero. Sums run in a fixed order, so that every
engine finds the same bits.
"""

import numpy as np

from phys.elementary import F0, F1, LOW_31, U33, normal_from_halves
from phys.random_bits import LOW_32, U1, U32, child
from phys.simd import lane_dot

NOISE_LANES = 16
TWO_32 = np.float32(2.0**32)
U0 = np.uint64(0)


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


def sort_by_slot(values, index, trains, fired, pulses, pitch, lines, counts):
    """List the lines that fire in each slot: ``lines[0, s]`` positive, ``lines[1, s]`` negative.

    A line is written to the end of the list either way, and the end moves if it fires: that costs
    less than a branch that nothing can predict. The list holds ``line * pitch``.
    """
    for s in range(pulses):
        counts[0, s] = 0
        counts[1, s] = 0
    for k in range(fired):
        place = index[k] * pitch
        side = 0 if values[index[k]] > F0 else 1
        for s in range(pulses):
            end = counts[side, s]
            lines[side, s, end] = place
            counts[side, s] = end + np.int64((trains[k] >> np.uint64(s)) & U1)


def clamp(value, low, high):
    """Return `value` moved into [low, high]."""
    if value < low:
        return low
    if value > high:
        return high
    return value


def normals_into(listed, count, key, words):
    """Write to `words` the standard normals of `count` listed pulses; return them.

    A listed pulse is twice its place, ``device * 64 + slot``, plus 0 or 1. Hashing takes 64 bits
    and the rest 32: a loop over one width fills the vector registers. The last register is filled
    too, so `listed` and `words` are a multiple of `NOISE_LANES` long.
    """
    first, second, xi = words
    count = (count + NOISE_LANES - 1) // NOISE_LANES * NOISE_LANES
    for k in range(count):
        bits = child(key, np.uint64(listed[k]) >> U1)
        first[k] = np.int32(bits >> U33)
        second[k] = np.int32(bits & LOW_31)
    for k in range(count):
        xi[k] = normal_from_halves(first[k], second[k])
    return xi


KERNELS = (
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
)
