"""Exercises and predictions of 03_why_sgd_fails."""

from __future__ import annotations

from phys.teaching.exercises.one_device import device_law
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Choice, Number
from phys.teaching.predictions import Prediction
from phys.teaching.verdict import Exercise
from theory import implicit_penalty, laws, noise, sgd_equilibrium
from theory.symbols import curvature, tau, w, w_o, w_star
from theory.symbols import noise as mean_magnitude

CURVATURE, OPTIMUM, MAGNITUDE = 1, -0.4, 0.8


def resting_place() -> float:
    """Return where SGD rests on the device of the second exercise, for a constant E|g|."""
    problem = sgd_equilibrium(
        device_law(), curvature=CURVATURE, optimum=OPTIMUM, noise=noise.constant(MAGNITUDE)
    )
    return float(problem.solution)


def resting_place_if_flat() -> float:
    """Return the same with F taken as 1: a typical mistake."""
    star = float(device_law().symmetry_point())
    return (CURVATURE * OPTIMUM + MAGNITUDE * star) / (CURVATURE + MAGNITUDE)


EXERCISES = {
    "ex1": Exercise(
        Formula(
            lambda: sgd_equilibrium(laws.linear_asymmetry()).solution.expression,
            "A weighted mean of optimum and symmetry point: the loss pulls with the weight k, the "
            "device with the weight E|g|/tau.",
            mistakes={
                "the range is missing: the device pulls with E|g|/tau.": lambda: (
                    (curvature * w_o + mean_magnitude * w_star) / (curvature + mean_magnitude)
                ),
                "that is where the loss alone would end.": lambda: w_o,
                "that is where the device alone would end.": lambda: w_star,
                "optimum and symmetry point changed places.": lambda: (
                    (curvature * tau * w_star + mean_magnitude * w_o)
                    / (curvature * tau + mean_magnitude)
                ),
                "G falls in yours: it is `(w - w_star)/tau`, positive above the symmetry "
                "point.": lambda: (
                    (curvature * tau * w_o - mean_magnitude * w_star)
                    / (curvature * tau - mean_magnitude)
                ),
            },
            aliases={"m": "m_g", "noise": "m_g", "curvature": "k"},
        ),
        (
            (
                "Put E[g] = k*(w - w_o), F = 1 and G = (w - w_star)/tau into the drift, and set "
                "it to zero."
            ),
            "k*(w - w_o) + m*(w - w_star)/tau = 0 is linear in w: collect the terms with w.",
        ),
    ),
    "ex2": Exercise(
        Number(
            resting_place,
            "The device has pulled the weight almost half of the way to its symmetry point.",
            relative=0.005,
            mistakes={
                "that takes F = 1; this device has F = 1 - 0.3*w.": resting_place_if_flat,
                "that is the distance from the optimum; the weight is asked for.": lambda: (
                    resting_place() - OPTIMUM
                ),
                "that is the optimum of the loss; the device pulls, too.": lambda: OPTIMUM,
                "that is the symmetry point of the device; the loss pulls, too.": lambda: float(
                    device_law().symmetry_point()
                ),
            },
        ),
        (
            (
                "Solve (w + 0.4)*F + 0.8*G = 0 with F = 1 - 0.3*w and G = w - 0.3, or ask "
                "`sgd_equilibrium(law, curvature=..., optimum=..., noise=noise.constant(...))`."
            ),
            (
                "It is a quadratic equation, and one of its roots lies between the bounds. "
                "`float(sgd_equilibrium(...).solution)` is a number."
            ),
        ),
    ),
    "ex3": Exercise(
        Formula(
            lambda: implicit_penalty(laws.linear_asymmetry()).expression,
            "A spring that is fixed at the symmetry point. With the symmetry point at zero it is "
            "what machine learning calls weight decay.",
            mistakes={
                "that is psi itself; integrate it over w.": lambda: (w - w_star) / tau,
                "that vanishes at 0; the penalty is zero at the symmetry point.": lambda: (
                    w**2 / (2 * tau) - w * w_star / tau
                ),
                "the symmetry point is missing: that is a spring fixed at 0.": lambda: (
                    w**2 / (2 * tau)
                ),
                "the factor E|g| stands outside of R.": lambda: (
                    mean_magnitude * (w - w_star) ** 2 / (2 * tau)
                ),
            },
            aliases={"ws": "w_star"},
        ),
        (
            "Here psi = G/F = (w - w_star)/tau.",
            "Integrate psi from w_star to w; a square comes out.",
        ),
    ),
    "ex4": Exercise(
        Choice(
            "c",
            "With the symmetry point at the optimum both pulls vanish at the same weight. Nobody "
            "knows the optimum in advance, but the zero of a weight can be moved: that is the next "
            "notebook.",
            {
                "a": "finer pulses make the jitter smaller, and leave the place as it is: no step "
                "size stands in the balance of the two pulls.",
                "b": "both pulls are multiplied by the learning rate, so that it drops out of "
                "their balance.",
            },
        ),
        (
            "Which of the three stands in k*(w - w_o)*F + E|g|*G = 0?",
            "The nominal step and the learning rate are factors of the whole drift.",
        ),
    ),
}

PREDICTIONS = {
    "p1": Prediction(
        "a",
        {
            "a": "at the optimum: noise of mean zero averages out",
            "b": "closer to the symmetry point, the stronger the noise",
            "c": "at the symmetry point, however weak the noise",
        },
        {
            "a": "The noise averages out of the wishes, but not out of their sizes.",
            "b": "The noise mattered less than that.",
            "c": "The loss still pulls, and more than weak noise does.",
        },
    ),
    "p2": Prediction(
        "b",
        {
            "a": "as well as the exact one, at all symmetry points",
            "b": "worse than the exact one, and worst where the symmetry point is far from 0",
            "c": "worse than the exact one, by the same everywhere",
        },
        {
            "a": "The devices pulled it off its optimum.",
            "b": "The symmetry point mattered less than that.",
            "c": "The place of the symmetry point matters.",
        },
    ),
}
