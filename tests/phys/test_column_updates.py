"""Updates of one column of an array: what a transfer does, the same bits as by a unit vector."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from phys import Crossbar, Device, HiddenStateFunctions, fast, train
from phys.algorithms import MixedPrecision, ResidualLearning
from tests.phys.helpers import (
    SOFT,
    blobs,
    digest,
    interpreted,
    network_digest,
    random_weights,
    same_bits,
    signals,
)

DEVICES: dict[str, dict[str, Any]] = {
    "alike": {},
    "spread": {"device_spread": 0.3},
    "cycle noise": {"cycle_noise": 0.5},
    "additive noise": {"device_spread": 0.3, "additive_noise": 0.7},
}
ROWS, COLS = 37, 5


def changed(numbers: dict[str, Any], name: str, *arguments: Any) -> str:
    """Return a digest of an array and its statistics after one interpreted function of a law."""
    xbar = Crossbar(ROWS, COLS, Device(SOFT, dw_min=0.01, **numbers), seed=6)
    random_weights(xbar)
    with np.errstate(over="ignore"):
        interpreted(xbar.kernel)[name](
            xbar.columns,
            xbar.coefficients.reshape(-1),
            xbar.stride,
            xbar.noise,
            *arguments,
            xbar.streams,
            11,
            fast.scratch(max(ROWS, COLS)),
            xbar.statistics,
        )
    return digest(xbar.columns, xbar.statistics)


@pytest.mark.parametrize("numbers", DEVICES.values(), ids=DEVICES)
def test_given_pulses_are_an_update_in_which_all_lines_fire(numbers: dict[str, Any]) -> None:
    """A gain of 1 and one slot: chance has no part, and weights and statistics are equal."""
    signs = np.sign(signals(ROWS, 2)).astype(np.float32)
    count = np.count_nonzero(signs)
    given = changed(numbers, "give_column", 3, signs, count)
    assert given == changed(numbers, "update_column", 3, signs, np.float32(1), 1)
    assert given != changed(numbers, "give_column", 2, signs, count)
    other = signs.copy()
    other[np.nonzero(signs)[0][0]] *= -1
    assert given != changed(numbers, "give_column", 3, other, count)


def test_a_buffer_gives_its_full_pulses_and_keeps_the_rest() -> None:
    take_full = interpreted(Device(SOFT, dw_min=0.01).kernel)["take_full"]
    h = np.array([0.5, 1.0, -1.0, 2.75, -0.0, -3.5, 0.999], np.float32)
    signs = np.full(h.size, 7, np.float32)
    assert take_full(h, signs) == 4
    assert same_bits(signs, np.array([0, 1, -1, 1, 0, -1, 0], np.float32))
    assert same_bits(h, np.array([0.5, 0, 0, 1.75, -0.0, -2.5, 0.999], np.float32))
    assert take_full(h[:3].copy(), signs) == 0


def worn(w: Any, s: Any) -> tuple[Any, Any]:
    """Return a step that gets smaller with every pulse, and how many there were."""
    return (1 - w / 2) / (1 + 0.01 * s), s + 1


RELAXING = HiddenStateFunctions(
    up=worn,
    down=worn,
    bounds=(-1, 1),
    state={"count": 0.0},
    between_updates=lambda w, s: (0.999 * w, s),
    name="worn and relaxing",
)
KINDS: dict[str, tuple[Device, dict[str, Any]]] = {
    "alike": (Device(SOFT, dw_min=0.01), {}),
    "cycle noise": (Device(SOFT, dw_min=0.01, cycle_noise=0.3), {}),
    "pair": (Device(SOFT, dw_min=0.01, cycle_noise=0.3), {"mapping": "opposite"}),
    "hidden state": (Device(RELAXING, dw_min=0.01), {}),
    "expected update": (Device(SOFT, dw_min=0.01), {"update": "expected"}),
}


@pytest.mark.usefixtures("compiled")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "algorithm",
    [ResidualLearning(transfer_every=5), MixedPrecision(transfer_every=5)],
    ids=lambda algorithm: algorithm.name,
)
def test_transfers_find_the_bits_of_the_readable_algorithm(kind: str, algorithm: Any) -> None:
    """On equal and on noisy devices, in pairs, on devices that wear out, and without pulses."""
    device, options = KINDS[kind]
    found = [
        network_digest(
            train(
                blobs(41, 20),
                algorithm,
                device,
                epochs=1,
                layers=(12, 6, 3),
                zero_shift=False,
                engine=engine,
                **options,
            ).network
        )
        for engine in ("fast", "stepwise")
    ]
    assert found[0] == found[1]
