"""The elementary functions: accuracy, order, and the same bits from numba and NumPy."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import mp

from phys import compiler, elementary
from phys.elementary import exp32, log32, logistic32, power32, tanh32

ONE = np.float32(1)


def ulps(values: np.ndarray, exact: np.ndarray) -> float:
    """Return the largest error in units in the last place of the exact value."""
    unit = np.spacing(np.abs(exact).astype(np.float32)).astype(float)
    return float((np.abs(values - exact) / unit).max())


def neighbours(centre: float, count: int = 20_000) -> np.ndarray:
    """Return `count` consecutive float32 numbers on either side of `centre`, rising."""
    bits = np.float32(centre).view(np.int32) + np.arange(-count, count, dtype=np.int32)
    return np.sort(bits.view(np.float32))


EXP_RANGE = np.linspace(-87, 88, 400_001).astype(np.float32)
NORMAL_RANGE = np.exp(np.linspace(math.log(2.0**-126), math.log(3.4e38), 400_001)).astype(
    np.float32
)
LOG_RANGE = np.concatenate([NORMAL_RANGE[1:], np.linspace(0.5, 2, 200_001).astype(np.float32)])
CURVE_RANGE = np.linspace(-60, 60, 400_001).astype(np.float32)


def test_exp_is_within_one_ulp() -> None:
    assert ulps(exp32(EXP_RANGE), np.exp(EXP_RANGE.astype(float))) <= 1.0


def test_log_is_within_one_ulp() -> None:
    assert ulps(log32(LOG_RANGE), np.log(LOG_RANGE.astype(float))) <= 1.0
    assert log32(ONE) == 0


def test_logistic_is_within_three_ulps_where_its_exponential_is_in_range() -> None:
    exact = 1 / (1 + np.exp(-CURVE_RANGE.astype(float)))
    assert ulps(logistic32(CURVE_RANGE), exact) <= 3.0


def test_tanh_is_within_two_ulps_of_one() -> None:
    """Near zero it is a difference of numbers near 1, so the bound is an absolute one."""
    assert np.abs(tanh32(CURVE_RANGE) - np.tanh(CURVE_RANGE.astype(float))).max() <= 2 * 2.0**-23
    assert tanh32(np.float32(0)) == 0


@pytest.mark.parametrize("exponent", [0.3, 0.5, 1.5, 2.0, 3.0])
def test_power_is_accurate_to_a_relative_error(exponent: float) -> None:
    """Half an ulp of error in ``exponent * log x`` is that many ulps of its size in the result."""
    x = np.exp(np.linspace(math.log(1e-6), math.log(1e3), 50_001)).astype(np.float32)
    exact = x.astype(float) ** float(np.float32(exponent))
    bound = 2 + 2 * exponent * np.abs(np.log(x.astype(float)))
    errors = np.abs(power32(x, np.float32(exponent)) - exact) / (exact * 2.0**-23)
    assert (errors <= bound).all()


def test_power_is_zero_at_and_below_zero() -> None:
    assert power32(np.array([0, -1], np.float32), np.float32(1.5)).tolist() == [0, 0]


def test_arguments_beyond_the_range_are_clipped_to_it() -> None:
    far = np.array([-1e30, -100, 100, 1e30], dtype=np.float32)
    assert exp32(far).tolist() == exp32(np.array([-87, -87, 88, 88], np.float32)).tolist()
    assert logistic32(far).tolist() == pytest.approx([0, 0, 1, 1], abs=1e-37)
    assert tanh32(far).tolist() == [-1, -1, 1, 1]


def test_exact_values_from_arbitrary_precision() -> None:
    """The float64 library is not the only witness."""
    for x in (-86.5, -1.0, -1e-4, 0.25, 1.0, 20.0, 87.9):
        exact = float(mp.exp(mp.mpf(float(np.float32(x)))))
        assert ulps(exp32(np.array([x], np.float32)), np.array([exact])) <= 1.0


@pytest.mark.parametrize("function", [exp32, logistic32, tanh32])
def test_rising_functions_never_fall(function: Callable[[np.ndarray], np.ndarray]) -> None:
    assert (np.diff(function(EXP_RANGE)) >= 0).all()
    for centre in (-5.0, -0.34657, -0.1, 0.1, 0.34657, 1.0, 10.0):
        assert (np.diff(function(neighbours(centre))) >= 0).all(), centre


def test_log_never_falls() -> None:
    assert (np.diff(log32(NORMAL_RANGE[1:])) >= 0).all()
    for centre in (0.7071, 1.0, 1.41421356, 2.0, 1000.0):
        assert (np.diff(log32(neighbours(centre))) >= 0).all(), centre


def test_values_stay_in_the_range_of_the_function() -> None:
    assert (exp32(EXP_RANGE) > 0).all()
    assert np.isfinite(exp32(EXP_RANGE)).all()
    assert ((logistic32(CURVE_RANGE) >= 0) & (logistic32(CURVE_RANGE) <= 1)).all()
    assert (np.abs(tanh32(CURVE_RANGE)) <= 1).all()


# -- one arithmetic --------------------------------------------------------------------------
@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("exp32", EXP_RANGE[::40]),
        ("exp32", np.array([0, -0.0, 1e-38, -1e30, 1e30, -87, 88], np.float32)),
        ("log32", LOG_RANGE[::60]),
        ("logistic32", CURVE_RANGE[::40]),
        ("tanh32", CURVE_RANGE[::40]),
    ],
)
def test_numba_and_numpy_agree_in_every_bit(name: str, values: np.ndarray) -> None:
    compiled = getattr(compiler.core(), name)
    scalars = np.array([compiled(v) for v in values], dtype=np.float32)
    assert (
        scalars.view(np.int32).tolist() == getattr(elementary, name)(values).view(np.int32).tolist()
    )


@given(st.floats(-87, 88, width=32))
def test_scalar_and_array_agree(x: float) -> None:
    value = np.float32(x)
    for function in (exp32, logistic32, tanh32):
        assert function(value) == function(np.array([value]))[0]
    assert isinstance(exp32(value), np.float32)
