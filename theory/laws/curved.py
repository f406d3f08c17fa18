"""Laws whose steps are curved in the weight: exponential and power."""

from __future__ import annotations

from typing import Any

from sympy import Symbol, exp

from theory import symbols as s
from theory.law import DeviceLaw
from theory.laws.common import bound_parameters, imbalance_parameter
from theory.parameters import parameter


def exponential_step(
    w_max: Any = None,
    w_min: Any = None,
    imbalance: Any = None,
    gamma_up: Any = None,
    gamma_down: Any = None,
) -> DeviceLaw:
    r"""Exponential step: nearly constant inside, falling to zero close to the bound.

    .. math:: q_{up} = (1+\rho)\Bigl(1 - e^{-\gamma_\uparrow (w_{max}-w)/R}\Bigr), \qquad
              q_{down} = (1-\rho)\Bigl(1 - e^{-\gamma_\downarrow (w-w_{min})/R}\Bigr)

    with :math:`R = w_{max} - w_{min}`.

    Parameters
    ----------
    w_max, w_min, imbalance : number, optional
        As in :func:`theory.laws.soft_bounds`.
    gamma_up, gamma_down : number, optional
        Steepness, above 0; equal values have a closed-form symmetry point.

    Returns
    -------
    DeviceLaw

    References
    ----------
    Z. Wu et al., NeurIPS 2025, arXiv 2502.06309 ("exponential response").

    Examples
    --------
    >>> from theory import laws
    >>> laws.exponential_step(1, -1, 0, 5, 5).symmetry_point().expression
    0
    """
    up, down = Symbol("gamma_up", positive=True), Symbol("gamma_down", positive=True)
    width = s.w_max - s.w_min
    return DeviceLaw(
        "exponential_step",
        up=(1 + s.rho) * (1 - exp(-up * (s.w_max - s.w) / width)),
        down=(1 - s.rho) * (1 - exp(-down * (s.w - s.w_min) / width)),
        bounds=(s.w_min, s.w_max),
        parameters=(
            *bound_parameters(w_max, w_min),
            imbalance_parameter(imbalance),
            parameter(up, gamma_up, "steepness of the up step"),
            parameter(down, gamma_down, "steepness of the down step"),
        ),
        source="Wu et al. 2025 (arXiv 2502.06309)",
    )


def exp_step(
    w_max: Any = None,
    w_min: Any = None,
    imbalance: Any = None,
    A_up: Any = None,
    A_down: Any = None,
    gamma_up: Any = None,
    gamma_down: Any = None,
    slope: Any = None,
    offset: Any = None,
) -> DeviceLaw:
    r"""Exponential step of aihwkit, for CMOS-like and filamentary devices.

    .. math:: z = \frac{2 a w}{w_{max} - w_{min}} + b, \qquad
              q_{up} = (1+\rho)\bigl(1 - A_\uparrow e^{\gamma_\uparrow z}\bigr), \qquad
              q_{down} = (1-\rho)\bigl(1 - A_\downarrow e^{-\gamma_\downarrow z}\bigr)

    aihwkit calls it ``ExpStep`` and cuts negative steps off at zero; here the bounds must
    lie where both are positive.

    Parameters
    ----------
    w_max, w_min, imbalance : number, optional
        As in :func:`theory.laws.soft_bounds`.
    A_up, A_down, gamma_up, gamma_down : number, optional
        Size and steepness of the two exponentials.
    slope, offset : number, optional
        a and b of the scaled weight z.

    Returns
    -------
    DeviceLaw

    References
    ----------
    aihwkit, ``ExpStepDevice`` (source read, 2026-06).

    Examples
    --------
    The default numbers of aihwkit:

    >>> from theory import laws
    >>> law = laws.exp_step(0.6, -0.6, 0, 0.00081, 0.36833, 12.44625, 12.78785, 0.244, 0.2425)
    >>> round(float(law.symmetry_point()), 6)
    4.2e-05
    """
    up, down = Symbol("A_up", real=True), Symbol("A_down", real=True)
    rise, fall = Symbol("gamma_up", positive=True), Symbol("gamma_down", positive=True)
    a, b = Symbol("a", real=True), Symbol("b", real=True)
    z = 2 * a * s.w / (s.w_max - s.w_min) + b
    return DeviceLaw(
        "exp_step",
        up=(1 + s.rho) * (1 - up * exp(rise * z)),
        down=(1 - s.rho) * (1 - down * exp(-fall * z)),
        bounds=(s.w_min, s.w_max),
        parameters=(
            *bound_parameters(w_max, w_min),
            imbalance_parameter(imbalance),
            parameter(up, A_up, "size of the exponential, up"),
            parameter(down, A_down, "size of the exponential, down"),
            parameter(rise, gamma_up, "steepness, up"),
            parameter(fall, gamma_down, "steepness, down"),
            parameter(a, slope, "slope of the scaled weight z", name="slope"),
            parameter(b, offset, "offset of the scaled weight z", name="offset"),
        ),
        source="aihwkit ExpStepDevice (2026-06)",
    )


def power_step(
    w_max: Any = None,
    w_min: Any = None,
    imbalance: Any = None,
    gamma_up: Any = None,
    gamma_down: Any = None,
) -> DeviceLaw:
    r"""Power step: the distance to the bound, raised to a power.

    .. math:: q_{up} = (1+\rho)\Bigl(\frac{w_{max}-w}{R}\Bigr)^{\gamma_\uparrow}, \qquad
              q_{down} = (1-\rho)\Bigl(\frac{w-w_{min}}{R}\Bigr)^{\gamma_\downarrow}

    with :math:`R = w_{max} - w_{min}`. aihwkit calls it ``PowStep``.

    Parameters
    ----------
    w_max, w_min, imbalance : number, optional
        As in :func:`theory.laws.soft_bounds`.
    gamma_up, gamma_down : number, optional
        Exponents, above 0; equal values have a closed-form symmetry point.

    Returns
    -------
    DeviceLaw

    References
    ----------
    Z. Wu et al., NeurIPS 2025, arXiv 2502.06309 ("power response"); aihwkit,
    ``PowStepDevice`` (source read, 2026-06).

    Examples
    --------
    >>> from theory import laws
    >>> laws.power_step(1, -1, 0.5, 2, 2).symmetry_point().expression
    2 - sqrt(3)
    """
    up, down = Symbol("gamma_up", positive=True), Symbol("gamma_down", positive=True)
    width = s.w_max - s.w_min
    return DeviceLaw(
        "power_step",
        up=(1 + s.rho) * ((s.w_max - s.w) / width) ** up,
        down=(1 - s.rho) * ((s.w - s.w_min) / width) ** down,
        bounds=(s.w_min, s.w_max),
        parameters=(
            *bound_parameters(w_max, w_min),
            imbalance_parameter(imbalance),
            parameter(up, gamma_up, "exponent of the up step"),
            parameter(down, gamma_down, "exponent of the down step"),
        ),
        source="Wu et al. 2025 (arXiv 2502.06309); aihwkit PowStepDevice (2026-06)",
    )
