"""How long theory takes: import, symmetry points of the whole catalogue, every derivation.

Run ``python benchmarks/theory_speed.py [--json FILE]`` on a quiet machine. It prints a table
and sets no limit; the targets are import under 1.5 s, a derivation under 10 s, and the
catalogue's symmetry points under 20 s, on one core.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path


def import_time(repeats: int = 5) -> float:
    """Return the best wall-clock time of ``import theory`` in a fresh interpreter, in s."""
    program = "import time; t = time.perf_counter(); import theory; print(time.perf_counter() - t)"
    runs = [
        subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
        for _ in range(repeats)
    ]
    return min(float(run.stdout) for run in runs)


def measure() -> dict[str, float]:
    """Return all times in seconds, by name."""
    found = {"import theory": import_time()}
    from theory import derive, laws
    from theory.errors import SymmetryError

    start = time.perf_counter()
    for entry in laws.CATALOGUE.values():
        entry.law().symmetry_points()
        entry.law().symbolic.symmetry_points()
    found["symmetry points of the catalogue, numeric and symbolic"] = time.perf_counter() - start
    cases = {"soft_bounds (symbolic)": laws.soft_bounds()}
    cases |= {name: entry.law() for name, entry in laws.CATALOGUE.items()}
    for name, derivation in derive.NAMES.items():
        for label, law in cases.items():
            start = time.perf_counter()
            try:
                derivation(law).verify()
            except SymmetryError:
                continue
            found[f"derive {name}, {label}"] = time.perf_counter() - start
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, help="write the times to this file")
    options = parser.parse_args()
    found = measure()
    for name, seconds in found.items():
        print(f"{seconds:8.3f} s  {name}")
    slowest = max((k for k in found if k.startswith("derive")), key=found.__getitem__)
    print(f"slowest derivation: {slowest}, {found[slowest]:.2f} s")
    if options.json:
        options.json.write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
