"""Every committed notebook: fresh outputs, descriptions, prose, size, time."""

from __future__ import annotations

import copy
import re
import tomllib
from importlib import import_module
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from phys.teaching.glossary import table
from phys.teaching.plan import COURSE, chapter, total_minutes
from phys.teaching.stamp import is_stale, source_of, stamp
from tests.tutorials import notebooks
from tests.tutorials.notebooks import NAMES, NOTEBOOKS, TUTORIALS

LARGEST_BYTES = 8 * 2**20


@pytest.fixture(scope="module")
def version(repository: Path) -> str:
    return tomllib.loads((repository / "pyproject.toml").read_text())["project"]["version"]


@pytest.fixture(params=NOTEBOOKS, ids=NAMES)
def notebook(request: pytest.FixtureRequest) -> dict[str, Any]:
    return notebooks.read(request.param)


def test_outputs_come_from_this_code_and_this_version(notebook, version):
    assert not is_stale(notebook, version), "run: make notebooks"


def test_no_rule_is_broken(notebook):
    assert notebooks.broken_rules(notebook) == []


def test_the_first_notebook_shows_the_glossary_as_it_is():
    assert table() in notebooks.prose(notebooks.read(TUTORIALS / "00_start_here.ipynb"))


def test_all_notebooks_are_chapters_and_small_enough():
    assert set(NAMES) <= {one.name for one in COURSE}
    assert sum(path.stat().st_size for path in NOTEBOOKS) < LARGEST_BYTES


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_predictions_offer_the_choices_that_the_notebook_lists(path):
    module = import_module(f"phys.teaching.exercises.{chapter(path.stem).module}")
    listed = {}
    for before, cell in pairwise(notebooks.read(path)["cells"]):
        if found := re.match(r'predict\("(\w+)"', source_of(cell)):
            choices = re.findall(r"^- \*\*(\w)\*\*: (.+)$", source_of(before), re.MULTILINE)
            listed[found[1]] = dict(choices)
    assert listed == {name: one.options for name, one in module.PREDICTIONS.items()}


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_every_exercise_and_prediction_is_asked(path):
    """What the module defines is what the notebook asks, no more and no less."""
    module = import_module(f"phys.teaching.exercises.{chapter(path.stem).module}")
    code = "\n".join(
        source_of(cell) for cell in notebooks.read(path)["cells"] if cell["cell_type"] == "code"
    )
    for call, defined in (("check", module.EXERCISES), ("predict", module.PREDICTIONS)):
        asked = {name for name in defined if f'{call}("{name}", ' in code}
        assert asked == set(defined)
        assert len(re.findall(rf"\b{call}\(", code)) == len(defined)
    assert code.count("reveal(") == len(module.PREDICTIONS)
    if path.stem != "00_start_here":
        assert 3 <= len(module.EXERCISES) <= 5


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_stated_time_is_honest(path):
    module = import_module(f"phys.teaching.exercises.{chapter(path.stem).module}")
    estimate = notebooks.estimated_minutes(notebooks.read(path), len(module.EXERCISES))
    assert 0.6 < estimate / chapter(path.stem).minutes < 1.3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_the_opening_says_the_time_that_is_planned(path):
    opening = f"It takes about {chapter(path.stem).minutes} minutes, exercises included."
    assert opening in notebooks.prose(notebooks.read(path)), "run: make notebooks"


def test_the_first_notebook_lists_the_course_as_it_is_planned():
    shown = notebooks.prose(notebooks.read(TUTORIALS / "00_start_here.ipynb"))
    for one in COURSE:
        assert f"| [{one.title}]({one.name}.ipynb) | {one.goals[0]} | {one.minutes} |" in shown
    hours, minutes = divmod(total_minutes(), 60)
    assert f"Together that is {hours} hours and {minutes} minutes." in shown


def test_the_whole_course_takes_less_than_four_hours():
    assert total_minutes() < 240


@pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)
def test_links_lead_to_files(path, repository):
    planned = {f"{one.name}.ipynb" for one in COURSE}
    for target in re.findall(r"\]\((?!\w+:|#)([^)#]+)", notebooks.prose(notebooks.read(path))):
        assert (path.parent / target).exists() or target in planned, target


# The rules themselves are tried on notebooks that break them

GOOD: dict[str, Any] = {
    "metadata": {},
    "cells": [
        {"cell_type": "markdown", "source": "# Title\n\nUse `0.3` or $0.3$ here."},
        {
            "cell_type": "code",
            "source": "assert True",
            "execution_count": 1,
            "outputs": [
                {
                    "output_type": "display_data",
                    "data": {"image/png": "AAAA", "text/plain": "words"},
                    "metadata": {"image/png": {"alt": "a curve that falls from left to right"}},
                }
            ],
        },
    ],
}


def altered(change: Any) -> dict[str, Any]:
    made = copy.deepcopy(GOOD)
    change(made["cells"])
    return made


BREAKS = {
    "the first cell is no title": lambda cells: cells[0].update(source="Title"),
    "no prose before": lambda cells: cells.append(cells[1] | {"execution_count": 2}),
    "an empty cell": lambda cells: cells.append({"cell_type": "markdown", "source": " "}),
    "never executed": lambda cells: cells[1].update(execution_count=None),
    "not executed once": lambda cells: cells[1].update(execution_count=2),
    "no assert": lambda cells: cells[1].update(source="1"),
    "lies open": lambda cells: cells[1].update(source="reveal(1)", metadata={}),
    "an error": lambda cells: cells[1].update(
        outputs=[{"output_type": "error", "ename": "ValueError", "traceback": []}]
    ),
    "stderr": lambda cells: cells[1].update(
        outputs=[{"output_type": "stream", "name": "stderr", "text": ["w"]}]
    ),
    "'/home/'": lambda cells: cells[1].update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": ["/home/ann/x.py"]}]
    ),
    "RuntimeWarning": lambda cells: cells[1].update(
        outputs=[{"output_type": "stream", "name": "stdout", "text": ["RuntimeWarning: x"]}]
    ),
    "a picture without": lambda cells: cells[1]["outputs"][0].update(metadata={}),
    "'12.5'": lambda cells: cells[0].update(source="# Title\n\nIt falls by 12.5."),
    "'50 %'": lambda cells: cells[0].update(source="# Title\n\nIt falls by 50 % at once."),
}


UNREAD = (
    "✗ **ex1, not yet:** not answered yet: put your answer in the place of `...`.",
    "*No reader here: the stored prediction is* (a) up",
    "| a table | to look things up |",
    "```text\na listing\nof events\n```",
)


def estimated(text: str) -> float:
    said = {"output_type": "display_data", "data": {"text/markdown": text}, "metadata": {}}
    return notebooks.estimated_minutes(
        altered(lambda cells: cells[1]["outputs"].append(said)), exercises=0
    )


def test_only_what_a_reader_reads_takes_time():
    assert {estimated(text) for text in UNREAD} == {estimated("")}
    assert estimated("Ten words more take a reader three seconds or so.") > estimated("")


def test_a_good_notebook_breaks_no_rule():
    assert notebooks.broken_rules(GOOD) == []


@pytest.mark.parametrize("rule", BREAKS)
def test_each_rule_is_noticed(rule):
    broken = notebooks.broken_rules(altered(BREAKS[rule]))
    assert any(rule in sentence for sentence in broken), broken


def test_changed_code_and_another_version_are_stale():
    made = copy.deepcopy(GOOD)
    assert is_stale(made, "1.0")
    stamp(made, "1.0")
    assert not is_stale(made, "1.0")
    assert is_stale(made, "1.1")
    made["cells"][1]["source"] = "assert 1"
    assert is_stale(made, "1.0")
