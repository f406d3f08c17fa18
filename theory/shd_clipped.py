"""SHD with a clipped transfer: what the energy becomes when C cannot follow A - r fully."""

from __future__ import annotations

from collections.abc import Callable

from sympy import Expr, Integral, Symbol

from theory.errors import ConditionError
from theory.shd import SHD
from theory.symbols import A, eta_A, kappa


def clipped_energy(shd: SHD, transfer: Callable[[Expr], Expr]) -> tuple[Expr, Expr]:
    r"""Return energy and dissipation where the transfer is clipped.

    :math:`\dot C = \kappa\varphi(A - r)` with :math:`\varphi` odd and rising has the energy
    :math:`f + (\kappa/\eta_A)\int_r^A \varphi(a-r)/F_A\,da` and the dissipation
    :math:`-\kappa\,\mathbb{E}|g|\,\varphi(A-r)\,G_A/F_A`.

    Parameters
    ----------
    shd : SHD
        With a symmetric C.
    transfer : callable
        :math:`\varphi`, from an expression to an expression.
    """
    if shd.law_c is not None:
        raise ConditionError("the clipped transfer is derived for a symmetric C; leave law_c out")
    inner = Symbol("a", real=True)
    phi = transfer(inner - shd.reference)
    kinetic = Integral(phi / shd.F.subs(A, inner), (inner, shd.reference, A))
    energy = shd.loss + kappa / eta_A * kinetic
    return energy, -kappa * shd.gradient_noise * transfer(A - shd.reference) * shd.psi
