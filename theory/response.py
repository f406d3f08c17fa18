r"""Pulse response: the weight after n equal pulses, in closed form where there is one.

A step that is a straight line in the weight gives an exact geometric sequence. For a single
exponential and for a power of the distance, the differential equation
:math:`dw/dn = \pm\delta q(w)` has a closed form; it is the limit of small steps, with an
error of order ``dw_min`` at a fixed product ``n*dw_min``.
"""

from __future__ import annotations

from dataclasses import dataclass

from sympy import Eq, Expr, Integral, S, Symbol, diff, exp, log
from sympy.core.relational import Relational

from theory.algebra import coefficients, tidy
from theory.errors import ConditionError
from theory.law import DeviceLaw
from theory.symbols import dw_min, w, w_0

pulses = Symbol("n", nonnegative=True)
"""Number of pulses."""


@dataclass(frozen=True)
class PulseResponse:
    """Weight after n equal pulses.

    Attributes
    ----------
    kind : str
        "exact" (any n and step), "limit" (closed form of the differential equation, error of
        order ``dw_min``) or "implicit" (n as an integral over the weight).
    expression : Expr or None
        Weight as a function of ``w_0``, ``n`` and ``dw_min``; None where implicit.
    equation : Relational
        The equation that holds, in every case.
    reason : str
    """

    kind: str
    expression: Expr | None
    equation: Relational
    reason: str


def pulse_response(law: DeviceLaw, direction: str = "up") -> PulseResponse:
    """Return the weight after n equal pulses, started at ``w_0``, before any bound is hit.

    Parameters
    ----------
    law : DeviceLaw
    direction : {"up", "down"}

    Examples
    --------
    >>> from theory import laws, pulse_response
    >>> pulse_response(laws.soft_bounds(1, -1, 0)).expression
    (1 - dw_min)**n*(w_0 - 1) + 1
    """
    if direction not in ("up", "down"):
        raise ConditionError(f"direction = {direction!r} must be 'up' or 'down'")
    step = law.up if direction == "up" else -law.down
    for attempt in (_geometric, _exponential, _power):
        made = attempt(step)
        if made is not None:
            return made
    start = Symbol("v", real=True)
    equation = Eq(pulses, Integral(1 / (dw_min * step.subs(w, start)), (start, w_0, w)))
    return PulseResponse("implicit", None, equation, "the step has no closed-form response here")


def _result(kind: str, expression: Expr, reason: str) -> PulseResponse:
    return PulseResponse(kind, expression, Eq(w, expression), reason)


def _geometric(step: Expr) -> PulseResponse | None:
    found = coefficients(step, w)
    if found is None or len(found) > 2:
        return None
    if len(found) == 1:
        return _result("exact", w_0 + pulses * dw_min * found[0], "constant step")
    a, b = found
    end = tidy(-b / a)
    grown = (1 + dw_min * tidy(a)) ** pulses * (w_0 - end) + end
    return _result("exact", grown, "the step is a straight line in w")


def _exponential(step: Expr) -> PulseResponse | None:
    atoms = [a for a in step.atoms(exp) if a.has(w)]
    if len(atoms) != 1:
        return None
    mark = Symbol("E", positive=True)
    swapped = step.xreplace({atoms[0]: mark}).expand()
    rate = diff(atoms[0].args[0], w)
    if swapped.has(w) or rate.has(w) or coefficients(swapped, mark) is None:
        return None
    if diff(swapped, mark, 2) != 0:
        return None
    alpha, beta = swapped.coeff(mark, 0), swapped.coeff(mark, 1)
    shift = atoms[0].args[0].subs(w, 0)
    # With u = exp(-rate*w): du/dn = -rate*dw_min*(alpha*u + beta*exp(shift)), which is linear.
    rest = -beta * exp(shift) / alpha
    u = rest + (exp(-rate * w_0) - rest) * exp(-rate * alpha * dw_min * pulses)
    return _result("limit", -log(u) / rate, "the step is a constant plus one exponential")


def _power(step: Expr) -> PulseResponse | None:
    constant, rest = step.as_independent(w, as_Add=False)
    base, exponent = rest.as_base_exp()
    found = coefficients(base, w)
    if exponent.has(w) or exponent == 1 or found is None or len(found) != 2:
        return None
    a, b = found
    # With y = a*w + b: dy/dn = a*constant*dw_min*y**p, which separates.
    left = 1 - exponent
    y = ((a * w_0 + b) ** left + left * a * constant * dw_min * pulses) ** (S.One / left)
    return _result("limit", (y - b) / a, "the step is a power of the distance to a bound")
