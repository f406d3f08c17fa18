"""Hidden numbers of devices: what the functions say, kept with the state, one set per device."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phys import Crossbar, Device, HiddenStateFunctions, Timing, train, training_run
from phys.checked import InputError
from tests.phys.helpers import blobs, network_digest, signals, state_digest
from tests.phys.test_checkpoint import Stop
from tests.phys.test_function_devices import WORN

RATE = 1 / 64


def counting_up(w: Any, count: Any) -> Any:
    return 1 - w, count + 1


def counting_down(w: Any, count: Any) -> Any:
    return 1 + w, count + 1


COUNTER = HiddenStateFunctions(counting_up, counting_down, {"count": 0.0}, (-1, 1), name="counter")


def fading_up(w: Any, rest: Any) -> Any:
    return 1 - w, rest


def fading_down(w: Any, rest: Any) -> Any:
    return 1 + w, rest


def fade(w: Any, rest: Any) -> Any:
    return w + (rest - w) * RATE, rest


FADING = HiddenStateFunctions(fading_up, fading_down, {"rest": 0.25}, (-1, 1), fade, name="fading")


@pytest.mark.parametrize("engine", ["fast", "event"])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_every_device_counts_its_own_pulses(engine: str, spread: float) -> None:
    """A hidden number that counts pulses agrees with the number of pulses that were given."""
    xbar = Crossbar(6, 9, Device(COUNTER, dw_min=0.01, device_spread=spread), seed=2)
    given, each = 0, np.zeros((6, 9))
    for n in range(3):
        result = xbar.update(signals(9, n), signals(6, n + 5), lr=0.05, engine=engine)
        given += result.pulses
        if engine == "event":
            each += result.pulses_per_device  # type: ignore[attr-defined]
    counted = xbar.hidden_state["count"]
    assert counted.shape == (6, 9)
    assert counted.sum() == given > 50
    if engine == "event":
        assert (counted == each).all()
    xbar.pulse_all([1, -1], engine=engine)
    assert (xbar.hidden_state["count"] == counted + 2).all()


def test_hidden_numbers_are_read_only_copies() -> None:
    xbar = Crossbar(2, 3, Device(COUNTER, dw_min=0.01))
    before = xbar.hidden_state["count"]
    with pytest.raises(ValueError, match="read-only"):
        before[0, 0] = 5
    xbar.pulse_all([1])
    assert (before == 0).all()
    assert (xbar.hidden_state["count"] == 1).all()


def test_a_law_has_no_hidden_state() -> None:
    from theory import laws

    xbar = Crossbar(2, 3, Device(laws.soft_bounds(1, -1, 0), dw_min=0.01))
    assert xbar.hidden_state == {}
    assert "hidden" not in xbar.state()
    before = state_digest(xbar)
    xbar.relax()
    assert state_digest(xbar) == before


@pytest.mark.parametrize("engine", ["fast", "event"])
def test_weights_relax_once_per_update(engine: str) -> None:
    """``w - rest`` shrinks by ``1 - RATE`` per update; one without pulses is an update too."""
    xbar = Crossbar(3, 4, Device(FADING, dw_min=0.01), seed=1)
    start = np.linspace(-0.9, 0.9, 12).reshape(3, 4)
    xbar.set_weights(start)
    for _ in range(10):
        xbar.update(np.zeros(4), np.ones(3), lr=0.1, engine=engine)
    expected = 0.25 + (start - 0.25) * (1 - RATE) ** 10
    assert xbar.weights == pytest.approx(expected, abs=1e-6)


def test_every_pulse_of_an_alternation_is_an_update() -> None:
    fast, event = (Crossbar(3, 4, Device(FADING, dw_min=0.01, device_spread=0.2)) for _ in "ab")
    fast.pulse_all([1, -1, 1, 1])
    event.pulse_all([1, -1, 1, 1], engine="event")
    assert state_digest(fast) == state_digest(event)
    by_hand = Crossbar(3, 4, Device(FADING, dw_min=0.01, device_spread=0.2))
    for turn in (1, -1, 1, 1):
        by_hand.pulse_all([turn])
    assert state_digest(by_hand) == state_digest(fast)


def test_a_relaxing_device_stays_within_its_own_bounds() -> None:
    def burst(w: Any, rest: Any) -> Any:
        return w + 10, rest

    device = HiddenStateFunctions(fading_up, fading_down, {"rest": 0.0}, (-1, 1), burst)
    xbar = Crossbar(4, 4, Device(device, dw_min=0.01, device_spread=0.3), seed=1)
    xbar.relax()
    assert (xbar.weights == xbar.bounds[1]).all()


def test_devices_with_other_bounds_relax_in_the_stretched_weight() -> None:
    xbar = Crossbar(5, 5, Device(FADING, dw_min=0.01, device_spread=0.3), seed=1)
    low, high = (np.asarray(b, float) for b in xbar.bounds)
    for _ in range(2000):
        xbar.relax()
    assert xbar.weights == pytest.approx(low + (0.25 + 1) / 2 * (high - low), abs=1e-4)


def test_deterministic_timing_faults_count_a_pulse_whole() -> None:
    timing = Timing(slot_ns=9, line_delay_ps=100)
    fast, event = (Crossbar(4, 6, Device(WORN, dw_min=0.01), seed=1) for _ in "ab")
    x, d = np.ones(6), np.ones(4)
    fast.update(x, d, lr=0.05, timing=timing)
    event.update(x, d, lr=0.05, timing=timing, engine="event")
    assert state_digest(fast) == state_digest(event)


def test_n_and_m_pulses_are_n_then_m() -> None:
    whole, parts = (Crossbar(3, 3, Device(WORN, dw_min=0.01), seed=4) for _ in "ab")
    whole.pulse_all([1, -1, 1, 1, -1])
    parts.pulse_all([1, -1])
    parts.pulse_all([1, 1, -1])
    assert state_digest(whole) == state_digest(parts)


def test_restoring_a_state_restores_the_hidden_numbers() -> None:
    xbar = Crossbar(3, 5, Device(WORN, dw_min=0.01, cycle_noise=0.2), seed=1)
    xbar.pulse_all([1, 1, -1])
    kept, digest = xbar.state(), state_digest(xbar)
    xbar.update(np.ones(5), np.ones(3), lr=0.1)
    assert state_digest(xbar) != digest
    after = state_digest(xbar)
    xbar.restore(kept)
    assert state_digest(xbar) == digest
    xbar.update(np.ones(5), np.ones(3), lr=0.1)
    assert state_digest(xbar) == after


def test_a_resumed_training_keeps_the_hidden_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_run, "CHUNK", 6)

    def run(**options: Any) -> Any:
        return train(
            blobs(30, 9),
            "sgd",
            Device(WORN, dw_min=0.01),
            epochs=2,
            layers=(12, 3),
            pairs=10,
            **options,
        ).network

    whole, file = run(), tmp_path / "run.ckpt"
    with pytest.raises(training_run.TrainingInterrupted):
        run(checkpoint_file=file, progress=Stop(0.4))
    assert network_digest(run(checkpoint_file=file, resume=True)) == network_digest(whole)


# -- errors ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"state": {}}, "names no hidden number"),
        ({"state": 0.5}, "names no hidden number"),
        ({"state": {"two words": 0}}, "give a name such as"),
        ({"state": {"count": math.nan}}, r"state\['count'\] = nan is out of range"),
        ({"state": {"count": "x"}}, r"state\['count'\] = 'x' is not a number"),
        ({"state": {"a": 0, "b": 0}}, "raised TypeError"),
        ({"up": lambda w, s: 1 - w}, r"returned one ndarray; return 1 \+ 1 arrays"),
        ({"up": lambda w, s: (1 - w, s, s)}, "returned a tuple of 3"),
        ({"up": lambda w, s: (1 - w, 0.0)}, r"returned shape \(\)"),
        ({"down": lambda w, s: (1 + w, s / 0)}, "makes a hidden number nan"),
        ({"down": lambda w, s: (w, s)}, "down.*is not a positive"),
        ({"between_updates": lambda w, s: (w / 0, s)}, "between_updates.*not a finite weight"),
        ({"between_updates": 4}, "between_updates = 4 cannot be called"),
        ({"bounds": (0, 1)}, "do not hold 0"),
    ],
)
def test_what_is_no_device_is_refused(changes: dict[str, Any], text: str) -> None:
    good = {
        "up": counting_up,
        "down": counting_down,
        "state": {"count": 0.0},
        "bounds": (-1, 1),
    }
    with pytest.raises(InputError, match=text):
        HiddenStateFunctions(**{**good, **changes})
