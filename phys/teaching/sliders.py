"""Sliders that become small multiples where widgets do not run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes

from phys.checked import InputError
from phys.plots import STYLE
from phys.teaching.display import panels, say, show
from phys.teaching.settings import is_automated

INSTALL = "%pip install ipywidgets"
STILL_HEIGHT = 3.0


def explore(
    draw: Callable[[Axes, float], None],
    name: str,
    values: Sequence[float],
    stills: Sequence[float],
    alt: str,
) -> None:
    """Let the reader move one parameter and watch a figure; elsewhere show it at a few values.

    Parameters
    ----------
    draw : callable
        ``draw(ax, value)`` draws the panel for one value, labels and title included.
    name : str
        The parameter, as written beside the slider.
    values : sequence of float
        Positions of the slider, rising.
    stills : sequence of float
        Two to four values that tell the same story side by side.
    alt : str
        What the stills show together.

    Raises
    ------
    InputError
        Too few values or stills.
    """
    if len(values) < 2 or not 2 <= len(stills) <= 4:
        raise InputError("give at least 2 values for the slider, and 2 to 4 stills")
    if is_automated():
        _small_multiples(draw, stills, alt)
        return
    if find_spec("ipywidgets") is None:
        _small_multiples(draw, stills, alt)
        say(f"*A slider would stand here. It needs one more package: run `{INSTALL}` in a cell.*")
        return
    _slider(draw, name, values, stills[0], alt)


def _small_multiples(
    draw: Callable[[Axes, float], None], stills: Sequence[float], alt: str
) -> None:
    columns = 2 if len(stills) in (2, 4) else len(stills)
    figure, axes = panels(columns, len(stills) // columns, height=STILL_HEIGHT)
    with rc_context(STYLE):
        for ax, value in zip(axes, stills, strict=True):
            draw(ax, value)
    show(figure, alt)


def _slider(
    draw: Callable[[Axes, float], None],
    name: str,
    values: Sequence[float],
    start: float,
    alt: str,
) -> None:
    import ipywidgets
    from IPython.display import display

    options = [(f"{value:g}", float(value)) for value in values]
    nearest = min((value for _, value in options), key=lambda value: abs(value - start))
    slider = ipywidgets.SelectionSlider(
        options=options,
        value=nearest,
        description=name,
        continuous_update=False,
        style={"description_width": "initial"},
    )

    def redraw(value: float) -> None:
        figure, (ax,) = panels()
        with rc_context(STYLE):
            draw(ax, value)
        show(figure, f"{name} = {value:g}. {alt}")

    output: Any = ipywidgets.interactive_output(redraw, {"value": slider})
    display(slider, output)
