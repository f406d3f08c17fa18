"""Updates: how many pulses they give, to which devices, in which direction."""

from __future__ import annotations

from math import comb

import numpy as np
from hypothesis import strategies as st

from phys.checks import draws
from phys.checks.exercise import SIGMAS, Signals, first_difference, rate, signals, strengths
from phys.checks.registry import check, require
from phys.checks.subject import Subject
from phys.strategies import parts

REPEATS = 400


@check(
    "update.mean",
    "On average an update gives lr |d x|/dw_min pulses: their number is binomial, so the mean of "
    "the new weight is sum over n of Bin(n; BL, lr |d x|/(dw_min BL)) T^n(w), T one pulse.",
    needs=("memoryless",),
    draws=lambda subject: {
        "start": draws.weights(subject, margin=0.1),
        "strength": parts(2, 9, 10, towards=5).map(float),
        "signal": parts(4, 10, 10, towards=10).map(float),
        "pulses": st.integers(2, 8),
        "seed": draws.seeds(),
    },
    most=5,
)
def mean(
    subject: Subject, start: float, strength: float, signal: float, pulses: int, seed: int
) -> None:
    """Repeat one update of four devices 400 times from the same weight."""
    x, d = [1.0, -signal], [signal, -1.0]
    lr = rate(subject.nominal, strength, pulses)
    xbar = subject.array(2, 2, device=subject.nominal, seed=seed)
    begin = np.full((2, 2), start)
    ends = np.empty((REPEATS, 2, 2))
    for k in range(REPEATS):
        xbar.set_weights(begin)
        xbar.update(x, d, lr, pulses)
        ends[k] = xbar.weights
    reached = {sign: _reached(subject, start, sign, pulses) for sign in (1, -1)}
    for i in range(2):
        for j in range(2):
            p = strength * abs(d[i] * x[j])
            chance = [comb(pulses, n) * p**n * (1 - p) ** (pulses - n) for n in range(pulses + 1)]
            places = reached[1 if d[i] * x[j] > 0 else -1]
            expected = float(np.dot(chance, places))
            sd = float(np.sqrt(np.dot(chance, (places - expected) ** 2) / REPEATS))
            found = float(ends[:, i, j].mean())
            allowed = SIGMAS * sd + 1e-6 * float(np.ptp(places)) + 1e-12
            require(
                abs(found - expected) <= allowed,
                f"{REPEATS} updates take device [{i}, {j}] from w = {start:.6g} to {found:.6g} on "
                f"average; {pulses} slots, each with chance {p:.3g}, lead to {expected:.6g} "
                f"+- {sd:.2g}",
            )


def _reached(subject: Subject, start: float, sign: int, pulses: int) -> np.ndarray:
    """Return the weights after 0, 1, ... pulses of one direction."""
    xbar = subject.array(device=subject.nominal, weights=start)
    places = [float(xbar.weights[0, 0])]
    for _ in range(pulses):
        xbar.pulse_all([sign])
        places.append(float(xbar.weights[0, 0]))
    return np.array(places)


@check(
    "update.count",
    "An update moves as many pulses as it reports: one device that got n moves as n single pulses "
    "do, bit for bit.",
    needs=("still",),
    draws=lambda subject: {
        "start": draws.weights(subject),
        "strength": strengths(),
        "signal": st.sampled_from([1.0, -1.0, 0.5, 0.0]),
        "pulses": st.integers(1, 12),
        "seed": draws.seeds(),
    },
)
def count(
    subject: Subject, start: float, strength: float, signal: float, pulses: int, seed: int
) -> None:
    """Update one device, and give another as many pulses as were reported."""
    updated, pulsed = (
        subject.array(device=subject.quiet, weights=start, seed=seed) for _ in range(2)
    )
    result = updated.update([signal], [1.0], rate(subject.device, strength, pulses), pulses)
    require(
        0 <= result.pulses <= pulses * (signal != 0),
        f"a train of {pulses} slots gave {result.pulses} pulses at x = {signal:g}",
    )
    for _ in range(result.pulses):
        pulsed.pulse_all([1 if signal > 0 else -1])
    found = first_difference("weight", updated.weights, pulsed.weights)
    require(
        not found,
        f"an update that reports {result.pulses} pulses, against as many single pulses: {found}",
    )


@check(
    "update.lines",
    "Only devices whose row and column both carry a signal move, up where d_i x_j > 0 and down "
    "where d_i x_j < 0.",
    needs=("still",),
    draws=lambda subject: {
        "signals": signals(),
        "strength": strengths(),
        "start": draws.weights(subject),
        "seed": draws.seeds(),
    },
)
def lines(subject: Subject, signals: Signals, strength: float, start: float, seed: int) -> None:
    """Update once without noise, and look where and which way weights moved."""
    x, d = (np.asarray(side) for side in signals)
    xbar = subject.array(len(d), len(x), device=subject.quiet, weights=start, seed=seed)
    before = xbar.weights.copy()
    xbar.update(x.tolist(), d.tolist(), rate(subject.device, strength, 16), 16)
    moved = np.sign(xbar.weights - before)
    wanted = np.outer(np.sign(d), np.sign(x))
    wrong = np.argwhere((moved != 0) & (moved != wanted))
    place = tuple(int(k) for k in wrong[0]) if wrong.size else (0, 0)
    require(
        not wrong.size,
        f"device {list(place)} moves from {before[place]:.9g} to {xbar.weights[place]:.9g} at "
        f"d = {d[place[0]]:g}, x = {x[place[1]]:g}",
    )
