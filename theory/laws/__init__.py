"""The published device laws, each a function that returns a :class:`theory.DeviceLaw`."""

from __future__ import annotations

from theory.laws.constant import constant_step
from theory.laws.soft import soft_bounds

__all__ = ["constant_step", "soft_bounds"]
