"""What can go wrong between the formula of a device and the steps of an array."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from phys import Crossbar, Device
from phys.kernels import LawKernel
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.altered import Altered
from tests.phys.saboteurs.bounds import SOFT


class HalfPrecision(Crossbar):
    """Keeps the numbers of its devices in half precision."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.coefficients = self.coefficients.astype(np.float16).astype(np.float32)


@saboteur("arithmetic.formula", "; the formula gives ")
def coefficients_in_half_precision() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), HalfPrecision)


class Leaking(Device):
    """Its NumPy form computes in float64, as Python constants among arrays of numbers do."""

    @cached_property
    def kernel(self) -> LawKernel:
        given = super().kernel
        assert isinstance(given, LawKernel)
        return replace(given, up_step=lambda w, c, o: np.float64(1) * given.up_step(w, c, o))


@saboteur("arithmetic.single", "the up step of float32 weights is float64")
def steps_leak_into_double_precision() -> Sabotage:
    return Sabotage(Leaking(SOFT, dw_min=0.02))


class VoltageDrop(Altered):
    """From the third row on, the voltage that is left gives a smaller step."""

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        part = np.ones(step.shape, np.float32)
        part[:, 2:] = np.float32(0.97)
        return step * part


@saboteur("arithmetic.apart", "devices, against each alone: weight[2, 0]")
def voltage_drops_along_a_column() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), VoltageDrop)


class Extrapolating(Crossbar):
    """Takes a run of equal pulses in one go, each as large as the first."""

    def pulse_all(self, directions: Any, *args: Any, **options: Any) -> None:
        before = self.columns.copy()
        if len(directions) < 3 or len(set(np.asarray(directions).tolist())) > 1:
            super().pulse_all(directions, *args, **options)
            return
        super().pulse_all(directions[:1], *args, **options)
        step = self.columns - before
        low, high = (bound.T for bound in self.bounds)
        self.columns[...] = np.clip(before + len(directions) * step, low, high)
        self.updates += len(directions) - 1


@saboteur("pulses.compose", "pulses at once, against ")
def equal_pulses_taken_in_one_go() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), Extrapolating)


class Fatigued(Altered):
    """Steps get smaller the more pulses an array has seen, up to a tenth."""

    def altered(self, before: np.ndarray, step: np.ndarray, pulse: int) -> np.ndarray:
        return step * np.float32(1 - 1e-3 * min(self.updates - 1, 100))


@saboteur("pulses.memory", "and a device written to the same weight to", also=("update.count",))
def steps_tire_with_use() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), Fatigued)


class Wide(Crossbar):
    """Returns its products in float64."""

    def forward(self, x: Any, **options: Any) -> np.ndarray:
        return super().forward(x, **options).astype(np.float64)


@saboteur("array.single", "forward(x) is float64", also=("read.batch",))
def products_in_double_precision() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), Wide)


class Narrowing(Crossbar):
    """Its windows close by a millionth of their width with every pulse."""

    def pulse_all(self, directions: Any, *args: Any, **options: Any) -> None:
        super().pulse_all(directions, *args, **options)
        places = [self.kernel.low_place, self.kernel.high_place]
        self.coefficients[:, places] *= np.float32(1 - 1e-6)


@saboteur(
    "array.stays",
    "w_min was -1 and is -0.99",
    also=("pulses.compose", "pulses.memory", "store.state"),
)
def windows_close_with_use() -> Sabotage:
    return Sabotage(Device(SOFT, dw_min=0.02), Narrowing)
