"""Write the README's numbers and its figure from stored results, so that none is typed by hand.

    python benchmarks/headline.py

Reads two files of benchmarks/results; rewrites docs/accuracy.svg and
what stands between the marks ``<!-- accuracy -->`` and ``<!-- speed -->`` in README.md.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from phys import plots
from phys.demo.play import ARMS
from phys.demo.report import STYLES

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results"


def last(record: dict[str, Any], seed: str, arm: str) -> float:
    """Return an arm's accuracy after the last epoch."""
    return float(record["seeds"][seed]["accuracy"][arm][-1])


def accuracy_table(record: dict[str, Any]) -> str:
    """Return the accuracies at the end of the six arms, over the seeds, as Markdown."""
    seeds = list(record["seeds"])
    head = ["", *(f"seed {seed}" for seed in seeds), "mean"]
    lines = [" | ".join(head), " | ".join(["---", *["---:"] * (len(seeds) + 1)])]
    for arm in ARMS:
        ends = [100 * last(record, seed, arm.key) for seed in seeds]
        cells = [f"{value:.2f}" for value in (*ends, sum(ends) / len(ends))]
        lines.append(" | ".join([f"({arm.key}) {arm.name}", *cells]))
    gaps = [100 * (last(record, seed, "c") - last(record, seed, "b")) for seed in seeds]
    seconds = [record["seeds"][seed]["seconds"] for seed in seeds]
    memory = max(record["seeds"][seed]["peak_memory_mib"] for seed in seeds)
    table = "\n".join(f"| {line} |" for line in lines)
    return (
        f"Test accuracy in % after {record['epochs']} epochs on {record['samples']:,} images.\n\n"
        f"{table}\n\n(c) stands {', '.join(f'{gap:.1f}' for gap in gaps)} points above (b), "
        f"{sum(gaps) / len(gaps):.1f} on average: (b) differs much from seed to seed. "
        f"The six trainings took {min(seconds):.0f} to {max(seconds):.0f} s a seed, "
        f"{record['jobs']} at a time, with at most {memory:.0f} MiB of memory."
    )


def speed_table(record: dict[str, Any]) -> str:
    """Return the training speeds as Markdown."""
    lines = ["loop | samples/s", "--- | ---:"]
    lines += [f"{name} | {row['samples_per_second']:,.0f}" for name, row in record["rows"].items()]
    return "\n".join(f"| {line} |" for line in lines)


def draw(record: dict[str, Any], path: Path) -> None:
    """Draw the accuracy over the epochs of the first seed, the two stories side by side."""
    first = next(iter(record["seeds"].values()))["accuracy"]
    figure = Figure(figsize=(9.6, 3.7), layout="constrained")
    panels = figure.subplots(1, 2)
    stories = (("abc", "Many states: zero-shifting"), ("adef", "Few states: SHD"))
    for ax, (keys, title) in zip(panels, stories, strict=True):
        plots.accuracy({key: first[key] for key in keys}, STYLES, title, ax)
    path.parent.mkdir(exist_ok=True)
    path.write_text(plots.to_svg(figure), encoding="utf-8")


def between(text: str, mark: str, new: str) -> str:
    """Replace what stands between two `mark` comments."""
    pattern = rf"(<!-- {mark} -->\n).*?(\n<!-- {mark} -->)"
    found, count = re.subn(pattern, lambda m: m[1] + new + m[2], text, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"README.md must hold the mark <!-- {mark} --> twice")
    return found


def main() -> None:
    """Rewrite the figure and the README's numbers."""
    accuracy = json.loads((RESULTS / "demo_seeds.json").read_text(encoding="utf-8"))
    speed = json.loads((RESULTS / "training_speed.json").read_text(encoding="utf-8"))
    draw(accuracy, ROOT / "docs" / "accuracy.svg")
    readme = ROOT / "README.md"
    text = between(readme.read_text(encoding="utf-8"), "accuracy", accuracy_table(accuracy))
    readme.write_text(between(text, "speed", speed_table(speed)), encoding="utf-8")


if __name__ == "__main__":
    main()
