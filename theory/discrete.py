r"""SHD in discrete time: the energy along the recursion, and how large the steps may be.

One sample moves A first and then C with the new A,

.. math:: A' = A - \eta_A\bigl(f'(C)F(A) + |f'(C)|\,G(A)\bigr), \qquad C' = C + \kappa(A' - r)

(the gradient is the one taken at C). Scaling both rates by t, the energy changes by

.. math:: \Delta H = t\,\dot H + t^2\Bigl(\tfrac12 \dot z^T H'' \dot z
          + [A\text{ first}]\;H_C\,\kappa\,\dot A\Bigr) + O(t^3).

Using the *old* A for C (both at once) drops the last term, and pumps energy: without
asymmetry H then grows by the factor :math:`1 + \kappa\eta_A k` per step, exactly. (Moving C
first does no harm if the gradient is taken again at the new C; in training it is not.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Matrix, Rational, S, Symbol, diff, factor

from theory.algebra import tidy, vanishes
from theory.errors import ConditionError
from theory.exact import exact_number
from theory.shd import SHD
from theory.symbols import A, C, eta_A, kappa

theta = Symbol("theta", positive=True)
"""Normalised stiffness per step, ``kappa*eta_A*k*F``."""

damping = Symbol("d", positive=True)
"""Normalised damping per step, ``eta_A*E|g|*G'`` at the symmetry point."""


@dataclass(frozen=True)
class EnergyChange:
    """Change of the energy in one step, rates scaled by t: ``t*first + t**2*second``.

    Attributes
    ----------
    first, second : Expr
        Coefficients; the error is of third order in the rates.
    """

    first: Expr
    second: Expr

    @property
    def total(self) -> Expr:
        """First plus second order at t = 1."""
        return self.first + self.second


def energy_change(shd: SHD, order: str = "A first") -> EnergyChange:
    """Return the change of H in one noise-free step, to second order in the rates.

    Parameters
    ----------
    shd : SHD
        With a symmetric C.
    order : {"A first", "simultaneous"}
        Whether C is updated with the new or with the old A.
    """
    if order not in ("A first", "simultaneous"):
        raise ConditionError(f"order = {order!r} must be 'A first' or 'simultaneous'")
    if shd.law_c is not None:
        raise ConditionError("the discrete energy is derived for a symmetric C; leave law_c out")
    move_a, move_c = shd.equations[A], shd.equations[C]
    slope_a = kappa * (A - shd.reference) / (shd.F * eta_A)
    slope_c = diff(shd.loss, C)
    curve = diff(slope_a, A) * move_a**2 + diff(shd.loss, C, 2) * move_c**2
    second = curve / 2
    if order == "A first":
        second += slope_c * kappa * move_a
    return EnergyChange(shd.dissipation, tidy(second))


@dataclass(frozen=True)
class StepLimits:
    """Step sizes for a quadratic loss, close to the symmetry point, updating A first.

    Attributes
    ----------
    falling : Expr
        Below this ``theta`` the energy H falls in *every* step: ``d*(2 - d)``.
    stable : Expr
        Below this ``theta`` the recursion converges, though H may rise in some steps:
        ``2*(2 - d)``.
    """

    falling: Expr
    stable: Expr

    def verdict(self, stiffness: Any, damped: Any) -> str:
        """Return "falls in every step", "converges" or "diverges" for given numbers."""
        t, d = exact_number(stiffness, "stiffness"), exact_number(damped, "damped")
        if not (t > 0 and d > 0):
            raise ConditionError(f"stiffness = {t} and damped = {d} must be positive")
        if d < 2 and t < self.falling.subs(damping, d):
            return "falls in every step"
        if d < 2 and t < self.stable.subs(damping, d):
            return "converges"
        return "diverges"


def step_numbers(shd: SHD) -> tuple[Expr, Expr]:
    """Return ``(theta, d)`` of an SHD with a quadratic loss, at a symmetry point of A.

    Examples
    --------
    >>> from theory import SHD, laws, quadratic
    >>> step_numbers(SHD(laws.linear_asymmetry(w_star=0), loss=quadratic()))
    (eta_A*k*kappa, eta_A*m_g/tau)
    """
    if not vanishes(shd.G.subs(A, shd.reference)):
        raise ConditionError("the step limits hold with the reference at a symmetry point of A")
    linear = shd.linearised
    return linear.determinant, -linear.trace


def step_limits() -> StepLimits:
    r"""Return the two limits of :class:`StepLimits`.

    In scaled variables one step is :func:`step_matrix` M, and H is the squared length.
    :math:`M^TM - 1` is negative definite iff :math:`\theta < d(2-d)`; the eigenvalues of M
    lie inside the unit circle iff :math:`0 < d < 2` and :math:`\theta < 2(2-d)` (Jury).

    Examples
    --------
    >>> step_limits().falling
    d*(2 - d)
    >>> step_limits().verdict(stiffness=0.8, damped=0.5)
    'converges'
    """
    return StepLimits(damping * (2 - damping), 2 * (2 - damping))


def step_matrix(order: str = "A first") -> Matrix:
    """Return one step in the variables (sqrt(kappa/(eta_A*F))*(A - r), sqrt(k)*(C - C*))."""
    root = theta ** Rational(1, 2)
    if order == "A first":
        return Matrix([[1 - damping, -root], [root * (1 - damping), 1 - theta]])
    if order == "simultaneous":
        return Matrix([[1 - damping, -root], [root, 1]])
    raise ConditionError(f"order = {order!r} must be 'A first' or 'simultaneous'")


def change_matrix(order: str = "A first") -> Matrix:
    """Return N such that one step changes 2*H by the quadratic form of N."""
    step = step_matrix(order)
    return (step.T * step - Matrix.eye(2)).applyfunc(factor)


def shadow_energy() -> Matrix:
    r"""Return the quadratic form that undamped SHD, A first, conserves exactly.

    In scaled variables it is :math:`a^2 + c^2 - \sqrt\theta\,a c`: the energy H plus a
    correction of first order in the step, which is why H itself oscillates.
    """
    root = theta ** Rational(1, 2)
    return Matrix([[1, -root / 2], [-root / 2, 1]])


@dataclass(frozen=True)
class CounterExample:
    """A step in which the energy rises although the recursion converges.

    Attributes
    ----------
    stiffness, damped : Expr
        ``theta`` and ``d``.
    state : (Expr, Expr)
        Scaled (A - r, C - C*).
    change : Expr
        Exact change of 2*H; positive.
    """

    stiffness: Expr
    damped: Expr
    state: tuple[Expr, Expr]
    change: Expr


def counter_example() -> CounterExample:
    """Return a step where H rises: theta between d*(2 - d) and 2*(2 - d).

    Examples
    --------
    >>> example = counter_example()
    >>> step_limits().verdict(example.stiffness, example.damped), example.change > 0
    ('converges', True)
    """
    stiffness, damped = S(1), Rational(1, 2)
    form = change_matrix().subs({theta: stiffness, damping: damped})
    # Where the off-diagonal of the form outweighs its diagonal: momentum against displacement.
    state = Matrix([1, -3])
    change = tidy((state.T * form * state)[0, 0])
    return CounterExample(stiffness, damped, (state[0], state[1]), change)
