from __future__ import annotations

import pytest

from phys.checked import InputError
from phys.fault_plots import fault_curves
from phys.plots import to_svg
from phys.timing_faults import FaultPoint

GENTLE = [FaultPoint(0, 1.0, 0.9), FaultPoint(50, 0.8, 0.85), FaultPoint(100, 0.6, 0.8)]
HARSH = [FaultPoint(0, 1.0, 0.9), FaultPoint(50, 0.5, 0.7), FaultPoint(100, 0.3, 0.5)]


def test_the_figure_shows_accuracy_above_and_theory_below() -> None:
    curves = {"gentle": [GENTLE, HARSH], "harsh": [HARSH]}
    figure, again = (fault_curves(curves, "Skew", "delay, ps") for _ in range(2))
    above, below = figure.axes
    mean = above.lines[0]
    assert list(mean.get_xdata()) == [0, 50, 100]
    assert list(mean.get_ydata()) == pytest.approx([90, 77.5, 65])
    assert len(above.lines) == 2 + 3  # a mean for each curve, marks for each seed
    assert [list(line.get_ydata()) for line in below.lines] == [[1, 0.8, 0.6], [1, 0.5, 0.3]]
    assert above.get_ylabel() == "test accuracy, %"
    assert below.get_xlabel() == "delay, ps"
    assert below.get_xscale() == "linear"
    assert to_svg(figure) == to_svg(again)


def test_times_over_decades_have_a_scale_that_holds_zero() -> None:
    points = [FaultPoint(v, 1.0, 0.9) for v in (0, 200, 2e4)]
    (_, below) = fault_curves({"SHD": [points]}, "Early reads", "settling, ns").axes
    assert below.get_xscale() == "symlog"
    assert below.get_xlim()[0] == 0


def test_what_cannot_be_drawn_is_refused() -> None:
    with pytest.raises(InputError, match="curves has 0 entries"):
        fault_curves({}, "", "")
    with pytest.raises(InputError, match="curves has 5 entries"):
        fault_curves({str(n): [GENTLE] for n in range(5)}, "", "")
    with pytest.raises(InputError, match="same values"):
        fault_curves({"a": [GENTLE, GENTLE[:2]]}, "", "")
    with pytest.raises(InputError, match="same values"):
        fault_curves({"a": []}, "", "")
