"""Time to the first sample of `crosspoint train`, and the memory of a training.

    python benchmarks/startup.py --data DIR [--repeat N] [--out FILE]

The command is run in processes of its own, with a kernel cache of its own: once with the cache
empty, then again. With one sample to train on, what is measured is the start, the data, the arrays
and the test of the network after the epoch, so that the first sample comes before the time shown.
Memory is the peak of a training on 2,000 samples, beside the size of the images and the arrays.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from phys import Crossbar, Device
from phys.data import load
from theory import laws

MIB = 2**20
SIZES = (784, 256, 128, 10)
NOISE = ("--spread", "0.3", "--cycle-noise", "0.3")
RUNS: dict[str, tuple[str, ...]] = {
    "pulsed SGD": ("--algorithm", "sgd", "--no-zero-shift"),
    "SHD": ("--algorithm", "shd", "--no-zero-shift"),
    "SHD, spread and noise 0.3": ("--algorithm", "shd", "--no-zero-shift", *NOISE),
}


def command(arguments: tuple[str, ...], samples: int, folder: str | None) -> list[str]:
    """Return the command line of a short training."""
    start = [sys.executable, "-c", "from phys.cli import main; main()", "train", "--quiet"]
    data = ["--data", folder] if folder else []
    return [*start, *arguments, *data, "--epochs", "1", "--samples", str(samples)]


def run(arguments: list[str], cache: str) -> dict[str, float]:
    """Run a command; return its wall and CPU time in seconds and its peak memory in MiB."""
    began = time.perf_counter()
    process = subprocess.Popen(
        arguments,
        env={**os.environ, "CROSSPOINT_CACHE": cache},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    assert process.stderr is not None
    errors = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    wall = time.perf_counter() - began
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise click.ClickException(f"{' '.join(arguments)}: {errors.decode().strip()}")
    held = used.ru_maxrss if sys.platform == "darwin" else used.ru_maxrss * 1024
    return {
        "wall_seconds": wall,
        "cpu_seconds": used.ru_utime + used.ru_stime,
        "peak_mib": held / MIB,
    }


def starts(arguments: tuple[str, ...], folder: str | None, repeat: int) -> dict[str, float]:
    """Return the times of a first start, with an empty cache, and of the fastest later one."""
    with tempfile.TemporaryDirectory() as cache:
        first = run(command(arguments, 1, folder), cache)
        later = [run(command(arguments, 1, folder), cache) for _ in range(repeat)]
        training = run(command(arguments, 2000, folder), cache)
    return {
        "first_wall_seconds": first["wall_seconds"],
        "wall_seconds": min(one["wall_seconds"] for one in later),
        "cpu_seconds": min(one["cpu_seconds"] for one in later),
        "peak_mib": training["peak_mib"],
    }


def held_by_arrays(arrays: int, numbers: dict[str, Any]) -> float:
    """Return the size of the weights, references and devices of all layers, in MiB."""
    device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), **numbers)
    total = 0
    for cols, rows in pairwise(SIZES):
        xbar = Crossbar(rows, cols + 1, device)
        drawn = (xbar.population.step, xbar.population.low, xbar.population.high)
        kept = (xbar.columns, xbar.reference_columns, xbar.coefficients, *drawn)
        total += arrays * sum(getattr(array, "nbytes", 8) for array in kept)
    return total / MIB


@click.command()
@click.option("--data", "folder", type=click.Path(), help="folder with the MNIST files")
@click.option("--repeat", default=3, show_default=True, help="later starts; the fastest counts")
@click.option("--out", type=click.Path(path_type=Path), help="write the results as JSON")
def main(folder: str | None, repeat: int, out: Path | None) -> None:
    """Print a table of starts and of the memory of a training."""
    data = load("mnist", folder)
    if data.name != "mnist":
        raise click.ClickException(f"this measures MNIST: {data.notice}")
    images = (data.train_images.nbytes + data.test_images.nbytes) / MIB
    rows = {}
    for name, arguments in RUNS.items():
        noisy = {"device_spread": 0.3, "cycle_noise": 0.3} if NOISE[0] in arguments else {}
        size = held_by_arrays(2 if "shd" in arguments else 1, noisy)
        rows[name] = starts(arguments, folder, repeat) | {"data_mib": images, "arrays_mib": size}
        rows[name]["beside_mib"] = rows[name]["peak_mib"] - images - size
    table = Table(
        "crosspoint train",
        "first start, s",
        "later start, s",
        "CPU of that, s",
        "peak MiB",
        "of it data",
        "arrays",
        "all else",
        title="784-256-128-10, MNIST",
    )
    for name, row in rows.items():
        seconds = (row["first_wall_seconds"], row["wall_seconds"], row["cpu_seconds"])
        memory = (row["peak_mib"], row["data_mib"], row["arrays_mib"], row["beside_mib"])
        table.add_row(name, *(f"{v:.2f}" for v in seconds), *(f"{v:.0f}" for v in memory))
    Console().print(table)
    if out:
        machine = platform.processor() or platform.machine()
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps({"machine": machine, "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
