"""Whole trainings: the same bits from every engine, thread and way of being watched."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phys import Device, Spread, StepFunctions, compiler, train, training_run
from phys.algorithms import (
    AGAD,
    SHD,
    ChoppedTikiTakaV2,
    FloatSGD,
    MixedPrecision,
    PulsedSGD,
    ResidualLearning,
    TikiTaka,
    TikiTakaV2,
    ZeroShiftedSGD,
)
from phys.divergence import Diverged
from phys.history import History, Progress
from phys.training_run import sample_order
from tests.phys.helpers import blobs, network_digest, same_bits
from theory import laws

DEVICE = Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3), dw_min=0.01)
UNEVEN = Device(
    laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3),
    dw_min=0.01,
    device_spread=Spread(step=0.3, bounds=0.2, imbalance=0.05),
    cycle_noise=0.3,
)
OTHER = Device(laws.CATALOGUE["exponential_step"].law(), dw_min=0.01, cycle_noise=0.2)
RUNS: dict[str, dict[str, Any]] = {
    "float": {"algorithm": "float", "lr": 0.1},
    "float in batches": {"algorithm": "float", "lr": 0.1, "batch": 4, "activation": "tanh"},
    "sgd": {"algorithm": "sgd", "device": DEVICE, "lr": 0.05},
    "sgd, uneven": {"algorithm": "sgd", "device": UNEVEN, "lr": 0.05, "batch": 3, "pulses": 31},
    "shd": {"algorithm": "shd", "device": DEVICE, "lr_a": 0.05, "lr_c": 0.3},
    "shd, uneven": {
        "algorithm": "shd",
        "device": UNEVEN,
        "transfer_every": 1,
        "activation": "relu",
        "read": "mean",
        "reference_error": 0.01,
    },
    "shd, two laws": {"algorithm": "shd", "device": DEVICE, "device_a": OTHER, "batch": 2},
    "shd, half shifted": {"algorithm": "shd", "device": UNEVEN, "zero_shift": "a"},
    "zero-shifted sgd": {"algorithm": ZeroShiftedSGD(lr=0.05), "device": UNEVEN},
    "tiki-taka": {"algorithm": TikiTaka(gamma=0.3), "device": UNEVEN, "device_a": OTHER},
    "tiki-taka without A in the sum": {"algorithm": TikiTaka(gamma=0.0), "device": UNEVEN},
    "tiki-taka v2": {
        "algorithm": TikiTakaV2(lr_h=40, transfer_pulses=3),
        "device": UNEVEN,
        "batch": 2,
    },
    "chopped": {
        "algorithm": ChoppedTikiTakaV2(lr_h=40, flip_probability=0.4),
        "device": UNEVEN,
        "zero_shift": False,
    },
    "agad": {
        "algorithm": AGAD(lr_h=40, flip_probability=0.4, transfer_every=2),
        "device": UNEVEN,
        "zero_shift": False,
    },
    "residual": {"algorithm": ResidualLearning(transfer_every=7), "device": UNEVEN},
    "mixed precision": {"algorithm": MixedPrecision(transfer_every=3), "device": UNEVEN},
}


def short(name: str, **changes: Any) -> History:
    """Run one of the trainings above on data that are learned in no time."""
    options = {"epochs": 2, "seed": 3, "layers": (12, 6, 3), "pairs": 20, **RUNS[name], **changes}
    return train(blobs(41, 20), **options)


def bits(history: History) -> tuple[str, list[float], list[float]]:
    """Return what must not depend on how a training was run."""
    return network_digest(history.network), history.loss, history.accuracy


@pytest.mark.parametrize("name", RUNS)
def test_engines_agree(name: str, numpy_engine: Callable[[bool], None]) -> None:
    """Fast, stepwise, and both on NumPy: weights, losses and accuracies to the last bit."""
    fast = bits(short(name))
    assert bits(short(name, engine="stepwise")) == fast
    numpy_engine(True)
    assert bits(short(name)) == fast


@pytest.mark.parametrize("layers", [(12, 3), (12, 5, 4, 7, 3)])
def test_engines_agree_for_any_depth(
    layers: tuple[int, ...], numpy_engine: Callable[[bool], None]
) -> None:
    fast = bits(short("shd, uneven", layers=layers))
    numpy_engine(True)
    assert bits(short("shd, uneven", layers=layers)) == fast


def test_a_process_without_numba_finds_the_same_bits(repository: Path) -> None:
    """The whole path from the environment variable on, in a process of its own."""
    if not compiler.available():
        pytest.skip("numba is missing or switched off: there is nothing to compare with")
    script = (
        "import json, sys\n"
        "from phys import compiler\n"
        "from tests.phys import test_training as t\n"
        "assert not compiler.available()\n"
        "print(json.dumps({n: t.bits(t.short(n)) for n in t.RUNS}))\n"
        "assert 'numba' not in sys.modules\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=repository,
        env={**os.environ, "CROSSPOINT_NUMBA": "0"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found == json.loads(json.dumps({name: bits(short(name)) for name in RUNS}))


@pytest.mark.parametrize("threads", [2, 4])
def test_trainings_in_threads_find_the_bits_they_find_alone(threads: int) -> None:
    names = ["sgd, uneven", "shd", "shd, uneven", "float"]
    alone = {name: bits(short(name)) for name in names}
    with ThreadPoolExecutor(threads) as pool:
        together = list(pool.map(lambda name: bits(short(name)), names * 2))
    assert together == [alone[name] for name in names * 2]


@pytest.mark.parametrize("name", ["float", "sgd, uneven", "shd, uneven"])
def test_same_seed_same_bits_other_seed_other_bits(name: str) -> None:
    first, again, other = short(name), short(name), short(name, seed=4)
    assert bits(first) == bits(again)
    assert bits(other)[0] != bits(first)[0]


@pytest.mark.parametrize("name", ["float in batches", "sgd, uneven", "shd, uneven"])
def test_bits_do_not_depend_on_the_chunks(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A training is run in pieces, for progress and checkpoints: the weights do not feel it."""
    whole = short(name)
    monkeypatch.setattr(training_run, "CHUNK", 7)
    pieces = short(name)
    assert bits(pieces)[0] == bits(whole)[0]
    assert pieces.accuracy == whole.accuracy
    assert pieces.loss == pytest.approx(whole.loss, rel=1e-12)


def test_watching_changes_nothing() -> None:
    """Neither progress nor the recording of energies touches a weight."""
    plain = short("shd, uneven")
    seen: list[Progress] = []
    watched = short("shd, uneven", record_energy=4, progress=seen.append)
    assert bits(watched)[0] == bits(plain)[0]
    assert watched.energy
    assert seen
    assert all(0 <= p.fraction <= 1 for p in seen)
    learning = [p.fraction for p in seen if p.stage == "training"]
    assert learning == sorted(learning)
    assert learning[-1] == 1


@pytest.mark.parametrize("name", ["sgd, uneven", "shd, uneven", "shd, two laws"])
def test_training_leaves_no_bound(name: str) -> None:
    history = short(name, epochs=4, lr=2.0) if "sgd" in name else short(name, epochs=4, lr_a=2.0)
    for layer in history.network.layers:
        for array in layer.arrays.values():
            low, high = array.bounds
            assert (array.weights >= low).all()
            assert (array.weights <= high).all()


def test_more_epochs_start_like_fewer() -> None:
    assert short("shd", epochs=3).loss[:2] == short("shd", epochs=2).loss


# -- the order of the samples ------------------------------------------------------------------
def test_every_epoch_shows_every_sample_once_in_an_order_of_its_own() -> None:
    orders = [sample_order(seed, epoch, 500) for seed in (0, 1) for epoch in range(3)]
    for order in orders:
        assert sorted(order.tolist()) == list(range(500))
    assert len({order.tobytes() for order in orders}) == len(orders)


def test_orders_are_uniform() -> None:
    """Each sample comes first equally often: chi-square within 5 sd of its degrees of freedom."""
    firsts = np.bincount([sample_order(0, epoch, 10)[0] for epoch in range(2000)], minlength=10)
    chi = float(((firsts - 200.0) ** 2 / 200).sum())
    assert abs(chi - 9) < 5 * np.sqrt(18)


def test_samples_takes_the_first_images_only() -> None:
    data = blobs(41, 20)
    cut = blobs(41, 20)
    object.__setattr__(cut, "train_images", data.train_images[:17])
    object.__setattr__(cut, "train_labels", data.train_labels[:17])
    options = {"epochs": 1, "layers": (12, 6, 3), "lr": 0.1}
    a, b = (train(d, "float", samples=17, **options) for d in (data, cut))
    assert bits(a) == bits(b)


# -- what it takes -----------------------------------------------------------------------------
def test_instances_and_names_mean_the_same() -> None:
    for name, instance in (
        ("float", FloatSGD(lr=0.1)),
        ("sgd", PulsedSGD(lr=0.05)),
        ("shd", SHD(lr_a=0.05, lr_c=0.3)),
    ):
        options = {"device": DEVICE, "epochs": 1, "layers": (12, 6, 3), "pairs": 20}
        made = train(blobs(41, 20), instance, **options)
        assert bits(made) == bits(short(name, epochs=1, seed=0))


def test_an_algorithm_of_ones_own_runs() -> None:
    class Signs(PulsedSGD):
        def update(self, layer: Any, x: np.ndarray, d: np.ndarray) -> None:
            super().update(layer, x, np.sign(d))

    history = train(
        blobs(41, 20), Signs(lr=0.02), DEVICE, epochs=2, layers=(12, 3), zero_shift=False
    )
    assert len(history.accuracy) == 2
    plain = train(
        blobs(41, 20), PulsedSGD(lr=0.02), DEVICE, epochs=2, layers=(12, 3), zero_shift=False
    )
    assert bits(history)[0] != bits(plain)[0]


def test_devices_without_a_law_train() -> None:
    functions = StepFunctions(lambda v: 1.3 * (1 - v), lambda v: 0.7 * (1 + v), (-1, 1))
    history = short("sgd", device=Device(functions, dw_min=0.01), pairs=200)
    assert len(history.accuracy) == 2
    distance = history.zero_shifts["C1"].distance
    assert distance is not None
    assert distance[-1] < distance[0]


def test_batches_average_the_gradient() -> None:
    """One batch of all samples on float weights is one step along the mean gradient."""
    data = blobs(12, 6)
    history = train(data, "float", epochs=1, layers=(12, 3), lr=0.5, batch=12, seed=1)
    start = train(data, "float", epochs=1, layers=(12, 3), lr=1e-12, batch=12, seed=1)
    before = start.network.layers[0].c.columns.astype(float)
    x = np.hstack([data.train_images, np.ones((12, 1))]).astype(float)
    y = x @ before
    p = np.exp(y - y.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    d = np.eye(3)[data.train_labels] - p
    expected = before + 0.5 * x.T @ d / 12
    assert history.network.layers[0].c.columns == pytest.approx(expected, abs=1e-6)


def test_zero_shift_takes_the_letters_of_arrays() -> None:
    shifts = {
        letters: sorted(short("shd", zero_shift=letters, epochs=1).zero_shifts)
        for letters in (True, False, "a", "c", "ca")
    }
    assert shifts[True] == shifts["ca"] == ["A1", "A2", "C1", "C2"]
    assert shifts["a"] == ["A1", "A2"]
    assert shifts["c"] == ["C1", "C2"]
    assert shifts[False] == []


def test_a_loss_that_is_no_number_stops_the_training() -> None:
    # Warnings are errors here: no engine may warn of the overflows on the way.
    with pytest.raises(Diverged, match="lower the learning rate"):
        short("float", lr=1e38, activation="relu", epochs=3)


# -- the history -------------------------------------------------------------------------------
def test_history_holds_what_was_done() -> None:
    history = short("shd, uneven", record_energy=3)
    assert len(history.accuracy) == len(history.loss) == 2
    assert all(0 <= a <= 1 for a in history.accuracy)
    assert history.samples_per_second > 0
    assert [(r.layer, r.array) for r in history.layers] == [(1, "A"), (1, "C"), (2, "A"), (2, "C")]
    for report in history.layers:
        assert report.updates == 2 * 41, "one update of A, and here one transfer, per sample"
        assert 0 <= report.clipped_fraction <= 1
        assert 0 < report.delivered_over_wanted <= 1 + 1e-6
        assert report.pulses > 0
    assert history.energy[0].samples == 0
    assert history.energy[-1].samples == 82
    written = json.loads(json.dumps(history.as_dict(), allow_nan=False))
    assert written["accuracy"] == history.accuracy
    assert written["settings"]["seed"] == 3
    assert written["settings"]["devices"]["c"]["dw_min"] == 0.01


def test_last_accuracy_is_that_of_the_network_it_returns() -> None:
    history, data = short("sgd"), blobs(41, 20)
    assert history.network.accuracy(data.test_images, data.test_labels) == history.accuracy[-1]


def test_history_of_a_float_training_has_no_arrays() -> None:
    history = short("float")
    assert history.layers == []
    assert history.zero_shifts == {}
    assert not same_bits(history.network.layers[0].c.columns, np.zeros((13, 6), np.float32))
