"""Soft bounds: the step falls linearly and vanishes at the bound it moves to."""

from __future__ import annotations

from typing import Any

from theory import symbols as s
from theory.law import DeviceLaw
from theory.laws.common import bound_parameters, imbalance_parameter


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
