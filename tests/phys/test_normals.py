"""The normal numbers of cycle noise: their law out to the tails, and that they are independent."""

from __future__ import annotations

import math

import numpy as np
import pytest
from mpmath import mp

from phys import compiler
from phys.elementary import normal_from_bits, normal_from_halves, sine_of_quarter_turns
from phys.random_bits import SLOTS_PER_DEVICE, child, stream_key
from tests.phys.helpers import assert_within, ks_distance, normal_cdf

COUNT = 400_000
HALVES = 2**31
KEY = stream_key(11, 3)
SAMPLE = normal_from_bits(child(KEY, np.arange(COUNT, dtype=np.uint64)))


def beyond(z: float) -> float:
    """Return the probability that a standard normal number is larger than `z` in size."""
    return math.erfc(z / math.sqrt(2))


@pytest.mark.usefixtures("compiled")
def test_numba_and_numpy_draw_the_same_bits() -> None:
    bits = child(stream_key(0, 3), np.arange(20_000, dtype=np.uint64))
    bits[:4] = [0, 1, 2**64 - 1, 2**64 - 2]
    compiled = compiler.core().normal_from_bits
    scalars = np.array([compiled(b) for b in bits], dtype=np.float32)
    assert scalars.view(np.int32).tolist() == normal_from_bits(bits).view(np.int32).tolist()


def test_the_law_is_normal() -> None:
    assert ks_distance(SAMPLE, normal_cdf) < 1.95
    # Negative controls: a shift by 0.01 and a width off by 2 % are both refused.
    assert ks_distance(SAMPLE + 0.01, normal_cdf) > 1.95
    assert ks_distance(SAMPLE * 1.02, normal_cdf) > 1.95


def test_moments() -> None:
    """Within 5 standard deviations of the moments' own sampling error."""
    z = SAMPLE.astype(float)
    for order, expected, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96), (6, 15, 10170)):
        sd = math.sqrt(variance / z.size)
        assert_within(float(np.mean(z**order)), expected, sd, 5, f"moment {order}")


@pytest.mark.parametrize("z", [0.5, 1.0, 2.0, 3.0])
def test_as_many_lie_beyond_a_size_as_should(z: float) -> None:
    share = beyond(z)
    sd = math.sqrt(share * (1 - share) / COUNT)
    assert_within(float((np.abs(SAMPLE) > z).mean()), share, sd, 5, f"beyond {z}")
    # Negative control: a width off by 4 % is noticed at every size.
    assert abs((np.abs(SAMPLE * 1.04) > z).mean() - share) > 5 * sd


@pytest.mark.parametrize(("z", "zeros"), [(4.0, 10), (5.0, 17), (6.0, 25)])
def test_tails_reach_six_standard_deviations(z: float, zeros: int) -> None:
    """Only words with `zeros` leading zeros can lie out there: 2**zeros times as many do."""
    assert 2.0**-zeros > math.exp(-z * z / 2), "a word without these zeros can lie beyond z"
    words = child(KEY, np.arange(200_000, dtype=np.uint64)) >> np.uint64(zeros)
    # The shift copies upper bits to the lower half: replace that by bits of its own.
    low = child(stream_key(12, 3), np.arange(words.size, dtype=np.uint64)) & np.uint64(HALVES - 1)
    sample = normal_from_bits((words & ~np.uint64(HALVES - 1)) | low)
    share = beyond(z) * 2.0**zeros
    sd = math.sqrt(share * (1 - share) / words.size)
    assert_within(float((np.abs(sample) > z).mean()), share, sd, 5, f"beyond {z}")
    # Negative control: a width off by 2 % is noticed.
    assert abs((np.abs(sample * 1.02) > z).mean() - share) > 5 * sd


def test_the_transform_is_box_mullers() -> None:
    """Within 2e-6 of sqrt(-2 log u) sin(pi v / 2), out to the longest radius of 6.66."""
    edges = [0, 1, 2, HALVES // 2, HALVES - 2, HALVES - 1]
    draw = np.random.default_rng(0).integers(0, HALVES, 200).tolist()
    firsts = np.array([*edges, *np.geomspace(3, HALVES - 3, 200)], dtype=np.int64).astype(np.int32)
    seconds = np.array([*draw, *edges], dtype=np.int32)
    found = normal_from_halves(firsts, seconds)
    for first, second, z in zip(firsts, seconds, found, strict=True):
        u = mp.mpf(float((np.float32(first) + np.float32(0.5)) * np.float32(2.0**-31)))
        v = mp.mpf(float(np.float32(second) * np.float32(2.0**-30) - np.float32(1)))
        exact = mp.sqrt(-2 * mp.log(u)) * mp.sin(mp.pi * v / 2)
        assert abs(float(exact) - float(z)) < 2e-6, (first, second)
    longest = normal_from_halves(np.int32(0), np.int32(HALVES - 1))
    assert longest == pytest.approx(math.sqrt(2 * 32 * math.log(2)), rel=1e-6)


def test_the_sine_is_odd_and_ends_at_one() -> None:
    v = np.linspace(0, 1, 10_001).astype(np.float32)
    sine = sine_of_quarter_turns(v)
    assert np.abs(sine - np.sin(np.pi / 2 * v.astype(float))).max() < 2e-7
    assert (sine_of_quarter_turns(-v) == -sine).all()


def device_noise(devices: np.ndarray, slot: int, update: int = 0) -> np.ndarray:
    """Return the normal number of each device in one slot of one update."""
    place = devices.astype(np.uint64) * SLOTS_PER_DEVICE + np.uint64(slot)
    key = child(KEY, np.array([update], dtype=np.uint64))
    return np.asarray(normal_from_bits(child(key, place))).astype(float)


@pytest.mark.parametrize(
    ("what", "shift", "slot", "update"),
    [
        ("neighbouring devices", 1, 0, 0),
        ("devices of neighbouring columns", 256, 0, 0),
        ("neighbouring slots", 0, 1, 0),
        ("slots two apart", 0, 2, 0),
        ("neighbouring updates", 0, 0, 1),
        ("a device's slot and the next device's", 1, 1, 0),
    ],
)
def test_neighbours_are_independent(what: str, shift: int, slot: int, update: int) -> None:
    """Neither the numbers nor their sizes are correlated: within 5 sd of zero."""
    devices = np.arange(100_000)
    here, there = device_noise(devices, 0), device_noise(devices + shift, slot, update)
    sd = 1 / math.sqrt(devices.size)
    for f in (lambda z: z, np.abs, np.square):
        assert abs(np.corrcoef(f(here), f(there))[0, 1]) < 5 * sd, what
    # Negative control: one number in thirty shared between the two places is noticed.
    shared = np.where(devices % 30 == 0, here, there)
    assert np.corrcoef(here, shared)[0, 1] > 5 * sd


def test_all_slots_of_a_device_together_are_normal() -> None:
    """The sum of 64 slots has variance 64: no pair of slots hangs together."""
    devices = np.arange(20_000)
    total = np.sum([device_noise(devices, slot) for slot in range(64)], axis=0) / 8
    assert ks_distance(total, normal_cdf) < 1.95
    # Negative control: with one slot in ten drawn twice the sum is too wide.
    twice = total + np.sum([device_noise(devices, slot) for slot in range(6)], axis=0) / 8
    assert ks_distance(twice, normal_cdf) > 1.95
