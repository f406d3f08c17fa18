"""Convolutions: patches and pooling from their definition, gradients, and the bits of training."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from phys import Crossbar, Device, fused, train
from phys.activations import ACTIVATIONS
from phys.algorithms import named_algorithm
from phys.array_kinds.kind import ArrayKind
from phys.convolution import add_patches, patches, pooled, unpooled
from phys.data import Dataset, load
from phys.layers import LENET5, Conv, Dense, Pool, Stage, stages
from phys.network import Network
from phys.training_run import prepare_layers
from tests.phys.helpers import blobs, network_digest, same_bits, small_device
from theory import laws

DEVICE = small_device(laws.soft_bounds(w_max=2, w_min=-2, imbalance=0.2))
SMALL = [Conv(3, 3), Pool(2), Conv(4, 2), Pool(2, "average"), Dense(6), Dense(3)]
SHAPE = (12, 12)
STAGE = Stage((7, 6, 2), rows=5, kernel=3, stride=1)


def images(count: int = 12) -> Dataset:
    """Return a data set of 12 x 12 pixels with three classes."""
    data = blobs(count, 9, pixels=144)
    return replace(data, image_shape=SHAPE)


def network(
    name: str = "sgd", activation: str = "tanh", kind: ArrayKind | None = None
) -> tuple[Network, Any]:
    algorithm = named_algorithm(name)
    build = (kind or ArrayKind()).build
    made = Network(
        stages(SMALL, SHAPE),
        algorithm.arrays,
        {"a": DEVICE, "c": DEVICE},
        0,
        activation,
        algorithm.terms,
        build,
    )
    prepare_layers(made, algorithm)
    made.programme_initial_weights()
    return made, algorithm


# -- pieces --------------------------------------------------------------------------------------
@pytest.mark.parametrize("stride", [1, 2])
def test_a_read_of_the_patches_is_the_convolution(stride: int) -> None:
    generator = np.random.default_rng(1)
    stage = Stage((7, 6, 2), rows=5, kernel=3, stride=stride)
    maps = generator.normal(size=(2, 7, 6, 2)).astype(np.float32)
    kernels = generator.normal(size=(5, 3, 3, 2))
    made = patches(maps.reshape(2, -1), stage) @ kernels.reshape(5, -1).T
    height, width, _ = stage.map
    for n in range(2):
        for down in range(height):
            for right in range(width):
                window = maps[n, stride * down :, stride * right :][:3, :3]
                exact = (kernels * window).sum(axis=(1, 2, 3))
                place = (n * height + down) * width + right
                assert made[place] == pytest.approx(exact, abs=1e-5)


def test_adding_patches_up_is_the_transpose_of_cutting_them() -> None:
    """``<P x, y> = <x, P^T y>``: what the backward pass has to be."""
    generator = np.random.default_rng(2)
    x = generator.normal(size=84).astype(np.float32)
    y = generator.normal(size=(STAGE.patches, STAGE.cols - 1)).astype(np.float32)
    left = float((patches(x[None], STAGE) * y).sum())
    assert left == pytest.approx(float(x @ add_patches(y, STAGE)), rel=1e-5)


@pytest.mark.parametrize("average", [False, True])
def test_pooling_and_its_gradient(average: bool) -> None:
    generator = np.random.default_rng(3)
    stage = Stage((5, 7, 1), rows=3, kernel=2, pool=2, average=average)
    values = generator.normal(size=(24, 3)).astype(np.float32)
    grid = values.reshape(4, 6, 3)
    squares = grid.reshape(2, 2, 3, 2, 3).swapaxes(1, 2).reshape(2, 3, 4, 3)
    exact = squares.mean(axis=2) if average else squares.max(axis=2)
    assert pooled(values, stage) == pytest.approx(exact.reshape(1, -1), abs=1e-6)
    direction = generator.normal(size=18).astype(np.float32)
    h = 1e-3
    back = unpooled(direction, values, stage)
    for place in [(0, 0), (7, 1), (16, 2), (23, 0)]:
        moved = values.copy()
        moved[place] += h
        change = (pooled(moved, stage) - pooled(values, stage))[0] @ direction / h
        assert back[place] == pytest.approx(float(change), abs=2e-3)


# -- gradients -----------------------------------------------------------------------------------
def exact_loss(weights: list[np.ndarray], image: np.ndarray, label: int, activation: str) -> float:
    """Return the cross-entropy of the small network, in float64, from the definition."""
    act: Callable[[np.ndarray], np.ndarray] = {
        "sigmoid": lambda y: 1 / (1 + np.exp(-y)),
        "tanh": np.tanh,
        "relu": lambda y: np.maximum(y, 0),
    }[activation]
    x = image.astype(float).reshape(12, 12, 1)
    for w, size, pool in ((weights[0], 3, np.max), (weights[1], 2, np.mean)):
        side = x.shape[0] - size + 1
        y = np.array(
            [
                [np.append(x[i : i + size, j : j + size].ravel(), 1) @ w for j in range(side)]
                for i in range(side)
            ]
        )
        x = pool(act(y).reshape(side // 2, 2, side // 2, 2, -1), axis=(1, 3))
    hidden = act(np.append(x.ravel(), 1) @ weights[2])
    y = np.append(hidden, 1) @ weights[3]
    return float(math.log(np.exp(y - y.max()).sum()) + y.max() - y[label])


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_directions_are_minus_the_gradient(activation: str) -> None:
    """Summed over the patches, ``d x^T`` against difference quotients of a float64 loss."""
    made, _ = network(activation=activation)
    data = images()
    image, label = data.train_images[4], int(data.train_labels[4])
    inputs, directions, loss = made.backpropagate(image, label)
    weights = [layer.c.columns.astype(float) for layer in made.layers]
    assert float(loss) == pytest.approx(exact_loss(weights, image, label, activation), abs=1e-5)
    h = 1e-6
    for depth, (x, d) in enumerate(zip(inputs, directions, strict=True)):
        total = x.astype(float).T @ d.astype(float)
        for place in [(0, 0), (3, 1), (total.shape[0] - 1, 2)]:
            quotient = []
            for sign in (1, -1):
                moved = [w.copy() for w in weights]
                moved[depth][place] += sign * h
                quotient.append(exact_loss(moved, image, label, activation))
            gradient = (quotient[0] - quotient[1]) / (2 * h)
            assert total[place] == pytest.approx(-gradient, abs=2e-5)


def test_each_patch_has_an_update_of_its_own_in_order() -> None:
    made, _ = network()
    data = images()
    inputs, directions, _ = made.backpropagate(data.train_images[0], 0)
    updates = list(made.updates(inputs, directions))
    assert [layer for layer, _, _ in updates] == (
        [made.layers[0]] * 100 + [made.layers[1]] * 16 + made.layers[2:]
    )
    assert same_bits(np.array([x for _, x, _ in updates[:100]]), inputs[0])


# -- bits ----------------------------------------------------------------------------------------
def trained(
    name: str, stepwise: bool, kind: ArrayKind | None = None, batch: int = 1
) -> tuple[str, float]:
    """Return the digest of a network after six samples, and their loss."""
    made, algorithm = network(name, kind=kind)
    data, order, total = images(), np.arange(6), 0.0
    labels = data.train_labels.astype(np.int64)
    if not stepwise:
        run = fused.compiled_runner(made, algorithm, data.train_images, labels, batch)
        assert run is not None
        return_loss = run(algorithm, order, total)
        return network_digest(made), return_loss
    for start in range(0, 6, batch):
        done = [
            made.backpropagate(data.train_images[n], int(labels[n]))
            for n in order[start : start + batch]
        ]
        for inputs, directions, loss in done:
            total += float(loss)
            for layer, x, d in made.updates(inputs, directions):
                algorithm.update(layer, x, d)
    return network_digest(made), total


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("name", ["float", "sgd", "shd"])
@pytest.mark.parametrize("read", ["ideal", "aihwkit"])
def test_compiled_and_stepwise_training_give_the_same_bits(name: str, read: str) -> None:
    if name == "float" and read != "ideal":
        return
    kind = ArrayKind(read_model=read)
    for batch in (1, 4):
        assert trained(name, False, kind, batch) == trained(name, True, kind, batch)


@pytest.mark.usefixtures("compiled")
def test_numpy_and_compiled_training_give_the_same_bits(
    numpy_engine: Callable[[bool], None],
) -> None:
    kind = ArrayKind(read_model="aihwkit")
    compiled = trained("shd", True, kind)
    numpy_engine(True)
    assert trained("shd", True, kind) == compiled


def test_arrays_of_reads_differ_from_ideal_ones() -> None:
    """Negative control: noise in the reads shows in the weights."""
    assert trained("sgd", True)[0] != trained("sgd", True, ArrayKind(read_model="aihwkit"))[0]


def test_noise_of_an_evaluation_follows_the_number_of_the_image() -> None:
    """However the images are cut into batches; and it counts no read."""
    made, _ = network(kind=ArrayKind(read_model="aihwkit"))
    data = images(230)
    whole = made.outputs(data.train_images)
    assert same_bits(made._outputs(data.train_images[210:], 210), whole[210:])
    assert not same_bits(made._outputs(data.train_images[210:], 0), whole[210:])
    assert not made.layers[0].c.reads.any()


# -- learning ------------------------------------------------------------------------------------
@pytest.mark.usefixtures("compiled")
def test_a_convolution_learns_and_resumes(tmp_path: Any) -> None:
    data, file = images(90), tmp_path / "run.ckpt"
    options: dict[str, Any] = {
        "layers": SMALL,
        "activation": "tanh",
        "lr": 0.05,
        "seed": 1,
        "device": Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0), dw_min=0.002),
        "zero_shift": False,
    }
    history = train(data, "sgd", epochs=5, **options)
    assert history.accuracy[-1] > 0.8
    assert history.layers[0].updates == 5 * 90 * 100
    train(data, "sgd", epochs=2, checkpoint_file=file, **options)
    again = train(data, "sgd", epochs=5, checkpoint_file=file, resume=True, **options)
    assert again.accuracy == history.accuracy
    assert network_digest(again.network) == network_digest(history.network)


@pytest.mark.usefixtures("compiled")
def test_lenet5_learns_real_mnist(mnist_dir: Any) -> None:
    device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0), dw_min=0.001)
    data = load("mnist", mnist_dir)
    history = train(
        replace(data, test_images=data.test_images[:1000], test_labels=data.test_labels[:1000]),
        "sgd",
        device,
        epochs=1,
        samples=1000,
        zero_shift=False,
        layers="lenet5",
        activation="tanh",
        lr=0.02,
    )
    assert history.accuracy[0] > 0.6
    network = history.network
    assert network is not None
    assert [stage.rows for stage in network.stages] == [s.rows for s in stages(LENET5, (28, 28))]
    assert isinstance(network.layers[0].c, Crossbar)
