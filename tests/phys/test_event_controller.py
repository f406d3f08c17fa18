from __future__ import annotations

import io
import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from phys import Device, Timing, zero_shift
from phys.algorithms import SHD, FloatSGD, PulsedSGD, TikiTaka
from phys.checked import InputError
from phys.cli.simulate import simulate
from phys.event_controller import Activity, Controller, StepResult
from phys.network import Network
from phys.trace_plots import time_line
from phys.update_times import PUBLISHED_NS, compare, update_time_ns
from theory import laws

LAW = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.2)
DEVICE = Device(LAW, dw_min=0.005, device_spread=0.2, cycle_noise=0.3)
SIZES = (9, 7, 5, 3)
RNG = np.random.default_rng(0)
IMAGES = (RNG.random((7, 9)) * (RNG.random((7, 9)) < 0.6)).astype(np.float32)
LABELS = RNG.integers(0, 3, 7)
SGD = PulsedSGD(lr=0.1)
HAMILTONIAN = SHD(lr_a=0.2, lr_c=0.5, transfer_every=2)
TIKI_TAKA = TikiTaka(lr_a=0.2, lr_c=0.5, gamma=0.3, transfer_every=2)
ALGORITHMS = [SGD, HAMILTONIAN, TIKI_TAKA]


def network_for(algorithm: Any, sizes: tuple[int, ...] = SIZES, seed: int = 5) -> Network:
    devices = dict.fromkeys(algorithm.arrays, DEVICE)
    network = Network(sizes, algorithm.arrays, devices, seed, terms=algorithm.terms)
    network.programme_initial_weights()
    return network


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_whole_steps_give_the_bits_of_the_fast_engine(algorithm: Any) -> None:
    fast, event = network_for(algorithm), network_for(algorithm)
    losses = []
    for image, label in zip(IMAGES, LABELS, strict=True):
        inputs, directions, loss = fast.backpropagate(image, int(label))
        for layer, x, d in fast.updates(inputs, directions):
            algorithm.update(layer, x, d)
        losses.append(float(loss))
    steps = Controller(event, algorithm).run(IMAGES, LABELS)
    assert [step.loss for step in steps] == losses
    for a, b in zip(fast.layers, event.layers, strict=True):
        assert a.turns == b.turns
        for name in algorithm.arrays:
            assert a.arrays[name].columns.tobytes() == b.arrays[name].columns.tobytes()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("timing", [Timing.rasch_2024(), Timing(slot_ns=9, jitter_ps=200)])
def test_the_time_line_is_possible(algorithm: Any, timing: Timing) -> None:
    controller = Controller(network_for(algorithm), algorithm, timing)
    steps = controller.run(IMAGES, LABELS)
    for step in steps:
        for place in {(a.layer, a.array) for a in step.activities if a.array != "-"}:
            own = [a for a in step.activities if (a.layer, a.array) == place]
            assert all(a.end_ns <= b.start_ns for a, b in pairwise(own))
        assert step.time_ns <= step.one_after_the_other_ns
        assert step.energy_fj == pytest.approx(sum(a.energy_fj for a in step.activities))
        for name, _ in algorithm.terms:
            reads = [
                a for a in step.activities if a.what in ("forward", "backward") and a.array == name
            ]
            assert sorted((a.what, a.layer) for a in reads) == [
                ("backward", 1), ("backward", 2), ("forward", 0), ("forward", 1), ("forward", 2),
            ]  # fmt: skip
    total = sum(array.energy_fj for layer in controller.arrays for array in layer.values())
    assert total == pytest.approx(sum(step.energy_fj for step in steps))
    assert all(a.start_ns + a.time_ns <= b.start_ns for a, b in pairwise(steps))


def test_shd_updates_a_beside_the_backward_read_and_others_wait_for_it() -> None:
    def of(algorithm: Any, array: str) -> tuple[float, float]:
        step = Controller(network_for(algorithm), algorithm).run(IMAGES[:1], LABELS[:1])[0]
        (read,) = [a for a in step.activities if (a.what, a.array, a.layer) == ("backward", "c", 2)]
        (update,) = [
            a for a in step.activities if (a.what, a.array, a.layer) == ("update", array, 2)
        ]
        return read.start_ns, update.start_ns

    read, update = of(HAMILTONIAN, "a")
    assert update == read
    for algorithm, array in ((SGD, "c"), (TIKI_TAKA, "a")):
        read, update = of(algorithm, array)
        assert update == read + 40


def test_slow_settling_changes_what_early_reads_see() -> None:
    ends = []
    for timing in (Timing.ideal(), Timing(settling_ns=1000)):
        network = network_for(SGD)
        Controller(network, SGD, timing).run(IMAGES, LABELS)
        ends.append(network.layers[0].c.columns.copy())
    assert (ends[0] != ends[1]).any()


def test_arrays_are_zero_shifted_side_by_side_and_to_the_same_bits() -> None:
    fast, event = network_for(HAMILTONIAN), network_for(HAMILTONIAN)
    controller = Controller(event, HAMILTONIAN)
    step = controller.zero_shift(5, ("a",))
    for a, b in zip(fast.layers, event.layers, strict=True):
        zero_shift(a.a, pairs=5)
        assert a.a.columns.tobytes() == b.a.columns.tobytes()
        assert a.a.reference.tobytes() == b.a.reference.tobytes()
        assert not b.c.reference.any()
    # Ten pulses, then a read for each column of the widest array, the first.
    assert [a.end_ns for a in step.activities if a.layer == 0] == [10 * 5 + 10 * 40]
    assert step.time_ns == 450
    with pytest.raises(InputError, match="names = 'b'"):
        controller.zero_shift(5, ("b",))


def test_what_has_no_sequence_is_refused() -> None:
    with pytest.raises(InputError, match="FloatSGD"):
        Controller(network_for(SGD), FloatSGD())
    with pytest.raises(InputError, match=r"images has shape \(9,\)"):
        Controller(network_for(SGD), SGD).run(IMAGES[0], LABELS)


def test_the_time_line_can_be_drawn() -> None:
    controller = Controller(network_for(HAMILTONIAN), HAMILTONIAN, Timing.rasch_2024())
    step = controller.run(IMAGES[:2], LABELS[:2])[-1]
    (axes,) = time_line(step).axes
    assert len(axes.patches) == len(step.activities)
    time_line(step).savefig(io.BytesIO())
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert labels == [f"layer {n}, {array}" for n in range(3) for array in ("C", "digital", "A")]


def test_an_operation_that_takes_no_time_is_a_tick() -> None:
    """A transfer of nothing: no bar, but an edge that is seen."""
    step = StepResult(
        0.0, [Activity(0, "c", "forward", 0, 40), Activity(0, "c", "transfer", 50, 50)]
    )
    (axes,) = time_line(step).axes
    bar, tick = axes.patches
    assert tick.get_width() == 0 < bar.get_width()
    assert tick.get_linewidth() > 2
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["forward", "transfer"]


# -- published update times ----------------------------------------------------------------
def test_one_inferred_constant_reproduces_all_published_update_times() -> None:
    timing = Timing.rasch_2024()
    for algorithm, published in PUBLISHED_NS.items():
        assert abs(update_time_ns(algorithm, timing) - published) <= 0.05

    def agad(slots: int, every: int) -> float:
        pulse, digital = timing.pulse_ns, timing.digital_ns
        return slots * pulse + digital + (timing.read_ns + pulse + 3 * digital) / every

    assert abs(agad(5, 2) - 62.1) <= 0.05
    assert abs(agad(1, 10) - 17.1) <= 0.05


@pytest.mark.parametrize("size", [8, 512])
def test_simulated_update_times_are_those_of_two_phases_at_any_size(size: int) -> None:
    for time in compare(size=size):
        assert time.simulated == pytest.approx(time.two_phases, abs=1e-9)


# -- the command ---------------------------------------------------------------------------
@pytest.mark.parametrize("algorithm", ["sgd", "shd", "tiki-taka"])
def test_the_command_prints_and_draws(algorithm: str, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("line.png", "pulses.svg", "update.vcd")]
    options = ["--algorithm", algorithm, "--samples", "2", "--hidden", "6", "--settling-ns", "5"]
    for option, file in zip(("--time-line", "--diagram", "--vcd"), files, strict=True):
        options += [option, str(file)]
    done = CliRunner().invoke(simulate, options, catch_exceptions=False)
    assert done.exit_code == 0
    assert "step 2 of 2:" in done.stdout
    assert "30.9" in done.stdout
    assert all(file.stat().st_size for file in files)


def test_the_command_speaks_json() -> None:
    done = CliRunner().invoke(simulate, ["--samples", "2", "--hidden", "6", "--json"])
    found = json.loads(done.stdout)
    assert len(found["steps"]) == 2
    assert found["update_times_ns"][0]["published"] == 30.9


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--samples", "2001"], "samples = 2001"),
        (["--hidden", "many"], "--hidden = 'many'"),
        (["--slot-ns", "1"], "slot_ns = 1.0"),
        (["--vcd", "/missing/file.vcd"], "--vcd"),
    ],
)
def test_the_command_refuses_what_it_cannot_do(options: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        CliRunner().invoke(simulate, options, catch_exceptions=False)


def test_a_step_without_operations_is_empty() -> None:
    assert StepResult().energy_fj == 0
