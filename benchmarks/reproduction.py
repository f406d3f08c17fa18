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
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from phys.cli.common import write_whole
from phys.sweep import Run, Store, sweep

ROOT = Path(__file__).parent.parent
RESULTS = Path(__file__).parent / "results" / "reproduction.jsonl"
SEEDS = (0, 1, 2)
PICTURE = (
    "Test error over imbalance, number of states, reference error and pulses of the zero-shift; "
    "every seed is a mark"
)
Errors = Mapping[str, list[float]]


@dataclass(frozen=True)
class Claim:
    """A claim, the runs that test it, and what makes it true of them.

    Attributes
    ----------
    id : str
    claim, source : str
    runs : mapping of label to settings
        See `phys.sweep.Run`; every one is trained with three seeds.
    judge : callable
        Takes test errors in % by label, one for each seed; returns what was found, the tolerance
        and whether the claim holds.
    note : str
        Where we differ and why.
    axis : str
        Label of the horizontal axis, where the runs are a curve.
    """

    id: str
    claim: str
    source: str
    runs: Mapping[str, Mapping[str, Any]]
    judge: Callable[[Errors], tuple[str, str, bool]]
    note: str = ""
    axis: str = ""


def mean(values: list[float]) -> float:
    return sum(values) / len(values)


def said(values: list[float]) -> str:
    """Return mean and extremes over the seeds."""
    return f"{mean(values):.2f} ({min(values):.2f} to {max(values):.2f})"


def above(high: str, low: str, points: float) -> Callable[[Errors], tuple[str, str, bool]]:
    """Claim that the error of `high` lies at least so many points above that of `low`."""

    def judge(errors: Errors) -> tuple[str, str, bool]:
        gap = mean(errors[high]) - mean(errors[low])
        apart = min(errors[high]) > max(errors[low])
        found = f"{high}: {said(errors[high])}; {low}: {said(errors[low])}; gap {gap:.2f}"
        return found, f"gap of at least {points:g}, no seed overlaps", gap >= points and apart

    return judge


def near(label: str, reference: str, points: float) -> Callable[[Errors], tuple[str, str, bool]]:
    """Claim that the error of `label` lies at most so many points above that of `reference`."""

    def judge(errors: Errors) -> tuple[str, str, bool]:
        gap = mean(errors[label]) - mean(errors[reference])
        found = (
            f"{label}: {said(errors[label])}; {reference}: {said(errors[reference])}; gap {gap:.2f}"
        )
        return found, f"gap of at most {points:g}", gap <= points

    return judge


def rises(points: float) -> Callable[[Errors], tuple[str, str, bool]]:
    """Claim that the error at the last setting lies so many points above that at the first."""

    def judge(errors: Errors) -> tuple[str, str, bool]:
        first, last = (errors[label] for label in (next(iter(errors)), list(errors)[-1]))
        found = "; ".join(f"{label}: {said(values)}" for label, values in errors.items())
        return found, f"rises by at least {points:g}", mean(last) - mean(first) >= points

    return judge


def both(*judges: Callable[[Errors], tuple[str, str, bool]]) -> Callable[[Errors], Any]:
    """Claim all of several things."""

    def judge(errors: Errors) -> tuple[str, str, bool]:
        parts = [one(errors) for one in judges]
        return (
            "; ".join(part[0] for part in parts),
            "; ".join(part[1] for part in parts),
            all(part[2] for part in parts),
        )

    return judge


FLOAT = {"algorithm": "float", "lr": 0.05, "epochs": 4}
WIDE = {"algorithm": "sgd", "lr": 0.01, "w_max": 2.0, "w_min": -2.0, "epochs": 4}
SHD = {"algorithm": "shd", "imbalance": 0.3, "epochs": 4}
LONG = {
    "algorithm": "shd",
    "imbalance": 0.3,
    "device_spread": 0.3,
    "cycle_noise": 0.3,
    "epochs": 30,
    "schedule": [[10, 0.5], [15, 0.25], [20, 0.125], [25, 0.0625]],
}
LONG_FLOAT = {
    "algorithm": "float",
    "lr": 0.05,
    "epochs": 30,
    "schedule": [[15, 0.5], [22, 0.25], [27, 0.125]],
}
WU = {"batch": 10, "epochs": 80, "schedule": [[35, 0.1]], "imbalance": 0.0}
WU_TABLE = {
    "sgd": {0.70: 11.35, 0.78: 97.71, 0.80: 97.78},
    "tiki-taka": {0.70: 97.64, 0.78: 97.62, 0.80: 97.50},
}
WU_DIGITAL = 98.15


def wu_runs(algorithm: str, rates: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"tau {tau:.2f}": {**WU, **rates, "algorithm": algorithm, "w_max": tau, "w_min": -tau}
        for tau in WU_TABLE[algorithm]
    }


def wu_judge(algorithm: str, points: float) -> Callable[[Errors], tuple[str, str, bool]]:
    def judge(errors: Errors) -> tuple[str, str, bool]:
        parts, right = [], True
        for label, values in errors.items():
            published = 100 - WU_TABLE[algorithm][float(label.split()[1])]
            right &= abs(mean(values) - published) <= points
            parts.append(f"{label}: {said(values)}, published {published:.2f}")
        return "; ".join(parts), f"within {points:g} of the published error", right

    return judge


CLAIMS = (
    Claim(
        "imbalance",
        "Imbalance of up and down steps leads to poor training by SGD",
        "Kim et al. 2019, abstract",
        {
            "rho 0.3, not shifted": {**WIDE, "imbalance": 0.3, "zero_shift": False},
            "rho 0": {**WIDE, "imbalance": 0.0, "zero_shift": False},
        },
        above("rho 0.3, not shifted", "rho 0", 3.0),
    ),
    Claim(
        "zero-shifting",
        "Zero-shifting improves it dramatically",
        "Kim et al. 2019, abstract",
        {
            "not shifted": {**WIDE, "imbalance": 0.3, "zero_shift": False},
            "shifted": {**WIDE, "imbalance": 0.3, "zero_shift": True},
        },
        above("not shifted", "shifted", 3.0),
    ),
    Claim(
        "shd",
        "SHD on asymmetric devices approaches digital SGD",
        "Onen et al. 2022, abstract",
        {"SHD": {**SHD, "device_spread": 0.3, "cycle_noise": 0.3}, "floating point": FLOAT},
        near("SHD", "floating point", 1.5),
    ),
    Claim(
        "shd-long",
        "After 30 epochs with a schedule, SHD lies within 0.6 points of floating-point SGD",
        "target of this project",
        {"SHD": LONG, "floating point": LONG_FLOAT},
        near("SHD", "floating point", 0.6),
        note="It takes a schedule that lowers the rate of the transfer, at which C learns, and "
        "not that of A.",
    ),
    Claim(
        "which-reference",
        "It is A's reference that matters: shifting A alone trains, shifting C alone does not",
        "theorem, README",
        {
            "neither": {**SHD, "zero_shift": False},
            "C only": {**SHD, "zero_shift": "c"},
            "A only": {**SHD, "zero_shift": "a"},
            "both": {**SHD, "zero_shift": True},
        },
        both(above("neither", "A only", 20.0), above("C only", "A only", 20.0)),
    ),
    Claim(
        "symmetric-wrong-reference",
        "A symmetric device with a wrong reference fails like an asymmetric one",
        "theorem, README",
        {
            f"offset {offset:g}": {
                "algorithm": "shd",
                "law": "linear_asymmetry",
                "tau": 0.6,
                "w_star": offset,
                "zero_shift": False,
                "epochs": 4,
            }
            for offset in (0.0, 0.06, 0.12, 0.18)
        },
        rises(5.0),
        note="Up and down steps are mirror images about the symmetry point; the reference is left "
        "at 0, and the symmetry point is what the axis says.",
        axis="distance of the reference from the symmetry point (weight)",
    ),
    Claim(
        "imbalance-sgd",
        "Test error of SGD grows with the imbalance where nothing is shifted",
        "Kim et al. 2019, abstract",
        {
            f"rho {rho:g}": {**WIDE, "imbalance": rho, "zero_shift": False}
            for rho in (0.0, 0.1, 0.2, 0.3, 0.5)
        },
        rises(5.0),
        axis="imbalance rho",
    ),
    Claim(
        "imbalance-shd",
        "Test error of zero-shifted SHD hardly depends on the imbalance",
        "theorem, README",
        {f"rho {rho:g}": {**SHD, "imbalance": rho} for rho in (0.0, 0.1, 0.3, 0.5)},
        lambda errors: (
            "; ".join(f"{label}: {said(values)}" for label, values in errors.items()),
            "means within 1.5 of each other",
            max(map(mean, errors.values())) - min(map(mean, errors.values())) <= 1.5,
        ),
        axis="imbalance rho",
    ),
    Claim(
        "states",
        "Test error of SHD grows as the number of states falls",
        "this project",
        {
            f"states {1.2 / dw:.0f}": {**SHD, "dw_min": dw}
            for dw in (0.0005, 0.001, 0.003, 0.01, 0.03)
        },
        rises(3.0),
        axis="number of states, (w_max - w_min)/dw_min",
    ),
    Claim(
        "reference-error",
        "Test error of SHD on asymmetric devices grows with the error of the reference",
        "theorem, README",
        {
            f"error {error:g}": {**SHD, "reference_error": error}
            for error in (0.0, 0.02, 0.05, 0.1, 0.2)
        },
        rises(5.0),
        note="Errors of single devices have no common sign, and neither have the tilts that follow "
        "from them. A common offset is the row symmetric-wrong-reference.",
        axis="standard deviation of the reference error (part of the range)",
    ),
    Claim(
        "shift-pulses",
        "Too few pulses spent on zero-shifting cost accuracy",
        "this project",
        {f"pairs {pairs}": {**SHD, "pairs": pairs} for pairs in (3000, 1000, 500, 200, 50)},
        rises(5.0),
        axis="up-down pulse pairs",
    ),
    Claim(
        "wu-digital",
        "Digital SGD on the network of Wu et al.",
        "Wu et al. 2024, table",
        {
            "digital": {
                "algorithm": "float",
                "lr": 0.1,
                "batch": 10,
                "epochs": 80,
                "schedule": [[35, 0.1]],
            }
        },
        lambda errors: (
            f"{said(errors['digital'])}, published {100 - WU_DIGITAL:.2f}",
            "within 0.5 of the published error",
            abs(mean(errors["digital"]) - (100 - WU_DIGITAL)) <= 0.5,
        ),
    ),
    Claim(
        "wu-sgd",
        "Analog SGD on soft bounds tau = .70/.78/.80 fails at the first and trains at the others",
        "Wu et al. 2024, table",
        wu_runs("sgd", {"lr": 0.05}),
        wu_judge("sgd", 1.0),
        note="Of the published setting we know batch, rates, epochs, schedule, dw_min and bounds; "
        "initial weights, loss and pulse management are ours.",
    ),
    Claim(
        "wu-tiki-taka",
        "Tiki-Taka trains on all three",
        "Wu et al. 2024, table",
        wu_runs("tiki-taka", {"lr_a": 0.05, "lr_c": 0.01, "transfer_every": 1}),
        wu_judge("tiki-taka", 1.0),
        note="How often a column is transferred, and the part of A in the weight, are not in the "
        "facts that we have; here every sample, and 0.1.",
    ),
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
