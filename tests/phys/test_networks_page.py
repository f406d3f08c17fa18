"""The page about networks: its code runs and prints what it says, its options exist."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

from phys.cli_train import train
from phys.layers import parse_layers


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "networks.md").read_text(encoding="utf-8")


def test_code_blocks_print_what_the_page_says(page: str) -> None:
    flags = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
    block = doctest.DocTestParser().get_doctest(page, {}, "docs/networks.md", None, 0)
    assert len(block.examples) > 15
    told: list[str] = []
    result = doctest.DocTestRunner(optionflags=flags).run(block, out=told.append)
    assert result.failed == 0, "".join(told)


def test_options_and_layers_of_the_page_exist(page: str) -> None:
    options = {option for parameter in train.params for option in parameter.opts}
    named = set(re.findall(r"--[a-z][a-z-]+", page))
    assert named
    assert named <= options
    for text in re.findall(r"--layers ([^ `]+)", page):
        assert parse_layers(text)
