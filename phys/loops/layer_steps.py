"""What a layer does with one sample, for every built-in algorithm, written to be compiled.

A step does, in the same order, what the `update` of its class in `phys.algorithms` does through
`Crossbar`; a test holds the two to the same bits. `phys.compiler` puts these functions beside those
of `phys.loops.packed` for arrays A and C, such as `pulse_a`, and calls the step of the algorithm
in question `layer_step`.

A layer is a tuple: the arrays of the algorithm, its buffers, the number of samples it has counted
(int64, one element), its key and its settings, as `phys.fused` packs them. An array of devices is
the tuple (weights, reference, coefficients, stride, noise, streams, number, statistics, column
read), and the last of these (settings, stream, counts), see `phys.loops.reads`; weights without
devices are (weights, reference).
"""

from phys.elementary import F0, F1
from phys.loops.reads import ACTIVE, COLUMN, read_forward
from phys.random_bits import LOW_32, child


def due_column(turn, every, columns):
    """Count a sample; return the column whose turn it is after every `every` samples, or -1."""
    turn[0] += 1
    if turn[0] % every:
        return -1
    return (turn[0] // every - 1) % columns


def read_column(a, column, work):
    """Read a column of A against its reference: a unit vector enters."""
    weights, reference, (settings, stream, counts) = a[0], a[1], a[8]
    reading = work[2][: weights.shape[1]]
    if settings[ACTIVE] != F0:
        one_hot, index, converted = work[1][: weights.shape[0]], work[4], work[5]
        key = child(stream, np.uint64(counts[COLUMN]))
        counts[COLUMN] += 1
        one_hot[column] = F1
        read_forward(
            weights,
            reference,
            one_hot,
            settings,
            key,
            index,
            converted[: one_hot.size],
            reading,
        )
        one_hot[column] = F0
        return reading
    for i in range(reading.size):
        reading[i] = weights[column, i] - reference[column, i]
    return reading


def fill(c, column, h, rate, reading, limit, work):
    """Add `rate` times a reading to the buffer `h` of a column and give C its pulses."""
    for i in range(h.size):
        h[i] += rate * reading[i]
    pulse_full_c(c, column, h, limit, work)


def add_outer(rate, x, d, columns):
    """Add ``rate * x_j d_i`` to each ``columns[j, i]``."""
    for j in range(x.size):
        step = rate * x[j]
        if step != F0:
            column = columns[j]
            for i in range(d.size):
                column[i] += step * d[i]


def chopped(x, chopper, work):
    """Return the input of a layer with the signs of its choppers."""
    line = work[3][: x.size]
    for j in range(x.size):
        line[j] = x[j] * chopper[j]
    return line


def flips(key, turn, threshold):
    """Draw whether the chopper of the column that was just read flips."""
    return (child(key, np.uint64(turn[0])) & LOW_32) < threshold


# -- one step for each algorithm -----------------------------------------------------------------
def step_float(layer, x, d, work):
    """Floating-point SGD."""
    c, _, _, (lr,) = layer
    add_outer(lr, x, d, c[0])


def step_sgd(layer, x, d, work):
    """Pulsed SGD."""
    c, _, _, (gain, pulses) = layer
    pulse_c(c, x, d, gain, pulses, work)


def step_transfer(layer, x, d, work):
    """SHD and Tiki-Taka v1: A learns, and its columns are added to C in turn."""
    a, c, turn, _, (gain_a, gain_c, pulses, every) = layer
    pulse_a(a, x, d, gain_a, pulses, work)
    column = due_column(turn, every, x.size)
    if column >= 0:
        pulse_column_c(c, column, read_column(a, column, work), gain_c, pulses, work)


def step_residual(layer, x, d, work):
    """Residual learning: A learns, and now and then the whole of it is added to C."""
    a, c, turn, _, (gain_a, gain_c, pulses, every) = layer
    pulse_a(a, x, d, gain_a, pulses, work)
    turn[0] += 1
    if turn[0] % every == 0:
        for column in range(x.size):
            pulse_column_c(c, column, read_column(a, column, work), gain_c, pulses, work)


def step_buffered(layer, x, d, work):
    """Tiki-Taka v2: between A and C stands a digital buffer."""
    a, c, buffer, turn, _, (gain_a, rate, pulses, every, limit) = layer
    pulse_a(a, x, d, gain_a, pulses, work)
    column = due_column(turn, every, x.size)
    if column >= 0:
        fill(c, column, buffer[column], rate, read_column(a, column, work), limit, work)


def step_chopped(layer, x, d, work):
    """Chopped Tiki-Taka v2: signs multiply what A learns and what is read of it."""
    a, c, buffer, chopper, turn, key, (gain_a, rate, pulses, every, limit, threshold) = layer
    pulse_a(a, chopped(x, chopper, work), d, gain_a, pulses, work)
    column = due_column(turn, every, x.size)
    if column >= 0:
        sign, reading = chopper[column], read_column(a, column, work)
        for i in range(reading.size):
            reading[i] = sign * reading[i]
        fill(c, column, buffer[column], rate, reading, limit, work)
        if flips(key, turn, threshold):
            chopper[column] = -sign


def step_agad(layer, x, d, work):
    """AGAD: chopped, and read against a running mean of past reads."""
    a, c, buffer, chopper, means, references, turn, key, settings = layer
    gain_a, rate, pulses, every, limit, threshold, mean_rate = settings
    pulse_a(a, chopped(x, chopper, work), d, gain_a, pulses, work)
    column = due_column(turn, every, x.size)
    if column >= 0:
        mean, reference, sign = means[column], references[column], chopper[column]
        reading = read_column(a, column, work)
        for i in range(reading.size):
            mean[i] += mean_rate * (reading[i] - mean[i])
            reading[i] = sign * (reading[i] - reference[i])
        fill(c, column, buffer[column], rate, reading, limit, work)
        if flips(key, turn, threshold):
            for i in range(mean.size):
                reference[i] = mean[i]
            chopper[column] = -sign


def step_mixed_precision(layer, x, d, work):
    """Mixed precision: the gradient is summed digitally and given to C in whole pulses."""
    c, chi, turn, _, (rate, every, limit) = layer
    add_outer(rate, x, d, chi)
    turn[0] += 1
    if turn[0] % every == 0:
        for column in range(x.size):
            pulse_full_c(c, column, chi[column], limit, work)


SHARED = (
    "due_column",
    "read_column",
    "fill",
    "add_outer",
    "chopped",
    "flips",
)
STEPS = (
    "step_float",
    "step_sgd",
    "step_transfer",
    "step_residual",
    "step_buffered",
    "step_chopped",
    "step_agad",
    "step_mixed_precision",
)
KERNELS = (*SHARED, *STEPS)
CALLED_FROM_PYTHON = ()
