"""The array: bounds, reads against matrices, states, and pulses that change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phys import Crossbar, Device, strategies
from tests.phys.helpers import (
    ALL_LAWS,
    COMPILED_LAWS,
    SOFT,
    random_weights,
    same_bits,
    signals,
    small_device,
    state_digest,
)
from theory import DeviceLaw, laws, w

FEW_KERNELS = st.one_of(
    strategies.laws(("flat",), ("soft", "none")),
    st.sampled_from([ALL_LAWS["exponential_step"], ALL_LAWS["square"]]),
)

operation = st.one_of(
    st.tuples(st.just("update"), st.floats(1e-4, 10), st.integers(1, 64), st.integers(0, 99)),
    st.tuples(st.just("pulses"), strategies.pulse_trains()),
    st.tuples(st.just("push"), st.sampled_from([1, -1]), st.integers(1, 300)),
    st.tuples(st.just("write"), st.floats(-10, 10)),
)


def apply(xbar: Crossbar, step: tuple[Any, ...]) -> None:
    if step[0] == "update":
        _, lr, pulses, seed = step
        scale = xbar.device.dw_min * pulses
        xbar.update(signals(xbar.cols, seed), signals(xbar.rows, seed + 1), lr * scale, pulses)
    elif step[0] == "pulses":
        xbar.pulse_all(step[1])
    elif step[0] == "push":
        xbar.pulse_all(np.full(step[2], step[1]))
    else:
        xbar.set_weights(np.full((xbar.rows, xbar.cols), step[1]))


@settings(max_examples=80)
@given(
    device=strategies.devices(FEW_KERNELS),
    steps=st.lists(operation, min_size=1, max_size=6),
    seed=st.integers(0, 2**32),
)
def test_weights_never_leave_their_devices_bounds(
    device: Device, steps: list[tuple[Any, ...]], seed: int
) -> None:
    xbar = Crossbar(5, 4, device, seed=seed)
    low, high = xbar.bounds
    assert (low < 0).all()
    assert (high > 0).all()
    for step in steps:
        apply(xbar, step)
        assert np.isfinite(xbar.weights).all()
        assert (xbar.weights >= low).all()
        assert (xbar.weights <= high).all()


def test_hard_bounds_are_reached() -> None:
    """Negative control: the property above is about something, since weights do get there."""
    for law in (ALL_LAWS["constant_step"], ALL_LAWS["linear_step"]):
        xbar = Crossbar(3, 3, Device(law, dw_min=0.01))
        xbar.pulse_all(np.ones(400))
        assert (xbar.weights == xbar.bounds[1]).all()
        xbar.pulse_all(-np.ones(400))
        assert (xbar.weights == xbar.bounds[0]).all()


def test_soft_bounds_are_only_approached() -> None:
    xbar = Crossbar(3, 3, small_device())
    xbar.pulse_all(np.ones(300))
    assert (xbar.weights < 1).all()
    assert (xbar.weights > 0.95).all()


# -- nothing changes ---------------------------------------------------------------------------
@pytest.mark.parametrize("noise", [0.0, 0.5])
def test_zero_signals_and_zero_pulses_change_no_weight(noise: float) -> None:
    xbar = Crossbar(4, 5, small_device(cycle_noise=noise), seed=1)
    random_weights(xbar)
    before = xbar.weights.copy()
    x, d = signals(5, 1), signals(4, 2)
    for pair in ((0 * x, d), (x, 0 * d), (0 * x, 0 * d)):
        result = xbar.update(*pair, lr=1.0)
        assert (result.pulses, result.wanted, result.delivered, result.clipped_fraction) == (
            0,
            0,
            0,
            0,
        )
    xbar.pulse_all([])
    assert same_bits(xbar.weights, before)


def test_lines_without_a_signal_change_nothing() -> None:
    xbar = Crossbar(4, 5, small_device(cycle_noise=0.5), seed=1)
    random_weights(xbar)
    before = xbar.weights.copy()
    xbar.update([0, 1, 0, 1, 0], [1, 0, 0, 1], lr=1.0)
    touched = np.outer([1, 0, 0, 1], [0, 1, 0, 1, 0]).astype(bool)
    assert same_bits(xbar.weights[~touched], before[~touched])
    assert (xbar.weights[touched] != before[touched]).all()


@settings(max_examples=30)
@given(
    turns=strategies.pulse_trains(80),
    cut=st.integers(0, 80),
    noise=st.sampled_from([0.0, 0.4]),
)
def test_pulses_at_once_are_those_pulses_in_turn(turns: np.ndarray, cut: int, noise: float) -> None:
    """n + m pulses are n and then m; with noise too, since its numbers are counted by pulse."""
    whole, parts = (Crossbar(3, 4, small_device(cycle_noise=noise), seed=6) for _ in range(2))
    whole.pulse_all(turns)
    parts.pulse_all(turns[:cut])
    parts.pulse_all(turns[cut:])
    assert state_digest(whole) == state_digest(parts)


def test_pulses_of_an_update_are_pulses_of_the_law() -> None:
    """With every line firing in every slot, an update of n slots is n pulses on every device."""
    a, b = (Crossbar(3, 4, small_device(), seed=6) for _ in range(2))
    a.update(np.ones(4), np.ones(3), lr=0.01 * 7, pulses=7)
    a.update(np.ones(4), -np.ones(3), lr=0.01 * 5, pulses=5)
    b.pulse_all([1] * 7 + [-1] * 5)
    assert same_bits(a.weights, b.weights)


def test_up_pulses_rise_and_down_pulses_fall() -> None:
    for name, law in COMPILED_LAWS.items():
        xbar = Crossbar(5, 5, small_device(law), seed=0)
        random_weights(xbar)
        before = xbar.weights.copy()
        xbar.pulse_all([1])
        assert (xbar.weights > before).all(), name
        before = xbar.weights.copy()
        xbar.pulse_all([-1])
        assert (xbar.weights < before).all(), name


# -- reads -------------------------------------------------------------------------------------
def test_reads_are_products_with_the_effective_weights() -> None:
    """To float32 rounding: as many half-ulps of the sum of sizes as there are terms."""
    xbar = Crossbar(13, 21, small_device(), seed=0)
    random_weights(xbar)
    xbar.set_reference(np.random.default_rng(1).uniform(-1, 1, (13, 21)))
    exact = xbar.weights.astype(float) - xbar.reference
    assert np.abs(xbar.effective_weights - exact).max() <= 2.0**-23
    x, d = signals(21, 1), signals(13, 2)
    for made, matrix, vector in ((xbar.forward(x), exact, x), (xbar.backward(d), exact.T, d)):
        bound = 2.0**-24 * (vector.size + 2) * (np.abs(matrix) @ np.abs(vector.astype(float)))
        assert (np.abs(made - matrix @ vector.astype(float)) <= bound).all()


def test_batches_are_rows_read_one_by_one() -> None:
    xbar = Crossbar(6, 7, small_device(), seed=0)
    random_weights(xbar)
    x = np.stack([signals(7, k) for k in range(4)])
    assert same_bits(xbar.forward(x), np.stack([xbar.forward(row) for row in x]))
    d = np.stack([signals(6, k) for k in range(4)])
    assert same_bits(xbar.backward(d), np.stack([xbar.backward(row) for row in d]))
    assert xbar.forward(np.zeros((0, 7))).shape == (0, 6)


def test_reading_changes_nothing() -> None:
    xbar = Crossbar(6, 7, small_device(), seed=0)
    random_weights(xbar)
    before = state_digest(xbar)
    xbar.forward(signals(7, 1))
    xbar.backward(signals(6, 1))
    xbar.read_column(3)
    _ = xbar.weights, xbar.reference, xbar.effective_weights, xbar.symmetry_points()
    assert state_digest(xbar) == before


def test_read_column_is_a_column_of_the_effective_weights() -> None:
    xbar = Crossbar(6, 7, small_device(), seed=0)
    random_weights(xbar)
    xbar.set_reference(np.full((6, 7), 0.25))
    for j in range(7):
        assert same_bits(xbar.read_column(j), xbar.effective_weights[:, j].copy())


@pytest.mark.parametrize("name", ["weights", "reference", "effective_weights"])
def test_views_cannot_be_written(name: str) -> None:
    xbar = Crossbar(2, 3, small_device())
    view = getattr(xbar, name)
    assert view.shape == (2, 3)
    assert view.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        view[0, 0] = 1


# -- state -------------------------------------------------------------------------------------
def test_written_weights_are_clamped_to_each_devices_bounds() -> None:
    xbar = Crossbar(4, 4, small_device(device_spread=0.3), seed=2)
    low, high = xbar.bounds
    xbar.set_weights(np.full((4, 4), 9.0))
    assert same_bits(xbar.weights.copy(), high.copy())
    xbar.set_weights(np.full((4, 4), -9.0))
    assert same_bits(xbar.weights.copy(), low.copy())


def test_a_restored_array_goes_on_as_the_first_would_have() -> None:
    device = small_device(device_spread=0.3, cycle_noise=0.3)
    first, second = Crossbar(4, 5, device, seed=1), Crossbar(4, 5, device, seed=1)
    for k in range(5):
        first.update(signals(5, k), signals(4, k), 0.05)
    state = first.state()
    second.restore(state)
    for xbar in (first, second):
        xbar.update(signals(5, 9), signals(4, 9), 0.05)
        xbar.pulse_all([1, -1])
    assert state_digest(first) == state_digest(second)
    assert not same_bits(state["weights"], first.columns), "a state must be a copy"


def test_result_of_an_update_counts_its_pulses() -> None:
    """Constant steps of a power of two count the pulses that each device got."""
    law = laws.constant_step(w_max=2, w_min=-2, imbalance=0)
    xbar = Crossbar(6, 7, Device(law, dw_min=2.0**-10), seed=3)
    x, d = signals(7, 1), signals(6, 2)
    result = xbar.update(x, d, lr=0.004, pulses=20)
    assert result.pulses == np.abs(xbar.weights * 2**10).sum()
    assert result.wanted == pytest.approx(0.004 * 2**10 * np.abs(np.outer(d, x)).sum(), rel=1e-5)


def test_a_law_of_ten_lines_is_enough() -> None:
    law = DeviceLaw("mine", up=2 - w, down=1 + w / 2, bounds=(-1, 1))
    xbar = Crossbar(2, 2, Device(law, dw_min=0.01))
    xbar.pulse_all([1])
    assert xbar.weights == pytest.approx(np.full((2, 2), 0.02))
    assert SOFT.name in repr(Crossbar(2, 2, small_device()))
