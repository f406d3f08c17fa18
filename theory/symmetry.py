r"""Symmetry points: weights at which one up pulse and one down pulse cancel.

With :math:`G = (q_{down} - q_{up})/2`, a symmetry point is a root of G inside the bounds.
Alternating pulses move the weight by about :math:`-2\delta G(w)` per pair, so the point is
stable where G changes sign from - to + (:math:`G'(w_\ast) > 0` suffices).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from sympy import Basic, Expr, Float, diff, oo

from theory.algebra import tidy
from theory.errors import NoSymmetryPoint, SeveralSymmetryPoints, UndecidedSymmetryPoint
from theory.intervals import point, sign_of
from theory.pieces import has_pieces, split_pieces
from theory.roots import Root, Roots, compare, is_zero, roots_in
from theory.symbols import to_latex, w

if TYPE_CHECKING:
    from theory.law import DeviceLaw


@dataclass(frozen=True)
class SymmetryPoint:
    """One symmetry point of a law.

    Attributes
    ----------
    expression : Expr
        Exact, or a Float of 30 digits where ``method`` is "interval".
    value : float or None
        As a number; None while it contains symbols.
    stable : bool or None
        True where G changes sign from - to +, False from + to -; None where it only
        touches zero, or where the sign depends on symbols.
    slope : Expr
        G'(w*); ``oo`` or ``-oo`` where G jumps across zero.
    method : str
        "exact", "sturm", "interval" (see :mod:`theory.roots`), "symbolic" or "jump".
    conditions : tuple of Basic
        What the parameters must satisfy; empty where nothing is left open.
    enclosure : (Expr, Expr) or None
        Numbers between which the point certainly lies.
    """

    expression: Expr
    value: float | None
    stable: bool | None
    slope: Expr
    method: str
    conditions: tuple[Basic, ...] = ()
    enclosure: tuple[Expr, Expr] | None = None

    def __float__(self) -> float:
        if self.value is None:
            raise NoSymmetryPoint(
                f"w* = {self.expression} contains symbols; give them values with law.with_values"
            )
        return self.value

    def evaluate(self, digits: int = 30) -> Expr:
        """Return the point to that many digits (30 at most where it is an interval root)."""
        return self.expression.evalf(digits)

    def _repr_latex_(self) -> str:
        kind = {True: "stable", False: "unstable", None: "undetermined"}[self.stable]
        return rf"$\displaystyle w_\ast = {to_latex(self.expression)}\quad\text{{({kind})}}$"


class SymmetryPoints(tuple[SymmetryPoint, ...]):
    """The symmetry points of a law, with a name and a reason for what they are.

    Attributes
    ----------
    outcome : str
        "points", "none", "continuum", "undecided" or "implicit" (no closed form while
        parameters have no values).
    reason : str
        One sentence that says why.
    continuum : tuple of (Expr, Expr)
        Closed intervals on which G vanishes.
    undecided : tuple of (Expr, Expr)
        Intervals in which a root could be neither shown nor excluded.
    """

    outcome: str
    reason: str
    continuum: tuple[tuple[Expr, Expr], ...]
    undecided: tuple[tuple[Expr, Expr], ...]

    def __new__(
        cls,
        points: Iterable[SymmetryPoint] = (),
        outcome: str = "points",
        reason: str = "",
        continuum: tuple[tuple[Expr, Expr], ...] = (),
        undecided: tuple[tuple[Expr, Expr], ...] = (),
    ) -> Self:
        """Return a tuple that carries its outcome and reason."""
        made = super().__new__(cls, points)
        made.outcome, made.reason = outcome, reason
        made.continuum, made.undecided = continuum, undecided
        return made

    def __getnewargs__(self) -> tuple[object, ...]:
        return (tuple(self), self.outcome, self.reason, self.continuum, self.undecided)

    def __repr__(self) -> str:
        inside = ", ".join(repr(p) for p in self)
        return f"SymmetryPoints([{inside}], {self.outcome}: {self.reason})"


@dataclass(frozen=True)
class _Signs:
    """Signs of G between its roots, for numeric laws."""

    G: Expr
    lower: Expr
    upper: Expr
    cuts: tuple[Expr, ...] = field(default=())

    def beside(self, place: Expr) -> tuple[int | None, int | None]:
        ordered = sorted({self.lower, self.upper, *self.cuts}, key=lambda c: c.evalf(40))
        left = [c for c in ordered if compare(c, place) < 0]
        right = [c for c in ordered if compare(c, place) > 0]
        return (
            self._at((left[-1] + place) / 2) if left else None,
            self._at((place + right[0]) / 2) if right else None,
        )

    def _at(self, place: Expr) -> int:
        return sign_of(point(self.G.subs(w, place)))


def symmetry_points(law: DeviceLaw) -> SymmetryPoints:
    """All symmetry points of a law inside its closed bounds.

    Examples
    --------
    >>> from theory import laws
    >>> symmetry_points(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3))[0].expression
    3/10
    >>> symmetry_points(laws.constant_step(imbalance=0.3, w_max=1, w_min=-1)).reason
    'G = -3/10 nowhere vanishes: the up and down steps differ by a constant'
    """
    if not law.is_numeric:
        from theory.symbolic_symmetry import symbolic_points

        return symbolic_points(law)
    lower, upper = law.bounds
    roots = roots_in(law.G, w, lower, upper)
    jumps = _jumps(law, roots)
    cuts = tuple(r.expression for r in (*roots.found, *jumps))
    cuts += tuple(e for pair in (*roots.continuum, *roots.undecided) for e in pair)
    signs = _Signs(law.G, lower, upper, cuts)
    points = [_numeric_point(law, root, signs) for root in roots.found]
    points += [_numeric_point(law, jump, signs) for jump in jumps]
    points.sort(key=lambda p: float(p))
    return SymmetryPoints(points, *_outcome(law, points, roots), roots.continuum, roots.undecided)


def _outcome(law: DeviceLaw, points: list[SymmetryPoint], roots: Roots) -> tuple[str, str]:
    if roots.undecided:
        places = ", ".join(f"[{Float(a, 8)}, {Float(b, 8)}]" for a, b in roots.undecided)
        return "undecided", f"a root of G could be neither shown nor excluded in {places}"
    if roots.continuum:
        places = ", ".join(f"[{a}, {b}]" for a, b in roots.continuum)
        return "continuum", f"G vanishes on {places}: every weight there is a symmetry point"
    if points:
        return "points", f"{len(points)} root(s) of G inside the bounds"
    if not law.G.has(w):
        return "none", f"G = {law.G} nowhere vanishes: the up and down steps differ by a constant"
    stronger = "down" if signs_inside(law) > 0 else "up"
    return (
        "none",
        f"G nowhere vanishes inside {law.bounds}: the {stronger} step is larger throughout",
    )


def signs_inside(law: DeviceLaw) -> int:
    """Sign of G in the middle of the bounds."""
    lower, upper = law.bounds
    return sign_of(point(law.G.subs(w, (lower + upper) / 2)))


def _numeric_point(law: DeviceLaw, root: Root, signs: _Signs) -> SymmetryPoint:
    left, right = signs.beside(root.expression)
    stable: bool | None = None
    if left in (-1, None) and right in (1, None):
        stable = True
    elif left in (1, None) and right in (-1, None):
        stable = False
    if root.method == "jump":
        slope: Expr = oo if stable else -oo
    else:
        slope = _slope_at(law, root.expression)
    value = float(root.expression.evalf(30))
    return SymmetryPoint(
        root.expression, value, stable, slope, root.method, enclosure=root.enclosure
    )


def _slope_at(law: DeviceLaw, place: Expr) -> Expr:
    G = law.G
    if has_pieces(G):
        pieces = split_pieces(G, w, *law.bounds, roots_in)
        G = next(p.expression for p in pieces if compare(place, p.upper) <= 0)
    slope = diff(G, w).subs(w, place)
    return tidy(slope) if place.is_Rational else slope


def _jumps(law: DeviceLaw, roots: Roots) -> list[Root]:
    if not has_pieces(law.G):
        return []
    pieces = split_pieces(law.G, w, *law.bounds, roots_in)
    jumps = []
    for one, two in itertools.pairwise(pieces):
        cut = one.upper
        left, right = (sign_of(point(p.expression.subs(w, cut))) for p in (one, two))
        known = any(is_zero(r.expression - cut) for r in roots.found)
        if left * right < 0 and not known:
            jumps.append(Root(cut, "jump", None, (cut, cut)))
    return jumps


def single_point(law: DeviceLaw) -> SymmetryPoint:
    """Return the only symmetry point of a law.

    Raises
    ------
    NoSymmetryPoint, SeveralSymmetryPoints, UndecidedSymmetryPoint
        With the reason, where there is not exactly one.
    """
    points = symmetry_points(law)
    where = f"law {law.name!r}"
    if points.outcome == "undecided":
        raise UndecidedSymmetryPoint(f"{where}: {points.reason}; use law.symmetry_points()")
    if points.outcome == "continuum":
        raise SeveralSymmetryPoints(f"{where}: {points.reason}; choose one yourself")
    if not points:
        raise NoSymmetryPoint(f"{where}: {points.reason}")
    if len(points) > 1:
        listed = "; ".join(
            f"{p.expression if p.value is None else p.value}"
            f" ({ {True: 'stable', False: 'unstable', None: 'undetermined'}[p.stable] })"
            for p in points
        )
        raise SeveralSymmetryPoints(
            f"{where} has {len(points)} symmetry points: {listed}; "
            "choose one from law.symmetry_points()"
        )
    return points[0]
