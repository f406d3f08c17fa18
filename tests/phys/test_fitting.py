"""Fits of simulated measurements: the truth is found, at the stated rate, and junk is refused."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from phys import Device, Spread
from phys.checked import InputError
from phys.fitting.bootstrap import bootstrap
from phys.fitting.choice import fit
from phys.fitting.examples import EXAMPLES, load_example, simulate_trains
from phys.fitting.families import FAMILIES, LEFT_OUT
from phys.fitting.figure import fit_figure, residuals
from phys.fitting.first_look import look
from phys.fitting.law_fit import fit_law
from phys.fitting.likelihood import Likelihood, Numbers
from phys.fitting.optimise import local_blocks
from phys.fitting.pulse_data import PulseData, from_arrays
from theory import laws, w

SOFT = laws.soft_bounds(w_max=0.9, w_min=-0.6, imbalance=0.3)
DEVICE = Device(SOFT, 0.025, Spread(step=0.1, bounds=0.05), cycle_noise=0.3)
TURNS = [1] * 60 + [-1] * 60


def sets_of(data: PulseData, devices: int) -> list[PulseData]:
    """Cut one long measurement into independent ones of so many devices each."""
    made = []
    for first in range(0, len(data.names), devices):
        trains = [
            np.nonzero(data.cycle == c)[0]
            for c in np.unique(data.cycle[(data.device >= first) & (data.device < first + devices)])
        ]
        made.append(
            from_arrays(
                [data.weight[t] for t in trains],
                [data.direction[t][1:] for t in trains],
                [int(data.device[t[0]]) - first for t in trains],
            )
        )
    return made


# The likelihood


def naive_loss(q, rise, w0, numbers, data):
    """Extended Kalman filter, pulse by pulse, for one train far from its bounds."""
    mean, variance, loss = data.weight[0], numbers.read_noise**2, 0.0
    for y, turn in zip(data.weight[1:], data.direction[1:], strict=True):
        size = float(numbers.step[0])
        slope = 1 + turn * size * rise[turn](mean)
        step_noise = (size * numbers.cycle_noise * q[turn](mean)) ** 2
        mean, variance = mean + turn * size * q[turn](mean), slope**2 * variance + step_noise
        total = variance + numbers.read_noise**2
        loss += ((y - mean) ** 2 / total + math.log(2 * math.pi * total)) / 2
        gain = variance / total
        mean, variance = mean + gain * (y - mean), (1 - gain) * variance
    return loss


def test_the_banded_likelihood_is_that_of_a_kalman_filter():
    """Exactly so where the steps are straight lines with a noise that the state does not change."""
    law = laws.constant_step(w_max=2, w_min=-2, imbalance=0.2)
    data = simulate_trains(Device(law, 0.02, cycle_noise=0.3), 1, 1, [1] * 40 + [-1] * 40, 0.01)
    likelihood = Likelihood(FAMILIES["constant_step"], data)
    values = {"w_max": 2.0, "w_min": -2.0, "imbalance": 0.25}
    one = np.ones(1)
    numbers = Numbers(values, 0.019 * one, -2 * one, 2 * one, 0.35, 0.012)
    found = likelihood.innovations(numbers)
    q = {1: lambda x: 1.25, -1: lambda x: 0.75}
    rise = {1: lambda x: 0.0, -1: lambda x: 0.0}
    assert found.loss.sum() == pytest.approx(naive_loss(q, rise, 0, numbers, data), abs=1e-8)


def test_the_filter_of_a_sloping_law_agrees_to_first_order():
    data = simulate_trains(replace(DEVICE, device_spread=0.0), 1, 1, TURNS, 0.004)
    optimum = fit_law(FAMILIES["soft_bounds"], data, look(data)).optimum
    numbers = optimum.layout.numbers(optimum.vector)
    value = {k: float(v) for k, v in numbers.values.items()}
    a, b = 1 + value["imbalance"], 1 - value["imbalance"]
    q = {
        1: lambda x: a * (1 - x / value["w_max"]),
        -1: lambda x: b * (1 - x / value["w_min"]),
    }
    rise = {1: lambda x: -a / value["w_max"], -1: lambda x: -b / value["w_min"]}
    assert optimum.loss == pytest.approx(naive_loss(q, rise, 0, numbers, data), abs=1.0)


def test_the_mean_and_variance_of_a_clamped_step():
    """Against a sample, with the tolerance of its size; near, at and far from the bound."""
    law = laws.constant_step(w_max=1, w_min=-1, imbalance=0)
    count = 200_000
    xi = stats.norm.ppf((np.arange(count) + 0.5) / count)
    one = np.ones(1)
    numbers = Numbers(
        {"w_max": 1.0, "w_min": -1.0, "imbalance": 0.0}, 0.1 * one, -one, one, 0.5, 0.01
    )
    for start in (0.0, 0.85, 0.9, 0.95, 0.999):
        for sign in (1, -1):
            data = from_arrays([[0.0, 0.0]], [[sign]])
            made = Likelihood(FAMILIES["constant_step"], data).steps(
                numbers, np.array([sign * start])
            )
            moved = np.clip(sign * start + sign * 0.1 * (1 + 0.5 * xi), -1, 1)
            assert made.mean[0] == pytest.approx(moved.mean(), abs=1e-5)
            assert made.variance[0] == pytest.approx(moved.var(), abs=1e-5)
            near = Likelihood(FAMILIES["constant_step"], data).steps(
                numbers, np.array([sign * start + 1e-6])
            )
            assert made.slope[0] == pytest.approx((near.mean[0] - made.mean[0]) / 1e-6, abs=1e-3)
    assert law.bounds == (-1, 1)


def test_residuals_of_the_true_law_are_noise_and_those_of_a_wrong_one_follow_the_weight():
    data = simulate_trains(DEVICE, 6, 2, TURNS, 0.004, seed=3)
    rough = look(data)
    fits = {n: fit_law(FAMILIES[n], data, rough) for n in ("soft_bounds", "constant_step")}
    rest = {name: residuals(one) for name, one in fits.items()}
    limit = 4 / math.sqrt(data.pulses)
    good = rest["soft_bounds"]
    assert stats.kstest(good, "norm").pvalue > 0.01
    assert abs(np.corrcoef(good[1:], good[:-1])[0, 1]) < limit
    weight = data.weight[fits["soft_bounds"].likelihood.before]
    assert abs(np.corrcoef(good, weight)[0, 1]) < limit
    assert abs(np.corrcoef(rest["constant_step"], weight)[0, 1]) > 2 * limit


# What is found


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_true_law_of_every_example_is_chosen_and_its_noise_found(name):
    example, data = EXAMPLES[name], load_example(name)
    result = fit(data, ["soft_bounds", "linear_step", "exponential_step"])
    assert result.best.name == name
    assert result.weights()[name] > 0.95
    # Normal noise: the relative standard error of a standard deviation is 1/sqrt(2n).
    tolerance = 6 / math.sqrt(2 * data.pulses)
    assert result.cycle_noise == pytest.approx(example.device.cycle_noise, rel=tolerance)
    assert result.read_noise == pytest.approx(example.read_noise, rel=tolerance)
    low, high = (math.sqrt(stats.chi2.ppf(p, 5) / 5) for p in (0.001, 0.999))
    assert low < result.spread.step / example.device.spread.step < high
    assert result.device.spread == result.spread


RISING = laws.exp_step(1, -1, 0.15, -1.2, -0.3, 2.5, 2.5, 1, 0)
RECOVERED = {name: laws.CATALOGUE[name].law() for name in FAMILIES} | {
    "power_step": laws.power_step(0.6, -0.6, 0.1, 1.5, 2),
    "exp_step": RISING,
}


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "soft_bounds_pmax"])
def test_every_law_is_recovered_from_its_own_pulses(name):
    """Within five standard errors in every number that the data decide."""
    law, step = RECOVERED[name], 0.006 if name == "exp_step" else 0.015
    turns = [1] * 100 + [-1] * 400 if name == "exp_step" else [1] * 150 + [-1] * 150
    data = simulate_trains(Device(law, step, cycle_noise=0.2), 1, 3, turns, 0.002, seed=1)
    found = fit_law(FAMILIES[name], data, look(data))
    truth = {k: float(v) for k, v in law.values.items()} | {"dw_min": step}
    errors = np.sqrt(np.diag(found.optimum.covariance))
    for k, parameter in enumerate(found.optimum.layout.law_names):
        free = FAMILIES[name].scale(parameter).free(truth[parameter])
        assert abs(found.optimum.vector[k] - free) < 5 * errors[k] + 0.01, parameter
    assert found.values["cycle_noise"] == pytest.approx(0.2, rel=0.2)


def test_a_hard_bound_that_no_pulse_reaches_gets_no_interval():
    law = laws.linear_step(1, -1, 0, 0.3, 0.6)
    turns = [-1] * 20 + [1] * 140 + [-1] * 60
    data = simulate_trains(Device(law, 0.015, cycle_noise=0.2), 1, 1, turns, 0.002)
    result = fit(data, "linear_step", resamples=100)
    assert 1.0 in result.intervals["w_max"]
    low = result.intervals["w_min"]
    assert low.value == data.weight.min()
    assert math.isnan(low.low)
    assert math.isnan(low.high)


def test_soft_bounds_by_the_number_of_pulses_are_recovered_with_their_step():
    law = laws.soft_bounds_pmax(1000, 0.015, 0.9, -0.6)
    reach = float(law.bounds[1] - law.bounds[0])
    device = Device(law, 0.015 * reach / 2, cycle_noise=0.2)
    data = simulate_trains(device, 1, 3, [1] * 150 + [-1] * 150, 0.002, seed=1)
    found = fit_law(FAMILIES["soft_bounds_pmax"], data, look(data))
    for name in ("alpha", "range_min", "range_max"):
        assert found.values[name] == pytest.approx(float(law.values[name]), rel=0.1)
    assert found.values["dw_min"] == pytest.approx(device.dw_min, rel=0.1)


def test_every_catalogue_law_is_fitted_or_left_out_with_a_reason():
    assert set(FAMILIES) | set(LEFT_OUT) == set(laws.CATALOGUE)
    assert not set(FAMILIES) & set(LEFT_OUT)


# Coverage: how often the truth lies in the intervals

SETS = 60
CONFIDENCE = 0.95


@pytest.fixture(scope="module")
def covered():
    """How often each number lay in its interval, and in one half as wide."""
    data = simulate_trains(DEVICE, 6 * SETS, 2, TURNS, 0.004, seed=5)
    truth = {k: float(v) for k, v in SOFT.values.items()}
    truth |= {"dw_min": 0.025, "cycle_noise": 0.3, "read_noise": 0.004}
    star = float(SOFT.symmetry_point())
    hits = {name: np.zeros(2) for name in (*truth, "symmetry point")}
    for k, one in enumerate(sets_of(data, 6)):
        result = fit(one, "soft_bounds", confidence=CONFIDENCE, resamples=200, seed=k)
        named = {**result.intervals, "symmetry point": result.symmetry_point}
        for name, number in {**truth, "symmetry point": star}.items():
            hits[name] += number in named[name], number in named[name].shrunk(0.5)
    return hits


def fails(hits: float, sets: int = SETS) -> bool:
    """Whether that is too few hits at the stated rate: one in a thousand by chance."""
    return bool(stats.binom.cdf(hits, sets, CONFIDENCE) < 1e-3)


def test_the_intervals_contain_the_truth_at_the_stated_rate(covered):
    assert not [name for name, (hits, _) in covered.items() if fails(hits)]


def test_intervals_half_as_wide_do_not(covered):
    halves = [half for _, half in covered.values()]
    assert fails(sum(halves), SETS * len(halves))
    assert sum(fails(half) for half in halves) > len(halves) / 2


def test_one_step_from_the_fit_is_a_fit_of_the_resample():
    """Resampled devices, fitted from the start, end where the one step of the bootstrap leads."""
    from phys.fitting.bootstrap import draw_weights

    data = simulate_trains(DEVICE, 5, 2, TURNS, 0.004, seed=2)
    found = fit_law(FAMILIES["soft_bounds"], data, look(data))
    quick = bootstrap(found.optimum, 100, seed=7).vectors[:8]
    spread = bootstrap(found.optimum, 100, seed=7).vectors.std(axis=0)
    slow = []
    for weights in draw_weights(5, 8, seed=7):
        chosen = [d for d in range(5) for _ in range(weights[d])]
        trains = [np.nonzero(data.cycle == c)[0] for d in chosen for c in (2 * d, 2 * d + 1)]
        again = from_arrays(
            [data.weight[t] for t in trains],
            [data.direction[t][1:] for t in trains],
            [k for k in range(5) for _ in range(2)],
        )
        fitted = fit_law(FAMILIES["soft_bounds"], again, look(again)).optimum
        slow.append(fitted.vector[: fitted.layout.shared])
    assert np.abs(quick - np.array(slow)).max(axis=0) == pytest.approx(0, abs=0.5 * spread.max())
    for k in range(quick.shape[1]):
        assert np.corrcoef(quick[:, k], np.array(slow)[:, k])[0, 1] > 0.95


def test_the_outcome_follows_from_data_and_seed_alone():
    data = load_example("soft_bounds")
    one, two, other = (fit(data, "soft_bounds", resamples=200, seed=s) for s in (1, 1, 2))
    assert one.summary() == two.summary()
    assert one.intervals != other.intervals
    assert one.best.values == other.best.values


@pytest.mark.parametrize(("devices", "cycles", "kind"), [(1, 1, "curvature"), (1, 5, "cycles")])
def test_one_device_gets_intervals_from_its_cycles_or_from_the_curvature(devices, cycles, kind):
    data = simulate_trains(replace(DEVICE, device_spread=0.0), devices, cycles, TURNS, 0.004)
    result = fit(data, "soft_bounds", resamples=400)
    assert result.resampled == kind
    assert result.spread == Spread()
    errors = np.sqrt(np.diag(result.best.optimum.covariance))
    for name, interval in result.intervals.items():
        k = result.best.optimum.layout.names.index(name)
        assert interval.low < interval.value < interval.high
        if kind == "curvature":
            scale = np.log if name != "imbalance" else np.arctanh
            width = abs(scale(abs(interval.high)) - scale(abs(interval.low))) / 2
            assert width == pytest.approx(1.96 * errors[k], rel=0.2)


def test_weights_in_siemens_give_the_same_law(tmp_path):
    example = EXAMPLES["linear_step"]
    in_weights = replace(example, mapping=None, column="weight")
    path = tmp_path / "weights.csv"
    path.write_text(in_weights.to_csv())
    from phys.fitting.pulse_file import read_pulses

    a = fit(load_example("linear_step"), "linear_step", resamples=100)
    b = fit(read_pulses(path), "linear_step", resamples=100)
    for name, value in a.best.values.items():
        assert value == pytest.approx(b.best.values[name], rel=0.01), name


def test_the_gradient_is_that_of_the_loss():
    data = simulate_trains(DEVICE, 3, 2, TURNS, 0.004)
    family = FAMILIES["soft_bounds"]
    found = fit_law(family, data, look(data)).optimum
    likelihood = Likelihood(family, data)
    at = found.vector + 0.01
    blocks = local_blocks(likelihood, found.layout, at)
    for k in range(found.layout.shared):
        sides = []
        for sign in (1, -1):
            moved = at.copy()
            moved[k] += sign * 1e-5
            sides.append(likelihood.innovations(found.layout.numbers(moved)).loss.sum())
        assert blocks.gradient[:, k].sum() == pytest.approx(
            (sides[0] - sides[1]) / 2e-5, rel=1e-3, abs=0.05
        )


# What is refused


def straight(count=30):
    """A train that nothing is wrong with."""
    return [np.r_[np.linspace(-0.5, 0.5, count + 1), np.linspace(0.48, -0.5, count)]], [
        np.r_[np.ones(count, int), -np.ones(count, int)]
    ]


@pytest.mark.parametrize(
    ("weights", "turns", "message"),
    [
        ([[0, 0.1, 0.2, 0.1]], [[1, 1, -1]], "2 up pulses; at least 10 in each direction"),
        (
            [np.linspace(-0.4, 0.4, 31)],
            [np.r_[np.ones(25, int), -np.ones(5, int)]],
            "5 down pulses; at least 10",
        ),
        ([np.zeros(61)], [straight()[1][0]], "all start at one weight"),
        ([straight()[0][0] + 3], straight()[1], "weight 0 has to be among them"),
    ],
)
def test_data_that_identify_no_law_are_refused(weights, turns, message):
    with pytest.raises(InputError, match=message):
        fit(from_arrays(weights, turns))


def test_a_law_of_many_numbers_is_not_identified_by_a_few_pulses():
    device = Device(SOFT, 0.005, cycle_noise=1.0)
    data = simulate_trains(device, 1, 1, [-1] * 6 + [1] * 12 + [-1] * 6, 0.01)
    with pytest.raises(InputError, match="24 pulses do not identify a law: exp_step"):
        fit(data, "exp_step")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"laws": "soft"}, "no law 'soft' to fit; choose from"),
        ({"laws": "tabulated"}, "law 'tabulated' is not fitted: a table"),
        ({"laws": []}, "laws is empty"),
        ({"confidence": 1.5}, "confidence = 1.5 is out of range"),
        ({"resamples": 3}, "resamples = 3 is out of range"),
        ({"seed": -1}, "seed = -1 is out of range"),
    ],
)
def test_bad_arguments_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        fit(load_example("soft_bounds"), **options)


# The figure


def test_the_figure_shows_data_law_residuals_and_choice():
    result = fit(load_example("soft_bounds"), ["soft_bounds", "constant_step"], resamples=100)
    figure = fit_figure(result)
    steps, trains, rest, choice = figure.axes
    assert all(ax.get_xlabel() and ax.get_ylabel() for ax in (steps, trains, rest))
    up = next(line for line in steps.get_lines() if str(line.get_label()).startswith("up"))
    place, drawn = up.get_data()
    q = [float(result.law.up.subs(w, x)) for x in place[::60]]
    assert drawn[::60] == pytest.approx(result.best.values["dw_min"] * np.array(q), abs=1e-9)
    assert [t.get_text() for t in choice.get_yticklabels()] == [f.name for f in result.fits]


@pytest.mark.parametrize("part", [slice(None), slice(5, 6)], ids=["another unit", "one reading"])
def test_a_train_of_another_scale_is_named(part):
    data = load_example("soft_bounds")
    weight = data.weight.copy()
    there = np.nonzero(data.cycle == 3)[0][part]
    weight[there] *= 1e4
    with pytest.raises(InputError, match=r"device '\w+' \(train 4 of 12\) span .* in one unit"):
        look(replace(data, weight=weight))
