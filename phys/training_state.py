"""The state of a training as a checkpoint keeps it: numbers in JSON types, and arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from phys.energy import EnergyPoint
from phys.zero_shifting import ZeroShiftHistory

if TYPE_CHECKING:
    from phys.training_run import TrainingRun

COUNTERS = ("epoch", "position", "epoch_loss", "seconds", "samples_timed")


def pack(run: TrainingRun) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return how far a training is, and all its arrays."""
    arrays = {}
    for depth, layer in enumerate(run.network.layers):
        for name, array in layer.arrays.items():
            for key, value in array.state().items():
                arrays[f"{depth}.{name}.{key}"] = value
        for name, value in layer.digital.items():
            arrays[f"{depth}.{name}"] = value
    progress = {
        **{name: getattr(run, name) for name in COUNTERS},
        "turns": [layer.turns for layer in run.network.layers],
        "accuracy": run.history.accuracy,
        "loss": run.history.loss,
        "energy": [point.as_dict() for point in run.history.energy],
        "zero_shifts": {n: _without_reference(h) for n, h in run.history.zero_shifts.items()},
    }
    return progress, arrays | run.records.state()


def unpack(run: TrainingRun, progress: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
    """Bring a training to where it was when `pack` was called."""
    for depth, layer in enumerate(run.network.layers):
        layer.turns = progress["turns"][depth]
        for name, array in layer.arrays.items():
            start = f"{depth}.{name}."
            array.restore({k[len(start) :]: v for k, v in arrays.items() if k.startswith(start)})
        for name, numbers in layer.digital.items():
            numbers[...] = arrays[f"{depth}.{name}"]
    for name in COUNTERS:
        setattr(run, name, progress[name])
    run.records.restore(arrays)
    run.history.accuracy, run.history.loss = progress["accuracy"], progress["loss"]
    run.history.energy = [EnergyPoint(**point) for point in progress["energy"]]
    for label, record in progress["zero_shifts"].items():
        array = run.network.layers[int(label[1:]) - 1].arrays[label[0].lower()]
        run.history.zero_shifts[label] = _with_reference(record, array)


def _without_reference(shift: ZeroShiftHistory) -> dict[str, Any]:
    """Return a zero-shift in JSON types; its reference stands in the state of its array."""
    record = {k: v for k, v in vars(shift).items() if k != "reference"}
    return {k: v.tolist() if isinstance(v, np.ndarray) else v for k, v in record.items()}


def _with_reference(record: dict[str, Any], array: Any) -> ZeroShiftHistory:
    targets = record["trace_targets"]
    numbers = {
        "trace": np.array(record["trace"], dtype=np.float32),
        "trace_targets": None if targets is None else np.array(targets),
        "reference": array.reference.copy(),
    }
    return ZeroShiftHistory(**{**record, **numbers})
