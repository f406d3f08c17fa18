"""Answers as readers really give them: copied from the page, too large, or of another kind."""

from __future__ import annotations

import pytest

from phys import Device, StepFunctions
from phys.teaching import Lesson
from phys.teaching.reading import Unreadable, read_formula


@pytest.mark.parametrize(
    ("copied", "typed"),
    [("w/2 − a·w·(1 − w**2)", "w/2 - a*w*(1 - w**2)"), ("−2×w", "-2*w"), ("1 – w", "1 - w")],
)
def test_a_formula_can_be_copied_from_the_page(copied, typed):
    assert read_formula(copied) == read_formula(typed)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("w²", "two stars"),
        ("1 - w³", "two stars"),
        ("1e400*w", "too large"),
        ("-1e999", "too large"),
    ],
)
def test_what_is_wrong_with_a_text_is_said(text, reason):
    with pytest.raises(Unreadable, match=reason):
        read_formula(text)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_device_of_functions_is_told_that_formulas_are_asked_for(wrapped):
    steps = StepFunctions(up=lambda w: 1.2 - w, down=lambda w: 0.8 + w, bounds=(-0.5, 0.5))
    verdict = Lesson("08_your_own_device").judge(
        "ex1", Device(steps, dw_min=0.001) if wrapped else steps
    )
    assert not verdict.passed
    assert "Python functions" in verdict.message
