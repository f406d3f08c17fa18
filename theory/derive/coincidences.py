"""Derivation of the statistics of stochastic pulse coincidences."""

from __future__ import annotations

from sympy import S, Symbol, binomial, diff, oo

from theory.coincidence import BL, Coincidences, p, p_other, q, update_management
from theory.derivation import Derivation, Region, Step
from theory.law import DeviceLaw
from theory.symbols import dw_min


def coincidences(law: DeviceLaw | None = None) -> Derivation:
    """Derive mean, variance and correlation of the pulses of one parallel update.

    Parameters
    ----------
    law : DeviceLaw, optional
        Not used: pulses do not depend on the device. Accepted so that all derivations can be
        called alike.

    Examples
    --------
    >>> from theory import derive
    >>> derive.coincidences().verify().is_proof
    True
    """
    made, z = Coincidences(), Symbol("z")
    grown = made.generating_function
    mean = diff(grown, z).subs(z, 1)
    second = diff(grown, z, 2).subs(z, 1)
    rate, x, d = (Symbol(name, positive=True) for name in ("eta", "x", "d"))
    top_x, top_d = Symbol("x_m", positive=True), Symbol("d_m", positive=True)
    update = update_management(rate, top_x, top_d)
    inside: Region = ((p, (0, 1)), (p_other, (0, 1)), (q, (0, 1)))
    both, one, other = p * p_other * q, p * q, p_other * q
    excess = Symbol("c", positive=True)
    slots = 3
    steps = [
        Step(
            "In one slot both lines fire with probability p*q; the slots are independent.",
            r"\mathbb{E}[z^n]\ \text{for } BL = 3",
            sum(
                (
                    binomial(slots, k) * (p * q) ** k * (1 - p * q) ** (slots - k) * z**k
                    for k in range(slots + 1)
                ),
                S.Zero,
            ),
            grown.subs(BL, slots),
            "the binomial theorem, shown for three slots",
        ),
        Step(
            "The mean number of coincidences.",
            r"\mathbb{E}[n]",
            mean,
            BL * p * q,
            "first derivative of the generating function at z = 1",
        ),
        Step(
            "Its variance.",
            r"\mathrm{Var}[n]",
            second + mean - mean**2,
            made.variance,
            "second factorial moment plus mean minus mean squared",
        ),
        Step(
            "Two devices of one row share its pulses; their counts are correlated.",
            r"\mathrm{Cov}[n_1, n_2]",
            BL * (both - one * other),
            made.covariance(),
            "per slot: E[product] = p1*p2*q, since the row fires once for both",
        ),
        Step(
            "The squared correlation.",
            r"\mathrm{Corr}^2",
            made.covariance() ** 2 / (made.variance * Coincidences(p_other, q, BL).variance),
            made.correlation() ** 2,
            "covariance over the standard deviations",
        ),
        Step(
            "They never avoid each other: the covariance is positive.",
            r"\mathrm{Cov}[n_1, n_2]/BL",
            made.covariance() / BL,
            S.Zero,
            "p, p2 and q lie strictly between 0 and 1",
            check="inequality",
            relation=">",
            region=inside,
        ),
        Step(
            "Update management makes the largest probabilities of rows and columns equal.",
            r"K_x\max|x| - K_d\max|d|",
            (update.gain_x * top_x) ** 2 - (update.gain_d * top_d) ** 2,
            S.Zero,
            "compare the squares",
        ),
        Step(
            "The product of the gains makes the mean change the wanted one.",
            r"\delta\,BL\,(K_x x)(K_d d)",
            dw_min * BL * update.gain_x * x * update.gain_d * d,
            rate * x * d,
            "K_x*K_d = eta/(dw_min*BL), as long as nothing is clipped",
        ),
        Step(
            "Clipping only takes away: a probability 1 + c cut to 1 loses its excess.",
            r"\text{delivered} - \text{wanted}",
            BL * q * (1 - (1 + excess)),
            S.Zero,
            "a column that should fire with probability 1 + c fires with 1",
            check="inequality",
            relation="<",
            region=((q, (0, 1)), (excess, (0, oo)), (BL, (0, oo))),
        ),
    ]
    return Derivation(
        "coincidences",
        "the pulses of one update are binomial with mean BL*p*q and correlated along a line",
        tuple(steps),
        ("columns and rows fire independently, and independently in every slot",),
    )
