"""Soft bounds: the step falls linearly and vanishes at the bound it moves to."""

from __future__ import annotations

from typing import Any

from sympy import Symbol, exp

from theory import symbols as s
from theory.law import DeviceLaw
from theory.laws.common import bound_parameters, imbalance_parameter
from theory.parameters import parameter


def soft_bounds(w_max: Any = None, w_min: Any = None, imbalance: Any = None) -> DeviceLaw:
    r"""Soft bounds: the model of resistive memory in both papers of this toolkit.

    .. math:: q_{up} = (1+\rho)\Bigl(1 - \frac{w}{w_{max}}\Bigr), \qquad
              q_{down} = (1-\rho)\Bigl(1 - \frac{w}{w_{min}}\Bigr)

    Its symmetry point is :math:`w_\ast = (a-b)/(a/w_{max} - b/w_{min})` with
    :math:`a = 1+\rho`, :math:`b = 1-\rho`; for bounds :math:`\pm B` it is :math:`\rho B`.
    aihwkit calls the law ``SoftBounds``.

    Parameters
    ----------
    w_max, w_min : number, optional
        Bounds, ``w_min < 0 < w_max``; left out they stay symbolic.
    imbalance : number, optional
        :math:`\rho`, strictly between -1 and 1; left out it stays symbolic.

    Returns
    -------
    DeviceLaw

    References
    ----------
    H. Kim et al., arXiv 1907.10228 (2019), the soft-bound model; M. Rasch et al.,
    Nat. Commun. 15:7133 (2024), the law with noise.

    Examples
    --------
    >>> from theory import laws
    >>> laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3).symmetry_point().expression
    9/50
    >>> laws.soft_bounds().symmetry_point().stable
    True
    """
    return DeviceLaw(
        "soft_bounds",
        up=(1 + s.rho) * (1 - s.w / s.w_max),
        down=(1 - s.rho) * (1 - s.w / s.w_min),
        bounds=(s.w_min, s.w_max),
        parameters=(*bound_parameters(w_max, w_min), imbalance_parameter(imbalance)),
        source="Kim et al. 2019 (arXiv 1907.10228); Rasch et al. 2024 (Nat. Commun. 15:7133)",
    )


def soft_bounds_pmax(
    p_max: Any = None, alpha: Any = None, range_max: Any = None, range_min: Any = None
) -> DeviceLaw:
    r"""Soft bounds as they are measured: by the number of pulses from end to end.

    ``p_max`` up pulses lead from ``range_min`` to ``range_max`` along

    .. math:: w(p) = B(1 - e^{-\alpha p}) + r_{min}, \qquad
              B = \frac{r_{max} - r_{min}}{1 - e^{-\alpha p_{max}}}

    which are soft bounds with :math:`w_{min} = r_{min}`, :math:`w_{max} = r_{min} + B`,
    :math:`\rho = 1 + 2r_{min}/B` and ``dw_min = alpha*B/2``, so that
    :math:`q_{up} = 2(w_{max} - w)/B` and :math:`q_{down} = 2(w - w_{min})/B`. The symmetry
    point is the middle of the bounds. aihwkit calls the form ``SoftBoundsPmax``.

    Parameters
    ----------
    p_max : number, optional
        Pulses from ``range_min`` to ``range_max``, above 0 (1000 in aihwkit).
    alpha : number, optional
        Rate of saturation per pulse, above 0 (0.0005 in aihwkit).
    range_max, range_min : number, optional
        Weights at the two ends of the measurement (1 and -1 in aihwkit).

    Returns
    -------
    DeviceLaw

    References
    ----------
    aihwkit, ``SoftBoundsPmaxDevice`` (source read, 2026-06).

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.soft_bounds_pmax(1000, 0.0005, 1, -1)
    >>> round(float(law.symmetry_point()), 6), round(float(law.bounds[1]), 6)
    (1.541494, 4.082988)
    """
    pulses, rate = Symbol("p_max", positive=True), Symbol("alpha", positive=True)
    top, low = Symbol("r_max", positive=True), Symbol("r_min", negative=True)
    reach = (top - low) / (1 - exp(-rate * pulses))
    return DeviceLaw(
        "soft_bounds_pmax",
        up=2 * (low + reach - s.w) / reach,
        down=2 * (s.w - low) / reach,
        bounds=(low, low + reach),
        parameters=(
            parameter(pulses, p_max, "pulses from range_min to range_max"),
            parameter(rate, alpha, "rate of saturation per pulse"),
            parameter(top, range_max, "weight after p_max up pulses", name="range_max"),
            parameter(low, range_min, "weight before the up pulses", name="range_min"),
        ),
        source="aihwkit SoftBoundsPmaxDevice (2026-06)",
    )
