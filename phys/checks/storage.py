"""Storage: devices and states come back from files and processes as they were."""

from __future__ import annotations

import json
import pickle
from dataclasses import fields
from typing import Any

import numpy as np

from phys.checks import draws
from phys.checks.exercise import Signals, difference, signals, snapshot, work
from phys.checks.registry import NotApplicable, check, require
from phys.checks.subject import Subject
from phys.device_file import device_from_json, device_to_json
from phys.functions.hidden_state import HiddenStateFunctions
from phys.functions.identity import identity
from phys.functions.steps import StepFunctions
from theory.law_file import VERSION, LawFileError


def _alike(value: Any, found: Any) -> bool:
    """Whether two values are equal, functions that are objects by what they do."""
    if isinstance(value, StepFunctions | HiddenStateFunctions) and type(found) is type(value):
        names = [f.name for f in fields(value)]
        return all(
            identity(getattr(value, name)) == identity(getattr(found, name))
            if callable(getattr(value, name))
            else getattr(value, name) == getattr(found, name)
            for name in names
        )
    return bool(found == value)


def _same_device(subject: Subject, back: Any, how: str, seed: int) -> None:
    """Require that `back` is the device, and that an array of it does the same."""
    for name in (f.name for f in fields(subject.device)):
        value, found = getattr(subject.device, name), getattr(back, name, "nothing")
        require(_alike(value, found), f"{how} turns {name} = {value!r} into {found!r}")
    ends = []
    for device in (subject.device, back):
        xbar = subject.array(2, 3, device=device, seed=seed)
        work(xbar, [1.0, 0.5, -1.0], [1.0, -0.5])
        ends.append(snapshot(xbar))
    found = difference(*ends)
    require(not found, f"an array of the device that {how} gives differs: {found}")


@check(
    "store.json",
    "A law file gives the device back, equal in every field and bit for bit at work; one of "
    f"another version than {VERSION} is refused.",
    needs=("formula",),
    draws=lambda subject: {"seed": draws.seeds()},
    most=3,
)
def as_json(subject: Subject, seed: int) -> None:
    """Write the device to text, read it, and compare."""
    data = json.loads(json.dumps(device_to_json(subject.device)))
    _same_device(subject, device_from_json(data), "a law file", seed)
    try:
        device_from_json({**data, "version": VERSION + 1})
    except LawFileError:
        pass
    else:
        require(False, f"a law file of version {VERSION + 1} is read without a word")


@check(
    "store.pickle",
    "A pickle gives the device back, equal in every field and bit for bit at work, so that runs "
    "can be spread over processes.",
    draws=lambda subject: {"seed": draws.seeds()},
    most=3,
)
def as_pickle(subject: Subject, seed: int) -> None:
    """Pickle the device, as it is sent to another process, and compare."""
    subject.array(device=subject.device).pulse_all([1])
    try:
        text = pickle.dumps(subject.device)
    except (pickle.PicklingError, AttributeError, TypeError):
        if subject.law is None:
            raise NotApplicable(
                "its functions are defined where no other process can import them; define them at "
                "the top of a module"
            ) from None
        raise
    _same_device(subject, pickle.loads(text), "a pickle", seed)


@check(
    "store.state",
    "A state taken up again goes on to the same bits, in the same array and in a new one, as a "
    "training does that was stopped.",
    draws=lambda subject: {
        "signals": signals(),
        "start": draws.weights(subject),
        "reference": draws.weights(subject),
        "seed": draws.seeds(),
    },
)
def state(subject: Subject, signals: Signals, start: float, reference: float, seed: int) -> None:
    """Work, keep the state, work on; then go back to it, and work on again."""
    x, d = signals
    xbar = subject.array(len(d), len(x), weights=start, seed=seed)
    xbar.set_reference(np.full((len(d), len(x)), reference))
    work(xbar, x, d)
    kept = xbar.state()
    work(xbar, x, d)
    end = snapshot(xbar)
    anew = subject.array(len(d), len(x), seed=seed)
    for name, other in (("the same array", xbar), ("a new array", anew)):
        other.restore(kept)
        work(other, x, d)
        found = difference(end, snapshot(other))
        require(not found, f"{name}, taken up from a state, goes on differently: {found}")
