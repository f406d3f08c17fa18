"""The network: reads, gradients against a float64 loss, and the start of its weights."""

from __future__ import annotations

import math

import numpy as np
import pytest

from phys.activations import ACTIVATIONS, activate, slope, softmax_direction, with_bias
from phys.network import Network
from tests.phys.helpers import assert_within, blobs, ks_distance, same_bits, small_device
from theory import laws

SIZES = (12, 7, 5, 3)
DEVICE = small_device(laws.soft_bounds(w_max=2, w_min=-2, imbalance=0))
EXACT = {
    "sigmoid": lambda y: 1 / (1 + np.exp(-y)),
    "tanh": np.tanh,
    "relu": lambda y: np.maximum(y, 0),
}


def network(
    activation: str = "sigmoid", arrays: tuple[str, ...] = ("c",), seed: int = 0
) -> Network:
    made = Network(SIZES, arrays, {"a": DEVICE, "c": DEVICE}, seed, activation)
    made.programme_initial_weights()
    return made


def weights_of(made: Network) -> list[np.ndarray]:
    return [(layer.c.columns - layer.c.reference_columns).astype(float) for layer in made.layers]


def exact_loss(weights: list[np.ndarray], image: np.ndarray, label: int, activation: str) -> float:
    """Return the cross-entropy of one image, in float64, from the definition."""
    x = image.astype(float)
    for depth, w in enumerate(weights):
        y = np.append(x, 1.0) @ w
        x = EXACT[activation](y) if depth + 1 < len(weights) else y
    return float(math.log(np.exp(x - x.max()).sum()) + x.max() - x[label])


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
@pytest.mark.parametrize("arrays", [("c",), ()])
def test_directions_are_minus_the_gradient(activation: str, arrays: tuple[str, ...]) -> None:
    """``d_i x_j`` against difference quotients of a float64 loss, for every weight."""
    made, data = network(activation, arrays), blobs()
    image, label = data.train_images[4], int(data.train_labels[4])
    inputs, directions, loss = made.backpropagate(image, label)
    weights = weights_of(made)
    assert float(loss) == pytest.approx(exact_loss(weights, image, label, activation), abs=3e-6)
    h = 1e-6
    for depth, w in enumerate(weights):
        for place in [(0, 0), (3, 1), (w.shape[0] - 1, w.shape[1] - 1), (5 % w.shape[0], 2)]:
            quotient = []
            for sign in (1, -1):
                moved = [v.copy() for v in weights]
                moved[depth][place] += sign * h
                quotient.append(exact_loss(moved, image, label, activation))
            gradient = (quotient[0] - quotient[1]) / (2 * h)
            made_by = float(inputs[depth][0, place[0]] * directions[depth][0, place[1]])
            assert made_by == pytest.approx(-gradient, abs=2e-6)


def test_outputs_are_those_of_the_definition() -> None:
    made, data = network(), blobs()
    outputs = made.outputs(data.test_images)
    x = data.test_images.astype(float)
    weights = weights_of(made)
    for depth, w in enumerate(weights):
        y = np.hstack([x, np.ones((len(x), 1))]) @ w
        x = EXACT["sigmoid"](y) if depth + 1 < len(weights) else y
    assert outputs == pytest.approx(x, abs=1e-5)
    labels = x.argmax(axis=1)
    assert made.accuracy(data.test_images, labels) == 1
    assert made.accuracy(data.test_images, (labels + 1) % 3) == 0


def test_direction_of_the_softmax_sums_to_zero() -> None:
    for seed in range(5):
        y = np.random.default_rng(seed).normal(0, 4, 10).astype(np.float32)
        direction, loss = softmax_direction(y.copy(), 3)
        assert direction.sum() == pytest.approx(0, abs=1e-6)
        assert direction[3] >= 0
        assert (np.delete(direction, 3) <= 0).all()
        exact = y.astype(float)
        assert float(loss) == pytest.approx(
            math.log(np.exp(exact - exact.max()).sum()) + exact.max() - exact[3], abs=1e-5
        )


def test_softmax_of_large_outputs_is_finite() -> None:
    direction, loss = softmax_direction(np.array([1e4, -1e4, 0], np.float32), 1)
    assert np.isfinite(direction).all()
    assert np.isfinite(loss)


@pytest.mark.parametrize("activation", list(ACTIVATIONS))
def test_slope_is_the_derivative(activation: str) -> None:
    y = np.delete(np.linspace(-4, 4, 81), 40)
    h = 1e-5
    exact = (EXACT[activation](y + h) - EXACT[activation](y - h)) / (2 * h)
    made = slope(activate(y.astype(np.float32), activation), activation)
    assert made == pytest.approx(exact, abs=1e-6)


def test_bias_line_carries_one() -> None:
    x = with_bias(np.zeros((3, 4), np.float32))
    assert x.shape == (3, 5)
    assert (x[:, -1] == 1).all()
    assert x.dtype == np.float32


# -- the start ---------------------------------------------------------------------------------
def test_initial_weights_are_uniform_within_the_limit_of_glorot() -> None:
    made = Network((100, 80, 10), ("c",), {"c": DEVICE}, seed=0)
    start = made.initial_weights(0)
    limit = math.sqrt(6 / 180)
    assert start.shape == (101, 80)
    assert np.abs(start).max() <= limit
    assert ks_distance(start.reshape(-1) / limit / 2 + 0.5, lambda u: u) < 1.95
    assert_within(float(start.mean()), 0, limit / math.sqrt(3 * start.size), 4.5, "mean")


def test_every_layer_and_every_seed_starts_elsewhere() -> None:
    made = Network((6, 6, 6), ("c",), {"c": DEVICE}, seed=0)
    assert not same_bits(made.initial_weights(0), made.initial_weights(1))
    other = Network((6, 6, 6), ("c",), {"c": DEVICE}, seed=1)
    assert not same_bits(made.initial_weights(0), other.initial_weights(0))


def test_analog_and_digital_networks_start_alike() -> None:
    digital, analog = network(arrays=()), network(arrays=("c",))
    for a, b in zip(digital.layers, analog.layers, strict=True):
        assert same_bits(a.c.columns, b.c.columns)


def test_initial_weights_lie_on_top_of_the_reference() -> None:
    made = Network(SIZES, ("c",), {"c": DEVICE}, 0)
    for layer in made.layers:
        layer.c.set_reference(np.full((layer.c.rows, layer.c.cols), 0.25))
    made.programme_initial_weights()
    for depth, layer in enumerate(made.layers):
        start = layer.c.effective_weights.T
        assert start == pytest.approx(made.initial_weights(depth), abs=1e-7)


def test_arrays_of_a_network_have_streams_of_their_own() -> None:
    made = network(arrays=("a", "c"))
    seeds = [array.seed for layer in made.layers for array in layer.arrays.values()]
    assert len(set(seeds)) == len(seeds) == 6
