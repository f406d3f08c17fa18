"""The training loop for convolutions and for reads that are not ideal, written to be compiled.

It does what `phys.network.Network` does with `phys.convolution` and `phys.reads`, sample by sample
and patch by patch; a test holds the two to the same bits. `phys.compiler` puts these functions
behind those of `phys.loops.training` and the `layer_step` of an algorithm.

The vectors of a layer are the rows of arrays (batch, patches, lines); a fully connected layer has
one patch. `shapes` gives for each layer the numbers of `phys.layers.Stage.geometry`. What forward
and backward read of a layer is a tuple of terms (weights, reference, forward settings, backward
settings, streams, counts), see `phys.loops.reads`.
"""

import numpy as np

from phys.elementary import F0
from phys.loops.lines import backward_into, forward_into
from phys.loops.outputs import outputs_backward, outputs_forward, outputs_learn
from phys.loops.reads import ACTIVE, BACKWARD, FORWARD, read_backward, read_forward
from phys.loops.training import (
    activate_into,
    add_scaled,
    scale_into,
    softmax_error,
    through_activation,
)
from phys.random_bits import child

# Places of a layer's numbers.
HEIGHT = 0
WIDTH_OF_MAP = 1
CHANNELS = 2
KERNEL = 3
STRIDE = 4
ROWS_OF_PATCHES = 5
PATCHES_IN_ROW = 6
POOL = 7
AVERAGE = 8


def gather_patches(source, shape, x):
    """Write the patches of the map `source` to the rows of `x`, whose bias line stays as it is."""
    if shape[KERNEL] == 0:
        for k in range(source.size):
            x[0, k] = source[k]
        return
    length = shape[KERNEL] * shape[CHANNELS]
    for p in range(x.shape[0]):
        corner = patch_corner(shape, p)
        for line in range(shape[KERNEL]):
            start = corner + line * shape[WIDTH_OF_MAP] * shape[CHANNELS]
            for k in range(length):
                x[p, line * length + k] = source[start + k]


def patch_corner(shape, p):
    """Return the place of the first number of patch `p` in the map."""
    down, right = p // shape[PATCHES_IN_ROW], p % shape[PATCHES_IN_ROW]
    return (down * shape[WIDTH_OF_MAP] + right) * shape[STRIDE] * shape[CHANNELS]


def add_patch(z, shape, p, target):
    """Add what a backward read gave for patch `p` to the map `target`."""
    if shape[KERNEL] == 0:
        for k in range(target.size):
            target[k] += z[k]
        return
    length = shape[KERNEL] * shape[CHANNELS]
    corner = patch_corner(shape, p)
    for line in range(shape[KERNEL]):
        start = corner + line * shape[WIDTH_OF_MAP] * shape[CHANNELS]
        for k in range(length):
            target[start + k] += z[line * length + k]


def pool_into(values, shape, target):
    """Write the pooled activations ``values[patch, row]`` to the map of the next layer."""
    rows, size = values.shape[1], shape[POOL]
    per_row = shape[PATCHES_IN_ROW] // size
    squares = (shape[ROWS_OF_PATCHES] // size) * per_row
    for square in range(squares):
        corner = (square // per_row * shape[PATCHES_IN_ROW] + square % per_row) * size
        for i in range(rows):
            total = values[corner, i]
            for place in range(1, size * size):
                value = values[corner + place // size * shape[PATCHES_IN_ROW] + place % size, i]
                total = total + value if shape[AVERAGE] else max(total, value)
            if shape[AVERAGE]:
                total = total / np.float32(size * size)
            target[square * rows + i] = total


def unpool_into(direction, values, shape, d):
    """Write what a direction at the next layer's map means for the outputs ``d[patch, row]``."""
    rows, size = values.shape[1], shape[POOL]
    per_row = shape[PATCHES_IN_ROW] // size
    squares = (shape[ROWS_OF_PATCHES] // size) * per_row
    for square in range(squares):
        corner = (square // per_row * shape[PATCHES_IN_ROW] + square % per_row) * size
        for i in range(rows):
            share = direction[square * rows + i]
            largest = corner
            for place in range(size * size):
                p = corner + place // size * shape[PATCHES_IN_ROW] + place % size
                d[p, i] = share / np.float32(size * size) if shape[AVERAGE] else F0
                if values[p, i] > values[largest, i]:
                    largest = p
            if not shape[AVERAGE]:
                d[largest, i] = share


def forward_term(term, x, room, y):
    """Read one term of a layer forward."""
    weights, reference, settings, _, streams, counts = term
    index, converted = room[0], room[1]
    if settings[ACTIVE] == F0:
        forward_into(weights, reference, x, index, y)
        return
    key = child(streams[FORWARD], np.uint64(counts[FORWARD]))
    counts[FORWARD] += 1
    read_forward(weights, reference, x, settings, key, index, converted[: x.size], y)


def backward_term(term, d, room, z):
    """Read one term of a layer backward."""
    weights, reference, _, settings, streams, counts = term
    converted = room[1]
    if settings[ACTIVE] == F0:
        backward_into(weights, reference, d, z)
        return
    key = child(streams[BACKWARD], np.uint64(counts[BACKWARD]))
    counts[BACKWARD] += 1
    read_backward(weights, reference, d, settings, key, converted[: d.size], z)


def forward_patches(terms, gains, x, room, y):
    """Read a layer forward, patch by patch: the sum of its terms."""
    part = room[2][: y.shape[1]]
    for k in range(len(terms)):
        for p in range(x.shape[0]):
            if k == 0:
                forward_term(terms[0], x[p], room, y[p])
                scale_into(gains[0], y[p])
            else:
                forward_term(terms[k], x[p], room, part)
                add_scaled(gains[k], part, y[p])


def backward_patch(terms, gains, d, room, z):
    """Read a layer backward for one patch: the sum of its terms."""
    part = room[2][: z.size]
    backward_term(terms[0], d, room, z)
    scale_into(gains[0], z)
    for k in range(1, len(terms)):
        backward_term(terms[k], d, room, part)
        add_scaled(gains[k], part, z)


def backpropagate_maps(
    image, label, activation, reads, gains, behind, shapes, inputs, values, outputs, b, room
):
    """Run sample `b` of a batch forward and backward; returns the cross-entropy.

    Afterwards ``inputs[l][b]`` holds the patches that entered layer `l`, ``values[l][b]`` its
    activations and ``outputs[l][b]`` the direction in which the rows of its array should move for
    each patch.
    """
    depth = len(reads)
    source = room[3]
    gather_patches(image, shapes[0], inputs[0][b])
    for layer in range(depth):
        y = outputs[layer][b]
        forward_patches(reads[layer], gains, inputs[layer][b], room, y)
        for p in range(y.shape[0]):
            outputs_forward(behind[layer], b, p, y[p])
        if layer + 1 < depth:
            for p in range(y.shape[0]):
                activate_into(y[p], activation, values[layer][b, p])
            shape = shapes[layer + 1]
            size = shape[HEIGHT] * shape[WIDTH_OF_MAP] * shape[CHANNELS]
            pool_into(values[layer][b], shapes[layer], source[:size])
            gather_patches(source[:size], shape, inputs[layer + 1][b])
    loss = softmax_error(outputs[depth - 1][b, 0], label)
    outputs_backward(behind[depth - 1], b, 0, outputs[depth - 1][b, 0])
    for layer in range(depth - 1, 0, -1):
        shape = shapes[layer]
        size = shape[HEIGHT] * shape[WIDTH_OF_MAP] * shape[CHANNELS]
        for k in range(size):
            source[k] = F0
        z = room[4][: inputs[layer].shape[2]]
        for p in range(outputs[layer].shape[1]):
            backward_patch(reads[layer], gains, outputs[layer][b, p], room, z)
            add_patch(z, shape, p, source[:size])
        d, x = outputs[layer - 1][b], values[layer - 1][b]
        unpool_into(source, x, shapes[layer - 1], d)
        for p in range(d.shape[0]):
            through_activation(d[p], x[p], activation, d[p])
            outputs_backward(behind[layer - 1], b, p, d[p])
    return loss


def train_maps(
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
    shapes,
    inputs,
    values,
    outputs,
    room,
    work,
    total,
):
    """Learn from the samples in `order`; return `total` plus the sum of their losses.

    A batch is run forward and backward before its updates, which come sample by sample, layer by
    layer, patch by patch; the digital numbers behind the arrays learn once, at `rate`.
    """
    for start in range(0, order.size, batch):
        size = min(batch, order.size - start)
        for b in range(size):
            n = order[start + b]
            total += backpropagate_maps(
                images[n],
                labels[n],
                activation,
                reads,
                gains,
                behind,
                shapes,
                inputs,
                values,
                outputs,
                b,
                room,
            )
        for layer in range(len(behind)):
            outputs_learn(behind[layer], rate)
        for b in range(size):
            for layer in range(len(layers)):
                for p in range(inputs[layer].shape[1]):
                    layer_step(layers[layer], inputs[layer][b, p], outputs[layer][b, p], work)
    return total


KERNELS = (
    "gather_patches",
    "patch_corner",
    "add_patch",
    "pool_into",
    "unpool_into",
    "forward_term",
    "backward_term",
    "forward_patches",
    "backward_patch",
    "backpropagate_maps",
    "train_maps",
)
CALLED_FROM_PYTHON = ("train_maps",)
