"""What several commands share: progress on standard error, output places, repeated commands."""

from __future__ import annotations

import io
import json
import os
import shlex
import sys
import tempfile
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import click

from phys.checked import InputError
from phys.cli import ARGUMENTS
from phys.data import Dataset, DataWarning, load
from phys.history import Progress

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_LINES = 10
WIDE = 112
DATA_HELP = "Folder with the four MNIST files; default: $CROSSPOINT_DATA, else a download."


def typed_command(ctx: click.Context, *more: str) -> str:
    """Return the command as it was typed, with `more` words where they are not there yet."""
    words = list(ctx.meta.get(ARGUMENTS) or [ctx.info_name or ""])
    return shlex.join(["crosspoint", *words, *(word for word in more if word not in words)])


def load_data(name: str, folder: Path | None) -> Dataset:
    """Load data; the notice that others stand in for them is for the caller to show."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return load(name, folder)


def show_notice(dataset: Dataset) -> None:
    """Say loudly, on standard error, that other data stand in for those asked for."""
    if dataset.notice:
        click.secho(f"\n*** {dataset.notice} ***\n", fg="yellow", bold=True, err=True)


def check_writable(folder: Path, option: str, *, make: bool = True) -> None:
    """Make sure that files can be written to `folder`, before anything long begins.

    Raises
    ------
    InputError
        It cannot be made, is no folder, or does not take files.
    """
    try:
        if make:
            folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise InputError(
            f"{option} = {str(folder)!r} cannot be written to ({error.strerror}); "
            f"name a folder that you may write to"
        ) from error


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file all at once: whoever reads meanwhile sees the old one or the new one.

    Raises
    ------
    InputError
        The disk is full, or fails; what stood there is untouched.
    """
    data = content.encode() if isinstance(content, str) else content
    try:
        if path.exists() and not path.is_file():  # a pipe or /dev/stdout is not to be replaced
            path.write_bytes(data)
        else:
            _replace(path, data)
    except OSError as error:
        raise InputError(
            f"{str(path)!r} could not be written ({error.strerror}); make room, or name a place "
            f"elsewhere. What stood there is untouched"
        ) from error


def _replace(path: Path, data: bytes) -> None:
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        # mkstemp makes files for their owner only; a report is for showing around.
        Path(draft).chmod(0o644)
        Path(draft).replace(path)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise


def save_figure(figure: Figure, path: Path, dpi: float | None = None) -> None:
    """Write a figure all at once, in the format that the end of its name says."""
    drawn = io.BytesIO()
    figure.savefig(drawn, format=path.suffix.removeprefix(".") or None, dpi=dpi or figure.dpi)
    write_whole(path, drawn.getvalue())


def to_json(value: Any) -> str:
    """Return JSON that any reader takes: numbers that are not finite become null."""
    return json.dumps(_finite(value), indent=2)


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not abs(value) < float("inf"):
        return None
    return value


class Bars(AbstractContextManager["Bars"]):
    """Progress of several trainings: bars on a terminal, otherwise a line for an epoch.

    Parameters
    ----------
    labels : dict of key to label
        One bar for each, in this order.
    quiet : bool
        Show nothing.

    Notes
    -----
    Everything goes to standard error, and there at most ten lines for each training. Bars may be
    updated from several threads.
    """

    def __init__(self, labels: dict[str, str], quiet: bool = False) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            Progress,
            TaskProgressColumn,
            TextColumn,
            TimeRemainingColumn,
        )

        self.labels, self.quiet = labels, quiet
        console = Console(stderr=True)
        self.drawn = console.is_terminal and not quiet
        wide = console.width >= WIDE
        self.bars = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=24 if wide else 8),
            TaskProgressColumn(),
            *([TextColumn("{task.fields[stage]:<13}")] if wide else []),
            TextColumn("{task.fields[accuracy]}"),
            *([TimeRemainingColumn(compact=True)] if wide else []),
            console=console,
            disable=not self.drawn,
        )
        self.tasks = {
            key: self.bars.add_task(label, total=1.0, stage="waiting", accuracy="", start=False)
            for key, label in labels.items()
        }

    def __enter__(self) -> Bars:
        self.bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.bars.stop()

    def follow(self, key: str) -> Callable[[Progress], None]:
        """Return a callback for `train` that moves the bar of `key`."""
        task, label, stages = self.tasks[key], self.labels[key], set[str]()

        def show(now: Progress) -> None:
            if now.stage not in stages:
                stages.add(now.stage)
                self.bars.reset(task, total=1.0, stage=now.stage, accuracy="")
            self.bars.update(task, completed=now.fraction, stage=now.stage)
            if now.accuracy is not None:
                self.bars.update(task, accuracy=f"accuracy {now.accuracy:6.2%}")
            if now.epoch is None or self.drawn or self.quiet:
                return
            total = round(now.epoch / now.fraction)
            if (total - now.epoch) % -(-total // MOST_LINES) == 0:
                line = f"{label.strip()}: epoch {now.epoch}, test accuracy {now.accuracy:.2%}"
                print(line, file=sys.stderr, flush=True)

        return show
