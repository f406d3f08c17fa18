"""Convolutions on a crossbar: a map becomes one vector per patch, and directions come back.

A convolution's array sees the patches of a map one after another (im2col); what the backward read
gives for each patch is added up where the patches overlap (col2im). Sums run patch by patch in
rising order, as in `phys.loops.maps`, so that both give the same bits.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from phys.layers import Stage


def patches(source: np.ndarray, stage: Stage) -> np.ndarray:
    """Return the vectors that the array of a layer sees, without the bias line.

    Parameters
    ----------
    source : float32, (batch, pixels * channels)
        Maps that enter, position by position.

    Returns
    -------
    float32, (batch * patches, inputs)
        The patches of the first map, in reading order, then those of the next.
    """
    if not stage.kernel:
        return source
    maps = source.reshape(-1, *stage.source)
    windows = sliding_window_view(maps, (stage.kernel, stage.kernel), axis=(1, 2))
    chosen = windows[:, :: stage.stride, :: stage.stride]
    return np.ascontiguousarray(np.moveaxis(chosen, 3, -1)).reshape(-1, stage.inputs)


def add_patches(vectors: np.ndarray, stage: Stage) -> np.ndarray:
    """Add the vectors of the patches of one map up where they overlap.

    Parameters
    ----------
    vectors : float32, (patches, inputs)

    Returns
    -------
    float32, (pixels * channels,)
    """
    if not stage.kernel:
        return vectors[0]
    height, width, _ = stage.map
    size, step = stage.kernel, stage.stride
    parts = vectors.reshape(height, width, size, size, stage.source[2])
    total = np.zeros(stage.source, dtype=np.float32)
    # Patches in rising order meet a pixel with falling places inside the patch.
    for down in range(size - 1, -1, -1):
        for right in range(size - 1, -1, -1):
            window = total[down : down + height * step : step, right : right + width * step : step]
            window += parts[:, :, down, right]
    return total.reshape(-1)


def pooled(maps: np.ndarray, stage: Stage) -> np.ndarray:
    """Pool the activations of a layer.

    Parameters
    ----------
    maps : float32, (batch * patches, rows)

    Returns
    -------
    float32, (batch, pixels * channels) of the next layer's map
    """
    if stage.pool == 1:
        return maps.reshape(-1, stage.patches * stage.rows)
    squares = _squares(maps, stage)
    if stage.average:
        sums = np.add.accumulate(squares, axis=3)[:, :, :, -1]
        return np.asarray(sums / np.float32(stage.pool**2)).reshape(len(squares), -1)
    return squares.max(axis=3).reshape(len(squares), -1)


def unpooled(direction: np.ndarray, maps: np.ndarray, stage: Stage) -> np.ndarray:
    """Return what a direction after the pooling of one map means before it.

    Parameters
    ----------
    direction : float32, (pixels * channels,)
        At the next layer's map.
    maps : float32, (patches, rows)
        The activations that were pooled.

    Returns
    -------
    float32, (patches, rows)
        Average: an equal share for every place of a square; max: all for the first largest.
    """
    if stage.pool == 1:
        return direction.reshape(maps.shape)
    height, width, rows = stage.target
    each = direction.reshape(1, height, width, 1, rows)
    places = stage.pool**2
    if stage.average:
        spread = np.repeat(each / np.float32(places), places, axis=3)
    else:
        largest = _squares(maps, stage).argmax(axis=3)[:, :, :, None]
        at = np.arange(places).reshape(1, 1, 1, places, 1)
        spread = np.where(at == largest, each, np.float32(0))
    squares = spread.reshape(height, width, stage.pool, stage.pool, rows)
    return np.ascontiguousarray(np.swapaxes(squares, 1, 2)).reshape(maps.shape)


def _squares(maps: np.ndarray, stage: Stage) -> np.ndarray:
    """Return the values of each pooling square: (batch, height, width, places, channels)."""
    height, width, rows = stage.target
    size = stage.pool
    split = maps.reshape(-1, height, size, width, size, rows)
    return np.swapaxes(split, 2, 3).reshape(-1, height, width, size * size, rows)
