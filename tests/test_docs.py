"""What the pages in docs promise: their Python prints what they say, commands and names exist."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from phys.device_file import device_from_json
from phys.teaching.glossary import TOPICS, full_table, with_full_tables
from tests.markdown import assert_command_exists, blocks_of, crosspoint_commands, run_python
from theory import laws
from theory.law_file import FORMAT, VERSION

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGES = {path.name: path.read_text("utf-8") for path in sorted(DOCS.glob("*.md"))}
WITH_PYTHON = [name for name, page in PAGES.items() if "```python\n" in page]
WITH_COMMANDS = [name for name, page in PAGES.items() if crosspoint_commands(page)]


@pytest.mark.parametrize("name", WITH_PYTHON)
def test_python_blocks_run_and_print_what_the_page_says(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run_python(name, PAGES[name])


@pytest.mark.parametrize("name", WITH_COMMANDS)
def test_commands_and_their_options_exist(name):
    for words in crosspoint_commands(PAGES[name]):
        assert_command_exists(words)


@pytest.mark.parametrize("name", PAGES)
def test_links_into_the_repository_resolve(name):
    for target in re.findall(r"\]\((?!\w+://|#|mailto:)([^)#]+)", PAGES[name]):
        assert (DOCS / target).exists(), target


def test_every_page_that_should_be_tried_is():
    assert {"extending.md", "fitting.md", "guidance.md", "sweeps.md"} <= set(WITH_PYTHON)
    assert {"conformance.md", "fitting.md", "sweeps.md"} <= set(WITH_COMMANDS)


def test_the_law_file_of_its_page_is_one():
    (text,) = (block.text for block in blocks_of(PAGES["law_files.md"]) if block.language == "json")
    device = device_from_json(text)
    catalogue = laws.soft_bounds(w_max=0.9, w_min=-0.6, imbalance=0.3)
    assert (device.law.up, device.law.down) == (catalogue.up, catalogue.down)
    assert device.spread.bounds == 0.05
    assert (json.loads(text)["format"], json.loads(text)["version"]) == (FORMAT, VERSION)


def test_the_glossary_names_every_parameter_of_the_laws_that_aihwkit_has():
    shown = set(re.findall(r"`(\w+)(?:=\.\.\.)?`", PAGES["glossary.md"]))
    for name in ("soft_bounds", "linear_step", "exp_step", "power_step"):
        assert set(laws.CATALOGUE[name].law().values) <= shown, name


def test_the_glossary_shows_the_tables_that_the_notebooks_use():
    page = PAGES["glossary.md"]
    command = "run: python -m phys.teaching.glossary docs/glossary.md"
    assert with_full_tables(page) == page, command
    for topic in TOPICS:
        assert full_table(topic) in page, command
    altered = page.replace("| `law.F` |", "| `law.even` |")
    assert altered != page == with_full_tables(altered)


# The reader of pages is tried on pages of its own


@pytest.mark.parametrize(
    "wrong",
    [
        "```python\nprint(1)\n```\n\n```text\n2\n```\n",
        "```python\nprint(1)\n```\n",
        "```python\nprint(1)\n```\n\n```sh\n1\n```\n",
        "```python\nx = 1\n```\n\n```text\n1\n```\n",
        "```python\n>>> 1 + 1\n3\n\n```\n",
        "```python\nx = 1\n```\n\n```python\n>>> x\n2\n\n```\n",
    ],
)
def test_a_page_that_says_what_is_not_printed_fails(wrong):
    with pytest.raises(AssertionError, match=r"printed|Expected"):
        run_python("page.md", wrong)


def test_blocks_share_their_names_whichever_way_they_are_written():
    page = "```python\nx = 1\n```\n\n```python\n>>> y = x + 1\n\n```\n\n"
    run_python("page.md", page + "```python\nprint(y)\n```\n\n```text\n2\n```\n")
    with pytest.raises(NameError):
        run_python("page.md", page + "```python\nprint(z)\n```\n")


def test_python_marked_py_is_not_run():
    run_python("page.md", "```py\nraise SystemError\n```\n")
