"""Training: data, network, algorithm and devices in, a history out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from phys import checked
from phys.activations import ACTIVATIONS
from phys.algorithms import BUILT_IN, Algorithm, named_algorithm
from phys.array_kinds.kind import ArrayKind
from phys.checked import InputError
from phys.data import Dataset, load
from phys.device import Device
from phys.digital_outputs import OutputKind
from phys.divergence import Diverged
from phys.history import History, Progress
from phys.recording import Recorder
from phys.schedules import Schedule
from phys.training_run import TrainingInterrupted, TrainingRun

__all__ = ["Diverged", "TrainingInterrupted", "train"]

MOST_EPOCHS = 1_000_000


def train(
    data: str | Dataset = "mnist",
    algorithm: str | Algorithm = "shd",
    device: Device | None = None,
    epochs: int = 3,
    seed: int = 0,
    zero_shift: bool | str = True,
    samples: int | None = None,
    *,
    layers: Any = None,
    lr: float | None = None,
    lr_a: float | None = None,
    lr_c: float | None = None,
    transfer_every: int | None = None,
    pulses: int | None = None,
    settings: Mapping[str, Any] | None = None,
    rates: str = "given",
    schedule: str | Sequence[tuple[int, float]] | Schedule | None = None,
    batch: int = 1,
    activation: str = "sigmoid",
    output_scale: str = "fixed",
    bias: str = "array",
    lr_digital: float | None = None,
    initial_weights: str = "glorot",
    device_a: Device | None = None,
    update: str = "pulsed",
    mapping: str = "reference",
    read_model: Any = None,
    pairs: int | str | None = None,
    read: str = "down",
    reference_error: float = 0.0,
    data_dir: str | Path | None = None,
    checkpoint_file: str | Path | None = None,
    resume: bool = False,
    record_energy: int = 0,
    record: Sequence[Recorder] = (),
    engine: str = "fast",
    progress: Callable[[Progress], Any] | None = None,
) -> History:
    """Train a network on arrays of devices.

    Parameters
    ----------
    data : str or Dataset
        "mnist", "digits", or what `phys.data.load` returned.
    algorithm : str or Algorithm
        "float", "sgd", "zero-shifted-sgd", "shd", "tiki-taka", "tiki-taka-v2",
        "chopped-tiki-taka-v2", "agad", "residual" or "mixed-precision", see `phys.algorithms`; or
        an instance from there, or of one's own.
    device : Device, optional
        Device of every array; not used by "float". Default: soft bounds +-0.6, imbalance 0.3,
        dw_min 0.001.
    epochs, seed : int
    zero_shift : bool or str
        Zero-shift the arrays first: True all of them, False none, or the letters of those to shift
        ("a", "c").
    samples : int, optional
        Use only the first so many training images.
    layers : tuple of int, list of Dense, Conv and Pool, or "lenet5", optional
        Units per layer, inputs and classes included; default (784, 256, 128, 10) for MNIST. Or
        layers of `phys.layers`, behind the image.
    lr, lr_a, lr_c, transfer_every, pulses
        Settings of the algorithm; None keeps its default.
    settings : mapping, optional
        Any settings of the algorithm by name, such as ``{"gamma": 0.2}``.
    rates : str
        "given": those above and the defaults; or "theory": what `phys.guidance.suggest_rates`
        finds for this device and these data, in place of both.
    schedule : str, list of (epoch, factor) or Schedule, optional
        How the learning rates that act on the gradient change from epoch to epoch: "cosine",
        "exponential:0.95", ``[(10, 0.5), (20, 0.25)]``, ..., see `phys.schedules`.
    batch : int
        Samples that are run forward and backward before their updates; learning rates act on the
        mean gradient. The updates themselves come sample by sample, as on the hardware.
    activation : str
        "sigmoid", "tanh" or "relu".
    output_scale : str
        Digital factor behind the rows of every array: "fixed" at 1; "learned", one per layer; or
        "learned-per-row". See `phys.digital_outputs`.
    bias : str
        "array": a column of devices on a line that carries 1; or "digital".
    lr_digital : float, optional
        Learning rate of these digital numbers; default: that of the algorithm's gradient.
    initial_weights : str
        "glorot", uniform within sqrt(6/(inputs + outputs)); or "fan-in", within 1/sqrt(inputs).
    device_a : Device, optional
        Another device for array A.
    update : str
        "pulsed", or "expected": the limit dw_min -> 0 in float64, see `MeanFieldCrossbar`.
    mapping : str
        "reference": a weight is a device less its reference; "opposite" or "one-sided": the
        difference of two devices that learn, see `DifferentialPair`. Pairs are not shifted.
    read_model : Read, Reads or str, optional
        How arrays are read: "ideal" (the default), "aihwkit", or see `phys.reads`.
    pairs, read, reference_error
        See `phys.zero_shifting`.
    data_dir : path, optional
        Folder with the MNIST files.
    checkpoint_file : path, optional
        Where to keep the state while training goes on.
    resume : bool
        Go on from `checkpoint_file`; the result is the same, bit for bit, as without the stop.
    record_energy : int
        For SHD: measure the energy this many times in the first epoch, half as often in the second,
        a third as often in the third, and so on: it changes most at the start.
    record : list of Recorder
        What else to note and when: trajectories of devices and buffers, gradients, energies, see
        `phys.recording`.
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
        A weight or the loss is not a number any more; the last checkpoint is kept.
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
    chosen = _algorithm(
        algorithm,
        settings,
        lr=lr,
        lr_a=lr_a,
        lr_c=lr_c,
        transfer_every=transfer_every,
        pulses=pulses,
    )
    if progress is not None and not callable(progress):
        raise InputError(f"progress = {progress!r} cannot be called; give a function of a Progress")
    dataset = data if isinstance(data, Dataset) else load(data, _path("data_dir", data_dir))
    devices = _devices(device, device_a)
    reasons: tuple[str, ...] = ()
    if checked.choice("rates", rates, ("given", "theory")) == "theory":
        from phys.guidance import suggest_rates

        if lr or lr_a or lr_c or transfer_every:
            raise InputError("rates = 'theory' beside a rate; leave one of them out")
        suggested = suggest_rates(
            chosen,
            devices["c"],
            dataset,
            layers=layers,
            activation=activation,
            samples=samples,
            seed=seed,
            device_a=devices["a"],
        )
        chosen, reasons = suggested.algorithm, suggested.reasons
    run = TrainingRun(
        data=dataset,
        algorithm=chosen,
        devices=devices,
        epochs=checked.whole("epochs", epochs, 1, MOST_EPOCHS),
        seed=checked.whole("seed", seed, 0, 2**63 - 1),
        shifted=zero_shift,
        samples=samples,
        layers=layers,
        arrays=ArrayKind(update, mapping, read_model),
        batch=batch,
        activation=checked.choice("activation", activation, tuple(ACTIVATIONS)),
        outputs=OutputKind(output_scale, bias, lr_digital),
        initial_weights=initial_weights,
        shift_options={"pairs": pairs, "read": read, "reference_error": reference_error},
        record_energy=checked.whole("record_energy", record_energy, 0),
        record=record,
        schedule=schedule,
        stepwise=checked.choice("engine", engine, ("fast", "stepwise")) == "stepwise",
        report=progress,
        file=_path("checkpoint_file", checkpoint_file),
    )
    run.history.reasons = reasons
    if resume and run.file is None:
        raise InputError("resume = True needs checkpoint_file; name the file to go on from")
    if resume:
        run.restore()
    else:
        run.prepare()
    run.learn()
    return run.history


def _algorithm(
    algorithm: str | Algorithm, settings: Mapping[str, Any] | None, **rates: Any
) -> Algorithm:
    given = {key: value for key, value in rates.items() if value is not None}
    own: Any = {} if settings is None else settings
    if not isinstance(own, Mapping) or not all(isinstance(name, str) for name in own):
        raise InputError(
            f"settings = {own!r} is no mapping of names to values; give one such as "
            f'{{"gamma": 0.2}}'
        )
    twice = sorted(set(given) & set(own))
    if twice:
        raise InputError(f"{', '.join(twice)} given twice, in settings too; give it once")
    given |= own
    if isinstance(algorithm, str):
        return named_algorithm(algorithm, **given)
    if isinstance(algorithm, type) or not callable(getattr(algorithm, "update", None)):
        raise InputError(
            f"algorithm = {algorithm!r} is none; give {', '.join(BUILT_IN)}, or an instance of "
            f"phys.algorithms.Algorithm"
        )
    if given:
        raise InputError(
            f"{', '.join(given)} given beside an instance of {type(algorithm).__name__}; "
            f"set them there"
        )
    return algorithm


def _path(name: str, value: Any) -> Path | None:
    if value is not None and not isinstance(value, str | Path):
        raise InputError(f"{name} = {value!r} is a {type(value).__name__}; give a path")
    return None if value is None else Path(value)


def _devices(device: Device | None, device_a: Device | None) -> dict[str, Device]:
    if device is None:
        from theory import laws

        device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3), dw_min=0.001)
    for name, value in (("device", device), ("device_a", device_a)):
        if value is not None and not isinstance(value, Device):
            raise InputError(f"{name} = {value!r} is a {type(value).__name__}; give a phys.Device")
    return {"a": device if device_a is None else device_a, "c": device}
