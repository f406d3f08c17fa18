"""`crosspoint demo`: derive, simulate, train, and write a report that can be passed on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from phys.cli import common


@click.command()
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help=common.DATA_HELP)
@click.option("--epochs", type=int, help="Epochs of each training.  [default: 4; digits: 40]")
@click.option("--samples", type=int, help="Use only the first so many training images.")
@click.option("--seed", type=int, default=0, show_default=True)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("crosspoint-demo"),
    show_default=True,
    metavar="DIR",
    help="Folder for the report, the histories and the settings.",
)
@click.option("--jobs", type=int, default=2, show_default=True, help="Trainings at a time.")
@click.option(
    "--dataset",
    type=click.Choice(["mnist", "digits"]),
    default="mnist",
    show_default=True,
)
@click.option(
    "--json", "as_json", is_flag=True, help="Print the results as JSON instead of a table."
)
@click.option("--quiet", is_flag=True, help="No progress.")
@click.pass_context
def demo(ctx: click.Context, /, **options: Any) -> None:
    """Show what an asymmetric device does to training, and what mends it.

    Derives the symmetry point of an imbalanced soft-bound device, zero-shifts arrays and compares
    where they end with theory, trains six networks, and writes report.html, histories.csv and
    settings.json.
    """
    from phys.demo import play, report
    from phys.demo import records as demo_records

    folder: Path = options["out"]
    common.check_writable(folder, "--out")
    dataset = common.load_data(options["dataset"], options["data"])
    common.show_notice(dataset)
    command = common.typed_command(ctx)
    settings = {name: options[name] for name in ("epochs", "seed", "samples", "jobs")}
    width = max(len(arm.name) for arm in play.ARMS)
    labels = {arm.key: f"({arm.key}) {arm.name:<{width}}" for arm in play.ARMS}
    try:
        result = play.begin(dataset, command=command, **settings)
        if not (options["quiet"] or options["as_json"]):
            click.echo(demo_records.opening(result))
        with common.Bars(labels, options["quiet"]) as bars:
            play.finish(result, bars.follow)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"stopped, no report was written; again: {command}") from None
    page = report.to_html(result)
    common.write_whole(folder / "histories.csv", demo_records.histories_csv(result))
    common.write_whole(folder / "settings.json", common.to_json(demo_records.settings(result)))
    common.write_whole(folder / "report.html", page)
    if options["as_json"]:
        click.echo(common.to_json(demo_records.record(result)))
        return
    click.echo(demo_records.closing(result))
    common.show_notice(dataset)
    click.echo(f"Report: {folder / 'report.html'}")
