"""Shared pieces of the theory tests."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import strategies as st
from sympy import Rational

from theory import laws


def rationals(low, high, digits=3):
    """Rational numbers with few digits; shrinks towards the lower end."""
    scale = 10**digits
    return st.integers(round(low * scale), round(high * scale)).map(
        lambda n: Rational(Fraction(n, scale))
    )


@pytest.fixture
def soft():
    """Soft bounds with unequal bounds and an imbalance."""
    return laws.soft_bounds(2, -1, Rational(1, 4))
