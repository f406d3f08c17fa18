"""Randomness: it follows from the seed of the array, and from nothing else."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from phys.checks import draws
from phys.checks.exercise import Signals, difference, signals, snapshot, work
from phys.checks.registry import check, require
from phys.checks.subject import Subject


@check(
    "seed.same",
    "The same seed gives the same bits: devices, pulse trains, noise and all that follows.",
    draws=lambda subject: {
        "signals": signals(),
        "start": draws.weights(subject),
        "seed": draws.seeds(),
    },
)
def same(subject: Subject, signals: Signals, start: float, seed: int) -> None:
    """Make an array twice, and let both work."""
    x, d = signals
    ends = []
    for _ in range(2):
        xbar = subject.array(len(d), len(x), weights=start, seed=seed)
        work(xbar, x, d)
        ends.append(snapshot(xbar))
    found = difference(*ends)
    require(not found, f"two arrays with seed {seed} end differently: {found}")


@check(
    "seed.other",
    "Another seed gives other bits wherever chance enters: in the numbers of the devices where "
    "they differ, in the pulse trains, and in the noise where there is any.",
    draws=lambda subject: {
        "seeds": st.lists(draws.seeds(), min_size=2, max_size=2, unique=True),
    },
)
def other(subject: Subject, seeds: list[int]) -> None:
    """Make 64 devices twice, and compare what chance gave them."""
    one, two = (subject.array(8, 8, seed=seed) for seed in seeds)
    said = f"seeds {seeds[0]} and {seeds[1]} give 64 devices the same"
    spread = subject.device.spread
    if spread.step or spread.bounds:
        require((one.coefficients != two.coefficients).any(), f"{said} steps and bounds")
    ones = np.ones(8)
    counts = []
    for xbar in (one, two):
        lr = subject.device.dw_min * 16
        counts.append([xbar.update(ones, ones, lr, 32).pulses for _ in range(8)])
    require(counts[0] != counts[1], f"{said} numbers of pulses, {counts[0]}, in eight updates")
    if any(subject.device.noise):
        alike = replace(subject.device, device_spread=0.0)
        one, two = (subject.array(8, 8, device=alike, seed=seed) for seed in seeds)
        one.pulse_all([1, -1, 1])
        two.pulse_all([1, -1, 1])
        require((one.weights != two.weights).any(), f"{said} noise")


@check(
    "seed.own",
    "No global generator is used: what an array does leaves the states of numpy.random and random "
    "as they were.",
    draws=lambda subject: {"signals": signals(), "seed": draws.seeds()},
)
def own(subject: Subject, signals: Signals, seed: int) -> None:
    """Let an array work, and compare the states of both generators."""
    x, d = signals
    before = _global_states()
    work(subject.array(len(d), len(x), seed=seed), x, d)
    for (name, state), after in zip(before.items(), _global_states().values(), strict=True):
        require(state == after, f"the array draws from the global generator of {name}")


def _global_states() -> dict[str, object]:
    legacy = np.random.get_state()  # noqa: NPY002 - whether it is used is the question
    return {"numpy.random": str(legacy), "random": random.getstate()}
