"""Maps of a sweep: test error over one varied setting as lines, over two as coloured cells."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from phys.checked import InputError
from phys.plots import BLUE, GREEN, ORANGE, PURPLE, RED, SKY, STYLE
from phys.sweep.settings import Run
from phys.sweep.store import Result

COLOURS = (BLUE, ORANGE, GREEN, RED, PURPLE, SKY)
MARKS = "osD^vP"
MOST_PANELS = 6
UNITS = {
    "dw_min": "nominal step dw_min",
    "imbalance": "imbalance ρ",
    "device_spread": "spread between devices",
    "cycle_noise": "cycle noise σ",
    "reference_error": "reference error (part of the range)",
    "pairs": "pulse pairs of the zero-shift",
    "w_max": "upper bound w_max",
}


@dataclass(frozen=True)
class Place:
    """Test errors of the seeds at one place of a map; None for a run that diverged."""

    errors: tuple[float | None, ...]

    @property
    def finite(self) -> list[float]:
        """Errors of the runs that did not diverge."""
        return [e for e in self.errors if e is not None]


def varied_settings(results: Sequence[Result]) -> dict[str, list[Any]]:
    """Return the settings, seeds left out, in which results differ, and the values they have.

    Parameters
    ----------
    results : sequence of Result

    Returns
    -------
    dict of name to list
        Values in rising order; None where a result leaves a setting at its default.
    """
    names = {name for result in results for name in result.settings} - {"seed"}
    found = {}
    for name in sorted(names):
        # A rate that only one algorithm has does not vary for being absent from the others.
        apart: dict[Any, list[Any]] = defaultdict(list)
        for result in results:
            own = apart[None if name == "algorithm" else Run(result.settings).algorithm]
            value = result.settings.get(name)
            if value not in own:
                own.append(value)
        if any(len(own) > 1 for own in apart.values()):
            values = [value for own in apart.values() for value in own]
            found[name] = sorted(
                (v for k, v in enumerate(values) if v not in values[:k]), key=_rank
            )
    return found


def _rank(value: Any) -> tuple[int, Any]:
    if value is None:
        return (0, 0)
    return (1, value) if _is_number(value) else (2, str(value))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def draw(results: Sequence[Result], x: str | None = None, y: str | None = None) -> Figure:
    """Draw the test error after the last epoch over the settings that vary.

    Parameters
    ----------
    results : sequence of Result
    x, y : str, optional
        Settings for the axes; default: the varied settings that are numbers, those with most values
        first. What else varies makes lines or panels of its own.

    Returns
    -------
    Figure
        With one number that varies: mean over the seeds as a line, every seed as a mark, runs that
        diverged as crosses at the top. With two: a cell for each pair, with the mean error in it,
        hatched where a run diverged.

    Raises
    ------
    InputError
        Nothing to draw, or a setting that does not vary.
    """
    if not results:
        raise InputError("the store holds no result yet; run the sweep first")
    varied = varied_settings(results)
    numbers = [n for n, values in varied.items() if any(_is_number(v) for v in values)]
    for name, given in (("x", x), ("y", y)):
        if given is not None and given not in varied:
            raise InputError(
                f"{name} = {given!r} does not vary in this store; "
                f"choose from {', '.join(varied) or 'none'}"
            )
    numbers.sort(key=lambda n: -len(varied[n]))
    free = [n for n in numbers if n not in (x, y)]
    across = x or (free.pop(0) if free else next(iter(varied), "seed"))
    down = y or (free[0] if x is None and len(free) == 1 else None)
    if down == across:
        raise InputError(f"x and y are both {across!r}; name two settings")
    with rc_context(STYLE):
        if down is None:
            return _lines(results, across, [n for n in varied if n != across])
        return _cells(results, across, down, [n for n in varied if n not in (across, down)])


def places(
    results: Sequence[Result], names: Sequence[str], apart: Sequence[str]
) -> dict[str, dict[tuple[Any, ...], Place]]:
    """Sort results into groups by the settings `apart`, and there into places by `names`."""
    found: dict[str, dict[tuple[Any, ...], list[float | None]]] = defaultdict(
        lambda: defaultdict(list)
    )
    for result in results:
        own = [name for name in apart if result.settings.get(name) is not None]
        group = ", ".join(_said(name, result.settings[name]) for name in own)
        found[group][tuple(_mark(result.settings.get(n)) for n in names)].append(result.error)
    return {
        group: {k: Place(tuple(errors)) for k, errors in inside.items()}
        for group, inside in sorted(found.items())
    }


def _mark(value: Any) -> Any:
    """Return a value that can tell places apart: lists and objects as their JSON."""
    return json.dumps(value, sort_keys=True) if isinstance(value, list | dict) else value


def _said(name: str, value: Any) -> str:
    if isinstance(value, str) and value.startswith("{"):
        value = json.loads(value)
    if isinstance(value, dict) and "name" in value:
        value = value["name"]
    value = _mark(value)
    text = f"{value:g}" if _is_number(value) else str(value)
    return text if name == "algorithm" else f"{UNITS.get(name, name)} {text}"


def _lines(results: Sequence[Result], across: str, apart: list[str]) -> Figure:
    figure = Figure(figsize=(6.4, 4.2), layout="constrained")
    ax = figure.subplots()
    groups = places(results, [across], apart)
    keys = sorted({key for inside in groups.values() for key in inside}, key=lambda k: _rank(k[0]))
    scale = [k[0] for k in keys]
    numeric = all(_is_number(value) for value in scale)
    for n, (label, inside) in enumerate(groups.items()):
        own = [key for key in keys if key in inside]
        where = [k[0] if numeric else keys.index(k) for k in own]
        means = [float(np.mean(inside[k].finite or [np.nan])) for k in own]
        colour, mark = COLOURS[n % len(COLOURS)], MARKS[n % len(MARKS)]
        style = "-" if n < len(COLOURS) else "--"
        ax.plot(where, [100 * m for m in means], style, color=colour, label=label or None)
        for place, key in zip(where, own, strict=True):
            errors = inside[key].finite
            ax.plot(
                [place] * len(errors),
                [100 * e for e in errors],
                mark,
                color=colour,
                alpha=0.6,
                markersize=5,
            )
            if len(errors) < len(inside[key].errors):
                ax.plot([place], [100], "x", color=colour, markersize=9, clip_on=False)
    if numeric:
        _scale(ax, scale)
    else:
        ax.set_xticks(range(len(keys)), [_said("algorithm", k[0]) for k in keys])
    ax.set_xlabel(UNITS.get(across, across))
    ax.set_ylabel("test error after the last epoch (%)")
    ax.set_yscale("log")
    ax.set_ylim(top=100)
    ax.yaxis.set_major_formatter("{x:g}")
    if len(groups) > 1:
        ax.legend(title=None)
    ax.set_title("Mean over the seeds, each seed as a mark; × diverged", fontsize=10)
    return figure


def _scale(ax: Axes, values: list[Any]) -> None:
    ordered = sorted(values)
    if len(ordered) > 2 and ordered[0] > 0 and ordered[-1] >= 10 * ordered[0]:
        ax.set_xscale("log")
    elif len(ordered) > 2 and ordered[0] == 0 and ordered[-1] >= 20 * ordered[1]:
        ax.set_xscale("symlog", linthresh=ordered[1])


def _cells(results: Sequence[Result], across: str, down: str, apart: list[str]) -> Figure:
    groups = places(results, [across, down], apart)
    if len(groups) > MOST_PANELS:
        raise InputError(
            f"the store would make {len(groups)} panels, for {', '.join(apart)} vary as well; "
            f"draw at most {MOST_PANELS}: choose other axes or a store of its own"
        )
    figure = Figure(figsize=(1.5 + 4.2 * len(groups), 4.2), layout="constrained")
    columns, rows = (
        sorted({key[k] for inside in groups.values() for key in inside}, key=_rank) for k in (0, 1)
    )
    errors = [p for inside in groups.values() for p in inside.values() if p.finite]
    top = max((100 * float(np.mean(p.finite)) for p in errors), default=100.0)
    image = None
    axes = figure.subplots(1, len(groups), squeeze=False, sharey=True)[0]
    for ax, (label, inside) in zip(axes, groups.items(), strict=True):
        table = np.full((len(rows), len(columns)), np.nan)
        for (column, row), place in inside.items():
            i, j = rows.index(row), columns.index(column)
            if place.finite:
                table[i, j] = 100 * np.mean(place.finite)
                colour = "black" if table[i, j] > 0.5 * top else "white"
                ax.text(j, i, f"{table[i, j]:.1f}", ha="center", va="center", color=colour)
            if len(place.finite) < len(place.errors):
                ax.fill_between(
                    [j - 0.5, j + 0.5],
                    i - 0.5,
                    i + 0.5,
                    hatch="//",
                    facecolor="none",
                    edgecolor="#888888",
                )
        image = ax.imshow(table, cmap="cividis", vmin=0, vmax=top, origin="lower", aspect="auto")
        ax.set_xticks(range(len(columns)), [_said("algorithm", c) for c in columns])
        ax.set_yticks(range(len(rows)), [_said("algorithm", r) for r in rows])
        ax.grid(visible=False)
        ax.set_xlabel(UNITS.get(across, across))
        ax.set_title(label)
    axes[0].set_ylabel(UNITS.get(down, down))
    if image is not None:
        figure.colorbar(image, ax=list(axes), label="mean test error after the last epoch (%)")
    return figure
