"""Symmetry points of a law whose parameters have no values yet, with their conditions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sympy import (
    Basic,
    Expr,
    Gt,
    Lt,
    Ne,
    S,
    diff,
    sqrt,
)

from theory.algebra import factored, factors_in, numerator_denominator, tidy
from theory.exponentials import substitute_exact
from theory.pieces import has_pieces
from theory.signs import Sign, prove_sign
from theory.symbols import w
from theory.symmetry import SymmetryPoint, SymmetryPoints

if TYPE_CHECKING:
    from theory.law import DeviceLaw

_SIGNED = {Sign.POSITIVE: True, Sign.NEGATIVE: False}


def symbolic_points(law: DeviceLaw) -> SymmetryPoints:
    """Symmetry points as expressions of the parameters, each with its conditions."""
    G = law.G
    if not G.has(w):
        return _constant(law)
    if has_pieces(G):
        return _implicit(law, "G is given piece by piece")
    candidates = _candidates(G)
    if candidates is None:
        return _implicit(law, "G has no closed-form roots")
    points = [p for p in (_point(law, c, extra) for c, extra in candidates) if p is not None]
    if points:
        return SymmetryPoints(points, "points", f"{len(points)} root(s) of G in closed form")
    return SymmetryPoints((), "none", f"no root of G = {G} lies inside {law.bounds}")


def _implicit(law: DeviceLaw, why: str) -> SymmetryPoints:
    missing = ", ".join(p.name for p in law.parameters if p.value is None)
    return SymmetryPoints(
        (), "implicit", f"{why} while {missing} have no values; use law.with_values(...)"
    )


def _constant(law: DeviceLaw) -> SymmetryPoints:
    if law.G.is_zero:
        return SymmetryPoints(
            (),
            "continuum",
            "G vanishes everywhere: every weight is a symmetry point",
            (law.bounds,),
        )
    return SymmetryPoints(
        (),
        "none",
        f"G = {law.G} does not depend on w: no weight is a symmetry point unless it is 0, "
        "and then every weight is one",
    )


def _candidates(G: Expr) -> list[tuple[Expr, tuple[Basic, ...]]] | None:
    parts = factors_in(numerator_denominator(G)[0], w)
    if parts is None:
        exact = substitute_exact(G, w)
        return None if exact is None else [(e, ()) for e in exact]
    roots: list[tuple[Expr, tuple[Basic, ...]]] = []
    for part in parts:
        if len(part) == 2:
            a, b = part
            roots.append((factored(tidy(-b / a)), (Ne(a, 0),)))
        elif len(part) == 3:
            a, b, c = part
            inside = factored(b**2 - 4 * a * c)
            real = (Gt(inside, 0), Ne(a, 0))
            roots += [((-b + s * sqrt(inside)) / (2 * a), real) for s in (-1, 1)]
        else:
            return None
    return roots


def _point(law: DeviceLaw, place: Expr, extra: tuple[Basic, ...]) -> SymmetryPoint | None:
    lower, upper = law.bounds
    conditions: list[Basic] = []
    for relation in (Gt(place, lower), Lt(place, upper), *extra):
        verdict = _decide(law, relation)
        if verdict is False:
            return None
        if verdict is None:
            conditions.append(relation)
    slope = tidy(diff(law.G, w).subs(w, place))
    sign = prove_sign(slope, law.region)
    return SymmetryPoint(
        place,
        None,
        None if sign is None else _SIGNED.get(sign),
        slope,
        "symbolic",
        tuple(conditions),
    )


def _decide(law: DeviceLaw, relation: Basic) -> bool | None:
    """Decide a relation where its sign is proved for all admissible parameters, else None."""
    if relation in (S.true, S.false):
        return bool(relation)
    sign = prove_sign(relation.lhs - relation.rhs, law.region)
    if isinstance(relation, Ne):
        return True if sign in (Sign.POSITIVE, Sign.NEGATIVE) else None
    wanted, opposite = (
        (Sign.POSITIVE, Sign.NEGATIVE)
        if isinstance(relation, Gt)
        else (Sign.NEGATIVE, Sign.POSITIVE)
    )
    if sign is wanted:
        return True
    return False if sign in (opposite, Sign.ZERO) else None
