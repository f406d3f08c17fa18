"""Stored solutions pass; typical wrong answers fail, and are told what is wrong."""

from __future__ import annotations

import runpy
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from phys.teaching import Lesson
from phys.teaching.plan import chapter
from tests.tutorials.notebooks import NAMES, TUTORIALS

WRONG = Path(__file__).resolve().parent / "wrong_answers"
EXERCISES = [
    (name, exercise)
    for name in NAMES
    for exercise in import_module(f"phys.teaching.exercises.{chapter(name).module}").EXERCISES
]

NONSENSE: list[Any] = [..., None, "", [], {}, "x +", "foreign_symbol", object(), float("nan"), True]
NONSENSE += [lambda: 1 / 0, 10**400, complex(1, 1), Exception, b"x"]


def solutions(name: str) -> dict[str, Any]:
    return runpy.run_path(str(TUTORIALS / "solutions" / f"{name}.py"))["SOLUTIONS"]


def wrong_answers(name: str) -> dict[str, list[tuple[Any, str]]]:
    return runpy.run_path(str(WRONG / f"{name}.py"))["WRONG"]


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_solution_passes(name, exercise):
    verdict = Lesson(name).judge(exercise, solutions(name)[exercise])
    assert verdict.passed, verdict.message


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_typical_wrong_answers_are_told_what_is_wrong(name, exercise):
    answers = wrong_answers(name)[exercise]
    assert len(answers) >= 2
    for answer, reason in answers:
        verdict = Lesson(name).judge(exercise, answer)
        assert not verdict.passed, answer
        assert reason in verdict.message, (answer, verdict.message)


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_nonsense_gets_a_sentence(name, exercise):
    lesson = Lesson(name)
    for answer in NONSENSE:
        verdict = lesson.judge(exercise, answer)
        assert not verdict.passed
        assert verdict.message.endswith((".", ".\n")), verdict.message
        assert "cannot be judged" not in verdict.message, (answer, verdict.message)


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_there_are_hints(name, exercise):
    assert Lesson(name).exercises[exercise].hints


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_solved_that_is_not_asked(name):
    asked = set(Lesson(name).exercises)
    assert set(solutions(name)) == asked
    assert set(wrong_answers(name)) == asked
