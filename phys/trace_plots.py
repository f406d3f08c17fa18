"""Timing diagrams: a trace, or the operations of a training step, drawn over time."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from phys import checked
from phys.checked import InputError
from phys.plots import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, SKY, STYLE, YELLOW
from phys.timing import FS_PER_NS, Timing
from phys.trace import FALL, LOST, NO_LINE, RISE, SWITCH, Trace

if TYPE_CHECKING:
    from phys.event_controller import StepResult

UP, DOWN, GREY = BLUE, RED, "#999999"
HATCH = "////"
"""Marks down pulses where colours cannot be told apart."""
WEIGHTS = ((BLACK, "-"), (ORANGE, "--"), (GREEN, "-."), (PURPLE, ":"), (SKY, (0, (5, 1, 1, 1))))
PULSES: dict[int, dict[str, Any]] = {
    1: {"facecolor": UP, "edgecolor": "none"},
    -1: {"facecolor": DOWN, "edgecolor": "white", "linewidth": 0.0, "hatch": HATCH},
}
"""How up and down pulses are drawn, by their sign."""
OPERATIONS = {
    "forward": SKY,
    "backward": BLUE,
    "digital": GREY,
    "update": ORANGE,
    "read": GREEN,
    "transfer": PURPLE,
    "zero_shift": YELLOW,
}
"""Colours of a step's operations, in the order in which they come."""
ROWS = {"c": 0, "-": 1, "a": 2}
"""Forward, backward, then digital work, update and read: from the top of a layer to its end."""
BESIDE: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1, 1), "fontsize": 8}
"""A legend on the right of its panel, where it covers nothing."""


def timing_diagram(
    trace: Trace,
    timing: Timing | None = None,
    *,
    array: int = 0,
    most_lines: int = 12,
    devices: int = 3,
) -> Any:
    """Draw the lines, the coincidences and the weights of one array over time.

    Parameters
    ----------
    trace : Trace
    timing : Timing, optional
        Says which overlap is nominal, and draws the settling of the weights.
    array : int
        Number of the array in the trace.
    most_lines : int
        Lines to draw of each side: the first ones that fire.
    devices : int
        Weights to draw: the devices with most pulses.

    Returns
    -------
    matplotlib.figure.Figure
        Above: pulses of the lines, blue in up phases, red and hatched in down phases. Middle: a
        mark per device that switches, hollow where the overlap was not nominal (without `timing`:
        not the longest). Below: weights, pale where they are going and full where they are.
    """
    checked.whole("most_lines", most_lines, 1)
    checked.whole("devices", devices, 1)
    entries = trace.entries
    entries = entries[entries["array"] == array]
    if not np.isin(entries["kind"], (RISE, FALL)).any():
        raise InputError(f"the trace holds no pulse of array {array}; trace an update first")
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 7.5), layout="constrained")
        lines, marks, weights = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
        _draw_lines(lines, entries, most_lines)
        _draw_switching(marks, entries, timing)
        _draw_weights(weights, entries, devices, timing)
        weights.set_xlabel("time (ns)")
    return figure


def _draw_lines(axes: Any, entries: np.ndarray, most: int) -> None:
    labels: list[str] = []
    for side, other in (("column", "row"), ("row", "column")):
        edges = entries[np.isin(entries["kind"], (RISE, FALL)) & (entries[other] == NO_LINE)]
        for line in np.unique(edges[side])[:most]:
            own = edges[edges[side] == line]
            starts = own[own["kind"] == RISE]
            ends = own["time_fs"][own["kind"] == FALL]
            count = min(starts.size, ends.size)  # A trace that was full may lack an end.
            spans = np.stack([starts["time_fs"][:count], ends[:count]], axis=1) / FS_PER_NS
            for sign, look in PULSES.items():
                drawn = spans[starts["polarity"][:count] == sign]
                axes.broken_barh([(a, b - a) for a, b in drawn], (len(labels) - 0.35, 0.7), **look)
            labels.append(f"{side} {line}")
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.set_title("Column and row lines: when each pulse is high")
    axes.set_ylabel("line")
    handles = [Patch(**PULSES[sign], label=name) for sign, name in ((1, "up"), (-1, "down"))]
    axes.legend(handles=handles, **BESIDE)


def _draw_switching(axes: Any, entries: np.ndarray, timing: Timing | None) -> None:
    switched = entries[np.isin(entries["kind"], (SWITCH, LOST))]
    places = np.stack([switched["row"], switched["column"]], axis=1)
    names, row = np.unique(places, axis=0, return_inverse=True)
    row = row.reshape(-1)
    nominal = switched["overlap_fs"].max(initial=1) if timing is None else timing.nominal_fs
    whole = (switched["kind"] == SWITCH) & (switched["overlap_fs"] == nominal)
    times = switched["time_fs"] / FS_PER_NS
    for polarity, color, mark in ((1, UP, "^"), (-1, DOWN, "v")):
        for filled in (True, False):
            chosen = (whole == filled) & (switched["polarity"] == polarity)
            face = color if filled else "none"
            axes.scatter(times[chosen], row[chosen], 16, marker=mark, fc=face, ec=color, lw=0.9)
    step = max(1, len(names) // 12)
    axes.set_yticks(
        range(0, len(names), step), [f"({i}, {j})" for i, j in names[::step]], fontsize=7
    )
    axes.set_title("Coincidences: when each device switches")
    axes.set_ylabel("device (row, column)")
    shown = {"up": (UP, "^", UP), "down": (DOWN, "v", DOWN), "part, or none": (GREY, "^", "none")}
    axes.legend(
        handles=[
            Line2D([], [], ls="", marker=mark, color=color, mfc=face, label=label)
            for label, (color, mark, face) in shown.items()
        ],
        **BESIDE,
    )


def _draw_weights(axes: Any, entries: np.ndarray, devices: int, timing: Timing | None) -> None:
    switched = entries[entries["kind"] == SWITCH]
    if not switched.size:
        return
    places, counts = np.unique(
        np.stack([switched["row"], switched["column"]], axis=1), axis=0, return_counts=True
    )
    end = entries["time_fs"].max() / FS_PER_NS
    tau = 0.0 if timing is None else timing.settling_ns
    most = places[np.argsort(-counts, kind="stable")[:devices]]
    for place, (color, dash) in zip(most, cycle(WEIGHTS), strict=False):
        own = switched[(switched["row"] == place[0]) & (switched["column"] == place[1])]
        times = own["time_fs"] / FS_PER_NS
        settled = np.concatenate([[own["weight"][0] - own["step"][0]], own["weight"]])
        (line,) = axes.step(
            np.concatenate([[0], times, [end]]),
            np.concatenate([settled, settled[-1:]]),
            where="post",
            color=color,
            ls=dash,
            lw=1.5,
        )
        if tau:
            line.set(alpha=0.35, ls="-")
            grid = np.linspace(0, end, 600)
            momentary = settled[np.searchsorted(times, grid, side="right")]
            for t, step in zip(times, own["step"], strict=True):
                lag = np.exp(-np.maximum(grid - t, 0) / tau)
                momentary = momentary - np.where(grid >= t, step * lag, 0)
            (line,) = axes.plot(grid, momentary, color=color, ls=dash, lw=1.5)
        line.set_label(f"({place[0]}, {place[1]})")
    going = "; pale: where they are going" if tau else ""
    axes.set_title(f"Weights of the devices with most pulses{going}")
    axes.set_ylabel("weight $w$")
    axes.legend(title="device", title_fontsize=8, **BESIDE)


def time_line(step: StepResult) -> Any:
    """Draw the operations of one training step, a bar each, one row for every array.

    Parameters
    ----------
    step : phys.event_controller.StepResult

    Returns
    -------
    matplotlib.figure.Figure
        From the top, layer by layer: array C, digital work, array A. An operation that takes no
        time, such as a transfer of nothing, is a tick.
    """
    names = sorted({(a.layer, ROWS.get(a.array, len(ROWS)), a.array) for a in step.activities})
    present = {a.what for a in step.activities}
    with rc_context(STYLE):
        figure = Figure(figsize=(9, 1.6 + 0.38 * len(names)), layout="constrained")
        axes = figure.subplots()
        for a in step.activities:
            place = names.index((a.layer, ROWS.get(a.array, len(ROWS)), a.array))
            color, width = OPERATIONS.get(a.what, BLACK), a.end_ns - a.start_ns
            edge: dict[str, Any] = {"ec": "white", "lw": 0.5} if width else {"ec": color, "lw": 2.5}
            axes.barh(place, width, 0.7, left=a.start_ns - step.start_ns, color=color, **edge)
        labels = [f"layer {n}, {'digital' if a == '-' else a.upper()}" for n, _, a in names]
        axes.set_yticks(range(len(names)), labels, fontsize=9)
        axes.invert_yaxis()
        axes.grid(visible=False, axis="y")
        axes.set_title(f"One training step of {step.time_ns:.1f} ns, operation by operation")
        axes.set_xlabel("time since the step began (ns)")
        axes.legend(
            handles=[
                Patch(color=color, label=what.replace("_", "-"))
                for what, color in OPERATIONS.items()
                if what in present
            ],
            **BESIDE,
        )
    return figure
