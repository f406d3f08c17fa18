"""The non-ideal read of an array, written to be read and to be compiled.

`phys.compiler` compiles these functions with numba; `phys.reads` runs the same arithmetic over
whole batches where numba is missing. Both give the same bits.
"""

import numpy as np

from phys.elementary import F0, F1, F2, HALF, normal_from_bits
from phys.loops.lines import backward_into, clamp, forward_into
from phys.random_bits import child

# Places of a read's settings; 0 switches each off.
INPUT_BOUND = 0
INPUT_STEP = 1
OUTPUT_BOUND = 2
OUTPUT_STEP = 3
OUTPUT_NOISE = 4
WEIGHT_NOISE = 5
SCALED = 6
HALVINGS = 7
ACTIVE = 8
SETTINGS = 9

# Kinds of reads: places of their streams and counters.
FORWARD = 0
BACKWARD = 1
COLUMN = 2
PROBE = 3


def convert(value, bound, step):
    """Return what a converter makes of a value: cut at the bound, rounded to whole steps."""
    if bound > F0:
        value = clamp(value, -bound, bound)
    if step > F0:
        value = np.floor(value / step + HALF) * step
    return value


def signal_scale(signals, settings):
    """Return the factor that noise management takes out of the signals: the largest magnitude."""
    if settings[SCALED] == F0:
        return F1
    peak = F0
    for k in range(signals.size):
        peak = max(peak, abs(signals[k]))
    return peak


def convert_inputs(signals, scale, settings, converted):
    """Write the analog inputs to `converted`; return the sd of the noise of each output."""
    total = F0
    for k in range(signals.size):
        value = convert(signals[k] / scale, settings[INPUT_BOUND], settings[INPUT_STEP])
        converted[k] = value
        total += value * value
    output, weight = settings[OUTPUT_NOISE], settings[WEIGHT_NOISE]
    return np.sqrt(output * output + weight * weight * total)


def convert_outputs(outputs, scale, noise, key, settings):
    """Add noise to the analog outputs, convert and scale them; say whether one met the bound."""
    bound = settings[OUTPUT_BOUND]
    met = False
    for i in range(outputs.size):
        value = outputs[i]
        if noise > F0:
            value = value + noise * normal_from_bits(child(key, np.uint64(i)))
        if bound > F0 and abs(value) >= bound:
            met = True
        outputs[i] = convert(value, bound, settings[OUTPUT_STEP]) * scale
    return met


def read_forward(weights, reference, x, settings, key, index, converted, y):
    """Read ``y = (w - r) x`` through the converters, with the noise of `key`.

    Where an output meets its bound, the inputs are halved and read again, as often as bound
    management allows.
    """
    scale = signal_scale(x, settings)
    if scale == F0:
        for i in range(y.size):
            y[i] = F0
        return
    attempt = 0
    while True:
        noise = convert_inputs(x, scale, settings, converted)
        forward_into(weights, reference, converted, index, y)
        met = convert_outputs(y, scale, noise, child(key, np.uint64(attempt)), settings)
        if not met or attempt >= settings[HALVINGS]:
            return
        attempt += 1
        scale = F2 * scale


def read_backward(weights, reference, d, settings, key, converted, z):
    """Read ``z = (w - r)^T d`` through the converters, with the noise of `key`."""
    scale = signal_scale(d, settings)
    if scale == F0:
        for j in range(z.size):
            z[j] = F0
        return
    attempt = 0
    while True:
        noise = convert_inputs(d, scale, settings, converted)
        backward_into(weights, reference, converted, z)
        met = convert_outputs(z, scale, noise, child(key, np.uint64(attempt)), settings)
        if not met or attempt >= settings[HALVINGS]:
            return
        attempt += 1
        scale = F2 * scale


def read_forward_batch(weights, reference, x, settings, stream, number, y):
    """Apply `read_forward` to every row of `x`; the rows are read `number` and on."""
    columns = weights.shape[0]
    index, converted = np.empty(columns, np.int64), np.empty(columns, np.float32)
    for n in range(x.shape[0]):
        key = child(stream, np.uint64(number + n))
        read_forward(weights, reference, x[n], settings, key, index, converted, y[n])


def read_backward_batch(weights, reference, d, settings, stream, number, z):
    """Apply `read_backward` to every row of `d`; the rows are read `number` and on."""
    converted = np.empty(weights.shape[1], np.float32)
    for n in range(d.shape[0]):
        key = child(stream, np.uint64(number + n))
        read_backward(weights, reference, d[n], settings, key, converted, z[n])


KERNELS = (
    "convert",
    "signal_scale",
    "convert_inputs",
    "convert_outputs",
    "read_forward",
    "read_backward",
    "read_forward_batch",
    "read_backward_batch",
)
CALLED_FROM_PYTHON = ("read_forward_batch", "read_backward_batch")
