"""Training speed of devices of one's own beside that of the built-in soft-bound device.

    python benchmarks/custom_device.py --data DIR [--out FILE]

The network of the demonstration, 784-256-128-10, learns MNIST with pulsed SGD and with SHD, batch
1, ten pulses, on devices that are defined in four ways: the built-in law; a formula of one's own;
two Python functions; functions with a hidden number per device. The devices take turns, stretch by
stretch, and the best stretch of each counts, in CPU time. The pulses that a sample takes are shown
beside the speed: they depend on the device, too. Where bounds differ from device to device, the
symmetry points of a law with fixed bounds differ as well, and such a network asks for more pulses.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
from rich.console import Console
from rich.table import Table
from sympy import Rational

from phys import Device, HiddenStateFunctions, StepFunctions, fused
from phys.algorithms import SHD, Algorithm, PulsedSGD
from phys.data import Dataset, load
from phys.loops.arrays import PULSES
from phys.network import Network
from phys.training_run import prepare_layers, sample_order
from theory import DeviceLaw, laws, w

SIZES = (784, 256, 128, 10)
BUILT_IN = "built-in law"

built_in = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0)

# -- ten lines of one's own ------------------------------------------------------------------
formula = DeviceLaw(
    "saturating",
    up=(1 - w) * (1 + w / 4) * Rational(11, 10),
    down=(1 + w) * (1 - w / 4) * Rational(9, 10),
    bounds=(-1, 1),
)


def up(w: Any) -> Any:
    return 1.1 * (1 - w) * (1 + w / 4)


def down(w: Any) -> Any:
    return 0.9 * (1 + w) * (1 - w / 4)


functions = StepFunctions(up, down, bounds=(-1, 1))


def up_and_wear(w: Any, wear: Any) -> Any:
    return (1 - w) * (1 - wear), wear + (1 - wear) / 100_000


def down_and_wear(w: Any, wear: Any) -> Any:
    return (1 + w) * (1 - wear), wear + (1 - wear) / 100_000


hidden = HiddenStateFunctions(up_and_wear, down_and_wear, {"wear": 0.0}, bounds=(-1, 1))

LAWS = {
    BUILT_IN: built_in,
    "formula": formula,
    "functions": functions,
    "hidden state": hidden,
}
ALGORITHMS: dict[str, Algorithm] = {
    "pulsed SGD": PulsedSGD(0.01),
    "SHD": SHD(0.05, 0.2, 2),
}
VARIATION: dict[str, dict[str, float]] = {
    "": {},
    ", spread and noise 0.3": {"device_spread": 0.3, "cycle_noise": 0.3},
}


def runner(
    data: Dataset, algorithm: Algorithm, device: Device
) -> tuple[Callable[[np.ndarray], Any], Callable[[], float]]:
    """Return functions that train a network on the samples of an order, and count its pulses."""
    devices = {"a": device, "c": device}
    network = Network(SIZES, algorithm.arrays, devices, 0, terms=algorithm.terms)
    prepare_layers(network, algorithm)
    network.programme_initial_weights()
    labels = data.train_labels.astype(np.int64)
    run = fused.compiled_runner(network, algorithm, data.train_images, labels, 1)
    if run is None:
        raise click.ClickException("there are no compiled loops here: install numba")
    arrays: list[Any] = [array for layer in network.layers for array in layer.arrays.values()]
    return (
        lambda order: run(algorithm, order, 0.0),
        lambda: sum(float(array.statistics[PULSES]) for array in arrays),
    )


def measure(
    data: Dataset,
    algorithm: Algorithm,
    numbers: dict[str, float],
    warm: int,
    timed: int,
    turns: int,
) -> tuple[dict[str, float], dict[str, float]]:
    """Return each device's best speed in samples per CPU second, and its pulses per sample."""
    order = sample_order(0, 0, len(data.train_labels))
    runs = {
        name: runner(data, algorithm, Device(law, dw_min=0.001, **numbers))
        for name, law in LAWS.items()
    }
    for run, _ in runs.values():
        run(order[:warm])
    before = {name: pulses() for name, (_, pulses) in runs.items()}
    best = dict.fromkeys(runs, 0.0)
    for k in range(turns):
        part = order[warm + k * timed : warm + (k + 1) * timed]
        for name, (run, _) in runs.items():
            began = time.process_time()
            run(part)
            best[name] = max(best[name], part.size / (time.process_time() - began))
    return best, {name: (p() - before[name]) / (turns * timed) for name, (_, p) in runs.items()}


@click.command()
@click.option("--data", "folder", type=click.Path(), help="folder with the MNIST files")
@click.option("--warm", default=10_000, show_default=True, help="samples before the timing")
@click.option("--timed", default=2_000, show_default=True, help="samples in a timed stretch")
@click.option("--turns", default=8, show_default=True, help="timed stretches of each device")
@click.option("--out", type=click.Path(path_type=Path), help="write the results as JSON")
def main(folder: str | None, warm: int, timed: int, turns: int, out: Path | None) -> None:
    """Print a table of training speeds, and of their ratios to the built-in law's."""
    data = load("mnist", folder)
    if data.name != "mnist":
        raise click.ClickException(f"this measures MNIST: {data.notice}")
    table = Table(
        "training",
        *LAWS,
        title="samples/s on one core, part of the built-in law's, and pulses per sample",
    )
    results: dict[str, dict[str, dict[str, float]]] = {}
    for name, algorithm in ALGORITHMS.items():
        for words, numbers in VARIATION.items():
            speeds, pulses = measure(data, algorithm, numbers, warm, timed, turns)
            results[name + words] = {"samples_per_second": speeds, "pulses_per_sample": pulses}
            table.add_row(
                name + words,
                *(
                    f"{speed:,.0f} ({speed / speeds[BUILT_IN]:.0%})\n{pulses[law]:,.0f} pulses"
                    for law, speed in speeds.items()
                ),
            )
    Console().print(table)
    if out:
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
