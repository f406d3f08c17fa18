"""The wheels that the browser gets, in Pyodide under Node.

Not collected by default; run by ``make test-lite``. This is the Pyodide that the browser fetches,
but its core alone, which is an npm package: theory, and the import of everything else. The
notebooks themselves run in `run_pyodide_notebooks`.
"""

from __future__ import annotations

import email
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from jupyterlite_pyodide_kernel.constants import PYODIDE_PYTHON_VERSION, PYODIDE_VERSION
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name, parse_wheel_filename

from tests.tutorials import pyodide_packages

REPOSITORY = Path(__file__).resolve().parent.parent.parent
HERE = Path(__file__).resolve().parent / "pyodide"
LITE = REPOSITORY / "build" / "lite"
WHEELS = LITE / "pypi"


@pytest.fixture(scope="module")
def pyodide(tmp_path_factory):
    """The folder with Pyodide's core."""
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"needs {tool}: install Node.js 20 or later")
    return pyodide_packages.core(PYODIDE_VERSION, tmp_path_factory.mktemp("pyodide"))


@pytest.fixture(scope="module")
def told(pyodide):
    """What the program reports from inside Pyodide."""
    command = ["node", HERE / "run.mjs", pyodide / "pyodide.mjs", WHEELS, HERE / "program.py"]
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


def test_what_is_installed_first_fits_and_needs_no_package_index(pyodide):
    """Whatever a wheel requires is on the site or in Pyodide's list, in a version that fits."""
    there = {
        "sys_platform": "emscripten",
        "platform_system": "Emscripten",
        "python_version": PYODIDE_PYTHON_VERSION,
        "python_full_version": f"{PYODIDE_PYTHON_VERSION}.0",
        "extra": "",
    }
    listed = pyodide_packages.listed(pyodide)
    versions = {canonicalize_name(name): package["version"] for name, package in listed.items()}
    wheels = {wheel: parse_wheel_filename(wheel.name) for wheel in WHEELS.glob("*.whl")}
    versions |= {name: str(version) for name, version, *_ in wheels.values()}
    misfits = []
    for wheel in wheels:
        for line in metadata(wheel).get_all("Requires-Dist", []):
            required = Requirement(line)
            if required.marker is None or required.marker.evaluate(there):
                version = versions.get(canonicalize_name(required.name))
                if version is None or not required.specifier.contains(version, prereleases=True):
                    misfits.append(f"{wheel.name}: {line}, and there is {version}")
    assert misfits == []


def metadata(wheel):
    with zipfile.ZipFile(wheel) as archive:
        name = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))
        return email.message_from_bytes(archive.read(name))


def test_texts_are_in_one_piece():
    for path in (LITE / "files").glob("*.ipynb"):
        for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
            assert isinstance(cell["source"], str)
            for output in cell.get("outputs", ()):
                texts = [v for v in output.get("data", {}).values() if isinstance(v, list)]
                assert texts == []


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
