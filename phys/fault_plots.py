"""Figures of timing faults: accuracy against one time, beside the fraction that theory expects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from phys.checked import InputError
from phys.plots import BLUE, GREEN, PURPLE, RED, STYLE
from phys.timing_faults import FaultPoint

Runs = Sequence[Sequence[FaultPoint]]
"""A sweep for every seed, all over the same values."""
LINES = ((BLUE, "-", "o"), (RED, "--", "s"), (GREEN, "-.", "^"), (PURPLE, ":", "D"))
BLANK = 0.08


def fault_curves(curves: Mapping[str, Runs], title: str, across: str) -> Figure:
    """Draw accuracy and expected fraction of a step against the time that is swept.

    Parameters
    ----------
    curves : mapping of label to sweeps
        At most four; of each label a sweep for every seed, from `phys.timing_faults`.
    title : str
    across : str
        Name and unit of the time.

    Returns
    -------
    Figure
        Above: mean accuracy over the seeds as lines, every seed as a mark. Below: the expected
        fraction. The time is linear up to the first value above 0, then logarithmic where the
        values span more than a factor of 30.

    Raises
    ------
    InputError
        No curve, more than four, or sweeps over different values.
    """
    if not 1 <= len(curves) <= len(LINES):
        raise InputError(f"curves has {len(curves)} entries; give 1 to {len(LINES)} of them")
    for label, runs in curves.items():
        if not runs or len({tuple(p.value for p in points) for points in runs}) > 1:
            raise InputError(f"curves[{label!r}]: give sweeps over the same values, one a seed")
    with rc_context(STYLE):
        figure = Figure(figsize=(5.4, 5.4), layout="constrained")
        above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 2))
        for (label, runs), (color, dash, mark) in zip(curves.items(), LINES, strict=False):
            values = [p.value for p in runs[0]]
            seeds = 100 * np.array([[p.accuracy for p in points] for points in runs])
            above.plot(values, seeds.mean(axis=0), color=color, ls=dash, label=label)
            for accuracies in seeds:
                above.plot(values, accuracies, mark, color=color, ms=4, mfc="none")
            expected = [p.expected_fraction for p in runs[0]]
            below.plot(values, expected, color=color, ls=dash, marker=mark, ms=4)
            _scale(below, values)
        above.set_title(title)
        above.set_ylabel("test accuracy, %")
        above.set_ylim(0, 100)
        above.legend(loc="lower left")
        below.set_ylabel("expected fraction\nof a step")
        below.set_ylim(0, 1 + BLANK)
        below.set_xlabel(across)
    return figure


def _scale(ax: Axes, values: Sequence[float]) -> None:
    positive = [v for v in values if v > 0]
    if positive and max(positive) > 30 * min(positive):
        linear: Any = {"linthresh": min(positive), "linscale": 0.5}
        ax.set_xscale("symlog", **linear)
        ax.set_xlim(left=min(0.0, *values))
