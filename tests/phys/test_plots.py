"""Figures go where they are asked to go, and need no newer Matplotlib than the project says."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from matplotlib.figure import Figure

import phys
from phys import plots
from theory import laws

LAW = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)


@pytest.mark.parametrize("draw", [plots.response_curves, plots.parts])
def test_axes_of_a_figure_and_of_a_part_of_one_belong_to_the_whole(draw) -> None:
    figure = Figure()
    left, right = figure.subfigures(1, 2)
    for axes in (left.subplots(), right.subplots()):
        assert draw(LAW, axes) is figure
        assert axes.lines
    whole = Figure()
    assert draw(LAW, whole.subplots()) is whole
    assert draw(LAW) not in (figure, whole)


def test_the_root_of_a_figure_is_not_asked_for() -> None:
    """``get_figure(root=...)`` came with Matplotlib 3.10, and 3.9 is enough for the project."""
    for path in Path(phys.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                assert node.func.attr != "get_figure", path
