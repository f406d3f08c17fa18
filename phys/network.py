"""A network whose weights live in arrays, one sample at a time, readably.

The compiled loops of `phys.loops.training` do the same; a test holds the two to the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from phys import checked, convolution
from phys.activations import activate, slope, softmax_direction, with_bias
from phys.array_kinds.differential_pair import DifferentialPair
from phys.array_kinds.float_array import FloatArray
from phys.crossbar import Crossbar
from phys.digital_outputs import DigitalOutputs, OutputKind
from phys.layers import Stage, dense_stages
from phys.random_bits import ARRAY, INITIAL_WEIGHT, stream_key, uniforms

PROBE_BATCH = 100
"""Images read at once: what goes through a network stays small beside its arrays."""

INITIAL = ("glorot", "fan-in")
FIXED_OUTPUTS = OutputKind()
Terms = tuple[tuple[str, float], ...]


@dataclass
class Layer:
    """The arrays of one layer, and which combination of them forward and backward read.

    Attributes
    ----------
    arrays : dict of name to array
    turns : int
        Samples that the layer's algorithm has counted, for round-robin transfers.
    terms : tuple of (name, factor)
        What is read: the sum of ``factor * array``; array C alone unless an algorithm says more.
    buffers : dict of name to array
        Digital numbers that the algorithm keeps beside the arrays.
    key : uint64
        Where the algorithm's random numbers start.
    outputs : DigitalOutputs, optional
        The digital numbers behind the rows; None where the sums of the arrays are the outputs.
    """

    arrays: dict[str, Any] = field(default_factory=dict)
    turns: int = 0
    terms: Terms = (("c", 1.0),)
    buffers: dict[str, np.ndarray] = field(default_factory=dict)
    key: np.uint64 = field(default_factory=lambda: np.uint64(0))
    outputs: DigitalOutputs | None = None

    @property
    def a(self) -> Crossbar:
        """The auxiliary array."""
        array: Crossbar = self.arrays["a"]
        return array

    @property
    def c(self) -> Any:
        """The core array: a Crossbar, or a FloatArray for floating-point training."""
        return self.arrays["c"]

    @property
    def digital(self) -> dict[str, np.ndarray]:
        """All digital numbers that learn: the algorithm's buffers and those behind the rows."""
        return self.buffers | ({} if self.outputs is None else self.outputs.numbers())

    def forward(self, x: np.ndarray, *, probe: int | None = None) -> np.ndarray:
        """Return the outputs of a batch, float32 (n, cols) -> (n, rows).

        `probe` is the number of a read beside the training, see `Crossbar.forward`.
        """
        return self.scaled(self.sums(x, probe=probe))

    def sums(self, x: np.ndarray, *, probe: int | None = None) -> np.ndarray:
        """Return what the arrays give for a batch, float32 (n, cols) -> (n, rows).

        `probe` is the number of a read beside the training, see `Crossbar.forward`.
        """
        return self.total([self.arrays[name].forward(x, probe=probe) for name, _ in self.terms])

    def scaled(self, sums: np.ndarray) -> np.ndarray:
        """Return the outputs for the sums of the arrays, float32 (n, rows)."""
        return sums if self.outputs is None else self.outputs.forward(sums)

    def rows_direction(self, d: np.ndarray) -> np.ndarray:
        """Return how the rows should move where the outputs should move along `d`, (n, rows)."""
        return d if self.outputs is None else self.outputs.backward(d)

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Return the transposed read of a batch, float32 (n, rows) -> (n, cols)."""
        return self.total([self.arrays[name].backward(d) for name, _ in self.terms])

    def total(self, parts: list[np.ndarray]) -> np.ndarray:
        """Return the sum of what reads of the terms gave, each with its factor."""
        total = None
        for part, (_, factor) in zip(parts, self.terms, strict=True):
            scaled = part if factor == 1 else np.float32(factor) * part
            total = scaled if total is None else total + scaled
        assert total is not None
        return total


class Network:
    """Layers of arrays; every array has a bias line that carries 1, unless the bias is digital.

    Parameters
    ----------
    sizes : tuple of int or tuple of Stage
        Units per layer, inputs first, for example (784, 256, 128, 10); or what
        `phys.layers.stages` returned.
    array_names : tuple of str
        Arrays of each layer; () for floating-point weights.
    devices : mapping of array name to Device
    seed : int
    activation : str
        "sigmoid", "tanh" or "relu"; the output is a softmax.
    terms : tuple of (name, factor)
        What forward and backward read, see `Layer`.
    build : callable
        Makes an array of its rows, columns, device and seed.
    outputs : OutputKind
        Which digital numbers stand behind the arrays.
    initial : str
        Range of the initial weights, uniform: "glorot", +-sqrt(6/(inputs + outputs)) (Glorot and
        Bengio 2010); or "fan-in", +-1/sqrt(inputs), the default of PyTorch's linear layers.
    """

    def __init__(
        self,
        sizes: tuple[int, ...] | tuple[Stage, ...],
        array_names: tuple[str, ...],
        devices: dict[str, Any],
        seed: int,
        activation: str = "sigmoid",
        terms: Terms = (("c", 1.0),),
        build: Callable[[int, int, Any, int], Any] = Crossbar,
        outputs: OutputKind = FIXED_OUTPUTS,
        initial: str = INITIAL[0],
    ) -> None:
        self.stages = tuple(
            replace(stage, bias_line=outputs.bias == "array") for stage in _stages(sizes)
        )
        self.seed, self.activation = seed, activation
        self.output_kind, self.initial = (
            outputs,
            checked.choice("initial_weights", initial, INITIAL),
        )
        self.layers = []
        for depth, stage in enumerate(self.stages):
            arrays: dict[str, Any] = {"c": FloatArray(stage.rows, stage.cols)}
            if array_names:
                arrays = {
                    name: build(
                        stage.rows,
                        stage.cols,
                        devices[name],
                        int(stream_key(seed, int(ARRAY), depth, ord(name[0]))),
                    )
                    for name in array_names
                }
            behind = (
                DigitalOutputs(outputs, self._initial_draw(depth)[-1]) if outputs.learns else None
            )
            self.layers.append(Layer(arrays, terms=terms, outputs=behind))

    @property
    def sizes(self) -> tuple[int, ...]:
        """Inputs of the network, then the outputs of every layer with weights."""
        height, width, channels = self.stages[0].source
        return (height * width * channels, *(stage.rows * stage.patches for stage in self.stages))

    def describe_layers(self) -> list[Any]:
        """Return the layers in JSON types: units where all are fully connected."""
        return list(self.sizes) if self.is_dense else [repr(stage) for stage in self.stages]

    @property
    def is_plain(self) -> bool:
        """Whether all layers are fully connected and all reads ideal."""
        arrays = [array for layer in self.layers for array in layer.arrays.values()]
        return self.is_dense and all(array.read.is_ideal for array in arrays)

    @property
    def is_dense(self) -> bool:
        """Whether all layers are fully connected."""
        return not any(stage.kernel for stage in self.stages)

    def initial_weights(self, depth: int) -> np.ndarray:
        """Return the start of C's effective weights, float32 (cols, rows)."""
        return self._initial_draw(depth)[: self.stages[depth].cols]

    def _initial_draw(self, depth: int) -> np.ndarray:
        """Return the initial weights and, behind them, the biases, float32 (inputs + 1, rows)."""
        stage = self.stages[depth]
        key = stream_key(self.seed, int(INITIAL_WEIGHT), depth)
        draw = uniforms(key, (stage.inputs + 1) * stage.rows).reshape(-1, stage.rows)
        limit = np.sqrt(6 / stage.fan if self.initial == "glorot" else 1 / stage.inputs)
        return ((2 * draw - 1) * limit).astype(np.float32)

    def programme_initial_weights(self) -> None:
        """Write the initial weights to C, on top of its reference."""
        for depth, layer in enumerate(self.layers):
            start = self.initial_weights(depth)
            if isinstance(layer.c, FloatArray):
                layer.c.set_weights(start.T)
            elif isinstance(layer.c, DifferentialPair):
                layer.c.set_effective_weights(start.T)
            else:
                layer.c.set_weights((start + layer.c.reference_columns).T)

    def outputs(self, images: np.ndarray) -> np.ndarray:
        """Return the outputs before the softmax for a batch of images, float32 (n, classes).

        A read beside the training: it changes nothing, and counts no reads.
        """
        starts = range(0, len(images), PROBE_BATCH)
        parts = [self._outputs(images[k : k + PROBE_BATCH], k) for k in starts]
        return np.concatenate(parts) if parts else self._outputs(images, 0)

    def _outputs(self, images: np.ndarray, first: int) -> np.ndarray:
        """Return the outputs of images of which the first has this number."""
        y = images
        for layer, stage in zip(self.layers, self.stages, strict=True):
            number = first * stage.patches
            y = layer.forward(entering(y, stage), probe=number)
            if layer is not self.layers[-1]:
                y = convolution.pooled(activate(y, self.activation), stage)
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
        inputs : list of float32 (patches, cols)
            What entered each layer, bias included; one patch where it is fully connected.
        directions : list of float32 (patches, rows)
            How the rows of each layer's arrays should move: minus the gradient.
        loss : float32
            Cross-entropy.
        """
        inputs, sums, maps, x = [], [], [], image[None]
        for layer, stage in zip(self.layers, self.stages, strict=True):
            inputs.append(entering(x, stage))
            sums.append(layer.sums(inputs[-1]))
            y = layer.scaled(sums[-1])
            if layer is not self.layers[-1]:
                maps.append(activate(y, self.activation))
                x = convolution.pooled(maps[-1], stage)
        direction, loss = softmax_direction(y[0], label)
        d = direction[None]
        directions: list[np.ndarray] = []
        for depth in range(len(self.layers) - 1, -1, -1):
            layer = self.layers[depth]
            if layer.outputs is not None:
                layer.outputs.note(sums[depth], d)
            directions.insert(0, layer.rows_direction(d))
            if depth == 0:
                break
            z = layer.backward(directions[0])[:, : self.stages[depth].inputs]
            before = convolution.add_patches(z, self.stages[depth])
            d = convolution.unpooled(before, maps[depth - 1], self.stages[depth - 1])
            d = d * slope(maps[depth - 1], self.activation)
        return inputs, directions, loss

    def updates(
        self, inputs: list[np.ndarray], directions: list[np.ndarray]
    ) -> Iterator[tuple[Layer, np.ndarray, np.ndarray]]:
        """Go through the parallel updates of one sample: a layer, its input and its direction.

        Layer by layer, and in a convolution patch by patch, each with an update of its own.
        """
        for layer, x, d in zip(self.layers, inputs, directions, strict=True):
            for patch in range(len(x)):
                yield layer, x[patch], d[patch]


def entering(x: np.ndarray, stage: Stage) -> np.ndarray:
    """Return what enters the array of a layer for a batch of maps, float32 (n, cols)."""
    vectors = convolution.patches(x, stage)
    return with_bias(vectors) if stage.bias_line else vectors


def _stages(sizes: tuple[int, ...] | tuple[Stage, ...]) -> tuple[Stage, ...]:
    if all(isinstance(size, Stage) for size in sizes):
        return tuple(size for size in sizes if isinstance(size, Stage))
    return dense_stages([int(size) for size in sizes if not isinstance(size, Stage)])
