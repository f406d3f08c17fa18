"""Every check catches its saboteur, with a message that says what is wrong."""

from __future__ import annotations

import pytest

from phys.checks import Status, Subject, checks
from phys.checks.runner import run_check
from phys.checks.subject import as_device
from tests.phys.saboteurs import Saboteur, saboteurs

CHECKS = checks()
EVERY = saboteurs()
THEORY = {
    f"phys.checks.{topic}"
    for topic in ("bounds", "steps", "symmetry", "alternating", "zero_shifts", "hamiltonian")
}


def subject_of(one: Saboteur) -> Subject:
    made = one.make()
    return Subject(as_device(made.device), made.crossbar)


@pytest.mark.parametrize("one", EVERY.values(), ids=EVERY)
def test_the_check_catches_its_saboteur(one: Saboteur) -> None:
    result = run_check(CHECKS[one.check], subject_of(one))
    assert result.status is Status.FAILED, f"{one.check} did not catch {one.name}"
    assert one.message in result.message
    assert f"recheck({one.check!r}" in result.counter_example


def test_every_check_has_a_saboteur() -> None:
    caught = {one.check for one in EVERY.values()}
    assert not set(CHECKS) - caught, "checks that nothing fails are dead"
    assert not caught - set(CHECKS)


@pytest.mark.parametrize("one", EVERY.values(), ids=EVERY)
def test_no_other_check_of_the_theory_catches_it(one: Saboteur) -> None:
    """Apart from those that no smaller fault could avoid; few examples, since most need one."""
    subject = subject_of(one)
    found = {
        other.id
        for other in CHECKS.values()
        if other.id != one.check
        and other.examine.__module__ in THEORY
        and run_check(other, subject, max_examples=2).status is Status.FAILED
    }
    assert found <= set(one.also)
