"""Parameters of a device law: a name for Python, a symbol for LaTeX, a value, a domain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sympy import Expr, Symbol, oo

from theory.errors import ParameterError, TheoryError
from theory.exact import exact_number


@dataclass(frozen=True)
class Parameter:
    """One parameter of a law.

    Attributes
    ----------
    name : str
        Python identifier, as used in ``law.with_values(name=...)``.
    symbol : Symbol
        The SymPy symbol that stands for it in the law.
    value : Expr or None
        Exact number, or None while it stays symbolic.
    description : str
    domain : (Expr, Expr)
        Open interval of the admissible values.
    """

    name: str
    symbol: Symbol
    value: Expr | None = None
    description: str = ""
    domain: tuple[Expr, Expr] = (-oo, oo)

    def __post_init__(self) -> None:
        if not self.name.isidentifier():
            raise ParameterError(
                f"parameter name {self.name!r} is not a Python identifier; "
                "use letters, digits and underscores"
            )
        if self.symbol.is_commutative is False or self.symbol.is_real is False:
            raise ParameterError(f"parameter {self.name}: its symbol must be real")
        if self.value is not None:
            self._check_value()

    def _check_value(self) -> None:
        lower, upper = self.domain
        value = self.value
        if value is None or (bool(value > lower) and bool(value < upper)):
            return
        if upper == oo:
            allowed = f"must be above {lower}"
        elif lower == -oo:
            allowed = f"must be below {upper}"
        else:
            allowed = f"must lie strictly between {lower} and {upper}"
        raise ParameterError(
            f"{self.name} = {value} {allowed}; pass such a value, or None to keep it symbolic"
        )

    def with_value(self, value: Any) -> Parameter:
        """Return the same parameter with another value (None: symbolic)."""
        if value is None:
            return replace(self, value=None)
        return replace(self, value=exact_number(value, self.name))


def parameter(
    symbol: Symbol,
    value: Any = None,
    description: str = "",
    *,
    name: str | None = None,
    domain: tuple[Any, Any] | None = None,
) -> Parameter:
    """Build a :class:`Parameter`; name and domain follow from the symbol where not given."""
    label = name or symbol.name.replace("\\", "").replace("{", "").replace("}", "")
    if domain is None:
        low: Any = 0 if symbol.is_nonnegative else -oo
        high: Any = 0 if symbol.is_nonpositive else oo
        domain = (low, high)
    bounds = (
        domain[0] if domain[0] in (oo, -oo) else exact_number(domain[0], label),
        domain[1] if domain[1] in (oo, -oo) else exact_number(domain[1], label),
    )
    number = None if value is None else exact_number(value, label)
    return Parameter(label, symbol, number, description, bounds)


def collect_parameters(given: Any, expressions: Iterable[Expr]) -> tuple[Parameter, ...]:
    """Parameters in the form a law stores them.

    Parameters
    ----------
    given : mapping {name or Symbol: number or None}, or iterable of Parameter, or None
        A name stands for the symbol of that name in the expressions.
    expressions : iterable of Expr
        Where to look the names up.
    """
    if given is None:
        return ()
    if isinstance(given, Mapping):
        named = {s.name: s for e in expressions for s in e.free_symbols if isinstance(s, Symbol)}
        found = tuple(_from_item(key, value, named) for key, value in given.items())
    else:
        found = tuple(given)
    for item in found:
        if not isinstance(item, Parameter):
            raise TheoryError(f"parameters: {item!r} is not a Parameter; pass a dict name: number")
    names = [p.name for p in found]
    doubled = sorted({n for n in names if names.count(n) > 1})
    if doubled:
        raise ParameterError(f"parameters: {', '.join(doubled)} given twice; keep one of them")
    return found


def _from_item(key: Any, value: Any, named: Mapping[str, Symbol]) -> Parameter:
    if isinstance(key, Symbol):
        return parameter(key, value)
    if isinstance(key, str):
        return parameter(named.get(key, Symbol(key, real=True)), value, name=key)
    raise ParameterError(f"parameters: the key {key!r} is neither a name nor a SymPy Symbol")
