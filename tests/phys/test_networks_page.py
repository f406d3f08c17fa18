"""The page about networks: its options and layers exist. Its code runs in `tests.test_docs`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from phys.cli.train import train
from phys.layers import parse_layers


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "networks.md").read_text(encoding="utf-8")


def test_options_and_layers_of_the_page_exist(page: str) -> None:
    options = {option for parameter in train.params for option in parameter.opts}
    named = set(re.findall(r"--[a-z][a-z-]+", page))
    assert named
    assert named <= options
    for text in re.findall(r"--layers ([^ `]+)", page):
        assert parse_layers(text)
