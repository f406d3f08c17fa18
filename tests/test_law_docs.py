"""The pages on law files, fits and names: the file, the commands and the parameters in them."""

from __future__ import annotations

import json
import re
import shlex

import pytest
from click.testing import CliRunner

from phys.device_file import device_from_json
from theory import laws
from theory.law_file import FORMAT, VERSION


@pytest.fixture(scope="module")
def pages(repository):
    return {
        name: (repository / "docs" / f"{name}.md").read_text(encoding="utf-8")
        for name in ("law_files", "fitting", "glossary")
    }


def blocks(page: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def test_the_law_file_of_the_page_is_one(pages):
    (text,) = blocks(pages["law_files"], "json")
    device = device_from_json(text)
    catalogue = laws.soft_bounds(w_max=0.9, w_min=-0.6, imbalance=0.3)
    assert (device.law.up, device.law.down) == (catalogue.up, catalogue.down)
    assert device.spread.bounds == 0.05
    assert (json.loads(text)["format"], json.loads(text)["version"]) == (FORMAT, VERSION)


def test_the_commands_of_the_page_and_their_options_exist(pages):
    from phys.cli import main

    lines = "".join(blocks(pages["fitting"], "sh")).splitlines()
    assert len(lines) == 3
    for words in map(shlex.split, lines):
        assert words[0] == "crosspoint"
        shown = CliRunner().invoke(main, [words[1], "--help"])
        assert shown.exit_code == 0
        for option in (word for word in words if word.startswith("--")):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown.output), option


def test_the_glossary_names_every_parameter_of_the_laws_that_aihwkit_has(pages):
    shown = set(re.findall(r"`(\w+)`", pages["glossary"]))
    for name in ("soft_bounds", "linear_step", "exp_step", "power_step"):
        assert set(laws.CATALOGUE[name].law().values) <= shown, name
