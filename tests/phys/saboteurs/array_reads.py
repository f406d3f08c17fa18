"""What can go wrong when an array is read."""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import Crossbar, Device
from tests.phys.saboteurs import Sabotage, saboteur
from tests.phys.saboteurs.bounds import SOFT

DEVICE = Device(SOFT, dw_min=0.02)


class Unreferenced(Crossbar):
    """Its backward read leaves the reference out."""

    def backward(self, d: Any) -> np.ndarray:
        kept = self.reference_columns
        self.reference_columns = np.zeros_like(kept)
        try:
            return super().backward(d)
        finally:
            self.reference_columns = kept


@saboteur("read.reference", "backward gives ")
def backward_forgets_the_reference() -> Sabotage:
    return Sabotage(DEVICE, Unreferenced)


class Disturbed(Crossbar):
    """Every backward read drives the weights a little towards zero."""

    def backward(self, d: Any) -> np.ndarray:
        read = super().backward(d)
        self.columns *= np.float32(1 - 1e-5)
        return read


@saboteur("read.pure", "before and after reading: weights", also=("read.batch",))
def reading_disturbs_the_weights() -> Sabotage:
    return Sabotage(DEVICE, Disturbed)


class Summing(Crossbar):
    """Forwards a batch by a library's matrix product, which adds in an order of its own."""

    def forward(self, x: Any, **options: Any) -> np.ndarray:
        if np.ndim(x) < 2 or len(x) < 2:
            return super().forward(x, **options)
        scale = np.float32(3)
        return super().forward(np.asarray(x) / scale, **options) * scale


@saboteur("read.batch", "against one by one: output")
def batches_are_scaled() -> Sabotage:
    return Sabotage(DEVICE, Summing)


class Coupled(Crossbar):
    """Programs the reference through the same lines, which moves the weights too."""

    def set_reference(self, reference: Any) -> None:
        super().set_reference(reference)
        self.columns += np.float32(1e-3) * self.reference_columns


@saboteur("reference.apart", "after programming the reference: weight[0, 0]")
def programming_the_reference_moves_weights() -> Sabotage:
    return Sabotage(DEVICE, Coupled)
