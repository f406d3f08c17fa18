"""Check what a wheel holds: the packages theory and phys, whole, and nothing else.

Usage: python check_wheel.py WHEEL
"""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("theory", "phys")


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
