"""`crosspoint sweep`: many trainings over settings and seeds, kept one by one, and their map."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phys.checked import InputError
from phys.cli import common

if TYPE_CHECKING:
    from phys.sweep import Run, Store, SweepReport

MOST_FAILURES = 5


def _assignments(
    ctx: click.Context, param: click.Parameter, value: tuple[str, ...]
) -> dict[str, str]:
    """Read ``NAME=TEXT``."""
    found: dict[str, str] = {}
    for word in value:
        name, equals, text = word.partition("=")
        if not name or not equals or not text:
            raise click.BadParameter(f"{word!r} is no setting; write NAME=VALUE")
        if name in found:
            raise click.BadParameter(f"{name} is given twice; give it once")
        found[name] = text
    return found


@click.command()
@click.argument("store", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--vary",
    multiple=True,
    callback=_assignments,
    metavar="NAME=VALUES",
    help="A setting and what it may be: a,b,c or lin:LOW:HIGH:COUNT or log:LOW:HIGH:COUNT.",
)
@click.option(
    "--set",
    "fixed",
    multiple=True,
    callback=_assignments,
    metavar="NAME=VALUE",
    help="A setting of all runs; shd.lr_c=0.1 is one of the runs with SHD.",
)
@click.option("--seeds", type=click.IntRange(1), default=3, show_default=True)
@click.option("--random", "samples", type=click.IntRange(1), help="Draw so many random samples.")
@click.option("--draw-seed", type=click.IntRange(0), default=0, help="Seed of --random.")
@click.option("--jobs", type=click.IntRange(1), help="Processes at a time.  [default: all cores]")
@click.option("--scheduler", metavar="ADDRESS", help="Train on the workers of a Dask scheduler.")
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help=common.DATA_HELP)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Draw the map of the store: FILE.png, .svg or .pdf.",
)
@click.option("--x", "across", metavar="NAME", help="Setting on the map's horizontal axis.")
@click.option("--y", "down", metavar="NAME", help="Setting on the map's vertical axis.")
@click.option("--json", "as_json", is_flag=True, help="Print every result as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.pass_context
def sweep(ctx: click.Context, /, store: Path, **options: Any) -> None:
    r"""Train over a grid, or random samples, of settings and seeds; results are kept in STORE.

    Settings are those of phys.train and of its device: law, the law's parameters, dw_min,
    device_spread, cycle_noise; values may be JSON: schedule=[[10,0.5],[20,0.25]],
    layers=lenet5, 'settings={"gamma":0.2}'. Every result is written as it comes. The same command
    goes on where it was stopped, and without --vary and --set it only reads the store.

    \b
    crosspoint sweep map.sqlite --vary imbalance=0,0.1,0.3 --vary algorithm=sgd,shd \
        --set epochs=2 --seeds 3 --plot map.png
    """
    from phys.sweep import Store

    plot = options["plot"]
    if plot is not None:
        common.check_writable(plot.parent, "the folder of --plot")
        if plot.suffix not in (".png", ".svg", ".pdf"):
            raise InputError(f"--plot {plot}: write a name that ends in .png, .svg or .pdf")
    asked = bool(options["vary"] or options["fixed"])
    if not asked and not store.exists():
        raise InputError(f"STORE = {str(store)!r} is not there; give --vary or --set to make it")
    if asked:
        common.check_writable(store.parent, "the folder of STORE")
    kept = Store(store)
    report = _train(ctx, kept, options) if asked else None
    results = kept.results()
    if plot is not None:
        _draw(results, plot, options["across"], options["down"])
    if options["as_json"]:
        click.echo(common.to_json([{**vars(r), "error": r.error} for r in results]))
    else:
        _print(results)
        if plot is not None:
            click.echo(f"drew {plot}")
    if report is not None and report.failed:
        raise InputError(_failures(report))


def _train(ctx: click.Context, store: Store, options: dict[str, Any]) -> SweepReport:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
    from rich.progress import TimeRemainingColumn as Remaining

    from phys.sweep import sweep as run_sweep

    runs = _planned(options)
    console = Console(stderr=True)
    parts: dict[str, float] = {}
    bars = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        Remaining(compact=True),
        console=console,
        disable=options["quiet"] or not console.is_terminal,
    )
    task = bars.add_task("runs", total=len(runs))
    skipped = len(store.keys() & {run.key for run in runs})

    def moved(run: Run, part: float) -> None:
        finished = part == 1.0 and parts.get(run.key) != 1.0
        parts[run.key] = part
        bars.update(task, completed=skipped + sum(parts.values()))
        if finished and bars.disable and not options["quiet"]:
            ended = skipped + sum(p == 1.0 for p in parts.values())
            if ended % max(len(runs) // common.MOST_LINES, 1) == 0 or ended == len(runs):
                console.print(f"{ended} of {len(runs)} runs")

    try:
        with bars:
            return run_sweep(
                runs,
                store,
                jobs=options["jobs"],
                scheduler=options["scheduler"],
                data_dir=None if options["data"] is None else str(options["data"]),
                moved=moved,
            )
    except KeyboardInterrupt:
        raise KeyboardInterrupt(
            f"stopped; {len(store.keys())} results are in {store.path}; "
            f"go on with: {common.typed_command(ctx)}"
        ) from None


def _planned(options: dict[str, Any]) -> list[Run]:
    from phys.sweep import grid, random_runs

    varied = {name: _choices(name, text) for name, text in options["vary"].items()}
    fixed = {}
    for name, text in options["fixed"].items():
        values = _choices(name, text).values
        fixed[name] = values[0] if len(values) == 1 else list(values)
    seeds = range(options["seeds"])
    if options["samples"] is None:
        return grid(varied, fixed, seeds)
    if not varied:
        raise InputError("--random draws what --vary names; give at least one --vary NAME=VALUES")
    return random_runs(varied, fixed, seeds, options["samples"], options["draw_seed"])


def _choices(name: str, text: str) -> Any:
    from phys.sweep import Choices

    if name == "law":
        return Choices(tuple(_law(word.strip()) for word in text.split(",")))
    return Choices.parse(text)


def _law(word: str) -> Any:
    """Return the name of a law of the catalogue, or what a law file holds."""
    if not word.endswith(".json"):
        return word
    from phys.device_file import device_to_json, read_device_file

    return device_to_json(read_device_file(Path(word)))


def _draw(results: Any, plot: Path, across: str | None, down: str | None) -> None:
    from phys.sweep.maps import draw

    common.save_figure(draw(results, across, down), plot, dpi=150)


def _print(results: Any) -> None:
    from phys.sweep.maps import places, varied_settings

    varied = list(varied_settings(results))
    click.echo(f"{len(results)} results")
    for label, inside in places(results, [], varied).items():
        (place,) = inside.values()
        errors = place.finite
        said = f"{100 * sum(errors) / len(errors):6.2f} %" if errors else "     --"
        spread = f"  {100 * min(errors):.2f} to {100 * max(errors):.2f}" if errors else ""
        lost = len(place.errors) - len(errors)
        click.echo(
            f"  {label or 'all'}: test error {said}{spread}, {len(place.errors)} seeds"
            + (f", {lost} diverged" if lost else "")
        )


def _failures(report: SweepReport) -> str:
    lines = [
        f"{len(report.failed)} of {report.planned} runs have no result; the command tries again:"
    ]
    for run, reason in report.failed[:MOST_FAILURES]:
        lines.append(f"  {dict(run.settings)}: {reason}")
    return "\n".join(lines)
