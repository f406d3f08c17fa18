"""Zero-shifted SGD: pulsed SGD where the zero of a weight is its device's symmetry point."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from phys.algorithms.sgd import PulsedSGD


@dataclass(frozen=True)
class ZeroShiftedSGD(PulsedSGD):
    r"""Pulsed SGD on an array whose references R hold the symmetry points of its devices.

    Alternating pulses bring every device to its symmetry point, which is copied to its reference;
    the weight is what lies above it, and what the asymmetry pulls the device to is weight zero:

    .. math:: G(R) = 0; \qquad W = C - R, \quad
              C \leftarrow C + \Delta W\,F(C) - |\Delta W|\,G(C), \quad
              \Delta W = \mathrm{lr}\; d x^T

    The same as `PulsedSGD` with ``zero_shift=True``; it refuses to train without.

    Parameters
    ----------
    lr : float
        Learning rate.
    pulses : int
        Slots of a pulse train (symbol BL).

    References
    ----------
    Kim et al., arXiv 1907.10228 (2019).
    """

    name: ClassVar[str] = "zero-shifted-sgd"
    needs_shift: ClassVar[tuple[str, ...]] = ("c",)
