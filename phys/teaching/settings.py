"""How a notebook runs: by a reader or by the machine, and how much it computes."""

from __future__ import annotations

import os
import warnings
from typing import TypeVar

from phys.data import Dataset, DataWarning, load

QUICK_VARIABLE = "CROSSPOINT_QUICK"
AUTOMATED_VARIABLE = "CROSSPOINT_AUTOMATED"

T = TypeVar("T")


def is_quick() -> bool:
    """Return whether ``CROSSPOINT_QUICK=1`` asks for small settings."""
    return os.environ.get(QUICK_VARIABLE, "") not in ("", "0")


def is_automated() -> bool:
    """Return whether the notebook is executed without a reader: ``CROSSPOINT_AUTOMATED=1``."""
    return os.environ.get(AUTOMATED_VARIABLE, "") not in ("", "0")


def quick(full: T, small: T) -> T:
    """Return `small` where ``CROSSPOINT_QUICK=1``, else `full`.

    Examples
    --------
    >>> quick(60_000, 500) in (60_000, 500)
    True
    """
    return small if is_quick() else full


def images() -> Dataset:
    """Return MNIST, or the embedded digits: in quick mode, and where MNIST cannot be had.

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
