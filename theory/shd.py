r"""Stochastic Hamiltonian Descent: two coupled arrays as a mechanical system.

The auxiliary array A takes the gradient, the core array C holds the weights of the network:

.. math:: \dot A = -\eta_A\bigl(f'(C)\,F_A(A) + \mathbb{E}|g|\,G_A(A)\bigr), \qquad
          \dot C = \kappa\,(A - r)

with r the reference of A. C is a position, A - r a momentum, the loss f a potential, and
the asymmetry G_A acts as friction. The energy

.. math:: H = f(C) + \frac{\kappa}{\eta_A}\int_r^A \frac{a-r}{F_A(a)}\,da, \qquad
          \dot H = -\kappa\,\mathbb{E}|g|\,(A-r)\,\frac{G_A(A)}{F_A(A)}

never rises if G_A is <= 0 below r and >= 0 above. For *any* r the tilted energy

.. math:: \tilde H = H + \mathbb{E}|g|\,\psi_A(r)\,C, \qquad
          \dot{\tilde H} = -\kappa\,\mathbb{E}|g|\,(A-r)\,\bigl(\psi_A(A) - \psi_A(r)\bigr)

never rises if psi_A = G_A/F_A rises. So SHD minimises the *tilted* loss
f + E|g| psi_A(r) C, and the tilt vanishes exactly when r is a symmetry point of A.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sympy import (
    Abs,
    Expr,
    Function,
    Matrix,
    Max,
    Min,
    S,
    Symbol,
    diff,
)

from theory.algebra import tidy, vanishes
from theory.calculus import Primitive, integrate_from
from theory.errors import ConditionError
from theory.exact import exact_expression
from theory.law import DeviceLaw
from theory.roots import roots_in
from theory.shd_linear import Linearised, linearise
from theory.symbols import A, C, curvature, eta_A, kappa, w, w_o
from theory.symbols import noise as mean_magnitude


@dataclass(frozen=True)
class FixedPoint:
    """A fixed point of the equations of motion.

    Attributes
    ----------
    A, C : Expr
        The two weights. Where the loss is general, C is given by ``condition``.
    condition : Expr
        Vanishes at the fixed point: the slope of the tilted loss.
    method : str
        "symbolic", "exact", "sturm", "interval", or "implicit" (``condition`` says it).
    """

    A: Expr
    C: Expr
    condition: Expr
    method: str


@dataclass(frozen=True)
class RisingRegion:
    """Where the untilted energy rises: A strictly between the reference and a symmetry point.

    Attributes
    ----------
    lower, upper : Expr
        Ends of the open interval; equal where the energy rises nowhere.
    reason : str
    """

    lower: Expr
    upper: Expr
    reason: str

    @property
    def is_empty(self) -> bool:
        """Whether the energy rises nowhere."""
        return bool(self.lower == self.upper)


@dataclass(frozen=True, init=False)
class SHD:
    """The mean-field equations of SHD for one weight, and what follows from them.

    Parameters
    ----------
    law_a : DeviceLaw
        Law of the auxiliary array.
    law_c : DeviceLaw, optional
        Law of the core array; left out, C takes every transfer exactly. Parameters of equal
        symbols in both laws mean equal values.
    reference : number, Expr or "symmetry_point"
        r. The symbol ``theory.symbols.r`` keeps it general.
    loss : Expr in C, optional
        The default is the general function f(C); pass :func:`quadratic` for closed forms.
    gradient_noise : Expr, optional
        E|g|; may depend on C. The default is a symbol.

    Examples
    --------
    >>> from theory import SHD, laws
    >>> from theory.shd import quadratic
    >>> shd = SHD(laws.linear_asymmetry(), loss=quadratic())
    >>> shd.offset
    m_g*w_star/(k*tau)
    """

    law_a: DeviceLaw
    law_c: DeviceLaw | None
    reference: Expr
    loss: Expr
    gradient_noise: Expr

    def __init__(
        self,
        law_a: DeviceLaw,
        law_c: DeviceLaw | None = None,
        *,
        reference: Any = 0,
        loss: Any = None,
        gradient_noise: Any = None,
    ) -> None:
        place = _reference(law_a, reference)
        potential = Function("f")(C) if loss is None else exact_expression(loss, "loss")
        if not potential.has(C):
            raise ConditionError(
                f"loss = {potential} does not contain C; build it with theory.symbols.C"
            )
        size = (
            mean_magnitude
            if gradient_noise is None
            else exact_expression(gradient_noise, "gradient_noise")
        )
        if size.is_negative:
            raise ConditionError(f"gradient_noise = {size} is E|g| and must not be negative")
        for field, value in (
            ("law_a", law_a),
            ("law_c", law_c),
            ("reference", place),
            ("loss", potential),
            ("gradient_noise", size),
        ):
            object.__setattr__(self, field, value)

    # -- equations -----------------------------------------------------------------------
    @property
    def F(self) -> Expr:
        """F_A(A)."""
        return self.law_a.F.subs(w, A)

    @property
    def G(self) -> Expr:
        """G_A(A)."""
        return self.law_a.G.subs(w, A)

    @property
    def psi(self) -> Expr:
        """psi_A(A) = G_A/F_A."""
        return self.law_a.psi.subs(w, A)

    @cached_property
    def equations(self) -> dict[Symbol, Expr]:
        """Time derivatives of A and C; the unit of time is one sample."""
        momentum = A - self.reference
        move = kappa * momentum
        if self.law_c is not None:
            core_F, core_G = self.law_c.F.subs(w, C), self.law_c.G.subs(w, C)
            move = kappa * (momentum * core_F - Abs(momentum) * core_G)
        force = diff(self.loss, C)
        return {A: -eta_A * (force * self.F + self.gradient_noise * self.G), C: move}

    # -- energies ------------------------------------------------------------------------
    @cached_property
    def kinetic(self) -> Primitive:
        """The integral of (a - r)/F_A from r to A, times kappa/eta_A."""
        made = integrate_from((A - self.reference) / self.F, A, self.reference, self.law_a.bounds)
        return Primitive(kappa / eta_A * made.expression, made.closed, made.reason)

    @cached_property
    def potential(self) -> Expr:
        """The loss; with an asymmetric C, the integral of f'/F_C."""
        if self.law_c is None:
            return self.loss
        force = diff(self.loss, C)
        made = integrate_from(force / self.law_c.F.subs(w, C), C, S.Zero, self.law_c.bounds)
        return made.expression

    @property
    def energy(self) -> Expr:
        """H, the untilted energy."""
        return self.potential + self.kinetic.expression

    @property
    def tilt(self) -> Expr:
        """E|g|*psi_A(r): slope of the linear term that is added to the loss."""
        return self.gradient_noise * self._at_reference(self.psi)

    @property
    def tilted_energy(self) -> Expr:
        """The energy that SHD lowers for any reference, with C symmetric and E|g| constant."""
        if self.law_c is not None:
            raise ConditionError("the tilted energy is derived for a symmetric C; leave law_c out")
        if self.gradient_noise.has(C):
            raise ConditionError(
                f"gradient_noise = {self.gradient_noise} depends on C; then the tilt is the "
                "integral of E|g|*psi_A(r) over C, see SHD.fixed_points for where it ends"
            )
        return self.energy + self.tilt * C

    @property
    def dissipation(self) -> Expr:
        """dH/dt along the motion; with an asymmetric C the last term has no fixed sign."""
        momentum = A - self.reference
        rate = -kappa * self.gradient_noise * momentum * self.psi
        return rate + self.core_term

    @property
    def core_term(self) -> Expr:
        """Contribution of an asymmetric C to dH/dt: *no fixed sign*; 0 for a symmetric C."""
        if self.law_c is None:
            return S.Zero
        core_psi = self.law_c.psi.subs(w, C)
        return -kappa * Abs(A - self.reference) * diff(self.loss, C) * core_psi

    @property
    def tilted_dissipation(self) -> Expr:
        """Rate of the tilted energy; <= 0 wherever psi_A rises."""
        momentum = A - self.reference
        change = self.psi - self._at_reference(self.psi)
        return -kappa * self.gradient_noise * momentum * change

    def rate_of(self, energy: Expr) -> Expr:
        """Return d(energy)/dt by the chain rule along the equations of motion."""
        return diff(energy, A) * self.equations[A] + diff(energy, C) * self.equations[C]

    @cached_property
    def rising_region(self) -> RisingRegion:
        """The open interval of A in which the untilted energy rises.

        It needs one stable symmetry point. With symbols left the ends are Min(r, w*) and
        Max(r, w*).
        """
        place = self.law_a.symmetry_point()
        if not place.stable:
            raise ConditionError(f"the symmetry point {place.expression} is not known to be stable")
        star, at = place.expression, self.reference
        if vanishes(star - at):
            return RisingRegion(at, at, "the reference is the symmetry point")
        return RisingRegion(
            Min(star, at),
            Max(star, at),
            "between r and w* the signs of A - r and of G_A are opposite",
        )

    # -- where it ends -------------------------------------------------------------------
    @cached_property
    def fixed_points(self) -> tuple[FixedPoint, ...]:
        """A = r, and C where the slope of the tilted loss vanishes.

        The slope is f'(C) + E|g|*psi_A(r). Where it is linear in C the point is symbolic;
        where it is a numeric function of C its roots in [-1000, 1000] are certified; else
        the condition itself is the answer.
        """
        slope = diff(self.loss, C) + self.gradient_noise * self._at_reference(self.psi)
        if slope.is_rational_function(C):
            slope = tidy(slope)
        if slope.has(Function("f")(C)) or slope.atoms(Function("f")):
            return (FixedPoint(self.reference, C, slope, "implicit"),)
        if slope.is_polynomial(C) and diff(slope, C, 2) == 0:
            rate = diff(slope, C)
            if rate != 0:
                place = tidy(-slope.subs(C, 0) / rate)
                return (FixedPoint(self.reference, place, slope, "symbolic"),)
        if slope.free_symbols == {C}:
            found = roots_in(slope, C, S(-1000), S(1000)).found
            if found:
                return tuple(
                    FixedPoint(self.reference, x.expression, slope, x.method) for x in found
                )
        return (FixedPoint(self.reference, C, slope, "implicit"),)

    @property
    def offset(self) -> Expr:
        """C at the fixed point minus the minimum of the quadratic loss: ``-E|g|*psi_A(r)/k``."""
        local = self.local
        if local.gradient_noise.has(C):
            minimum = tidy(-diff(local.loss, C).subs(C, 0) / local.curvature)
            return local.fixed_points[0].C - minimum
        return tidy(-self.tilt / local.curvature)

    # -- linearised ----------------------------------------------------------------------
    @cached_property
    def linearised(self) -> Linearised:
        """The motion close to the fixed point; a general loss counts with its curvature k."""
        if self.law_c is not None:
            raise ConditionError("the linearisation is derived for a symmetric C; leave law_c out")
        if self.local is not self:
            return self.local.linearised
        if self.curvature.is_negative:
            raise ConditionError(f"loss = {self.loss} has no minimum: its curvature is negative")
        end = self.fixed_points[0]
        if end.method == "implicit":
            raise ConditionError(f"the fixed point is implicit, {end.condition} = 0; give values")
        jacobian = Matrix([[diff(self.equations[x], y) for y in (A, C)] for x in (A, C)])
        at_end = jacobian.subs({A: end.A, C: end.C}).applyfunc(tidy)
        force = tidy(self._at_reference(self.F))
        return linearise(at_end, force)

    @property
    def eigenvalues(self) -> tuple[Expr, Expr]:
        """Eigenvalues of the linearised motion."""
        return self.linearised.eigenvalues

    @property
    def frequency(self) -> Expr:
        """omega_0, the undamped angular frequency per sample."""
        return self.linearised.frequency

    @property
    def damping_ratio(self) -> Expr:
        """zeta: below 1 under-damped, at 1 critical, above 1 over-damped, 0 undamped."""
        return self.linearised.damping_ratio

    # -- helpers -------------------------------------------------------------------------
    def _at_reference(self, expression: Expr) -> Expr:
        return expression.subs(A, self.reference)

    @cached_property
    def local(self) -> SHD:
        """The same with ``quadratic()`` in place of a general loss f: valid near its minimum."""
        if not self.loss.atoms(Function("f")):
            return self
        return SHD(
            self.law_a,
            self.law_c,
            reference=self.reference,
            loss=quadratic(),
            gradient_noise=self.gradient_noise,
        )

    @property
    def curvature(self) -> Expr:
        """Curvature k of the loss; that of a general loss at its minimum is the symbol k."""
        second = diff(self.local.loss, C, 2)
        if second.has(C) or second == 0:
            raise ConditionError(f"loss = {self.loss} is not quadratic in C; expand it first")
        return second


def quadratic(k: Any = curvature, minimum: Any = w_o) -> Expr:
    """Return the loss ``k*(C - minimum)**2/2``.

    Examples
    --------
    >>> quadratic(2, 0)
    C**2
    """
    return exact_expression(k, "k") * (C - exact_expression(minimum, "minimum")) ** 2 / 2


def _reference(law: DeviceLaw, given: Any) -> Expr:
    if isinstance(given, str):
        if given == "symmetry_point":
            return law.symmetry_point().expression
        raise ConditionError(f"reference = {given!r}: give a number, r, or 'symmetry_point'")
    place = exact_expression(given, "reference")
    lower, upper = law.bounds
    known = place.is_number and not (lower.free_symbols or upper.free_symbols)
    if known and not (bool(lower < place) and bool(place < upper)):
        raise ConditionError(
            f"reference = {place} must lie inside the bounds ({lower}, {upper}) of A"
        )
    return place
