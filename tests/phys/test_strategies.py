"""Every draw is valid, every family is reached, and each strategy shrinks where it says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from phys import Crossbar, Device, Spread, Timing, strategies
from phys.checked import InputError
from phys.kernels import law_kernel
from phys.strategies import ASYMMETRIES, SIZES, simplest
from theory import DeviceLaw, laws, w
from theory.law_file import law_from_json, law_to_json

PLACES = np.linspace(0, 1, 403)[1:-1]
SOFT = strategies.laws(("flat",), ("soft",))


def drawn(strategy: st.SearchStrategy[Any], count: int) -> list[Any]:
    """Return `count` draws, the same in every run."""
    found: list[Any] = []

    @settings(
        max_examples=count,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(value: Any) -> None:
        found.append(value)

    collect()
    return found


def steps(law: DeviceLaw, places: np.ndarray = PLACES) -> tuple[np.ndarray, np.ndarray]:
    """Return q_up and q_down between the bounds, float64, evaluated without theory's own means."""
    low, high = (float(b) for b in law.bounds)
    weight = low + (high - low) * places
    up, down = (sp.lambdify(w, q, "numpy")(weight) for q in (law.up, law.down))
    return np.broadcast_to(up, weight.shape), np.broadcast_to(down, weight.shape)


# -- laws: families ----------------------------------------------------------------------------
def sign_changes(values: np.ndarray) -> int:
    """Return how often a function changes sign, zeros left out."""
    signs = np.sign(values[np.abs(values) > 1e-12])
    return int((np.diff(signs) != 0).sum())


def turns(values: np.ndarray) -> int:
    """Return how often a function turns from rising to falling or back."""
    return sign_changes(np.diff(values))


FAMILIES: dict[str, Callable[[DeviceLaw, np.ndarray, np.ndarray], bool]] = {
    "polynomial": lambda law, up, down: law.up.is_polynomial(w) and law.up.has(w),
    "constant": lambda law, up, down: not law.up.has(w) and not law.down.has(w),
    "rational": lambda law, up, down: (
        law.up.is_rational_function(w) and not law.up.is_polynomial(w)
    ),
    "exponential": lambda law, up, down: law.up.has(sp.exp, sp.tanh),
    "logarithmic": lambda law, up, down: law.up.has(sp.log),
    "root": lambda law, up, down: any(not p.exp.is_Integer for p in law.up.atoms(sp.Pow)),
    "piecewise": lambda law, up, down: law.up.has(sp.Abs, sp.Max, sp.Min, sp.Piecewise),
    "both steps monotone": lambda law, up, down: law.up.has(w) and turns(up) + turns(down) == 0,
    "a step that is not monotone": lambda law, up, down: turns(up) + turns(down) > 0,
    "equal bounds": lambda law, up, down: law.bounds[0] == -law.bounds[1],
    "unequal bounds": lambda law, up, down: law.bounds[0] != -law.bounds[1],
    "steps that vanish at their bound": lambda law, up, down: (
        law.up.subs(w, law.bounds[1]) == 0 == law.down.subs(w, law.bounds[0])
    ),
    "steps at their bound": lambda law, up, down: law.up.subs(w, law.bounds[1]) > 0,
    "one stable symmetry point": lambda law, up, down: (
        sign_changes(down - up) == 1 and down[0] < up[0]
    ),
    "one unstable symmetry point": lambda law, up, down: (
        sign_changes(down - up) == 1 and down[0] > up[0]
    ),
    "two symmetry points": lambda law, up, down: sign_changes(down - up) == 2,
    "three symmetry points": lambda law, up, down: sign_changes(down - up) == 3,
    "no symmetry point": lambda law, up, down: (
        sign_changes(down - up) == 0 and bool(np.abs(down - up).min() > 1e-6)
    ),
    "symmetric everywhere": lambda law, up, down: bool(np.abs(down - up).max() < 1e-12),
}


def missing(found: Iterable[DeviceLaw]) -> set[str]:
    """Return the families that none of the laws belongs to."""
    counts: Counter[str] = Counter()
    for law in found:
        up, down = steps(law)
        counts.update(name for name, belongs in FAMILIES.items() if belongs(law, up, down))
    return set(FAMILIES) - set(counts)


def test_150_draws_reach_every_family() -> None:
    found = drawn(strategies.laws(), 150)
    assert missing(found) <= {"constant"}
    assert "constant" not in missing(drawn(strategies.laws(("flat",)), 40))


def test_the_count_misses_what_is_not_drawn() -> None:
    """Soft bounds with random numbers are not enough, and the test above would say so."""
    absent = missing(drawn(SOFT, 40))
    assert {"piecewise", "exponential", "no symmetry point", "three symmetry points"} < absent
    assert not absent & {"unequal bounds", "one stable symmetry point", "polynomial"}


@settings(max_examples=60)
@given(law=strategies.laws())
def test_laws_have_positive_steps_and_points_where_numbers_say(law: DeviceLaw) -> None:
    up, down = steps(law)
    for q in (up, down):
        assert np.isfinite(q).all()
        assert (q > 0).all()


@pytest.mark.parametrize("asymmetry", ASYMMETRIES)
def test_the_name_of_an_asymmetry_counts_its_symmetry_points(asymmetry: str) -> None:
    """Whatever the size of the steps, and as theory finds them, not as the strategy built them."""
    outcome = {"none": ("none", 0), "every": ("continuum", 0)}
    count = {"two": 2, "three": 3}.get(asymmetry, 1)
    for law in drawn(strategies.laws(asymmetries=(asymmetry,)), 4):
        points = law.symmetry_points()
        assert (points.outcome, len(points)) == outcome.get(asymmetry, ("points", count))


def forms() -> list[tuple[str, str]]:
    """Return pairs in which every size and every asymmetry occurs."""
    first = [(size, "soft") for size in SIZES]
    return first + [("tilted", asymmetry) for asymmetry in ASYMMETRIES if asymmetry != "soft"]


@pytest.mark.parametrize(("size", "asymmetry"), forms())
def test_forms_have_kernel_code_that_follows_them(size: str, asymmetry: str) -> None:
    law = drawn(strategies.laws((size,), (asymmetry,)), 2)[-1]
    assert law_kernel(law.symbolic).source.count("def ") == 2
    xbar = Crossbar(1, 1, Device(law, dw_min=0.01 * float(law.bounds[1])))
    low, high = (float(b) for b in law.bounds)
    places = (low + (high - low) * PLACES).astype(np.float32)
    exact = steps(law, (places - low) / (high - low))
    table = xbar.coefficients.T
    made = (xbar.kernel.up_step(places, table, 0), -xbar.kernel.down_step(places, table, 0))
    for q, step in zip(exact, made, strict=True):
        assert np.abs(step / xbar.device.dw_min - q).max() < 2e-6 * np.abs(q).max()


@pytest.mark.parametrize("asymmetry", ASYMMETRIES)
def test_forms_come_back_from_law_files_as_they_were(asymmetry: str) -> None:
    for size in SIZES:
        form = strategies.law_form(size, asymmetry)
        assert law_from_json(law_to_json(form)) == form


def test_laws_of_one_form_share_a_kernel() -> None:
    found = drawn(strategies.laws(("rational",), ("two",)), 6)
    assert len({law.name for law in found}) == 1
    assert len(set(found)) > 3
    assert len({Device(law, dw_min=0.001).kernel.source for law in found}) == 1


@pytest.mark.parametrize("strategy", [strategies.laws(), strategies.laws(tuple(SIZES)[::-1])])
def test_laws_shrink_towards_the_first_names(strategy: st.SearchStrategy[DeviceLaw]) -> None:
    law = simplest(strategy)
    first = "soft_bounds" if law.name == "soft_bounds" else "kinked_soft"
    assert law.name == first
    assert law.bounds == (-1, 1)
    assert law.values["imbalance"] == 0


def test_laws_shrink_to_what_a_condition_needs_and_no_more() -> None:
    assert simplest(strategies.laws(), lambda law: law.bounds[0] != -law.bounds[1]).bounds == (
        sp.Rational(-11, 10),
        1,
    )
    assert simplest(strategies.laws(), lambda law: law.up.has(sp.log)).name == "logarithmic_soft"
    assert simplest(strategies.laws(), lambda law: len(law.symmetry_points()) > 1).name in (
        "flat_two",
        "flat_three",
    )


# -- devices -----------------------------------------------------------------------------------
KINDS: dict[str, Callable[[Device], bool]] = {
    "no noise": lambda device: not (device.cycle_noise or device.additive_noise),
    "cycle noise": lambda device: device.cycle_noise > 0,
    "cycle noise that turns steps round": lambda device: device.cycle_noise > 1,
    "additive noise": lambda device: device.additive_noise > 0,
    "no spread": lambda device: not device.spread.any,
    "spread of the step": lambda device: device.spread.step > 0,
    "spread of the bounds": lambda device: device.spread.bounds > 0,
    "spread of the imbalance": lambda device: device.spread.imbalance > 0,
    "few steps": lambda device: device.dw_min > 0.05 * np.ptp(device.bounds),
    "many steps": lambda device: device.dw_min < 0.001 * np.ptp(device.bounds),
}


def kinds(found: Iterable[Device]) -> set[str]:
    return {name for name, belongs in KINDS.items() if any(map(belongs, found))}


def test_80_draws_reach_every_kind_of_device() -> None:
    assert kinds(drawn(strategies.devices(SOFT), 80)) == set(KINDS)


def test_devices_without_spread_or_noise_have_none() -> None:
    quiet = drawn(strategies.devices(SOFT, spread=False, noise=False), 80)
    assert kinds(quiet) == {"no noise", "no spread", "few steps", "many steps"}


def test_devices_shrink_towards_100_equal_steps() -> None:
    device = simplest(strategies.devices())
    assert device == Device(
        laws.soft_bounds(w_max=1, w_min=-1, imbalance=0), dw_min=0.02, device_spread=Spread()
    )
    noisy = simplest(strategies.devices(), lambda device: device.cycle_noise > 0)
    assert (noisy.cycle_noise, noisy.dw_min, noisy.spread.any) == (0.3, 0.02, False)
    assert simplest(strategies.spreads(), lambda spread: spread.any) == Spread(bounds=0.1)


# -- arrays ------------------------------------------------------------------------------------
@settings(max_examples=30)
@given(xbar=strategies.crossbars(), data=st.data())
def test_crossbars_hold_weights_between_the_bounds_of_each_device(
    xbar: Crossbar, data: st.DataObject
) -> None:
    low, high = xbar.bounds
    written = data.draw(strategies.weights(xbar))
    assert written.dtype == np.float32
    for values in (xbar.weights, xbar.reference, written):
        assert (values >= low).all()
        assert (values <= high).all()
    assert np.isfinite(xbar.coefficients).all()
    assert (np.asarray(xbar.population.step) > 0).all()


def test_draws_reach_the_bounds_zero_both_signs_and_numbers_close_to_zero() -> None:
    xbar = Crossbar(2, 2, Device(laws.soft_bounds(w_max=1, w_min=-2, imbalance=0)))
    written = np.array(drawn(strategies.weights(xbar), 60))
    assert {-2.0, 0.0, 1.0} <= set(written.reshape(-1).tolist())
    sent = np.array(drawn(strategies.signals(5), 60))
    assert sent.dtype == np.float32
    assert np.isfinite(sent).all()
    assert (sent == 0).all(axis=1).any()
    assert ((sent > 0.1).any(axis=1) & (sent < -0.1).any(axis=1)).any()
    assert ((np.abs(sent) > 0) & (np.abs(sent) < 1e-20)).any()
    trains = drawn(strategies.pulse_trains(8), 60)
    assert {len(train) for train in trains} >= {0, 1, 8}
    assert {int(turn) for train in trains for turn in train} == {1, -1}


def test_arrays_shrink_towards_one_device_at_rest() -> None:
    xbar = simplest(strategies.crossbars())
    assert (xbar.rows, xbar.cols, xbar.seed) == (1, 1, 0)
    assert not xbar.weights.any()
    assert not xbar.reference.any()
    moved = simplest(strategies.crossbars(), lambda xbar: bool(xbar.weights.any()))
    assert (moved.rows, moved.cols, moved.weights.tolist()) == (1, 1, [[1.0]])
    assert not moved.reference.any()
    assert simplest(strategies.pulse_trains(), lambda train: -1 in train).tolist() == [-1]
    assert simplest(strategies.signals(2), lambda x: bool(x.any())).tolist() == [1.0, 0.0]


@settings(max_examples=25)
@given(data=st.data())
def test_updates_are_taken_and_pulses_too(data: st.DataObject) -> None:
    xbar = data.draw(strategies.crossbars(strategies.devices(SOFT)))
    result = xbar.update(**data.draw(strategies.updates(xbar)))
    assert 0 <= result.delivered <= result.wanted * (1 + 1e-5)
    xbar.pulse_all(data.draw(strategies.pulse_trains()))
    assert np.isfinite(xbar.weights).all()


def test_updates_reach_from_no_pulse_to_clipping() -> None:
    xbar = Crossbar(3, 3, Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0), dw_min=0.01))
    found = [xbar.update(**update) for update in drawn(strategies.updates(xbar), 60)]
    assert {result.pulses == 0 for result in found} == {True, False}
    assert {result.clipped_fraction > 0 for result in found} == {True, False}
    least = simplest(strategies.updates(xbar))
    assert (least["x"].any(), least["d"].any(), least["pulses"]) == (False, False, 1)
    assert least["lr"] == xbar.device.dw_min


# -- timing ------------------------------------------------------------------------------------
TIMES: dict[str, Callable[[Timing], bool]] = {
    "ideal": lambda timing: timing.device_fractions(4, 5) is None,
    "gaps": lambda timing: timing.gap_fs > 0,
    "line delay": lambda timing: timing.delay_fs > 0,
    "late rows": lambda timing: bool(timing.late_rows_ps),
    "late columns": lambda timing: bool(timing.late_columns_ps),
    "partial steps": lambda timing: timing.device_fractions(4, 5) is not None,
    "slow edges": lambda timing: timing.rise_fs > 0,
    "overlaps too short": lambda timing: timing.min_overlap_fs > 0,
    "slow settling": lambda timing: timing.settling_fs > 0,
}
RANDOM_TIMES: dict[str, Callable[[Timing], bool]] = {
    "jitter": lambda timing: timing.random,
    "momentary steps": lambda timing: timing.settling_fs > 0 and timing.evaluate_at == "momentary",
}


def test_draws_reach_every_fault_of_timing() -> None:
    found = drawn(strategies.timings(4, 5, deterministic=True), 60)
    assert {name for name, belongs in TIMES.items() if any(map(belongs, found))} == set(TIMES)
    for belongs in RANDOM_TIMES.values():
        assert not any(map(belongs, found))
        assert any(map(belongs, drawn(strategies.timings(4, 5), 60)))


def test_what_is_not_deterministic_is_refused_by_the_fast_engine() -> None:
    """Some of it: the restriction of the strategy has a reason."""
    refused = 0
    for timing in drawn(strategies.timings(4, 5), 40):
        try:
            timing.device_fractions(4, 5)
        except InputError:
            refused += 1
    assert 0 < refused < 40


@settings(max_examples=25)
@given(data=st.data())
def test_the_event_engine_takes_all_timings(data: st.DataObject) -> None:
    xbar = data.draw(strategies.crossbars(strategies.devices(SOFT), max_lines=4))
    timing = data.draw(strategies.timings(xbar.rows, xbar.cols))
    update = data.draw(strategies.updates(xbar))
    result = xbar.update(**update, engine="event", timing=timing)
    assert result.pulses >= 0
    assert np.isfinite(xbar.weights).all()


def test_timings_shrink_towards_the_ideal() -> None:
    assert simplest(strategies.timings()) == Timing.ideal()
    late = simplest(strategies.timings(), lambda timing: bool(timing.late_rows_ps))
    assert late.jitter_ps == late.settling_ns == late.line_delay_ps == 0
    assert list(late.late_rows_ps) == [0]
