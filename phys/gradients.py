"""Gradients on probe images: what a network would learn, measured beside its training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from phys import convolution
from phys.activations import activate, slope
from phys.network import Network, entering


@dataclass(frozen=True)
class GradientStatistics:
    """Mean and mean magnitude of every device's gradient g = dloss/dw over probe images.

    Attributes
    ----------
    mean, absolute : float32 (rows, cols)
        E[g] and E|g|. In a convolution a sample's gradient is a sum over patches, each of which is
        an update of its own: E|g| sums their magnitudes.
    """

    mean: np.ndarray
    absolute: np.ndarray


def gradient_statistics(
    network: Network, images: np.ndarray, labels: np.ndarray
) -> list[GradientStatistics]:
    """Measure E[g] and E|g| of every device, layer by layer.

    Parameters
    ----------
    network : Network
    images : float32 (n, pixels)
    labels : int (n,)

    Returns
    -------
    list of GradientStatistics
        One per layer with weights.

    Examples
    --------
    >>> from phys import train
    >>> from phys.data import load
    >>> network = train("digits", "float", epochs=1, samples=200, layers=(64, 10)).network
    >>> data = load("digits")
    >>> g, = gradient_statistics(network, data.train_images[:100], data.train_labels[:100])
    >>> g.mean.shape, bool((abs(g.mean) <= g.absolute + 1e-6).all())
    ((10, 65), True)
    """
    _, probes = probe_gradients(network, images, labels)
    count = np.float32(len(images))
    return [
        GradientStatistics(-(d.T @ x) / count, (np.abs(d).T @ np.abs(x)) / count) for x, d in probes
    ]


def probe_gradients(
    network: Network, images: np.ndarray, labels: np.ndarray
) -> tuple[float, list[tuple[np.ndarray, np.ndarray]]]:
    """Return the mean loss and, per layer, inputs (n, cols) and directions (n, rows), float32.

    A measurement beside the training: reads are ideal, and matrix products sum in any order. A
    convolution has one row per patch, those of the first image first.
    """
    inputs, maps, weights, x = [], [], [], images
    last = len(network.layers) - 1
    for depth, (layer, stage) in enumerate(zip(network.layers, network.stages, strict=True)):
        inputs.append(entering(x, stage))
        weights.append(
            sum(np.float32(f) * layer.arrays[name].effective_weights for name, f in layer.terms)
        )
        y = layer.scaled(inputs[-1] @ weights[-1].T)
        if depth < last:
            maps.append(activate(y, network.activation))
            x = convolution.pooled(maps[-1], stage)
    y -= y.max(axis=1, keepdims=True)
    p = np.exp(y)
    p /= p.sum(axis=1, keepdims=True)
    rows = np.arange(len(labels))
    loss = float(-np.log(np.maximum(p[rows, labels], 1e-30)).mean())
    d = -p
    d[rows, labels] += 1
    directions = [network.layers[last].rows_direction(d)]
    for depth in range(last, 0, -1):
        z = (directions[0] @ weights[depth])[:, : network.stages[depth].inputs]
        before = _before(z, maps[depth - 1], network, depth)
        d = before * slope(maps[depth - 1], network.activation)
        directions.insert(0, network.layers[depth - 1].rows_direction(d))
    return loss, list(zip(inputs, directions, strict=True))


def _before(z: np.ndarray, maps: np.ndarray, network: Network, depth: int) -> np.ndarray:
    """Return what the directions at a layer's inputs mean at the outputs of the layer before."""
    stage, previous = network.stages[depth], network.stages[depth - 1]
    if not stage.kernel and not previous.kernel:
        return z
    images = len(maps) // previous.patches
    return np.concatenate(
        [
            convolution.unpooled(convolution.add_patches(vectors, stage), outputs, previous)
            for vectors, outputs in zip(
                z.reshape(images, -1, z.shape[1]),
                maps.reshape(images, -1, maps.shape[1]),
                strict=True,
            )
        ]
    )
