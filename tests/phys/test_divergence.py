"""Trainings whose numbers stop being numbers: they stop, say why, and leave the checkpoint."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phys import training_run
from phys.algorithms import AGAD, FloatSGD, TikiTakaV2
from phys.checked import InputError
from phys.divergence import Diverged, Watch
from phys.training import train
from tests.phys.helpers import blobs, network_digest
from tests.phys.test_training import DEVICE, short


@pytest.mark.parametrize("engine", ["fast", "stepwise"])
def test_overflowing_weights_stop_the_training(engine: str) -> None:
    """The message names the array, how many values, the rate, and how large they were before."""
    with pytest.raises(Diverged) as caught:
        short("float", algorithm=FloatSGD(1e38), lr=None, activation="relu", engine=engine)
    said = str(caught.value)
    assert "array C of layer" in said
    assert "FloatSGD(lr=1e+38)" in said
    assert "Its largest magnitude was 0." in said
    assert "lower the learning rate" in said


@pytest.mark.parametrize("engine", ["fast", "stepwise"])
@pytest.mark.parametrize("algorithm", [TikiTakaV2(lr_h=1e38), AGAD(lr_h=1e38)])
def test_overflowing_buffers_stop_the_training(algorithm: Any, engine: str) -> None:
    options: dict[str, Any] = {"epochs": 400, "layers": (12, 3), "zero_shift": False}
    with pytest.raises(Diverged, match=r"buffer 'h' of layer 1.*lr_h=1e\+38.*Clipped share"):
        train(blobs(41, 20), algorithm, DEVICE, engine=engine, **options)


def test_the_checkpoint_from_before_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It holds the weights of the last good moment, and going on from it ends the same way."""
    monkeypatch.setattr(training_run, "CHUNK", 10)
    monkeypatch.setattr(training_run, "CHECKPOINT_SECONDS", 0.0)
    file = tmp_path / "run.ckpt"
    options: dict[str, Any] = {
        "algorithm": FloatSGD(0.1),
        "lr": None,
        "schedule": [(0, 1.0), (1, 1e38)],
        "checkpoint_file": file,
        "activation": "relu",
    }
    with pytest.raises(Diverged, match=r"The checkpoint .*run\.ckpt from before is kept"):
        short("float", **options)
    kept_bytes = file.read_bytes()
    with pytest.raises(Diverged, match="epoch 2"):
        short("float", resume=True, **options)
    assert file.read_bytes() == kept_bytes
    good = short("float", algorithm=FloatSGD(0.1), lr=None, activation="relu", epochs=1)
    with np.load(file, allow_pickle=False) as kept:
        assert (kept["0.c.weights"] == good.network.layers[0].c.columns).all()


def test_a_training_that_only_learns_badly_goes_on() -> None:
    """Near miss: weights that jump but stay finite are no divergence."""
    history = short("float", algorithm=FloatSGD(1e3), lr=None)
    assert len(history.accuracy) == 2
    assert np.abs(history.network.layers[0].c.columns).max() > 10


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["c", "a"])
def test_one_value_is_enough(name: str, bad: float) -> None:
    history = short("shd")
    network, algorithm = history.network, FloatSGD()
    before = network_digest(network)
    watch = Watch(network)
    watch.check(0.5, algorithm, "here", None)
    network.layers[1].arrays[name].columns[2, 1] = bad
    with pytest.raises(Diverged, match=f"array {name.upper()} of layer 2 has 1 of 21 values"):
        watch.check(0.5, algorithm, "here", None)
    with pytest.raises(Diverged, match="the loss, nan"):
        Watch(short("shd").network).check(np.nan, algorithm, "here", None)
    assert network_digest(network) != before


@pytest.mark.parametrize("name", ["train_images", "test_images"])
def test_images_with_a_hole_are_refused_before_anything_runs(name: str) -> None:
    data = blobs(41, 20)
    images = getattr(data, name).copy()
    images[7, 3] = np.nan
    object.__setattr__(data, name, images)
    with pytest.raises(InputError, match=rf"data: {name}\[7, 3\] = nan is not finite"):
        train(data, "sgd", DEVICE, epochs=1, layers=(12, 3), zero_shift=False)
    if name == "train_images":
        assert train(data, "float", epochs=1, layers=(12, 3), samples=7).accuracy
