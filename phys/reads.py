r"""Non-ideal reads: converters, bounds and noise between the signals and an array.

A read multiplies signals with the weights of an array. What enters is cut at the input bound and
rounded by a digital-to-analog converter (DAC), what comes out carries noise, is cut at the output
bound and rounded by an analog-to-digital converter (ADC):

.. math:: y_i = \alpha\, f_\mathrm{ADC}\Bigl(\sum_j w_{ij} f_\mathrm{DAC}(x_j/\alpha)
          + \sigma\, \xi_i\Bigr), \qquad
          \sigma^2 = \sigma_\mathrm{out}^2 + \sigma_w^2 \sum_j f_\mathrm{DAC}(x_j/\alpha)^2

Noise management takes :math:`\alpha = \max_j |x_j|` out of the signals and puts it back digitally;
bound management doubles :math:`\alpha` and reads again where an output met its bound (Gokmen, Onen
and Haensch, Front. Neurosci. 11:538, 2017). The noise of an output is a pure function of the seed
of its array, the number of the read and the line.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from phys import arrays, checked, compiler
from phys.checked import InputError
from phys.elementary import normal_from_bits
from phys.loops import reads as read_loops
from phys.random_bits import (
    BACKWARD_READ,
    COLUMN_READ,
    FORWARD_READ,
    PROBE_READ,
    child,
    stream_key,
)

if TYPE_CHECKING:
    from phys.crossbar import Crossbar

NAMED = ("ideal", "aihwkit")
MOST_BITS = 24
MOST_HALVINGS = 20


@dataclass(frozen=True)
class Read:
    """One kind of read of an array; everything is off by default, and 0 is off.

    Parameters
    ----------
    input_bound, output_bound : float
        Largest magnitude of a signal that enters, in units of the signal, or of an output.
    input_bits, output_bits : int
        Resolution of the converters: ``2**bits - 2`` steps between the two bounds.
    output_noise : float
        Standard deviation of the noise of an output, in units of the output.
    weight_noise : float
        Standard deviation of every weight from read to read, in weight units; as noise of the
        outputs.
    noise_management : bool
        Scale the signals by their largest magnitude.
    halvings : int
        Bound management: how often the signals are halved at most, as long as an output meets its
        bound.

    Raises
    ------
    InputError
        A number out of range, or bits without the bound that they divide.

    Examples
    --------
    >>> Read(output_noise=0.06).is_ideal, Read().is_ideal
    (False, True)
    """

    input_bound: float = 0.0
    input_bits: int = 0
    output_bound: float = 0.0
    output_bits: int = 0
    output_noise: float = 0.0
    weight_noise: float = 0.0
    noise_management: bool = False
    halvings: int = 0

    def __post_init__(self) -> None:
        for name in ("input_bound", "output_bound", "output_noise", "weight_noise"):
            checked.real(name, getattr(self, name), 0.0, 1e6)
        for side in ("input", "output"):
            bits = checked.whole(f"{side}_bits", getattr(self, f"{side}_bits"), 0, MOST_BITS)
            if bits == 1:
                raise InputError(f"{side}_bits = 1 leaves no step; give 0 (off) or at least 2")
            if bits and not getattr(self, f"{side}_bound"):
                raise InputError(
                    f"{side}_bits = {bits} without a bound: a converter divides a range; "
                    f"give {side}_bound too"
                )
        checked.whole("halvings", self.halvings, 0, MOST_HALVINGS)
        if self.halvings and not self.output_bound:
            raise InputError(
                f"halvings = {self.halvings} without a bound: no output can meet it; "
                f"give output_bound too"
            )

    @property
    def is_ideal(self) -> bool:
        """Whether the read gives the product and nothing else."""
        return not any((self.input_bound, self.output_bound, self.output_noise, self.weight_noise))

    @property
    def input_step(self) -> float:
        """Step of the DAC; 0 without one."""
        return _step(self.input_bound, self.input_bits)

    @property
    def output_step(self) -> float:
        """Step of the ADC; 0 without one."""
        return _step(self.output_bound, self.output_bits)

    def settings(self) -> np.ndarray:
        """Return the numbers of the read as the loops take them, float32 (9,)."""
        numbers = np.zeros(read_loops.SETTINGS, dtype=np.float32)
        numbers[read_loops.INPUT_BOUND] = self.input_bound
        numbers[read_loops.INPUT_STEP] = self.input_step
        numbers[read_loops.OUTPUT_BOUND] = self.output_bound
        numbers[read_loops.OUTPUT_STEP] = self.output_step
        numbers[read_loops.OUTPUT_NOISE] = self.output_noise
        numbers[read_loops.WEIGHT_NOISE] = self.weight_noise
        numbers[read_loops.SCALED] = self.noise_management
        numbers[read_loops.HALVINGS] = self.halvings
        numbers[read_loops.ACTIVE] = not self.is_ideal
        return numbers


def _step(bound: float, bits: int) -> float:
    return 2 * bound / (2**bits - 2) if bits else 0.0


@dataclass(frozen=True)
class Reads:
    """How an array is read: forward, backward, and column by column in a transfer.

    Parameters
    ----------
    forward, backward, column : Read

    Examples
    --------
    >>> Reads().is_ideal
    True
    >>> Reads.aihwkit().forward.output_noise
    0.06
    """

    forward: Read = Read()
    backward: Read = Read()
    column: Read = Read()

    @property
    def is_ideal(self) -> bool:
        """Whether all three reads are ideal."""
        return self.forward.is_ideal and self.backward.is_ideal and self.column.is_ideal

    @classmethod
    def aihwkit(cls) -> Reads:
        """Return the defaults of IBM's aihwkit.

        Inputs of 7 bits within 1, outputs of 9 bits within 12 with noise 0.06, noise management by
        the largest input. Bound management, forward and in transfers, halves the inputs as long as
        their step stays within a quarter of the bound.

        References
        ----------
        IBM/aihwkit, ``IOParameters`` in ``aihwkit.simulator.parameters.io``.
        """
        plain = Read(
            input_bound=1.0,
            input_bits=7,
            output_bound=12.0,
            output_bits=9,
            output_noise=0.06,
            noise_management=True,
        )
        halvings = math.floor(math.log2(0.25 * (2**plain.input_bits - 2)))
        managed = Read(**{**vars(plain), "halvings": halvings})
        return cls(forward=managed, backward=plain, column=managed)


def as_reads(value: Any, name: str = "read") -> Reads:
    """Return the `Reads` that `value` stands for: None, a name, one `Read` for all, or `Reads`.

    Raises
    ------
    InputError
        If it stands for none.
    """
    if value is None:
        return Reads()
    if isinstance(value, Reads):
        return value
    if isinstance(value, Read):
        return Reads(value, value, value)
    if isinstance(value, str):
        checked.choice(name, value, NAMED)
        return Reads.aihwkit() if value == "aihwkit" else Reads()
    raise InputError(
        f"{name} = {value!r} is a {type(value).__name__}; give a phys.Read, phys.Reads or one of "
        f"{', '.join(NAMED)}"
    )


def read_streams(seed: int) -> np.ndarray:
    """Return the keys of an array's forward, backward, column and probing reads, uint64 (4,)."""
    kinds = (FORWARD_READ, BACKWARD_READ, COLUMN_READ, PROBE_READ)
    return np.array([stream_key(seed, int(kind)) for kind in kinds], dtype=np.uint64)


def forward(
    crossbar: Crossbar, x: np.ndarray, settings: np.ndarray, stream: np.uint64, number: int
) -> np.ndarray:
    """Read ``(w - r) x`` for every row of `x`, float32 (batch, rows), from read `number` on."""
    weights, reference = crossbar.columns, crossbar.reference_columns
    if not compiler.available():

        def product(signals: np.ndarray) -> np.ndarray:
            return arrays.forward(weights, reference, signals[None])[0]

        return _batch(product, x, crossbar.rows, settings, stream, number)
    y = np.empty((x.shape[0], crossbar.rows), np.float32)
    core = compiler.core()
    core.read_forward_batch(weights, reference, x, settings, np.uint64(stream), number, y)
    return y


def backward(
    crossbar: Crossbar, d: np.ndarray, settings: np.ndarray, stream: np.uint64, number: int
) -> np.ndarray:
    """Read ``(w - r)^T d`` for every row of `d`, float32 (batch, columns), from `number` on."""
    weights, reference = crossbar.columns, crossbar.reference_columns
    if not compiler.available():

        def product(signals: np.ndarray) -> np.ndarray:
            return arrays.backward(weights, reference, signals[None])[0]

        return _batch(product, d, crossbar.cols, settings, stream, number)
    z = np.empty((d.shape[0], crossbar.cols), np.float32)
    core = compiler.core()
    core.read_backward_batch(weights, reference, d, settings, np.uint64(stream), number, z)
    return z


def _batch(
    product: Any,
    signals: np.ndarray,
    lines: int,
    settings: np.ndarray,
    stream: np.uint64,
    number: int,
) -> np.ndarray:
    outputs = np.zeros((len(signals), lines), dtype=np.float32)
    for n, row in enumerate(signals):
        with np.errstate(over="ignore"):
            key = child(np.uint64(stream), np.uint64(number + n))
        outputs[n] = _read(product, row, lines, settings, key)
    return outputs


def _read(
    product: Any, signals: np.ndarray, lines: int, settings: np.ndarray, key: np.uint64
) -> np.ndarray:
    """Do what `phys.loops.reads.read_forward` does, over whole lines at a time."""
    scale = np.abs(signals).max() if settings[read_loops.SCALED] else np.float32(1)
    if scale == 0:
        return np.zeros(lines, dtype=np.float32)
    bound, step = settings[read_loops.OUTPUT_BOUND], settings[read_loops.OUTPUT_STEP]
    attempt = 0
    while True:
        converted = _convert(
            signals / scale, settings[read_loops.INPUT_BOUND], settings[read_loops.INPUT_STEP]
        )
        total = np.add.accumulate(converted * converted)[-1]
        output, weight = settings[read_loops.OUTPUT_NOISE], settings[read_loops.WEIGHT_NOISE]
        noise = np.sqrt(output * output + weight * weight * total)
        values = product(converted)
        if noise > 0:
            with np.errstate(over="ignore"):
                turn = child(key, np.uint64(attempt))
            values = values + noise * normal_from_bits(
                child(turn, np.arange(lines, dtype=np.uint64))
            )
        met = bound > 0 and bool((np.abs(values) >= bound).any())
        if not met or attempt >= settings[read_loops.HALVINGS]:
            return np.asarray(_convert(values, bound, step) * scale)
        attempt += 1
        scale = np.float32(2) * scale


def _convert(values: np.ndarray, bound: np.float32, step: np.float32) -> np.ndarray:
    if bound > 0:
        values = np.minimum(np.maximum(values, -bound), bound)
    if step > 0:
        values = np.floor(values / step + np.float32(0.5)) * step
    return values
