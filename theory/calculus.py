"""Antiderivatives of the classes that occur here, each checked by differentiation.

Closed forms are found for rational functions (partial fractions, degree 2 at most after
factoring), for rational functions of one exponential, and piece by piece. Everything else
stays a named ``Integral``. No heuristic integrator is called, so the outcome depends on the
class of the expression alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import (
    Dummy,
    Expr,
    Integral,
    Piecewise,
    Poly,
    S,
    Symbol,
    apart,
    atan,
    cancel,
    diff,
    exp,
    fraction,
    log,
    sqrt,
    together,
)
from sympy.polys.polyerrors import PolynomialError

from theory.algebra import HIGHEST_DEGREE, degree_bound, freeze, tidy, vanishes
from theory.exponentials import fraction_in_one_exponential
from theory.intervals import mp
from theory.pieces import has_pieces, split_pieces
from theory.roots import roots_in

Table = dict[Dummy, Expr]

# Each piece carries the logarithms of all pieces before it; beyond this it is no formula to read.
MOST_PIECES = 30


@dataclass(frozen=True)
class Primitive:
    """An integral from a base point to x.

    Attributes
    ----------
    expression : Expr
        The integral; zero at the base point.
    closed : bool
        False where it is a named ``Integral``.
    reason : str
        Which class it was recognised as.
    """

    expression: Expr
    closed: bool
    reason: str

    def at(self, **numbers: Any) -> Expr:
        """Return the value with symbols replaced by name, quadrature where it is not closed."""
        names = {s: numbers[s.name] for s in self.expression.free_symbols if s.name in numbers}
        return self.expression.subs(names).evalf(30)


def integrate_from(
    integrand: Expr, x: Symbol, base: Expr, bounds: tuple[Expr, Expr] | None = None
) -> Primitive:
    """Integrate from ``base`` to ``x``.

    Parameters
    ----------
    integrand : Expr
    x : Symbol
    base : Expr
        Lower end of the integral, free of ``x``.
    bounds : (Expr, Expr), optional
        Needed for a function given piece by piece: the interval it is meant on.

    Examples
    --------
    >>> from sympy import Symbol, S
    >>> x = Symbol("x", real=True)
    >>> integrate_from(x / (2 - x), x, S(0)).expression
    -x - 2*log(1 - x/2)
    """
    if has_pieces(integrand):
        return _by_pieces(integrand, x, base, bounds)
    made = _closed(integrand, x, base)
    if made is not None:
        expression, reason = made
        if _derivative_agrees(expression, integrand, x):
            return Primitive(expression, True, reason)
    return _named(integrand, x, base, "no closed form in this class")


def _named(integrand: Expr, x: Symbol, base: Expr, reason: str) -> Primitive:
    inner = Symbol("s", real=True)
    return Primitive(Integral(integrand.xreplace({x: inner}), (inner, base, x)), False, reason)


def _closed(integrand: Expr, x: Symbol, base: Expr) -> tuple[Expr, str] | None:
    if not integrand.has(x):
        return integrand * (x - base), "constant"
    if degree_bound(integrand, x) > HIGHEST_DEGREE:
        return None
    if integrand.is_rational_function(x):
        found = _rational(integrand, x, base)
        return None if found is None else (found, "rational")
    return _exponential(integrand, x, base)


def _rational(integrand: Expr, x: Symbol, base: Expr) -> Expr | None:
    try:
        # Constants such as exp(5) are frozen first: they must not become polynomial variables.
        frozen, table = freeze(integrand)
        total = S.Zero
        for part in apart(cancel(together(frozen)), x).as_ordered_terms():
            term = _term(part, x, base, table)
            if term is None:
                return None
            total += term
    except PolynomialError:
        return None
    return total.xreplace(table)


def _term(part: Expr, x: Symbol, base: Expr, table: Table) -> Expr | None:
    above, below = fraction(together(part))
    bottom = Poly(below, x)
    if bottom.degree() == 0:
        primitive = Poly(above, x).integrate()
        grown = primitive.as_expr() / below
        return grown - grown.subs(x, base)
    constant, factors = bottom.factor_list()
    if len(factors) != 1:
        return None
    factor, power = factors[0]
    top = Poly(above, x)
    if factor.degree() == 1:
        return _linear_term(top, factor, constant, power, x, base)
    if factor.degree() == 2 and power == 1:
        return _quadratic_term(top, factor, constant, x, base, table)
    return None


def _linear_term(
    top: Poly, factor: Poly, constant: Expr, power: int, x: Symbol, base: Expr
) -> Expr | None:
    if top.degree() > 0:
        return None
    a, line = factor.LC(), factor.as_expr()
    scale = top.LC() / (constant * a)
    if power == 1:
        # The ratio of the line to its value at the base is 1 there and positive beside it.
        return scale * log(_ratio(line, x, base))
    grown = scale * line ** (1 - power) / (1 - power)
    return grown - grown.subs(x, base)


def _ratio(line: Expr, x: Symbol, base: Expr) -> Expr:
    ratio = line / line.subs(x, base)
    return ratio.expand() if base.is_number and not ratio.free_symbols - {x} else ratio


def _quadratic_term(
    top: Poly, factor: Poly, constant: Expr, x: Symbol, base: Expr, table: Table
) -> Expr | None:
    if top.degree() > 1:
        return None
    a, b, c = factor.all_coeffs()
    m, n = top.coeff_monomial(x) / constant, top.coeff_monomial(1) / constant
    square = factor.as_expr()
    even = m / (2 * a) * log(square / square.subs(x, base))
    inside = tidy(4 * a * c - b**2).xreplace(table)
    rest = tidy(n - m * b / (2 * a))
    if rest == 0:
        return even
    if inside.is_negative:
        root = sqrt(-inside)
        grown = log(_ratio(2 * a * x + b - root, x, base) / _ratio(2 * a * x + b + root, x, base))
        return even + rest / root * grown
    if not inside.is_positive:
        return None
    root = sqrt(inside)
    turn = atan((2 * a * x + b) / root)
    return even + 2 * rest / root * (turn - turn.subs(x, base))


def _exponential(integrand: Expr, x: Symbol, base: Expr) -> tuple[Expr, str] | None:
    form = fraction_in_one_exponential(integrand, x)
    if form is None:
        return None
    numerator, denominator, mark, rate = form
    if not (numerator.is_polynomial(mark) and denominator.is_polynomial(mark)):
        return None
    found = _rational(numerator / (denominator * mark * rate), mark, exp(rate * base))
    if found is None:
        return None
    # log of a bare exponential is linear; writing it so keeps the result real and short.
    linear = found.xreplace({log(_ratio(mark, mark, exp(rate * base))): rate * (x - base)})
    return linear.xreplace({mark: exp(rate * x)}), "rational in one exponential"


def _by_pieces(
    integrand: Expr, x: Symbol, base: Expr, bounds: tuple[Expr, Expr] | None
) -> Primitive:
    if bounds is None or integrand.free_symbols != {x}:
        return _named(integrand, x, base, "given piece by piece")
    pieces = split_pieces(integrand, x, *bounds, roots_in)
    # One Piecewise, not a quotient of several: SymPy would multiply all their branches out.
    joined = Piecewise(
        *((p.expression, x < p.upper) for p in pieces[:-1]), (pieces[-1].expression, True)
    )
    if len(pieces) > MOST_PIECES:
        return _named(joined, x, base, f"given by more than {MOST_PIECES} pieces")
    parts = []
    for piece in pieces:
        part = integrate_from(piece.expression, x, piece.lower)
        if not part.closed:
            return _named(joined, x, base, "given piece by piece")
        parts.append((piece, part.expression))
    total, branches, shift = S.Zero, [], S.Zero
    for piece, expression in parts:
        branches.append((piece, total + expression))
        if piece.lower <= base <= piece.upper:
            shift = total + expression.subs(x, base)
        total += expression.subs(x, piece.upper)
    table = [(value - shift, x < piece.upper) for piece, value in branches[:-1]]
    return Primitive(
        Piecewise(*table, (branches[-1][1] - shift, True)), True, "piece by piece, each closed"
    )


def _derivative_agrees(expression: Expr, integrand: Expr, x: Symbol) -> bool:
    """Whether the derivative equals the integrand, by algebra."""
    return vanishes(diff(expression, x) - integrand)


def quadrature(integrand: Expr, x: Symbol, lower: Any, upper: Any) -> Any:
    """Integrate numerically to about 30 digits (mpmath, tanh-sinh)."""

    def value(place: Any) -> Any:
        number = integrand.subs(x, place).evalf(35)
        return mp.mpf(str(number))

    return mp.quad(value, [mp.mpf(lower), mp.mpf(upper)])
