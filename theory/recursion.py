"""Fixed points of a user's own recursion or differential equation on analog devices.

SHD, Tiki-Taka and residual learning are instances: a few state variables, the functions F
and G of the law, and a gradient. Equations are taken apart one variable at a time: factors
are split, absolute values are split by sign, an equation in one unknown is solved exactly or
certified, an equation linear in one unknown eliminates it. Nothing open-ended is tried, and
what this does not reach is returned as the equations that remain.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sympy import Abs, Expr, Function, Matrix, S, Symbol, diff, factor_list

from theory.algebra import coefficients, freeze, numerator_denominator, parts_of, tidy, vanishes
from theory.errors import ConditionError
from theory.exact import exact_expression
from theory.intervals import mp
from theory.law import DeviceLaw
from theory.roots import roots_in
from theory.signs import Region, Sign, prove_sign
from theory.symbols import w

F = Function("F")
"""Stands for the law's F in an equation: ``F(A)``."""

G = Function("G")
"""Stands for the law's G in an equation: ``G(A)``."""


@dataclass(frozen=True)
class FixedState:
    """One fixed point.

    Attributes
    ----------
    values : tuple of (Symbol, Expr)
        The state.
    remaining : tuple of Expr
        What must vanish besides; empty where the point is fully solved.
    stable : bool or None
        True or False by the eigenvalues of the Jacobian; None where they are symbolic or
        on the border.
    eigenvalues : tuple of Expr
        Of the Jacobian, where it exists; on a kink those of every side, one after another.
    """

    values: tuple[tuple[Symbol, Expr], ...]
    remaining: tuple[Expr, ...]
    stable: bool | None
    eigenvalues: tuple[Expr, ...]

    def __getitem__(self, symbol: Symbol) -> Expr:
        return dict(self.values)[symbol]


def fixed_points(
    equations: Mapping[Symbol, Expr],
    state: Iterable[Symbol],
    law: DeviceLaw | Mapping[Symbol, DeviceLaw],
    kind: str = "flow",
) -> tuple[FixedState, ...]:
    """Return all fixed points that can be reached by elimination, with their stability.

    Parameters
    ----------
    equations : dict {state symbol: Expr}
        A flow: the time derivatives. A map: the next values. ``F(x)`` and ``G(x)`` stand for
        the law's functions at the state variable x.
    state : iterable of Symbol
    law : DeviceLaw, or dict {state symbol: DeviceLaw}
        The law of every state variable, or one for each.
    kind : {"flow", "map"}

    Raises
    ------
    ConditionError
        If an equation is missing, or F or G is taken of something that is no state variable.

    Examples
    --------
    SHD with the reference at zero:

    >>> from theory import laws
    >>> from theory.symbols import A, C
    >>> law = laws.linear_asymmetry(1, 0)
    >>> flow = {A: -(C * F(A) + G(A) / 2), C: A}
    >>> point = fixed_points(flow, (A, C), law)[0]
    >>> point.values, point.stable
    (((A, 0), (C, 0)), True)
    """
    names = tuple(state)
    if kind not in ("flow", "map"):
        raise ConditionError(f"kind = {kind!r} must be 'flow' or 'map'")
    missing = [str(s) for s in names if s not in equations]
    if missing:
        raise ConditionError(f"equations lack {', '.join(missing)}; give one for each state")
    unreal = [str(s) for s in names if s.is_real is not True]
    if unreal:
        raise ConditionError(f"state symbols must be real: Symbol({unreal[0]!r}, real=True)")
    moves = {s: _with_law(exact_expression(equations[s]), names, law) for s in names}
    if kind == "map":
        moves = {s: moves[s] - s for s in names}
    laws = {s: law if isinstance(law, DeviceLaw) else law[s] for s in names}
    region = {s: d for own in laws.values() for s, d in own.region.items()}
    found: list[FixedState] = []
    for values, rest in _solve([moves[s] for s in names], names, laws, {}):
        point = _classify(moves, names, values, rest, kind, region)
        if all(point.values != other.values for other in found):
            found.append(point)
    return tuple(found)


def _with_law(
    expression: Expr, names: tuple[Symbol, ...], law: DeviceLaw | Mapping[Symbol, DeviceLaw]
) -> Expr:
    for call in parts_of(expression, F, G):
        place = call.args[0]
        if place not in names:
            raise ConditionError(f"{call}: F and G are taken of state variables only")
        own = law if isinstance(law, DeviceLaw) else law[place]
        value = (own.F if call.func == F else own.G).subs(w, place)
        expression = expression.xreplace({call: value})
    return expression


Solution = tuple[dict[Symbol, Expr], tuple[Expr, ...]]


def _solve(
    equations: list[Expr],
    unknowns: tuple[Symbol, ...],
    laws: Mapping[Symbol, DeviceLaw],
    known: dict[Symbol, Expr],
) -> list[Solution]:
    live = [e for e in equations if not vanishes(e)]
    if not live:
        return [(known, ())]
    if any(not (e.free_symbols & set(unknowns)) for e in live):
        return [] if any(e.is_number for e in live) else [(known, tuple(live))]
    live.sort(key=lambda e: (len(e.free_symbols & set(unknowns)), e.count_ops()))
    for equation in live:
        rest = [e for e in live if e is not equation]
        for symbol in unknowns:
            if not equation.has(symbol):
                continue
            branches = _branches(equation, symbol, unknowns, laws)
            if branches is None:
                continue
            left = tuple(s for s in unknowns if s != symbol)
            out: list[Solution] = []
            for value in branches:
                shorter = [_substitute(e, symbol, value) for e in rest]
                done = {s: _substitute(v, symbol, value) for s, v in known.items()}
                out += _solve(shorter, left, laws, {**done, symbol: value})
            return [(_resolved(values), r) for values, r in out]
    return [(known, tuple(live))]


def _substitute(expression: Expr, symbol: Symbol, value: Expr) -> Expr:
    replaced = expression.subs(symbol, value)
    return tidy(replaced) if not replaced.has(Abs) else replaced


def _resolved(values: dict[Symbol, Expr]) -> dict[Symbol, Expr]:
    return {s: v.subs(values) for s, v in values.items()}


def _branches(
    equation: Expr, symbol: Symbol, unknowns: tuple[Symbol, ...], laws: Mapping[Symbol, DeviceLaw]
) -> list[Expr] | None:
    others = (equation.free_symbols & set(unknowns)) - {symbol}
    if equation.has(Abs):
        signed = [a for a in equation.atoms(Abs) if a.args[0].has(symbol)]
        if len(signed) != 1 or diff(signed[0].args[0], symbol, 2) != 0:
            return None
        found: list[Expr] = []
        for sign in (1, -1):
            part = _branches(
                equation.xreplace({signed[0]: sign * signed[0].args[0]}), symbol, unknowns, laws
            )
            if part is None:
                return None
            found += [v for v in part if _fits(signed[0].args[0].subs(symbol, v), sign)]
        return list(dict.fromkeys(found))
    if equation.free_symbols == {symbol}:
        lower, upper = laws[symbol].bounds
        if not (lower.free_symbols or upper.free_symbols):
            return [r.expression for r in roots_in(equation, symbol, lower, upper).found]
    return _linear_factors(equation, symbol, others, laws)


def _linear_factors(
    equation: Expr, symbol: Symbol, others: set[Symbol], laws: Mapping[Symbol, DeviceLaw]
) -> list[Expr] | None:
    frozen, table = freeze(numerator_denominator(equation)[0])
    if any(value.has(symbol) for value in table.values()):
        return None
    factors = [(part.xreplace(table), power) for part, power in factor_list(frozen)[1]]
    values: list[Expr] = []
    for part, _ in factors:
        if not part.has(symbol) or _never_zero(part, laws):
            continue
        found = coefficients(part, symbol)
        if found is None or len(found) != 2:
            return None
        a, b = found
        if a.free_symbols & others and not _never_zero(a, laws):
            return None
        values.append(tidy(-b / a))
    return values


def _never_zero(part: Expr, laws: Mapping[Symbol, DeviceLaw]) -> bool:
    """Whether a factor is a positive multiple of F, q_up or q_down of some state variable."""
    for symbol, law in laws.items():
        for q in (law.F, law.up, law.down):
            ratio = tidy(part / q.subs(w, symbol))
            if not ratio.has(symbol) and ratio != 0 and part.has(symbol):
                return True
    return False


def _fits(value: Expr, sign: int) -> bool:
    if value.is_zero:
        return True
    return not (value.is_negative if sign > 0 else value.is_positive)


def _classify(
    moves: Mapping[Symbol, Expr],
    names: tuple[Symbol, ...],
    values: dict[Symbol, Expr],
    rest: tuple[Expr, ...],
    kind: str,
    region: Region,
) -> FixedState:
    ordered = tuple((s, values.get(s, s)) for s in names)
    place = dict(ordered)
    spectra: list[Expr] = []
    verdicts: list[bool | None] = []
    for side in _sides(list(moves.values()), place):
        jacobian = Matrix([[diff(side[i], s) for s in names] for i in range(len(names))])
        at = jacobian.subs(place).applyfunc(tidy)
        if kind == "map":
            at = at + Matrix.eye(len(names))
        if len(names) > 2 and at.free_symbols:
            verdicts.append(None)
            continue
        numbers = _eigenvalues(at)
        spectra += numbers
        symbolic = at.free_symbols and len(names) == 2
        verdicts.append(_by_signs(at, kind, region) if symbolic else _verdict(numbers, kind))
    stable = None if None in verdicts or not verdicts else all(verdicts)
    if stable is None and verdicts.count(False):
        stable = False
    return FixedState(ordered, rest, stable, tuple(spectra))


def _sides(moves: list[Expr], place: dict[Symbol, Expr]) -> list[list[Expr]]:
    kinks = sorted({a for move in moves for a in move.atoms(Abs)}, key=str)
    sides = [moves]
    for kink in kinks:
        value = kink.args[0].subs(place)
        signs = [1, -1] if vanishes(value) else [-1 if value.is_negative else 1]
        sides = [
            [m.xreplace({kink: s * kink.args[0]}) for m in side] for side in sides for s in signs
        ]
    return sides


def _eigenvalues(matrix: Matrix) -> list[Expr]:
    if matrix.free_symbols:
        return [e for e, count in matrix.eigenvals().items() for _ in range(count)]
    # Numeric: roots of the characteristic polynomial at high precision, sure to return.
    coefficients = matrix.charpoly().all_coeffs()
    roots = mp.polyroots([mp.mpf(str(c.evalf(35))) for c in coefficients], maxsteps=200)
    return [S(complex(r).real) + S.ImaginaryUnit * S(complex(r).imag) for r in roots]


def _by_signs(matrix: Matrix, kind: str, region: Region) -> bool | None:
    """Stability of a symbolic 2x2 matrix by Routh's (flow) or Jury's (map) conditions."""
    trace, det = matrix.trace(), matrix.det()
    tests = (-trace, det) if kind == "flow" else (1 - det, 1 + det - trace, 1 + det + trace)
    known = {
        s: (0 if s.is_positive else S.NegativeInfinity, S.Infinity)
        for s in sorted(matrix.free_symbols, key=str)
    }
    signs = [prove_sign(tidy(test), {**region, **known, **region}) for test in tests]
    if all(sign is Sign.POSITIVE for sign in signs):
        return True
    return False if Sign.NEGATIVE in signs else None


def _verdict(numbers: list[Expr], kind: str) -> bool | None:
    if any(n.free_symbols for n in numbers):
        return None
    sizes = [float(abs(n)) - 1 if kind == "map" else float(n.as_real_imag()[0]) for n in numbers]
    worst = max(sizes)
    if abs(worst) < 1e-12:
        return None
    return worst < 0
