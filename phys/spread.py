"""Spread: how much the devices of one array differ."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from phys import checked


@dataclass(frozen=True)
class Spread:
    """How much devices of one array differ, each number a standard deviation.

    Parameters
    ----------
    step : float
        Each device's step is ``dw_min * exp(step * xi)``.
    bounds : float
        Each bound is multiplied by ``max(1 + bounds * xi, 0.1)``.
    imbalance : float
        Added to the law's imbalance, ``rho + imbalance * xi``, kept within +-0.99.
    parameters : mapping of name to float, optional
        Any other parameter of the law, multiplied by ``1 + spread * xi``.

    Notes
    -----
    ``xi`` is standard normal, drawn once for each device and quantity.

    Examples
    --------
    >>> Spread(step=0.3, bounds=0.3, imbalance=0.01).step
    0.3
    """

    step: float = 0.0
    bounds: float = 0.0
    imbalance: float = 0.0
    parameters: Mapping[str, float] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        for name in ("step", "bounds", "imbalance"):
            checked.real(f"spread of {name}", getattr(self, name), 0.0, 10.0)
        for name, value in self.parameters.items():
            checked.real(f"spread of {name}", value, 0.0, 10.0)

    @property
    def any(self) -> bool:
        """Whether devices differ at all."""
        return any((self.step, self.bounds, self.imbalance, *self.parameters.values()))
