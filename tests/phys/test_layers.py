"""Layers that fit one behind the other, those that do not, and the words for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from phys import train
from phys.checked import InputError
from phys.layers import LENET5, Conv, Dense, Pool, parse_layers, stages, stages_for
from tests.phys.helpers import blobs


def test_lenet5_has_the_arrays_of_its_layers() -> None:
    made = stages(LENET5, (28, 28))
    assert [stage.map for stage in made[:2]] == [(24, 24, 6), (8, 8, 16)]
    assert [stage.target for stage in made[:2]] == [(12, 12, 6), (4, 4, 16)]
    assert made[2].cols == 4 * 4 * 16 + 1
    weights = sum(stage.rows * stage.cols for stage in made)
    assert weights == 6 * 26 + 16 * 151 + 120 * 257 + 84 * 121 + 10 * 85


def test_stride_skips_patches() -> None:
    (stage, _) = stages([Conv(2, 3, stride=2), Dense(3)], (9, 8))
    assert stage.map == (4, 3, 2)
    assert stage.patches == 12


@pytest.mark.parametrize(
    ("layers", "words"),
    [
        ([Conv(6, 5), Pool(2), Conv(16, 5), Dense(10)], r"layers\[2\].*5 x 5.*2 x 2 pixels"),
        ([Conv(6, 5), Pool(3), Dense(10)], r"layers\[1\].*3 x 3.*4 x 4 pixels.*divides"),
        ([Pool(2), Dense(10)], r"layers\[0\].*behind a Conv"),
        ([Conv(2, 3), Pool(2), Pool(2), Dense(10)], r"layers\[2\].*behind a Conv"),
        ([Dense(5), Conv(2, 3), Dense(10)], r"layers\[1\].*convolutions first"),
        ([Conv(2, 3)], r"end with Dense"),
        ([Dense(5), "relu", Dense(10)], r"layers\[1\].*no layer"),
        ([Conv(2, 3), Dense(3)], r"10 classes.*Dense\(10\)"),
        ((64, 10.5), r"layers\[1\].*whole number"),
        ((63, 10), r"64 inputs and 10 classes"),
        ((), r"64 inputs and 10 classes"),
        ("lenet6", "lenet5"),
        (5, r"layers = 5.*lenet5"),
    ],
)
def test_layers_that_do_not_fit_are_refused(layers: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        stages_for(layers, "digits", (8, 8), 10)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Conv(0, 3), "channels"),
        (lambda: Conv(3, 3.0), "kernel"),  # type: ignore[arg-type]
        (lambda: Conv(3, 3, 0), "stride"),
        (lambda: Pool(0), "size"),
        (lambda: Pool(2, "median"), "max, average"),
        (lambda: Dense(-1), "units"),
    ],
)
def test_impossible_layers_are_refused(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()


def test_words_for_layers() -> None:
    assert parse_layers("784,256,10") == (784, 256, 10)
    assert parse_layers("lenet5") == "lenet5"
    assert parse_layers("conv6x5, avgpool2, 10") == [Conv(6, 5), Pool(2, "average"), Dense(10)]
    for text in ("", "784,,10", "conv6", "pool", "6x5", "-3"):
        with pytest.raises(InputError, match="is no layer"):
            parse_layers(text)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"layers": [Conv(2, 5), Dense(3)]}, "does not fit"),
        ({"update": "mean"}, "pulsed, expected"),
        ({"mapping": "pair"}, "reference, opposite, one-sided"),
        ({"read_model": "noisy"}, "ideal, aihwkit"),
        ({"mapping": "opposite", "update": "expected"}, "move by pulses"),
        ({"mapping": "opposite", "zero_shift": "a"}, "in place of a reference"),
        ({"algorithm": "float", "read_model": "aihwkit"}, "no arrays of devices"),
        ({"layers": "lenet5", "record_energy": 3}, "does not fit"),
    ],
)
def test_trainings_that_cannot_be_are_refused(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        train(blobs(), **{"algorithm": "shd", "epochs": 1, **arguments})


def test_geometry_holds_the_numbers_of_the_stage() -> None:
    stage = stages([Conv(4, 3), Pool(2, "average"), Dense(3)], (8, 6))[0]
    assert stage.geometry().dtype == np.int64
    assert list(stage.geometry()) == [8, 6, 1, 3, 1, 6, 4, 2, 1]
