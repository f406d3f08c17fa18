"""Recorders: what a training notes on its way, and when.

A recorder is given to ``train(record=[...])``; what it noted stands in ``history.records``, in the
same order, and in checkpoints. Recording touches no weight and draws no random number: a training
that is watched has the same bits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np

from phys import checked
from phys.algorithms import SHD, Algorithm
from phys.checked import InputError
from phys.data import Dataset
from phys.energy import check_has_energy, measure_energy
from phys.gradients import gradient_statistics
from phys.network import Layer, Network

MOST_BYTES = 2**30
Devices = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Moment:
    """A training at one moment: what a recorder may look at, and must not change.

    Attributes
    ----------
    network : Network
    algorithm : Algorithm
        With the learning rates of this epoch, those of a single sample.
    data : Dataset
    samples : int
        Samples learned so far.
    """

    network: Network
    algorithm: Algorithm
    data: Dataset
    samples: int


class Recorder(Protocol):
    """What a recorder of one's own needs; a frozen dataclass, so that a checkpoint knows it."""

    @property
    def every(self) -> int | None:
        """Samples between two moments, from the start on; None for `at` alone."""

    @property
    def at(self) -> tuple[int, ...]:
        """Moments, in samples from the start."""

    def check(self, moment: Moment) -> tuple[int, ...]:
        """Return the shape of a value, or raise `InputError` if the network has no such thing."""

    def measure(self, moment: Moment) -> np.ndarray:
        """Return a value."""


@dataclass(frozen=True)
class Trajectory:
    """Record an array or a buffer of a layer, whole or at chosen devices.

    Parameters
    ----------
    name : str
        "a" or "c", the weights of an array; "a.reference"; "a.effective", weights minus reference;
        or a buffer of the algorithm: "h", "chopper", "mean", "reference", "chi"; or the digital
        numbers behind the rows: "output_scale", "output_bias".
    layer : int
        From 1, as in the reports of the history.
    devices : tuple of (row, column), optional
        Default: all. For one number per column line, give (0, column); per row, (row, 0).
    every : int, optional
        Samples between two moments, from the start on.
    at : tuple of int
        Moments, in samples from the start.

    Examples
    --------
    >>> from phys import train
    >>> watched = Trajectory("a", devices=((0, 3), (2, 5)), every=50)
    >>> history = train("digits", "shd", epochs=1, samples=200, layers=(64, 10), record=[watched])
    >>> history.records[0].samples
    [0, 50, 100, 150, 200]
    >>> history.records[0].values.shape
    (5, 2)
    """

    name: str
    layer: int = 1
    devices: Devices | None = None
    every: int | None = None
    at: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        _check_moments(self)

    def check(self, moment: Moment) -> tuple[int, ...]:
        """Return the shape of a value."""
        layer = _layer(moment.network, self.layer)
        known = _readable(layer)
        if self.name not in known:
            raise InputError(
                f"record: layer {self.layer} has no {self.name!r}; choose one of {', '.join(known)}"
            )
        return _chosen_shape(np.shape(hidden_state(layer, self.name)), self.devices)

    def measure(self, moment: Moment) -> np.ndarray:
        """Return the weights or numbers, (devices,) or (rows, cols)."""
        value = hidden_state(moment.network.layers[self.layer - 1], self.name)
        return _choose(value, self.devices).copy()


@dataclass(frozen=True)
class Gradient:
    """Record E[g] and E|g| of the devices of a layer over the first training images.

    Parameters
    ----------
    layer : int
        From 1, as in the reports of the history.
    devices : tuple of (row, column), optional
        Default: all.
    every : int, optional
        Samples between two moments, from the start on.
    at : tuple of int
        Moments, in samples from the start.
    probe : int
        Images to average over.

    Notes
    -----
    A value has E[g] first and E|g| second: (2, devices) or (2, rows, cols). See
    `phys.gradients.gradient_statistics`.
    """

    layer: int = 1
    devices: Devices | None = None
    every: int | None = None
    at: tuple[int, ...] = ()
    probe: int = 1000

    def __post_init__(self) -> None:
        _check_moments(self)
        checked.whole("probe", self.probe, 1)

    def check(self, moment: Moment) -> tuple[int, ...]:
        """Return the shape of a value."""
        core = _layer(moment.network, self.layer).c
        return (2, *_chosen_shape((core.rows, core.cols), self.devices))

    def measure(self, moment: Moment) -> np.ndarray:
        """Return E[g] and E|g|, (2, devices) or (2, rows, cols)."""
        few = slice(0, self.probe)
        images, labels = moment.data.train_images[few], moment.data.train_labels[few]
        g = gradient_statistics(moment.network, images, labels)[self.layer - 1]
        return np.stack([_choose(g.mean, self.devices), _choose(g.absolute, self.devices)])


@dataclass(frozen=True)
class Energy:
    """Record the energy of a network under SHD and what changes it, over training images.

    Parameters
    ----------
    every : int, optional
        Samples between two moments, from the start on.
    at : tuple of int
        Moments, in samples from the start.
    probe : int
        Images to average over.

    Notes
    -----
    A value has loss, kinetic energy, dissipation, injection and exchange: (5,). See
    `phys.energy.EnergyPoint`.
    """

    every: int | None = None
    at: tuple[int, ...] = ()
    probe: int = 1000

    def __post_init__(self) -> None:
        _check_moments(self)
        checked.whole("probe", self.probe, 1)

    def check(self, moment: Moment) -> tuple[int, ...]:
        """Return the shape of a value."""
        check_has_energy("record: Energy", moment.network, moment.algorithm)
        return (5,)

    def measure(self, moment: Moment) -> np.ndarray:
        """Return loss, kinetic energy, dissipation, injection and exchange."""
        few = slice(0, self.probe)
        images, labels = moment.data.train_images[few], moment.data.train_labels[few]
        point = measure_energy(
            moment.network, cast(SHD, moment.algorithm), images, labels, moment.samples
        )
        return np.array(
            [point.loss, point.kinetic, point.dissipation, point.injection, point.exchange]
        )


@dataclass
class Recording:
    """What a recorder noted.

    Attributes
    ----------
    recorder : Recorder
    samples : list of int
        Samples learned at each moment.
    values : ndarray, (moments, ...)
    """

    recorder: Recorder
    samples: list[int] = field(default_factory=list)
    taken: list[np.ndarray] = field(default_factory=list, repr=False)

    @property
    def values(self) -> np.ndarray:
        """The values, one behind the other."""
        return np.array(self.taken)

    def as_dict(self) -> dict[str, Any]:
        """Return the recording in JSON types."""
        return {
            "recorder": repr(self.recorder),
            "samples": self.samples,
            "values": self.values.tolist(),
        }


def hidden_state(layer: Layer, name: str) -> np.ndarray:
    """Return what a layer holds under a name, (rows, cols).

    One number per column line is (1, cols), one per row (rows, 1).

    The names are those of `Trajectory`. What is returned is a view: it changes with the training.
    """
    if name in layer.buffers:
        return np.atleast_2d(layer.buffers[name].T)
    if name in layer.digital:
        return layer.digital[name][:, None]
    array, _, part = name.partition(".")
    if part == "reference":
        return np.asarray(layer.arrays[array].reference)
    if part == "effective":
        return np.asarray(layer.arrays[array].effective_weights)
    core = layer.arrays[array]
    return np.asarray(core.weights if hasattr(core, "weights") else core.effective_weights)


class Records:
    """All recorders of a training, and what they noted so far.

    Raises
    ------
    InputError
        A recorder that the network cannot serve, or whose values would not fit in memory.
    """

    def __init__(self, recorders: Any, start: Moment, last: int) -> None:
        if not isinstance(recorders, list | tuple):
            raise InputError(f"record = {recorders!r}: give a list of recorders")
        self.recordings = [Recording(recorder) for recorder in recorders]
        for recorder in recorders:
            if not callable(getattr(recorder, "measure", None)):
                raise InputError(
                    f"record: {recorder!r} is no recorder; give Trajectory, Gradient "
                    f"or Energy of phys.recording"
                )
            shape = recorder.check(start)
            moments = sum(1 for t in recorder.at if t <= last)
            moments += last // recorder.every + 1 if recorder.every else 0
            size = 4 * moments * int(np.prod(shape))
            if size > MOST_BYTES:
                raise InputError(
                    f"record: {recorder!r} would take {size / 2**30:.1f} GiB, {moments} times "
                    f"{shape}; record at fewer moments or devices"
                )

    def next_moment(self, samples: int) -> int | None:
        """Return the first moment after `samples` at which something is to be noted."""
        moments = []
        for recording in self.recordings:
            recorder = recording.recorder
            moments += [t for t in recorder.at if t > samples]
            if recorder.every:
                moments.append((samples // recorder.every + 1) * recorder.every)
        return min(moments, default=None)

    def note(self, moment: Moment, before: int) -> None:
        """Note what became due after `before` samples and up to this moment."""
        samples = moment.samples
        for recording in self.recordings:
            recorder = recording.recorder
            due = any(before < t <= samples for t in recorder.at)
            if recorder.every:
                due = due or samples // recorder.every > before // recorder.every
            if due and samples not in recording.samples:
                recording.samples.append(samples)
                recording.taken.append(recorder.measure(moment))

    def state(self) -> dict[str, np.ndarray]:
        """Return what a checkpoint keeps."""
        state = {}
        for k, recording in enumerate(self.recordings):
            state[f"record.{k}.samples"] = np.array(recording.samples, dtype=np.int64)
            state[f"record.{k}.values"] = recording.values
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up what `state` returned."""
        for k, recording in enumerate(self.recordings):
            recording.samples = state[f"record.{k}.samples"].tolist()
            recording.taken = list(state[f"record.{k}.values"])


def _check_moments(recorder: Any) -> None:
    if recorder.every is None and not recorder.at:
        raise InputError(f"record: {recorder!r} names no moment; give every=... or at=(...)")
    if recorder.every is not None:
        checked.whole("every", recorder.every, 1)
    for moment in recorder.at:
        checked.whole("at", moment, 0)


def _layer(network: Network, number: int) -> Layer:
    return network.layers[checked.whole("layer", number, 1, len(network.layers)) - 1]


def _readable(layer: Layer) -> list[str]:
    names = list(layer.digital)
    for name, array in layer.arrays.items():
        names += [name, f"{name}.effective"]
        names += [f"{name}.reference"] if hasattr(array, "reference") else []
    return names


def _chosen_shape(shape: tuple[int, ...], devices: Devices | None) -> tuple[int, ...]:
    if devices is None:
        return shape
    places: tuple[Any, ...] = devices
    for device in places:
        if not isinstance(device, tuple | list) or len(device) != 2:
            raise InputError(f"record: device {device!r} is no place; give (row, column)")
        for name, place, end in zip(("row", "column"), device, shape, strict=True):
            checked.whole(f"{name} of device {device}", place, 0, end - 1)
    return (len(devices),)


def _choose(values: np.ndarray, devices: Devices | None) -> np.ndarray:
    if devices is None:
        return values
    rows, columns = np.array(devices).reshape(-1, 2).T
    return np.asarray(values[rows, columns])
