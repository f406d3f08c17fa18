"""Constant step: the same change at every weight."""

from __future__ import annotations

from typing import Any

from theory import symbols as s
from theory.law import DeviceLaw
from theory.laws.common import bound_parameters, imbalance_parameter


def constant_step(w_max: Any = None, w_min: Any = None, imbalance: Any = None) -> DeviceLaw:
    r"""Constant step: the change does not depend on the weight.

    .. math:: q_{up} = 1 + \rho, \qquad q_{down} = 1 - \rho

    The only law without a symmetry *point*: balanced (:math:`\rho = 0`), every weight is
    one; imbalanced, none is. aihwkit calls it ``ConstantStep``.

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
    T. Gokmen and Y. Vlasov, Front. Neurosci. 10:333 (2016): the device with constant steps
    and hard bounds.

    Examples
    --------
    >>> from theory import laws
    >>> laws.constant_step(w_max=1, w_min=-1, imbalance=0).symmetry_points().outcome
    'continuum'
    """
    return DeviceLaw(
        "constant_step",
        up=1 + s.rho,
        down=1 - s.rho,
        bounds=(s.w_min, s.w_max),
        parameters=(*bound_parameters(w_max, w_min), imbalance_parameter(imbalance)),
        source="Gokmen & Vlasov 2016",
        constant=True,
    )
