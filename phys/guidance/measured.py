"""What the devices of a layer are asked for by the gradients of probe images."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from phys.gradients import probe_gradients
from phys.network import Network

BATCH = 100
"""Images whose gradients are held at once."""


@dataclass
class MeasuredGradients:
    """Sums over the probe images, for every device of one array.

    Parameters
    ----------
    gain : float
        Probability of a pulse per unit of input times direction, see `phys.pulses.update_gain`; it
        tells what a pulse train can deliver.

    Attributes
    ----------
    mean, absolute, square : float32 (cols, rows)
        g, |g| and g^2 of a device, as pulse trains deliver them.
    curvature : float32 (cols, rows)
        g^2 as the gradient is.
    products : list of float32 (n,)
        Largest input times largest direction of each sample.
    """

    cols: int
    rows: int
    gain: float
    products: list[np.ndarray] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.mean, self.absolute, self.square, self.curvature = (
            np.zeros((self.cols, self.rows), np.float32) for _ in range(4)
        )

    @property
    def product(self) -> np.ndarray:
        """Largest input times largest direction of every sample, float32 (samples,)."""
        return np.concatenate(self.products)

    def add(self, x: np.ndarray, d: np.ndarray) -> None:
        """Take in samples: inputs (n, cols) and directions, minus the gradient, (n, rows)."""
        product = np.abs(x).max(axis=1) * np.abs(d).max(axis=1)
        self.products.append(product)
        given = d / np.maximum(np.float32(self.gain) * product, np.float32(1))[:, None]
        self.mean -= x.T @ given
        self.absolute += np.abs(x).T @ np.abs(given)
        squared = x**2
        self.square += squared.T @ given**2
        self.curvature += squared.T @ d**2

    def part(self, columns: slice) -> Iterator[np.ndarray]:
        """Yield E[g], E|g|, E[g^2] and the curvature of some columns, float64 (devices,) each."""
        samples = sum(product.size for product in self.products)
        for total in (self.mean, self.absolute, self.square, self.curvature):
            yield total[columns].astype(np.float64).reshape(-1) / samples


def measure(
    network: Network, gains: list[float], images: np.ndarray, labels: np.ndarray
) -> list[MeasuredGradients]:
    """Measure the gradients of every layer on probe images.

    Parameters
    ----------
    network : Network
    gains : list of float
        One per layer.
    images, labels : the probe
    """
    measured = [
        MeasuredGradients(stage.cols, stage.rows, gain)
        for stage, gain in zip(network.stages, gains, strict=True)
    ]
    for start in range(0, len(images), BATCH):
        some = slice(start, start + BATCH)
        _, probes = probe_gradients(network, images[some], labels[some])
        for layer, (x, d) in zip(measured, probes, strict=True):
            layer.add(x, d)
    return measured
