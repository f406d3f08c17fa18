"""Devices of Python functions: the same bits in every engine, at compiled speed where it can be."""

from __future__ import annotations

import math
import os
import pickle
import subprocess
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from sympy import Rational

from phys import (
    Crossbar,
    Device,
    HiddenStateFunctions,
    Spread,
    StepFunctions,
    UncompiledDeviceWarning,
    compiler,
    fast,
    train,
    zero_shift,
)
from phys.algorithms import SHD
from phys.checked import InputError
from phys.checkpoint import CheckpointError
from phys.functions.compiled import OF_THIS_PROCESS, functions_of, register
from phys.history import describe_device
from tests.phys.helpers import blobs, network_digest, random_weights, signals, state_digest
from theory import laws

RHO = 0.3
TABLE = (1.0, 1.1, 0.9, 1.2, 1.0)


def half(w: Any) -> Any:
    return w / 2


def up(w: Any) -> Any:
    return (1 + RHO) * (1 - w)


def down(w: Any) -> Any:
    return (1 - RHO) * (1 + half(w))


def bent(slope: float) -> Callable[[Any], Any]:
    return lambda w: np.where(w > 0.1, 1 - slope * w, 1.25) + abs(w)


def wearing_up(w: Any, wear: Any, trapped: Any) -> Any:
    return (1 - w) * (1 - wear), wear + (1 - wear) / 50, trapped + w / 8


def wearing_down(w: Any, wear: Any, trapped: Any) -> Any:
    return (1 + w) * (1 - wear) / 2, wear + (1 - wear) / 40, trapped - w / 8


def creep(w: Any, wear: Any, trapped: Any) -> Any:
    return w + (trapped - w) / 30, wear * 0.99, trapped


SIMPLE = StepFunctions(up, down, (-1, 1), name="simple")
WORN = HiddenStateFunctions(
    wearing_up, wearing_down, {"wear": 0.0, "trapped": 0.125}, (-1, 1), creep, name="worn"
)
VARIATION: dict[str, dict[str, float]] = {
    "plain": {},
    "spread and noise": {"device_spread": 0.3, "cycle_noise": 0.3},
}


def work(device: Device, engine: str) -> str:
    """Return a hash of the whole state of an array after updates and pulses."""
    xbar = Crossbar(5, 7, device, seed=3)
    random_weights(xbar)
    for n in range(3):
        xbar.update(signals(7, n), signals(5, n + 9), lr=0.2, engine=engine)
    xbar.pulse_all([1, 1, -1], engine=engine)
    return state_digest(xbar)


# -- bits --------------------------------------------------------------------------------------
@pytest.mark.parametrize("variation", sorted(VARIATION))
@pytest.mark.parametrize("functions", [SIMPLE, WORN], ids=lambda f: f.name)
def test_every_engine_finds_the_same_bits(
    functions: Any, variation: str, numpy_engine: Callable[[bool], None]
) -> None:
    device = Device(functions, dw_min=0.01, **VARIATION[variation])
    digests = [work(device, "fast"), work(device, "event")]
    numpy_engine(True)
    digests += [work(device, "fast"), work(device, "event")]
    assert len(set(digests)) == 1
    other = Device(functions, dw_min=0.011, **VARIATION[variation])
    assert work(other, "fast") != digests[0]


def test_a_function_and_its_law_walk_the_same_way() -> None:
    """The functions of the soft-bound law, beside the law; float32 may round them differently."""
    from theory import laws

    law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.25)
    same = StepFunctions(lambda w: 1.25 * (1 - w), lambda w: 0.75 * (1 + w), (-1, 1))
    numbers = {"dw_min": 0.01, "device_spread": Spread(step=0.3), "cycle_noise": 0.2}
    a, b = (Crossbar(6, 8, Device(d, **numbers), seed=2) for d in (law, same))
    for xbar in (a, b):
        for n in range(4):
            xbar.update(signals(8, n), signals(6, n + 9), lr=0.1)
        xbar.pulse_all([1, -1, -1])
    assert a.weights == pytest.approx(b.weights, abs=2e-6)
    assert np.abs(a.weights).max() > 0.01


def test_training_in_one_loop_and_step_by_step_agree(compiled: None) -> None:
    device = Device(WORN, dw_min=0.01, cycle_noise=0.1)
    digests = {
        engine: network_digest(
            train(
                blobs(21, 9),
                SHD(0.05, 0.1, 1),
                device,
                epochs=1,
                layers=(12, 3),
                pairs=20,
                engine=engine,
            ).network
        )
        for engine in ("fast", "stepwise")
    }
    assert digests["fast"] == digests["stepwise"]


# -- compiled for one number, a function means what it means for arrays ------------------------
@pytest.mark.parametrize(
    "function",
    [
        up,
        down,
        bent(0.5),
        lambda w: np.clip(1 - w, 0.25, 1.5) + np.maximum(w, 0),
        lambda w: np.ones_like(w) + np.zeros_like(w),
        lambda w: np.sqrt(2 - w) / (1.5 + w),
        lambda w: (w > 0) * 1 + (w <= 0) * 2,
    ],
    ids=["closure", "called", "where", "clip", "like", "root", "comparison"],
)
def test_arithmetic_keeps_its_bits(function: Callable[[Any], Any], compiled: None) -> None:
    weights = np.linspace(-1, 1, 41, dtype=np.float32)
    (one,) = functions_of(register((function,)))
    each = np.array([one(w) for w in weights], dtype=np.float32)
    assert each.tobytes() == function(weights).astype(np.float32).tobytes()


@pytest.mark.parametrize(
    "function",
    [lambda w: np.exp(-2 * w), lambda w: np.log(2 + w), lambda w: np.tanh(w) + 2, np.cos],
    ids=["exp", "log", "tanh", "cos"],
)
def test_other_functions_agree_to_a_few_units(
    function: Callable[[Any], Any], compiled: None
) -> None:
    weights = np.linspace(-1, 1, 41, dtype=np.float32)
    (one,) = functions_of(register((lambda w: function(w),)))
    each = np.array([one(w) for w in weights], dtype=np.float32)
    assert each == pytest.approx(function(weights), rel=1e-6)


def test_numbers_that_meet_the_weight_are_float32(compiled: None) -> None:
    from numba import float32

    (one,) = functions_of(register((up,)))
    one(np.float32(0.5))
    assert [s.return_type for s in one.nopython_signatures] == [float32]
    table = register((lambda w: TABLE[int(2 * w + 2)] + 0 * w,))
    assert functions_of(table)[0](np.float32(-0.4)) == TABLE[1]


def test_values_are_taken_once(compiled: None, monkeypatch: pytest.MonkeyPatch) -> None:
    key = register((up,))
    monkeypatch.setitem(globals(), "RHO", 0.5)
    assert functions_of(key)[0](np.float32(0)) == np.float32(1.3)
    assert functions_of(register((up,)))[0](np.float32(0)) == 1.5


def test_functions_that_compile_run_compiled(compiled: None) -> None:
    for functions in (SIMPLE, WORN):
        device = Device(functions, dw_min=0.01)
        assert fast.engine_name(Crossbar(2, 2, device).kernel) == "compiled"
        assert OF_THIS_PROCESS not in str(device.kernel.source)


def test_functions_of_this_process_alone_are_not_kept_on_disk(compiled: None) -> None:
    import numba

    vectorised = numba.vectorize(lambda w: 1 - w / 2)
    device = Device(StepFunctions(lambda w: vectorised(w), down, (-1, 1)), dw_min=0.01)
    xbar, like = Crossbar(3, 4, device), Crossbar(3, 4, device)
    xbar.pulse_all([1, -1])
    like.pulse_all([1, -1], engine="event")
    assert state_digest(xbar) == state_digest(like)
    module = fast.law_module(xbar.kernel)
    assert OF_THIS_PROCESS in module.__name__
    assert not list(compiler.cache_folder().glob(f"*{OF_THIS_PROCESS}*"))


# -- notices -----------------------------------------------------------------------------------
class Curve:
    """A device model with a method."""

    def __init__(self, slope: float) -> None:
        self.slope = slope

    def up(self, w: Any) -> Any:
        return 1 - self.slope * w


@pytest.mark.parametrize(
    ("function", "reason"),
    [
        (Curve(0.5).up, "Curve.up is a method"),
        (lambda w: np.heaviside(w, 0.5) + 1, "heaviside"),
        (lambda w: 1 + np.zeros(w.shape, w.dtype), "shape"),
    ],
    ids=["method", "unsupported", "attribute"],
)
def test_what_cannot_be_compiled_is_said_once_per_device(
    function: Callable[[Any], Any], reason: str, compiled: None
) -> None:
    device = Device(StepFunctions(function, down, (-1, 1), name="mine"), dw_min=0.01)
    with pytest.warns(UncompiledDeviceWarning, match=f"'mine' runs at NumPy's speed.*{reason}"):
        Crossbar(2, 2, device).pulse_all([1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Crossbar(2, 2, device).pulse_all([1])
    assert len(str(device.kernel.source)) == 4, "None"


def test_a_function_that_means_something_else_for_one_number_is_not_compiled(
    compiled: None,
) -> None:
    odd = StepFunctions(lambda w: 1 + np.isscalar(w) + 0 * w, down, (-1, 1))
    with pytest.warns(UncompiledDeviceWarning, match="for one number, up"):
        assert fast.engine_name(Device(odd, dw_min=0.01).kernel) == "numpy"


def test_without_numba_there_is_no_notice(numpy_engine: Callable[[bool], None]) -> None:
    numpy_engine(True)
    functions = StepFunctions(Curve(0.5).up, down, (-1, 1))
    Crossbar(2, 2, Device(functions, dw_min=0.01)).pulse_all([1])


# -- errors ------------------------------------------------------------------------------------
def unlucky(w: Any) -> Any:
    raise KeyError("no such conductance")


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (unlucky, "up = unlucky raised KeyError: 'no such conductance'"),
        (lambda w: 1.0 if w > 0 else 0.5, "np.where in place of if"),
        (lambda w: "step", r"returned shape \(\)"),
        (lambda w: np.array(["x"] * w.size), "not a positive, finite, real step"),
        (lambda w: 1 / (1 - w), r"up\(w = 1\) = inf"),
        (lambda w: 2 + w.mean() + 0 * w, "own numbers alone"),
        (lambda w: np.random.default_rng().uniform(1, 2, w.shape), "leave chance to cycle_noise"),
        (lambda: 1, "raised TypeError"),
        (3, "up = 3 cannot be called"),
    ],
)
def test_functions_that_are_no_steps_are_refused(function: Any, text: str) -> None:
    with pytest.raises(InputError, match=text):
        StepFunctions(function, down, (-1, 1))


@pytest.mark.parametrize("bounds", [3, (1,), (-1, 0, 1), None])
def test_bounds_are_a_pair(bounds: Any) -> None:
    with pytest.raises(InputError, match="is no pair"):
        StepFunctions(up, down, bounds)


class Late:
    """Steps that go wrong once they are wanted at a weight that no trial met."""

    def __init__(self, wrong: Any) -> None:
        self.wrong, self.ready = wrong, False

    def up(self, w: Any) -> Any:
        if self.ready and isinstance(self.wrong, Exception):
            raise self.wrong
        return np.where(self.ready, self.wrong, 1.0) + 0 * w


@pytest.mark.filterwarnings("ignore::phys.UncompiledDeviceWarning")
@pytest.mark.parametrize("wrong", [math.nan, math.inf, ZeroDivisionError("late")], ids=str)
def test_a_function_that_goes_wrong_later_leaves_the_array_as_it_was(wrong: Any) -> None:
    late = Late(0.0)
    xbar = Crossbar(2, 3, Device(StepFunctions(late.up, down, (-1, 1)), dw_min=0.01))
    xbar.pulse_all([1, -1, 1])
    before, late.wrong, late.ready = state_digest(xbar), wrong, True
    with pytest.raises(InputError, match="up"):
        xbar.pulse_all([1])
    assert state_digest(xbar) == before


# -- records -----------------------------------------------------------------------------------
def test_a_device_that_was_used_can_be_pickled() -> None:
    for functions in (SIMPLE, WORN):
        device = Device(functions, dw_min=0.01, cycle_noise=0.1)
        digest = work(device, "fast")
        again = pickle.loads(pickle.dumps(device))
        assert again == device
        assert work(again, "fast") == digest


def test_a_record_tells_functions_apart_by_what_they_do() -> None:
    def record(up: Any) -> Any:
        return describe_device(Device(StepFunctions(up, down, (-1, 1))))

    assert record(lambda w: 1.5 - w) == record(lambda w: 1.5 - w)
    assert record(lambda w: 1.5 - w) != record(lambda w: 1.25 - w)
    assert record(bent(0.5)) == record(bent(0.5))
    assert record(bent(0.5)) != record(bent(0.25))
    assert "0x" not in str(record(up)), "no place in memory"
    assert describe_device(Device(WORN))["state"] == {"wear": 0.0, "trapped": 0.125}


def test_a_checkpoint_of_other_functions_is_refused(tmp_path: Any) -> None:
    def run(up: Any, resume: bool) -> None:
        device = Device(StepFunctions(up, down, (-1, 1)), dw_min=0.01)
        train(
            blobs(12, 6),
            "sgd",
            device,
            epochs=1,
            layers=(12, 3),
            pairs=5,
            checkpoint_file=tmp_path / "run.ckpt",
            resume=resume,
        )

    run(lambda w: 1.5 - w, False)
    run(lambda w: 1.5 - w, True)
    with pytest.raises(CheckpointError, match="devices was"):
        run(lambda w: 1.25 - w, True)


def test_functions_show_their_names() -> None:
    assert repr(SIMPLE) == "StepFunctions(up=up, down=down, bounds=(-1, 1), name='simple')"
    assert "between_updates=creep" in repr(WORN)
    assert "0x" not in repr(WORN)


FROM_NOWHERE = """
import warnings
warnings.simplefilter("error")
namespace = {"__name__": "a module that is nowhere"}
exec("def up(w): return 1.3 * (1 - w)\\ndef down(w): return 0.7 * (1 + w)", namespace)
from phys import Crossbar, Device, StepFunctions
device = Device(StepFunctions(namespace["up"], namespace["down"], (-1, 1)), dw_min=0.01)
xbar = Crossbar(2, 2, device, seed=0)
xbar.pulse_all([1, 1, -1])
print(xbar.weights.tobytes().hex())
"""


def test_functions_of_a_module_that_cannot_be_imported_are_found_in_the_cache_again(
    tmp_path, compiled
):
    """As in a notebook, a page or a console, whose module is another in the next process."""
    environment = {**os.environ, "CROSSPOINT_CACHE": str(tmp_path)}
    first, second = (
        subprocess.run(
            [sys.executable, "-c", FROM_NOWHERE],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for _ in range(2)
    )
    assert first == second


def test_the_symmetry_points_of_functions_are_those_of_their_law():
    law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=Rational(3, 10))
    spread = Spread(step=0.1)
    soft = StepFunctions(lambda w: 1.3 * (1 - w), lambda w: 0.7 * (1 + w), (-1, 1))
    expected, found = (
        Crossbar(4, 4, Device(one, dw_min=0.01, device_spread=spread), seed=3).symmetry_points()
        for one in (law, soft)
    )
    assert np.allclose(expected, found, rtol=0, atol=1e-6)


def test_a_zero_shift_of_functions_reports_its_distance():
    history = zero_shift(Crossbar(4, 4, Device(SIMPLE, dw_min=0.01), seed=3), pairs=600)
    assert history.distance is not None
    assert history.distance[-1] < 0.01 < history.distance[0]


def test_symmetry_points_of_functions_stretch_with_the_bounds():
    device = Device(SIMPLE, dw_min=0.01, device_spread=Spread(bounds=0.2))
    xbar = Crossbar(3, 3, device, seed=3)
    low, high = np.asarray(xbar.population.low), np.asarray(xbar.population.high)
    points = xbar.symmetry_points().T.reshape(-1)
    assert np.ptp(points) > 0
    nominal = float(Crossbar(1, 1, Device(SIMPLE, dw_min=0.01), seed=0).symmetry_points()[0, 0])
    assert np.allclose((points - low) / (high - low), (nominal + 1) / 2, rtol=0, atol=1e-6)


@pytest.mark.parametrize(
    "down",
    [lambda w: 3 + 0 * w, lambda w: 2 + w**3 - w / 4, lambda w: 2 - w / 4],
    ids=["none", "several", "unstable"],
)
def test_functions_without_one_symmetry_point_have_none(down):
    functions = StepFunctions(lambda w: 2 + 0 * w, down, (-1, 1))
    assert np.isnan(Crossbar(2, 2, Device(functions, dw_min=0.01), seed=0).symmetry_points()).all()


@pytest.mark.parametrize("name", [3, None])
def test_a_name_that_is_no_text_is_refused(name):
    with pytest.raises(InputError, match=r"name = .* is not text"):
        StepFunctions(lambda w: 1 - w, lambda w: 1 + w, (-1, 1), name)
