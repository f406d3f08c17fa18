r"""What digital circuits do behind an array: they scale the sums of its rows and add a bias.

Array and reference give the sums r = W x; the layer's outputs are

.. math:: y_i = s_i r_i + b_i .

Both numbers are learned like weights of floating point, by the mean gradient of a batch, and the
array learns from ``s_i d_i`` in place of d_i. A scale can make up for weights that the devices pull
together: what plain SGD on asymmetric devices loses is the size of its weights first.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from phys import checked
from phys.checked import InputError

SCALES = ("fixed", "learned", "learned-per-row")
BIASES = ("array", "digital")


@dataclass(frozen=True)
class OutputKind:
    """Which numbers stand behind the arrays of a network, and how fast they learn.

    Parameters
    ----------
    scale : str
        "fixed" at 1, "learned": one per layer, or "learned-per-row".
    bias : str
        "array": a column of devices whose line always carries 1; or "digital".
    lr : float, optional
        Learning rate of the digital numbers; default: that of the algorithm's gradient.

    Examples
    --------
    >>> OutputKind(scale="learned").describe()
    {'output_scale': 'learned'}
    """

    scale: str = "fixed"
    bias: str = "array"
    lr: float | None = None

    def __post_init__(self) -> None:
        checked.choice("output_scale", self.scale, SCALES)
        checked.choice("bias", self.bias, BIASES)
        if self.lr is not None:
            checked.real("lr_digital", self.lr, 0.0, open_low=True)
            if not self.learns:
                raise InputError(
                    f'lr_digital = {self.lr!r} with output_scale = "fixed" and bias = "array": '
                    f"nothing digital learns; leave it out, or let one of them learn"
                )

    @property
    def learns(self) -> bool:
        """Whether any number behind the arrays learns."""
        return self.scale != "fixed" or self.bias == "digital"

    def rate(self, algorithm: Any) -> float:
        """Return the learning rate beside an algorithm, for the gradient of a single sample.

        Raises
        ------
        InputError
            The algorithm has no rate that acts on a gradient, and none is given.
        """
        if not self.learns:
            return 0.0
        for rate in (self.lr, getattr(algorithm, "lr", None), getattr(algorithm, "lr_a", None)):
            if rate is not None:
                return float(rate)
        raise InputError(
            f"lr_digital = None: algorithm {algorithm.name!r} has neither lr nor lr_a to take its "
            f"place; give a learning rate"
        )

    def describe(self) -> dict[str, Any]:
        """Return in JSON types what is not at its default."""
        told = {"output_scale": self.scale, "bias": self.bias, "lr_digital": self.lr}
        defaults = {"output_scale": SCALES[0], "bias": BIASES[0], "lr_digital": None}
        return {name: value for name, value in told.items() if value != defaults[name]}


@dataclass
class DigitalOutputs:
    """The digital numbers of a layer, and the gradients that a batch has left for them.

    Attributes
    ----------
    kind : OutputKind
    bias : float32 (rows,)
        b; where it starts, or zeros where the bias is a column of the array.
    scale : float32 (rows,)
        s, all equal where a layer has one.
    """

    kind: OutputKind
    bias: np.ndarray
    scale: np.ndarray = field(init=False)
    scale_gain: np.ndarray = field(init=False, repr=False)
    bias_gain: np.ndarray = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self.bias = np.array(self.bias, dtype=np.float32)
        if self.kind.bias == "array":
            self.bias[:] = 0
        self.scale = np.ones_like(self.bias)
        self.scale_gain, self.bias_gain = np.zeros_like(self.bias), np.zeros_like(self.bias)

    def forward(self, sums: np.ndarray) -> np.ndarray:
        """Return the outputs for the sums of an array, float32 (n, rows)."""
        return np.asarray(self.scale * sums + self.bias)

    def backward(self, d: np.ndarray) -> np.ndarray:
        """Return how the rows of the array should move where the outputs should move along `d`."""
        return np.asarray(self.scale * d)

    def note(self, sums: np.ndarray, d: np.ndarray) -> None:
        """Note the gradients of one sample.

        Parameters
        ----------
        sums, d : float32 (patches, rows)
            What the array gave, and how the outputs should move.
        """
        for patch in range(len(d)):
            self.scale_gain += d[patch] * sums[patch]
            self.bias_gain += d[patch]

    def learn(self, rate: float) -> None:
        """Learn what the samples since the last call have left, at a rate for their sum."""
        step = np.float32(rate)
        if self.kind.scale == "learned":
            self.scale += step * np.add.accumulate(self.scale_gain)[-1]
        elif self.kind.scale == "learned-per-row":
            self.scale += step * self.scale_gain
        if self.kind.bias == "digital":
            self.bias += step * self.bias_gain
        self.scale_gain[:] = 0
        self.bias_gain[:] = 0

    def numbers(self) -> dict[str, np.ndarray]:
        """Return what learns, by name."""
        learned = {}
        if self.kind.scale != "fixed":
            learned["output_scale"] = self.scale
        if self.kind.bias == "digital":
            learned["output_bias"] = self.bias
        return learned

    def packed(self, batch: int, patches: int) -> tuple[Any, ...]:
        """Return the numbers as `phys.loops.outputs` unpacks them, with memory for the sums."""
        sums = np.zeros((batch, patches, self.scale.size), np.float32)
        form = np.array(
            [SCALES.index(self.kind.scale), BIASES.index(self.kind.bias)], dtype=np.int64
        )
        return self.scale, self.bias, self.scale_gain, self.bias_gain, sums, form


NO_OUTPUTS = DigitalOutputs(OutputKind(), np.zeros(0))
"""What the compiled loops take where the sums of an array are the outputs."""
