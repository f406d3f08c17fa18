"""Samples per second of the training loops, on one core, while the network learns.

    python benchmarks/training_speed.py --data DIR [--peer PYTHON] [--out FILE]

Each loop runs on MNIST, 784-256-128-10, batch 1, ten pulses: some samples to get past the start,
then the timed ones, three times; the median counts. ``--peer`` names a Python that has PyTorch,
whose plain float training is then timed in the same run. The loops sum in a fixed order, for equal
bits in every engine; the fastmath rows show what that costs.
"""

from __future__ import annotations

import json
import platform
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table

from phys import Device, compiler, fused
from phys.algorithms import SHD, Algorithm, FloatSGD, PulsedSGD
from phys.data import Dataset, load
from phys.network import Network
from phys.training_run import prepare_layers, sample_order
from theory import laws

SIZES = (784, 256, 128, 10)


def soft_bounds(bound: float, **options: Any) -> Device:
    """Return a balanced soft-bound device with bounds of plus and minus `bound`."""
    return Device(laws.soft_bounds(w_max=bound, w_min=-bound, imbalance=0), dw_min=0.001, **options)


CASES: dict[str, tuple[Algorithm, Device]] = {
    "floating-point SGD": (FloatSGD(0.05), soft_bounds(2)),
    "pulsed SGD": (PulsedSGD(0.01), soft_bounds(2)),
    "SHD": (SHD(0.05, 0.2, 2), soft_bounds(0.6)),
    "pulsed SGD, spread and noise 0.3": (
        PulsedSGD(0.01),
        soft_bounds(2, device_spread=0.3, cycle_noise=0.3),
    ),
    "SHD, spread and noise 0.3": (
        SHD(0.05, 0.2, 2),
        soft_bounds(0.6, device_spread=0.3, cycle_noise=0.3),
    ),
}


def measure(
    data: Dataset, algorithm: Algorithm, device: Device, warm: int, timed: int
) -> dict[str, float]:
    """Train, time three stretches of `timed` samples in CPU seconds, return the median speed."""
    devices = {"a": device, "c": device}
    network = Network(SIZES, algorithm.arrays, devices, 0, terms=algorithm.terms)
    prepare_layers(network, algorithm)
    network.programme_initial_weights()
    labels = data.train_labels.astype(np.int64)
    run = fused.compiled_runner(network, algorithm, data.train_images, labels, 1)
    if run is None:
        raise click.ClickException("there are no compiled loops here: install numba")
    order = sample_order(0, 0, len(labels))
    run(algorithm, order[:warm], 0.0)
    speeds = []
    for k in range(3):
        began = time.process_time()
        run(algorithm, order[warm + k * timed : warm + (k + 1) * timed], 0.0)
        speeds.append(timed / (time.process_time() - began))
    return {
        "samples_per_second": statistics.median(speeds),
        "accuracy": network.accuracy(data.test_images, data.test_labels),
    }


def with_fastmath(data: Dataset, warm: int, timed: int) -> dict[str, dict[str, float]]:
    """Measure the noise-free cases with sums in any order, which gives up equal bits."""
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
        return {f"{n}, fastmath": measure(data, *CASES[n], warm, timed) for n in names}
    finally:
        compiler.OPTIONS = kept
        for function in cached:
            function.cache_clear()


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
@click.option("--timed", default=10_000, show_default=True, help="samples in a timed stretch")
@click.option("--peer", "python", help="a Python that has PyTorch")
@click.option("--out", type=click.Path(path_type=Path), help="write the results as JSON")
def main(folder: str | None, warm: int, timed: int, python: str | None, out: Path | None) -> None:
    """Print a table of training speeds."""
    data = load("mnist", folder)
    if data.name != "mnist":
        raise click.ClickException(f"this measures MNIST: {data.notice}")
    rows = {name: measure(data, *case, warm, timed) for name, case in CASES.items()}
    rows |= with_fastmath(data, warm, timed)
    if python:
        rows |= peer(python, data, 2000)
    table = Table(
        "loop", "samples/s, one core", "test accuracy then", title="784-256-128-10, MNIST"
    )
    for name, row in rows.items():
        accuracy = f"{100 * row['accuracy']:.1f} %" if "accuracy" in row else ""
        table.add_row(name, f"{row['samples_per_second']:,.0f}", accuracy)
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
