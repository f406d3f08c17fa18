"""The command ``crosspoint check``: the conformance kit on a device of the user's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from phys.checks import Report

FILE = click.Path(dir_okay=False, path_type=Path)
MAX_EXAMPLES = 25
"""As `phys.checks.check_device`; written out, so that ``--help`` need not import it."""


def _reasons(option: str, given: tuple[str, ...]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in given:
        name, equals, reason = text.partition("=")
        if not equals or not name.strip() or not reason.strip():
            raise click.BadParameter(
                f"{text!r} is not of the form ID=REASON, such as bounds.soft='the bounds are hard'",
                param_hint=option,
            )
        found[name.strip()] = reason.strip()
    return found


@click.command()
@click.argument("target", required=False, metavar="FILE.py:NAME | LAW.json | LAW")
@click.option("--seed", type=int, default=0, show_default=True, help="Of the examples.")
@click.option(
    "--max-examples", type=int, default=MAX_EXAMPLES, show_default=True, help="For each check."
)
@click.option("--skip", multiple=True, metavar="ID=REASON", help="Do not run a check; repeatable.")
@click.option(
    "--expect-failure",
    multiple=True,
    metavar="ID=REASON",
    help="A check that is known to fail; an error if it passes. Repeatable.",
)
@click.option("--html", type=FILE, help="Write the report as a page.")
@click.option("--junit", type=FILE, help="Write the report as JUnit XML.")
@click.option("--statements", is_flag=True, help="Show what each check states.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@click.option("--list", "list_checks", is_flag=True, help="Print what each check states; run none.")
@click.option("--quiet", is_flag=True, help="No progress.")
@click.pass_context
def check(
    ctx: click.Context,
    target: str | None,
    seed: int,
    max_examples: int,
    skip: tuple[str, ...],
    expect_failure: tuple[str, ...],
    html: Path | None,
    junit: Path | None,
    statements: bool,
    as_json: bool,
    list_checks: bool,
    quiet: bool,
) -> None:
    """Look for counter-examples to what the toolkit states about a device.

    The device is an object in a Python file, which is run; a law file, which is read; or a law of
    the catalogue or a preset, by name. Exit status 0: every check passed or did not apply, 1: one
    failed, 2: the device or an option cannot be used.
    """
    if list_checks:
        from phys.checks.catalogue import listing

        click.echo(listing())
        return
    if target is None:
        raise click.UsageError("give the device: FILE.py:NAME, a law file, or a law's name")
    reasons = _reasons("--skip", skip), _reasons("--expect-failure", expect_failure)
    from phys.cli.common import check_writable, write_whole

    for option, path in (("--html", html), ("--junit", junit)):
        if path is not None:
            check_writable(path.parent, f"the folder of {option}", make=False)
    report = _run(target, seed, max_examples, *reasons, quiet=quiet)
    if html is not None:
        write_whole(html, report.to_html())
    if junit is not None:
        write_whole(junit, report.junit())
    if as_json:
        click.echo(report.to_json())
    else:
        _show(report, statements)
    ctx.exit(0 if report.passed else 1)


def _show(report: Report, statements: bool) -> None:
    from rich.console import Console

    console = Console()
    if not console.is_terminal:
        click.echo(report.text(statements))
        return
    console.print(report.table(statements))
    for text in report.counter_examples():
        console.print(text, markup=False, highlight=False)


@contextmanager
def _no_traces() -> Iterator[None]:
    """Keep what Hypothesis caches out of the folder in which the command runs."""
    import platformdirs
    from hypothesis.configuration import set_hypothesis_home_dir

    set_hypothesis_home_dir(Path(platformdirs.user_cache_dir("crosspoint")) / "hypothesis")
    try:
        yield
    finally:
        set_hypothesis_home_dir(None)


def _run(
    target: str,
    seed: int,
    max_examples: int,
    skip: dict[str, str],
    expected: dict[str, str],
    *,
    quiet: bool,
) -> Report:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from phys.checks import check_device
    from phys.interrupts import repeat_interrupt
    from phys.user_object import load_object, origin

    device = load_object(target)
    bars = Progress(
        BarColumn(bar_width=24),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        console=Console(stderr=True),
        transient=True,
        disable=quiet or not Console(stderr=True).is_terminal,
    )
    with _no_traces(), bars, repeat_interrupt():
        task = bars.add_task("", total=None)

        def show(name: str, done: int, total: int) -> None:
            bars.update(task, description=name, completed=done, total=total)

        return check_device(
            device,
            max_examples=max_examples,
            seed=seed,
            skip=skip,
            expected_failures=expected,
            origin=origin(target),
            progress=show,
        )
