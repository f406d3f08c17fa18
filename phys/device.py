"""Device: a law, its numbers, and how devices differ from each other and from pulse to pulse."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from phys import checked
from phys.checked import InputError
from phys.elementary import exp32
from phys.kernels import LawKernel, law_kernel
from phys.random_bits import PARAMETER_SPREAD, STEP_SPREAD, normals, stream_key
from theory import DeviceLaw, Parameter, w

IMBALANCE_LIMIT = 0.99
SMALLEST_BOUND_FACTOR = 0.1


@dataclass(frozen=True)
class Spread:
    """How much devices of one array differ, each number a standard deviation.

    Parameters
    ----------
    step : float
        Each device's step is ``dw_min * exp(step * xi)``.
    bounds : float
        Each bound is multiplied by ``max(1 + bounds * xi, 0.1)``.
    imbalance : float
        Added to the law's imbalance, ``rho + imbalance * xi``, kept within +-0.99.
    parameters : mapping of name to float, optional
        Any other parameter of the law, multiplied by ``1 + spread * xi``.

    Notes
    -----
    ``xi`` is standard normal, drawn once for each device and quantity.

    Examples
    --------
    >>> Spread(step=0.3, bounds=0.3, imbalance=0.01).step
    0.3
    """

    step: float = 0.0
    bounds: float = 0.0
    imbalance: float = 0.0
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name in ("step", "bounds", "imbalance"):
            checked.real(f"spread of {name}", getattr(self, name), 0.0, 10.0)
        for name, value in self.parameters.items():
            checked.real(f"spread of {name}", value, 0.0, 10.0)

    @property
    def any(self) -> bool:
        """Whether devices differ at all."""
        return any((self.step, self.bounds, self.imbalance, *self.parameters.values()))


@dataclass(frozen=True)
class StepFunctions:
    """A device without a formula: two Python functions for the steps, vectorised over the weight.

    Parameters
    ----------
    up, down : callable
        ``q_up(w)`` and ``q_down(w)`` for a float32 array `w`, positive inside the bounds.
    bounds : (float, float)
        ``w_min < 0 < w_max``.
    name : str

    Examples
    --------
    >>> device = Device(StepFunctions(lambda w: 1 - w**3, lambda w: 1 + w, (-1, 1)), dw_min=0.01)
    >>> device.law.name
    'step functions'
    """

    up: Callable[[np.ndarray], np.ndarray]
    down: Callable[[np.ndarray], np.ndarray]
    bounds: tuple[float, float]
    name: str = "step functions"

    def __post_init__(self) -> None:
        low = checked.real("bounds[0]", self.bounds[0], -np.inf)
        high = checked.real("bounds[1]", self.bounds[1], -np.inf)
        if not low < 0 < high:
            raise InputError(
                f"bounds = {self.bounds} do not hold 0 strictly inside; give (w_min < 0, w_max > 0)"
            )
        inside = np.linspace(low, high, 101, dtype=np.float32)[1:-1]
        for name in ("up", "down"):
            q = np.asarray(getattr(self, name)(inside))
            if q.shape != inside.shape:
                raise InputError(
                    f"{name} returned shape {q.shape} for weights of shape {inside.shape}; "
                    f"write it with NumPy so that it works element by element"
                )
            bad = np.nonzero(~(np.isfinite(q) & (q > 0)))[0] if np.isrealobj(q) else [0]
            if len(bad):
                k = bad[0]
                raise InputError(
                    f"{name}(w = {inside[k]:.4g}) = {q[k]} is not a positive, finite, real step; "
                    f"correct the function or narrow the bounds"
                )


@dataclass(frozen=True)
class FunctionKernel:
    """The arithmetic of `StepFunctions`, in the form of `phys.kernels.LawKernel`."""

    functions: StepFunctions
    width: int = 8
    step_place: int = 0
    low_place: int = 1
    high_place: int = 2

    def up_step(self, weight: np.ndarray, c: Any, o: int) -> np.ndarray:
        """Return the change of `weight` by an up pulse."""
        q = self.functions.up(self._nominal(weight, c))
        return np.asarray(c[self.step_place] * np.asarray(q, dtype=np.float32))

    def down_step(self, weight: np.ndarray, c: Any, o: int) -> np.ndarray:
        """Return the change of `weight` by a down pulse."""
        q = self.functions.down(self._nominal(weight, c))
        return np.asarray(-c[self.step_place] * np.asarray(q, dtype=np.float32))

    def _nominal(self, weight: np.ndarray, c: Any) -> np.ndarray:
        low, high = (np.float32(b) for b in self.functions.bounds)
        own_low, own_high = c[self.low_place], c[self.high_place]
        if np.all(own_low == low) and np.all(own_high == high):
            return weight
        return np.asarray(low + (weight - own_low) / (own_high - own_low) * (high - low))

    def coefficients(self, values: Any, step: Any, low: Any, high: Any) -> np.ndarray:
        """Return step and bounds of each device, float32 (n, width)."""
        count = max(np.size(step), np.size(low), np.size(high))
        table = np.zeros((count, self.width), np.float32)
        table[:, 0], table[:, 1], table[:, 2] = step, low, high
        return table


@dataclass(frozen=True)
class Device:
    """A device model: a law with numbers, its nominal step, its spread and its noise.

    Parameters
    ----------
    law : DeviceLaw or StepFunctions
        Every parameter of the law must have a value.
    dw_min : float
        Nominal step ``dw_min`` (symbol delta): the weight moves by ``dw_min * q`` per pulse.
    device_spread : float or Spread
        Spread between devices; one number sets that of the step and of the bounds.
    cycle_noise : float
        Symbol sigma: each pulse's step is multiplied by ``1 + sigma * xi``. Steps may change sign.
    additive_noise : float
        Instead: ``dw_min * additive_noise * xi`` is added to each step (Rasch et al. 2024).

    Raises
    ------
    InputError
        A number out of range, a law with open parameters, a spread of a parameter that is not
        there, both kinds of noise at once.

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
    >>> Device(law, dw_min=0.001, device_spread=0.3, cycle_noise=0.3).spread.bounds
    0.3
    """

    law: DeviceLaw | StepFunctions
    dw_min: float = 0.001
    device_spread: float | Spread = 0.0
    cycle_noise: float = 0.0
    additive_noise: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.law, DeviceLaw | StepFunctions):
            raise InputError(
                f"law = {self.law!r} is a {type(self.law).__name__}; give a theory.DeviceLaw "
                f"(for example theory.laws.soft_bounds(...)) or a phys.StepFunctions"
            )
        low, high = self.bounds
        checked.real("dw_min", self.dw_min, 0.0, high - low, open_low=True)
        if self.dw_min < (high - low) * 2.0**-20:
            raise InputError(
                f"dw_min = {self.dw_min:g} is below 2^-20 of the range {high - low:g}, where "
                f"float32 weights lose steps; give at least {(high - low) * 2.0**-20:.3g}"
            )
        checked.real("cycle_noise", self.cycle_noise, 0.0, 100.0)
        checked.real("additive_noise", self.additive_noise, 0.0, 100.0)
        if self.cycle_noise and self.additive_noise:
            raise InputError(
                f"cycle_noise = {self.cycle_noise} and additive_noise = {self.additive_noise} are "
                f"both set; give one of them"
            )
        if not isinstance(self.device_spread, Spread):
            checked.real("device_spread", self.device_spread, 0.0, 10.0)
        names = {p.name for p in self.law.parameters} if isinstance(self.law, DeviceLaw) else set()
        wanted = [*self.spread.parameters, *(["imbalance"] if self.spread.imbalance else [])]
        for name in wanted:
            if name not in names:
                raise InputError(
                    f"the spread names {name!r}, but law {self.law.name!r} has the parameters "
                    f"{', '.join(sorted(names)) or 'none'}; spread one of these"
                )

    @property
    def spread(self) -> Spread:
        """The spread between devices."""
        if isinstance(self.device_spread, Spread):
            return self.device_spread
        return Spread(step=self.device_spread, bounds=self.device_spread)

    @property
    def bounds(self) -> tuple[float, float]:
        """Nominal bounds ``(w_min, w_max)``."""
        if isinstance(self.law, DeviceLaw) and not self.law.is_numeric:
            open_names = [p.name for p in self.law.parameters if p.value is None]
            raise InputError(
                f"law {self.law.name!r} leaves {', '.join(open_names)} symbolic; a device needs "
                f"numbers: use law.with_values({open_names[0]}=...)"
            )
        low, high = self.law.bounds
        return float(low), float(high)

    @property
    def noise(self) -> tuple[np.float32, np.float32]:
        """Relative and additive standard deviation of a step, as the kernels take them."""
        return np.float32(self.cycle_noise), np.float32(self.additive_noise)

    @cached_property
    def form(self) -> DeviceLaw:
        """The law with a symbol for each bound, so that devices can have their own."""
        assert isinstance(self.law, DeviceLaw)
        law = self.law.symbolic
        low, high = law.bounds
        if not self.spread.bounds or (low.is_Symbol and high.is_Symbol and low != high):
            return law
        own_low = sp.Symbol("own_w_min", negative=True)
        own_high = sp.Symbol("own_w_max", positive=True)
        nominal = low + (w - own_low) * (high - low) / (own_high - own_low)
        return DeviceLaw(
            law.name,
            up=law.up.subs(w, nominal),
            down=law.down.subs(w, nominal),
            bounds=(own_low, own_high),
            parameters=(
                *law.parameters,
                Parameter("own_w_min", own_low),
                Parameter("own_w_max", own_high),
            ),
            constant=law.constant,
        )

    @cached_property
    def kernel(self) -> LawKernel | FunctionKernel:
        """The arithmetic of one pulse."""
        if isinstance(self.law, StepFunctions):
            return FunctionKernel(self.law)
        return law_kernel(self.form)


@dataclass(frozen=True)
class Population:
    """The numbers of every device of one array.

    Attributes
    ----------
    step, low, high : float64, scalar or (n,)
        Each device's ``dw_min`` and bounds; scalars where devices do not differ.
    values : dict of parameter symbol to float64, scalar or (n,)
    """

    device: Device
    step: Any
    low: Any
    high: Any
    values: Mapping[Any, Any]

    @property
    def coefficients(self) -> np.ndarray:
        """Kernel coefficients, float32 (n, width), or (1, width) where devices do not differ."""
        table: np.ndarray = self.device.kernel.coefficients(
            self.values, self.step, self.low, self.high
        )
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
    return Population(device, step, low, high, values)
