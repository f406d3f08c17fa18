"""Zero-shifting: the symmetry point becomes the zero of the weight, and stays it."""

from __future__ import annotations

import numpy as np
import sympy as sp
from hypothesis import strategies as st

from phys.checks import draws
from phys.checks.alternating import MARGIN, MOST_PAIRS, check_order
from phys.checks.profile import attractor, local, resolved
from phys.checks.registry import NotApplicable, check, require
from phys.checks.subject import Subject
from phys.crossbar import Crossbar
from phys.symmetry import antisymmetric_slope, per_device, symmetric_part
from phys.zero_shifting import pairs_needed, zero_shift
from theory import w

SHAPE = (2, 3)


def _seeds(subject: Subject) -> dict[str, st.SearchStrategy[int]]:
    attractor(subject)
    return {"seed": draws.seeds()}


def _shifted(subject: Subject, seed: int) -> tuple[Crossbar, np.ndarray, np.ndarray, int]:
    """Zero-shift a small array; return it, w* and the allowed distance per device, and the pairs.

    Devices with a formula differ as their spread says. For step functions the symmetry point of
    each device is not known, so these are all alike.
    """
    device = resolved(subject, spread=subject.law is not None)
    check_order(subject, device)
    xbar = subject.array(*SHAPE, device=device, seed=seed)
    if subject.law is None:
        point = attractor(subject)
        around = local(subject, point)
        f, reach = around.F, around.reach(device.dw_min)
        points = np.full(SHAPE, point.weight)
        distance = (device.bounds[1] - device.bounds[0]) / (device.dw_min * f)
        pairs = around.pairs(device.dw_min, distance)
        allowed = np.full(SHAPE, MARGIN * reach + 1.5 * device.dw_min * f)
    else:
        points = xbar.symmetry_points()
        flat = np.ascontiguousarray(points.T).reshape(-1)
        steps = np.asarray(xbar.population.step) * symmetric_part(xbar.population, flat)
        slopes = antisymmetric_slope(xbar.population, flat)
        if not (np.isfinite(flat).all() and np.isfinite(slopes).all() and (slopes > 0).all()):
            raise NotApplicable("G does not rise through 0 on every device of the array")
        bend = per_device(xbar.population, sp.diff(device.form.F, w))(flat)
        pairs = pairs_needed(xbar)
        wide = MARGIN / 2 * steps * (1 + np.abs(bend / slopes)) + 1.5 * steps
        allowed = wide.reshape(xbar.cols, xbar.rows).T
    if pairs > MOST_PAIRS:
        raise NotApplicable(f"theory asks for {pairs} pairs: G' is small at w*")
    zero_shift(xbar, pairs)
    return xbar, points, allowed, pairs


@check(
    "zero_shift.lands",
    "After a zero-shift the symmetry point of w - r is 0 within the finite-step cycle: |w* - r| is "
    "at most a step and the reach of the cycle on every device.",
    needs=("memoryless",),
    draws=_seeds,
    most=4,
)
def lands(subject: Subject, seed: int) -> None:
    """Zero-shift with as many pairs as theory asks for."""
    xbar, points, allowed, pairs = _shifted(subject, seed)
    off = np.abs(points - xbar.reference)
    k = np.unravel_index(np.argmax(off - allowed), SHAPE)
    require(
        off[k] <= allowed[k],
        f"{pairs} pairs leave the symmetry point of w - r at {points[k] - xbar.reference[k]:.4g} "
        f"(w* = {points[k]:.6g}, r = {xbar.reference[k]:.6g}); the cycle allows {allowed[k]:.3g}",
    )


@check(
    "zero_shift.again",
    "A second zero-shift moves the reference by no more than the finite-step cycle.",
    needs=("memoryless",),
    draws=_seeds,
    most=4,
)
def again(subject: Subject, seed: int) -> None:
    """Zero-shift twice."""
    xbar, _, allowed, pairs = _shifted(subject, seed)
    first = xbar.reference.copy()
    zero_shift(xbar, pairs)
    moved = np.abs(xbar.reference - first)
    k = np.unravel_index(np.argmax(moved - allowed), SHAPE)
    require(
        moved[k] <= allowed[k],
        f"the second zero-shift moves the reference from {first[k]:.6g} to "
        f"{xbar.reference[k]:.6g}; the cycle allows {allowed[k]:.3g}",
    )
