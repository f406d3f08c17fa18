"""The sixteen-lane sum: one order of additions, whatever the machine."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from phys import compiler
from phys.simd import LANES, lane_dot, plain_lane_dot


def triple(count: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    w, r, d = generator.normal(size=(3, count)).astype(np.float32)
    return w, r, d


def by_hand(w: np.ndarray, r: np.ndarray, d: np.ndarray) -> np.float32:
    """Add in the order of the definition, one float32 at a time."""
    lanes = [np.float32(0)] * LANES
    for i in range(len(d)):
        lanes[i % LANES] = lanes[i % LANES] + d[i] * (w[i] - r[i])
    while len(lanes) > 1:
        half = len(lanes) // 2
        lanes = [lanes[k] + lanes[half + k] for k in range(half)]
    return lanes[0]


@pytest.mark.parametrize("count", [1, 2, 15, 16, 17, 31, 32, 33, 64, 100, 129])
def test_definition_and_vector_code_agree(count: int) -> None:
    w, r, d = triple(count, count)
    expected = by_hand(w, r, d)
    assert lane_dot(w, r, d) == expected
    if compiler.available():
        z = np.empty((1, 1), np.float32)
        compiler.core().backward_batch(w[None], r[None], d[None], z)
        assert z[0, 0] == expected


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("count", [1, 5, 15, 16, 17, 31, 40])
def test_a_reference_without_columns_stands_for_zeros(count: int, kind: Any) -> None:
    """Forward and backward reads find the same bits, whatever the rest beyond sixteen lanes."""
    x, d = triple(6, count)[0], triple(count, count + 1)[0]
    w = np.random.default_rng(count).normal(size=(6, count)).astype(kind)
    w[0, 0] = -0.0
    zeros = np.zeros_like(w)
    core = compiler.core()
    found = []
    for reference in (zeros, zeros[:0], zeros + 0.5):
        y, z = np.empty((1, count), kind), np.empty((1, 6), kind)
        core.forward_batch(w, reference, x[None], y)
        core.backward_batch(w, reference, d[None], z)
        found.append((y.tobytes(), z.tobytes()))
        assert z[0, 3] == lane_dot(w[3], reference[3] if reference.size else zeros[3], d)
    assert found[0] == found[1] != found[2]
    assert plain_lane_dot(w[3], d) == lane_dot(w[3], zeros[3], d)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("offset", [0, 1, 3, 7])
def test_rows_need_no_alignment(offset: int) -> None:
    w, r, d = triple(200, 1)
    cut = [v[offset : offset + 77] for v in (w, r, d)]
    z = np.empty((1, 1), np.float32)
    compiler.core().backward_batch(cut[0][None], cut[1][None], cut[2][None], z)
    assert z[0, 0] == by_hand(*cut)


def test_the_sum_is_the_scalar_product_to_rounding() -> None:
    """Each lane adds n/16 terms and the tree four more: that many half-ulps of the sum of sizes."""
    for count in (10, 100, 1000):
        w, r, d = triple(count, 7 * count)
        terms = d.astype(float) * (w.astype(float) - r.astype(float))
        bound = (count / LANES + 6) * 2.0**-24 * np.abs(terms).sum() * 2
        assert abs(float(lane_dot(w, r, d)) - terms.sum()) <= bound


def test_the_order_of_the_sum_shows_in_its_bits() -> None:
    """Negative control: a sum from left to right gives other bits for most vectors."""
    different = 0
    for seed in range(50):
        w, r, d = triple(200, seed)
        plain = np.float32(0)
        for term in d * (w - r):
            plain = plain + term
        different += plain != lane_dot(w, r, d)
    assert different > 25


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("rest", [1, 7, 15])
def test_what_lies_behind_a_row_does_not_enter(rest: int) -> None:
    """A vector reaches beyond the end of a row: the next one, all NaN, must not show."""
    w, r = (np.full((2, LANES + rest), np.nan, np.float32) for _ in range(2))
    w[0], r[0], d = triple(LANES + rest, rest)
    z = np.empty((1, 1), np.float32)
    compiler.core().backward_batch(w[:1], r[:1], d[None], z)
    assert z[0, 0] == by_hand(w[0], r[0], d)
