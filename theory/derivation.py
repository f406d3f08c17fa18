r"""Derivation: an ordered argument whose every step is checked by machine.

A step says in words what is done, shows an equation or inequality, justifies it, and states
the kind of its check:

* ``identity``: left minus right is proved to vanish by algebra;
* ``inequality``: the sign of left minus right is proved over the whole region, by algebra
  in positive variables or by certified roots (Sturm sequences, interval arithmetic);
* ``numerical``: both sides agree to 25 digits at many admissible points.

Only the first two may be called a proof; ``Derivation.is_proof`` says which one has.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from random import Random
from typing import Any

from sympy import Expr, Rational, Symbol, oo, sympify

from theory.algebra import tidy, vanishes
from theory.errors import DerivationError, LawError
from theory.intervals import mp
from theory.pieces import has_pieces, split_pieces
from theory.plain import plain_text
from theory.roots import compare, roots_in, sign_between
from theory.signs import Sign, prove_sign
from theory.symbols import to_latex
from theory.validation import positive_by_factors

Region = tuple[tuple[Symbol, tuple[Any, Any]], ...]

_ALLOWED = {
    ">": {Sign.POSITIVE},
    ">=": {Sign.POSITIVE, Sign.NONNEGATIVE, Sign.ZERO},
    "<": {Sign.NEGATIVE},
    "<=": {Sign.NEGATIVE, Sign.NONPOSITIVE, Sign.ZERO},
}
_TEX = {"=": "=", ">": ">", ">=": r"\ge", "<": "<", "<=": r"\le"}

POINTS = 40
AGREEMENT = mp.mpf(10) ** -25


@dataclass(frozen=True)
class Step:
    """One step of a derivation.

    Attributes
    ----------
    text : str
        What is done, in a sentence.
    label : str
        LaTeX of the left side as it is read, for example ``G(w)``.
    left, right : Expr
        What the machine compares.
    why : str
        The justification.
    check : str
        "identity", "inequality" or "numerical".
    relation : str
        "=", ">", ">=", "<" or "<=".
    region : tuple of (Symbol, (lower, upper))
        Open intervals of the symbols, for inequalities and numerical checks.
    """

    text: str
    label: str
    left: Expr
    right: Expr
    why: str
    check: str = "identity"
    relation: str = "="
    region: Region = ()

    def __post_init__(self) -> None:
        fits = self.relation in _ALLOWED if self.check == "inequality" else self.relation == "="
        if self.check not in ("identity", "inequality", "numerical") or not fits:
            raise DerivationError(
                f"step {self.text!r}: a check {self.check!r} does not fit the relation "
                f"{self.relation!r}"
            )

    def holds(self) -> bool:
        """Run the check of this step."""
        if self.check == "identity":
            return vanishes(self.left - self.right)
        if self.check == "inequality":
            return _inequality(self.left - self.right, self.relation, self.region)
        return _numerical(self.left - self.right, self.left, self.region)

    @property
    def difference(self) -> Expr:
        """Left minus right, simplified."""
        return tidy(self.left - self.right)

    def to_latex(self) -> str:
        """Return the equation as LaTeX."""
        return f"{self.label} {_TEX[self.relation]} {to_latex(self.right)}"

    def mutated(self) -> Step:
        """Return the step with its right side altered, for testing that checks can fail."""
        if self.check != "inequality":
            return replace(self, right=self.right + 1)
        # A shift that the margin at one admissible point certainly does not cover.
        margin = self.left - self.right
        shift = 2 * margin.subs(_place(self.region, lambda: sympify(1) / 2)).evalf(30)
        sign = -1 if self.relation in ("<", "<=") else 1
        return replace(self, right=self.right + sign * (1 + Rational(str(abs(shift)))))


@dataclass(frozen=True)
class Derivation:
    """A result, the steps that lead to it, and the conditions it holds under.

    Examples
    --------
    >>> from theory import derive, laws
    >>> proof = derive.symmetry_point(laws.soft_bounds())
    >>> proof.verify().is_proof
    True
    """

    name: str
    statement: str
    steps: tuple[Step, ...]
    conditions: tuple[str, ...] = ()

    def verify(self) -> Derivation:
        """Check every step again.

        Raises
        ------
        DerivationError
            At the first step that does not hold, with the difference of its two sides.
        """
        for number, step in enumerate(self.steps, 1):
            if not step.holds():
                raise DerivationError(
                    f"{self.name}, step {number} ({step.text}) does not hold: "
                    f"{step.left} {step.relation} {step.right} as {step.check}; "
                    f"the difference is {step.difference}"
                )
        return self

    @property
    def is_proof(self) -> bool:
        """Whether every step is an identity or an inequality, not a numerical check."""
        return all(step.check != "numerical" for step in self.steps)

    def mutated(self, number: int) -> Derivation:
        """Return the derivation with the right side of one step (from 1) altered."""
        steps = list(self.steps)
        steps[number - 1] = steps[number - 1].mutated()
        return replace(self, steps=tuple(steps))

    def to_latex(self) -> str:
        """Return a LaTeX fragment for a document (needs amsmath)."""
        lines = [rf"\paragraph{{{_escape(self.name)}}} {_escape(self.statement)}"]
        if self.conditions:
            lines += [r"Conditions: " + _escape("; ".join(self.conditions)) + "."]
        lines.append(r"\begin{enumerate}")
        for step in self.steps:
            lines.append(rf"  \item {_escape(step.text)} \emph{{({step.check})}}")
            lines.append(rf"  \[ {step.to_latex()} \] {_escape(step.why)}")
        return "\n".join([*lines, r"\end{enumerate}"])

    def to_json(self) -> str:
        """Return all steps, with both sides as text and as LaTeX, as JSON."""
        steps = [
            {
                "text": s.text,
                "label": s.label,
                "left": str(s.left),
                "relation": s.relation,
                "right": str(s.right),
                "latex": s.to_latex(),
                "why": s.why,
                "check": s.check,
            }
            for s in self.steps
        ]
        return json.dumps(
            {
                "name": self.name,
                "statement": self.statement,
                "conditions": list(self.conditions),
                "is_proof": self.is_proof,
                "steps": steps,
            },
            indent=2,
        )

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.statement}"]
        lines += [f"  given: {condition}" for condition in self.conditions]
        for number, step in enumerate(self.steps, 1):
            lines.append(f"{number:3}. {step.text}")
            lines.append(f"       {plain_text(step.label)} {step.relation} {step.right}")
            lines.append(f"       [{step.check}] {step.why}")
        return "\n".join(lines)

    def _repr_markdown_(self) -> str:
        lines = [f"**{_marked(self.name)}**: {_marked(self.statement)}", ""]
        lines += [f"- *given:* {_marked(condition)}" for condition in self.conditions]
        for number, step in enumerate(self.steps, 1):
            lines += [
                "",
                f"{number}. {_marked(step.text)}",
                "",
                f"   $$ {step.to_latex()} $$",
                "",
                f"   *{step.check}*: {_marked(step.why)}",
            ]
        return "\n".join(lines)


def _escape(text: str) -> str:
    for plain, tex in (("\\", r"\textbackslash "), ("_", r"\_"), ("|", r"$|$"), ("^", r"\^{}")):
        text = text.replace(plain, tex)
    return text.replace("<", "$<$").replace(">", "$>$").replace("*", "$*$").replace("&", r"\&")


def _marked(text: str) -> str:
    """Return a text in which stars and underscores are no Markdown."""
    for mark in ("\\", "*", "_"):
        text = text.replace(mark, f"\\{mark}")
    return text


def _inequality(difference: Expr, relation: str, region: Region) -> bool:
    given = dict(region)
    sign = None if has_pieces(difference) else prove_sign(difference, given)
    if sign is not None:
        return sign in _ALLOWED[relation]
    free = difference.free_symbols
    wanted = 1 if relation in (">", ">=") else -1
    if not free:
        order = compare(difference, difference * 0)
        return order == wanted or (order == 0 and relation in (">=", "<="))
    if len(free) != 1 or not free <= set(given):
        return False
    (symbol,) = free
    lower, upper = (sympify(end) for end in given[symbol])
    try:
        return _certified_sign(difference, symbol, lower, upper, wanted, relation)
    except LawError:
        return False


def _certified_sign(
    f: Expr, x: Symbol, lower: Expr, upper: Expr, wanted: int, relation: str
) -> bool:
    """Sign of a function of one variable over an open interval, by certified roots."""
    parts = (
        [(p.lower, p.upper, p.expression) for p in split_pieces(f, x, lower, upper, roots_in)]
        if has_pieces(f)
        else [(lower, upper, f)]
    )
    for a, b, smooth in parts:
        if positive_by_factors(wanted * smooth, a, b, x):
            continue
        found = roots_in(smooth, x, a, b)
        if found.undecided or (found.continuum and relation in (">", "<")):
            return False
        inside = [r for r in found.found if compare(r.expression, a) > 0 > compare(r.expression, b)]
        if inside and (relation in (">", "<") or len(inside) > 1):
            return False
        cuts = [a, *(r.expression for r in inside), b]
        for low, high in pairwise(cuts):
            if not found.continuum and sign_between(smooth, x, low, high) != wanted:
                return False
    return True


def _place(region: Region, draw: Callable[[], Expr]) -> dict[Symbol, Expr]:
    """Return one admissible point; ``draw`` gives a share in (0, 1) for each symbol."""
    place: dict[Symbol, Expr] = {}
    for symbol, (lower, upper) in reversed(region):
        low, high = (sympify(end).subs(place) for end in (lower, upper))
        share = draw()
        if low == -oo and high == oo:
            place[symbol] = 1 / (1 - share) - 1 / share
        elif high == oo:
            place[symbol] = low + share / (1 - share)
        elif low == -oo:
            place[symbol] = high - share / (1 - share)
        else:
            place[symbol] = low + share * (high - low)
    return place


def _numerical(difference: Expr, scale: Expr, region: Region) -> bool:
    # A fixed seed: the outcome must be the same in every run.
    stream = Random(20191907)
    for _ in range(POINTS):
        place = _place(region, lambda: sympify(stream.randrange(1, 10**6)) / 10**6)
        value = difference.subs(place).evalf(40)
        size = scale.subs(place).evalf(40)
        if not value.is_number or not abs(value) <= AGREEMENT * (1 + abs(size)):
            return False
    return True
