from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from phys.checked import InputError
from phys.timing import NOMINAL, OVERLAP, Timing


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"pulse_ns": -1}, "pulse_ns = -1"),
        ({"pulse_ns": 0}, "pulse_ns = 0"),
        ({"pulse_ns": float("nan")}, "pulse_ns = nan"),
        ({"read_ns": float("inf")}, "read_ns = inf"),
        ({"read_ns": "long"}, "read_ns = 'long'"),
        ({"pulse_ns": 1e-7}, "below 1 fs"),
        ({"slot_ns": 4}, "slot_ns = 4 is shorter than pulse_ns = 5.0"),
        ({"rise_ps": 5000}, "rise_ps = 5000 leaves nothing"),
        ({"rise_ps": 100, "min_overlap_ps": 4901}, "min_overlap_ps = 4901"),
        ({"jitter_ps": 1}, "slot_ns of at least 5.006"),
        ({"evaluate_at": "later"}, "settled, momentary"),
        ({"late_rows_ps": {0: -1}}, "late_rows_ps[0] = -1"),
        ({"late_rows_ps": {-1: 1}}, "line of late_rows_ps = -1"),
        ({"late_columns_ps": 3}, "no mapping"),
        ({"switching": "soon"}, "holds soon"),
        ({"switching": sp.Symbol("x") * OVERLAP}, "holds x"),
        ({"switching": sp.Integer(1)}, "must rise from 0"),
        ({"switching": 1 - OVERLAP / NOMINAL}, "must rise from 0"),
        ({"switching_ns": 0}, "switching_ns = 0"),
        ({"pulse_fj": -2}, "pulse_fj = -2"),
    ],
)
def test_bad_times_are_refused_with_name_value_and_remedy(arguments: dict, said: str) -> None:
    with pytest.raises(InputError) as caught:
        Timing(**arguments)
    assert said in str(caught.value)


@given(
    pulse=st.floats(0.1, 100),
    tau=st.floats(0.01, 1e4),
    rise=st.floats(0, 0.9),
    law=st.sampled_from([None, OVERLAP / NOMINAL, sp.sin(sp.pi / 2 * OVERLAP / NOMINAL)]),
)
def test_fraction_rises_from_0_to_exactly_1(
    pulse: float, tau: float, rise: float, law: sp.Expr | None
) -> None:
    extra = {} if law is None else {"switching": law}
    timing = Timing(pulse_ns=pulse, switching_ns=tau, rise_ps=rise * pulse * 1000, **extra)
    overlaps = np.unique(np.linspace(0, timing.nominal_fs, 57).astype(np.int64))
    fraction = timing.fraction(overlaps)
    assert fraction.dtype == np.float32
    assert fraction[0] == 0
    assert fraction[-1] == 1
    assert (np.diff(fraction) >= 0).all()
    assert (fraction <= 1).all()


def test_default_law_is_the_normalised_exponential_approach() -> None:
    timing = Timing(pulse_ns=4, switching_ns=3)
    want = (1 - np.exp(-1 / 3)) / (1 - np.exp(-4 / 3))
    assert float(timing.fraction(1_000_000)) == pytest.approx(want, rel=1e-6)


@pytest.mark.parametrize("overlap", [-1, 5_000_001])
def test_impossible_overlaps_are_refused(overlap: int) -> None:
    with pytest.raises(InputError, match=f"overlap = {overlap} fs"):
        Timing().fraction(overlap)


def test_short_overlaps_switch_nothing() -> None:
    timing = Timing(min_overlap_ps=1000)
    assert timing.fraction([999_999, 1_000_000])[0] == 0 < timing.fraction([999_999, 1_000_000])[1]


def test_nominal_overlap_is_exact_for_times_that_floats_cannot_hold() -> None:
    timing = Timing(pulse_ns=0.1 + 0.2, rise_ps=100)
    assert timing.nominal_fs == 200_000
    assert timing.fraction(timing.nominal_fs) == 1


def test_skew_grows_with_position_and_adds_to_late_lines() -> None:
    timing = Timing(slot_ns=50, line_delay_ps=2, late_rows_ps={1: 30}, late_columns_ps={2: 7})
    skew = timing.skew_fs(3, 4) // 1000
    assert skew[0].tolist() == [0, 28, -4]
    assert skew[2].tolist() == [-3, 25, -7]


@pytest.mark.parametrize(
    "timing",
    [
        Timing(slot_ns=8, jitter_ps=100),
        Timing(settling_ns=1, evaluate_at="momentary"),
        Timing(line_delay_ps=1),
    ],
)
def test_the_fast_engine_refuses_what_a_number_per_device_cannot_say(timing: Timing) -> None:
    with pytest.raises(InputError, match='engine="event"'):
        timing.device_fractions(8, 8)


def test_a_late_line_must_exist() -> None:
    with pytest.raises(InputError, match="line 9, but the array has 4"):
        Timing(late_rows_ps={9: 1}).late_fs(1, 4)


@pytest.mark.parametrize("named", [Timing.ideal(), Timing.rasch_2024(), Timing.slow_settling()])
def test_named_sets_are_usable_and_hashable(named: Timing) -> None:
    assert named.device_fractions(4, 4) is None
    assert hash(named) == hash(named.with_values())


def test_numbers_of_sympy_become_plain_numbers():
    timing = Timing(
        pulse_ns=sp.Rational(9, 2), late_rows_ps={0: sp.Integer(0)}, late_columns_ps={1: sp.pi}
    )
    assert type(timing.pulse_ns) is type(timing.late_rows_ps[0]) is float
    assert timing.late_columns_ps == {1: float(sp.pi)}
    late = timing.late_rows_ps.values()
    assert np.asarray([*late]).dtype == np.float64
