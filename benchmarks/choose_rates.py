"""The coarse sweep that the demonstration's settings come from: short runs on a grid, for each arm.

    python benchmarks/choose_rates.py --data DIR

Prints a table and writes benchmarks/results/choose_rates.json (choose_rates_digits.json for
--dataset digits). Combinations that are there already, with the same epochs, samples and seed, are
not run again. After the settings, a line shows the share of the wanted pulses that the arrays
delivered, and the accuracies.

A setting is chosen only among those that delivered at least half: beyond, every update is cut to
what the pulse trains can carry, and the rate is one in name only. Pulse trains have ten slots, and
31 for pulsed SGD on the digits, where ten cut every rate at which the arm without zero-shifting
learns; the other number is tried to compare.
"""

from __future__ import annotations

import argparse
import json
from itertools import product
from pathlib import Path
from typing import Any

from phys.cli.common import load_data, write_whole
from phys.data import Dataset
from phys.demo.play import ARMS, run_arm
from phys.training import Diverged

RESULTS = Path(__file__).parent / "results"
LEAST_DELIVERED = 0.5
SLOTS = {"mnist": 10, "digits": 31}
TIE = 0.005

SGD = {"lr": (0.003, 0.01, 0.03, 0.1, 0.3), "pulses": (10, 31)}
SHD = {
    "lr_a": (0.02, 0.05, 0.1),
    "lr_c": (0.05, 0.1, 0.2, 0.4),
    "transfer_every": (1, 2, 4),
    "pulses": (10, 31),
}
SHD_START = {"lr_a": 0.05, "lr_c": 0.2, "transfer_every": 2, "pulses": 10}


def combinations(algorithm: str) -> list[dict[str, Any]]:
    """Return the settings to try: a grid; for SHD one setting at a time away from its start."""
    if algorithm == "float":
        return [{"lr": lr} for lr in (0.02, 0.05, 0.1, 0.2)]
    if algorithm == "sgd":
        return [dict(zip(SGD, values, strict=True)) for values in product(*SGD.values())]
    tried = [SHD_START]
    for name, values in SHD.items():
        tried += [{**SHD_START, name: v} for v in values if v != SHD_START[name]]
    # Where the transfer clips, its rate and its frequency trade off against each other.
    tried += [{**SHD_START, "transfer_every": 1, "lr_c": lr_c} for lr_c in (0.05, 0.1, 0.4)]
    tried += [{**SHD_START, "transfer_every": 1, "lr_a": 0.1}]
    return tried


def measure(key: str, rates: dict[str, Any], dataset: Dataset, run: argparse.Namespace) -> Any:
    """Train one arm with one combination; return accuracies, or the reason why there are none."""
    arm = next(arm for arm in ARMS if arm.key == key)
    try:
        history = run_arm(arm, dataset, run.epochs, run.seed, run.samples, **rates)
    except Diverged as error:
        return {"accuracy": None, "error": str(error)}
    delivered = sum(layer.pulses for layer in history.layers)
    wanted = sum(layer.pulses / layer.delivered_over_wanted for layer in history.layers)
    return {
        "accuracy": history.accuracy,
        "loss": history.loss,
        "delivered_over_wanted": delivered / wanted if wanted else 1.0,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder with the four MNIST files")
    parser.add_argument("--dataset", choices=("mnist", "digits"), default="mnist")
    parser.add_argument("--epochs", type=int, default=1)
    parser.add_argument("--samples", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--arms", default="".join(arm.key for arm in ARMS))
    parser.add_argument("--out", type=Path)
    run = parser.parse_args()
    out = run.out or RESULTS / (
        "choose_rates.json" if run.dataset == "mnist" else f"choose_rates_{run.dataset}.json"
    )
    dataset = load_data(run.dataset, run.data)
    setting = {"epochs": run.epochs, "samples": run.samples, "seed": run.seed, "data": dataset.name}
    found = json.loads(out.read_text())["runs"] if out.exists() else []
    for arm in ARMS:
        if arm.key not in run.arms:
            continue
        for rates in combinations(arm.algorithm):
            label = {"arm": arm.key, "rates": rates, **setting}
            if any(label.items() <= line.items() for line in found):
                continue
            found.append({**label, **measure(arm.key, rates, dataset, run)})
            print_line(found[-1])
            write_whole(out, as_lines(found))
    print(f"\nChosen for each arm, with at least {LEAST_DELIVERED:.0%} delivered:")
    for arm in ARMS:
        own = [line for line in found if line["arm"] == arm.key and eligible(line)]
        if own:
            print_line(best(own))


def as_lines(runs: list[dict[str, Any]]) -> str:
    """Return the runs as JSON, one on a line."""
    return '{"runs": [\n' + ",\n".join(json.dumps(run) for run in runs) + "\n]}\n"


def eligible(line: dict[str, Any]) -> bool:
    """Whether a run stayed finite, at the rate it was given and not at what clipping left of it."""
    if not line["accuracy"] or line["delivered_over_wanted"] < LEAST_DELIVERED:
        return False
    slots = 10 if "lr_a" in line["rates"] else SLOTS[line["data"]]
    return bool(line["rates"].get("pulses", slots) == slots)


def best(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the smallest rates that come within half a point of the best.

    A short run cannot tell closer ones apart, and a longer one is better off with the smaller.
    """
    top = max(score(line) for line in lines)
    close = [line for line in lines if score(line) >= top - TIE]
    return min(close, key=lambda line: tuple(line["rates"].values()))


def score(line: dict[str, Any]) -> float:
    """Return the mean accuracy of the last quarter of the epochs: one epoch alone is noisy."""
    last = line["accuracy"][-max(len(line["accuracy"]) // 4, 1) :]
    return float(sum(last) / len(last))


def print_line(line: dict[str, Any]) -> None:
    rates = " ".join(f"{name} {value:g}" for name, value in line["rates"].items())
    values = line["accuracy"]
    if not values:
        shown = "diverged"
    else:
        shown = f"{line['delivered_over_wanted']:5.2f}  "
        shown += " ".join(f"{100 * value:6.2f}" for value in values[-6:])
    print(f"({line['arm']}) {rates:<48} {shown}", flush=True)


if __name__ == "__main__":
    main()
