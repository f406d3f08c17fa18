"""Reads with converters, bounds and noise: their statistics, their bits, and what they leave."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from phys import Crossbar
from phys.checked import InputError
from phys.reads import Read, Reads, as_reads
from tests.phys.helpers import (
    assert_within,
    digest,
    ks_distance,
    normal_cdf,
    random_weights,
    same_bits,
    signals,
    small_device,
    state_digest,
)

DEVICE = small_device()
FULL = Read(
    input_bound=1.0,
    input_bits=5,
    output_bound=0.7,
    output_bits=6,
    output_noise=0.05,
    weight_noise=0.02,
    noise_management=True,
    halvings=3,
)


def crossbar(read: Read | Reads | str | None, rows: int = 20, cols: int = 30) -> Crossbar:
    xbar = Crossbar(rows, cols, DEVICE, seed=3, read=read)
    random_weights(xbar)
    return xbar


# -- what a read gives ---------------------------------------------------------------------------
def test_an_ideal_read_is_the_default_and_counts_nothing() -> None:
    plain, named = crossbar(None), crossbar("ideal")
    x, d = signals(30, 1), signals(20, 2)
    assert same_bits(plain.forward(x), named.forward(x))
    assert plain.forward(x) == pytest.approx(plain.effective_weights @ x, abs=1e-5)
    plain.backward(d)
    plain.read_column(0)
    assert not plain.reads.any()


@given(st.floats(0.1, 3), st.integers(2, 9))
def test_converted_inputs_lie_on_the_grid_within_half_a_step(bound: float, bits: int) -> None:
    """Through a unit matrix an array with a DAC shows its own converter."""
    read = Read(input_bound=bound, input_bits=bits)
    xbar = Crossbar(8, 8, DEVICE, read=read)
    xbar.set_weights(np.eye(8) * 0.5)
    x = np.linspace(-1.5 * bound, 1.5 * bound, 8)
    seen = xbar.forward(x) / 0.5
    step = 2 * bound / (2**bits - 2)
    assert seen / step == pytest.approx(np.round(seen / step), abs=1e-3)
    inside = np.abs(x) <= bound
    assert (np.abs(seen - x)[inside] <= step * (0.5 + 1e-4)).all()
    assert np.abs(seen).max() == pytest.approx(bound, rel=1e-5)


def test_output_noise_is_normal_with_its_standard_deviation() -> None:
    xbar = crossbar(Read(output_noise=0.06), rows=50)
    batch = np.tile(signals(30, 1), (200, 1))
    noise = xbar.forward(batch) - xbar.effective_weights @ batch[0]
    n = noise.size
    assert_within(noise.mean(), 0, 0.06 / math.sqrt(n), 4, "mean")
    assert_within(noise.std(), 0.06, 0.06 / math.sqrt(2 * n), 4, "sd")
    assert ks_distance(noise.ravel() / 0.06, normal_cdf) < 1.95
    assert ks_distance(noise.ravel() / 0.07, normal_cdf) > 1.95


def test_weight_noise_grows_with_the_length_of_the_input() -> None:
    xbar = crossbar(Read(weight_noise=0.05), rows=50)
    for x in (np.eye(30)[4], np.ones(30)):
        batch = np.tile(x, (200, 1))
        noise = xbar.forward(batch) - xbar.effective_weights @ x
        sd = 0.05 * np.linalg.norm(x)
        assert_within(noise.std(), sd, sd / math.sqrt(2 * noise.size), 4, "sd")


def test_noise_management_keeps_the_ratio_of_signal_and_noise() -> None:
    """The same relative error for an input a thousand times smaller; without it, pure noise."""
    errors = {}
    for managed in (True, False):
        xbar = crossbar(Read(output_noise=0.06, noise_management=managed), rows=200)
        x = signals(30, 1) / 1000
        scale = np.abs(x).max()
        errors[managed] = float((xbar.forward(x) - xbar.effective_weights @ x).std() / scale)
    assert_within(errors[True], 0.06, 0.06 / math.sqrt(400), 4)
    assert errors[False] > 10


def test_zero_signals_give_zero_under_noise_management() -> None:
    xbar = crossbar("aihwkit")
    assert not xbar.forward(np.zeros(30)).any()
    assert not xbar.backward(np.zeros(20)).any()


def test_bound_management_saves_what_the_bound_would_cut() -> None:
    """An output of 4 bounds comes through after two or three halvings, cut without any."""
    x = np.ones(30)
    cut, managed = (
        Crossbar(1, 30, DEVICE, read=Read(output_bound=1.0, halvings=n)) for n in (0, 5)
    )
    for xbar in (cut, managed):
        xbar.set_weights(np.full((1, 30), 4 / 30))
    assert cut.forward(x)[0] == 1
    assert managed.forward(x)[0] == pytest.approx(4, rel=1e-5)


def test_named_set_is_that_of_the_facts() -> None:
    reads = Reads.aihwkit()
    assert reads.forward.input_step == pytest.approx(2 / 126)
    assert reads.forward.output_step == pytest.approx(24 / 510)
    assert reads.column == reads.forward
    assert reads.backward.halvings == 0
    # Halved as often as a step, doubled that often, stays within a quarter of the bound.
    assert 2**reads.forward.halvings / 126 <= 0.25 < 2 ** (reads.forward.halvings + 1) / 126


def test_a_column_read_is_the_forward_read_of_a_unit_vector() -> None:
    xbar = crossbar(Reads(column=Read(output_bound=0.5, output_noise=0.01)))
    seen = np.array([xbar.read_column(4) for _ in range(300)])
    exact = np.clip(xbar.effective_weights[:, 4], -0.5, 0.5)
    inside = np.abs(xbar.effective_weights[:, 4]) < 0.4
    assert seen.mean(axis=0)[inside] == pytest.approx(exact[inside], abs=5 * 0.01 / math.sqrt(300))
    assert np.abs(seen).max() <= 0.5
    assert list(xbar.reads) == [0, 0, 300]


# -- bits ----------------------------------------------------------------------------------------
def all_reads(xbar: Crossbar) -> str:
    x, d = signals(90, 1).reshape(3, 30) * 2, signals(60, 2).reshape(3, 20)
    return digest(
        xbar.forward(x), xbar.backward(d), xbar.read_column(3), xbar.forward(x[0], probe=0)
    )


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("read", ["aihwkit", FULL, Read(weight_noise=0.1), Read(input_bound=0.3)])
def test_numpy_and_compiled_reads_give_the_same_bits(
    read: Read | str, numpy_engine: Callable[[bool], None]
) -> None:
    numpy_engine(False)
    compiled = all_reads(crossbar(read))
    numpy_engine(True)
    assert all_reads(crossbar(read)) == compiled


def test_noise_is_a_function_of_seed_kind_and_number() -> None:
    x = signals(30, 1)
    first, second = crossbar(FULL), crossbar(FULL)
    batch = first.forward(np.tile(x, (4, 1)))
    assert same_bits(np.array([second.forward(x) for _ in range(4)]), batch)
    assert not same_bits(batch[0], batch[1])
    other = Crossbar(20, 30, DEVICE, seed=4, read=FULL)
    other.set_weights(first.weights)
    assert not same_bits(other.forward(x), batch[0])


def test_probing_changes_nothing() -> None:
    xbar, untouched = crossbar("aihwkit"), crossbar("aihwkit")
    for _ in range(3):
        xbar.forward(signals(30, 1), probe=0)
    assert state_digest(xbar) == state_digest(untouched)
    assert same_bits(xbar.forward(signals(30, 1)), untouched.forward(signals(30, 1)))


def test_state_carries_the_count_of_reads() -> None:
    xbar = crossbar(FULL)
    xbar.forward(signals(30, 1))
    state = xbar.state()
    expected = all_reads(xbar)
    again = crossbar(FULL)
    again.restore(state)
    assert all_reads(again) == expected


# -- bad input -----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("numbers", "words"),
    [
        ({"input_bits": 7}, "input_bound"),
        ({"output_bits": 9}, "output_bound"),
        ({"input_bits": 1, "input_bound": 1}, "at least 2"),
        ({"input_bits": 25, "input_bound": 1}, "between 0 and 24"),
        ({"halvings": 2}, "output_bound"),
        ({"output_noise": -0.1}, "at least 0"),
        ({"output_noise": math.nan}, "finite"),
        ({"output_bits": 1.5}, "whole number"),
    ],
)
def test_impossible_reads_are_refused(numbers: dict[str, float], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Read(**numbers)  # type: ignore[arg-type]


def test_what_is_no_read_is_refused() -> None:
    for value in ("noisy", 3, {"output_noise": 1}):
        with pytest.raises(InputError, match="read"):
            as_reads(value)
