"""The catalogue: every published law with default values and the names its peers use."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sympy import Rational

from theory.errors import LawError
from theory.law import DeviceLaw
from theory.laws.constant import constant_step
from theory.laws.curved import exp_step, exponential_step, power_step
from theory.laws.linear import (
    biased_linear,
    capacitor,
    exponential_response,
    linear_asymmetry,
    linear_step,
)
from theory.laws.soft import soft_bounds, soft_bounds_pmax
from theory.laws.tabulated import tabulated


@dataclass(frozen=True)
class Entry:
    """One law of the catalogue.

    Attributes
    ----------
    build : callable
        The function that returns the law; without arguments it is symbolic.
    defaults : tuple of (str, value)
        Default values; those of aihwkit where it has the law.
    peers : str
        What others call it.
    """

    build: Callable[..., DeviceLaw]
    defaults: tuple[tuple[str, Any], ...]
    peers: str

    @property
    def name(self) -> str:
        """Name of the law."""
        return self.build.__name__

    @property
    def formula(self) -> str:
        """First line of the law's documentation."""
        return (self.build.__doc__ or "").strip().splitlines()[0]

    def law(self, **numbers: Any) -> DeviceLaw:
        """Return the law with its default values, some of them replaced."""
        return self.build(**{**dict(self.defaults), **numbers})


def _entry(build: Callable[..., DeviceLaw], peers: str, **defaults: Any) -> Entry:
    return Entry(build, tuple(defaults.items()), peers)


_BOUNDS: dict[str, Any] = {"w_max": Rational(3, 5), "w_min": Rational(-3, 5)}
_TABLE: dict[str, Any] = {
    "weights": (-1, Rational(-1, 2), 0, Rational(1, 2), 1),
    "up": (Rational(8, 5), Rational(7, 5), Rational(11, 10), Rational(3, 5), 0),
    "down": (0, Rational(2, 5), Rational(4, 5), 1, Rational(11, 10)),
}

CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        _entry(constant_step, "aihwkit ConstantStep", **_BOUNDS, imbalance=0),
        _entry(
            linear_step,
            "aihwkit LinearStep",
            **_BOUNDS,
            imbalance=Rational(1, 20),
            slope_up=Rational(1, 2),
            slope_down=Rational(1, 2),
        ),
        _entry(soft_bounds, "aihwkit SoftBounds", **_BOUNDS, imbalance=Rational(3, 10)),
        _entry(
            soft_bounds_pmax,
            "aihwkit SoftBoundsPmax",
            p_max=1000,
            alpha=Rational(1, 2000),
            range_max=1,
            range_min=-1,
        ),
        _entry(
            exponential_response,
            "NeuroSim NonlinearWeight",
            w_max=1,
            w_min=-1,
            nonlinearity_up=2,
            nonlinearity_down=3,
        ),
        _entry(
            exponential_step,
            "exponential response (Wu et al. 2025)",
            w_max=1,
            w_min=-1,
            imbalance=Rational(1, 10),
            gamma_up=5,
            gamma_down=5,
        ),
        _entry(
            exp_step,
            "aihwkit ExpStep",
            **_BOUNDS,
            imbalance=0,
            A_up=Rational("0.00081"),
            A_down=Rational("0.36833"),
            gamma_up=Rational("12.44625"),
            gamma_down=Rational("12.78785"),
            slope=Rational("0.244"),
            offset=Rational("0.2425"),
        ),
        _entry(
            power_step,
            "aihwkit PowStep; power response (Wu et al. 2025)",
            **_BOUNDS,
            imbalance=Rational(1, 10),
            gamma_up=1,
            gamma_down=2,
        ),
        _entry(biased_linear, "Wu et al. 2025", tau=Rational(3, 5), imbalance=Rational(3, 10)),
        _entry(
            linear_asymmetry,
            "linear device (Wu et al. 2024)",
            tau=Rational(3, 5),
            w_star=Rational(1, 10),
        ),
        _entry(
            capacitor,
            "two current sources",
            w_max=1,
            w_min=-1,
            imbalance=Rational(1, 100),
            modulation=Rational(1, 20),
        ),
        _entry(tabulated, "measured table", **_TABLE),
    )
}


def find(name: str) -> Entry:
    """Return the catalogue entry of that name, or list those there are."""
    if name in CATALOGUE:
        return CATALOGUE[name]
    raise LawError(f"there is no law {name!r}; choose from {', '.join(CATALOGUE)}")
