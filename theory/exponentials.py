"""Exact roots of two transcendental families, by substitution.

* Polynomials in one exponential: with E = exp(c x), a polynomial of degree 1 or 2 in E.
* Two powers with one exponent: ``a u(x)**p + b v(x)**p = 0`` with u, v affine means
  ``u/v = (-b/a)**(1/p)``, which is affine again.

Both also hold with symbolic parameters; then the roots come as expressions.
"""

from __future__ import annotations

from sympy import Dummy, Expr, Rational, S, Symbol, exp, expand_mul, gcd, log

from theory.algebra import HIGHEST_POWER, coefficients, numerator_denominator, parts_of, tidy


def substitute_exact(expression: Expr, x: Symbol) -> list[Expr] | None:
    """Candidate real roots in closed form, or None where neither family fits.

    For a numeric expression the candidates are exactly the real roots. With symbolic
    parameters they are roots wherever they are real.

    Examples
    --------
    >>> from sympy import Symbol, exp, log
    >>> x = Symbol("x", real=True)
    >>> substitute_exact(3 - 2 * exp(5 * x), x)
    [log(3/2)/5]
    """
    found = _power_ratio(expression, x)
    return _exponential(expression, x) if found is None else found


def _rates(expression: Expr, x: Symbol) -> dict[Expr, tuple[Expr, Expr]] | None:
    rates = {}
    for atom in parts_of(expression, exp):
        if atom.has(x):
            found = coefficients(atom.args[0], x)
            if found is None or len(found) != 2:
                return None
            rates[atom] = (found[0], found[1])
    return rates or None


def fraction_in_one_exponential(
    expression: Expr, x: Symbol
) -> tuple[Expr, Expr, Symbol, Expr] | None:
    """Return ``(P, Q, E, c)``: the expression is P/Q in lowest terms, x in E = exp(c x) alone."""
    rates = _rates(expression, x)
    if rates is None:
        return None
    first = next(iter(rates.values()))[0]
    ratios = [tidy(rate / first) for rate, _ in rates.values()]
    if not all(ratio.is_Rational for ratio in ratios):
        return None
    unit = S.Zero
    for ratio in ratios:
        unit = gcd(unit, ratio)
    unit = Rational(unit)
    if first.is_negative or (not first.is_positive and first.could_extract_minus_sign()):
        unit = -unit
    if max(abs(ratio / unit) for ratio in ratios) > HIGHEST_POWER:
        return None
    grown = Dummy("E", positive=True)
    swapped = expression.xreplace(
        {
            atom: grown ** int(ratio / unit) * exp(shift)
            for (atom, (_, shift)), ratio in zip(rates.items(), ratios, strict=True)
        }
    )
    if swapped.has(x):
        return None
    numerator, denominator = numerator_denominator(swapped)
    return numerator, denominator, grown, first * unit


def _exponential(expression: Expr, x: Symbol) -> list[Expr] | None:
    form = fraction_in_one_exponential(expression, x)
    if form is None:
        return None
    numerator, _, grown, rate = form
    if not numerator.is_polynomial(grown):
        return None
    found = coefficients(numerator, grown)
    if found is None:
        return None
    while found and found[-1] == 0:
        found.pop()
    if len(found) == 2:
        values = [-found[1] / found[0]]
    elif len(found) == 3:
        a, b, c = found
        root = (b**2 - 4 * a * c) ** S.Half
        values = [(-b - root) / (2 * a), (-b + root) / (2 * a)]
    elif len(found) == 1:
        return []
    else:
        return None
    values = [tidy(v) for v in values]
    numeric = not numerator.free_symbols - {grown}
    return [
        log(v) / rate for v in dict.fromkeys(values) if not numeric or (v.is_real and v.is_positive)
    ]


def _power_ratio(expression: Expr, x: Symbol) -> list[Expr] | None:
    grouped: dict[Expr, Expr] = {}
    for term in expand_mul(expression).as_ordered_terms():
        constant, rest = term.as_independent(x, as_Add=False)
        grouped[rest] = grouped.get(rest, S.Zero) + constant
    if len(grouped) != 2:
        return None
    one, two = (_single_power(constant, rest, x) for rest, constant in grouped.items())
    if one is None or two is None:
        return None
    (a, u, p), (b, v, q) = one, two
    if p is None or q is None:
        p = q = p if q is None else q
    if p is None or p.is_Integer or tidy(p - q) != 0:
        return None
    ratio = tidy(-b / a)
    if ratio.is_negative or (ratio.is_number and not ratio.is_real):
        return []
    scale = ratio ** (1 / p)
    affine = coefficients(u - scale * v, x)
    if affine is None or len(affine) != 2:
        return [] if affine is not None else None
    return [tidy(-affine[1] / affine[0])]


def _single_power(constant: Expr, rest: Expr, x: Symbol) -> tuple[Expr, Expr, Expr | None] | None:
    """Return ``(k, u, p)`` with ``k * u**p`` the term and u affine; p None for a constant."""
    if rest == 1:
        return constant, S.One, None
    base, exponent = rest.as_base_exp()
    found = coefficients(base, x)
    if exponent.has(x) or found is None or len(found) != 2:
        return None
    return constant, base, exponent
