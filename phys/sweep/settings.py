"""One run of a sweep: named settings in JSON types in, a device, a training and a record out."""

from __future__ import annotations

import hashlib
import inspect
import json
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from phys import checked
from phys.activations import ACTIVATIONS
from phys.algorithms import BUILT_IN, named_algorithm
from phys.array_kinds.kind import ArrayKind
from phys.checked import InputError
from phys.checkpoint import CheckpointError
from phys.data import Dataset, DataWarning, load
from phys.device import Device
from phys.digital_outputs import OutputKind
from phys.history import Progress
from phys.layers import parse_layers, stages_for
from phys.network import INITIAL
from phys.schedules import as_schedule
from phys.spread import Spread
from theory import DeviceLaw, laws
from theory.errors import TheoryError

DEVICE_NUMBERS = ("dw_min", "cycle_noise", "additive_noise")
SPREADS = ("device_spread", "spread_step", "spread_bounds", "spread_imbalance")
DEFAULT_LAW = "soft_bounds"
DEFAULT_DW_MIN = 0.001
NOT_SETTINGS = {
    "device",
    "device_a",
    "data_dir",
    "checkpoint_file",
    "resume",
    "progress",
    "engine",
    "record",
}


@dataclass(frozen=True)
class Run:
    """One training of a sweep.

    Attributes
    ----------
    settings : mapping of name to JSON value
        Settings of `phys.train`, and of its device: ``law`` (a name of the catalogue, or the
        content of a law file), the law's own parameters, ``dw_min``, ``device_spread`` or
        ``spread_step``, ``spread_bounds`` and ``spread_imbalance``, ``cycle_noise``,
        ``additive_noise``. Layers are "lenet5", or a list of units or of words such as "conv6x5".

    Examples
    --------
    >>> run = Run({"data": "digits", "algorithm": "sgd", "imbalance": 0.2, "seed": 3})
    >>> run.check()
    >>> Run({"imbalnce": 0.2}).check()
    Traceback (most recent call last):
    ...
    phys.checked.InputError: imbalnce = 0.2 is no setting of a training or of law soft_bounds;...
    """

    settings: Mapping[str, Any]

    @property
    def key(self) -> str:
        """What identifies the run: a hash of its settings."""
        text = json.dumps(dict(self.settings), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()[:24]

    @property
    def algorithm(self) -> str:
        """Name of the algorithm."""
        return str(self.settings.get("algorithm", training_settings()["algorithm"]))

    def check(self, data: Dataset | None = None) -> None:
        """Build everything but the arrays, so that a wrong setting shows before the first run.

        Parameters
        ----------
        data : Dataset, optional
            What the layers have to fit.

        Raises
        ------
        InputError
            A setting that is unknown, or has a value that cannot be used.
        """
        self.device()
        arguments = training_settings() | self.arguments()
        rates = {n: v for n, v in arguments.items() if n in _rate_names()}
        named_algorithm(self.algorithm, **rates, **(arguments["settings"] or {}))
        as_schedule(arguments["schedule"], checked.whole("epochs", arguments["epochs"], 1))
        ArrayKind(arguments["update"], arguments["mapping"], arguments["read_model"])
        OutputKind(arguments["output_scale"], arguments["bias"], arguments["lr_digital"])
        checked.choice("initial_weights", arguments["initial_weights"], INITIAL)
        checked.whole("batch", arguments["batch"], 1)
        checked.choice("activation", arguments["activation"], tuple(ACTIVATIONS))
        checked.choice("rates", arguments["rates"], ("given", "theory"))
        if data is not None:
            classes = int(data.train_labels.max()) + 1
            stages_for(arguments["layers"], data.name, data.image_shape, classes)

    def device(self) -> Device:
        """Return the device of the run."""
        law = self.settings.get("law", DEFAULT_LAW)
        base: dict[str, Any] = {"dw_min": DEFAULT_DW_MIN}
        if isinstance(law, str):
            entry = laws.find(law)
            names = set(inspect.signature(entry.build).parameters)
            chosen = {n: v for n, v in self.settings.items() if n in names}
            built = _law(lambda: entry.law(**chosen))
        else:
            from phys.device_file import device_from_json

            stored = device_from_json(law)
            assert isinstance(stored.law, DeviceLaw)
            built = stored.law
            base = {n: getattr(stored, n) for n in (*DEVICE_NUMBERS, "device_spread")}
            names = {p.name for p in built.parameters}
            chosen = {n: v for n, v in self.settings.items() if n in names}
            if chosen:
                built = _law(lambda: built.with_values(**chosen))
        known = {*names, *DEVICE_NUMBERS, *SPREADS, "law", *training_settings()}
        for name, value in self.settings.items():
            if name not in known:
                raise InputError(
                    f"{name} = {value!r} is no setting of a training or of law "
                    f"{law if isinstance(law, str) else built.name}; "
                    f"choose from {', '.join(sorted(known))}"
                )
        numbers = {n: self.settings[n] for n in DEVICE_NUMBERS if n in self.settings}
        spread = self._spread()
        if spread is not None:
            numbers["device_spread"] = spread
        return Device(built, **{**base, **numbers})

    def _spread(self) -> Any:
        parts = {
            n.removeprefix("spread_"): self.settings[n] for n in SPREADS[1:] if n in self.settings
        }
        whole = self.settings.get("device_spread")
        if not parts:
            return whole
        if whole is not None:
            raise InputError(
                f"device_spread = {whole!r} stands beside spread_{next(iter(parts))}; "
                f"give the one number or its parts"
            )
        return Spread(**parts)

    def arguments(self) -> dict[str, Any]:
        """Return the settings that `phys.train` takes, in its types."""
        names = training_settings()
        given = {n: v for n, v in self.settings.items() if n in names}
        layers = given.get("layers")
        if isinstance(layers, str):
            given["layers"] = parse_layers(layers)
        elif isinstance(layers, list):
            given["layers"] = parse_layers(",".join(str(layer) for layer in layers))
        settings = given.get("settings")
        if settings is not None and not isinstance(settings, dict):
            raise InputError(f'settings = {settings!r} is no object; give one as {{"gamma": 0.2}}')
        return given


def _law(build: Callable[[], Any]) -> Any:
    try:
        return build()
    except (TheoryError, InputError):
        raise
    except (TypeError, ValueError) as error:
        raise InputError(f"the law cannot be built: {error}; correct its parameters") from error


@cache
def training_settings() -> dict[str, Any]:
    """Return the settings of `phys.train` that can be written down, with their defaults."""
    from phys.training import train

    found = inspect.signature(train).parameters
    return {n: p.default for n, p in found.items() if n not in NOT_SETTINGS}


@cache
def _rate_names() -> frozenset[str]:
    """Return the settings of `train` that belong to an algorithm."""
    fields = {f for build in BUILT_IN.values() for f in inspect.signature(build).parameters}
    return frozenset(fields & set(training_settings()))


def load_data(run: Run, data_dir: str | None) -> Dataset:
    """Return the data of a run, and refuse others that stand in for them.

    Raises
    ------
    InputError
        MNIST is not at hand, and the embedded digits would take its place.
    """
    name = run.settings.get("data", training_settings()["data"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        data = load(name, data_dir)
    if data.notice:
        raise InputError(
            f"data = {name!r}: {data.notice} A sweep does not mix data sets: name the folder, or "
            f"sweep over 'digits'"
        )
    return data


def perform(
    run: Run,
    data_dir: str | None = None,
    checkpoint: str | None = None,
    progress: Callable[[Progress], Any] | None = None,
) -> dict[str, Any]:
    """Train once and return the record of it.

    Parameters
    ----------
    run : Run
    data_dir : str, optional
        Folder with the MNIST files.
    checkpoint : str, optional
        Where to keep the state meanwhile; a run that was stopped goes on from there.
    progress : callable, optional
        See `phys.train`.

    Returns
    -------
    dict
        ``accuracy`` and ``loss`` per epoch, ``layers``, ``samples_per_second``, ``seconds``,
        ``data``; or ``diverged`` with the reason instead of the accuracies.

    Raises
    ------
    InputError
        A setting that cannot be used, or data that stand in for those that were asked for.
    """
    from phys.training import Diverged, train

    arguments = run.arguments()
    arguments.pop("data", None)
    data = load_data(run, data_dir)
    began = time.perf_counter()
    file = None if checkpoint is None else Path(checkpoint)

    def attempt(resume: bool) -> Any:
        return train(
            data,
            device=run.device(),
            checkpoint_file=file,
            resume=resume,
            progress=progress,
            **arguments,
        )

    try:
        try:
            history = attempt(file is not None and file.exists())
        except CheckpointError:
            if file is None or not file.exists():
                raise
            file.unlink()
            history = attempt(False)
    except Diverged as error:
        return {"diverged": str(error), "seconds": time.perf_counter() - began}
    record = history.as_dict()
    kept = ("accuracy", "loss", "layers", "samples_per_second", "data")
    return {**{n: record[n] for n in kept}, "seconds": time.perf_counter() - began}
