"""Zero-shifting: arrays end where theory says, with and without noise, and the law is not asked."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from phys import (
    Crossbar,
    Device,
    Spread,
    StepFunctions,
    Timing,
    symmetry,
    zero_shift,
    zero_shifting,
)
from phys.checked import InputError
from phys.symmetry import cycle_multiplier, symmetric_part
from phys.zero_shifting import pairs_needed
from tests.phys.helpers import (
    BALANCED,
    CUSTOM_LAWS,
    SOFT,
    assert_within,
    random_weights,
    same_bits,
    small_device,
    state_digest,
)
from theory import DeviceLaw, alternating_cycle, laws, w
from theory.symbols import dw_min

WIDE = laws.soft_bounds(w_max=2, w_min=-2, imbalance=0.3)


def step_size(xbar: Crossbar, points: np.ndarray) -> np.ndarray:
    """Return ``dw_min F(w*)`` of every device."""
    return np.asarray(xbar.population.step * symmetric_part(xbar.population, points))


# -- without noise -----------------------------------------------------------------------------
@pytest.mark.parametrize("pairs", [1, 30, 200, 1000])
@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_end_is_within_a_step_and_what_is_left_of_the_way(pairs: int, spread: float) -> None:
    """``dw_min F(w*) + |w0 - w*| multiplier^pairs``, device by device, plus float32 rounding."""
    device = small_device(device_spread=Spread(step=spread, bounds=spread, imbalance=spread / 10))
    xbar = Crossbar(12, 11, device, seed=7)
    random_weights(xbar)
    start = xbar.columns.reshape(-1).astype(float)
    points = xbar.symmetry_points().T.reshape(-1)
    zero_shift(xbar, pairs)
    left = np.abs(start - points) * np.abs(cycle_multiplier(xbar.population, points)) ** pairs
    distance = np.abs(xbar.reference.T.reshape(-1) - points)
    assert (distance <= step_size(xbar, points) + left + 1e-6).all()
    if pairs < 100:
        # Negative control: without the second term the bound is not kept.
        assert (distance > step_size(xbar, points)).any()


@pytest.mark.parametrize("exponent", [-4, -7, -10])
def test_balanced_soft_bounds_end_on_their_exact_cycle(exponent: int) -> None:
    """``-delta/(2 - delta)`` after the down pulse, the opposite after the up pulse.

    A pair rounds the weight a few times, by half an ulp of 1 at most, and forgets it at the rate
    ``2 delta``: so much rounding is left.
    """
    delta = 2.0**exponent
    xbar = Crossbar(4, 5, Device(BALANCED, dw_min=delta), seed=0)
    random_weights(xbar)
    zero_shift(xbar, pairs=round(20 / (2 * delta)))
    rounding = 4 * 2.0**-25 * delta / (2 * delta) + 2.0**-25
    exact = delta / (2 - delta)
    assert np.abs(xbar.weights + exact).max() <= rounding
    assert same_bits(xbar.reference.copy(), xbar.weights.copy())
    xbar.pulse_all([1])
    assert np.abs(xbar.weights - exact).max() <= rounding


@pytest.mark.parametrize("name", ["square", "root"])
def test_other_laws_end_on_the_cycle_that_theory_finds(name: str) -> None:
    """Theory's certified orbit to rounding; its series to second order in the step."""
    law = CUSTOM_LAWS[name]
    cycle = alternating_cycle(law)
    errors = []
    for delta in (2.0**-6, 2.0**-7):
        xbar = Crossbar(2, 2, Device(law, dw_min=delta), seed=0)
        zero_shift(xbar, pairs=round(30 / delta))
        down = float(xbar.weights[0, 0])
        if name == "square":
            (orbit,) = [o for o in cycle.orbits(delta) if o.stable]
            assert down == pytest.approx(float(orbit.after_down), abs=1e-5 * delta + 2.0**-22)
        low, high = (float(v.subs(dw_min, delta)) for v in cycle.series(1))
        xbar.pulse_all([1])
        up = float(xbar.weights[0, 0])
        errors.append(max(abs(down - low), abs(up - high)))
        assert up - down == pytest.approx(
            delta * float(law.F.subs(w, law.symmetry_point().expression)), rel=2 * delta
        )
    assert errors[0] < 2 * (2.0**-6) ** 2
    assert 3 < errors[0] / errors[1] < 5, "halving the step must quarter a second-order error"


def test_mean_read_is_better_where_f_is_flat() -> None:
    """F' = 0 at the symmetry point of balanced soft bounds: the two points mirror each other."""
    distances = {}
    for read in ("down", "mean"):
        xbar = Crossbar(4, 4, small_device(BALANCED), seed=0)
        random_weights(xbar)
        zero_shift(xbar, pairs=1500, read=read)
        distances[read] = np.abs(xbar.reference).max()
    assert distances["down"] == pytest.approx(0.005, rel=0.02)
    assert distances["mean"] < distances["down"] / 100


def test_mean_read_keeps_the_error_of_a_law_whose_f_is_not_flat() -> None:
    """``-delta F F'/(2 G')`` remains, to first order in the step."""
    law, delta = CUSTOM_LAWS["square"], 0.002
    xbar = Crossbar(2, 2, Device(law, dw_min=delta), seed=0)
    zero_shift(xbar, pairs=10_000, read="mean")
    point = float(law.symmetry_point())
    midpoint = float(alternating_cycle(law).midpoint().subs(dw_min, delta))
    error = float(xbar.reference[0, 0]) - point
    assert error == pytest.approx(midpoint - point, rel=0.02)
    assert abs(error) > delta / 20, "the law was chosen to show it"


def test_effective_weights_are_zero_after_a_down_read() -> None:
    xbar = Crossbar(5, 6, small_device(device_spread=0.3), seed=3)
    zero_shift(xbar, pairs=50)
    assert (xbar.effective_weights == 0).all()


def test_numbers_of_the_design() -> None:
    """Bounds +-2, rho 0.3, dw_min 0.001: 2000 pairs leave 81 steps, 6500 leave 1.2."""
    for pairs, steps, within in ((2000, 81, 0.5), (6500, 1.2, 0.15)):
        xbar = Crossbar(2, 2, Device(WIDE, dw_min=0.001), seed=0)
        zero_shift(xbar, pairs)
        assert np.abs(xbar.weights - 0.6) / 0.001 == pytest.approx(steps, abs=within)


def test_number_of_pairs_from_the_law() -> None:
    """``ln(0.6/(0.001 F))/(2 delta G')``, about 6500, brings the array within its step or two."""
    xbar = Crossbar(6, 6, Device(WIDE, dw_min=0.001), seed=0)
    expected = math.log(0.6 / (0.001 * 0.91)) / (2 * 0.001 * 0.5)
    assert pairs_needed(xbar) == pytest.approx(expected, rel=0.02)
    history = zero_shift(xbar)
    assert history.rule == "from the law"
    assert history.pairs == pytest.approx(expected, rel=0.02)
    assert np.abs(xbar.reference - 0.6).max() < 2 * 0.001 * 0.91


def test_the_slowest_devices_decide_the_number_of_pairs() -> None:
    device = Device(WIDE, dw_min=0.01, device_spread=0.3)
    alike = pairs_needed(Crossbar(20, 20, Device(WIDE, dw_min=0.01), seed=1))
    xbar = Crossbar(20, 20, device, seed=1)
    history = zero_shift(xbar)
    assert history.pairs > 1.5 * alike
    points = xbar.symmetry_points()
    steps = step_size(xbar, points.T.reshape(-1)).reshape(20, 20).T
    assert np.mean(np.abs(xbar.reference - points) <= 2 * steps) >= 0.98


# -- with noise --------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("law", "noise"),
    [
        (SOFT, {"cycle_noise": 0.5}),
        (BALANCED, {"cycle_noise": 1.0}),
        (SOFT, {"additive_noise": 0.5}),
    ],
    ids=["imbalanced", "balanced", "additive"],
)
def test_scatter_is_the_predicted_one(law: DeviceLaw, noise: dict[str, float]) -> None:
    """``sigma F(w*) sqrt(delta/(2 G'(w*)))`` at three times of two arrays.

    5 sd of the sample plus ``2 delta`` for the order of the theory; G' is 1 here, and additive
    noise has no F. The mean stays on the exact cycle, within 5 sd.
    """
    delta, pairs = 0.005, 500
    cycle = alternating_cycle(law)
    down = float(cycle.exact[0].subs(dw_min, delta))
    point = law.symmetry_point().expression
    (sigma,) = noise.values()
    f = float(law.F.subs(w, point)) if "cycle_noise" in noise else 1.0
    predicted = sigma * f * math.sqrt(delta / 2)
    for seed in (1, 2):
        xbar = Crossbar(40, 50, Device(law, dw_min=delta, **noise), seed=seed)
        xbar.set_weights(np.full((40, 50), float(point)))
        for _ in range(3):
            zero_shift(xbar, pairs)
            ends = xbar.reference.astype(float)
            relative = 5 / math.sqrt(2 * ends.size) + 2 * delta
            assert ends.std() == pytest.approx(predicted, rel=relative)
            assert_within(ends.mean(), down, predicted / math.sqrt(ends.size), 5, "mean")
            # Negative control: a prediction that is a fifth off would be refused.
            assert ends.std() != pytest.approx(1.2 * predicted, rel=relative)


def test_pairs_under_noise_stop_at_the_scatter() -> None:
    """More pairs than it takes to get lost in the scatter are not asked for."""
    quiet = pairs_needed(Crossbar(10, 10, small_device(WIDE), seed=0))
    noisy = pairs_needed(Crossbar(10, 10, small_device(WIDE, cycle_noise=2.0), seed=0))
    assert noisy < quiet


# -- a measurement -----------------------------------------------------------------------------
class Counting:
    """Step functions that count the pulses they compute for an array of so many devices."""

    def __init__(self, devices: int) -> None:
        self.pulses, self.devices = 0, devices
        self.functions = StepFunctions(self.up, self.down, (-1, 1))
        self.pulses = 0

    def up(self, v: np.ndarray) -> np.ndarray:
        self.pulses += v.size if v.size == self.devices else 0
        return 1.3 * (1 - v)

    def down(self, v: np.ndarray) -> np.ndarray:
        self.pulses += v.size if v.size == self.devices else 0
        return 0.7 * (1 + v)


@pytest.mark.filterwarnings("ignore::phys.UncompiledDeviceWarning")
@pytest.mark.parametrize(("read", "extra"), [("down", 0), ("mean", 1)])
def test_every_pulse_is_counted(read: str, extra: int) -> None:
    counting = Counting(15)
    xbar = Crossbar(3, 5, Device(counting.functions, dw_min=0.01), seed=0)
    history = zero_shift(xbar, pairs=77, read=read)
    assert history.pairs == 77
    assert history.pulses == counting.pulses == 2 * (77 + extra) * 15
    assert xbar.updates == 2 * (77 + extra)


@pytest.mark.filterwarnings("ignore::phys.UncompiledDeviceWarning")
@pytest.mark.parametrize("pairs", [600, None, "measure"])
def test_a_device_without_a_law_is_shifted(pairs: int | str | None) -> None:
    counting = Counting(16)
    xbar = Crossbar(4, 4, Device(counting.functions, dw_min=0.01), seed=0)
    random_weights(xbar)
    history = zero_shift(xbar, pairs)
    assert history.pulses == counting.pulses
    assert history.distance is not None
    assert history.distance[-1] <= 2 * 0.01 * 0.91 < history.distance[0]
    assert history.trace_targets == pytest.approx(0.3, abs=1e-6)
    assert np.abs(xbar.reference - 0.3).max() <= 2 * 0.01 * 0.91


def test_the_law_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    """With symmetry points that lie, or cannot be had, the same pulses give the same reference."""

    def shifted(points: object) -> str:
        xbar = Crossbar(5, 6, small_device(device_spread=0.3, cycle_noise=0.2), seed=4)
        if points is not None:
            monkeypatch.setattr(xbar, "symmetry_points", points)
        zero_shift(xbar, pairs=60)
        return state_digest(xbar)

    honest = shifted(None)
    assert shifted(lambda: np.full((5, 6), 0.9)) == honest
    assert shifted(lambda: np.full((5, 6), np.nan)) == honest


@pytest.mark.parametrize(
    "law",
    [SOFT, CUSTOM_LAWS["square"], laws.CATALOGUE["exponential_step"].law()],
    ids=lambda law: law.name,
)
def test_measured_stop_agrees_with_the_law(law: DeviceLaw) -> None:
    xbar = Crossbar(6, 6, small_device(law), seed=0)
    random_weights(xbar)
    history = zero_shift(xbar, "measure")
    assert history.rule == "measured"
    points = xbar.symmetry_points()
    assert np.abs(xbar.reference - points).max() <= 3 * step_size(xbar, points.T.reshape(-1)).max()


@pytest.mark.parametrize("noise", [0.1, 0.5, 3.0])
@pytest.mark.parametrize("delta", [0.01, 0.001])
def test_measured_stop_under_noise(delta: float, noise: float) -> None:
    """The weights never stand still; they end in their scatter, and not long after they got there.

    A relaxation takes 1/(2 delta) pairs (G' is 1), and the search at most 50 of them. The mean of
    400 devices is then within 5 sd and a step of the symmetry point; after one relaxation, the
    negative control, it is not.
    """
    predicted = noise * 0.91 * math.sqrt(delta / 2)
    device = Device(SOFT, dw_min=delta, cycle_noise=noise)
    early, xbar = (Crossbar(20, 20, device, seed=2) for _ in range(2))
    for array in (early, xbar):
        array.set_weights(np.full((20, 20), -0.9))
    history = zero_shift(xbar, "measure")
    assert history.rule == "measured"
    assert history.pairs < 50 / (2 * delta)
    tolerance = 5 * predicted / math.sqrt(400) + delta
    assert abs(xbar.reference.mean() - 0.3) < tolerance
    zero_shift(early, pairs=round(1 / (2 * delta)))
    assert abs(early.reference.mean() - 0.3) > tolerance


@pytest.mark.filterwarnings("ignore::phys.UncompiledDeviceWarning")
def test_measured_stop_under_noise_without_a_law() -> None:
    counting = Counting(100)
    xbar = Crossbar(10, 10, Device(counting.functions, dw_min=0.01, cycle_noise=0.5), seed=1)
    history = zero_shift(xbar)
    assert history.rule == "measured"
    assert history.pairs < 2000
    assert_within(xbar.reference.mean(), 0.3 - 0.005, 0.5 * 0.91 * math.sqrt(0.005) / 10, 5, "mean")


# -- the reference -----------------------------------------------------------------------------
def test_reference_error_has_the_given_size() -> None:
    """A fraction of the nominal range, normal, 4.5 sd; the weights are those without the error."""
    error, count = 0.02, 60 * 50
    exact, wrong = (Crossbar(60, 50, small_device(), seed=4) for _ in range(2))
    zero_shift(exact, pairs=20)
    zero_shift(wrong, pairs=20, reference_error=error)
    assert same_bits(exact.weights.copy(), wrong.weights.copy())
    off = (wrong.reference.astype(float) - exact.reference) / (error * 2)
    assert_within(off.mean(), 0, 1 / math.sqrt(count), 4.5, "mean")
    assert_within(off.std(), 1, 1 / math.sqrt(2 * count), 4.5, "sd")
    # Negative control: an error of one step size more or less is told apart.
    assert abs(off.std() * 1.1 - 1) > 4.5 / math.sqrt(2 * count)


def test_reference_errors_differ_between_arrays() -> None:
    a, b = (Crossbar(5, 5, small_device(), seed=s) for s in (1, 2))
    for xbar in (a, b):
        zero_shift(xbar, pairs=20, reference_error=0.02)
    assert not same_bits(a.reference.copy(), b.reference.copy())


# -- the history -------------------------------------------------------------------------------
def test_history_tells_how_the_way_went() -> None:
    xbar = Crossbar(8, 8, small_device(device_spread=0.1), seed=1)
    history = zero_shift(xbar, pairs=300)
    assert history.at[0] == 0
    assert history.at[-1] == history.pairs == 300
    assert history.at == sorted(set(history.at))
    assert history.distance is not None
    assert history.slowest is not None
    assert history.trace_targets is not None
    assert len(history.distance) == len(history.slowest) == len(history.trace) == len(history.at)
    points = xbar.symmetry_points()
    assert history.distance[0] == pytest.approx(math.sqrt(np.mean(points**2)))
    assert history.distance[-1] == pytest.approx(
        math.sqrt(np.mean((xbar.reference - points) ** 2)), rel=1e-6
    )
    assert history.distance[-1] < history.distance[0] / 5
    assert same_bits(history.reference, xbar.reference.copy())


def test_watching_costs_no_pulse_and_changes_no_bit() -> None:
    a, b = (Crossbar(5, 5, small_device(cycle_noise=0.3), seed=1) for _ in range(2))
    zero_shift(a, pairs=123)
    b.pulse_all([1, -1] * 123)
    assert same_bits(a.weights.copy(), b.weights.copy())


def test_progress_rises_to_one() -> None:
    seen: list[float] = []
    zero_shift(Crossbar(2, 2, small_device()), pairs=50, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1


@pytest.mark.parametrize("spread", [0.0, 0.3])
def test_blocks_of_any_size_give_the_same_bits(
    spread: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    xbar = Crossbar(7, 11, small_device(device_spread=spread, cycle_noise=0.3))
    points, pairs = xbar.symmetry_points(), pairs_needed(xbar)
    monkeypatch.setattr(symmetry, "BLOCK", 10)
    monkeypatch.setattr(zero_shifting, "BLOCK", 20)
    np.testing.assert_array_equal(xbar.symmetry_points(), points)
    assert pairs_needed(xbar) == pairs


def test_a_zero_shift_needs_a_few_numbers_for_each_device() -> None:
    xbar = Crossbar(300, 1000, small_device(device_spread=0.3, cycle_noise=0.3))
    zero_shift(Crossbar(2, 2, xbar.device), pairs=1)
    number = xbar.columns.size * 8

    def added(work: Callable[[], Any]) -> int:
        tracemalloc.start()
        work()
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    assert added(xbar.symmetry_points) < 2.5 * number
    assert added(lambda: pairs_needed(xbar)) < 5 * number
    assert added(lambda: zero_shift(xbar, pairs=1)) < 5 * number
    # Negative control: the same measure sees the dozen numbers of an unbroken calculation.
    population = xbar.population
    assert added(lambda: symmetry._points_of_law(population)) > 5 * number


# -- engines -----------------------------------------------------------------------------------
@pytest.mark.parametrize("options", [{"pairs": 40}, {"pairs": 40, "read": "mean"}, {"pairs": None}])
def test_both_engines_give_the_same_bits(options: dict[str, Any]) -> None:
    device = small_device(dw_min=0.05, device_spread=0.2, cycle_noise=0.3)
    fast, event, late = (Crossbar(3, 4, device, seed=2) for _ in range(3))
    zero_shift(fast, reference_error=0.01, **options)
    history = zero_shift(event, reference_error=0.01, engine="event", **options)
    assert state_digest(fast) == state_digest(event)
    assert same_bits(history.reference, fast.reference.copy())
    # Negative control: the timing does reach the pulses.
    skewed = Timing(slot_ns=15, line_delay_ps=500)
    zero_shift(late, reference_error=0.01, engine="event", timing=skewed, **options)
    assert state_digest(late) != state_digest(event)


def test_a_measured_stop_is_the_same_in_both_engines() -> None:
    histories = []
    for engine in ("fast", "event"):
        xbar = Crossbar(3, 4, small_device(dw_min=0.05), seed=2)
        histories.append((zero_shift(xbar, "measure", engine=engine).pairs, state_digest(xbar)))
    assert histories[0] == histories[1]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"engine": "slow"}, "engine = 'slow'"),
        ({"timing": Timing(slot_ns=15, line_delay_ps=500)}, 'engine="event"'),
        ({"timing": Timing(slot_ns=15, jitter_ps=5)}, 'engine="event"'),
        ({"timing": 5, "engine": "event"}, "timing = 5"),
    ],
)
def test_an_engine_or_a_timing_that_cannot_be_used(wrong: dict[str, Any], message: str) -> None:
    xbar = Crossbar(3, 4, small_device(), seed=2)
    before = state_digest(xbar)
    with pytest.raises(InputError, match=message):
        zero_shift(xbar, pairs=5, **wrong)
    assert state_digest(xbar) == before
