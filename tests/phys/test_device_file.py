"""Device files: every field comes back, and what is not data or not a device is refused."""

from __future__ import annotations

import json
from dataclasses import fields

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phys import Crossbar, Device, Spread, StepFunctions
from phys.checked import InputError
from phys.device_file import device_from_json, device_to_json, read_device_file
from theory import law_from_json, laws
from theory.law_file import LawFileError

SOFT = laws.soft_bounds(w_max=0.6, w_min=-0.5, imbalance=0.3)
small = st.floats(0, 3)
spreads = st.one_of(
    small,
    st.builds(
        Spread,
        step=small,
        bounds=small,
        imbalance=small,
        parameters=st.dictionaries(st.sampled_from(["w_max", "w_min"]), small),
    ),
)


def through_text(device: Device) -> Device:
    return device_from_json(json.dumps(device_to_json(device)))


@settings(max_examples=40)
@given(step=st.floats(1e-4, 0.5), spread=spreads, noise=st.floats(0, 4), additive=st.booleans())
def test_every_number_comes_back_exactly(step, spread, noise, additive):
    """Shrinks towards a device without spread and noise."""
    names = ("additive_noise", "cycle_noise") if additive else ("cycle_noise", "additive_noise")
    device = Device(SOFT, step, spread, **{names[0]: noise, names[1]: 0.0})
    back = through_text(device)
    assert back == device
    assert back.spread == device.spread
    assert back.spread.parameters == device.spread.parameters


def test_the_file_names_every_field_of_a_device():
    data = device_to_json(Device(SOFT))
    assert set(data["device"]) == {f.name for f in fields(Device)} - {"law"}


@pytest.mark.parametrize("name", ["soft_bounds", "exp_step", "tabulated"])
def test_an_array_of_the_device_that_came_back_is_the_same(name):
    device = Device(laws.CATALOGUE[name].law(), 0.01, Spread(step=0.2), cycle_noise=0.3)
    arrays = [Crossbar(3, 4, d, seed=5) for d in (device, through_text(device))]
    for array in arrays:
        array.update(np.ones(4), [1, -1, 0.5], lr=0.1)
    assert np.array_equal(arrays[0].weights, arrays[1].weights)
    other = Crossbar(3, 4, device, seed=6)
    other.update(np.ones(4), [1, -1, 0.5], lr=0.1)
    assert not np.array_equal(arrays[0].weights, other.weights)


def test_a_device_file_is_a_law_file():
    assert law_from_json(device_to_json(Device(SOFT))) == SOFT


def test_functions_are_no_data():
    device = Device(StepFunctions(lambda x: 1 - x, lambda x: 1 + x, (-1, 1)), dw_min=0.01)
    with pytest.raises(InputError, match="made of Python functions, and a file holds data only"):
        device_to_json(device)


@pytest.mark.parametrize(
    ("part", "message"),
    [
        (None, 'no part "device"'),
        ([1], 'no part "device"'),
        ({}, "device has no entry 'dw_min'"),
        ({"dw_min": "0.1"}, "dw_min"),
        ({"dw_min": 0.1, "speed": 3}, "unknown entry 'speed'"),
        ({"dw_min": -0.1}, "dw_min = -0.1 is out of range"),
        ({"dw_min": 0.1, "device_spread": {"steps": 1}}, "unknown entry 'steps'"),
        ({"dw_min": 0.1, "device_spread": {"step": True}}, "step = True is not a number"),
        ({"dw_min": 0.1, "device_spread": {"parameters": 3}}, "parameters is no object"),
        ({"dw_min": 0.1, "device_spread": {"parameters": {"q": 0.1}}}, "spread names 'q'"),
        ({"dw_min": 0.1, "device_spread": "wide"}, "device_spread = 'wide' is not a number"),
        ({"dw_min": 10**400}, "too large"),
    ],
)
def test_a_bad_device_part_is_named(part, message):
    data = device_to_json(Device(SOFT)) | {"device": part}
    with pytest.raises((InputError, LawFileError), match=message):
        device_from_json(data)


def test_errors_name_the_file(tmp_path):
    binary = tmp_path / "binary.json"
    binary.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"binary\.json: not a text file"):
        read_device_file(binary)
    damaged = tmp_path / "damaged.json"
    damaged.write_text('{"format": "crosspoint law",')
    with pytest.raises(InputError, match=r"damaged\.json: line 1, column 29: not JSON"):
        read_device_file(damaged)
    with pytest.raises(FileNotFoundError):
        read_device_file(tmp_path / "absent.json")
