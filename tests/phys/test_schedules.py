"""Schedules: what they mean, that they act on the right rates, and what they refuse."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from phys import train
from phys.algorithms import FloatSGD
from phys.checked import InputError
from phys.schedules import (
    Constant,
    Cosine,
    Exponential,
    Steps,
    aihwkit_schedule,
    as_schedule,
    wu_2024_schedule,
)
from tests.phys.helpers import blobs, network_digest


def test_published_steps() -> None:
    """The rates of .01, .005, .0025 in ten epochs each; a tenth from epoch 35 on."""
    kit = [0.01 * aihwkit_schedule().factor(epoch) for epoch in range(30)]
    assert kit == [0.01] * 10 + [0.005] * 10 + [0.0025] * 10
    wu = [wu_2024_schedule().factor(epoch) for epoch in range(80)]
    assert wu == [1.0] * 35 + [0.1] * 45


def test_cosine_falls_from_one_to_its_end_and_is_odd_about_its_middle() -> None:
    schedule = Cosine(0.2, epochs=10)
    factors = np.array([schedule.factor(epoch) for epoch in range(11)])
    assert factors[0] == 1
    assert factors[-1] == pytest.approx(0.2)
    assert (np.diff(factors) < 0).all()
    assert factors + factors[::-1] == pytest.approx(np.full(11, 1.2))
    assert schedule.factor(3) == pytest.approx(0.2 + 0.8 * (1 + math.cos(0.3 * math.pi)) / 2)


def test_exponential_has_one_ratio() -> None:
    factors = [Exponential(0.9).factor(epoch) for epoch in range(20)]
    assert [b / a for a, b in pairwise(factors)] == pytest.approx([0.9] * 19)


@pytest.mark.parametrize(
    ("word", "meant"),
    [
        (None, Constant()),
        ("constant", Constant()),
        ("cosine", Cosine(0.0, epochs=7)),
        ("cosine:0.1", Cosine(0.1, epochs=7)),
        ("exponential:0.95", Exponential(0.95)),
        ("2:0.5,4:0.1", Steps(((2, 0.5), (4, 0.1)))),
        ([(2, 0.5), [4, 0.1]], Steps(((2, 0.5), (4, 0.1)))),
        ("aihwkit", aihwkit_schedule()),
        ("wu-2024", wu_2024_schedule()),
    ],
)
def test_words_and_lists_mean_schedules(word: Any, meant: Any) -> None:
    assert as_schedule(word, 7) == meant


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("banana", "is no schedule"),
        ("exponential", "is no schedule"),
        ("exponential:x", "is no schedule"),
        ("exponential:0", "above 0"),
        ("cosine:-1", "at least 0"),
        ("cosine:nan", "out of range"),
        ("3:0.5,2:0.1", "rising order"),
        ("2:0.5,2:0.1", "rising order"),
        ("-1:0.5", "at least 0"),
        ("1.5:0.5", "is no schedule"),
        ([(1, 0.0)], "above 0"),
        ([(1, float("nan"))], "out of range"),
        ([3], "is no step"),
        (7, "is no schedule"),
        (Cosine(0.0, epochs=2), "epoch 2"),
        (Exponential(1e-200), "epoch 2"),
    ],
)
def test_what_is_no_schedule_is_refused(value: Any, said: str) -> None:
    with pytest.raises(InputError, match=said):
        as_schedule(value, 5)


@pytest.mark.parametrize("engine", ["fast", "stepwise"])
def test_each_epoch_learns_with_its_factor(engine: str) -> None:
    """On float weights: one epoch after another by hand gives the same loss of the first epochs.

    A factor so small that nothing moves leaves the weights where the first epoch left them.
    """
    options: dict[str, Any] = {"layers": (12, 3), "engine": engine}
    one = train(blobs(41, 20), FloatSGD(lr=0.1), epochs=1, **options)
    stopped = train(blobs(41, 20), FloatSGD(lr=0.1), epochs=3, schedule=[(1, 1e-30)], **options)
    moving = train(blobs(41, 20), FloatSGD(lr=0.1), epochs=3, **options)
    assert network_digest(stopped.network) == network_digest(one.network)
    assert network_digest(moving.network) != network_digest(one.network)
    assert stopped.loss[0] == moving.loss[0] == one.loss[0]


@pytest.mark.parametrize(
    ("algorithm", "rate"), [("sgd", "lr"), ("shd", "lr_c"), ("tiki-taka", "lr_c")]
)
def test_a_schedule_from_the_start_is_a_smaller_rate(algorithm: str, rate: str) -> None:
    options: dict[str, Any] = {"epochs": 2, "layers": (12, 3), "zero_shift": False}
    halved = train(blobs(41, 20), algorithm, **{rate: 0.1}, schedule=[(0, 0.5)], **options)
    plain = train(blobs(41, 20), algorithm, **{rate: 0.05}, **options)
    assert network_digest(halved.network) == network_digest(plain.network)
