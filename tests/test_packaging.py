"""The wheel, the metadata, and the two commands' set-up, without a network."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

# Import names that differ from the distribution's.
DISTRIBUTIONS = {"sklearn": "scikit-learn", "vcd": "pyvcd"}

# SymPy, numba and Matplotlib are built on the first three; pytest is there where the conformance
# kit meets it.
COME_ALONG = {"mpmath", "llvmlite", "PIL", "pytest"}


def run(*command: str | Path, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(part) for part in command], capture_output=True, text=True, check=False, **options
    )


@pytest.fixture(scope="module")
def project(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text())


@pytest.fixture(scope="module")
def wheel(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy: a build leaves files behind in the tree that it builds."""
    source = tmp_path_factory.mktemp("source") / "checkout"
    ignored = (".*", "__pycache__", "build", "dist", "*.egg-info")
    shutil.copytree(repository, source, ignore=shutil.ignore_patterns(*ignored))
    # Neighbours that must stay out, whether or not this version of the project has them.
    for neighbour in ("tests", "tutorials", "benchmarks"):
        (source / neighbour).mkdir(exist_ok=True)
        (source / neighbour / "__init__.py").touch()
    build = run(sys.executable, "-m", "build", "--wheel", "--no-isolation", source)
    assert build.returncode == 0, build.stdout + build.stderr
    (wheel,) = (source / "dist").glob("*.whl")
    return wheel


def test_wheel_holds_the_two_packages_and_nothing_else(repository, wheel, tmp_path):
    check = repository / ".ci" / "check_wheel.py"
    good = run(sys.executable, check, wheel)
    assert good.returncode == 0, good.stderr

    # The check itself is tried on wheels that have one file too many or one too few.
    for added, left_out, complaint in (
        ("tests/test_data.py", None, "tests/test_data.py does not belong"),
        ("phys/gone.py", None, "phys/gone.py is not tracked by git"),
        (None, "phys/data.py", "phys/data.py is missing"),
    ):
        doctored = tmp_path / "doctored.whl"
        with zipfile.ZipFile(wheel) as old, zipfile.ZipFile(doctored, "w") as new:
            for entry in old.namelist():
                if entry != left_out:
                    new.writestr(entry, old.read(entry))
            if added:
                new.writestr(added, "")
        bad = run(sys.executable, check, doctored)
        assert bad.returncode != 0
        assert complaint in bad.stderr


def imported(package: Path) -> set[str]:
    """Collect the top-level names that a package's modules import, wherever they do it."""
    names: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
                names.add(node.module.split(".")[0])
    return names - set(sys.stdlib_module_names)


def test_every_import_is_a_declared_dependency(repository, project):
    # What an extra brings is imported where it is used, with an error that names the extra.
    extras = project["project"]["optional-dependencies"]
    requirements = [*project["project"]["dependencies"]]
    requirements += [line for name in extras if name != "dev" for line in extras[name]]
    declared = {re.match(r"[A-Za-z0-9-]+", requirement)[0].lower() for requirement in requirements}
    for package in ("theory", "phys"):
        own = imported(repository / package) - {"theory", "phys"}
        own -= COME_ALONG
        assert {DISTRIBUTIONS.get(name, name).lower() for name in own} <= declared


def test_theory_depends_on_sympy_alone(repository):
    assert imported(repository / "theory") <= {"theory", "sympy", "mpmath"}


@pytest.mark.parametrize("package", ["theory", "phys", "phys.fitting", "phys.aihwkit"])
def test_public_names_do_not_depend_on_what_was_imported_before(repository, package):
    """A submodule must not take the place of a public name that it is called like."""
    public = (
        f"import importlib, inspect, pkgutil, {package} as package\n"
        "for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "    importlib.import_module(module.name)\n"
        "found = {name: inspect.ismodule(getattr(package, name)) for name in package.__all__}\n"
        "print(*sorted(name for name, is_module in found.items() if is_module))\n"
    )
    shown = run(sys.executable, "-c", public, cwd=repository)
    assert shown.returncode == 0, shown.stderr
    # These are documented as modules: theory.laws, theory.noise, theory.derive.
    assert set(shown.stdout.split()) <= {"laws", "noise", "derive", "strategies"}


def test_versions_agree(repository, project):
    version = project["project"]["version"]
    citation = (repository / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\nversion: {version}\n" in citation
    assert "1907.10228" in citation
    assert "2201.13377" in citation


def test_no_data_set_is_committed(repository):
    tracked = run("git", "ls-files", cwd=repository)
    if tracked.returncode != 0:
        pytest.skip("needs a git checkout")
    assert not [name for name in tracked.stdout.splitlines() if "ubyte" in name]


# The Makefile, with a stand-in for Python that writes down what it is asked for

STAND_IN = """#!/bin/sh
case "$*" in
    "-c "*) exit {exit_code} ;;
    --version) echo "Python {version}" ;;
    "-m venv "*)
        for folder; do :; done
        mkdir -p "$folder/bin"
        for name in python crosspoint jupyter; do cp "$0" "$folder/bin/$name"; done ;;
esac
echo "${{0##*/}} $*" >> "$LOG"
"""


class Workshop:
    """A checkout with nothing but the Makefile and pyproject.toml, and a stand-in for Python."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        for name in ("Makefile", "pyproject.toml"):
            shutil.copy(repository / name, folder / name)

    def python(self, version: str, exit_code: int) -> Path:
        path = self.folder / f"python-{version}"
        path.write_text(STAND_IN.format(version=version, exit_code=exit_code))
        path.chmod(0o755)
        return path

    def make(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run make as from a shell, and start a new log."""
        self.log.write_text("")
        inherited = {"MAKEFLAGS", "MAKELEVEL", "MFLAGS", "DATA", "ARGS", "PYTHON", "JOBS"}
        environment = {key: value for key, value in os.environ.items() if key not in inherited}
        return run("make", *arguments, cwd=self.folder, env=environment | {"LOG": str(self.log)})

    def asked(self, word: str) -> list[str]:
        return [line for line in self.log.read_text().splitlines() if word in line]


@pytest.fixture
def workshop(tmp_path: Path, repository: Path) -> Workshop:
    if not shutil.which("make"):
        pytest.skip("needs make")
    folder = tmp_path / "a checkout with spaces"
    folder.mkdir()
    return Workshop(folder, repository)


def test_the_second_run_does_not_reinstall(workshop):
    python = f"PYTHON={workshop.python('3.12.0', 0)}".replace(str(workshop.folder), ".")
    first = workshop.make("demo", python, "DATA=some folder", "ARGS=--epochs 2")
    assert first.returncode == 0, first.stderr
    assert len(workshop.asked("-m venv")) == 1
    assert len(workshop.asked("pip install")) == 1
    assert workshop.asked("crosspoint demo") == ["crosspoint demo --data some folder --epochs 2"]

    os.utime(workshop.folder / "pyproject.toml")
    workshop.make("demo", python)
    assert workshop.asked("pip") == []
    assert workshop.asked("crosspoint demo") == ["crosspoint demo"]

    # The tests need more, and what they install serves the demo too.
    workshop.make("test", python)
    assert workshop.asked("-m venv") == []
    assert [line for line in workshop.asked("pip install") if line.endswith("--editable .[dev]")]
    assert workshop.asked("pytest") == ["python -m pytest -n 2 --dist worksteal"]
    workshop.make("demo", python)
    workshop.make("test", python, "ARGS=-k data")
    assert workshop.asked("pip") == []
    assert workshop.asked("pytest") == ["python -m pytest -n 2 --dist worksteal -k data"]

    with (workshop.folder / "pyproject.toml").open("a") as file:
        file.write("# changed\n")
    workshop.make("test", python)
    assert len(workshop.asked("pip install")) == 1


def test_the_tutorials_need_more_and_leave_the_other_set_ups_valid(workshop):
    python = f"PYTHON={workshop.python('3.12.0', 0)}".replace(str(workshop.folder), ".")
    (workshop.folder / "tutorials").mkdir()
    (workshop.folder / "some data").mkdir()
    workshop.make("test", python)
    opened = workshop.make("lab", python, "ARGS=--no-browser")
    assert opened.returncode == 0, opened.stderr
    assert [line for line in workshop.asked("pip install") if line.endswith(".[tutorials]")]
    assert workshop.asked("jupyter") == ["jupyter lab --no-browser 00_start_here.ipynb"]

    # Nothing is installed again, whichever target comes next.
    workshop.make("notebooks", python, "DATA=some data", "ARGS=01_one_device.ipynb")
    assert workshop.asked("pip") == []
    assert workshop.asked("execute") == ["python tutorials/execute.py 01_one_device.ipynb"]
    workshop.make("test", python)
    assert workshop.asked("pip") == []
    workshop.make("test-notebooks", python)
    assert workshop.asked("pip") == []
    assert workshop.asked("pytest") == [
        "python -m pytest -n 2 tests/tutorials/run_notebooks.py",
    ]


def test_a_failed_installation_is_tried_again(workshop):
    python = workshop.python("3.12.0", 0)
    script = python.read_text()
    python.write_text(script.replace("esac", '    "-m pip "*) exit 1 ;;\nesac'))
    assert workshop.make("demo", f"PYTHON=./{python.name}").returncode != 0
    assert workshop.asked("crosspoint") == []
    (workshop.folder / ".venv" / "bin" / "python").write_text(script)
    assert workshop.make("demo", f"PYTHON=./{python.name}").returncode == 0
    assert len(workshop.asked("pip install")) == 1


def test_an_old_python_is_named(workshop):
    python = workshop.python("3.10.4", 1)
    failed = workshop.make("test", f"PYTHON=./{python.name}")
    assert failed.returncode != 0
    assert "Python 3.11 or later" in failed.stderr
    assert f"./{python.name} is Python 3.10.4" in failed.stderr
    assert "make PYTHON=" in failed.stderr
    assert not (workshop.folder / ".venv").exists()


def test_help_lists_the_targets(workshop):
    shown = workshop.make("help").stdout
    for target in ("demo", "test", "lab", "notebooks", "test-notebooks", "lint", "clean"):
        assert f"make {target}" in shown


def test_doctests_run_in_the_module_that_its_package_imports(repository):
    program = (
        "import pytest, sys\n"
        "assert pytest.main(['--collect-only', '-q', 'phys/guidance/equilibrium.py']) == 0\n"
        "from phys.guidance import equilibria\n"
        "assert sys.modules['phys.guidance.equilibrium'].equilibria is equilibria\n"
    )
    shown = run(sys.executable, "-c", program, cwd=repository)
    assert shown.returncode == 0, shown.stdout + shown.stderr
