"""Check what a wheel holds: the packages theory and phys, whole, and nothing else.

Usage: python check_wheel.py WHEEL
"""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("theory", "phys")


def tracked() -> set[str] | None:
    """Return the files of the packages that git tracks, or None where there is no checkout."""
    command = ["git", "-C", str(ROOT), "ls-files", "-z", "--", *PACKAGES]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return None
    return set(done.stdout.split("\0")) - {""} if done.returncode == 0 else None


def problems(wheel: Path) -> list[str]:
    """Say in words what is wrong with a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (info,) = {name.split("/")[0] for name in names if ".dist-info/" in name}
        found = [
            f"{name} does not belong in the wheel"
            for name in sorted(names)
            if name.split("/")[0] not in (*PACKAGES, info)
        ]
        belong = tracked()
        if belong is None:
            belong = {name for name in names if (ROOT / name).is_file()}
        found += [
            f"{name} is not tracked by git: an earlier build left it over, or it was never added"
            for name in sorted(names - belong)
            if name.split("/")[0] in PACKAGES
        ]
        for package in PACKAGES:
            source = ROOT / package
            wanted = {path.relative_to(ROOT).as_posix() for path in source.rglob("*.py")}
            wanted |= {path.relative_to(ROOT).as_posix() for path in source.rglob("*.csv")}
            wanted.add(f"{package}/py.typed")
            found += [f"{name} is missing" for name in sorted(wanted - names)]
        if f"{info}/licenses/LICENSE" not in names:
            found.append("the licence is missing")
        if "crosspoint = phys.cli:main" not in archive.read(f"{info}/entry_points.txt").decode():
            found.append("the command crosspoint is missing")
    return found


if __name__ == "__main__":
    wheel = Path(sys.argv[1])
    if found := problems(wheel):
        sys.exit(f"{wheel.name}:\n  " + "\n  ".join(found))
    print(f"{wheel.name}: theory and phys, whole, and nothing else")
