"""The notebooks as files, and the rules that every one of them keeps."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from phys.teaching.stamp import source_of

TUTORIALS = Path(__file__).resolve().parent.parent.parent / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
NAMES = [path.stem for path in NOTEBOOKS]

WORDS_A_MINUTE = 180
MINUTES_A_FIGURE = 0.5
MINUTES_A_CODE_CELL = 0.3
MINUTES_AN_EXERCISE = 2.5

PATHS = re.compile(r"/(?:home|tmp|root|work|usr|opt|var|Users)/|[A-Z]:\\\\")
TRACES = re.compile(r"Traceback \(most recent call last\)|\w+Warning:|0x[0-9a-f]{6,}")
UNREAD = re.compile(r"\||\W*\w+, not yet:.* not answered yet:|\*No reader here:")
TYPED_NUMBER = re.compile(r"(?<![\w.])\d+\.\d+(?!\w|\.\d)|(?<![\w.])\d+\s?%")


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def outputs(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in notebook["cells"]:
        yield from cell.get("outputs", ())


def texts(output: dict[str, Any]) -> Iterator[str]:
    """Every text of an output; pictures are left out."""
    for part in ("text", "traceback"):
        yield source_of({"source": output.get(part, "")})
    for kind, value in output.get("data", {}).items():
        if not kind.startswith("image/"):
            yield value if isinstance(value, str) else json.dumps(value)


def pictures(notebook: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Every output that holds a picture."""
    for output in outputs(notebook):
        data = output.get("data", {})
        if any(kind.startswith("image/") for kind in data) or any(
            "<img" in text or "<svg" in text for text in texts(output)
        ):
            yield output


def prose(notebook: dict[str, Any]) -> str:
    """All Markdown cells and all computed prose."""
    parts = [source_of(c) for c in notebook["cells"] if c["cell_type"] == "markdown"]
    for output in outputs(notebook):
        parts += [source_of({"source": output.get("data", {}).get("text/markdown", "")})]
    return "\n".join(parts)


def broken_rules(notebook: dict[str, Any]) -> list[str]:
    """Return what is wrong with a notebook, one sentence each."""
    return [*_cells(notebook), *_results(notebook), *_typed_numbers(notebook)]


def _cells(notebook: dict[str, Any]) -> Iterator[str]:
    cells = notebook["cells"]
    if cells[0]["cell_type"] != "markdown" or not source_of(cells[0]).startswith("# "):
        yield "the first cell is no title"
    for before, cell in pairwise(cells):
        if cell["cell_type"] == "code" and before["cell_type"] != "markdown":
            yield f"no prose before the code {source_of(cell)[:40]!r}"
    for cell in cells:
        if not source_of(cell).strip():
            yield "an empty cell"
        if cell["cell_type"] == "code" and cell["execution_count"] is None:
            yield f"never executed: {source_of(cell)[:40]!r}"
        if "reveal(" in source_of(cell) and "hide-cell" not in cell["metadata"].get("tags", ()):
            yield f"a result lies open below its question: {source_of(cell)[:40]!r}"
    counts = [c["execution_count"] for c in cells if c["cell_type"] == "code"]
    if counts != list(range(1, len(counts) + 1)):
        yield "not executed once from top to bottom"
    if "assert " not in "".join(source_of(c) for c in cells if c["cell_type"] == "code"):
        yield "no assert of the physics"


def _results(notebook: dict[str, Any]) -> Iterator[str]:
    for output in outputs(notebook):
        if output["output_type"] == "error":
            yield f"an error: {output['ename']}"
        if output.get("name") == "stderr":
            yield "output on stderr"
        for text in texts(output):
            for pattern in (PATHS, TRACES):
                if found := pattern.search(text):
                    yield f"{found.group()!r} in an output"
    for output in pictures(notebook):
        about = output.get("metadata", {}).get("image/png", {})
        if "image/png" not in output["data"] or len(about.get("alt", "")) < 30:
            yield "a picture without a description"


def _typed_numbers(notebook: dict[str, Any]) -> Iterator[str]:
    for cell in notebook["cells"]:
        if cell["cell_type"] != "markdown":
            continue
        text = re.sub(r"```.*?```|`[^`]*`", "", source_of(cell), flags=re.DOTALL)
        text = re.sub(r"\$\$.*?\$\$|\$[^$]*\$", "", text, flags=re.DOTALL)
        text = re.sub(r"\]\([^)]*\)|arXiv:?\s?\d+\.\d+|<[^>]*>", "", text)
        for found in TYPED_NUMBER.finditer(text):
            yield f"the number {found.group()!r} is typed in the prose; compute it and `say` it"


def estimated_minutes(notebook: dict[str, Any], exercises: int) -> float:
    """Estimate how long a newcomer takes, from words, code, figures and exercises.

    Tables and listings are for looking things up, and what a saved notebook says in place of an
    answer is never read: a reader answers.
    """
    code = sum(cell["cell_type"] == "code" for cell in notebook["cells"])
    running = re.sub(r"^```.*?^```", "", prose(notebook), flags=re.DOTALL | re.MULTILINE)
    words = sum(len(line.split()) for line in running.splitlines() if not UNREAD.match(line))
    return (
        words / WORDS_A_MINUTE
        + code * MINUTES_A_CODE_CELL
        + sum(1 for _ in pictures(notebook)) * MINUTES_A_FIGURE
        + exercises * MINUTES_AN_EXERCISE
    )
