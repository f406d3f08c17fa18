"""Derivations about the device alone: symmetry point, alternating pulses, zero-shifting."""

from __future__ import annotations

from sympy import Expr, S, Symbol, diff, oo

from theory.cycle import AlternatingCycle
from theory.derivation import Derivation, Region, Step
from theory.law import DeviceLaw
from theory.parameters import parameter
from theory.pieces import branch_at, has_pieces, split_pieces
from theory.roots import compare, roots_in
from theory.signs import prove_sign
from theory.symbols import dw_min, sigma, w, w_max, w_min, w_star
from theory.symmetry import SymmetryPoint


def region_of(law: DeviceLaw) -> Region:
    """Return the parameters' admissible values as a region."""
    return tuple(law.region.items())


def smooth_at(law: DeviceLaw, place: Expr) -> DeviceLaw:
    """Return the law's smooth branch around a place (the law itself where it has no pieces)."""
    if not (has_pieces(law.up) or has_pieces(law.down)):
        return law
    lower, upper = law.bounds
    pieces = split_pieces(law.up + 2 * law.down, w, lower, upper, roots_in)
    piece = next(p for p in pieces if compare(place, p.upper) <= 0)
    middle = (piece.lower + piece.upper) / 2
    return DeviceLaw.branch(
        f"{law.name} around {place}",
        branch_at(law.up, w, middle),
        branch_at(law.down, w, middle),
        law.bounds,
    )


def local_law(law: DeviceLaw, point: SymmetryPoint) -> tuple[DeviceLaw, SymmetryPoint]:
    """Return a law that equals the given one around a symmetry point, with that point.

    Where the point is known by an enclosure only, or by roots and logarithms, algebra with it
    is idle. Then the straight lines through F(w*), F'(w*) and G'(w*), left symbolic, stand for
    the law: every first-order result depends on these three numbers alone.
    """
    if point.expression.is_Rational or point.expression.free_symbols:
        return smooth_at(law, point.expression), point
    level = Symbol("F_0", positive=True)
    tilt, slope = Symbol("F_1", real=True), Symbol("G_1", positive=True)
    away = w - w_star
    straight = DeviceLaw(
        f"{law.name} around w*",
        up=level + (tilt - slope) * away,
        down=level + (tilt + slope) * away,
        bounds=(w_min, w_max),
        parameters=[parameter(s) for s in (w_star, level, tilt, slope, w_min, w_max)],
    )
    return straight, SymmetryPoint(w_star, None, True, slope, "symbolic")


def split_steps(law: DeviceLaw) -> list[Step]:
    """Return the two steps that take a law apart into F and G."""
    return [
        Step(
            "Split the up step into its symmetric and antisymmetric part.",
            r"F(w) - G(w)",
            law.F - law.G,
            law.up,
            "F = (q_up + q_down)/2 and G = (q_down - q_up)/2",
        ),
        Step(
            "Split the down step in the same way.",
            r"F(w) + G(w)",
            law.F + law.G,
            law.down,
            "by the same definitions",
        ),
    ]


def root_steps(law: DeviceLaw, point: SymmetryPoint) -> list[Step]:
    """Return the steps that show a symmetry point to be a root of G."""
    star = point.expression
    if point.method == "jump":
        width = (law.bounds[1] - law.bounds[0]) / 10**9
        ends, why = (star - width, star + width), "G jumps across zero here"
    elif point.method == "interval" and point.enclosure is not None:
        ends, why = point.enclosure, "G is continuous, so it vanishes between the two places"
    else:
        return [
            Step(
                "At the symmetry point up and down steps cancel.",
                r"G(w_\ast)",
                law.G.subs(w, star),
                S.Zero,
                f"substitute w* = {star}",
            )
        ]
    signs = ("<", ">") if point.stable else (">", "<")
    return [
        Step(
            f"Just {side} the symmetry point, at {place.evalf(12)}, G has a definite sign.",
            rf"G({place.evalf(12)})",
            law.G.subs(w, place),
            S.Zero,
            why,
            check="inequality",
            relation=sign,
        )
        for side, place, sign in zip(("below", "above"), ends, signs, strict=True)
    ]


def symmetry_point(law: DeviceLaw, point: SymmetryPoint | None = None) -> Derivation:
    r"""Derive the symmetry point of a law and its stability.

    Examples
    --------
    >>> from theory import derive, laws
    >>> len(derive.symmetry_point(laws.soft_bounds()).verify().steps)
    7
    """
    chosen = law.symmetry_point() if point is None else point
    cycle = AlternatingCycle(law, chosen)
    star, region = chosen.expression, region_of(law)
    steps = split_steps(law)
    steps.append(
        Step(
            "One up pulse and one down pulse move the weight by -2*dw_min*G(w), to first order.",
            r"\left.\frac{d}{d\delta}\,T(w)\right|_{\delta=0}",
            diff(cycle.map, dw_min).subs(dw_min, 0),
            -2 * law.G,
            "derivative of the two-pulse map T at dw_min = 0",
        )
    )
    steps += root_steps(law, chosen)
    conditions = [str(c) for c in chosen.conditions]
    lower, upper = law.bounds
    for text, left, right in (
        ("It lies above the lower bound.", star - lower, r"w_\ast - w_{\min}"),
        ("It lies below the upper bound.", upper - star, r"w_{\max} - w_\ast"),
    ):
        step = Step(text, right, left, S.Zero, "sign of the difference", "inequality", ">", region)
        if step.holds():
            steps.append(step)
        elif not chosen.conditions:
            conditions.append(f"{left} >= 0")
    steps += _stability(law, chosen, region)
    return Derivation(
        "symmetry_point",
        f"the symmetry point of {law.name} is w* = {star}, {_kind(chosen)}",
        tuple(steps),
        tuple(conditions),
    )


def _kind(point: SymmetryPoint) -> str:
    return {True: "stable", False: "unstable", None: "of undetermined stability"}[point.stable]


def _stability(law: DeviceLaw, point: SymmetryPoint, region: Region) -> list[Step]:
    if point.slope in (oo, -oo) or point.stable is None or point.slope.is_zero:
        return []
    slope = diff(smooth_at(law, point.expression).G, w).subs(w, point.expression)
    if point.method == "symbolic" and prove_sign(slope, dict(region)) is None:
        return []
    return [
        Step(
            "The slope of G decides on stability: a pair shrinks distances where it is positive.",
            r"G'(w_\ast)",
            slope,
            S.Zero,
            "a pair multiplies a small distance by 1 - 2*dw_min*G'(w*)",
            check="inequality",
            relation=">" if point.stable else "<",
            region=region,
        )
    ]


def zero_shifting(law: DeviceLaw) -> Derivation:
    """Derive where alternating pulses end, and that copying it makes it the zero of the weight.

    Examples
    --------
    >>> from theory import derive, laws
    >>> derive.zero_shifting(laws.soft_bounds(1, -1, 0.3)).verify().is_proof
    True
    """
    found = law.symmetry_point()
    local, point = local_law(law, found)
    star = point.expression
    cycle = AlternatingCycle(local, point)
    low, high = cycle.series(1)
    F, G = local.F, local.G
    slope_F, slope_G, force = (e.subs(w, star) for e in (diff(F, w), diff(G, w), F))
    raised = low + dw_min * local.up.subs(w, low)
    balance = local.up.subs(w, low) - local.down.subs(w, raised)
    variance = sigma**2 * force**2 * dw_min / (2 * slope_G)
    map_slope = diff(cycle.map, w).subs(w, star)
    steps = [
        *root_steps(law, found),
        Step(
            "The weight after the down pulse closes the cycle, to first order in dw_min.",
            r"\frac{d}{d\delta}\bigl[q_\mathrm{up}(w_1) - q_\mathrm{down}(w_2)\bigr]_{\delta=0}",
            diff(balance, dw_min).subs(dw_min, 0),
            S.Zero,
            f"with w1 = {low}, w2 the weight after the up pulse",
        ),
        Step(
            "It lies below the symmetry point by half an effective step, corrected for F'.",
            r"w_1 - w_\ast",
            low - star,
            -dw_min / 2 * force * (1 + slope_F / slope_G),
            "the first-order solution of the cycle",
        ),
        Step(
            "The weight after the up pulse lies above it.",
            r"w_2 - w_\ast",
            high - star,
            dw_min / 2 * force * (1 - slope_F / slope_G),
            "one up pulse further, to first order",
        ),
        Step(
            "The mean of both is off by a term that vanishes with F'.",
            r"\tfrac12(w_1 + w_2) - w_\ast",
            (low + high) / 2 - star,
            -dw_min * force * slope_F / (2 * slope_G),
            "half the sum of the two",
        ),
        Step(
            "Each pair shrinks the distance to the cycle.",
            r"\left.\frac{d}{d\delta}\,T'(w_\ast)\right|_{\delta=0}",
            diff(map_slope, dw_min).subs(dw_min, 0),
            -2 * slope_G,
            "so the multiplier is 1 - 2*dw_min*G'(w*) to first order",
        ),
        Step(
            "With cycle noise the variance that a pair adds balances what it shrinks.",
            r"2\delta^2\sigma^2F^2 - 4\delta G' V",
            2 * dw_min**2 * sigma**2 * force**2 - 4 * dw_min * slope_G * variance,
            S.Zero,
            "so the end point scatters with variance V = sigma^2 F^2 dw_min/(2 G')",
        ),
    ]
    steps.append(
        Step(
            "With the reference at w*, the weight seen is v = w - w*; its zero is symmetric.",
            r"G(v + w_\ast)\big|_{v=0}",
            local.G.subs(w, w + star).subs(w, 0),
            S.Zero,
            "shifting the weight shifts the symmetry point to v = 0",
        )
    )
    exact = cycle.exact
    if exact is not None and local.name != f"{law.name} around w*":
        steps.append(
            Step(
                "For straight steps the cycle is exact.",
                r"T(w_1) - w_1",
                cycle.map.subs(w, exact[0]) - exact[0],
                S.Zero,
                f"with w1 = {exact[0]}",
            )
        )
    return Derivation(
        "zero_shifting",
        f"alternating pulses settle around w* = {found.expression} of {law.name}, within about "
        "half a step; copied to the reference it becomes the zero of the weight",
        tuple(steps),
        (
            *(str(c) for c in point.conditions),
            "dw_min is small: one pulse keeps the order of weights",
        ),
    )
