"""Timing diagrams: a trace, or the operations of a training step, drawn over time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phys import checked
from phys.checked import InputError
from phys.timing import FS_PER_NS, Timing
from phys.trace import FALL, LOST, NO_LINE, RISE, SWITCH, Trace

if TYPE_CHECKING:
    from phys.event_controller import StepResult

UP, DOWN, FAINT = "#0072b2", "#d55e00", "#999999"


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
        Above: pulses of the lines, up phases blue, down phases orange. Middle: a mark per device
        that switches, hollow where the overlap was not nominal (without `timing`: not the
        longest). Below: weights.
    """
    from matplotlib.figure import Figure

    checked.whole("most_lines", most_lines, 1)
    checked.whole("devices", devices, 1)
    entries = trace.entries
    entries = entries[entries["array"] == array]
    if not np.isin(entries["kind"], (RISE, FALL)).any():
        raise InputError(f"the trace holds no pulse of array {array}; trace an update first")
    figure = Figure(figsize=(9, 7), layout="constrained")
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
            colors = [UP if p > 0 else DOWN for p in starts["polarity"][:count]]
            axes.broken_barh(
                [(a, b - a) for a, b in spans], (len(labels) - 0.35, 0.7), facecolors=colors
            )
            labels.append(f"{side} {line}")
    axes.set_yticks(range(len(labels)), labels, fontsize=7)
    axes.invert_yaxis()
    axes.set_ylabel("lines")


def _draw_switching(axes: Any, entries: np.ndarray, timing: Timing | None) -> None:
    switched = entries[np.isin(entries["kind"], (SWITCH, LOST))]
    places = np.stack([switched["row"], switched["column"]], axis=1)
    names, row = np.unique(places, axis=0, return_inverse=True)
    row = row.reshape(-1)
    nominal = switched["overlap_fs"].max(initial=1) if timing is None else timing.nominal_fs
    whole = (switched["kind"] == SWITCH) & (switched["overlap_fs"] == nominal)
    colors = np.where(switched["polarity"] > 0, UP, DOWN)
    times = switched["time_fs"] / FS_PER_NS
    for chosen, filled in ((whole, True), (~whole, False)):
        face = colors[chosen] if filled else "none"
        axes.scatter(times[chosen], row[chosen], s=12, facecolors=face, edgecolors=colors[chosen])
    step = max(1, len(names) // 12)
    axes.set_yticks(
        range(0, len(names), step), [f"({i}, {j})" for i, j in names[::step]], fontsize=7
    )
    axes.set_ylabel("devices that switch")


def _draw_weights(axes: Any, entries: np.ndarray, devices: int, timing: Timing | None) -> None:
    switched = entries[entries["kind"] == SWITCH]
    if not switched.size:
        return
    places, counts = np.unique(
        np.stack([switched["row"], switched["column"]], axis=1), axis=0, return_counts=True
    )
    end = entries["time_fs"].max() / FS_PER_NS
    tau = 0.0 if timing is None else timing.settling_ns
    for place in places[np.argsort(-counts, kind="stable")[:devices]]:
        own = switched[(switched["row"] == place[0]) & (switched["column"] == place[1])]
        times = own["time_fs"] / FS_PER_NS
        settled = np.concatenate([[own["weight"][0] - own["step"][0]], own["weight"]])
        (line,) = axes.step(
            np.concatenate([[0], times, [end]]),
            np.concatenate([settled, settled[-1:]]),
            where="post",
            label=f"({place[0]}, {place[1]})",
        )
        if tau:
            line.set_alpha(0.35)
            grid = np.linspace(0, end, 600)
            momentary = settled[np.searchsorted(times, grid, side="right")]
            for t, step in zip(times, own["step"], strict=True):
                lag = np.exp(-np.maximum(grid - t, 0) / tau)
                momentary = momentary - np.where(grid >= t, step * lag, 0)
            axes.plot(grid, momentary, color=line.get_color())
    axes.legend(fontsize=7, title="device", title_fontsize=7)
    axes.set_ylabel("weight")


def time_line(step: StepResult) -> Any:
    """Draw the operations of one training step, a bar each, one row for every array.

    Parameters
    ----------
    step : phys.event_controller.StepResult

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure

    names = sorted({(a.layer, a.array) for a in step.activities})
    kinds = list(dict.fromkeys(a.what for a in step.activities))
    figure = Figure(figsize=(9, 1.2 + 0.4 * len(names)), layout="constrained")
    axes = figure.subplots()
    for k, kind in enumerate(kinds):
        label: str | None = kind
        for a in step.activities:
            if a.what == kind:
                place = names.index((a.layer, a.array))
                width = a.end_ns - a.start_ns
                axes.barh(place, width, 0.7, left=a.start_ns, color=f"C{k}", label=label)
                label = None
    labels = [f"layer {n} {'digital' if array == '-' else array}" for n, array in names]
    axes.set_yticks(range(len(names)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.set_xlabel("time (ns)")
    axes.legend(fontsize=8, loc="upper left", bbox_to_anchor=(1, 1))
    return figure
