"""What was claimed, and what we find: the runs behind REPRODUCTION.md, and the file itself.

    python benchmarks/reproduction.py run --data DIR [--only ID ...] [--scheduler ADDRESS]
    python benchmarks/reproduction.py write

`run` trains what benchmarks/results/reproduction.jsonl does not hold yet, three seeds of each
setting, and adds each result as it comes; Ctrl-C and the same command go on. `write` makes
REPRODUCTION.md and docs/reproduction.svg from the stored results: no number in them is typed.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reproduction_claims import CLAIMS, Claim, Errors, mean

from phys.cli.common import write_whole
from phys.sweep import Run, Store, sweep

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "reproduction.jsonl"
SEEDS = (0, 1, 2)
PICTURE = (
    "Test error over imbalance, number of states, reference error and pulses of the zero-shift; "
    "every seed is a mark"
)


def planned(claim: Claim, label: str) -> list[Run]:
    settings = {k: v for k, v in claim.runs[label].items() if v is not None}
    return [Run({**settings, "data": "mnist", "seed": seed}) for seed in SEEDS]


def stored() -> dict[str, dict[str, Any]]:
    """Return the results that are kept, by the key of their run."""
    if not RESULTS.exists():
        return {}
    lines = [json.loads(line) for line in RESULTS.read_text().splitlines()]
    return {Run(line["settings"]).key: line["record"] for line in lines}


def run(options: argparse.Namespace) -> None:
    chosen = [c for c in CLAIMS if not options.only or c.id in options.only]
    done = stored()
    todo = {
        one.key: one
        for claim in chosen
        for label in claim.runs
        for one in planned(claim, label)
        if one.key not in done
    }
    print(f"{len(todo)} runs to go")
    with tempfile.TemporaryDirectory() as folder:
        scratch = Store(Path(folder) / "reproduction.sqlite")

        def keep() -> None:
            results = [r for r in scratch.results() if Run(r.settings).key not in done]
            with RESULTS.open("a") as file:
                for result in results:
                    line = {"settings": result.settings, "record": short(result.record)}
                    file.write(json.dumps(line) + "\n")
                    done[Run(result.settings).key] = line["record"]

        def moved(one: Run, part: float) -> None:
            if part == 1.0:
                keep()
                print(
                    dict(one.settings),
                    done.get(one.key, {}).get("accuracy", "no result"),
                    flush=True,
                )

        report = sweep(
            list(todo.values()),
            scratch,
            jobs=options.jobs,
            scheduler=options.scheduler,
            data_dir=options.data,
            moved=moved,
        )
    for failed, reason in report.failed:
        print("failed:", dict(failed.settings), reason)


def short(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the table needs of a record."""
    kept = {name: record[name] for name in ("accuracy", "diverged") if name in record}
    return kept | {"seconds": round(record["seconds"], 1)}


def errors_of(claim: Claim, done: Mapping[str, Mapping[str, Any]]) -> dict[str, list[float]] | None:
    """Return the test errors in % after the last epoch; None where a run is missing."""
    found: dict[str, list[float]] = {}
    for label in claim.runs:
        records = [done.get(one.key) for one in planned(claim, label)]
        if any(record is None for record in records):
            return None
        found[label] = [
            100 * (1 - record["accuracy"][-1]) if "accuracy" in record else 100.0
            for record in records
            if record is not None
        ]
    return found


def write(options: argparse.Namespace) -> None:
    done = stored()
    rows, missing, notes, curves = [], [], [], {}
    for claim in CLAIMS:
        errors = errors_of(claim, done)
        if errors is None:
            missing.append(claim.id)
            continue
        found, tolerance, holds = claim.judge(errors)
        verdict = "holds" if holds else "**does not hold**"
        command = f"`run --only {claim.id}`"
        rows.append(
            f"| {claim.id} | {claim.claim} | {claim.source} | {command} | {found} | {tolerance} | "
            f"{verdict} |"
        )
        if claim.note:
            notes.append(f"* **{claim.id}**: {claim.note}")
        if claim.axis:
            curves[claim.id] = (claim, errors)
    if missing:
        print("not written, for their runs are missing:", ", ".join(missing))
    draw(curves, ROOT / "docs" / "reproduction.svg")
    write_whole(ROOT / "REPRODUCTION.md", page(rows, notes, missing))


def page(rows: list[str], notes: list[str], missing: list[str]) -> str:
    listed = "\n".join(
        f"* `{claim.id}`, {label}: `{json.dumps(dict(settings))}`"
        for claim in CLAIMS
        for label, settings in claim.runs.items()
        if any(f"| {claim.id} |" in row for row in rows)
    )
    unknown = ", ".join(f"`{name}`" for name in missing)
    if unknown:
        notes = [*notes, f"* Not run yet: {unknown}."]
    return f"""# Reproduction

What was claimed, and what we find. Every number is the test error in % on MNIST after the last
epoch, as mean (smallest to largest) over {len(SEEDS)} seeds, on 784-256-128-10 with sigmoid units.
This file is written by `python benchmarks/reproduction.py write` from
`benchmarks/results/reproduction.jsonl`, and the results by the commands in the table, each
after `python benchmarks/reproduction.py` and with `--data DIR`. The full texts of Kim et al. 2019
and Onen et al. 2022 were not at hand: their rows test what the abstracts say.

| id | claim | source | command | our test error in % | tolerance in points | verdict |
| --- | --- | --- | --- | --- | --- | --- |
{chr(10).join(rows)}

![{PICTURE}](docs/reproduction.svg)

## Where we differ, and why

{chr(10).join(notes)}

## Settings

What is not named is a default of `phys.train`.

{listed}
"""


def draw(curves: Mapping[str, tuple[Claim, Errors]], path: Path) -> None:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    from phys import plots

    if not curves:
        return
    with rc_context(plots.STYLE):
        columns = 3
        rows = -(-len(curves) // columns)
        figure = Figure(figsize=(4.3 * columns, 3.4 * rows), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False).reshape(-1)
        for ax, (claim, errors) in zip(axes, curves.values(), strict=False):
            places = [float(label.split()[-1]) for label in errors]
            ax.plot(places, [mean(v) for v in errors.values()], color=plots.BLUE)
            for place, values in zip(places, errors.values(), strict=True):
                ax.plot([place] * len(values), values, "o", color=plots.ORANGE, markersize=4)
            if min(places) > 0 and max(places) > 10 * min(places):
                ax.set_xscale("log")
            ax.set_yscale("log")
            ax.set_ylim(2, 100)
            ax.set_yticks([2, 5, 10, 20, 50, 100], [2, 5, 10, 20, 50, 100])
            ax.minorticks_off()
            ax.set_xlabel(claim.axis, fontsize=9)
            ax.set_ylabel("test error (%)")
            ax.set_title(claim.id)
        for ax in axes[len(curves) :]:
            ax.remove()
        path.write_text(plots.to_svg(figure))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(required=True)
    runs = commands.add_parser("run", help="train what is missing")
    runs.add_argument("--data", help="folder with the four MNIST files")
    runs.add_argument("--only", nargs="*", choices=[claim.id for claim in CLAIMS])
    runs.add_argument("--jobs", type=int)
    runs.add_argument("--scheduler")
    runs.set_defaults(do=run)
    commands.add_parser("write", help="write REPRODUCTION.md").set_defaults(do=write)
    options = parser.parse_args()
    options.do(options)


if __name__ == "__main__":
    main()
