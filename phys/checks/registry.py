"""The register of checks: what each states, what it needs, and how it is examined."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

    from phys.checks.subject import Subject

MODULES = (
    "phys.checks.bounds",
    "phys.checks.steps",
    "phys.checks.symmetry",
    "phys.checks.alternating",
    "phys.checks.zero_shifts",
    "phys.checks.hamiltonian",
    "phys.checks.metamorphic",
    "phys.checks.engines",
    "phys.checks.arithmetic",
    "phys.checks.array_reads",
    "phys.checks.updates",
    "phys.checks.noise",
    "phys.checks.spreads",
    "phys.checks.seeds",
    "phys.checks.inputs",
    "phys.checks.storage",
)
"""Modules that hold checks, in the order of the report."""

ID = re.compile(r"[a-z0-9_]+\.[a-z0-9_]+")

Draws = Callable[["Subject"], "Mapping[str, SearchStrategy[Any]]"]

_REGISTER: dict[str, Check] = {}


class NotApplicable(Exception):
    """The statement does not speak about this device; the message is the reason."""


@dataclass(frozen=True)
class Check:
    """One statement about a device, and the code that looks for a counter-example.

    Attributes
    ----------
    id : str
        ``topic.name``.
    statement : str
        One sentence, with its formula.
    examine : callable
        ``examine(subject, **drawn)`` raises AssertionError, through `require`, where the
        statement does not hold.
    draws : callable or None
        ``draws(subject)`` returns a Hypothesis strategy for each argument, or raises
        `NotApplicable`. None: there is nothing to vary, and the check runs once.
    needs : tuple of str
        Capabilities, keys of `phys.checks.subject.CAPABILITIES`.
    most : int or None
        Most examples that are worth their time.
    """

    id: str
    statement: str
    examine: Callable[..., None]
    draws: Draws | None
    needs: tuple[str, ...]
    most: int | None


def check(
    id: str,  # noqa: A002 - the word of the report
    statement: str,
    *,
    needs: tuple[str, ...] = (),
    draws: Draws | None = None,
    most: int | None = None,
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Register the decorated function as a check; see `Check` for the parameters."""
    if not ID.fullmatch(id):
        raise ValueError(f"id = {id!r} is not of the form topic.name, in small letters")
    if id in _REGISTER:
        raise ValueError(f"id = {id!r} is taken by {_REGISTER[id].examine.__module__}")

    def register(examine: Callable[..., None]) -> Callable[..., None]:
        _REGISTER[id] = Check(id, statement, examine, draws, needs, most)
        return examine

    return register


def checks() -> dict[str, Check]:
    """Return all checks by id, in the order of the report.

    Examples
    --------
    >>> "bounds.clamped" in checks()
    True
    """
    for module in MODULES:
        import_module(module)
    places = {module: place for place, module in enumerate(MODULES)}
    found = sorted(_REGISTER.values(), key=lambda c: places.get(c.examine.__module__, len(places)))
    return {one.id: one for one in found}


def require(holds: Any, message: str) -> None:
    """Raise AssertionError with `message` unless `holds`; unlike ``assert``, also under -O."""
    if not bool(holds):
        raise AssertionError(message)
