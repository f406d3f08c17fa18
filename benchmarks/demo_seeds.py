"""The demonstration's six arms over several seeds: how far the accuracies spread.

Run on a quiet machine; three seeds take three times as long as the demonstration:

    python benchmarks/demo_seeds.py --data DIR

Prints a table and writes benchmarks/results/demo_seeds.json after every seed.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import Any

from phys.cli.common import Bars, load_data, to_json, write_whole
from phys.demo.play import ARMS, EPOCHS, RATES, peak_memory, run_arms
from phys.demo.records import versions

RESULTS = Path(__file__).parent / "results"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder with the four MNIST files")
    parser.add_argument("--dataset", choices=("mnist", "digits"), default="mnist")
    parser.add_argument("--epochs", type=int, help="default: those of the demonstration")
    parser.add_argument("--samples", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--out", type=Path, default=RESULTS / "demo_seeds.json")
    run = parser.parse_args()
    dataset = load_data(run.dataset, run.data)
    epochs = run.epochs or EPOCHS[dataset.name]
    record: dict[str, Any] = {
        "data": dataset.source,
        "epochs": epochs,
        "samples": run.samples or len(dataset.train_labels),
        "jobs": run.jobs,
        "rates": RATES[dataset.name],
        "versions": versions(),
        "seeds": {},
    }
    ends: dict[str, list[float]] = {arm.key: [] for arm in ARMS}
    for seed in run.seeds:
        began = time.perf_counter()
        with Bars({arm.key: f"seed {seed} ({arm.key}) {arm.name}" for arm in ARMS}) as bars:
            histories = run_arms(dataset, epochs, seed, run.samples, run.jobs, bars.follow)
        record["seeds"][str(seed)] = {
            "seconds": time.perf_counter() - began,
            "peak_memory_mib": peak_memory(),
            "accuracy": {key: history.accuracy for key, history in histories.items()},
            "samples_per_second": {key: h.samples_per_second for key, h in histories.items()},
        }
        for key, history in histories.items():
            ends[key].append(100 * history.accuracy[-1])
        write_whole(run.out, to_json(record) + "\n")

    width = max(len(arm.name) for arm in ARMS)
    head = " ".join(f"{f'seed {seed}':>8}" for seed in run.seeds)
    print(f"{'Test accuracy at the end, %':<{width + 4}} {head}      min     mean      max")
    for arm in ARMS:
        values = ends[arm.key]
        cells = [*values, min(values), sum(values) / len(values), max(values)]
        print(f"({arm.key}) {arm.name:<{width}} " + " ".join(f"{value:8.2f}" for value in cells))


if __name__ == "__main__":
    main()
