"""Recorders: they note what is there, when it is due, and leave the training as it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phys import training_run
from phys.activations import with_bias
from phys.algorithms import AGAD, SHD, TikiTaka, TikiTakaV2
from phys.checked import InputError
from phys.energy import measure_energy
from phys.gradients import gradient_statistics
from phys.layers import Conv, Dense, Pool
from phys.recording import Energy, Gradient, Trajectory, hidden_state
from phys.training import train
from tests.phys.helpers import blobs, same_bits
from tests.phys.test_checkpoint import interrupted
from tests.phys.test_training import UNEVEN, bits, short

EVERYTHING = [
    Trajectory("a", 1, ((0, 3), (2, 5)), every=10),
    Trajectory("c.effective", 2, every=30),
    Trajectory("c.reference", 1, at=(0, 82)),
    Gradient(1, ((0, 0), (5, 12)), every=25, probe=20),
    Energy(at=(0, 41, 82), probe=20),
]


def test_watching_changes_nothing() -> None:
    plain, watched = short("shd, uneven"), short("shd, uneven", record=EVERYTHING)
    assert bits(watched) == bits(plain)


def test_moments_are_multiples_and_those_that_are_named() -> None:
    history = short("shd, uneven", record=EVERYTHING)
    assert [r.samples for r in history.records] == [
        list(range(0, 83, 10)),
        [0, 30, 60],
        [0, 82],
        [0, 25, 50, 75],
        [0, 41, 82],
    ]
    shapes = [r.values.shape for r in history.records]
    assert shapes == [(9, 2), (3, 3, 7), (2, 6, 13), (4, 2, 2), (3, 5)]


def test_moments_inside_a_batch_come_after_it() -> None:
    history = short("sgd, uneven", record=[Trajectory("c", 1, ((0, 0),), every=10)])
    assert history.records[0].samples == [0, 12, 21, 30, 41, 50, 62, 71, 80]


@pytest.mark.parametrize("engine", ["fast", "stepwise"])
def test_what_is_noted_is_what_a_shorter_training_ends_with(engine: str) -> None:
    """Arrays and buffers after 60 of 82 samples: a training over 60 of one epoch ends there."""
    algorithm = AGAD(lr_h=40, flip_probability=0.4)
    options: dict[str, Any] = {"device": UNEVEN, "layers": (12, 6, 3), "engine": engine}
    names = ("a", "a.reference", "c", "h", "chopper", "mean", "reference")
    watched = [Trajectory(name, 1, at=(41,)) for name in names]
    long = train(blobs(41, 20), algorithm, epochs=2, pairs=20, record=watched, **options)
    brief = train(blobs(41, 20), algorithm, epochs=1, pairs=20, **options)
    for recording, name in zip(long.records, names, strict=True):
        there = hidden_state(brief.network.layers[0], name)
        assert same_bits(recording.values[0], there), name


def test_gradients_are_those_of_the_loss() -> None:
    """E[g] against the difference quotient of the mean loss, in float64, device by device."""
    data = blobs(30, 10)
    network = train(data, TikiTaka(gamma=0.5), UNEVEN, epochs=1, layers=(12, 3), pairs=5).network
    (g,) = gradient_statistics(network, data.train_images, data.train_labels)
    layer = network.layers[0]
    w = layer.c.effective_weights.astype(float) + 0.5 * layer.a.effective_weights
    x = with_bias(data.train_images).astype(float)

    def losses(weights: np.ndarray) -> np.ndarray:
        y = x @ weights.T
        top = y.max(axis=1, keepdims=True)
        total = np.log(np.exp(y - top).sum(axis=1)) + top[:, 0]
        return total - y[np.arange(len(y)), data.train_labels]

    for i, j in ((0, 0), (1, 5), (2, 12)):
        step = np.zeros_like(w)
        step[i, j] = 1e-5
        each = (losses(w + step) - losses(w - step)) / 2e-5
        assert g.mean[i, j] == pytest.approx(each.mean(), abs=1e-6)
        assert g.absolute[i, j] == pytest.approx(np.abs(each).mean(), abs=1e-6)


def test_gradients_of_a_convolution_are_those_of_the_sample_by_sample_pass() -> None:
    data = blobs(24, 10, pixels=64)
    object.__setattr__(data, "image_shape", (8, 8))
    layers = [Conv(2, 3), Pool(2), Dense(5), Dense(3)]
    network = train(data, "float", epochs=1, layers=layers, activation="tanh").network
    measured = gradient_statistics(network, data.train_images, data.train_labels)
    passes = [
        network.backpropagate(image, int(label))
        for image, label in zip(data.train_images, data.train_labels, strict=True)
    ]
    for depth, g in enumerate(measured):
        mean = -sum(d[depth].T @ x[depth] for x, d, _ in passes) / len(passes)
        size = sum(np.abs(d[depth]).T @ np.abs(x[depth]) for x, d, _ in passes) / len(passes)
        assert g.mean == pytest.approx(mean, abs=1e-6)
        assert g.absolute == pytest.approx(size, abs=1e-6)


def test_energies_are_those_of_measure_energy() -> None:
    shd = SHD(lr_a=0.1)
    record = [Energy(at=(41,), probe=20)]
    data = blobs(41, 20)
    history = train(data, shd, UNEVEN, epochs=1, layers=(12, 3), pairs=5, record=record)
    few = slice(0, 20)
    point = measure_energy(history.network, shd, data.train_images[few], data.train_labels[few], 41)
    parts = [point.loss, point.kinetic, point.dissipation, point.injection, point.exchange]
    assert history.records[0].values.tolist() == [parts]


def test_records_go_on_from_a_checkpoint_with_the_same_bits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_run, "CHUNK", 6)
    file = tmp_path / "run.ckpt"
    whole = short("shd, uneven", record=EVERYTHING)
    for n, share in enumerate((0.1, 0.5, 0.8)):
        interrupted("shd, uneven", file, share, resume=n > 0, record=EVERYTHING)
    last = short("shd, uneven", checkpoint_file=file, resume=True, record=EVERYTHING)
    assert bits(last) == bits(whole)
    for one, other in zip(last.records, whole.records, strict=True):
        assert one.samples == other.samples
        assert same_bits(one.values, other.values)


def test_other_recorders_are_other_settings(tmp_path: Path) -> None:
    file = tmp_path / "run.ckpt"
    interrupted("sgd", file, 0.4, record=[Trajectory("c", 1, every=10)])
    with pytest.raises(InputError, match="record was"):
        short("sgd", checkpoint_file=file, resume=True)


def test_a_history_with_records_is_json() -> None:
    history = short("shd, uneven", record=[Trajectory("a", 1, ((0, 3),), every=40)])
    written = json.loads(json.dumps(history.as_dict(), allow_nan=False))
    assert written["records"][0]["samples"] == [0, 40, 80]
    assert np.shape(written["records"][0]["values"]) == (3, 1)


@pytest.mark.parametrize(
    ("record", "said"),
    [
        (7, "give a list of recorders"),
        (["a"], "is no recorder"),
        ([Trajectory("h", 1, every=5)], "no 'h'; choose one of a, a.effective"),
        ([Trajectory("a", 3, every=5)], "layer = 3 is out of range"),
        ([Trajectory("a", 1, ((6, 0),), every=5)], "row of device"),
        ([Trajectory("a", 1, ((0, -1),), every=5)], "column of device"),
        ([Trajectory("a", 1, (3,), every=5)], "is no place"),  # type: ignore[arg-type]
    ],
)
def test_what_cannot_be_recorded_is_refused(record: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        short("shd, uneven", record=record)


def test_moments_and_room_are_checked_before_anything_runs() -> None:
    with pytest.raises(InputError, match="names no moment"):
        Trajectory("a")
    with pytest.raises(InputError, match="every = 0"):
        Gradient(every=0)
    with pytest.raises(InputError, match="at = -1"):
        Energy(at=(-1,))
    with pytest.raises(InputError, match="GiB"):
        short("shd", record=[Trajectory("a", 1, every=1)], epochs=10**6)
    with pytest.raises(InputError, match="has no energy; use SHD"):
        short("sgd", record=[Energy(every=5)])


def test_buffers_stand_under_their_names() -> None:
    history = train(
        blobs(41, 20), TikiTakaV2(), UNEVEN, epochs=1, layers=(12, 3), pairs=5, zero_shift=False
    )
    layer = history.network.layers[0]
    assert hidden_state(layer, "h").shape == (3, 13)
    assert same_bits(hidden_state(layer, "a"), layer.a.weights)
