"""What a notebook shows: computed prose, and figures that carry a description."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from phys.checked import InputError
from phys.plots import STYLE
from phys.teaching.settings import is_automated
from theory.errors import TheoryError

DOTS_PER_INCH = 150
SHOWN_PER_INCH = 90
COLOURS = 96
ONE, SIDE_BY_SIDE = 6.0, 9.0
SHORTEST_DESCRIPTION = 30


class Markdown:
    """Text that a notebook typesets, and a terminal prints as it is."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        return self.text


class Picture:
    """A figure as a picture with a description.

    In a saved notebook the description is the ``alt`` entry of the picture's metadata and the text
    that stands in for it; in a running one it is the ``alt`` attribute of the image.
    """

    def __init__(self, figure: Figure, description: str) -> None:
        self.png = to_png(figure)
        self.description = description
        self.width = round(figure.get_figwidth() * SHOWN_PER_INCH)

    def __repr__(self) -> str:
        return self.description

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        code = base64.b64encode(self.png).decode()
        text = {"text/plain": self.description}
        if is_automated():
            about = {"alt": self.description, "width": self.width}
            return {"image/png": code, **text}, {"image/png": about}
        alt = html.escape(self.description, quote=True)
        image = f'<img alt="{alt}" width="{self.width}" src="data:image/png;base64,{code}">'
        return {"text/html": image, **text}, {}


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG file, the same bytes for the same figure."""
    from PIL import Image

    with rc_context(STYLE):
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    # A palette takes a third of the space, and the eye sees no difference in a line drawing.
    small = io.BytesIO()
    drawing = Image.open(buffer).convert("RGB")
    drawing.quantize(COLOURS, dither=Image.Dither.NONE).save(small, format="png", optimize=True)
    return small.getvalue()


def panels(
    columns: int = 1, rows: int = 1, *, width: float | None = None, height: float = 3.6
) -> tuple[Figure, list[Axes]]:
    """Return an empty figure in the toolkit's style, and its axes, row by row.

    Parameters
    ----------
    columns, rows : int
    width : float, optional
        Of the whole figure, in inches: 6 for one column and 9, a page of a notebook, for more.
    height : float
        Of one row, in inches.

    Examples
    --------
    >>> figure, (left, right) = panels(2)
    """
    with rc_context(STYLE):
        across = width or (ONE if columns == 1 else SIDE_BY_SIDE)
        figure = Figure(figsize=(across, height * rows), layout="constrained")
        grid = figure.subplots(rows, columns, squeeze=False)
    return figure, list(grid.flat)


def say(text: str) -> None:
    """Show text that is typeset as Markdown; for sentences with computed numbers in them."""
    emit(Markdown(text))


def show(figure: Figure, alt: Any) -> None:
    """Show a figure.

    Parameters
    ----------
    figure : Figure
    alt : str
        What the figure says, for readers who do not see it: axes, curves and the conclusion.

    Raises
    ------
    InputError
        `figure` is no Matplotlib figure, or `alt` says nothing.
    """
    if not isinstance(figure, Figure):
        raise InputError(f"figure is a {type(figure).__name__}; give a Matplotlib Figure")
    if not isinstance(alt, str) or len(alt.strip()) < SHORTEST_DESCRIPTION:
        raise InputError(
            f"alt = {alt!r} does not describe the figure; say in at least {SHORTEST_DESCRIPTION} "
            f"characters what it shows"
        )
    emit(Picture(figure, " ".join(alt.split())))


def emit(item: Any) -> None:
    """Display an object in a notebook, or print it where there is none."""
    try:
        from IPython import get_ipython
        from IPython.display import display
    except ImportError:
        print(item)
        return
    if get_ipython() is None:
        print(item)
    else:
        display(item)


def shorten_errors() -> None:
    """Let a notebook show a refused input as one sentence, without the way through the toolkit.

    Errors of any other kind keep their traceback, and ``%tb`` shows that of a shortened one.
    """
    try:
        from IPython import get_ipython
    except ImportError:
        return
    shell = get_ipython()
    if shell is not None:
        shell.set_custom_exc((InputError, TheoryError), _show_sentence)


def _show_sentence(
    shell: Any, kind: type[Exception], error: Exception, trace: Any, **_: Any
) -> None:
    shell.showtraceback((kind, error, trace), exception_only=True)
