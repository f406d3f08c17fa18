"""The loop of an update with deterministic timing faults, compiled beside the steps of a law."""

import numpy as np

from phys.elementary import F0, normal_from_bits
from phys.loops.arrays import noisy
from phys.loops.lines import clamp
from phys.random_bits import SLOTS_PER_DEVICE, U1, child

NO_PULSE = np.float32(0)


def give_timed_pulses(
    weights, c, stride, noise, fractions, x, d, column_bits, row_bits, pulses, noise_key
):
    """Give every device the pulses of its trains, slot by slot, each worth its own fraction.

    Parameters
    ----------
    weights : float32 (columns, rows), changed in place.
    c, stride, noise : as in `phys.loops.arrays.update_array`.
    fractions : float32 (columns, rows); a device with 0 gets no pulse.
    x, d : float32 (columns,) and (rows,), for their signs.
    column_bits, row_bits : uint64, bit `s` of a line: it fires in slot `s`.
    pulses : slots in a train.
    noise_key : uint64

    Returns
    -------
    int
        Pulses given.
    """
    columns, rows = weights.shape
    relative, additive = noise
    given = 0
    for j in range(columns):
        if column_bits[j] == np.uint64(0):
            continue
        for i in range(rows):
            both = column_bits[j] & row_bits[i]
            part = fractions[j, i]
            if both == np.uint64(0) or part == NO_PULSE:
                continue
            device = j * rows + i
            o = device * stride
            up = (x[j] > F0) == (d[i] > F0)
            w = weights[j, i]
            for s in range(pulses):
                if (both >> np.uint64(s)) & U1:
                    step = up_step(w, c, o) if up else down_step(w, c, o)
                    if relative != F0 or additive != F0:
                        place = np.uint64(device) * SLOTS_PER_DEVICE + np.uint64(s)
                        xi = normal_from_bits(child(noise_key, place))
                        step = noisy(step, xi, noise, c, o)
                    w = clamp(w + step * part, c[o + LOW], c[o + HIGH])
                    given += 1
            weights[j, i] = w
    return given


KERNELS = ("give_timed_pulses",)
CALLED_FROM_PYTHON = ("give_timed_pulses",)
