"""Read the fenced blocks of the README and the pages, run their Python, find their commands."""

from __future__ import annotations

import contextlib
import doctest
import io
import re
import shlex
from pathlib import Path
from typing import NamedTuple

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


def run_python(page: str, markdown: str) -> None:
    """Run the ``python`` blocks of a page in order and hold them to what the page says.

    The ``text`` block after a block is what it prints, in which ``...`` is anything; a block that
    prints has one. Blocks with ``>>>`` say it themselves. Python that is not run, since it needs a
    file of the reader's, is marked ``py``.
    """
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    blocks = blocks_of(markdown)
    namespace: dict[str, object] = {"__name__": "page"}
    for block, following in zip(blocks, [*blocks[1:], None], strict=True):
        if block.language != "python":
            continue
        printed = io.StringIO()
        if block.text.startswith(">>> "):
            session = doctest.DocTestParser().get_doctest(
                block.text, namespace, page, page, block.line
            )
            runner = doctest.DocTestRunner(optionflags=flags, verbose=False)
            runner.run(session, out=printed.write, clear_globs=False)
            namespace.update(session.globs)
            assert not runner.failures, printed.getvalue()
            continue
        # Blank lines in front keep the page's own line numbers in a traceback.
        code = compile("\n" * block.line + block.text, page, "exec")
        with contextlib.redirect_stdout(printed):
            exec(code, namespace)
        shown = following.text if following and following.language == "text" else ""
        same = doctest.OutputChecker().check_output(shown, printed.getvalue(), flags)
        assert same, (
            f"{page}, line {block.line + 1}: printed\n{printed.getvalue()}"
            f"but the page says\n{shown or 'nothing'}"
        )


def commands_of(markdown: str) -> list[list[str]]:
    """Collect the shell commands, in blocks and in running text, as words."""
    lines = [
        line
        for block in blocks_of(markdown)
        if block.language in ("sh", "bash", "console")
        for line in block.text.replace("\\\n", " ").splitlines()
    ]
    prose = re.sub(r"^```.*?^```$", "", markdown, flags=re.MULTILINE | re.DOTALL)
    lines += re.findall(r"`((?:make|crosspoint) [^`]+)`", prose)
    words = [shlex.split(line.removeprefix("$ "), comments=True) for line in lines]
    return [command for command in words if command]


def crosspoint_commands(markdown: str) -> list[list[str]]:
    """Return the arguments that the page gives to the command crosspoint."""
    return [words[1:] for words in commands_of(markdown) if Path(words[0]).name == "crosspoint"]


def assert_command_exists(words: list[str]) -> None:
    """Fail where the command crosspoint has no such subcommand, or that no such option."""
    from phys.cli import main

    subcommand = [word for word in words[:1] if not word.startswith("-")]
    shown = CliRunner().invoke(main, [*subcommand, "--help"])
    assert shown.exit_code == 0, f"crosspoint {' '.join(words)}: {shown.output}"
    for option in (word.split("=")[0] for word in words if word.startswith("--")):
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", shown.output), (
            f"crosspoint {' '.join(words)}: no option {option}"
        )
