"""Certified roots of a smooth function: interval bisection with a monotonicity test.

A box is dropped when the enclosure of f excludes 0 (directly, or by the mean-value form),
and settled when the enclosure of f' excludes 0: then f is monotone there and the signs at
the two ends decide. All other boxes are halved until they are a 10^-12 part of the whole;
what is left then is returned as undecided. The work is bounded by a number of boxes, so
the answer depends on the function alone, never on the machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Expr, Symbol, diff

from theory.intervals import (
    DIGITS,
    Evaluator,
    box,
    contains_zero,
    ends,
    evaluator,
    mp,
    point,
    sign_of,
)

SMALLEST = mp.mpf(10) ** -12
MOST_BOXES = 20_000
# Off the dyadic grid, so that a root at a round number never falls on a cut.
CUT = mp.mpf("0.48713951")


@dataclass(frozen=True)
class Isolation:
    """Enclosures of the certified roots, and the intervals left undecided."""

    roots: tuple[tuple[Any, Any], ...]
    undecided: tuple[tuple[Any, Any], ...]


def isolate(
    expression: Expr, x: Symbol, lower: Expr, upper: Expr, zero_ends: Sequence[Expr] = ()
) -> Isolation:
    """Roots of ``expression`` in [lower, upper], except those at ``zero_ends``.

    ``zero_ends`` are the ends at which the function is known to vanish exactly.
    """
    f, slope = evaluator(expression, x), evaluator(diff(expression, x), x)
    low, high = ends(point(lower))[0], ends(point(upper))[1]
    closed = (lower in zero_ends, upper in zero_ends)
    stack, roots, undecided, boxes = [(low, high)], [], [], 0
    while stack:
        a, b = stack.pop()
        boxes += 1
        verdict = _judge(f, slope, a, b, (a == low and closed[0], b == high and closed[1]))
        if verdict == "none":
            continue
        if verdict == "one":
            roots.append(refine(f, a, b))
        elif b - a <= SMALLEST * (high - low) or boxes > MOST_BOXES:
            undecided.append((a, b))
        else:
            cut = a + CUT * (b - a)
            stack += [(cut, b), (a, cut)]
    return Isolation(tuple(sorted(roots)), _merged(undecided))


def _judge(f: Evaluator, slope: Evaluator, a: Any, b: Any, zero: tuple[bool, bool]) -> str:
    whole = box(a, b)
    if not contains_zero(f(whole)):
        return "none"
    steep = slope(whole)
    if contains_zero(steep):
        middle = a + (b - a) / 2
        centred = f(box(middle, middle)) + steep * (whole - middle)
        return "open" if contains_zero(centred) else "none"
    if zero[0] or zero[1]:
        return "none"
    signs = sign_of(f(box(a, a))), sign_of(f(box(b, b)))
    if 0 in signs:
        return "open"
    return "one" if signs[0] != signs[1] else "none"


def refine(f: Evaluator, a: Any, b: Any) -> tuple[Any, Any]:
    """Bisect a sign change of a monotone function down to rounding."""
    left = sign_of(f(box(a, a)))
    goal = mp.mpf(10) ** (4 - DIGITS) * max(abs(a), abs(b), mp.mpf(1) / 10**6)
    while b - a > goal:
        for share in (mp.mpf(1) / 2, mp.mpf(2) / 5, mp.mpf(3) / 5):
            middle = a + share * (b - a)
            sign = sign_of(f(box(middle, middle)))
            if sign:
                break
        else:
            return a, b
        a, b = (middle, b) if sign == left else (a, middle)
    return a, b


def _merged(intervals: list[tuple[Any, Any]]) -> tuple[tuple[Any, Any], ...]:
    merged: list[tuple[Any, Any]] = []
    for a, b in sorted(intervals):
        if merged and a <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(b, merged[-1][1]))
        else:
            merged.append((a, b))
    return tuple(merged)
