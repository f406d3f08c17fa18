"""Relations between a device and its images: mirrored, and in other units of weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from phys.checks import draws
from phys.checks.bounds import spacing
from phys.checks.registry import check, require
from phys.checks.subject import Subject
from phys.device import Device
from phys.functions.hidden_state import HiddenStateFunctions
from phys.functions.steps import StepFunctions
from theory import DeviceLaw, w

SCALE = 2
"""A power of two, which changes no bits but the exponent's."""


def _image(device: Device, scale: int, swap: bool) -> Device:
    """Return the device in the weight ``scale * w``, with up and down exchanged if `swap`."""
    law = device.law
    low, high = sorted(float(scale * bound) for bound in law.bounds)
    image: DeviceLaw | StepFunctions | HiddenStateFunctions
    if isinstance(law, DeviceLaw):
        up, down = (q.subs(w, w / scale) for q in (law.up_form, law.down_form))
        first, last = (scale * bound for bound in law.bounds_form)
        image = DeviceLaw(
            law.name,
            up=down if swap else up,
            down=up if swap else down,
            bounds=(last, first) if swap else (first, last),
            parameters=law.parameters,
            constant=law.constant,
        )
    else:
        up, down = _scaled(law.up, scale), _scaled(law.down, scale)
        steps = (down, up) if swap else (up, down)
        if isinstance(law, StepFunctions):
            image = StepFunctions(*steps, (low, high), law.name)
        else:
            rest = law.between_updates
            between = None if rest is None else _scaled_weight(rest, scale)
            image = HiddenStateFunctions(*steps, law.state, (low, high), between, law.name)
    return replace(device, law=image, dw_min=device.dw_min * abs(scale))


def _scaled(q: Callable[..., Any], scale: int) -> Callable[..., Any]:
    def scaled(weight: Any, *state: Any) -> Any:
        return q(weight / np.float32(scale), *state)

    return scaled


def _scaled_weight(between: Callable[..., Any], scale: int) -> Callable[..., Any]:
    def scaled(weight: Any, *state: Any) -> Any:
        moved, *rest = between(weight / np.float32(scale), *state)
        return np.float32(scale) * moved, *rest

    return scaled


def _compare(
    subject: Subject, scale: int, swap: bool, start: float, pulses: list[int], what: str
) -> None:
    own = subject.array(device=subject.nominal, weights=start)
    image = subject.array(device=_image(subject.nominal, scale, swap), weights=scale * start)
    first = float(own.weights[0, 0])
    own.pulse_all(pulses)
    image.pulse_all([-pulse for pulse in pulses] if swap else pulses)
    found, expected = float(image.weights[0, 0]) / scale, float(own.weights[0, 0])
    allowed = _rounding(subject, len(pulses))
    require(
        abs(found - expected) <= allowed,
        f"from w = {first:.9g} the pulses lead to {expected:.9g}, but {what} to {found:.9g}",
    )


def _rounding(subject: Subject, pulses: int) -> float:
    reach = max(map(abs, subject.bounds))
    return 4 * pulses * (spacing(reach) + 1e-6 * subject.nominal.dw_min)


@check(
    "metamorphic.mirror",
    "The mirror image of a device, q_up(w) and q_down(-w) exchanged, under exchanged pulses holds "
    "-w at every time.",
    draws=lambda subject: {"start": draws.weights(subject), "pulses": draws.pulse_trains()},
    most=15,
)
def mirror(subject: Subject, start: float, pulses: list[int]) -> None:
    """Pulse both, and compare."""
    _compare(subject, -1, True, start, pulses, "on the mirrored device")


@check(
    "metamorphic.rescale",
    "In another unit of weight, w' = 2 w with bounds and dw_min doubled, the same pulses lead to "
    "the same weight.",
    draws=lambda subject: {"start": draws.weights(subject), "pulses": draws.pulse_trains()},
    most=15,
)
def rescale(subject: Subject, start: float, pulses: list[int]) -> None:
    """Pulse both, and compare."""
    _compare(subject, SCALE, False, start, pulses, "in doubled units")
