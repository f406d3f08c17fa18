"""Python functions of the user's own process, compiled by numba for one device at a time.

A function is written for arrays of float32, in NumPy, and compiled for one number, with the
adjustments of `phys.functions.numbers_pass`. Functions that it calls are compiled too. The values
that it takes from around it are taken once, when the device is made.
"""

from __future__ import annotations

import hashlib
import types
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from phys.functions.identity import identity, surroundings

OF_THIS_PROCESS = "of_this_process"
"""In the key of functions whose compiled form must not be kept on disk."""

_FUNCTIONS: dict[str, tuple[Any, ...]] = {}


class NotCompilable(Exception):
    """A function that numba cannot compile; the message is one line that says why."""


def register(functions: tuple[Callable[..., Any], ...]) -> str:
    """Prepare `functions` for compilation and return the key that they are found by.

    Equal keys stand for functions that do the same, in this process and, unless the key says
    otherwise, in any that runs the same Python.

    Raises
    ------
    NotCompilable
        One of them is not a plain function.
    """
    for function in functions:
        if not isinstance(function, types.FunctionType) and not _is_compiled(function):
            raise NotCompilable(
                f"{getattr(function, '__qualname__', repr(function))} is a "
                f"{type(function).__name__}, and only plain functions can be compiled"
            )
    digest, whole = identity(*functions)
    key = f"{digest[:20]}_{_adjustments()}"
    if not whole:
        key = f"{OF_THIS_PROCESS}_{key}"
    if key not in _FUNCTIONS:
        made: dict[Any, Any] = {}
        _FUNCTIONS[key] = tuple(_compiled(f, made) for f in functions)
    return key


@cache
def _adjustments() -> str:
    """Return a hash of the rules by which functions are compiled: other rules, other code."""
    names = ("compiled.py", "numbers_pass.py", "scalar.py")
    files = [Path(__file__).with_name(name) for name in names]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:8]


def functions_of(key: str) -> tuple[Any, ...]:
    """Return the compiled functions that `register` gave this key."""
    return _FUNCTIONS[key]


def reason(error: Exception) -> str:
    """Return the one line of a message of numba that says what it could not do."""
    lines = [line.strip() for line in str(error).splitlines()]
    told = [line for line in lines if line and not line.startswith("Failed in ")]
    return (told or [type(error).__name__])[0]


def _is_compiled(value: Any) -> bool:
    return hasattr(value, "py_func") and hasattr(value, "nopython_signatures")


def _compiled(function: Any, made: dict[Any, Any]) -> Any:
    """Return a numba function made of a copy of `function` in which its surroundings are fixed."""
    from numba import njit

    from phys.functions.numbers_pass import Compiler

    if _is_compiled(function):
        return function
    if function in made:
        return made[function]
    # What numba keeps on disk names a module, and that of the function may not be there to import.
    namespace: dict[str, Any] = {"__name__": __name__}
    cells = tuple(types.CellType() for _ in function.__closure__ or ())
    copy = types.FunctionType(
        function.__code__, namespace, function.__name__, function.__defaults__, cells
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    made[function] = njit(nogil=True, error_model="numpy", pipeline_class=Compiler)(copy)
    for name, value in surroundings(function).items():
        namespace[name] = (
            _compiled(value, made)
            if isinstance(value, types.FunctionType) and not value.__module__.startswith("numpy")
            else value
        )
    for name, cell in zip(function.__code__.co_freevars, cells, strict=True):
        if name in namespace:
            cell.cell_contents = namespace[name]
    return made[function]
