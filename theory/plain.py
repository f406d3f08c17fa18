"""LaTeX labels as plain text for a terminal: fractions, derivatives and Greek letters."""

from __future__ import annotations

import re

_WORDS = (
    (r"\left.", ""),
    (r"\left", ""),
    (r"\right|", "|"),
    (r"\right", ""),
    (r"\mathbb{E}", "E"),
    (r"\tilde H", "H~"),
    (r"\tilde{H}", "H~"),
    (r"\mathrm", ""),
    (r"\mathcal", ""),
    (r"\text", ""),
    (r"\tfrac12", "1/2 "),
    (r"\partial", "d"),
    (r"\delta", "dw_min"),
    (r"\ast", "*"),
    (r"\max", "max"),
    (r"\min", "min"),
    (r"\langle", "<"),
    (r"\rangle", ">"),
    (r"\ ", " "),
    (r"\,", " "),
)
_SIZES = re.compile(r"\\(?:bigl|bigr|Bigl|Bigr|big|Big)(?![a-zA-Z])")
_DOT = re.compile(r"\\dot(?:\{\\tilde H\}|\{(\w)\}| ?(\w))")


def plain_text(tex: str) -> str:
    r"""Return a LaTeX label as one line of plain text.

    Examples
    --------
    >>> plain_text(r"\frac{k(w-w_o)\,F + \mathbb{E}|g|\,G}{F}")
    '(k(w-w_o) F + E|g| G)/(F)'
    >>> plain_text(r"\dot{\tilde H}"), plain_text(r"G'(w_\ast)")
    ('dH~/dt', "G'(w*)")
    """
    text = _DOT.sub(lambda m: f"d{m.group(1) or m.group(2) or 'H~'}/dt", tex)
    text = _SIZES.sub("", _fractions(text))
    for word, plain in _WORDS:
        text = text.replace(word, plain)
    text = text.replace("_*", "*").replace("_{*}", "*")
    return re.sub(r" +", " ", text.replace("\\", "").replace("{", "").replace("}", "")).strip()


def _fractions(tex: str) -> str:
    while (start := tex.find(r"\frac{")) >= 0:
        above, middle = _group(tex, start + 5)
        below, end = _group(tex, middle)
        tex = f"{tex[:start]}({above})/({below}){tex[end:]}"
    return tex


def _group(tex: str, start: int) -> tuple[str, int]:
    """Return the content of the braces that open at ``start``, and the place behind them."""
    depth = 0
    for place in range(start, len(tex)):
        depth += (tex[place] == "{") - (tex[place] == "}")
        if depth == 0:
            return tex[start + 1 : place], place + 1
    return tex[start + 1 :], len(tex)
