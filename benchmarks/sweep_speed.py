"""How much faster a sweep of independent runs is on all cores than on one.

    python benchmarks/sweep_speed.py --data DIR [--out FILE]

Trains the same runs, SHD for one epoch each, with one process at a time and then with as many as
there are cores, and prints the ratio of the two wall-clock times. Run it on a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from phys.cli.common import write_whole
from phys.sweep import Run, Store, sweep
from phys.sweep.local import cores


def seconds(jobs: int, data: str | None, runs: int) -> float:
    planned = [
        Run({"data": "mnist", "algorithm": "shd", "epochs": 1, "pairs": 1000, "seed": seed})
        for seed in range(runs)
    ]
    with tempfile.TemporaryDirectory() as folder:
        store = Store(Path(folder) / "sweep.sqlite")
        began = time.perf_counter()
        report = sweep(planned, store, jobs=jobs, data_dir=data)
        assert report.done == runs, report.failed
        return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder with the four MNIST files")
    parser.add_argument("--runs", type=int, default=6)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    seconds(cores(), options.data, cores())  # compiles what has not been compiled yet
    one = seconds(1, options.data, options.runs)
    all_cores = seconds(cores(), options.data, options.runs)
    record = {
        "runs": options.runs,
        "cores": cores(),
        "seconds_one_process": one,
        "seconds_all_cores": all_cores,
        "ratio": one / all_cores,
    }
    print(
        f"{options.runs} runs: {one:.1f} s with one process at a time, {all_cores:.1f} s on "
        f"{cores()} cores: {record['ratio']:.2f} times as fast"
    )
    if options.out:
        write_whole(options.out, json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()
