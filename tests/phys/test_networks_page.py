"""The page about networks: its options and layers exist. Its code runs in `tests.test_docs`."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import pytest

from phys.cli.train import train
from phys.layers import parse_layers


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "networks.md").read_text(encoding="utf-8")


def test_tables_are_those_of_the_stored_results(page: str, repository: Path) -> None:
    made = runpy.run_path(str(repository / "benchmarks" / "network_kinds.py"))
    results = json.loads(made["RESULTS"].read_text(encoding="utf-8"))
    assert page.endswith(made["START"] + made["tables"](results) + made["END"])


def test_options_and_layers_of_the_page_exist(page: str) -> None:
    options = {option for parameter in train.params for option in parameter.opts}
    named = set(re.findall(r"--[a-z][a-z-]+", page))
    assert named
    assert named <= options
    for text in re.findall(r"--layers ([^ `]+)", page):
        assert parse_layers(text)
