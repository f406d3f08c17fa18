"""Updates of a differential pair of arrays, written to be read and to be compiled.

`phys.array_kinds.differential_pair` puts these functions beside the `update_array` of a law,
`update_one`, and calls the one of the pair's scheme `update_array`; its arguments are those of
`phys.loops.arrays`, but for the coefficients of both arrays, the weights of the second and working
memory in `c`, and the streams of both in `streams`.
"""

from phys.elementary import F0, F1, HALF
from phys.loops.lines import peak_and_count


def update_opposite(
    weights, c, stride, noise, x, d, gain, pulses, streams, number, scratch, statistics
):
    """Move both arrays by half of the wanted change, in opposite directions."""
    c_plus, c_minus, minus, signals, _ = c
    away = signals[0, : d.size]
    for i in range(d.size):
        away[i] = -d[i]
    half = HALF * gain
    update_one(
        weights, c_plus, stride, noise, x, d, half, pulses, streams[0], number, scratch, statistics
    )
    update_one(
        minus,
        c_minus,
        stride,
        noise,
        x,
        away,
        half,
        pulses,
        streams[1],
        number,
        scratch,
        statistics,
    )


def uncut_gain(gain, x, d):
    """Return the gain with which no line of any sub-phase clips, unless one column stands alone."""
    x_peak, x_count = peak_and_count(x)
    d_peak, _ = peak_and_count(d)
    product = gain * x_peak * d_peak
    if x_count > 1 and product > F1:
        return gain / product
    return gain


def part_into(values, sign, target):
    """Write the magnitudes of the values of one sign, and zeros for the others."""
    for k in range(values.size):
        target[k] = max(sign * values[k], F0)


def refresh_devices(plus, minus, c_plus, c_minus, stride, upper, lower):
    """Reset pairs of which one is high and both are up, and write their difference anew."""
    columns, rows = plus.shape
    for j in range(columns):
        for i in range(rows):
            o = (j * rows + i) * stride
            p, m = plus[j, i], minus[j, i]
            high = max(p / c_plus[o + HIGH], m / c_minus[o + HIGH])
            low = min(p / c_plus[o + HIGH], m / c_minus[o + HIGH])
            if high > upper and low > lower:
                plus[j, i] = max(p - m, F0)
                minus[j, i] = max(m - p, F0)


def update_one_sided(
    weights, c, stride, noise, x, d, gain, pulses, streams, number, scratch, statistics
):
    """Give up pulses only: to the first array where the weight should rise, else to the second."""
    c_plus, c_minus, minus, signals, refresh = c
    own = uncut_gain(gain, x, d)
    xs, ds = signals[0, : x.size], signals[1, : d.size]
    for phase in range(2):
        sign = F1 if phase == 0 else -F1
        turn = 2 * number + phase
        part_into(x, sign, xs)
        part_into(d, sign, ds)
        update_one(
            weights,
            c_plus,
            stride,
            noise,
            xs,
            ds,
            own,
            pulses,
            streams[0],
            turn,
            scratch,
            statistics,
        )
        part_into(d, -sign, ds)
        update_one(
            minus,
            c_minus,
            stride,
            noise,
            xs,
            ds,
            own,
            pulses,
            streams[1],
            turn,
            scratch,
            statistics,
        )
    every, upper, lower = refresh
    if every > 0 and (number + 1) % every == 0:
        refresh_devices(weights, minus, c_plus, c_minus, stride, upper, lower)


SHARED = ("uncut_gain", "part_into", "refresh_devices")
KERNELS = (*SHARED, "update_opposite", "update_one_sided")
CALLED_FROM_PYTHON = ()
