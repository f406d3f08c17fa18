"""The symbolic forms that drawn laws come from: how large steps are, times how up and down differ.

With the place ``u = (w - w_min)/(w_max - w_min)`` between the bounds, a form is

    q_up = s(u) a_up(u),   q_down = s(u) a_down(u).

The size ``s`` is positive, so that a_up and a_down alone decide the symmetry points. Most pairs are
``a_up = 1 - psi``, ``a_down = 1 + psi`` with ``|psi| < 1`` between the bounds: then psi is the
law's asymmetry G/F, and its roots are the symmetry points. Every form is positive by construction,
for all bounds, also where devices have bounds of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sympy as sp

from theory import DeviceLaw, Parameter, laws, w
from theory.laws.common import bound_parameters, imbalance_parameter
from theory.parameters import parameter
from theory.symbols import gamma, rho, w_max, w_min

PLACE = (w - w_min) / (w_max - w_min)
A = sp.Symbol("a", real=True)
B = sp.Symbol("b", real=True)
C = sp.Symbol("c", positive=True)
S = sp.Symbol("s", positive=True)

ALL = (-sp.oo, sp.oo)
ABOVE = (-1, sp.oo)


@dataclass(frozen=True)
class Size:
    """A factor common to both steps.

    Attributes
    ----------
    factor : Expr
        ``s(u)``, positive where its parameter ``a`` lies in `domain`.
    domain : (low, high)
        Open interval of ``a``.
    """

    factor: sp.Expr
    domain: tuple[Any, Any] = ALL


@dataclass(frozen=True)
class Asymmetry:
    """How the two steps differ.

    Attributes
    ----------
    up, down : Expr
        ``a_up(u)`` and ``a_down(u)``.
    parameters : tuple of Parameter
        Of the two, besides the bounds.
    """

    up: sp.Expr
    down: sp.Expr
    parameters: tuple[Parameter, ...]


def _ratio(psi: sp.Expr, *symbols: sp.Symbol) -> Asymmetry:
    """Return the pair with ``G/F = psi``."""
    return Asymmetry(1 - psi, 1 + psi, tuple(_DESCRIBED[s] for s in symbols))


_DESCRIBED = {
    B: parameter(B, None, "strength of the asymmetry"),
    C: parameter(C, None, "place of a symmetry point, as part of the range", domain=(0, 1)),
    S: parameter(S, None, "distance of symmetry points, as part of the range", domain=(0, 1)),
}
_OFF = PLACE - C
_IMBALANCE = imbalance_parameter(None)

SIZES: Mapping[str, Size] = {
    "flat": Size(sp.Integer(1)),
    "tilted": Size(1 + A * PLACE, ABOVE),
    "bumped": Size(1 + 4 * A * PLACE * (1 - PLACE), ABOVE),
    "rational": Size(1 / (1 + A * PLACE), ABOVE),
    "root": Size(sp.sqrt(1 + A * PLACE), ABOVE),
    "exponential": Size(sp.exp(A * PLACE)),
    "logarithmic": Size(1 + sp.log(1 + A * PLACE), (sp.Rational(-3, 5), sp.oo)),
    "kinked": Size(1 + A * sp.Abs(2 * PLACE - 1), ABOVE),
}
"""How large steps are over the range; "bumped" and "kinked" rise and fall."""

ASYMMETRIES: Mapping[str, Asymmetry] = {
    "soft": Asymmetry((1 + rho) * (1 - w / w_max), (1 - rho) * (1 - w / w_min), (_IMBALANCE,)),
    "power": Asymmetry(
        (1 + rho) * (1 - PLACE) ** gamma,
        (1 - rho) * PLACE**gamma,
        (_IMBALANCE, parameter(gamma, None, "power")),
    ),
    "linear": _ratio(B * _OFF, B, C),
    "saturating": _ratio(B * sp.tanh(4 * _OFF), B, C),
    "kinked": _ratio(B * sp.Max(_OFF, _OFF / 2), B, C),
    "two": _ratio(B * _OFF * (_OFF - S), B, C, S),
    "three": _ratio(B * _OFF * (_OFF**2 - S**2), B, C, S),
    "none": Asymmetry(1 + rho, 1 - rho, (_IMBALANCE,)),
    "every": Asymmetry(sp.Integer(1), sp.Integer(1), ()),
}
"""How up and down steps differ. "soft" and "power" vanish at the bound that they move to; "two",
"three", "none" and "every" count the symmetry points; the others have one."""

_PUBLISHED = {("flat", "soft"): laws.soft_bounds, ("flat", "none"): laws.constant_step}


@cache
def law_form(size: str, asymmetry: str) -> DeviceLaw:
    """Return one form as a law with all its parameters symbolic.

    Parameters
    ----------
    size, asymmetry : str
        Keys of `SIZES` and `ASYMMETRIES`.

    Returns
    -------
    DeviceLaw
        A law of the catalogue where the form is one.

    Examples
    --------
    >>> law_form("flat", "soft").name, law_form("bumped", "three").name
    ('soft_bounds', 'bumped_three')
    """
    if (size, asymmetry) in _PUBLISHED:
        return _PUBLISHED[size, asymmetry]()
    factor, pair = SIZES[size], ASYMMETRIES[asymmetry]
    up, down = factor.factor * pair.up, factor.factor * pair.down
    own = (parameter(A, None, "strength of the size", domain=factor.domain),)
    return DeviceLaw(
        f"{size}_{asymmetry}",
        up=up,
        down=down,
        bounds=(w_min, w_max),
        parameters=(
            *bound_parameters(None, None),
            *pair.parameters,
            *(own if A in factor.factor.free_symbols else ()),
        ),
        constant=w not in up.free_symbols | down.free_symbols,
    )
