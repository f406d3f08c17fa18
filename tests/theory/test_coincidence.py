"""Coincidences against full enumeration, and update management with and without clipping."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from sympy import Rational, S, sqrt, summation, symbols

from theory.coincidence import BL, Coincidences, n, needed_slots, p, p_other, q, update_management
from theory.errors import ConditionError, TheoryError

HALF, THIRD, FIFTH = Rational(1, 2), Rational(1, 3), Rational(1, 5)


def enumerate_counts(first, second, row, slots):
    """Exact joint distribution of two devices in one row, by going through all pulse patterns."""
    joint = {}
    for pattern in product((0, 1), repeat=3 * slots):
        weight = S.One
        counts = [0, 0]
        for slot in range(slots):
            a, b, r = pattern[3 * slot : 3 * slot + 3]
            weight *= (first if a else 1 - first) * (second if b else 1 - second)
            weight *= row if r else 1 - row
            counts[0] += a * r
            counts[1] += b * r
        key = tuple(counts)
        joint[key] = joint.get(key, S.Zero) + weight
    return joint


def test_distribution_mean_variance_and_correlation_by_enumeration():
    slots = 3
    joint = enumerate_counts(HALF, THIRD, FIFTH, slots)
    made = Coincidences(HALF, FIFTH, slots)
    for k in range(slots + 1):
        marginal = sum(v for (a, _), v in joint.items() if a == k)
        assert made.probability(k) == marginal
    mean = [sum(v * key[i] for key, v in joint.items()) for i in (0, 1)]
    square = [sum(v * key[i] ** 2 for key, v in joint.items()) for i in (0, 1)]
    both = sum(v * a * b for (a, b), v in joint.items())
    covariance = both - mean[0] * mean[1]
    deviation = [sqrt(s - m**2) for s, m in zip(square, mean, strict=True)]
    assert made.mean == mean[0]
    assert made.variance == deviation[0] ** 2
    assert made.covariance(THIRD) == covariance
    assert (made.correlation(THIRD) - covariance / deviation[0] / deviation[1]).simplify() == 0
    assert made.shared_in_row(THIRD) == HALF * THIRD * FIFTH
    assert made.ever_shared(THIRD) == 1 - (1 - HALF * THIRD * FIFTH) ** slots


def test_probabilities_sum_to_one():
    made = Coincidences(slots=S(4))
    assert summation(made.probability(), (n, 0, 4)).simplify() == 1


def test_correlation_vanishes_where_the_row_always_fires():
    assert Coincidences(p, S.One, BL).correlation(p_other) == 0
    assert Coincidences(p, q, BL).correlation(p).subs({p: 1, q: HALF}) == 1


def test_update_management_balances_and_is_unbiased():
    rate, x, d = symbols("rate x d", positive=True)
    made = update_management(rate, x, d)
    assert ((made.gain_x * x) ** 2 - (made.gain_d * d) ** 2).simplify() == 0
    numbers = update_management(Rational(1, 100), 2, HALF, 10, Rational(1, 1000))
    for a, b in ((2, HALF), (1, HALF), (Rational(1, 7), Rational(1, 9))):
        assert numbers.bias(a, b) == 0


def test_clipping_takes_away_and_sharing_gives_back():
    made = update_management(Rational(1, 10), 1, 1, 10, Rational(1, 1000))
    assert made.bias(1, 1) < 0
    assert made.coincidences(1, 1).column == 1
    lopsided = update_management(Rational(1, 100), 1, 1, 10, Rational(1, 1000))
    assert lopsided.bias(1, 1) == 0
    clipped = update_management(Rational(1, 10), 1, Rational(1, 100), 5, Rational(1, 1000))
    column = update_management(Rational(1, 10), Rational(1, 4), 1, 10, Rational(1, 1000))
    assert clipped.bias(1, Rational(1, 100)) == 0
    assert column.delivered(Rational(1, 4), Rational(1, 100)) < column.wanted(
        Rational(1, 4), Rational(1, 100)
    )
    shared = column.shared(Rational(1, 4), Rational(1, 100))
    assert shared.column == 1
    assert column.step * shared.mean == column.wanted(Rational(1, 4), Rational(1, 100))


def test_binomial_against_simulation_with_negative_control():
    rng = np.random.default_rng(3)
    slots, a, b, runs = 10, 0.4, 0.3, 40000
    fired = (rng.random((runs, slots)) < a) & (rng.random((runs, slots)) < b)
    counts = fired.sum(axis=1)
    made = Coincidences(Rational(2, 5), Rational(3, 10), slots)
    mean, variance = float(made.mean), float(made.variance)
    assert abs(counts.mean() - mean) < 4 * (variance / runs) ** 0.5
    assert abs(counts.var() - variance) < 4 * variance * (3 / runs) ** 0.5
    poisson = mean
    assert abs(counts.var() - poisson) > 4 * variance * (3 / runs) ** 0.5


def test_bad_input():
    with pytest.raises(ConditionError, match="rate = -1"):
        update_management(-1, 1, 1)
    with pytest.raises(TheoryError, match="max_x"):
        update_management(1, float("nan"), 1)
    assert needed_slots(0.01, 1, 2.51, 0.001) == 26
