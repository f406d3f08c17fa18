"""Command-line options of `crosspoint train` about algorithms and recorders."""

from __future__ import annotations

import textwrap

import click

from phys.algorithms import BUILT_IN, settings_of, summary
from phys.checked import InputError
from phys.recording import Energy, Gradient, Recorder, Trajectory

NAMES = tuple(BUILT_IN)
WIDTH = 78


def algorithms_help() -> str:
    """Return what each algorithm does, with its settings and their defaults, for `--help`."""
    parts = []
    for name in NAMES:
        settings = ", ".join(f"{k} {v:g}" for k, v in settings_of(name).items())
        text = f"{summary(name)} Settings: {settings}."
        lines = textwrap.wrap(text, WIDTH, initial_indent="      ", subsequent_indent="      ")
        parts.append("\b\n" + "\n".join((f"  {name}", *lines)))
    return "Algorithms of --algorithm, with their settings for --set:\n\n" + "\n\n".join(parts)


def read_settings(
    ctx: click.Context, param: click.Parameter, values: tuple[str, ...]
) -> dict[str, float]:
    """Read NAME=VALUE, each a number."""
    settings: dict[str, float] = {}
    for text in values:
        name, sign, value = text.partition("=")
        try:
            number = float(value)
        except ValueError:
            number, sign = 0.0, ""
        if not sign or not name:
            raise click.BadParameter(f"{text!r} is no setting; write it as gamma=0.2")
        key = name.strip().replace("-", "_")
        if key in settings:
            raise click.BadParameter(f"{key} is given twice; give it once")
        settings[key] = int(value) if value.strip().isdigit() else number
    return settings


def read_devices(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> tuple[tuple[int, int], ...] | None:
    """Read places as ROW,COLUMN with semicolons between them."""
    if value is None:
        return None
    try:
        pairs = [tuple(int(word) for word in place.split(",")) for place in value.split(";")]
        return tuple((row, column) for row, column in pairs)
    except ValueError:
        raise click.BadParameter(
            f"{value!r} is no list of devices; write it as 0,3;2,5 (row,column;...)"
        ) from None


def recorders(
    names: tuple[str, ...],
    layer: int,
    devices: tuple[tuple[int, int], ...] | None,
    every: int | None,
) -> list[Recorder]:
    """Return the recorders that the options of `crosspoint train` ask for."""
    if not names:
        return []
    if every is None:
        raise InputError(f"--record {names[0]} needs --record-every SAMPLES")
    made: list[Recorder] = []
    for name in names:
        if name == "energy":
            made.append(Energy(every=every))
            continue
        if devices is None:
            raise InputError(
                f"--record {name} needs --record-devices, the devices to follow, as 0,3;2,5"
            )
        if name == "gradient":
            made.append(Gradient(layer, devices, every))
        else:
            made.append(Trajectory(name, layer, devices, every))
    return made
