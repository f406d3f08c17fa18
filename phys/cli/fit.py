"""`crosspoint fit`: from measured pulse trains to a device law, with its uncertainty and a plot."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from phys.checked import InputError
from phys.cli import common

if TYPE_CHECKING:
    from phys.fitting.choice import Progress
    from phys.fitting.pulse_data import PulseData
    from phys.fitting.result import FitResult

EXAMPLE_NAMES = ("soft_bounds", "linear_step", "exponential_step")
PLOT_KINDS = (".png", ".svg", ".pdf")


class FitBar:
    """A bar on a terminal, a line for each law otherwise; on standard error."""

    def __init__(self, quiet: bool) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TaskProgressColumn, TextColumn
        from rich.progress import Progress as Bar

        console = Console(stderr=True)
        self.drawn = console.is_terminal and not quiet
        self.bar = Bar(
            TextColumn("fitting {task.description:<22}"),
            BarColumn(bar_width=24),
            TaskProgressColumn(),
            console=console,
            disable=not self.drawn,
            transient=True,
        )
        self.task = self.bar.add_task("", total=None)

    def __enter__(self) -> FitBar:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def show(self, now: Progress) -> None:
        """Move the bar."""
        self.bar.update(self.task, description=now.law, completed=now.done, total=now.total)


@click.command()
@click.argument(
    "file", required=False, type=click.Path(dir_okay=False, exists=True, path_type=Path)
)
@click.option(
    "--example", type=click.Choice(EXAMPLE_NAMES), help="Fit an example of the package instead."
)
@click.option(
    "--range",
    "span",
    type=float,
    nargs=2,
    metavar="LOW HIGH",
    help="Conductances, in the unit of the file, that are the weights -1 and +1.  "
    "[default: the smallest and the largest reading]",
)
@click.option(
    "--law", "laws", multiple=True, metavar="NAME", help="Fit only this law; repeat for more."
)
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Of the intervals.")
@click.option("--resamples", type=int, default=1000, show_default=True, help="Of the bootstrap.")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the bootstrap.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="LAW.json",
    help="Write the law file, for crosspoint train --law.",
)
@click.option(
    "--plot",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FIT.png",
    help="Draw data, law, residuals and the choice of the law (png, svg or pdf).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the outcome as JSON.")
@click.option("--quiet", is_flag=True, help="No progress.")
def fit(file: Path | None, example: str | None, **options: Any) -> None:
    """Fit device laws to measured pulse trains.

    FILE is a CSV table with the columns device, cycle, pulse, direction (up or down) and one of
    weight, conductance_S, conductance_mS, conductance_uS, conductance_nS: one row for the state
    after each pulse, and a first row with pulse 0 for the state before a train.
    """
    from phys.fitting import fit

    if (file is None) == (example is None):
        raise InputError("give one file of measured pulses, or --example NAME")
    _check_places(options["out"], options["plot"])
    data = _data(file, example, options["span"])
    with FitBar(options["quiet"]) as bar:
        result = fit(
            data,
            options["laws"] or None,
            confidence=options["confidence"],
            resamples=options["resamples"],
            seed=options["seed"],
            progress=bar.show,
        )
    if options["out"] is not None:
        common.write_whole(options["out"], common.to_json(result.to_json()) + "\n")
    if options["plot"] is not None:
        from phys.fitting.figure import fit_figure

        common.save_figure(fit_figure(result), options["plot"], dpi=130)
    if options["as_json"]:
        click.echo(common.to_json(result.summary()))
        return
    click.echo(_report(result, example))
    for place, what in ((options["out"], "law file"), (options["plot"], "plot")):
        if place is not None:
            click.echo(f"{what}: {place}")


def _check_places(out: Path | None, plot: Path | None) -> None:
    if plot is not None and plot.suffix.lower() not in PLOT_KINDS:
        raise InputError(f"--plot = {str(plot)!r}: end its name in {', '.join(PLOT_KINDS)}")
    for option, place in (("--out", out), ("--plot", plot)):
        if place is not None:
            common.check_writable(place.parent, f"the folder of {option}", make=False)


def _data(file: Path | None, example: str | None, span: tuple[float, float] | None) -> PulseData:
    from phys.fitting.examples import load_example
    from phys.fitting.pulse_file import read_pulses, unit_of

    if file is None:
        if span is not None:
            raise InputError("--range beside --example: an example has its own; leave it out")
        return load_example(str(example))
    if span is not None:
        factor = unit_of(file)
        span = span[0] * factor, span[1] * factor
    return read_pulses(file, span)


def _report(result: FitResult, example: str | None) -> str:
    data = result.data
    lines = [
        f"{data.source}: {len(data.names)} devices, {data.cycles} cycles, {data.pulses} pulses",
        "",
        f"  {'law':<22}{'numbers':>8}{'BIC':>12}{'difference':>12}",
    ]
    for fit in result.fits:
        mark = "*" if fit is result.best else " "
        note = f"  leaves open: {', '.join(fit.undecided)}" if fit.undecided else ""
        note = note or ("" if fit.optimum.settled else "  the search did not settle")
        extra = fit.bic - result.best.bic
        lines.append(f"{mark} {fit.name:<22}{fit.numbers:>8}{fit.bic:>12.1f}{extra:>12.1f}{note}")
    lines += [f"  {name:<22} left out: {reason}" for name, reason in result.failed.items()]
    truth = _truth(example)
    interval = f"{100 * result.confidence:g} % interval"
    head = f"  {'':<22}{'value':>12}   {interval:<26}"
    lines += ["", f"{result.best.name}, the law of smallest BIC:", head + ("truth" * bool(truth))]
    numbers = {**result.intervals, "symmetry point": result.symmetry_point}
    for name, one in numbers.items():
        text = f"  {name:<22}{one.value:>12.5g}   {f'{one.low:.4g} to {one.high:.4g}':<26}"
        lines.append(text + (f"{truth[name]:.5g}" if name in truth else ""))
    if len(data.names) > 1:
        for name in ("step", "bounds"):
            key = f"spread of {name}"
            text = f"  {key:<22}{getattr(result.spread, name):>12.5g}{'':<29}"
            lines.append(text + (f"{truth[key]:.5g}" if key in truth else ""))
    drawn = {
        "devices": "resampling devices",
        "cycles": "resampling the cycles of one device",
        "curvature": "the curvature of the likelihood: there is one train only",
    }[result.resampled]
    lines.append(f"  intervals from {drawn}")
    if data.mapping is not None:
        m = data.mapping
        lines.append(f"  weight = (conductance - {m.zero:.6g} S) / {m.per_weight:.6g} S")
    return "\n".join(line.rstrip() for line in lines)


def _truth(example: str | None) -> dict[str, float]:
    """Return the numbers that an example was simulated with."""
    if example is None:
        return {}
    from phys.fitting.examples import EXAMPLES
    from theory import DeviceLaw

    chosen = EXAMPLES[example]
    law = chosen.device.law
    assert isinstance(law, DeviceLaw)
    return {name: float(value) for name, value in law.values.items()} | {
        "dw_min": chosen.device.dw_min,
        "cycle_noise": chosen.device.cycle_noise,
        "read_noise": chosen.read_noise,
        "symmetry point": float(law.symmetry_point()),
        "spread of step": chosen.device.spread.step,
        "spread of bounds": chosen.device.spread.bounds,
    }
