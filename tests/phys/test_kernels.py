"""From the law to its kernel: the printed steps against SymPy, and what the text may hold."""

from __future__ import annotations

import ast

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from phys import Crossbar, Device
from phys.elementary import normal_from_bits
from phys.kernels import LawKernel, UnsupportedLaw, law_kernel
from phys.pulses import update_key
from phys.random_bits import SLOTS_PER_DEVICE, child
from tests.phys.helpers import ALL_LAWS, COMPILED_LAWS, SOFT, random_weights, small_device
from theory import DeviceLaw, laws, w

SATURATING = DeviceLaw(
    "saturating",
    up=(1 - w) * (1 + w / 4) * sp.Rational(11, 10),
    down=(1 + w) * (1 - w / 4) * sp.Rational(9, 10),
    bounds=(-1, 1),
)
"""A law with fixed bounds and no parameters, as a user writes it."""

MORE_LAWS = {
    **ALL_LAWS,
    "saturating": SATURATING,
    **COMPILED_LAWS,
    **{
        n: laws.CATALOGUE[n].law()
        for n in ("exp_step", "capacitor", "soft_bounds_pmax", "biased_linear")
    },
    "even powers": DeviceLaw(
        "even powers", up=1 - w**4 / 2, down=1 + w**3 / 2 + w**2 / 4, bounds=(-1, 1)
    ),
    "named": DeviceLaw(
        "named",
        up=sp.exp(-sp.Symbol("k", positive=True) * w),
        down=1 + sp.Symbol("s", real=True) * w,
        bounds=(-1, 1),
        parameters={"k": 0.7, "s": 0.4},
    ),
    "hyperbolic": DeviceLaw("hyperbolic", up=2 - sp.cosh(w), down=2 + sp.sinh(w), bounds=(-1, 1)),
}
STEP_ULPS = 3


def exact_step(xbar: Crossbar, direction: int, weights: np.ndarray) -> np.ndarray:
    """Evaluate the step of the only device of `xbar` by SymPy, in float64."""
    population = xbar.population
    form = population.device.form
    q = form.up if direction > 0 else form.down
    numbers = {s: sp.Float(float(np.ravel(v)[0]), 30) for s, v in population.values.items()}
    function = sp.lambdify(w, q.subs(numbers), "numpy")
    step = direction * float(np.ravel(population.step)[0])
    return step * np.broadcast_to(function(weights.astype(float)), weights.shape)


@pytest.mark.parametrize("spread", [0.0, 0.3])
@pytest.mark.parametrize("name", MORE_LAWS)
def test_steps_are_those_of_sympy(name: str, spread: float) -> None:
    """Within 3 units in the last place of the law's largest step, everywhere inside the bounds."""
    xbar = Crossbar(1, 1, Device(MORE_LAWS[name], dw_min=0.001, device_spread=spread), seed=1)
    low, high = (float(b[0, 0]) for b in xbar.bounds)
    weights = np.linspace(low, high, 2001).astype(np.float32)[1:-1]
    c = xbar.coefficients.T
    for direction, step in ((1, xbar.kernel.up_step), (-1, xbar.kernel.down_step)):
        exact = exact_step(xbar, direction, weights)
        made = step(weights, c, 0)
        assert made.dtype == np.float32
        largest = np.abs(exact).max()
        assert np.abs(made - exact).max() <= STEP_ULPS * 2.0**-23 * largest, direction


def test_a_wrong_law_is_told_apart() -> None:
    """Negative control: a slope off by one part in 100 000 fails the bound of 3 ulps."""
    xbar = Crossbar(1, 1, Device(SOFT, dw_min=0.001), seed=1)
    weights = np.linspace(-0.9, 0.9, 101).astype(np.float32)
    exact = exact_step(xbar, 1, weights)
    wrong = exact_step(xbar, 1, (weights * (1 + 1e-5)).astype(np.float32))
    assert np.abs(wrong - exact).max() > STEP_ULPS * 2.0**-23 * np.abs(exact).max()


@pytest.mark.parametrize(("relative", "additive"), [(0.5, 0.0), (3.75, 0.0), (0.0, 0.5)])
@pytest.mark.parametrize("name", ["soft_bounds", "exponential_step", "square"])
def test_noisy_pulses_are_those_of_sympy(name: str, relative: float, additive: float) -> None:
    """``w + step (1 + sigma xi)``, or plus ``dw_min sigma xi``, clamped: 6 ulps of the range."""
    device = Device(MORE_LAWS[name], dw_min=0.01, cycle_noise=relative, additive_noise=additive)
    xbar = Crossbar(20, 30, device, seed=4)
    random_weights(xbar)
    form = {1: device.law.up, -1: device.law.down}
    low, high = device.bounds
    for turn, direction in enumerate((1, -1, -1)):
        before = xbar.columns.reshape(-1).copy()
        xbar.pulse_all([direction])
        place = np.arange(600, dtype=np.uint64) * SLOTS_PER_DEVICE
        xi = normal_from_bits(child(update_key(xbar.streams[2], turn), place)).astype(float)
        q = np.broadcast_to(
            sp.lambdify(w, form[direction], "numpy")(before.astype(float)), before.shape
        )
        step = direction * 0.01 * q * (1 + relative * xi) + 0.01 * additive * xi
        wanted = np.clip(before + step, low, high)
        assert np.abs(xbar.columns.reshape(-1) - wanted).max() <= 6 * 2.0**-24 * (high - low)


@given(imbalance=st.floats(-0.95, 0.95), high=st.floats(0.2, 5), low=st.floats(-5, -0.2))
def test_soft_bounds_at_any_numbers(imbalance: float, high: float, low: float) -> None:
    law = laws.soft_bounds(w_max=high, w_min=low, imbalance=imbalance)
    xbar = Crossbar(1, 1, Device(law, dw_min=(high - low) / 1000), seed=0)
    weights = np.linspace(low, high, 64).astype(np.float32)[1:-1]
    for direction, step in ((1, xbar.kernel.up_step), (-1, xbar.kernel.down_step)):
        exact = exact_step(xbar, direction, weights)
        made = step(weights, xbar.coefficients.T, 0)
        assert np.abs(made - exact).max() <= STEP_ULPS * 2.0**-23 * np.abs(exact).max()


def test_laws_that_differ_in_numbers_share_a_kernel() -> None:
    sources = {
        Device(laws.soft_bounds(w_max=b, w_min=-b, imbalance=r)).kernel.source
        for b, r in ((1, 0.1), (2, -0.5))
    }
    assert len(sources) == 1


@pytest.mark.parametrize("name", MORE_LAWS)
def test_text_holds_nothing_whose_bits_depend_on_the_engine(name: str) -> None:
    """No power, no library function but square root and min/max, no literal that is not float32."""
    kernel = law_kernel(MORE_LAWS[name].symbolic)
    functions = [n for n in ast.parse(kernel.source).body if isinstance(n, ast.FunctionDef)]
    assert [f.name for f in functions] == ["up_step", "down_step"]
    for node in (n for f in functions for n in ast.walk(f)):
        assert not isinstance(node, ast.Pow | ast.MatMult | ast.FloorDiv | ast.Mod)
        if isinstance(node, ast.Attribute):
            assert node.attr in ("sqrt", "maximum", "minimum")
        if isinstance(node, ast.Call):
            name_ = getattr(node.func, "id", getattr(node.func, "attr", ""))
            assert name_ in {
                *("exp32", "log32", "tanh32", "power32", "abs", "where"),
                *("sqrt", "maximum", "minimum"),
            }
        if isinstance(node, ast.Constant):
            assert isinstance(node.value, int), "a literal that is no place of a coefficient"


def test_coefficients_hold_each_devices_step_and_bounds() -> None:
    xbar = Crossbar(6, 5, small_device(device_spread=0.3, additive_noise=0.5), seed=2)
    kernel, table = xbar.kernel, xbar.coefficients
    assert isinstance(kernel, LawKernel)
    assert table.shape == (30, kernel.width)
    assert table.dtype == np.float32
    assert kernel.width % 4 == 0
    population = xbar.population
    assert np.array_equal(table[:, kernel.step_place], population.step.astype(np.float32))
    assert np.array_equal(table[:, kernel.low_place], population.low.astype(np.float32))
    assert np.array_equal(table[:, kernel.high_place], population.high.astype(np.float32))


@pytest.mark.parametrize("expression", [sp.cos(w), sp.atan(w), sp.erf(w)])
def test_unsupported_functions_are_named_with_the_remedy(expression: sp.Expr) -> None:
    law = DeviceLaw("odd", up=2 + expression, down=2 - w, bounds=(-1, 1))
    with pytest.raises(UnsupportedLaw, match=r"no kernel code for .*; use \+ - \* /"):
        law_kernel(law.symbolic)


def test_a_soft_bound_device_is_two_slopes_and_two_bounds() -> None:
    """Four numbers of four bytes: what a pulse reads of its device decides the speed."""
    for spread in (0.0, 0.3):
        kernel = small_device(device_spread=spread, cycle_noise=0.3).kernel
        assert isinstance(kernel, LawKernel)
        assert (kernel.width, kernel.step_place) == (4, None)
    assert small_device(additive_noise=0.3).kernel.step_place == 4


def test_a_step_that_ends_at_its_bound_is_exactly_zero_there() -> None:
    xbar = Crossbar(20, 20, small_device(device_spread=0.5), seed=3)
    low, high = (np.asarray(b).T.reshape(-1) for b in xbar.bounds)
    c = xbar.coefficients.T
    assert not xbar.kernel.up_step(high, c, 0).any()
    assert not xbar.kernel.down_step(low, c, 0).any()


def test_devices_with_bounds_of_their_own_share_the_numbers_of_the_law() -> None:
    """A step, a slope and two bounds per device, whatever the polynomial; noise needs no more."""
    for options in ({"cycle_noise": 0.3}, {"additive_noise": 0.3}):
        kernel = Device(SATURATING, dw_min=0.001, device_spread=0.3, **options).kernel
        assert isinstance(kernel, LawKernel)
        assert kernel.width == 4


def test_a_stretched_step_that_ends_at_its_bound_is_exactly_zero_there() -> None:
    """Each pulse measures the weight from the bound that it moves it to."""
    xbar = Crossbar(20, 20, Device(SATURATING, dw_min=0.001, device_spread=0.5), seed=3)
    low, high = (np.asarray(b).T.reshape(-1) for b in xbar.bounds)
    c = xbar.coefficients.T
    assert not xbar.kernel.up_step(high, c, 0).any()
    assert not xbar.kernel.down_step(low, c, 0).any()
    assert xbar.kernel.up_step(low, c, 0).all()


def test_a_stretched_weight_never_leaves_the_range_of_its_law() -> None:
    """A root that ends at both bounds would not be a number one rounding error beyond them."""
    root = sp.sqrt(1 - w**2) + sp.Rational(1, 10)
    device = Device(DeviceLaw("root", up=root, down=root, bounds=(-1, 1)), device_spread=0.5)
    xbar = Crossbar(40, 50, device, seed=3)
    c = xbar.coefficients.T
    for bound in xbar.bounds:
        end = np.asarray(bound).T.reshape(-1)
        for direction, step in ((1, xbar.kernel.up_step), (-1, xbar.kernel.down_step)):
            expected = direction * 0.1 * np.asarray(xbar.population.step)
            assert step(end, c, 0) == pytest.approx(expected, rel=0.02)
