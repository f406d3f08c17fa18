"""Plain SGD against SHD as the number of states grows: who ends lower.

Plain SGD is left with the loss of its biased equilibrium, which no number of states cures.
SHD with the reference at the symmetry point has no bias; what remains is its temperature,
which falls with the transfer rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sympy import Expr, limit

from theory.errors import ConditionError
from theory.exact import exact_expression
from theory.law import DeviceLaw
from theory.noise import constant
from theory.sgd import ResidualLoss, lr, residual_loss, sgd_equilibrium
from theory.shd import SHD, quadratic
from theory.shd_noise import fluctuations
from theory.symbols import dw_min


@dataclass(frozen=True)
class Comparison:
    """Residual losses of both algorithms on one quadratic loss.

    Attributes
    ----------
    sgd : ResidualLoss
        Of plain SGD; symbols: ``eta`` (its learning rate), ``dw_min``, ``BL``.
    shd : Expr
        Of SHD with the reference at the symmetry point; symbols: ``kappa``, ``eta_A``,
        ``dw_min``.
    """

    sgd: ResidualLoss
    shd: Expr

    @property
    def limit_of_many_states(self) -> Expr:
        """SGD minus SHD for dw_min and the rates going to 0: the loss of asymmetry."""
        return limit(self.sgd.with_many_states.subs(lr, 0), dw_min, 0)

    def winner(self, numbers: Mapping[Any, Any]) -> str:
        """Return "SGD" or "SHD", whichever ends lower at these numbers."""
        difference = (self.sgd.total - self.shd).subs(numbers)
        # BL enters SGD by the factor 1 - 1/BL only; many slots are its worst case.
        for symbol in difference.free_symbols:
            if symbol.name == "BL":
                difference = difference.subs(symbol, 10**6)
        if difference.free_symbols:
            missing = ", ".join(sorted(str(s) for s in difference.free_symbols))
            raise ConditionError(f"numbers lack {missing}; give them all")
        return "SHD" if difference.evalf() > 0 else "SGD"


def compare_residuals(
    law: DeviceLaw, *, curvature: Any, optimum: Any, magnitude: Any, variance: Any
) -> Comparison:
    """Return the residual losses of plain SGD and of zero-shifted SHD.

    Parameters
    ----------
    law : DeviceLaw
        With one symmetry point.
    curvature, optimum : number or Expr
        k and w_o of the loss.
    magnitude, variance : number or Expr
        E|g| and the variance of the gradient.

    Examples
    --------
    >>> from theory import laws
    >>> law = laws.linear_asymmetry(1, 0)
    >>> made = compare_residuals(law, curvature=1, optimum=0.5, magnitude=0.5, variance=0.4)
    >>> made.limit_of_many_states
    1/72
    """
    size, power = exact_expression(magnitude), exact_expression(variance)
    problem = sgd_equilibrium(
        law, curvature=curvature, optimum=optimum, noise=constant(size, power)
    )
    shd = SHD(
        law,
        reference="symmetry_point",
        loss=quadratic(curvature, optimum),
        gradient_noise=size,
    )
    return Comparison(
        residual_loss(problem), fluctuations(shd, power, pulse_noise=True).residual_loss
    )
