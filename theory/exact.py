"""Decimal numbers become exact rationals: 0.3 is 3/10, not 5404319552844595/2**54."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from numbers import Integral, Real
from typing import Any

from sympy import Expr, Float, Integer, Rational, sympify
from sympy.core.sympify import SympifyError

from theory.errors import TheoryError


def exact_number(value: Any, argument: str) -> Expr:
    """Return the exact real number that ``value`` stands for.

    Parameters
    ----------
    value : int, float, Fraction, Decimal, NumPy scalar or SymPy number
        A finite real number. A decimal is read as it is written: 0.3 is 3/10.
    argument : str
        Name of the argument, for the error message.

    Raises
    ------
    TheoryError
        If it is not a number, not real or not finite.

    Examples
    --------
    >>> exact_number(0.3, "imbalance")
    3/10
    """
    remedy = f"{argument} = {value!r}: give a finite real number"
    if isinstance(value, (bool, str)):
        raise TheoryError(f"{remedy}, not a {type(value).__name__}")
    if isinstance(value, Integral):
        return Integer(int(value))
    if isinstance(value, Fraction):
        return Rational(value.numerator, value.denominator)
    if isinstance(value, (Decimal, Real)) and not isinstance(value, Expr):
        try:
            return Rational(str(value))
        except (TypeError, ValueError, ZeroDivisionError):
            raise TheoryError(f"{remedy}; it is not finite") from None
    if isinstance(value, Expr):
        number = exact_expression(value)
        if number.free_symbols:
            raise TheoryError(f"{remedy}; it contains symbols")
        if number.is_extended_real is False or not number.is_finite:
            raise TheoryError(f"{remedy}; it is complex or not finite")
        return number
    raise TheoryError(remedy)


def exact_expression(value: Any, argument: str = "expression") -> Expr:
    """Return a SymPy expression in which every floating-point number is an exact rational.

    Examples
    --------
    >>> from theory import w
    >>> exact_expression(0.3 * w + 1.5)
    3*w/10 + 3/2
    """
    if isinstance(value, str):
        raise TheoryError(
            f"{argument} = {value!r} is text; build it from symbols, for example 1 - w"
        )
    if isinstance(value, (Real, Decimal)) and not isinstance(value, Expr):
        return exact_number(value, argument)
    try:
        expression = sympify(value, strict=True)
    except SympifyError:
        raise TheoryError(f"{argument} = {value!r} is not a SymPy expression") from None
    if not isinstance(expression, Expr):
        raise TheoryError(f"{argument} = {value!r} is not a scalar SymPy expression")
    floats = {f: Rational(str(f)) for f in expression.atoms(Float) if f.is_finite}
    return expression.xreplace(floats) if floats else expression
