from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phys import Crossbar, Device, Timing, strategies
from phys.checked import InputError
from phys.events import EventArray
from phys.programming import MODES, sub_phases, update_ns
from phys.wires import Clock
from theory import laws

LAW = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
SIGNALS = st.integers(1, 7).flatmap(strategies.signals)


def run(x: Any, d: Any, mode: str, timing: Timing, seed: int = 0) -> tuple[Any, Crossbar]:
    env = Clock()
    device = Device(LAW, dw_min=0.01, device_spread=0.3, cycle_noise=0.4)
    xbar = Crossbar(len(d), len(x), device, seed=seed)
    process = env.process(EventArray(env, xbar, timing).update(x, d, lr=0.04, pulses=6, mode=mode))
    env.run()
    return process.value, xbar


@settings(max_examples=40)
@given(x=SIGNALS, d=SIGNALS, seed=st.integers(0, 2**32))
def test_all_modes_give_the_same_weights_in_the_time_that_theory_says(
    x: np.ndarray, d: np.ndarray, seed: int
) -> None:
    timing = Timing(slot_ns=6, phase_gap_ns=2)
    ends = set()
    for mode in MODES:
        result, xbar = run(x, d, mode, timing, seed)
        ends.add(xbar.columns.tobytes())
        assert result.time_ns == update_ns(x, d, 6, timing, mode)
    assert len(ends) == 1


@pytest.mark.parametrize(("mode", "order"), [("parallel", 0), ("rows", 1), ("devices", 2)])
def test_time_grows_as_the_mode_says(mode: str, order: int) -> None:
    sizes = (4, 8, 16)
    times = [run(np.ones(n), np.ones(n), mode, Timing())[0].time_ns for n in sizes]
    slopes = np.diff(np.log(times)) / np.diff(np.log(sizes))
    assert slopes == pytest.approx([order, order])


def test_sub_phases_switch_every_wanted_device_once_and_in_its_direction() -> None:
    x, d = np.array([1, -2, 0, 3]), np.array([-1, 0, 2])
    for mode in MODES:
        direction = np.zeros((3, 4))
        for phase in sub_phases(x, d, mode):
            direction[np.ix_(phase.rows, phase.columns)] += phase.polarity
        assert (direction == np.sign(np.outer(d, x))).all()


def test_an_unknown_mode_is_refused() -> None:
    with pytest.raises(InputError, match="parallel, rows, devices"):
        run([1], [1], "columns", Timing())
