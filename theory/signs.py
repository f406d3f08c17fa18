"""Sign of an expression over a whole region of parameters, proved by algebra.

Every symbol of the region is written as a rational function of a positive variable t:
``x = (a + b t)/(1 + t)`` runs over the open interval (a, b), ``x = a + t`` over (a, oo).
A polynomial in positive variables whose coefficients all have one sign has that sign.
The test is sufficient, not necessary: None means "not proved", never "false".
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import Any

from sympy import Dummy, Expr, Poly, Symbol, factor_list, oo
from sympy.polys.polyerrors import PolynomialError

from theory.algebra import HIGHEST_DEGREE, degree_bound, freeze, numerator_denominator, tidy

Region = Mapping[Symbol, tuple[Any, Any]]


class Sign(Enum):
    """A proved sign, strict or not."""

    POSITIVE = ">"
    NONNEGATIVE = ">="
    ZERO = "="
    NONPOSITIVE = "<="
    NEGATIVE = "<"


_FLIP = {
    Sign.POSITIVE: Sign.NEGATIVE,
    Sign.NONNEGATIVE: Sign.NONPOSITIVE,
    Sign.ZERO: Sign.ZERO,
    Sign.NONPOSITIVE: Sign.NONNEGATIVE,
    Sign.NEGATIVE: Sign.POSITIVE,
}


def prove_sign(expression: Expr, region: Region) -> Sign | None:
    """Sign of ``expression`` for all values of the symbols inside the open ``region``.

    Parameters
    ----------
    expression : Expr
        A rational function of the symbols.
    region : mapping {Symbol: (lower, upper)}
        In order: the ends of one interval may contain the symbols that come after it.

    Examples
    --------
    >>> from theory.symbols import rho, w, w_max, w_min
    >>> region = {w: (w_min, w_max), rho: (-1, 1), w_max: (0, oo), w_min: (-oo, 0)}
    >>> prove_sign((1 + rho) * (1 - w / w_max), region)
    <Sign.POSITIVE: '>'>
    >>> prove_sign(w, region) is None
    True
    """
    if any(degree_bound(expression, symbol) > HIGHEST_DEGREE for symbol in region):
        return None
    positive, variables = in_positive_variables(expression, region)
    if positive is None:
        return None
    if positive.is_zero:
        return Sign.ZERO
    numerator, denominator = numerator_denominator(positive)
    above, below = _factored_sign(numerator, variables), _factored_sign(denominator, variables)
    if above is None or below is None:
        return None
    return _FLIP[above] if below in (Sign.NEGATIVE, Sign.NONPOSITIVE) else above


def in_positive_variables(
    expression: Expr, region: Region
) -> tuple[Expr | None, tuple[Symbol, ...]]:
    """Return the expression in variables that run over (0, oo), with those variables."""
    variables = []
    for symbol, (lower, upper) in region.items():
        if not expression.has(symbol):
            continue
        t = Dummy(f"t_{symbol.name}", positive=True)
        variables.append(t)
        if lower == -oo and upper == oo:
            return None, ()
        if upper == oo:
            image = lower + t
        elif lower == -oo:
            image = upper - t
        else:
            image = (lower + upper * t) / (1 + t)
        expression = tidy(expression.subs(symbol, image))
    rest = expression.free_symbols - set(variables)
    return (None, ()) if rest else (expression, tuple(variables))


def _factored_sign(expression: Expr, variables: tuple[Symbol, ...]) -> Sign | None:
    if not variables:
        return _constant_sign(expression)
    try:
        # What is not rational (the exponential of a variable, say) counts as one more positive
        # variable where it is known to be positive; that is sufficient for the sign.
        frozen, table = freeze(expression)
        if any(not name.is_positive for name in table):
            return None
        variables = (*variables, *table)
        constant, factors = factor_list(frozen, *variables)
    except PolynomialError:
        return None
    if not (constant.is_positive or constant.is_negative):
        return None
    negative, strict = bool(constant.is_negative), True
    for factor, multiplicity in factors:
        sign = _coefficient_sign(Poly(factor, *variables))
        if sign is None:
            if multiplicity % 2:
                return None
            strict = False
        elif sign is Sign.NEGATIVE and multiplicity % 2:
            negative = not negative
    if strict:
        return Sign.NEGATIVE if negative else Sign.POSITIVE
    return Sign.NONPOSITIVE if negative else Sign.NONNEGATIVE


def _constant_sign(number: Expr) -> Sign | None:
    if number.is_positive:
        return Sign.POSITIVE
    return Sign.NEGATIVE if number.is_negative else None


def _coefficient_sign(poly: Poly) -> Sign | None:
    # Polya: a form that is positive on the open orthant has positive coefficients after
    # multiplication by a high enough power of the sum of its variables.
    total = Poly(1 + sum(poly.gens), *poly.gens)
    for _ in range(4):
        coefficients = poly.coeffs()
        if all(c.is_nonnegative for c in coefficients):
            return Sign.POSITIVE
        if all(c.is_nonpositive for c in coefficients):
            return Sign.NEGATIVE
        poly = poly * total
    return None
