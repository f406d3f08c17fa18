"""The compiled training loop of a built-in algorithm, over a network's own arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, cast

import numpy as np

from phys import compiler, fast
from phys.activations import ACTIVATIONS
from phys.algorithms import BUILT_IN, Algorithm, BuiltIn
from phys.float_array import FloatArray
from phys.network import Layer, Network

Runner = Callable[[Any, np.ndarray, float], float]
"""Takes an algorithm, an order of samples and a sum of losses; returns the sum with theirs added.

The algorithm may differ from call to call in its learning rates, as a schedule asks for.
"""


@cache
def _training_module(step: str, laws: tuple[tuple[str, Any], ...]) -> Any:
    return compiler.training_module(step, dict(laws))


def _pack(array: Any, number: np.ndarray) -> tuple[Any, ...]:
    """Return an array as `phys.layer_steps` unpacks it."""
    if isinstance(array, FloatArray):
        return array.columns, array.reference_columns
    return (
        array.columns,
        array.reference_columns,
        array.coefficients.reshape(-1),
        array.stride,
        array.noise,
        array.streams,
        number,
        array.statistics,
    )


class _PackedLayer:
    """A layer's arrays, buffers and counters as the compiled loop takes and changes them."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.turn = np.array([layer.turns], dtype=np.int64)
        self.updates = {
            name: np.array([getattr(array, "updates", 0)], dtype=np.int64)
            for name, array in layer.arrays.items()
        }

    def packed(self, algorithm: BuiltIn) -> tuple[Any, ...]:
        """Return the layer as `phys.layer_steps` unpacks it."""
        layer = self.layer
        return (
            *(_pack(array, self.updates[name]) for name, array in layer.arrays.items()),
            *layer.buffers.values(),
            self.turn,
            layer.key,
            algorithm.numbers(layer),
        )

    def reads(self) -> tuple[tuple[np.ndarray, np.ndarray], ...]:
        """Return what forward and backward read, one (weights, reference) per term."""
        arrays = [self.layer.arrays[name] for name, _ in self.layer.terms]
        return tuple((array.columns, array.reference_columns) for array in arrays)

    def give_back(self) -> None:
        """Tell the layer and its arrays what they have seen."""
        self.layer.turns = int(self.turn[0])
        for name, array in self.layer.arrays.items():
            if not isinstance(array, FloatArray):
                array.updates = int(self.updates[name][0])


def compiled_runner(
    network: Network, algorithm: Algorithm, images: np.ndarray, labels: np.ndarray, batch: int
) -> Runner | None:
    """Return a function that trains on the samples of an order, or None.

    There is no compiled loop without numba, for an algorithm that is not built in, for devices
    whose steps cannot be compiled, and for networks that are not plain.
    """
    if not network.is_dense or not compiler.available():
        return None
    if type(algorithm) not in BUILT_IN.values():
        return None
    step = cast(BuiltIn, algorithm).step
    first = network.layers[0]
    kernels = [layer.arrays[n].kernel for layer in network.layers for n in algorithm.arrays]
    if any(fast.engine_name(kernel) == "numpy" for kernel in kernels):
        return None
    laws = tuple((n, fast.law_module(first.arrays[n].kernel)) for n in algorithm.arrays)
    loop = _training_module(step, laws).train

    layers = [_PackedLayer(layer) for layer in network.layers]
    shapes = [(layer.c.cols, layer.c.rows) for layer in network.layers]
    lines = max(max(shape) for shape in shapes)
    inputs = tuple(np.ones((batch, columns), np.float32) for columns, _ in shapes)
    outputs = tuple(np.zeros((batch, rows), np.float32) for _, rows in shapes)
    room = (np.zeros(lines, np.int64), *(np.zeros(lines, np.float32) for _ in range(2)))
    work = (fast.scratch(lines), *(np.zeros(lines, np.float32) for _ in range(3)))
    gains = tuple(np.float32(factor) for _, factor in first.terms)

    def run(algorithm: BuiltIn, order: np.ndarray, total: float) -> float:
        loss = loop(
            images,
            labels,
            order,
            batch,
            ACTIVATIONS[network.activation],
            tuple(layer.reads() for layer in layers),
            gains,
            tuple(layer.packed(algorithm) for layer in layers),
            inputs,
            outputs,
            room,
            work,
            total,
        )
        for layer in layers:
            layer.give_back()
        return float(loss)

    return run
