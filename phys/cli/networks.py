"""Command-line options of `crosspoint train` about the network and what its arrays are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from phys.array_kinds.kind import MAPPINGS, UPDATES
from phys.digital_outputs import BIASES, SCALES
from phys.layers import parse_layers
from phys.network import INITIAL
from phys.reads import NAMED

Command = TypeVar("Command", bound=Callable[..., Any])

ARRAY_OPTIONS = ("update", "mapping", "read_model")
OUTPUT_OPTIONS = ("output_scale", "bias", "lr_digital", "initial_weights")


def _layers(ctx: click.Context, param: click.Parameter, value: str | None) -> Any:
    """Read layers between commas."""
    return None if value is None else parse_layers(value)


def network_options(command: Command) -> Command:
    """Add the options that say what a network is made of."""
    options = (
        click.option(
            "--layers",
            callback=_layers,
            metavar="N,N,...|lenet5|conv6x5,pool2,...",
            help="Units per layer, for MNIST 784,256,128,10; or LeNet-5; or convolutions "
            "(channels x kernel), pool2 or avgpool2, and units.",
        ),
        click.option(
            "--update",
            type=click.Choice(UPDATES),
            default=UPDATES[0],
            show_default=True,
            help="expected: the limit of ever smaller steps, in float64 and without pulses.",
        ),
        click.option(
            "--mapping",
            type=click.Choice(MAPPINGS),
            default=MAPPINGS[0],
            show_default=True,
            help="A weight is a device less its reference, or the difference of two that learn.",
        ),
        click.option(
            "--output-scale",
            type=click.Choice(SCALES),
            default=SCALES[0],
            show_default=True,
            help="A digital factor behind the rows of an array: one per layer, or one per row.",
        ),
        click.option(
            "--bias",
            type=click.Choice(BIASES),
            default=BIASES[0],
            show_default=True,
            help="A column of devices, or digital numbers behind the rows.",
        ),
        click.option(
            "--lr-digital",
            type=float,
            help="Learning rate of scales and digital biases.  [default: the algorithm's]",
        ),
        click.option(
            "--initial-weights",
            type=click.Choice(INITIAL),
            default=INITIAL[0],
            show_default=True,
            help="Range: root of 6/(inputs + outputs), or 1/root of the inputs.",
        ),
        click.option(
            "--read-model",
            type=click.Choice(NAMED),
            default=NAMED[0],
            show_default=True,
            help="Converters, bounds and noise of every read.",
        ),
    )
    for option in reversed(options):
        command = option(command)
    return command
