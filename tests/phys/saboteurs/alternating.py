"""What can go wrong with long trains of alternating pulses, and with zero-shifting."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from phys import Crossbar, Device
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.altered import Altered
from tests.phys.saboteurs.bounds import SOFT


class StuckAtBound(Altered):
    """A device that reaches a bound never leaves it."""

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        low, high = (bound.T for bound in self.bounds)
        return np.where((before <= low) | (before >= high), np.float32(0), step)


@saboteur("alternating.converges", "pairs from w = ")
def devices_stick_at_their_bounds() -> Sabotage:
    return Sabotage(SOFT, StuckAtBound)


class CoarsePulses(Crossbar):
    """Cannot make steps below a 110th of the range, whatever dw_min is asked for."""

    def __init__(self, rows: int, cols: int, device: Device, seed: int = 0) -> None:
        low, high = device.bounds
        step = max(device.dw_min, (high - low) / 110)
        super().__init__(rows, cols, replace(device, dw_min=step), seed)


@saboteur("alternating.gap", "the cycle reaches")
def pulses_cannot_be_made_shorter() -> Sabotage:
    return Sabotage(SOFT, CoarsePulses)


class AddedReference(Crossbar):
    """Has the reference on the wrong side of the difference."""

    def set_reference(self, reference: Any) -> None:
        super().set_reference(-np.asarray(reference))


@saboteur("zero_shift.lands", "leave the symmetry point of w - r at 0.5")
def reference_has_the_wrong_sign() -> Sabotage:
    return Sabotage(SOFT, AddedReference)


class GrowingReference(Crossbar):
    """Programs the reference devices without erasing them first."""

    def set_reference(self, reference: Any) -> None:
        super().set_reference(self.reference + np.asarray(reference))


@saboteur("zero_shift.again", "the second zero-shift moves the reference from 0.")
def reference_is_not_erased() -> Sabotage:
    return Sabotage(SOFT, GrowingReference)
