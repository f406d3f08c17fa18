"""Strategies of devices: a law with its step, spread and noise."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from phys.device import Device
from phys.spread import Spread
from phys.strategies.common import parts
from phys.strategies.laws import laws as any_law
from theory import DeviceLaw


@st.composite
def spreads(draw: st.DrawFn, imbalance: bool = False) -> Spread:
    """Draw how much devices differ: step and bounds by up to 100 %, the imbalance by up to 0.1.

    Shrinks towards devices that do not differ, ``Spread()``.

    Parameters
    ----------
    imbalance : bool
        Whether the imbalance is spread too; the law then needs a parameter of that name.

    Returns
    -------
    SearchStrategy of Spread

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> simplest(spreads()) == Spread()
    True
    """
    step, bounds = draw(parts(0, 10, 10)), draw(parts(0, 10, 10))
    # Drawn in any case: a law without it would count as the simpler one.
    own = draw(parts(0, 10, 100))
    return Spread(step=float(step), bounds=float(bounds), imbalance=float(own) * imbalance)


@st.composite
def devices(
    draw: st.DrawFn,
    laws: st.SearchStrategy[DeviceLaw] | None = None,
    *,
    spread: bool = True,
    noise: bool = True,
) -> Device:
    """Draw a device: its law, 4 to 100,000 steps in its range, its spread and its noise.

    Shrinks towards the law that `laws` shrinks towards, in 100 steps, without spread or noise.

    Parameters
    ----------
    laws : SearchStrategy of DeviceLaw, optional
        Default: `phys.strategies.laws`.
    spread, noise : bool
        Whether devices may differ, and whether steps may be noisy: cycle noise up to 4 (steps may
        then change sign), or additive noise up to 2.

    Returns
    -------
    SearchStrategy of Device

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> minimal = simplest(devices())
    >>> minimal.law.name, minimal.dw_min, minimal.spread.any, minimal.cycle_noise
    ('soft_bounds', 0.02, False, 0.0)
    """
    law = draw(any_law() if laws is None else laws)
    low, high = (float(b) for b in law.bounds)
    share = draw(parts(1, 250, 1000, towards=10).map(float) | st.sampled_from([1e-4, 1e-5]))
    differ = Spread()
    if spread:
        differ = draw(spreads(any(p.name == "imbalance" for p in law.parameters)))
    return Device(
        law,
        dw_min=(high - low) * share,
        device_spread=differ,
        **(draw(_noises()) if noise else {}),
    )


def _noises() -> st.SearchStrategy[dict[str, Any]]:
    cycle = parts(1, 40, 10, towards=3).map(float)
    additive = parts(1, 20, 10, towards=3).map(float)
    return st.one_of(
        st.just({}),
        st.fixed_dictionaries({"cycle_noise": cycle}),
        st.fixed_dictionaries({"additive_noise": additive}),
    )
