"""The memory of large arrays: no update and no read needs room for another array."""

from __future__ import annotations

import dataclasses
import gc
import json
import os
import subprocess
import sys
import tracemalloc
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from phys import Crossbar, arrays, fast, train
from phys.data import load
from phys.pulses import update_gain
from tests.phys.helpers import digest, signals, small_device, state_digest

SIDE = 4096
GROWTH = f"""
import json
from phys import Crossbar
from tests.phys.helpers import peak_of_process as peak, signals, small_device

device = small_device(cycle_noise=0.3)
Crossbar(8, 8, device).update(signals(8, 1), signals(8, 2), 0.1, 31)
xbar = Crossbar({SIDE}, {SIDE}, device)
xbar.columns[...] = 0
before = peak()
result = xbar.update(signals({SIDE}, 1), signals({SIDE}, 2), 0.03, 31)
after = peak()
copy = xbar.columns.copy()
print(json.dumps([after - before, peak() - after, result.pulses]))
"""


@pytest.mark.usefixtures("compiled")
def test_a_compiled_update_of_a_large_array_needs_a_fraction_of_it() -> None:
    """Measured as the growth of a process's peak, which sees what compiled code takes too.

    The kernels are compiled here first: a compiler's own peak would hide what follows it.
    """
    device = small_device(cycle_noise=0.3)
    Crossbar(8, 8, device).update(signals(8, 1), signals(8, 2), 0.1, 31)
    done = subprocess.run(
        [sys.executable, "-c", GROWTH], capture_output=True, text=True, check=True, env=os.environ
    )
    update, copy, pulses = json.loads(done.stdout)
    assert pulses > 100_000, "the update reaches a good part of the array"
    array = SIDE * SIDE * 4
    assert update < array / 2
    # Negative control: the same measure sees a copy of the array.
    assert copy > 0.9 * array


TRAINING = """
import json, sys
import numpy as np
from phys import Device, train
from phys.data import Dataset
from tests.phys.helpers import peak_of_process as peak
from theory import laws

def data(images, pixels):
    grey = np.zeros((images, pixels), np.float32)
    grey[:, ::5] = 0.7
    labels = np.arange(images) % 10
    return Dataset("mnist", grey, labels, grey, labels, (pixels // 28, 28), "stripes")

def training(data, layers):
    device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), dw_min=0.001)
    history = train(data, "shd", device, epochs=1, samples=500, layers=layers)
    history.explain()
    return history

training(data(500, 28), (28, 5, 3, 10))
large = data(10_000, 784)
before = peak()
network = training(large, (784, 256, 128, 10)).network
after = peak()
copy = large.train_images.copy()
held = sum(
    getattr(value, "nbytes", 0)
    for layer in network.layers
    for array in layer.arrays.values()
    for value in vars(array).values()
)
needless = "dask", "IPython", "matplotlib", "pandas", "scipy.optimize", "scipy.stats", "sklearn"
print(json.dumps([after - before - held, peak() - after, copy.nbytes,
                  [name for name in needless if name in sys.modules]]))
"""


@pytest.mark.usefixtures("compiled")
def test_a_training_needs_little_beside_its_images_and_arrays() -> None:
    """Beside what Python and the libraries take for themselves, which a small training shows."""

    def run() -> Any:
        done = subprocess.run(
            [sys.executable, "-c", TRAINING], capture_output=True, text=True, check=True
        )
        return json.loads(done.stdout)

    run()  # compiles where the cache is empty, and a compiler's peak would hide what follows
    beside, seen, copy, needless = run()
    assert needless == []
    assert beside < 16 * 2**20
    # Negative control: the same measure sees a copy of the images.
    assert seen > 0.5 * copy


def test_a_history_does_not_keep_the_images() -> None:
    digits = load("digits")
    images = digits.train_images.copy()
    seen, data = weakref.ref(images), dataclasses.replace(digits, train_images=images)
    history = train(data, "float", epochs=1, layers=(64, 10))
    del images, data
    gc.collect()
    assert seen() is None
    assert history.explain() is not None


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_a_numpy_update_and_reads_need_a_fraction_of_a_large_array(spread: float) -> None:
    side = 2000
    xbar = Crossbar(side, side, small_device(device_spread=spread, cycle_noise=0.3))
    x, d = signals(side, 1, zeros=0), signals(side, 2, zeros=0)
    gain = update_gain(0.1, 0.01, 2)
    array = xbar.columns.nbytes

    def added(work: object, *arguments: object) -> int:
        tracemalloc.start()
        work(*arguments)  # type: ignore[operator]
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert added(arrays.update, xbar, x, d, gain, 2) < array
    assert added(arrays.alternate, xbar, np.array([1, -1])) < array
    assert added(arrays.forward, xbar.columns, xbar.reference_columns, x[None]) < array / 2
    assert added(arrays.backward, xbar.columns, xbar.reference_columns, d[None]) < array / 2
    # Negative control: the same measure sees a copy of the array.
    assert added(xbar.columns.copy) >= array


def test_small_blocks_find_the_same_bits(
    numpy_engine: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    def work() -> str:
        xbar = Crossbar(17, 23, small_device(device_spread=0.3, cycle_noise=0.3))
        xbar.update(signals(23, 1), signals(17, 2), 0.3, 20)
        xbar.pulse_all([1, -1, 1])
        y, z = xbar.forward(signals(23, 3)), xbar.backward(signals(17, 4))
        return state_digest(xbar) + digest(y, z)

    numpy_engine(True)
    whole = work()
    monkeypatch.setattr(arrays, "BLOCK", 40)
    assert work() == whole


@pytest.mark.usefixtures("compiled")
def test_working_memory_is_kept_and_grows() -> None:
    small, large = (Crossbar(n, n, small_device()) for n in (5, 70))
    for xbar in (small, large, small):
        xbar.update(signals(xbar.cols, 1), signals(xbar.rows, 2), 0.1, 10)
    kept = fast._KEPT.scratch
    small.update(signals(5, 3), signals(5, 4), 0.1, 10)
    assert fast._KEPT.scratch is kept
    assert fast._KEPT.lines >= 70
