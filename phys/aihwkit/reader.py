"""Reading aihwkit's fields: the law, its numbers, and what cannot be taken over.

See `phys.aihwkit.bridge` for the conventions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy as sp

from phys.aihwkit.fields import imbalance_of
from phys.checked import InputError
from phys.device import Device
from phys.spread import Spread
from theory import DeviceLaw, laws
from theory.errors import TheoryError

SAME = 1e-12


@dataclass(frozen=True)
class AihwkitReader:
    """From aihwkit's fields `f`, all of them, to a device."""

    kind: str
    f: Mapping[str, Any]
    approximate: bool

    def device(self) -> Device:
        """Return the device."""
        if self.kind == "SoftBoundsPmaxDevice":
            law, step, up_down = self._by_pulses()
        else:
            up_down = float(self.f["up_down"])
            if not abs(up_down) < 1:
                raise self._fail("up_down", "one direction would not move; keep it within +-1")
            law = self._law(imbalance_of(up_down))
            step = float(self.f["dw_min"]) * (1 - abs(up_down) / 2)
        spread = Spread(
            step=self._step_spread(up_down),
            bounds=self._bound_spread(),
            imbalance=float(self.f["up_down_dtod"]) / (1 - abs(up_down) / 2),
            parameters=self._other_spreads(),
        )
        relative, additive = self._noise(up_down)
        return Device(law, step, spread, relative, additive)

    def _fail(self, field: str, reason: str) -> InputError:
        return InputError(f"{self.kind}: {field} = {self.f[field]!r}: {reason}")

    def _roughly(self, field: str, reason: str, remedy: str) -> None:
        """Refuse what agrees to first order only, unless that was said to do."""
        if not self.approximate:
            raise self._fail(field, f"{reason}; {remedy}, or pass approximate=True")

    def _law(self, imbalance: float) -> DeviceLaw:
        f = self.f
        bounds = {"w_max": f["w_max"], "w_min": f["w_min"], "imbalance": _exact(imbalance)}
        try:
            if self.kind == "ConstantStepDevice":
                return laws.constant_step(**bounds)
            if self.kind == "SoftBoundsDevice":
                return laws.soft_bounds(**bounds)
            if self.kind == "LinearStepDevice":
                return laws.linear_step(
                    **bounds, slope_up=f["gamma_up"], slope_down=f["gamma_down"]
                )
            if self.kind == "ExpStepDevice":
                names = ("A_up", "A_down", "gamma_up", "gamma_down")
                own = {name: f[name] for name in names}
                return laws.exp_step(**bounds, **own, slope=f["a"], offset=f["b"])
            gamma, parted = float(f["pow_gamma"]), float(f["pow_up_down"])
            return laws.power_step(
                **bounds,
                gamma_up=_exact(gamma * (1 + min(parted, 0.0))),
                gamma_down=_exact(gamma * (1 - max(parted, 0.0))),
            )
        except TheoryError as error:
            raise InputError(f"{self.kind}: {error}") from error

    def _by_pulses(self) -> tuple[DeviceLaw, float, float]:
        """Return law, step and up_down of soft bounds given by their number of pulses."""
        f = self.f
        if f["up_down_dtod"]:
            raise self._fail(
                "up_down_dtod",
                "has no counterpart for this form; set it to 0, or give the device "
                "as SoftBoundsDevice",
            )
        names = ("p_max", "alpha", "range_max", "range_min")
        try:
            law = laws.soft_bounds_pmax(**{name: f[name] for name in names})
        except TheoryError as error:
            raise InputError(f"{self.kind}: {error}") from error
        low, high = (float(b) for b in law.bounds)
        reach, up_down = high - low, 1 + 2 * low / (high - low)
        if self._bound_spread():
            # Bounds that differ between devices move each step line on its own, as aihwkit has it.
            law = laws.soft_bounds(high, low, _exact(up_down))
        # The curve has parallel lines: its up_down is our imbalance, its step twice ours.
        return law, reach * float(f["alpha"]) / 2, up_down

    def _step_spread(self, up_down: float) -> float:
        spread = float(self.f["dw_min_dtod"])
        if spread and not self.f["dw_min_dtod_log_normal"]:
            self._roughly(
                "dw_min_dtod",
                "steps are log-normal here, exp(s xi), and not 1 + s xi",
                "set dw_min_dtod_log_normal or no spread",
            )
        if spread and (up_down or self.f["up_down_dtod"]):
            self._roughly(
                "dw_min_dtod",
                "aihwkit adds up_down to the spread step, so that the imbalance varies with it",
                "set up_down, up_down_dtod or this to 0",
            )
        return spread

    def _bound_spread(self) -> float:
        high, low = float(self.f["w_max_dtod"]), float(self.f["w_min_dtod"])
        if high != low:
            raise self._fail(
                "w_max_dtod", f"w_min_dtod is {low:g}, and both bounds have one spread here"
            )
        return high

    def _other_spreads(self) -> dict[str, float]:
        found: dict[str, float] = {}
        if self.kind == "LinearStepDevice":
            if self.f["mean_bound_reference"] and self._bound_spread():
                self._roughly(
                    "mean_bound_reference",
                    "slopes belong to each device's own bounds here",
                    "set it to False, or the spread of the bounds to 0",
                )
            for ours, field in (("slope_up", "gamma_up"), ("slope_down", "gamma_down")):
                spread, mean = float(self.f[f"{field}_dtod"]), float(self.f[field])
                if spread and not mean:
                    raise self._fail(f"{field}_dtod", f"spreads are relative here and {field} is 0")
                if spread and not self.f["allow_increasing"]:
                    self._roughly(
                        f"{field}_dtod",
                        "aihwkit takes the magnitude of the varied slope",
                        "set allow_increasing or no spread",
                    )
                if spread:
                    found[ours] = spread / abs(mean)
        if self.kind == "PowStepDevice":
            if self.f["pow_up_down_dtod"]:
                raise self._fail("pow_up_down_dtod", "has no counterpart here; set it to 0")
            spread = float(self.f["pow_gamma_dtod"])
            if spread:
                self._roughly(
                    "pow_gamma_dtod",
                    "the two exponents vary together there and independently here",
                    "set it to 0",
                )
                found = {"gamma_up": spread, "gamma_down": spread}
        return found

    def _noise(self, up_down: float) -> tuple[float, float]:
        """Return cycle noise and additive noise."""
        sigma = float(self.f["dw_min_std"])
        if self.f.get("mult_noise", True):
            return sigma, 0.0
        if sigma and (up_down or self.f["up_down_dtod"] or self.f["dw_min_dtod"]):
            raise self._fail(
                "mult_noise",
                "additive noise has the size of each direction's own step there; with an imbalance "
                "or a spread it has no counterpart here; set those to 0",
            )
        return 0.0, sigma


def _exact(number: float) -> sp.Expr:
    """Return a simple fraction where the number is one to rounding, else the number itself."""
    simple = sp.Rational(number).limit_denominator(10**6)
    return simple if abs(float(simple) - number) <= SAME * max(1.0, abs(number)) else number
