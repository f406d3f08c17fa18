"""What the README promises: its Python runs and prints what it says, its commands exist."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from click.testing import CliRunner


class Block(NamedTuple):
    language: str
    line: int
    text: str


def blocks_of(markdown: str) -> list[Block]:
    """Collect the fenced code blocks, each with the number of its first line."""
    return [
        Block(match["language"], markdown.count("\n", 0, match.start("text")), match["text"])
        for match in re.finditer(
            r"^```(?P<language>\w*)\n(?P<text>.*?)^```$", markdown, re.MULTILINE | re.DOTALL
        )
    ]


@pytest.fixture(scope="module")
def readme(repository: Path) -> str:
    return (repository / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def commands(readme: str) -> list[list[str]]:
    """Every shell command, in blocks and in running text, as words."""
    lines = [
        line
        for block in blocks_of(readme)
        if block.language in ("sh", "bash", "console")
        for line in block.text.replace("\\\n", " ").splitlines()
    ]
    prose = re.sub(r"^```.*?^```$", "", readme, flags=re.MULTILINE | re.DOTALL)
    lines += re.findall(r"`((?:make|crosspoint) [^`]+)`", prose)
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    return [command for command in words if command]


# The data that the README's code asks for may not be there: the digits are good enough to run it.
@pytest.mark.filterwarnings("ignore::phys.data.DataWarning")
def test_python_blocks_run_and_print_what_the_readme_says(readme, tmp_path, monkeypatch):
    """A ``text`` block right after a ``python`` block is its output; ``...`` is anything."""
    monkeypatch.chdir(tmp_path)
    blocks = blocks_of(readme)
    assert any(block.language == "python" for block in blocks)
    namespace: dict[str, object] = {"__name__": "readme"}
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language != "python":
            continue
        printed = io.StringIO()
        # Blank lines in front keep the README's own line numbers in a traceback.
        code = compile("\n" * block.line + block.text, "README.md", "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
        if following is not None and following.language == "text":
            flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
            same = doctest.OutputChecker().check_output(following.text, printed.getvalue(), flags)
            assert same, (
                f"README.md, line {block.line + 1}: printed\n{printed.getvalue()}"
                f"but the README says\n{following.text}"
            )


def test_make_targets_exist(commands, repository):
    makefile = (repository / "Makefile").read_text()
    targets = [command[1] for command in commands if command[0] == "make"]
    assert {"demo", "test"} <= set(targets)
    for target in targets:
        assert re.search(rf"^{re.escape(target)}:", makefile, re.MULTILINE), target


def test_crosspoint_commands_and_options_exist(commands):
    from phys.cli import main

    used = [command[1:] for command in commands if Path(command[0]).name == "crosspoint"]
    assert used
    for words in used:
        subcommand = [word for word in words[:1] if not word.startswith("-")]
        shown = CliRunner().invoke(main, [*subcommand, "--help"])
        assert shown.exit_code == 0, f"crosspoint {' '.join(words)}: {shown.output}"
        for option in (word.split("=")[0] for word in words if word.startswith("--")):
            assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown.output), (
                f"crosspoint {' '.join(words)}: no option {option}"
            )


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
