"""What the event engine costs, on one core, beside bare SimPy in the same run.

    python benchmarks/event_speed.py [--data DIR] [--out FILE]

Times are CPU seconds, the best of several runs. An event is an edge of a line or a coincidence of
two. The sample's update is that of the 784-256-128-10 network, from real MNIST where it is there
and from random images with as many lit pixels otherwise.
"""

from __future__ import annotations

import json
import platform
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import numpy as np
import simpy

from phys import Crossbar, Device, Timing
from phys.algorithms import PulsedSGD
from phys.data import DataWarning, load
from phys.network import Network
from phys.trace import FALL, RISE, Trace
from theory import laws

LIT = 0.19
REPEATS = 7


def best(run: Callable[[], Any]) -> float:
    """Return the shortest CPU time of `run`."""
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def bare_simpy(events: int = 100_000) -> float:
    """Return events per second of timeouts with a callback, 1,000 of them waiting at a time."""

    def run() -> None:
        env = simpy.Environment()
        left = events

        def again(_: simpy.Event) -> None:
            nonlocal left
            if left > 0:
                left -= 1
                env.timeout(5).callbacks.append(again)

        for k in range(1000):
            env.timeout(k).callbacks.append(again)
        env.run()

    return events / best(run)


def array(size: int) -> Crossbar:
    law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0)
    return Crossbar(size, size, Device(law, dw_min=0.001), seed=0)


def updates(
    size: int, lines: int, lr: float, timing: Timing | None = None
) -> tuple[Callable[[], Any], float]:
    """Return a function that runs one update of `lines` firing lines a side, and its events."""
    values = np.zeros(size)
    values[:lines] = 1
    trace = Trace(limit=10**7)
    first = array(size).update(values, values, lr, engine="event", timing=timing, trace=trace)
    events = first.pulses + trace.of(RISE, FALL).size
    xbar = array(size)

    def run() -> None:
        xbar.updates = 0  # The same trains every time.
        xbar.update(values, values, lr, engine="event", timing=timing)

    return run, events


def sample_update(folder: Path | None) -> dict[str, Any]:
    """Time the pulsed update of all layers for one sample."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        data = load("mnist", folder)
    images, labels = data.train_images[:10], data.train_labels[:10]
    source = data.source
    if images.shape[1] != 784:
        rng = np.random.default_rng(0)
        images = rng.random((10, 784), dtype=np.float32) * (rng.random((10, 784)) < LIT)
        labels, source = np.arange(10), "random images"
    algorithm = PulsedSGD(0.01)
    device = Device(laws.soft_bounds(w_max=2, w_min=-2, imbalance=0), dw_min=0.001)
    network = Network((784, 256, 128, 10), ("c",), {"c": device}, seed=0)
    network.programme_initial_weights()
    counts, times = [], []
    for image, label in zip(images, labels, strict=True):
        inputs, directions, _ = network.backpropagate(image.astype(np.float32), int(label))
        start, count = time.process_time(), 0
        for layer, x, d in network.updates(inputs, directions):
            count += layer.c.update(x, d, algorithm.lr, algorithm.pulses, "event").pulses
        times.append(time.process_time() - start)
        counts.append(count)
    return {
        "source": source,
        "coincidences": float(np.mean(counts)),
        "milliseconds": 1e3 * float(np.median(times)),
    }


def million() -> None:
    """Run an update with over a million coincidences; print their number and the memory."""
    values = np.zeros(1024)
    values[:330] = 1
    result = array(1024).update(values, values, 0.01, engine="event")
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"coincidences": result.pulses, "mib": memory}))


@click.command()
@click.option("--data", type=click.Path(path_type=Path), help="Folder with MNIST.")
@click.option("--out", type=click.Path(path_type=Path), help="Write the numbers as JSON.")
@click.option("--million", "only_million", is_flag=True, hidden=True)
def main(data: Path | None, out: Path | None, only_million: bool) -> None:
    if only_million:
        million()
        return
    bare = bare_simpy()
    rows: dict[str, Any] = {"bare SimPy, events/s": bare}
    for name, size, lines, lr, timing in (
        ("sparse: 10 lines of 128", 128, 10, 0.005, None),
        ("sparse: 10 lines of 1024", 1024, 10, 0.005, None),
        ("dense: 128 lines of 128", 128, 128, 0.005, None),
        ("dense: 300 lines of 1024", 1024, 300, 0.005, None),
        ("skew: 64 lines of 64", 64, 64, 0.005, Timing(slot_ns=10, line_delay_ps=3)),
        ("jitter: 64 lines of 64", 64, 64, 0.005, Timing(slot_ns=10, jitter_ps=300)),
    ):
        run, events = updates(size, lines, lr, timing)
        seconds = best(run)
        rows[name] = {
            "milliseconds": seconds * 1e3,
            "events": events,
            "events_per_second": events / seconds,
            "share_of_bare_simpy": events / seconds / bare,
        }
    wide, narrow = rows["sparse: 10 lines of 1024"], rows["sparse: 10 lines of 128"]
    rows["1024 over 128, same lines"] = wide["milliseconds"] / narrow["milliseconds"]
    rows["one sample's update"] = sample_update(data)
    command = [sys.executable, __file__, "--million"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    rows["a million coincidences"] = json.loads(done.stdout)
    click.echo(json.dumps(rows, indent=1))
    if out is not None:
        out.write_text(json.dumps({"machine": platform.machine(), "rows": rows}, indent=1) + "\n")


if __name__ == "__main__":
    main()
