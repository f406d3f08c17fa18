"""Symmetry points and multipliers of whole arrays against the theory of one law."""

from __future__ import annotations

import numpy as np
import pytest

from phys import Crossbar, Device, Spread, StepFunctions
from phys.symmetry import antisymmetric_slope, cycle_multiplier, symmetric_part
from tests.phys.helpers import CUSTOM_LAWS, SOFT, small_device
from theory import DeviceLaw, alternating_cycle, laws, w
from theory.symbols import dw_min

SPREAD = Spread(step=0.3, bounds=0.3, imbalance=0.1)


def own_law(xbar: Crossbar, place: int) -> DeviceLaw:
    """Return the law of one device of an array, with its own numbers."""
    population = xbar.population
    numbers = {
        p.name: float(np.broadcast_to(population.values[p.symbol], xbar.columns.size)[place])
        for p in population.device.form.parameters
    }
    return population.device.form.with_values(**numbers)


@pytest.mark.parametrize(
    "law", [SOFT, laws.CATALOGUE["linear_step"].law()], ids=lambda law: law.name
)
def test_each_device_has_the_symmetry_point_of_its_own_law(law: DeviceLaw) -> None:
    xbar = Crossbar(6, 5, small_device(law, device_spread=SPREAD), seed=12)
    points = xbar.symmetry_points().T.reshape(-1)
    assert np.unique(points).size == points.size
    for place in (0, 7, 13, 29):
        exact = float(own_law(xbar, place).symmetry_point())
        assert points[place] == pytest.approx(exact, abs=1e-12)


def test_soft_bounds_have_the_closed_form_everywhere() -> None:
    xbar = Crossbar(40, 30, small_device(device_spread=SPREAD), seed=2)
    rho = xbar.population.values[SOFT.parameter("imbalance").symbol]
    low, high = xbar.population.low, xbar.population.high
    a, b = 1 + rho, 1 - rho
    exact = (a - b) / (a / high - b / low)
    assert xbar.symmetry_points().T.reshape(-1) == pytest.approx(exact, abs=1e-12)


@pytest.mark.parametrize("name", ["square", "tanh"])
def test_a_law_with_fixed_bounds_is_stretched_with_its_devices_bounds(name: str) -> None:
    law = CUSTOM_LAWS[name]
    nominal = float(law.symmetry_point())
    xbar = Crossbar(5, 4, small_device(law, device_spread=0.3), seed=3)
    low, high = xbar.population.low, xbar.population.high
    share = (nominal + 1) / 2
    assert xbar.symmetry_points().T.reshape(-1) == pytest.approx(
        low + share * (high - low), abs=1e-9
    )


def test_equal_devices_share_one_point() -> None:
    points = Crossbar(3, 4, small_device(), seed=0).symmetry_points()
    assert points.shape == (3, 4)
    assert points == pytest.approx(np.full((3, 4), 0.3), abs=1e-12)


def test_there_is_no_point_without_a_crossing() -> None:
    functions = StepFunctions(lambda v: 3 - v, lambda v: 1 + v / 2, (-1, 1))
    one_sided = laws.constant_step(w_max=1, w_min=-1, imbalance=0.3)
    for device in (Device(functions, dw_min=0.01), Device(one_sided, dw_min=0.01)):
        assert np.isnan(Crossbar(2, 3, device).symmetry_points()).all()


def test_multiplier_is_that_of_theory_for_straight_steps() -> None:
    """Exactly ``(1 - delta a/w_max)(1 + delta b/w_min)``, here for every device's own numbers."""
    xbar = Crossbar(4, 5, small_device(device_spread=SPREAD), seed=9)
    points = xbar.symmetry_points().T.reshape(-1)
    found = cycle_multiplier(xbar.population, points)
    for place in (0, 11, 19):
        cycle = alternating_cycle(own_law(xbar, place))
        exact = cycle.multiplier.subs(dw_min, float(xbar.population.step[place]))
        assert found[place] == pytest.approx(float(exact), rel=1e-12)


@pytest.mark.parametrize("name", ["square", "root", "tanh"])
def test_slopes_are_those_of_the_two_pulse_map(name: str) -> None:
    """Against difference quotients of the steps in float64."""
    device = small_device(CUSTOM_LAWS[name], dw_min=1e-3)
    xbar = Crossbar(1, 1, device)
    point = xbar.symmetry_points().reshape(-1)
    law = CUSTOM_LAWS[name]
    h = 1e-5

    def up(v: float) -> float:
        return float(law.up.subs(w, v))

    def down(v: float) -> float:
        return float(law.down.subs(w, v))

    v = float(point[0])
    g_slope = (down(v + h) - down(v - h) - up(v + h) + up(v - h)) / (4 * h)
    assert float(np.ravel(antisymmetric_slope(xbar.population, point))[0]) == pytest.approx(
        g_slope, rel=1e-6
    )
    f = (up(v) + down(v)) / 2
    assert float(np.ravel(symmetric_part(xbar.population, point))[0]) == pytest.approx(f, rel=1e-12)
    multiplier = float(np.ravel(cycle_multiplier(xbar.population, point))[0])
    assert multiplier == pytest.approx(1 - 2e-3 * g_slope, abs=1e-5)
