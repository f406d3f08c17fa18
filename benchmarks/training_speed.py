"""Samples per second of the training loops, on one core, while the network learns.

    python benchmarks/training_speed.py --data DIR [--peer PYTHON] [--out FILE]

Each loop runs on MNIST, 784-256-128-10, batch 1, ten pulses: some samples to get past the start,
then stretches that are timed in CPU seconds, the loops taking turns, so that what else the machine
does weighs on all of them alike. The median counts, and of ratios the median over the rounds.
``--peer`` names a Python that has PyTorch, whose plain float training is then timed in the same
run. The loops sum in a fixed order, for equal bits in every engine; the fastmath rows show what
that costs.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from phys import Device, compiler, fused
from phys.algorithms import (
    AGAD,
    SHD,
    Algorithm,
    ChoppedTikiTakaV2,
    FloatSGD,
    MixedPrecision,
    PulsedSGD,
    ResidualLearning,
    TikiTaka,
    TikiTakaV2,
)
from phys.data import Dataset, load
from phys.network import Network
from phys.training_run import prepare_layers, sample_order
from theory import laws

SIZES = (784, 256, 128, 10)
ROUNDS = 15
NOISY, FAST = "spread and noise 0.3", "fastmath"


def soft_bounds(bound: float, **options: Any) -> Device:
    """Return a balanced soft-bound device with bounds of plus and minus `bound`."""
    return Device(laws.soft_bounds(w_max=bound, w_min=-bound, imbalance=0), dw_min=0.001, **options)


CASES: dict[str, tuple[Algorithm, Device]] = {
    "floating-point SGD": (FloatSGD(0.05), soft_bounds(2)),
    "pulsed SGD": (PulsedSGD(0.01), soft_bounds(2)),
    "SHD": (SHD(0.05, 0.2, 2), soft_bounds(0.6)),
    f"pulsed SGD, {NOISY}": (
        PulsedSGD(0.01),
        soft_bounds(2, device_spread=0.3, cycle_noise=0.3),
    ),
    f"SHD, {NOISY}": (
        SHD(0.05, 0.2, 2),
        soft_bounds(0.6, device_spread=0.3, cycle_noise=0.3),
    ),
}
OTHERS = {
    "Tiki-Taka v1": TikiTaka(),
    "Tiki-Taka v2": TikiTakaV2(),
    "chopped Tiki-Taka v2": ChoppedTikiTakaV2(),
    "AGAD": AGAD(),
    "residual learning": ResidualLearning(),
    "mixed precision": MixedPrecision(),
}
CASES |= {name: (algorithm, soft_bounds(0.6)) for name, algorithm in OTHERS.items()}


# What each loop is compared with.
COMPARED = {
    "pulsed SGD": "floating-point SGD",
    "SHD": "floating-point SGD",
    **{f"{name}, {NOISY}": name for name in ("pulsed SGD", "SHD")},
    **dict.fromkeys(OTHERS, "pulsed SGD"),
    **{f"{name}, {FAST}": name for name in ("floating-point SGD", "pulsed SGD", "SHD")},
}


@dataclass
class Loop:
    """A network in training: trained on the first samples, and ready to be timed on more."""

    network: Network
    run: Callable[[np.ndarray], float]
    speeds: list[float] = field(default_factory=list)

    def time(self, samples: np.ndarray) -> None:
        """Train on `samples` and note the speed."""
        began = time.process_time()
        self.run(samples)
        self.speeds.append(len(samples) / (time.process_time() - began))


def warmed(data: Dataset, algorithm: Algorithm, device: Device, samples: np.ndarray) -> Loop:
    """Return the loop of an algorithm, trained on `samples`."""
    devices = {"a": device, "c": device}
    network = Network(SIZES, algorithm.arrays, devices, 0, terms=algorithm.terms)
    prepare_layers(network, algorithm)
    network.programme_initial_weights()
    labels = data.train_labels.astype(np.int64)
    run = fused.compiled_runner(network, algorithm, data.train_images, labels, 1)
    if run is None:
        raise click.ClickException("there are no compiled loops here: install numba")
    loop = Loop(network, lambda order: run(algorithm, order, 0.0))
    loop.run(samples)
    return loop


def fastmath(data: Dataset, samples: np.ndarray) -> dict[str, Loop]:
    """Return the noise-free loops with sums in any order, which gives up equal bits."""
    kept = compiler.OPTIONS
    cached = (
        compiler.core,
        compiler.law_module,
        compiler.network_module,
        fused._training_module,
    )
    try:
        compiler.OPTIONS = kept + ", fastmath=True"
        for function in cached:
            function.cache_clear()
        names = list(CASES)[:3]
        return {f"{n}, {FAST}": warmed(data, *CASES[n], samples) for n in names}
    finally:
        compiler.OPTIONS = kept
        for function in cached:
            function.cache_clear()


def race(data: Dataset, warm: int, timed: int) -> dict[str, dict[str, float]]:
    """Time all loops in turns; return the speed, accuracy and ratio of each."""
    order = sample_order(0, 0, len(data.train_labels))
    start = order[:warm]
    loops = {name: warmed(data, *case, start) for name, case in CASES.items()}
    loops |= fastmath(data, start)
    for stretch in np.array_split(order[warm : warm + timed], ROUNDS):
        for loop in loops.values():
            loop.time(stretch)
    rows = {}
    for name, loop in loops.items():
        rows[name] = {
            "samples_per_second": statistics.median(loop.speeds),
            "accuracy": loop.network.accuracy(data.test_images, data.test_labels),
        }
        if name in COMPARED:
            reference = loops[COMPARED[name]].speeds
            ratios = [own / other for own, other in zip(loop.speeds, reference, strict=True)]
            rows[name]["ratio"] = statistics.median(ratios)
    return rows


def peer(python: str, data: Dataset, samples: int) -> dict[str, dict[str, float]]:
    """Time PyTorch with another interpreter."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "images.npz"
        order = sample_order(0, 0, len(data.train_labels))[: 2 * samples]
        np.savez(
            path,
            images=data.train_images[order],
            labels=data.train_labels[order].astype(np.int64),
        )
        script = Path(__file__).with_name("peer_torch.py")
        done = subprocess.run(
            [python, str(script), str(path), str(samples)],
            capture_output=True,
            text=True,
            check=False,
        )
    if done.returncode:
        raise click.ClickException(f"--peer {python}: {done.stderr.strip().splitlines()[-1]}")
    result = json.loads(done.stdout.splitlines()[-1])
    return {k: {"samples_per_second": v} for k, v in result.items()}


@click.command()
@click.option("--data", "folder", type=click.Path(), help="folder with the MNIST files")
@click.option("--warm", default=20_000, show_default=True, help="samples before the timing")
@click.option("--timed", default=30_000, show_default=True, help="timed samples of each loop")
@click.option("--peer", "python", help="a Python that has PyTorch")
@click.option("--out", type=click.Path(path_type=Path), help="write the results as JSON")
def main(folder: str | None, warm: int, timed: int, python: str | None, out: Path | None) -> None:
    """Print a table of training speeds."""
    data = load("mnist", folder)
    if data.name != "mnist":
        raise click.ClickException(f"this measures MNIST: {data.notice}")
    count = len(data.train_labels)
    if not (warm >= 1 and timed >= ROUNDS and warm + timed <= count):
        raise click.ClickException(
            f"--warm {warm} and --timed {timed}: give at least 1 and {ROUNDS}, and together at "
            f"most the {count} images"
        )
    rows = race(data, warm, timed)
    if python:
        rows |= peer(python, data, 2000)
    table = Table(
        "loop",
        "samples/s, one core",
        "of the speed of",
        "test accuracy then",
        title="784-256-128-10, MNIST",
    )
    for name, row in rows.items():
        accuracy = f"{100 * row['accuracy']:.1f} %" if "accuracy" in row else ""
        ratio = f"{row['ratio']:.2f}, {COMPARED[name]}" if "ratio" in row else ""
        table.add_row(name, f"{row['samples_per_second']:,.0f}", ratio, accuracy)
    Console().print(table)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(
            json.dumps(
                {"machine": platform.processor() or platform.machine(), "rows": rows}, indent=1
            )
            + "\n"
        )


if __name__ == "__main__":
    main()
