"""Every notebook runs from top to bottom in a clean kernel, in a minute, and can be solved there.

JupyterLab serves them.

Not collected by default; run by ``make test-notebooks``.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import nbclient
import nbformat
import pytest

from phys.teaching import Lesson

TUTORIALS = Path(__file__).resolve().parent.parent.parent / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
LONGEST_S = 60


CHECK = re.compile(r'^check\("(?P<exercise>\w+)", (?P<answer>\w+)\)', re.MULTILINE)


def fill_in_solutions(notebook: nbformat.NotebookNode, name: str) -> dict[int, str]:
    """Answer every exercise a second time, with its stored solution, below the reader's dots.

    Returns which cell asks which exercise.
    """
    asked = {}
    for place, cell in enumerate(notebook.cells):
        found = CHECK.search(cell.source) if cell.cell_type == "code" else None
        if found is None:
            continue
        exercise, answer = found["exercise"], found["answer"]
        asked[place] = exercise
        cell.source += (
            "\n\nimport runpy\n\nfrom phys.teaching import say\n\nsay('solved')\n"
            f'{answer} = runpy.run_path("solutions/{name}.py")["SOLUTIONS"]["{exercise}"]\n'
            f'check("{exercise}", {answer})'
        )
    return asked


def said(cell: nbformat.NotebookNode) -> str:
    return "\n".join(output.get("data", {}).get("text/markdown", "") for output in cell.outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_runs_and_can_be_solved(path, monkeypatch):
    monkeypatch.setenv("CROSSPOINT_QUICK", "1")
    monkeypatch.setenv("CROSSPOINT_AUTOMATED", "1")
    notebook = nbformat.read(path, as_version=4)
    asked = fill_in_solutions(notebook, path.stem)
    start = time.monotonic()
    nbclient.NotebookClient(
        notebook,
        timeout=2 * LONGEST_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(TUTORIALS)}},
    ).execute()
    took = time.monotonic() - start
    errors = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.get("name") == "stderr"
    ]
    assert errors == []
    assert sorted(asked.values()) == sorted(Lesson(path.stem).exercises)
    for place, exercise in asked.items():
        dots, _, solved = said(notebook.cells[place]).partition("solved")
        assert f"{exercise}, not yet" in dots
        assert f"{exercise} is right" in solved, solved
    assert took < LONGEST_S


def test_jupyterlab_serves_the_notebooks(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path))
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root"]
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=TUTORIALS, stdout=log, stderr=log)
    try:
        about = _wait_for(tmp_path, server)
        for page in ("lab/tree/00_start_here.ipynb", "files/00_start_here.ipynb"):
            request = urllib.request.Request(
                about["url"] + page, headers={"Authorization": f"token {about['token']}"}
            )
            assert _status(request) == 200
    finally:
        server.terminate()
        server.wait(LONGEST_S)


def _status(request: urllib.request.Request) -> int:
    """Ask until the server listens: it writes about itself a moment before."""
    end = time.monotonic() + LONGEST_S
    while True:
        try:
            with urllib.request.urlopen(request, timeout=LONGEST_S) as answer:
                return int(answer.status)
        except urllib.error.HTTPError:
            raise
        except urllib.error.URLError:
            if time.monotonic() > end:
                raise
            time.sleep(0.2)


def _wait_for(folder: Path, server: subprocess.Popen[bytes]) -> dict[str, str]:
    """Return what the server writes about itself once it listens."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end and server.poll() is None:
        for path in folder.glob("jpserver-*.json"):
            if text := path.read_text():
                return json.loads(text)
        time.sleep(0.2)
    raise AssertionError((folder / "log").read_text())
