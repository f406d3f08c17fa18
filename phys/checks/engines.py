"""Engines: the fast one, the NumPy one and the events on a clock give the same bits."""

from __future__ import annotations

import numpy as np
from hypothesis import strategies as st

from phys import arrays, compiler, fast
from phys.checks import draws
from phys.checks.exercise import Signals, difference, first_difference, rate, signals, strengths
from phys.checks.registry import NotApplicable, check, require
from phys.checks.subject import Subject
from phys.kernels import LawKernel
from phys.pulses import MAX_PULSES, update_gain
from phys.timing import Timing


@check(
    "engine.event",
    "With ideal timing the event engine gives the bits of the fast engine, pulse for pulse: same "
    "weights, same number of pulses n, after every update.",
    draws=lambda subject: {
        "signals": signals(),
        "strength": strengths(),
        "pulses": st.integers(1, 12) | st.just(MAX_PULSES),
        "start": draws.weights(subject),
        "seed": draws.seeds(),
    },
)
def event(
    subject: Subject, signals: Signals, strength: float, pulses: int, start: float, seed: int
) -> None:
    """Do the same on two equal arrays: two updates, and two pulses for all devices."""
    x, d = signals
    quick, slow = (subject.array(len(d), len(x), weights=start, seed=seed) for _ in range(2))
    lr = rate(subject.device, strength, pulses)
    for number in (1, 2):
        one = quick.update(list(x), list(d), lr, pulses)
        other = slow.update(list(x), list(d), lr, pulses, engine="event")
        require(
            one.pulses == other.pulses,
            f"update {number} gives n = {one.pulses} pulses on the fast engine and "
            f"{other.pulses} on the event engine",
        )
        apart = first_difference("weight", quick.weights, slow.weights)
        require(not apart, f"after update {number}, fast against event engine: {apart}")
    quick.pulse_all([1, -1])
    slow.pulse_all([1, -1], engine="event")
    kept = ("weights", "updates", "hidden")
    states = [{k: v for k, v in xbar.state().items() if k in kept} for xbar in (quick, slow)]
    apart = difference(*states)
    require(not apart, f"after an up and a down pulse, fast against event engine: {apart}")


@check(
    "engine.timing",
    "With late lines, line delays and slow edges both engines switch the same part f(t) of each "
    "step, t the overlap of the pulses of row and column.",
    draws=lambda subject: {
        "signals": signals(),
        "delay_ps": st.integers(0, 50).map(lambda n: 10.0 * n),
        "late_ps": st.integers(0, 50).map(lambda n: 40.0 * n),
        "rise_ps": st.integers(0, 40).map(lambda n: 100.0 * n),
        "start": draws.weights(subject),
        "seed": draws.seeds(),
    },
)
def timing(
    subject: Subject,
    signals: Signals,
    delay_ps: float,
    late_ps: float,
    rise_ps: float,
    start: float,
    seed: int,
) -> None:
    """Do the same update with the same faults on two equal arrays."""
    x, d = signals
    faults = Timing(slot_ns=10, line_delay_ps=delay_ps, late_rows_ps={0: late_ps}, rise_ps=rise_ps)
    quick, slow = (subject.array(len(d), len(x), weights=start, seed=seed) for _ in range(2))
    lr = rate(subject.device, 0.7, 8)
    quick.update(list(x), list(d), lr, 8, timing=faults)
    slow.update(list(x), list(d), lr, 8, timing=faults, engine="event")
    apart = first_difference("weight", quick.weights, slow.weights)
    require(not apart, f"with timing faults, fast against event engine: {apart}")


@check(
    "engine.numpy",
    "The compiled loops and the NumPy form of the same formula give the same bits.",
    needs=("formula",),
    draws=lambda subject: {
        "signals": signals(),
        "strength": strengths(),
        "pulses": st.integers(1, 12) | st.just(MAX_PULSES),
        "start": draws.weights(subject),
        "seed": draws.seeds(),
    },
)
def numpy(
    subject: Subject, signals: Signals, strength: float, pulses: int, start: float, seed: int
) -> None:
    """Do the same on two equal arrays, one of them by NumPy whatever this process has."""
    if not compiler.available():
        raise NotApplicable("numba is missing or switched off: NumPy is the only engine")
    x, d = signals
    compiled, plain = (subject.array(len(d), len(x), weights=start, seed=seed) for _ in range(2))
    if not isinstance(compiled.kernel, LawKernel):
        raise NotApplicable("the device has a kernel of its own, which only NumPy runs")
    lr = rate(subject.device, strength, pulses)
    gain = update_gain(lr, subject.device.dw_min, pulses)
    for engine, xbar in ((fast, compiled), (arrays, plain)):
        engine.update(xbar, np.asarray(x, np.float32), np.asarray(d, np.float32), gain, pulses)
        xbar.updates += 1
    apart = first_difference("weight", compiled.weights, plain.weights)
    require(not apart, f"after an update, compiled against NumPy: {apart}")
    for engine, xbar in ((fast, compiled), (arrays, plain)):
        engine.alternate(xbar, np.array([1, -1, 1]))
    apart = first_difference("weight", compiled.weights, plain.weights)
    require(not apart, f"after three pulses, compiled against NumPy: {apart}")
