"""The demonstration's report: one HTML file with its figures and formulas inside."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterable, Sequence
from html import escape, unescape
from importlib import resources
from string import Template

from matplotlib import mathtext, rc_context
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from phys import plots
from phys.demo import records
from phys.demo.play import ARMS, DW_MIN, FEW_STATES, IMBALANCE, Arm, DemoResult, law_of
from phys.training_run import PROBE
from theory.symbols import to_latex, w_max, w_min

STYLES = {
    "a": {"color": plots.BLACK, "ls": ":"},
    "b": {"color": plots.ORANGE, "ls": "--"},
    "c": {"color": plots.BLUE},
    "d": {"color": plots.PURPLE, "ls": "-."},
    "e": {"color": plots.RED, "ls": "--"},
    "f": {"color": plots.GREEN},
}
STORIES = {"Many states: bounds ±2": "abc", "Few states: bounds ±0.6": "adef"}
FONT = 11
SCALE = 1.16


def to_html(result: DemoResult) -> str:
    """Return the report, a page that needs nothing beside it and is also well-formed XML."""
    template = resources.files("phys").joinpath("templates/report.html").read_text("utf-8")
    parts = {
        **_opening(result),
        **_derivation(result),
        **_shift(result),
        **_training(result),
        **_energy(result),
        **_arrays(result),
        **_making(result),
    }
    page = Template(template).substitute(parts)
    return re.sub(r"\\\((.+?)\\\)", lambda found: formula(unescape(found[1])), page)


def _tall(latex: str) -> str:
    """Return a formula with its fractions in full height, for a line of its own."""
    return latex.replace(r"\frac", r"\dfrac")


# -- parts of the page: numbers, tables and figures for the words in the template -------------


def _opening(result: DemoResult) -> dict[str, str]:
    law = law_of(FEW_STATES)
    star = float(law.symmetry_point())
    ends = {key: history.accuracy[-1] for key, history in result.histories.items()}
    notice = result.dataset.notice
    cards = [
        (ends["a"], None, "floating-point SGD: what there is to reach"),
        (ends["c"], ends["b"], "pulsed SGD on many states, with zero-shifting"),
        (ends["f"], ends["e"], "SHD on few states, with zero-shifting"),
        (ends["d"], None, "pulsed SGD on few states, with zero-shifting"),
    ]
    figures = [
        (
            plots.response_curves(law),
            f"Step of an up and of a down pulse over the weight; they cross at w* = {star:g}.",
            f"Bounds ±{FEW_STATES:g}. Up and down steps are equal at the symmetry point only.",
        ),
        (
            plots.parts(law),
            f"Symmetric part F and antisymmetric part G over the weight; G is 0 at w* = {star:g}.",
            "G is what moves a weight when its gradient is nothing but noise.",
        ),
    ]
    return {
        "data": escape(result.dataset.source),
        "samples": f"{result.samples:,}",
        "epochs": str(result.epochs),
        "seed": str(result.seed),
        "notice": f'<p class="notice">{escape(notice)}</p>' if notice else "",
        "cards": "\n".join(_card(*card) for card in cards),
        "rho": f"{IMBALANCE:g}",
        "few": f"{FEW_STATES:g}",
        "tilt": f"{star:g}",
        "device_figures": _figures(figures),
    }


def _card(share: float, other: float | None, text: str) -> str:
    beside = "" if other is None else f" <small>without: {_percent(other)}</small>"
    return f'<div class="card"><b>{_percent(share)}{beside}</b><span>{text}</span></div>'


def _derivation(result: DemoResult) -> dict[str, str]:
    law, derivation = result.law, result.derivation
    star = law.symmetry_point().expression
    even = to_latex(star.subs(w_min, -w_max).simplify())
    own = law_of(FEW_STATES).symmetry_point()
    lines = [
        rf"q_\mathrm{{up}}(w) = {to_latex(law.up)}",
        rf"q_\mathrm{{down}}(w) = {to_latex(law.down)}",
        rf"w_\ast = {to_latex(star)}",
        rf"w_\ast = {even} \quad \mathrm{{where}} \quad w_{{\min}} = -w_{{\max}}",
    ]
    steps = [
        (
            f"<li>{escape(step.text)}"
            f'<div class="formula"><div>{formula(_tall(step.to_latex()))}</div></div>'
            f"<small>{escape(step.why)} ({step.check})</small></li>"
        )
        for step in derivation.steps
    ]
    return {
        "formulas": "\n".join(f"<div>{formula(_tall(line))}</div>" for line in lines),
        "step_count": str(len(steps)),
        "checked": "proved by algebra" if derivation.is_proof else "checked, some numerically,",
        "own": f"{to_latex(own.expression)} = {float(own):g}",
        "steps": "\n".join(steps),
    }


def _shift(result: DemoResult) -> dict[str, str]:
    test = result.shift
    figures = [
        (
            plots.convergence(test.at, test.distance, test.predicted, test.step),
            "Distance of the array from its symmetry points over the pairs, on the line of theory.",
            "Root mean square over the array; the line comes from the law, device by device.",
        ),
        (
            plots.traces(test.at, test.weights, test.predicted_weights, test.targets),
            "Weights of eight devices over the pairs, each reaching its own symmetry point.",
            "Eight of the devices, started at weight 0.",
        ),
        (
            plots.scatter(test.ends, test.centre, test.scatter),
            "Histogram of the weights of noisy devices after the pulses, on theory's bell curve.",
            f"{test.ends.size:,} equal devices after {test.noisy_pairs:,} noisy pairs.",
        ),
    ]
    return {
        "shift_devices": f"{test.pulses // (2 * test.pairs):,}",
        "shift_pairs": f"{test.pairs:,}",
        "shift_end": f"{test.distance[-1] / test.step:.3f}",
        "shift_theory": f"{test.predicted[-1] / test.step:.3f}",
        "shift_within": f"{100 * test.within:.4g}",
        "noise": f"{test.noise:g}",
        "scatter_measured": f"{test.measured_scatter / test.step:.2f}",
        "scatter_error": f"{test.scatter_error / test.step:.2f}",
        "scatter_theory": f"{test.scatter / test.step:.2f}",
        "shift_figures": _figures(figures[:2]),
        "scatter_figure": _figures(figures[2:]),
    }


def _training(result: DemoResult) -> dict[str, str]:
    histories = result.histories
    figures = []
    for title, keys in STORIES.items():
        curves = {key: histories[key].accuracy for key in keys}
        ends = ", ".join(f"({key}) {_percent(values[-1])}" for key, values in curves.items())
        names = "; ".join(f"({arm.key}) {arm.title}" for arm in ARMS if arm.key in keys)
        drawn = plots.accuracy(curves, STYLES, title)
        figures.append((drawn, f"Test accuracy over the epochs; at the end {ends}.", names + "."))
    shown = records.shown_epochs(result.epochs)
    rows = [
        [
            _key(arm) + f"({arm.key}) {escape(arm.name)}<br/><small>{_rates(result, arm)}</small>",
            *(f"{100 * histories[arm.key].accuracy[k - 1]:.2f}" for k in shown),
            f"{histories[arm.key].samples_per_second:,.0f}",
        ]
        for arm in ARMS
    ]
    head = ["Test accuracy, %", *(f"Epoch {k}" for k in shown), "Samples/s"]
    return {
        "sizes": "-".join(str(n) for n in histories["a"].settings["layers"]),
        "accuracy_figures": _figures(figures),
        "accuracy_table": _table(head, rows, words=(0,), bold=len(shown)),
        **{f"end_{key}": f"{100 * h.accuracy[-1]:.1f}" for key, h in histories.items()},
    }


def _energy(result: DemoResult) -> dict[str, str]:
    points = result.histories["f"].energy
    balances = records.balance_by_epoch(result.histories["f"], result.samples)
    rows = [
        [
            label,
            *(f"{getattr(b, part):+.4f}" for part in ("measured", "predicted", *records.PARTS)),
            f"{b.ratio:.2f}",
            f"{(b.measured - b.injection - b.exchange) / b.dissipation:.2f}"
            if b.dissipation
            else "",
        ]
        for label, b in balances
    ]
    head = ["Change of H in epoch", "Measured", "Predicted"]
    head += [f"… {part}" for part in records.PARTS] + ["Ratio", "Friction"]
    figures = [
        (
            plots.energy(points),
            "Energy, loss and kinetic energy over the training.",
            "Measured on training images, in units of the cross-entropy.",
        ),
        (
            plots.energy_change(points),
            "Change of the energy since the start: measured, and predicted from its three parts.",
            "Circles: measured. Black: the sum of what is dissipated, injected and exchanged.",
        ),
    ]
    return {
        "energy_figures": _figures(figures),
        "energy_table": _table(head, rows, words=(0,), bold=len(head) - 2),
        "energy_points": str(len(points)),
        "probe": f"{min(PROBE, result.samples):,}",
    }


def _arrays(result: DemoResult) -> dict[str, str]:
    rows, shifts = [], []
    for arm in ARMS:
        history, name = result.histories[arm.key], f"({arm.key}) {escape(arm.name)}"
        rows += [
            [
                name if k == 0 else "",
                f"{layer.array}{layer.layer}",
                f"{layer.pulses:,}",
                f"{layer.clipped_fraction:.3f}",
                f"{layer.delivered_over_wanted:.3f}",
            ]
            for k, layer in enumerate(history.layers)
        ]
        shifts += [
            [
                name if k == 0 else "",
                label,
                f"{shift.pairs:,}",
                f"{shift.pulses:,}",
                f"{shift.distance[-1] / DW_MIN:.2f}" if shift.distance else "",
            ]
            for k, (label, shift) in enumerate(history.zero_shifts.items())
        ]
    head = ["Training", "Array", "Pulses", "Clipped fraction", "Delivered / wanted"]
    shift_head = ["Zero-shift before", "Array", "Pairs", "Pulses", "Rms distance to w*, steps"]
    return {
        "layer_table": _table(head, rows, words=(0, 1)),
        "shift_table": _table(shift_head, shifts, words=(0, 1)),
    }


def _making(result: DemoResult) -> dict[str, str]:
    settings = records.settings(result)
    memory = f", {result.memory:,.0f} MiB of memory at most" if result.memory else ""
    return {
        "command": escape(result.command or "phys.demo.play"),
        "made": f"{result.seconds:.0f} s, {result.jobs} trainings at a time{memory}",
        "settings": escape(json.dumps(settings, indent=2, ensure_ascii=False)),
        "version": escape(settings["versions"]["crosspoint"]),
    }


# -- pieces of HTML --------------------------------------------------------------------------


def formula(latex: str) -> str:
    r"""Return a formula as an image of its own that stands on the line of the text.

    Examples
    --------
    >>> formula(r"w_\ast").partition(" style=")[0]
    '<img class="math" alt="w_\\ast"'
    """
    # Without braces mathtext takes the star for a multiplication and spaces it.
    buffer, text = io.BytesIO(), f"${latex}$".replace(r"_\ast", r"_{\ast}")
    try:
        _, height, depth, _, _ = mathtext.MathTextParser("path").parse(text, 72, _font())
        with rc_context({"savefig.transparent": True, "svg.hashsalt": "crosspoint"}):
            mathtext.math_to_image(text, buffer, prop=_font(), dpi=72, format="svg")
    except ValueError:
        return f"<code>{escape(latex)}</code>"
    unit = FONT / SCALE
    style = f"height:{height / unit:.3f}em;vertical-align:{-depth / unit:.3f}em"
    source = _data_uri(buffer.getvalue())
    return f'<img class="math" alt="{escape(latex)}" style="{style}" src="{source}"/>'


def _font() -> FontProperties:
    return FontProperties(size=FONT, math_fontfamily="stix")


def _data_uri(svg: bytes) -> str:
    return "data:image/svg+xml;base64," + base64.b64encode(svg).decode()


def _figures(panels: Iterable[tuple[Figure, str, str]]) -> str:
    """Return figures, each with the text that stands for it and its caption."""
    return "\n".join(
        f'<figure><img alt="{escape(alt)}" src="{_data_uri(plots.to_svg(figure).encode())}"/>'
        f"<figcaption>{escape(caption)}</figcaption></figure>"
        for figure, alt, caption in panels
    )


def _table(
    head: Sequence[str], rows: Iterable[Sequence[str]], words: tuple[int, ...], bold: int = -1
) -> str:
    """Return a table of ready HTML cells; columns `words` are text, column `bold` stands out."""

    def cell(tag: str, place: int, content: str) -> str:
        names = ["text"] * (place in words) + ["end"] * (place == bold)
        kind = f' class="{" ".join(names)}"' if names else ""
        scope = ' scope="col"' * (tag == "th")
        return f"<{tag}{scope}{kind}>{content}</{tag}>"

    lines = ["".join(cell("th", k, content) for k, content in enumerate(head))]
    lines += ["".join(cell("td", k, content) for k, content in enumerate(row)) for row in rows]
    return "<table>\n" + "\n".join(f"<tr>{line}</tr>" for line in lines) + "\n</table>"


def _key(arm: Arm) -> str:
    return f'<span class="key" style="background:{STYLES[arm.key]["color"]}"></span>'


def _rates(result: DemoResult, arm: Arm) -> str:
    """Return the settings of an arm's algorithm, as in 'lr 0.01, pulses 10'."""
    inside = result.histories[arm.key].settings["algorithm"].partition("(")[2].rstrip(")")
    return escape(inside.replace("=", " "))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
