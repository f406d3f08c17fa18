"""The expected update of an array, in float64: the limit of ever more, ever smaller steps.

`phys.compiler` puts these functions beside the parts of one law (``symmetric``, ``antisymmetric``
and the places of a device's coefficients, see `phys.array_kinds.mean_field`) and compiles them
with numba.
"""

import numpy as np

from phys.elementary import F0
from phys.loops.arrays import ADDRESSED, DELIVERED, UPDATES, WANTED
from phys.loops.lines import clamp, peak_and_count

TWO = np.float64(2.0)
SIX = np.float64(6.0)


def rate(w, change, c, o):
    """Return how fast a weight moves under a wanted `change`: ``change F(w) - |change| G(w)``."""
    place = clamp(w, c[o + LOW], c[o + HIGH])
    return change * symmetric(place, c, o) - abs(change) * antisymmetric(place, c, o)


def flow(w, change, c, o):
    """Return the weight after the flow of a wanted `change`, by one classical Runge-Kutta step."""
    first = rate(w, change, c, o)
    second = rate(w + first / TWO, change, c, o)
    third = rate(w + second / TWO, change, c, o)
    fourth = rate(w + third, change, c, o)
    w = w + (first + TWO * (second + third) + fourth) / SIX
    return clamp(w, c[o + LOW], c[o + HIGH])


def flow_line(w, move, d, parts, c, first, stride):
    """Move the devices of one column line by ``move * d``, in `parts` equal steps."""
    share = move / parts
    for _ in range(parts):
        for i in range(w.size):
            o = (first + i) * stride
            w[i] = flow(w[i], share * d[i] * c[o + STEP], c, o)


def update_array(
    weights, c, stride, noise, x, d, gain, pulses, stream, number, scratch, statistics
):
    """Apply the expected update of ``lr * d x^T``; arguments as in `phys.loops.arrays`.

    Nothing is drawn and nothing clips: `noise`, `stream`, `number` and `scratch` are not used.
    """
    columns, rows = weights.shape
    statistics[UPDATES] += 1.0
    _, x_count = peak_and_count(x)
    d_peak, d_count = peak_and_count(d)
    if x_count == 0 or d_count == 0:
        return
    size = np.float64(gain) * pulses
    for j in range(columns):
        if x[j] != F0:
            move = size * x[j]
            parts = 1 + np.int64(abs(move) * d_peak * c[REACH])
            if stride == 0:
                flow_line(weights[j], move, d, parts, c, 0, 0)
            else:
                flow_line(weights[j], move, d, parts, c, j * rows, WIDTH)
    x_total = 0.0
    for j in range(columns):
        x_total += abs(x[j])
    d_total = 0.0
    for i in range(rows):
        d_total += abs(d[i])
    statistics[WANTED] += size * x_total * d_total
    statistics[DELIVERED] += size * x_total * d_total
    statistics[ADDRESSED] += x_count * d_count


KERNELS = ("rate", "flow", "flow_line", "update_array")
# Python calls the last alone. But unless each is optimised by itself, the compiler leaves calls in
# the innermost loop, and takes six times as long for an update.
CALLED_FROM_PYTHON = KERNELS
