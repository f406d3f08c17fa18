"""A derivation about a digital scale behind an array: why it repairs plain SGD."""

from __future__ import annotations

from sympy import Function, Integral, S, Symbol, diff

from theory.derivation import Derivation, Step
from theory.derive.descent import psi_rises
from theory.derive.symmetry import region_of, smooth_at, split_steps
from theory.law import DeviceLaw
from theory.sgd import lr
from theory.symbols import g, r, w
from theory.symbols import noise as magnitude

scale = Symbol("s", positive=True)
scale_rate = Symbol("eta_s", positive=True)


def learned_scale(law: DeviceLaw) -> Derivation:
    r"""Derive what plain SGD does where a digital scale s behind the weight learns with it.

    The network sees ``v = s (w - r)``. The device follows
    :math:`\dot w = -\eta s (\mathbb{E}[g] F + \mathbb{E}|g| G)` with g = f'(v), the scale
    :math:`\dot s = -\eta_s (w - r)\,\mathbb{E}[g]`.

    Examples
    --------
    >>> from theory import derive, laws
    >>> derive.learned_scale(laws.soft_bounds(1, -1, 0.3)).verify().is_proof
    True
    """
    points = law.symmetry_points()
    star = points[0].expression if points else S.Zero
    local = smooth_at(law, star)
    weight = w - r
    loss = Function("f")(scale * weight)
    moved = -lr * scale * (g * local.F + magnitude * local.G)
    scaled = -scale_rate * weight * g
    at_rest = -magnitude * local.psi
    inner = Symbol("a", real=True)
    size = Integral((inner - r) / local.F.subs(w, inner), (inner, r, w))
    excess = scale_rate / lr * size - scale**2 / 2
    steps = [
        *split_steps(law),
        Step(
            "Weight and scale feel the same force, each through the other.",
            r"s\,\partial f/\partial s",
            scale * diff(loss, scale),
            weight * diff(loss, w),
            "chain rule for f(s (w - r))",
        ),
        Step(
            "The weight rests where the pull of the asymmetry balances the gradient.",
            r"\dot w\,\big|_{\mathbb{E}[g] = -\mathbb{E}|g|\psi(w)}",
            moved.subs(g, at_rest),
            S.Zero,
            "the equilibrium of plain SGD",
        ),
        Step(
            "There the scale does not rest.",
            r"\dot s\,\big|_{\mathbb{E}[g] = -\mathbb{E}|g|\psi(w)}",
            scaled.subs(g, at_rest),
            scale_rate * magnitude * weight * local.psi,
            "the gradient that the asymmetry holds in place is a gradient of the scale too",
        ),
        Step(
            "The size of the weight less that of the scale falls all along.",
            r"\frac{d}{dt}\Bigl(\frac{\eta_s}{\eta}\int_r^w\frac{a-r}{F(a)}\,da"
            r" - \frac{s^2}{2}\Bigr)",
            diff(excess, w) * moved + diff(excess, scale) * scaled,
            -scale_rate * scale * magnitude * weight * local.psi,
            "what the gradient gives to one it gives to the other; the pull takes from the weight",
        ),
    ]
    conditions = [
        "E|g| > 0 is constant, and s > 0",
        "one weight; where a scale serves many, the terms are sums over them",
    ]
    rising = psi_rises(law, region_of(law))
    if rising:
        steps += rising
        conditions.append(
            "r is the symmetry point; psi rises (proved below), so (w - r) psi(w) >= 0"
        )
    else:
        conditions.append("(w - r) psi(w) >= 0: r is the symmetry point, and psi rises; not proved")
    return Derivation(
        "learned_scale",
        f"behind a scale that learns, plain SGD on {law.name} rests at the symmetry point alone: "
        f"elsewhere s grows, and the pull costs ever less",
        tuple(steps),
        tuple(conditions),
    )
