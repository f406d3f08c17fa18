"""Bad input: each error names argument, value, bound and remedy, and nothing has changed."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from phys import Crossbar, Device, Spread, StepFunctions, train, zero_shift
from phys.algorithms import SHD, FloatSGD, PulsedSGD, named_algorithm
from phys.checked import InputError
from tests.phys.helpers import SOFT, blobs, random_weights, small_device, state_digest
from theory import DeviceLaw, laws, w
from theory.errors import BoundsError, LawError, NotPositiveError, ParameterError, PoleError

NAN, INF = math.nan, math.inf
X, D = np.ones(3), np.ones(2)


@pytest.fixture
def xbar() -> Crossbar:
    made = Crossbar(2, 3, small_device(cycle_noise=0.2), seed=1)
    random_weights(made)
    made.update(X, D, lr=0.05)
    return made


def refused(call: Callable[[], Any], *parts: str, error: type[Exception] = InputError) -> None:
    """Assert that a call is refused with a message that holds all of `parts`."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value)
    for part in parts:
        assert part in message, message


def with_bad(values: Any, place: int, bad: float) -> np.ndarray:
    array = np.array(values, dtype=float)
    array.flat[place] = bad
    return array


# -- signals and weights -----------------------------------------------------------------------
@pytest.mark.parametrize("bad", [NAN, INF, -INF, 1e39])
def test_numbers_that_are_not_finite(xbar: Crossbar, bad: float) -> None:
    before = state_digest(xbar)
    text = f"= {bad} is not finite; give finite numbers"
    refused(lambda: xbar.update(with_bad(X, 1, bad), D, lr=0.1), "x[1]", text)
    refused(lambda: xbar.update(X, with_bad(D, 0, bad), lr=0.1), "d[0]", text)
    refused(lambda: xbar.forward(with_bad(X, 2, bad)), "x[2]", text)
    refused(lambda: xbar.backward(with_bad([D, D], 3, bad)), "d[1, 1]", text)
    refused(lambda: xbar.set_weights(with_bad(np.zeros((2, 3)), 4, bad)), "weights[1, 1]", text)
    refused(lambda: xbar.set_reference(with_bad(np.zeros((2, 3)), 4, bad)), "reference[1, 1]", text)
    assert state_digest(xbar) == before


def test_wrong_shapes(xbar: Crossbar) -> None:
    before = state_digest(xbar)
    refused(lambda: xbar.update(D, D, lr=0.1), "x has shape (2,)", "give an array of shape (3)")
    refused(lambda: xbar.update(X, X, lr=0.1), "d has shape (3,)", "give an array of shape (2)")
    refused(lambda: xbar.update([X], D, lr=0.1), "x has shape (1, 3)", "shape (3)")
    refused(lambda: xbar.forward(D), "x has shape (2,)", "shape (3)")
    refused(lambda: xbar.forward([D, D]), "x has shape (2, 2)", "shape (any, 3)")
    refused(lambda: xbar.forward(1.0), "x has shape ()")
    refused(lambda: xbar.backward(np.zeros((1, 1, 2))), "d has shape (1, 1, 2)", "(any, 2)")
    refused(lambda: xbar.set_weights(np.zeros((3, 2))), "weights has shape (3, 2)", "(2, 3)")
    refused(lambda: xbar.set_reference(0.0), "reference has shape ()", "(2, 3)")
    assert state_digest(xbar) == before


@pytest.mark.parametrize("bad", ["abc", None, [1, "x", 2], [[1], [1, 2]], {1: 2}, [1j, 0, 0]])
def test_what_is_no_array_of_numbers(xbar: Crossbar, bad: Any) -> None:
    before = state_digest(xbar)
    refused(lambda: xbar.update(bad, D, lr=0.1), "x ")
    refused(lambda: xbar.forward(bad), "x ")
    refused(lambda: xbar.set_weights(bad), "weights ")
    assert state_digest(xbar) == before


@pytest.mark.parametrize("lr", [0, -1, NAN, INF, "fast", None, 1j])
def test_learning_rates(xbar: Crossbar, lr: Any) -> None:
    before = state_digest(xbar)
    refused(lambda: xbar.update(X, D, lr=lr), f"lr = {lr!r}", "above 0")
    assert state_digest(xbar) == before


@pytest.mark.parametrize("pulses", [0, -1, 65, 10**6, 2.5, NAN, "ten", None, True])
def test_numbers_of_pulses(xbar: Crossbar, pulses: Any) -> None:
    before = state_digest(xbar)
    refused(lambda: xbar.update(X, D, lr=0.1, pulses=pulses), "pulses = ", "between 1 and 64")
    assert state_digest(xbar) == before


def test_unknown_engine(xbar: Crossbar) -> None:
    before = state_digest(xbar)
    refused(lambda: xbar.update(X, D, lr=0.1, engine="warp"), "engine = 'warp' is unknown", "fast")
    assert state_digest(xbar) == before


@pytest.mark.parametrize("bad", [[0], [1, 2], [[1, -1]], [0.5], "up", [NAN], 1, None])
def test_directions_of_pulses(xbar: Crossbar, bad: Any) -> None:
    before = state_digest(xbar)
    refused(lambda: xbar.pulse_all(bad), "directions = ", "give a list of +1 (up) and -1 (down)")
    assert state_digest(xbar) == before


@pytest.mark.parametrize("column", [-1, 3, 1.0, None])
def test_columns(xbar: Crossbar, column: Any) -> None:
    refused(lambda: xbar.read_column(column), "column = ", "between 0 and 2")


@given(
    place=st.integers(0, 2),
    bad=st.sampled_from([NAN, INF, -INF]),
    lr=st.floats(1e-6, 10),
    pulses=st.integers(1, 64),
)
def test_no_bad_update_changes_a_bit(place: int, bad: float, lr: float, pulses: int) -> None:
    xbar = Crossbar(2, 3, small_device(), seed=1)
    before = state_digest(xbar)
    with pytest.raises(InputError):
        xbar.update(with_bad(X, place, bad), D, lr=lr, pulses=pulses)
    assert state_digest(xbar) == before


# -- arrays ------------------------------------------------------------------------------------
@pytest.mark.parametrize("count", [0, -3, 2.0, "two", None, True])
def test_sizes(count: Any) -> None:
    refused(lambda: Crossbar(count, 3, small_device()), "rows = ", "of at least 1")
    refused(lambda: Crossbar(3, count, small_device()), "cols = ", "of at least 1")


@pytest.mark.parametrize("seed", [-1, 2**64, 0.5, None, "x"])
def test_seeds(seed: Any) -> None:
    refused(lambda: Crossbar(2, 2, small_device(), seed=seed), "seed = ", "between 0 and")


def test_devices_that_are_none() -> None:
    refused(lambda: Crossbar(2, 2, SOFT), "device = ", "DeviceLaw", "give a phys.Device")
    refused(lambda: Device("soft"), "law = 'soft' is a str", "theory.laws.soft_bounds(...)")


# -- devices -----------------------------------------------------------------------------------
@pytest.mark.parametrize("step", [0, -0.001, NAN, INF, 3.0, "small", None])
def test_steps(step: Any) -> None:
    refused(lambda: Device(SOFT, dw_min=step), f"dw_min = {step!r}", "above 0 and at most 2")


@pytest.mark.parametrize("step", [1e-7, 1e-300])
def test_steps_that_float32_would_lose(step: float) -> None:
    refused(
        lambda: Device(SOFT, dw_min=step), f"dw_min = {step:g}", "float32", "give at least 1.91e-06"
    )
    Device(SOFT, dw_min=1.92e-6)


@pytest.mark.parametrize("name", ["cycle_noise", "additive_noise"])
@pytest.mark.parametrize("value", [-0.1, NAN, INF, "much"])
def test_noises(name: str, value: Any) -> None:
    refused(lambda: small_device(**{name: value}), f"{name} = {value!r}", "of at least 0")


def test_both_noises_at_once() -> None:
    refused(
        lambda: small_device(cycle_noise=0.1, additive_noise=0.2),
        "cycle_noise = 0.1",
        "additive_noise = 0.2",
        "give one of them",
    )


@pytest.mark.parametrize("value", [-0.1, NAN, INF])
def test_spreads(value: float) -> None:
    refused(lambda: small_device(device_spread=value), "spread", f"= {value!r}", "of at least 0")
    for name in ("step", "bounds", "imbalance"):
        refused(lambda name=name: Spread(**{name: value}), f"spread of {name} = {value!r}")
    refused(lambda: Spread(parameters={"slope": value}), f"spread of slope = {value!r}")


def test_spread_of_a_parameter_that_is_not_there() -> None:
    refused(
        lambda: small_device(device_spread=Spread(parameters={"gamma": 0.1})),
        "'gamma'",
        "w_max",
        "spread one of these",
    )
    law = DeviceLaw("mine", up=1 - w / 2, down=1 + w, bounds=(-1, 1))
    refused(lambda: small_device(law, device_spread=Spread(imbalance=0.1)), "'imbalance'", "none")


def test_a_law_with_open_parameters() -> None:
    refused(
        lambda: Device(laws.soft_bounds(w_max=1, w_min=-1), dw_min=0.01),
        "leaves imbalance symbolic",
        "with_values(imbalance=...)",
    )


# -- laws --------------------------------------------------------------------------------------
@pytest.mark.parametrize("bounds", [(1, -1), (0, 1), (-1, 0), (0.5, 1), (-2, -1), (-1, sp.oo)])
def test_bounds_of_a_law_hold_zero(bounds: tuple[Any, Any]) -> None:
    refused(
        lambda: DeviceLaw("bad", up=3 - w, down=3 + w, bounds=bounds),
        "w_min < 0 < w_max",
        error=BoundsError,
    )


@pytest.mark.parametrize("bounds", [(1, -1), (0, 1), (-1, 0), (0.5, 1), (NAN, 1), (-1, INF)])
def test_bounds_of_step_functions_hold_zero(bounds: tuple[float, float]) -> None:
    refused(lambda: StepFunctions(lambda v: 1 - v / 9, lambda v: 1 + v / 9, bounds), "bounds")


@pytest.mark.parametrize("rho", [1, -1, 1.5, -7])
def test_imbalance_lies_strictly_between_minus_one_and_one(rho: float) -> None:
    refused(
        lambda: laws.soft_bounds(w_max=1, w_min=-1, imbalance=rho),
        "imbalance = ",
        error=ParameterError,
    )


@pytest.mark.parametrize(
    ("up", "error"),
    [
        (w, NotPositiveError),
        (-1 - w**2, NotPositiveError),
        (sp.sqrt(w), LawError),
        (sp.log(w), LawError),
        (1 / w**2, PoleError),
        (1 + sp.I * w, LawError),
        (sp.nan * w, LawError),
    ],
)
def test_steps_of_a_law_are_positive_real_and_finite(up: sp.Expr, error: type[Exception]) -> None:
    refused(lambda: DeviceLaw("bad", up=up, down=2 + w, bounds=(-1, 1)), "up", error=error)
    refused(lambda: DeviceLaw("bad", up=2 + w, down=up, bounds=(-1, 1)), "down", error=error)


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (lambda v: v, "is not a positive, finite, real step"),
        (lambda v: v * np.nan, "is not a positive, finite, real step"),
        (lambda v: np.where(v > 0.5, np.inf, 1.0), "is not a positive, finite, real step"),
        (lambda v: v + 2j, "is not a positive, finite, real step"),
        (lambda v: 1.0, "returned shape ()"),
        (lambda v: v[:5], "returned shape (5,)"),
    ],
    ids=["negative", "nan", "infinite", "complex", "scalar", "short"],
)
def test_step_functions_are_positive_real_and_of_the_right_shape(
    function: Callable[[Any], Any], text: str
) -> None:
    good = lambda v: 1 + v / 2  # noqa: E731
    refused(lambda: StepFunctions(function, good, (-1, 1)), "up", text)
    refused(lambda: StepFunctions(good, function, (-1, 1)), "down", text)


# -- zero-shifting -----------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"pairs": 0}, ("pairs = 0", "between 1 and")),
        ({"pairs": -5}, ("pairs = -5",)),
        ({"pairs": 2.5}, ("pairs = 2.5", "not a whole number")),
        ({"pairs": "many"}, ("pairs = 'many'",)),
        ({"read": "up"}, ("read = 'up' is unknown", "down, mean")),
        ({"reference_error": -0.1}, ("reference_error = -0.1", "of at least 0")),
        ({"reference_error": NAN}, ("reference_error = nan",)),
    ],
)
def test_zero_shift(xbar: Crossbar, options: dict[str, Any], parts: tuple[str, ...]) -> None:
    before = state_digest(xbar)
    refused(lambda: zero_shift(xbar, **options), *parts)
    assert state_digest(xbar) == before


def test_zero_shift_without_a_symmetry_point() -> None:
    law = laws.constant_step(w_max=1, w_min=-1, imbalance=0.3)
    xbar = Crossbar(2, 3, Device(law, dw_min=0.01))
    before = state_digest(xbar)
    refused(lambda: zero_shift(xbar), "6 of 6 devices", "constant_step", "give pairs=...")
    assert state_digest(xbar) == before


# -- training ----------------------------------------------------------------------------------
DATA = blobs(20, 10)


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        ({"algorithm": "adam"}, ("algorithm = 'adam' is unknown", "float, sgd, zero-shifted-sgd")),
        ({"algorithm": "sgd", "lr_a": 0.1}, ("lr_a = 0.1 means nothing to algorithm 'sgd'", "lr")),
        ({"algorithm": PulsedSGD(), "lr": 0.1}, ("lr given beside an instance of PulsedSGD",)),
        ({"algorithm": "sgd", "lr": 0.0}, ("lr = 0.0", "above 0")),
        ({"algorithm": "shd", "lr_c": NAN}, ("lr_c = nan", "above 0")),
        ({"algorithm": "shd", "transfer_every": 0}, ("transfer_every = 0", "between 1")),
        ({"algorithm": "sgd", "pulses": 65}, ("pulses = 65", "between 1 and 64")),
        ({"algorithm": "sgd", "lr": 1e39}, ("lr = 1e+39", "at most 1e+38")),
        ({"algorithm": "tiki-taka", "settings": {"gamma": 1e39}}, ("gamma = 1e+39", "1e+38")),
        ({"algorithm": "shd", "transfer_every": 10**20}, ("transfer_every = 1000",)),
        ({"epochs": 0}, ("epochs = 0", "between 1")),
        ({"epochs": 10**9}, ("epochs = 1000000000", "between 1 and 1000000")),
        ({"seed": -1}, ("seed = -1",)),
        ({"batch": 0}, ("batch = 0", "between 1 and 20")),
        ({"batch": 21}, ("batch = 21", "between 1 and 20")),
        ({"samples": 0}, ("samples = 0", "between 1 and 20")),
        ({"samples": 21}, ("samples = 21", "between 1 and 20")),
        ({"activation": "softplus"}, ("activation = 'softplus' is unknown", "sigmoid, tanh, relu")),
        ({"engine": "event"}, ("engine = 'event' is unknown", "stepwise")),
        ({"layers": (12,)}, ("layers = (12,)", "give (12, ..., 3)")),
        ({"layers": (11, 3)}, ("layers = (11, 3)", "12 inputs and 3 classes")),
        ({"layers": (12, 2)}, ("layers = (12, 2)",)),
        ({"layers": (12, 0, 3)}, ("layers[1] = 0", "between 1")),
        ({"layers": (12, 10**20, 3)}, ("layers[1] = 1000",)),
        ({"zero_shift": "b"}, ("zero_shift = 'b'", "a, c")),
        ({"algorithm": "float", "zero_shift": "c"}, ("zero_shift = 'c'", "none")),
        ({"algorithm": "sgd", "record_energy": 3}, ("record_energy = 3", "use SHD")),
        ({"zero_shift": None}, ("zero_shift = None", "letters")),
        (
            {"algorithm": "zero-shifted-sgd", "mapping": "opposite"},
            ("mapping = 'opposite'", "choose sgd"),
        ),
        ({"algorithm": SHD}, ("algorithm = ", "is none", "an instance of")),
        ({"settings": [1]}, ("settings = [1]", "gamma")),
        ({"settings": {1: 2}}, ("settings = {1: 2}", "gamma")),
        ({"progress": 3}, ("progress = 3 cannot be called",)),
        ({"data_dir": 3}, ("data_dir = 3 is a int", "path")),
        ({"checkpoint_file": 3}, ("checkpoint_file = 3 is a int", "path")),
        ({"device": SOFT}, ("device = ", "give a phys.Device")),
        ({"device_a": 3}, ("device_a = 3 is a int", "give a phys.Device")),
        ({"pairs": 0}, ("pairs = 0",)),
        ({"read": "sideways"}, ("read = 'sideways'",)),
        ({"resume": True}, ("resume = True needs checkpoint_file",)),
    ],
)
def test_train(options: dict[str, Any], parts: tuple[str, ...]) -> None:
    seen: list[Any] = []
    start = {"layers": (12, 4, 3), "device": small_device(), "epochs": 1, "progress": seen.append}
    refused(lambda: train("digits" if "data_dir" in options else DATA, **start | options), *parts)
    assert not seen, "refused before anything was done"


def test_unknown_data() -> None:
    with pytest.raises(ValueError, match="imagenet"):
        train("imagenet", "float")


@pytest.mark.parametrize("value", [0, -1, NAN, INF, "x"])
def test_algorithms(value: Any) -> None:
    refused(lambda: FloatSGD(lr=value), f"lr = {value!r}", "above 0")
    refused(lambda: PulsedSGD(lr=value), f"lr = {value!r}", "above 0")
    refused(lambda: SHD(lr_a=value), f"lr_a = {value!r}", "above 0")
    refused(lambda: SHD(lr_c=value), f"lr_c = {value!r}", "above 0")
    refused(lambda: named_algorithm("sgd", pulses=value), "pulses = ", "between 1 and 64")
