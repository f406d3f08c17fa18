"""The steps of a device along its range, in numbers: where up and down pulses cancel, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from phys.checks.registry import NotApplicable
from phys.checks.subject import Subject
from phys.device import Device

PLACES = 2001
BISECTIONS = 60
FEWEST_STATES, MOST_STATES = 50, 200


@dataclass(frozen=True)
class Crossing:
    """A weight at which G changes its sign.

    Attributes
    ----------
    weight : float
    rises : bool
        From - to +, so that alternating pulses lead there.
    low, high : float
        The neighbouring crossings, or the bounds.
    """

    weight: float
    rises: bool
    low: float
    high: float


@dataclass(frozen=True)
class Profile:
    """Where G changes its sign between the bounds.

    Attributes
    ----------
    crossings : tuple of Crossing
    flat : (float, float) or None
        An interval on which G vanishes.
    stronger : str
        "up" or "down": the larger step in the middle of the range.
    """

    crossings: tuple[Crossing, ...]
    flat: tuple[float, float] | None
    stronger: str

    @property
    def without(self) -> str:
        """Why there is no symmetry point."""
        return f"the {self.stronger} step is larger between the bounds throughout"


def antisymmetric(subject: Subject) -> Callable[[np.ndarray], np.ndarray]:
    """Return G as a function of weights, float64, 0 where it is no more than rounding."""
    rounding = 1e-12 if subject.law is not None else 2e-6

    def g(weight: np.ndarray) -> np.ndarray:
        up, down = subject.up(weight), subject.down(weight)
        difference = (down - up) / 2
        return np.where(np.abs(difference) <= rounding * np.abs(up + down), 0.0, difference)

    return g


def profile(subject: Subject) -> Profile:
    """Find the sign changes of G by looking at 2001 weights and bisecting between them."""
    low, high = subject.bounds
    g = antisymmetric(subject)
    places = np.linspace(low, high, PLACES)
    signs = np.sign(g(places))
    known = np.nonzero(signs)[0]
    gaps = np.diff(known, prepend=-1, append=PLACES)
    wide = int(np.argmax(gaps))
    flat = None
    if gaps[wide] > 3:
        ends = np.concatenate(([0], known, [PLACES - 1]))
        flat = float(places[ends[wide]]), float(places[ends[wide + 1]])
    turns = np.nonzero(np.diff(signs[known]))[0]
    found = []
    for turn in turns:
        a, b = places[known[turn]], places[known[turn + 1]]
        rises = bool(signs[known[turn]] < 0)
        found.append((_bisect(g, a, b, rises), rises))
    ends_of = [low, *(place for place, _ in found), high]
    crossings = tuple(
        Crossing(place, rises, ends_of[k], ends_of[k + 2]) for k, (place, rises) in enumerate(found)
    )
    middle = signs[known[known.size // 2]] if known.size else 0.0
    return Profile(crossings, flat, "down" if middle > 0 else "up")


def _bisect(g: Callable[[np.ndarray], np.ndarray], a: float, b: float, rises: bool) -> float:
    tiny = abs(b - a) * 1e-9
    for _ in range(BISECTIONS):
        middle = (a + b) / 2
        value = float(g(np.asarray(middle)))
        if value == 0:
            break
        a, b = (a, middle) if (value > 0) == rises else (middle, b)
    return middle if abs(middle) > tiny else 0.0


def attractor(subject: Subject) -> Crossing:
    """Return the only symmetry point, which alternating pulses lead to.

    Raises
    ------
    NotApplicable
        There is none, there are several, or pulses lead away from it.
    """
    found = subject.profile
    if found.flat is not None:
        raise NotApplicable(f"{_flat(found.flat)}: no weight is the symmetry point")
    if not found.crossings:
        raise NotApplicable(f"there is no symmetry point: {found.without}")
    if len(found.crossings) > 1:
        raise NotApplicable(f"there are {len(found.crossings)} symmetry points, not one")
    if not found.crossings[0].rises:
        raise NotApplicable("the symmetry point is unstable: pulses lead away from it")
    return found.crossings[0]


def _flat(interval: tuple[float, float]) -> str:
    return f"G vanishes from {interval[0]:.6g} to {interval[1]:.6g}"


def resolved(subject: Subject, *, spread: bool = False) -> Device:
    """Return the device without noise and with 50 to 200 steps in its range.

    Its own step, where it lies there. Coarser steps leave the first order in which the statements
    about cycles hold; finer ones only take longer.
    """
    low, high = subject.bounds
    span = high - low
    step = min(max(subject.device.dw_min, span / MOST_STATES), span / FEWEST_STATES)
    return replace(subject.quiet if spread else subject.nominal, dw_min=step)


@dataclass(frozen=True)
class Local:
    """The steps around a symmetry point.

    Attributes
    ----------
    F : float
        Symmetric part at the point.
    F_slope, G_slope : float
        Slopes, by differences over a thousandth of the range.
    """

    F: float
    F_slope: float
    G_slope: float

    def reach(self, step: float) -> float:
        """Distance of the two-point cycle's farther point, ``(step/2) F (1 + |F'/G'|)``."""
        return step / 2 * self.F * (1 + abs(self.F_slope / self.G_slope))

    def pairs(self, step: float, ratio: float) -> int:
        """Pairs after which a distance has shrunk by `ratio`, ``ln(ratio)/(2 step G')``."""
        return int(np.ceil(np.log(ratio) / (2 * step * self.G_slope)))


def local(subject: Subject, point: Crossing) -> Local:
    """Return the steps around a symmetry point.

    Raises
    ------
    NotApplicable
        G' is 0 there: the approach is not exponential.
    """
    low, high = subject.bounds
    reach = (high - low) * 1e-3
    places = np.clip(np.array([point.weight - reach, point.weight + reach]), low, high)
    up, down = subject.up(places), subject.down(places)
    distance = places[1] - places[0]
    slopes = np.diff((up + down) / 2)[0] / distance, np.diff((down - up) / 2)[0] / distance
    at = np.asarray(point.weight)
    f = float(subject.up(at) + subject.down(at)) / 2
    if slopes[1] * (high - low) < 1e-3 * f:
        raise NotApplicable(
            f"G' = {slopes[1]:.3g} at the symmetry point: pulses lead there too slowly to tell"
        )
    return Local(f, float(slopes[0]), float(slopes[1]))


def keeps_order(subject: Subject, step: float) -> bool:
    """Whether ``step * |q'| < 1`` everywhere, by differences between the 2001 weights."""
    places = np.linspace(*subject.bounds, PLACES)
    widths = np.diff(places)
    return bool(
        (step * np.diff(subject.up(places)) > -widths).all()
        and (step * np.diff(subject.down(places)) < widths).all()
    )
