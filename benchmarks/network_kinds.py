"""Networks of docs/networks.md: what each kind of layer, output, read and array learns, how fast.

    python benchmarks/network_kinds.py run --data DIR
    python benchmarks/network_kinds.py write

`run` trains every case once, one after the other on one core, and writes
benchmarks/results/network_kinds.json; `write` puts the tables into docs/networks.md.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from phys import Device, train
from phys.cli.common import load_data, write_whole
from theory import laws

RESULTS = Path(__file__).parent / "results" / "network_kinds.json"
PAGE = Path(__file__).parent.parent / "docs" / "networks.md"
START, END = "<!-- network_kinds: start -->\n", "<!-- network_kinds: end -->\n"
ROUNDS = 3
LENET = {"layers": "lenet5", "activation": "tanh"}
SCALED = {"output_scale": "learned", "bias": "digital"}

LEARNED: list[tuple[str, int, str, dict[str, Any], list[float | None]]] = [
    ("LeNet-5, tanh", 5_000, "float, lr 0.02", {**LENET, "lr": 0.02}, [None]),
    ("LeNet-5, tanh", 5_000, "sgd, lr 0.01", {**LENET, "lr": 0.01}, [0.0, 0.3]),
    ("LeNet-5, tanh", 5_000, "shd", LENET, [0.3]),
    ("784-256-128-10", 10_000, "sgd", {}, [0.0, 0.3]),
    ("784-256-128-10, learned scale, digital bias", 10_000, "sgd", SCALED, [0.0, 0.3]),
    ('784-256-128-10, `"opposite"`', 10_000, "sgd", {"mapping": "opposite"}, [0.0, 0.3]),
    ('784-256-128-10, `"one-sided"`', 10_000, "sgd", {"mapping": "one-sided"}, [0.0, 0.3]),
    ("784-256-128-10", 10_000, "shd", {}, [0.3]),
    ("784-256-128-10, learned scale, digital bias", 10_000, "shd", SCALED, [0.3]),
    ('784-256-128-10, `"opposite"`', 10_000, "shd", {"mapping": "opposite"}, [0.3]),
    ('784-256-128-10, `"one-sided"`', 10_000, "shd", {"mapping": "one-sided"}, [0.3]),
    ("784-256-128-10, limit", 10_000, "shd", {"update": "expected"}, [0.3]),
]
"""Name, samples, algorithm, settings, imbalances."""

SPEED: list[tuple[str, int, dict[str, Any]]] = [
    ("ideal reads", 10_000, {}),
    ("learned scale, digital bias", 10_000, SCALED),
    ('`read_model="aihwkit"`', 10_000, {"read_model": "aihwkit"}),
    ('`update="expected"`', 4_000, {"update": "expected"}),
    ('`mapping="opposite"`', 10_000, {"mapping": "opposite"}),
    ('`mapping="one-sided"`', 10_000, {"mapping": "one-sided"}),
    ("LeNet-5, ideal reads", 1_000, LENET),
]


def trained(
    data: Any, algorithm: str, samples: int, imbalance: float | None, **settings: Any
) -> Any:
    device = Device(
        laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=imbalance or 0.0), dw_min=0.001
    )
    return train(data, algorithm, device, epochs=1, samples=samples, **settings)


def run(options: argparse.Namespace) -> None:
    data = load_data("mnist", options.data)
    learned = []
    for name, samples, words, settings, imbalances in LEARNED:
        for imbalance in imbalances:
            algorithm = words.partition(",")[0]
            history = trained(data, algorithm, samples, imbalance, **settings)
            line = {
                "network": name,
                "samples": samples,
                "algorithm": words,
                "imbalance": imbalance,
                "accuracy": history.accuracy[-1],
            }
            learned.append(line)
            print(line, flush=True)
    speeds = []
    for name, samples, settings in SPEED:
        rates = {}
        for algorithm in ("sgd", "shd"):
            runs = [
                trained(data, algorithm, samples, 0.0, zero_shift=False, **settings)
                for _ in range(ROUNDS)
            ]
            rates[algorithm] = max(history.samples_per_second for history in runs)
        speeds.append({"kind": name, **rates})
        print(speeds[-1], flush=True)
    text = json.dumps({"learned": learned, "samples_per_second": speeds}, indent=1)
    write_whole(RESULTS, text + "\n")


def tables(results: dict[str, Any]) -> str:
    """Return the two tables of the page."""
    lines = ["| network and samples | algorithm | imbalance | accuracy |", "|---|---|---|---|"]
    for line in results["learned"]:
        imbalance = "" if line["imbalance"] is None else f"{line['imbalance']:g}"
        lines.append(
            f"| {line['network']}, {line['samples']:,} | {line['algorithm']} | {imbalance} | "
            f"{line['accuracy']:.1%} |"
        )
    how = "batch 1, 10 pulses, from the untrained start"
    lines += [
        "",
        f"Samples per second of one core, {how}, best of {ROUNDS}:",
        "",
        "| 784-256-128-10 | sgd | shd |",
        "|---|---|---|",
    ]
    lines += [
        f"| {line['kind']} | {line['sgd']:,.0f} | {line['shd']:,.0f} |"
        for line in results["samples_per_second"]
    ]
    return "\n".join(lines) + "\n"


def write(options: argparse.Namespace) -> None:
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(START)
    made = tables(json.loads(RESULTS.read_text(encoding="utf-8")))
    write_whole(PAGE, f"{before}{START}{made}{END}{rest.split(END)[1]}")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    commands = parser.add_subparsers(required=True)
    runner = commands.add_parser("run", help="train every case")
    runner.add_argument("--data", type=Path, required=True, help="folder with the MNIST files")
    runner.set_defaults(do=run)
    commands.add_parser("write", help="put the tables into docs/networks.md").set_defaults(do=write)
    options = parser.parse_args()
    options.do(options)


if __name__ == "__main__":
    main()
