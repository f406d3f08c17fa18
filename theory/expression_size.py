"""How large an expression may be that a text stands for, judged before SymPy multiplies it out."""

from __future__ import annotations

from math import comb
from typing import Any

from sympy import (
    Expr,
    I,
    Max,
    Min,
    Number,
    Piecewise,
    Pow,
    cosh,
    exp,
    nan,
    oo,
    sinh,
    tanh,
    zoo,
)
from sympy.core.relational import Relational
from sympy.logic.boolalg import BooleanAtom

from theory.algebra import parts_of
from theory.errors import LawError

LARGEST_POWER = 64
MOST_BITS = 4096
MOST_TERMS = 20_000


class ExpressionError(LawError):
    """A text that is no expression of the whitelist; the message gives the column."""


def bits(number: Expr) -> int:
    """Return the number of bits of a rational; 0 for anything else."""
    if not number.is_Rational:
        return 0
    return abs(int(number.p)).bit_length() + int(number.q).bit_length()


def exponential(expression: Any) -> bool:
    """Return whether `expression` may be exponentially large in something it contains."""
    if isinstance(expression, exp | sinh | cosh) or (
        expression.is_Pow and not expression.exp.is_number
    ):
        return True
    return not isinstance(expression, tanh) and any(exponential(p) for p in expression.args)


def check_size(expression: Expr) -> None:
    """Refuse an expression that is not finite and real, or too large to be worked with.

    Raises
    ------
    ExpressionError
    """
    for part in parts_of(expression, Pow):
        if part.exp.is_Number and abs(part.exp) > LARGEST_POWER:
            raise ExpressionError(f"the power {part.exp} is too large; at most {LARGEST_POWER}")
        if not part.exp.is_number and exponential(part.exp):
            raise ExpressionError("an exponential inside an exponent")
    if any(bits(number) > MOST_BITS for number in expression.atoms(Number)):
        raise ExpressionError(f"a number of more than {MOST_BITS} bits")
    if expression.has(I, nan, oo, zoo):
        raise ExpressionError(f"{expression} is not finite and real")
    denominators = {p for p in expression.atoms(Pow) if p.exp.is_negative and p.base.is_Add}
    terms = _terms(expression)
    for part in denominators:
        terms *= _terms(Pow(part.base, -part.exp))
    if terms > MOST_TERMS:
        raise ExpressionError(
            f"multiplied out, the expression has up to {float(terms):.3g} terms; "
            f"at most {MOST_TERMS}"
        )


def _terms(expression: Any) -> int:
    """Upper bound of the number of terms of `expression` when it is multiplied out."""
    if expression.is_Add or isinstance(expression, Piecewise | Min | Max):
        parts = [
            part.args[0] if isinstance(expression, Piecewise) else part for part in expression.args
        ]
        return sum(_terms(part) for part in parts)
    if expression.is_Mul:
        terms = 1
        for part in expression.args:
            terms *= _terms(part)
        return terms
    if expression.is_Pow and expression.exp.is_Integer and expression.exp > 0:
        inner = _terms(expression.base)
        return comb(inner + int(expression.exp) - 1, int(expression.exp))
    if isinstance(expression, Relational | BooleanAtom):
        return 1
    return max((_terms(part) for part in expression.args if isinstance(part, Expr)), default=1)
