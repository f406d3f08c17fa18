"""Exercises and predictions of 06_hamiltonian."""

from __future__ import annotations

import math
from typing import Any

from scipy.optimize import brentq
from sympy import Expr, Symbol, diff, lambdify

from phys.teaching.exercises.one_device import device_law
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Number
from phys.teaching.one_weight import OneWeight
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from theory import SHD, DeviceLaw, critical_rates, laws, quadratic
from theory.noise import gaussian, mu
from theory.symbols import A, curvature, eta_A, kappa, noise, r, sigma, tau, w, w_star

ETA, KAPPA, SIGMA = 0.05, 0.08, 1.0
MEAN_SIZE = SIGMA * math.sqrt(2 / math.pi)
"""E|g| of normally distributed gradient noise."""
CURVATURE, OPTIMUM = 1, 0.5
VALUES: dict[Symbol, float] = {eta_A: ETA, kappa: KAPPA, noise: MEAN_SIZE, sigma: SIGMA}


def motion(
    law: DeviceLaw, reference: Any, core: DeviceLaw | None = None, **changes: Any
) -> OneWeight:
    """Return SHD of one weight with the numbers of this notebook; rates may be changed."""
    shd = SHD(law, core, reference=reference, loss=quadratic(CURVATURE, OPTIMUM))
    return OneWeight(shd, VALUES | {Symbol(k, positive=True): v for k, v in changes.items()})


def linear_shd(reference: Any) -> SHD:
    """Return SHD on the linear device, all symbols left."""
    return SHD(laws.linear_asymmetry(), reference=reference, loss=quadratic())


def kinetic() -> Expr:
    """Return the kinetic energy for F = 1."""
    return linear_shd(r).kinetic.expression


def dissipation() -> Expr:
    """Return dH/dt on the linear device with its reference at the symmetry point."""
    return linear_shd(w_star).dissipation


def critical_kappa() -> float:
    """Return the transfer rate at which the device of the third exercise is critically damped."""
    shd = SHD(device_law(), reference="symmetry_point", loss=quadratic(CURVATURE, OPTIMUM))
    return float(critical_rates(shd).kappa.subs(VALUES))


def force_at_star() -> float:
    """Return F at the symmetry point of the device of this notebook."""
    law = device_law()
    return float(law.F.subs(w, law.symmetry_point().expression))


def rest(one: OneWeight) -> float:
    """Return how far C rests from the optimum, with E|g| of normal noise about the mean gradient.

    The slope of the tilted loss vanishes: ``k*x + E|g|(k*x)*psi(r) = 0``.
    """
    size = lambdify(mu, gaussian(SIGMA).magnitude, "math")
    psi = float(one.shd.psi.subs(A, one.shd.reference))
    return float(brentq(lambda x: CURVATURE * x + size(CURVATURE * x) * psi, -2.0, 2.0))


def offset() -> Expr:
    """Return how far C ends from the optimum on the linear device."""
    return linear_shd(r).offset


def force_sign() -> Expr:
    """Return the slope of the kinetic energy: a typical mistake for the kinetic energy itself."""
    return diff(kinetic(), A)


EXERCISES = {
    "ex1": Exercise(
        Formula(
            kinetic,
            "The momentum squared over twice a mass: eta_A/kappa is the mass.",
            mistakes={
                "that is the integrand; integrate it from r to A.": force_sign,
                "the momentum is `A - r`: integrate from r, not from 0.": lambda: (
                    kappa * A**2 / (2 * eta_A)
                ),
                "kappa and eta_A changed places.": lambda: eta_A * (A - r) ** 2 / (2 * kappa),
                "the factor kappa/eta_A is missing.": lambda: (A - r) ** 2 / 2,
            },
            aliases={"eta": "eta_A", "lr_a": "eta_A"},
        ),
        (
            "With F = 1, the integrand is `a - r`. What is its integral from r to A?",
            "It is half of (A - r) squared; the factor in front of it stays.",
        ),
    ),
    "ex2": Exercise(
        Formula(
            dissipation,
            "A square with a minus sign: the energy can only fall, and it stops falling only where "
            "A is at its reference.",
            mistakes={
                "friction takes energy out; the minus sign is missing.": lambda: -dissipation(),
                "the mean size of the gradient, `m_g`, is missing.": lambda: dissipation() / noise,
                "both the slope of H and the friction have a factor `A - w_star`.": lambda: (
                    -kappa * noise * (A - w_star) / tau
                ),
                "eta_A cancels: it stands in front of the friction and below the kinetic "
                "energy.": lambda: eta_A * dissipation(),
            },
            aliases={"m": "m_g", "E_g": "m_g", "wstar": "w_star", "r": "w_star"},
        ),
        (
            "Only the friction is left: `kappa/eta_A*(A - r)` times `-eta_A*m_g*(A - w_star)/tau`.",
            "Put r = w_star: the two brackets are the same.",
        ),
    ),
    "ex3": Exercise(
        Number(
            critical_kappa,
            "Theory chooses a learning rate, from the device and the noise alone. The next "
            "notebook does this for a whole network.",
            relative=0.01,
            mistakes={
                "the 2 below zeta is missing; squared it gives a factor 4.": lambda: (
                    4 * critical_kappa()
                ),
                "squaring the 2 gives 4.": lambda: 2 * critical_kappa(),
                "F at the symmetry point is missing under the root.": lambda: (
                    critical_kappa() * force_at_star()
                ),
                "the mean size of the gradient enters squared.": lambda: (
                    critical_kappa() / MEAN_SIZE
                ),
                "that is omega_0 at critical damping; the transfer rate is asked for.": lambda: (
                    ETA * MEAN_SIZE / 2
                ),
            },
            unit="per sample",
        ),
        (
            "Set zeta to 1: `2*omega_0 = eta_A*m_g*slope`. Square both sides.",
            "4*kappa*eta_A*k*F = (eta_A*m_g*slope)**2. Solve for kappa.",
        ),
    ),
    "ex4": Exercise(
        Formula(
            offset,
            "Noise times the distance of the reference from the symmetry point: zero-shifting "
            "makes the second factor zero.",
            mistakes={
                "the device pulls towards its symmetry point: with the reference below it, C ends "
                "above the optimum.": lambda: -offset(),
                "that is the slope of the tilt; divide by the curvature of the loss.": lambda: (
                    offset() * curvature
                ),
                "psi is the distance over tau.": lambda: offset() * tau,
                "the mean size of the gradient, `m_g`, is missing.": lambda: offset() / noise,
            },
            aliases={"m": "m_g", "wstar": "w_star"},
        ),
        (
            "At rest the slope of the tilted loss vanishes: k*(C - C*) + m_g*psi(r) = 0.",
            "psi(r) = (r - w_star)/tau, since F = 1.",
        ),
    ),
}

PREDICTIONS = {
    "p1": Prediction(
        "a",
        {
            "a": "it slides to the optimum and stays there",
            "b": "it swings about the optimum for ever",
            "c": "it runs off",
        },
        {
            "a": "It arrives there with momentum.",
            "b": "It came to rest.",
            "c": "The slope of the loss pulls it back.",
        },
    ),
    "p2": Prediction(
        "a",
        {
            "a": "about twice as fast",
            "b": "just as fast as before",
            "c": "more slowly",
        },
        {
            "a": "Faster transfer makes the force stronger, but not the friction.",
            "b": "It made a difference.",
            "c": "It overshoots, but there is no less friction.",
        },
    ),
    "p3": Prediction(
        "a",
        {
            "a": "at the optimum all the same",
            "b": "above the optimum",
            "c": "below the optimum",
        },
        {
            "a": "The noise does not average out where the steps are unequal.",
            "b": "Look at the sign of psi at 0.",
            "c": "Below the symmetry point psi is negative, and so is the slope of the tilt.",
        },
    ),
}
