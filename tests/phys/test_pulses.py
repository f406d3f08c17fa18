"""Pulse trains and what they deliver: the binomial law, update management, cuts and clips."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from phys import Crossbar, Device, fast, strategies
from phys.loops.lines import peak_probabilities
from phys.pulses import array_streams, draw_line_trains, plan_update, update_gain
from phys.random_bits import stream_key
from tests.phys.helpers import assert_within, digest, interpreted, signals
from theory import laws

STEP = 2.0**-10
COUNTER = Device(laws.constant_step(w_max=2, w_min=-2, imbalance=0), dw_min=STEP)
BL = 10
X = np.array([1.0, 0.6], np.float32)
D = np.array([0.8, -0.5], np.float32)
PRODUCT = 0.3
LR = PRODUCT * STEP * BL / 0.8
REPEATS = 4000
P = np.sqrt(PRODUCT) * np.array([1.0, 0.6])
Q = np.sqrt(PRODUCT) * np.array([1.0, 0.625])


def pulse_counts() -> np.ndarray:
    """Return signed pulse counts of the four devices, (repeats, rows, cols).

    Steps of a constant-step device are a power of two: the weight counts them exactly.
    """
    xbar = Crossbar(2, 2, COUNTER, seed=21)
    counts = np.empty((REPEATS, 2, 2))
    zero = np.zeros((2, 2))
    for n in range(REPEATS):
        xbar.update(X, D, LR, BL)
        counts[n] = xbar.weights / STEP
        xbar.set_weights(zero)
    return counts


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return pulse_counts()


def binomial_moments(p: float, n: int = BL) -> tuple[float, float, float]:
    """Return mean, variance and fourth central moment of a binomial count."""
    v = n * p * (1 - p)
    return n * p, v, v * (1 + 3 * (n - 2) * p * (1 - p))


def deviations(sample: np.ndarray, p: float) -> tuple[float, float]:
    """Return how far mean and variance are from the binomial law, in their standard deviations."""
    mean, variance, fourth = binomial_moments(p)
    n = sample.size
    off_mean = (sample.mean() - mean) / math.sqrt(variance / n)
    off_variance = (sample.var(ddof=1) - variance) / math.sqrt((fourth - variance**2) / n)
    return float(off_mean), float(off_variance)


def test_counts_are_whole_and_have_the_sign_of_the_wanted_change(counts: np.ndarray) -> None:
    assert (counts == np.round(counts)).all()
    assert (np.abs(counts) <= BL).all()
    assert (counts * np.sign(np.outer(D, X)) >= 0).all()


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("column", [0, 1])
def test_mean_and_variance_are_binomial(counts: np.ndarray, row: int, column: int) -> None:
    """4.5 standard deviations on 4000 updates."""
    sample = np.abs(counts[:, row, column])
    mean, variance = deviations(sample, P[column] * Q[row])
    assert abs(mean) < 4.5
    assert abs(variance) < 4.5


def test_a_wrong_probability_or_a_poisson_law_is_told_apart(counts: np.ndarray) -> None:
    """Negative control of the test above."""
    sample = np.abs(counts[:, 0, 0])
    mean, _ = deviations(sample, 1.1 * P[0] * Q[0])
    assert abs(mean) > 4.5
    poisson = np.random.default_rng(0).poisson(BL * P[0] * Q[0], REPEATS)
    mean, variance = deviations(poisson, P[0] * Q[0])
    assert abs(mean) < 4.5 < abs(variance)


def test_the_whole_distribution_is_binomial(counts: np.ndarray) -> None:
    """Chi-square of the counts of one device, within 5 sd of its degrees of freedom."""
    p = P[0] * Q[0]
    expected = [math.comb(BL, k) * p**k * (1 - p) ** (BL - k) * REPEATS for k in range(BL + 1)]
    found = np.bincount(np.abs(counts[:, 0, 0]).astype(int), minlength=BL + 1)
    pooled = [(sum(found[8:]), sum(expected[8:])), *zip(found[:8], expected[:8], strict=True)]
    chi = sum((f - e) ** 2 / e for f, e in pooled)
    assert chi < 8 + 5 * math.sqrt(2 * 8)


@pytest.mark.parametrize(
    ("first", "second", "shared", "others"),
    [
        ((0, 0), (0, 1), Q[0], P[0] * P[1]),
        ((1, 0), (1, 1), Q[1], P[0] * P[1]),
        ((0, 0), (1, 0), P[0], Q[0] * Q[1]),
        ((0, 0), (1, 1), None, None),
    ],
)
def test_devices_that_share_a_line_are_correlated(
    counts: np.ndarray,
    first: tuple[int, int],
    second: tuple[int, int],
    shared: float | None,
    others: float | None,
) -> None:
    """Covariance ``BL p1 p2 q (1 - q)`` on one row; none without a common line; 4.5 sd."""
    a, b = (np.abs(counts[:, *place]) for place in (first, second))
    measured = float(np.mean((a - a.mean()) * (b - b.mean())))
    expected = 0.0 if shared is None else BL * others * shared * (1 - shared)
    sd = math.sqrt((a.var() * b.var() + expected**2) / REPEATS)
    assert_within(measured, expected, sd, 4.5, "covariance")
    if shared is not None:
        # Negative control: independent devices would be far off.
        assert measured / sd > 10


def test_updates_of_one_device_are_independent(counts: np.ndarray) -> None:
    a = counts[:, 0, 0] - counts[:, 0, 0].mean()
    assert abs(float(np.mean(a[1:] * a[:-1])) / a.var() * math.sqrt(REPEATS)) < 4.5


@pytest.mark.parametrize("weight", [-0.5, 0.2, 0.7])
def test_mean_change_follows_f_and_g(weight: float) -> None:
    """``dW F - |dW| G`` within 4.5 sd of the mean plus the second order in the step."""
    law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
    step, repeats = 1e-4, 2000
    xbar = Crossbar(2, 2, Device(law, dw_min=step), seed=3)
    start = np.full((2, 2), weight)
    lr = 0.4 * step * BL / 0.8
    total, square = np.zeros((2, 2)), np.zeros((2, 2))
    for _ in range(repeats):
        xbar.set_weights(start)
        before = xbar.weights.astype(float)
        xbar.update(X, D, lr, BL)
        change = xbar.weights - before
        total += change
        square += change**2
    mean = total / repeats
    sd = np.sqrt((square / repeats - mean**2) / repeats)
    wanted = lr * np.outer(D, X).astype(float)
    f, g = 1 - 0.3 * weight, weight - 0.3
    second_order = (np.abs(wanted) / step) ** 2 * step**2 * 2 + 2.0**-25
    assert (np.abs(mean - (wanted * f - np.abs(wanted) * g)) < 4.5 * sd + second_order).all()
    # Negative control: without the asymmetry the prediction is far off where G does not vanish.
    assert (np.abs(mean - wanted * f) > 4.5 * sd + second_order).any()


# -- update management ------------------------------------------------------------------------
@given(
    gain=st.floats(2.0**-13, 50, width=32),
    x=st.floats(2.0**-10, 8, width=32),
    d=st.floats(2.0**-10, 8, width=32),
    count=st.integers(1, 5),
)
def test_probabilities_are_balanced_cut_or_given_to_the_rows(
    gain: float, x: float, d: float, count: int
) -> None:
    gain, x, d = np.float32(gain), np.float32(x), np.float32(d)
    product = gain * x * d
    p_x, p_d, cut = peak_probabilities(gain, x, d, count)
    if count == 1:
        assert (p_x, p_d, cut) == (1, product, False)
    elif product > 1:
        assert (p_x, p_d, cut) == (1, 1, True)
    else:
        assert p_x == p_d
        assert not cut
        assert p_x * p_d == pytest.approx(product, rel=1e-6)


def test_gain_is_the_product_of_probabilities_at_one() -> None:
    assert update_gain(0.01, 0.001, 10) == np.float32(1)
    assert update_gain(0.02, 0.001, 10) == np.float32(2)


@settings(max_examples=50)
@given(seed=st.integers(0, 1000), strength=st.floats(1.5, 100))
def test_a_cut_update_keeps_its_direction(seed: int, strength: float) -> None:
    """All devices lose the same share: the probabilities stay proportional to the outer product."""
    x, d = signals(9, seed), signals(7, seed + 1)
    assume(np.count_nonzero(x) > 1)
    assume(np.count_nonzero(d))
    gain = np.float32(strength / (np.abs(x).max() * np.abs(d).max()))
    plan = plan_update(x, d, gain, 10, array_streams(0), 0)
    assert plan is not None
    made = np.outer(plan.rows.probability, plan.columns.probability).astype(float)
    wanted = np.abs(np.outer(d, x)).astype(float)
    assert made / made.max() == pytest.approx(wanted / wanted.max(), abs=1e-6)
    assert plan.delivered / plan.wanted == pytest.approx(1 / strength, rel=1e-5)
    assert plan.clipped == plan.addressed == np.count_nonzero(x) * np.count_nonzero(d)


def test_one_hot_updates_clip_single_rows_only() -> None:
    """The column fires in every slot; a row clips at probability 1 and leaves the others alone."""
    x = np.zeros(6, np.float32)
    x[4] = 1
    d = np.array([3.0, -0.5, 0.2, 0.0], np.float32)
    plan = plan_update(x, d, np.float32(1), BL, array_streams(0), 0)
    assert plan is not None
    assert plan.columns.probability.tolist() == [0, 0, 0, 0, 1, 0]
    assert plan.rows.probability == pytest.approx([1, 0.5, 0.2, 0])
    assert (plan.addressed, plan.clipped) == (3, 1)
    assert plan.delivered == pytest.approx(BL * 1.7)
    assert plan.wanted == pytest.approx(BL * 3.7)
    xbar = Crossbar(4, 6, COUNTER, seed=0)
    result = xbar.update(x, d, STEP * BL, BL)
    assert xbar.weights[0, 4] == BL * STEP
    assert (xbar.weights[:, [0, 1, 2, 3, 5]] == 0).all()
    assert result.clipped_fraction == pytest.approx(1 / 3)
    assert result.pulses == np.abs(xbar.weights / STEP).sum()


def test_zero_signals_have_no_plan() -> None:
    zero, one = np.zeros(3, np.float32), np.ones(3, np.float32)
    for x, d in ((zero, one), (one, zero), (zero, zero)):
        assert plan_update(x, d, np.float32(1), BL, array_streams(0), 0) is None


# -- trains -----------------------------------------------------------------------------------
@settings(max_examples=60)
@given(
    line=st.integers(1, 24).flatmap(strategies.signals),
    strength=st.floats(1e-6, 3),
    pulses=st.integers(1, 64),
    seed=st.integers(0, 2**64 - 1),
)
def test_whole_lines_and_single_lines_draw_the_same_trains(
    line: np.ndarray, strength: float, pulses: int, seed: int
) -> None:
    assume(np.any(line))
    peak, p_peak = np.abs(line).max(), np.float32(strength)
    key = stream_key(seed, 1)
    trains = draw_line_trains(line, p_peak, key, pulses)
    names, side = interpreted(COUNTER.kernel), fast.scratch(line.size)[0]
    with np.errstate(over="ignore"):
        count, clipped, total, size = names["draw_side"](
            line, np.count_nonzero(line), peak, p_peak, key, pulses, 1, side
        )
    _, _, listed, ends = side
    for slot in range(pulses):
        fired = trains.firing(slot)
        for sign, alike in enumerate((line[fired] > 0, line[fired] < 0)):
            places = listed[sign, ends[sign, slot] : ends[sign, slot + 1]]
            assert places.tolist() == fired[alike].tolist()
    assert count == np.count_nonzero(line)
    assert clipped == trains.clipped.sum()
    assert total == pytest.approx(float(trains.probability.sum(dtype=float)), rel=1e-5, abs=1e-8)
    assert size == pytest.approx(float(np.abs(line).sum(dtype=float)), rel=1e-5)


@settings(max_examples=30)
@given(
    d=strategies.signals(5),
    column=st.integers(0, 2),
    gain=st.floats(0.01, 1.5),
    pulses=st.integers(1, 64),
    noise=st.sampled_from((0.0, 0.3)),
    seed=st.integers(0, 2**32 - 1),
)
def test_an_update_of_a_column_is_that_of_a_unit_vector(
    d: np.ndarray, column: int, gain: float, pulses: int, noise: float, seed: int
) -> None:
    """Weights and statistics, bit for bit; a neighbouring column differs."""
    device = Device(COUNTER.law, dw_min=STEP, cycle_noise=noise)
    x = np.zeros(3, np.float32)
    x[column] = 1
    names = interpreted(device.kernel)

    def updated(name: str, *signal: object) -> str:
        xbar = Crossbar(5, 3, device, seed=seed)
        with np.errstate(over="ignore"):
            names[name](
                xbar.columns,
                xbar.coefficients.reshape(-1),
                xbar.stride,
                xbar.noise,
                *signal,
                np.float32(gain),
                pulses,
                xbar.streams,
                3,
                fast.scratch(5),
                xbar.statistics,
            )
        return digest(xbar.columns, xbar.statistics)

    by_vector = updated("update_array", x, d)
    assert updated("update_column", column, d) == by_vector
    if gain > 1 and np.abs(d).max() >= 1:
        assert updated("update_column", (column + 1) % 3, d) != by_vector


def test_trains_have_no_bit_beyond_their_slots() -> None:
    for pulses in (1, 2, 31, 63, 64):
        bits = draw_line_trains(
            np.ones(50, np.float32), np.float32(1), stream_key(0, 1), pulses
        ).bits
        assert (bits == (2**pulses - 1)).all()


def test_lines_fire_with_their_probability() -> None:
    """4.5 sd on 64 x 2000 slots; a probability off by 10 % is told apart."""
    line = np.repeat(np.array([1.0, -0.5, 0.1], np.float32), 2000)
    bits = draw_line_trains(line, np.float32(0.6), stream_key(4, 1), 64).bits
    fired = np.unpackbits(bits.view(np.uint8)).reshape(3, -1).mean(axis=1)
    for share, p in zip(fired, (0.6, 0.3, 0.06), strict=True):
        sd = math.sqrt(p * (1 - p) / (2000 * 64))
        assert_within(share, p, sd, 4.5, "share")
        assert abs(share - 1.1 * p) > 4.5 * sd
