"""What theory finds for a layer does not depend on how its devices and images are gone through."""

from __future__ import annotations

import dataclasses
import tracemalloc

import numpy as np
import pytest

from phys import Device, train
from phys.algorithms import SHD, PulsedSGD
from phys.data import load
from phys.gradients import gradient_statistics
from phys.guidance import equilibria, equilibrium, measured
from phys.network import Network
from theory import laws, w

DIGITS = load("digits")
LAW = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
PROBE = DIGITS.train_images[:200], DIGITS.train_labels[:200]


@pytest.mark.parametrize("algorithm", [SHD(), PulsedSGD()], ids=["shd", "sgd"])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_blocks_and_batches_of_any_size_find_the_same(
    algorithm: SHD | PulsedSGD, spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = Device(LAW, dw_min=0.01, device_spread=spread)
    network = train(
        DIGITS, algorithm, device, epochs=1, samples=100, layers=(64, 7, 10), zero_shift=False
    ).network

    def found() -> list[tuple[float, ...]]:
        layers = equilibria(network, algorithm, *PROBE)
        return [dataclasses.astuple(dataclasses.replace(one, array="")) for one in layers]

    whole = found()
    monkeypatch.setattr(equilibrium, "BLOCK", 20)
    monkeypatch.setattr(measured, "BATCH", 30)
    for parted, one in zip(found(), whole, strict=True):
        values = [value for value in one if value != ""]
        # Sums of float32 gradients come in another order, and in the last layer they cancel.
        assert [v for v in parted if v != ""] == pytest.approx(
            values, rel=2e-4, abs=1e-7, nan_ok=True
        )


def test_gradients_are_those_of_the_layer() -> None:
    """Without pulses that clip; where they clip, a sample counts for less."""
    network = train(DIGITS, "float", epochs=1, samples=100, layers=(64, 7, 10)).network
    exact = gradient_statistics(network, *PROBE)
    found = measured.measure(network, [1e-6, 1e-6], *PROBE)
    for one, other in zip(found, exact, strict=True):
        mean, absolute, square, curvature = one.part(slice(0, one.cols))
        shape = one.cols, one.rows
        np.testing.assert_allclose(mean.reshape(shape).T, other.mean, atol=1e-7)
        np.testing.assert_allclose(absolute.reshape(shape).T, other.absolute, atol=1e-7)
        np.testing.assert_allclose(square, curvature, rtol=1e-5)
    cut, _ = measured.measure(network, [1e6, 1e6], *PROBE)
    assert cut.absolute.max() < 1e-4 * found[0].absolute.max()


def test_an_array_without_gradients_is_weighed_evenly() -> None:
    network = Network((64, 10), ("c",), {"c": Device(LAW, dw_min=0.01)}, 0)
    network.layers[0].c.set_weights(np.full((10, 65), 0.1))
    # Nothing enters but the bias: 640 devices have no gradient, and with a class that is certain
    # already the last ten have none either.
    network.layers[0].c.columns[-1] = -0.6
    network.layers[0].c.columns[-1, 0] = 0.6
    network.layers[0].c.reference_columns[-1, 0] = -200
    images, labels = np.zeros((5, 64), np.float32), np.zeros(5, int)
    (found,) = equilibria(network, PulsedSGD(), images, labels)
    assert found.absolute_gradient == 0
    assert found.drift == found.drift_slope == 0
    psi = float((LAW.G / LAW.F).subs(w, 0.1))
    ends = [float((LAW.G / LAW.F).subs(w, sign * 0.6)) ** 2 for sign in (-1, 1)]
    assert found.pull == pytest.approx(((640 * psi**2 + 9 * ends[0] + ends[1]) / 650) ** 0.5)


def test_memory_is_a_few_times_that_of_the_array(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(equilibrium, "BLOCK", 2**10)
    monkeypatch.setattr(measured, "BATCH", 10)
    rows, columns = 400, 300
    device = Device(LAW, dw_min=0.01, device_spread=0.3)
    network = Network((columns, rows, 10), ("c",), {"c": device}, 0)
    images = np.random.default_rng(1).random((20, columns), np.float32)
    labels = np.arange(20) % 10
    equilibria(network, PulsedSGD(), images[:1], labels[:1])

    def added() -> int:
        tracemalloc.start()
        equilibria(network, PulsedSGD(), images, labels)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    # Four sums, a product and the weights, float32, and what a block and a batch take.
    array = network.layers[0].c.columns.nbytes
    assert added() < 10 * array
    # Negative control: a single block takes dozens of float64 numbers for each device.
    monkeypatch.setattr(equilibrium, "BLOCK", 2**20)
    assert added() > 20 * array
