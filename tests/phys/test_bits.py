"""Equal bits: the compiled loops, NumPy and the interpreted loops, in any number of threads."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phys import Crossbar, Device, Spread, arrays, compiler, fast, strategies
from phys.loops import arrays as array_loops
from phys.pulses import update_gain
from tests.phys.helpers import (
    COMPILED_LAWS,
    SOFT,
    interpreted,
    interpreted_alternate,
    interpreted_update,
    random_weights,
    same_bits,
    signals,
    state_digest,
)
from theory import laws

Update = tuple[np.ndarray, np.ndarray, float, int]
DEVICES = {
    "alike": {},
    "spread": {"device_spread": Spread(step=0.3, bounds=0.2)},
    "cycle noise": {"cycle_noise": 0.5},
    "additive noise": {"device_spread": 0.3, "additive_noise": 0.7},
}


def updates(rows: int, cols: int) -> list[Update]:
    """Return updates that reach every branch: one-hot, clipped, cut, zero, long, short trains."""
    one_hot = np.zeros(cols, np.float32)
    one_hot[cols // 2] = 1
    return [
        (signals(cols, 1), signals(rows, 2), 0.02, 10),
        (np.abs(signals(cols, 3)), signals(rows, 4), 0.05, 1),
        (one_hot, signals(rows, 5), 0.3, 7),
        (signals(cols, 6), signals(rows, 7), 5.0, 64),
        (np.zeros(cols, np.float32), signals(rows, 8), 0.1, 10),
        (signals(cols, 9), signals(rows, 10), 1e-4, 31),
    ]


def start(law_name: str, numbers: dict, rows: int = 7, cols: int = 9, seed: int = 3) -> Crossbar:
    xbar = Crossbar(rows, cols, Device(COMPILED_LAWS[law_name], dw_min=0.01, **numbers), seed=seed)
    random_weights(xbar)
    return xbar


def by_crossbar(xbar: Crossbar) -> Crossbar:
    for x, d, lr, pulses in updates(xbar.rows, xbar.cols):
        xbar.update(x, d, lr, pulses)
    xbar.pulse_all([1, -1, -1, 1, 1])
    return xbar


def by_interpreter(xbar: Crossbar) -> Crossbar:
    for x, d, lr, pulses in updates(xbar.rows, xbar.cols):
        interpreted_update(xbar, x, d, update_gain(lr, xbar.device.dw_min, pulses), pulses)
    interpreted_alternate(xbar, np.array([1, -1, -1, 1, 1], np.int64))
    return xbar


def assert_equal(a: Crossbar, b: Crossbar) -> None:
    assert same_bits(a.columns, b.columns)
    assert a.updates == b.updates
    for place in (
        array_loops.UPDATES,
        array_loops.PULSES,
        array_loops.ADDRESSED,
        array_loops.CLIPPED,
    ):
        assert a.statistics[place] == b.statistics[place]
    # Sums of float32 terms, in different orders of summation.
    assert a.statistics[array_loops.WANTED] == pytest.approx(
        b.statistics[array_loops.WANTED], rel=1e-5
    )
    assert a.statistics[array_loops.DELIVERED] == pytest.approx(
        b.statistics[array_loops.DELIVERED], rel=1e-5
    )


# Two laws stand for the spread: the kernel text of a spread law is its own, and is compiled anew.
@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (name, kind)
        for name in COMPILED_LAWS
        for kind in DEVICES
        if name in ("soft_bounds", "square") or kind in ("alike", "cycle noise")
    ],
)
def test_updates_and_alternating_pulses(
    name: str, kind: str, numpy_engine: Callable[[bool], None]
) -> None:
    oracle = by_interpreter(start(name, DEVICES[kind]))
    numpy_engine(True)
    assert_equal(by_crossbar(start(name, DEVICES[kind])), oracle)
    numpy_engine(False)
    assert_equal(by_crossbar(start(name, DEVICES[kind])), oracle)


@settings(max_examples=40)
@given(data=st.data())
def test_any_update_of_any_shape(data: st.DataObject) -> None:
    """The three engines agree for drawn shapes, signals, rates, trains and noise."""
    rows, cols = data.draw(st.integers(1, 20), "rows"), data.draw(st.integers(1, 20), "cols")
    x = data.draw(strategies.signals(cols), "x")
    d = data.draw(strategies.signals(rows), "d")
    pulses = data.draw(st.integers(1, 64), "pulses")
    gain = update_gain(data.draw(st.floats(1e-5, 10), "lr"), 0.01, pulses)
    numbers = data.draw(st.sampled_from(list(DEVICES.values())), "device")
    seed = data.draw(st.integers(0, 2**64 - 1), "seed")
    results = []
    for engine in (interpreted_update, arrays.update, fast.update):
        xbar = start("soft_bounds", numbers, rows, cols, seed)
        engine(xbar, x, d, gain, pulses)
        results.append((xbar.columns.copy(), xbar.statistics[array_loops.PULSES]))
    for columns, pulse_count in results[1:]:
        assert same_bits(columns, results[0][0])
        assert pulse_count == results[0][1]


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 5), (16, 4), (17, 33), (40, 2), (33, 70)])
def test_reads(rows: int, cols: int, numpy_engine: Callable[[bool], None]) -> None:
    xbar = Crossbar(rows, cols, Device(SOFT, dw_min=0.01), seed=0)
    random_weights(xbar)
    xbar.set_reference(np.random.default_rng(4).uniform(-0.3, 0.3, (rows, cols)))
    x = np.stack([signals(cols, k, zeros) for k, zeros in enumerate((0, 0.5, 0.9, 1))])
    d = np.stack([signals(rows, k, zeros) for k, zeros in enumerate((0, 0.5, 0.9, 1))])
    names = interpreted(xbar.kernel)
    y, z = np.empty((4, rows), np.float32), np.empty((4, cols), np.float32)
    names["forward_batch"](xbar.columns, xbar.reference_columns, x, y)
    names["backward_batch"](xbar.columns, xbar.reference_columns, d, z)
    for numpy in (True, False):
        numpy_engine(numpy)
        assert same_bits(xbar.forward(x), y)
        assert same_bits(xbar.backward(d), z)
        assert same_bits(xbar.forward(x[0]), y[0])
    exact = x.astype(float) @ (xbar.columns.astype(float) - xbar.reference_columns)
    assert np.allclose(y, exact, rtol=0, atol=2.0**-22 * cols * np.abs(x).max())


def test_large_blocks_of_alternating_pulses(numpy_engine: Callable[[bool], None]) -> None:
    """More devices than a block holds, and a count that is no multiple of it."""
    results = []
    for numpy in (True, False):
        numpy_engine(numpy)
        xbar = Crossbar(
            23, 37, Device(SOFT, dw_min=0.01, device_spread=0.3, cycle_noise=0.3), seed=8
        )
        xbar.pulse_all(np.tile([1, -1], 40))
        results.append(state_digest(xbar))
    assert results[0] == results[1]


@pytest.mark.parametrize("kind", DEVICES)
def test_same_seed_same_bits_other_seed_other_bits(kind: str) -> None:
    digests = [
        state_digest(by_crossbar(start("soft_bounds", DEVICES[kind], seed=s))) for s in (5, 5, 6)
    ]
    assert digests[0] == digests[1] != digests[2]


def test_bits_do_not_depend_on_the_array_that_was_used_before() -> None:
    first = by_crossbar(start("soft_bounds", DEVICES["cycle noise"]))
    by_crossbar(start("square", DEVICES["cycle noise"], seed=77))
    assert state_digest(by_crossbar(start("soft_bounds", DEVICES["cycle noise"]))) == state_digest(
        first
    )


@pytest.mark.parametrize("threads", [2, 4])
def test_threads_change_nothing(threads: int) -> None:
    """Arrays that are pulsed at once, in several threads, find the bits they find alone."""

    def work(seed: int) -> str:
        xbar = Crossbar(
            30, 40, Device(SOFT, dw_min=0.01, device_spread=0.3, cycle_noise=0.3), seed=seed
        )
        for _ in range(5):
            by_crossbar(xbar)
        return state_digest(xbar)

    alone = [work(seed) for seed in range(6)]
    assert len(set(alone)) == 6
    with ThreadPoolExecutor(threads) as pool:
        assert list(pool.map(work, range(6))) == alone


def test_numba_threads_setting_changes_nothing() -> None:
    """The loops run on one thread each: the number that numba may use must not matter."""
    if not compiler.available():
        pytest.skip("numba is missing or switched off: there is no thread setting")
    import numba

    digests = []
    before = numba.get_num_threads()
    try:
        for count in sorted({1, numba.config.NUMBA_NUM_THREADS}):
            numba.set_num_threads(count)
            digests.append(state_digest(by_crossbar(start("soft_bounds", DEVICES["cycle noise"]))))
    finally:
        numba.set_num_threads(before)
    assert len(set(digests)) == 1


def test_python_step_functions_find_the_bits_of_the_law() -> None:
    """A device without a formula that computes the same float32 expression as the law's kernel."""
    from phys import StepFunctions

    law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0)
    one = np.float32(1)
    functions = StepFunctions(lambda v: one - v, lambda v: one + v, (-1, 1))
    a = Crossbar(5, 6, Device(law, dw_min=2.0**-7), seed=1)
    b = Crossbar(5, 6, Device(functions, dw_min=2.0**-7), seed=1)
    # A step that is a power of two scales without rounding, so both orders of the product agree.
    for xbar in (a, b):
        random_weights(xbar)
        by_crossbar(xbar)
    assert same_bits(a.columns, b.columns)
