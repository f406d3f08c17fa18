r"""The limit of infinite granularity: dw_min -> 0, without pulses, noise or clipping.

As the steps of a device shrink and the pulses of an update multiply, what the update does to a
weight tends to the flow

.. math:: \frac{dW}{ds} = \Delta W\,F(W) - |\Delta W|\,G(W), \qquad 0 \le s \le 1,

whose first order is the expected update :math:`W + \Delta W F(W) - |\Delta W| G(W)`. The flow, not
its first order, is what pulsed updates tend to at a given :math:`\Delta W`, with an error of order
dw_min. One classical Runge-Kutta step for every 1/32 of the range follows it; the error of a step
is of fifth order, below :math:`10^{-7}` of the range. Weights are float64, signals float32.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import checked, compiler
from phys.array_kinds.mean_field_kernel import mean_field_kernel
from phys.checked import InputError
from phys.crossbar import Crossbar, UpdateResult
from phys.device import Device
from phys.loops import arrays as array_loops
from phys.pulses import MAX_PULSES, update_gain
from phys.reads import Read, Reads
from theory import DeviceLaw


class MeanFieldCrossbar(Crossbar):
    """An array in the limit dw_min -> 0: float64 weights, moved by the expected update.

    Parameters
    ----------
    rows, cols : int
    device : Device
        Its spread between devices is kept; its `dw_min` only sets the unit of steps, and its cycle
        noise averages out.
    seed : int
    read : Read, Reads or str, optional
        See `phys.reads`; default: ideally.

    Raises
    ------
    InputError
        A device whose steps are not given by a law.

    Examples
    --------
    >>> from math import exp
    >>> from theory import laws
    >>> law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0)
    >>> xbar = MeanFieldCrossbar(1, 1, Device(law, dw_min=0.1))
    >>> xbar.update([1], [1], lr=0.5).delivered
    5.0
    >>> round(float(xbar.weights[0, 0]), 6), round(1 - exp(-0.5), 6)
    (0.393469, 0.393469)
    """

    kernel: Any

    def __init__(
        self,
        rows: int,
        cols: int,
        device: Device,
        seed: int = 0,
        *,
        read: Read | Reads | str | None = None,
    ) -> None:
        super().__init__(rows, cols, device, seed, read=read)
        if not isinstance(device.law, DeviceLaw):
            raise InputError(
                f"device: {device.law.name!r} has no law, and the expected update follows the flow "
                f"of F and G; give a device with a theory.DeviceLaw"
            )
        self.kernel = mean_field_kernel(device.form)
        self.coefficients = self.kernel.coefficients(self.population)
        self.stride = self.kernel.width if self.coefficients.shape[0] > 1 else 0
        self.columns = self.columns.astype(np.float64)
        self.reference_columns = self.reference_columns.astype(np.float64)

    def set_reference(self, reference: Any) -> None:
        """Program the reference devices to `reference`, float64 (rows, cols)."""
        checked.array("reference", reference, (self.rows, self.cols))
        self.reference_columns[...] = np.asarray(reference, dtype=np.float64).T

    def read_column(self, column: int) -> np.ndarray:
        """Return the effective weights of one column, float32 (rows,)."""
        return np.asarray(super().read_column(column), dtype=np.float32)

    def update(
        self, x: Any, d: Any, lr: float, pulses: int = 10, engine: str = "fast", **fast_only: Any
    ) -> UpdateResult:
        """Apply the expected update of ``lr * outer(d, x)``; arguments as for a Crossbar.

        `pulses` changes nothing: the limit has any number of them.
        """
        x = checked.array("x", x, (self.cols,))
        d = checked.array("d", d, (self.rows,))
        lr = checked.real("lr", lr, 0.0, open_low=True)
        pulses = checked.whole("pulses", pulses, 1, MAX_PULSES)
        if engine != "fast" or any(value not in (None, False) for value in fast_only.values()):
            raise InputError(
                "the expected update has no pulses, and so no clock, timing or trace; leave "
                "engine, timing and trace out, or use a Crossbar"
            )
        gain = update_gain(lr, self.device.dw_min, pulses)
        before = self.statistics.copy()
        if compiler.available():
            self._compiled_update(x, d, gain, pulses)
        else:
            self._numpy_update(x, d, gain, pulses)
        self.updates += 1
        change = self.statistics - before
        delivered = float(change[array_loops.DELIVERED])
        return UpdateResult(0, float(change[array_loops.WANTED]), delivered, 0.0)

    def _compiled_update(self, x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int) -> None:
        self.kernel.module().update_array(
            self.columns,
            self.coefficients.reshape(-1),
            self.stride,
            self.noise,
            x,
            d,
            gain,
            pulses,
            self.streams,
            self.updates,
            None,
            self.statistics,
        )

    def _numpy_update(self, x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int) -> None:
        """Do the same over all columns at once, equal to rounding."""
        self.statistics[array_loops.UPDATES] += 1
        index = np.nonzero(x)[0]
        if not index.size or not d.any():
            return
        size = float(gain) * pulses
        move = size * np.outer(x[index].astype(float), d.astype(float))
        reach = float(self.coefficients[0, -1])
        longest = size * np.abs(x[index]).astype(float) * float(np.abs(d).max())
        parts = 1 + (longest * reach).astype(int)[:, None]
        population = self.population
        low, high, step = (
            self._lines(v, index) for v in (population.low, population.high, population.step)
        )
        symmetric, antisymmetric, symbols = self.kernel.parts
        own = [self._lines(population.values[symbol], index) for symbol in symbols]
        change = move / parts * step

        def rate(weight: np.ndarray) -> np.ndarray:
            place = np.clip(weight, low, high)
            friction = np.abs(change) * antisymmetric(place, *own)
            return np.asarray(change * symmetric(place, *own) - friction)

        weight = self.columns[index]
        for part in range(parts.max()):
            change = np.where(part < parts, change, 0.0)
            first = rate(weight)
            second = rate(weight + first / 2)
            third = rate(weight + second / 2)
            fourth = rate(weight + third)
            weight = weight + (first + 2 * (second + third) + fourth) / 6
            weight = np.clip(weight, low, high)
        self.columns[index] = weight
        total = size * float(np.abs(x).sum(dtype=float)) * float(np.abs(d).sum(dtype=float))
        self.statistics[array_loops.WANTED] += total
        self.statistics[array_loops.DELIVERED] += total
        self.statistics[array_loops.ADDRESSED] += index.size * np.count_nonzero(d)

    def _lines(self, value: Any, index: np.ndarray) -> np.ndarray:
        """Return a number of every device, or of all, for the columns of `index`."""
        numbers = np.asarray(value, dtype=float)
        if numbers.size == 1:
            return numbers.reshape(1, 1)
        return np.asarray(numbers.reshape(self.cols, self.rows)[index])

    def pulse_all(self, directions: Any, engine: str = "fast", **_: Any) -> None:
        """Refuse: there are no pulses in the limit.

        Raises
        ------
        InputError
            Always.
        """
        raise InputError(
            "a MeanFieldCrossbar has no pulses to alternate; phys.zero_shift sets its reference to "
            "the symmetry points, where ever smaller pulses lead"
        )
