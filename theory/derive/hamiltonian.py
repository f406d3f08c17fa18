"""Derivations about SHD: its energies, its damping, and what an unshifted reference costs."""

from __future__ import annotations

from sympy import Integral, S, Symbol, diff

from theory.algebra import tidy
from theory.derivation import Derivation, Step
from theory.derive.descent import psi_rises
from theory.derive.symmetry import local_law, region_of, smooth_at
from theory.law import DeviceLaw
from theory.shd import SHD, quadratic
from theory.shd_linear import critical_rates
from theory.shd_noise import fluctuations
from theory.symbols import A, C, curvature, eta_A, kappa, r, w
from theory.symbols import noise as magnitude


def _local(law: DeviceLaw) -> DeviceLaw:
    points = law.symmetry_points()
    place = points[0].expression if points else S.Zero
    return smooth_at(law, place)


def shd_energy(law: DeviceLaw) -> Derivation:
    """Derive the energy theorem: SHD minimises the loss plus a tilt.

    Examples
    --------
    >>> from theory import derive, laws
    >>> derive.shd_energy(laws.soft_bounds()).verify().is_proof
    True
    """
    local = _local(law)
    shd = SHD(local, reference=r)
    momentum = A - r
    slope = kappa / eta_A * momentum / shd.F
    inner = Symbol("a", real=True)
    kinetic = Integral(((inner - r) / local.F.subs(w, inner)), (inner, r, A))
    energy = shd.loss + kappa / eta_A * kinetic
    force, at_r = diff(shd.loss, C), shd.psi.subs(A, r)
    steps = [
        Step(
            "The derivative of the kinetic term with respect to A.",
            r"\partial H/\partial A",
            diff(energy, A),
            slope,
            "derivative of an integral by its upper end",
        ),
        Step(
            "Along the motion the force of the loss does no net work.",
            r"f'(C)\,\dot C + \frac{\kappa}{\eta_A}\frac{A-r}{F_A}\bigl(-\eta_A f'(C)F_A\bigr)",
            force * shd.equations[C] + slope * (-eta_A * force * shd.F),
            S.Zero,
            "what C gains, A loses: the coupling is conservative",
        ),
        Step(
            "So only asymmetry changes the energy: it is the friction.",
            r"\dot H",
            shd.rate_of(energy),
            -kappa * magnitude * momentum * shd.psi,
            "chain rule with both equations of motion",
        ),
        Step(
            "For any reference the tilted energy has the excess of psi over psi(r) as friction.",
            r"\dot{\tilde H}",
            shd.rate_of(energy + shd.tilt * C),
            -kappa * magnitude * momentum * (shd.psi - at_r),
            "add E|g| psi(r) C to the loss; E|g| is constant",
        ),
    ]
    conditions = ["E|g| > 0 is constant", "C is symmetric and its bounds are not reached"]
    rising = psi_rises(law, region_of(law))
    if not rising:
        conditions.append("psi_A must rise for the tilted energy to fall; not proved for this law")
    else:
        steps += rising
        conditions.append("psi_A rises (proved below), so (A - r)(psi_A(A) - psi_A(r)) >= 0")
    points = law.symmetry_points()
    if len(points) == 1 and points[0].method not in ("interval", "jump"):
        star = points[0].expression
        steps.append(
            Step(
                "At the symmetry point the tilt vanishes: zero-shifting makes SHD minimise f.",
                r"\mathbb{E}|g|\,\psi_A(w_\ast)",
                shd.tilt.subs(r, star),
                S.Zero,
                f"G_A(w*) = 0 at w* = {star}",
            )
        )
    return Derivation(
        "shd_energy",
        "SHD minimises f(C) + E|g| psi_A(r) C; the tilt vanishes exactly where r is the "
        "symmetry point of A",
        tuple(steps),
        tuple(conditions),
    )


def shd_damping(law: DeviceLaw) -> Derivation:
    """Derive frequency, damping, critical rates and temperature at the symmetry point.

    Examples
    --------
    >>> from theory import derive, laws
    >>> derive.shd_damping(laws.soft_bounds(1, -1, 0.3)).verify().is_proof
    True
    """
    point = law.symmetry_point()
    measured = point.expression
    local, point = local_law(law, point)
    star = point.expression
    shd = SHD(local, reference=star, loss=quadratic())
    force, slope = local.F.subs(w, star), diff(local.G, w).subs(w, star)
    linear, rates = shd.linearised, critical_rates(shd)
    zeta_squared = linear.trace**2 / (4 * linear.determinant)
    steps = [
        Step(
            "Linearise at A = w*: the determinant is the squared frequency.",
            r"\omega_0^2",
            linear.determinant,
            kappa * eta_A * curvature * force,
            "determinant of the Jacobian",
        ),
        Step(
            "The trace is minus the damping rate; it comes from asymmetry alone.",
            r"2\zeta\omega_0",
            -linear.trace,
            eta_A * magnitude * slope,
            "trace of the Jacobian",
        ),
        Step(
            "Hence the damping ratio.",
            r"\zeta^2",
            zeta_squared,
            eta_A * magnitude**2 * slope**2 / (4 * kappa * curvature * force),
            "divide the two",
        ),
        Step(
            "At this transfer rate the motion is critically damped.",
            r"\zeta^2\big|_{\kappa = \kappa_c}",
            zeta_squared.subs(kappa, rates.kappa),
            S.One,
            f"kappa_c = {rates.kappa}",
        ),
    ]
    found = fluctuations(shd)
    steps += [
        Step(
            "Under gradient noise both degrees of freedom have one temperature.",
            r"\frac{\kappa}{\eta_A F}\langle A^2\rangle - k\langle C^2\rangle",
            kappa / (eta_A * force) * found.covariance[0, 0] - found.temperature,
            S.Zero,
            "solution of the Lyapunov equation",
        ),
        Step(
            "What noise injects, asymmetry dissipates.",
            r"\text{injection} - \text{dissipation}",
            found.injection - found.dissipation,
            S.Zero,
            "mean energy is stationary",
        ),
    ]
    return Derivation(
        "shd_damping",
        f"SHD on {law.name} at w* = {measured} is an oscillator damped by asymmetry",
        tuple(steps),
        ("quadratic loss of curvature k", "E|g| is constant", "small deviations"),
    )


def unshifted_offset(law: DeviceLaw) -> Derivation:
    """Derive how far SHD ends from the optimum when the reference is not the symmetry point.

    Examples
    --------
    >>> from theory import derive, laws
    >>> derive.unshifted_offset(laws.linear_asymmetry()).verify().is_proof
    True
    """
    local = _local(law)
    shd = SHD(local, reference=r, loss=quadratic())
    end = shd.fixed_points[0]
    at_r = local.psi.subs(w, r)
    place = {A: end.A, C: end.C}
    steps = [
        Step(
            "C rests only where A equals its reference.",
            r"\dot C\big|_{A=r}",
            shd.equations[C].subs(A, end.A),
            S.Zero,
            "C moves with A - r",
        ),
        Step(
            "There A rests where the slope of the loss balances the asymmetry at r.",
            r"\dot A",
            tidy(shd.equations[A].subs(place)),
            S.Zero,
            f"with C = {end.C}",
        ),
        Step(
            "So the slope of the tilted loss vanishes, not that of the loss.",
            r"f'(C) + \mathbb{E}|g|\,\psi_A(r)",
            (diff(shd.loss, C) + shd.tilt).subs(C, end.C),
            S.Zero,
            "divide by F_A(r)",
        ),
        Step(
            "For a quadratic loss the offset from the optimum.",
            r"C_\mathrm{eq} - C_\ast",
            shd.offset,
            -magnitude * at_r / curvature,
            "solve the linear equation",
        ),
    ]
    points = law.symmetry_points()
    if len(points) == 1 and points[0].method not in ("interval", "jump"):
        steps.append(
            Step(
                "It vanishes when the reference is the symmetry point.",
                r"(C_\mathrm{eq} - C_\ast)\big|_{r = w_\ast}",
                tidy(shd.offset.subs(r, points[0].expression)),
                S.Zero,
                "psi_A(w*) = 0",
            )
        )
    return Derivation(
        "unshifted_offset",
        f"SHD on {law.name} with reference r ends E|g| psi_A(r)/k away from the optimum",
        tuple(steps),
        (
            "E|g| is a constant noise mean; without gradient noise the offset is 0, as |psi| < 1",
            "quadratic loss of curvature k",
        ),
    )
