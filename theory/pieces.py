"""Functions given piece by piece: Piecewise, Abs, Min, Max, sign and Heaviside.

``split_pieces`` cuts a closed interval where a branch changes and returns the smooth
expression that holds on each part, so that every other routine sees smooth functions only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

from sympy import Abs, Expr, Heaviside, Max, Min, Piecewise, Symbol, sign
from sympy.core.relational import Relational, StrictLessThan

from theory.algebra import parts_of
from theory.errors import LawError

KINDS = (Piecewise, Abs, Min, Max, sign, Heaviside)


@dataclass(frozen=True)
class Piece:
    """A smooth expression with the closed interval it holds on."""

    lower: Expr
    upper: Expr
    expression: Expr


def has_pieces(expression: Expr) -> bool:
    """Whether the expression is given piece by piece."""
    return bool(expression.has(*KINDS))


def _switches(expression: Expr) -> list[Expr]:
    """Functions whose sign decides which branch holds."""
    switches: list[Expr] = []
    for atom in parts_of(expression, *KINDS):
        if isinstance(atom, Piecewise):
            for _, condition in atom.args:
                switches += [c.lhs - c.rhs for c in parts_of(condition, Relational)]
        elif isinstance(atom, (Min, Max)):
            switches += [a - b for a, b in combinations(atom.args, 2)]
        else:
            switches.append(atom.args[0])
    return list(dict.fromkeys(switches))


def split_pieces(
    expression: Expr, x: Symbol, lower: Expr, upper: Expr, roots_in: Callable[..., Any]
) -> list[Piece]:
    """Smooth pieces of ``expression`` on [lower, upper], from left to right.

    ``roots_in`` finds the places where a branch changes; see :func:`theory.roots.roots_in`.
    """
    cuts = [lower, upper]
    for switch in _switches(expression):
        if not switch.has(x):
            continue
        place = x - switch
        if place.is_Rational:
            if lower < place < upper:
                cuts.append(place)
            continue
        places = roots_in(switch, x, lower, upper)
        if places.undecided:
            raise LawError(f"where {switch} changes sign could not be decided; write it in powers")
        cuts += [root.expression for root in places.found]
    ordered = sorted(dict.fromkeys(cuts), key=lambda cut: cut.evalf(40))
    pieces: list[Piece] = []
    for a, b in pairwise(ordered):
        smooth = branch_at(expression, x, (a + b) / 2)
        if pieces and pieces[-1].expression == smooth:
            pieces[-1] = Piece(pieces[-1].lower, b, smooth)
        else:
            pieces.append(Piece(a, b, smooth))
    return pieces


def _holds(condition: Any, x: Symbol, place: Expr) -> bool:
    # Tables have hundreds of conditions w < number; comparing rationals is far quicker.
    if isinstance(condition, StrictLessThan) and condition.lhs == x:
        bound = condition.rhs
        if bound.is_Rational and place.is_Rational:
            return bool(place.p * bound.q < bound.p * place.q)
    return bool(condition.subs(x, place))


def branch_at(expression: Expr, x: Symbol, place: Expr) -> Expr:
    """Return the smooth branch of a piecewise expression that holds around ``place``."""
    if not has_pieces(expression):
        return expression
    if isinstance(expression, Piecewise):
        for value, condition in expression.args:
            if _holds(condition, x, place):
                return branch_at(value, x, place)
        raise LawError(f"no branch of {expression} holds at {x} = {place}; add (value, True)")
    inner = [branch_at(a, x, place) if isinstance(a, Expr) else a for a in expression.args]
    if isinstance(expression, (Min, Max)):
        choose = min if isinstance(expression, Min) else max
        return choose(inner, key=lambda a: a.subs(x, place).evalf(40))
    if isinstance(expression, (Abs, sign, Heaviside)):
        value = inner[0].subs(x, place).evalf(40)
        if isinstance(expression, Abs):
            return inner[0] if value >= 0 else -inner[0]
        if isinstance(expression, sign):
            return sign(value)
        return Heaviside(value)
    return expression.func(*inner)
