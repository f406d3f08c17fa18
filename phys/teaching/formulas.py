"""Answers that are formulas: equal if they agree everywhere, whatever they look like."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from sympy import (
    Derivative,
    Expr,
    Float,
    Integer,
    Integral,
    Limit,
    Pow,
    Product,
    Rational,
    Sum,
    Symbol,
)
from sympy.core.function import AppliedUndef

from phys.teaching.reading import LARGEST_POWER, Unreadable, read_formula
from phys.teaching.verdict import Verdict, kind_of, missing
from phys.teaching.watchdog import TookTooLong, time_limit

SECONDS = 5.0
MOST_OPERATIONS = 400
MOST_BITS = 200
PLACES = 12
DIGITS = 30
EXACT = 1e-14
CLOSE = 1e-3

SPELLINGS = {
    "δ": "dw_min",
    "delta": "dw_min",
    "ρ": "rho",
    "τ": "tau",
    "γ": "gamma",
    "σ": "sigma",
    "η": "eta",
    "κ": "kappa",
}

UNDONE = (Derivative, Integral, Limit, Product, Sum)

Place = dict[Symbol, Any]


@dataclass(frozen=True)
class Formula:
    """A judge of formulas.

    Two formulas are equal if they have the same value, to 14 digits, at a dozen random
    places: no simplification is needed, so that none can hang. Symbols count by their names,
    whatever is assumed about them.

    Parameters
    ----------
    right : callable
        Computes the right formula, in symbols of :mod:`theory.symbols`.
    because : str
        What the formula shows; said after a right answer.
    mistakes : mapping of sentence to callable
        Typical wrong formulas, each with what to say about it.
    swaps : mapping of sentence to {name: name}
        Names that readers exchange, such as w_max and w_min, with what to say then.
    aliases : mapping of name to name
        Other names that readers use, such as N for n. Greek letters count anyway.
    domain : mapping of name to (lower, upper)
        Where the formula is compared; by default (0.2, 0.9) times the sign of the symbol, and
        (-0.9, 0.9) where it has none.

    Examples
    --------
    >>> from theory.symbols import rho, w_max
    >>> judge = Formula(lambda: rho * w_max, "The point moves with the imbalance.")
    >>> judge.judge(w_max * (1 + rho) - w_max).passed
    True
    >>> judge.judge(-rho * w_max).message
    'the formula has the wrong sign: check what counts as positive.'
    """

    right: Callable[[], Expr]
    because: str
    mistakes: Mapping[str, Callable[[], Expr]] = field(default_factory=dict)
    swaps: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    domain: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    def judge(self, answer: Any) -> Verdict:
        """Return the verdict on `answer`."""
        try:
            with time_limit(SECONDS):
                return self._judge(answer)
        except TookTooLong:
            return Verdict(
                False, f"comparing the formula took more than {SECONDS:g} s; write it more simply."
            )

    def _judge(self, answer: Any) -> Verdict:
        right = self.right()
        given = read(answer)
        if isinstance(given, str):
            return Verdict(False, given)
        known = {s.name: s for s in right.free_symbols if isinstance(s, Symbol)}
        others = {
            s.name: s
            for wrong in self.mistakes.values()
            for s in wrong().free_symbols
            if isinstance(s, Symbol)
        }
        renamed = rename(given, {**others, **known}, self.aliases)
        extra = sorted(s.name for s in renamed.free_symbols - set(known.values()))
        places = self._places({*known.values(), *renamed.free_symbols})
        comparison = Comparison.of(renamed, right, places)
        if comparison.same:
            return Verdict(True, self.because)
        for sentence, wrong in self.mistakes.items():
            if Comparison.of(renamed, wrong(), places).same:
                return Verdict(False, sentence)
        if extra:
            return Verdict(False, foreign(extra, known))
        if known and not renamed.free_symbols:
            wanted = _listed(known)
            return Verdict(False, f"the answer is a number; a formula in {wanted} is asked for.")
        for sentence, names in self.swaps.items():
            swapped = right.xreplace({known[a]: known[b] for a, b in names.items()})
            if Comparison.of(renamed, swapped, places).same:
                return Verdict(False, sentence)
        return Verdict(False, comparison.difference())

    def _places(self, symbols: set[Symbol]) -> list[Place]:
        stream = Random(19072019)
        places = []
        for _ in range(PLACES):
            place: Place = {}
            for symbol in sorted(symbols, key=str):
                ends = self.domain.get(symbol.name) or _usual(symbol)
                low, high = (Rational(str(end)) for end in ends)
                share = Rational(stream.randrange(1, 1000), 1000)
                place[symbol] = low + (high - low) * share
            places.append(place)
        return places


def _usual(symbol: Symbol) -> tuple[Rational, Rational]:
    near, far = Rational(1, 5), Rational(9, 10)
    if symbol.is_positive:
        return near, far
    return (-far, -near) if symbol.is_negative else (-far, far)


@dataclass(frozen=True)
class Comparison:
    """The values of two formulas at the same places; None where one has no real value."""

    places: list[Place]
    given: list[float | None]
    right: list[float | None]

    @classmethod
    def of(cls, given: Expr, right: Expr, places: list[Place]) -> Comparison:
        """Evaluate both formulas at `places`."""
        return cls(places, [value(given, p) for p in places], [value(right, p) for p in places])

    def _pairs(self) -> list[tuple[float, float]]:
        return [
            (a, b)
            for a, b in zip(self.given, self.right, strict=True)
            if a is not None and b is not None
        ]

    @property
    def same(self) -> bool:
        """Whether the two agree wherever the right one has a value."""
        wanted = sum(b is not None for b in self.right)
        pairs = self._pairs()
        return len(pairs) == wanted > 0 and all(
            abs(a - b) <= EXACT * max(1.0, abs(b)) for a, b in pairs
        )

    def difference(self) -> str:
        """Say in a sentence how the given formula differs from the right one."""
        pairs = self._pairs()
        if not pairs:
            return "the formula has no real value where it should: look at roots and logarithms."
        if all(abs(a + b) <= EXACT * max(1.0, abs(b)) for a, b in pairs):
            return "the formula has the wrong sign: check what counts as positive."
        ratios = [a / b for a, b in pairs if b]
        if ratios and all(abs(a - b) <= CLOSE * abs(b) for a, b in pairs):
            return (
                "the formula is close, but not exact: write fractions as `Rational(1, 3)`, "
                "not as 0.333."
            )
        if ratios and ratios[0] and max(ratios) - min(ratios) <= EXACT * abs(ratios[0]):
            factor = Rational(str(round(ratios[0], 12))).limit_denominator(1000)
            return (
                f"the formula is right up to a constant factor: yours is {factor} times the right "
                "one."
            )
        if all(a and abs(a * b - 1) <= EXACT * 100 for a, b in pairs):
            return "it is one over what is expected: numerator and denominator changed places."
        return self._counter_example()

    def _counter_example(self) -> str:
        for place, a, b in zip(self.places, self.given, self.right, strict=True):
            if a is not None and b is not None and abs(a - b) > CLOSE * max(abs(b), 0.1):
                where = ", ".join(f"{s} = {float(x):.3g}" for s, x in place.items())
                at = f"at {where} it" if where else "it"
                return f"not this one: {at} gives {a:.4g} where {b:.4g} is expected."
        return "not this one, though it comes close at most places."


def read(answer: Any) -> Expr | str:
    """Return the formula that an answer is, or a sentence that says why it is none.

    Examples
    --------
    >>> read("2*rho"), read([1, 2])
    (2*rho, 'the answer is a list; a formula is asked for, built from symbols, such as `1 - w`.')
    """
    if sentence := missing(answer):
        return sentence
    if isinstance(answer, str):
        try:
            return read_formula(answer)
        except Unreadable as reason:
            return str(reason)
    if isinstance(answer, float) and not math.isfinite(answer):
        return f"the answer is {answer}, which is no finite number."
    if isinstance(answer, int | float) and not isinstance(answer, bool):
        answer = Rational(str(answer))
    if getattr(answer, "is_Relational", False):
        return "give only what stands to the right of the equals sign, not the whole equation."
    if not isinstance(answer, Expr):
        asked = "a formula is asked for, built from symbols, such as `1 - w`."
        return f"the answer is {kind_of(answer)}; {asked}"
    if answer.count_ops() > MOST_OPERATIONS:
        return f"the formula has more than {MOST_OPERATIONS} operations; a short one will do."
    if any(p.exp.is_number and not abs(p.exp) <= LARGEST_POWER for p in answer.atoms(Pow)):
        return f"the formula has a power beyond {LARGEST_POWER}; a simpler one will do."
    if any(abs(int(number)).bit_length() > MOST_BITS for number in answer.atoms(Integer)):
        return "the formula has numbers of very many digits; a simpler one will do."
    if answer.has(*UNDONE):
        return (
            "the formula holds a derivative, an integral, a sum or a limit that is not carried "
            "out: append `.doit()`."
        )
    if unknown := sorted({str(part.func) for part in answer.atoms(AppliedUndef)}):
        listed = ", ".join(f"`{name}`" for name in unknown)
        return f"{listed} stands for no known function; write out what it is."
    if answer.is_infinite and not answer.has(Integer(0) ** -1):
        return f"the answer is {answer}, which is no finite number."
    if answer.has(Integer(0) ** -1) or (not answer.is_finite and answer.is_number):
        return "the formula divides by zero."
    return answer.xreplace({f: Rational(str(f)) for f in answer.atoms(Float) if f.is_finite})


def rename(given: Expr, known: Mapping[str, Symbol], aliases: Mapping[str, str]) -> Expr:
    """Return the formula in the symbols of `known`, matched by name, alias or Greek letter.

    Examples
    --------
    >>> from theory.symbols import rho
    >>> rename(Symbol("ρ") ** 2, {"rho": rho}, {})
    rho**2
    """
    spellings = {**SPELLINGS, **aliases}
    table: dict[Symbol, Symbol] = {}
    for symbol in given.free_symbols:
        name = str(symbol) if str(symbol) in known else spellings.get(str(symbol), "")
        if name in known:
            table[symbol] = known[name]
    return given.xreplace(table)


def foreign(extra: list[str], known: Mapping[str, Symbol]) -> str:
    """Say which symbols do not belong, and which the answer is written in."""
    verb = "does" if len(extra) == 1 else "do"
    wanted = _listed(known) or "numbers only"
    listed = ", ".join(f"`{name}`" for name in extra)
    return (
        f"the formula contains {listed}, which {verb} not belong to the answer; "
        f"write it with {wanted}."
    )


def _listed(known: Mapping[str, Symbol]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(known))


def value(formula: Expr, place: Place) -> float | None:
    """Return the value of a formula at a place, or None where it has no finite real one."""
    number = formula.xreplace(place).evalf(DIGITS)
    if not number.is_number or not number.is_real or not number.is_finite:
        return None
    try:
        return float(number)
    except (OverflowError, TypeError, ValueError):
        return None
