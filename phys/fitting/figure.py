"""The figure of a fit: data and law, symmetry point, residuals, and the laws in order of BIC."""

from __future__ import annotations

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from phys.fitting.result import FitResult, LawFit
from phys.plots import BLACK, BLUE, RED, SKY, STYLE

MOST_POINTS = 4000
MOST_TRAINS = 8
SIZE = (11.5, 8.4)


def fit_figure(result: FitResult) -> Figure:
    """Draw a fit in four panels.

    Parameters
    ----------
    result : FitResult

    Returns
    -------
    Figure
        Steps over the weight with the law and its symmetry point; trains with their smoothed
        weights; standardised residuals beside the normal distribution; the laws by BIC.
    """
    with rc_context(STYLE):
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.subplots(2, 2)
        draw_steps(result, axes[0, 0])
        draw_trains(result, axes[0, 1])
        draw_residuals(result, axes[1, 0])
        draw_laws(result, axes[1, 1])
        d = result.data
        figure.suptitle(
            f"{d.source}: {result.best.name} fits {len(d.names)} "
            f"device{'s' * (len(d.names) > 1)}, {d.cycles} cycles, {d.pulses} pulses",
            x=0.01,
            ha="left",
        )
    return figure


def draw_steps(result: FitResult, ax: Axes) -> None:
    """Draw the measured step of every pulse over the weight, and the fitted law."""
    fit, data = result.best, result.data
    likelihood = fit.likelihood
    weight = data.weight[likelihood.before]
    step = likelihood.direction * (data.weight[likelihood.after] - weight)
    thin = slice(None, None, -(-weight.size // MOST_POINTS))
    layout = fit.optimum.layout
    values = layout.natural(fit.optimum.vector)
    low, high = (float(b) for b in layout.family.nominal_bounds(values))
    place = np.linspace(low, high, 300)[1:-1]
    size = fit.values["dw_min"]
    for sign, colour, mark, dash, word in ((1, BLUE, "^", "-", "up"), (-1, RED, "v", "--", "down")):
        chosen = (likelihood.direction == sign)[thin]
        ax.plot(
            weight[thin][chosen],
            step[thin][chosen],
            mark,
            color=colour,
            ms=3,
            alpha=0.25,
            mew=0,
            rasterized=True,
        )
        q = layout.family.steps[sign][0](place, low, high, values)
        ax.plot(
            place,
            np.broadcast_to(size * q, place.shape),
            color=colour,
            ls=dash,
            label=f"{word}: law (line), pulses ({'▲' if sign > 0 else '▼'})",
        )
    spread = float(np.quantile(np.abs(step), 0.99))
    ax.set_ylim(-0.35 * spread, 1.6 * spread)
    _mark(result, ax)
    ax.set_title("Step of one pulse")
    ax.set_xlabel("weight $w$")
    ax.set_ylabel("step in the pulse's direction, weight")
    ax.legend(loc="upper center", ncols=2, fontsize=9)


def _mark(result: FitResult, ax: Axes) -> None:
    """Mark the symmetry point and its interval."""
    star = result.symmetry_point
    if not np.isfinite(star.value):
        return
    if np.isfinite(star.low):
        ax.axvspan(star.low, star.high, color="#888888", alpha=0.25, lw=0)
    ax.axvline(star.value, color=BLACK, lw=1.2, ls=":")
    text = rf"$w_{{\ast}} = {star.value:.3g}$"
    if np.isfinite(star.low):
        text += f"\n{100 * result.confidence:g} %: {star.low:.3g} to {star.high:.3g}"
    ax.annotate(
        text,
        (star.value, 0.03),
        xycoords=("data", "axes fraction"),
        xytext=(6, 0),
        textcoords="offset points",
        fontsize=9,
    )


def draw_trains(result: FitResult, ax: Axes) -> None:
    """Draw the first train of each device over the pulses: readings, and smoothed weights."""
    data, likelihood = result.data, result.best.likelihood
    smooth = likelihood.reference
    shown = [
        np.nonzero(data.cycle == data.cycle[data.device == d][0])[0]
        for d in range(min(len(data.names), MOST_TRAINS))
    ]
    for k, train in enumerate(shown):
        pulse = np.arange(train.size)
        ax.plot(
            pulse,
            data.weight[train],
            "o",
            color=SKY,
            ms=2.5,
            mew=0,
            alpha=0.6,
            label="readings" if k == 0 else None,
        )
        ax.plot(
            pulse,
            smooth[train],
            color=BLACK,
            lw=1.0,
            label="weights by the fit" if k == 0 else None,
        )
    ax.set_title("First train of each device" if len(shown) > 1 else "First train")
    ax.set_xlabel("pulses")
    ax.set_ylabel("weight $w$")
    low, high = ax.get_ylim()
    ax.set_ylim(low, high + 0.15 * (high - low))
    ax.legend(loc="upper right", ncols=2, fontsize=9)


def draw_residuals(result: FitResult, ax: Axes) -> None:
    """Draw the standardised innovations beside the standard normal distribution."""
    z = residuals(result.best)
    reach = np.linspace(-4.5, 4.5, 200)
    bins = np.linspace(-4.5, 4.5, 46)
    ax.hist(
        np.clip(z, -4.5, 4.5), bins=list(bins), density=True, color=SKY, alpha=0.7, label="data"
    )
    bell = np.exp(-(reach**2) / 2) / np.sqrt(2 * np.pi)
    ax.plot(reach, bell, color=BLACK, lw=1.8, label="standard normal")
    ax.set_title("Residuals")
    ax.set_xlabel("prediction error over its standard deviation")
    ax.set_ylabel("density")
    ax.legend(loc="upper left", fontsize=9)
    ax.annotate(
        f"cycle noise {result.cycle_noise:.3g}\nread noise {result.read_noise:.3g}\n"
        f"step spread {result.spread.step:.3g}\nbound spread {result.spread.bounds:.3g}",
        (0.99, 0.97),
        xycoords="axes fraction",
        ha="right",
        va="top",
        fontsize=9,
    )


def residuals(fit: LawFit) -> np.ndarray:
    """Return the standardised innovations of a fit: standard normal if its law is true, (m,)."""
    optimum = fit.optimum
    found = fit.likelihood.innovations(optimum.layout.numbers(optimum.vector))
    assert found is not None
    return np.asarray(found.error / np.sqrt(found.variance))


def draw_laws(result: FitResult, ax: Axes) -> None:
    """Draw how much larger the BIC of each law is than the smallest one."""
    fits = result.fits
    extra = np.array([fit.bic - result.best.bic for fit in fits])
    place = np.arange(len(fits))
    colours = [BLUE if fit is result.best else "#bbbbbb" if fit.undecided else SKY for fit in fits]
    floor = 0.5
    ax.barh(place, np.maximum(extra, floor), left=0, color=colours, height=0.65)
    for y, fit, more in zip(place, fits, extra, strict=True):
        note = "chosen" if fit is result.best else f"+{more:,.0f}" if more >= 10 else f"{more:+.1f}"
        if fit.undecided:
            note += f", leaves {len(fit.undecided)} open"
        ax.annotate(
            f"{note} ({fit.numbers} numbers)",
            (max(more, floor), y),
            xytext=(5, 0),
            textcoords="offset points",
            va="center",
            fontsize=8.5,
            annotation_clip=False,
        )
    ax.set_yticks(place, [fit.name for fit in fits])
    ax.invert_yaxis()
    ax.set_xscale("symlog", linthresh=10)
    ax.set_xlim(min(0.0, 1.2 * float(extra.min())), max(30.0, 60 * float(extra.max())))
    ax.grid(axis="y", visible=False)
    ax.set_title("Which law: BIC above the chosen one's")
    ax.set_xlabel("difference of BIC")
