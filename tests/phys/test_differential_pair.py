"""Differential pairs: what moves, where they rest, and the bits of training with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from phys import Crossbar, Device, HiddenStateFunctions, train
from phys.array_kinds.differential_pair import SCHEMES, DifferentialPair
from phys.checked import InputError
from tests.phys.helpers import (
    assert_within,
    blobs,
    digest,
    network_digest,
    same_bits,
    signals,
    small_device,
)
from theory import laws

UNBALANCED = small_device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3), dw_min=0.005)
ROWS, COLS = 40, 50


def pair(scheme: str = "opposite", device: Device = UNBALANCED, **options: Any) -> DifferentialPair:
    made = DifferentialPair(ROWS, COLS, device, seed=1, scheme=scheme, **options)
    made.set_effective_weights(np.random.default_rng(0).uniform(-0.5, 0.5, (ROWS, COLS)))
    return made


def pair_digest(made: DifferentialPair) -> str:
    state = made.state()
    return digest(*(state[name] for name in sorted(state) if "statistics" not in name))


def test_reads_give_the_difference() -> None:
    made = pair()
    difference = made.plus.weights - made.minus.weights
    x, d = signals(COLS, 1), signals(ROWS, 2)
    assert same_bits(made.effective_weights, difference)
    assert made.forward(x) == pytest.approx(difference @ x, abs=1e-5)
    assert made.backward(d) == pytest.approx(difference.T @ d, abs=1e-5)
    assert same_bits(made.read_column(3), difference[:, 3])


@pytest.mark.parametrize("scheme", SCHEMES)
def test_initial_weights_are_the_wanted_ones(scheme: str) -> None:
    wanted = np.random.default_rng(0).uniform(-0.5, 0.5, (ROWS, COLS))
    assert pair(scheme).effective_weights == pytest.approx(wanted, abs=1e-6)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_mean_update_is_the_wanted_one_for_devices_of_constant_step(scheme: str) -> None:
    constant = Device(laws.constant_step(w_max=8, w_min=-8, imbalance=0), dw_min=0.001)
    made = DifferentialPair(ROWS, COLS, constant, seed=1, scheme=scheme)
    x, d = signals(COLS, 1), signals(ROWS, 2) / 4
    wanted = wanted_sum = np.outer(d, x) * 0.001
    for _ in range(200):
        made.update(x, d, lr=0.001, pulses=20)
    wanted_sum = 200 * wanted
    counts = np.abs(wanted_sum) / 0.001
    error = (made.effective_weights - wanted_sum)[counts > 5]
    # Binomial counts scatter at most as much as Poisson ones.
    chi = error / (0.001 * np.sqrt(counts[counts > 5]))
    assert abs(chi.mean()) < 4 * 1.5 / np.sqrt(ROWS)
    assert chi.std() < 1.2
    moved = abs(made.effective_weights).sum()
    assert_within(moved, abs(wanted_sum).sum(), 0.02 * moved, 4)


def test_one_sided_pairs_get_up_pulses_only() -> None:
    made = pair("one-sided", refresh_every=0)
    before = made.plus.weights.copy(), made.minus.weights.copy()
    x, d = signals(COLS, 1), signals(ROWS, 2)
    made.update(x, d, lr=0.02, pulses=10)
    rise = np.outer(d, x)
    for array, start, sign in zip((made.plus, made.minus), before, (1, -1), strict=True):
        change = array.weights - start
        assert (change >= 0).all()
        assert not change[sign * rise <= 0].any()
        assert change[sign * rise > 0].any()


def test_the_symmetry_point_of_an_opposite_pair_is_zero_whatever_the_imbalance() -> None:
    """Random pulses of zero mean: one array alone drifts to w* = 0.3, the pair stays at zero."""
    made = DifferentialPair(ROWS, COLS, UNBALANCED, seed=1)
    alone = Crossbar(ROWS, COLS, UNBALANCED, seed=1)
    generator = np.random.default_rng(4)
    for _ in range(600):
        x, d = generator.choice([-1.0, 1.0], COLS), generator.choice([-1.0, 1.0], ROWS)
        made.update(x, d, lr=0.02)
        alone.update(x, d, lr=0.01)
    w = made.effective_weights
    sd = w.std() / np.sqrt(w.size)
    assert_within(w.mean(), 0, sd, 4, "pair")
    assert alone.weights.mean() > 0.2
    assert made.plus.weights.mean() > 0.2


def test_refresh_keeps_the_difference_and_makes_room() -> None:
    made = pair("one-sided", refresh_every=0)
    for k in range(40):
        made.update(np.ones(COLS), np.full(ROWS, 1.0 if k % 2 else -1.0), lr=0.05, pulses=10)
    before = made.effective_weights.copy()
    high = np.maximum(made.plus.weights, made.minus.weights) > 0.75
    both = np.minimum(made.plus.weights, made.minus.weights) > 0.25
    chosen = high & both
    assert chosen.any()
    assert not chosen.all()
    made.refresh()
    assert made.effective_weights == pytest.approx(before, abs=1e-6)
    assert not np.minimum(made.plus.weights, made.minus.weights)[chosen].any()
    assert (np.maximum(made.plus.weights, made.minus.weights)[chosen] < 0.75).all()


def test_refresh_comes_with_its_update() -> None:
    made, without = pair("one-sided", refresh_every=7), pair("one-sided", refresh_every=0)
    for k in range(7):
        assert pair_digest(made) == pair_digest(without)
        for array in (made, without):
            array.update(np.ones(COLS), np.full(ROWS, 1.0 if k % 2 else -1.0), lr=0.4, pulses=64)
    assert pair_digest(made) != pair_digest(without)


def test_state_goes_round() -> None:
    made = pair("one-sided", read="aihwkit", refresh_every=5)
    again = pair("one-sided", read="aihwkit", refresh_every=5)
    made.update(signals(COLS, 1), signals(ROWS, 2), lr=0.02)
    made.forward(signals(COLS, 1))
    again.restore(made.state())
    for array in (made, again):
        for k in range(5):
            array.update(signals(COLS, k), signals(ROWS, k), lr=0.02)
    assert pair_digest(made) == pair_digest(again)


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("scheme", SCHEMES)
def test_numpy_and_compiled_updates_give_the_same_bits(
    scheme: str, numpy_engine: Callable[[bool], None]
) -> None:
    digests = []
    for numpy in (False, True):
        numpy_engine(numpy)
        made = pair(scheme, small_device(device_spread=0.3, cycle_noise=0.3), refresh_every=3)
        for k in range(6):
            made.update(signals(COLS, k), 4 * signals(ROWS, k), lr=0.2)
        digests.append(pair_digest(made))
    assert digests[0] == digests[1]


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("algorithm", ["sgd", "shd"])
def test_fast_and_stepwise_training_give_the_same_bits(scheme: str, algorithm: str) -> None:
    histories = [
        train(
            blobs(),
            algorithm,
            small_device(cycle_noise=0.3),
            epochs=2,
            mapping=scheme,
            layers=(12, 8, 3),
            batch=3,
            engine=engine,
        )
        for engine in ("fast", "stepwise")
    ]
    assert histories[0].loss == histories[1].loss
    digests = [network_digest(h.network) for h in histories]
    assert digests[0] == digests[1]


def test_pairs_learn_on_unbalanced_devices_where_one_array_needs_a_zero_shift() -> None:
    accuracies = {
        mapping: train(
            blobs(240, 120, seed=1),
            "sgd",
            small_device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.6)),
            epochs=6,
            mapping=mapping,
            zero_shift=False,
            layers=(12, 8, 3),
            lr=0.1,
        ).accuracy[-1]
        for mapping in ("opposite", "reference")
    }
    assert accuracies["opposite"] > 0.9
    assert accuracies["reference"] < accuracies["opposite"] - 0.1


def test_bad_arguments_are_refused() -> None:
    for options, words in (
        ({"scheme": "both"}, "opposite, one-sided"),
        ({"refresh_every": -1}, "refresh_every"),
        ({"read": 3}, "read"),
    ):
        with pytest.raises(InputError, match=words):
            DifferentialPair(2, 2, UNBALANCED, **options)  # type: ignore[arg-type]
    made = pair()
    before = pair_digest(made)
    with pytest.raises(InputError, match="lr"):
        made.update(np.ones(COLS), np.ones(ROWS), lr=-1)
    with pytest.raises(InputError, match="x has shape"):
        made.update(np.ones(3), np.ones(ROWS), lr=1)
    assert pair_digest(made) == before


def test_devices_of_a_pair_relax_once_per_update() -> None:
    relaxing = HiddenStateFunctions(
        lambda w, rest: (1 - w, rest),
        lambda w, rest: (1 + w, rest),
        {"rest": 0.0},
        bounds=(-1, 1),
        between_updates=lambda w, rest: (w / 2, rest),
    )
    device = Device(relaxing, dw_min=0.01)
    made = DifferentialPair(2, 3, device)
    made.set_effective_weights(np.full((2, 3), 0.5))
    made.update(np.zeros(3), np.zeros(2), lr=0.01)
    assert made.effective_weights == pytest.approx(np.full((2, 3), 0.25))
    with pytest.raises(InputError, match="changes between updates"):
        DifferentialPair(2, 3, device, scheme="one-sided")
