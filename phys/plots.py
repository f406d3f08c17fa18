"""Figures: theory as lines, simulation as marks, in colours that colour-blind readers tell apart.

Every function draws one panel and returns its figure; `ax` draws into axes of your own. The figures
are made without pyplot, so that they need no screen and can be made in any thread.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import sympy as sp
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.ticker import MaxNLocator

from phys.energy import EnergyPoint, energy_balance
from phys.expressions import as_function
from theory import DeviceLaw, w

BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, RED, PURPLE = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
"""The palette of Okabe and Ito."""

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "#888888",
    "axes.grid": True,
    "axes.labelsize": 11,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 11.5,
    "axes.titleweight": "bold",
    "font.size": 10.5,
    "grid.color": "#e6e6e6",
    "legend.fontsize": 10,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    "svg.fonttype": "path",
    # Ids in an SVG follow from its content alone, so that equal results give equal files.
    "svg.hashsalt": "crosspoint",
    "xtick.color": "#444444",
    "ytick.color": "#444444",
}
SIZE = (5.4, 3.7)


def to_svg(figure: Figure) -> str:
    """Return a figure as an SVG document, the same text for the same figure."""
    with rc_context(STYLE):
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None, "Creator": None})
    return buffer.getvalue()


def response_curves(law: DeviceLaw, ax: Axes | None = None) -> Figure:
    """Draw the step of an up and of a down pulse over the weight, crossing at w*.

    Parameters
    ----------
    law : DeviceLaw
        With numbers for all its parameters.
    ax : Axes, optional

    Returns
    -------
    Figure
    """
    with rc_context(STYLE):
        figure, ax = _axes(ax)
        weight = _weights(law)
        ax.plot(weight, _values(law.up, weight), color=BLUE, label=r"up step $q_\mathrm{up}$")
        ax.plot(
            weight,
            _values(law.down, weight),
            color=RED,
            ls="--",
            label=r"down step $q_\mathrm{down}$",
        )
        for star in _points(law):
            ax.plot([star], _values(law.up, np.array([star])), "o", color=BLACK, zorder=5)
            _mark_point(ax, star)
        _label(ax, "One pulse, up and down", "weight $w$", r"step, in units of $\delta$")
        ax.set_ylim(bottom=0)
        ax.legend()
    return figure


def parts(law: DeviceLaw, ax: Axes | None = None) -> Figure:
    """Draw the symmetric part F and the antisymmetric part G over the weight; G vanishes at w*."""
    with rc_context(STYLE):
        figure, ax = _axes(ax)
        weight = _weights(law)
        ax.axhline(0, color="#888888", lw=1)
        ax.plot(weight, _values(law.F, weight), color=GREEN, label="symmetric part $F$")
        ax.plot(
            weight, _values(law.G, weight), color=PURPLE, ls="--", label="antisymmetric part $G$"
        )
        for star in _points(law):
            ax.plot([star], [0], "o", color=BLACK, zorder=5)
            _mark_point(ax, star)
        _label(ax, "Symmetric and antisymmetric part", "weight $w$", r"in units of $\delta$")
        ax.legend()
    return figure


def convergence(
    at: Sequence[int],
    measured: Sequence[float],
    predicted: Sequence[float],
    step: float,
    ax: Axes | None = None,
) -> Figure:
    """Draw how far alternating pulses leave an array from its symmetry points.

    Parameters
    ----------
    at : sequence of int
        Pairs of pulses.
    measured, predicted : sequence of float
        Root mean square distance after so many pairs, in weight units.
    step : float
        Nominal step, drawn for scale.
    """
    with rc_context(STYLE):
        figure, ax = _axes(ax)
        ax.plot(at, predicted, color=BLACK, lw=1.5, label="theory")
        ax.plot(at, measured, "o", color=BLUE, ms=5, mfc="none", label="simulated array")
        ax.axhline(step, color="#888888", ls=":", lw=1.5, label=r"one nominal step $\delta$")
        ax.set_yscale("log")
        ax.set_xscale("symlog", linthresh=1)
        ax.set_xlim(0, 1.3 * at[-1])
        _label(
            ax,
            "Alternating pulses converge",
            "pairs of pulses",
            r"rms distance to $w_{\ast}$, weight",
        )
        ax.legend(loc="lower left")
    return figure


def traces(
    at: Sequence[int],
    weights: np.ndarray,
    predicted: np.ndarray,
    targets: np.ndarray,
    ax: Axes | None = None,
) -> Figure:
    """Draw the weights of a few devices under alternating pulses, each to its own symmetry point.

    Parameters
    ----------
    at : sequence of int
        Pairs of pulses, n of them.
    weights, predicted : (n, devices)
    targets : (devices,)
    """
    with rc_context(STYLE):
        figure, ax = _axes(ax)
        colours = (BLUE, ORANGE, GREEN, PURPLE, RED, SKY, YELLOW, BLACK)
        for k, colour in zip(range(weights.shape[1]), colours, strict=False):
            ax.plot(at, predicted[:, k], color=colour, lw=1.5)
            ax.plot(at, weights[:, k], "o", color=colour, ms=4, mfc="none")
            ax.plot([at[-1]], targets[k : k + 1], marker="_", ms=16, mew=2.5, color=colour)
        ax.set_xscale("symlog", linthresh=1)
        ax.set_xlim(0, 1.3 * at[-1])
        _label(ax, "Every device finds its own point", "pairs of pulses", "weight $w$")
        ax.plot([], [], "o", color="#555555", ms=4, mfc="none", label="simulated")
        ax.plot([], [], color="#555555", lw=1.5, label="theory")
        ax.plot([], [], ls="", marker="_", ms=12, mew=2.5, color="#555555", label=r"$w_{\ast}$")
        ax.legend(loc="upper left")
    return figure


def scatter(ends: np.ndarray, centre: float, deviation: float, ax: Axes | None = None) -> Figure:
    """Draw where noisy devices end, beside the normal distribution that theory gives.

    Parameters
    ----------
    ends : (n,)
        Weights after the last pulse.
    centre, deviation : float
        Predicted mean and standard deviation.
    """
    with rc_context(STYLE):
        figure, ax = _axes(ax)
        reach = np.linspace(centre - 4 * deviation, centre + 4 * deviation, 200)
        bell = np.exp(-(((reach - centre) / deviation) ** 2) / 2) / (deviation * np.sqrt(2 * np.pi))
        bins = np.linspace(reach[0], reach[-1], 41)
        ax.hist(ends, bins=list(bins), density=True, color=SKY, alpha=0.7, label="simulated array")
        ax.plot(reach, bell, color=BLACK, lw=1.8, label="theory")
        _label(ax, "Cycle noise leaves a scatter", "weight $w$ at the end", "devices per weight")
        ax.legend()
    return figure


def accuracy(
    curves: Mapping[str, Sequence[float]],
    styles: Mapping[str, Mapping[str, Any]],
    title: str = "Test accuracy",
    ax: Axes | None = None,
) -> Figure:
    """Draw test accuracies over the epochs, each line named at its end.

    Parameters
    ----------
    curves : mapping of name to accuracies in [0, 1]
    styles : mapping of name to the keywords of its line
    title : str
    """
    with rc_context(STYLE):
        figure, ax = _axes(ax)
        for name, values in curves.items():
            epochs = np.arange(1, len(values) + 1)
            mark = {"marker": "o", "ms": 5} if len(values) <= 12 else {}
            ax.plot(epochs, 100 * np.array(values), **{**mark, **styles[name]})
        last = max(len(values) for values in curves.values())
        ends = {name: 100 * values[-1] for name, values in curves.items()}
        for name, place in _spread_out(ends, 6.5).items():
            ax.annotate(
                f"{f'({name})' if len(name) == 1 else name}  {ends[name]:.1f} %",
                (last, place),
                xytext=(9, 0),
                textcoords="offset points",
                va="center",
                color=styles[name]["color"],
                weight="bold",
                annotation_clip=False,
            )
        ax.set_ylim(0, 103)
        ax.set_xlim(1 - 0.03 * last, last + 0.03 * last)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        _label(ax, title, "epoch", "test accuracy, %")
    return figure


def energy(points: Sequence[EnergyPoint], ax: Axes | None = None) -> Figure:
    """Draw the energy of SHD over a training: the loss plus the kinetic energy of A."""
    with rc_context(STYLE):
        figure, ax = _axes(ax)
        samples = [p.samples / 1000 for p in points]
        ax.plot(samples, [p.energy for p in points], color=BLACK, label="energy $H$")
        ax.plot(samples, [p.loss for p in points], color=BLUE, ls="--", label="loss")
        ax.plot(
            samples, [p.kinetic for p in points], color=ORANGE, ls="-.", label="kinetic energy of A"
        )
        _label(ax, "Energy beside loss", "samples learned, thousands", "energy, units of the loss")
        ax.set_ylim(bottom=0)
        ax.legend()
    return figure


def energy_change(points: Sequence[EnergyPoint], ax: Axes | None = None) -> Figure:
    """Draw the measured change of the energy since the start, beside the predicted one."""
    with rc_context(STYLE):
        figure, ax = _axes(ax)
        balances = energy_balance(list(points))
        samples = [points[0].samples / 1000, *(b.stop / 1000 for b in balances)]
        lines = {
            "injection": (GREEN, ":"),
            "exchange": (PURPLE, (0, (3, 1, 1, 1))),
            "dissipation": (RED, "--"),
        }
        for part, (colour, dash) in lines.items():
            total = np.cumsum([0.0, *(getattr(b, part) for b in balances)])
            ax.plot(samples, total, color=colour, ls=dash, lw=1.6, label=part)
        predicted = np.cumsum([0.0, *(b.predicted for b in balances)])
        ax.plot(samples, predicted, color=BLACK, label="sum: predicted")
        measured = np.cumsum([0.0, *(b.measured for b in balances)])
        ax.plot(samples, measured, "o", color=BLUE, ms=4, mfc="none", label="measured")
        _label(
            ax,
            "Where the energy goes",
            "samples learned, thousands",
            "change since the start, units of the loss",
        )
        low, high = ax.get_ylim()
        ax.set_ylim(low, high + 0.35 * (high - low))
        ax.legend(fontsize=9, ncols=2, loc="upper left")
    return figure


def _axes(ax: Axes | None) -> tuple[Figure, Axes]:
    if ax is None:
        figure = Figure(figsize=SIZE, layout="constrained")
        return figure, figure.add_subplot()
    own = ax.figure
    return own.figure if isinstance(own, SubFigure) else own, ax


def _label(ax: Axes, title: str, across: str, up: str) -> None:
    ax.set_title(title)
    ax.set_xlabel(across)
    ax.set_ylabel(up)


def _weights(law: DeviceLaw) -> np.ndarray:
    low, high = (float(b) for b in law.bounds)
    return np.linspace(low, high, 301)


def _values(expression: sp.Expr, weight: np.ndarray) -> np.ndarray:
    values = as_function([w], expression)(weight)
    return np.broadcast_to(np.asarray(values, dtype=float), weight.shape)


def _points(law: DeviceLaw) -> list[float]:
    return [float(p) for p in law.symmetry_points()]


def _mark_point(ax: Axes, star: float) -> None:
    ax.axvline(star, color=BLACK, lw=1, ls=":")
    ax.annotate(
        rf"$w_{{\ast}} = {star:.3g}$",
        (star, 0.03),
        xycoords=("data", "axes fraction"),
        xytext=(5, 0),
        textcoords="offset points",
    )


def _spread_out(places: Mapping[str, float], gap: float, top: float = 100.0) -> dict[str, float]:
    """Move labels apart, so that neighbours are at least `gap` from each other, none above `top`.

    Examples
    --------
    >>> _spread_out({"a": 98.0, "f": 97.0, "e": 10.0}, gap=5.0)
    {'e': 10.0, 'f': 95.0, 'a': 100.0}
    """
    order = sorted(places, key=lambda name: places[name])
    spread: dict[str, float] = {}
    floor = -np.inf
    for name in order:
        spread[name] = max(places[name], floor)
        floor = spread[name] + gap
    ceiling = top
    for name in reversed(order):
        spread[name] = min(spread[name], ceiling)
        ceiling = spread[name] - gap
    return spread
