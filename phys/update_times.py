"""Update times: published, from formulas and simulated; and how they grow with the array.

Rasch, Carta, Fagbohungbe and Gokmen, Nat. Commun. 15:7133 (2024), give update times per sample for
N = 512: 30.9 ns for in-memory SGD, 56.3 ns for Tiki-Taka v2 with a transfer every 2 samples, both
with at most 5 pulses. (They are too short to hold a forward and a backward read.) Their assumptions
are pulses of 5 ns, matrix-vector products of 40 ns, and positive and negative pulses in two phases
one after the other.

**What reproduces them.** With ``l`` slots of ``t`` and one digital constant ``D``:

* in-memory SGD: ``l t + D``
* Tiki-Taka v2: ``l t + D + (t_read + t + D) / n_s``: every `n_s` samples a read, digital work and a
  one-pulse update;
* AGAD: ``l t + D + (t_read + t + 3 D) / n_s``

``D = 5.85 ns`` gives all four published times to 0.1 ns (30.9, 56.3, 62.1 and, with ``n_s = 10``
and ``l = 1``, 17.1). It is inferred from them, not read in the paper.

**What differs.** These formulas count ``l t`` for an update: one phase. Their text says two, and so
does our simulation: up and down pulses take opposite voltages on the columns, so that even with
``x >= 0`` the rows with ``d > 0`` and those with ``d < 0`` take turns, ``2 l t`` in all. A transfer
by one pulse takes two slots for the same reason. In ns per sample:

================  =========  ===================  ====================  =========
algorithm         published  formula, one phase   formula, two phases   simulated
================  =========  ===================  ====================  =========
in-memory SGD     30.9       25 + 5.85 = 30.85    50 + 5.85 = 55.85     55.85
Tiki-Taka v2      56.3       30.85 + 25.42        55.85 + 27.92         83.78
================  =========  ===================  ====================  =========

The 25 ns between 30.85 and 55.85 are the second phase, ``l t``; the 27.5 ns between 56.28 and 83.78
are these and half of the second slot of a transfer, which comes every 2 samples. Nothing else
differs: with one phase the formula gives what is published, with two it gives what the simulation
takes, at any size of the array. We do not know how the paper comes to count one phase; if up and
down pulses could share a slot, its numbers would hold. Signed `x` and `d` need four sub-phases, up
to ``4 l t``.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np

from phys import checked
from phys.crossbar import Crossbar
from phys.device import Device
from phys.events import EventArray
from phys.programming import MODES, update_ns
from phys.timing import FS_PER_NS, Timing
from phys.wires import NORMAL, Clock, Later
from theory import laws

PUBLISHED_NS = {"sgd": 30.9, "tiki-taka v2": 56.3}
SIZE, SLOTS, SAMPLES_PER_TRANSFER = 512, 5, 2


@dataclass(frozen=True)
class UpdateTime:
    """Time per sample of one algorithm, ns.

    Attributes
    ----------
    published : float
    formula : float
        From the assumptions, with one phase per update: reproduces the published number.
    two_phases : float
        From the assumptions, with two phases per update.
    simulated : float
        From the event engine.
    """

    algorithm: str
    published: float
    formula: float
    two_phases: float
    simulated: float


def update_time_ns(
    algorithm: str,
    timing: Timing,
    phases: int = 1,
    slots: int = SLOTS,
    every: int = SAMPLES_PER_TRANSFER,
) -> float:
    """Return the time per sample by the formula, for an update of `phases` sub-phases.

    Examples
    --------
    >>> [round(update_time_ns(a, Timing.rasch_2024()), 1) for a in PUBLISHED_NS]
    [30.9, 56.3]
    """
    checked.choice("algorithm", algorithm, tuple(PUBLISHED_NS))
    slot = timing.slot_fs / FS_PER_NS
    time = phases * slots * slot + timing.digital_ns
    if algorithm == "tiki-taka v2":
        time += (timing.read_ns + phases * slot + timing.digital_ns) / every
    return time


def compare(timing: Timing | None = None, size: int = SIZE) -> list[UpdateTime]:
    """Return published, computed and simulated update times.

    Parameters
    ----------
    timing : Timing, optional
        Default: `Timing.rasch_2024`.
    size : int
        Rows and columns of the simulated array; the time does not depend on it.

    Examples
    --------
    >>> for row in compare(size=16):
    ...     print(row.algorithm, row.published, round(row.two_phases, 2), round(row.simulated, 2))
    sgd 30.9 55.85 55.85
    tiki-taka v2 56.3 83.78 83.78
    """
    timing = Timing.rasch_2024() if timing is None else timing
    checked.whole("size", size, 2)
    return [
        UpdateTime(
            name,
            published,
            update_time_ns(name, timing),
            update_time_ns(name, timing, phases=2),
            _simulated_ns(name, timing, size),
        )
        for name, published in PUBLISHED_NS.items()
    ]


def _simulated_ns(algorithm: str, timing: Timing, size: int) -> float:
    """Learn from as many samples as one transfer needs, with sparse signals, ``x >= 0``."""
    device = Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0), dw_min=0.001)
    env = Clock()
    first = EventArray(env, Crossbar(size, size, device, seed=0), timing, name="a")
    second = EventArray(env, Crossbar(size, size, device, seed=1), timing, name="c")
    x, d = np.zeros(size), np.zeros(size)
    x[: size // 8], d[0], d[-1] = 0.5, 0.5, -0.5

    def learn() -> Generator[Any, Any, None]:
        for _ in range(SAMPLES_PER_TRANSFER):
            yield Later(env, timing.digital_fs, NORMAL)
            yield from first.update(x, d, lr=0.002, pulses=SLOTS)
        if algorithm == "tiki-taka v2":
            yield from first.read_column(0)
            yield Later(env, timing.digital_fs, NORMAL)
            one_hot = np.eye(1, size)[0]
            yield from second.update(one_hot, d, lr=0.002, pulses=1)

    env.process(learn())
    env.run()
    return env.now / FS_PER_NS / SAMPLES_PER_TRANSFER


@dataclass(frozen=True)
class ModeTime:
    """Time of one update of an N x N array in one mode of programming, ns."""

    mode: str
    size: int
    theory: float
    simulated: float


def compare_modes(
    sizes: tuple[int, ...] = (8, 16, 32), pulses: int = 10, timing: Timing | None = None
) -> list[ModeTime]:
    """Return update times for the modes of `phys.programming`: O(1), O(N) and O(N^2).

    Examples
    --------
    >>> for row in compare_modes(sizes=(4, 8)):
    ...     print(row.mode, row.size, row.theory, row.simulated)
    parallel 4 100.0 100.0
    parallel 8 100.0 100.0
    rows 4 200.0 200.0
    rows 8 400.0 400.0
    devices 4 800.0 800.0
    devices 8 3200.0 3200.0
    """
    timing = Timing.ideal() if timing is None else timing
    rows = []
    for mode in MODES:
        for size in sizes:
            x, d = np.ones(size), np.where(np.arange(size) % 2, -1.0, 1.0)
            env = Clock()
            device = Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0), dw_min=0.001)
            array = EventArray(env, Crossbar(size, size, device, seed=0), timing)
            process = env.process(array.update(x, d, 0.0005, pulses, mode))
            env.run()
            theory = update_ns(x, d, pulses, timing, mode)
            result: Any = process.value
            rows.append(ModeTime(mode, size, theory, result.time_ns))
    return rows
