"""Where training on the digits begins to suffer from timing faults: figures and numbers.

    python benchmarks/timing_faults.py [--figure NAME] [--seeds 2] [--out FOLDER]

Each sweep trains once for every value and seed. Skew and pulse width run in the fast engine; jitter
and early reads run pulse by pulse. Each figure gives a JSON file and an SVG of the same name.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from phys import Device, Timing
from phys.algorithms import SHD, PulsedSGD
from phys.fault_plots import fault_curves
from phys.plots import to_svg
from phys.timing_faults import FaultPoint, early_reads, sweep
from theory import laws

DEVICE = Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0), dw_min=0.002)
HAMILTONIAN = SHD(lr_a=0.2, lr_c=0.5, transfer_every=1)
PARTIAL = Timing(slot_ns=15)
ALL_OR_LITTLE = Timing(slot_ns=15, min_overlap_ps=4000)
OVERLAPS = {"short overlaps switch a part": PARTIAL, "below 4 of 5 ns: nothing": ALL_OR_LITTLE}
TRAINED: dict[str, Any] = {"algorithm": HAMILTONIAN, "device": DEVICE}
DEEP: dict[str, Any] = {"layers": (64, 32, 10), "epochs": 2}
EVENTS: dict[str, Any] = {"layers": (64, 10), "samples": 1440}

Sweep = Callable[[int], list[FaultPoint]]


def sweeps() -> dict[str, tuple[str, str, dict[str, Sweep]]]:
    """Return for every figure its title, its axis and what to train for each curve and seed."""

    def skew(timing: Timing, seed: int) -> list[FaultPoint]:
        values = [0, 25, 50, 75, 100, 125, 150]
        return sweep("line_delay_ps", values, timing=timing, seed=seed, **TRAINED, **DEEP)

    def width(switching_ns: float, seed: int) -> list[FaultPoint]:
        timing = Timing(slot_ns=20, line_delay_ps=100, switching_ns=switching_ns)
        return sweep("pulse_ns", [1, 2, 5, 10], timing=timing, seed=seed, **TRAINED, **DEEP)

    def jitter(timing: Timing, seed: int) -> list[FaultPoint]:
        values = [0, 800, 1600]
        flat = {**TRAINED, **EVENTS, "epochs": 1, "engine": "event"}
        return sweep("jitter_ps", values, timing=timing, seed=seed, **flat)

    def early(algorithm: Any, seed: int) -> list[FaultPoint]:
        values = [0, 200, 2_000, 20_000, 200_000]
        return early_reads(values, algorithm=algorithm, device=DEVICE, seed=seed, **EVENTS)

    learners = {"SHD": HAMILTONIAN, "SGD": PulsedSGD(lr=0.05)}
    return {
        "skew": (
            "Skew, SHD on digits, 64-32-10",
            "delay from one crosspoint to the next, ps",
            {label: partial(skew, timing) for label, timing in OVERLAPS.items()},
        ),
        "pulse_width": (
            "Pulse width with skew, SHD, 64-32-10",
            "pulse width, ns",
            {f"switching constant {ns:g} ns": partial(width, ns) for ns in (0.5, 5.0, 50.0)},
        ),
        "jitter": (
            "Jitter, SHD on digits, 64-10",
            "standard deviation of a pulse's start, ps",
            {label: partial(jitter, timing) for label, timing in OVERLAPS.items()},
        ),
        "settling": (
            "Early reads, digits, 64-10",
            "settling time constant, ns",
            {label: partial(early, algorithm) for label, algorithm in learners.items()},
        ),
    }


FIGURES = tuple(sweeps())


@click.command()
@click.option("--figure", "chosen", type=click.Choice(FIGURES), multiple=True, default=FIGURES)
@click.option("--seeds", type=click.IntRange(1), default=2, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="Folder for figures and JSON.")
def main(chosen: tuple[str, ...], seeds: int, out: Path | None) -> None:
    for figure in chosen:
        title, across, curves = sweeps()[figure]
        plan = [(label, seed) for label in curves for seed in range(seeds)]
        found: dict[str, list[list[FaultPoint]]] = {label: [] for label in curves}
        start = time.perf_counter()
        for label, seed in track(plan, figure, console=Console(stderr=True)):
            found[label].append(curves[label](seed))
        rows = {
            label: [[asdict(point) for point in points] for points in runs]
            for label, runs in found.items()
        }
        seconds = round(time.perf_counter() - start)
        numbers = {"across": across, "seeds": seeds, "seconds": seconds, "curves": rows}
        text = json.dumps(numbers, indent=1) + "\n"
        click.echo(text, nl=False)
        if out is not None:
            out.mkdir(parents=True, exist_ok=True)
            name = f"timing_faults_{figure}"
            (out / f"{name}.json").write_text(text)
            (out / f"{name}.svg").write_text(to_svg(fault_curves(found, title, across)))


if __name__ == "__main__":
    main()
