"""Symmetry points: whether there is one, where, and whether theory and pulses agree on it."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from phys.checks.bounds import spacing
from phys.checks.profile import resolved
from phys.checks.registry import NotApplicable, check, require
from phys.checks.subject import Subject
from theory import SymmetryPoints


@check(
    "symmetry.exists",
    "Some weight w* between the bounds is a symmetry point, to which a device can be zero-shifted: "
    "G(w*) = 0, an up and a down pulse cancel there.",
)
def exists(subject: Subject) -> None:
    """Look for a zero of G, and at what theory says."""
    found = subject.profile
    require(found.crossings or found.flat, f"G has no zero: {found.without}{_reason(subject)}")


def _reason(subject: Subject) -> str:
    return f" ({subject.law.symmetry_points().reason})" if subject.law is not None else ""


@check(
    "symmetry.unique",
    "No more than one weight is a symmetry point: G changes its sign once.",
)
def unique(subject: Subject) -> None:
    """Count the sign changes of G."""
    found = subject.profile
    if found.flat is not None:
        low, high = found.flat
        require(False, f"G vanishes from {low:.6g} to {high:.6g}: every weight there is one")
    if not found.crossings:
        raise NotApplicable("there is none; symmetry.exists says why")
    places = ", ".join(f"{c.weight:.6g}" for c in found.crossings)
    require(len(found.crossings) == 1, f"G changes its sign at {places}")


@check(
    "symmetry.attracts",
    "Alternating pulses lead to a symmetry point: G rises through 0 there, and pairs of pulses "
    "take a weight beside it closer, |w' - w*| < |w - w*|, until the cycle is reached.",
    needs=("memoryless",),
    draws=lambda subject: {
        "side": st.sampled_from([1, -1]),
        "part": st.floats(0.1, 0.9).map(lambda part: round(part, 3)),
    },
)
def attracts(subject: Subject, side: int, part: float) -> None:
    """Start beside each symmetry point that should attract, and give ten pairs."""
    found = subject.profile
    if found.flat is not None or not found.crossings:
        raise NotApplicable("there is no single symmetry point to lead to")
    stable = [c for c in found.crossings if c.rises]
    places = ", ".join(f"{c.weight:.6g}" for c in found.crossings)
    require(stable, f"G falls through 0 at {places}: pulses lead away from there")
    device = resolved(subject)
    for point in stable:
        room = (point.high if side > 0 else point.low) - point.weight
        at = np.asarray(point.weight)
        cycle = 4 * device.dw_min * float(subject.up(at) + subject.down(at))
        if abs(room) * part <= cycle:
            continue
        xbar = subject.array(device=device, weights=point.weight + part * room)
        before = float(xbar.weights[0, 0])
        xbar.pulse_all([1, -1] * 10)
        after = float(xbar.weights[0, 0])
        require(
            abs(after - point.weight) < abs(before - point.weight),
            f"ten pairs took w = {before:.9g} to {after:.9g}, no closer to w* = {point.weight:.9g}",
        )


@check(
    "symmetry.theory",
    "The symmetry points that theory lists between the bounds are the weights at which "
    "q_up - q_down changes its sign, each with the value of its expression, stable where G rises; "
    "at those that it lists at a bound the two are equal.",
    needs=("formula",),
)
def theory(subject: Subject) -> None:
    """Compare the list with a search in numbers."""
    listed, found = _listed(subject), subject.profile.crossings
    span = subject.bounds[1] - subject.bounds[0]
    ends = [p for p in listed if float(p) in subject.bounds]
    turning = [p for p in listed if p.stable is not None and p not in ends]
    for point in ends:
        at = np.asarray(float(point))
        up, down = float(subject.up(at)), float(subject.down(at))
        require(
            abs(up - down) <= 1e-6 * max(up, down, 1.0),
            f"theory lists the bound {float(point):.9g}, but there the steps are {up:.6g} up and "
            f"{down:.6g} down",
        )
    for point in listed:
        number = float(point.expression.evalf(30))
        require(
            abs(number - float(point)) <= 1e-9 * span,
            f"the expression {point.expression} is {number:.12g}, its value {float(point):.12g}",
        )
    shown = ", ".join(f"{c.weight:.9g}" for c in found) or "no weight"
    claimed = ", ".join(f"{float(p):.9g}" for p in turning) or "none"
    agree = len(turning) == len(found) and all(
        abs(float(p) - c.weight) <= 1e-6 * span for p, c in zip(turning, found, strict=True)
    )
    require(agree, f"theory lists {claimed}, but q_up - q_down changes its sign at {shown}")
    for point, crossing in zip(turning, found, strict=True):
        require(
            point.stable == crossing.rises,
            f"theory calls w* = {float(point):.9g} {'stable' if point.stable else 'unstable'}, but "
            f"G {'rises' if crossing.rises else 'falls'} there",
        )


def _listed(subject: Subject) -> SymmetryPoints:
    assert subject.law is not None
    points = subject.law.symmetry_points()
    if points.outcome in ("continuum", "undecided"):
        raise NotApplicable(f"theory gives no list: {points.reason}")
    return points


@check(
    "symmetry.symbolic",
    "The formula of the symmetry point in the law's parameters, at their values, is the numeric "
    "symmetry point.",
    needs=("formula",),
)
def symbolic(subject: Subject) -> None:
    """Solve with all parameters left open, then put the numbers in."""
    law = subject.law
    assert law is not None
    if not law.parameters:
        raise NotApplicable("the law has no parameters: its symmetry point is a number anyway")
    points = law.symbolic.symmetry_points()
    if points.outcome != "points":
        raise NotApplicable(f"there is no formula: {points.reason}")
    numbers = {p.symbol: p.value for p in law.parameters}
    low, high = subject.bounds
    reached = []
    for point in points:
        if all(bool(condition.subs(numbers)) for condition in point.conditions):
            value = complex(point.expression.subs(numbers).evalf(30))
            if abs(value.imag) <= 1e-12 * (high - low) and low <= value.real <= high:
                reached.append((point, value.real))
    span = high - low
    shown = ", ".join(f"{p.expression} = {value:.9g}" for p, value in reached) or "none"
    for crossing in subject.profile.crossings:
        require(
            any(abs(value - crossing.weight) <= 1e-6 * span for _, value in reached),
            f"w* = {crossing.weight:.9g} in numbers, but the formula gives {shown}",
        )


@check(
    "symmetry.balanced",
    "At w* an up and a down pulse cancel: what is left of a pair is of second order in the step, "
    "dw_min (q_up(w*) - q_down(w* + dw_min q_up)).",
    needs=("memoryless",),
)
def balanced(subject: Subject) -> None:
    """Start at each symmetry point, and give one pair."""
    found = subject.profile
    if found.flat is not None or not found.crossings:
        raise NotApplicable("there is no single symmetry point to start from")
    device, low, high = resolved(subject), *subject.bounds
    step = device.dw_min
    for point in found.crossings:
        xbar = subject.array(device=device, weights=point.weight)
        start = float(xbar.weights[0, 0])
        up = float(subject.up(np.asarray(start)))
        top = min(start + step * up, high)
        expected = top - start - step * float(subject.down(np.asarray(top)))
        if not low < start + expected:
            continue
        xbar.pulse_all([1, -1])
        left = float(xbar.weights[0, 0]) - start
        require(
            abs(left - expected) <= 0.01 * step * up + 8 * spacing(high - low),
            f"from w* = {start:.9g} a pair moves the weight by {left:.3g} instead of {expected:.3g}"
            f", with steps of {step * up:.3g}",
        )
