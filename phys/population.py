"""The numbers of every device of one array, drawn from the spread between devices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import sympy as sp

from phys.device import Device
from phys.elementary import exp32
from phys.functions.kernel import hidden_places
from phys.random_bits import PARAMETER_SPREAD, STEP_SPREAD, normals, stream_key
from theory import DeviceLaw

IMBALANCE_LIMIT = 0.99
SMALLEST_BOUND_FACTOR = 0.1


@dataclass(frozen=True)
class Population:
    """The numbers of every device of one array.

    Attributes
    ----------
    count : int
        How many devices the array has.
    step, low, high : float64, scalar or (n,)
        Each device's ``dw_min`` and bounds; scalars where devices do not differ.
    values : dict of parameter symbol to float64, scalar or (n,)
    """

    device: Device
    count: int
    step: Any
    low: Any
    high: Any
    values: Mapping[Any, Any]

    def part(self, columns: slice, rows: int) -> Population:
        """Return the population of some columns of an array with `rows` rows."""
        chosen = slice(columns.start * rows, columns.stop * rows)
        count = len(range(*chosen.indices(self.count)))

        def own(number: Any) -> Any:
            return number[chosen] if np.ndim(number) else number

        values = {symbol: own(value) for symbol, value in self.values.items()}
        return replace(
            self,
            count=count,
            step=own(self.step),
            low=own(self.low),
            high=own(self.high),
            values=values,
        )

    @property
    def coefficients(self) -> np.ndarray:
        """Kernel coefficients, float32 (n, width), or (1, width) where all devices stay alike."""
        table: np.ndarray = self.device.kernel.coefficients(
            self.values, self.step, self.low, self.high
        )
        if hidden_places(self.device.kernel) and table.shape[0] < self.count:
            table = np.repeat(table, self.count, axis=0)
        return table


def draw_population(device: Device, count: int, seed: int) -> Population:
    """Draw the spread of `count` devices below `seed`.

    Each quantity has its own stream, so that spreading one leaves the others as they were.
    """
    spread = device.spread
    nominal_low, nominal_high = device.bounds

    def xi(stream: np.uint64, quantity: int) -> np.ndarray:
        return normals(stream_key(seed, int(stream), quantity), count)

    step: Any = device.dw_min
    if spread.step:
        step = device.dw_min * exp32(np.float32(spread.step) * xi(STEP_SPREAD, 0)).astype(
            np.float64
        )
    low: Any = nominal_low
    high: Any = nominal_high
    if spread.bounds:
        factor = [
            np.maximum(
                1 + spread.bounds * xi(PARAMETER_SPREAD, k).astype(np.float64),
                SMALLEST_BOUND_FACTOR,
            )
            for k in (0, 1)
        ]
        low, high = nominal_low * factor[0], nominal_high * factor[1]
    values: dict[Any, Any] = {}
    if isinstance(device.law, DeviceLaw):
        for k, parameter in enumerate(device.law.parameters):
            value: Any = float(sp.sympify(parameter.value))
            if parameter.name == "imbalance" and spread.imbalance:
                value = np.clip(
                    value + spread.imbalance * xi(PARAMETER_SPREAD, k + 2).astype(np.float64),
                    -IMBALANCE_LIMIT,
                    IMBALANCE_LIMIT,
                )
            elif spread.parameters.get(parameter.name):
                value = value * (
                    1
                    + spread.parameters[parameter.name]
                    * xi(PARAMETER_SPREAD, k + 2).astype(np.float64)
                )
            values[parameter.symbol] = value
        own_low, own_high = device.form.bounds
        values |= {s: v for s, v in ((own_low, low), (own_high, high)) if s.is_Symbol}
    return Population(device, count, step, low, high, values)
