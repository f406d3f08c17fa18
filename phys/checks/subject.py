"""The device under test, and what it is capable of."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import sympy as sp

from phys.checked import InputError
from phys.checks.code import SESSION
from phys.crossbar import Crossbar
from phys.device import Device
from phys.functions.hidden_state import HiddenStateFunctions
from phys.functions.steps import StepFunctions
from theory import DeviceLaw, w

if TYPE_CHECKING:
    from phys.checks.profile import Profile

STATES = 100
"""Steps between the bounds of a bare law or pair of functions, which has no dw_min of its own."""

CAPABILITIES: dict[str, tuple[Callable[[Subject], bool], str]] = {
    "formula": (
        lambda s: s.law is not None,
        "the device has no formula: its steps are Python functions",
    ),
    "noise": (lambda s: bool(any(s.device.noise)), "the device has neither kind of noise"),
    "spread": (lambda s: s.device.spread.any, "the devices of an array do not differ"),
    "memoryless": (
        lambda s: not s.has_hidden_state,
        "the device has a hidden state: its next step depends on more than its weight",
    ),
    "still": (
        lambda s: not s.moves_between_pulses,
        "the device changes between pulses too: a change is not the pulse's alone",
    ),
}
"""Whether a subject has it, and what to say where it has not."""


@dataclass(frozen=True)
class Subject:
    """A device under test.

    Attributes
    ----------
    device : Device
        As given, with its spread and noise.
    crossbar : callable
        ``crossbar(rows, cols, device, seed)`` makes an array; `phys.Crossbar`, or another engine
        to be judged.
    origin : str
        Python code that defines ``device``, for counter-examples.
    """

    device: Device
    crossbar: Callable[..., Crossbar] = Crossbar
    origin: str = SESSION

    @property
    def law(self) -> DeviceLaw | None:
        """The formula of the device, where it has one."""
        return self.device.law if isinstance(self.device.law, DeviceLaw) else None

    @property
    def has_hidden_state(self) -> bool:
        """Whether a device remembers more than its weight."""
        return isinstance(self.device.law, HiddenStateFunctions)

    @property
    def moves_between_pulses(self) -> bool:
        """Whether a weight also changes without a pulse."""
        law = self.device.law
        return isinstance(law, HiddenStateFunctions) and law.between_updates is not None

    @cached_property
    def quiet(self) -> Device:
        """The device without noise."""
        return replace(self.device, cycle_noise=0.0, additive_noise=0.0)

    @cached_property
    def nominal(self) -> Device:
        """The device without noise and without spread."""
        return replace(self.quiet, device_spread=0.0)

    @property
    def bounds(self) -> tuple[float, float]:
        """Nominal bounds ``(w_min, w_max)``."""
        return self.device.bounds

    def array(
        self,
        rows: int = 1,
        cols: int = 1,
        *,
        device: Device | None = None,
        weights: Any = None,
        seed: int = 0,
    ) -> Crossbar:
        """Return a new array of `device` (None: the device as given), with `weights` written."""
        xbar = self.crossbar(rows, cols, self.device if device is None else device, seed)
        if weights is not None:
            xbar.set_weights(np.broadcast_to(weights, (rows, cols)))
        return xbar

    @cached_property
    def _steps(self) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        if isinstance(self.device.law, DeviceLaw):
            up, down = (
                sp.lambdify([w], q, modules="numpy")
                for q in (self.device.law.up, self.device.law.down)
            )
            return up, down
        law = self.device.law
        state = law.state.values() if isinstance(law, HiddenStateFunctions) else ()

        def plain(q: Callable[..., Any]) -> Callable[[Any], Any]:
            def step(weight: Any) -> Any:
                places = np.asarray(weight, np.float32)
                given = q(places, *(np.full_like(places, value) for value in state))
                return given[0] if state else given

            return step

        return plain(law.up), plain(law.down)

    @cached_property
    def profile(self) -> Profile:
        """Where up and down pulses cancel, in numbers."""
        from phys.checks.profile import profile

        return profile(self)

    @cached_property
    def _expressions(self) -> dict[str, Callable[[Any], Any]]:
        return {}

    def of_law(self, name: str, weight: Any) -> np.ndarray:
        """Return an expression of the law, such as ``F``, float64 of the shape of `weight`."""
        if name not in self._expressions:
            self._expressions[name] = sp.lambdify([w], getattr(self.law, name), modules="numpy")
        return _broadcast(self._expressions[name], weight)

    def up(self, weight: Any) -> np.ndarray:
        """Return ``q_up(w)`` of the nominal, fresh device, float64 of the shape of `weight`."""
        return _broadcast(self._steps[0], weight)

    def down(self, weight: Any) -> np.ndarray:
        """Return ``q_down(w)`` of the nominal, fresh device, float64 of the shape of `weight`."""
        return _broadcast(self._steps[1], weight)


def _broadcast(function: Callable[[Any], Any], weight: Any) -> np.ndarray:
    """Return a vectorised function of `weight`, float64, also where the weight does not enter."""
    places = np.asarray(weight, np.float64)
    flat = np.atleast_1d(places)
    with np.errstate(all="ignore"):
        values = np.asarray(function(flat), np.float64)
    return np.broadcast_to(values, flat.shape).reshape(places.shape)


def as_device(given: Any) -> Device:
    """Return `given` as a device; a bare law or pair of functions gets 100 steps in its range.

    Raises
    ------
    InputError
        It is no device, or a law without numbers.

    Examples
    --------
    >>> from theory import laws
    >>> as_device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)).dw_min
    0.02
    """
    if isinstance(given, Device):
        return given
    if isinstance(given, DeviceLaw | StepFunctions | HiddenStateFunctions):
        low, high = _bounds(given)
        return Device(given, dw_min=(high - low) / STATES)
    raise InputError(
        f"law_or_device = {given!r} is a {type(given).__name__}; give a theory.DeviceLaw, a "
        f"phys.Device, a phys.StepFunctions or a phys.HiddenStateFunctions"
    )


def _bounds(law: DeviceLaw | StepFunctions | HiddenStateFunctions) -> tuple[float, float]:
    if isinstance(law, DeviceLaw) and not law.is_numeric:
        names = [p.name for p in law.parameters if p.value is None]
        raise InputError(
            f"law {law.name!r} leaves {', '.join(names)} symbolic; the checks need numbers: use "
            f"law.with_values({names[0]}=...)"
        )
    low, high = law.bounds
    return float(low), float(high)
