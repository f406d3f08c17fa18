"""Alternating pulses: how close they come to the symmetry point, and how the step matters."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from phys.checks.bounds import spacing
from phys.checks.profile import attractor, keeps_order, local, resolved
from phys.checks.registry import NotApplicable, check, require
from phys.checks.subject import Subject
from phys.device import Device

MOST_PAIRS = 20_000
MARGIN = 2.0
"""Times the first-order reach of a cycle that is allowed, for what the order leaves out."""


def _starts(subject: Subject) -> dict[str, st.SearchStrategy[list[float]]]:
    attractor(subject)
    low, high = subject.bounds
    anywhere = st.floats(0, 1).map(lambda part: low + round(part, 3) * (high - low))
    return {"starts": st.lists(anywhere, min_size=1, max_size=6)}


def check_order(subject: Subject, device: Device) -> None:
    """Raise `NotApplicable` if a pulse can change the order of weights."""
    if not keeps_order(subject, device.dw_min):
        raise NotApplicable(
            f"dw_min |q'| reaches 1 at dw_min = {device.dw_min:g}: pairs may jump over w*"
        )


def _device(subject: Subject) -> Device:
    device = resolved(subject)
    check_order(subject, device)
    return device


@check(
    "alternating.converges",
    "From every weight, the bounds included, alternating pulses end within O(step) of w*: within "
    "twice the reach of the cycle, (dw_min/2) F (1 + |F'/G'|).",
    needs=("memoryless",),
    draws=_starts,
    most=6,
)
def converges(subject: Subject, starts: list[float]) -> None:
    """Start from the bounds and from drawn weights, with as many pairs as theory asks for."""
    point, device = attractor(subject), _device(subject)
    around = local(subject, point)
    low, high = subject.bounds
    reach = MARGIN * around.reach(device.dw_min)
    pairs = 2 * around.pairs(device.dw_min, (high - low) / reach) + 20
    if pairs > MOST_PAIRS:
        raise NotApplicable(f"theory asks for {pairs} pairs: G' = {around.G_slope:.3g} at w*")
    every = [low, high, *starts]
    xbar = subject.array(1, len(every), device=device, weights=np.array(every))
    xbar.pulse_all(np.tile([1, -1], pairs))
    ends = xbar.weights[0].astype(float)
    distances = np.abs(ends - point.weight)
    k = int(np.argmax(distances))
    require(
        distances[k] <= reach + 8 * spacing(high - low),
        f"{pairs} pairs from w = {every[k]:.9g} end at {ends[k]:.9g}, {distances[k]:.3g} from w* = "
        f"{point.weight:.9g}; the cycle at dw_min = {device.dw_min:g} allows {reach:.3g}",
    )


@check(
    "alternating.gap",
    "The gap between the end of alternating pulses and w* shrinks with the step: at a quarter of "
    "dw_min it is no more than half as wide.",
    needs=("memoryless",),
)
def gap(subject: Subject) -> None:
    """Let the two-point cycle settle from w* at two steps."""
    point, coarse = attractor(subject), _device(subject)
    around = local(subject, point)
    fine = replace(coarse, dw_min=coarse.dw_min / 4)
    rounding = 16 * spacing(max(map(abs, subject.bounds)))
    gaps = []
    for device in (coarse, fine):
        pairs = around.pairs(device.dw_min, 20.0)
        if pairs > MOST_PAIRS:
            raise NotApplicable(f"theory asks for {pairs} pairs: G' = {around.G_slope:.3g} at w*")
        xbar = subject.array(device=device, weights=point.weight)
        xbar.pulse_all(np.tile([1, -1], pairs))
        ends = [float(xbar.weights[0, 0])]
        xbar.pulse_all([1])
        ends.append(float(xbar.weights[0, 0]))
        gaps.append(max(abs(end - point.weight) for end in ends))
    require(
        gaps[1] <= gaps[0] / 2 + rounding,
        f"at dw_min = {coarse.dw_min:.4g} the cycle reaches {gaps[0]:.4g} from w* = "
        f"{point.weight:.6g}, at {fine.dw_min:.4g} still {gaps[1]:.4g}",
    )
