"""Activation functions of the hidden layers, and the softmax cross-entropy at the output.

Everything is float32 and runs over `phys.elementary`, so that the compiled loops of
`phys.loops.training` find the same bits.
"""

from __future__ import annotations

import numpy as np

from phys.elementary import exp32, log32, logistic32, tanh32
from phys.loops import training as training_loops

ACTIVATIONS = {
    "sigmoid": training_loops.LOGISTIC,
    "tanh": training_loops.TANH,
    "relu": training_loops.RELU,
}


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
