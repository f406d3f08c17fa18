"""One training on its way: arrays shifted, samples learned, checkpoints kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np

from phys import checked, checkpoint, fused
from phys.algorithms import SHD, Algorithm
from phys.array_kinds.kind import ArrayKind
from phys.checked import InputError
from phys.data import Dataset
from phys.device import Device
from phys.digital_outputs import OutputKind
from phys.divergence import Watch
from phys.energy import check_has_energy, measure_energy
from phys.history import History, Progress, describe_device, layer_reports
from phys.interrupts import hold_interrupt, repeat_interrupt
from phys.layers import stages_for
from phys.network import INITIAL, Network
from phys.random_bits import CHOPPER, SAMPLE_ORDER, child, stream_key
from phys.recording import Moment, Records
from phys.schedules import Constant, as_schedule
from phys.training_state import pack, unpack
from phys.zero_shifting import zero_shift as shift_array

CHUNK = 1000
HOLD_SECONDS = 0.3
CHECKPOINT_SECONDS = 20.0
PROBE = 1000
RUNNING_TEST = 1000


class TrainingInterrupted(KeyboardInterrupt):
    """Ctrl-C during training; the message says where the checkpoint is and how to go on."""


def sample_order(seed: int, epoch: int, count: int) -> np.ndarray:
    """Return the order of the samples in an epoch, int64 (count,): a sort by random words."""
    key = stream_key(seed, int(SAMPLE_ORDER), epoch)
    words = child(key, np.arange(count, dtype=np.uint64))
    return np.argsort(words, kind="stable")


def prepare_layers(network: Network, algorithm: Algorithm) -> None:
    """Give every layer the algorithm's digital buffers, and the key of its random numbers."""
    for depth, layer in enumerate(network.layers):
        layer.buffers = algorithm.buffers(layer.c.rows, layer.c.cols)
        layer.key = stream_key(network.seed, int(CHOPPER), depth)


class TrainingRun:
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
        layers: Any,
        arrays: ArrayKind,
        batch: int,
        activation: str,
        outputs: OutputKind,
        initial_weights: str,
        shift_options: dict[str, Any],
        record_energy: int,
        record: Any,
        schedule: Any,
        stepwise: bool,
        report: Callable[[Progress], Any] | None,
        file: Path | None,
    ) -> None:
        total = len(data.train_labels)
        self.count = total if samples is None else checked.whole("samples", samples, 1, total)
        _check_images(data, self.count)
        self.data, self.algorithm, self.epochs, self.seed = data, algorithm, epochs, seed
        self.shifted = _arrays_to_shift(shifted, algorithm, arrays)
        self.shift_options = shift_options
        self.batch = checked.whole("batch", batch, 1, self.count)
        self.stepwise, self.report, self.file = stepwise, report, file
        self.schedule = as_schedule(schedule, epochs)
        self.record_energy = record_energy
        classes = int(data.train_labels.max()) + 1
        stages = stages_for(layers, data.name, data.image_shape, classes)
        names, terms = algorithm.arrays, algorithm.terms
        if not names and arrays.describe():
            raise InputError(
                f"{arrays.describe()} beside algorithm {algorithm.name!r}, which has no arrays of "
                f"devices; leave it out, or choose another algorithm"
            )
        self.network = Network(
            stages, names, devices, seed, activation, terms, arrays.build, outputs, initial_weights
        )
        self.lr_digital = outputs.rate(algorithm)
        prepare_layers(self.network, algorithm)
        self.epoch = self.position = 0
        if record_energy:
            check_has_energy(f"record_energy = {record_energy}", self.network, algorithm)
        self.records = Records(record, self.moment(), epochs * self.count)
        self.epoch_loss = self.seconds = 0.0
        self.samples_timed = self.piece = 0
        self.watch = Watch(self.network)
        self.history = History(data=data.source, notice=data.notice, network=self.network)
        self.history.records = self.records.recordings
        self.history.settings = {
            "data": data.name,
            "samples": self.count,
            "layers": self.network.describe_layers(),
            "activation": activation,
            "algorithm": repr(algorithm),
            "devices": {n: describe_device(devices[n]) for n in names},
            **(arrays.describe() if names else {}),
            **outputs.describe(),
            **({} if initial_weights == INITIAL[0] else {"initial_weights": initial_weights}),
            "zero_shift": "".join(self.shifted),
            **{k: v for k, v in shift_options.items() if self.shifted},
            "batch": batch,
            "seed": seed,
        }
        if not isinstance(self.schedule, Constant):
            self.history.settings["schedule"] = repr(self.schedule)
        if record:
            self.history.settings["record"] = [repr(recorder) for recorder in record]

    # -- start -------------------------------------------------------------------------------
    def prepare(self) -> None:
        """Zero-shift the arrays and write the initial weights."""
        if self.file is not None:
            checkpoint.check_writable(self.file)
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
    @property
    def samples(self) -> int:
        """Samples learned so far."""
        return self.epoch * self.count + self.position

    @property
    def effective(self) -> Algorithm:
        """The algorithm with the rates of this epoch, for the gradient of a single sample."""
        algorithm = self._scheduled(self._factor)
        return algorithm if self.batch == 1 else algorithm.slowed(1 / self.batch)

    @property
    def digital_rate(self) -> float:
        """The rate of the numbers behind the arrays, in this epoch, for a single sample."""
        return self.lr_digital * self._factor / self.batch

    @property
    def _factor(self) -> float:
        return self.schedule.factor(min(self.epoch, self.epochs - 1))

    def _scheduled(self, factor: float) -> Algorithm:
        return self.algorithm if factor == 1 else self.algorithm.scheduled(factor)

    def moment(self) -> Moment:
        """Return what recorders look at."""
        return Moment(self.network, self.effective, self.data, self.samples)

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
        self.piece = self.batch
        try:
            with repeat_interrupt():
                run(self.effective, np.zeros(0, np.int64), 0.0)  # compiles
            if self.record_energy and not self.history.energy:
                self._note_energy()
            self._check_numbers()
            self.records.note(self.moment(), self.samples - 1)
            while self.epoch < self.epochs:
                order = sample_order(self.seed, self.epoch, self.count)
                while self.position < self.count:
                    before, stop = self.samples, self._next_stop(chunk)
                    while self.position < stop:
                        self._learn_piece(run, order[self.position : stop], chunk)
                    self._check_numbers()
                    self._after(before)
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
        self.history.algorithm = self.effective
        self.history.steepest = self._scheduled(max(map(self.schedule.factor, range(self.epochs))))
        self.history.steps = self.epochs * -(-self.count // self.batch)
        # Copies, so that a history does not keep all images in memory.
        self.history.probe = images[:PROBE].copy(), labels[:PROBE].copy()

    def _learn_piece(self, run: fused.Runner, order: np.ndarray, most: int) -> None:
        """Learn as many of the samples as Ctrl-C may wait for."""
        now = order[: self.piece]
        with hold_interrupt():
            began = time.perf_counter()
            self.epoch_loss = run(self.effective, now, self.epoch_loss, self.digital_rate)
            seconds = time.perf_counter() - began
            self.seconds += seconds
            self.samples_timed += now.size
            self.position += now.size
        fits = int(HOLD_SECONDS * now.size / max(seconds, 1e-9)) // self.batch * self.batch
        self.piece = min(max(fits, self.batch), most)

    def _next_stop(self, chunk: int) -> int:
        """Return the position at which something other than learning is to be done next."""
        stop = min((self.position // chunk + 1) * chunk, self.count)
        moment = self.records.next_moment(self.samples)
        if moment is not None:
            batches = -(-(moment - self.samples) // self.batch)
            stop = min(stop, self.position + batches * self.batch)
        return stop

    def _stepwise(self, images: np.ndarray, labels: np.ndarray) -> fused.Runner:
        # The compiled loops overflow without a word, and the loss is checked after each chunk.
        @np.errstate(over="ignore", invalid="ignore")
        def run(
            algorithm: Algorithm, order: np.ndarray, total: float, digital_rate: float = 0.0
        ) -> float:
            for start in range(0, order.size, self.batch):
                done = [
                    self.network.backpropagate(images[n], int(labels[n]))
                    for n in order[start : start + self.batch]
                ]
                for layer in self.network.layers:
                    if layer.outputs is not None:
                        layer.outputs.learn(digital_rate)
                for inputs, directions, loss in done:
                    total += float(loss)
                    for layer, x, d in self.network.updates(inputs, directions):
                        algorithm.update(layer, x, d)
            return total

        return run

    def _after(self, before: int) -> None:
        done = self.samples
        self.records.note(self.moment(), before)
        if self.record_energy:
            spacing = max((self.epoch + 1) * self.count // self.record_energy, 1)
            if done // spacing > before // spacing:
                self._note_energy()
        if self.report is not None:
            accuracy = None
            if done // (10 * CHUNK) > before // (10 * CHUNK):
                few = slice(0, RUNNING_TEST)
                accuracy = self.network.accuracy(
                    self.data.test_images[few], self.data.test_labels[few]
                )
            self._tell(done / (self.count * self.epochs), "training", accuracy)

    def _note_energy(self) -> None:
        probe = slice(0, min(PROBE, self.count))
        images, labels = self.data.train_images[probe], self.data.train_labels[probe]
        self.history.energy.append(
            measure_energy(self.network, cast(SHD, self.effective), images, labels, self.samples)
        )

    def _check_numbers(self) -> None:
        self.watch.check(self.epoch_loss, self.effective, self._place(), self.file)

    def _place(self) -> str:
        return f"epoch {self.epoch + 1}, {self.position} of {self.count} samples"

    def _farewell(self) -> str:
        place = self._place()
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
        progress, arrays = pack(self)
        checkpoint.save(self.file, self.history.settings, progress, arrays)

    def restore(self) -> None:
        """Take up the state of the checkpoint."""
        assert self.file is not None
        unpack(self, *checkpoint.load(self.file, self.history.settings))


def _arrays_to_shift(
    shifted: bool | str, algorithm: Algorithm, arrays: ArrayKind
) -> tuple[str, ...]:
    if not isinstance(shifted, bool | str):
        raise InputError(
            f"zero_shift = {shifted!r} is a {type(shifted).__name__}; give True, False or the "
            f"letters of the arrays to shift"
        )
    if isinstance(shifted, str) and arrays.has_pairs:
        raise InputError(
            f"zero_shift = {shifted!r}: weights of mapping {arrays.mapping!r} have a second array "
            f"that learns in place of a reference; leave zero_shift out"
        )
    if shifted is True and arrays.has_pairs:
        chosen: tuple[str, ...] = ()
    elif shifted is True:
        chosen = algorithm.arrays
    elif shifted is False:
        chosen = ()
    else:
        unknown = [letter for letter in shifted if letter not in algorithm.arrays]
        if unknown:
            raise InputError(
                f"zero_shift = {shifted!r}: algorithm {algorithm.name!r} has the arrays "
                f"{', '.join(algorithm.arrays) or 'none'}; give True, False or their letters"
            )
        chosen = tuple(n for n in algorithm.arrays if n in shifted)
    missing = [n for n in getattr(algorithm, "needs_shift", ()) if n not in chosen]
    if missing and arrays.has_pairs:
        raise InputError(
            f"mapping = {arrays.mapping!r} has no reference to shift, and algorithm "
            f"{algorithm.name!r} is nothing without a zero-shift; choose sgd"
        )
    if missing:
        raise InputError(
            f"zero_shift = {shifted!r}: algorithm {algorithm.name!r} is nothing without a "
            f"zero-shift of array {', '.join(missing)}; give True, or choose sgd"
        )
    return chosen


def _check_images(data: Dataset, count: int) -> None:
    """Raise `InputError` if a grey value is no finite number: it would spoil weights unnoticed."""
    for name, images in (
        ("train_images", data.train_images[:count]),
        ("test_images", data.test_images),
    ):
        if not np.isfinite(images.sum(dtype=np.float64)):
            place = tuple(int(k) for k in np.argwhere(~np.isfinite(images))[0])
            raise InputError(
                f"data: {name}{list(place)} = {images[place]} is not finite; leave that image out"
            )
