"""What a fit found: every law with its numbers and its BIC, and the best one with its intervals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from phys.device import Device
from phys.device_file import device_to_json
from phys.fitting.bootstrap import Interval
from phys.fitting.likelihood import Likelihood
from phys.fitting.optimise import Optimum
from phys.fitting.pulse_data import PulseData
from phys.spread import Spread
from theory import DeviceLaw


@dataclass(frozen=True)
class LawFit:
    """One law fitted to the data.

    Attributes
    ----------
    name : str
    law : DeviceLaw
        With the fitted numbers, each rounded to twelve digits.
    optimum : Optimum
    likelihood : Likelihood
    bic : float
        Bayesian information criterion, ``k ln(n) - 2 ln L`` with k numbers and n pulses.
    numbers : int
        How many numbers the data were asked for, differences between devices included.
    undecided : tuple of str
        Numbers that the data do not decide.
    """

    name: str
    law: DeviceLaw
    optimum: Optimum
    likelihood: Likelihood
    bic: float
    numbers: int
    undecided: tuple[str, ...] = ()

    @cached_property
    def values(self) -> dict[str, float]:
        """Fitted and held numbers of the law, ``dw_min``, cycle noise and read noise, by name."""
        layout = self.optimum.layout
        natural = layout.natural(self.optimum.vector)
        step = float(layout.family.nominal_step(natural))
        return {"dw_min": step} | {name: float(value) for name, value in natural.items()}


@dataclass(frozen=True)
class FitResult:
    """The outcome of `phys.fitting.choice.fit`.

    Attributes
    ----------
    data : PulseData
    fits : tuple of LawFit
        All laws that could be fitted, the smallest BIC first.
    failed : mapping of law name to reason
        Laws of the catalogue that were left out or could not be fitted.
    best : LawFit
        The law of smallest BIC among those whose numbers the data decide.
    intervals : mapping of name to Interval
        Numbers of the best law, with ``dw_min``, ``cycle_noise`` and ``read_noise``.
    symmetry_point : Interval
        Where up and down steps of the best law cancel; NaN where they do not.
    spread : Spread
        Between devices; zero where there is one device.
    confidence : float
        Of all intervals.
    resampled : str
        What was drawn with replacement: "devices", "cycles", or "curvature" for none.
    seed : int
    """

    data: PulseData
    fits: tuple[LawFit, ...]
    failed: Mapping[str, str]
    best: LawFit
    intervals: Mapping[str, Interval]
    symmetry_point: Interval
    spread: Spread
    confidence: float
    resampled: str
    seed: int

    @property
    def law(self) -> DeviceLaw:
        """The best law, with numbers."""
        return self.best.law

    @property
    def cycle_noise(self) -> float:
        """Standard deviation of one step relative to its mean."""
        return self.best.values["cycle_noise"]

    @property
    def read_noise(self) -> float:
        """Standard deviation of one reading, in weight units."""
        return self.best.values["read_noise"]

    @cached_property
    def device(self) -> Device:
        """The device to simulate and to train with."""
        return Device(
            self.law, self.best.values["dw_min"], self.spread, cycle_noise=self.cycle_noise
        )

    def weights(self) -> dict[str, float]:
        """Return the weight of each law, ``exp(-BIC/2)`` over the sum, by name."""
        drop = np.array([fit.bic - self.fits[0].bic for fit in self.fits])
        share = np.exp(-drop / 2)
        return dict(zip((f.name for f in self.fits), (share / share.sum()).tolist(), strict=True))

    def to_json(self) -> dict[str, Any]:
        """Return the law file: the law, the device, and how they were found."""
        return device_to_json(self.device) | {"fit": self.summary()}

    def summary(self) -> dict[str, Any]:
        """Return the outcome as plain data."""
        mapping = self.data.mapping
        return {
            "data": self.data.source,
            "devices": len(self.data.names),
            "cycles": self.data.cycles,
            "pulses": self.data.pulses,
            "conductance": None
            if mapping is None
            else {"zero_S": mapping.zero, "per_weight_S": mapping.per_weight},
            "law": self.best.name,
            "confidence": self.confidence,
            "resampled": self.resampled,
            "seed": self.seed,
            "numbers": {name: _plain(interval) for name, interval in self.intervals.items()},
            "symmetry_point": _plain(self.symmetry_point),
            "spread": {"step": self.spread.step, "bounds": self.spread.bounds},
            "laws": [
                {
                    "name": fit.name,
                    "numbers": fit.numbers,
                    "bic": fit.bic,
                    "undecided": list(fit.undecided),
                }
                for fit in self.fits
            ],
            "left_out": dict(self.failed),
        }

    def __repr__(self) -> str:
        return (
            f"FitResult({self.best.name} for {self.data!r}, "
            f"symmetry point {self.symmetry_point.value:.4g})"
        )


def _plain(interval: Interval) -> dict[str, float | None]:
    return {
        key: float(value) if np.isfinite(value) else None for key, value in vars(interval).items()
    }
