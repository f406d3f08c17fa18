"""The compiled training loop of a built-in algorithm, over a network's own arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from phys import compiler, fast
from phys.algorithms import SHD, Algorithm, FloatSGD, PulsedSGD
from phys.crossbar import Crossbar
from phys.kernels import LawKernel
from phys.network import ACTIVATIONS, Network
from phys.pulses import update_gain

Runner = Callable[[np.ndarray], float]


@cache
def _training_module(first: str, second: str) -> Any:
    return compiler.training_module(compiler.law_module(first), compiler.law_module(second))


def _source(crossbar: Crossbar) -> str:
    assert isinstance(crossbar.kernel, LawKernel)
    return crossbar.kernel.source


class _Arrays:
    """The arrays of one role over all layers, as the compiled loops take them."""

    def __init__(self, network: Network, name: str) -> None:
        self.crossbars = [layer.arrays[name] for layer in network.layers]
        self.numbers = np.array([x.updates for x in self.crossbars], dtype=np.int64)

    def packed(self) -> tuple[Any, ...]:
        """Return what a loop takes of the arrays, in the order that it unpacks."""
        x = self.crossbars
        return (
            tuple(c.columns for c in x),
            tuple(c.reference_columns for c in x),
            tuple(c.coefficients.reshape(-1) for c in x),
            tuple(c.stride for c in x),
            x[0].noise,
            tuple(c.streams for c in x),
            self.numbers,
            tuple(c.statistics for c in x),
        )

    def give_back(self) -> None:
        """Tell the crossbars how many updates they have seen."""
        for crossbar, number in zip(self.crossbars, self.numbers, strict=True):
            crossbar.updates = int(number)


def compiled_runner(
    network: Network, algorithm: Algorithm, images: np.ndarray, labels: np.ndarray, batch: int
) -> Runner | None:
    """Return a function that trains on the samples of an order and returns their summed loss.

    None where there is no compiled loop: without numba, for an algorithm that is not built in, or
    for devices whose steps are Python functions.
    """
    if not compiler.available() or type(algorithm) not in (FloatSGD, PulsedSGD, SHD):
        return None
    crossbars = [array for layer in network.layers for array in layer.arrays.values()]
    if algorithm.arrays and any(fast.engine_name(x.kernel) == "numpy" for x in crossbars):
        return None
    shapes = [(layer.c.cols, layer.c.rows) for layer in network.layers]
    lines = max(max(shape) for shape in shapes)
    inputs = tuple(np.ones((batch, columns), np.float32) for columns, _ in shapes)
    outputs = tuple(np.zeros((batch, rows), np.float32) for _, rows in shapes)
    work = (inputs, outputs, fast.scratch(lines), np.zeros(lines, np.float32))
    start = (images, labels)
    form = (batch, ACTIVATIONS[network.activation])

    if isinstance(algorithm, FloatSGD):
        lr = np.float32(algorithm.lr)
        weights = tuple(layer.c.columns for layer in network.layers)
        references = tuple(layer.c.reference_columns for layer in network.layers)
        loop = compiler.float_training_module().train_float

        def run_float(order: np.ndarray) -> float:
            return float(loop(*start, order, *form, weights, references, lr, *work))

        return run_float

    core = network.layers[0].c
    arrays_c = _Arrays(network, "c")

    if isinstance(algorithm, PulsedSGD):
        module = _training_module(_source(core), _source(core))
        gain = update_gain(algorithm.lr, core.device.dw_min, algorithm.pulses)

        def run_pulsed(order: np.ndarray) -> float:
            packed = arrays_c.packed()
            loss = module.train_pulsed(*start, order, *form, packed, gain, algorithm.pulses, *work)
            arrays_c.give_back()
            return float(loss)

        return run_pulsed

    assert isinstance(algorithm, SHD)
    shd = algorithm
    auxiliary = network.layers[0].a
    arrays_a = _Arrays(network, "a")
    module = _training_module(_source(auxiliary), _source(core))
    gain_a = update_gain(shd.lr_a, auxiliary.device.dw_min, shd.pulses)
    gain_c = update_gain(shd.lr_c, core.device.dw_min, shd.pulses)
    turns = np.array([layer.turns for layer in network.layers], dtype=np.int64)
    one_hot, read = np.zeros(lines, np.float32), np.zeros(lines, np.float32)

    def run_shd(order: np.ndarray) -> float:
        loss = module.train_shd(
            *start,
            order,
            *form,
            arrays_a.packed(),
            arrays_c.packed(),
            gain_a,
            gain_c,
            shd.pulses,
            shd.transfer_every,
            turns,
            *work,
            one_hot,
            read,
        )
        arrays_a.give_back()
        arrays_c.give_back()
        for layer, turn in zip(network.layers, turns, strict=True):
            layer.turns = int(turn)
        return float(loss)

    return run_shd
