"""Checks of answers, predictions and figures, apart from any notebook."""

from __future__ import annotations

import time
import warnings
from typing import Any
from unittest.mock import patch

import pytest
from IPython.core.interactiveshell import InteractiveShell
from sympy import Rational, Symbol, sqrt, symbols

from phys.checked import InputError
from phys.checks.report import Report, Result, Status
from phys.data import Dataset, DataWarning, load
from phys.plots import response_curves
from phys.teaching import Lesson, explore, images, panels, quick, show
from phys.teaching.devices import DeviceAnswer
from phys.teaching.display import Picture, shorten_errors, to_png
from phys.teaching.formulas import Formula
from phys.teaching.functions import Function
from phys.teaching.glossary import TOPICS, entries, table
from phys.teaching.numbers import Choice, Number
from phys.teaching.predictions import Prediction
from phys.teaching.reading import FUNCTIONS, Unreadable, read_formula
from phys.teaching.watchdog import TookTooLong, time_limit
from theory import laws, w
from theory.errors import TheoryError
from theory.symbols import GLOSSARY, rho, w_max, w_min

STAR = Formula(
    lambda: laws.soft_bounds().symmetry_point().expression,
    "right.",
    mistakes={"that holds for equal bounds only.": lambda: rho * w_max},
    swaps={"up and down changed places.": {"w_max": "w_min", "w_min": "w_max"}},
    aliases={"imbalance": "rho"},
)


def of_star(a: Any, b: Any, high: Any, low: Any) -> Any:
    return (a - b) / (a / high - b / low)


def test_a_formula_is_right_in_any_form_and_with_any_symbols():
    up, down = 1 + rho, 1 - rho
    right = of_star(up, down, w_max, w_min)
    for form in (right, right.expand(), right.together(), right.simplify()):
        assert STAR.judge(form).passed
    plain = symbols("rho w_max w_min")
    assert STAR.judge(right.subs({rho: plain[0], w_max: plain[1], w_min: plain[2]})).passed
    assert STAR.judge("2*imbalance/((1 + rho)/w_max - (1 - rho)/w_min)").passed


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (-of_star(1 + rho, 1 - rho, w_max, w_min), "wrong sign"),
        (2 * of_star(1 + rho, 1 - rho, w_max, w_min), "yours is 2 times"),
        (of_star(1 + rho, 1 - rho, w_max, w_min) / 3, "yours is 1/3 times"),
        (1 / of_star(1 + rho, 1 - rho, w_max, w_min), "one over"),
        (of_star(1 + rho, 1 - rho, w_min, w_max), "up and down changed places"),
        (rho * w_max, "equal bounds only"),
        (of_star(1 + rho, 1 - rho, w_max, w_min) * 1.0001, "close, but not exact"),
        (w_max + w_min, "is expected"),
        (Symbol("tau") * rho, "`tau`, which does not belong"),
        (sqrt(-(w_max**2)), "no real value"),
        ("2*rho*", "cannot be read"),
        ("rho^2", "two stars"),
        ("w = rho", "right of the equals sign"),
        ([1, 2], "a list"),
        (rho + w_max > 1, "whole equation"),
        (1 / (rho - rho), "divides by zero"),
        (Symbol("rho") ** 10**9, "power beyond"),
        (rho ** sqrt(10**9), "power beyond"),
        (sum(Symbol(f"x{k}") for k in range(500)), "operations"),
        (rho + 10**400, "very many digits"),
    ],
)
def test_a_wrong_formula_is_told_what_is_wrong(answer, said):
    verdict = STAR.judge(answer)
    assert not verdict.passed
    assert said in verdict.message


def test_formulas_that_differ_little_and_rarely_are_not_right():
    exact = Formula(lambda: rho * w_max, "right.")
    assert not exact.judge(rho * w_max + Rational(1, 10**9)).passed
    assert not exact.judge(rho * w_max * (1 + rho * 10**-10)).passed
    assert not exact.judge(abs(rho) * w_max).passed


def test_text_is_read_without_being_run():
    for text in ("__import__('os')", "rho.real", "[rho]", "open('x')", "lambda: 1", "sqrt", "1/0"):
        with pytest.raises(Unreadable):
            read_formula(text)
    assert read_formula("-sqrt(w)/2 + 1") == 1 - sqrt(Symbol("w")) / 2
    assert all(read_formula(f"{name}(2*x)").free_symbols for name in FUNCTIONS)


def test_a_time_limit_ends_what_does_not_end():
    start = time.monotonic()
    with pytest.raises(TookTooLong), time_limit(0.05):
        time.sleep(60)
    assert time.monotonic() - start < 5


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (-0.18, "the sign is not"),
        (0.36, "twice"),
        (0.09, "half of"),
        (18, "percentage"),
        (1 / 0.18, "one over"),
        (0.19, "close"),
        (7.0, "too large"),
        (0.001, "too small"),
        (0.6, "that is the bound."),
        ("0.18", "quotation marks"),
        ([0.18], "one entry"),
        (w, "still contains w"),
        (float("inf"), "no finite number"),
        (len, "a function"),
    ],
)
def test_a_wrong_number_is_told_what_is_wrong(answer, said):
    judge = Number(lambda: 0.18, "right.", mistakes={"that is the bound.": lambda: 0.6})
    assert judge.judge(Rational(18, 100)).passed
    verdict = judge.judge(answer)
    assert not verdict.passed
    assert said in verdict.message


def test_choices_take_either_case_and_list_what_there_is():
    judge = Choice("b", "right.", {"a": "no.", "c": "nor that."})
    assert judge.judge(" B").passed
    assert judge.judge("c").message == "nor that."
    for answer, given in ((3, "the answer is a whole number"), ("d", 'there is no choice "d"')):
        asked = 'choose one of "a", "b", "c", with the quotation marks.'
        assert judge.judge(answer).message == f"{given}; {asked}"


def test_functions_are_tried_and_their_errors_told():
    judge = Function(lambda x, n: x * n, "right.", [(0.5, 2), (1.0, 3)], mistakes={"m.": max})
    assert judge.judge(lambda x, n: n * x).passed
    assert judge.judge(max).message == "m."
    assert "stops with ZeroDivisionError" in judge.judge(lambda x, n: 1 / 0).message
    assert "does not return a number" in judge.judge(lambda x, n: None).message
    assert "the function itself" in judge.judge(1.0).message
    assert "is expected" in judge.judge(lambda x, n: 0).message


def test_devices_need_the_right_type_numbers_and_the_demands():
    judge = DeviceAnswer(
        "right.",
        {"it does not rest at 0.": lambda law: float(law.symmetry_point()) == 0},
        conformance=False,
    )
    assert judge.judge(laws.soft_bounds(1, -1, 0)).passed
    assert judge.judge(laws.soft_bounds(1, -1, 0.1)).message == "it does not rest at 0."
    assert "have no values" in judge.judge(laws.soft_bounds()).message
    assert "a device is asked for" in judge.judge(1 - w).message
    assert "nowhere vanishes" in judge.judge(laws.constant_step(1, -1, 0.3)).message


def test_devices_that_do_not_conform_are_shown_a_counter_example(monkeypatch):
    failed = Result("a.b", "0 = 0.", Status.FAILED, "0 is 1", counter_example="print(1)")
    passed = Result("c.d", "1 = 1.", Status.PASSED)
    for results, said in (((passed, failed), "print(1)"), ((passed,), "right.")):
        report = Report("a device", 0, 1, results)
        monkeypatch.setattr("phys.checks.check_device", lambda *_, report=report, **__: report)
        verdict = DeviceAnswer("right.").judge(laws.soft_bounds(1, -1, 0.3))
        assert verdict.passed == report.passed
        assert said in verdict.message


def test_predictions_are_compared_with_what_came_out():
    choices = {"a": "up", "b": "nowhere", "c": "down"}
    letter = Prediction("a", choices, {"a": "Look at G.", "b": "It rose.", "bc": "It fell."})
    assert letter.compare("a", "a") == "It came out as you said."
    assert letter.compare("a", "b") == "Look at G."
    assert letter.compare("b", "a") == "It rose."
    assert letter.compare("b", "c") == "It fell."
    assert letter.compare("c", "a") == "It came out otherwise."
    number = Prediction(0.3)
    assert number.compare(0.31, 0.3) == "You were close."
    assert "other sign" in number.compare(-0.3, 0.3)
    assert "too large" in number.compare(3.0, 0.3)


class Asked(Lesson):
    """A lesson with one prediction and one exercise whose judge fails."""

    def __init__(self) -> None:
        super().__init__("01_one_device")
        self.predictions = {"p1": Prediction("a", {"a": "up", "b": "down"})}


def test_a_result_is_shown_only_after_a_prediction(capsys, monkeypatch):
    monkeypatch.delenv("CROSSPOINT_AUTOMATED", raising=False)
    lesson = Asked()
    lesson.reveal("p1", "b", "Because.")
    assert "First predict" in capsys.readouterr().out
    lesson.predict("p1", ...)
    assert "no prediction yet" in capsys.readouterr().out
    lesson.predict("p1", "up")
    lesson.reveal("p1", "b", "Because.")
    assert "Because." not in capsys.readouterr().out
    lesson.predict("p1", "B")
    lesson.reveal("p1", "b", "Because.")
    assert "Because." in capsys.readouterr().out


def test_without_a_reader_the_stored_prediction_is_used(capsys, monkeypatch):
    monkeypatch.setenv("CROSSPOINT_AUTOMATED", "1")
    lesson = Asked()
    lesson.predict("p1", ...)
    lesson.reveal("p1", "b", "Because.")
    assert "Because." in capsys.readouterr().out


def test_unknown_names_and_impossible_answers_get_a_sentence(capsys):
    lesson = Lesson("01_one_device")
    lesson.check("ex99", 1)
    lesson.hint("ex99")
    lesson.predict("p99", 1)
    lesson.reveal("p99", 1, "")
    assert capsys.readouterr().out.count("in this notebook; there are") == 4

    class Hostile:
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError("no")

    assert not lesson.judge("ex1", Hostile()).passed


def test_hints_come_one_by_one_and_end_at_the_solution(capsys):
    lesson = Lesson("01_one_device")
    count = len(lesson.exercises["ex1"].hints)
    for _ in range(count + 1):
        lesson.hint("ex1")
    said = capsys.readouterr().out
    assert said.count("Hint ") == count
    assert "solutions/01_one_device.py" in said


def test_quick_settings_follow_the_environment(monkeypatch):
    monkeypatch.setenv("CROSSPOINT_QUICK", "1")
    assert quick(10, 1) == 1
    monkeypatch.setenv("CROSSPOINT_QUICK", "0")
    assert quick(10, 1) == 10


def test_missing_mnist_is_said_once_and_quietly(monkeypatch):
    monkeypatch.setenv("CROSSPOINT_QUICK", "0")

    def absent(name: str) -> Dataset:
        warnings.warn("MNIST IS NOT IN USE", DataWarning, stacklevel=2)
        return load("digits")

    monkeypatch.setattr("phys.teaching.settings.load", absent)
    assert images().name == "digits"
    monkeypatch.setenv("CROSSPOINT_QUICK", "1")
    monkeypatch.setattr("phys.teaching.settings.load", load)
    assert images().name == "digits"


def test_the_glossary_covers_the_notation_and_keeps_its_columns():
    rows = [line for line in table().splitlines() if line.startswith("|")]
    assert len(rows) == len(entries()) + 2
    assert {row.count("|") for row in rows} == {6}
    assert {line.latex for line in GLOSSARY} <= {entry.latex for entry in entries()}


def test_the_glossary_gives_a_symbol_one_meaning():
    listed = [entry.latex for topic in TOPICS.values() for entry in topic if entry.latex]
    assert len(set(listed)) == len(listed)


def test_a_lesson_that_is_not_in_the_plan_is_refused():
    with pytest.raises(InputError, match="00_start_here"):
        Lesson("99_unknown")


def test_pictures_carry_their_description_and_are_the_same_every_time(monkeypatch):
    law = laws.soft_bounds(1, -1, 0.3)
    assert to_png(response_curves(law)) == to_png(response_curves(law))
    words = 'Two lines that cross at the "symmetry" point.'
    monkeypatch.setenv("CROSSPOINT_AUTOMATED", "1")
    data, about = Picture(response_curves(law), words)._repr_mimebundle_()
    assert about["image/png"]["alt"] == data["text/plain"] == words
    monkeypatch.delenv("CROSSPOINT_AUTOMATED")
    data, _ = Picture(response_curves(law), words)._repr_mimebundle_()
    assert 'alt="Two lines that cross at the &quot;symmetry&quot; point."' in data["text/html"]


def test_figures_without_words_are_refused():
    figure, _ = panels()
    for alt in ("", "a figure", None):
        with pytest.raises(InputError, match="does not describe"):
            show(figure, alt=alt)
    with pytest.raises(InputError, match="Matplotlib Figure"):
        show("figure", alt="x" * 40)  # type: ignore[arg-type]


def test_a_missing_widget_package_is_named_with_its_command(capsys, monkeypatch):
    monkeypatch.delenv("CROSSPOINT_AUTOMATED", raising=False)
    monkeypatch.setattr("phys.teaching.sliders.find_spec", lambda name: None)
    drawn: list[float] = []
    explore(lambda ax, value: drawn.append(value), "x", [0, 1, 2], [0, 2], alt="s" * 40)
    assert drawn == [0, 2]
    assert "%pip install ipywidgets" in capsys.readouterr().out


def test_sliders_draw_where_widgets_run(monkeypatch, capsys):
    monkeypatch.delenv("CROSSPOINT_AUTOMATED", raising=False)
    drawn: list[float] = []
    explore(lambda ax, value: drawn.append(value), "x", [0, 1, 2], [1, 2], alt="s" * 40)
    assert drawn == [1]


def test_a_refused_input_is_shown_as_a_sentence(capsys):
    shell = InteractiveShell()
    with patch("IPython.get_ipython", return_value=shell):
        shorten_errors()
    shell.run_cell("from theory import DeviceLaw, w")
    refused = shell.run_cell('DeviceLaw("mine", up=1 - 2 * w, down=1 + w, bounds=(-1, 1))')
    assert isinstance(refused.error_in_exec, TheoryError)
    assert "narrow the bounds" in (shown := capsys.readouterr().out)
    assert "Traceback" not in shown
    shell.run_cell("1 / 0")
    assert "Traceback" in capsys.readouterr().out
