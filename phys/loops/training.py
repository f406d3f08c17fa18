"""The training of a whole network over many samples, as one loop that numba compiles.

What a layer learns from a sample is the `layer_step` of its algorithm (`phys.loops.layer_steps`).
Layers come as tuples, one entry per layer. What forward and backward read of a layer, `reads`, is a
tuple of (weights, reference), one for each term of a sum whose factors are `gains`; column lines
are as in `phys.loops.lines`. Inputs of a layer carry one more line, the bias, that is always 1,
unless it is among the digital numbers `behind` the array, see `phys.loops.outputs`.
"""

import numpy as np

from phys.elementary import F0, F1, exp32, log32, logistic32, tanh32
from phys.loops.lines import backward_into, forward_into
from phys.loops.outputs import outputs_backward, outputs_forward, outputs_learn

LOGISTIC = 0
TANH = 1
RELU = 2
SMALLEST_PROBABILITY = np.float32(1e-30)


def activate_into(y, activation, x):
    """Write the activations of `y` to `x`, whose last element is the bias line and stays 1."""
    for i in range(y.size):
        if activation == LOGISTIC:
            x[i] = logistic32(y[i])
        elif activation == TANH:
            x[i] = tanh32(y[i])
        else:
            x[i] = max(y[i], F0)


def through_activation(z, x, activation, d):
    """Write ``d_i = z_i f'(y_i)``, with f' expressed by the activation ``x_i = f(y_i)``."""
    for i in range(d.size):
        if activation == LOGISTIC:
            d[i] = z[i] * (x[i] * (F1 - x[i]))
        elif activation == TANH:
            d[i] = z[i] * (F1 - x[i] * x[i])
        else:
            d[i] = z[i] if x[i] > F0 else F0


def softmax_error(y, label):
    """Turn outputs `y` into ``onehot(label) - softmax(y)``, in place; return the cross-entropy."""
    top = y[0]
    for i in range(1, y.size):
        top = max(top, y[i])
    total = F0
    for i in range(y.size):
        y[i] = exp32(y[i] - top)
        total += y[i]
    for i in range(y.size):
        y[i] = y[i] / total
    loss = -log32(max(y[label], SMALLEST_PROBABILITY))
    for i in range(y.size):
        y[i] = F0 - y[i]
    y[label] += F1
    return loss


def forward_layer(reads, gains, x, index, y, term):
    """Compute ``y = sum_k gain_k (W_k - R_k) x``, term by term."""
    weights, reference = reads[0]
    forward_into(weights, reference, x, index, y)
    scale_into(gains[0], y)
    for k in range(1, len(reads)):
        weights, reference = reads[k]
        forward_into(weights, reference, x, index, term)
        add_scaled(gains[k], term, y)


def backward_layer(reads, gains, d, z, term):
    """Compute ``z = sum_k gain_k (W_k - R_k)^T d``, term by term."""
    weights, reference = reads[0]
    backward_into(weights, reference, d, z)
    scale_into(gains[0], z[: weights.shape[0]])
    for k in range(1, len(reads)):
        weights, reference = reads[k]
        backward_into(weights, reference, d, term)
        add_scaled(gains[k], term, z[: weights.shape[0]])


def scale_into(gain, y):
    """Multiply `y` by `gain`."""
    if gain != F1:
        for i in range(y.size):
            y[i] = gain * y[i]


def add_scaled(gain, term, y):
    """Add `gain` times `term` to `y`."""
    if gain == F1:
        for i in range(y.size):
            y[i] += term[i]
    else:
        for i in range(y.size):
            y[i] += gain * term[i]


def backpropagate(image, label, activation, reads, gains, behind, inputs, outputs, b, room):
    """Run sample `b` of a batch forward and backward.

    Afterwards ``inputs[l][b]`` holds the input of layer `l` and ``outputs[l][b]`` the direction in
    which the rows of its array should move, minus the gradient. Returns the cross-entropy.
    """
    index, z, term = room
    depth = len(reads)
    for k in range(image.size):
        inputs[0][b, k] = image[k]
    for layer in range(depth):
        y = outputs[layer][b]
        forward_layer(reads[layer], gains, inputs[layer][b], index, y, term)
        outputs_forward(behind[layer], b, 0, y)
        if layer + 1 < depth:
            activate_into(y, activation, inputs[layer + 1][b])
    loss = softmax_error(outputs[depth - 1][b], label)
    outputs_backward(behind[depth - 1], b, 0, outputs[depth - 1][b])
    for layer in range(depth - 1, 0, -1):
        backward_layer(reads[layer], gains, outputs[layer][b], z, term)
        d = outputs[layer - 1][b]
        through_activation(z, inputs[layer][b], activation, d)
        outputs_backward(behind[layer - 1], b, 0, d)
    return loss


def backpropagate_batch(
    images, labels, samples, activation, reads, gains, behind, inputs, outputs, room, total
):
    """Run the samples of a batch forward and backward; return `total` plus their losses."""
    for b in range(samples.size):
        n = samples[b]
        total += backpropagate(
            images[n], labels[n], activation, reads, gains, behind, inputs, outputs, b, room
        )
    return total


def train(
    images,
    labels,
    order,
    batch,
    activation,
    reads,
    gains,
    behind,
    rate,
    layers,
    inputs,
    outputs,
    room,
    work,
    total,
):
    """Learn from the samples in `order`; return `total` plus the sum of their losses.

    A batch is run forward and backward before its updates, which come sample by sample; the digital
    numbers behind the arrays learn once, at `rate`.
    """
    for start in range(0, order.size, batch):
        size = min(batch, order.size - start)
        samples = order[start : start + size]
        total = backpropagate_batch(
            images, labels, samples, activation, reads, gains, behind, inputs, outputs, room, total
        )
        for layer in range(len(behind)):
            outputs_learn(behind[layer], rate)
        for b in range(size):
            for layer in range(len(layers)):
                layer_step(layers[layer], inputs[layer][b], outputs[layer][b], work)
    return total


SHARED = (
    "activate_into",
    "through_activation",
    "softmax_error",
    "forward_layer",
    "backward_layer",
    "scale_into",
    "add_scaled",
    "backpropagate",
    "backpropagate_batch",
)
KERNELS = (*SHARED, "train")
CALLED_FROM_PYTHON = ("train",)
