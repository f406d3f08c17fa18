"""A law read from a table of measured steps, joined by straight lines."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from sympy import Expr, Piecewise

from theory.errors import LawError
from theory.exact import exact_number
from theory.law import DeviceLaw
from theory.symbols import w


def tabulated(
    weights: Sequence[Any],
    up: Sequence[Any],
    down: Sequence[Any],
    name: str = "tabulated",
    source: str = "table",
) -> DeviceLaw:
    r"""Piecewise linear law through measured points, as an exact SymPy Piecewise.

    Between two knots :math:`w_i < w_{i+1}` each step is the straight line through its
    values there; the first and the last knot are the bounds.

    Parameters
    ----------
    weights : sequence of number
        At least two knots, strictly rising, around 0.
    up, down : sequence of number
        ``q_up`` and ``q_down`` at the knots; positive, except that a step may vanish at a
        bound.
    name, source : str

    Returns
    -------
    DeviceLaw

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.tabulated([-1, 0, 1], [2, 1, 0.5], [0.25, 0.75, 1.75])
    >>> law.symmetry_point().expression
    1/6
    """
    rows = {"weights": weights, "up": up, "down": down}
    numbers = {k: [exact_number(x, f"{k}[{i}]") for i, x in enumerate(v)] for k, v in rows.items()}
    knots = numbers["weights"]
    for key in ("up", "down"):
        if len(numbers[key]) != len(knots):
            raise LawError(
                f"{key} has {len(numbers[key])} values and weights has {len(knots)}; "
                "give one step for each knot"
            )
    if len(knots) < 2:
        raise LawError(f"weights has {len(knots)} knot(s); give at least two")
    for index, (a, b) in enumerate(pairwise(knots)):
        if not bool(a < b):
            raise LawError(
                f"weights[{index + 1}] = {b} is not above weights[{index}] = {a}; sort the knots"
            )
    return DeviceLaw(
        name,
        up=_through(knots, numbers["up"]),
        down=_through(knots, numbers["down"]),
        bounds=(knots[0], knots[-1]),
        source=source,
        constant=True,
    )


def _through(knots: list[Expr], values: list[Expr]) -> Expr:
    branches = []
    for (a, b), (p, q) in zip(pairwise(knots), pairwise(values), strict=True):
        line = p + (q - p) / (b - a) * (w - a)
        branches.append((line, w < b))
    last = branches.pop()[0]
    return Piecewise(*branches, (last, True))
