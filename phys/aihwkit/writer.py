"""Writing a device in aihwkit's fields, or saying which of its numbers have no place there.

See `phys.aihwkit.bridge` for the conventions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from phys.aihwkit.fields import OWN, up_down_of
from phys.checked import InputError
from phys.device import Device
from theory import DeviceLaw, laws, w

SAME = 1e-12


@dataclass(frozen=True)
class AihwkitDevice:
    """A device as aihwkit describes it.

    Attributes
    ----------
    kind : str
        Name of the class in ``aihwkit.simulator.configs.devices``.
    parameters : dict
        Its fields: ``getattr(devices, kind)(**parameters)`` builds it. Those that aihwkit would
        give a spread by default are there with 0.
    """

    kind: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class AihwkitWriter:
    """From a device to aihwkit's fields."""

    given: Device
    approximate: bool

    def made(self) -> AihwkitDevice:
        """Return aihwkit's description."""
        law = self.given.law
        if not isinstance(law, DeviceLaw):
            raise InputError(f"{law.name!r} has no formula, and so no parameters of aihwkit's")
        known: dict[str, Callable[[DeviceLaw], tuple[str, dict[str, Any], float, float]]] = {
            "exp_step": self._exponential,
            "power_step": self._power,
            "soft_bounds_pmax": self._by_pulses,
        }
        own = law.values.keys()
        matches = law.name in known and own == laws.find(law.name).law().values.keys()
        kind, fields, imbalance, step = (known[law.name] if matches else self._lines)(law)
        up_down = up_down_of(imbalance)
        if kind == "SoftBoundsPmaxDevice":
            up_down = imbalance
        else:
            fields |= {
                "w_max": float(law.bounds[1]),
                "w_min": float(law.bounds[0]),
                "up_down": up_down,
                "dw_min": step * (1 + abs(imbalance)),
            }
        return AihwkitDevice(
            kind, fields | self._spreads(kind, up_down) | self._noise(kind, up_down)
        )

    def _fail(self, name: str, reason: str) -> InputError:
        owner = self.given.spread if hasattr(self.given.spread, name) else self.given
        value = getattr(owner, name)
        return InputError(f"{name} = {value!r} of law {self.given.law.name!r}: {reason}")

    def _exponential(self, law: DeviceLaw) -> tuple[str, dict[str, Any], float, float]:
        value = {name: float(v) for name, v in law.values.items()}
        fields = {name: value[name] for name in ("A_up", "A_down", "gamma_up", "gamma_down")}
        fields |= {"a": value["slope"], "b": value["offset"]}
        return "ExpStepDevice", fields, value["imbalance"], float(self.given.dw_min)

    def _power(self, law: DeviceLaw) -> tuple[str, dict[str, Any], float, float]:
        value = {name: float(v) for name, v in law.values.items()}
        up, down = value["gamma_up"], value["gamma_down"]
        larger = max(up, down)
        parted = 1 - down / larger if up == larger else up / larger - 1
        fields = {"pow_gamma": larger, "pow_up_down": parted}
        fields |= {"pow_gamma_dtod": 0.0, "pow_up_down_dtod": 0.0}
        return "PowStepDevice", fields, value["imbalance"], float(self.given.dw_min)

    def _by_pulses(self, law: DeviceLaw) -> tuple[str, dict[str, Any], float, float]:
        value = {name: float(v) for name, v in law.values.items()}
        low, high = (float(b) for b in law.bounds)
        step = float(self.given.dw_min)
        if abs(step / (value["alpha"] * (high - low) / 2) - 1) > 1e-9 or self.given.spread.bounds:
            return self._lines(law)
        fields = {**value, "p_max": int(value["p_max"])}
        return "SoftBoundsPmaxDevice", fields, 1 + 2 * low / (high - low), step

    def _lines(self, law: DeviceLaw) -> tuple[str, dict[str, Any], float, float]:
        """Return any law of straight steps as soft bounds, linear or constant step."""
        if not all(q.is_polynomial(w) and sp.degree(q, w) <= 1 for q in (law.up, law.down)):
            raise InputError(
                f"law {law.name!r}: no device of aihwkit's has the steps up = {law.up}, "
                f"down = {law.down}; it has straight lines, exp_step and power_step"
            )
        ends = self.given.form.bounds
        if self.given.spread.bounds and not set(ends) <= {p.symbol for p in law.parameters}:
            raise self._fail(
                "bounds", "this law has no parameter for each bound; write it as linear_step"
            )
        low, high = (float(b) for b in law.bounds)
        u, d = (float(q.subs(w, 0)) for q in (law.up, law.down))
        rises = [float(sp.diff(q, w)) for q in (law.up, law.down)]
        slopes = _tidy(-rises[0] * high / u), _tidy(-rises[1] * low / d)
        imbalance, step = (u - d) / (u + d), float(self.given.dw_min) * (u + d) / 2
        if slopes == (0.0, 0.0):
            return "ConstantStepDevice", {}, imbalance, step
        if slopes == (1.0, 1.0) and not self.given.spread.parameters:
            return "SoftBoundsDevice", {}, imbalance, step
        fields: dict[str, Any] = {"gamma_up": slopes[0], "gamma_down": slopes[1]}
        fields |= {"mean_bound_reference": False, "allow_increasing": True}
        return "LinearStepDevice", fields, imbalance, step

    def _spreads(self, kind: str, up_down: float) -> dict[str, Any]:
        spread = self.given.spread
        if spread.step and (up_down or spread.imbalance) and not self.approximate:
            raise self._fail(
                "step",
                "aihwkit adds up_down to the spread step, so that the imbalance would vary with "
                "it; set the spread to 0, or pass approximate=True",
            )
        fields = {
            "dw_min_dtod": spread.step,
            "dw_min_dtod_log_normal": True,
            "up_down_dtod": spread.imbalance * (1 - abs(up_down) / 2),
            "w_max_dtod": spread.bounds,
            "w_min_dtod": spread.bounds,
        }
        others = {name: value for name, value in spread.parameters.items() if value}
        if kind == "LinearStepDevice" and self.given.law.name == "linear_step":
            values = self.given.law.values  # type: ignore[union-attr]
            for ours, field in (("slope_up", "gamma_up"), ("slope_down", "gamma_down")):
                fields[f"{field}_dtod"] = others.pop(ours, 0.0) * abs(float(values[ours]))
        elif kind == "LinearStepDevice":
            fields |= {"gamma_up_dtod": 0.0, "gamma_down_dtod": 0.0}
        together = {"gamma_up", "gamma_down"}
        if kind == "PowStepDevice" and self.approximate and set(others) == together:
            up, down = others["gamma_up"], others["gamma_down"]
            if up == down:
                fields["pow_gamma_dtod"], others = up, {}
        if others:
            raise self._fail(
                "parameters", f"{', '.join(others)} cannot differ between devices there"
            )
        return fields

    def _noise(self, kind: str, up_down: float) -> dict[str, Any]:
        if not self.given.additive_noise:
            return {"dw_min_std": float(self.given.cycle_noise)}
        spread = self.given.spread
        if "mult_noise" not in OWN[kind] or up_down or spread.imbalance or spread.step:
            raise self._fail(
                "additive_noise",
                "aihwkit has additive noise for soft bounds and linear steps without imbalance and "
                "spread of the step only; use cycle_noise",
            )
        return {"dw_min_std": float(self.given.additive_noise), "mult_noise": False}


def _tidy(slope: float) -> float:
    """Return 0 or 1 where a slope is that to rounding."""
    near = float(np.round(slope))
    return near if near in (0.0, 1.0) and abs(slope - near) < SAME else slope
