"""Noise: its mean, its size, and that no two steps share it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from phys.checks import draws
from phys.checks.bounds import spacing
from phys.checks.exercise import SIGMAS
from phys.checks.registry import check, require
from phys.checks.subject import Subject
from phys.device import Device

SIDE = 64


def _drawn(subject: Subject) -> dict[str, SearchStrategy[Any]]:
    return {
        "start": draws.weights(subject, margin=0.3),
        "pulse": st.sampled_from([1, -1]),
        "seed": draws.seeds(),
    }


def _device(subject: Subject, noisy: bool) -> Device:
    """Return the device without spread, its steps small enough for noise not to reach a bound."""
    low, high = subject.bounds
    places = np.linspace(low, high, 65)
    largest = max(float(np.nanmax(q(places))) for q in (subject.up, subject.down))
    reach = largest * (1 + 6 * float(subject.device.noise[0])) + 6 * float(subject.device.noise[1])
    step = min(subject.device.dw_min, 0.3 * (high - low) / reach)
    given = subject.device if noisy else subject.quiet
    return replace(given, device_spread=0.0, dw_min=max(step, (high - low) * 2.0**-19))


def _moves(
    subject: Subject, start: float, pulse: int, seed: int
) -> tuple[np.ndarray, float, float]:
    """Return 4096 noisy steps, the same step without noise, and its standard deviation."""
    noisy, quiet = _device(subject, True), _device(subject, False)
    plain = subject.array(device=quiet, weights=start)
    before = float(plain.weights[0, 0])
    plain.pulse_all([pulse])
    step = float(plain.weights[0, 0]) - before
    relative, additive = (float(sigma) for sigma in noisy.noise)
    xbar = subject.array(SIDE, SIDE, device=noisy, weights=start, seed=seed)
    xbar.pulse_all([pulse])
    moves = xbar.weights.astype(float) - before
    return moves, step, relative * abs(step) + additive * noisy.dw_min


@check(
    "noise.mean",
    "Noise does not push: the mean of noisy steps is the step without noise, "
    f"E[dw] = +-dw_min q(w), within {SIGMAS} standard deviations of the mean of 4096.",
    needs=("noise", "still"),
    draws=_drawn,
    most=10,
)
def mean(subject: Subject, start: float, pulse: int, seed: int) -> None:
    """Pulse 4096 equal devices once."""
    moves, step, sd = _moves(subject, start, pulse, seed)
    allowed = SIGMAS * sd / SIDE + spacing(start)
    require(
        abs(moves.mean() - step) <= allowed,
        f"4096 steps from w = {start:.6g} have mean {moves.mean():.6g} instead of {step:.6g} "
        f"+- {sd / SIDE:.2g}",
    )


@check(
    "noise.size",
    "Noise is as large as stated: the standard deviation of a step is sigma dw_min q(w) for cycle "
    f"noise and sigma dw_min for additive noise, within {SIGMAS} standard deviations.",
    needs=("noise", "still"),
    draws=_drawn,
    most=10,
)
def size(subject: Subject, start: float, pulse: int, seed: int) -> None:
    """Pulse 4096 equal devices once."""
    moves, _, sd = _moves(subject, start, pulse, seed)
    allowed = SIGMAS * sd / np.sqrt(2.0) / SIDE + spacing(start)
    require(
        abs(moves.std() - sd) <= allowed,
        f"4096 steps from w = {start:.6g} scatter by {moves.std():.6g} instead of {sd:.6g}",
    )


@check(
    "noise.fresh",
    "Every device and every pulse has noise of its own: the correlation between devices, and from "
    f"pulse to pulse, is 0 within {SIGMAS}/sqrt(n) of n pairs.",
    needs=("noise", "still"),
    draws=_drawn,
    most=10,
)
def fresh(subject: Subject, start: float, pulse: int, seed: int) -> None:
    """Pulse 4096 equal devices twice from the same weight; compare pulses and neighbours."""
    xbar = subject.array(SIDE, SIDE, device=_device(subject, True), seed=seed)
    moves = []
    for _ in range(2):
        xbar.set_weights(np.full((SIDE, SIDE), start))
        before = xbar.weights.astype(float)
        xbar.pulse_all([pulse])
        moves.append(xbar.weights.astype(float) - before)
    first, second = moves
    for name, one, other in (
        ("a device at two pulses", first, second),
        ("neighbours in a column", first[1:], first[:-1]),
        ("neighbours in a row", first[:, 1:], first[:, :-1]),
    ):
        found = float(np.corrcoef(one.ravel(), other.ravel())[0, 1])
        require(
            abs(found) <= SIGMAS / np.sqrt(one.size),
            f"the steps of {name} have the correlation {found:.4f}, n = {one.size}",
        )
