"""What the strategies share: rational parts, and the simplest draw of a strategy."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from hypothesis import Phase, find, settings
from hypothesis import strategies as st
from sympy import Rational

Drawn = TypeVar("Drawn")

SEARCH = settings(
    phases=(Phase.generate, Phase.shrink), database=None, deadline=None, derandomize=True
)


def simplest(
    strategy: st.SearchStrategy[Drawn], where: Callable[[Drawn], bool] = lambda _: True
) -> Drawn:
    """Return what a strategy shrinks towards, among the draws that satisfy a condition.

    Parameters
    ----------
    strategy : SearchStrategy
    where : callable
        The condition.

    Returns
    -------
    object
        The same at every call.

    Raises
    ------
    hypothesis.errors.NoSuchExample
        None of 2,000 draws satisfies the condition.

    Examples
    --------
    >>> simplest(st.integers(), lambda n: n > 5)
    6
    """
    return find(strategy, where, settings=SEARCH)


def parts(low: int, high: int, whole: int, *, towards: int = 0) -> st.SearchStrategy[Rational]:
    """Draw ``k/whole`` for k from low to high; shrinks towards ``towards/whole``.

    Examples
    --------
    >>> simplest(parts(-10, 30, 10, towards=12), lambda part: part < 2)
    6/5
    """
    return st.integers(low - towards, high - towards).map(lambda k: Rational(k + towards, whole))
