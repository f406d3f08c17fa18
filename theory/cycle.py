r"""Alternating pulses: the two-pulse map, its cycle, and how fast it is reached.

One up pulse and one down pulse make the map

.. math:: T(w) = u - \delta\,q_{down}(u), \qquad u = w + \delta\,q_{up}(w).

Its fixed point is not w* itself but a two-point cycle around it: the weight after the down
pulse, and the weight after the up pulse. To first order in the step :math:`\delta`, with
F, F', G' taken at w*, they are

.. math:: w_\ast - \tfrac{\delta}{2}F\Bigl(1 + \frac{F'}{G'}\Bigr), \qquad
          w_\ast + \tfrac{\delta}{2}F\Bigl(1 - \frac{F'}{G'}\Bigr).

Starting with the down pulse runs through the same two points in the other order.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from sympy import (
    Expr,
    S,
    Symbol,
    ceiling,
    diff,
    factorial,
    log,
    sqrt,
    symbols,
)

from theory.algebra import coefficients, tidy
from theory.errors import ConditionError, NoSymmetryPoint
from theory.exact import exact_number
from theory.intervals import box_of, evaluator, overlaps, point, sign_of
from theory.law import DeviceLaw
from theory.pieces import Piece, has_pieces, split_pieces
from theory.roots import Root, compare, roots_in
from theory.symbols import dw_min, w
from theory.symmetry import SymmetryPoint


@dataclass(frozen=True)
class Orbit:
    """A two-point cycle of alternating pulses at one step size.

    Attributes
    ----------
    after_down, after_up : Expr
        The two weights.
    multiplier : Expr
        Factor by which one pair shrinks a small distance to the cycle.
    stable : bool
        Whether that factor lies strictly between -1 and 1.
    method : str
        How the point was found; see :mod:`theory.roots`.
    """

    after_down: Expr
    after_up: Expr
    multiplier: Expr
    stable: bool
    method: str


@dataclass(frozen=True)
class Pairs:
    """Number of up/down pairs, with what it is worth.

    Attributes
    ----------
    number : Expr
        Pairs needed; not rounded where symbols remain.
    exact : bool
        True for affine maps. False: asymptotic, relative error of order ``dw_min``.
    """

    number: Expr
    exact: bool


@dataclass(frozen=True)
class AlternatingCycle:
    """What alternating pulses do around one symmetry point of a law.

    Attributes
    ----------
    law : DeviceLaw
    point : SymmetryPoint
        The symmetry point the cycle belongs to.
    """

    law: DeviceLaw
    point: SymmetryPoint

    @cached_property
    def map(self) -> Expr:
        """Weight after an up pulse and then a down pulse."""
        raised = w + dw_min * self.law.up
        return raised - dw_min * self.law.down.subs(w, raised)

    @cached_property
    def reversed_map(self) -> Expr:
        """Weight after a down pulse and then an up pulse."""
        lowered = w - dw_min * self.law.down
        return lowered + dw_min * self.law.up.subs(w, lowered)

    @cached_property
    def is_affine(self) -> bool:
        """Whether both steps are straight lines, so that the map is exactly solvable."""
        return all(_degree(q) is not None for q in (self.law.up, self.law.down))

    @cached_property
    def exact(self) -> tuple[Expr, Expr] | None:
        """Exact cycle (after down, after up) of an affine map, else None."""
        if not self.is_affine:
            return None
        m = tidy(diff(self.map, w))
        c = self.map.subs(w, 0)
        low = tidy(c / (1 - m))
        return low, tidy(low + dw_min * self.law.up.subs(w, low))

    def series(self, order: int = 1) -> tuple[Expr, Expr]:
        """Cycle (after down, after up) as a series in ``dw_min``.

        Parameters
        ----------
        order : int
            Highest power of ``dw_min`` that is kept, 1 to 4; the error is of the next order.
        """
        if order not in (1, 2, 3, 4):
            raise ConditionError(f"order = {order} must be 1, 2, 3 or 4")
        centre = self.point.expression
        self._require_slope()
        low, high = _universal_series(order)
        numbers: dict[Symbol, Expr] = {}
        for k in range(order + 1):
            numbers[_UP[k]] = diff(self.law.up, w, k).subs(w, centre)
            numbers[_DOWN[k]] = diff(self.law.down, w, k).subs(w, centre)
        if centre.is_Rational or centre.free_symbols:
            numbers = {symbol: tidy(value) for symbol, value in numbers.items()}
        low, high = (
            sum(c.xreplace(numbers) * dw_min**n for n, c in enumerate(side, 1))
            for side in (low, high)
        )
        return centre + low, centre + high

    def midpoint(self, order: int = 1) -> Expr:
        """Return the mean of the two points; off w* by ``-dw_min*F*F'/(2*G')``."""
        low, high = self.series(order)
        return (low + high) / 2

    @cached_property
    def multiplier(self) -> Expr:
        """Shrinking factor per pair: exact for affine maps, else ``1 - 2*dw_min*G'(w*)``."""
        if self.is_affine:
            return tidy(diff(self.map, w))
        return 1 - 2 * dw_min * self.point.slope

    def orbits(self, step: Any) -> tuple[Orbit, ...]:
        """Every cycle inside the bounds at one step size, certified.

        Parameters
        ----------
        step : number
            ``dw_min``; the law must have all its values.
        """
        number = _positive(step, "dw_min")
        self._require_numbers("orbits")
        found: list[Orbit] = []
        upper = self.law.bounds[1]
        for root in self._cycle_roots(number):
            low = root.expression
            high = low + number * self._smooth(self.law.up, low).subs(w, low)
            if compare(high, upper) > 0 or any(compare(low, o.after_down) == 0 for o in found):
                continue
            factor = 1 + number * diff(self._smooth(self.law.up, low), w).subs(w, low)
            factor *= 1 - number * diff(self._smooth(self.law.down, high), w).subs(w, high)
            stable = compare(factor, S.One) < 0 and compare(factor, S.NegativeOne) > 0
            found.append(Orbit(low, high, factor, stable, root.method))
        return tuple(found)

    def basin(self, step: Any) -> tuple[Expr, Expr]:
        """Weights from which alternating pulses come to this cycle.

        The map must rise everywhere (``dw_min*|q'| < 1``); then neighbouring unstable
        cycles, or the bounds, limit the basin.

        Raises
        ------
        ConditionError
            If the map is not proved to rise, or no stable cycle belongs to the point.
        """
        number = _positive(step, "dw_min")
        self._require_monotone(number)
        orbits = self.orbits(number)
        stable = [o for o in orbits if o.stable]
        if not stable:
            raise ConditionError(f"no stable cycle at dw_min = {number}; take a smaller step")
        mine = min(stable, key=lambda o: abs(float(o.after_down) - float(self.point)))
        lower, upper = self.law.bounds
        for orbit in orbits:
            if orbit.stable:
                continue
            if compare(orbit.after_down, mine.after_down) < 0:
                lower = orbit.after_down
            elif upper == self.law.bounds[1]:
                upper = orbit.after_down
        return lower, upper

    def pairs(self, start: Any, within: Any, step: Any = dw_min) -> Pairs:
        r"""Pairs after which the weight is within a distance of the cycle.

        Affine maps: the exact :math:`\lceil \ln(|w_0 - w_c|/\varepsilon)/(-\ln|m|) \rceil`,
        w_c the point after the down pulse. Otherwise :math:`\ln(|w_0-w_\ast|/\varepsilon)/
        (2\delta G'(w_\ast))`, with a relative error of order :math:`\delta`.

        Examples
        --------
        >>> from theory import alternating_cycle, laws
        >>> cycle = alternating_cycle(laws.soft_bounds(2, -2, 0.3))
        >>> cycle.pairs(start=0, within=0.0012, step=0.001)
        Pairs(number=6213, exact=True)
        """
        given = start if isinstance(start, Expr) else exact_number(start, "start")
        goal, size = _positive(within, "within"), _positive(step, "dw_min")
        if self.point.stable is False:
            raise ConditionError(
                f"the symmetry point {self.point.expression} is unstable: pulses lead away from it"
            )
        if self.exact is not None:
            distance = (given - self.exact[0]).subs(dw_min, size)
            factor = abs(self.multiplier.subs(dw_min, size))
            if factor.is_number and not bool(factor < 1):
                raise ConditionError(
                    f"dw_min = {size}: a pair multiplies the distance by {factor}, which does "
                    "not shrink it; take a smaller step"
                )
            number = log(abs(distance) / goal) / -log(factor)
            if not distance.free_symbols and distance == 0:
                return Pairs(S.Zero, True)
        else:
            self._require_slope()
            number = log(abs(given - self.point.expression) / goal) / (2 * size * self.point.slope)
        if number.is_number:
            number = max(S.Zero, ceiling(number))
        return Pairs(number, self.is_affine)

    @cached_property
    def noise_spread(self) -> Expr:
        r"""Standard deviation of the end point per unit of cycle noise :math:`\sigma`.

        .. math:: \sigma F(w_\ast)\sqrt{\delta/(2G'(w_\ast))}

        to first order in :math:`\delta`: two pulses add the variance
        :math:`2\delta^2\sigma^2F^2`, and a pair shrinks it by :math:`1 - 4\delta G'`.
        """
        self._require_slope()
        return self.law.F.subs(w, self.point.expression) * sqrt(dw_min / (2 * self.point.slope))

    # -- helpers -------------------------------------------------------------------------
    def _cycle_roots(self, step: Expr) -> list[Root]:
        """Roots of q_up(w) - q_down(w + step*q_up(w)), one pair of smooth pieces at a time."""
        found: list[Root] = []
        downs = self._pieces(self.law.down)
        for rise in self._pieces(self.law.up):
            raised = w + step * rise.expression
            reach = evaluator(raised, w)(box_of(rise.lower, rise.upper))
            for fall in downs:
                if not overlaps(reach, box_of(fall.lower, fall.upper)):
                    continue
                balance = rise.expression - fall.expression.subs(w, raised)
                for root in roots_in(balance, w, rise.lower, rise.upper).found:
                    high = raised.subs(w, root.expression)
                    if compare(high, fall.lower) >= 0 and compare(high, fall.upper) <= 0:
                        found.append(root)
        return found

    def _pieces(self, q: Expr) -> list[Piece]:
        lower, upper = self.law.bounds
        if has_pieces(q):
            return split_pieces(q, w, lower, upper, roots_in)
        return [Piece(lower, upper, q)]

    def _smooth(self, q: Expr, place: Expr) -> Expr:
        if not has_pieces(q):
            return q
        pieces = split_pieces(q, w, *self.law.bounds, roots_in)
        return next(p.expression for p in pieces if compare(place, p.upper) <= 0)

    def _require_numbers(self, what: str) -> None:
        if not self.law.is_numeric:
            raise ConditionError(f"{what} needs a law with values; use law.with_values(...)")

    def _require_slope(self) -> None:
        slope = self.point.slope
        if slope.is_zero or (not slope.is_finite and slope.is_number):
            raise ConditionError(
                f"G'(w*) = {slope}: the series in dw_min needs a finite slope that is not 0"
            )

    def _require_monotone(self, step: Expr) -> None:
        self._require_numbers("the basin")
        lower, upper = self.law.bounds
        for sign, q in ((1, self.law.up), (-1, self.law.down)):
            pieces = (
                [
                    (p.lower, p.upper, p.expression)
                    for p in split_pieces(q, w, lower, upper, roots_in)
                ]
                if has_pieces(q)
                else [(lower, upper, q)]
            )
            for a, b, smooth in pieces:
                rate = 1 + sign * step * diff(smooth, w)
                inside = (
                    sign_of(point(rate.subs(w, (a + b) / 2)))
                    if rate.has(w)
                    else sign_of(point(rate))
                )
                roots = roots_in(rate, w, a, b) if rate.has(w) else None
                if inside <= 0 or (roots and (roots.found or roots.undecided)):
                    raise ConditionError(
                        f"dw_min = {step}: one pulse does not keep the order of weights, since "
                        "dw_min*|q'| reaches 1; take a smaller step"
                    )


def alternating_cycle(law: DeviceLaw, point: SymmetryPoint | None = None) -> AlternatingCycle:
    """Return the cycle of alternating pulses around a symmetry point.

    Parameters
    ----------
    law : DeviceLaw
    point : SymmetryPoint, optional
        One of ``law.symmetry_points()``; left out, the only one there is.

    Examples
    --------
    >>> from theory import alternating_cycle, laws
    >>> cycle = alternating_cycle(laws.soft_bounds(1, -1, 0))
    >>> cycle.exact
    (dw_min/(dw_min - 2), -dw_min/(dw_min - 2))
    """
    chosen = law.symmetry_point() if point is None else point
    if point is not None and not any(point == known for known in law.symmetry_points()):
        raise NoSymmetryPoint(
            f"point = {point.expression} is no symmetry point of law {law.name!r}; "
            "take one of law.symmetry_points()"
        )
    return AlternatingCycle(law, chosen)


def _positive(value: Any, argument: str) -> Expr:
    """Return an exact number above 0, or an expression that is not known to be anything else."""
    given = value if isinstance(value, Expr) else exact_number(value, argument)
    if given.is_number and not given.is_positive:
        raise ConditionError(f"{argument} = {given} must be above 0")
    return given


def _degree(q: Expr) -> int | None:
    found = coefficients(q, w)
    return len(found) - 1 if found is not None and len(found) <= 2 else None


_UP = symbols("u0:5", real=True)
_DOWN = symbols("d0:5", real=True)


@lru_cache(maxsize=8)
def _universal_series(order: int) -> tuple[tuple[Expr, ...], tuple[Expr, ...]]:
    """Return the series of both points for any law, in its derivatives at w*.

    ``u_k`` and ``d_k`` stand for the k-th derivatives of q_up and q_down; u_0 = d_0. The
    balance q_up(x) = q_down(x + dw_min*q_up(x)) is solved order by order.
    """

    def taylor(values: tuple[Symbol, ...], x: Expr) -> Expr:
        return sum(values[k] * x**k / factorial(k) for k in range(order + 1))

    x, found = S.Zero, []
    down = (_UP[0], *_DOWN[1:])
    for n, unknown in enumerate(symbols(f"c1:{order + 1}"), 1):
        trial = x + unknown * dw_min**n
        reach = trial + dw_min * taylor(_UP, trial)
        balance = (taylor(_UP, trial) - taylor(down, reach)).expand().coeff(dw_min, n)
        found.append(tidy(-balance.subs(unknown, 0) / diff(balance, unknown)))
        x += found[-1] * dw_min**n
    raised = (x + dw_min * taylor(_UP, x)).expand()
    return tuple(found), tuple(raised.coeff(dw_min, n) for n in range(1, order + 1))
