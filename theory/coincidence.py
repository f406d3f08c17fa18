r"""Statistics of stochastic pulse coincidences, the parallel update of a crosspoint array.

For the wanted change :math:`\eta\,d\,x` each of BL slots sends a pulse down column j with
probability :math:`p = \min(1, K_x|x_j|)` and along row i with :math:`q = \min(1, K_d|d_i|)`;
where both fire, the device switches once. The number of coincidences is binomial,

.. math:: P(n) = \binom{BL}{n}(pq)^n(1-pq)^{BL-n}, \qquad \mathbb{E}[n] = BL\,p\,q,

and with :math:`K_xK_d = \eta/(\delta\,BL)` the mean change is the wanted one as long as no
probability is clipped (Gokmen & Vlasov, Front. Neurosci. 10:333, 2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sympy import Expr, Min, S, Symbol, binomial, ceiling, sqrt

from theory.errors import ConditionError
from theory.exact import exact_expression, exact_number
from theory.symbols import dw_min

p = Symbol("p", positive=True)
q = Symbol("q", positive=True)
p_other = Symbol("p_2", positive=True)
BL = Symbol("BL", positive=True, integer=True)
n = Symbol("n", nonnegative=True, integer=True)


@dataclass(frozen=True)
class Coincidences:
    """Coincidences of one device in one update.

    Attributes
    ----------
    column, row : Expr
        Probabilities of a pulse per slot, after clipping.
    slots : Expr
        BL.
    """

    column: Expr = p
    row: Expr = q
    slots: Expr = BL

    @property
    def per_slot(self) -> Expr:
        """Probability of a coincidence in one slot."""
        return self.column * self.row

    def probability(self, count: Any = n) -> Expr:
        """Return the probability of exactly ``count`` coincidences."""
        k = exact_expression(count, "count")
        chance = self.per_slot
        return binomial(self.slots, k) * chance**k * (1 - chance) ** (self.slots - k)

    @property
    def mean(self) -> Expr:
        """BL*p*q."""
        return self.slots * self.per_slot

    @property
    def variance(self) -> Expr:
        """BL*p*q*(1 - p*q)."""
        return self.slots * self.per_slot * (1 - self.per_slot)

    @property
    def generating_function(self) -> Expr:
        """E[z**n] in the symbol z."""
        z = Symbol("z")
        return (1 - self.per_slot + self.per_slot * z) ** self.slots

    def shared_in_row(self, other: Expr = p_other) -> Expr:
        """Return the chance that two devices of one row switch in one and the same slot.

        They share the row's pulses; ``other`` is the column probability of the second.
        """
        return self.column * other * self.row

    def ever_shared(self, other: Expr = p_other) -> Expr:
        """Return the chance that they do so at least once in an update."""
        return 1 - (1 - self.shared_in_row(other)) ** self.slots

    def covariance(self, other: Expr = p_other) -> Expr:
        """Return the covariance of the counts of two devices of one row."""
        return self.slots * self.column * other * self.row * (1 - self.row)

    def correlation(self, other: Expr = p_other) -> Expr:
        r"""Return the correlation of the counts of two devices of one row.

        .. math:: (1-q)\sqrt{\frac{p\,p_2}{(1-pq)(1-p_2q)}}

        It vanishes where the row fires in every slot.
        """
        a, b = self.column * self.row, other * self.row
        return (1 - self.row) * sqrt(self.column * other / ((1 - a) * (1 - b)))


@dataclass(frozen=True)
class Update:
    """One pulsed update of a whole array, with update management.

    Attributes
    ----------
    gain_x, gain_d : Expr
        K_x and K_d.
    step, slots, rate : Expr
        ``dw_min``, BL and the learning rate.
    """

    gain_x: Expr
    gain_d: Expr
    step: Expr
    slots: Expr
    rate: Expr

    def coincidences(self, x: Any, d: Any) -> Coincidences:
        """Return the statistics of the device at column x and row d."""
        a, b = abs(exact_expression(x, "x")), abs(exact_expression(d, "d"))
        return Coincidences(_clip(self.gain_x * a), _clip(self.gain_d * b), self.slots)

    def delivered(self, x: Any, d: Any) -> Expr:
        """Return the mean size of the delivered change at q = 1."""
        return self.step * self.coincidences(x, d).mean

    def wanted(self, x: Any, d: Any) -> Expr:
        """Return the size of the wanted change, rate*|x*d|."""
        return self.rate * abs(exact_expression(x, "x") * exact_expression(d, "d"))

    def bias(self, x: Any, d: Any) -> Expr:
        """Return delivered minus wanted: 0 without clipping, negative with it."""
        return self.delivered(x, d) - self.wanted(x, d)

    def shared(self, x: Any, d: Any) -> Coincidences:
        """Return the statistics where one side takes over what the other clips.

        The product of probabilities is kept up to 1: the change falls short only where more
        than BL pulses would be needed.
        """
        made = self.coincidences(x, d)
        product = self.wanted(x, d) / (self.step * self.slots)
        if made.column == 1:
            return Coincidences(S.One, _clip(product), self.slots)
        if made.row == 1:
            return Coincidences(_clip(product), S.One, self.slots)
        return made


def _clip(probability: Expr) -> Expr:
    if probability.is_number:
        return S.One if probability >= 1 else probability
    return Min(S.One, probability)


def update_management(
    rate: Any,
    max_x: Any,
    max_d: Any,
    slots: Any = BL,
    step: Any = dw_min,
) -> Update:
    r"""Return the gains that make the largest row and column probabilities equal.

    .. math:: K_x = s\mu, \quad K_d = s/\mu, \quad s = \sqrt{\eta/(\delta\,BL)}, \quad
              \mu = \sqrt{\max|d|/\max|x|}

    Parameters
    ----------
    rate : number or Expr
        Learning rate, above 0.
    max_x, max_d : number or Expr
        Largest magnitudes of the inputs, above 0.
    slots, step : number or Expr
        BL and ``dw_min``.

    Examples
    --------
    >>> made = update_management(rate=0.01, max_x=1, max_d=0.25, slots=10, step=0.001)
    >>> made.coincidences(1, 0.25).mean, made.bias(1, 0.25)
    (5/2, 0)
    """
    numbers = {"rate": rate, "max_x": max_x, "max_d": max_d, "slots": slots, "step": step}
    known = {}
    for name, value in numbers.items():
        number = value if isinstance(value, Expr) else exact_number(value, name)
        if number.is_positive is False:
            raise ConditionError(f"{name} = {number} must be above 0")
        known[name] = number
    s = sqrt(known["rate"] / (known["step"] * known["slots"]))
    mu = sqrt(known["max_d"] / known["max_x"])
    return Update(s * mu, s / mu, known["step"], known["slots"], known["rate"])


def needed_slots(rate: Any, max_x: Any, max_d: Any, step: Any) -> Expr:
    """Return the shortest train that clips nothing: ``ceil(rate*max|x|*max|d|/dw_min)``.

    Examples
    --------
    >>> needed_slots(0.01, 1, 2.5, 0.001)
    25
    """
    wanted = (
        exact_number(rate, "rate") * exact_number(max_x, "max_x") * exact_number(max_d, "max_d")
    )
    return ceiling(wanted / exact_number(step, "step"))
