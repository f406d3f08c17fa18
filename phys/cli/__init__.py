"""The command line: one group, whose commands are imported only when they are asked for."""

from __future__ import annotations

import errno
from importlib import import_module
from typing import Any

import click

COMMANDS = {
    "check": ("phys.cli.check", "look for counter-examples to the theory on a device of your own"),
    "demo": ("phys.cli.demo", "derive, simulate and train the demonstration; write its report"),
    "derive": ("phys.cli.derive", "derive fixed points and energies of a device law, step by step"),
    "fit": ("phys.cli.fit", "fit a device law to measured pulses; intervals, plot and law file"),
    "new-device": ("phys.cli.new_device", "write a starter file for a device, and its test"),
    "simulate": (
        "phys.cli.simulate",
        "run a training step pulse by pulse on a clock; table and diagram",
    ),
    "sweep": (
        "phys.cli.sweep",
        "train over a grid of settings and seeds, on all cores or a cluster; draw the map",
    ),
    "train": ("phys.cli.train", "train a network on arrays of devices"),
}
"""Module of each command, which holds a click command of that name, and its line in the help."""

INTERRUPTED = 130
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
ARGUMENTS = "crosspoint.arguments"


class UnusableError(click.ClickException):
    """An error that the user can mend: one line, exit status 2, no traceback."""

    exit_code = 2

    def show(self, file: Any = None) -> None:
        """Print the message to standard error."""
        click.echo(f"error: {self.message}", file=file, err=True)


class LazyGroup(click.Group):
    """A group that imports a command when it runs, and turns errors into one clear line."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(COMMANDS[cmd_name][0])
        command: click.Command = getattr(module, cmd_name.replace("-", "_"))
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in COMMANDS.items()])

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep the words as they were typed, so that a command can be repeated to the user."""
        ctx.meta[ARGUMENTS] = list(args)
        try:
            return super().parse_args(ctx, args)
        except OSError as error:
            raise _unusable(error) from error

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; errors that the user can mend and Ctrl-C end without a traceback."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stop:
            click.echo(str(stop) or "interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except (ValueError, ArithmeticError) as error:
            from phys.checked import InputError
            from phys.data import DataError
            from phys.training import Diverged
            from theory.errors import TheoryError

            if not isinstance(error, InputError | DataError | Diverged | TheoryError):
                raise
            raise UnusableError(str(error)) from error
        except MemoryError as error:
            raise UnusableError(
                f"the memory is full ({error}); take smaller layers, or a smaller batch"
            ) from error
        except OSError as error:
            raise _unusable(error) from error


def _unusable(error: OSError) -> UnusableError:
    remedy = "; make room and repeat the command" if error.errno in FULL else ""
    return UnusableError(
        f"{error.filename or 'a file, or the standard output'}: {error.strerror}{remedy}"
    )


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="crosspoint", prog_name="crosspoint")
def main() -> None:
    """Training of neural networks on analog, asymmetric resistive crosspoint devices."""
