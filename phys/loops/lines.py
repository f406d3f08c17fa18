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
from phys.simd import lane_dot, plain_lane_dot
from phys.slot_bits import GROUP, count_bits, firing_lines, lowest_bit

NOISE_LANES = 16
TWO_32 = np.float32(2.0**32)
TWO_32_WIDE = 2.0**32
MAGNITUDE = np.int32(0x7FFFFFFF)
AT_ONCE = 4
U0 = np.uint64(0)


def forward_into(weights, reference, x, index, y):
    """Compute ``y_i = sum_j x_j (w_ji - r_ji)``, adding the columns in rising order of `j`.

    Four columns are added in one pass, from left to right, so that `y` is loaded and stored once.
    A `reference` without columns stands for zeros, which need not be read.
    """
    columns, rows = weights.shape
    count = 0
    for j in range(columns):
        index[count] = j
        count += 1 if x[j] != F0 else 0
    for i in range(rows):
        y[i] = F0
    if reference.size == 0:
        add_columns(weights, x, index, count, y)
        return
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


def add_columns(weights, x, index, count, y):
    """Add ``x_j w_ji`` to `y` for the first `count` columns in `index`, as `forward_into` does."""
    k = 0
    while k + 4 <= count:
        a, b, c, d = index[k], index[k + 1], index[k + 2], index[k + 3]
        xa, xb, xc, xd = x[a], x[b], x[c], x[d]
        for i in range(y.size):
            y[i] = (
                y[i]
                + xa * weights[a, i]
                + xb * weights[b, i]
                + xc * weights[c, i]
                + xd * weights[d, i]
            )
        k += 4
    while k < count:
        a = index[k]
        xa = x[a]
        for i in range(y.size):
            y[i] += xa * weights[a, i]
        k += 1


def backward_into(weights, reference, d, z):
    """Compute ``z_j = sum_i d_i (w_ji - r_ji)``, each sum in the sixteen-lane order.

    A `reference` without columns stands for zeros, which need not be read.
    """
    if reference.size == 0:
        for j in range(weights.shape[0]):
            z[j] = plain_lane_dot(weights[j], d)
        return
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
    """Return the largest magnitude and the number of values that are not zero.

    The patterns of magnitudes are ordered as the magnitudes are, and integers fill vector
    registers in any order.
    """
    patterns = values.view(np.int32)
    top = 0
    count = 0
    for k in range(patterns.size):
        magnitude = patterns[k] & MAGNITUDE
        top = max(top, magnitude)
        count += 1 if magnitude != 0 else 0
    return np.int32(top).view(np.float32), count


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


def draw_side(values, count, peak, p_peak, key, pulses, pitch, side):
    """Draw the pulse trains of the `count` lines of a side that carry a value; list who fires when.

    Parameters
    ----------
    values : float32, of the lines.
    peak, p_peak : the largest magnitude, and the probability that goes with it.
    key : uint64, of the trains of this update.
    pulses : slots in a train.
    pitch : how far the devices of two neighbouring lines lie apart.
    side : see `phys.fast.scratch`; its lists are written by `list_by_slot`, for positive and for
        negative values.

    Returns
    -------
    tuple
        `count`, how many of these clip, the sum of the probabilities and that of the magnitudes.
    """
    lines, words, listed, ends = side
    positive, clipped, total, size = choose_lines(values, F1, peak, p_peak, key, pitch, lines)
    list_by_slot(lines, positive, pulses, words, listed[0], ends[0])
    ends[1, : pulses + 1] = 0
    if positive < count:
        negative, more, part, rest = choose_lines(values, -F1, peak, p_peak, key, pitch, lines)
        list_by_slot(lines, negative, pulses, words, listed[1], ends[1])
        clipped, total, size = clipped + more, total + part, size + rest
    return count, clipped, total / TWO_32_WIDE, size


def choose_lines(values, sign, peak, p_peak, key, pitch, lines):
    """Write to `lines` those whose value has this `sign`, and with which probability each fires.

    Line `k` fires in a slot with probability ``min(1, |value_k| / peak * p_peak)``: it fires where
    the slot's 32 random bits, an integer, are below its threshold of ``2**32`` times that. After
    the last line stand lines that never fire, up to a whole group.

    Returns
    -------
    tuple
        How many lines these are, how many of them clip, the sum of the thresholds and that of the
        magnitudes.
    """
    places, sizes, keys, thresholds = lines
    count = 0
    for line in range(values.size):
        size = sign * values[line]
        places[count] = line
        sizes[count] = size
        count += 1 if size > F0 else 0
    clipped = 0
    total = U0
    for k in range(count):
        p = sizes[k] / peak * p_peak
        clipped += 1 if p > F1 else 0
        thresholds[k] = np.uint64(min(p, F1) * TWO_32)
        total += thresholds[k]
        keys[k] = child(key, np.uint64(places[k]))
        places[k] *= pitch
    thresholds[count : count + GROUP] = U0
    return count, clipped, total, total_of(sizes, count)


def total_of(sizes, count):
    """Return the sum of the first `count` sizes in float64, in four running sums."""
    a = b = c = d = 0.0
    k = 0
    while k + 4 <= count:
        a += sizes[k]
        b += sizes[k + 1]
        c += sizes[k + 2]
        d += sizes[k + 3]
        k += 4
    while k < count:
        a += sizes[k]
        k += 1
    return (a + b) + (c + d)


def list_by_slot(lines, count, pulses, words, listed, ends):
    """List slot by slot the places of those of the first `count` lines that fire, in rising order.

    Those of slot `s` stand from ``ends[s]`` to ``ends[s + 1]``. Four lines at a time are written,
    whether so many are left or not, and what is too much is written over: that costs less than a
    branch that nothing can predict.
    """
    places, _, keys, thresholds = lines
    end = 0
    ends[0] = 0
    for slot in range(pulses):
        for group in range((count + GROUP - 1) // GROUP):
            first = group * GROUP
            if slot % 2 == 0:
                words[group] = firing_lines(keys, thresholds, first, slot // 2)
            mask = words[group] & LOW_32
            words[group] >>= U32
            stop = end + count_bits(mask)
            while end < stop:
                for _ in range(AT_ONCE):
                    listed[end] = places[first + lowest_bit(mask)]
                    mask &= mask - U1
                    end += 1
            end = stop
        ends[slot + 1] = end


def list_line(place, pulses, side):
    """List in every slot one line, whose value is positive, and no other."""
    _, _, listed, ends = side
    ends[1, : pulses + 1] = 0
    for slot in range(pulses):
        listed[0, slot] = place
        ends[0, slot] = slot
    ends[0, pulses] = pulses


def take_full(h, signs):
    """Take a pulse from every place of the buffer `h` that holds one; return how many.

    Their directions are written to `signs`, which is 0 where there is none.
    """
    full = 0
    for i in range(h.size):
        full += 1 if abs(h[i]) >= F1 else 0
    if full == 0:
        return full
    for i in range(h.size):
        sign = F1 if h[i] > F0 else -F1
        signs[i] = sign if abs(h[i]) >= F1 else F0
        h[i] -= signs[i]
    return full


def list_signs(signs, pitch, side):
    """List in one slot the lines that have a sign, by their sign."""
    _, _, listed, ends = side
    up = 0
    down = 0
    for line in range(signs.size):
        listed[0, up] = line * pitch
        listed[1, down] = line * pitch
        up += 1 if signs[line] > F0 else 0
        down += 1 if signs[line] < F0 else 0
    ends[0, 0] = 0
    ends[1, 0] = 0
    ends[0, 1] = up
    ends[1, 1] = down


def clamp(value, low, high):
    """Return `value` moved into [low, high]."""
    if value < low:
        return low
    if value > high:
        return high
    return value


def normals_into(listed, count, key, words):
    """Write to `words` the standard normals of `count` listed pulses; return them.

    A listed pulse is its place among the random numbers. Hashing takes 64 bits and the rest 32: a
    loop over one width fills the vector registers. The last register is filled too, so `listed` and
    `words` are a multiple of `NOISE_LANES` long.
    """
    first, second, xi = words
    count = (count + NOISE_LANES - 1) // NOISE_LANES * NOISE_LANES
    for k in range(count):
        bits = child(key, np.uint64(listed[k]))
        first[k] = np.int32(bits >> U33)
        second[k] = np.int32(bits & LOW_31)
    for k in range(count):
        xi[k] = normal_from_halves(first[k], second[k])
    return xi


KERNELS = (
    "forward_into",
    "add_columns",
    "backward_into",
    "forward_batch",
    "backward_batch",
    "peak_and_count",
    "peak_probabilities",
    "draw_side",
    "choose_lines",
    "total_of",
    "list_by_slot",
    "list_line",
    "take_full",
    "list_signs",
    "clamp",
    "normals_into",
)
CALLED_FROM_PYTHON = ("forward_batch", "backward_batch")
