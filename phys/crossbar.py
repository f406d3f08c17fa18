"""Crossbar: an array of devices with its reference array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from phys import checked, reads
from phys.checked import InputError
from phys.device import Device
from phys.functions.kernel import FunctionKernel, hidden_places
from phys.loops import arrays as array_loops
from phys.loops import reads as read_loops
from phys.population import draw_population
from phys.pulses import MAX_PULSES, array_streams, update_gain
from phys.reads import Read, Reads, as_reads, read_streams
from phys.symmetry import device_symmetry_points
from phys.timing import Timing, checked_timing

if TYPE_CHECKING:
    from phys.trace import Trace

ENGINES = ("fast", "event")


@dataclass(frozen=True)
class UpdateResult:
    """What one parallel update did.

    Attributes
    ----------
    pulses : int
        Pulses given, over all devices.
    wanted, delivered : float
        Mean number of pulses that the update asks for, and that it gives after clipping.
    clipped_fraction : float
        Share of the devices with a wanted change whose column or row clips at probability 1.
    """

    pulses: int
    wanted: float
    delivered: float
    clipped_fraction: float


class Crossbar:
    """An array of resistive devices, one per crossing of a row and a column line.

    Parameters
    ----------
    rows, cols : int
    device : Device
    seed : int
        Everything random about the array follows from it: the spread of its devices, its pulse
        trains, its cycle noise and the noise of its reads.
    read : Read, Reads or str, optional
        How the array is read, see `phys.reads`; default: ideally.

    Notes
    -----
    Signals enter on the columns: ``forward`` gives ``y = (weights - reference) x``.

    Examples
    --------
    >>> from theory import laws
    >>> from phys import Crossbar, Device
    >>> law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
    >>> xbar = Crossbar(2, 3, Device(law, dw_min=0.01), seed=0)
    >>> result = xbar.update(x=[1, 0, 1], d=[0.5, -0.5], lr=0.1, pulses=10)
    >>> xbar.weights.shape, bool(xbar.weights[0, 1] == 0)
    ((2, 3), True)
    """

    def __init__(
        self,
        rows: int,
        cols: int,
        device: Device,
        seed: int = 0,
        *,
        read: Read | Reads | str | None = None,
    ) -> None:
        self.rows = checked.whole("rows", rows, 1)
        self.cols = checked.whole("cols", cols, 1)
        self.seed = checked.whole("seed", seed, 0, 2**64 - 1)
        if not isinstance(device, Device):
            raise InputError(
                f"device = {device!r} is a {type(device).__name__}; give a phys.Device"
            )
        self.device = device
        self.kernel = device.kernel
        self.noise = device.noise
        self.population = draw_population(device, rows * cols, seed)
        self.coefficients = self.population.coefficients
        self.hidden_places = hidden_places(self.kernel)
        self.stride = self.kernel.width if self.coefficients.shape[0] > 1 else 0
        self.streams = array_streams(seed)
        self.read = as_reads(read)
        self.read_streams = read_streams(seed)
        self.reads = np.zeros(3, dtype=np.int64)
        self.columns = np.zeros((cols, rows), dtype=np.float32)
        self.reference_columns = np.zeros((cols, rows), dtype=np.float32)
        self.updates = 0
        self.statistics = np.zeros(array_loops.STATISTICS)

    def __repr__(self) -> str:
        name = self.device.law.name
        return f"Crossbar({self.rows} rows, {self.cols} cols, {name}, seed={self.seed})"

    # -- state -----------------------------------------------------------------------------
    @property
    def weights(self) -> np.ndarray:
        """Raw state of the devices, float32 (rows, cols), read-only."""
        return _read_only(self.columns.T)

    @property
    def reference(self) -> np.ndarray:
        """Weights of the reference devices, float32 (rows, cols), read-only."""
        return _read_only(self.reference_columns.T)

    @property
    def effective_weights(self) -> np.ndarray:
        """What forward and backward see: ``weights - reference``, float32 (rows, cols)."""
        return _read_only(self.columns.T - self.reference_columns.T)

    @property
    def bounds(self) -> tuple[np.ndarray, np.ndarray]:
        """Lower and upper bound of every device, float32 (rows, cols) each."""
        return self._per_device(self.kernel.low_place), self._per_device(self.kernel.high_place)

    @property
    def hidden_state(self) -> dict[str, np.ndarray]:
        """Hidden numbers of the devices by name, float32 (rows, cols) each, read-only copies.

        Empty for devices whose steps follow from the weight alone.
        """
        return {k: _read_only(self._per_device(n).copy()) for k, n in self.hidden_places.items()}

    def _per_device(self, place: int) -> np.ndarray:
        values = np.broadcast_to(self.coefficients[:, place], self.columns.size)
        return _read_only(values.reshape(self.cols, self.rows).T)

    def set_weights(self, weights: Any) -> None:
        """Write `weights`, (rows, cols), to the devices, each clamped to its device's bounds.

        This stands for an ideal write-and-verify; training never uses it after its start.
        """
        values = checked.array("weights", weights, (self.rows, self.cols))
        low, high = self.bounds
        self.columns[...] = np.clip(values, low, high).T

    def set_reference(self, reference: Any) -> None:
        """Program the reference devices to `reference`, (rows, cols)."""
        values = checked.array("reference", reference, (self.rows, self.cols))
        self.reference_columns[...] = values.T

    def symmetry_points(self) -> np.ndarray:
        """Weight of each device where an up and a down pulse cancel, float64 (rows, cols).

        Computed from the law, device by device; it is what a measurement is compared with. NaN
        where the device has none, or a hidden state.
        """
        points = device_symmetry_points(self.population)
        return np.broadcast_to(points, self.columns.size).reshape(self.cols, self.rows).T

    def state(self) -> dict[str, np.ndarray]:
        """Return copies of everything that changes with use."""
        state = {
            "weights": self.columns.copy(),
            "reference": self.reference_columns.copy(),
            "updates": np.array(self.updates),
            "statistics": self.statistics.copy(),
            "reads": self.reads.copy(),
        }
        if self.hidden_places:
            state["hidden"] = self.coefficients[:, list(self.hidden_places.values())]
        return state

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Take up a state that `state` returned."""
        self.columns[...] = state["weights"]
        self.reference_columns[...] = state["reference"]
        self.updates = int(state["updates"])
        self.statistics[...] = state["statistics"]
        self.reads[...] = state["reads"]
        if self.hidden_places:
            self.coefficients[:, list(self.hidden_places.values())] = state["hidden"]

    # -- reads -----------------------------------------------------------------------------
    def forward(self, x: Any, *, probe: int | None = None) -> np.ndarray:
        """Return ``effective_weights @ x``, as the array's forward read gives it.

        Parameters
        ----------
        x : (cols,) or (batch, cols)
        probe : int, optional
            A look beside the work, with this number: its noise has a stream of its own, and no
            read is counted.

        Returns
        -------
        float32 (rows,) or (batch, rows)
        """
        batch, single = _batch("x", x, self.cols)
        kind = self.read.forward
        if kind.is_ideal:
            y = _fast().forward(self, batch)
        else:
            place = read_loops.FORWARD if probe is None else read_loops.PROBE
            number = self._count(read_loops.FORWARD, len(batch)) if probe is None else probe
            stream = self.read_streams[place]
            y = reads.forward(self, batch, kind.settings(), stream, number)
        return y[0] if single else y

    def backward(self, d: Any) -> np.ndarray:
        """Return ``effective_weights.T @ d``, as the array's backward read gives it.

        Parameters
        ----------
        d : (rows,) or (batch, rows)

        Returns
        -------
        float32 (cols,) or (batch, cols)
        """
        batch, single = _batch("d", d, self.rows)
        kind = self.read.backward
        if kind.is_ideal:
            z = _fast().backward(self, batch)
        else:
            number = self._count(read_loops.BACKWARD, len(batch))
            stream = self.read_streams[read_loops.BACKWARD]
            z = reads.backward(self, batch, kind.settings(), stream, number)
        return z[0] if single else z

    def read_column(self, column: int) -> np.ndarray:
        """Return the effective weights of one column, as a transfer reads them, float32 (rows,)."""
        column = checked.whole("column", column, 0, self.cols - 1)
        kind = self.read.column
        if kind.is_ideal:
            return self.columns[column] - self.reference_columns[column]
        one_hot = np.zeros((1, self.cols), dtype=np.float32)
        one_hot[0, column] = 1
        number, stream = self._count(read_loops.COLUMN, 1), self.read_streams[read_loops.COLUMN]
        return reads.forward(self, one_hot, kind.settings(), stream, number)[0]

    def _count(self, kind: int, count: int) -> int:
        """Count reads; return the number of the first."""
        number = int(self.reads[kind])
        self.reads[kind] += count
        return number

    # -- pulses ----------------------------------------------------------------------------
    def update(
        self,
        x: Any,
        d: Any,
        lr: float,
        pulses: int = 10,
        engine: str = "fast",
        *,
        timing: Timing | None = None,
        trace: bool | Trace = False,
    ) -> UpdateResult:
        """Apply one fully parallel stochastic update, ``weights += lr * outer(d, x)`` on average.

        Parameters
        ----------
        x : (cols,)
            Signals on the column lines.
        d : (rows,)
            Direction in which the rows should move: minus the gradient.
        lr : float
            Learning rate, above 0.
        pulses : int
            Slots of a pulse train (symbol BL), 1 to 64.
        engine : str
            "fast", or "event": pulse by pulse on a clock, see `phys.events`.
        timing : Timing, optional
            Times and timing faults; None is `Timing.ideal`, in which both engines give the same
            bits. The fast engine takes the deterministic ones only.
        trace : bool or Trace
            For the event engine: record what happens.

        Returns
        -------
        UpdateResult
            From the event engine a `phys.event_result.EventResult`, with pulses per device, time,
            energy and trace.

        Raises
        ------
        InputError
            An argument that cannot be used; the array is then unchanged.

        Notes
        -----
        Each pulse moves a device by its own step: on average, to first order,
        ``lr d_i x_j F(w) - lr |d_i x_j| G(w)``.
        """
        x = checked.array("x", x, (self.cols,))
        d = checked.array("d", d, (self.rows,))
        lr = checked.real("lr", lr, 0.0, open_low=True)
        pulses = checked.whole("pulses", pulses, 1, MAX_PULSES)
        checked.choice("engine", engine, ENGINES)
        gain = update_gain(lr, self.device.dw_min, pulses)
        if engine == "event":
            from phys import events

            return events.run_update(self, x, d, gain, pulses, timing, trace)
        if trace is not False:
            raise InputError('trace: the fast engine has no clock to record; use engine="event"')
        fractions = checked_timing(timing).device_fractions(self.rows, self.cols)
        before = self.statistics.copy()
        if fractions is None:
            _fast().update(self, x, d, gain, pulses)
        else:
            from phys import timed

            timed.update(self, x, d, gain, pulses, fractions)
            self.relax()
        self.updates += 1
        change = self.statistics - before
        addressed = change[array_loops.ADDRESSED]
        return UpdateResult(
            pulses=int(change[array_loops.PULSES]),
            wanted=float(change[array_loops.WANTED]),
            delivered=float(change[array_loops.DELIVERED]),
            clipped_fraction=float(change[array_loops.CLIPPED] / addressed) if addressed else 0.0,
        )

    def pulse_all(
        self, directions: Any, engine: str = "fast", *, timing: Timing | None = None
    ) -> None:
        """Give every device, in parallel, one pulse per entry of `directions`, +1 up or -1 down.

        `engine` and `timing` as in `update`.
        """
        checked.choice("engine", engine, ENGINES)
        turns = np.asarray(directions)
        if turns.ndim != 1 or not np.isin(turns, (-1, 1)).all():
            raise InputError(f"directions = {directions!r}: give a list of +1 (up) and -1 (down)")
        if engine == "event":
            from phys import events

            events.run_pulses(self, turns, timing)
            return
        if checked_timing(timing).device_fractions(self.rows, self.cols) is not None:
            raise InputError('timing with skew: the fast engine has none here; use engine="event"')
        if self.relaxes:
            for n in range(turns.size):
                _fast().alternate(self, turns[n : n + 1].astype(np.int64))
                self.updates += 1
                self.relax()
            return
        _fast().alternate(self, turns.astype(np.int64))
        self.updates += turns.size

    def relax(self) -> None:
        """Let every device change as it does between two updates, once more.

        Updates and pulses do this by themselves, each of `pulse_all` counting as an update; nothing
        happens to devices without `between_updates`, see `phys.HiddenStateFunctions`.
        """
        if isinstance(self.kernel, FunctionKernel):
            self.kernel.relax(self.columns, self.coefficients)

    @property
    def relaxes(self) -> bool:
        """Whether devices change between updates."""
        return isinstance(self.kernel, FunctionKernel) and self.kernel.between_updates is not None


def _fast() -> Any:
    """Return the fast engine, imported on first use: the event engine runs without it."""
    from phys import fast

    return fast


def _batch(name: str, value: Any, lines: int) -> tuple[np.ndarray, bool]:
    try:
        single = np.ndim(value) == 1
    except ValueError:  # rows of different lengths, which `checked.array` refuses with a reason
        single = True
    values = checked.array(name, value, (lines,) if single else (None, lines))
    return values.reshape(-1, lines), single


def _read_only(view: np.ndarray) -> np.ndarray:
    view = view.view()
    view.flags.writeable = False
    return view
