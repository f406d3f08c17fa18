"""Every notebook runs from top to bottom in a clean kernel, with small settings, in a minute.

Not collected by default; run by ``make test-notebooks``.
"""

from __future__ import annotations

import time
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
