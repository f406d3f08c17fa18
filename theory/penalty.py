r"""The implicit penalty of plain SGD: it minimises ``loss + E|g|*R(w)`` with R' = G/F.

Dividing the balance E[g]*F + E|g|*G by F leaves the derivative of the loss plus
E|g|*psi(w), psi = G/F. Hence :math:`R(w) = \int_{w_\ast}^{w}\psi`, which is convex around a
stable symmetry point: asymmetry pulls every weight to its own symmetry point (Wu et al.,
arXiv 2502.06309).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, S

from theory.calculus import Primitive, integrate_from, quadrature
from theory.law import DeviceLaw
from theory.laws.catalogue import CATALOGUE
from theory.pieces import has_pieces, split_pieces
from theory.roots import roots_in
from theory.symbols import w


@dataclass(frozen=True)
class Penalty:
    """The implicit penalty of a law.

    Attributes
    ----------
    law : DeviceLaw
    base : Expr
        Where R vanishes: the symmetry point if there is one, else 0.
    primitive : Primitive
    """

    law: DeviceLaw
    base: Expr
    primitive: Primitive

    @property
    def expression(self) -> Expr:
        """R(w)."""
        return self.primitive.expression

    @property
    def closed(self) -> bool:
        """Whether R is a closed form; if not, ``expression`` is a named ``Integral``."""
        return self.primitive.closed

    def value(self, place: Any) -> Any:
        """Return R at one weight: the closed form, or quadrature of psi."""
        if self.closed:
            return self.expression.subs(w, place).evalf(30)
        return self.by_quadrature(place)

    def by_quadrature(self, place: Any) -> Any:
        """Return R at one weight by integrating psi numerically, piece by piece."""
        psi = self.law.psi
        target = S(place)
        start = self.base
        if not has_pieces(psi):
            return quadrature(psi, w, start.evalf(35), target.evalf(35))
        sign, low, high = (1, start, target) if start < target else (-1, target, start)
        return sign * sum(
            quadrature(p.expression, w, p.lower.evalf(35), p.upper.evalf(35))
            for p in split_pieces(psi, w, low, high, roots_in)
        )


def implicit_penalty(law: DeviceLaw) -> Penalty:
    """Return the implicit penalty of a law.

    Examples
    --------
    >>> from theory import implicit_penalty, laws
    >>> implicit_penalty(laws.linear_asymmetry(tau=1, w_star=0)).expression
    w**2/2
    """
    points = law.symmetry_points()
    stable = [p for p in points if p.stable]
    chosen = stable or list(points)
    start = chosen[0].expression if chosen else S.Zero
    return Penalty(law, start, integrate_from(law.psi, w, start, law.bounds))


@dataclass(frozen=True)
class PenaltyLine:
    """One line of :func:`penalty_table`."""

    law: str
    closed: bool
    reason: str


def penalty_table() -> tuple[PenaltyLine, ...]:
    """Return which laws of the catalogue, at their defaults, have a closed-form penalty."""
    lines = []
    for entry in CATALOGUE.values():
        found = implicit_penalty(entry.law())
        lines.append(PenaltyLine(entry.name, found.closed, found.primitive.reason))
    return tuple(lines)
