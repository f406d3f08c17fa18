from __future__ import annotations

import subprocess
import sys
import textwrap
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phys import Crossbar, Device, Spread, StepFunctions, Timing, Trace, strategies
from phys.checked import InputError
from phys.events import BusyError, EventArray, EventResult
from phys.trace import FALL, LOST, RISE, SWITCH
from phys.wires import Clock
from theory import DeviceLaw, laws, w

LAWS: dict[str, Any] = {
    "soft bounds": laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3),
    "constant": laws.CATALOGUE["constant_step"].law(),
    "exponential": laws.CATALOGUE["exponential_step"].law(),
    "power": laws.CATALOGUE["power_step"].law(),
    "tabulated": laws.CATALOGUE["tabulated"].law(),
    "written by a user": DeviceLaw("mine", up=1.3 * (1 - w) ** 2, down=1 + w, bounds=(-1, 1)),
    "functions": StepFunctions(lambda v: 1 - v**3 / 2, lambda v: 1 + v / 2, (-1, 1)),
}
SOFT = LAWS["soft bounds"]
NOISES = ({}, {"cycle_noise": 0.3}, {"additive_noise": 0.2})
SPREADS = (0.0, 0.3, Spread(step=0.2))


def signal(rng: np.random.Generator, lines: int, share: float = 0.6) -> np.ndarray:
    return rng.normal(size=lines) * (rng.random(lines) < share)


def result_of(
    xbar: Crossbar, x: Any, d: Any, timing: Timing | None = None, **more: Any
) -> EventResult:
    lr = more.pop("lr", 0.5 * xbar.device.dw_min)
    result = xbar.update(x, d, lr=lr, engine="event", timing=timing, **more)
    assert isinstance(result, EventResult)
    return result


# -- the same bits as the fast engine ------------------------------------------------------
@settings(max_examples=40)
@given(
    law=st.sampled_from(sorted(LAWS)),
    rows=st.integers(1, 12),
    cols=st.integers(1, 12),
    seed=st.integers(0, 2**32),
    noise=st.sampled_from(NOISES),
    spread=st.sampled_from(SPREADS),
    pulses=st.sampled_from([1, 2, 9, 10, 64]),
    strength=st.sampled_from([0.3, 3.0, 300.0]),
)
def test_ideal_timing_gives_the_bits_of_the_fast_engine(
    law: str,
    rows: int,
    cols: int,
    seed: int,
    noise: dict[str, float],
    spread: Any,
    pulses: int,
    strength: float,
) -> None:
    device = Device(LAWS[law], dw_min=0.01, device_spread=spread, **noise)
    fast, event = (Crossbar(rows, cols, device, seed=seed) for _ in range(2))
    rng = np.random.default_rng(seed)
    for _ in range(3):
        x, d = signal(rng, cols), signal(rng, rows)
        a = fast.update(x, d, lr=0.01 * strength, pulses=pulses)
        b = result_of(event, x, d, lr=0.01 * strength, pulses=pulses)
        assert fast.columns.tobytes() == event.columns.tobytes()
        assert a.pulses == b.pulses == b.coincidences == b.pulses_per_device.sum()
        assert b.lost == b.stray == b.partial == 0
        assert (a.clipped_fraction, a.wanted) == (b.clipped_fraction, pytest.approx(b.wanted))
    fast.pulse_all([1, -1, -1])
    event.pulse_all([1, -1, -1], engine="event")
    assert fast.columns.tobytes() == event.columns.tobytes()
    assert fast.updates == event.updates


@settings(max_examples=40)
@given(timing=strategies.timings(6, 9, deterministic=True), seed=st.integers(0, 2**32))
def test_deterministic_skew_is_one_fraction_per_device(timing: Timing, seed: int) -> None:
    device = Device(SOFT, dw_min=0.01, device_spread=0.3, cycle_noise=0.3)
    fast, event = (Crossbar(6, 9, device, seed=seed) for _ in range(2))
    rng = np.random.default_rng(seed)
    for _ in range(2):
        x, d = signal(rng, 9), signal(rng, 6)
        a = fast.update(x, d, lr=0.05, timing=timing)
        b = result_of(event, x, d, timing, lr=0.05)
        assert fast.columns.tobytes() == event.columns.tobytes()
        assert a.pulses == b.pulses


def test_a_perturbed_kernel_is_noticed() -> None:
    fast, event = (Crossbar(5, 5, Device(SOFT, dw_min=0.01), seed=1) for _ in range(2))
    x, d = np.ones(5), np.ones(5)
    kernel = event.kernel

    class Perturbed:
        def __getattr__(self, name: str) -> Any:
            return getattr(kernel, name)

        def up_step(self, weight: Any, c: Any, o: int) -> Any:
            return kernel.up_step(weight, c, o) * np.float32(1 + 2**-22)

    event.kernel = Perturbed()  # type: ignore[assignment]
    fast.update(x, d, lr=0.05)
    result_of(event, x, d, lr=0.05)
    assert fast.columns.tobytes() != event.columns.tobytes()


# -- it is a simulation of lines and edges -------------------------------------------------
def test_it_runs_without_the_fast_engine() -> None:
    code = """
        import sys
        sys.modules["phys.fast"] = None
        from phys import Crossbar, Device
        from theory import laws
        law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)
        xbar = Crossbar(3, 3, Device(law, dw_min=0.01), seed=0)
        result = xbar.update([1, 1, 1], [1, -1, 1], lr=0.05, engine="event")
        xbar.pulse_all([1, -1], engine="event")
        print(result.pulses > 0)
        try:
            xbar.update([1, 1, 1], [1, -1, 1], lr=0.05)
        except ImportError:
            print("blocked")
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["True", "blocked"]


def test_a_line_late_by_more_than_a_pulse_loses_all_its_pulses() -> None:
    timing = Timing(slot_ns=20)
    late = timing.with_values(late_rows_ps={1: 5001})
    x, d = np.ones(6), np.ones(4)
    pulses = {}
    for name, times in (("on time", timing), ("late", late)):
        xbar = Crossbar(4, 6, Device(SOFT, dw_min=0.01), seed=2)
        pulses[name] = result_of(xbar, x, d, times, lr=0.05).pulses_per_device
    assert (pulses["on time"] > 0).all()
    assert (pulses["late"][1] == 0).all()
    assert (pulses["late"][[0, 2, 3]] == pulses["on time"][[0, 2, 3]]).all()


def test_a_line_late_by_a_slot_meets_the_trains_of_other_slots() -> None:
    timing = Timing(late_rows_ps={1: 5000})
    result = result_of(
        Crossbar(4, 6, Device(SOFT, dw_min=0.01)), np.ones(6), np.ones(4), timing, lr=0.05
    )
    assert result.stray > 0
    assert result.pulses == result.coincidences - result.lost + result.stray


def faulty_timing() -> st.SearchStrategy[Timing]:
    return st.builds(
        Timing,
        slot_ns=st.floats(8, 12),
        phase_gap_ns=st.floats(0, 5),
        line_delay_ps=st.sampled_from([0.0, 10.0, 700.0]),
        late_rows_ps=st.dictionaries(st.integers(0, 3), st.floats(0, 20000), max_size=2),
        jitter_ps=st.floats(0, 500),
        rise_ps=st.floats(0, 1000),
        min_overlap_ps=st.floats(0, 2000),
        settling_ns=st.sampled_from([0.0, 10.0]),
        evaluate_at=st.sampled_from(["settled", "momentary"]),
    )


@settings(max_examples=40)
@given(timing=faulty_timing(), seed=st.integers(0, 2**32))
def test_invariants_hold_under_any_timing(timing: Timing, seed: int) -> None:
    xbar = Crossbar(4, 5, Device(SOFT, dw_min=0.05, device_spread=0.3, cycle_noise=0.5), seed=seed)
    rng = np.random.default_rng(seed)
    before = xbar.weights.copy()
    result = result_of(xbar, signal(rng, 5), signal(rng, 4), timing, lr=0.2, trace=True)
    assert result.trace is not None
    entries = result.trace.entries
    assert (np.diff(entries["time_fs"]) >= 0).all()
    for line in ("row", "column"):
        edges = entries[np.isin(entries["kind"], (RISE, FALL)) & (entries[line] >= 0)]
        for n in np.unique(edges[line]):
            own = edges[edges[line] == n]
            starts, ends = own["time_fs"][own["kind"] == RISE], own["time_fs"][own["kind"] == FALL]
            assert (ends - starts == timing.pulse_fs).all()
            assert (starts[1:] >= ends[:-1]).all()
    assert result.pulses == result.coincidences - result.lost + result.stray
    assert result.lost >= 0
    switched = result.trace.of(SWITCH)
    table = np.zeros((4, 5), dtype=int)
    np.add.at(table, (switched["row"], switched["column"]), 1)
    assert (table == result.pulses_per_device).all()
    assert ((xbar.weights != before) <= (table > 0)).all()
    assert (switched["overlap_fs"] > 0).all()
    assert (switched["overlap_fs"] <= timing.nominal_fs).all()
    low, high = xbar.bounds
    assert ((low <= xbar.weights) & (xbar.weights <= high)).all()
    met = result.trace.of(SWITCH, LOST)["overlap_fs"].sum()
    assert result.energy_fj == pytest.approx(timing.pulse_fj * met / timing.nominal_fs)


@settings(max_examples=25)
@given(timing=faulty_timing(), seed=st.integers(0, 2**32), shuffle=st.integers(0, 2**32))
def test_the_order_of_simultaneous_events_does_not_matter(
    timing: Timing, seed: int, shuffle: int
) -> None:
    class Shuffled(EventArray):
        def _drive(self, lines: Any, span: int, number: int) -> Any:
            rng = np.random.default_rng(shuffle)
            mixed = [[list(side.items())[k] for k in rng.permutation(len(side))] for side in lines]
            return super()._drive((dict(mixed[0]), dict(mixed[1])), span, number)

    found = []
    for kind in (EventArray, Shuffled):
        xbar = Crossbar(4, 5, Device(SOFT, dw_min=0.05, cycle_noise=0.5), seed=seed)
        env, trace = Clock(), Trace()
        rng = np.random.default_rng(seed)
        x, d = signal(rng, 5, 1), signal(rng, 4, 1)
        env.process(kind(env, xbar, timing, trace).update(x, d, lr=0.2))
        env.run()
        found.append((xbar.columns.tobytes(), trace.entries.tobytes()))
    assert found[0] == found[1]


def test_a_shorter_overlap_never_moves_a_device_further() -> None:
    moved = []
    for late in np.linspace(0, 5000, 21):
        xbar = Crossbar(1, 1, Device(SOFT, dw_min=0.01), seed=0)
        result_of(xbar, [1], [1], Timing(slot_ns=20, late_rows_ps={0: late}), lr=0.1)
        moved.append(float(xbar.weights[0, 0]))
    assert (np.diff(moved) <= 0).all()
    assert moved[-1] == 0 < moved[-2]


def test_work_follows_what_fires_and_not_the_size_of_the_array() -> None:
    class Counting(Clock):
        scheduled = 0

        def schedule(self, *arguments: Any, **more: Any) -> None:
            self.scheduled += 1
            super().schedule(*arguments, **more)

    found = []
    for size in (16, 256):
        clock = Counting()
        xbar = Crossbar(size, size, Device(SOFT, dw_min=0.01), seed=0)
        values = np.zeros(size)
        values[:5] = 1
        process = clock.process(EventArray(clock, xbar).update(values, values, lr=0.05))
        clock.run()
        found.append((clock.scheduled, process.value.pulses))
    assert found[0] == found[1]
    assert found[0][0] < 10 * 2 * (2 * 5 + 2) + 2 * 10 + 5


# -- time ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("x", "d", "phases"),
    [([1, 1], [1, 1], 1), ([1, 0], [1, -1], 2), ([1, -1], [1, -1], 4), ([0, 0], [1, 1], 0)],
)
def test_an_update_takes_its_sub_phases_times_slots(x: list, d: list, phases: int) -> None:
    xbar = Crossbar(2, 2, Device(SOFT, dw_min=0.01))
    result = result_of(xbar, x, d, Timing(slot_ns=7, phase_gap_ns=3), pulses=10)
    assert result.time_ns == phases * 70 + max(phases - 1, 0) * 3


def test_a_second_operation_is_refused_with_both_times() -> None:
    env = Clock()
    array = EventArray(env, Crossbar(2, 2, Device(SOFT, dw_min=0.01)), name="a")

    def second() -> Any:
        yield env.timeout(7_000_000)
        yield from array.forward([1, 1])

    env.process(array.update([1, 1], [1, 1], lr=0.1))
    env.process(second())
    with pytest.raises(
        BusyError, match="read of a at 7 ns: its update has been running since 0 ns"
    ):
        env.run()


def test_an_array_must_exist() -> None:
    with pytest.raises(InputError, match="build the array first"):
        EventArray(Clock(), None)  # type: ignore[arg-type]


def test_bad_arguments_change_nothing() -> None:
    xbar = Crossbar(2, 2, Device(SOFT, dw_min=0.01))
    with pytest.raises(InputError, match="timing = 5 is a int"):
        xbar.update([1, 1], [1, 1], lr=0.1, timing=5)  # type: ignore[arg-type]
    for bad in (
        {"timing": 5},
        {"x": [np.nan, 1]},
        {"lr": -1},
        {"timing": Timing(late_rows_ps={2: 1})},
    ):
        arguments = {"x": [1, 1], "d": [1, 1], "lr": 0.1, "engine": "event", **bad}
        with pytest.raises(InputError):
            xbar.update(**arguments)
    assert xbar.updates == 0
    assert not xbar.weights.any()


def test_the_fast_engine_records_nothing_and_says_so() -> None:
    with pytest.raises(InputError, match='engine="event"'):
        Crossbar(2, 2, Device(SOFT, dw_min=0.01)).update([1, 1], [1, 1], lr=0.1, trace=True)


# -- settling ------------------------------------------------------------------------------
def test_an_early_read_sees_a_half_settled_weight() -> None:
    tau = 30.0
    timing = Timing(settling_ns=tau, read_ns=0)
    seen = []
    for wait in (0, 30, 3000):
        env = Clock()
        xbar = Crossbar(1, 1, Device(SOFT, dw_min=0.01))
        array = EventArray(env, xbar, timing)

        def sequence(env: Any = env, array: Any = array, wait: int = wait) -> Any:
            yield from array.pulse_all([1])
            yield env.timeout(wait * 1_000_000)
            return (yield from array.forward([1]))

        seen.append(float(env.run(env.process(sequence()))[0]) / float(xbar.weights[0, 0]))
    assert seen == pytest.approx([0, 1 - np.exp(-1), 1], abs=1e-6)


def test_steps_are_taken_from_the_settled_or_from_the_momentary_weight() -> None:
    device = Device(SOFT, dw_min=0.1)
    ends = {}
    for how, timing in {
        "at once": Timing(),
        "settled": Timing(settling_ns=10),
        "momentary": Timing(settling_ns=10, evaluate_at="momentary"),
        "momentary, at once": Timing(evaluate_at="momentary"),
    }.items():
        xbar = Crossbar(1, 1, device)
        xbar.pulse_all([1] * 4, engine="event", timing=timing)
        ends[how] = float(xbar.weights[0, 0])
    assert ends["settled"] == ends["at once"] == ends["momentary, at once"]
    assert ends["momentary"] > ends["settled"]  # soft bounds: a step from below is larger


# -- reads and zero-shifting ---------------------------------------------------------------
def test_reads_and_zero_shifting_agree_with_the_fast_engine() -> None:
    from phys import zero_shift

    device = Device(SOFT, dw_min=0.02, device_spread=0.2, cycle_noise=0.2)
    fast, event = (Crossbar(5, 7, device, seed=4) for _ in range(2))
    zero_shift(fast, pairs=20)
    x, d = np.linspace(-1, 1, 7), np.linspace(0, 1, 5)
    fast.update(x, d, lr=0.3)
    env = Clock()
    array = EventArray(env, event)

    def sequence() -> Any:
        yield from array.zero_shift(pairs=20)
        yield from array.update(x, d, lr=0.3)
        y = yield from array.forward(x)
        z = yield from array.backward(d)
        column = yield from array.read_column(3)
        return y, z, column

    y, z, column = env.run(env.process(sequence()))
    assert fast.reference.tobytes() == event.reference.tobytes()
    assert fast.columns.tobytes() == event.columns.tobytes()
    assert y.tobytes() == fast.forward(x).tobytes()
    assert z.tobytes() == fast.backward(d).tobytes()
    assert column.tobytes() == fast.read_column(3).tobytes()
    # 40 pulses, 7 column reads, 2 sub-phases (no d < 0) of 10 slots, 3 reads.
    assert env.now == (40 * 5 + 7 * 40 + 2 * 50 + 3 * 40) * 1_000_000
