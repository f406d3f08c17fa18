"""Random numbers that are pure functions of their place."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from phys import compiler, random_bits
from phys.random_bits import child, slot_word, stream_key, uniforms
from tests.phys.helpers import assert_within, ks_distance

MASK = 2**64 - 1
STREAMS = [
    name
    for name, value in vars(random_bits).items()
    if isinstance(value, np.uint64) and 0 < int(value) < 64 and not name.startswith(("U", "SLOTS"))
]


def splitmix64(state: int, count: int) -> list[int]:
    """Run the generator of Steele, Lea and Flood one output after another, in whole numbers."""
    outputs = []
    for _ in range(count):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        z = state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
        outputs.append(z ^ (z >> 31))
    return outputs


@pytest.mark.parametrize("seed", [0, 1, 1234567, 2**63, MASK])
def test_children_are_the_outputs_of_a_sequential_generator(seed: int) -> None:
    with np.errstate(over="ignore"):
        assert [int(child(np.uint64(seed), np.uint64(n))) for n in range(50)] == splitmix64(
            seed, 50
        )


def test_published_vector() -> None:
    # The widely published first outputs of SplitMix64 for the seed 1234567.
    published = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431]
    bits = child(np.uint64(1234567), np.arange(4, dtype=np.uint64))
    assert bits.tolist() == published


def test_scalars_and_arrays_give_the_same_bits() -> None:
    keys = np.arange(64, dtype=np.uint64) * np.uint64(2**58 + 12345)
    slots = np.arange(64, dtype=np.uint64)
    with np.errstate(over="ignore"):
        one_by_one = [(child(k, s), slot_word(k, s)) for k, s in zip(keys, slots, strict=True)]
    assert [a for a, _ in one_by_one] == child(keys, slots).tolist()
    assert [b for _, b in one_by_one] == slot_word(keys, slots).tolist()


@pytest.mark.usefixtures("compiled")
def test_compiled_children_have_the_same_bits() -> None:
    key = np.uint64(0xDEADBEEF12345678)
    core = compiler.core()
    places = [0, 1, 2, 63, 2**32, 2**63, MASK]
    with np.errstate(over="ignore"):
        assert [core.child(key, np.uint64(n)) for n in places] == [
            int(child(key, np.uint64(n))) for n in places
        ]


def test_two_slots_share_one_hash() -> None:
    key = stream_key(3, 1)
    bits = int(child(key, np.array([5], dtype=np.uint64))[0])
    words = slot_word(key, np.array([10, 11], dtype=np.uint64)).tolist()
    assert words == [bits & (2**32 - 1), bits >> 32]


def test_streams_have_names_of_their_own() -> None:
    assert len(STREAMS) >= 9
    assert len({int(getattr(random_bits, name)) for name in STREAMS}) == len(STREAMS)


def test_no_two_places_share_a_key() -> None:
    """A hundred thousand keys; a chance collision has probability 3e-10."""
    keys = [
        stream_key(seed, stream, path)
        for seed, stream, path in itertools.product(range(4), range(1, 10), range(60))
    ]
    lines = child(np.array(keys, dtype=np.uint64)[:, None], np.arange(48, dtype=np.uint64))
    assert np.unique(lines).size == lines.size == 4 * 9 * 60 * 48


def byte_chi_square(words: np.ndarray) -> float:
    """Return the chi-square statistic of the bytes, as standard deviations from its mean 255."""
    counts = np.bincount(words.view(np.uint8), minlength=256)
    expected = counts.sum() / 256
    return float((((counts - expected) ** 2 / expected).sum() - 255) / np.sqrt(2 * 255))


def bit_agreement(a: np.ndarray, b: np.ndarray) -> float:
    """Return how far the count of equal bits is from half, in standard deviations."""
    equal = np.unpackbits(~(a ^ b).view(np.uint8)).sum(dtype=float)
    bits = a.size * 64
    return float((equal - bits / 2) / np.sqrt(bits / 4))


def test_bits_of_one_line_are_uniform() -> None:
    words = child(stream_key(0, 1), np.arange(40_000, dtype=np.uint64))
    assert abs(byte_chi_square(words)) < 5
    assert ks_distance((words >> np.uint64(11)) * 2.0**-53, lambda u: u) < 1.95
    # Negative control: the same test sees the state of the generator before it is mixed.
    unmixed = stream_key(0, 1) + np.arange(40_000, dtype=np.uint64) * np.uint64(2**40)
    assert abs(byte_chi_square(unmixed)) > 50


@pytest.mark.parametrize(
    ("what", "first", "second"),
    [
        ("slots", (0, 1, 0, 0), (0, 1, 0, 1)),
        ("updates", (0, 1, 0, 0), (0, 1, 1, 0)),
        ("streams", (0, 1, 0, 0), (0, 2, 0, 0)),
        ("seeds", (0, 1, 0, 0), (1, 1, 0, 0)),
    ],
)
def test_neighbours_are_independent(
    what: str, first: tuple[int, ...], second: tuple[int, ...]
) -> None:
    """The bits of the same lines at two neighbouring places agree half of the time, 5 sd."""
    lines = np.arange(20_000, dtype=np.uint64)
    a, b = (
        child(child(stream_key(*place[:3]), lines), np.array([place[3]], np.uint64))
        for place in (first, second)
    )
    assert abs(bit_agreement(a, b)) < 5, what
    assert abs(bit_agreement(a, np.roll(b, 1))) < 5, what
    # Negative control: one line in a hundred shared between the two places is noticed.
    shared = b.copy()
    shared[::100] = a[::100]
    assert abs(bit_agreement(a, shared)) > 5


def test_neighbouring_lines_are_independent() -> None:
    lines = np.arange(20_001, dtype=np.uint64)
    words = child(child(stream_key(0, 2, 7), lines), np.uint64(0))
    assert abs(bit_agreement(words[1:], words[:-1])) < 5


def test_uniforms_lie_strictly_inside_and_are_uniform() -> None:
    u = uniforms(stream_key(5, 7), 50_000)
    assert u.dtype == np.float64
    assert 0 < u.min() < u.max() < 1
    assert ks_distance(u, lambda x: x) < 1.95
    assert_within(u.mean(), 0.5, np.sqrt(1 / 12 / u.size), 5, "mean")
    # Negative control: the same test refuses a uniform law on (0, 1) that is bent by 2 %.
    assert ks_distance(u**1.04, lambda x: x) > 1.95


def test_uniforms_of_a_longer_draw_start_with_the_shorter() -> None:
    key = stream_key(5, 7)
    assert uniforms(key, 100)[:10].tolist() == uniforms(key, 10).tolist()
