r"""SHD under gradient noise: fluctuations, temperature, and the balance of energy.

Noise of variance :math:`\sigma^2` per sample drives A with the power
:math:`D = \eta_A^2 F^2 \sigma^2`. Close to the symmetry point the stationary covariance S
solves the Lyapunov equation :math:`JS + SJ^T + \mathrm{diag}(D, 0) = 0`, which gives

.. math:: k\langle C^2\rangle = \frac{\kappa}{\eta_A F}\langle A^2\rangle = T, \qquad
          T = \frac{\kappa F\sigma^2}{2\,\mathbb{E}|g|\,G'}

so both degrees of freedom have one temperature. Stochastic runs are tested by the balance of
injection and dissipation, never by "the energy falls".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Matrix, S, diff

from theory.algebra import tidy, vanishes
from theory.errors import ConditionError
from theory.exact import exact_expression
from theory.shd import SHD
from theory.symbols import A, dw_min, eta_A, kappa, sigma


@dataclass(frozen=True)
class Fluctuations:
    """Stationary fluctuations around the fixed point.

    Attributes
    ----------
    covariance : ImmutableMatrix
        Of (A, C).
    drive : Expr
        D, mean squared change of A per sample by noise alone.
    temperature : Expr
        k * variance of C.
    injection : Expr
        Energy that noise adds per sample.
    dissipation : Expr
        Energy that asymmetry removes per sample, at this covariance.
    """

    covariance: Matrix
    drive: Expr
    temperature: Expr
    injection: Expr
    dissipation: Expr

    @property
    def residual_loss(self) -> Expr:
        """Mean loss above the minimum, T/2."""
        return self.temperature / 2


def lyapunov(drift: Matrix, noise: Matrix) -> Matrix:
    """Solve ``drift*S + S*drift.T + noise = 0`` for a symmetric 2x2 matrix S.

    Raises
    ------
    ConditionError
        If the drift is not asymptotically stable, so that nothing is stationary.
    """
    trace, det = tidy(drift.trace()), tidy(drift.det())
    if trace == 0 or det == 0 or trace.is_positive or det.is_negative:
        raise ConditionError(
            f"the drift has trace {trace} and determinant {det}; it is not stable, "
            "and nothing is stationary"
        )
    adjugate = Matrix([[drift[1, 1], -drift[0, 1]], [-drift[1, 0], drift[0, 0]]])
    # Closed form of the two-dimensional Lyapunov equation.
    total = (det * noise + adjugate * noise * adjugate.T) / (-2 * trace * det)
    return total.applyfunc(tidy).as_immutable()


def fluctuations(shd: SHD, variance: Any = sigma**2, pulse_noise: bool = False) -> Fluctuations:
    r"""Return the stationary fluctuations of A and C.

    Parameters
    ----------
    shd : SHD
        With a quadratic loss and a constant E|g|; the reference at a symmetry point.
    variance : Expr
        Variance of the gradient per sample.
    pulse_noise : bool
        Add the granularity of the pulses, :math:`\eta_A\delta\,\mathbb{E}|g|F^2`.

    Examples
    --------
    >>> from theory import SHD, laws
    >>> from theory.shd import quadratic
    >>> shd = SHD(laws.linear_asymmetry(w_star=0), loss=quadratic())
    >>> fluctuations(shd).temperature
    kappa*sigma**2*tau/(2*m_g)
    """
    power = exact_expression(variance, "variance")
    force, balance = (x.subs(A, shd.reference) for x in (shd.F, shd.G))
    if not vanishes(balance):
        raise ConditionError(
            f"G_A = {balance} at the reference; put the reference at a symmetry point"
        )
    drive = eta_A**2 * force**2 * power
    if pulse_noise:
        drive += eta_A * dw_min * shd.gradient_noise * force**2
    covariance = lyapunov(shd.linearised.matrix, Matrix([[drive, 0], [0, 0]]))
    k = shd.curvature
    slope = diff(shd.psi, A).subs(A, shd.reference)
    return Fluctuations(
        covariance,
        drive,
        tidy(k * covariance[1, 1]),
        tidy(drive * kappa / (2 * eta_A * force)),
        tidy(kappa * shd.gradient_noise * slope * covariance[0, 0]),
    )


def injection(shd: SHD, variance: Any = sigma**2) -> Expr:
    r"""Return the energy that gradient noise adds per sample at any A, to second order.

    .. math:: \tfrac12\,\mathbb{E}(\Delta A)^2\,\frac{\partial^2 H}{\partial A^2}, \qquad
              \mathbb{E}(\Delta A)^2 = \eta_A^2\bigl(\mathbb{E}[g^2](F^2 + G^2) + 2FG\,
              \mathbb{E}[g|g|]\bigr)

    for noise that is symmetric around a mean of zero, where E[g|g|] = 0.
    """
    power = exact_expression(variance, "variance")
    stiffness = kappa / eta_A * diff((A - shd.reference) / shd.F, A)
    return S.Half * eta_A**2 * power * (shd.F**2 + shd.G**2) * stiffness
