"""Inputs: they stay as they are, only their numbers count, and bad ones are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from hypothesis import strategies as st

from phys.checks import draws
from phys.checks.exercise import Signals, difference, rate, signals, snapshot
from phys.checks.registry import check, require
from phys.checks.subject import Subject
from phys.crossbar import Crossbar

LAYOUTS: dict[str, Callable[[np.ndarray], Any]] = {
    "lists": np.ndarray.tolist,
    "float64": lambda plain: plain.astype(np.float64),
    "Fortran order": np.asfortranarray,
    "every other element": lambda plain: np.repeat(plain, 2, axis=-1)[..., ::2],
    "reversed memory": lambda plain: np.ascontiguousarray(plain[..., ::-1])[..., ::-1],
    "read-only": lambda plain: _frozen(plain),
}


def _frozen(values: np.ndarray) -> np.ndarray:
    copy = values.copy()
    copy.flags.writeable = False
    return copy


def _everything(xbar: Crossbar, weights: Any, x: Any, d: Any, lr: float) -> dict[str, np.ndarray]:
    """Hand `weights`, `x` and `d` to all that takes them; return what came of it."""
    xbar.set_weights(weights)
    xbar.set_reference(weights)
    xbar.update(x, d, lr, 6)
    return {**snapshot(xbar), "forward": xbar.forward(x), "backward": xbar.backward(d)}


@check(
    "input.layout",
    "Numbers count, not how they are stored: lists, float64, other memory orders and strides give "
    "the bits that a plain float32 array gives.",
    draws=lambda subject: {
        "signals": signals(),
        "start": draws.weights(subject),
        "layout": st.sampled_from(list(LAYOUTS)),
        "seed": draws.seeds(),
    },
)
def layout(subject: Subject, signals: Signals, start: float, layout: str, seed: int) -> None:
    """Do the same with both."""
    x, d = signals
    weights = start * (1 - np.arange(len(d) * len(x)).reshape(len(d), len(x)) / 20)
    lr = rate(subject.device, 0.6, 6)
    ends = []
    for form in (np.ascontiguousarray, LAYOUTS[layout]):
        xbar = subject.array(len(d), len(x), seed=seed)
        w, columns, rows = (form(np.asarray(v, np.float32)) for v in (weights, x, d))
        ends.append(_everything(xbar, w, columns, rows, lr))
    found = difference(*ends)
    require(not found, f"a plain array against {layout}: {found}")


@check(
    "input.unchanged",
    "What is handed in stays as it is, and is not kept: signals, weights and directions are the "
    "same afterwards, and changing them then changes no weight.",
    draws=lambda subject: {
        "signals": signals(),
        "start": draws.weights(subject),
        "seed": draws.seeds(),
    },
)
def unchanged(subject: Subject, signals: Signals, start: float, seed: int) -> None:
    """Hand in writeable float32 arrays, which need no copy, and overwrite them at the end."""
    x, d = (np.asarray(side, np.float32) for side in signals)
    weights = np.full((d.size, x.size), start, np.float32)
    turns = np.array([1, -1, 1], np.int64)
    given: dict[str, np.ndarray] = {"x": x, "d": d, "weights": weights, "directions": turns}
    before = {name: values.copy() for name, values in given.items()}
    xbar = subject.array(d.size, x.size, seed=seed)
    _everything(xbar, weights, x, d, rate(subject.device, 0.6, 6))
    xbar.pulse_all(turns)
    found = difference(before, given)
    require(not found, f"before and after: {found}")
    held = snapshot(xbar)
    for values in given.values():
        values[...] = 1
    found = difference(held, snapshot(xbar))
    require(not found, f"overwriting what was handed in changes the array: {found}")


BAD = ("nan", "inf", "-inf", "1e39", "text", "too long")


def _spoilt(values: list[float], place: int, bad: str) -> Any:
    """Return `values` with something in them that is no number of an array."""
    if bad == "too long":
        return [*values, 0.5]
    spoilt: list[Any] = list(values)
    spoilt[place % len(values)] = "volt" if bad == "text" else float(bad)
    return spoilt


@check(
    "refuse.signals",
    "Signals and weights that are NaN, infinite, beyond float32, no numbers or too many are "
    "refused with ValueError, and the array is as it was.",
    draws=lambda subject: {
        "call": st.sampled_from(["update x", "update d", "forward", "backward", "set_weights"]),
        "bad": st.sampled_from(BAD),
        "place": st.integers(0, 2),
        "seed": draws.seeds(),
    },
)
def refuse_signals(subject: Subject, call: str, bad: str, place: int, seed: int) -> None:
    """Spoil one number of good input."""
    xbar = subject.array(2, 3, seed=seed)
    xbar.update([1.0, 0.5, -1.0], [1.0, -0.5], rate(subject.device, 1.0, 4), 4)
    x, d = [0.5, -1.0, 0.25], [1.0, -0.5]
    lr = rate(subject.device, 1.0, 4)
    calls: dict[str, Callable[[], Any]] = {
        "update x": lambda: xbar.update(_spoilt(x, place, bad), d, lr, 4),
        "update d": lambda: xbar.update(x, _spoilt(d, place, bad), lr, 4),
        "forward": lambda: xbar.forward(_spoilt(x, place, bad)),
        "backward": lambda: xbar.backward(_spoilt(d, place, bad)),
        "set_weights": lambda: xbar.set_weights([_spoilt(x, place, bad), _spoilt(x, 0, bad)]),
    }
    _refused(xbar, calls[call], f"{call} with {bad} among its numbers")


@check(
    "refuse.numbers",
    "A learning rate that is not above 0 and finite, a train of no slot or of more than 64, "
    "an unknown engine and a pulse that is neither up nor down are refused with ValueError, and "
    "the array is as it was.",
    draws=lambda subject: {
        "bad": st.sampled_from(
            [
                ("lr", "0"),
                ("lr", "-1"),
                ("lr", "nan"),
                ("lr", "inf"),
                ("pulses", "0"),
                ("pulses", "65"),
                ("engine", "quick"),
                ("directions", "0"),
                ("directions", "2"),
            ]
        ),
        "seed": draws.seeds(),
    },
)
def refuse_numbers(subject: Subject, bad: tuple[str, str], seed: int) -> None:
    """Give one number that is out of range."""
    name, value = bad
    xbar = subject.array(2, 3, seed=seed)
    good: dict[str, Any] = {"lr": rate(subject.device, 1.0, 4), "pulses": 4}
    xbar.update([1.0, 0.5, -1.0], [1.0, -0.5], **good)
    number: Any = {"lr": float, "pulses": int, "directions": int}.get(name, str)(value)

    def call() -> Any:
        if name == "directions":
            return xbar.pulse_all([1, number])
        return xbar.update([1.0, 0.5, -1.0], [1.0, -0.5], **{**good, name: number})

    _refused(xbar, call, f"{name} = {value}")


def _refused(xbar: Crossbar, call: Callable[[], Any], what: str) -> None:
    before = snapshot(xbar)
    try:
        call()
    except ValueError:
        changed = difference(before, snapshot(xbar))
        require(not changed, f"{what} is refused after something changed: {changed}")
    else:
        require(False, f"{what} is accepted")
