"""Normal form of expressions that are rational in symbols, exponentials and other functions.

SymPy's ``cancel`` writes exp(12.44625) as exp(1/100000) to the power 1244625 and then never
returns. Here every exponential is split over its summands and expressed by a *small* power of
one unit, every other function is frozen to a symbol, and only then the fraction is cancelled.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import count
from typing import Any

from sympy import (
    Basic,
    Dummy,
    E,
    Expr,
    Poly,
    Pow,
    Rational,
    S,
    Symbol,
    cancel,
    exp,
    expand_mul,
    factor,
    fraction,
    gcd,
    preorder_traversal,
    simplify,
    together,
)
from sympy.polys.polyerrors import PolynomialError

HIGHEST_POWER = 12

HIGHEST_DEGREE = 64
"""Beyond this degree nothing is multiplied out: intervals and quadrature take over."""


def parts_of(expression: Basic, *kinds: Any) -> list[Any]:
    """Return the parts of these kinds in the order they are written, each once.

    ``expression.atoms`` gives a set, whose order differs from run to run.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> x = Symbol("x", real=True)
    >>> parts_of(exp(2 * x) - x * exp(-x) + exp(2 * x) ** 3, exp)
    [exp(-x), exp(2*x), exp(6*x)]
    """
    return list(dict.fromkeys(p for p in preorder_traversal(expression) if isinstance(p, kinds)))


def tidy(expression: Expr) -> Expr:
    """Return the expression as one cancelled fraction.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> x = Symbol("x", real=True)
    >>> tidy((exp(2 * x) - 1) / (exp(x) - 1))
    exp(x) + 1
    """
    frozen, table = freeze(expression)
    once = cancel(together(frozen)).xreplace(table)
    if not any(value.is_Pow and value.exp.is_Rational for value in table.values()):
        return once
    # Putting square roots back may have squared them away; then there is more to cancel.
    frozen, table = freeze(once)
    return cancel(together(frozen)).xreplace(table)


def numerator_denominator(expression: Expr) -> tuple[Expr, Expr]:
    """Return numerator and denominator of the cancelled fraction."""
    frozen, table = freeze(expression)
    above, below = fraction(cancel(together(frozen)))
    return above.xreplace(table), below.xreplace(table)


def vanishes(expression: Expr) -> bool:
    """Whether an expression is proved to be identically zero.

    The normal form decides everything that is rational in symbols and exponentials;
    SymPy's ``simplify`` is asked only about what vanishes numerically and is not decided yet.
    """
    if expression.is_zero:
        return True
    rest = tidy(expression)
    if rest == 0:
        return True
    if not freeze(rest)[1]:
        return False
    # Multiplied out, products of exponentials and of roots combine by themselves.
    if numerator_denominator(rest)[0].expand() == 0:
        return True
    if _differs_somewhere(rest):
        return False
    return bool(simplify(rest) == 0)


def _differs_somewhere(expression: Expr) -> bool:
    """Whether the expression is clearly not zero at one of a few places."""
    symbols = sorted(expression.free_symbols, key=str)
    for start in (3, 5, 8):
        place = {
            s: Rational(start + 2 * i, 17) * (-1 if s.is_negative else 1)
            for i, s in enumerate(symbols)
        }
        value = expression.subs(place).evalf(30)
        if value.is_number and value.is_finite and abs(value) > Rational(1, 10**15):
            return True
    return False


def coefficients(expression: Expr, x: Symbol) -> list[Expr] | None:
    """Return the coefficients of a polynomial in x, highest first; None if it is none.

    Examples
    --------
    >>> from sympy import Symbol, exp
    >>> x = Symbol("x", real=True)
    >>> coefficients(exp(12) * (x + 1) ** 2, x)
    [exp(12), 2*exp(12), exp(12)]
    """
    if not expression.is_polynomial(x):
        return None
    frozen, table = freeze(expression)
    if any(value.has(x) for value in table.values()):
        return None
    return [c.xreplace(table) for c in Poly(frozen, x).all_coeffs()]


def degree_bound(expression: Expr, x: Symbol) -> int:
    """Return an upper bound of the degree in x, without multiplying anything out."""
    if not expression.has(x):
        return 0
    if expression.is_Add:
        return sum(degree_bound(part, x) for part in expression.args if _has_pole(part, x)) + max(
            degree_bound(part, x) for part in expression.args
        )
    if expression.is_Mul:
        return sum(degree_bound(part, x) for part in expression.args)
    if expression.is_Pow and expression.exp.is_Integer:
        return abs(int(expression.exp)) * degree_bound(expression.base, x)
    return 1


def _has_pole(part: Expr, x: Symbol) -> bool:
    return any(p.exp.is_negative for p in part.atoms(Pow) if p.base.has(x))


def factored(expression: Expr) -> Expr:
    """Return the expression as one cancelled fraction of products."""
    frozen, table = freeze(expression)
    return factor(cancel(together(frozen))).xreplace(table)


def factors_in(expression: Expr, x: Symbol) -> list[list[Expr]] | None:
    """Return the coefficient lists of the factors that contain x; None if it is no polynomial."""
    frozen, table = freeze(expression)
    if any(value.has(x) for value in table.values()):
        return None
    try:
        poly = Poly(frozen, x)
    except PolynomialError:
        return None
    return [
        [c.xreplace(table) for c in part.all_coeffs()]
        for part, _ in poly.factor_list()[1]
        if part.degree() > 0
    ]


def freeze(expression: Expr) -> tuple[Expr, dict[Dummy, Expr]]:
    """Replace everything that is not rational by symbols; return the way back, too."""
    expression = _plain_roots(expression)
    atoms: dict[Expr, Expr] = {}
    exponentials: dict[Expr, dict[Expr, Rational]] = {}
    _collect(expression, atoms, exponentials)
    units: dict[Expr, list[Rational]] = defaultdict(list)
    for powers in exponentials.values():
        for kernel, share in powers.items():
            units[kernel].append(share)
    table: dict[Dummy, Expr] = {}
    taken = {str(symbol) for symbol in expression.free_symbols}
    names: dict[tuple[Expr, Rational | None], tuple[Dummy, Rational]] = {}
    for kernel, shares in units.items():
        unit = Rational(gcd(shares)) if len(shares) > 1 else abs(shares[0])
        if max(abs(share / unit) for share in shares) <= HIGHEST_POWER:
            common = _named(exp(unit * kernel), table, taken)
            for share in shares:
                names[kernel, share] = common, share / unit
        else:
            for share in dict.fromkeys(shares):
                names[kernel, share] = _named(exp(share * kernel), table, taken), S.One
    back: dict[Expr, Expr] = {}
    for atom, powers in exponentials.items():
        product = S.One
        for kernel, share in powers.items():
            name, power = names[kernel, share]
            product *= name**power
        back[atom] = product
    for atom in atoms:
        back[atom] = _named(atom, table, taken)
    return _swap(expression, back), table


def _plain_roots(expression: Expr) -> Expr:
    """Write sqrt(396 + 4*x) as 2*sqrt(99 + x), so that equal roots look equal."""
    swaps = {}
    for power in expression.atoms(Pow):
        base, exponent = power.args
        if exponent.is_Rational and not exponent.is_Integer and base.is_Add:
            content, rest = base.primitive()
            if content != 1:
                swaps[power] = content**exponent * rest**exponent
    return expression.xreplace(swaps) if swaps else expression


def _named(value: Expr, table: dict[Dummy, Expr], taken: set[str]) -> Dummy:
    # SymPy orders symbols of one name by their hashes, which differ from run to run.
    label = next(f"f{n}" for n in count(len(table)) if f"_f{n}" not in taken)
    # The sign travels along, so that |x| and square roots of frozen parts stay simple.
    name = Dummy(label, positive=True) if value.is_positive else Dummy(label, real=value.is_real)
    taken.add(str(name))
    table[name] = value
    return name


def _is_rational_node(expression: Expr) -> bool:
    return bool(
        expression.is_Add or expression.is_Mul or (expression.is_Pow and expression.exp.is_Integer)
    ) and not isinstance(expression, exp)


def _collect(
    expression: Expr, atoms: dict[Expr, Expr], exponentials: dict[Expr, dict[Expr, Rational]]
) -> None:
    if expression.is_Symbol or expression.is_Rational:
        return
    if isinstance(expression, exp) or expression is E:
        argument = S.One if expression is E else expression.args[0]
        powers: dict[Expr, Rational] = defaultdict(lambda: S.Zero)
        for term in expand_mul(argument).as_ordered_terms():
            share, kernel = term.as_coeff_Mul()
            if share.is_Rational:
                powers[kernel] += share
            else:
                powers[term] += S.One
        exponentials[expression] = {k: s for k, s in powers.items() if s != 0}
    elif _is_rational_node(expression):
        for part in expression.args:
            _collect(part, atoms, exponentials)
    else:
        atoms[expression] = expression


def _swap(expression: Expr, back: dict[Expr, Expr]) -> Expr:
    if expression in back:
        return back[expression]
    if _is_rational_node(expression):
        return expression.func(*(_swap(part, back) for part in expression.args))
    return expression
