"""The wheels that the browser gets, in Pyodide under Node.

Not collected by default; run by ``make test-lite``. Pyodide's core is an npm package, its compiled
packages (NumPy, SciPy, Matplotlib, scikit-learn) are not: what needs them runs in a browser with a
network, and is covered here only up to their import.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_VERSION

REPOSITORY = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent / "pyodide"
LITE = REPOSITORY / "build" / "lite"
WHEELS = LITE / "pypi"


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """What the program reports from inside Pyodide."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}: install Node.js 20 or later")
    folder = tmp_path_factory.mktemp("pyodide")
    install = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    subprocess.run([*install, f"pyodide@{PYODIDE_VERSION}"], cwd=folder, check=True)
    module = folder / "node_modules" / "pyodide" / "pyodide.mjs"
    command = ["node", HERE / "run.mjs", module, WHEELS, HERE / "program.py"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_wheels_are_pure_python():
    (own,) = WHEELS.glob("crosspoint-*.whl")
    assert own.name.endswith("-py3-none-any.whl")
    for wheel in WHEELS.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            compiled = [n for n in archive.namelist() if n.endswith((".so", ".pyd", ".dylib"))]
        assert compiled == [], wheel.name


def test_notebooks_install_what_they_need_first():
    index = json.loads((WHEELS / "all.json").read_text(encoding="utf-8"))
    notebooks = sorted((LITE / "files").glob("*.ipynb"))
    assert len(notebooks) >= 5
    for path in notebooks:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        first = next("".join(c["source"]) for c in cells if c["cell_type"] == "code")
        command = first.splitlines()[0].split()
        assert command[:3] == ["%pip", "install", "-q"]
        assert set(command[3:]) <= set(index)


def test_nothing_that_a_browser_cannot_have_is_required_there(told):
    assert told["platform"] == "emscripten"
    numba = [line for line in told["requires"] if line.startswith("numba")]
    assert numba
    assert all("emscripten" in line for line in numba)


def test_theory_is_proved_there(told):
    assert told["theory"] == {}
    assert len(told["proofs"]) >= 8
    assert set(told["proofs"].values()) == {True}


def test_phys_lacks_nothing_but_compiled_packages(told):
    assert set(told["phys"].values()) <= set(told["compiled"])


def test_alternating_pulses_on_a_clock_come_to_the_symmetry_point(told):
    now, weight, star = told["pulses"]
    assert now == 200
    assert abs(weight - star) < 0.02
    assert abs(star) > 0.1
