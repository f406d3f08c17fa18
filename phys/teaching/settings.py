"""How a notebook runs: by a reader or by the machine, and how much it computes."""

from __future__ import annotations

import os
import warnings
from typing import TypeVar

from phys import compiler
from phys.data import Dataset, DataWarning, load

QUICK_VARIABLE = "CROSSPOINT_QUICK"
AUTOMATED_VARIABLE = "CROSSPOINT_AUTOMATED"

T = TypeVar("T")


def is_quick() -> bool:
    """Return whether small settings are wanted.

    ``CROSSPOINT_QUICK=1`` asks for them and ``CROSSPOINT_QUICK=0`` for full ones; where it is not
    set, they are small if nothing compiles the loops, as in a browser.
    """
    asked = os.environ.get(QUICK_VARIABLE, "")
    return asked != "0" if asked else not compiler.available()


def is_automated() -> bool:
    """Return whether the notebook is executed without a reader: ``CROSSPOINT_AUTOMATED=1``."""
    return os.environ.get(AUTOMATED_VARIABLE, "") not in ("", "0")


def quick(full: T, small: T, uncompiled: T | None = None) -> T:
    """Return `full`, or `small` where small settings are wanted, see `is_quick`.

    Parameters
    ----------
    full, small : object
    uncompiled : object, optional
        The small setting where nothing compiles the loops; default: `small`.

    Examples
    --------
    >>> quick(60_000, 500) in (60_000, 500)
    True
    """
    if not is_quick():
        return full
    return small if uncompiled is None or compiler.available() else uncompiled


def images() -> Dataset:
    """Return MNIST, or the embedded digits: with small settings, and where MNIST cannot be had.

    The notice that other data stand in for MNIST is in ``.notice`` of the result; show it with
    `phys.teaching.say` where it is not empty.

    Raises
    ------
    DataError
        ``CROSSPOINT_DATA`` names a folder that does not hold good data.
    """
    if is_quick():
        return load("digits")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        return load("mnist")
