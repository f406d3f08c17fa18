"""Device: a law or a pair of functions, its numbers, its spread and its noise."""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from phys import checked
from phys.checked import InputError
from phys.functions.hidden_state import HiddenStateFunctions
from phys.functions.kernel import FunctionKernel
from phys.functions.steps import StepFunctions
from phys.kernels import LawKernel, law_kernel
from phys.spread import Spread
from theory import DeviceLaw, Parameter, w


@dataclass(frozen=True)
class Device:
    """A device model: a law with numbers, its nominal step, its spread and its noise.

    Parameters
    ----------
    law : DeviceLaw, StepFunctions or HiddenStateFunctions
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

    law: DeviceLaw | StepFunctions | HiddenStateFunctions
    dw_min: float = 0.001
    device_spread: float | Spread = 0.0
    cycle_noise: float = 0.0
    additive_noise: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.law, DeviceLaw | StepFunctions | HiddenStateFunctions):
            raise InputError(
                f"law = {self.law!r} is a {type(self.law).__name__}; give a theory.DeviceLaw (for "
                f"example theory.laws.soft_bounds(...)), a phys.StepFunctions or a "
                f"phys.HiddenStateFunctions"
            )
        low, high = self.bounds
        checked.real("dw_min", self.dw_min, 0.0, high - low, open_low=True)
        if self.dw_min < (high - low) * 2.0**-20:
            raise InputError(
                f"dw_min = {self.dw_min:g} is below 2^-20 of the range {high - low:g}, where "
                f"float32 weights lose steps; give at least {(high - low) * 2.0**-20:.3g}, or take "
                f"the limit dw_min -> 0 in float64: phys.MeanFieldCrossbar, or "
                f'phys.train(update="expected")'
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
        if isinstance(self.law, DeviceLaw):
            law = self.law.symbolic
            nominal = None if self.form.bounds == law.bounds else law
            return law_kernel(self.form, additive=self.additive_noise > 0, nominal=nominal)
        return FunctionKernel(self.law, own_bounds=bool(self.spread.bounds))

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is computed, so that a device that was used can be pickled."""
        return {f.name: getattr(self, f.name) for f in fields(self)}
