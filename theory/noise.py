r"""Gradient noise: what E|g| is when the gradient has the mean mu.

Every mean-field equation of an asymmetric device contains the mean *magnitude* of the
gradient, which does not vanish at the optimum. Four models:

* ``constant``: a given E|g|, whatever the mean;
* ``deterministic``: no noise, E|g| = |mu|;
* ``gaussian``: mean mu and standard deviation sigma, the folded normal distribution

  .. math:: \mathbb{E}|g| = \sigma\sqrt{2/\pi}\,e^{-\mu^2/2\sigma^2}
            + \mu\,\mathrm{erf}\frac{\mu}{\sigma\sqrt 2}
* ``samples``: a finite data set, g = mu + one of the given offsets (which sum to 0).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sympy import Abs, Expr, S, Symbol, diff, erf, erfc, exp, pi, sqrt

from theory.algebra import vanishes
from theory.errors import ConditionError
from theory.exact import exact_expression
from theory.symbols import noise as mean_magnitude
from theory.symbols import sigma

mu = Symbol("mu", real=True)
"""Mean of the gradient."""


@dataclass(frozen=True)
class GradientNoise:
    r"""A model of the gradient's distribution around its mean ``mu``.

    Attributes
    ----------
    kind : str
        "constant", "deterministic", "gaussian" or "samples".
    magnitude : Expr
        E|g| as a function of ``mu``.
    variance : Expr
        Variance of g.
    up_moments, down_moments : (Expr, Expr)
        (E[abs(g); up], E[g**2; up]) with "up" the event g < 0, which sends up pulses, and the
        same for down.
    """

    kind: str
    magnitude: Expr
    variance: Expr
    up_moments: tuple[Expr, Expr]
    down_moments: tuple[Expr, Expr]

    def at(self, mean: Expr) -> Expr:
        """Return E|g| for a gradient of that mean."""
        return self.magnitude.subs(mu, mean)

    @property
    def small_bias(self) -> Expr:
        """Return E|g| to second order in ``mu`` (first order: no change), if it is smooth."""
        if self.kind in ("deterministic", "samples"):
            return self.magnitude
        terms = [diff(self.magnitude, mu, k).subs(mu, 0) for k in range(3)]
        return terms[0] + terms[1] * mu + terms[2] * mu**2 / 2


def constant(magnitude: Any = mean_magnitude, variance: Any = sigma**2) -> GradientNoise:
    """Return a given E|g|, independent of the weight."""
    size = exact_expression(magnitude, "magnitude")
    power = exact_expression(variance, "variance")
    if size.is_negative:
        raise ConditionError(f"magnitude = {size} must not be negative")
    up, down = (size - mu) / 2, (size + mu) / 2
    half = (power + mu**2) / 2
    return GradientNoise("constant", size, power, (up, half), (down, half))


def deterministic() -> GradientNoise:
    """Return the noise-free gradient."""
    up, down = (Abs(mu) - mu) / 2, (Abs(mu) + mu) / 2
    return GradientNoise(
        "deterministic", Abs(mu), S.Zero, (up, up * Abs(mu)), (down, down * Abs(mu))
    )


def gaussian(deviation: Any = sigma) -> GradientNoise:
    """Return normal noise with that standard deviation.

    Examples
    --------
    >>> from theory import noise
    >>> noise.gaussian().small_bias
    sqrt(2)*mu**2/(2*sqrt(pi)*sigma) + sqrt(2)*sigma/sqrt(pi)
    """
    s = exact_expression(deviation, "deviation")
    if s.is_positive is not True:
        raise ConditionError(
            f"deviation = {s} must be positive; for no noise use noise.deterministic()"
        )
    bell = s * sqrt(2 / pi) * exp(-(mu**2) / (2 * s**2))
    folded = bell + mu * erf(mu / (s * sqrt(2)))
    # E[g^2; g > 0] = (s^2 + mu^2) Phi(mu/s) + s mu phi(mu/s).
    tail = erfc(-mu / (s * sqrt(2))) / 2
    above = (s**2 + mu**2) * tail + mu * bell / 2
    return GradientNoise(
        "gaussian",
        folded,
        s**2,
        ((folded - mu) / 2, s**2 + mu**2 - above),
        ((folded + mu) / 2, above),
    )


def samples(offsets: Sequence[Any]) -> GradientNoise:
    """Return the noise of a finite data set: each sample shifts the gradient by its offset.

    Parameters
    ----------
    offsets : sequence of number
        At least one; they must sum to 0, since ``mu`` is the mean.

    Examples
    --------
    >>> from theory import noise
    >>> noise.samples([-1, 1]).magnitude
    Abs(mu - 1)/2 + Abs(mu + 1)/2
    """
    shifts = [exact_expression(x, f"offsets[{i}]") for i, x in enumerate(offsets)]
    if not shifts:
        raise ConditionError("offsets is empty; give one number per sample")
    total = sum(shifts, S.Zero)
    if not vanishes(total):
        raise ConditionError(f"offsets sum to {total}; subtract their mean")
    count = len(shifts)
    size = sum((Abs(mu + x) for x in shifts), S.Zero) / count
    power = sum((x**2 for x in shifts), S.Zero) / count
    up = sum(((Abs(mu + x) - mu - x) * Abs(mu + x) for x in shifts), S.Zero) / (2 * count)
    down = sum(((Abs(mu + x) + mu + x) * Abs(mu + x) for x in shifts), S.Zero) / (2 * count)
    return GradientNoise("samples", size, power, ((size - mu) / 2, up), ((size + mu) / 2, down))
