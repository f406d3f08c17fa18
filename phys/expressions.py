"""Expressions of SymPy as functions of NumPy arrays, in float64."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import sympy as sp
from sympy.printing.numpy import NumPyPrinter

MODULES = {"numpy": np, "math": math, "functools": functools}
"""All that `NumPyPrinter` names; the minimum of several arguments is a reduction."""


def as_function(symbols: Sequence[sp.Symbol], expression: sp.Expr) -> Callable[..., Any]:
    """Return `expression` as a function of `symbols`, for numbers and arrays.

    Parameters
    ----------
    symbols : sequence of Symbol
        Arguments of the function, in this order.
    expression : Expr

    Returns
    -------
    callable

    Notes
    -----
    `sympy.lambdify` asked for ``modules="numpy"`` imports every public module of NumPy, tests and
    Fortran compiler included: 16 MiB that a training has no use for. Here the printed text names
    its functions in full, and nothing but NumPy itself is needed.

    Examples
    --------
    >>> x = sp.Symbol("x")
    >>> as_function([x], sp.sqrt(x) + 1)(np.array([4.0, 9.0]))
    array([3., 4.])
    """
    printer = NumPyPrinter({"inline": True, "allow_unknown_functions": True})
    function: Callable[..., Any] = sp.lambdify(
        list(symbols), expression, modules=MODULES, printer=printer, dummify=True
    )
    return function
