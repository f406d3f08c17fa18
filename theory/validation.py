"""What a well-formed law must satisfy, and where it does not: errors with the place."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from sympy import Expr, Float, I, Pow, Rational, Symbol, log, nan, oo, pi, zoo

from theory.algebra import parts_of
from theory.errors import BoundsError, LawError, NotPositiveError, PoleError
from theory.intervals import evaluator, point, sign_of
from theory.pieces import has_pieces, split_pieces
from theory.roots import compare, is_zero, roots_in, sign_between
from theory.symbols import same_name, w

if TYPE_CHECKING:
    from theory.law import DeviceLaw


ROUNDING = Rational(1, 10**12)
"""Part of the range next to a bound in which the sign of a step is not looked at."""


def check_symbols(law: DeviceLaw, constant: bool) -> None:
    """Only w and the declared parameters may appear; w must be the real state symbol."""
    forms = {"up": law.up_form, "down": law.down_form}
    for argument, form in forms.items():
        strangers = same_name(form, "w") - {w}
        if strangers:
            raise LawError(
                f"{argument} = {form}: its symbol w carries other assumptions than the state "
                "symbol, and such a w can lose roots; use `from theory import w` (real)"
            )
        if form.has(I) or form.has(nan, oo, zoo):
            raise LawError(f"{argument} = {form} is complex or not finite; give a real expression")
    known = {p.symbol for p in law.parameters} | {w}
    for argument, form in {
        **forms,
        "w_min": law.bounds_form[0],
        "w_max": law.bounds_form[1],
    }.items():
        unknown = sorted(str(s) for s in form.free_symbols - known)
        if unknown:
            raise LawError(
                f"{argument} = {form} contains the unknown symbol(s) {', '.join(unknown)}; "
                f"declare them, for example parameters={{{unknown[0]!r}: None}}"
            )
    for end in law.bounds_form:
        if end.has(w):
            raise BoundsError(f"bounds = {law.bounds_form} contain the state w; give numbers")
    if not constant and not any(form.has(w) for form in forms.values()):
        raise LawError(
            f"neither up = {law.up_form} nor down = {law.down_form} contains the state symbol w "
            "(`from theory import w`); for a constant step use laws.constant_step(...)"
        )


def check_bounds(law: DeviceLaw) -> None:
    """Check that the bounds hold 0 strictly inside."""
    lower, upper = law.bounds
    remedy = "the bounds must satisfy w_min < 0 < w_max"
    for argument, end in (("w_min", lower), ("w_max", upper)):
        if not end.free_symbols and not (end.is_real and end.is_finite):
            raise BoundsError(f"{argument} = {end} is not a finite real number; {remedy}")
    if not lower.free_symbols and not upper.free_symbols and compare(lower, upper) >= 0:
        raise BoundsError(f"bounds = ({lower}, {upper}) are reversed or empty; {remedy}")
    if not lower.free_symbols and compare(lower, lower * 0) >= 0:
        raise BoundsError(f"w_min = {lower} must be below 0; {remedy}")
    if not upper.free_symbols and compare(upper, upper * 0) <= 0:
        raise BoundsError(f"w_max = {upper} must be above 0; {remedy}")


def check_steps(law: DeviceLaw) -> None:
    """q_up and q_down are finite, real and positive everywhere in the open interval."""
    lower, upper = law.bounds
    for argument, q in (("up", law.up), ("down", law.down)):
        pieces = (
            [(p.lower, p.upper, p.expression) for p in split_pieces(q, w, lower, upper, roots_in)]
            if has_pieces(q)
            else [(lower, upper, q)]
        )
        for a, b, smooth in pieces:
            _check_defined(law, argument, smooth, a, b)
            _check_positive(law, argument, smooth, a, b)


def _where(place: Expr) -> str:
    return f"w = {Float(place.evalf(30), 10):.8g}"


def _check_defined(law: DeviceLaw, argument: str, q: Expr, a: Expr, b: Expr) -> None:
    for part in parts_of(q, Pow, log):
        # A logarithm is treated as a power with an irrational negative exponent.
        base, exponent = (part.args[0], -pi) if isinstance(part, log) else part.args
        if not base.has(w):
            continue
        strict = exponent.is_negative is not False
        if strict:
            poles = roots_in(base, w, a, b)
            for place in [r.expression for r in poles.found] + [e[0] for e in poles.undecided]:
                raise PoleError(
                    f"{argument} = {q} of law {law.name!r} has a pole at {_where(place)}, inside "
                    f"the bounds {law.bounds}; move the bounds or the pole"
                )
        if not exponent.is_integer:
            _check_real(law, argument, q, base, a, b)
    try:
        evaluator(q, w)
    except LawError as error:
        raise LawError(f"{argument} of law {law.name!r}: {error}") from None


def _check_real(law: DeviceLaw, argument: str, q: Expr, base: Expr, a: Expr, b: Expr) -> None:
    place = _first_nonpositive(base, a, b, touching=True)
    if place is not None:
        raise LawError(
            f"{argument} = {q} of law {law.name!r} is complex near {_where(place)}, where "
            f"{base} is negative; the bounds {law.bounds} must keep it positive"
        )


def _first_nonpositive(
    q: Expr, a: Expr, b: Expr, touching: bool = False, x: Symbol = w
) -> Expr | None:
    """Return a place in the open interval where q is not positive, or None."""
    roots = roots_in(q, x, a, b)
    if roots.continuum:
        return (a + b) / 2
    inner = [
        r.expression for r in roots.found if compare(r.expression, a) * compare(r.expression, b) < 0
    ]
    cuts = sorted([a, *inner, b], key=lambda c: c.evalf(40))
    for low, high in itertools.pairwise(cuts):
        if sign_between(q, x, low, high) <= 0:
            at_root = any(low == c for c in inner)
            return low if at_root else high if any(high == c for c in inner) else (low + high) / 2
    if inner and not touching:
        return inner[0]
    return roots.undecided[0][0] if roots.undecided else None


def _check_positive(law: DeviceLaw, argument: str, q: Expr, a: Expr, b: Expr) -> None:
    place = None if positive_by_factors(q, a, b) else _first_nonpositive(q, a, b)
    if place is None:
        return
    # SymPy multiplies decimals out, exp(-7.9*(1 + w)) to 3.7e-4*exp(-7.9*w), with 15 digits: a
    # step that vanishes at a bound may then turn that much before it, where no weight is.
    lower, upper = law.bounds
    sliver = (upper - lower) * ROUNDING
    inner_a, inner_b = (a + sliver if a == lower else a), (b - sliver if b == upper else b)
    if _first_nonpositive(q, inner_a, inner_b) is None:
        return
    raise NotPositiveError(
        f"q_{argument} = {q} of law {law.name!r} is not positive at or beyond {_where(place)}, "
        f"inside the bounds {law.bounds}; narrow the bounds or change {argument}"
    )


def positive_by_factors(q: Expr, a: Expr, b: Expr, x: Symbol = w) -> bool:
    """Whether q is a product of factors that are each positive on the open interval.

    This settles powers with a branch point at a bound, which defeat an enclosure of q'.
    """
    if q.is_Mul or (q.is_Pow and q.args[0].has(x)):
        factors = q.args if q.is_Mul else (q.args[0],)
        return all(positive_by_factors(part, a, b, x) for part in factors)
    if not q.has(x):
        return bool(q.is_positive) or (not is_zero(q) and sign_of(point(q)) > 0)
    return _first_nonpositive(q, a, b, x=x) is None
