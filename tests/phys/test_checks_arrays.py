"""Checks of arrays, engines, noise and storage: good devices pass, broken ones fail where due."""

from __future__ import annotations

from collections.abc import Callable
from itertools import zip_longest

import numpy as np
import pytest

from phys import Device, StepFunctions
from phys.checks import Status, Subject, checks
from phys.checks.runner import run_check
from phys.checks.subject import as_device
from phys.strategies import ASYMMETRIES, SIZES, law_form, laws, simplest
from tests.phys.saboteurs import Saboteur, saboteurs
from theory.laws import CATALOGUE, constant_step, soft_bounds

TOPICS = (
    "engines",
    "arithmetic",
    "array_reads",
    "updates",
    "noise",
    "spreads",
    "seeds",
    "inputs",
    "storage",
)
CHECKS = {
    one.id: one for one in checks().values() if one.examine.__module__.split(".")[-1] in TOPICS
}
SABOTEURS = {name: one for name, one in saboteurs().items() if one.check in CHECKS}


def failures(subject: Subject, examples: int, but: str = "") -> dict[str, str]:
    """Return the message of each check that fails."""
    results = [run_check(one, subject, examples) for one in CHECKS.values() if one.id != but]
    return {r.id: r.message for r in results if r.status is Status.FAILED}


@pytest.mark.parametrize("one", SABOTEURS.values(), ids=SABOTEURS)
def test_no_other_check_of_arrays_catches_a_saboteur(one: Saboteur) -> None:
    """Apart from those that no smaller fault could avoid."""
    made = one.make()
    subject = Subject(as_device(made.device), made.crossbar)
    assert set(failures(subject, 1, but=one.check)) <= set(one.also)


def up(w: np.ndarray) -> np.ndarray:
    return 1 - w**3


def down(w: np.ndarray) -> np.ndarray:
    return 1 + w


SOFT = soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
EXTREME = {
    "cycle noise that turns steps round": Device(
        CATALOGUE["power_step"].law(), dw_min=0.05, device_spread=0.9, cycle_noise=3.75
    ),
    "the finest step": Device(SOFT, dw_min=2e-6, additive_noise=0.3),
    "two steps": Device(constant_step(w_max=1, w_min=-1, imbalance=0), dw_min=0.7),
    "functions": Device(
        StepFunctions(up, down, (-1, 1)), dw_min=0.01, device_spread=0.3, cycle_noise=0.3
    ),
}


@pytest.mark.parametrize("given", EXTREME.values(), ids=EXTREME)
def test_extreme_devices_pass(given: Device) -> None:
    assert not failures(Subject(given), 5)


def forms() -> list[tuple[str, str]]:
    """Return pairs in which every size and every asymmetry of steps occurs."""
    return list(zip_longest(SIZES, ASYMMETRIES, fillvalue="flat"))


@pytest.mark.parametrize(("size", "asymmetry"), forms())
def test_laws_of_every_family_pass(
    size: str, asymmetry: str, numpy_engine: Callable[[bool], None]
) -> None:
    """Without compiling each of them: the other tests compare the engines."""
    numpy_engine(True)
    law = simplest(laws((size,), (asymmetry,)))
    assert law.name == law_form(size, asymmetry).name
    device = Device(law, dw_min=0.02, device_spread=0.3, cycle_noise=0.3)
    assert not failures(Subject(device), 1)


def test_what_does_not_apply_is_said() -> None:
    subject = Subject(EXTREME["functions"])
    results = {one.id: run_check(one, subject, 1) for one in CHECKS.values()}
    skipped = {r.id: r.message for r in results.values() if not r.status.ran}
    assert set(skipped) == {
        "engine.numpy",
        "arithmetic.formula",
        "arithmetic.single",
        "store.json",
    }
    assert all("Python functions" in message for message in skipped.values())
    here = Device(StepFunctions(lambda w: 1 - w, down, (-1, 1)), dw_min=0.01)
    result = run_check(CHECKS["store.pickle"], Subject(here))
    assert result.status is Status.NOT_APPLICABLE
    assert "define them at the top of a module" in result.message
