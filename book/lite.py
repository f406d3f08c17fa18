"""Build JupyterLite, the tutorials in a browser without any installation, in build/lite.

Run by ``make lite``. The project's wheel and the pure Python packages that it needs come along;
Pyodide, with the compiled ones, is fetched by the browser.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import nbformat
from jupyterlite_pyodide_kernel.constants import PYODIDE_PYTHON_VERSION

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "build" / "lite"
WORK = ROOT / "build" / "lite-work"

NOTEBOOKS = (
    "00_start_here",
    "01_one_device",
    "02_symmetry_point",
    "03_why_sgd_fails",
    "06_hamiltonian",
)
COMPILED = {"matplotlib", "numpy", "scikit-learn", "scipy"}
ABSENT = {"numba"}
COMPANIONS = (
    "comm",
    "ipywidgets",
    "jupyterlab-widgets",
    "markdown-it-py",
    "mdurl",
    "mpmath<1.4",
    "sortedcontainers",
    "widgetsnbextension",
)

FIRST_PROSE = """\
**This copy runs in your browser.** Run the next cell first: it fetches Python's scientific
packages, which takes a minute the first time, and takes Crosspoint from this site."""
FIRST_CODE = "%pip install -q crosspoint ipywidgets"


def main() -> int:
    """Gather wheels and notebooks, and build the site."""
    shutil.rmtree(WORK, ignore_errors=True)
    shutil.rmtree(SITE, ignore_errors=True)
    wheels, contents = WORK / "pypi", WORK / "contents"
    wheels.mkdir(parents=True)
    if (status := gather_wheels(wheels)) != 0:
        return status
    copy_notebooks(contents)
    tool = Path(sys.executable).with_name("jupyter")
    options = ["--lite-dir", WORK, "--contents", contents, "--output-dir", SITE]
    command = [tool, "lite", "build", "--no-sourcemaps", "--apps", "lab", *options]
    if (status := quietly(command)) == 0:
        print(f"JupyterLite with {len(NOTEBOOKS)} notebooks: {SITE.relative_to(ROOT)}")
    return status


def quietly(command: list[str | Path]) -> int:
    """Run a command, show what it printed only if it fails, and return its exit status."""
    done = subprocess.run(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        cwd=WORK,
    )
    if done.returncode != 0:
        print(done.stdout, file=sys.stderr)
    return done.returncode


def gather_wheels(folder: Path) -> int:
    """Build the project's wheel, and fetch those of the pure Python packages that it needs."""
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
    # What setuptools left there at an earlier build would come into the wheel.
    shutil.rmtree(ROOT / "build" / "lib", ignore_errors=True)
    if (status := quietly([*pip, "wheel", "--no-deps", "--wheel-dir", folder, ROOT])) != 0:
        return status
    target = ["--platform", "any", "--implementation", "py", "--abi", "none"]
    target += ["--python-version", PYODIDE_PYTHON_VERSION, "--only-binary", ":all:", "--no-deps"]
    return quietly([*pip, "download", *target, "--dest", folder, *pure_requirements()])


def pure_requirements() -> list[str]:
    """Return what the browser needs beside its Pyodide, as requirements."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    needed = {
        re.split(r"[^\w.-]", line)[0]: line.partition(";")[0] for line in project["dependencies"]
    }
    direct = [line for name, line in needed.items() if name not in COMPILED | ABSENT]
    return [*direct, *COMPANIONS]


def copy_notebooks(folder: Path) -> None:
    """Copy the notebooks, with a first cell that installs what they need."""
    folder.mkdir()
    for name in NOTEBOOKS:
        path = ROOT / "tutorials" / f"{name}.ipynb"
        # Texts in one piece: JupyterLite's table of contents takes no lists of lines.
        notebook = nbformat.read(path, as_version=4)
        title, *others = notebook["cells"]
        notebook["cells"] = [title, *first_cells(), *others]
        notebook["metadata"]["kernelspec"] = {
            "display_name": "Python (Pyodide)",
            "language": "python",
            "name": "python",
        }
        (folder / path.name).write_text(json.dumps(notebook, indent=1), encoding="utf-8")
    solutions = ROOT / "tutorials" / "solutions"
    shutil.copytree(solutions, folder / "solutions", ignore=shutil.ignore_patterns("__pycache__"))


def first_cells() -> list[dict[str, Any]]:
    """Return the cells that make a notebook run in the browser."""
    prose = {"cell_type": "markdown", "id": "browser-prose", "metadata": {}, "source": FIRST_PROSE}
    code = {
        "cell_type": "code",
        "execution_count": None,
        "id": "browser-code",
        "metadata": {},
        "outputs": [],
        "source": FIRST_CODE,
    }
    return [prose, code]


if __name__ == "__main__":
    sys.exit(main())
