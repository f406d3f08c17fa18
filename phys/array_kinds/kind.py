"""How a network's weights are kept: which kind of array stands behind each of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from phys import checked
from phys.array_kinds.differential_pair import SCHEMES, DifferentialPair
from phys.array_kinds.mean_field import MeanFieldCrossbar
from phys.checked import InputError
from phys.crossbar import Crossbar
from phys.reads import Read, Reads, as_reads

MAPPINGS = ("reference", *SCHEMES)
UPDATES = ("pulsed", "expected")


@dataclass(frozen=True)
class ArrayKind:
    """What the arrays of a network are.

    Parameters
    ----------
    update : str
        "pulsed", or "expected": the limit dw_min -> 0 in float64, see `MeanFieldCrossbar`.
    mapping : str
        "reference": a weight is one device less its fixed reference. "opposite" or "one-sided": it
        is the difference of two devices that both learn, see `phys.array_kinds.differential_pair`.
    read_model : Read, Reads or str, optional
        How arrays are read, see `phys.reads`; default: ideally.

    Raises
    ------
    InputError
        An unknown name, or a pair in the limit.

    Examples
    --------
    >>> from phys import Device
    >>> from theory import laws
    >>> device = Device(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0))
    >>> ArrayKind(mapping="opposite").build(2, 3, device, 0)
    DifferentialPair(2 rows, 3 cols, soft_bounds, opposite)
    """

    update: str = "pulsed"
    mapping: str = "reference"
    read_model: Read | Reads | str | None = None

    def __post_init__(self) -> None:
        checked.choice("update", self.update, UPDATES)
        checked.choice("mapping", self.mapping, MAPPINGS)
        as_reads(self.read_model, "read_model")
        if self.has_pairs and self.update == "expected":
            raise InputError(
                f'mapping = {self.mapping!r} with update = "expected": pairs move by pulses; leave '
                f"one of them at its default"
            )

    @property
    def has_pairs(self) -> bool:
        """Whether a second array that learns takes the place of the reference."""
        return self.mapping != "reference"

    def build(self, rows: int, cols: int, device: Any, seed: int) -> Any:
        """Return an array."""
        reads = as_reads(self.read_model)
        if self.has_pairs:
            return DifferentialPair(rows, cols, device, seed, scheme=self.mapping, read=reads)
        kind = MeanFieldCrossbar if self.update == "expected" else Crossbar
        return kind(rows, cols, device, seed, read=reads)

    def describe(self) -> dict[str, str]:
        """Return in JSON types what is not at its default."""
        told = {"update": self.update, "mapping": self.mapping}
        defaults = {"update": UPDATES[0], "mapping": MAPPINGS[0]}
        described = {name: value for name, value in told.items() if value != defaults[name]}
        reads = as_reads(self.read_model)
        return described if reads.is_ideal else described | {"read_model": repr(reads)}
