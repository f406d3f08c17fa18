r"""SHD close to its fixed point: a damped oscillator.

With F = F_A(r) and psi' = psi_A'(r), the linearised motion has

.. math:: \omega_0 = \sqrt{\kappa\,\eta_A\,k\,F}, \qquad
          2\zeta\omega_0 = \eta_A\,\mathbb{E}|g|\,F\,\psi'

and at a symmetry point F psi' = G'. Without asymmetry nothing damps.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sympy import Expr, Matrix, S, diff, sqrt

from theory.algebra import tidy, vanishes
from theory.errors import ConditionError
from theory.symbols import A, C, eta_A, kappa

if TYPE_CHECKING:
    from theory.shd import SHD


@dataclass(frozen=True)
class Linearised:
    """The linear system d(A, C)/dt = matrix * (A, C) around a fixed point.

    Attributes
    ----------
    matrix : ImmutableMatrix
    """

    matrix: Matrix

    @property
    def trace(self) -> Expr:
        """Minus the damping rate 2*zeta*omega_0."""
        return tidy(self.matrix.trace())

    @property
    def determinant(self) -> Expr:
        """omega_0 squared."""
        return tidy(self.matrix.det())

    @property
    def eigenvalues(self) -> tuple[Expr, Expr]:
        """(trace -+ sqrt(trace**2 - 4*det))/2."""
        root = sqrt(tidy(self.trace**2 - 4 * self.determinant))
        return (self.trace - root) / 2, (self.trace + root) / 2

    @property
    def frequency(self) -> Expr:
        """omega_0."""
        return sqrt(self.determinant)

    @property
    def damping_ratio(self) -> Expr:
        """Zeta = -trace/(2*omega_0)."""
        return tidy(-self.trace / (2 * self.frequency))

    @property
    def regime(self) -> str:
        """Name of the regime, where all numbers are known."""
        zeta = self.damping_ratio
        if zeta.free_symbols:
            raise ConditionError(f"the regime depends on symbols: zeta = {zeta}; give values")
        if zeta == 0:
            return "undamped"
        if zeta.is_negative:
            return "unstable"
        if vanishes(zeta - 1):
            return "critically damped"
        return "over-damped" if bool(zeta > 1) else "under-damped"


def linearise(jacobian: Matrix, force: Expr) -> Linearised:
    """Wrap a Jacobian at a fixed point; ``force`` is F_A(r) and must not vanish."""
    if force.is_zero:
        raise ConditionError("F_A vanishes at the reference: no pulse moves A there")
    return Linearised(jacobian.as_immutable())


@dataclass(frozen=True)
class CriticalRates:
    """Learning rates that make SHD critically damped.

    Attributes
    ----------
    eta_A : Expr
        Learning rate of A for a given kappa.
    kappa : Expr
        Transfer rate for a given eta_A.
    settling : Expr
        Samples in which a small deviation then falls by the factor e: 1/omega_0.
    """

    eta_A: Expr
    kappa: Expr
    settling: Expr

    def transfer_rate(self, every: Any, columns: Any) -> Expr:
        """Return lr_C for a network: kappa = lr_C/(transfer_every*columns)."""
        return self.kappa * S(every) * S(columns)


def critical_rates(shd: SHD) -> CriticalRates:
    r"""Return the rates with zeta = 1 for a device: what to start training with.

    .. math:: \eta_A = \frac{4\kappa k}{F\,(\mathbb{E}|g|\,\psi')^2}, \qquad
              \kappa = \frac{\eta_A F\,(\mathbb{E}|g|\,\psi')^2}{4k}

    Faster transfer (larger kappa) is under-damped and rings, slower is over-damped.

    Examples
    --------
    >>> from theory import SHD, laws
    >>> from theory.shd import quadratic
    >>> from theory.shd_linear import critical_rates
    >>> critical_rates(SHD(laws.biased_linear(1, 0), loss=quadratic())).kappa
    eta_A*m_g**2/(4*k)
    """
    if shd.gradient_noise.has(C):
        raise ConditionError("critical rates are derived for a constant E|g|; pass a number")
    k = shd.curvature
    force = shd.F.subs(A, shd.reference)
    rate = shd.gradient_noise * diff(shd.psi, A).subs(A, shd.reference)
    if rate.is_zero:
        raise ConditionError("psi_A' vanishes at the reference: no asymmetry, hence no damping")
    rate = tidy(rate)
    eta_critical = tidy(4 * kappa * k / (force * rate**2))
    kappa_critical = tidy(eta_A * force * rate**2 / (4 * k))
    return CriticalRates(eta_critical, kappa_critical, tidy(1 / shd.frequency))
