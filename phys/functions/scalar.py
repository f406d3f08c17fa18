"""What NumPy's functions become where a user's function is compiled for one number.

This module needs numba, and is imported only where something is compiled.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

from phys import compiler

_CORE = compiler.core()
exp32, log32, tanh32 = _CORE.exp32, _CORE.log32, _CORE.tanh32
SMALLEST = np.float32(2.0**-126)


def alongside(number, other):
    """Return a number in the type of the float32 that it meets."""


def exp(x):
    """Return e**x."""


def log(x):
    """Return the natural logarithm."""


def tanh(x):
    """Return the hyperbolic tangent."""


@overload(alongside)
def _alongside(number, other):
    if other == types.float32 and isinstance(number, types.Integer | types.Float):
        return lambda number, other: np.float32(number)
    return lambda number, other: number


@overload(exp)
def _exp(x):
    return (lambda x: exp32(x)) if x == types.float32 else (lambda x: np.exp(x))


@overload(log)
def _log(x):
    if x == types.float32:
        return lambda x: log32(x) if x >= SMALLEST else np.float32(np.log(x))
    return lambda x: np.log(x)


@overload(tanh)
def _tanh(x):
    return (lambda x: tanh32(x)) if x == types.float32 else (lambda x: np.tanh(x))


@njit
def where(condition, a, b):
    """Return `a` where the condition holds and `b` elsewhere."""
    return a if condition else b


@njit
def clip(x, low, high):
    """Return `x` moved into [low, high]."""
    return np.minimum(np.maximum(x, low), high)


@njit
def ones_like(x):
    """Return 1 in the type of `x`."""
    return type(x)(1)


@njit
def zeros_like(x):
    """Return 0 in the type of `x`."""
    return type(x)(0)


REPLACEMENTS = (
    (np.exp, exp),
    (np.log, log),
    (np.tanh, tanh),
    (np.where, where),
    (np.clip, clip),
    (np.ones_like, ones_like),
    (np.zeros_like, zeros_like),
)
