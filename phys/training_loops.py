"""The training of a whole network over many samples, as one loop that numba compiles.

Each loop does, sample by sample, exactly what `phys.algorithms` does through `Crossbar`; a test
holds the two to the same bits. Layers come as tuples, one array per layer, and column lines as in
`phys.loops`. Inputs of a layer carry one more line, the bias, that is always 1.
"""

import numpy as np

from phys.elementary import F0, F1, exp32, log32, logistic32, tanh32
from phys.loops import backward_into, forward_into

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


def backpropagate(image, label, activation, weights, references, inputs, outputs, b, index, z):
    """Run sample `b` of a batch forward and backward.

    Afterwards ``inputs[l][b]`` holds the input of layer `l` and ``outputs[l][b]`` the direction in
    which its rows should move, minus the gradient. Returns the cross-entropy.
    """
    depth = len(weights)
    for k in range(image.size):
        inputs[0][b, k] = image[k]
    for layer in range(depth):
        forward_into(weights[layer], references[layer], inputs[layer][b], index, outputs[layer][b])
        if layer + 1 < depth:
            activate_into(outputs[layer][b], activation, inputs[layer + 1][b])
    loss = softmax_error(outputs[depth - 1][b], label)
    for layer in range(depth - 1, 0, -1):
        backward_into(weights[layer], references[layer], outputs[layer][b], z)
        through_activation(z, inputs[layer][b], activation, outputs[layer - 1][b])
    return loss


def backpropagate_batch(
    images, labels, samples, activation, weights, references, inputs, outputs, index, z, total
):
    """Run the samples of a batch forward and backward; return `total` plus their losses."""
    for b in range(samples.size):
        n = samples[b]
        total += backpropagate(
            images[n], labels[n], activation, weights, references, inputs, outputs, b, index, z
        )
    return total


def train_float(
    images, labels, order, batch, activation, weights, references, lr, inputs, outputs, scratch, z
):
    """Floating-point SGD over the samples in `order`; returns the sum of the losses."""
    index = scratch[0]
    total = 0.0
    for start in range(0, order.size, batch):
        size = min(batch, order.size - start)
        total = backpropagate_batch(
            images,
            labels,
            order[start : start + size],
            activation,
            weights,
            references,
            inputs,
            outputs,
            index,
            z,
            total,
        )
        for b in range(size):
            for layer in range(len(weights)):
                x = inputs[layer][b]
                d = outputs[layer][b]
                for j in range(x.size):
                    step = lr * x[j]
                    if step != F0:
                        w = weights[layer][j]
                        for i in range(d.size):
                            w[i] += step * d[i]
    return total


def train_pulsed(
    images, labels, order, batch, activation, arrays, gain, pulses, inputs, outputs, scratch, z
):
    """Pulsed SGD over the samples in `order`; returns the sum of the losses.

    `arrays` is (weights, references, coefficients, strides, noise, streams, numbers, statistics),
    each but `noise` with one entry per layer.
    """
    weights, references, coefficients, strides, noise, streams, numbers, statistics = arrays
    index = scratch[0]
    total = 0.0
    for start in range(0, order.size, batch):
        size = min(batch, order.size - start)
        total = backpropagate_batch(
            images,
            labels,
            order[start : start + size],
            activation,
            weights,
            references,
            inputs,
            outputs,
            index,
            z,
            total,
        )
        for b in range(size):
            for layer in range(len(weights)):
                update_c(
                    weights[layer],
                    coefficients[layer],
                    strides[layer],
                    noise,
                    inputs[layer][b],
                    outputs[layer][b],
                    gain,
                    pulses,
                    streams[layer],
                    numbers[layer],
                    scratch,
                    statistics[layer],
                )
                numbers[layer] += 1
    return total


def train_shd(
    images,
    labels,
    order,
    batch,
    activation,
    arrays_a,
    arrays_c,
    gain_a,
    gain_c,
    pulses,
    transfer_every,
    turns,
    inputs,
    outputs,
    scratch,
    z,
    one_hot,
    read,
):
    """Stochastic Hamiltonian Descent over the samples in `order`; returns the sum of the losses.

    Array A takes the pulsed outer product of every sample. After every `transfer_every` samples one
    column of A is read against its reference and C is updated with it by pulses, round robin;
    `turns` counts the samples that each layer has seen.
    """
    a, ref_a, coef_a, stride_a, noise_a, streams_a, numbers_a, statistics_a = arrays_a
    c, ref_c, coef_c, stride_c, noise_c, streams_c, numbers_c, statistics_c = arrays_c
    index = scratch[0]
    total = 0.0
    for start in range(0, order.size, batch):
        size = min(batch, order.size - start)
        total = backpropagate_batch(
            images,
            labels,
            order[start : start + size],
            activation,
            c,
            ref_c,
            inputs,
            outputs,
            index,
            z,
            total,
        )
        for b in range(size):
            for layer in range(len(c)):
                update_a(
                    a[layer],
                    coef_a[layer],
                    stride_a[layer],
                    noise_a,
                    inputs[layer][b],
                    outputs[layer][b],
                    gain_a,
                    pulses,
                    streams_a[layer],
                    numbers_a[layer],
                    scratch,
                    statistics_a[layer],
                )
                numbers_a[layer] += 1
                turns[layer] += 1
                if turns[layer] % transfer_every == 0:
                    columns, rows = a[layer].shape
                    j = (turns[layer] // transfer_every - 1) % columns
                    for i in range(rows):
                        read[i] = a[layer][j, i] - ref_a[layer][j, i]
                    one_hot[j] = F1
                    update_c(
                        c[layer],
                        coef_c[layer],
                        stride_c[layer],
                        noise_c,
                        one_hot[:columns],
                        read[:rows],
                        gain_c,
                        pulses,
                        streams_c[layer],
                        numbers_c[layer],
                        scratch,
                        statistics_c[layer],
                    )
                    one_hot[j] = F0
                    numbers_c[layer] += 1
    return total


SHARED = (
    "activate_into",
    "through_activation",
    "softmax_error",
    "backpropagate",
    "backpropagate_batch",
)
KERNELS = (*SHARED, "train_pulsed", "train_shd")
