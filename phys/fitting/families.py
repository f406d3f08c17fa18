"""The laws that can be fitted: which of their numbers the data decide, and where to start.

Every law of the catalogue is here, with the numbers that pulses can tell apart; a number that only
repeats what another says is held at a stated value. A law whose step does not vanish at its bound
has *hard* bounds: they show in the data only where pulses press against them.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from phys.checked import InputError
from phys.device import Device
from theory import DeviceLaw, laws, w

STEP = "dw_min"
LEFT_OUT = {
    "tabulated": "a table joins measured points and has no parameters to choose between; make one "
    "with theory.laws.tabulated",
}
"""Laws of the catalogue that are not fitted, and why."""


@dataclass(frozen=True)
class Scale:
    """A number on a scale without limits, on which it is fitted."""

    free: Callable[[float], float]
    natural: Callable[[Any], Any]


LOG = Scale(math.log, np.exp)
MINUS_LOG = Scale(lambda x: math.log(-x), lambda u: -np.exp(u))
ATANH = Scale(math.atanh, np.tanh)
PLAIN = Scale(float, lambda u: u)


@dataclass(frozen=True)
class Rough:
    """A first look at the data: straight lines through the increments of either direction.

    Attributes
    ----------
    step : float
        Mean of the up and the down step at weight 0.
    imbalance : float
    up_slope, down_slope : float
        Change of the step per unit of weight, relative to the step at weight 0.
    low, high : float
        Weights between which all but the outermost readings lie, around 0.
    """

    step: float
    imbalance: float
    up_slope: float
    down_slope: float
    low: float
    high: float


Start = Callable[[Rough], dict[str, float]]


@dataclass(frozen=True)
class Family:
    """One law of the catalogue, made ready for fitting.

    Attributes
    ----------
    name : str
    scales : mapping of parameter name to Scale
        The parameters that are fitted, in order.
    start : callable
        Rough look at the data -> values of these parameters and of ``dw_min`` to start from.
    held : mapping of parameter name to number
        Parameters that are held, because the others say the same.
    hard : tuple of str
        Fitted parameters that are hard bounds.
    step : callable, optional
        Parameters -> ``dw_min``, for a law that has no free step.
    """

    name: str
    scales: Mapping[str, Scale]
    start: Start
    held: Mapping[str, float] = field(default_factory=dict)
    hard: tuple[str, ...] = ()
    step: Callable[..., Any] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all fitted numbers of the law: its parameters, and its step if it is free."""
        return (*(() if self.step else (STEP,)), *self.scales)

    def scale(self, name: str) -> Scale:
        """Return the scale on which a number is fitted."""
        return LOG if name == STEP else self.scales[name]

    def law(self, values: Mapping[str, Any]) -> DeviceLaw:
        """Return the law with these values of its fitted parameters."""
        chosen = {name: float(f"{values[name]:.12g}") for name in self.scales}
        return laws.find(self.name).law(**self.held, **chosen)

    def nominal_step(self, values: Mapping[str, Any]) -> Any:
        """Return ``dw_min`` at these values."""
        return self.step(**{n: values[n] for n in self.scales}) if self.step else values[STEP]

    @cached_property
    def form(self) -> DeviceLaw:
        """The law with a symbol for each bound, as arrays of `phys.Device` use it."""
        return Device(laws.find(self.name).law(), dw_min=0.01, device_spread=0.1).form

    @cached_property
    def steps(self) -> dict[int, tuple[Callable[..., Any], Callable[..., Any]]]:
        """For +1 and -1 the step and its slope, functions of weight, bounds and parameters."""
        return {
            sign: (self._compiled(q), self._compiled(sp.diff(q, w)))
            for sign, q in ((1, self.form.up), (-1, self.form.down))
        }

    @cached_property
    def asymmetry(self) -> Callable[..., Any]:
        """G as a function of weight, bounds and parameters."""
        return self._compiled(self.form.G)

    @cached_property
    def nominal_bounds(self) -> Callable[..., tuple[Any, Any]]:
        """Lower and upper bound as a function of the parameters alone."""
        law = laws.find(self.name).law().symbolic
        symbols = [p.symbol for p in law.parameters]
        names = [p.name for p in law.parameters]
        both = [sp.lambdify(symbols, end, "numpy", dummify=True) for end in law.bounds]

        def bounds(values: Mapping[str, Any]) -> tuple[Any, Any]:
            numbers = [{**self.held, **values}[name] for name in names]
            return both[0](*numbers), both[1](*numbers)

        return bounds

    def _compiled(self, expression: sp.Expr) -> Callable[..., Any]:
        low, high = self.form.bounds
        others = [p for p in self.form.parameters if p.symbol not in (low, high)]
        call = sp.lambdify(
            [w, low, high, *(p.symbol for p in others)], expression, "numpy", dummify=True
        )

        def value(weight: Any, low: Any, high: Any, values: Mapping[str, Any]) -> Any:
            numbers = [{**self.held, **values}[p.name] for p in others]
            return call(weight, low, high, *numbers)

        return value


def _outside(rough: Rough, factor: float) -> dict[str, float]:
    return {"w_max": factor * rough.high, "w_min": factor * rough.low}


def _soft(rough: Rough) -> dict[str, float]:
    """Return bounds where the lines cross zero, if that is not among the readings."""
    up = -1 / rough.up_slope if rough.up_slope < 0 else math.inf
    down = -1 / rough.down_slope if rough.down_slope > 0 else -math.inf
    return {
        "w_max": min(max(up, 1.02 * rough.high), 5 * rough.high),
        "w_min": max(min(down, 1.02 * rough.low), 5 * rough.low),
    }


def _start(rough: Rough, at_zero: float = 1.0, **others: float) -> dict[str, float]:
    """Return the step whose q is `at_zero` at weight 0, the imbalance, and others."""
    return {STEP: rough.step / at_zero, "imbalance": rough.imbalance, **others}


def _half_range(rough: Rough) -> float:
    ends = _soft(rough)
    return (ends["w_max"] - ends["w_min"]) / 2


def _only(start: dict[str, float], *names: str) -> dict[str, float]:
    return {name: value for name, value in start.items() if name in names}


def _amplitude(rough: Rough, slope: float) -> float:
    """Return A for which 1 - A exp(2 w/R) has the relative `slope` at weight 0, within reason."""
    fall = max(-slope * (rough.high - rough.low) / 2, -0.6)
    return min(fall / (1 + fall), 0.6)


BOUNDS = {"w_max": LOG, "w_min": MINUS_LOG}
HARD = ("w_max", "w_min")

FAMILIES: dict[str, Family] = {
    family.name: family
    for family in (
        Family(
            "constant_step",
            {**BOUNDS, "imbalance": ATANH},
            lambda r: _start(r, **_outside(r, 1.0)),
            hard=HARD,
        ),
        Family(
            "linear_step",
            {**BOUNDS, "imbalance": ATANH, "slope_up": PLAIN, "slope_down": PLAIN},
            lambda r: _start(
                r,
                **_outside(r, 1.0),
                slope_up=min(-r.up_slope * r.high, 0.95),
                slope_down=min(-r.down_slope * r.low, 0.95),
            ),
            hard=HARD,
        ),
        Family("soft_bounds", {**BOUNDS, "imbalance": ATANH}, lambda r: _start(r, **_soft(r))),
        Family(
            "soft_bounds_pmax",
            {"alpha": LOG, "range_max": LOG, "range_min": MINUS_LOG},
            lambda r: {
                "alpha": r.step / _half_range(r),
                "range_max": (_soft(r)["w_max"] - _soft(r)["w_min"])
                * (1 - math.exp(-1000 * r.step / _half_range(r)))
                + _soft(r)["w_min"],
                "range_min": _soft(r)["w_min"],
            },
            held={"p_max": 1000},
            step=lambda alpha, range_max, range_min: (
                alpha * (range_max - range_min) / (1 - np.exp(-1000 * alpha)) / 2
            ),
        ),
        Family(
            "exponential_response",
            {**BOUNDS, "nonlinearity_up": LOG, "nonlinearity_down": LOG},
            lambda r: {
                STEP: r.step,
                **_outside(r, 1.0),
                "nonlinearity_up": min(max(-r.up_slope * (r.high - r.low), 0.3), 8.0),
                "nonlinearity_down": min(max(r.down_slope * (r.high - r.low), 0.3), 8.0),
            },
            hard=HARD,
        ),
        Family(
            "exponential_step",
            {**BOUNDS, "imbalance": ATANH, "gamma_up": LOG, "gamma_down": LOG},
            lambda r: _start(r, 0.8, **_outside(r, 1.05), gamma_up=3.0, gamma_down=3.0),
        ),
        Family(
            "exp_step",
            {
                **BOUNDS,
                "imbalance": ATANH,
                "A_up": PLAIN,
                "A_down": PLAIN,
                "gamma_up": LOG,
                "gamma_down": LOG,
            },
            lambda r: _start(
                r,
                1 - (_amplitude(r, r.up_slope) + _amplitude(r, -r.down_slope)) / 2,
                **_outside(r, 1.0),
                A_up=_amplitude(r, r.up_slope),
                A_down=_amplitude(r, -r.down_slope),
                gamma_up=1.0,
                gamma_down=1.0,
            ),
            held={"slope": 1, "offset": 0},
            hard=HARD,
        ),
        Family(
            "power_step",
            {**BOUNDS, "imbalance": ATANH, "gamma_up": LOG, "gamma_down": LOG},
            lambda r: _start(r, 0.5, **_outside(r, 1.1), gamma_up=1.0, gamma_down=1.0),
        ),
        Family(
            "biased_linear",
            {"tau": LOG, "imbalance": ATANH},
            lambda r: _start(r, tau=_half_range(r)),
        ),
        Family(
            "linear_asymmetry",
            {"tau": LOG, "w_star": PLAIN},
            lambda r: {
                STEP: r.step,
                "tau": _half_range(r),
                "w_star": (_soft(r)["w_max"] + _soft(r)["w_min"]) / 2,
            },
        ),
        Family(
            "capacitor",
            {**BOUNDS, "imbalance": ATANH, "modulation": LOG},
            lambda r: _start(
                r,
                1.0 + 0.2 * r.high,
                **_outside(r, 1.0),
                modulation=min(max((r.down_slope - r.up_slope) / 2, 0.02), 5.0),
            ),
            hard=HARD,
        ),
    )
}
"""The laws that are fitted, by name."""


def chosen_families(names: Any = None) -> tuple[Family, ...]:
    """Return the families called `names`, or all of them."""
    if names is None:
        return tuple(FAMILIES.values())
    wanted = [names] if isinstance(names, str) else list(names)
    for name in wanted:
        if name in LEFT_OUT:
            raise InputError(f"law {name!r} is not fitted: {LEFT_OUT[name]}")
        if name not in FAMILIES:
            raise InputError(f"there is no law {name!r} to fit; choose from {', '.join(FAMILIES)}")
    if not wanted:
        raise InputError("laws is empty; name at least one, or leave it out for all")
    return tuple(FAMILIES[name] for name in dict.fromkeys(wanted))
