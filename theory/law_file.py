r"""Law files: a device law as JSON data, read without running any code.

The file holds the two steps as text in the names of its parameters, the bounds, and for every
parameter its symbol, its exact value and its domain; :mod:`theory.expression_text` reads the
expressions. Numbers are written exactly, as ``"3/10"``, so that a law comes back as it was.

A law file may also carry a part ``device`` (numbers of a device) and a part ``fit`` (how the law
was found in measured data); ``phys.device_file`` reads the first, nobody has to read the second.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sympy import Expr, Symbol, oo
from sympy.core.facts import InconsistentAssumptions

from theory.errors import LawError, TheoryError
from theory.expression_text import parse_expression, word_for, write_expression
from theory.law import DeviceLaw
from theory.parameters import Parameter
from theory.symbols import w

FORMAT = "crosspoint law"
VERSION = 1
OTHER_PARTS = ("device", "fit")
LONGEST_FILE = 2_000_000
MOST_PARAMETERS = 64

ASSUMPTIONS = frozenset(
    {
        "algebraic",
        "antihermitian",
        "commutative",
        "complex",
        "composite",
        "even",
        "extended_negative",
        "extended_nonnegative",
        "extended_nonpositive",
        "extended_nonzero",
        "extended_positive",
        "extended_real",
        "finite",
        "hermitian",
        "imaginary",
        "infinite",
        "integer",
        "irrational",
        "negative",
        "noninteger",
        "nonnegative",
        "nonpositive",
        "nonzero",
        "odd",
        "positive",
        "prime",
        "rational",
        "real",
        "transcendental",
        "zero",
    }
)
"""What may be said of a symbol, in SymPy's words."""

_COMMON: tuple[dict[str, bool], ...] = (
    {},
    {"real": True},
    {"positive": True},
    {"negative": True},
    {"nonnegative": True},
    {"nonpositive": True},
    {"integer": True},
    {"integer": True, "positive": True},
)


class LawFileError(LawError):
    """A law file that cannot be read; the message says where in it, and what would do."""


def law_to_json(law: DeviceLaw) -> dict[str, Any]:
    """Return the law as plain data for a law file.

    Parameters
    ----------
    law : DeviceLaw
        With or without values for its parameters.

    Returns
    -------
    dict
        For :func:`json.dumps`; the form is that of ``docs/law_files.md``.

    Raises
    ------
    LawFileError
        If the law uses a function for which law files have no word.

    Examples
    --------
    >>> from theory import laws
    >>> data = law_to_json(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3))
    >>> data["up"], data["parameters"][0]["value"]
    ('(1 + imbalance)*(1 - w/w_max)', '3/5')
    >>> law_from_json(data) == laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
    True
    """
    words = {w: "w"} | {p.symbol: word_for(p.name) for p in law.parameters}
    if len(set(words.values())) < len(words):
        raise LawFileError(
            f"law {law.name!r}: two of its parameters have the same name in a file: "
            f"{', '.join(words.values())}; rename one"
        )
    try:
        return {
            "format": FORMAT,
            "version": VERSION,
            "name": law.name,
            "up": write_expression(law.up_form, words),
            "down": write_expression(law.down_form, words),
            "bounds": [write_expression(end, words) for end in law.bounds_form],
            "parameters": [_parameter_to_json(p) for p in law.parameters],
            "source": law.source,
            "constant": law.constant,
        }
    except LawFileError:
        raise
    except LawError as error:
        raise LawFileError(f"law {law.name!r}: {error}") from None


def law_from_json(data: str | Mapping[str, Any]) -> DeviceLaw:
    """Return the law of a law file.

    Parameters
    ----------
    data : str or mapping
        The text of the file, or what :func:`json.loads` made of it.

    Raises
    ------
    LawFileError
        Not JSON, another format or version, a missing or unknown entry, an expression that is
        not on the whitelist; with the place in the file. Nothing in a file is ever run.
    LawError
        If what the file holds is no device law (:class:`theory.DeviceLaw`).

    Examples
    --------
    >>> law_from_json('{"format": "crosspoint law", "version": 7}')
    Traceback (most recent call last):
    ...
    theory.law_file.LawFileError: version = 7: this is read by another version of ...
    """
    given = read_json(data) if isinstance(data, str) else data
    if not isinstance(given, Mapping):
        raise LawFileError(f"a law file is a JSON object, not {_kind(given)}")
    if given.get("format") != FORMAT:
        raise LawFileError(
            f"format = {_short(given.get('format'))}: this is no law file; it starts with "
            f'"format": "{FORMAT}", "version": {VERSION}'
        )
    version = given.get("version")
    if version != VERSION or isinstance(version, bool):
        raise LawFileError(
            f"version = {_short(version)}: this is read by another version of crosspoint; "
            f"this one reads version {VERSION}"
        )
    _check_keys(given, _LAW_KEYS, (*_LAW_DEFAULTS, *OTHER_PARTS), "the file")
    given = _LAW_DEFAULTS | dict(given)
    parameters = _parameters(_typed(given, "parameters", list, ""))
    names = {"w": w} | {word_for(p.name): p.symbol for p in parameters}
    if len(names) <= len(parameters):
        raise LawFileError("parameters: a name is given twice; rename one")
    bounds = _typed(given, "bounds", list, "")
    if len(bounds) != 2:
        raise LawFileError(f"bounds: {len(bounds)} entries; give [w_min, w_max]")
    return DeviceLaw(
        _typed(given, "name", str, ""),
        up=_expression(given["up"], names, "up"),
        down=_expression(given["down"], names, "down"),
        bounds=tuple(_expression(end, names, f"bounds[{k}]") for k, end in enumerate(bounds)),
        parameters=parameters,
        source=_typed(given, "source", str, ""),
        constant=_typed(given, "constant", bool, ""),
    )


def read_json(text: str) -> Any:
    """Return the data of a JSON text, its decimals kept exact.

    Raises
    ------
    LawFileError
        If it is not JSON, too long or too deep, or names an entry twice; with line and column.
    """
    if len(text) > LONGEST_FILE:
        raise LawFileError(f"the file has {len(text)} characters; at most {LONGEST_FILE}")
    try:
        return json.loads(
            text,
            parse_float=Decimal,
            parse_constant=_refuse_constant,
            object_pairs_hook=_without_doubles,
        )
    except json.JSONDecodeError as error:
        raise LawFileError(
            f"line {error.lineno}, column {error.colno}: not JSON: {error.msg}"
        ) from None
    except RecursionError:
        raise LawFileError("the file is nested too deep to be a law file") from None
    except LawFileError:
        raise
    except ValueError as error:
        raise LawFileError(f"a number in the file cannot be read: {error}") from None


_LAW_KEYS = ("format", "version", "name", "up", "down", "bounds")
_LAW_DEFAULTS: dict[str, Any] = {"parameters": [], "source": "", "constant": False}
_PARAMETER_KEYS = ("name", "value")
_PARAMETER_OPTIONS = ("symbol", "assumptions", "description", "domain")


def _parameter_to_json(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "symbol": parameter.symbol.name,
        "assumptions": _assumptions(parameter.symbol),
        "value": None if parameter.value is None else write_expression(parameter.value, {}),
        "description": parameter.description,
        "domain": [
            None if end in (oo, -oo) else write_expression(end, {}) for end in parameter.domain
        ],
    }


def _assumptions(symbol: Symbol) -> dict[str, bool]:
    """Return the shortest of the usual assumptions that give this symbol, else all it has."""
    for said in _COMMON:
        if Symbol(symbol.name, **said) == symbol:
            return said
    return {fact: value for fact, value in symbol.assumptions0.items() if value is not None}


def _parameters(entries: list[Any]) -> tuple[Parameter, ...]:
    if len(entries) > MOST_PARAMETERS:
        raise LawFileError(f"parameters: {len(entries)} of them; at most {MOST_PARAMETERS}")
    return tuple(_parameter(entry, f"parameters[{k}]") for k, entry in enumerate(entries))


def _parameter(entry: Any, place: str) -> Parameter:
    if not isinstance(entry, Mapping):
        raise LawFileError(f"{place} is {_kind(entry)}; give an object with a name and a value")
    _check_keys(entry, _PARAMETER_KEYS, _PARAMETER_OPTIONS, place)
    name = _typed(entry, "name", str, f"{place}.")
    entry = {
        "symbol": name,
        "assumptions": {"real": True},
        "description": "",
        "domain": [None, None],
    } | dict(entry)
    said = _typed(entry, "assumptions", Mapping, f"{place}.")
    for fact, holds in said.items():
        if fact not in ASSUMPTIONS or not isinstance(holds, bool):
            raise LawFileError(
                f"{place}.assumptions: {_short(fact)}: {_short(holds)} is no assumption of "
                f'SymPy; write for example "positive": true'
            )
    if entry["symbol"] == "w":
        raise LawFileError(f"{place}: w is the state of the device; give the parameter a name")
    domain = _typed(entry, "domain", list, f"{place}.")
    if len(domain) != 2:
        raise LawFileError(f"{place}.domain has {len(domain)} entries; give [lowest, highest]")
    ends = [
        infinity if end is None else _expression(end, {}, f"{place}.domain[{k}]")
        for k, (end, infinity) in enumerate(zip(domain, (-oo, oo), strict=True))
    ]
    value = entry["value"]
    try:
        return Parameter(
            name,
            Symbol(_typed(entry, "symbol", str, f"{place}."), **said),
            None if value is None else _expression(value, {}, f"{place}.value"),
            _typed(entry, "description", str, f"{place}."),
            (ends[0], ends[1]),
        )
    except InconsistentAssumptions:
        raise LawFileError(f"{place}.assumptions contradict each other") from None
    except LawFileError:
        raise
    except TheoryError as error:
        raise LawFileError(f"{place}: {error}") from None


def _expression(value: Any, names: Mapping[str, Symbol], place: str) -> Expr:
    """Read an expression: text, or a plain JSON number."""
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str):
        raise LawFileError(f"{place} is {_kind(value)}; give an expression in quotes, or a number")
    try:
        return parse_expression(value, names)
    except LawError as error:
        raise LawFileError(f"{place}: {error}") from None


def _typed(data: Mapping[str, Any], key: str, kind: Any, before: str) -> Any:
    if not isinstance(data[key], kind):
        raise LawFileError(f"{before}{key} is {_kind(data[key])}; give {_WANTED[kind]}")
    return data[key]


_WANTED = {str: "text", list: "a list", bool: "true or false", Mapping: "an object"}


def _check_keys(
    data: Mapping[str, Any], wanted: tuple[str, ...], allowed: tuple[str, ...], place: str
) -> None:
    for key in wanted:
        if key not in data:
            raise LawFileError(f"{place} has no entry {key!r}; it needs {', '.join(wanted)}")
    for key in data:
        if key not in wanted and key not in allowed:
            raise LawFileError(
                f"{place} has the unknown entry {_short(key)}; known are "
                f"{', '.join((*wanted, *allowed))}"
            )


def _without_doubles(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        names = [key for key, _ in pairs]
        double = next(key for key in names if names.count(key) > 1)
        raise LawFileError(f"the entry {_short(double)} is given twice; keep one of them")
    return made


def _refuse_constant(word: str) -> Any:
    raise LawFileError(f"{word} is not a finite number; give one")


def _kind(value: Any) -> str:
    names: dict[type, str] = {str: "text", list: "a list", bool: "true or false", dict: "an object"}
    return "nothing" if value is None else names.get(type(value), "a number")


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
