"""Strategies of device laws."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from hypothesis import strategies as st
from sympy import Expr, Integer, Rational, oo

from phys.strategies.common import parts
from phys.strategies.forms import ASYMMETRIES, SIZES, law_form
from theory import DeviceLaw

STRONGEST = {"two": Rational(5, 4), "three": Rational(5, 2)}
"""Bound of the strength ``b`` that keeps ``|psi|`` below 1 for every place drawn here, if not 1."""

PLACES = {
    "two": (Rational(3, 10), Rational(1, 5)),
    "three": (Rational(1, 2), Rational(1, 5)),
}
"""Middle and reach of the place ``c``, if not 1/2 and 2/5."""

POWERS = (Integer(1), Integer(2), Rational(3, 2), Integer(3), Rational(1, 2))


@st.composite
def laws(
    draw: st.DrawFn,
    sizes: Sequence[str] = tuple(SIZES),
    asymmetries: Sequence[str] = tuple(ASYMMETRIES),
) -> DeviceLaw:
    r"""Draw a well-formed law: a size of the steps times a difference of up and down.

    .. math:: q_{up} = s(u)\,a_{up}(u), \qquad q_{down} = s(u)\,a_{down}(u), \qquad
              u = \frac{w - w_{min}}{w_{max} - w_{min}}

    Shrinks towards balanced soft bounds at -1 and 1, ``laws.soft_bounds(1, -1, 0)``: towards the
    first of `sizes` and of `asymmetries`, equal bounds, and small parameters.

    Parameters
    ----------
    sizes : sequence of str
        Which of `phys.strategies.SIZES`: polynomial, rational, transcendental or piecewise,
        monotone or not.
    asymmetries : sequence of str
        Which of `phys.strategies.ASYMMETRIES`: one, two, three, no symmetry point, or every weight.

    Returns
    -------
    SearchStrategy of DeviceLaw
        With numbers for all parameters. Laws of one form share a compiled kernel.

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> simplest(laws())
    DeviceLaw('soft_bounds', up=1 - w, down=w + 1, bounds=(-1, 1), w_max=1, w_min=-1, imbalance=0)
    """
    size, asymmetry = draw(st.sampled_from(sizes)), draw(st.sampled_from(asymmetries))
    form = law_form(size, asymmetry)
    # Every form draws the same: a form with fewer parameters would count as the simpler one.
    high, low = draw(parts(1, 40, 10, towards=10)), draw(parts(1, 40, 10, towards=10))
    unequal = draw(st.booleans())
    imbalance, strength = draw(_signed(19, 20)), draw(_signed(19, 20, towards=10))
    place, distance = draw(_signed(10, 10)), draw(parts(2, 5, 20, towards=4))
    tilt, power = draw(_signed(10, 10, towards=5)), draw(st.sampled_from(POWERS))
    middle, reach = PLACES.get(asymmetry, (Rational(1, 2), Rational(2, 5)))
    numbers = {
        "w_max": high,
        "w_min": -low if unequal else -high,
        "imbalance": imbalance or Rational(asymmetry == "none", 20),
        "a": _within(tilt or Rational(1, 10), SIZES[size].domain),
        "b": (strength or Rational(1, 20)) * STRONGEST.get(asymmetry, 1),
        "c": middle + reach * place,
        "s": distance,
        "gamma": power,
    }
    return _law(size, asymmetry, tuple((p.name, numbers[p.name]) for p in form.parameters))


@lru_cache(maxsize=4096)
def _law(size: str, asymmetry: str, numbers: tuple[tuple[str, Expr], ...]) -> DeviceLaw:
    """Check each law once: Hypothesis comes back to the same draws while it shrinks."""
    return law_form(size, asymmetry).with_values(**dict(numbers))


def _signed(most: int, whole: int, *, towards: int = 0) -> st.SearchStrategy[Rational]:
    return parts(-most, most, whole, towards=towards)


def _within(part: Rational, domain: tuple[Expr, Expr]) -> Expr:
    """Scale a number between -1 and 1 to an open domain that holds 0, and to at most 3."""
    low, high = domain
    end = high if part > 0 else low
    return part * (3 if abs(end) == oo else abs(end) * Rational(9, 10))
