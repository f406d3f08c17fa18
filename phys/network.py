"""A fully connected network whose weights live in arrays, one sample at a time, readably.

The compiled loops of `phys.training_loops` do the same; a test holds the two to the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np

from phys import fast, training_loops
from phys.crossbar import Crossbar
from phys.elementary import exp32, log32, logistic32, tanh32
from phys.random_bits import ARRAY, INITIAL_WEIGHT, stream_key, uniforms

ACTIVATIONS = {
    "sigmoid": training_loops.LOGISTIC,
    "tanh": training_loops.TANH,
    "relu": training_loops.RELU,
}


class FloatArray:
    """Weights without devices: floating-point numbers behind the reads of a crossbar."""

    def __init__(self, rows: int, cols: int) -> None:
        self.rows, self.cols = rows, cols
        self.columns = np.zeros((cols, rows), dtype=np.float32)
        self.reference_columns = np.zeros((cols, rows), dtype=np.float32)

    def state(self) -> dict[str, np.ndarray]:
        """Return a copy of the weights."""
        return {"weights": self.columns.copy()}

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up the weights that `state` returned."""
        self.columns[...] = state["weights"]


@dataclass
class Layer:
    """The arrays of one layer; `c` is what forward and backward read.

    Attributes
    ----------
    arrays : dict of name to array
    turns : int
        Samples that the layer's algorithm has counted, for round-robin transfers.
    """

    arrays: dict[str, Any] = field(default_factory=dict)
    turns: int = 0

    @property
    def a(self) -> Crossbar:
        """The auxiliary array."""
        array: Crossbar = self.arrays["a"]
        return array

    @property
    def c(self) -> Any:
        """The core array: a Crossbar, or a FloatArray for floating-point training."""
        return self.arrays["c"]


class Network:
    """Layers of `sizes` units; every layer has a bias line that carries 1.

    Parameters
    ----------
    sizes : tuple of int
        Units per layer, inputs first, for example (784, 256, 128, 10).
    array_names : tuple of str
        Arrays of each layer; () for floating-point weights.
    devices : mapping of array name to Device
    seed : int
    activation : str
        "sigmoid", "tanh" or "relu"; the output is a softmax.
    """

    def __init__(
        self,
        sizes: tuple[int, ...],
        array_names: tuple[str, ...],
        devices: dict[str, Any],
        seed: int,
        activation: str = "sigmoid",
    ) -> None:
        self.sizes, self.seed = sizes, seed
        self.activation = activation
        self.layers = []
        for depth, (inputs, outputs) in enumerate(pairwise(sizes)):
            if array_names:
                arrays: dict[str, Any] = {
                    name: Crossbar(
                        outputs,
                        inputs + 1,
                        devices[name],
                        int(stream_key(seed, int(ARRAY), depth, ord(name[0]))),
                    )
                    for name in array_names
                }
            else:
                arrays = {"c": FloatArray(outputs, inputs + 1)}
            self.layers.append(Layer(arrays))

    def initial_weights(self, depth: int) -> np.ndarray:
        """Return the start of C's effective weights, float32 (cols, rows), uniform (Glorot)."""
        inputs, outputs = self.sizes[depth], self.sizes[depth + 1]
        key = stream_key(self.seed, int(INITIAL_WEIGHT), depth)
        draw = uniforms(key, (inputs + 1) * outputs).reshape(inputs + 1, outputs)
        limit = np.sqrt(6 / (inputs + outputs))
        return ((2 * draw - 1) * limit).astype(np.float32)

    def programme_initial_weights(self) -> None:
        """Write the initial weights to C, on top of its reference."""
        for depth, layer in enumerate(self.layers):
            start = self.initial_weights(depth)
            if isinstance(layer.c, FloatArray):
                layer.c.columns[...] = start
            else:
                layer.c.set_weights((start + layer.c.reference_columns).T)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Return the outputs before the softmax for a batch of images, float32 (n, classes)."""
        y = images
        for depth, layer in enumerate(self.layers):
            y = fast.forward(layer.c, with_bias(y))
            if depth + 1 < len(self.layers):
                y = activate(y, self.activation)
        return y

    def accuracy(self, images: np.ndarray, labels: np.ndarray) -> float:
        """Return the share of the images whose largest output is at their label."""
        return float(np.mean(self.outputs(images).argmax(axis=1) == labels))

    def backpropagate(
        self, image: np.ndarray, label: int
    ) -> tuple[list[np.ndarray], list[np.ndarray], np.float32]:
        """Run one sample forward and backward.

        Returns
        -------
        inputs : list of float32 (cols,)
            What entered each layer, bias included.
        directions : list of float32 (rows,)
            How each layer's outputs should move: minus the gradient.
        loss : float32
            Cross-entropy.
        """
        inputs = [with_bias(image[None])]
        for depth, layer in enumerate(self.layers):
            y = fast.forward(layer.c, inputs[-1])
            if depth + 1 < len(self.layers):
                inputs.append(with_bias(activate(y, self.activation)))
        direction, loss = softmax_direction(y[0], label)
        directions = [direction]
        for depth in range(len(self.layers) - 1, 0, -1):
            z = fast.backward(self.layers[depth].c, directions[0][None])[0, :-1]
            directions.insert(0, z * slope(inputs[depth][0, :-1], self.activation))
        return [x[0] for x in inputs], directions, loss


def with_bias(x: np.ndarray) -> np.ndarray:
    """Append a line that carries 1 to a batch, float32 (n, lines) -> (n, lines + 1)."""
    return np.concatenate([x, np.ones((x.shape[0], 1), np.float32)], axis=1, dtype=np.float32)


def activate(y: np.ndarray, activation: str) -> np.ndarray:
    """Apply the activation function to float32 outputs."""
    if activation == "sigmoid":
        return np.asarray(logistic32(y))
    if activation == "tanh":
        return np.asarray(tanh32(y))
    return np.maximum(y, np.float32(0))


def slope(x: np.ndarray, activation: str) -> np.ndarray:
    """Return the derivative of the activation function, expressed by its value `x`."""
    one = np.float32(1)
    if activation == "sigmoid":
        return np.asarray(x * (one - x))
    if activation == "tanh":
        return np.asarray(one - x * x)
    return (x > 0).astype(np.float32)


def softmax_direction(y: np.ndarray, label: int) -> tuple[np.ndarray, np.float32]:
    """Return ``onehot(label) - softmax(y)`` and the cross-entropy, for one sample."""
    e = exp32(y - y.max())
    p = e / np.add.accumulate(e)[-1]
    loss = -log32(np.maximum(p[label], training_loops.SMALLEST_PROBABILITY))
    direction = np.float32(0) - p
    direction[label] += np.float32(1)
    return direction, loss
