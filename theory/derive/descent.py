"""Derivations about plain SGD: where it ends, and what it minimises instead."""

from __future__ import annotations

from sympy import Expr, S, diff

from theory.algebra import HIGHEST_DEGREE, degree_bound, tidy
from theory.calculus import integrate_from
from theory.derivation import Derivation, Region, Step
from theory.derive.symmetry import region_of, smooth_at, split_steps
from theory.law import DeviceLaw
from theory.noise import gaussian, mu
from theory.penalty import implicit_penalty as penalty_of
from theory.pieces import has_pieces
from theory.sgd import lr
from theory.sgd import sgd_equilibrium as problem_of
from theory.symbols import curvature, sigma, w, w_o
from theory.symbols import noise as magnitude


def _short(expression: Expr) -> Expr:
    plain = expression.is_rational_function(w) and degree_bound(expression, w) <= HIGHEST_DEGREE
    return tidy(expression) if plain else expression


def psi_rises(law: DeviceLaw, region: Region) -> list[Step]:
    """Return steps that show psi to rise inside the bounds; none where it is not proved.

    It suffices that the up step falls and the down step rises. Else the sign of the numerator
    of psi' is looked at as a whole.
    """
    inside = ((w, law.bounds), *region)
    up, down = diff(law.up, w), diff(law.down, w)
    monotone = [
        Step(
            "The up step falls with the weight.",
            r"q_\mathrm{up}'(w)",
            _short(up),
            S.Zero,
            "sign of the derivative over the whole open interval",
            "inequality",
            "<",
            inside,
        ),
        Step(
            "The down step rises with it.",
            r"q_\mathrm{down}'(w)",
            _short(down),
            S.Zero,
            "sign of the derivative over the whole open interval",
            "inequality",
            ">",
            inside,
        ),
        Step(
            "So psi = G/F rises: both terms of the numerator of psi' are positive.",
            r"F^2\,\psi'(w)",
            diff(law.G, w) * law.F - law.G * diff(law.F, w),
            (down * law.up - law.down * up) / 2,
            "quotient rule, with the steps in place of F and G",
        ),
    ]
    if all(step.holds() for step in monotone):
        return monotone
    whole = Step(
        "The asymmetry ratio psi = G/F rises inside the bounds.",
        r"F^2\,\psi'(w) = G'F - GF'",
        _short(diff(law.G, w) * law.F - law.G * diff(law.F, w)),
        S.Zero,
        "sign of the numerator of psi' over the whole open interval",
        "inequality",
        ">",
        inside,
    )
    return [whole] if whole.holds() else []


def sgd_equilibrium(law: DeviceLaw) -> Derivation:
    """Derive the equilibrium of plain pulsed SGD on a quadratic loss.

    Examples
    --------
    >>> from theory import derive, laws
    >>> derive.sgd_equilibrium(laws.linear_asymmetry()).verify().is_proof
    True
    """
    gradient = curvature * (w - w_o)
    down, up = (magnitude + gradient) / 2, (magnitude - gradient) / 2
    drift = -lr * (gradient * law.F + magnitude * law.G)
    folded = gaussian()
    steps = [
        *split_steps(law),
        Step(
            "Positive gradients send down pulses, negative ones up pulses; add their means.",
            r"\mathbb{E}[\dot w]",
            lr * (up * law.up - down * law.down),
            drift,
            "E[max(g, 0)] = (E|g| + E[g])/2 and E[max(-g, 0)] = (E|g| - E[g])/2",
        ),
        Step(
            "For normal noise E|g| is the mean of the folded normal distribution; it is smooth.",
            r"\frac{d}{d\mu}\,\mathbb{E}|g|\Big|_{\mu=0}",
            diff(folded.magnitude, mu).subs(mu, 0),
            S.Zero,
            "so close to the optimum E|g| is constant to first order",
        ),
        Step(
            "Its second derivative follows the bell curve.",
            r"\frac{d^2}{d\mu^2}\,\mathbb{E}|g|\Big|_{\mu=0}",
            diff(folded.magnitude, mu, 2).subs(mu, 0) * sigma**2,
            folded.magnitude.subs(mu, 0),
            "times sigma^2 it is E|g| at zero mean",
        ),
    ]
    conditions = ["E|g| does not depend on w (exact: give theory.noise.gaussian)"]
    found = _closed(law)
    if found is None:
        conditions.append("no closed form for this law; the balance itself is the answer")
        statement = f"plain SGD on {law.name} stops where k(w - w_o)F + E|g|G = 0"
    else:
        balance = gradient * law.F + magnitude * law.G
        steps.append(
            Step(
                "There the two pulls balance.",
                r"k(w_\mathrm{eq} - w_o)\,F + \mathbb{E}|g|\,G",
                balance.subs(w, found),
                S.Zero,
                f"substitute w_eq = {found}",
            )
        )
        statement = f"plain SGD on {law.name} stops at w = {found}, not at w_o"
    return Derivation("sgd_equilibrium", statement, tuple(steps), tuple(conditions))


def _closed(law: DeviceLaw) -> Expr | None:
    if not law.F.is_polynomial(w) or not law.G.is_polynomial(w) or law.F.has(w):
        return None
    return problem_of(law).solution.expression


def implicit_penalty(law: DeviceLaw) -> Derivation:
    """Derive the penalty that plain SGD adds to the loss.

    Examples
    --------
    >>> from theory import derive, laws
    >>> derive.implicit_penalty(laws.soft_bounds(1, -1, 0.3)).verify().is_proof
    True
    """
    found = penalty_of(law)
    region = region_of(law)
    gradient = curvature * (w - w_o)
    local = smooth_at(law, found.base)
    inner = local if has_pieces(law.psi) else law
    penalty = (
        found.expression
        if inner is law
        else integrate_from(inner.psi, w, found.base, law.bounds).expression
    )
    conditions = ["E|g| is constant", "F > 0 inside the bounds"]
    steps = [
        *split_steps(law),
        Step(
            "Divide the balance of the mean drift by F.",
            r"\frac{k(w-w_o)\,F + \mathbb{E}|g|\,G}{F}",
            (gradient * law.F + magnitude * law.G) / law.F,
            gradient + magnitude * (law.G / law.F if has_pieces(law.psi) else law.psi),
            "F > 0 inside the bounds, so the zeros stay",
        ),
        Step(
            "The second term is the derivative of a penalty.",
            r"R'(w)",
            diff(penalty, w),
            inner.psi,
            "differentiate R"
            if inner is law
            else "differentiate R on the piece around its minimum; the others are alike",
        ),
        Step(
            "The penalty vanishes at the symmetry point.",
            r"R(w_\ast)",
            penalty.subs(w, found.base).doit(),
            S.Zero,
            "lower end of the integral",
        ),
    ]
    rising = psi_rises(law, region)
    if not rising:
        conditions.append("psi is not proved to rise, so R is not proved convex")
    else:
        steps += rising
    kind = "closed form" if found.closed else "a named integral"
    return Derivation(
        "implicit_penalty",
        f"plain SGD on {law.name} minimises loss + E|g| R(w), R in {kind}",
        tuple(steps),
        tuple(conditions),
    )
