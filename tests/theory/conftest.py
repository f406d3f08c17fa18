"""Shared pieces of the theory tests."""

from __future__ import annotations

import pytest
from sympy import Rational

from theory import laws


@pytest.fixture
def soft():
    """Soft bounds with unequal bounds and an imbalance."""
    return laws.soft_bounds(2, -1, Rational(1, 4))
