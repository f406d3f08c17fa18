r"""Plain SGD by pulses: its drift, where it ends, and what that costs.

With the gradient g of the loss, learning rate :math:`\eta` and one weight,

.. math:: \dot w = -\eta\,\bigl(\mathbb{E}[g]\,F(w) + \mathbb{E}|g|\,G(w)\bigr)

so pulsed SGD does not stop where E[g] = 0 but where the pull of the loss balances the pull
of the symmetry point. It minimises the loss plus an implicit penalty
(:mod:`theory.penalty`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import Expr, S, Symbol, diff, limit, sqrt

from theory.algebra import coefficients, factored, numerator_denominator, tidy
from theory.errors import ConditionError
from theory.exact import exact_expression
from theory.intervals import point, sign_of
from theory.law import DeviceLaw
from theory.noise import GradientNoise, constant, mu
from theory.pieces import has_pieces
from theory.roots import Root, roots_in
from theory.signs import Sign, prove_sign
from theory.symbols import curvature, dw_min, w, w_o

lr = Symbol("eta", positive=True)
"""Learning rate: the wanted change is ``-eta*g``."""

slots = Symbol("BL", positive=True, integer=True)
"""Slots of one stochastic pulse train."""


_SIGNED: dict[Sign | None, bool] = {Sign.POSITIVE: True, Sign.NEGATIVE: False}


@dataclass(frozen=True)
class Equilibrium:
    """One equilibrium of plain SGD.

    Attributes
    ----------
    expression : Expr
    stable : bool or None
        None where it depends on symbols.
    method : str
        "symbolic", "bound" (pinned to a hard bound), or as in :mod:`theory.roots`.
    """

    expression: Expr
    stable: bool | None
    method: str

    def __float__(self) -> float:
        return float(self.expression.evalf(30))


@dataclass(frozen=True)
class SGDEquilibrium:
    """Plain SGD on one quadratic loss ``k*(w - w_o)**2/2``.

    Attributes
    ----------
    law : DeviceLaw
    noise : GradientNoise
    curvature, optimum : Expr
        k and w_o of the loss.
    """

    law: DeviceLaw
    noise: GradientNoise
    curvature: Expr
    optimum: Expr

    @property
    def gradient(self) -> Expr:
        """Mean gradient at w."""
        return self.curvature * (w - self.optimum)

    @property
    def drift(self) -> Expr:
        """Mean change of w per sample."""
        return -lr * self.balance

    @property
    def balance(self) -> Expr:
        """E[g]*F + E|g|*G; zero at equilibrium."""
        return self.gradient * self.law.F + self.noise.at(self.gradient) * self.law.G

    @property
    def diffusion(self) -> Expr:
        r"""Mean squared change of w per sample, from the pulse process.

        Given g, the number of pulses is binomial with mean :math:`\eta|g|/\delta`, so

        .. math:: \mathbb{E}(\Delta w)^2 = q^2\bigl(\eta^2 g^2(1 - 1/BL) + \eta\delta|g|\bigr)

        with q the step in the direction of the pulses.
        """
        shift = {mu: self.gradient}
        total = S.Zero
        for q, (first, second) in (
            (self.law.up, self.noise.up_moments),
            (self.law.down, self.noise.down_moments),
        ):
            power = lr**2 * second.subs(shift) * (1 - 1 / slots)
            total += q**2 * (power + lr * dw_min * first.subs(shift))
        return total

    @cached_property
    def solutions(self) -> tuple[Equilibrium, ...]:
        """All equilibria inside the bounds; closed form where the balance allows it.

        Raises
        ------
        ConditionError
            Where symbols remain and the balance is no polynomial of degree 1 or 2.
        """
        if not self.balance.free_symbols <= {w}:
            return self._symbolic()
        lower, upper = self.law.bounds
        found = roots_in(self.balance, w, lower, upper)
        if found.undecided:
            raise ConditionError(
                f"whether SGD has an equilibrium in {found.undecided} could not be decided"
            )
        if not found.found:
            return (self._pinned(),)
        return tuple(Equilibrium(r.expression, self._numeric(r), r.method) for r in found.found)

    @cached_property
    def solution(self) -> Equilibrium:
        """The stable equilibrium, or an error that lists what there is."""
        stable = [s for s in self.solutions if s.stable is not False]
        if len(stable) == 1:
            return stable[0]
        listed = ", ".join(str(s.expression) for s in self.solutions) or "none"
        raise ConditionError(f"SGD has {len(stable)} stable equilibria inside the bounds: {listed}")

    @property
    def bias(self) -> Expr:
        """Distance of the stable equilibrium from the optimum."""
        return tidy(self.solution.expression - self.optimum)

    @property
    def residual_loss(self) -> Expr:
        """Loss at the stable equilibrium, above its minimum."""
        return factored(self.curvature * self.bias**2 / 2)

    @property
    def variance(self) -> Expr:
        r"""Stationary variance around the equilibrium, ``D/(2*lr*slope)``, to first order."""
        place = self.solution.expression
        slope = diff(self.balance, w).subs(w, place)
        return self.diffusion.subs(w, place) / (2 * lr * slope)

    def _pinned(self) -> Equilibrium:
        """Return the bound that a drift of one sign runs into."""
        lower, upper = self.law.bounds
        falls = sign_of(point(self.balance.subs(w, (lower + upper) / 2))) > 0
        return Equilibrium(lower if falls else upper, True, "bound")

    def _numeric(self, root: Root) -> bool | None:
        if has_pieces(self.balance):
            width = (self.law.bounds[1] - self.law.bounds[0]) / 10**9
            left, right = (
                sign_of(point(self.balance.subs(w, root.expression + s * width))) for s in (-1, 1)
            )
            return True if left < 0 < right else False if right < 0 < left else None
        slope = sign_of(point(diff(self.balance, w).subs(w, root.expression)))
        return True if slope > 0 else False if slope < 0 else None

    def _symbolic(self) -> tuple[Equilibrium, ...]:
        if self.noise.kind == "deterministic":
            # |psi| < 1 inside the bounds, so mu*F + |mu|*G vanishes with mu only.
            return (Equilibrium(self.optimum, True, "symbolic"),)
        found = coefficients(numerator_denominator(self.balance)[0], w)
        if found is None:
            raise ConditionError(
                "the balance is no polynomial in w while symbols have no values; "
                "give values, or a constant E|g|"
            )
        if len(found) == 2:
            a, b = found
            roots = [factored(tidy(-b / a))]
        elif len(found) == 3:
            a, b, c = found
            root = sqrt(factored(b**2 - 4 * a * c))
            roots = [(-b - root) / (2 * a), (-b + root) / (2 * a)]
        else:
            raise ConditionError(
                f"the balance has degree {len(found) - 1} in w; give values, or a simpler law"
            )
        region = {**self.law.region, **_positive(self.balance, self.law)}
        slope = diff(self.balance, w)
        return tuple(
            Equilibrium(
                r,
                _SIGNED.get(prove_sign(tidy(slope.subs(w, r)), region)),
                "symbolic",
            )
            for r in roots
        )


def _positive(expression: Expr, law: DeviceLaw) -> dict[Symbol, tuple[Any, Any]]:
    own = {p.symbol for p in law.parameters} | {w}
    return {
        s: (0, S.Infinity) if s.is_nonnegative else (S.NegativeInfinity, S.Infinity)
        for s in sorted(expression.free_symbols - own, key=str)
    }


def sgd_equilibrium(
    law: DeviceLaw,
    *,
    curvature: Any = curvature,
    optimum: Any = w_o,
    noise: GradientNoise | None = None,
) -> SGDEquilibrium:
    r"""Return where plain pulsed SGD ends on the loss ``k*(w - w_o)**2/2``.

    For F = 1, G = (w - w*)/tau and a constant E|g| with m = E|g|/tau it is the weighted mean
    :math:`(k w_o + m w_\ast)/(k + m)`.

    Parameters
    ----------
    law : DeviceLaw
    curvature, optimum : number or Expr, optional
        k > 0 and w_o; symbolic where left out.
    noise : GradientNoise, optional
        A constant, symbolic E|g| where left out; see :mod:`theory.noise`.

    Examples
    --------
    >>> from theory import laws, sgd_equilibrium
    >>> sgd_equilibrium(laws.linear_asymmetry()).solution.expression
    (k*tau*w_o + m_g*w_star)/(k*tau + m_g)
    """
    k = exact_expression(curvature, "curvature")
    if k.is_positive is not True:
        raise ConditionError(f"curvature = {k} must be positive")
    return SGDEquilibrium(
        law, constant() if noise is None else noise, k, exact_expression(optimum, "optimum")
    )


@dataclass(frozen=True)
class ResidualLoss:
    """What keeps plain SGD above the minimum, term by term, to leading order.

    Attributes
    ----------
    asymmetry : Expr
        Loss of the biased equilibrium. It does not depend on the number of states.
    sampling : Expr
        Loss of the gradient noise; vanishes with the learning rate.
    pulses : Expr
        Loss of the granularity of pulses; vanishes as the number of states grows.
    """

    asymmetry: Expr
    sampling: Expr
    pulses: Expr

    @property
    def total(self) -> Expr:
        """Sum of the three."""
        return self.asymmetry + self.sampling + self.pulses

    @property
    def with_many_states(self) -> Expr:
        """Limit of the total for ``dw_min -> 0``: more states do not cure asymmetry."""
        return self.asymmetry + self.sampling + limit(self.pulses, dw_min, 0)


def residual_loss(problem: SGDEquilibrium) -> ResidualLoss:
    """Return the residual loss of plain SGD, split into its three causes.

    Examples
    --------
    >>> from theory import laws, sgd_equilibrium
    >>> from theory.sgd import residual_loss
    >>> terms = residual_loss(sgd_equilibrium(laws.linear_asymmetry()))
    >>> terms.asymmetry
    k*m_g**2*(w_o - w_star)**2/(2*(k*tau + m_g)**2)
    """
    spread = problem.curvature * problem.variance / 2
    pulses = spread.expand().coeff(dw_min, 1) * dw_min
    sampling = spread.subs(dw_min, 0)
    return ResidualLoss(problem.residual_loss, tidy(sampling), tidy(pulses))
