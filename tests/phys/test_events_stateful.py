"""Both engines, driven by the same random sequence of operations, agree in every bit after each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from phys import Crossbar, Device, zero_shift
from phys.events import EventArray
from phys.wires import Clock
from theory import DeviceLaw, laws, w

LAWS = {
    "soft bounds": laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3),
    "exponential": laws.CATALOGUE["exponential_step"].law(),
    "tabulated": laws.CATALOGUE["tabulated"].law(),
    "user": DeviceLaw("mine", up=1.3 * (1 - w) ** 2, down=1 + w, bounds=(-1, 1)),
}
ROWS, COLS = 3, 4
VALUES = st.sampled_from([-1.0, -0.25, 0.0, 0.0, 0.5, 1.0])
COLUMN_SIGNALS = st.lists(VALUES, min_size=COLS, max_size=COLS)
ROW_SIGNALS = st.lists(VALUES, min_size=ROWS, max_size=ROWS)
NOISES = [{}, {"cycle_noise": 0.5}, {"additive_noise": 0.3}]
ARRAYS: dict[str, Any] = {
    "law": st.sampled_from(sorted(LAWS)),
    "noise": st.sampled_from(NOISES),
    "spread": st.sampled_from([0.0, 0.3]),
    "seed": st.integers(0, 2**40),
}


class TwoEngines(RuleBasedStateMachine):
    """An auxiliary and a core array in each engine."""

    @initialize(**ARRAYS)
    def build(self, law: str, noise: dict[str, float], spread: float, seed: int) -> None:
        device = Device(LAWS[law], dw_min=0.02, device_spread=spread, **noise)
        self.fast, self.event = (
            [Crossbar(ROWS, COLS, device, seed=seed + k) for k in range(2)] for _ in range(2)
        )
        self.clock = Clock()
        self.arrays = [EventArray(self.clock, xbar) for xbar in self.event]
        self.saved: Any = None

    def run(self, operation: Any) -> Any:
        before = self.clock.now
        process = self.clock.process(operation)
        self.clock.run()
        assert self.clock.now >= before
        return process.value

    @rule(
        which=st.integers(0, 1),
        x=COLUMN_SIGNALS,
        d=ROW_SIGNALS,
        lr=st.sampled_from([0.01, 0.1, 2.0]),
        pulses=st.sampled_from([1, 5, 10]),
    )
    def update(self, which: int, x: list[float], d: list[float], lr: float, pulses: int) -> None:
        a = self.fast[which].update(x, d, lr, pulses)
        b = self.run(self.arrays[which].update(x, d, lr, pulses))
        assert a.pulses == b.pulses

    @rule(which=st.integers(0, 1), x=COLUMN_SIGNALS, d=ROW_SIGNALS)
    def read(self, which: int, x: list[float], d: list[float]) -> None:
        y = self.run(self.arrays[which].forward(x))
        z = self.run(self.arrays[which].backward(d))
        assert y.tobytes() == self.fast[which].forward(x).tobytes()
        assert z.tobytes() == self.fast[which].backward(d).tobytes()

    @rule(column=st.integers(0, COLS - 1), lr=st.sampled_from([0.1, 1.0]))
    def transfer(self, column: int, lr: float) -> None:
        one_hot = np.eye(COLS)[column]
        self.fast[1].update(one_hot, self.fast[0].read_column(column), lr)
        found = self.run(self.arrays[0].read_column(column))
        self.run(self.arrays[1].update(one_hot, found, lr))

    @rule(which=st.integers(0, 1), directions=st.lists(st.sampled_from([1, -1]), max_size=4))
    def pulse_all(self, which: int, directions: list[int]) -> None:
        self.fast[which].pulse_all(directions)
        self.run(self.arrays[which].pulse_all(directions))

    @rule(which=st.integers(0, 1), pairs=st.integers(1, 3))
    def shift(self, which: int, pairs: int) -> None:
        zero_shift(self.fast[which], pairs=pairs)
        self.run(self.arrays[which].zero_shift(pairs))

    @rule()
    def save(self) -> None:
        self.saved = [[xbar.state() for xbar in side] for side in (self.fast, self.event)]

    @precondition(lambda self: getattr(self, "saved", None) is not None)
    @rule()
    def load(self) -> None:
        for side, states in zip((self.fast, self.event), self.saved, strict=True):
            for xbar, state in zip(side, states, strict=True):
                xbar.restore(state)

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "fast"):
            return
        for a, b in zip(self.fast, self.event, strict=True):
            assert a.columns.tobytes() == b.columns.tobytes(), "weights differ"
            assert a.reference_columns.tobytes() == b.reference_columns.tobytes()
            assert a.updates == b.updates


class Perturbed(TwoEngines):
    """The event engine's law, with up steps larger by one part in a million."""

    @initialize(**ARRAYS)
    def build(self, law: str, noise: dict[str, float], spread: float, seed: int) -> None:
        super().build(law, noise, spread, seed)
        for xbar in self.event:
            xbar.kernel = _Larger(xbar.kernel)  # type: ignore[assignment]


class _Larger:
    def __init__(self, kernel: Any) -> None:
        self.kernel = kernel

    def __getattr__(self, name: str) -> Any:
        return getattr(self.kernel, name)

    def up_step(self, weight: Any, c: Any, o: int) -> Any:
        return self.kernel.up_step(weight, c, o) * np.float32(1.000001)


TwoEngines.TestCase.settings = settings(max_examples=40, stateful_step_count=12, deadline=None)
TestTwoEngines = TwoEngines.TestCase


def test_the_machine_finds_a_perturbed_kernel() -> None:
    with pytest.raises(AssertionError, match="weights differ"):
        run_state_machine_as_test(
            Perturbed,
            settings=settings(
                max_examples=20,
                stateful_step_count=8,
                deadline=None,
                database=None,
                derandomize=True,
                phases=[Phase.generate],
            ),
        )
