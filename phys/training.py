"""Training: data, network, algorithm and devices in, a history out."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from phys import checked, checkpoint, fused, loops
from phys.algorithms import SHD, Algorithm, named_algorithm
from phys.checked import InputError
from phys.data import Dataset, load
from phys.device import Device
from phys.energy import EnergyPoint, measure_energy
from phys.network import ACTIVATIONS, Network
from phys.random_bits import SAMPLE_ORDER, child, stream_key
from phys.zero_shifting import ZeroShiftHistory
from phys.zero_shifting import zero_shift as shift_array

CHUNK = 1000
CHECKPOINT_SECONDS = 20.0
PROBE = 1000
RUNNING_TEST = 1000
HIDDEN = {"mnist": (256, 128), "digits": (64, 32)}


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; the message says where the checkpoint is and how to go on."""


class Diverged(ArithmeticError):
    """The loss is no longer a number."""


@dataclass
class LayerReport:
    """How the updates of one array of one layer went.

    Attributes
    ----------
    layer : int
    array : str
    updates : int
    pulses : int
        Pulses given by updates, over all devices.
    clipped_fraction : float
        Share of the wanted device changes whose row or column clipped at probability 1.
    delivered_over_wanted : float
        Mean pulses delivered, over those wanted.
    """

    layer: int
    array: str
    updates: int
    pulses: int
    clipped_fraction: float
    delivered_over_wanted: float


@dataclass
class History:
    """What a training did.

    Attributes
    ----------
    accuracy : list of float
        Test accuracy in [0, 1] after each epoch.
    loss : list of float
        Mean cross-entropy over the samples of each epoch, as they were learned.
    settings : dict
        Everything that identifies the run.
    data : str
        Which data it was, in words.
    notice : str
        Empty, or that these data stand in for others.
    layers : list of LayerReport
    zero_shifts : dict of (layer, array) label to ZeroShiftHistory
    energy : list of EnergyPoint
        For SHD with ``record_energy``.
    samples_per_second : float
        Training speed, evaluation and zero-shifting left out.
    network : Network
        The trained network; its arrays hold the weights.
    """

    accuracy: list[float] = field(default_factory=list)
    loss: list[float] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    data: str = ""
    notice: str = ""
    layers: list[LayerReport] = field(default_factory=list)
    zero_shifts: dict[str, ZeroShiftHistory] = field(default_factory=dict, repr=False)
    energy: list[EnergyPoint] = field(default_factory=list, repr=False)
    samples_per_second: float = 0.0
    network: Network | None = field(default=None, repr=False)

    def as_dict(self) -> dict[str, Any]:
        """Return the history in JSON types, without the network."""
        return {
            "settings": self.settings,
            "data": self.data,
            "notice": self.notice,
            "accuracy": self.accuracy,
            "loss": self.loss,
            "layers": [vars(report) for report in self.layers],
            "zero_shifts": {
                name: {
                    "pairs": h.pairs,
                    "pulses": h.pulses,
                    "rule": h.rule,
                    "at": h.at,
                    "distance": h.distance,
                }
                for name, h in self.zero_shifts.items()
            },
            "energy": [point.as_dict() for point in self.energy],
            "samples_per_second": self.samples_per_second,
        }


@dataclass(frozen=True)
class Progress:
    """Where a training stands: `fraction` in [0, 1], a word for what it does, accuracy so far.

    At the end of an epoch `epoch` is its number, from 1, and `accuracy` that of the whole test set;
    between, the accuracy is None or that of a part.
    """

    fraction: float
    stage: str
    accuracy: float | None
    epoch: int | None = None


def train(
    data: str | Dataset = "mnist",
    algorithm: str | Algorithm = "shd",
    device: Device | None = None,
    epochs: int = 3,
    seed: int = 0,
    zero_shift: bool | str = True,
    samples: int | None = None,
    *,
    layers: tuple[int, ...] | None = None,
    lr: float | None = None,
    lr_a: float | None = None,
    lr_c: float | None = None,
    transfer_every: int | None = None,
    pulses: int | None = None,
    batch: int = 1,
    activation: str = "sigmoid",
    device_a: Device | None = None,
    pairs: int | str | None = None,
    read: str = "down",
    reference_error: float = 0.0,
    data_dir: str | Path | None = None,
    checkpoint_file: str | Path | None = None,
    resume: bool = False,
    record_energy: int = 0,
    engine: str = "fast",
    progress: Callable[[Progress], Any] | None = None,
) -> History:
    """Train a fully connected network on arrays of devices.

    Parameters
    ----------
    data : str or Dataset
        "mnist", "digits", or what `phys.data.load` returned.
    algorithm : str or Algorithm
        "float", "sgd" or "shd", or an instance from `phys.algorithms`.
    device : Device, optional
        Device of every array; not used by "float". Default: soft bounds +-0.6, imbalance 0.3,
        dw_min 0.001.
    epochs, seed : int
    zero_shift : bool or str
        Zero-shift the arrays first: True all of them, False none, or the letters of those to shift
        ("a", "c").
    samples : int, optional
        Use only the first so many training images.
    layers : tuple of int, optional
        Units per layer, inputs and classes included; default (784, 256, 128, 10) for MNIST.
    lr, lr_a, lr_c, transfer_every, pulses
        Settings of the algorithm; None keeps its default.
    batch : int
        Samples that are run forward and backward before their updates; learning rates act on the
        mean gradient. The updates themselves come sample by sample, as on the hardware.
    activation : str
        "sigmoid", "tanh" or "relu".
    device_a : Device, optional
        Another device for array A.
    pairs, read, reference_error
        See `phys.zero_shifting`.
    data_dir : path, optional
        Folder with the MNIST files.
    checkpoint_file : path, optional
        Where to keep the state while training goes on.
    resume : bool
        Go on from `checkpoint_file`; the result is the same, bit for bit, as without the stop.
    record_energy : int
        For SHD: measure the energy this many times per epoch.
    engine : str
        "fast", or "stepwise": every sample through `Algorithm.update`, the readable way. Same bits.
    progress : callable, optional
        Called with a `Progress`.

    Returns
    -------
    History

    Raises
    ------
    InputError
        An argument that cannot be used.
    Diverged
        The loss is not a number any more.
    TrainingInterrupted
        Ctrl-C; a checkpoint has been written if one was asked for.

    Examples
    --------
    >>> from theory import laws
    >>> from phys import Device, train
    >>> device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), dw_min=0.001)
    >>> history = train("digits", "shd", device, epochs=2, samples=500, seed=0)
    >>> len(history.accuracy)
    2
    """
    run = _Run(
        data=data if isinstance(data, Dataset) else load(data, data_dir),
        algorithm=_algorithm(
            algorithm, lr=lr, lr_a=lr_a, lr_c=lr_c, transfer_every=transfer_every, pulses=pulses
        ),
        devices=_devices(device, device_a),
        epochs=checked.whole("epochs", epochs, 1),
        seed=checked.whole("seed", seed, 0, 2**63 - 1),
        shifted=zero_shift,
        samples=samples,
        sizes=layers,
        batch=checked.whole("batch", batch, 1),
        activation=checked.choice("activation", activation, tuple(ACTIVATIONS)),
        shift_options={"pairs": pairs, "read": read, "reference_error": reference_error},
        record_energy=checked.whole("record_energy", record_energy, 0),
        stepwise=checked.choice("engine", engine, ("fast", "stepwise")) == "stepwise",
        report=progress,
        file=None if checkpoint_file is None else Path(checkpoint_file),
    )
    if resume and run.file is None:
        raise InputError("resume = True needs checkpoint_file; name the file to go on from")
    if resume:
        run.restore()
    else:
        run.prepare()
    run.learn()
    return run.history


def _algorithm(algorithm: str | Algorithm, **rates: Any) -> Algorithm:
    if isinstance(algorithm, str):
        return named_algorithm(algorithm, **rates)
    given = {key: value for key, value in rates.items() if value is not None}
    if given:
        raise InputError(
            f"{', '.join(given)} given beside an instance of {type(algorithm).__name__}; "
            f"set them there"
        )
    return algorithm


def _devices(device: Device | None, device_a: Device | None) -> dict[str, Device]:
    if device is None:
        from theory import laws

        device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), dw_min=0.001)
    for name, value in (("device", device), ("device_a", device_a)):
        if value is not None and not isinstance(value, Device):
            raise InputError(f"{name} = {value!r} is a {type(value).__name__}; give a phys.Device")
    return {"a": device if device_a is None else device_a, "c": device}


def sample_order(seed: int, epoch: int, count: int) -> np.ndarray:
    """Return the order of the samples in an epoch, int64 (count,): a sort by random words."""
    with np.errstate(over="ignore"):
        words = child(stream_key(seed, int(SAMPLE_ORDER), epoch), np.arange(count, dtype=np.uint64))
    return np.argsort(words, kind="stable")


class _Run:
    """One training on its way: what `train` was asked for, and how far it is."""

    def __init__(
        self,
        data: Dataset,
        algorithm: Algorithm,
        devices: dict[str, Device],
        epochs: int,
        seed: int,
        shifted: bool | str,
        samples: int | None,
        sizes: tuple[int, ...] | None,
        batch: int,
        activation: str,
        shift_options: dict[str, Any],
        record_energy: int,
        stepwise: bool,
        report: Callable[[Progress], Any] | None,
        file: Path | None,
    ) -> None:
        total = len(data.train_labels)
        self.count = total if samples is None else checked.whole("samples", samples, 1, total)
        self.data, self.algorithm, self.epochs, self.seed = data, algorithm, epochs, seed
        self.shifted = _arrays_to_shift(shifted, algorithm)
        self.shift_options = shift_options
        self.batch, self.stepwise, self.report, self.file = batch, stepwise, report, file
        if record_energy and not isinstance(algorithm, SHD):
            raise InputError(
                f"record_energy = {record_energy}: algorithm {algorithm.name!r} has no energy; "
                f"use SHD"
            )
        self.record_energy = record_energy
        pixels, classes = data.train_images.shape[1], int(data.train_labels.max()) + 1
        self.sizes = _sizes(sizes, data.name, pixels, classes)
        names = algorithm.arrays
        self.network = Network(self.sizes, names, devices, seed, activation)
        self.effective = algorithm.slowed(1 / batch) if batch > 1 else algorithm
        self.epoch = self.position = 0
        self.epoch_loss = self.seconds = 0.0
        self.samples_timed = 0
        self.history = History(data=data.source, notice=data.notice, network=self.network)
        self.history.settings = {
            "data": data.name,
            "samples": self.count,
            "layers": list(self.sizes),
            "activation": activation,
            "algorithm": repr(algorithm),
            "devices": {n: describe_device(devices[n]) for n in names},
            "zero_shift": "".join(self.shifted),
            **{k: v for k, v in shift_options.items() if self.shifted},
            "batch": batch,
            "seed": seed,
        }

    # -- start -------------------------------------------------------------------------------
    def prepare(self) -> None:
        """Zero-shift the arrays and write the initial weights."""
        if self.file is not None and self.file.is_dir():
            raise InputError(f"checkpoint_file = {str(self.file)!r} is a folder; name a file")
        todo = [(d, n) for d in range(len(self.network.layers)) for n in self.shifted]
        for k, (depth, name) in enumerate(todo):

            def tell(part: float, k: int = k) -> None:
                self._tell((k + part) / len(todo), "zero-shifting")

            self.history.zero_shifts[f"{name.upper()}{depth + 1}"] = shift_array(
                self.network.layers[depth].arrays[name], progress=tell, **self.shift_options
            )
        self.network.programme_initial_weights()
        if self.file is not None:
            self.save()

    def _tell(
        self, fraction: float, stage: str, accuracy: float | None = None, epoch: int | None = None
    ) -> None:
        if self.report is not None:
            self.report(Progress(fraction, stage, accuracy, epoch))

    # -- the loop ----------------------------------------------------------------------------
    def learn(self) -> None:
        """Train until the last epoch is done."""
        data, network = self.data, self.network
        labels = data.train_labels[: self.count].astype(np.int64)
        images = np.ascontiguousarray(data.train_images[: self.count])
        run = self._stepwise(images, labels) if self.stepwise else None
        run = run or fused.compiled_runner(network, self.effective, images, labels, self.batch)
        run = run or self._stepwise(images, labels)
        chunk = max(CHUNK // self.batch, 1) * self.batch
        if self.record_energy:
            chunk = min(chunk, max(self.count // self.record_energy // self.batch, 1) * self.batch)
        saved = time.monotonic()
        try:
            if self.record_energy and not self.history.energy:
                self._note_energy()
            while self.epoch < self.epochs:
                order = sample_order(self.seed, self.epoch, self.count)
                while self.position < self.count:
                    stop = min(self.position + chunk, self.count)
                    began = time.perf_counter()
                    with _no_interrupt():
                        self.epoch_loss += run(order[self.position : stop])
                        self.seconds += time.perf_counter() - began
                        self.samples_timed += stop - self.position
                        self.position = stop
                    self._check_loss()
                    self._after_chunk(chunk)
                    if self.file is not None and time.monotonic() - saved > CHECKPOINT_SECONDS:
                        self.save()
                        saved = time.monotonic()
                self.history.accuracy.append(network.accuracy(data.test_images, data.test_labels))
                self.history.loss.append(self.epoch_loss / self.count)
                self.epoch, self.position, self.epoch_loss = self.epoch + 1, 0, 0.0
                self._tell(
                    self.epoch / self.epochs, "training", self.history.accuracy[-1], self.epoch
                )
                if self.file is not None:
                    self.save()
        except KeyboardInterrupt:
            raise TrainingInterrupted(self._farewell()) from None
        self.history.samples_per_second = self.samples_timed / max(self.seconds, 1e-9)
        self.history.layers = layer_reports(network)

    def _stepwise(self, images: np.ndarray, labels: np.ndarray) -> fused.Runner:
        def run(order: np.ndarray) -> float:
            total = 0.0
            for start in range(0, order.size, self.batch):
                done = [
                    self.network.backpropagate(images[n], int(labels[n]))
                    for n in order[start : start + self.batch]
                ]
                for inputs, directions, loss in done:
                    total += float(loss)
                    for layer, x, d in zip(self.network.layers, inputs, directions, strict=True):
                        self.effective.update(layer, x, d)
            return total

        return run

    def _after_chunk(self, chunk: int) -> None:
        done = self.epoch * self.count + self.position
        if self.record_energy:
            spacing = max(self.count // self.record_energy, 1)
            if done // spacing > (done - chunk) // spacing:
                self._note_energy()
        if self.report is not None:
            accuracy = None
            if done % (10 * CHUNK) < chunk:
                few = slice(0, RUNNING_TEST)
                accuracy = self.network.accuracy(
                    self.data.test_images[few], self.data.test_labels[few]
                )
            self._tell(done / (self.count * self.epochs), "training", accuracy)

    def _note_energy(self) -> None:
        assert isinstance(self.effective, SHD)
        probe = slice(0, min(PROBE, self.count))
        self.history.energy.append(
            measure_energy(
                self.network,
                self.effective,
                self.data.train_images[probe],
                self.data.train_labels[probe],
                self.epoch * self.count + self.position,
            )
        )

    def _check_loss(self) -> None:
        if np.isfinite(self.epoch_loss):
            return
        raise Diverged(
            f"the loss is {self.epoch_loss} after {self.position} samples of epoch "
            f"{self.epoch + 1}; lower the learning rate ({self.algorithm!r})"
        )

    def _farewell(self) -> str:
        place = f"epoch {self.epoch + 1}, {self.position} of {self.count} samples"
        if self.file is None:
            return (
                f"training stopped at {place}; nothing was kept, since no checkpoint was asked for"
            )
        self.save()
        return f"training stopped at {place}; go on with --resume --checkpoint {self.file}"

    # -- checkpoints -------------------------------------------------------------------------
    def save(self) -> None:
        """Write the checkpoint."""
        assert self.file is not None
        arrays = {
            f"{depth}.{name}.{key}": value
            for depth, layer in enumerate(self.network.layers)
            for name, array in layer.arrays.items()
            for key, value in array.state().items()
        }
        progress = {
            "epoch": self.epoch,
            "position": self.position,
            "epoch_loss": self.epoch_loss,
            "seconds": self.seconds,
            "samples_timed": self.samples_timed,
            "turns": [layer.turns for layer in self.network.layers],
            "accuracy": self.history.accuracy,
            "loss": self.history.loss,
            "energy": [point.as_dict() for point in self.history.energy],
        }
        checkpoint.save(self.file, self.history.settings, progress, arrays)

    def restore(self) -> None:
        """Take up the state of the checkpoint."""
        assert self.file is not None
        progress, arrays = checkpoint.load(self.file, self.history.settings)
        for depth, layer in enumerate(self.network.layers):
            layer.turns = progress["turns"][depth]
            for name, array in layer.arrays.items():
                start = f"{depth}.{name}."
                array.restore(
                    {k[len(start) :]: v for k, v in arrays.items() if k.startswith(start)}
                )
        for name in ("epoch", "position", "epoch_loss", "seconds", "samples_timed"):
            setattr(self, name, progress[name])
        self.history.accuracy, self.history.loss = progress["accuracy"], progress["loss"]
        self.history.energy = [EnergyPoint(**point) for point in progress["energy"]]


@contextlib.contextmanager
def _no_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back while weights and counters change, so that a checkpoint is never torn."""
    import signal
    import threading

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[Any] = []
    before = signal.signal(signal.SIGINT, lambda *args: caught.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        raise KeyboardInterrupt


def _arrays_to_shift(shifted: bool | str, algorithm: Algorithm) -> tuple[str, ...]:
    if shifted is True:
        return algorithm.arrays
    if shifted is False:
        return ()
    unknown = [letter for letter in shifted if letter not in algorithm.arrays]
    if unknown:
        raise InputError(
            f"zero_shift = {shifted!r}: algorithm {algorithm.name!r} has the arrays "
            f"{', '.join(algorithm.arrays) or 'none'}; give True, False or their letters"
        )
    return tuple(n for n in algorithm.arrays if n in shifted)


def _sizes(sizes: tuple[int, ...] | None, data: str, pixels: int, classes: int) -> tuple[int, ...]:
    if sizes is None:
        return (pixels, *HIDDEN.get(data, (64,)), classes)
    sizes = tuple(checked.whole(f"layers[{k}]", n, 1) for k, n in enumerate(sizes))
    if len(sizes) < 2 or sizes[0] != pixels or sizes[-1] < classes:
        raise InputError(
            f"layers = {sizes} do not fit the data: {pixels} inputs and {classes} classes; "
            f"give ({pixels}, ..., {classes})"
        )
    return sizes


def describe_device(device: Device) -> dict[str, Any]:
    """Return the numbers of a device in JSON types."""
    law = device.law
    return {
        "law": law.name,
        "up": str(getattr(law, "symbolic", law).up),
        "down": str(getattr(law, "symbolic", law).down),
        "bounds": list(device.bounds),
        "values": {k: float(v) for k, v in getattr(law, "values", {}).items()},
        "dw_min": device.dw_min,
        "spread": {
            "step": device.spread.step,
            "bounds": device.spread.bounds,
            "imbalance": device.spread.imbalance,
            **device.spread.parameters,
        },
        "cycle_noise": device.cycle_noise,
        "additive_noise": device.additive_noise,
    }


def layer_reports(network: Network) -> list[LayerReport]:
    """Return how the updates of every array went."""
    reports = []
    for depth, layer in enumerate(network.layers):
        for name, array in layer.arrays.items():
            s = getattr(array, "statistics", None)
            if s is None:
                continue
            reports.append(
                LayerReport(
                    layer=depth + 1,
                    array=name.upper(),
                    updates=int(s[loops.UPDATES]),
                    pulses=int(s[loops.PULSES]),
                    clipped_fraction=float(s[loops.CLIPPED] / max(s[loops.ADDRESSED], 1.0)),
                    delivered_over_wanted=float(s[loops.DELIVERED] / s[loops.WANTED])
                    if s[loops.WANTED]
                    else 1.0,
                )
            )
    return reports
