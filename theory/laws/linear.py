"""Laws whose steps are straight lines in the weight."""

from __future__ import annotations

from typing import Any

from sympy import Symbol, exp

from theory import symbols as s
from theory.law import DeviceLaw
from theory.laws.common import bound_parameters, imbalance_parameter
from theory.parameters import parameter


def linear_step(
    w_max: Any = None,
    w_min: Any = None,
    imbalance: Any = None,
    slope_up: Any = None,
    slope_down: Any = None,
) -> DeviceLaw:
    r"""Linear step: the change falls linearly, but need not vanish at the bound.

    .. math:: q_{up} = (1+\rho)\Bigl(1 - s_\uparrow\frac{w}{w_{max}}\Bigr), \qquad
              q_{down} = (1-\rho)\Bigl(1 - s_\downarrow\frac{w}{w_{min}}\Bigr)

    Slopes of 1 give soft bounds, slopes of 0 the constant step. aihwkit calls the law
    ``LinearStep``, with ``gamma_up`` and ``gamma_down`` for the slopes.

    Parameters
    ----------
    w_max, w_min, imbalance : number, optional
        As in :func:`theory.laws.soft_bounds`.
    slope_up, slope_down : number, optional
        Share of the step lost at the bound, at most 1 (a negative slope makes the step grow).

    Returns
    -------
    DeviceLaw

    References
    ----------
    aihwkit, ``LinearStepDevice`` (source read, 2026-06).

    Examples
    --------
    >>> from theory import laws
    >>> laws.linear_step(1, -1, 0, 0.1, 0.3).symmetry_point().expression
    0
    """
    up, down = Symbol("slope_up", real=True), Symbol("slope_down", real=True)
    return DeviceLaw(
        "linear_step",
        up=(1 + s.rho) * (1 - up * s.w / s.w_max),
        down=(1 - s.rho) * (1 - down * s.w / s.w_min),
        bounds=(s.w_min, s.w_max),
        parameters=(
            *bound_parameters(w_max, w_min),
            imbalance_parameter(imbalance),
            parameter(up, slope_up, "share of the up step lost at w_max"),
            parameter(down, slope_down, "share of the down step lost at w_min"),
        ),
        source="aihwkit LinearStepDevice (2026-06)",
    )


def biased_linear(tau: Any = None, imbalance: Any = None) -> DeviceLaw:
    r"""Biased linear device: soft bounds with equal bounds, as the theorems use them.

    .. math:: q_{up} = (1+\rho)(1 - w/\tau), \qquad q_{down} = (1-\rho)(1 + w/\tau)

    with bounds :math:`\pm\tau` and :math:`w_\ast = \rho\tau`.

    Parameters
    ----------
    tau : number, optional
        Half the range, above 0.
    imbalance : number, optional
        :math:`\rho` (``c`` in the reference), strictly between -1 and 1.

    Returns
    -------
    DeviceLaw

    References
    ----------
    Z. Wu et al., NeurIPS 2025, arXiv 2502.06309.

    Examples
    --------
    >>> from theory import laws
    >>> laws.biased_linear().symmetry_point().expression
    rho*tau
    """
    return DeviceLaw(
        "biased_linear",
        up=(1 + s.rho) * (1 - s.w / s.tau),
        down=(1 - s.rho) * (1 + s.w / s.tau),
        bounds=(-s.tau, s.tau),
        parameters=(
            parameter(s.tau, tau, "half the range of the weight"),
            imbalance_parameter(imbalance),
        ),
        source="Wu et al. 2025 (arXiv 2502.06309)",
    )


def linear_asymmetry(tau: Any = None, w_star: Any = None) -> DeviceLaw:
    r"""Asymmetric linear device: F = 1 and a straight G through the symmetry point.

    .. math:: q_{up} = 1 - \frac{w - w_\ast}{\tau}, \qquad q_{down} = 1 + \frac{w - w_\ast}{\tau}

    with bounds :math:`w_\ast \pm \tau`. The simplest law with every effect of asymmetry;
    most closed forms of this toolkit are shortest here.

    Parameters
    ----------
    tau : number, optional
        Half the range, above 0.
    w_star : number, optional
        The symmetry point, strictly between -tau and tau.

    Returns
    -------
    DeviceLaw

    References
    ----------
    Z. Wu et al., NeurIPS 2024, arXiv 2406.12774 ("linear device").

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.linear_asymmetry()
    >>> law.F, law.symmetry_point().expression
    (1, w_star)
    """
    step = (s.w - s.w_star) / s.tau
    return DeviceLaw(
        "linear_asymmetry",
        up=1 - step,
        down=1 + step,
        bounds=(s.w_star - s.tau, s.w_star + s.tau),
        parameters=(
            parameter(s.w_star, w_star, "symmetry point", domain=None),
            parameter(s.tau, tau, "half the range of the weight"),
        ),
        source="Wu et al. 2024 (arXiv 2406.12774)",
    )


def capacitor(
    w_max: Any = None, w_min: Any = None, imbalance: Any = None, modulation: Any = None
) -> DeviceLaw:
    r"""Capacitor-like device: a charge moved by two current sources of finite resistance.

    .. math:: q_{up} = (1+\rho)\bigl(1 + \lambda(w_{max} - w)\bigr), \qquad
              q_{down} = (1-\rho)\bigl(1 + \lambda(w - w_{min})\bigr)

    A saturated transistor delivers :math:`I_0(1 + \lambda V_{DS})`, and the voltage across
    the charging one is what is left up to the supply. The steps stay positive up to the
    bounds, which are hard (the supply rails). Leakage between pulses is no property of a
    pulse and is not part of the law.

    Parameters
    ----------
    w_max, w_min, imbalance : number, optional
        As in :func:`theory.laws.soft_bounds`.
    modulation : number, optional
        :math:`\lambda`, channel-length modulation per unit of weight, above 0.

    Returns
    -------
    DeviceLaw

    References
    ----------
    The current law of a saturated MOS transistor. For a fit to a measured capacitor device
    see :func:`theory.laws.presets.capacitor_li_2018`.

    Examples
    --------
    >>> from theory import laws
    >>> laws.capacitor(1, -1, 0, 0.05).symmetry_point().expression
    0
    """
    rate = Symbol("lambda", positive=True)
    return DeviceLaw(
        "capacitor",
        up=(1 + s.rho) * (1 + rate * (s.w_max - s.w)),
        down=(1 - s.rho) * (1 + rate * (s.w - s.w_min)),
        bounds=(s.w_min, s.w_max),
        parameters=(
            *bound_parameters(w_max, w_min),
            imbalance_parameter(imbalance),
            parameter(rate, modulation, "channel-length modulation", name="modulation"),
        ),
        source="saturated MOS current sources charging a capacitor",
    )


def exponential_response(
    w_max: Any = None,
    w_min: Any = None,
    nonlinearity_up: Any = None,
    nonlinearity_down: Any = None,
) -> DeviceLaw:
    r"""NeuroSim form: the weight rises exponentially with the number of pulses.

    After p of P up pulses from ``w_min``, with :math:`R = w_{max} - w_{min}`,

    .. math:: w(p) = w_{min} + R\,\frac{1 - e^{-\nu p/P}}{1 - e^{-\nu}},

    so the step is linear in the weight:

    .. math:: q_{up} = \nu_\uparrow\Bigl(\frac{1}{1-e^{-\nu_\uparrow}}
              - \frac{w - w_{min}}{R}\Bigr), \qquad
              q_{down} = \nu_\downarrow\Bigl(\frac{1}{1-e^{-\nu_\downarrow}}
              - \frac{w_{max} - w}{R}\Bigr)

    with ``dw_min = R/P``, to first order in 1/P. NeuroSim writes
    :math:`G = B(1 - e^{-p/A}) + G_{min}`, with :math:`A = P/\nu`.

    Parameters
    ----------
    w_max, w_min : number, optional
        Bounds; each is reached from the other by P pulses.
    nonlinearity_up, nonlinearity_down : number, optional
        :math:`\nu`, above 0; towards 0 the step becomes constant.

    Returns
    -------
    DeviceLaw

    References
    ----------
    NeuroSim source code, ``NonlinearWeight`` (read): ``B*(1-exp(-x/A)) + G_min``.

    Examples
    --------
    >>> from theory import laws
    >>> laws.exponential_response(1, -1, 2, 2).symmetry_point().expression
    0
    """
    up, down = Symbol("nu_up", positive=True), Symbol("nu_down", positive=True)
    width = s.w_max - s.w_min
    return DeviceLaw(
        "exponential_response",
        up=up * (1 / (1 - exp(-up)) - (s.w - s.w_min) / width),
        down=down * (1 / (1 - exp(-down)) - (s.w_max - s.w) / width),
        bounds=(s.w_min, s.w_max),
        parameters=(
            *bound_parameters(w_max, w_min),
            parameter(up, nonlinearity_up, "nonlinearity, up", name="nonlinearity_up"),
            parameter(down, nonlinearity_down, "nonlinearity, down", name="nonlinearity_down"),
        ),
        source="NeuroSim, NonlinearWeight",
    )
