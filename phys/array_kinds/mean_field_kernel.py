"""The parts F and G of a law as float64 code, for the limit of infinitely small steps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import ModuleType
from typing import Any

import numpy as np
import sympy as sp

from phys import compiler
from phys.array_kinds import mean_field_loops
from phys.expressions import as_function
from phys.loops import arrays as array_loops
from phys.population import Population
from theory import DeviceLaw, w

FINEST = 1 / 32
"""Largest part of the range that one step of the flow covers."""

NAMES = ("symmetric", "antisymmetric")


@dataclass(frozen=True)
class MeanFieldKernel:
    """The symmetric and antisymmetric part of a law, as float64 code and as NumPy functions.

    Attributes
    ----------
    law : DeviceLaw
        With a symbol for each parameter.
    """

    law: DeviceLaw

    @cached_property
    def _printed(self) -> tuple[str, tuple[sp.Expr, ...]]:
        coefficients: list[sp.Expr] = []
        functions = []
        for name, part in zip(NAMES, (self.law.F, self.law.G), strict=True):
            text = _text(sp.sympify(part), coefficients)
            functions.append(f"\ndef {name}(w, c, o):\n    return {text} + 0.0 * w\n")
        used = len(coefficients)
        places = ("STEP", "LOW", "HIGH", "REACH")
        head = [f"{place} = {used + k}" for k, place in enumerate(places)]
        head += [f"WIDTH = {used + len(places)}", "import math"]
        return "\n".join((*head, *functions)), tuple(coefficients)

    @property
    def source(self) -> str:
        """Text of ``symmetric(w, c, o)`` and ``antisymmetric(w, c, o)`` and of the places of c."""
        return self._printed[0]

    @property
    def step_place(self) -> int:
        """Where a device's own share of a change stands among its coefficients."""
        return len(self._printed[1])

    @property
    def low_place(self) -> int:
        """Where the lower bound stands."""
        return self.step_place + 1

    @property
    def high_place(self) -> int:
        """Where the upper bound stands."""
        return self.step_place + 2

    @property
    def width(self) -> int:
        """Coefficients per device."""
        return self.step_place + 4

    @cached_property
    def parts(self) -> tuple[Any, Any, tuple[sp.Symbol, ...]]:
        """F and G as NumPy functions of the weight and the parameters, and these parameters."""
        symbols = sorted((self.law.F.free_symbols | self.law.G.free_symbols) - {w}, key=str)
        f, g = (as_function((w, *symbols), part) for part in (self.law.F, self.law.G))
        return f, g, tuple(symbols)

    @cached_property
    def _functions(self) -> list[tuple[Any, list[sp.Symbol]]]:
        """The coefficients as functions of the parameters, and these."""
        pairs = [(e, sorted(e.free_symbols, key=str)) for e in self._printed[1]]
        return [(as_function(s, e), s) for e, s in pairs]

    def coefficients(self, population: Population) -> np.ndarray:
        """Return the coefficients of every device, float64 (n, width)."""
        own = [np.asarray(v, dtype=float) for v in population.values.values()]
        bounds = [np.asarray(v, dtype=float) for v in (population.low, population.high)]
        step = np.asarray(population.step, dtype=float)
        count = max(v.size for v in (*own, *bounds, step))
        table = np.zeros((count, self.width))
        for place, (function, symbols) in enumerate(self._functions):
            table[:, place] = function(*(population.values[s] for s in symbols))
        low, high = bounds
        table[:, self.step_place] = step
        table[:, self.low_place], table[:, self.high_place] = low, high
        table[:, self.width - 1] = step.max() / (FINEST * np.min(high - low))
        return table

    def module(self) -> ModuleType:
        """Return the compiled loops."""
        return _module(self.source)


@lru_cache(maxsize=64)
def mean_field_kernel(law: DeviceLaw) -> MeanFieldKernel:
    """Return the kernel of `law`, in its symbolic form: laws that differ in numbers share it."""
    return MeanFieldKernel(law)


def _text(expression: sp.Expr, coefficients: list[sp.Expr]) -> str:
    """Print an expression in the weight; what does not hold it becomes a coefficient."""

    def stored(part: sp.Expr) -> str:
        if part not in coefficients:
            coefficients.append(part)
        return f"c[o + {coefficients.index(part)}]"

    if expression.is_polynomial(w):
        first, *rest = sp.Poly(expression, w).all_coeffs()
        text = stored(first)
        for part in rest:
            text = f"({text} * w + {stored(part)})"
        return text
    symbols = sorted(expression.free_symbols - {w}, key=str)
    return str(sp.pycode(expression.subs({s: sp.Symbol(stored(s)) for s in symbols})))


@lru_cache(maxsize=64)
def _module(source: str) -> ModuleType:
    text = "\n".join(
        (
            compiler.compiled_steps(source),
            compiler.kernel_source(array_loops, ()),
            compiler.kernel_source(mean_field_loops),
            compiler.unit_vector_updates(),
        )
    )
    return compiler.load("mean_field", text)
