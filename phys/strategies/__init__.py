"""Hypothesis strategies: laws, devices, crossbars and all that acts on them.

Every draw is valid, and every strategy says what it shrinks towards.

Examples
--------
>>> from hypothesis import given
>>> from phys import strategies
>>> @given(strategies.laws())
... def test_steps_are_symmetric_at_a_symmetry_point(law):
...     for point in law.symmetry_points():
...         assert abs(law.G.subs("w", point.value)) < 1e-9
"""

from __future__ import annotations

from phys.strategies.arrays import crossbars, pulse_trains, signals, updates, weights
from phys.strategies.common import parts, simplest
from phys.strategies.devices import devices, spreads
from phys.strategies.forms import ASYMMETRIES, SIZES, law_form
from phys.strategies.laws import laws
from phys.strategies.timings import timings

__all__ = [
    "ASYMMETRIES",
    "SIZES",
    "crossbars",
    "devices",
    "law_form",
    "laws",
    "parts",
    "pulse_trains",
    "signals",
    "simplest",
    "spreads",
    "timings",
    "updates",
    "weights",
]
