"""From a fit's vector of free numbers to the numbers of every device, and back.

The vector holds the fitted numbers of the law on scales without limits, then the logarithms of the
cycle noise and of the read noise, then how each device differs: the logarithm of its step and the
relative change of each of its bounds. These differences add up to zero over the devices, so that
the law is that of the middle device.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from phys.fitting.families import Family
from phys.fitting.likelihood import Numbers

CYCLE_NOISE, READ_NOISE = "cycle_noise", "read_noise"


@dataclass(frozen=True)
class Layout:
    """What stands where in the vector of one fit.

    Attributes
    ----------
    family : Family
    devices : int
    held : dict
        Values of fitted parameters that this fit does not change.
    effects : tuple of str
        How devices differ: "step", "high", "low"; none of them for one device.
    """

    family: Family
    devices: int
    held: dict[str, float]
    effects: tuple[str, ...]

    @cached_property
    def law_names(self) -> tuple[str, ...]:
        """Fitted numbers of the law, in the order of the vector."""
        return tuple(name for name in self.family.names if name not in self.held)

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Names of the shared part of the vector."""
        return (*self.law_names, CYCLE_NOISE, READ_NOISE)

    @property
    def shared(self) -> int:
        """Length of the shared part."""
        return len(self.names)

    @property
    def size(self) -> int:
        """Length of the vector."""
        return self.shared + (self.devices - 1) * len(self.effects)

    @cached_property
    def contrasts(self) -> np.ndarray:
        """Orthonormal columns that add up to zero, (devices, devices - 1)."""
        centred = np.eye(self.devices) - 1 / self.devices
        return np.linalg.svd(centred)[0][:, : self.devices - 1]

    def natural(self, vector: np.ndarray) -> dict[str, Any]:
        """Return the shared numbers by name; `vector` is (..., size), so the values are (...)."""
        free = {name: vector[..., k] for k, name in enumerate(self.names)}
        values: dict[str, Any] = dict(self.held)
        for name in self.law_names:
            values[name] = self.family.scale(name).natural(free[name])
        return values | {name: np.exp(free[name]) for name in (CYCLE_NOISE, READ_NOISE)}

    def differences(self, vector: np.ndarray) -> np.ndarray:
        """Return how devices differ, (devices, effects)."""
        rest = vector[self.shared :].reshape(self.devices - 1, len(self.effects))
        return np.asarray(self.contrasts @ rest)

    def numbers(self, vector: np.ndarray, shift: np.ndarray | None = None) -> Numbers:
        """Return the numbers of every device; `shift` (effects,) is added to all differences."""
        values = self.natural(vector)
        low, high = self.family.nominal_bounds(values)
        differ = self.differences(vector) if self.effects else np.zeros((self.devices, 0))
        differ = differ if shift is None else differ + shift
        by = {name: differ[:, k] for k, name in enumerate(self.effects)}
        none = np.zeros(self.devices)
        return Numbers(
            values,
            self.family.nominal_step(values) * np.exp(by.get("step", none)),
            low * (1 + by.get("low", none)),
            high * (1 + by.get("high", none)),
            float(values[CYCLE_NOISE]),
            float(values[READ_NOISE]),
        )

    def vector(self, values: dict[str, float], differences: np.ndarray | None = None) -> np.ndarray:
        """Return the vector of these natural values."""
        shared = [self.family.scale(name).free(values[name]) for name in self.law_names]
        shared += [np.log(values[CYCLE_NOISE]), np.log(values[READ_NOISE])]
        if differences is None:
            rest = np.zeros(self.size - self.shared)
        else:
            rest = (self.contrasts.T @ differences).reshape(-1)
        return np.concatenate([shared, rest])
