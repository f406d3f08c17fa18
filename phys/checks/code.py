"""Counter-examples as Python code: the device, and the numbers on which a check fails."""

from __future__ import annotations

import keyword
import re
import sys
from collections.abc import Mapping
from dataclasses import MISSING, fields
from types import FrameType
from typing import Any

import numpy as np
import sympy as sp

from phys.crossbar import Crossbar
from phys.device import Device
from theory import DeviceLaw

SESSION = "# device: the object that was given to check_device"
"""Where an object has no name in a module: whoever checked it holds it."""


def literal(value: Any) -> str:
    """Return Python code for a drawn value: numbers, text, containers and arrays of them.

    Examples
    --------
    >>> literal({"x": [1, -0.5], "a": np.float32([0.1])})
    "{'x': [1, -0.5], 'a': np.array([0.1], dtype='float32')}"
    """
    if isinstance(value, np.ndarray):
        body = literal(value.tolist())
        return f"np.array({body}, dtype={value.dtype.name!r})" if value.dtype != object else body
    if isinstance(value, np.generic):
        return f"np.{value.dtype.name}({literal(value.item())})"
    if isinstance(value, float) and not np.isfinite(value):
        return f"float({str(value)!r})"
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"
    if isinstance(value, tuple):
        return f"({', '.join(map(literal, value))}{',' * (len(value) == 1)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(k)}: {literal(v)}" for k, v in value.items()) + "}"
    return repr(value)


def counter_example(
    id: str,  # noqa: A002 - the word of the report
    origin: str,
    drawn: Mapping[str, Any],
    crossbar: Any,
) -> str:
    """Return code that fails as the check failed."""
    arguments = "".join(f", {name}={literal(value)}" for name, value in drawn.items())
    lines = ["import numpy as np"] if "np." in arguments else []
    lines += [origin, "from phys.checks import recheck"]
    if crossbar is not Crossbar:
        lines.append(f"from {crossbar.__module__} import {crossbar.__qualname__}")
        arguments = f", crossbar={crossbar.__qualname__}{arguments}"
    lines.append(f"recheck({id!r}, device{arguments})")
    return "\n".join(lines)


def origin_of(given: Any, frame: FrameType | None) -> str:
    """Return code that defines ``device`` as `given`.

    A name in the module that asked is imported from there; a law is written out. Anything else is
    left to the reader, whose session holds it.
    """
    if frame is not None:
        for name, value in frame.f_globals.items():
            if value is given and name.isidentifier():
                home = frame.f_globals.get("__name__")
                if home and home != "__main__" and home in sys.modules:
                    return f"from {home} import {name} as device"
                return f"device = {name}"
    if isinstance(given, DeviceLaw):
        return _law_code(given, "device") or SESSION
    if isinstance(given, Device) and type(given) is Device and isinstance(given.law, DeviceLaw):
        law = _law_code(given.law, "law")
        return f"from phys import Device, Spread\n{law}\n{_device_code(given)}" if law else SESSION
    return SESSION


def _device_code(device: Device) -> str:
    given = [
        f"{f.name}={getattr(device, f.name)!r}"
        for f in fields(device)
        if f.name != "law" and (f.default is MISSING or getattr(device, f.name) != f.default)
    ]
    return f"device = Device(law, {', '.join(given)})"


def _law_code(law: DeviceLaw, name: str) -> str:
    """Return code that builds a numeric law, or nothing for a subclass, which may differ."""
    if type(law) is not DeviceLaw or any(p.value is None for p in law.parameters):
        return ""
    written = {p.symbol: sp.Symbol(_variable(p.symbol, k)) for k, p in enumerate(law.parameters)}
    up, down, low, high, *values = (
        sp.sstr(e.xreplace(written), sympy_integers=True)
        for e in (law.up_form, law.down_form, *law.bounds_form, *(p.value for p in law.parameters))
    )
    symbols = [f"{written[symbol]} = {sp.srepr(symbol)}" for symbol in written]
    words = set(re.findall(r"[A-Za-z]\w*", " ".join((up, down, low, high, *values))))
    words = {word for word in words if hasattr(sp, word)} | ({"Symbol"} if symbols else set())
    lines = [f"from sympy import {', '.join(sorted(words))}"] if words else []
    lines.append("from theory import DeviceLaw, w")
    parameters = ""
    if symbols:
        lines += ["from theory.parameters import parameter", *symbols]
        made = (
            f"        parameter({written[p.symbol]}, {value}, name={p.name!r}),\n"
            for p, value in zip(law.parameters, values, strict=True)
        )
        parameters = f"    parameters=[\n{''.join(made)}    ],\n"
    constant = "    constant=True,\n" if law.constant else ""
    lines.append(
        f"{name} = DeviceLaw(\n    {law.name!r},\n    up={up},\n    down={down},\n"
        f"    bounds=({low}, {high}),\n{parameters}{constant})"
    )
    return "\n".join(lines)


def _variable(symbol: sp.Symbol, number: int) -> str:
    """Return a name for a symbol that Python takes and SymPy does not use."""
    name: str = symbol.name
    free = name.isidentifier() and not keyword.iskeyword(name)
    return name if free and name != "w" and not hasattr(sp, name) else f"p{number}"
