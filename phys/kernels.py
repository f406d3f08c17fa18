"""From the symbolic law to the one arithmetic that both engines run.

The law's up and down steps are printed as float32 code over + - * / and square root; exp, log and
powers go to `phys.elementary`. What does not depend on the weight is computed once per device in
float64 and stored as a float32 *coefficient*: a soft-bound step costs one multiplication and one
addition. The same text is compiled by numba for one device (``c[o + k]`` is the device's k-th
coefficient) and run by NumPy for many (``c[k]`` is then an array).

A law with fixed bounds whose devices have bounds of their own is a function of the stretched weight
``n = bound + slope (w - own bound)``, with ``slope = (high - low) / (own high - own low)``. Written
out in ``w``, each of its numbers becomes one per device; written in ``n``, they stay numbers of the
law. The form with fewer numbers per device is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp

from phys import elementary
from phys.expressions import as_function
from theory import DeviceLaw, w
from theory.algebra import vanishes

STEP_SYMBOL = sp.Symbol("dw_min", positive=True)


class UnsupportedLaw(ValueError):
    """A law holds an expression for which there is no kernel code."""


@dataclass
class _Printer:
    """Prints one law; `coefficients` and `constants` grow as it goes.

    `weight` names the variable that stands for ``w``, and `bounds` gives the text of its bounds.
    """

    bounds: Mapping[str, sp.Expr]
    weight: str = "w"
    coefficients: list[sp.Expr] = field(default_factory=list)
    constants: dict[float, str] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    def coefficient(self, expression: sp.Expr) -> str:
        if not expression.free_symbols:
            value = float(np.float32(float(expression)))
            if value == 1.0:
                return "F1"
            return self.constants.setdefault(value, f"K{len(self.constants)}")
        if expression not in self.coefficients:
            self.coefficients.append(expression)
        return f"c[o + {self.coefficients.index(expression)}]"

    def stored(self, text: str) -> str:
        name = f"t{len(self.lines)}"
        self.lines.append(f"    {name} = {text}")
        return name

    def text(self, expression: sp.Expr) -> str:
        if w not in expression.free_symbols:
            return self.coefficient(expression)
        if expression == w:
            return self.weight
        if expression.is_polynomial(w) and sp.degree(expression, w) == 1:
            slope, start = sp.Poly(expression, w).all_coeffs()
            for place, bound in self.bounds.items():
                if vanishes(start + slope * bound):
                    return f"({self.coefficient(slope)} * ({self.weight} - {place}))"
            product = self.weight
            if slope != 1:
                product = f"{self.coefficient(slope)} * {product}"
            return product if start == 0 else f"({self.coefficient(start)} + {product})"
        if expression.is_Add or expression.is_Mul:
            free, bound = expression.as_independent(w, as_Add=expression.is_Add)
            parts = [self.text(part) for part in expression.func.make_args(bound)]
            if free != (0 if expression.is_Add else 1):
                parts.insert(0, self.coefficient(free))
            return "(" + (" + " if expression.is_Add else " * ").join(parts) + ")"
        if isinstance(expression, sp.exp):
            return f"exp32({self.text(expression.args[0])})"
        if expression.is_Pow:
            return self.power(*expression.args)
        if isinstance(expression, sp.Piecewise):
            return self.pieces(expression.args)
        if isinstance(expression, sp.Max | sp.Min):
            name = "np.maximum" if isinstance(expression, sp.Max) else "np.minimum"
            first, *rest = (self.text(a) for a in expression.args)
            for other in rest:
                first = f"{name}({first}, {other})"
            return first
        if isinstance(expression, sp.sinh | sp.cosh):
            return self.text(expression.rewrite(sp.exp))
        if expression.func in _FUNCTIONS and len(expression.args) == 1:
            return f"{_FUNCTIONS[expression.func]}({self.text(expression.args[0])})"
        raise UnsupportedLaw(
            f"the law holds {expression}: there is no kernel code for {expression.func.__name__}; "
            f"use + - * / powers, sqrt, exp, log, tanh, sinh, cosh, Abs, Min, Max or Piecewise"
        )

    def power(self, base: sp.Expr, exponent: sp.Expr) -> str:
        if exponent == sp.Rational(1, 2):
            return f"np.sqrt({self.text(base)})"
        if exponent.is_Integer or (2 * exponent).is_Integer:
            if exponent < 0:
                return f"(F1 / {self.power_or_base(base, -exponent)})"
            whole = int(sp.floor(exponent))
            name = self.stored(self.text(base))
            factors = [name] * whole
            if exponent != whole:
                factors.append(f"np.sqrt({name})")
            return "(" + " * ".join(factors) + ")"
        if w in base.free_symbols:
            return f"power32({self.text(base)}, {self.text(exponent)})"
        return f"exp32({self.text(exponent * sp.log(base))})"

    def power_or_base(self, base: sp.Expr, exponent: sp.Expr) -> str:
        return self.text(base) if exponent == 1 else self.power(base, exponent)

    def pieces(self, pairs: Any) -> str:
        (value, condition), *rest = pairs
        if condition == sp.true or not rest:
            return self.text(value)
        return f"where({self.condition(condition)}, {self.text(value)}, {self.pieces(rest)})"

    def condition(self, relation: Any) -> str:
        if isinstance(relation, sp.And | sp.Or):
            sign = " & " if isinstance(relation, sp.And) else " | "
            return "(" + sign.join(self.condition(part) for part in relation.args) + ")"
        if isinstance(relation, sp.Rel) and relation.rel_op in ("<", "<=", ">", ">="):
            return f"({self.text(relation.lhs)} {relation.rel_op} {self.text(relation.rhs)})"
        raise UnsupportedLaw(f"the law holds the condition {relation}: use < <= > >= And Or")


_FUNCTIONS = {sp.log: "log32", sp.tanh: "tanh32", sp.Abs: "abs"}


@lru_cache(maxsize=1024)
def _evaluator(symbols: tuple[sp.Symbol, ...], expression: sp.Expr) -> Callable[..., Any]:
    """Return a coefficient as a function of a law's numbers, in float64."""
    return as_function(symbols, expression)


@dataclass(frozen=True)
class LawKernel:
    """The printed form of a law.

    Attributes
    ----------
    source : str
        Text of ``up_step(w, c, o)`` and ``down_step(w, c, o)`` and of the places LOW, HIGH, STEP.
    up_step, down_step : callable
        The same, run by NumPy: ``up_step(w, c, 0)`` with ``c`` of shape (width, n) or (width, 1).
    width : int
        Coefficients per device, padding included.
    low_place, high_place : int
        Where a device's own bounds stand among its coefficients.
    step_place : int or None
        Where its own ``dw_min`` stands; None where no noise is added to the steps.
    """

    source: str
    up_step: Callable[..., Any]
    down_step: Callable[..., Any]
    width: int
    low_place: int
    high_place: int
    step_place: int | None
    symbols: tuple[sp.Symbol, ...]
    expressions: tuple[sp.Expr, ...]

    def coefficients(
        self, values: Mapping[sp.Symbol, Any], step: Any, low: Any, high: Any
    ) -> np.ndarray:
        """Compute the float32 coefficients, shape (n, width), of devices with these numbers.

        Parameters
        ----------
        values : mapping of parameter symbol to number or float64 array (n,)
        step, low, high : number or float64 array (n,)
            Each device's ``dw_min`` and bounds.
        """
        numbers = {**values, STEP_SYMBOL: step}
        arrays = [np.asarray(numbers[s], dtype=np.float64) for s in self.symbols]
        count = max((a.size for a in (*arrays, np.asarray(step), np.asarray(low))), default=1)
        table = np.zeros((count, self.width), dtype=np.float32)
        for place, expression in enumerate(self.expressions):
            table[:, place] = _evaluator(self.symbols, expression)(*arrays)
        if self.step_place is not None:
            table[:, self.step_place] = step
        table[:, self.low_place] = np.float32(low)
        table[:, self.high_place] = np.float32(high)
        return table


def step_functions(source: str) -> dict[str, Any]:
    """Run the printed text under NumPy and return its names."""
    namespace = {name: getattr(elementary, name) for name in dir(elementary)}
    exec(compile(source, "<kernel of a law>", "exec"), namespace)
    return namespace


@lru_cache(maxsize=256)
def law_kernel(
    law: DeviceLaw, *, additive: bool = False, nominal: DeviceLaw | None = None
) -> LawKernel:
    """Print the kernel of `law`, in its symbolic form: laws that differ in numbers share it.

    Parameters
    ----------
    law : DeviceLaw
    additive : bool
        Whether noise is added to the steps, in units of the device's own ``dw_min``. The fewer
        numbers a pulse needs of its device, the faster large arrays are: without that noise, a
        soft-bound device is two slopes and two bounds.
    nominal : DeviceLaw, optional
        The law with its fixed bounds, where `law` is this one stretched to bounds of its devices.

    Raises
    ------
    UnsupportedLaw
        If the law holds a function for which there is no kernel code.

    Examples
    --------
    >>> from theory import laws
    >>> kernel = law_kernel(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3).symbolic)
    >>> kernel.width, len(kernel.expressions)
    (4, 2)
    >>> slopes_and_bounds = [-0.25, -0.25, -1.0, 1.0]
    >>> kernel.up_step(0.5, slopes_and_bounds, 0), kernel.down_step(0.5, slopes_and_bounds, 0)
    (0.125, -0.375)
    """
    direct = _direct(law, additive)
    if nominal is None:
        return direct
    stretched = _stretched(law, nominal)
    return min(direct, stretched, key=lambda kernel: kernel.width)


def _direct(law: DeviceLaw, additive: bool) -> LawKernel:
    """Print a law in its weight."""
    low, high = law.bounds
    printer = _Printer({"c[o + LOW]": low, "c[o + HIGH]": high})
    functions = []
    for name, step in (("up_step", law.up), ("down_step", -law.down)):
        printer.lines = []
        scaled = (
            STEP_SYMBOL * step if not step.is_Piecewise else sp.piecewise_fold(STEP_SYMBOL * step)
        )
        result = printer.text(scaled)
        if w not in scaled.free_symbols:
            result = f"{result} + F0 * w"
        functions.append(_function(name, printer.lines, result))
    return _kernel(printer, functions, None, additive)


def _stretched(law: DeviceLaw, nominal: DeviceLaw) -> LawKernel:
    """Print the law `nominal` in the stretched weight, for devices with the bounds of `law`.

    The weight is measured from the bound that a pulse moves it to, which it so reaches exactly.
    """
    printer = _Printer({}, weight="n")
    (low, high), (own_low, own_high) = nominal.bounds, law.bounds
    step_text = printer.coefficient(STEP_SYMBOL)
    slope_text = printer.coefficient((high - low) / (own_high - own_low))
    low_text, high_text = printer.coefficient(low), printer.coefficient(high)
    printer.bounds = {low_text: low, high_text: high}
    functions = []
    for name, step in (("up_step", nominal.up), ("down_step", -nominal.down)):
        bound, place = (high_text, "HIGH") if name == "up_step" else (low_text, "LOW")
        printer.lines = [f"    n = {bound} + {slope_text} * (w - c[o + {place}])"]
        if not step.is_polynomial(w):
            printer.lines.append(f"    n = np.minimum(np.maximum(n, {low_text}), {high_text})")
        result = printer.text(step)
        if w not in step.free_symbols:
            result = f"{result} + F0 * w"
        functions.append(_function(name, printer.lines, f"{step_text} * {result}"))
    return _kernel(printer, functions, 0, False)


def _function(name: str, lines: list[str], result: str) -> str:
    body = "\n".join((*lines, f"    return {result}"))
    return f"\ndef {name}(w, c, o):\n{body}\n"


def _kernel(
    printer: _Printer, functions: list[str], step_place: int | None, additive: bool
) -> LawKernel:
    """Return the kernel of printed functions; the step has a place of its own where noise adds."""
    used = len(printer.coefficients)
    if additive:
        step_place = used + 2
    width = -(-(used + 2 + additive) // 4) * 4
    # The loops name STEP even where no noise is added and nothing reads it.
    head = [f"LOW = {used}", f"HIGH = {used + 1}"]
    head += [f"STEP = {used if step_place is None else step_place}", f"WIDTH = {width}"]
    head += [f"{name} = np.float32({value!r})" for value, name in printer.constants.items()]
    source = "\n".join((*head, *functions))
    names = step_functions(source)
    symbols = sorted({s for e in printer.coefficients for s in e.free_symbols}, key=str)
    return LawKernel(
        source=source,
        up_step=names["up_step"],
        down_step=names["down_step"],
        width=width,
        low_place=used,
        high_place=used + 1,
        step_place=step_place,
        symbols=tuple(symbols),
        expressions=tuple(printer.coefficients),
    )
