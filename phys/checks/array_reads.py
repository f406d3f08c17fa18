"""Reads: forward and backward see the weight less its reference, and change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from phys.checks import draws
from phys.checks.exercise import Signals, difference, first_difference, signals, snapshot
from phys.checks.registry import check, require
from phys.checks.subject import Subject
from phys.crossbar import Crossbar


def _drawn(subject: Subject) -> dict[str, SearchStrategy[Any]]:
    return {
        "signals": signals(),
        "start": draws.weights(subject),
        "reference": draws.weights(subject),
        "seed": draws.seeds(),
    }


def _array(subject: Subject, signals: Signals, start: float, reference: float, seed: int) -> Any:
    """Return an array whose weights and references differ from device to device."""
    x, d = signals
    shape = len(d), len(x)
    share = 1 - np.arange(shape[0] * shape[1]).reshape(shape) / 20
    xbar = subject.array(*shape, weights=start * share, seed=seed)
    xbar.set_reference(reference * share[::-1])
    return xbar


@check(
    "read.reference",
    "The reference is the zero of the weight: effective weights are w - r, forward gives "
    "y = (w - r) x and backward z = (w - r)^T d, up to rounding.",
    draws=_drawn,
)
def reference(
    subject: Subject, signals: Signals, start: float, reference: float, seed: int
) -> None:
    """Compare with the same products in float64."""
    x, d = (np.asarray(side) for side in signals)
    xbar: Crossbar = _array(subject, signals, start, reference, seed)
    zeroed = xbar.weights - xbar.reference
    found = first_difference("effective weight", xbar.effective_weights, zeroed)
    require(not found, f"effective weights against w - r: {found}")
    exact = zeroed.astype(float)
    rounding = 2.0**-22 * (len(x) + len(d))
    for name, read, wanted, most in (
        ("forward", xbar.forward(x), exact @ x, np.abs(exact) @ np.abs(x)),
        ("backward", xbar.backward(d), exact.T @ d, np.abs(exact.T) @ np.abs(d)),
    ):
        error = np.abs(read - wanted) - rounding * most
        k = int(np.argmax(error))
        require(
            error[k] <= 1e-30,
            f"{name} gives {read[k]:.9g} on line {k}; w - r gives {wanted[k]:.9g}",
        )


@check(
    "read.pure",
    "Reads change nothing: after forward, backward, read_column and a look at the weights every "
    "weight and reference is the same, and what was handed out cannot be written to.",
    draws=_drawn,
)
def pure(subject: Subject, signals: Signals, start: float, reference: float, seed: int) -> None:
    """Read in every way, and compare the state."""
    x, d = signals
    xbar: Crossbar = _array(subject, signals, start, reference, seed)
    before = snapshot(xbar)
    read = {
        "forward": xbar.forward(list(x)),
        "backward": xbar.backward(list(d)),
        "read_column": xbar.read_column(0),
    }
    for name, values in read.items():
        require(
            not any(
                np.shares_memory(values, own) for own in (xbar.columns, xbar.reference_columns)
            ),
            f"what {name} returns shares its memory with the array",
        )
    for name in ("weights", "reference", "effective_weights"):
        require(not getattr(xbar, name).flags.writeable, f"{name} can be written to from outside")
    changed = difference(before, {**snapshot(xbar), "reads": before["reads"]})
    require(not changed, f"before and after reading: {changed}")


@check(
    "read.batch",
    "A batch of signals gives what each gives alone, bit for bit, and an empty batch gives none.",
    draws=lambda subject: {**_drawn(subject), "scales": st.lists(st.floats(-2, 2), max_size=4)},
)
def batch(
    subject: Subject,
    signals: Signals,
    start: float,
    reference: float,
    seed: int,
    scales: list[float],
) -> None:
    """Read several multiples of the same signals, at once and one by one."""
    xbar: Crossbar = _array(subject, signals, start, reference, seed)
    for name, side, lines, other in (
        ("forward", signals[0], xbar.cols, xbar.rows),
        ("backward", signals[1], xbar.rows, xbar.cols),
    ):
        read = getattr(xbar, name)
        many = np.outer(scales, side).reshape(len(scales), lines)
        together = read(many)
        alone = np.array([read(one) for one in many], np.float32).reshape(len(scales), other)
        found = first_difference("output", together, alone)
        require(not found, f"{name}, a batch of {len(scales)} against one by one: {found}")


@check(
    "reference.apart",
    "Weights and references do not move each other: pulses and updates leave the reference, and "
    "programming the reference leaves the weights.",
    draws=_drawn,
)
def reference_apart(
    subject: Subject, signals: Signals, start: float, reference: float, seed: int
) -> None:
    """Program one, pulse the other."""
    x, d = signals
    xbar: Crossbar = _array(subject, signals, start, 0.0, seed)
    weights = xbar.weights.copy()
    xbar.set_reference(np.full((len(d), len(x)), reference))
    found = first_difference("weight", xbar.weights, weights)
    require(not found, f"after programming the reference: {found}")
    programmed = xbar.reference.copy()
    xbar.pulse_all([1, -1, 1])
    xbar.update(list(x), list(d), xbar.device.dw_min * 2, 4)
    found = first_difference("reference", xbar.reference, programmed)
    require(not found, f"after pulses and an update: {found}")
