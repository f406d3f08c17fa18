"""What the README promises: its Python runs and prints what it says, its commands exist."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.markdown import (
    Block,
    assert_command_exists,
    blocks_of,
    commands_of,
    crosspoint_commands,
    run_python,
)


@pytest.fixture(scope="module")
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def commands(readme: str) -> list[list[str]]:
    return commands_of(readme)


# The data that the README's code asks for may not be there: the digits are good enough to run it.
@pytest.mark.filterwarnings("ignore::phys.data.DataWarning")
def test_python_blocks_run_and_print_what_the_readme_says(readme, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert any(block.language == "python" for block in blocks_of(readme))
    run_python("README.md", readme)


def test_make_targets_exist(commands, repository):
    makefile = (repository / "Makefile").read_text()
    targets = [command[1] for command in commands if command[0] == "make"]
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target


def test_crosspoint_commands_and_options_exist(readme):
    used = crosspoint_commands(readme)
    assert used
    for words in used:
        assert_command_exists(words)


def test_plain_commands_are_those_of_the_makefile(commands, repository):
    """The pip and pytest commands that make stands for are the ones that make runs."""
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    makefile = (repository / "Makefile").read_text()
    (run_tests,) = (command for command in commands if "pytest" in command)
    options = " ".join(run_tests[run_tests.index("pytest") :])
    assert options.replace("-n 2", "-n $(JOBS)") in makefile
    assert "JOBS ?= 2" in makefile
    installed = [command[-1] for command in commands if "install" in command]
    assert {".", ".[dev]"} <= set(installed)
    for target in installed:
        for extra in re.findall(r"\[([\w,-]+)\]", target):
            assert set(extra.split(",")) <= set(project["optional-dependencies"])


def test_every_command_is_of_a_kind_that_is_checked(commands):
    checked = {"make", "crosspoint", "pip", "python", "python3", "git", "cd"}
    assert {Path(command[0]).name for command in commands} <= checked


def test_links_into_the_repository_resolve(readme, repository):
    for target in re.findall(r"\]\((?!\w+://|#|mailto:)([^)#]+)", readme):
        assert (repository / target).exists(), target


# The reader of the README is tried on a README of its own


def test_blocks_are_found_with_their_lines():
    markdown = "text\n\n```python\nx = 1\ny\n```\n\n```text\n1\n```\n"
    assert blocks_of(markdown) == [Block("python", 3, "x = 1\ny\n"), Block("text", 8, "1\n")]
