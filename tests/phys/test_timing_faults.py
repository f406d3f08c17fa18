from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from phys import Crossbar, Device, Timing, train
from phys.algorithms import SHD, FloatSGD, PulsedSGD
from phys.checked import InputError
from phys.data import load
from phys.timing_faults import Timed, early_reads, expected_fraction, sweep
from theory import laws

DEVICE = Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.1), dw_min=0.002, cycle_noise=0.3)
SHD_FAST = SHD(lr_a=0.2, lr_c=0.5, transfer_every=1)
SMALL = {"device": DEVICE, "layers": (64, 10), "epochs": 1, "samples": 12, "zero_shift": False}


def weights(algorithm: Any) -> list[bytes]:
    network = train(load("digits"), algorithm, **SMALL).network
    assert network is not None
    return [a.columns.tobytes() for layer in network.layers for a in layer.arrays.values()]


@pytest.mark.parametrize("algorithm", [PulsedSGD(), SHD_FAST])
def test_a_whole_training_has_the_same_bits_in_both_engines(algorithm: Any) -> None:
    skewed = Timing(slot_ns=15, line_delay_ps=40, late_rows_ps={3: 700}, min_overlap_ps=3000)
    plain = weights(algorithm)
    assert plain == weights(Timed(algorithm, Timing.ideal()))
    assert plain == weights(Timed(algorithm, Timing.ideal(), "event"))
    faulty = weights(Timed(algorithm, skewed))
    assert faulty == weights(Timed(algorithm, skewed, "event"))
    assert faulty != plain


@pytest.mark.parametrize("law", ["soft_bounds", "exponential_step", "tabulated"])
@pytest.mark.parametrize("noise", [{}, {"cycle_noise": 0.4}, {"additive_noise": 0.4}])
@pytest.mark.parametrize("spread", [0.0, 0.3])
@pytest.mark.usefixtures("compiled")
def test_compiled_and_numpy_updates_with_skew_have_the_same_bits(
    law: str, noise: dict[str, float], spread: float, numpy_engine: Callable[[bool], None]
) -> None:
    device = Device(laws.CATALOGUE[law].law(), dw_min=0.01, device_spread=spread, **noise)
    timing = Timing(slot_ns=15, line_delay_ps=300, min_overlap_ps=2500)
    rng = np.random.default_rng(0)
    signals = [(rng.normal(size=9), rng.normal(size=14)) for _ in range(4)]
    found = []
    for numpy in (True, False):
        numpy_engine(numpy)
        xbar = Crossbar(14, 9, device, seed=7)
        pulses = [xbar.update(x, d, 0.1, timing=timing).pulses for x, d in signals]
        found.append((pulses, xbar.columns.tobytes()))
    assert found[0] == found[1]


@pytest.mark.parametrize(
    "timing",
    [
        Timing(slot_ns=12, line_delay_ps=100),
        Timing(slot_ns=12, jitter_ps=700),
        Timing(slot_ns=13, line_delay_ps=60, jitter_ps=500, switching_ns=1, min_overlap_ps=2000),
    ],
)
def test_the_expected_fraction_is_what_simulation_gives(timing: Timing) -> None:
    """Steps of a device without asymmetry or noise, over those of ideal timing."""
    law = laws.CATALOGUE["constant_step"].law()
    n, repeats = 16, 10
    moved = []
    for times in (Timing.ideal(), timing):
        xbar = Crossbar(n, n, Device(law, dw_min=0.0001), seed=3)
        for _ in range(repeats):
            xbar.update(np.ones(n), np.ones(n), lr=0.0005, engine="event", timing=times)
        moved.append(xbar.weights.astype(float))
    share = moved[1].sum() / moved[0].sum()
    # A line's jitter is common to its n devices, so that pulses of a line are not independent.
    pulses = moved[0].sum() / 0.0001 / law_step(law) / n
    assert abs(share - expected_fraction(timing, n, n)) < 4 * 0.5 / np.sqrt(pulses)


def law_step(law: Any) -> float:
    return float(law.up.subs("w", 0))


def test_expected_fraction_falls_with_skew_and_with_jitter() -> None:
    for name, values in (("line_delay_ps", [0, 50, 100, 300]), ("jitter_ps", [0, 300, 900])):
        found = [expected_fraction(Timing(slot_ns=15, **{name: value}), 64, 64) for value in values]
        assert found[0] == 1
        assert (np.diff(found) < 0).all()


def test_a_sweep_trains_once_for_every_value() -> None:
    shown: list[float] = []
    points = sweep(
        "line_delay_ps", [0, 100], algorithm=PulsedSGD(), epochs=1, samples=30, device=DEVICE,
        layers=(64, 10), progress=shown.append,
    )  # fmt: skip
    assert [p.value for p in points] == [0, 100]
    assert points[0].expected_fraction == 1 > points[1].expected_fraction
    assert shown == [0.5, 1.0]


def test_early_reads_train_on_what_has_settled() -> None:
    """Weights that never settle during a training look untrained to it."""
    shown: list[float] = []
    at_once, late = early_reads(
        [0, 1e8], algorithm=PulsedSGD(0.05), device=DEVICE, layers=(64, 10), samples=150,
        progress=shown.append,
    )  # fmt: skip
    assert at_once.expected_fraction == 1
    assert late.expected_fraction == pytest.approx(40 / 1e8, rel=1e-6)
    assert at_once.accuracy > 0.3
    assert shown == [0.5, 1.0]
    with pytest.raises(InputError, match="samples = 2001"):
        early_reads([0], samples=2001)


def test_what_cannot_be_swept_is_refused() -> None:
    with pytest.raises(InputError, match="name = 'pulse_fj'"):
        sweep("pulse_fj", [1])
    with pytest.raises(InputError, match='engine="event"'):
        sweep("jitter_ps", [100], algorithm=PulsedSGD(), samples=10, epochs=1)
    with pytest.raises(InputError, match="no devices"):
        Timed(FloatSGD(), Timing())
    with pytest.raises(InputError, match="engine = 'slow'"):
        Timed(PulsedSGD(), Timing(), "slow")
