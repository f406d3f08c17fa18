"""Every notebook runs from top to bottom in a clean kernel, in a minute; JupyterLab serves them.

Not collected by default; run by ``make test-notebooks``.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbclient
import nbformat
import pytest

TUTORIALS = Path(__file__).resolve().parent.parent.parent / "tutorials"
NOTEBOOKS = sorted(TUTORIALS.glob("*.ipynb"))
LONGEST_S = 60


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_runs(path, monkeypatch):
    monkeypatch.setenv("CROSSPOINT_QUICK", "1")
    monkeypatch.setenv("CROSSPOINT_AUTOMATED", "1")
    notebook = nbformat.read(path, as_version=4)
    start = time.monotonic()
    nbclient.NotebookClient(
        notebook,
        timeout=2 * LONGEST_S,
        kernel_name="python3",
        resources={"metadata": {"path": str(TUTORIALS)}},
    ).execute()
    took = time.monotonic() - start
    assert took < LONGEST_S
    errors = [
        output.text
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if output.get("name") == "stderr"
    ]
    assert errors == []


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
            with urllib.request.urlopen(request, timeout=LONGEST_S) as answer:
                assert answer.status == 200
    finally:
        server.terminate()
        server.wait(LONGEST_S)


def _wait_for(folder: Path, server: subprocess.Popen[bytes]) -> dict[str, str]:
    """Return what the server writes about itself once it listens."""
    end = time.monotonic() + LONGEST_S
    while time.monotonic() < end and server.poll() is None:
        for path in folder.glob("jpserver-*.json"):
            if text := path.read_text():
                return json.loads(text)
        time.sleep(0.2)
    raise AssertionError((folder / "log").read_text())
