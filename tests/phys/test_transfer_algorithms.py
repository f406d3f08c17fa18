"""Algorithms that move weights from array to array or through a buffer: what they conserve."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from phys import Crossbar, Device, train
from phys.algorithms import (
    AGAD,
    BUILT_IN,
    SHD,
    Algorithm,
    ChoppedTikiTakaV2,
    MixedPrecision,
    PulsedSGD,
    ResidualLearning,
    TikiTaka,
    TikiTakaV2,
    ZeroShiftedSGD,
    named_algorithm,
    settings_of,
    summary,
)
from phys.checked import InputError
from phys.network import Layer
from phys.random_bits import stream_key
from tests.phys.helpers import (
    assert_within,
    blobs,
    random_weights,
    same_bits,
    signals,
    state_digest,
)
from tests.phys.test_training import UNEVEN, bits, short
from theory import laws

ROWS, COLS = 3, 4
STEP = 2.0**-8
# Every pulse moves a device by exactly its step, far from its bounds.
LEVEL = Device(laws.constant_step(w_max=1, w_min=-1, imbalance=0), dw_min=STEP)
BUFFERED = (TikiTakaV2, ChoppedTikiTakaV2, AGAD)


def layer(algorithm: Algorithm, device: Device = LEVEL, seed: int = 0) -> Layer:
    arrays = {n: Crossbar(ROWS, COLS, device, seed + k) for k, n in enumerate(algorithm.arrays)}
    buffers = algorithm.buffers(ROWS, COLS)
    return Layer(arrays, terms=algorithm.terms, buffers=buffers, key=stream_key(seed, 14, 0))


def idle(algorithm: Algorithm, both: Layer, samples: int) -> None:
    """Run samples without a gradient: only transfers happen."""
    for _ in range(samples):
        algorithm.update(both, np.zeros(COLS, np.float32), np.zeros(ROWS, np.float32))


# -- what is read --------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", [TikiTaka, ResidualLearning])
def test_forward_and_backward_read_the_sum(kind: Any) -> None:
    both = layer(kind(gamma=0.25))
    for k, name in enumerate("ac"):
        random_weights(both.arrays[name], seed=k)
        both.arrays[name].set_reference(np.full((ROWS, COLS), 0.1 * k))
    w = both.c.effective_weights.astype(float) + 0.25 * both.a.effective_weights
    x, d = signals(COLS, 1), signals(ROWS, 2)
    assert both.forward(x[None])[0] == pytest.approx(w @ x, abs=1e-6)
    assert both.backward(d[None])[0] == pytest.approx(w.T @ d, abs=1e-6)


def test_tiki_taka_that_reads_c_alone_is_shd() -> None:
    rates: dict[str, Any] = {"lr_a": 0.05, "lr_c": 0.3}

    def tiki(gamma: float) -> Any:
        algorithm = TikiTaka(gamma=gamma, transfer_every=1, **rates)
        return short("shd, uneven", algorithm=algorithm, transfer_every=None)

    shd = short("shd, uneven", **rates)
    assert bits(tiki(0.0)) == bits(shd)
    other = tiki(0.5)
    assert bits(other) != bits(shd)


# -- zero-shifted SGD ----------------------------------------------------------------------------
def test_zero_shifted_sgd_is_pulsed_sgd_after_a_zero_shift() -> None:
    options: dict[str, Any] = {"device": UNEVEN, "epochs": 1, "layers": (12, 3), "pairs": 20}
    named = train(blobs(41, 20), ZeroShiftedSGD(lr=0.05), **options)
    plain = train(blobs(41, 20), PulsedSGD(lr=0.05), zero_shift=True, **options)
    assert bits(named) == bits(plain)
    with pytest.raises(InputError, match="zero-shift"):
        train(blobs(41, 20), "zero-shifted-sgd", zero_shift=False, **options)


# -- buffers -------------------------------------------------------------------------------------
@pytest.mark.parametrize("limit", [1, 3, 64])
def test_the_buffer_loses_nothing(limit: int) -> None:
    """Pulses given plus what is left in H is all that was read, times its rate."""
    tiki = TikiTakaV2(lr_h=7.0, transfer_pulses=limit)
    both = layer(tiki)
    random_weights(both.a, share=0.5)
    visits = 5
    idle(tiki, both, visits * COLS)
    read = 7.0 * visits * both.a.effective_weights.astype(float)
    given = both.c.weights.astype(float) / STEP
    assert given + both.buffers["h"].T == pytest.approx(read, abs=1e-4)
    assert (np.abs(given) <= visits * limit).all()
    assert given == pytest.approx(np.round(given), abs=1e-6), "whole pulses"
    if limit == 64:
        assert (np.abs(both.buffers["h"]) < 1).all()


def test_a_buffer_below_one_pulse_gives_none() -> None:
    tiki = TikiTakaV2(lr_h=0.9)
    both = layer(tiki)
    both.a.set_weights(np.ones((ROWS, COLS)))
    idle(tiki, both, COLS)
    assert (both.c.columns == 0).all()
    assert both.buffers["h"] == pytest.approx(np.full((COLS, ROWS), 0.9))
    idle(tiki, both, COLS)
    assert both.c.columns == pytest.approx(np.full((COLS, ROWS), STEP))
    assert both.buffers["h"] == pytest.approx(np.full((COLS, ROWS), 0.8), abs=1e-6)


@pytest.mark.parametrize("kind", BUFFERED)
def test_columns_take_turns(kind: Any) -> None:
    algorithm = kind(transfer_every=3, lr_h=40)
    both = layer(algorithm)
    random_weights(both.a)
    seen = []
    for _ in range(6 * COLS):
        before = both.buffers["h"].copy() + both.c.columns / STEP
        idle(algorithm, both, 1)
        after = both.buffers["h"] + both.c.columns / STEP
        changed = np.abs(after - before) > 1e-3
        seen += np.nonzero(changed.any(axis=1))[0].tolist()
    assert seen == list(range(COLS)) * 2


def test_choppers_that_never_flip_change_nothing() -> None:
    plain = short("tiki-taka v2")
    chopped = short(
        "tiki-taka v2",
        algorithm=ChoppedTikiTakaV2(lr_h=40, transfer_pulses=3, flip_probability=0),
    )
    for one, other in zip(plain.network.layers, chopped.network.layers, strict=True):
        assert state_digest(one.a) == state_digest(other.a)
        assert state_digest(one.c) == state_digest(other.c)


def test_choppers_flip_as_often_as_they_should() -> None:
    """Within 4 sd of a binomial count; and not in step with each other."""
    chopped, visits, p = ChoppedTikiTakaV2(flip_probability=0.3), 500, 0.3
    both = layer(chopped)
    flips = np.zeros(COLS)
    for _ in range(visits):
        before = both.buffers["chopper"].copy()
        idle(chopped, both, COLS)
        flips += before != both.buffers["chopper"]
    count = visits * COLS
    assert_within(flips.sum(), p * count, np.sqrt(count * p * (1 - p)), 4, "flips")
    assert len(set(flips)) > 1


def drift(algorithm: Algorithm, visits: int = 400) -> float:
    """Return how far C moves, in pulses, where A lies off its reference and nothing is learned."""
    both = layer(algorithm, seed=3)
    both.a.set_weights(np.full((ROWS, COLS), 0.05))
    idle(algorithm, both, visits * COLS)
    return float(np.abs(both.c.weights + both.buffers["h"].T * STEP).mean() / STEP)


def test_a_wrong_reference_drives_c_unless_choppers_or_a_learned_reference_stop_it() -> None:
    """An offset o of A moves C by rate x o at every visit: 400 of them make 100 pulses.

    Chopped, the visits have signs that persist for 1/p = 2 visits on average: a random walk, whose
    rms of 0.25 sqrt(400 (2 - p)/p) = 8.7 pulses the mean stays below. AGAD subtracts what it has
    seen before, and only drifts until its first flips.
    """
    rate, p = 5.0, 0.5
    wrong = 400 * rate * 0.05
    assert drift(TikiTakaV2(lr_h=rate)) == pytest.approx(wrong, rel=1e-3)
    rms = rate * 0.05 * np.sqrt(400 * (2 - p) / p)
    assert drift(ChoppedTikiTakaV2(lr_h=rate, flip_probability=p)) < 2 * rms < wrong / 4
    assert drift(AGAD(lr_h=rate, flip_probability=p, mean_rate=0.5)) < wrong / 50


def test_agad_copies_its_mean_when_a_chopper_flips() -> None:
    agad = AGAD(mean_rate=0.25, flip_probability=0.4)
    both = layer(agad, seed=5)
    both.a.set_weights(np.full((ROWS, COLS), 0.5))
    b = both.buffers
    for _ in range(60):
        sign, mean, reference = b["chopper"].copy(), b["mean"].copy(), b["reference"].copy()
        column = both.turns % COLS
        idle(agad, both, 1)
        moved = mean[column] + np.float32(0.25) * (np.float32(0.5) - mean[column])
        assert same_bits(b["mean"][column], moved)
        flipped = b["chopper"][column] != sign[column]
        assert same_bits(b["reference"][column], moved if flipped else reference[column])


# -- whole arrays at once ------------------------------------------------------------------------
def test_residual_learning_moves_all_columns_together() -> None:
    """``W + beta (P - R)`` in whole pulses: the column fires in every slot, so 1 counts."""
    residual = ResidualLearning(lr_c=10 * STEP / 0.125, transfer_every=3)
    both = layer(residual)
    both.a.set_weights(np.full((ROWS, COLS), 0.625))
    both.a.set_reference(np.full((ROWS, COLS), 0.5))
    idle(residual, both, 2)
    assert (both.c.columns == 0).all()
    idle(residual, both, 1)
    assert (both.c.columns == 10 * STEP).all()
    assert both.c.updates == COLS


def test_mixed_precision_loses_nothing() -> None:
    """Pulses given plus the sum that is left are lr times all outer products."""
    mixed = MixedPrecision(lr=0.05, transfer_every=4, pulses=64)
    both = layer(mixed)
    wanted = np.zeros((ROWS, COLS))
    for sample in range(20):
        x, d = signals(COLS, sample), signals(ROWS, 100 + sample)
        mixed.update(both, x, d)
        wanted += 0.05 * np.outer(d.astype(float), x)
    left = both.buffers["chi"].T
    assert both.c.weights + left * STEP == pytest.approx(wanted, abs=1e-5)
    assert (np.abs(left) < 1).all()
    assert np.abs(both.c.weights).max() > 10 * STEP


# -- all of them ---------------------------------------------------------------------------------
@pytest.mark.parametrize("name", [n for n in BUILT_IN if n not in ("float", "sgd", "shd")])
def test_the_loss_falls_on_a_balanced_device(name: str) -> None:
    """A task that any descent solves: the loss falls to less than half."""
    device = Device(laws.soft_bounds(w_max=2, w_min=-2, imbalance=0), dw_min=0.001)
    settings: dict[str, float] = {}
    if name in ("residual", "mixed-precision"):
        settings = {"transfer_every": 5}
    elif name == "zero-shifted-sgd":
        settings = {"lr": 0.05}
    algorithm = named_algorithm(name, **settings)
    history = train(blobs(300), algorithm, device, epochs=12, layers=(12, 8, 3), pairs=1)
    assert history.loss[-1] < history.loss[0] / 2
    assert history.accuracy[-1] > 0.9


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_algorithm_says_what_it_is_and_slows_its_gradient_only(name: str) -> None:
    algorithm = named_algorithm(name)
    assert summary(name).endswith(".")
    assert r".. math::" in (type(algorithm).__doc__ or "")
    slowed = algorithm.slowed(0.5)
    changed = {k: v for k, v in settings_of(name).items() if getattr(slowed, k) != v}
    rate = "lr_a" if "a" in algorithm.arrays else "lr"
    assert changed == {rate: settings_of(name)[rate]}
    assert getattr(slowed, rate) == settings_of(name)[rate] / 2


@pytest.mark.parametrize("name", BUILT_IN)
@pytest.mark.parametrize("bad", [-1, float("nan"), float("inf"), "x", None])
def test_settings_that_mean_nothing_are_refused(name: str, bad: Any) -> None:
    for setting in settings_of(name):
        with pytest.raises(InputError, match=f"{setting} = "):
            BUILT_IN[name](**{setting: bad})


def test_shd_and_tiki_taka_take_no_setting_of_the_other() -> None:
    with pytest.raises(InputError, match=r"gamma = 0\.1 means nothing to algorithm 'shd'"):
        named_algorithm("shd", gamma=0.1)
    assert SHD() != TikiTaka()
