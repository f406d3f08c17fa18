"""The sweep that the default settings of the algorithms come from: short runs, a few per algorithm.

    python benchmarks/algorithm_rates.py --data DIR

Every run trains 784-256-128-10 on MNIST with soft bounds of 0.6 and imbalance 0.3, dw_min 0.001,
spread and cycle noise 0.3, batch 1. Prints a table and writes
benchmarks/results/algorithm_rates.json, one run on a line; runs that are there already, with the
same epochs and seed, are not run again. After the settings, a line shows whether the arrays were
zero-shifted, the smallest share of its wanted pulses that an array delivered, and the accuracies.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from choose_rates import as_lines

from phys import Device, train
from phys.algorithms import settings_of
from phys.cli.common import load_data, write_whole
from phys.training import Diverged
from theory import laws

RESULTS = Path(__file__).parent / "results" / "algorithm_rates.json"
DEVICE = Device(
    laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3),
    dw_min=0.001,
    device_spread=0.3,
    cycle_noise=0.3,
)
TRIED: dict[str, list[dict[str, float]]] = {
    "float": [{"lr": 0.02}, {"lr": 0.05}, {"lr": 0.1}],
    "zero-shifted-sgd": [{"lr": 0.003}, {"lr": 0.01}, {"lr": 0.03}],
    "shd": [{"lr_c": 0.1}, {"lr_c": 0.2}],
    "residual": [{"transfer_every": 100}, {"transfer_every": 200}],
    "tiki-taka-v2": [{"lr_h": 50}, {"lr_h": 100}],
    "agad": [
        {"flip_probability": 0.02, "mean_rate": 0.2},
        {"flip_probability": 0.1, "mean_rate": 0.2},
        {"flip_probability": 0.3, "mean_rate": 0.5},
    ],
    "mixed-precision": [{"lr": 0.1}, {"lr": 0.2}],
    "chopped-tiki-taka-v2": [{"flip_probability": 0.02}, {"flip_probability": 0.1}],
    "tiki-taka": [{"gamma": 0.1}, {"gamma": 0.5}],
}
UNSHIFTED = ("sgd", "shd", "tiki-taka-v2", "chopped-tiki-taka-v2", "agad")


def cases() -> list[dict[str, Any]]:
    """Return all runs: zero-shifted ones, and without a shift where that is what is in question."""
    shifted = [
        {"algorithm": name, "rates": rates, "zero_shift": name != "float"}
        for name, tried in TRIED.items()
        for rates in tried
    ]
    plain = [{"algorithm": n, "rates": {}, "zero_shift": False} for n in UNSHIFTED]
    return shifted + plain


def measure(case: dict[str, Any], dataset: Any, epochs: int, seed: int) -> dict[str, Any]:
    """Train once; return accuracies and what each array delivered, or why there are none."""
    try:
        history = train(
            dataset,
            case["algorithm"],
            DEVICE,
            epochs,
            seed,
            case["zero_shift"],
            settings=case["rates"],
        )
    except Diverged as error:
        return {"accuracy": None, "error": str(error)}
    return {
        "accuracy": history.accuracy,
        "loss": history.loss,
        "samples_per_second": round(history.samples_per_second),
        "delivered_over_wanted": {
            f"{report.array}{report.layer}": round(report.delivered_over_wanted, 4)
            for report in history.layers
        },
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder with the four MNIST files")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", help="one algorithm")
    parser.add_argument("--out", type=Path, default=RESULTS)
    run = parser.parse_args()
    dataset = load_data("mnist", run.data)
    found = json.loads(run.out.read_text())["runs"] if run.out.exists() else []
    for case in cases():
        if run.only and case["algorithm"] != run.only:
            continue
        rates = settings_of(case["algorithm"]) | case["rates"]
        label = {**case, "rates": rates, "epochs": run.epochs, "seed": run.seed}
        if not any(label.items() <= line.items() for line in found):
            found.append({**label, **measure(case, dataset, run.epochs, run.seed)})
            write_whole(run.out, as_lines(found))
        print_line(next(line for line in found if label.items() <= line.items()))


def print_line(line: dict[str, Any]) -> None:
    rates = " ".join(f"{name} {value:g}" for name, value in line["rates"].items())
    shown = line["accuracy"]
    least = min((line.get("delivered_over_wanted") or {"": 1.0}).values())
    print(
        f"{line['algorithm']:<21} {'shifted' if line['zero_shift'] else '-':<8} {least:5.2f}  "
        + (" ".join(f"{100 * v:5.2f}" for v in shown) if shown else "diverged")
        + f"  {rates}",
        flush=True,
    )


if __name__ == "__main__":
    main()
