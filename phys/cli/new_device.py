"""The command ``crosspoint new-device``: a starter file for a device, and its test."""

from __future__ import annotations

import keyword
import sys
from importlib import resources
from pathlib import Path
from string import Template

import click

KINDS = {
    "formula": "two SymPy expressions",
    "functions": "two Python functions",
    "hidden": "functions with a hidden state",
}


@click.command("new-device")
@click.argument("name")
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    default="formula",
    show_default=True,
    help="; ".join(f"{kind}: {what}" for kind, what in KINDS.items()) + ".",
)
@click.option(
    "--folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to write the two files.  [default: here]",
)
def new_device(name: str, kind: str, folder: Path) -> None:
    """Write NAME.py, a device to start from, and test_NAME.py, which checks it.

    Both work as they stand: change the steps, and run the test again.
    """
    from phys.checked import InputError
    from phys.cli.common import check_writable, write_whole

    check_name(name)
    files = {
        folder / f"{name}.py": f"new_device_{kind}.txt",
        folder / f"test_{name}.py": "new_device_test.txt",
    }
    for path in files:
        if path.exists():
            raise InputError(f"{path} is there already; choose another name, or move it away")
    check_writable(folder, "--folder")
    for path, template in files.items():
        write_whole(path, _filled(template, name))
    device, test = (str(path) for path in files)
    click.echo(
        f"wrote {device}: change the steps of the device\n"
        f"wrote {test}: run it with: python -m pytest {test}\n"
        f"see all checks with: crosspoint check {device}:DEVICE"
    )


def check_name(name: str) -> None:
    """Raise unless Python can import a file of that name, and finds no other under it."""
    from importlib.util import find_spec

    from phys.checked import InputError

    if not (name.isidentifier() and name.isascii()) or keyword.iskeyword(name):
        raise InputError(
            f"name = {name!r} is no name that Python can import; use letters, digits and _, such "
            f"as my_device"
        )
    if name in sys.stdlib_module_names or name in sys.builtin_module_names:
        raise InputError(f"name = {name!r} is a module of Python's own; choose another")
    try:
        installed = find_spec(name)
    except (ImportError, ValueError):
        installed = None
    if installed is not None and Path(installed.origin or "").parent != Path.cwd():
        raise InputError(f"name = {name!r} is an installed package; choose another")


def _filled(template: str, name: str) -> str:
    text = resources.files("phys").joinpath(f"templates/{template}").read_text("utf-8")
    return Template(text).substitute(name=name, words=name.replace("_", " "))
