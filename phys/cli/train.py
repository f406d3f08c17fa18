"""`crosspoint train`: one training, with every setting of `phys.train` as an option."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from phys import schedules
from phys.checked import InputError
from phys.cli import algorithms, common
from phys.cli.networks import ARRAY_OPTIONS, OUTPUT_OPTIONS, network_options

LAW_OPTIONS = ("w_max", "w_min", "imbalance")
NUMBER_OPTIONS = {"dw_min": "dw_min", "spread": "device_spread", "cycle_noise": "cycle_noise"}
DEVICE_OPTIONS = (*LAW_OPTIONS, *NUMBER_OPTIONS)
SHIFT_OPTIONS = ("zero_shift", "zero_shift_arrays", "pairs", "read", "reference_error")


def _pairs(ctx: click.Context, param: click.Parameter, value: str | None) -> int | str | None:
    """Read a whole number or the word measure."""
    if value is None or value == "measure":
        return value
    try:
        return int(value)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is neither a whole number nor the word measure"
        ) from None


def _device(w_max: float, w_min: float | None, imbalance: float, **numbers: float) -> Any:
    """Build the soft-bound device of the options; the lower bound defaults to minus the upper."""
    from phys.device import Device
    from theory import laws

    low = -w_max if w_min is None else w_min
    return Device(
        laws.soft_bounds(w_max=w_max, w_min=low, imbalance=imbalance),
        dw_min=numbers["dw_min"],
        device_spread=numbers["spread"],
        cycle_noise=numbers["cycle_noise"],
    )


def _device_of_file(ctx: click.Context, path: Path, options: dict[str, Any]) -> Any:
    """Return the device of a law file; the device options that are given replace its numbers."""
    from phys.device_file import read_device_file

    for name in LAW_OPTIONS:
        if _typed(ctx, name):
            raise InputError(
                f"{_option(ctx, name)} beside --law: the file has the law; change it there"
            )
    given = {NUMBER_OPTIONS[n]: options[n] for n in NUMBER_OPTIONS if _typed(ctx, n)}
    return replace(read_device_file(path), **given)


def _typed(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) == ParameterSource.COMMANDLINE


def _option(ctx: click.Context, name: str) -> str:
    return next(p.opts[0] for p in ctx.command.params if p.name == name)


def _arrays(zero_shift: bool, letters: str | None) -> bool | str:
    if letters and not zero_shift:
        raise InputError(
            f"--zero-shift-arrays {letters} beside --no-zero-shift: leave one of them out"
        )
    return letters or zero_shift


def _refuse_meaningless(ctx: click.Context, algorithm: str) -> None:
    """Refuse options about devices for the algorithm that has none."""
    if algorithm != "float":
        return
    for name in ("law", *DEVICE_OPTIONS, *ARRAY_OPTIONS, *SHIFT_OPTIONS):
        if _typed(ctx, name):
            raise InputError(
                f"{_option(ctx, name)} is given, but --algorithm float has no devices; "
                f"leave it out, or choose one with devices, such as sgd or shd"
            )


@click.command(epilog=algorithms.algorithms_help())
@click.option("--data", type=click.Path(path_type=Path), metavar="DIR", help=common.DATA_HELP)
@click.option(
    "--dataset", type=click.Choice(["mnist", "digits"]), default="mnist", show_default=True
)
@click.option(
    "--algorithm",
    type=click.Choice(algorithms.NAMES),
    metavar="NAME",
    default="shd",
    show_default=True,
    help="One of those below.",
)
@click.option("--epochs", type=int, default=3, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--samples", type=int, help="Use only the first so many training images.")
@network_options
@click.option(
    "--rates",
    type=click.Choice(["given", "theory"]),
    default="given",
    show_default=True,
    help="Whether the rates are those below, or follow from theory, device and data.",
)
@click.option("--lr", type=float, help="Learning rate of the algorithms with one array.")
@click.option("--lr-a", type=float, help="Learning rate of array A.")
@click.option("--lr-c", type=float, help="Rate of the transfer from A to C.")
@click.option("--transfer-every", type=int, help="Samples between two transfers.")
@click.option("--pulses", type=int, help="Slots of a pulse train.")
@click.option(
    "--set",
    "settings",
    multiple=True,
    callback=algorithms.read_settings,
    metavar="NAME=VALUE",
    help="Any setting of the algorithm; may be given more than once.",
)
@click.option("--schedule", metavar="WORD", help=f"Of the learning rates: {schedules.HELP}.")
@click.option("--batch", type=int, default=1, show_default=True, help="Samples per batch.")
@click.option(
    "--activation",
    type=click.Choice(["sigmoid", "tanh", "relu"]),
    default="sigmoid",
    show_default=True,
)
@click.option(
    "--law",
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    metavar="LAW.json",
    help="Device of a law file, as crosspoint fit writes it, instead of soft bounds.",
)
@click.option("--w-max", type=float, default=0.6, show_default=True, help="Upper soft bound.")
@click.option("--w-min", type=float, help="Lower soft bound.  [default: minus w-max]")
@click.option(
    "--imbalance", type=float, default=0.3, show_default=True, help="Of up and down steps."
)
@click.option(
    "--dw-min", type=float, default=0.001, show_default=True, help="Nominal step of a pulse."
)
@click.option(
    "--spread",
    type=float,
    default=0.0,
    show_default=True,
    help="Of steps and bounds between devices.",
)
@click.option(
    "--cycle-noise", type=float, default=0.0, show_default=True, help="Of every single step."
)
@click.option(
    "--zero-shift/--no-zero-shift",
    default=True,
    show_default=True,
    help="Zero-shift the arrays first.",
)
@click.option(
    "--zero-shift-arrays", type=click.Choice(["a", "c", "ac"]), help="Zero-shift only these arrays."
)
@click.option(
    "--pairs",
    callback=_pairs,
    metavar="N|measure",
    help="Up-down pairs of the zero-shift.  [default: from the law]",
)
@click.option(
    "--read",
    type=click.Choice(["down", "mean"]),
    default="down",
    show_default=True,
    help="What the zero-shift copies: after the last down pulse, or the mean of the cycle.",
)
@click.option(
    "--reference-error", type=float, default=0.0, show_default=True, help="As a part of the range."
)
@click.option(
    "--record-energy",
    type=int,
    default=0,
    show_default=True,
    help="Times in the first epoch, fewer later; SHD only.",
)
@click.option(
    "--record",
    multiple=True,
    metavar="NAME",
    help="Note a, c, a.reference, a.effective, a buffer such as h, gradient (E[g] and E|g|) or "
    "energy, for --json; may be given more than once.",
)
@click.option("--record-every", type=int, metavar="SAMPLES", help="When --record notes.")
@click.option("--record-layer", type=int, default=1, show_default=True, help="Where, from 1.")
@click.option(
    "--record-devices",
    callback=algorithms.read_devices,
    metavar="ROW,COLUMN;...",
    help="Which devices of the layer, from 0.",
)
@click.option(
    "--checkpoint",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Keep the state here.",
)
@click.option("--resume", is_flag=True, help="Go on from the checkpoint.")
@click.option(
    "--json", "as_json", is_flag=True, help="Print the history as JSON on standard output."
)
@click.option("--explain", is_flag=True, help="Compare what the arrays did with theory.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.pass_context
def train(ctx: click.Context, /, **options: Any) -> None:
    """Train a network on arrays of soft-bound devices, or of those of a law file.

    Prints the test accuracy after every epoch. With --checkpoint, Ctrl-C keeps the state, and the
    same command with --resume goes on from it as if it had never been stopped.
    """
    from phys import training

    _refuse_meaningless(ctx, options["algorithm"])
    shifted = _arrays(options["zero_shift"], options["zero_shift_arrays"])
    device = None
    if options["law"] is not None:
        device = _device_of_file(ctx, options["law"], options)
    elif options["algorithm"] != "float":
        device = _device(**{name: options[name] for name in DEVICE_OPTIONS})
    checkpoint, resume = options["checkpoint"], options["resume"]
    if resume and checkpoint is None:
        raise InputError("--resume needs --checkpoint FILE; name the file to go on from")
    if checkpoint is not None and not resume:
        common.check_writable(checkpoint.parent, "the folder of --checkpoint")
    record = algorithms.recorders(
        options["record"],
        options["record_layer"],
        options["record_devices"],
        options["record_every"],
    )
    dataset = common.load_data(options["dataset"], options["data"])
    common.show_notice(dataset)

    began = time.perf_counter()
    try:
        with common.Bars({"run": options["algorithm"]}, options["quiet"]) as bars:
            history = training.train(
                dataset,
                options["algorithm"],
                device,
                options["epochs"],
                options["seed"],
                shifted,
                options["samples"],
                layers=options["layers"],
                **{name: options[name] for name in (*ARRAY_OPTIONS, *OUTPUT_OPTIONS)},
                lr=options["lr"],
                lr_a=options["lr_a"],
                lr_c=options["lr_c"],
                transfer_every=options["transfer_every"],
                pulses=options["pulses"],
                settings=options["settings"],
                rates=options["rates"],
                schedule=options["schedule"],
                batch=options["batch"],
                activation=options["activation"],
                pairs=options["pairs"],
                read=options["read"],
                reference_error=options["reference_error"],
                checkpoint_file=checkpoint,
                resume=resume,
                record_energy=options["record_energy"],
                record=record,
                progress=bars.follow("run"),
            )
    except KeyboardInterrupt as stop:
        raise KeyboardInterrupt(_farewell(ctx, stop, checkpoint)) from None
    seconds = time.perf_counter() - began
    # The images are the most of what is in memory, and the explanation needs some of its own.
    del dataset

    if options["as_json"]:
        result = history.as_dict() | {"seconds": seconds}
        click.echo(common.to_json(result))
        return
    click.echo(f"{history.data}; {options['algorithm']}, seed {options['seed']}")
    for epoch, (accuracy, loss) in enumerate(zip(history.accuracy, history.loss, strict=True), 1):
        click.echo(f"  epoch {epoch}: test accuracy {accuracy:.2%}, training loss {loss:.4f}")
    click.echo(f"  {history.samples_per_second:,.0f} samples/s, {seconds:.1f} s in all")
    for reason in history.reasons:
        click.echo(f"  {reason}")
    explanation = history.explain()
    if options["explain"]:
        click.echo(str(explanation))
    else:
        for finding in explanation.findings:
            click.echo(f"  warning: {finding}")


def _farewell(ctx: click.Context, stop: BaseException, checkpoint: Path | None) -> str:
    """Say what was kept of an interrupted training, and the exact command that goes on."""
    from phys.training import TrainingInterrupted

    if not isinstance(stop, TrainingInterrupted):
        return f"stopped before the first sample; start again with: {common.typed_command(ctx)}"
    said = str(stop).split(";")[0]
    if checkpoint is None:
        return f"{said}; nothing was kept: add --checkpoint FILE to be able to go on"
    return f"{said}; go on with: {common.typed_command(ctx, '--resume')}"
