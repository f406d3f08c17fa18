"""Answers of every wrong kind: each is told what it is, and what is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sympy import (
    Derivative,
    Eq,
    Function,
    I,
    Integral,
    Matrix,
    Rational,
    Symbol,
    nan,
    oo,
    true,
    zoo,
)

from phys import Device
from phys.teaching import Lesson
from phys.teaching.devices import DeviceAnswer
from phys.teaching.exercises.symmetry_point import rests_at_the_goal
from phys.teaching.exercises.zero_shifting import EXERCISES, error_of_mean
from phys.teaching.formulas import Formula
from phys.teaching.numbers import Choice, Number
from phys.teaching.verdict import kind_of
from theory import laws, w
from theory.symbols import rho, w_max

KINDS = [
    (True, "True or False"),
    (np.bool_(True), "True or False"),
    (true, "True or False"),
    (3, "a whole number"),
    (np.int64(3), "a whole number"),
    (0.5, "a number"),
    (np.float32(0.5), "a number"),
    (Rational(1, 3), "a number"),
    (1j, "a complex number"),
    (Symbol("x"), "a formula"),
    (1 - w, "a formula"),
    (Eq(w, 1), "an equation"),
    (b"x", "a text"),
    (frozenset({1}), "a set"),
    (np.array(3.0), "an array"),
    (Matrix([1, 2]), "an array"),
    (Symbol, "the class `Symbol` itself"),
    (len, "a function"),
    (range(3), "an object of type `range`"),
]


@pytest.mark.parametrize(("answer", "kind"), KINDS)
def test_types_are_named_in_a_newcomers_words(answer: Any, kind: str) -> None:
    assert kind_of(answer) == kind


NUMBERS = [
    (" ", "is empty"),
    ([], "is empty"),
    (b"8", "a text"),
    (true, "True or False"),
    (Symbol, "the class `Symbol` itself"),
    (lambda: 8.0, "call it, with brackets"),
    (Eq(w, 8), "an equation"),
    (I, "complex number"),
    (2 * I, "complex number"),
    (oo, "no finite number"),
    (nan, "no finite number"),
    (zoo, "no finite number"),
    ([8.0], "a list with one entry"),
    ([8.0, 2.0], "a list with several entries"),
    (np.array([8.0]), "an array with one entry"),
    (Integral(w, w), "still contains w"),
    (range(3), "one number is asked for"),
    (800.0, "a power of ten"),
    (8000.0, "a unit or a power of ten"),
]


@pytest.mark.parametrize(("answer", "said"), NUMBERS)
def test_a_number_that_is_none_is_told_why(answer: Any, said: str) -> None:
    judge = Number(lambda: 8.0, "right.", unit="pulses")
    assert judge.judge(np.float64(8.0)).passed
    verdict = judge.judge(answer)
    assert not verdict.passed
    assert said in verdict.message


def test_only_a_number_without_a_unit_can_be_a_percentage() -> None:
    assert "percentage" in Number(lambda: 0.5, "right.").judge(50).message
    assert "percentage" not in Number(lambda: 0.5, "right.", unit="ns").judge(50).message


FORMULAS = [
    (" ", "is empty"),
    (oo, "no finite number"),
    (zoo, "divides by zero"),
    (3, "the answer is a number; a formula in `rho`, `w_max`"),
    ("1/2", "the answer is a number; a formula in `rho`, `w_max`"),
    (Symbol, "the class `Symbol` itself"),
    (Derivative(rho * w_max**2, w_max), "`.doit()`"),
    (Integral(rho, (w_max, 0, w_max)), "`.doit()`"),
    (Function("f")(rho), "`f` stands for no known function"),
    (np.array([rho]), "an array"),
]


@pytest.mark.parametrize(("answer", "said"), FORMULAS)
def test_a_formula_that_is_none_is_told_why(answer: Any, said: str) -> None:
    judge = Formula(lambda: rho * w_max, "right.", mistakes={"that is one.": lambda: w_max**0})
    assert judge.judge(Integral(rho, (w_max, 0, w_max)).doit()).passed
    assert judge.judge(1).message == "that is one."
    verdict = judge.judge(answer)
    assert not verdict.passed
    assert said in verdict.message


def test_a_choice_that_is_none_is_named() -> None:
    judge = Choice("a", "right.", {"b": "no."})
    assert judge.judge("x" * 100 + " y").message.startswith('there is no choice "')
    assert len(judge.judge("x" * 1000).message) < 150
    assert judge.judge(np.array([1])).message.startswith("the answer is an array; ")


def test_a_device_that_rests_elsewhere_is_told_where() -> None:
    judge = DeviceAnswer("right.", {"elsewhere.": rests_at_the_goal}, conformance=False)
    assert judge.judge(laws.soft_bounds(1, -1, Rational(-1, 5))).passed
    other = judge.judge(laws.soft_bounds(1, -1, Rational(3, 10))).message
    assert other == "its symmetry point is at 0.3, not at -0.2."
    turned = judge.judge(Device(laws.soft_bounds(1, -1, Rational(1, 5)), dw_min=0.01)).message
    assert "at 0.2, not at -0.2" in turned
    assert "the sign is not" in turned


def test_a_procedure_that_is_not_written_yet_is_no_wrong_answer() -> None:
    verdict = EXERCISES["ex1"].judge.judge(lambda xbar, pairs: ...)
    assert "not answered yet" in verdict.message
    assert "set_reference" not in verdict.message


def test_a_reply_asks_for_the_symbols_of_the_question_alone() -> None:
    assert {s.name for s in error_of_mean().free_symbols} == {"dw_min", "rho"}
    verdict = Lesson("04_zero_shifting").judge("ex4", "x")
    assert verdict.message.endswith("write it with `dw_min`, `rho`.")
