"""The published device laws, each a function that returns a :class:`theory.DeviceLaw`.

``CATALOGUE`` lists them with default values; :mod:`theory.laws.presets` holds fitted devices.
"""

from __future__ import annotations

from theory.laws import presets
from theory.laws.catalogue import CATALOGUE, Entry, find
from theory.laws.constant import constant_step
from theory.laws.curved import exp_step, exponential_step, power_step
from theory.laws.linear import (
    biased_linear,
    capacitor,
    exponential_response,
    linear_asymmetry,
    linear_step,
)
from theory.laws.soft import soft_bounds, soft_bounds_pmax
from theory.laws.tabulated import tabulated

__all__ = [
    "CATALOGUE",
    "Entry",
    "biased_linear",
    "capacitor",
    "constant_step",
    "exp_step",
    "exponential_response",
    "exponential_step",
    "find",
    "linear_asymmetry",
    "linear_step",
    "power_step",
    "presets",
    "soft_bounds",
    "soft_bounds_pmax",
    "tabulated",
]
