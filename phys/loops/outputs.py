"""The digital numbers behind the rows of an array, written to be read and to be compiled.

They do what `phys.digital_outputs.DigitalOutputs` does; a test holds the two to the same bits. The
outputs of a layer come as a tuple (scale, bias, gain of the scale, gain of the bias, sums, form),
empty where the sums of the array are the outputs; ``sums[b, patch]`` keeps them for the gradient.
"""

from phys.elementary import F0

SCALE_FORM = 0
BIAS_FORM = 1
SHARED_SCALE = 1
SCALE_PER_ROW = 2


def outputs_forward(outputs, b, patch, y):
    """Turn the sums `y` of an array into the layer's outputs ``y_i = s_i r_i + b_i``."""
    scale, bias, _, _, sums, _ = outputs
    for i in range(scale.size):
        sums[b, patch, i] = y[i]
        y[i] = scale[i] * y[i] + bias[i]


def outputs_backward(outputs, b, patch, d):
    """Note the gradients of a sample, and turn the directions `d` into those of the rows."""
    scale, _, scale_gain, bias_gain, sums, _ = outputs
    for i in range(scale.size):
        scale_gain[i] += d[i] * sums[b, patch, i]
        bias_gain[i] += d[i]
        d[i] = scale[i] * d[i]


def outputs_learn(outputs, rate):
    """Learn what the samples of a batch have left."""
    scale, bias, scale_gain, bias_gain, _, form = outputs
    if scale.size == 0:
        return
    if form[SCALE_FORM] == SHARED_SCALE:
        total = scale_gain[0]
        for i in range(1, scale.size):
            total += scale_gain[i]
        for i in range(scale.size):
            scale[i] += rate * total
    elif form[SCALE_FORM] == SCALE_PER_ROW:
        for i in range(scale.size):
            scale[i] += rate * scale_gain[i]
    if form[BIAS_FORM]:
        for i in range(scale.size):
            bias[i] += rate * bias_gain[i]
    for i in range(scale.size):
        scale_gain[i] = F0
        bias_gain[i] = F0


KERNELS = ("outputs_forward", "outputs_backward", "outputs_learn")
CALLED_FROM_PYTHON = ()
