"""The lines that fire, as bits: what the vector code finds is what the definition says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phys import slot_bits
from phys.random_bits import slot_word, stream_key
from phys.slot_bits import GROUP, count_bits, firing_lines, lowest_bit

LINES = 3 * GROUP


def lines(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return keys and thresholds of lines, among them some that never and always fire."""
    generator = np.random.default_rng(seed)
    keys = generator.integers(0, 2**64, LINES, dtype=np.uint64)
    thresholds = generator.integers(0, 2**32, LINES, dtype=np.uint64)
    thresholds[::7] = 0
    thresholds[3::7] = 2**32
    return keys, thresholds


@pytest.fixture(scope="module")
def vector_code() -> Any:
    """Return the three functions as numba compiles them."""
    from phys import compiler

    if not compiler.available():
        pytest.skip("numba is missing or switched off: there is no vector code")
    from numba import njit

    fires = slot_bits.compiled_firing_lines()
    low, count = slot_bits.compiled_bit_functions()

    def made(function: Callable[..., Any]) -> Any:
        return njit(function)

    return (
        made(lambda keys, thresholds, first, pair: fires(keys, thresholds, first, pair)),
        made(lambda mask: low(mask)),
        made(lambda mask: count(mask)),
    )


@pytest.mark.parametrize("pair", [0, 1, 15, 31])
@pytest.mark.parametrize("first", [0, 1, GROUP, LINES - GROUP])
def test_a_bit_says_whether_its_line_fires_in_its_slot(first: int, pair: int) -> None:
    keys, thresholds = lines(first + pair)
    with np.errstate(over="ignore"):
        mask = int(firing_lines(keys, thresholds, first, pair))
        for k in range(GROUP):
            for odd in range(2):
                word = slot_word(keys[first + k], np.uint64(2 * pair + odd))
                fires = bool(word < thresholds[first + k])
                assert bool(mask >> (k + GROUP * odd) & 1) == fires


@given(first=st.integers(0, LINES - GROUP), pair=st.integers(0, 31), seed=st.integers(0, 99))
@settings(max_examples=50)
def test_vector_code_finds_the_bits_of_the_definition(
    vector_code: Any, first: int, pair: int, seed: int
) -> None:
    keys, thresholds = lines(seed)
    with np.errstate(over="ignore"):
        expected = firing_lines(keys, thresholds, first, pair)
        other = firing_lines(keys + np.uint64(1), thresholds, first, pair)
    assert vector_code[0](keys, thresholds, first, pair) == expected != other


@given(st.integers(0, 2**64 - 1))
def test_bits_are_found_and_counted(vector_code: Any, number: int) -> None:
    _, low, count = vector_code
    mask = np.uint64(number)
    places = [k for k in range(64) if number >> k & 1]
    for lowest, bits in ((lowest_bit(mask), count_bits(mask)), (low(mask), count(mask))):
        assert lowest == (places[0] if places else 64)
        assert bits == len(places)


def test_half_of_the_lines_fire_where_the_threshold_is_half() -> None:
    """4.5 sd on 64 slots of 96 lines; a probability of 0.45 is told apart."""
    keys = np.array([stream_key(5, line) for line in range(LINES)])
    half = np.full(LINES, 2**31, np.uint64)
    with np.errstate(over="ignore"):
        fired = sum(
            count_bits(firing_lines(keys, half, first, pair))
            for first in range(0, LINES, GROUP)
            for pair in range(32)
        )
    slots = 64 * LINES
    assert abs(fired - 0.5 * slots) < 4.5 * np.sqrt(slots / 4)
    assert abs(fired - 0.45 * slots) > 4.5 * np.sqrt(slots / 4)
