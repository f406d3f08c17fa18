"""All real roots of a function of one variable in a closed interval, exact or certified.

The way is chosen by the class of the expression, never by a clock:

* a polynomial or a rational function with rational coefficients: exact (Sturm sequences);
* one exponential, or a ratio of powers: exact, by substitution (:mod:`theory.exponentials`);
* anything else: interval arithmetic covers the closed interval, sub-intervals in which the
  function is monotone give certified roots, refined to 30 digits. What cannot be decided
  (a root that only touches, say) comes back as such.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import (
    Expr,
    Float,
    Poly,
    Rational,
    S,
    Symbol,
    real_roots,
    sqrt,
)

from theory import certified
from theory.algebra import (
    HIGHEST_DEGREE,
    coefficients,
    degree_bound,
    freeze,
    numerator_denominator,
    tidy,
)
from theory.exponentials import substitute_exact
from theory.intervals import point, sign_of
from theory.pieces import Piece, has_pieces, split_pieces


@dataclass(frozen=True)
class Root:
    """One root.

    Attributes
    ----------
    expression : Expr
        Exact where ``method`` says so, else a Float of 30 digits.
    method : str
        "exact", "sturm" (an exact algebraic number, isolated by a Sturm sequence) or
        "interval" (certified by interval arithmetic).
    multiplicity : int or None
        None where it is not known.
    enclosure : (Expr, Expr)
        Numbers between which the root certainly lies.
    """

    expression: Expr
    method: str
    multiplicity: int | None
    enclosure: tuple[Expr, Expr]


@dataclass(frozen=True)
class Roots:
    """All roots in a closed interval, with what could not be decided."""

    found: tuple[Root, ...]
    continuum: tuple[tuple[Expr, Expr], ...] = ()
    undecided: tuple[tuple[Expr, Expr], ...] = ()


def is_zero(number: Expr) -> bool:
    """Whether an exact real number is zero; interval arithmetic first, algebra if it must."""
    if number.is_Rational:
        return bool(number == 0)
    if sign_of(point(number)):
        return False
    return tidy(number) == 0 or bool(number.equals(0))


def compare(a: Expr, b: Expr) -> int:
    """Sign of ``a - b`` for exact real numbers."""
    difference = a - b
    if difference.is_Rational:
        return (int(difference.p) > 0) - (int(difference.p) < 0)
    sign = sign_of(point(difference))
    if sign or is_zero(difference):
        return sign
    return 1 if difference.evalf(100) > 0 else -1


def roots_in(expression: Expr, x: Symbol, lower: Expr, upper: Expr) -> Roots:
    """All real roots of ``expression`` in the closed interval from ``lower`` to ``upper``.

    Parameters
    ----------
    expression : Expr
        A function of ``x`` alone, with exact numbers.
    x : Symbol
    lower, upper : Expr
        Exact real numbers, ``lower < upper``.

    Examples
    --------
    >>> from sympy import Symbol, S
    >>> x = Symbol("x", real=True)
    >>> [r.expression for r in roots_in(x**2 - 2, x, S(-1), S(2)).found]
    [sqrt(2)]
    """
    if has_pieces(expression):
        return _join(split_pieces(expression, x, lower, upper, roots_in), x)
    if not expression.has(x):
        whole = ((lower, upper),) if is_zero(expression) else ()
        return Roots((), continuum=whole)
    if degree_bound(expression, x) > HIGHEST_DEGREE:
        return _certified_roots(expression, x, lower, upper)
    polynomial = rational_numerator(expression, x)
    if polynomial is not None:
        return _polynomial_roots(polynomial, x, lower, upper)
    exact = _low_degree(expression, x)
    if exact is None:
        exact = substitute_exact(expression, x)
    if exact is not None:
        inside = [e for e in exact if compare(e, lower) >= 0 and compare(e, upper) <= 0]
        return Roots(tuple(_exact_root(e) for e in inside))
    return _certified_roots(expression, x, lower, upper)


def rational_numerator(expression: Expr, x: Symbol) -> Poly | None:
    """Numerator of a rational function with rational coefficients, else None."""
    if not expression.is_rational_function(x):
        return None
    if freeze(expression)[1]:
        return None
    if expression.is_polynomial(x):
        return Poly(expression, x)
    return Poly(numerator_denominator(expression)[0], x)


def _low_degree(expression: Expr, x: Symbol) -> list[Expr] | None:
    """Real roots of a polynomial of degree 1 or 2 whose coefficients are not rational."""
    found = coefficients(expression, x)
    if found is None or len(found) not in (2, 3) or is_zero(found[0]):
        return None
    if len(found) == 2:
        return [-found[1] / found[0]]
    a, b, c = found
    inside = b**2 - 4 * a * c
    if compare(inside, S.Zero) < 0:
        return []
    return [(-b - sqrt(inside)) / (2 * a), (-b + sqrt(inside)) / (2 * a)]


def _polynomial_roots(poly: Poly, x: Symbol, lower: Expr, upper: Expr) -> Roots:
    if poly.is_zero:
        return Roots((), continuum=((lower, upper),))
    found = []
    for factor, multiplicity in poly.factor_list()[1]:
        for root in real_roots(factor):
            if compare(root, lower) >= 0 and compare(root, upper) <= 0:
                method = "sturm" if factor.degree() > 2 else "exact"
                found.append(Root(root, method, multiplicity, (root, root)))
    return Roots(_ordered(found))


def _exact_root(expression: Expr) -> Root:
    return Root(expression, "exact", None, (expression, expression))


def _ordered(found: list[Root]) -> tuple[Root, ...]:
    return tuple(sorted(found, key=lambda root: Float(root.expression.evalf(40))))


def _certified_roots(expression: Expr, x: Symbol, lower: Expr, upper: Expr) -> Roots:
    at_ends = tuple(e for e in (lower, upper) if is_zero(expression.subs(x, e)))
    result = certified.isolate(expression, x, lower, upper, at_ends)
    found = [Root(e, "exact", None, (e, e)) for e in at_ends]
    for low, high in result.roots:
        middle = Float((low + high) / 2, 30)
        # The 30 digits that are shown must lie inside what is certified, too.
        shown = Rational(middle)
        enclosure = (min(_rational(low), shown), max(_rational(high), shown))
        found.append(Root(middle, "interval", 1, enclosure))
    undecided = tuple((_rational(a), _rational(b)) for a, b in result.undecided)
    return Roots(_ordered(found), undecided=undecided)


def _rational(number: object) -> Expr:
    return Rational(Float(number, 45))


def _join(pieces: list[Piece], x: Symbol) -> Roots:
    found: list[Root] = []
    continuum: list[tuple[Expr, Expr]] = []
    undecided: list[tuple[Expr, Expr]] = []
    for piece in pieces:
        part = roots_in(piece.expression, x, piece.lower, piece.upper)
        for root in part.found:
            if all(not is_zero(root.expression - other.expression) for other in found):
                found.append(root)
        continuum += part.continuum
        undecided += part.undecided
    kept = [
        r
        for r in found
        if not any(compare(r.expression, a) >= 0 >= compare(r.expression, b) for a, b in continuum)
    ]
    return Roots(_ordered(kept), tuple(continuum), tuple(undecided))


def sign_between(expression: Expr, x: Symbol, lower: Expr, upper: Expr) -> int:
    """Sign of a function without roots in the open interval, taken at one inner point."""
    for share in (S.Half, Rational(31, 97), Rational(71, 97)):
        sign = sign_of(point(expression.subs(x, lower + share * (upper - lower))))
        if sign:
            return sign
    return 0
