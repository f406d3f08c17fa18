r"""DeviceLaw: the single symbolic definition of a device.

One up pulse moves the weight by :math:`+\delta\,q_{up}(w)`, one down pulse by
:math:`-\delta\,q_{down}(w)`, with the nominal step :math:`\delta` (``dw_min``). Everything
else follows from these two expressions: the symmetric part :math:`F = (q_{up}+q_{down})/2`,
the antisymmetric part :math:`G = (q_{down}-q_{up})/2`, the symmetry points (roots of G),
the energy of SHD, and the compiled kernels of ``phys``.

The mean effect of a wanted change :math:`\Delta W` is
:math:`\Delta W\,F(W) - |\Delta W|\,G(W)` (Gokmen & Haensch 2020; Wu et al., arXiv 2406.12774).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any

from sympy import Expr, Symbol

from theory.algebra import tidy
from theory.errors import BoundsError, ParameterError
from theory.exact import exact_expression
from theory.parameters import Parameter, collect_parameters
from theory.pieces import has_pieces
from theory.symbols import to_latex, w
from theory.symmetry import SymmetryPoint, SymmetryPoints, single_point, symmetry_points
from theory.validation import check_bounds, check_steps, check_symbols


@dataclass(frozen=True, init=False, repr=False)
class DeviceLaw:
    """A device: its step sizes as functions of the weight, and its bounds.

    Parameters
    ----------
    name : str
    up, down : Expr
        ``q_up(w)`` and ``q_down(w)``, dimensionless, positive inside the bounds. Numbers in
        them become exact (0.3 is 3/10).
    bounds : (lower, upper)
        Hard bounds of the weight, ``lower < 0 < upper``; numbers or parameters.
    parameters : dict {name or Symbol: number or None}, or iterable of Parameter
        Symbols besides ``w``; None keeps one symbolic.
    source : str
        Where the law was published.
    constant : bool
        Allow a law in which ``w`` does not occur (``laws.constant_step``).

    Raises
    ------
    LawError
        Or one of its subclasses: unknown symbols, complex values, poles, bounds that do not
        hold 0, a step that is not positive; with the argument and the place.

    Examples
    --------
    A law in one line, and its symmetry point:

    >>> from sympy import Rational
    >>> from theory import DeviceLaw, w
    >>> law = DeviceLaw("mine", up=Rational(13, 10)*(1 - w)**2, down=1 + w, bounds=(-1, 1))
    >>> law.symmetry_point().expression
    18/13 - sqrt(285)/13
    """

    name: str
    up_form: Expr
    down_form: Expr
    bounds_form: tuple[Expr, Expr]
    parameters: tuple[Parameter, ...]
    source: str
    constant: bool

    def __init__(
        self,
        name: str,
        *,
        up: Any,
        down: Any,
        bounds: tuple[Any, Any],
        parameters: Any = None,
        source: str = "",
        constant: bool = False,
    ) -> None:
        try:
            lower, upper = bounds
        except (TypeError, ValueError):
            raise BoundsError(f"bounds = {bounds!r}: give two numbers (w_min, w_max)") from None
        up_form, down_form = exact_expression(up, "up"), exact_expression(down, "down")
        ends = exact_expression(lower, "w_min"), exact_expression(upper, "w_max")
        stored = collect_parameters(parameters, (up_form, down_form, *ends))
        for field, value in (
            ("name", str(name)),
            ("up_form", up_form),
            ("down_form", down_form),
            ("bounds_form", ends),
            ("parameters", stored),
            ("source", str(source)),
            ("constant", bool(constant)),
        ):
            object.__setattr__(self, field, value)
        check_symbols(self, constant)
        check_bounds(self)
        if self.is_numeric:
            check_steps(self)

    @classmethod
    def branch(cls, name: str, up: Expr, down: Expr, bounds: tuple[Expr, Expr]) -> DeviceLaw:
        """Return one smooth branch of a checked law; outside its piece it need not be positive."""
        made = object.__new__(cls)
        values = (name, up, down, bounds, (), "", True)
        for field, value in zip(fields(cls), values, strict=True):
            object.__setattr__(made, field.name, value)
        return made

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, tuple(getattr(self, field.name) for field in fields(self))

    # -- the law with its known values ---------------------------------------------------
    def _known(self, expression: Expr) -> Expr:
        return expression.subs({p.symbol: p.value for p in self.parameters if p.value is not None})

    @cached_property
    def up(self) -> Expr:
        """``q_up(w)`` with all known values substituted."""
        return self._known(self.up_form)

    @cached_property
    def down(self) -> Expr:
        """``q_down(w)`` with all known values substituted."""
        return self._known(self.down_form)

    @cached_property
    def F(self) -> Expr:
        """Symmetric part, ``(q_up + q_down)/2``."""
        return _short((self.up + self.down) / 2)

    @cached_property
    def G(self) -> Expr:
        """Antisymmetric part, ``(q_down - q_up)/2``."""
        return _short((self.down - self.up) / 2)

    @cached_property
    def psi(self) -> Expr:
        """Asymmetry ratio ``G/F``; between -1 and 1 inside the bounds."""
        return _short((self.down - self.up) / (self.down + self.up))

    @cached_property
    def bounds(self) -> tuple[Expr, Expr]:
        """Lower and upper bound with all known values substituted."""
        return self._known(self.bounds_form[0]), self._known(self.bounds_form[1])

    @cached_property
    def symbolic(self) -> DeviceLaw:
        """The same law with every parameter left symbolic."""
        return self._with_parameters(tuple(p.with_value(None) for p in self.parameters))

    @cached_property
    def is_numeric(self) -> bool:
        """Whether every parameter that occurs has a value."""
        parts = (self.up, self.down, *self.bounds)
        return all(part.free_symbols <= {w} for part in parts)

    # -- parameters ----------------------------------------------------------------------
    @property
    def values(self) -> dict[str, Expr]:
        """Exact values of the parameters that have one, by name."""
        return {p.name: p.value for p in self.parameters if p.value is not None}

    @property
    def region(self) -> dict[Symbol, tuple[Any, Any]]:
        """Admissible open interval of each parameter that has no value."""
        return {p.symbol: p.domain for p in self.parameters if p.value is None}

    def parameter(self, name: str) -> Parameter:
        """Return the parameter of that name.

        Raises
        ------
        ParameterError
            If there is none; the message lists those there are.
        """
        for item in self.parameters:
            if name == item.name:
                return item
        names = ", ".join(p.name for p in self.parameters) or "none"
        raise ParameterError(f"law {self.name!r} has no parameter {name!r}; it has: {names}")

    def with_values(self, **numbers: Any) -> DeviceLaw:
        """Return the same law with other values; None makes a parameter symbolic.

        Examples
        --------
        >>> from theory import laws
        >>> laws.soft_bounds().with_values(w_max=1, w_min=-1, imbalance=0.2).G
        w - 1/5
        """
        for name in numbers:
            self.parameter(name)
        return self._with_parameters(
            tuple(
                p.with_value(numbers[p.name]) if p.name in numbers else p for p in self.parameters
            )
        )

    def _with_parameters(self, parameters: tuple[Parameter, ...]) -> DeviceLaw:
        return DeviceLaw(
            self.name,
            up=self.up_form,
            down=self.down_form,
            bounds=self.bounds_form,
            parameters=parameters,
            source=self.source,
            constant=self.constant,
        )

    # -- symmetry points -----------------------------------------------------------------
    def symmetry_points(self) -> SymmetryPoints:
        """All symmetry points inside the bounds; see :mod:`theory.symmetry`."""
        return self._symmetry_points

    @cached_property
    def _symmetry_points(self) -> SymmetryPoints:
        return symmetry_points(self)

    def symmetry_point(self) -> SymmetryPoint:
        """Return the only symmetry point, or raise the reason why there is not exactly one."""
        return single_point(self)

    # -- display -------------------------------------------------------------------------
    def __repr__(self) -> str:
        known = ", ".join(f"{name}={value}" for name, value in self.values.items())
        lower, upper = self.bounds
        return (
            f"DeviceLaw({self.name!r}, up={self.up}, down={self.down}, "
            f"bounds=({lower}, {upper}){', ' + known if known else ''})"
        )

    def _repr_latex_(self) -> str:
        lines = [
            rf"q_\mathrm{{up}} &= {to_latex(self.up)}",
            rf"q_\mathrm{{down}} &= {to_latex(self.down)}",
            rf"F &= {to_latex(self.F)}",
            rf"G &= {to_latex(self.G)}",
        ]
        points = self.symmetry_points()
        lines += [rf"w_\ast &= {to_latex(p.expression)}" for p in points]
        if not points:
            lines.append(rf"w_\ast &: \text{{{points.outcome}}}")
        body = r" \\ ".join(lines)
        return rf"$\displaystyle \begin{{aligned}} {body} \end{{aligned}}$"


def _short(expression: Expr) -> Expr:
    """Cancel where the expression is rational, else leave it as it is."""
    symbols = expression.free_symbols
    if symbols and not has_pieces(expression) and expression.is_rational_function(*symbols):
        return tidy(expression)
    return expression


def _rebuild(
    name: str,
    up: Expr,
    down: Expr,
    bounds: tuple[Expr, Expr],
    parameters: tuple[Parameter, ...],
    source: str,
    constant: bool,
) -> DeviceLaw:
    return DeviceLaw(
        name,
        up=up,
        down=down,
        bounds=bounds,
        parameters=parameters,
        source=source,
        constant=constant,
    )
