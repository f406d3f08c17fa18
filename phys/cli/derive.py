"""The command ``crosspoint derive``: a result of the papers, derived for a device law."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from theory import DeviceLaw

NAMES = (
    "symmetry_point",
    "zero_shifting",
    "sgd_equilibrium",
    "implicit_penalty",
    "learned_scale",
    "shd_energy",
    "shd_damping",
    "unshifted_offset",
    "coincidences",
)
"""Derivations that theory offers; written out, so that ``--help`` need not import SymPy."""


def parse_value(setting: str) -> tuple[str, Fraction | None]:
    """Read ``name=value``; a value is a decimal, a fraction, or "symbolic".

    Examples
    --------
    >>> parse_value("imbalance=0.3")
    ('imbalance', Fraction(3, 10))
    """
    name, equals, text = setting.partition("=")
    if not equals or not name.strip():
        raise click.BadParameter(f"{setting!r} is not of the form name=value, such as w_max=0.6")
    if text.strip() == "symbolic":
        return name.strip(), None
    try:
        return name.strip(), Fraction(text.strip())
    except (ValueError, ZeroDivisionError):
        raise click.BadParameter(
            f"{setting!r}: {text!r} is no number; give a decimal such as 0.3, or a fraction 3/10"
        ) from None


def load_law(name: str, defaults: bool) -> DeviceLaw:
    """Return a law of the catalogue, a fitted device, or one from a Python file.

    Parameters
    ----------
    name : str
        A catalogue name, a preset, or ``FILE.py:NAME``. A file is run when it is named.
    defaults : bool
        Take the catalogue's default values instead of symbols.
    """
    from theory import laws

    if ".py:" in name:
        return _from_file(name)
    if name in laws.presets.PRESETS:
        return laws.presets.PRESETS[name]().law
    if name not in laws.CATALOGUE:
        known = ", ".join((*laws.CATALOGUE, *laws.presets.PRESETS))
        raise click.BadParameter(
            f"there is no law {name!r}; choose from {known}, or give FILE.py:NAME",
            param_hint="--law",
        )
    law = laws.CATALOGUE[name].law()
    return law if defaults else law.symbolic


def _from_file(place: str) -> DeviceLaw:
    from phys.checked import InputError
    from phys.device import Device
    from phys.user_object import load_object
    from theory import DeviceLaw

    try:
        found = load_object(place)
    except InputError as error:
        raise click.BadParameter(str(error), param_hint="--law") from error
    law = found.law if isinstance(found, Device) else found
    if not isinstance(law, DeviceLaw):
        raise click.BadParameter(
            f"{place} has no formula to derive from; name a theory.DeviceLaw", param_hint="--law"
        )
    return law


@click.command()
@click.argument("name", type=click.Choice(NAMES))
@click.option(
    "--law",
    "law_name",
    default="soft_bounds",
    show_default=True,
    help="Law of the catalogue, fitted device, or FILE.py:NAME.",
)
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="NAME=VALUE",
    help="Value of a parameter, such as imbalance=0.3; repeat for more. Others stay symbolic.",
)
@click.option("--defaults", is_flag=True, help="Default values for the parameters not set.")
@click.option("--latex", "as_latex", is_flag=True, help="Print a LaTeX fragment.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def derive(
    name: str,
    law_name: str,
    settings: tuple[str, ...],
    defaults: bool,
    as_latex: bool,
    as_json: bool,
) -> None:
    """Derive a result for a device law, and check every step by machine.

    NAME is one of the derivations; see ``crosspoint derive --help`` for the list.
    """
    if as_latex and as_json:
        raise click.UsageError("give --latex or --json, not both")
    values = dict(parse_value(setting) for setting in settings)
    from theory import derive as derivations
    from theory.errors import TheoryError

    try:
        law = load_law(law_name, defaults).with_values(**values)
        made = derivations.NAMES[name](law).verify()
    except TheoryError as error:
        raise click.ClickException(str(error)) from error
    if as_json:
        click.echo(made.to_json())
    elif as_latex:
        click.echo(made.to_latex())
    else:
        click.echo(str(made))
        proof = "a proof" if made.is_proof else "numerical in part"
        click.echo(f"\nall {len(made.steps)} steps checked: {proof}")
