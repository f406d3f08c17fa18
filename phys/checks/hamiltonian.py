r"""The mean-field energy of SHD: under which hypotheses it falls, and where it does not.

The motion is that of the pulses, in terms of the steps themselves,

.. math:: \dot A = \tfrac{\eta}{2}\bigl((m - f')\,q_{up}(A) - (m + f')\,q_{down}(A)\bigr), \qquad
          \dot C = \kappa (A - r),

with m = E|g|; the energy is that of the theory, in terms of F and psi. So the rate of the energy,
by the chain rule, also judges the parts.
"""

from __future__ import annotations

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st

from phys.checks import draws
from phys.checks.profile import PLACES, antisymmetric, attractor
from phys.checks.registry import NotApplicable, check, require
from phys.checks.subject import Subject

KAPPA, ETA = 0.5, 0.25
"""Rates of C and A; the signs of the statements hold for all, and they only scale the numbers."""

ROUNDING = 1e-9
COARSE_ROUNDING = 1e-5
"""Of functions in float32."""


def _symmetric(subject: Subject, weight: float) -> float:
    at = np.asarray(weight)
    if subject.law is not None:
        return float(subject.of_law("F", at))
    return float(subject.up(at) + subject.down(at)) / 2


def _asymmetry(subject: Subject, weight: float) -> float:
    at = np.asarray(weight)
    if subject.law is not None:
        return float(subject.of_law("psi", at))
    up, down = float(subject.up(at)), float(subject.down(at))
    return (down - up) / (down + up)


def _rates(subject: Subject, a: float, r: float, force: float, m: float) -> tuple[float, float]:
    """Return dH/dt along the motion, and what rounding may do to it."""
    at = np.asarray(a)
    up, down = float(subject.up(at)), float(subject.down(at))
    a_rate = ETA / 2 * ((m - force) * up - (m + force) * down)
    c_rate = KAPPA * (a - r)
    pull = KAPPA / ETA * (a - r) / _symmetric(subject, a)
    size = abs(force * c_rate) + abs(pull) * ETA / 2 * (abs(m) + abs(force)) * (up + down)
    rounding = ROUNDING if subject.law is not None else COARSE_ROUNDING
    return force * c_rate + pull * a_rate, rounding * size


def symmetry_point(subject: Subject) -> float:
    """Return the symmetry point that theory gives, or the one in numbers where there is no law."""
    numeric = attractor(subject).weight
    if subject.law is None:
        return numeric
    points = subject.law.symmetry_points()
    return float(points[0]) if len(points) == 1 else numeric


def _motion(subject: Subject) -> dict[str, st.SearchStrategy[float]]:
    return {
        "a": draws.weights(subject, 1e-4),
        "force": st.floats(-2, 2).map(lambda x: round(x, 3)),
        "noise": st.floats(0.01, 2).map(lambda x: round(x, 3)),
    }


def _settled(subject: Subject) -> dict[str, st.SearchStrategy[float]]:
    symmetry_point(subject)
    return _motion(subject)


@check(
    "shd.energy_falls",
    "With the reference r at w*, G <= 0 below and >= 0 above it, the energy H = f(C) + "
    "(kappa/eta) int_r^A (a - r)/F da never rises: dH/dt = -kappa E|g| (A - r) G/F <= 0.",
    needs=("memoryless",),
    draws=_settled,
)
def energy_falls(subject: Subject, a: float, force: float, noise: float) -> None:
    """Compute dH/dt at a drawn state."""
    r = symmetry_point(subject)
    rate, rounding = _rates(subject, a, r, force, noise)
    require(
        rate <= rounding,
        f"H rises at the rate {rate:.4g} with r = w* = {r:.6g}, A = {a:.6g}, f' = {force:g}, "
        f"E|g| = {noise:g}",
    )


def _references(subject: Subject) -> dict[str, st.SearchStrategy[float]]:
    symmetry_point(subject)
    low, high = subject.bounds
    inside = st.floats(0.001, 0.999).map(lambda part: round(part, 3))
    return {
        "reference": inside.map(lambda part: low + part * (high - low)),
        "between": inside,
        "noise": st.floats(0.01, 2).map(lambda x: round(x, 3)),
    }


@check(
    "shd.energy_rises",
    "With the reference off, r != w*, H rises where A lies between them: there A - r and G have "
    "opposite signs.",
    needs=("memoryless",),
    draws=_references,
)
def energy_rises(subject: Subject, reference: float, between: float, noise: float) -> None:
    """Compute dH/dt between the reference and the symmetry point."""
    star = symmetry_point(subject)
    low, high = subject.bounds
    assume(abs(reference - star) > 0.01 * (high - low))
    a = reference + between * (star - reference)
    rate, _ = _rates(subject, a, reference, 0.0, noise)
    require(
        rate > 0,
        f"H changes at the rate {rate:.4g}, it does not rise, at A = {a:.6g} between r = "
        f"{reference:.6g} and w* = {star:.6g}",
    )


def _tilted(subject: Subject) -> dict[str, st.SearchStrategy[float]]:
    low, high = subject.bounds
    places = np.linspace(low, high, PLACES)[1:-1]
    whole = subject.up(places) + subject.down(places)
    if not (whole > 0).all():
        raise NotApplicable("F is not positive everywhere; parts.symmetric says where")
    drop = np.diff(antisymmetric(subject)(places) / whole)
    if (drop < -COARSE_ROUNDING).any():
        k = int(np.argmin(drop))
        raise NotApplicable(
            f"psi = G/F falls at w = {places[k]:.6g}; the statement needs it to rise"
        )
    inside = st.floats(0.001, 0.999).map(lambda part: round(part, 3))
    return {"reference": inside.map(lambda part: low + part * (high - low)), **_motion(subject)}


@check(
    "shd.tilted_energy_falls",
    "Where psi = G/F rises, the tilted energy H + E|g| psi(r) C never rises, for any reference r: "
    "its rate is -kappa E|g| (A - r)(psi(A) - psi(r)) <= 0.",
    needs=("memoryless",),
    draws=_tilted,
)
def tilted_energy_falls(
    subject: Subject, reference: float, a: float, force: float, noise: float
) -> None:
    """Compute the rate at a drawn state, for a drawn reference."""
    rate, rounding = _rates(subject, a, reference, force, noise)
    tilt = noise * _asymmetry(subject, reference)
    rate += tilt * KAPPA * (a - reference)
    rounding += ROUNDING * abs(tilt * (a - reference))
    if subject.law is None:
        rounding += COARSE_ROUNDING * noise * KAPPA * abs(a - reference)
    require(
        rate <= rounding,
        f"the tilted energy rises at the rate {rate:.4g} with r = {reference:.6g}, tilt "
        f"{tilt:.6g}, A = {a:.6g}, f' = {force:g}, E|g| = {noise:g}",
    )
