"""Digital numbers behind the arrays: their gradients, their bits, and what a scale makes up for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phys import Device, train
from phys.algorithms import SHD, Algorithm, PulsedSGD
from phys.checked import InputError
from phys.digital_outputs import BIASES, SCALES, DigitalOutputs, OutputKind
from phys.divergence import Diverged, Watch
from phys.event_controller import Controller
from phys.gradients import probe_gradients
from phys.history import History
from phys.layers import Conv, Dense, Pool, stages
from phys.network import Network
from phys.recording import Trajectory
from phys.training import TrainingInterrupted
from tests.phys.helpers import blobs, network_digest, small_device
from theory import laws

LEARNING = [(s, b) for s in SCALES for b in BIASES if (s, b) != ("fixed", "array")]
UNEVEN = small_device(laws.soft_bounds(w_max=2, w_min=-2, imbalance=0.2))
SIZES = (12, 6, 3)
CONVOLUTION = [Conv(3, 3), Pool(2, "average"), Dense(3)]


def network(kind: OutputKind, sizes: Any = SIZES, **options: Any) -> Network:
    made = Network(sizes, (), {}, 0, "tanh", outputs=kind, **options)
    made.programme_initial_weights()
    for layer in made.layers:
        if layer.outputs is not None and kind.scale != "fixed":
            layer.outputs.scale *= np.linspace(0.5, 2, layer.outputs.scale.size, dtype=np.float32)
    return made


def short(scale: str, bias: str, **changes: Any) -> History:
    """Train on data that are learned in no time."""
    options = {
        "algorithm": PulsedSGD(lr=0.05),
        "device": UNEVEN,
        "epochs": 2,
        "seed": 3,
        "layers": SIZES,
        "pairs": 20,
        "batch": 4,
        **changes,
    }
    return train(blobs(41, 20), output_scale=scale, bias=bias, **options)


def bits(history: History) -> Any:
    digital = [
        (name, numbers.tobytes())
        for layer in history.network.layers
        for name, numbers in layer.digital.items()
    ]
    return network_digest(history.network), digital, history.loss, history.accuracy


# -- gradients -----------------------------------------------------------------------------------
@pytest.mark.parametrize(("scale", "bias"), LEARNING)
@pytest.mark.parametrize("shape", ["dense", "convolution"])
def test_gradients_are_those_of_the_loss(scale: str, bias: str, shape: str) -> None:
    """Of every scale and bias, and of weights behind them, against difference quotients.

    The quotients are of the float64 mean of a float32 loss: a step of 1e-2 leaves errors of about
    1e-7/1e-2 from rounding and of 1e-4 times a third derivative.
    """
    kind = OutputKind(scale, bias)
    made = network(kind, (16, 6, 3) if shape == "dense" else stages(CONVOLUTION, (4, 4)))
    data = blobs(5, 5, pixels=16)
    image, label = data.train_images[4], int(data.train_labels[4])

    def loss() -> float:
        return probe_gradients(made, image[None], np.array([label]))[0]

    inputs, directions, _ = made.backpropagate(image, label)
    for depth, layer in enumerate(made.layers):
        outputs = layer.outputs
        assert outputs is not None
        for numbers, gain in (
            (outputs.scale, outputs.scale_gain),
            (outputs.bias, outputs.bias_gain),
            (layer.c.columns[1], directions[depth].T @ inputs[depth][:, 1]),
        ):
            for row in range(numbers.size):
                start, ends = numbers[row], []
                for sign in (1, -1):
                    numbers[row] = start + np.float32(sign * 1e-2)
                    ends.append(loss())
                numbers[row] = start
                assert -(ends[0] - ends[1]) / 2e-2 == pytest.approx(gain[row], abs=2e-4)


def test_a_shared_scale_takes_the_sum_of_its_rows_gradients() -> None:
    rows = np.arange(1, 4, dtype=np.float32)
    shared, own = (DigitalOutputs(OutputKind(s), rows) for s in SCALES[1:])
    for outputs in (shared, own):
        sums, d = np.array([[1.0, 2.0, 3.0]], np.float32), np.array([[0.5, 0.0, -1.0]], np.float32)
        assert outputs.forward(sums) == pytest.approx(sums)
        assert outputs.backward(d) == pytest.approx(d)
        outputs.note(sums, d)
        outputs.learn(0.1)
    assert own.scale == pytest.approx([1.05, 1.0, 0.7])
    assert shared.scale == pytest.approx([0.75] * 3)


# -- bits ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(("scale", "bias"), LEARNING)
def test_engines_agree(scale: str, bias: str, numpy_engine: Callable[[bool], None]) -> None:
    fast = bits(short(scale, bias))
    assert fast[1]
    assert bits(short(scale, bias, engine="stepwise")) == fast
    numpy_engine(True)
    assert bits(short(scale, bias)) == fast


def test_engines_agree_on_convolutions() -> None:
    device = small_device(laws.soft_bounds(w_max=2, w_min=-2, imbalance=0.2))
    made = [
        bits(
            train(
                "digits",
                "sgd",
                device,
                1,
                samples=30,
                layers=[Conv(3, 3), Pool(2), Dense(10)],
                batch=7,
                output_scale="learned",
                bias="digital",
                zero_shift=False,
                engine=engine,
            )
        )
        for engine in ("fast", "stepwise")
    ]
    assert made[0] == made[1]


def test_fixed_outputs_have_the_bits_of_none() -> None:
    """A scale whose rate is too small to move it leaves what the arrays find."""
    still = short("learned", "array", lr_digital=1e-30)
    assert network_digest(still.network) == network_digest(short("fixed", "array").network)


def test_a_resumed_training_keeps_the_digital_numbers(tmp_path: Path) -> None:
    def stop(progress: Any) -> None:
        if progress.epoch == 1:
            raise KeyboardInterrupt

    file = tmp_path / "checkpoint"
    whole = bits(short("learned", "digital", epochs=3))
    with pytest.raises(TrainingInterrupted):
        short("learned", "digital", epochs=3, checkpoint_file=file, progress=stop)
    assert bits(short("learned", "digital", epochs=3, checkpoint_file=file, resume=True)) == whole


# -- what they are for ---------------------------------------------------------------------------
def test_a_learned_scale_makes_up_for_weights_that_are_pulled_together() -> None:
    """Soft bounds pull to zero and cost plain SGD its loss; the scale wins most of it back."""
    device = Device(laws.soft_bounds(w_max=0.3, w_min=-0.3, imbalance=0), dw_min=0.001)

    def losses(scale: str, bias: str) -> list[float]:
        options = {"lr": 0.05, "zero_shift": False, "layers": (64, 32, 10)}
        return [
            train(
                "digits",
                "sgd",
                device,
                8,
                seed,
                output_scale=scale,
                bias=bias,
                lr_digital=None if scale == "fixed" else 0.01,
                **options,
            ).loss[-1]
            for seed in range(3)
        ]

    fixed, learned = losses("fixed", "array"), losses("learned", "digital")
    assert max(learned) < 0.5 * min(fixed)


def test_a_digital_bias_takes_no_column() -> None:
    with_column, without = short("fixed", "array").network, short("fixed", "digital").network
    for depth, inputs in enumerate(SIZES[:-1]):
        assert with_column.layers[depth].c.cols == inputs + 1
        assert without.layers[depth].c.cols == inputs


@pytest.mark.parametrize("initial", ["glorot", "fan-in"])
def test_weights_start_alike_wherever_the_bias_is(initial: str) -> None:
    column = Network((30, 20, 3), (), {}, 0, initial=initial)
    digital = Network((30, 20, 3), (), {}, 0, outputs=OutputKind(bias="digital"), initial=initial)
    limit = {"glorot": np.sqrt(6 / 50), "fan-in": np.sqrt(1 / 30)}[initial]
    start = column.initial_weights(0)
    assert 0.98 * limit < np.abs(start).max() <= limit
    assert (start[:-1] == digital.initial_weights(0)).all()
    assert (start[-1] == digital.layers[0].outputs.bias).all()


def test_what_learns_is_recorded_and_told() -> None:
    watched = Trajectory("output_scale", layer=2, devices=((0, 0), (2, 0)), every=10)
    history = short("learned-per-row", "array", record=[watched])
    values = history.records[0].values
    assert values[0] == pytest.approx([1, 1])
    scale = history.network.layers[1].outputs.scale
    assert values[-1] == pytest.approx(scale[[0, 2]], rel=0.05)
    assert history.settings["output_scale"] == "learned-per-row"
    assert "bias" not in history.settings


# -- errors --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"output_scale": "learnt"}, "output_scale = 'learnt'"),
        ({"bias": "none"}, "bias = 'none'"),
        ({"lr_digital": 0.1}, "nothing digital learns"),
        ({"output_scale": "learned", "lr_digital": float("nan")}, "lr_digital = nan"),
        ({"initial_weights": "zeros"}, "initial_weights = 'zeros'"),
        ({"bias": "digital", "algorithm": "shd", "record_energy": 2}, "change the loss beside C"),
    ],
)
def test_what_cannot_be_used_is_said(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        train(blobs(9, 9), **{"algorithm": "sgd", "layers": SIZES, **changes})


def test_an_algorithm_without_a_rate_needs_one_for_the_digital_numbers() -> None:
    class Still(Algorithm):
        name = "still"
        arrays = ("c",)

        def update(self, layer: Any, x: np.ndarray, d: np.ndarray) -> None:
            layer.c.update(x, d, 0.01, 10)

        def slowed(self, factor: float) -> Algorithm:
            return self

    with pytest.raises(InputError, match="give a learning rate"):
        short("learned", "array", algorithm=Still())
    assert short("learned", "array", algorithm=Still(), lr_digital=0.01).loss


def test_a_scale_that_grows_without_end_is_named() -> None:
    made = network(OutputKind("learned"))
    made.layers[1].outputs.scale[:] = np.inf
    with pytest.raises(Diverged, match=r"output scale of layer 2.*digital numbers is too high"):
        Watch(made).check(1.0, PulsedSGD(), "epoch 1", None)


def test_events_refuse_them() -> None:
    made = Network(SIZES, ("a", "c"), {"a": UNEVEN, "c": UNEVEN}, 0, outputs=OutputKind("learned"))
    with pytest.raises(InputError, match="leave outputs out"):
        Controller(made, SHD())
