"""Expressions as text and back, for files from strangers: a whitelist, never ``eval``.

The text is cut into tokens, parsed by Python's ``ast`` without being compiled, and walked node by
node; whatever is not a number, a declared name, ``+ - * / **``, one of :data:`FUNCTIONS`, or a
comparison inside ``Piecewise`` is an error that gives the column. Sizes are limited before SymPy
multiplies anything out, so that a short text cannot stand for a number of a million digits.
"""

from __future__ import annotations

import ast
import keyword
import re
from collections.abc import Callable, Mapping
from typing import Any

from sympy import (
    Abs,
    Add,
    And,
    E,
    Expr,
    Integer,
    Max,
    Min,
    Mul,
    Number,
    Or,
    Piecewise,
    Pow,
    Rational,
    Symbol,
    cosh,
    exp,
    false,
    log,
    pi,
    sinh,
    sqrt,
    tanh,
    true,
)
from sympy.printing.str import StrPrinter

from theory.expression_size import (
    LARGEST_POWER,
    MOST_BITS,
    ExpressionError,
    bits,
    check_size,
    exponential,
)

FUNCTIONS: dict[str, Callable[..., Any]] = {
    "exp": exp,
    "log": log,
    "sqrt": sqrt,
    "tanh": tanh,
    "sinh": sinh,
    "cosh": cosh,
    "Abs": Abs,
    "Min": Min,
    "Max": Max,
    "Piecewise": Piecewise,
}
"""The functions that a law file may name: those for which there is kernel code."""

CONSTANTS: dict[str, Any] = {"pi": pi, "E": E}
RESERVED = frozenset({*FUNCTIONS, *CONSTANTS, "w", "True", "False"})

LONGEST_TEXT = 100_000
MOST_DIGITS = 300
MOST_NESTING = 60
MOST_COMPARED = 16

_TOKEN = re.compile(
    r"(?P<number>(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)(?![\w.])"
    r"|(?P<name>[A-Za-z_]\w*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/(),<>&|])"
    r"|(?P<space>[ \t\n]+)",
    re.ASCII,
)
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], Any]] = {
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


def parse_expression(text: str, names: Mapping[str, Symbol]) -> Expr:
    """Return the SymPy expression that `text` stands for.

    Parameters
    ----------
    text : str
        Numbers, the given names, ``w``-like symbols among them, ``+ - * / **`` and
        :data:`FUNCTIONS`. Decimals are exact: 0.3 is 3/10.
    names : mapping of str to Symbol
        The names that may appear.

    Returns
    -------
    Expr

    Raises
    ------
    ExpressionError
        For anything else, and for texts that are too long, too deep or too large to work out.

    Examples
    --------
    >>> from theory import w
    >>> parse_expression("1.3*(1 - w)**2", {"w": w})
    13*(1 - w)**2/10
    >>> parse_expression("w.__class__", {"w": w})
    Traceback (most recent call last):
    ...
    theory.expression_size.ExpressionError: column 2: '.' is not allowed in an expression; ...
    """
    _check_tokens(text)
    try:
        tree = ast.parse(text.strip().replace("\n", " "), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        column = getattr(error, "offset", None) or 1
        raise ExpressionError(f"column {column}: this is no expression; check the signs") from None
    value = _Builder(text.strip().replace("\n", " "), names).expression(tree.body, 0)
    check_size(value)
    return value


def write_expression(expression: Expr, names: Mapping[Symbol, str]) -> str:
    """Return the text that :func:`parse_expression` reads back to an equal expression.

    Raises
    ------
    ExpressionError
        If the expression holds something for which the text has no word.

    Examples
    --------
    >>> from sympy import exp
    >>> from theory import w
    >>> write_expression(1 - exp(-5 * w) / 3, {w: "w"})
    '1 - exp(-5*w)/3'
    """
    symbols = {name: symbol for symbol, name in names.items()}
    for writer in (_Writer, _NumbersLast):
        text = str(writer(dict(names)).doprint(expression))
        try:
            back = parse_expression(text, symbols)
        except ExpressionError as error:
            raise ExpressionError(
                f"{expression} cannot be written as text: {error}; "
                f"write it with + - * / ** and {', '.join(FUNCTIONS)}"
            ) from None
        if back == expression:
            return text
    if (back - expression).equals(0) is not True:
        raise ExpressionError(f"{expression} does not come back from the text {text!r}")
    return text


def word_for(name: str) -> str:
    """Return `name`, or one like it where Python or the whitelist has taken the word.

    Examples
    --------
    >>> word_for("tau"), word_for("lambda")
    ('tau', 'lambda_')
    """
    return f"{name}_" if keyword.iskeyword(name) or name in RESERVED else name


class _Writer(StrPrinter):
    """SymPy's own text, with each symbol under its given name."""

    def __init__(self, names: dict[Symbol, str]) -> None:
        super().__init__({"order": "none"})
        self.names = names

    def _print_Symbol(self, symbol: Symbol) -> str:
        return self.names.get(symbol, symbol.name)


class _NumbersLast(_Writer):
    """Puts the number of a product behind its sums, into which reading would multiply it."""

    def _print_Mul(self, product: Mul) -> str:
        number, factors = product.as_coeff_mul()
        if len(factors) < 2 or abs(number) == 1:
            return str(super()._print_Mul(product))
        rest = str(super()._print_Mul(Mul(*factors)))
        up, down = abs(number).as_numer_denom()
        sign = "-" if number < 0 else ""
        return f"{sign}{rest}{'' if up == 1 else f'*{up}'}{'' if down == 1 else f'/{down}'}"


def _check_tokens(text: str) -> None:
    if len(text) > LONGEST_TEXT:
        raise ExpressionError(f"the text has {len(text)} characters; at most {LONGEST_TEXT}")
    if not text.strip():
        raise ExpressionError("the text is empty; give an expression such as 1 - w")
    place = depth = signs = 0
    while place < len(text):
        found = _TOKEN.match(text, place)
        if found is None:
            raise ExpressionError(
                f"column {place + 1}: {text[place]!r} is not allowed in an expression; "
                f"use numbers, names, + - * / ** and parentheses"
            )
        word = found.group()
        if found["number"]:
            _check_number(word, place)
        depth += (word == "(") - (word == ")")
        signs = signs + 1 if word in "+-" else signs if found["space"] else 0
        if max(depth, signs) > MOST_NESTING:
            raise ExpressionError(f"column {place + 1}: nested more than {MOST_NESTING} deep")
        place = found.end()


def _check_number(word: str, place: int) -> None:
    digits, _, power = word.lower().partition("e")
    if len(digits) > MOST_DIGITS or len(power) > 5 or abs(int(power or 0)) > MOST_DIGITS:
        raise ExpressionError(f"column {place + 1}: a number of more than {MOST_DIGITS} digits")


class _Builder:
    """Walks the tree of one text and builds the expression from the leaves up."""

    def __init__(self, text: str, names: Mapping[str, Symbol]) -> None:
        self.text, self.names = text, names

    def fail(self, node: ast.AST, problem: str) -> ExpressionError:
        return ExpressionError(f"column {getattr(node, 'col_offset', 0) + 1}: {problem}")

    def expression(self, node: ast.expr, depth: int) -> Expr:
        """Return the number-valued expression of a node."""
        if depth > MOST_NESTING:
            raise self.fail(node, f"nested more than {MOST_NESTING} deep")
        if isinstance(node, ast.Constant):
            value = self.number(node)
        elif isinstance(node, ast.Name):
            value = self.name(node)
        elif isinstance(node, ast.UnaryOp | ast.BinOp):
            value = self.operation(node, depth)
        elif isinstance(node, ast.Call):
            value = self.call(node, depth)
        else:
            raise self.fail(node, f"{type(node).__name__} is not allowed in an expression")
        if bits(value) > MOST_BITS:
            raise self.fail(node, f"a number of more than {MOST_BITS} bits")
        return value

    def number(self, node: ast.Constant) -> Expr:
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise self.fail(node, f"{node.value!r} is not a real number")
        return Rational(self.text[node.col_offset : node.end_col_offset])

    def name(self, node: ast.Name) -> Expr:
        if node.id in self.names:
            return self.names[node.id]
        if node.id in CONSTANTS:
            return CONSTANTS[node.id]
        known = ", ".join(self.names)
        raise self.fail(node, f"{node.id!r} is not declared; the names are {known or 'none'}")

    def operation(self, node: ast.UnaryOp | ast.BinOp, depth: int) -> Expr:
        """Return a sum, a product or a power; chains are built at once, as SymPy prints them."""
        kind = type(node.op)
        if isinstance(node, ast.BinOp) and kind is ast.Pow:
            base, exponent = (self.expression(n, depth + 1) for n in (node.left, node.right))
            return self.power(node, base, exponent)
        if isinstance(node, ast.BinOp) and kind in (ast.Add, ast.Sub):
            signed = [
                (self.expression(n, depth + 1), plus) for n, plus in _chain(node, ast.Add, ast.Sub)
            ]
            return Add(*(value if plus else -value for value, plus in signed))
        if kind in (ast.UAdd, ast.USub, ast.Mult, ast.Div):
            return self.product(node, depth)
        raise self.fail(node, f"the operator {kind.__name__} is not allowed")

    def product(self, node: ast.expr, depth: int) -> Expr:
        factors: list[Expr] = []
        for part, above in _chain(node, ast.Mult, ast.Div):
            while isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.UAdd | ast.USub):
                if isinstance(part.op, ast.USub):
                    factors.append(Integer(-1))
                part = part.operand
            value = self.expression(part, depth + 1)
            factors.append(value if above else self.power(part, value, Integer(-1)))
        return Mul(*factors)

    def power(self, node: ast.expr, base: Expr, exponent: Expr) -> Expr:
        if exponent.is_Number:
            if abs(exponent) > LARGEST_POWER or bits(exponent) > 64:
                raise self.fail(node, f"the power {exponent} is too large; at most {LARGEST_POWER}")
            whole = sum(bits(number) for number in base.atoms(Number))
            if whole * abs(exponent) > MOST_BITS:
                raise self.fail(node, f"a number of more than {MOST_BITS} bits")
            if base.is_zero and exponent < 0:
                raise self.fail(node, "division by zero")
        return Pow(base, exponent)

    def call(self, node: ast.Call, depth: int) -> Expr:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise self.fail(node, f"only these can be called: {', '.join(FUNCTIONS)}")
        name = node.func.id
        if node.keywords or any(isinstance(a, ast.Starred) for a in node.args):
            raise self.fail(node, f"{name} takes plain arguments only")
        if name == "Piecewise":
            return self.pieces(node, depth)
        fewest, most = (1, MOST_COMPARED) if name in ("Min", "Max") else (1, 1)
        if not fewest <= len(node.args) <= most:
            raise self.fail(node, f"{name} with {len(node.args)} arguments")
        arguments = [self.expression(a, depth + 1) for a in node.args]
        if name == "log" and arguments[0] == 0:
            raise self.fail(node, "the logarithm of zero")
        if name in ("exp", "sinh", "cosh", "tanh") and exponential(arguments[0]):
            raise self.fail(node, "an exponential inside an exponential")
        return FUNCTIONS[name](*arguments)

    def pieces(self, node: ast.Call, depth: int) -> Expr:
        pairs = []
        for pair in node.args:
            if not isinstance(pair, ast.Tuple) or len(pair.elts) != 2:
                raise self.fail(pair, "a piece is written (value, condition)")
            value, condition = pair.elts
            pairs.append((self.expression(value, depth + 1), self.condition(condition, depth + 1)))
        if not pairs:
            raise self.fail(node, "Piecewise without pieces")
        return Piecewise(*pairs)

    def condition(self, node: ast.expr, depth: int) -> Any:
        if depth > MOST_NESTING:
            raise self.fail(node, f"nested more than {MOST_NESTING} deep")
        if isinstance(node, ast.Constant) and isinstance(node.value, bool):
            return true if node.value else false
        if isinstance(node, ast.Compare):
            sides = [self.expression(n, depth + 1) for n in (node.left, *node.comparators)]
            links = []
            for k, operator in enumerate(node.ops):
                if type(operator) not in _COMPARISONS:
                    raise self.fail(node, "compare with < <= > >=")
                links.append(_COMPARISONS[type(operator)](sides[k], sides[k + 1]))
            return And(*links)
        if isinstance(node, ast.BoolOp):
            joined = And if isinstance(node.op, ast.And) else Or
            return joined(*(self.condition(n, depth + 1) for n in node.values))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
            kind = type(node.op)
            joined = And if kind is ast.BitAnd else Or
            return joined(*(self.condition(n, depth + 1) for n, _ in _chain(node, kind, kind)))
        raise self.fail(node, f"{type(node).__name__} is no condition; compare with < <= > >=")


def _chain(
    node: ast.expr, plain: type[ast.operator], inverse: type[ast.operator]
) -> list[tuple[ast.expr, bool]]:
    """Operands of a chain such as a*b/c, from the left, each with whether it is a `plain` one."""
    operands: list[tuple[ast.expr, bool]] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, (plain, inverse)):
        operands.append((node.right, isinstance(node.op, plain)))
        node = node.left
    operands.append((node, True))
    return operands[::-1]
