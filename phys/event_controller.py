"""The controller: whole training steps on a clock, through all layers of a network.

One sample runs forward through the layers, one read after the other, and backward. As soon as a
layer knows its direction it learns, while the layers below still wait for theirs: its arrays are
separate, and what may overlap in time does. The numbers are those of the fast engine, bit for bit
where timing is ideal.

* SGD: core array C is updated when its own backward read has ended.
* SHD: array A is updated at once, beside the backward read of C; every `transfer_every` samples a
  column of A is read and C is updated with it.
* Tiki-Taka: the same, but forward and backward read A and C at the same time, and the update of A
  waits for the backward read.

Digital work (activations, the scaling of signals) takes `Timing.digital_ns` before each update, and
none between reads.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import simpy

from phys import checked
from phys.activations import activate, slope, softmax_direction, with_bias
from phys.algorithms import SHD, Algorithm, PulsedSGD, TikiTaka
from phys.checked import InputError
from phys.event_result import EventResult
from phys.events import EventArray, Operation
from phys.network import Layer, Network
from phys.timing import FS_PER_NS, Timing, checked_timing
from phys.trace import Trace
from phys.wires import NORMAL, Clock, Later


@dataclass(frozen=True)
class Activity:
    """One operation of one array, or digital work (array "-"), on the time line."""

    layer: int
    array: str
    what: str
    start_ns: float
    end_ns: float
    energy_fj: float = 0.0
    pulses: int = 0


@dataclass
class StepResult:
    """One training step on one sample.

    Attributes
    ----------
    activities : list of Activity
        In order of their start, then of layer and array.
    loss : float
        Cross-entropy before the step.
    """

    loss: float = 0.0
    activities: list[Activity] = field(default_factory=list)

    @property
    def start_ns(self) -> float:
        """When the step began."""
        return min(a.start_ns for a in self.activities)

    @property
    def time_ns(self) -> float:
        """How long the step took, from its first operation to its last."""
        return max(a.end_ns for a in self.activities) - self.start_ns

    @property
    def energy_fj(self) -> float:
        """Energy of all operations."""
        return sum(a.energy_fj for a in self.activities)

    @property
    def pulses(self) -> int:
        """Pulses that devices got."""
        return sum(a.pulses for a in self.activities)

    @property
    def one_after_the_other_ns(self) -> float:
        """How long the step would take if nothing overlapped in time."""
        return sum(a.end_ns - a.start_ns for a in self.activities)

    def table(self) -> str:
        """Return the time line as text, one line per operation."""
        head = f"{'layer':>5} {'array':<6}{'what':<10}{'from ns':>10}{'to ns':>10}"
        lines = [f"{head}{'pJ':>12}{'pulses':>9}"]
        for a in self.activities:
            text = f"{a.layer:>5} {a.array:<6}{a.what:<10}{a.start_ns:>10.2f}{a.end_ns:>10.2f}"
            energy = f"{a.energy_fj / 1e3:>12.3f}" if a.array != "-" else " " * 12
            pulses = f"{a.pulses:>9}" if a.what in ("update", "transfer") else ""
            lines.append(f"{text}{energy}{pulses}".rstrip())
        return "\n".join(lines)


class Controller:
    """Sequences the arrays of a network on one clock.

    Parameters
    ----------
    network : Network
        Its arrays hold the weights, and learn.
    algorithm : PulsedSGD, SHD or TikiTaka
    timing : Timing, optional
    trace : Trace, optional
        Arrays are named by their role and layer: "c0", "a0", "c1", ...

    Examples
    --------
    >>> from theory import laws
    >>> from phys import Device
    >>> device = Device(laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0), dw_min=0.01)
    >>> network = Network((4, 3, 2), ("c",), {"c": device}, seed=0)
    >>> network.programme_initial_weights()
    >>> step, = Controller(network, PulsedSGD()).run(np.eye(4)[:1], [1])
    >>> print(step.table())
    layer array what         from ns     to ns          pJ   pulses
        0 c     forward         0.00     40.00       0.024
        1 c     forward        40.00     80.00       0.013
        1 c     backward       80.00    120.00       0.013
        0 c     update        120.00    170.00       0.010        2
        1 c     update        120.00    220.00       0.050       10
    >>> step.time_ns, step.one_after_the_other_ns
    (220.0, 270.0)
    """

    def __init__(
        self,
        network: Network,
        algorithm: Algorithm,
        timing: Timing | None = None,
        trace: Trace | None = None,
    ) -> None:
        if not isinstance(algorithm, PulsedSGD | SHD | TikiTaka):
            raise InputError(
                f"algorithm = {algorithm!r} has no sequence of operations in events; "
                f"give a PulsedSGD, a SHD or a TikiTaka"
            )
        if network.layers[0].terms != algorithm.terms:
            raise InputError(
                f"network reads {network.layers[0].terms}, and {algorithm!r} needs "
                f"{algorithm.terms}; make the network with terms=algorithm.terms"
            )
        kinds = {type(a).__name__ for layer in network.layers for a in layer.arrays.values()}
        if not network.is_plain or kinds != {"Crossbar"}:
            raise InputError(
                f"network has layers of {sorted(kinds)}, convolutions or real reads; the "
                f"controller sequences fully connected layers of crossbars with ideal reads"
            )
        if network.output_kind.learns:
            raise InputError(
                f"network has outputs {network.output_kind}; the controller sequences arrays whose "
                f"sums are the outputs: leave outputs out"
            )
        self.network, self.algorithm = network, algorithm
        self.timing = checked_timing(timing)
        self.env = Clock()
        self.arrays = [
            {
                name: EventArray(self.env, crossbar, self.timing, trace, f"{name}{depth}")
                for name, crossbar in layer.arrays.items()
            }
            for depth, layer in enumerate(network.layers)
        ]
        self._step = StepResult()

    def run(self, images: Any, labels: Any) -> list[StepResult]:
        """Learn from samples, one after the other.

        Parameters
        ----------
        images : float32 (n, inputs)
        labels : int (n,)
        """
        images = np.asarray(images, dtype=np.float32)
        if images.ndim != 2 or images.shape[1] != self.network.sizes[0]:
            raise InputError(
                f"images has shape {images.shape}; give (samples, {self.network.sizes[0]})"
            )
        steps = []
        for image, label in zip(images, labels, strict=True):
            self.env.process(self.sample(image, int(label)))
            self.env.run()
            steps.append(self._step)
        return steps

    def zero_shift(self, pairs: int, names: tuple[str, ...] | None = None) -> StepResult:
        """Zero-shift arrays, all of them at the same time.

        Parameters
        ----------
        pairs : int
            Up-down pairs.
        names : tuple of str, optional
            Roles of the arrays, such as ("a",); default: all.

        Returns
        -------
        StepResult
            Its time line; there is no loss.
        """
        pairs = checked.whole("pairs", pairs, 1)
        known = tuple(self.arrays[0])
        chosen = known if names is None else tuple(checked.choice("names", n, known) for n in names)
        self._step = StepResult()
        for depth, arrays in enumerate(self.arrays):
            for name in arrays:
                if name in chosen:
                    self.env.process(self._timed(depth, name, "zero_shift", pairs))
        self.env.run()
        return self._step

    def sample(self, image: np.ndarray, label: int) -> Operation:
        """Run one sample forward and backward, and let every layer learn."""
        network, step = self.network, StepResult()
        self._step = step
        inputs, y = [_with_bias(image)], image
        for depth in range(len(network.layers)):
            y = yield from self._read(depth, "forward", inputs[-1])
            if depth + 1 < len(network.layers):
                inputs.append(_with_bias(activate(y, network.activation)))
        direction, loss = softmax_direction(y, label)
        step.loss = float(loss)
        learning = []
        for depth in reversed(range(len(network.layers))):
            read = self.env.event()
            learning.append(self.env.process(self._learn(depth, inputs[depth], direction, read)))
            if depth:
                z = yield from self._read(depth, "backward", direction)
                direction = z[:-1] * slope(inputs[depth][:-1], network.activation)
            read.succeed()
        yield self.env.all_of(learning)
        step.activities.sort(key=lambda a: (a.start_ns, a.layer, a.array))

    # -- what a layer does -----------------------------------------------------------------
    def _read(self, depth: int, what: str, signal: np.ndarray) -> Operation:
        """Read the terms of a layer, all at the same time, and return their sum."""
        layer = self.network.layers[depth]
        reads = [
            self.env.process(self._timed(depth, name, what, signal)) for name, _ in layer.terms
        ]
        yield self.env.all_of(reads)
        return layer.total([np.asarray(read.value) for read in reads])

    def _learn(self, depth: int, x: np.ndarray, d: np.ndarray, read: simpy.Event) -> Operation:
        """Learn from one sample; `read` says when the backward read has ended."""
        algorithm, layer = self.algorithm, self.network.layers[depth]
        if isinstance(algorithm, SHD | TikiTaka):
            if "a" in dict(layer.terms):
                yield read
            yield from self._digital(depth)
            yield from self._timed(depth, "a", "update", x, d, algorithm.lr_a, algorithm.pulses)
            column = _next_transfer(layer, algorithm)
            if column is not None:
                v = yield from self._timed(depth, "a", "read_column", column)
                yield from self._digital(depth)
                one_hot = np.zeros(x.size, np.float32)
                one_hot[column] = 1
                yield read
                rates = algorithm.lr_c, algorithm.pulses
                yield from self._timed(depth, "c", "update", one_hot, v, *rates, label="transfer")
        elif isinstance(algorithm, PulsedSGD):
            yield read
            yield from self._digital(depth)
            yield from self._timed(depth, "c", "update", x, d, algorithm.lr, algorithm.pulses)

    def _timed(
        self, depth: int, name: str, what: str, *arguments: Any, label: str | None = None
    ) -> Operation:
        """Run an operation of an array and note it on the time line."""
        array = self.arrays[depth][name]
        start, before = self.env.now, array.energy_fj
        result = yield from getattr(array, what)(*arguments)
        pulses = result.pulses if isinstance(result, EventResult) else 0
        if label is None:
            label = "read" if what == "read_column" else what
        self._note(depth, name, label, start, array.energy_fj - before, pulses)
        return result

    def _digital(self, depth: int) -> Generator[simpy.Event, Any, None]:
        if self.timing.digital_fs:
            start = self.env.now
            yield Later(self.env, self.timing.digital_fs, NORMAL)
            self._note(depth, "-", "digital", start)

    def _note(
        self, depth: int, name: str, what: str, start: int, energy_fj: float = 0.0, pulses: int = 0
    ) -> None:
        start_ns, end_ns = start / FS_PER_NS, self.env.now / FS_PER_NS
        self._step.activities.append(
            Activity(depth, name, what, start_ns, end_ns, energy_fj, pulses)
        )


def _with_bias(x: np.ndarray) -> np.ndarray:
    return with_bias(x[None])[0]


def _next_transfer(layer: Layer, algorithm: SHD | TikiTaka) -> int | None:
    """Count a sample; return the column that is to be transferred now, if any."""
    layer.turns += 1
    if layer.turns % algorithm.transfer_every:
        return None
    return (layer.turns // algorithm.transfer_every - 1) % layer.a.cols
