"""From text to a formula, without running it as code."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from typing import Any

from sympy import Abs, Expr, Rational, Symbol, exp, log, sqrt, tanh

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "sqrt": sqrt,
    "exp": exp,
    "log": log,
    "ln": log,
    "abs": Abs,
    "Abs": Abs,
    "tanh": tanh,
}
LONGEST = 500
LARGEST_POWER = 50
TYPESET = str.maketrans({"−": "-", "–": "-", "·": "*", "×": "*"})
"""Signs that come with a formula when it is copied from a page."""


class Unreadable(ValueError):
    """A text that is no formula; the message says what to write instead."""


def read_formula(text: str) -> Expr:
    """Return the formula that a text such as ``"rho*w_max"`` stands for.

    Raises
    ------
    Unreadable
        With a sentence that says what to write instead.

    Examples
    --------
    >>> read_formula("2*x**2 - 0.5"), read_formula("−2·x")
    (2*x**2 - 1/2, -2*x)
    """
    if len(text) > LONGEST:
        raise Unreadable(f"the text is longer than {LONGEST} characters; a short formula will do.")
    if "=" in text:
        raise Unreadable("give only what stands to the right of the equals sign.")
    text = text.translate(TYPESET)
    if any(sign in text for sign in "^²³"):
        raise Unreadable("a power is written with two stars: `x**2`, not `x^2`.")
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise Unreadable(
            f"`{text}` cannot be read as a formula. Write every product with a star, as in "
            "`2*rho*w`, and check the brackets."
        ) from None
    return _convert(tree.body)


def _convert(node: ast.expr) -> Any:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            if not math.isfinite(number):
                raise Unreadable("it has a number that is too large; a simpler one will do.")
            return Rational(str(number))
        case ast.Name(id=name):
            if name in FUNCTIONS:
                raise Unreadable(f"`{name}` is a function: give it something, as in `{name}(w)`.")
            return Symbol(name)
        case ast.UnaryOp(op=ast.USub(), operand=inside):
            return -_convert(inside)
        case ast.UnaryOp(op=ast.UAdd(), operand=inside):
            return _convert(inside)
        case ast.BinOp(left=left, op=operator, right=right):
            return _combine(operator, _convert(left), _convert(right))
        case ast.Call(func=ast.Name(id=name), args=[argument], keywords=[]):
            if name in FUNCTIONS:
                return FUNCTIONS[name](_convert(argument))
            raise Unreadable(f"there is no function `{name}` here; use sqrt, exp, log or abs.")
        case _:
            raise Unreadable(
                f"`{ast.unparse(node)}` is no part of a formula; use numbers, symbols, + - * / ** "
                "and sqrt, exp, log, abs."
            )


def _combine(operator: ast.operator, left: Any, right: Any) -> Any:
    match operator:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            if right == 0:
                raise Unreadable("it divides by zero.")
            return left / right
        case ast.Pow():
            if right.is_number and not abs(right) <= LARGEST_POWER:
                raise Unreadable(f"it has a power beyond {LARGEST_POWER}.")
            return left**right
        case _:
            raise Unreadable("use + - * / and ** only.")
