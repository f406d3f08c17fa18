"""The demonstration's results as text, CSV and JSON."""

from __future__ import annotations

import csv
import io
import platform
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from phys.demo.play import ARMS, FEW_STATES, IMBALANCE, DemoResult, law_of
from phys.energy import EnergyBalance, energy_balance
from phys.history import History

PARTS = ("dissipation", "injection", "exchange")
PACKAGES = ("crosspoint", "numpy", "numba", "sympy", "matplotlib", "scikit-learn", "click", "rich")


def opening(result: DemoResult) -> str:
    """Return what theory says and where real pulses ended, for a terminal."""
    law, test = result.law, result.shift
    point, own = law.symmetry_point(), law_of(FEW_STATES).symmetry_point()
    devices = test.pulses // (2 * test.pairs)
    end, theory = test.distance[-1] / test.step, test.predicted[-1] / test.step
    measured, error = test.measured_scatter / test.step, test.scatter_error / test.step
    return f"""\
The device: soft bounds, with up steps stronger than down steps by the imbalance rho
  q_up   = {law.up}
  q_down = {law.down}
Its symmetry point, derived in {len(result.derivation.steps)} steps, each checked
  w* = {point.expression}
  for bounds ±{FEW_STATES:g} and rho = {IMBALANCE:g}: w* = {own.expression} = {float(own):g}
Zero-shifting {devices:,} devices that all differ by {test.pairs:,} up-down pairs
  rms distance to their own symmetry points: {end:.3f} steps; theory {theory:.3f}
  {test.within:.1%} of them end within the bound that theory gives
  scatter with cycle noise {test.noise:g}: {measured:.2f} ± {error:.2f} steps; \
theory {test.scatter / test.step:.2f}
Training on {result.samples:,} images, {result.epochs} epochs, {result.jobs} at a time"""


def closing(result: DemoResult) -> str:
    """Return the table of accuracies, for a terminal."""
    width = max(len(arm.name) for arm in ARMS)
    shown = shown_epochs(result.epochs)
    head = " ".join(f"{f'epoch {k}':>8}" for k in shown)
    lines = [f"{'Test accuracy, %':<{width + 4}} {head}   samples/s"]
    for arm in ARMS:
        history = result.histories[arm.key]
        cells = " ".join(f"{100 * history.accuracy[k - 1]:8.2f}" for k in shown)
        speed = f"{history.samples_per_second:11,.0f}"
        lines.append(f"({arm.key}) {arm.name:<{width}} {cells} {speed}")
    seen = f", peak memory {result.memory:,.0f} MiB" if result.memory else ""
    lines.append(f"{result.dataset.source}; {result.seconds:.0f} s{seen}")
    return "\n".join(lines)


def shown_epochs(epochs: int) -> list[int]:
    """Return at most four epochs, the last of them included."""
    stride = -(-epochs // 4)
    return list(range(epochs, 0, -stride))[::-1]


def histories_csv(result: DemoResult) -> str:
    """Return accuracy and loss of every arm after every epoch, as CSV."""
    columns = ["arm", "title", "algorithm", "bounds", "zero_shift", "seed"]
    columns += ["epoch", "samples", "test_accuracy", "training_loss"]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(columns)
    for arm in ARMS:
        history = result.histories[arm.key]
        bound = "" if arm.bound is None else arm.bound
        start = [arm.key, arm.title, arm.algorithm, bound, int(arm.zero_shift), result.seed]
        for k, (accuracy, loss) in enumerate(zip(history.accuracy, history.loss, strict=True), 1):
            writer.writerow([*start, k, k * result.samples, f"{accuracy:.6f}", f"{loss:.6f}"])
    return buffer.getvalue()


def settings(result: DemoResult) -> dict[str, Any]:
    """Return every setting and seed, and the versions that made the result."""
    return {
        "command": result.command,
        "data": result.dataset.source,
        "notice": result.dataset.notice,
        "epochs": result.epochs,
        "samples": result.samples,
        "seed": result.seed,
        "jobs": result.jobs,
        "arms": {
            arm.key: {"title": arm.name, **result.histories[arm.key].settings} for arm in ARMS
        },
        "versions": versions(),
        "platform": platform.platform(),
    }


def record(result: DemoResult) -> dict[str, Any]:
    """Return settings and results in JSON types."""
    return {
        **settings(result),
        "seconds": result.seconds,
        "peak_memory_mib": result.memory,
        "symmetry_point": str(result.law.symmetry_point().expression),
        "zero_shift_test": result.shift.as_dict(),
        "results": {key: history.as_dict() for key, history in result.histories.items()},
    }


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that matter."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def balance_by_epoch(history: History, samples: int) -> list[tuple[str, EnergyBalance]]:
    """Return the energy balance of each epoch, or of at most eight groups of epochs, and of all.

    A balance belongs to the epoch of its middle.
    """
    balances = energy_balance(history.energy)
    epochs = [int((b.start + b.stop) / 2 // samples) for b in balances]
    stride = -(-len(history.accuracy) // 8)
    groups: dict[str, list[EnergyBalance]] = {}
    for balance, epoch in zip(balances, epochs, strict=True):
        first = epoch // stride * stride + 1
        label = str(first) if stride == 1 else f"{first} to {first + stride - 1}"
        groups.setdefault(label, []).append(balance)
    groups["all"] = balances
    return [(label, _total(group)) for label, group in groups.items() if group]


def _total(balances: list[EnergyBalance]) -> EnergyBalance:
    sums = [sum(getattr(b, part) for b in balances) for part in ("measured", *PARTS)]
    return EnergyBalance(balances[0].start, balances[-1].stop, *sums)
