"""Coincidences per second of dense parallel updates, on one core, and the memory they take.

    python benchmarks/update_speed.py [--size N] [--updates N] [--out FILE]

The array is square, x and d are uniform in [-1, 1], the rate is 0.031 at dw_min = 0.001, and a
train has 31 slots: on 1024 lines, about 8 million pulses meet in one update. A speed is that of the
fastest update, in CPU seconds. Memory is what one update adds to the peak of a process of its own,
beside the size of the array.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from phys import Crossbar, Device
from theory import laws

LR, PULSES, DW_MIN = 0.031, 31, 0.001
CASES: dict[str, dict[str, Any]] = {
    "equal devices": {},
    "cycle noise 0.3": {"cycle_noise": 0.3},
    "spread 0.3": {"device_spread": 0.3},
    "spread and cycle noise 0.3": {"device_spread": 0.3, "cycle_noise": 0.3},
}
MIB = 2**20


def crossbar(size: int, numbers: dict[str, Any]) -> Crossbar:
    """Return a square array of soft-bound devices."""
    law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0)
    return Crossbar(size, size, Device(law, dw_min=DW_MIN, **numbers), seed=0)


def signals(size: int, seed: int) -> np.ndarray:
    """Return line values uniform in [-1, 1]."""
    return np.random.default_rng(seed).uniform(-1, 1, size)


def measure(size: int, updates: int, numbers: dict[str, Any]) -> dict[str, float]:
    """Time single updates; return the fastest in coincidences and in updates per second."""
    xbar = crossbar(size, numbers)
    x, d = signals(size, 1), signals(size, 2)
    xbar.update(x, d, LR, PULSES)
    best = 0.0
    for _ in range(updates):
        began = time.process_time()
        result = xbar.update(x, d, LR, PULSES)
        taken = time.process_time() - began
        if result.pulses / taken > best:
            best, coincidences, seconds = result.pulses / taken, result.pulses, taken
    return {
        "coincidences_per_second": best,
        "updates_per_second": 1 / seconds,
        "coincidences": coincidences,
    }


def peak() -> int:
    """Return the largest memory that this process has held, in bytes."""
    held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return held if sys.platform == "darwin" else held * 1024


def memory(size: int, numbers: dict[str, Any]) -> dict[str, float]:
    """Return what an update of a large array adds to the peak of this process, in MiB."""
    crossbar(8, numbers).update(signals(8, 1), signals(8, 2), LR, PULSES)
    xbar = crossbar(size, numbers)
    x, d = signals(size, 1), signals(size, 2)
    before = peak()
    xbar.update(x, d, LR, PULSES)
    return {"array": xbar.columns.nbytes / MIB, "update": (peak() - before) / MIB}


def memory_apart(size: int, case: str) -> dict[str, float]:
    """Return `memory` of a case as a process of its own finds it."""
    command = [sys.executable, __file__, "--size", str(size), "--memory-of", case]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


@click.command()
@click.option("--size", default=1024, show_default=True, help="lines on a side")
@click.option("--updates", default=20, show_default=True, help="timed updates; the best counts")
@click.option("--large", default=4096, show_default=True, help="lines where memory is measured")
@click.option("--memory-of", type=click.Choice(list(CASES)), help="print one memory and end")
@click.option("--out", type=click.Path(path_type=Path), help="write the results as JSON")
def main(size: int, updates: int, large: int, memory_of: str | None, out: Path | None) -> None:
    """Print a table of update speeds."""
    if memory_of:
        print(json.dumps(memory(size, CASES[memory_of])))
        return
    rows = {name: measure(size, updates, numbers) for name, numbers in CASES.items()}
    for name in rows:
        found = memory_apart(large, name)
        rows[name] |= {f"{key}_mib_at_{large}": value for key, value in found.items()}
    table = Table(
        "devices",
        "coincidences/s",
        "updates/s",
        f"MiB of an update of {large} x {large}",
        title=f"{size} x {size}, {PULSES} slots, one core",
    )
    for name, row in rows.items():
        extra, array = row[f"update_mib_at_{large}"], row[f"array_mib_at_{large}"]
        table.add_row(
            name,
            f"{row['coincidences_per_second']:.2e}",
            f"{row['updates_per_second']:.1f}",
            f"{extra:.1f} (weights {array:.0f})",
        )
    Console().print(table)
    if out:
        machine = platform.processor() or platform.machine()
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
