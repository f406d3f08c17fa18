"""Time to the first sample of `crosspoint train`, and the memory of a training.

    python benchmarks/startup.py --data DIR [--repeat N] [--out FILE]

Every command runs in a process of its own, with a kernel cache of its own: once with the cache
empty, then again. With one sample to train on, what is timed is the start, the data, the arrays,
the test of the network after the epoch and the warnings at the end, so that the first sample comes
before the time shown.

Memory is the peak of a training on 2,000 samples that starts with compiled kernels and zero-shifts
its arrays first, beside the size of the images and of the arrays with their working memory. What
the libraries take for themselves is the peak of a process that imports them and calls one compiled
function. Pages of shared libraries count wherever the system tells them apart; processes that run
at once share these. Wall times mean something where the load before is far below the number of
cores.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from phys import Device, fast
from phys.algorithms import named_algorithm
from phys.data import load
from phys.layers import dense_stages
from phys.network import Network
from theory import laws

MIB = 2**20
SIZES = (784, 256, 128, 10)
NUMBERS = {"device_spread": 0.3, "cycle_noise": 0.3}
TYPED = ("--spread", "0.3", "--cycle-noise", "0.3")
RUNS: dict[str, tuple[str, dict[str, float]]] = {
    "pulsed SGD": ("sgd", {}),
    "SHD": ("shd", {}),
    "SHD, spread and noise 0.3": ("shd", NUMBERS),
}

COMMAND = "from phys.cli import main; main()"
FROM_PYTHON = """
import sys
from phys import Device, train
from theory import laws

law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
train("mnist", "shd", Device(law), epochs=1, samples=2000, data_dir=sys.argv[1] or None).explain()
"""
LIBRARIES = """
import sys
import sympy
sys.path.insert(0, sys.argv[1])
import one_function
one_function.add_one(1)
"""
ONE_FUNCTION = """
from numba import njit

@njit(cache=True)
def add_one(x):
    return x + 1
"""
NOTE = """
import atexit, json, os, sys

def note():
    import resource
    from pathlib import Path
    status = Path("/proc/self/status")
    if status.exists():  # what the system counts for a process holds its parent's peak, too
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        memory = [int(lines[name].split()[0]) * 1024 for name in ("VmHWM", "RssFile")]
    else:
        held = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        memory = [held if sys.platform == "darwin" else held * 1024, None]
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = used.ru_utime + used.ru_stime
    Path(os.environ["STARTUP_NOTE"]).write_text(json.dumps([seconds, *memory]))

atexit.register(note)
"""


def run(code: str, arguments: tuple[str, ...], folder: Path) -> dict[str, float | None]:
    """Run `code` in a process with `folder` for its caches.

    Returns
    -------
    dict
        Its wall and CPU time in seconds, its peak memory in MiB, and the part of it that is pages
        of shared libraries.
    """
    note = folder / "note.json"
    # Modules as they are installed, with their compiled text beside them.
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"CROSSPOINT_CACHE": str(folder / "cache"), "STARTUP_NOTE": str(note)}
    command = [sys.executable, "-c", NOTE + code, *arguments]
    began = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    wall = time.perf_counter() - began
    if done.returncode:
        raise click.ClickException(f"{' '.join(arguments)}: {done.stderr.strip()}")
    cpu, peak, shared = json.loads(note.read_text())
    return {
        "wall_seconds": wall,
        "cpu_seconds": cpu,
        "peak_mib": peak / MIB,
        "shared_mib": None if shared is None else shared / MIB,
    }


def typed(algorithm: str, numbers: dict[str, float], data: str, samples: int) -> tuple[str, ...]:
    """Return the words of a short training."""
    length = ("--epochs", "1", "--samples", str(samples))
    place = ("--data", data) if data else ()
    words = ("train", "--quiet", "--algorithm", algorithm, *length, *place)
    return (*words, *(TYPED if numbers else ()))


def starts(algorithm: str, numbers: dict[str, float], data: str, repeat: int) -> dict[str, Any]:
    """Return the times of a first start, with an empty cache, and of the fastest later one."""
    start = (*typed(algorithm, numbers, data, 1), "--no-zero-shift")
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        first = run(COMMAND, start, folder)
        later = [run(COMMAND, start, folder) for _ in range(repeat)]
        training = typed(algorithm, numbers, data, 2000)
        run(COMMAND, training, folder)
        trained = run(COMMAND, training, folder)
    return {
        "first_wall_seconds": first["wall_seconds"],
        "first_cpu_seconds": first["cpu_seconds"],
        "wall_seconds": min(one["wall_seconds"] or 0.0 for one in later),
        "cpu_seconds": min(one["cpu_seconds"] or 0.0 for one in later),
        "peak_mib": trained["peak_mib"],
        "shared_mib": trained["shared_mib"],
    }


def from_python(data: str) -> dict[str, Any]:
    """Return the memory of the same SHD training through `phys.train`."""
    with tempfile.TemporaryDirectory() as made:
        run(FROM_PYTHON, (data,), Path(made))
        done = run(FROM_PYTHON, (data,), Path(made))
    return {name: done[name] for name in ("peak_mib", "shared_mib")}


def libraries() -> dict[str, Any]:
    """Return the memory of Python, NumPy, SymPy and numba for themselves."""
    with tempfile.TemporaryDirectory() as made:
        (Path(made) / "one_function.py").write_text(ONE_FUNCTION)
        run(LIBRARIES, (made,), Path(made))
        done = run(LIBRARIES, (made,), Path(made))
    return {name: done[name] for name in ("peak_mib", "shared_mib")}


def held_by_arrays(algorithm: str, numbers: dict[str, float]) -> float:
    """Return the size of all arrays with their devices and working memory, in MiB."""
    device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), **numbers)
    network = Network(
        dense_stages(list(SIZES)), named_algorithm(algorithm).arrays, _Same(device), 0
    )
    arrays = [array for layer in network.layers for array in layer.arrays.values()]
    held = [vars(array) for array in arrays] + [vars(array.population) for array in arrays]
    kept = sum(getattr(value, "nbytes", 0) for numbers in held for value in numbers.values())
    return (kept + sum(_sizes(fast.scratch(max(SIZES) + 1)))) / MIB


class _Same(dict[str, Any]):
    """The same device for every array."""

    def __init__(self, device: Device) -> None:
        self.device = device

    def __missing__(self, name: str) -> Device:
        return self.device


def _sizes(kept: Any) -> Iterator[int]:
    for part in kept:
        yield from _sizes(part) if isinstance(part, tuple) else (part.nbytes,)


@click.command()
@click.option("--data", "folder", type=click.Path(), help="folder with the MNIST files")
@click.option("--repeat", default=3, show_default=True, help="later starts; the fastest counts")
@click.option("--out", type=click.Path(path_type=Path), help="write the results as JSON")
def main(folder: str | None, repeat: int, out: Path | None) -> None:
    """Print a table of starts and of the memory of a training."""
    data = load("mnist", folder)
    if data.name != "mnist":
        raise click.ClickException(f"this measures MNIST: {data.notice}")
    parts = (data.train_images, data.test_images, data.train_labels, data.test_labels)
    images = sum(part.nbytes for part in parts) / MIB
    folder, load_before = folder or "", os.getloadavg()[0]
    own = libraries()
    rows: dict[str, dict[str, Any]] = {}
    for name, (algorithm, numbers) in RUNS.items():
        rows[name] = starts(algorithm, numbers, folder, repeat)
        rows[name]["arrays_mib"] = held_by_arrays(algorithm, numbers)
    rows["SHD, phys.train"] = from_python(folder) | {"arrays_mib": rows["SHD"]["arrays_mib"]}
    for row in rows.values():
        row["data_mib"] = images
        row["beside_mib"] = row["peak_mib"] - images - row["arrays_mib"]
    _print(rows, own)
    if out:
        machine = platform.processor() or platform.machine()
        out.parent.mkdir(parents=True, exist_ok=True)
        result = {"machine": machine, "load_before": load_before, "libraries": own, "rows": rows}
        out.write_text(json.dumps(result, indent=1) + "\n")


def _print(rows: dict[str, dict[str, Any]], own: dict[str, Any]) -> None:
    table = Table(
        "crosspoint train",
        "first start, s",
        "later start, s",
        "CPU of that, s",
        "peak MiB",
        "of it data",
        "arrays",
        "all else",
        "of it shared",
        title="784-256-128-10, MNIST",
    )
    times = ("first_wall_seconds", "wall_seconds", "cpu_seconds")
    sizes = ("peak_mib", "data_mib", "arrays_mib", "beside_mib", "shared_mib")
    for name, row in (*rows.items(), ("the libraries alone", own)):
        seconds = [f"{row[key]:.2f}" if key in row else "" for key in times]
        memory = [f"{row[key]:.0f}" if row.get(key) is not None else "" for key in sizes]
        table.add_row(name, *seconds, *memory)
    Console().print(table)


if __name__ == "__main__":
    main()
