"""What moves from one array, or from a digital buffer, to the core array C, readably."""

from __future__ import annotations

from typing import Any

import numpy as np

from phys.network import Layer
from phys.pulses import update_gain, update_key
from phys.random_bits import LOW_32

ONE = np.float32(1)


def due_column(layer: Layer, every: int) -> int | None:
    """Count a sample; return the column whose turn it is after every `every` samples, or None."""
    layer.turns += 1
    if layer.turns % every:
        return None
    return (layer.turns // every - 1) % int(layer.c.cols)


def transfer(layer: Layer, column: int, lr: float, pulses: int) -> None:
    """Read a column of A against its reference and add `lr` times it to C, by pulses."""
    reading = layer.a.read_column(column)
    layer.c.update(one_hot(layer.c.cols, column), reading, lr, pulses)


def transfer_numbers(algorithm: Any, layer: Layer) -> tuple[np.float32, np.float32, int, int]:
    """Return the gains of A's updates and of the transfers, slots and samples per transfer."""
    return (
        update_gain(algorithm.lr_a, layer.a.device.dw_min, algorithm.pulses),
        update_gain(algorithm.lr_c, layer.c.device.dw_min, algorithm.pulses),
        algorithm.pulses,
        algorithm.transfer_every,
    )


def give_full_pulses(layer: Layer, column: int, h: np.ndarray, limit: int) -> None:
    r"""Give C a pulse where a buffer holds one, and take it from the buffer.

    .. math:: |h_i| \ge 1: \quad C_i \leftarrow C_i \pm \Delta w_{min}\,q_\pm(C_i), \quad
              h_i \leftarrow h_i \mp 1

    Parameters
    ----------
    h : float32 (rows,), changed in place
        The buffer of that column, in pulses.
    limit : int
        Pulses that a device gets at most; what is left stays in the buffer.
    """
    for _ in range(limit):
        signs = np.where(np.abs(h) >= ONE, np.sign(h), np.float32(0))
        if not signs.any():
            return
        h -= signs
        layer.c.update(one_hot(layer.c.cols, column), signs, layer.c.device.dw_min, 1)


def one_hot(cols: int, column: int) -> np.ndarray:
    """Return the input that selects one column line, float32 (cols,)."""
    x = np.zeros(cols, dtype=np.float32)
    x[column] = 1
    return x


def flip_threshold(probability: float) -> np.uint64:
    """Return the number below which 32 random bits lie with this probability."""
    return np.uint64(probability * 2.0**32)


def flips(layer: Layer, threshold: np.uint64) -> bool:
    """Draw whether the chopper of the column that was just read flips."""
    return bool((update_key(layer.key, layer.turns) & LOW_32) < threshold)
