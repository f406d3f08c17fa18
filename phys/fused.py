"""The compiled training loop of a built-in algorithm, over a network's own arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, cast

import numpy as np

from phys import compiler, fast
from phys.activations import ACTIVATIONS
from phys.algorithms import BUILT_IN, Algorithm, BuiltIn
from phys.array_kinds.differential_pair import DifferentialPair
from phys.array_kinds.float_array import FloatArray
from phys.digital_outputs import NO_OUTPUTS
from phys.loops import reads as read_loops
from phys.network import Layer, Network


class Runner(Protocol):
    """Trains on samples; the rates may differ from call to call, as a schedule asks for."""

    def __call__(
        self, algorithm: Any, order: np.ndarray, total: float, digital_rate: float = 0.0
    ) -> float:
        """Learn from the samples of an order; return a sum of losses with theirs added.

        `digital_rate` is that of the numbers behind the arrays, for the gradient of a sample.
        """


@cache
def _training_module(step: str, laws: tuple[tuple[str, Any], ...], plain: bool) -> Any:
    return compiler.training_module(step, dict(laws), plain)


def _update_module(array: Any) -> Any:
    """Return the module whose `update_array` moves the weights of an array."""
    pair = isinstance(array, DifferentialPair)
    return array.module() if pair else fast.law_module(array.kernel)


def _pack(array: Any, number: np.ndarray) -> tuple[Any, ...]:
    """Return an array as `phys.loops.layer_steps` unpacks it."""
    if isinstance(array, FloatArray):
        return array.columns, array.reference_columns
    if isinstance(array, DifferentialPair):
        own = array.packed()
    else:
        own = array.coefficients.reshape(-1), array.stride, array.noise, array.streams
    return (
        array.columns,
        array.reference_columns,
        *own,
        number,
        array.statistics,
        (array.read.column.settings(), array.read_streams[read_loops.COLUMN], array.reads),
    )


class _PackedLayer:
    """A layer's arrays, buffers and counters as the compiled loops take and change them."""

    def __init__(self, layer: Layer) -> None:
        self.layer = layer
        self.turn = np.array([layer.turns], dtype=np.int64)
        self.updates = {
            name: np.array([getattr(array, "updates", 0)], dtype=np.int64)
            for name, array in layer.arrays.items()
        }

    def packed(self, algorithm: BuiltIn) -> tuple[Any, ...]:
        """Return the layer as `phys.loops.layer_steps` unpacks it."""
        layer = self.layer
        return (
            *(_pack(array, self.updates[name]) for name, array in layer.arrays.items()),
            *layer.buffers.values(),
            self.turn,
            layer.key,
            algorithm.numbers(layer),
        )

    def reads(self, plain: bool) -> tuple[tuple[Any, ...], ...]:
        """Return what forward and backward read, term by term, as the loops unpack it."""
        arrays = [self.layer.arrays[name] for name, _ in self.layer.terms]
        if plain:
            return tuple((array.columns, _reference(array)) for array in arrays)
        return tuple(_pack_read(array) for array in arrays)

    def give_back(self) -> None:
        """Tell the layer and its arrays what they have seen."""
        self.layer.turns = int(self.turn[0])
        for name, array in self.layer.arrays.items():
            if not isinstance(array, FloatArray):
                array.updates = int(self.updates[name][0])


def _pack_read(array: Any) -> tuple[Any, ...]:
    """Return an array as `phys.loops.maps` reads it."""
    read = array.read
    streams = getattr(array, "read_streams", np.zeros(4, np.uint64))
    counts = getattr(array, "reads", np.zeros(3, np.int64))
    settings = read.forward.settings(), read.backward.settings()
    return array.columns, _reference(array), *settings, streams, counts


def _reference(array: Any) -> np.ndarray:
    """Return the reference that reads are against, without columns where it is and stays zero."""
    reference: np.ndarray = array.reference_columns
    learns = isinstance(array, DifferentialPair)
    return reference if learns or reference.any() else reference[:0]


def compiled_runner(
    network: Network, algorithm: Algorithm, images: np.ndarray, labels: np.ndarray, batch: int
) -> Runner | None:
    """Return a function that trains on the samples of an order, or None.

    There is no compiled loop without numba, for an algorithm that is not built in, and for arrays
    whose updates cannot be compiled.
    """
    if not compiler.available() or type(algorithm) not in BUILT_IN.values():
        return None
    arrays = [layer.arrays[n] for layer in network.layers for n in algorithm.arrays]
    if any(fast.engine_name(array.kernel) == "numpy" for array in arrays):
        return None
    first, plain = network.layers[0], network.is_plain
    laws = tuple((n, _update_module(first.arrays[n])) for n in algorithm.arrays)
    module = _training_module(cast(BuiltIn, algorithm).step, laws, plain)
    loop = module.train if plain else module.train_maps
    memory = _plain_memory(network, batch) if plain else _maps_memory(network, batch)
    layers = [_PackedLayer(layer) for layer in network.layers]
    lines = _lines(network)
    signals = np.zeros((4, lines), np.float32)
    work = (fast.scratch(lines), *signals[:3], np.zeros(lines, np.int64), signals[3])
    gains = tuple(np.float32(factor) for _, factor in first.terms)
    form = (batch, ACTIVATIONS[network.activation])

    behind = tuple(
        (layer.outputs or NO_OUTPUTS).packed(batch, stage.patches)
        for layer, stage in zip(network.layers, network.stages, strict=True)
    )

    def run(
        algorithm: BuiltIn, order: np.ndarray, total: float, digital_rate: float = 0.0
    ) -> float:
        reads = tuple(layer.reads(plain) for layer in layers)
        packed = tuple(layer.packed(algorithm) for layer in layers)
        rate = np.float32(digital_rate)
        loss = loop(
            images, labels, order, *form, reads, gains, behind, rate, packed, *memory, work, total
        )
        for layer in layers:
            layer.give_back()
        return float(loss)

    return run


def _lines(network: Network) -> int:
    return max(max(stage.cols, stage.rows) for stage in network.stages)


def _plain_memory(network: Network, batch: int) -> tuple[Any, ...]:
    """Return the inputs, outputs and working memory of `phys.loops.training.train`."""
    inputs = tuple(np.ones((batch, stage.cols), np.float32) for stage in network.stages)
    outputs = tuple(np.zeros((batch, stage.rows), np.float32) for stage in network.stages)
    lines = _lines(network)
    room = (np.zeros(lines, np.int64), np.zeros(lines, np.float32), np.zeros(lines, np.float32))
    return inputs, outputs, room


def _maps_memory(network: Network, batch: int) -> tuple[Any, ...]:
    """Return the shapes, inputs, activations, outputs and working memory of `train_maps`."""
    stages, lines = network.stages, _lines(network)

    def maps(fill: Callable[..., Any], lines: str) -> tuple[Any, ...]:
        return tuple(fill((batch, s.patches, getattr(s, lines)), np.float32) for s in stages)

    largest = max(int(np.prod(stage.source)) for stage in stages)
    room = (
        np.zeros(lines, np.int64),
        *(np.zeros(size, np.float32) for size in (lines, lines, largest, lines)),
    )
    return (
        tuple(stage.geometry() for stage in stages),
        maps(np.ones, "cols"),
        maps(np.zeros, "rows"),
        maps(np.zeros, "rows"),
        room,
    )
