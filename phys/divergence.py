"""Divergence: a training whose numbers stop being numbers, and what most likely did it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from phys.algorithms import Algorithm
from phys.loops import arrays as array_loops
from phys.network import Layer, Network
from phys.recording import hidden_state


class Diverged(ArithmeticError):
    """A weight, a buffer or the loss is no longer a number."""


class Watch:
    """Looks at all numbers of a network from time to time, and remembers how large they were."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.largest: dict[tuple[int, str], float] = {}

    def check(self, loss: float, algorithm: Algorithm, place: str, file: Path | None) -> None:
        """Raise `Diverged` if a weight, a buffer or the loss is not finite.

        A loss cannot tell alone: the logarithm works on the bits of its argument, and those of NaN
        give a number.

        Parameters
        ----------
        loss : float
            Summed over the epoch.
        algorithm : Algorithm
            With its rates of this epoch.
        place : str
            How far the training is, in words.
        file : Path or None
            The checkpoint, which stays as it is.
        """
        worst: tuple[int, str] | None = None
        for depth, layer in enumerate(self.network.layers):
            for name, values in _numbers(layer).items():
                size = float(max(values.max(), -values.min()))
                if not np.isfinite(size):
                    worst = worst or (depth, name)
                else:
                    self.largest[depth, name] = size
        if worst is None and np.isfinite(loss):
            return
        kept = f" The checkpoint {file} from before is kept." if file else ""
        raise Diverged(f"{self._what(worst, loss, place)}. {self._cause(worst, algorithm)}{kept}")

    def _what(self, worst: tuple[int, str] | None, loss: float, place: str) -> str:
        if worst is None:
            return f"the loss, {loss}, is not a number any more at {place}"
        depth, name = worst
        values = _numbers(self.network.layers[depth])[name]
        return (
            f"{_title(name)} of layer {depth + 1} has {np.count_nonzero(~np.isfinite(values))} of "
            f"{values.size} values that are not finite, at {place}"
        )

    def _cause(self, worst: tuple[int, str] | None, algorithm: Algorithm) -> str:
        remedy = f"lower the learning rate ({algorithm!r})"
        if worst is None:
            return f"Likely cause: the outputs overflow; {remedy}."
        depth, name = worst
        layer = self.network.layers[depth]
        if name in layer.digital:
            cause = "a rate of these digital numbers is too high"
        elif hasattr(layer.arrays[name], "statistics"):
            cause = "a step of its devices or a signal on its lines is no number"
        else:
            cause = "its steps grow without end"
        before = self.largest.get(worst, 0.0)
        clipped = ", ".join(
            f"{_title(n)} {_clipped(array):.1%}"
            for n, array in layer.arrays.items()
            if hasattr(array, "statistics")
        )
        shares = f" Clipped share of the updates there: {clipped}." if clipped else ""
        return f"Likely cause: {cause}; {remedy}. Its largest magnitude was {before:.3g}.{shares}"


def _clipped(array: Any) -> float:
    """Return the share of the wanted device changes whose row or column was clipped."""
    statistics = array.statistics
    return float(statistics[array_loops.CLIPPED] / max(statistics[array_loops.ADDRESSED], 1.0))


def _numbers(layer: Layer) -> dict[str, np.ndarray]:
    return {name: hidden_state(layer, name) for name in (*layer.arrays, *layer.digital)}


def _title(name: str) -> str:
    if name.startswith("output_"):
        return name.replace("_", " ")
    return f"array {name.upper()}" if len(name) == 1 and name in "ac" else f"buffer {name!r}"
