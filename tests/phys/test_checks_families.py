"""Well-behaved devices of every family pass all checks, or fail for a true reason that is given."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp

from phys import Device, HiddenStateFunctions, Spread, StepFunctions
from phys.checks import check_device
from phys.user_object import preset_device
from theory import DeviceLaw, laws, w
from theory.laws.presets import PRESETS

BALANCED = {"symmetry.unique": "up and down steps are equal: every weight is a symmetry point"}
SEVERAL = {"symmetry.unique": "the device has more than one state to settle in"}
ONE_SIDED = {"symmetry.exists": "up steps are larger at every weight"}
UNSTABLE = {"symmetry.attracts": "steps grow towards the bounds"}

BEND = w**3 - w / 4
HALF = sp.Rational(1, 2)

CUSTOM: dict[str, tuple[Any, dict[str, str]]] = {
    "one_sided": (laws.constant_step(w_max=1, w_min=-1, imbalance=0.3), ONE_SIDED),
    "three_points": (DeviceLaw("three", up=1 - BEND, down=1 + BEND, bounds=(-1, 1)), SEVERAL),
    "unstable": (DeviceLaw("grow", up=1 + w / 2, down=1 - w / 2, bounds=(-1, 1)), UNSTABLE),
    "transcendental": (
        DeviceLaw(
            "tanh", up=1 - sp.tanh(w) / 2, down=sp.Rational(6, 5) + sp.log(2 + w), bounds=(-1, 1)
        ),
        {},
    ),
    "rational": (
        DeviceLaw("rational", up=1 / (2 + w), down=(3 + w) / 8, bounds=(-1, HALF)),
        {},
    ),
    "jump": (
        DeviceLaw(
            "jump",
            up=sp.Piecewise((sp.Rational(6, 5), w < HALF / 5), (sp.Rational(4, 5), True)),
            down=sp.Piecewise((sp.Rational(4, 5), w < HALF / 5), (sp.Rational(6, 5), True)),
            bounds=(-1, 1),
        ),
        {},
    ),
    "noisy_and_spread": (
        Device(
            laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3),
            0.001,
            Spread(step=0.3, bounds=0.3, imbalance=0.05),
            cycle_noise=0.3,
        ),
        {},
    ),
    "coarse": (Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=-0.3), 0.3), {}),
    "additive_noise": (
        Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3), 0.01, additive_noise=0.3),
        {},
    ),
    "functions": (
        StepFunctions(lambda v: 1.3 * (1 - v) * np.exp(-0.3 * v), lambda v: 0.7 * (1 + v), (-1, 1)),
        {},
    ),
    "functions_that_differ": (
        Device(
            StepFunctions(lambda v: 1.2 - v, lambda v: 1 + v**3, (-0.8, 1)),
            0.01,
            device_spread=0.2,
            cycle_noise=0.2,
        ),
        {},
    ),
    "wear": (
        HiddenStateFunctions(
            lambda v, wear: ((1 - v) * (1 - wear), wear + (1 - wear) / 1000),
            lambda v, wear: ((1 + v) * (1 - wear), wear + (1 - wear) / 1000),
            {"wear": 0.0},
            bounds=(-1, 1),
        ),
        {},
    ),
    "relaxation": (
        HiddenStateFunctions(
            lambda v, rest: (1 - v, rest),
            lambda v, rest: (1 + v, rest),
            {"rest": 0.0},
            bounds=(-1, 1),
            between_updates=lambda v, rest: (v + (rest - v) / 10, rest + (v - rest) / 200),
        ),
        {},
    ),
}

CATALOGUE = {
    name: (entry.law(), BALANCED if name == "constant_step" else {})
    for name, entry in laws.CATALOGUE.items()
}
FITTED = {
    name: (preset_device(build()), BALANCED if name == "gokmen_vlasov" else {})
    for name, build in PRESETS.items()
}
EVERY = {**CATALOGUE, **FITTED, **CUSTOM}
INTERPRETED = {
    *("soft_bounds_pmax", "exp_step", "reram_es", "tabulated", "three_points", "transcendental"),
    *("rational", "jump", "functions_that_differ", "wear", "relaxation"),
}


@pytest.mark.parametrize("name", EVERY)
def test_a_sound_device_passes(name: str, numpy_engine: Callable[[bool], None]) -> None:
    """Arrays of laws that no other test compiles run by NumPy, which gives the same bits."""
    numpy_engine(name in INTERPRETED)
    device, expected = EVERY[name]
    skip = {"symmetry.symbolic": "the formula is that of the catalogue"} if name in FITTED else {}
    if name in ("gokmen_vlasov", "reram_es"):  # It does not apply to these laws anyway.
        skip = {}
    report = check_device(device, max_examples=1, expected_failures=expected, skip=skip)
    assert report.passed, report.text()


def test_most_checks_apply_to_a_device_with_a_formula_noise_and_spread() -> None:
    report = check_device(EVERY["noisy_and_spread"][0], max_examples=1)
    assert not [r.id for r in report if not r.status.ran]
