"""The browser's notebooks in Pyodide under Node, with its NumPy and Matplotlib, to the last assert.

Not collected by default; run by ``make test-lite``. The Pyodide here is an older one than the
browser fetches, since only its compiled packages can be had without Pyodide's server, see
`pyodide_packages`.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import nbformat
import pytest

from phys import train
from tests.tutorials import pyodide_packages
from tests.tutorials.run_notebooks import fill_in_solutions

REPOSITORY = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent / "pyodide"
FILES = REPOSITORY / "build" / "lite" / "files"
WHEELS = REPOSITORY / "build" / "lite" / "pypi"
NOTEBOOKS = sorted(path.stem for path in FILES.glob("*.ipynb"))
LONGEST_S = 300
TRAINING = {"data": "digits", "algorithm": "shd", "epochs": 1, "samples": 60}


@pytest.fixture(scope="module")
def pyodide(tmp_path_factory):
    """The module that starts a Pyodide with its compiled packages beside it."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}: install Node.js 20 or later")
    try:
        place = pyodide_packages.with_packages(tmp_path_factory.mktemp("pyodide"))
    except pyodide_packages.NotToBeHad as problem:
        pytest.skip(str(problem))
    return place / "pyodide.mjs"


def run(pyodide: Path, program: Path, folder: Path):
    """Return what a program reports that runs in Pyodide, with a folder as its own."""
    names = ",".join(pyodide_packages.PACKAGES)
    command = ["node", HERE / "run.mjs", pyodide, WHEELS, program, names, folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 5, "run `make lite` first"


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs_and_can_be_solved_in_pyodide(pyodide, tmp_path, name):
    notebook = nbformat.read(FILES / f"{name}.ipynb", as_version=4)
    asked = fill_in_solutions(notebook, name)
    nbformat.write(notebook, tmp_path / "notebook.ipynb")
    shutil.copytree(FILES / "solutions", tmp_path / "solutions")
    report = run(pyodide, HERE / "notebook.py", tmp_path)
    told = {cell["place"]: cell for cell in report}
    assert {place: cell["error"] for place, cell in told.items() if cell["error"]} == {}
    for place, exercise in asked.items():
        before, _, after = told[place]["said"].partition("solved")
        assert f"{exercise}, not yet" in before
        assert f"{exercise} is right" in after
    stored = [cell for cell in notebook.cells if "image/png" in str(cell.get("outputs"))]
    assert sum(cell["pictures"] for cell in report) == len(stored) > 0
    assert "numba" in report[0]["said"]  # it says why its settings are small
    assert sum(cell["seconds"] for cell in report) < LONGEST_S


def test_webassembly_finds_the_same_bits(pyodide, tmp_path):
    (tmp_path / "training.json").write_text(json.dumps(TRAINING), encoding="utf-8")
    there = run(pyodide, HERE / "training.py", tmp_path)
    here = train(**TRAINING)
    assert there["loss"] == here.loss
    assert there["weights"] == [layer.c.weights.tobytes().hex() for layer in here.network.layers]
    other = train(**TRAINING, seed=1)
    assert there["loss"] != other.loss
