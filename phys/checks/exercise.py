"""What the checks of arrays share: signals to draw, work to do, and states to compare."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from phys.crossbar import Crossbar
from phys.device import Device
from phys.strategies import parts
from phys.strategies import signals as line_signals

MOST_LINES = 4

SIGMAS = 5.5
"""Most standard deviations off the expected value: chance goes beyond them once in 2e7."""

Signals = tuple[list[float], list[float]]
"""Signals of the columns, x, and of the rows, d."""


def signals(largest: float = 4.0) -> SearchStrategy[Signals]:
    """Signals of the columns and of the rows of an array of 1 to 4 lines a side.

    Shrinks towards one line a side, without signal.
    """
    side = st.integers(1, MOST_LINES).flatmap(lambda lines: line_signals(lines, largest))
    plain = side.map(lambda values: [float(value) for value in values])
    return st.tuples(plain, plain)


def strengths() -> SearchStrategy[float]:
    """``lr/(dw_min BL)`` of an update, from few pulses to clipping; shrinks towards 1."""
    return parts(1, 300, 100, towards=100).map(float)


def runs() -> SearchStrategy[list[int]]:
    """Trains of up (+1) and down (-1) pulses in runs of equal ones; shrink towards one up pulse."""
    run = st.tuples(st.sampled_from([1, -1]), st.integers(1, 12))
    trains = st.lists(run, min_size=1, max_size=4)
    return trains.map(lambda drawn: [turn for turn, length in drawn for _ in range(length)])


def rate(device: Device, strength: float, pulses: int) -> float:
    """Return the learning rate at which signals of 1 fire together with chance `strength`."""
    return strength * device.dw_min * pulses


def work(xbar: Crossbar, x: list[float], d: list[float], pulses: int = 5) -> None:
    """Let an array do a bit of everything that may change it."""
    lr = rate(xbar.device, 0.7, pulses)
    xbar.update(list(x), list(d), lr, pulses)
    xbar.forward(list(x))
    xbar.pulse_all([1, 1, -1])
    xbar.backward(list(d))
    xbar.update(list(x), list(d), lr, pulses)


def snapshot(xbar: Crossbar) -> dict[str, np.ndarray]:
    """Return copies of all that an array is: its state, and the numbers of its devices."""
    return {**xbar.state(), "numbers of the devices": xbar.coefficients.copy()}


def difference(one: Mapping[str, Any], other: Mapping[str, Any]) -> str:
    """Return the first place in which two snapshots differ in a bit, or nothing."""
    for name in one:
        text = first_difference(name, one[name], other[name])
        if text:
            return text
    return ""


def first_difference(name: str, one: Any, other: Any) -> str:
    """Return the first place in which two arrays differ in a bit, or nothing."""
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape:
        return f"{name}: shape {a.shape} against {b.shape}"
    if a.dtype != b.dtype:
        return f"{name}: {a.dtype.name} against {b.dtype.name}"
    if a.tobytes() == b.tobytes():
        return ""
    unequal = np.argwhere(a != b)
    place = tuple(int(k) for k in (unequal[0] if len(unequal) else np.zeros(a.ndim, int)))
    return f"{name}{list(place) if place else ''}: {a[place]:.9g} against {b[place]:.9g}"
