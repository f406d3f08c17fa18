"""Strategies of crossbars, and of what is written to them, sent to them and read from them."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from phys.crossbar import Crossbar
from phys.device import Device
from phys.pulses import MAX_PULSES
from phys.strategies.common import parts
from phys.strategies.devices import devices as any_device

SMALLEST = 2.0**-100


def signals(lines: int, largest: float = 4.0) -> st.SearchStrategy[np.ndarray]:
    """Draw what the lines of one side carry: both signs, zeros, and numbers close to zero.

    Shrinks towards zero on every line.

    Parameters
    ----------
    lines : int
    largest : float
        Largest magnitude, exactly a float32.

    Returns
    -------
    SearchStrategy of float32 (lines,)

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> simplest(signals(3), lambda x: np.count_nonzero(x) == 2)
    array([0., 1., 1.], dtype=float32)
    """
    values = st.floats(-largest, largest, width=32, allow_subnormal=False)
    near_zero = st.sampled_from([0.0, SMALLEST, -SMALLEST])
    return hnp.arrays(np.float32, lines, elements=values | near_zero, fill=st.just(0.0))


def pulse_trains(max_pulses: int = 60) -> st.SearchStrategy[np.ndarray]:
    """Draw a train of pulses for `Crossbar.pulse_all`, +1 up and -1 down.

    Shrinks towards fewer pulses, and towards up pulses.

    Parameters
    ----------
    max_pulses : int

    Returns
    -------
    SearchStrategy of int64 (pulses,)

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> simplest(pulse_trains(), lambda train: len(train) > 2).tolist()
    [1, 1, 1]
    """
    turns = st.lists(st.sampled_from([1, -1]), max_size=max_pulses)
    return turns.map(lambda train: np.array(train, np.int64))


def weights(xbar: Crossbar) -> st.SearchStrategy[np.ndarray]:
    """Draw weights between the bounds of each device, the bounds included.

    Shrinks towards weight 0.

    Parameters
    ----------
    xbar : Crossbar

    Returns
    -------
    SearchStrategy of float32 (rows, cols)

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> from theory import laws
    >>> xbar = Crossbar(1, 2, Device(laws.soft_bounds(w_max=2, w_min=-1, imbalance=0)))
    >>> simplest(weights(xbar), lambda w: w.max() > 1)
    array([[2., 0.]], dtype=float32)
    """
    low, high = xbar.bounds
    share = st.sampled_from([0.0, 1.0, -1.0]) | st.floats(-1, 1, width=32, allow_subnormal=False)
    shares = hnp.arrays(np.float32, (xbar.rows, xbar.cols), elements=share, fill=st.just(0.0))
    return shares.map(lambda t: np.where(t > 0, t * high, -t * low))


@st.composite
def crossbars(
    draw: st.DrawFn,
    devices: st.SearchStrategy[Device] | None = None,
    *,
    max_lines: int = 6,
) -> Crossbar:
    """Draw an array at some weights, with some reference.

    Shrinks towards one device of the kind that `devices` shrinks towards, seed 0, weight and
    reference 0.

    Parameters
    ----------
    devices : SearchStrategy of Device, optional
        Default: `phys.strategies.devices`.
    max_lines : int
        Largest number of rows, and of columns.

    Returns
    -------
    SearchStrategy of Crossbar

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> simplest(crossbars(), lambda xbar: xbar.cols > 1)
    Crossbar(1 rows, 2 cols, soft_bounds, seed=0)
    """
    device = draw(any_device() if devices is None else devices)
    lines = st.integers(1, max_lines)
    xbar = Crossbar(draw(lines), draw(lines), device, seed=draw(st.integers(0, 2**64 - 1)))
    xbar.set_weights(draw(weights(xbar)))
    xbar.set_reference(draw(weights(xbar)))
    return xbar


@st.composite
def updates(draw: st.DrawFn, xbar: Crossbar) -> dict[str, Any]:
    """Draw the arguments of one `Crossbar.update`, from hardly a pulse to every line clipped.

    Shrinks towards signals of zero and one pulse.

    Parameters
    ----------
    xbar : Crossbar

    Returns
    -------
    SearchStrategy of dict
        ``x``, ``d``, ``lr`` and ``pulses``.

    Examples
    --------
    >>> from phys.strategies import simplest
    >>> from theory import laws
    >>> xbar = Crossbar(1, 2, Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0)))
    >>> simplest(updates(xbar), lambda update: update["x"][0] > 0)["pulses"]
    1
    """
    pulses = draw(st.integers(1, MAX_PULSES))
    strength = draw(parts(1, 300, 100, towards=100).map(float) | st.sampled_from([1e-3, 300.0]))
    return {
        "x": draw(signals(xbar.cols)),
        "d": draw(signals(xbar.rows)),
        "lr": strength * xbar.device.dw_min * pulses,
        "pulses": pulses,
    }
