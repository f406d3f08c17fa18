"""Example measurements with known truth, simulated by this toolkit.

The files lie in the package; ``python -m phys.fitting.examples FOLDER`` writes them anew, the same
bytes on every machine.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from phys import checked
from phys.crossbar import Crossbar
from phys.device import Device
from phys.fitting.pulse_data import PulseData, WeightMapping, from_arrays
from phys.fitting.pulse_file import UNITS, read_pulses
from phys.random_bits import MEASUREMENT, normals, stream_key
from phys.spread import Spread
from theory import DeviceLaw, laws


@dataclass(frozen=True)
class Example:
    """A simulated measurement.

    Attributes
    ----------
    device : Device
        The truth.
    devices, cycles, pulses : int
        Each device gets `cycles` trains of `pulses` up pulses and as many down pulses.
    read_noise : float
        Standard deviation of a reading, weight.
    column : str
        Name of the column with the readings.
    mapping : WeightMapping or None
        From siemens to weight, where the readings are conductances.
    seed : int
    """

    device: Device
    devices: int = 6
    cycles: int = 2
    pulses: int = 100
    read_noise: float = 0.004
    column: str = "weight"
    mapping: WeightMapping | None = None
    seed: int = 0

    def simulate(self) -> PulseData:
        """Return the measurement, before it is rounded for the file."""
        turns = [1] * self.pulses + [-1] * self.pulses
        return simulate_trains(
            self.device, self.devices, self.cycles, turns, self.read_noise, self.seed
        )

    def to_csv(self) -> str:
        """Return the text of the file."""
        law = self.device.law
        assert isinstance(law, DeviceLaw)
        numbers = ", ".join(f"{name}={float(value):g}" for name, value in law.values.items())
        lines = [
            f"# simulated by crosspoint with known truth: {law.name}, {numbers}",
            f"# dw_min={self.device.dw_min:g}, device spread: {_spread_words(self.device.spread)}",
            f"# cycle_noise={self.device.cycle_noise:g}, read_noise={self.read_noise:g}",
        ]
        if self.mapping is not None:
            m = self.mapping
            lines.append(f"# weight = (conductance - {m.zero:g} S) / {m.per_weight:g} S")
        lines.append(f"device,cycle,pulse,direction,{self.column}")
        data = self.simulate()
        pulse = np.arange(data.weight.size) - np.nonzero(data.first)[0][data.cycle]
        words = {0: "start", 1: "up", -1: "down"}
        for device, cycle, number, turn, weight in zip(
            data.device, data.cycle, pulse, data.direction, data.weight, strict=True
        ):
            reading = self._reading(float(weight))
            lines.append(
                f"{device + 1},{cycle % self.cycles + 1},{number},{words[int(turn)]},{reading}"
            )
        return "\n".join(lines) + "\n"

    def _reading(self, weight: float) -> str:
        if self.mapping is None:
            return f"{weight:.5f}"
        siemens = self.mapping.zero + self.mapping.per_weight * weight
        unit = self.column.removeprefix("conductance_")
        return f"{siemens / UNITS[unit]:.6g}"


def _spread_words(spread: Spread) -> str:
    return f"steps {spread.step:g}, bounds {spread.bounds:g}"


def simulate_trains(
    device: Device,
    devices: int,
    cycles: int,
    turns: Sequence[int],
    read_noise: float,
    seed: int = 0,
) -> PulseData:
    """Simulate a measurement: every device gets the same pulses, and is read after each.

    Parameters
    ----------
    device : Device
    devices, cycles : int
        The first train of a device begins at weight 0, the next ones where the last ended.
    turns : sequence of int (pulses,)
        +1 or -1: one train.
    read_noise : float
        Standard deviation of a reading, in weight units.
    seed : int
        Of the devices, their cycle noise and the read noise.

    Returns
    -------
    PulseData
    """
    checked.real("read_noise", read_noise, 0.0)
    xbar = Crossbar(checked.whole("devices", devices, 1), 1, device, seed)
    states = np.empty((cycles, len(turns) + 1, devices))
    for cycle in range(cycles):
        states[cycle, 0] = xbar.weights[:, 0]
        for k, turn in enumerate(turns):
            xbar.pulse_all([turn])
            states[cycle, k + 1] = xbar.weights[:, 0]
    key = stream_key(seed, int(MEASUREMENT))
    readings = states + read_noise * normals(key, states.size).reshape(states.shape)
    trains = [readings[cycle, :, d] for d in range(devices) for cycle in range(cycles)]
    owners = [d for d in range(devices) for _ in range(cycles)]
    return from_arrays(trains, [np.array(turns)] * len(trains), owners, "simulation")


SPREAD = Spread(step=0.1, bounds=0.05)

EXAMPLES: dict[str, Example] = {
    "soft_bounds": Example(
        Device(laws.soft_bounds(w_max=0.9, w_min=-0.6, imbalance=0.3), 0.02, SPREAD, 0.3)
    ),
    "linear_step": Example(
        Device(
            laws.linear_step(w_max=0.9, w_min=-0.8, imbalance=0.1, slope_up=0.3, slope_down=0.6),
            0.03,
            SPREAD,
            0.3,
        ),
        column="conductance_uS",
        mapping=WeightMapping.of_range(1e-6, 9e-6),
        seed=1,
    ),
    "exponential_step": Example(
        Device(
            laws.exponential_step(w_max=1, w_min=-0.8, imbalance=-0.1, gamma_up=4, gamma_down=7),
            0.03,
            SPREAD,
            0.2,
        ),
        column="conductance_S",
        mapping=WeightMapping.of_range(2e-5, 6e-5),
        seed=2,
    ),
}
"""The examples in the package, by name."""


def load_example(name: str) -> PulseData:
    """Return the measurement of an example, read from its file in the package.

    Examples
    --------
    >>> load_example("soft_bounds")
    PulseData('soft_bounds.csv': 6 devices, 12 cycles, 2400 pulses)
    """
    example = EXAMPLES[checked.choice("example", name, tuple(EXAMPLES))]
    m = example.mapping
    span = None if m is None else (m.zero - m.per_weight, m.zero + m.per_weight)
    with as_file(files("phys.fitting") / "simulated" / f"{name}.csv") as path:
        return read_pulses(path, span)


def main(folder: str) -> None:
    """Write all examples into `folder`, made where it is missing."""
    Path(folder).mkdir(parents=True, exist_ok=True)
    for name, example in EXAMPLES.items():
        path = Path(folder) / f"{name}.csv"
        path.write_text(example.to_csv(), encoding="utf-8", newline="\n")
        print(f"{path}: {path.stat().st_size} bytes")


if __name__ == "__main__":
    main(*sys.argv[1:2] or ["."])
