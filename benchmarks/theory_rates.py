"""Rates from theory beside the default rates, on devices of finer and coarser steps.

    python benchmarks/theory_rates.py --data DIR

Trains SHD, 784-256-128-10, on MNIST with soft bounds of 0.6 and imbalance 0.3, zero-shifted, batch
1, once with the default rates and once with those of `phys.guidance.suggest_rates`, for every
dw_min and seed. Prints a table and writes benchmarks/results/theory_rates.json, one run on a line;
runs that are there already, with the same epochs and samples, are not run again.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from statistics import mean
from typing import Any

from choose_rates import as_lines

from phys import Device, train
from phys.cli.common import load_data, write_whole
from phys.training import Diverged
from theory import laws

RESULTS = Path(__file__).parent / "results" / "theory_rates.json"
STEPS = (0.001, 0.003, 0.01, 0.03)
SEEDS = (0, 1, 2)
RATES = ("given", "theory")


def measure(case: dict[str, Any], dataset: Any) -> dict[str, Any]:
    """Train once; return the rates and the accuracies, or why there are none."""
    device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), dw_min=case["dw_min"])
    try:
        history = train(
            dataset,
            "shd",
            device,
            case["epochs"],
            case["seed"],
            samples=case["samples"],
            rates=case["rates"],
        )
    except Diverged as error:
        return {"accuracy": None, "error": str(error)}
    used = history.algorithm
    return {
        "lr_a": used.lr_a,
        "lr_c": used.lr_c,
        "transfer_every": used.transfer_every,
        "accuracy": history.accuracy,
        "loss": history.loss,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", help="folder with the four MNIST files")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--samples", type=int)
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--dw-min", type=float, nargs="+", default=STEPS)
    parser.add_argument("--out", type=Path, default=RESULTS)
    run = parser.parse_args()
    dataset = load_data("mnist", run.data)
    found = json.loads(run.out.read_text())["runs"] if run.out.exists() else []
    for seed in run.seeds:
        for dw_min in run.dw_min:
            for rates in RATES:
                case = {"dw_min": dw_min, "rates": rates, "seed": seed}
                case |= {"epochs": run.epochs, "samples": run.samples}
                if not any(case.items() <= line.items() for line in found):
                    found.append(case | measure(case, dataset))
                    write_whole(run.out, as_lines(found))
                print_line(next(line for line in found if case.items() <= line.items()))
    own = [x for x in found if (x["epochs"], x["samples"]) == (run.epochs, run.samples)]
    print("\nMean test accuracy after the last epoch, default rates and theory's:")
    for dw_min in run.dw_min:
        default, theory = (last(own, dw_min, rates) for rates in RATES)
        print(
            f"  dw_min {dw_min:<6g} {default:6.2%} {theory:6.2%}  {100 * (theory - default):+.2f}"
        )


def last(lines: list[dict[str, Any]], dw_min: float, rates: str) -> float:
    """Return the mean over the seeds of the accuracy after the last epoch; 0 for a divergence."""
    chosen = [x for x in lines if (x["dw_min"], x["rates"]) == (dw_min, rates)]
    return mean(x["accuracy"][-1] if x["accuracy"] else 0.0 for x in chosen)


def print_line(line: dict[str, Any]) -> None:
    values = line["accuracy"]
    head = f"dw_min {line['dw_min']:<6g} seed {line['seed']}  {line['rates']:<7}"
    if not values:
        print(f"{head} diverged", flush=True)
        return
    print(
        f"{head} {' '.join(f'{100 * value:6.2f}' for value in values)}  lr_a {line['lr_a']:.3g} "
        f"lr_c {line['lr_c']:.3g} transfer_every {line['transfer_every']}",
        flush=True,
    )


if __name__ == "__main__":
    main()
