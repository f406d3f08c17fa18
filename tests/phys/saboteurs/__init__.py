"""Deliberately broken devices, arrays and engines: each check has one that only it should catch.

`SABOTEURS` holds them; a module of this package registers its own with `saboteur` and is named in
`MODULES`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from phys import Crossbar

MODULES = (
    "bounds",
    "steps",
    "symmetry",
    "alternating",
    "hamiltonian",
    "metamorphic",
    "engines",
    "arithmetic",
    "array_reads",
    "updates",
    "noise",
    "spreads",
    "seeds",
    "inputs",
    "storage",
)


@dataclass(frozen=True)
class Sabotage:
    """A broken device, or a good one on broken arrays."""

    device: Any
    crossbar: Callable[..., Crossbar] = Crossbar


@dataclass(frozen=True)
class Saboteur:
    """A sabotage, the check that catches it, a part of its message, and who else may notice."""

    name: str
    check: str
    message: str
    make: Callable[[], Sabotage]
    also: tuple[str, ...]


SABOTEURS: dict[str, Saboteur] = {}


def saboteur(
    check: str, message: str, also: tuple[str, ...] = ()
) -> Callable[[Callable[[], Sabotage]], Callable[[], Sabotage]]:
    """Register a function that builds a sabotage which `check` catches, saying `message`.

    `also` names the other checks that catch it, which no smaller fault could avoid.
    """

    def register(make: Callable[[], Sabotage]) -> Callable[[], Sabotage]:
        assert make.__name__ not in SABOTEURS
        SABOTEURS[make.__name__] = Saboteur(make.__name__, check, message, make, also)
        return make

    return register


def saboteurs() -> dict[str, Saboteur]:
    """Return all saboteurs by name."""
    for module in MODULES:
        import_module(f"{__name__}.{module}")
    return SABOTEURS
