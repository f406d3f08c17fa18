"""Timing faults in whole trainings: what they do to accuracy, beside what theory expects.

`Timed` wraps any training algorithm so that its pulsed updates run with a `Timing`. In the fast
engine deterministic skew is a fraction of a step per device; random times, and steps from a weight
that has not settled, need ``engine="event"``, which is for small data. The reads of a training are
ideal in both: `early_reads` trains in `phys.event_controller`, where they are not.

`sweep` trains on the digits for several values of one time, and puts the expected fraction of a
step beside the accuracy; `phys.fault_plots` draws both. The numbers below are means of two seeds,
recorded by ``benchmarks/timing_faults.py``, with ``SHD(lr_a=0.2, lr_c=0.5, transfer_every=1)`` and
balanced soft bounds of plus and minus 1 with ``dw_min = 0.002``. Between the two seeds an accuracy
differs by up to .04 without faults and by up to .16 with heavy ones.

**With skew, accuracy follows the expected fraction, whether pulses shrink or get lost.** With two
thirds of a step left it falls by .05, with half by .11 to .14, with a fifth by .34 to .36. SHD,
64-32-10, two epochs, slots of 15 ns, accuracy (expected fraction) by delay from one crosspoint to
the next:

==================  ===========  ===========  ===========  ===========
minimum overlap     0 ps         50 ps        100 ps       150 ps
==================  ===========  ===========  ===========  ===========
none                .91 (1.00)   .88 (.85)    .86 (.65)    .80 (.49)
4 of 5 ns           .91 (1.00)   .77 (.51)    .64 (.28)    .54 (.18)
==================  ===========  ===========  ===========  ===========

(The expected fraction is that of a 64 x 64 array.) A long pulse helps, and a device that switches
fast: the same training with 100 ps from one crosspoint to the next and slots of 20 ns, by pulse
width, for three switching time constants:

==================  ===========  ===========  ===========  ===========
switching constant  1 ns         2 ns         5 ns         10 ns
==================  ===========  ===========  ===========  ===========
0.5 ns              .56 (.19)    .74 (.42)    .90 (.91)    .90 (1.00)
5 ns                .53 (.15)    .71 (.30)    .86 (.65)    .89 (.91)
50 ns               .53 (.15)    .69 (.28)    .84 (.59)    .88 (.80)
==================  ===========  ===========  ===========  ===========

**Jitter costs less**, in a network of one layer: half a step left on average costs nothing that two
seeds would show, a fifth costs .18. Jitter strikes all devices alike and skew the far ones; that
this is the reason has not been tested. SHD, 64-10, one epoch of 1,440 samples in events, slots of
15 ns, by standard deviation of a pulse's start:

==================  ===========  ===========  ===========
minimum overlap     0 ps         800 ps       1600 ps
==================  ===========  ===========  ===========
none                .81 (1.00)   .82 (.88)    .82 (.72)
4 of 5 ns           .81 (1.00)   .81 (.52)    .63 (.19)
==================  ===========  ===========  ===========

Early reads matter only where a weight settles for longer than many samples take: gradients from
weights of some samples ago may still point the right way. Accuracy, 64-10, 1,440 samples learned
once, devices and SHD as above, SGD with ``lr=0.05``, by settling time:

=========  =====  =======  ======  ======  =======
algorithm  0      200 ns   2 us    20 us   200 us
=========  =====  =======  ======  ======  =======
SHD        .87    .87      .87     .74     .30
SGD        .86    .86      .85     .81     .66
=========  =====  =======  ======  ======  =======
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from phys import checked
from phys.algorithms import Algorithm, named_algorithm
from phys.checked import InputError
from phys.crossbar import ENGINES, UpdateResult
from phys.device import Device
from phys.network import Layer
from phys.timing import FS_PER_PS, Timing
from theory import laws

EVENT_SAMPLES = 2000
NODES = 41
TIMES = [
    name
    for name in Timing.__dataclass_fields__
    if name.endswith(("_ns", "_ps")) and not name.startswith("late")
]
"""Times that `sweep` can vary."""


class _TimedArray:
    """An array whose updates run with a timing; all else is the array's own."""

    def __init__(self, crossbar: Any, timing: Timing, engine: str) -> None:
        self._crossbar, self._timing, self._engine = crossbar, timing, engine

    def __getattr__(self, name: str) -> Any:
        return getattr(self._crossbar, name)

    def update(self, x: Any, d: Any, lr: float, pulses: int = 10) -> UpdateResult:
        """Apply an update, with the timing."""
        result: UpdateResult = self._crossbar.update(
            x, d, lr, pulses, self._engine, timing=self._timing
        )
        return result


@dataclass(frozen=True)
class Timed:
    """A training algorithm whose updates run with timing faults; give it to `phys.train`.

    Parameters
    ----------
    algorithm : Algorithm
        For example ``phys.algorithms.SHD()``.
    timing : Timing
    engine : str
        "fast" or "event".

    Examples
    --------
    >>> from phys.algorithms import PulsedSGD
    >>> Timed(PulsedSGD(), Timing(slot_ns=10, line_delay_ps=5)).name
    'sgd'
    """

    algorithm: Algorithm
    timing: Timing
    engine: str = "fast"

    def __post_init__(self) -> None:
        checked.choice("engine", self.engine, ENGINES)
        if not self.algorithm.arrays:
            raise InputError(
                f"algorithm = {self.algorithm!r} has no devices to pulse; give a pulsed one"
            )

    @property
    def name(self) -> str:
        """Name of the algorithm."""
        return self.algorithm.name

    @property
    def arrays(self) -> tuple[str, ...]:
        """Arrays that the algorithm needs."""
        return self.algorithm.arrays

    @property
    def terms(self) -> tuple[tuple[str, float], ...]:
        """What forward and backward read."""
        return self.algorithm.terms

    def buffers(self, rows: int, cols: int) -> dict[str, np.ndarray]:
        """Return the digital memory of a layer at its start."""
        return self.algorithm.buffers(rows, cols)

    def update(self, layer: Layer, x: np.ndarray, d: np.ndarray) -> None:
        """Let the algorithm learn on a layer whose arrays have the timing."""
        timed: dict[str, Any] = {
            name: _TimedArray(array, self.timing, self.engine)
            for name, array in layer.arrays.items()
        }
        view = replace(layer, arrays=timed)
        self.algorithm.update(view, x, d)
        layer.turns = view.turns

    def slowed(self, factor: float) -> Timed:
        """Return the algorithm with the learning rates that act on the gradient times `factor`."""
        return replace(self, algorithm=self.algorithm.slowed(factor))

    def scheduled(self, factor: float) -> Timed:
        """Return the same with the algorithm's rates of learning times `factor`."""
        return replace(self, algorithm=self.algorithm.scheduled(factor))


def expected_fraction(timing: Timing, rows: int, cols: int) -> float:
    """Return the mean fraction of a step that a coincidence switches, from theory.

    The overlap of two lines that are apart by ``s`` is the nominal one less ``|s|``; `s` is the
    skew of the crosspoint plus the difference of two jitters, which is normal with ``sqrt(2)``
    times their standard deviation. The mean runs over all crosspoints and over the jitter. Pulses
    of neighbouring slots that meet are not counted.

    Examples
    --------
    >>> expected_fraction(Timing.ideal(), 100, 100)
    1.0
    >>> 0.9 < expected_fraction(Timing(slot_ns=10, line_delay_ps=20), 32, 32) < 1
    True
    """
    skew = timing.skew_fs(rows, cols).reshape(-1)
    values, counts = np.unique(skew, return_counts=True)
    shift, weight = np.array([0.0]), np.array([1.0])
    if timing.random:
        shift, weight = np.polynomial.hermite_e.hermegauss(NODES)
        weight = weight / weight.sum()
        shift = shift * np.sqrt(2) * timing.jitter_ps * FS_PER_PS
    apart = np.abs(values[:, None] + shift)
    overlap = np.maximum(timing.nominal_fs - apart, 0).astype(np.int64)
    mean = (timing.fraction(overlap).astype(np.float64) @ weight) @ counts / counts.sum()
    return float(mean)


@dataclass(frozen=True)
class FaultPoint:
    """One training of a sweep.

    Attributes
    ----------
    value : float
        Of the time that is swept.
    expected_fraction : float
        Mean over the largest layer, from theory.
    accuracy : float
        Test accuracy after the last epoch.
    """

    value: float
    expected_fraction: float
    accuracy: float


def sweep(
    name: str,
    values: Sequence[float],
    *,
    timing: Timing | None = None,
    algorithm: str | Algorithm = "shd",
    engine: str = "fast",
    epochs: int = 3,
    samples: int | None = None,
    seed: int = 0,
    progress: Callable[[float], Any] | None = None,
    **settings: Any,
) -> list[FaultPoint]:
    """Train on the digits once for every value of one time.

    Parameters
    ----------
    name : str
        A field of `Timing`, such as "line_delay_ps", "jitter_ps" or "pulse_ns".
    values : sequence of float
    timing : Timing, optional
        The other times. Default: pulses of 5 ns in slots of 15 ns, which keeps neighbouring slots
        apart.
    algorithm, epochs, samples, seed, **settings
        See `phys.train`.
    engine : str
        "event" is for at most 2,000 samples.
    progress : callable, optional
        Called with the fraction done.
    """
    from phys.data import load
    from phys.training import train

    base = Timing(slot_ns=15.0) if timing is None else timing
    if name not in TIMES:
        raise InputError(
            f"name = {name!r} is no time; give a field of Timing that ends in _ns or _ps"
        )
    times = [base.with_values(**{name: value}) for value in values]
    inner = named_algorithm(algorithm) if isinstance(algorithm, str) else algorithm
    data = load("digits")
    largest = max(settings.get("layers") or (64, 64))
    given = min(samples or len(data.train_images), len(data.train_images))
    if engine == "event" and given > EVENT_SAMPLES:
        raise InputError(f"samples = {given}: the event engine takes at most {EVENT_SAMPLES}")
    points = []
    for k, (value, now) in enumerate(zip(values, times, strict=True)):
        learner: Any = Timed(inner, now, engine)
        history = train(data, learner, epochs=epochs, seed=seed, samples=samples, **settings)
        expected = expected_fraction(now, largest, largest)
        points.append(FaultPoint(float(value), expected, history.accuracy[-1]))
        if progress is not None:
            progress((k + 1) / len(times))
    return points


def early_reads(
    settling_ns: Sequence[float],
    *,
    timing: Timing | None = None,
    algorithm: str | Algorithm = "shd",
    device: Device | None = None,
    layers: tuple[int, ...] = (64, 32, 10),
    samples: int = 500,
    seed: int = 0,
    progress: Callable[[float], Any] | None = None,
) -> list[FaultPoint]:
    """Train on digits in events, once for every settling time: reads come before the weights do.

    Parameters
    ----------
    settling_ns : sequence of float
    timing : Timing, optional
        The other times. Default: `Timing.ideal`, with reads of 40 ns.
    algorithm, device, layers, seed
        See `phys.train`; arrays start with their reference at 0.
    samples : int
        At most 2,000, each learned from once.
    progress : callable, optional
        Called with the fraction done.

    Returns
    -------
    list of FaultPoint
        The expected fraction is the part of a step that a read which begins right after it sees:
        ``1 - exp(-read_ns / settling_ns)``.
    """
    from phys.data import load
    from phys.event_controller import Controller
    from phys.network import Network

    base = Timing.ideal() if timing is None else timing
    times = [base.with_values(settling_ns=value) for value in settling_ns]
    inner = named_algorithm(algorithm) if isinstance(algorithm, str) else algorithm
    checked.whole("samples", samples, 1, EVENT_SAMPLES)
    balanced = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0)
    device = Device(balanced, dw_min=0.001) if device is None else device
    data = load("digits")
    points = []
    for k, now in enumerate(times):
        network = Network(layers, inner.arrays, dict.fromkeys(inner.arrays, device), seed)
        network.programme_initial_weights()
        controller = Controller(network, inner, now)
        for start in range(0, samples, len(data.train_images)):
            count = min(samples - start, len(data.train_images))
            controller.run(data.train_images[:count], data.train_labels[:count])
        seen = 1 - np.exp(-now.read_ns / now.settling_ns) if now.settling_ns else 1.0
        accuracy = network.accuracy(data.test_images, data.test_labels)
        points.append(FaultPoint(now.settling_ns, float(seen), accuracy))
        if progress is not None:
            progress((k + 1) / len(times))
    return points
