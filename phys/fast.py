"""The fast engine: reads, parallel updates and alternating pulses on whole arrays.

With numba it runs the compiled loops of `phys.loops.lines` and `phys.loops.arrays`; without numba,
and for devices whose steps are Python functions, it runs `phys.arrays`. Both give the same bits.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from phys import arrays, compiler
from phys.array_kinds.mean_field_kernel import MeanFieldKernel
from phys.loops.lines import AT_ONCE, NOISE_LANES
from phys.pulses import MAX_PULSES
from phys.slot_bits import GROUP

if TYPE_CHECKING:
    from phys.crossbar import Crossbar

NORMALS = 1024
_KEPT = threading.local()


def engine_name(kernel: Any) -> str:
    """Return how arrays with this kernel run: "compiled" or "numpy"."""
    return "compiled" if compiler.available() and kernel.source is not None else "numpy"


def law_module(kernel: Any) -> Any:
    """Return the compiled loops for arrays with this kernel, see `engine_name`."""
    if isinstance(kernel, MeanFieldKernel):
        return kernel.module()
    return compiler.law_module(kernel.source)


def scratch(lines: int) -> tuple[Any, ...]:
    """Return the working memory of an update of an array with at most `lines` lines on a side.

    For the columns and for the rows what `phys.loops.lines.draw_side` writes: lines (places, sizes,
    keys, thresholds), words, lists by sign (2, slots * lines) and their ends (2, slots + 1). For
    the noise of a block of devices their places (block,) and what `phys.loops.lines.normals_into`
    writes, (block,) each.
    """
    block = -(-max(lines, NORMALS) // NOISE_LANES) * NOISE_LANES
    return (
        _side(lines),
        _side(lines),
        (
            np.zeros(block, np.int64),
            (np.zeros(block, np.int32), np.zeros(block, np.int32), np.zeros(block, np.float32)),
        ),
    )


def _side(lines: int) -> tuple[Any, ...]:
    # A mask without bits left names line 64 after the first of its group.
    room = lines + 2 * GROUP
    kinds = (np.int64, np.float32, np.uint64, np.uint64)
    return (
        tuple(np.zeros(room, kind) for kind in kinds),
        np.zeros(room // GROUP, np.uint64),
        np.zeros((2, MAX_PULSES * lines + AT_ONCE), np.int64),
        np.zeros((2, MAX_PULSES + 1), np.int64),
    )


def _own_scratch(lines: int) -> tuple[Any, ...]:
    """Return working memory for `lines` lines that this thread keeps from update to update."""
    if getattr(_KEPT, "lines", 0) < lines:
        _KEPT.lines, _KEPT.scratch = lines, scratch(lines)
    kept: tuple[Any, ...] = _KEPT.scratch
    return kept


def forward(crossbar: Crossbar, x: np.ndarray) -> np.ndarray:
    """Return ``(w - r) x`` for every row of `x`, float32 (batch, rows)."""
    if not compiler.available():
        return arrays.forward(crossbar.columns, crossbar.reference_columns, x)
    y = np.empty((x.shape[0], crossbar.rows), np.float32)
    compiler.core().forward_batch(crossbar.columns, crossbar.reference_columns, x, y)
    return y


def backward(crossbar: Crossbar, d: np.ndarray) -> np.ndarray:
    """Return ``(w - r)^T d`` for every row of `d`, float32 (batch, columns)."""
    if not compiler.available():
        return arrays.backward(crossbar.columns, crossbar.reference_columns, d)
    z = np.empty((d.shape[0], crossbar.cols), np.float32)
    compiler.core().backward_batch(crossbar.columns, crossbar.reference_columns, d, z)
    return z


def update(crossbar: Crossbar, x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int) -> None:
    """Apply one parallel stochastic update to the array."""
    if engine_name(crossbar.kernel) == "numpy":
        arrays.update(crossbar, x, d, gain, pulses)
        crossbar.relax()
        return
    law_module(crossbar.kernel).update_array(
        crossbar.columns,
        crossbar.coefficients.reshape(-1),
        crossbar.stride,
        crossbar.noise,
        x,
        d,
        gain,
        pulses,
        crossbar.streams,
        crossbar.updates,
        _own_scratch(max(x.size, d.size)),
        crossbar.statistics,
    )


def alternate(crossbar: Crossbar, directions: np.ndarray) -> None:
    """Give every device one pulse per entry of `directions` (+1 up, -1 down), in turn."""
    if engine_name(crossbar.kernel) == "numpy":
        arrays.alternate(crossbar, directions)
        return
    law_module(crossbar.kernel).alternate(
        crossbar.columns.reshape(-1),
        crossbar.coefficients.reshape(-1),
        crossbar.stride,
        crossbar.noise,
        directions,
        crossbar.streams,
        crossbar.updates,
    )
