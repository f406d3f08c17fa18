"""The limit of infinite granularity: its flow, what tends to it, and the theory of SHD on it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from phys import Crossbar, Device, StepFunctions, zero_shift
from phys.array_kinds.mean_field import MeanFieldCrossbar
from phys.checked import InputError
from tests.phys.helpers import ALL_LAWS, SOFT, assert_within, random_weights, signals, small_device
from theory import SHD, DeviceLaw, laws, w
from theory.shd import quadratic
from theory.symbols import A, C, eta_A, kappa

SPREAD = small_device(SOFT, device_spread=0.3)


def moved(law: DeviceLaw, start: float, change: float) -> float:
    """Return one weight after an expected update by `change`."""
    xbar = MeanFieldCrossbar(1, 1, Device(law, dw_min=0.1))
    xbar.columns[0, 0] = start
    xbar.update([1], [math.copysign(1, change)], lr=abs(change))
    return float(xbar.weights[0, 0])


def fine_flow(law: DeviceLaw, start: float, change: float, steps: int = 4000) -> float:
    """Return the same by Euler steps of the definition, extrapolated once."""
    F, G = (sp.lambdify(w, part, modules="math") for part in (law.F, law.G))
    low, high = (float(b) for b in law.bounds)

    def euler(count: int) -> float:
        place, part = start, change / count
        for _ in range(count):
            place += part * F(place) - abs(part) * G(place)
            place = min(max(place, low), high)
        return place

    return 2 * euler(2 * steps) - euler(steps)


# -- the flow --------------------------------------------------------------------------------------
@pytest.mark.parametrize("name", list(ALL_LAWS))
def test_expected_update_follows_the_flow_of_every_law(
    name: str, numpy_engine: Callable[[bool], None]
) -> None:
    law = ALL_LAWS[name]
    numpy_engine(name not in ("soft_bounds", "tanh"))
    low, high = (float(b) for b in law.bounds)
    for share, change in ((0.5, 0.02), (0.2, -0.15), (0.9, 0.3)):
        start = low + share * (high - low)
        change *= high - low
        assert moved(law, start, change) == pytest.approx(fine_flow(law, start, change), abs=2e-6)


@given(st.floats(-0.8, 0.8), st.sampled_from([-1, 1]))
def test_first_order_of_the_flow_is_the_expected_update(start: float, sign: int) -> None:
    """What is left of ``W + dW F - |dW| G`` falls fourfold where dW is halved."""
    F, G = (float(part.subs(w, start)) for part in (SOFT.F, SOFT.G))
    left = [
        moved(SOFT, start, sign * size) - (start + sign * size * F - size * G)
        for size in (0.02, 0.01)
    ]
    if abs(left[0]) > 1e-6:
        assert left[0] / left[1] == pytest.approx(4, rel=0.05)


def test_soft_bounds_relax_exponentially_and_never_pass_their_bound() -> None:
    for change in (0.1, 1.0, 30.0):
        assert moved(SOFT, 0.0, change) == pytest.approx(1 - math.exp(-1.3 * change), abs=1e-6)
        assert moved(SOFT, 0.0, -change) == pytest.approx(math.exp(-0.7 * change) - 1, abs=1e-6)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("device", [small_device(SOFT), SPREAD])
def test_numpy_and_compiled_updates_agree(
    device: Device, numpy_engine: Callable[[bool], None]
) -> None:
    weights = []
    for numpy in (False, True):
        numpy_engine(numpy)
        xbar = MeanFieldCrossbar(6, 9, device, seed=2)
        for k in range(5):
            xbar.update(signals(9, k) * 3, signals(6, k + 9), lr=0.1)
        weights.append(xbar.weights.copy())
        assert xbar.forward(signals(9, 1)) == pytest.approx(
            xbar.effective_weights @ signals(9, 1), abs=1e-6
        )
    assert weights[0] == pytest.approx(weights[1], abs=1e-13)
    assert weights[0].dtype == np.float64


# -- pulses tend to it -----------------------------------------------------------------------------
def pulsed(device: Device, total: float, devices: int = 3000) -> np.ndarray:
    """Return weights of many devices after updates of sum `total`, half of all slots firing."""
    xbar = Crossbar(devices, 1, device, seed=1)
    each = 5 * device.dw_min
    for _ in range(round(total / each)):
        xbar.update([1], np.ones(devices), lr=each, pulses=10)
    return np.asarray(xbar.weights[:, 0], dtype=float)


def test_pulsed_updates_tend_to_the_limit_as_the_steps_fall() -> None:
    """Their mean is off by a term of order dw_min, their scatter by one of order its root."""
    target = moved(SOFT, 0.0, 0.6)
    errors, scatters, steps = [], [], (0.04, 0.02, 0.005)
    for dw_min in steps:
        weights = pulsed(Device(SOFT, dw_min=dw_min), 0.6)
        # Ten slots with p = 1/2 each multiply 1 - w by 1 - 1.3 dw_min or not at all.
        exact = 1 - (1 - 0.5 * 1.3 * dw_min) ** (10 * round(0.6 / (5 * dw_min)))
        sd = weights.std()
        assert_within(weights.mean(), exact, sd / math.sqrt(weights.size), 4, "mean")
        errors.append(exact - target)
        scatters.append(sd)
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.05)
    assert errors[0] / errors[2] == pytest.approx(8, rel=0.1)
    assert scatters[0] / scatters[2] == pytest.approx(math.sqrt(8), rel=0.1)
    sampling = scatters[2] / math.sqrt(3000)
    assert abs(weights.mean() - target) < 4 * sampling + abs(errors[2])


def test_cycle_noise_averages_out_in_the_limit() -> None:
    quiet, noisy = (
        pulsed(Device(SOFT, dw_min=0.005, cycle_noise=noise), 0.6).mean() for noise in (0, 0.5)
    )
    assert noisy == pytest.approx(quiet, abs=4e-3)
    assert moved(SOFT, 0.0, 0.6) == pytest.approx(quiet, abs=4e-3)


# -- theory ----------------------------------------------------------------------------------------
LR_A, LR_C, CURVATURE, NOISE = 0.02, 0.02, 0.8, 1.0
SOFT_A = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.2)
LINEAR_C = laws.constant_step(w_max=9, w_min=-9, imbalance=0)


def shd_run(scale: float, reference: float, samples: int) -> np.ndarray:
    """Return A and C of one weight, after every second sample; gradients carry noise of +-1."""
    a = MeanFieldCrossbar(1, 1, Device(SOFT_A, dw_min=0.1))
    c = MeanFieldCrossbar(1, 1, Device(LINEAR_C, dw_min=0.1))
    a.set_reference([[reference]])
    a.columns[0, 0] = reference
    path = []
    for n in range(round(samples / scale)):
        slope = CURVATURE * (float(c.weights[0, 0]) - 0.6)
        a.update([1], [-slope + (NOISE if n % 2 else -NOISE)], lr=LR_A * scale)
        # float32 signals carry the reading; the weights keep float64.
        reading = a.read_column(0)
        if reading.any():
            c.update([1], reading, lr=LR_C * scale)
        if n % 2:
            path.append((float(a.weights[0, 0]), float(c.weights[0, 0])))
    return np.array(path)


def theory_path(reference: float, samples: int, step: float = 0.5) -> np.ndarray:
    """Integrate the equations of motion of `theory.SHD` over the same time."""
    shd = SHD(
        SOFT_A,
        reference=sp.nsimplify(reference),
        loss=quadratic(sp.nsimplify(CURVATURE), sp.nsimplify(0.6)),
        gradient_noise=sp.Integer(1),
    )
    rates = {eta_A: LR_A, kappa: LR_C}
    speed = sp.lambdify((A, C), [shd.equations[v].subs(rates) for v in (A, C)], modules="math")
    state = np.array([reference, 0.0])
    path = []
    for _ in range(round(samples / step)):
        first = np.array(speed(*state))
        second = np.array(speed(*(state + step / 2 * first)))
        state = state + step * second
        path.append(state)
    return np.array(path)


def test_shd_in_the_limit_follows_the_equations_of_motion() -> None:
    """Its distance from them is of first order in the learning rates."""
    samples = 600
    exact = theory_path(0.2, samples)[-1]
    errors = [np.abs(shd_run(scale, 0.2, samples)[-1] - exact).max() for scale in (1.0, 0.5, 0.25)]
    assert errors[0] < 0.03
    assert errors[0] / errors[1] == pytest.approx(2, rel=0.25)
    assert errors[1] / errors[2] == pytest.approx(2, rel=0.25)


def energies(path: np.ndarray, reference: float, which: str) -> np.ndarray:
    shd = SHD(
        SOFT_A,
        reference=sp.nsimplify(reference),
        loss=quadratic(sp.nsimplify(CURVATURE), sp.nsimplify(0.6)),
        gradient_noise=sp.Integer(1),
    )
    energy = getattr(shd, which).subs({eta_A: LR_A, kappa: LR_C})
    function: Any = sp.lambdify((A, C), energy, modules="numpy")
    return np.asarray(function(path[:, 0], path[:, 1]), dtype=float)


def test_energy_falls_where_the_reference_is_the_symmetry_point() -> None:
    """H never rises by more than the finite steps put in, and ends at the minimum of the loss."""
    path = shd_run(0.25, 0.2, 3000)
    H = energies(path, 0.2, "energy")
    assert H[0] > 0.1
    assert H[-1] < 0.02 * H[0]
    assert np.diff(H).max() < 2e-4 * H[0]
    assert path[-1, 1] == pytest.approx(0.6, abs=0.01)


def test_the_tilted_energy_falls_where_the_reference_is_wrong() -> None:
    """Negative control: H itself rises, and C ends where the tilted loss has its minimum."""
    path = shd_run(0.25, 0.0, 3000)
    tilted, H = energies(path, 0.0, "tilted_energy"), energies(path, 0.0, "energy")
    assert np.diff(tilted).max() < 2e-4 * (tilted[0] - tilted[-1])
    rises = [np.maximum(np.diff(values), 0).sum() / np.ptp(values) for values in (tilted, H)]
    assert rises[0] < 0.01
    assert rises[1] > 0.1
    psi = float((SOFT_A.G / SOFT_A.F).subs(w, 0))
    assert path[-1, 1] == pytest.approx(0.6 - psi / CURVATURE, abs=0.01)


def test_zero_shift_puts_the_reference_on_the_symmetry_points() -> None:
    xbar = MeanFieldCrossbar(4, 5, SPREAD, seed=1)
    history = zero_shift(xbar)
    assert (history.pairs, history.pulses, history.rule) == (0, 0, "limit")
    assert xbar.reference == pytest.approx(xbar.symmetry_points(), abs=1e-15)
    assert not xbar.effective_weights.any()
    before = xbar.weights.copy()
    for _ in range(50):
        for sign in (1, -1):
            xbar.update(np.ones(5), sign * np.ones(4), lr=1e-4)
    assert xbar.weights == pytest.approx(before, abs=1e-4)


# -- the edges -------------------------------------------------------------------------------------
def test_state_goes_round() -> None:
    xbar = MeanFieldCrossbar(4, 5, SPREAD, seed=1, read="aihwkit")
    random_weights(xbar)
    xbar.update(np.ones(5), np.ones(4), lr=0.01)
    xbar.forward(np.ones(5))
    again = MeanFieldCrossbar(4, 5, SPREAD, seed=1, read="aihwkit")
    again.restore(xbar.state())
    assert (again.weights == xbar.weights).all()
    assert (again.forward(np.ones(5)) == xbar.forward(np.ones(5))).all()


def test_what_the_limit_lacks_is_refused() -> None:
    xbar = MeanFieldCrossbar(2, 2, small_device())
    with pytest.raises(InputError, match="no pulses"):
        xbar.pulse_all([1, -1])
    with pytest.raises(InputError, match="no clock"):
        xbar.update([1, 1], [1, 1], lr=0.1, engine="event")
    with pytest.raises(InputError, match="lr"):
        xbar.update([1, 1], [1, 1], lr=math.nan)
    plain = StepFunctions(lambda v: 1 - v, lambda v: 1 + v, (-1, 1))
    with pytest.raises(InputError, match=r"theory\.DeviceLaw"):
        MeanFieldCrossbar(2, 2, Device(plain, dw_min=0.01))


def test_too_small_a_step_names_the_limit_as_the_remedy() -> None:
    with pytest.raises(InputError, match="MeanFieldCrossbar"):
        Device(SOFT, dw_min=1e-7)
