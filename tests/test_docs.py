"""The pages on laws, fits and names: their code runs and prints what they say."""

from __future__ import annotations

import contextlib
import doctest
import io
import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from phys.device_file import device_from_json
from theory import laws
from theory.law_file import FORMAT, VERSION

PAGES = ("law_files", "fitting", "glossary")


def blocks_of(markdown: str) -> list[tuple[str, str]]:
    """Collect the fenced code blocks as pairs of language and text."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", markdown, re.MULTILINE | re.DOTALL)


@pytest.fixture(params=PAGES)
def page(request, repository: Path) -> str:
    return (repository / "docs" / f"{request.param}.md").read_text(encoding="utf-8")


def test_python_blocks_print_what_the_page_says(page):
    blocks = blocks_of(page)
    assert any(language == "python" for language, _ in blocks)
    for (language, text), (kind, expected) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
        if language != "python":
            continue
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(compile(text, "page", "exec"), {"__name__": "page"})
        assert kind == "text"
        assert doctest.OutputChecker().check_output(expected, printed.getvalue(), 0), (
            printed.getvalue()
        )


def test_commands_and_options_exist(page):
    from phys.cli import main

    lines = "\n".join(text for language, text in blocks_of(page) if language == "sh").splitlines()
    for words in (shlex.split(line, comments=True) for line in lines):
        assert words[0] == "crosspoint"
        shown = CliRunner().invoke(main, [words[1], "--help"])
        assert shown.exit_code == 0
        for option in (word for word in words if word.startswith("--")):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown.output), option


def test_the_law_file_of_the_page_is_one(repository):
    page = (repository / "docs" / "law_files.md").read_text(encoding="utf-8")
    (text,) = (text for language, text in blocks_of(page) if language == "json")
    device = device_from_json(text)
    catalogue = laws.soft_bounds(w_max=0.9, w_min=-0.6, imbalance=0.3)
    assert (device.law.up, device.law.down) == (catalogue.up, catalogue.down)
    assert device.spread.bounds == 0.05
    assert (json.loads(text)["format"], json.loads(text)["version"]) == (FORMAT, VERSION)


def test_the_glossary_names_parameters_that_exist(repository):
    page = (repository / "docs" / "glossary.md").read_text(encoding="utf-8")
    names = {p.name for entry in laws.CATALOGUE.values() for p in entry.law().parameters}
    shown = set(re.findall(r"`(\w+)`", page))
    for name in ("imbalance", "slope_up", "gamma_up", "A_up", "slope", "offset", "alpha", "tau"):
        assert name in names
        assert name in shown
