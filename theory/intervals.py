"""Interval arithmetic on SymPy expressions: an enclosure of a function over a whole box.

``evaluator(expr, x)`` compiles an expression of one variable to a function from intervals
to intervals (mpmath, 40 digits, outward rounding). The result *contains* every value the
expression takes on the interval, so a result that excludes 0 is a proof.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sympy
from mpmath import MPContext, MPIntervalContext
from sympy import Expr, Symbol

from theory.errors import LawError

DIGITS = 40
iv = MPIntervalContext()
iv.dps = DIGITS
mp = MPContext()
mp.dps = DIGITS

Interval = Any
Evaluator = Callable[[Interval], Interval]

_EVERYTHING = iv.mpf([-mp.inf, mp.inf])


def point(number: Expr) -> Interval:
    """Enclosure of an exact real SymPy number."""
    return evaluator(number, _NOTHING)(iv.mpf(0))


_NOTHING = sympy.Dummy("nothing")


def box(lower: Any, upper: Any) -> Interval:
    """Return the interval from ``lower`` to ``upper`` (mpf numbers)."""
    return iv.mpf([lower, upper])


def box_of(lower: Expr, upper: Expr) -> Interval:
    """Return the smallest interval that certainly holds two exact numbers."""
    return box(ends(point(lower))[0], ends(point(upper))[1])


def overlaps(one: Interval, two: Interval) -> bool:
    """Whether two intervals may have a point in common."""
    (a, b), (c, d) = ends(one), ends(two)
    return not (b < c or d < a)


def ends(interval: Interval) -> tuple[Any, Any]:
    """Lower and upper end of an interval, as mpf numbers."""
    low, high = interval._mpi_
    return mp.make_mpf(low), mp.make_mpf(high)


def contains_zero(interval: Interval) -> bool:
    """Whether an enclosure contains 0 (a NaN enclosure contains everything)."""
    low, high = ends(interval)
    return not (low > 0 or high < 0)


def sign_of(interval: Interval) -> int:
    """+1 or -1 where the enclosure excludes 0, else 0."""
    low, high = ends(interval)
    return 1 if low > 0 else -1 if high < 0 else 0


def _monotone(function: Callable[[Any], Any], increasing: bool = True) -> Evaluator:
    slack = mp.mpf(10) ** (2 - DIGITS)

    def enclose(x: Interval) -> Interval:
        low, high = ends(x)
        if mp.isnan(low) or mp.isnan(high):
            return _EVERYTHING
        a, b = function(low), function(high)
        if not increasing:
            a, b = b, a
        return box(a - abs(a) * slack - slack**2, b + abs(b) * slack + slack**2)

    return enclose


def _guarded(function: Evaluator, domain_low: int | None) -> Evaluator:
    def enclose(x: Interval) -> Interval:
        low, high = ends(x)
        if domain_low is not None and not low > domain_low:
            if high <= domain_low:
                return _EVERYTHING
            return box(-mp.inf, ends(function(box(high, high)))[1])
        return function(x)

    return enclose


def _absolute(x: Interval) -> Interval:
    low, high = ends(x)
    if low >= 0:
        return x
    if high <= 0:
        return -x
    return box(mp.mpf(0), max(-low, high))


def _square_root(x: Interval) -> Interval:
    low, high = ends(x)
    if high < 0:
        return _EVERYTHING
    return iv.sqrt(box(max(low, mp.mpf(0)), high))


_FUNCTIONS: dict[Any, Evaluator] = {
    sympy.exp: iv.exp,
    sympy.log: _guarded(iv.log, 0),
    sympy.sin: iv.sin,
    sympy.cos: iv.cos,
    sympy.Abs: _absolute,
    sympy.tanh: _monotone(mp.tanh),
    sympy.sinh: _monotone(mp.sinh),
    sympy.asinh: _monotone(mp.asinh),
    sympy.atan: _monotone(mp.atan),
    sympy.erf: _monotone(mp.erf),
    sympy.erfc: _monotone(mp.erfc, increasing=False),
}


def evaluator(expression: Expr, x: Symbol) -> Evaluator:
    """Compile ``expression`` in the one variable ``x`` to an interval function.

    Raises
    ------
    LawError
        If it contains other symbols, or a function without an interval extension.
    """
    if expression == x:
        return lambda value: value
    if expression.is_Rational:
        constant = iv.mpf(int(expression.p)) / iv.mpf(int(expression.q))
        return lambda value: constant
    if expression is sympy.pi:
        return lambda value: +iv.pi
    if expression is sympy.E:
        return lambda value: iv.exp(iv.mpf(1))
    if not expression.args:
        return _leaf(expression)
    if expression.is_Add or expression.is_Mul:
        return _fold(expression, x)
    if expression.is_Pow:
        return _power(expression, x)
    if isinstance(expression, (sympy.Min, sympy.Max)):
        return _extremum(expression, x)
    if isinstance(expression, sympy.cosh):
        inner = evaluator(expression.args[0], x)
        rising = _monotone(mp.cosh)
        return lambda value: rising(_absolute(inner(value)))
    function = _FUNCTIONS.get(expression.func)
    if function is None:
        if not expression.free_symbols and expression.is_real:
            return _number(expression)
        raise LawError(
            f"{expression.func.__name__} in {expression} has no interval arithmetic here; "
            f"use {', '.join(sorted(f.__name__ for f in _FUNCTIONS))}, cosh, powers, "
            "Min, Max or Piecewise"
        )
    inner = evaluator(expression.args[0], x)
    return lambda value: function(inner(value))


def _leaf(expression: Expr) -> Evaluator:
    if expression.is_number and expression.is_real:
        return _number(expression)
    raise LawError(f"{expression} has no value; give it one with law.with_values(...)")


def _number(expression: Expr) -> Evaluator:
    value = mp.mpf(sympy.N(expression, DIGITS + 10)._mpf_)
    slack = abs(value) * mp.mpf(10) ** (1 - DIGITS)
    constant = box(value - slack, value + slack)
    return lambda _: constant


def _fold(expression: Expr, x: Symbol) -> Evaluator:
    parts = [evaluator(a, x) for a in expression.args]
    if expression.is_Add:
        return lambda value: sum((p(value) for p in parts[1:]), parts[0](value))

    def product(value: Interval) -> Interval:
        total = parts[0](value)
        for p in parts[1:]:
            total = total * p(value)
        return total

    return product


def _power(expression: Expr, x: Symbol) -> Evaluator:
    base, exponent = expression.args
    inner = evaluator(base, x)
    if exponent.is_Integer:
        n = int(exponent)
        if n >= 0:
            return lambda value: inner(value) ** n

        def reciprocal(value: Interval) -> Interval:
            below = inner(value) ** (-n)
            return _EVERYTHING if contains_zero(below) else 1 / below

        return reciprocal
    if exponent == sympy.Rational(1, 2):
        return lambda value: _square_root(inner(value))
    if base is sympy.E:
        upper = evaluator(exponent, x)
        return lambda value: iv.exp(upper(value))
    return _real_power(inner, evaluator(exponent, x))


def _real_power(inner: Evaluator, exponent: Evaluator) -> Evaluator:
    def enclose(value: Interval) -> Interval:
        low, high = ends(inner(value))
        p = exponent(value)
        if high <= 0:
            return _EVERYTHING
        if low > 0:
            return iv.exp(p * iv.log(box(low, high)))
        if ends(p)[0] > 0:
            return box(mp.mpf(0), ends(iv.exp(p * iv.log(box(high, high))))[1])
        return _EVERYTHING

    return enclose


def _extremum(expression: Expr, x: Symbol) -> Evaluator:
    parts = [evaluator(a, x) for a in expression.args]
    choose = min if isinstance(expression, sympy.Min) else max

    def enclose(value: Interval) -> Interval:
        pairs = [ends(p(value)) for p in parts]
        return box(choose(a for a, _ in pairs), choose(b for _, b in pairs))

    return enclose
