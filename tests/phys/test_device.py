"""Devices: the spread between them, from one stream per quantity, and their numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from phys import Crossbar, Device, Spread, StepFunctions
from phys.population import (
    IMBALANCE_LIMIT,
    SMALLEST_BOUND_FACTOR,
    Population,
    draw_population,
)
from tests.phys.helpers import (
    BALANCED,
    SOFT,
    assert_within,
    ks_distance,
    normal_cdf,
    same_bits,
    small_device,
)
from theory import laws

COUNT = 20_000


def draw(seed: int = 1, **spread: float) -> Population:
    return draw_population(small_device(device_spread=Spread(**spread)), COUNT, seed)


def imbalance(population: Population) -> np.ndarray:
    symbol = population.device.law.parameter("imbalance").symbol
    return np.asarray(population.values[symbol])


def assert_normal(xi: np.ndarray) -> None:
    """Mean, standard deviation and shape of a standard normal sample; 4.5 sd."""
    assert_within(xi.mean(), 0, 1 / math.sqrt(xi.size), 4.5, "mean")
    assert_within(xi.std(), 1, 1 / math.sqrt(2 * xi.size), 4.5, "sd")
    assert ks_distance(xi, normal_cdf) < 1.95


def test_steps_are_lognormal() -> None:
    """``dw_min exp(0.3 xi)``."""
    steps = draw(step=0.3).step
    assert_normal(np.log(steps / 0.01) / 0.3)
    # Negative control: the same test refuses 0.31 as their spread.
    with pytest.raises(AssertionError):
        assert_normal(np.log(steps / 0.01) / 0.31)


def test_bounds_are_scaled_each_by_its_own_draw() -> None:
    population = draw(bounds=0.2)
    up, down = (population.high - 1) / 0.2, (-population.low - 1) / 0.2
    assert_normal(up)
    assert_normal(down)
    assert abs(np.corrcoef(up, down)[0, 1]) < 4.5 / math.sqrt(COUNT)


def test_bounds_keep_a_tenth_of_their_nominal_value() -> None:
    """A spread of 0.9 reaches the limit for xi below -1: a share of Phi(-1), 4.5 sd."""
    population = draw(bounds=0.9)
    assert population.high.min() == SMALLEST_BOUND_FACTOR == 0.1
    assert population.low.max() == -0.1
    share = float(np.mean(population.high == 0.1))
    expected = 0.5 * math.erfc(1 / math.sqrt(2))
    assert_within(share, expected, math.sqrt(expected * (1 - expected) / COUNT), 4.5, "share")
    assert (population.low < 0).all()
    assert (population.high > 0).all()


def test_imbalance_is_shifted_and_kept_within_its_limit() -> None:
    assert_normal((imbalance(draw(imbalance=0.05)) - 0.3) / 0.05)
    wide = imbalance(draw(imbalance=1.0))
    assert wide.min() == -IMBALANCE_LIMIT == -0.99
    assert wide.max() == 0.99
    expected = 0.5 * math.erfc(0.69 / math.sqrt(2))
    sd = math.sqrt(expected * (1 - expected) / COUNT)
    assert_within(float(np.mean(wide == 0.99)), expected, sd, 4.5, "share at the limit")


def test_other_parameters_are_spread_by_name() -> None:
    law = laws.CATALOGUE["linear_step"].law()
    device = Device(law, dw_min=0.001, device_spread=Spread(parameters={"slope_up": 0.1}))
    population = draw_population(device, COUNT, 0)
    numbers = {p.name: population.values[p.symbol] for p in law.parameters}
    assert_normal((numbers["slope_up"] / 0.5 - 1) / 0.1)
    assert np.ndim(numbers["slope_down"]) == 0


def test_spreading_one_quantity_leaves_the_others_as_they_were() -> None:
    everything = draw(step=0.3, bounds=0.2, imbalance=0.05)
    assert same_bits(everything.step, draw(step=0.3).step)
    assert same_bits(everything.low, draw(bounds=0.2).low)
    assert same_bits(everything.high, draw(bounds=0.2).high)
    assert same_bits(imbalance(everything), imbalance(draw(imbalance=0.05)))


def test_quantities_are_independent() -> None:
    """No pair correlates by more than 4.5 sd; the negative control, one with itself, does."""
    population = draw(step=0.3, bounds=0.2, imbalance=0.05)
    drawn = np.array(
        [np.log(population.step), population.low, population.high, imbalance(population)]
    )
    correlation = np.abs(np.corrcoef(drawn))
    assert (correlation[~np.eye(4, dtype=bool)] < 4.5 / math.sqrt(COUNT)).all()
    assert (np.diag(correlation) > 0.99).all()


def test_neighbouring_devices_are_independent() -> None:
    xi = np.log(draw(step=0.3).step / 0.01) / 0.3
    assert abs(np.corrcoef(xi[1:], xi[:-1])[0, 1]) < 4.5 / math.sqrt(COUNT)


def test_same_seed_same_devices() -> None:
    assert same_bits(draw(seed=1, step=0.3).step, draw(seed=1, step=0.3).step)
    assert not same_bits(draw(seed=1, step=0.3).step, draw(seed=2, step=0.3).step)


def test_devices_of_a_larger_array_start_like_those_of_a_smaller() -> None:
    device = small_device(device_spread=0.3)
    assert same_bits(draw_population(device, 50, 3).step, draw_population(device, 90, 3).step[:50])


def test_one_number_sets_the_spread_of_step_and_bounds() -> None:
    assert Device(SOFT, dw_min=0.01, device_spread=0.3).spread == Spread(step=0.3, bounds=0.3)
    assert not Device(SOFT, dw_min=0.01).spread.any


def test_equal_devices_need_one_set_of_coefficients() -> None:
    assert Crossbar(8, 9, small_device()).coefficients.shape[0] == 1
    assert Crossbar(8, 9, small_device(device_spread=0.1)).coefficients.shape[0] == 72


def test_soft_bound_steps_vanish_at_each_devices_own_bounds() -> None:
    """The law's bounds are parameters, so a device with wider bounds has its own law."""
    xbar = Crossbar(10, 10, small_device(BALANCED, device_spread=Spread(bounds=0.3)), seed=5)
    low, high = (np.array(b) for b in xbar.bounds)
    for value, turn in ((high, 1), (low, -1)):
        xbar.set_weights(value)
        xbar.pulse_all([turn])
        assert np.abs(xbar.weights - value).max() <= 2.0**-23 * np.abs(value).max()
    assert np.ptp(high) > 0.5


def test_step_functions_are_stretched_with_a_devices_bounds() -> None:
    functions = StepFunctions(lambda v: 1 - v, lambda v: 1 + v, (-1, 1))
    device = Device(functions, dw_min=0.01, device_spread=Spread(bounds=0.3))
    like = Crossbar(6, 7, small_device(BALANCED, device_spread=Spread(bounds=0.3)), seed=5)
    xbar = Crossbar(6, 7, device, seed=5)
    assert same_bits(np.array(xbar.bounds), np.array(like.bounds))
    low, high = (np.asarray(b, float) for b in xbar.bounds)
    xbar.pulse_all([1])
    # q_up at the nominal place of weight 0, that is at -1 + 2 (0 - low)/(high - low).
    expected = 0.01 * (1 - (-1 + 2 * (0 - low) / (high - low)))
    assert xbar.weights == pytest.approx(expected, rel=1e-5)
