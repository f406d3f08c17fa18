"""What a Python function does, as a hash: two devices are the same only if their functions are.

The hash covers the byte code, the constants, the defaults, the values that the function takes from
around it (closures and globals) and, in turn, the functions that it calls. Names of files and line
numbers do not enter, so that the same text in another place is the same function.
"""

from __future__ import annotations

import functools
import hashlib
import secrets
import sys
import types
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

# Stands for what cannot be looked into: such an object is equal to itself alone.
_PROCESS = secrets.token_hex(8)

_NUMBERS = (type(None), bool, int, float, complex, str, bytes, type(Ellipsis))
_LIBRARIES = ("numpy", "numba", "scipy", "sympy")


class _Digest:
    def __init__(self) -> None:
        self.sha = hashlib.sha256(sys.implementation.cache_tag.encode())
        self.whole = True
        self.seen: dict[int, int] = {}
        self.alive: list[Any] = []

    def note(self, *words: Any) -> None:
        self.sha.update(repr(words).encode())

    def walk(self, value: Any, names: tuple[str, ...] = ()) -> None:
        """Add `value` to the hash; of a module, what goes by one of `names`."""
        if isinstance(value, _NUMBERS):
            self.note(type(value).__name__, value)
            return
        if id(value) in self.seen:
            self.note("again", self.seen[id(value)])
            return
        self.seen[id(value)] = len(self.seen)
        self.alive.append(value)
        if isinstance(value, np.ndarray | np.generic) and not np.asarray(value).dtype.hasobject:
            array = np.ascontiguousarray(value)
            self.note(type(value).__name__, array.dtype.str, np.shape(value), array.tobytes())
        elif isinstance(value, tuple | list):
            self.note(type(value).__qualname__, len(value))
            for part in value:
                self.walk(part, names)
        elif isinstance(value, Mapping):
            self.note(type(value).__qualname__, len(value))
            for key in value:
                self.walk(key, names)
                self.walk(value[key], names)
        elif isinstance(value, types.CodeType):
            self.code(value)
        elif isinstance(value, types.FunctionType):
            self.function(value)
        elif isinstance(value, types.ModuleType):
            self.module(value, names)
        elif isinstance(value, type):
            self.kind(value)
        else:
            self.object(value, names)

    def code(self, code: types.CodeType) -> None:
        self.note("code", code.co_code, code.co_names, code.co_varnames, code.co_freevars)
        self.note(code.co_argcount, code.co_kwonlyargcount, code.co_flags, code.co_exceptiontable)
        for constant in code.co_consts:
            self.walk(constant)

    def function(self, function: types.FunctionType) -> None:
        self.code(function.__code__)
        names = all_names(function.__code__)
        self.walk(function.__defaults__)
        self.walk(function.__kwdefaults__)
        for name, value in sorted(surroundings(function).items()):
            self.note("name", name)
            self.walk(value, names)

    def module(self, module: types.ModuleType, names: tuple[str, ...]) -> None:
        self.note("module", module.__name__, str(getattr(module, "__version__", "")))
        if _is_library(module.__name__):
            return
        for name in names:
            if hasattr(module, name):
                self.note("name", name)
                self.walk(getattr(module, name), names)

    def kind(self, kind: type) -> None:
        self.note("class", kind.__module__, kind.__qualname__)
        if _is_library(kind.__module__):
            return
        for name, value in sorted(vars(kind).items()):
            if isinstance(value, types.FunctionType | staticmethod | classmethod | property):
                self.note("name", name)
                self.walk(getattr(value, "fget", None) or getattr(value, "__func__", value))

    def object(self, value: Any, names: tuple[str, ...]) -> None:
        if isinstance(value, types.MethodType):
            self.walk(value.__func__)
            self.walk(value.__self__)
        elif isinstance(value, functools.partial):
            self.walk((value.func, value.args, value.keywords), names)
        elif isinstance(value, np.ufunc | types.BuiltinFunctionType) and _is_library(
            getattr(value, "__module__", None) or "numpy"
        ):
            self.note(type(value).__name__, getattr(value, "__module__", ""), value.__name__)
        elif hasattr(value, "py_func") and hasattr(value, "targetoptions"):
            self.note("compiled", sorted(value.targetoptions.items(), key=str))
            self.walk(value.py_func)
        elif hasattr(value, "__wrapped__") and callable(value):
            self.walk(value.__wrapped__)
            self.opaque(value)
        elif hasattr(value, "__dict__"):
            self.kind(type(value))
            self.walk(dict(sorted(vars(value).items())), names)
        else:
            self.opaque(value)

    def opaque(self, value: Any) -> None:
        self.whole = False
        self.note("opaque", _PROCESS, id(value))


def all_names(code: types.CodeType) -> tuple[str, ...]:
    """Return the global names and attributes in `code` and in the functions defined within it."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= set(all_names(constant))
    return tuple(sorted(names))


def surroundings(function: types.FunctionType) -> dict[str, Any]:
    """Return what `function` takes from its closure and its module, by name."""
    found = {
        name: function.__globals__[name]
        for name in all_names(function.__code__)
        if name in function.__globals__
    }
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        try:
            found[name] = cell.cell_contents
        except ValueError:  # A name that has no value yet.
            continue
    return found


def _is_library(name: str) -> bool:
    first = name.partition(".")[0]
    return first in _LIBRARIES or (first in sys.stdlib_module_names and first != "__main__")


def identity(*functions: Callable[..., Any] | None) -> tuple[str, bool]:
    """Return a hash of what `functions` do, and whether it holds beyond this process.

    It does not hold where they use objects that cannot be looked into, such as functions of another
    language: then the hash tells these objects apart by their place in memory.

    Examples
    --------
    >>> identity(lambda w: 1 - w) == identity(lambda w: 1 - w)
    True
    >>> identity(lambda w: 1 - w) == identity(lambda w: 2 - w)
    False
    """
    digest = _Digest()
    for function in functions:
        digest.walk(function)
    return digest.sha.hexdigest(), digest.whole


def name_of(function: Callable[..., Any] | None) -> str:
    """Return what a function is called, without its place in memory."""
    if function is None:
        return "None"
    return str(getattr(function, "__qualname__", type(function).__qualname__))


def described(function: Callable[..., Any] | None) -> str:
    """Return a function's name with the hash of what it does, for records of a training."""
    return f"{name_of(function)} #{identity(function)[0][:16]}" if function else "none"
