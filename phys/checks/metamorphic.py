"""Relations between a device and its images: mirrored, and in other units of weight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from sympy import Expr

from phys.checks import draws
from phys.checks.bounds import spacing
from phys.checks.registry import check, require
from phys.checks.subject import Subject
from phys.device import Device
from phys.step_functions import StepFunctions
from theory import DeviceLaw, w

SCALE = 2
"""A power of two, which changes no bits but the exponent's."""


def _image(device: Device, scale: int, swap: bool) -> Device:
    """Return the device in the weight ``scale * w``, with up and down exchanged if `swap`."""
    law = device.law
    low, high = sorted(scale * bound for bound in law.bounds)
    step = device.dw_min * abs(scale)
    if isinstance(law, DeviceLaw):
        forms = [q.subs(w, w / scale) for q in (law.up_form, law.down_form)]
        ends = [scale * bound for bound in law.bounds_form]
        if swap:
            forms.reverse()
            ends.reverse()
        image: DeviceLaw | StepFunctions = _law(law, forms, ends)
    else:
        functions = [_scaled(q, scale) for q in (law.up, law.down)]
        if swap:
            functions.reverse()
        image = StepFunctions(functions[0], functions[1], (low, high), law.name)
    return replace(device, law=image, dw_min=step)


def _law(law: DeviceLaw, forms: list[Expr], ends: list[Expr]) -> DeviceLaw:
    return DeviceLaw(
        law.name,
        up=forms[0],
        down=forms[1],
        bounds=(ends[0], ends[1]),
        parameters=law.parameters,
        constant=law.constant,
    )


def _scaled(q: Callable[[Any], Any], scale: int) -> Callable[[Any], Any]:
    def scaled(weight: Any) -> Any:
        return q(weight / np.float32(scale))

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
    needs=("memoryless",),
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
    needs=("memoryless",),
    draws=lambda subject: {"start": draws.weights(subject), "pulses": draws.pulse_trains()},
    most=15,
)
def rescale(subject: Subject, start: float, pulses: list[int]) -> None:
    """Pulse both, and compare."""
    _compare(subject, SCALE, False, start, pulses, "in doubled units")
