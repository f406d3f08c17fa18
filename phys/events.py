"""The event engine: one array on a clock, pulse by pulse and device by device.

It simulates what the hardware does, and is what the fast engine is held to: with `Timing.ideal`
both give the same bits. A line draws one pulse train per update and replays it in every polarity
sub-phase in which it takes part (`phys.programming`, `phys.shots`); its driver sends out edges, and
devices switch where edges coincide (`phys.wires`). The arithmetic of a step is the law's kernel,
run by NumPy for all devices that switch in the same instant.

What is not modelled is listed at `phys.timing.Timing`.

Operations are generators, to be run as SimPy processes or within one by ``yield from``:

>>> from theory import laws
>>> from phys import Crossbar, Device
>>> law = laws.soft_bounds(w_max=0.6, w_min=-0.6, imbalance=0.3)
>>> env = Clock()
>>> array = EventArray(env, Crossbar(2, 3, Device(law, dw_min=0.01)), Timing.ideal())
>>> def sequence():
...     result = yield from array.update([1, 0, 1], [0.5, -0.5], lr=0.1)
...     y = yield from array.forward([1, 1, 1])
...     return result, y
>>> result, y = env.run(env.process(sequence()))
>>> result.time_ns, env.now / 1e6, int(result.pulses_per_device.sum()) == result.pulses
(100.0, 140.0, True)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import simpy

from phys import arrays, checked
from phys.checked import InputError
from phys.crossbar import Crossbar
from phys.event_result import EventResult, Tally
from phys.loops import arrays as array_loops
from phys.programming import sub_phases
from phys.pulses import MAX_PULSES, plan_update, update_gain, update_key
from phys.random_bits import stream_key
from phys.settling import Settling
from phys.shots import JITTER, LineShots, moved_shots, planned_coincidences, update_shots
from phys.timing import FS_PER_NS, Timing, checked_timing
from phys.trace import BEGIN, END, LOST, NO_LINE, READ, SWITCH, Trace
from phys.wires import COLUMN, ENDING, ROW, Clock, Later, Switching, Wires, line_driver

Operation = Generator[simpy.Event, Any, Any]


class BusyError(InputError):
    """An operation that would begin on an array while another one runs."""


class EventArray:
    """A crossbar on the clock of a simulation.

    Parameters
    ----------
    env : Clock
    crossbar : Crossbar
        Holds the settled weights, and changes as the operations go on.
    timing : Timing
    trace : Trace, optional
    name : str
        Names the array in the trace and in errors.
    """

    def __init__(
        self,
        env: Clock,
        crossbar: Crossbar,
        timing: Timing | None = None,
        trace: Trace | None = None,
        name: str = "array",
    ) -> None:
        if not isinstance(crossbar, Crossbar):
            raise InputError(
                f"crossbar = {crossbar!r} is a {type(crossbar).__name__}; build the array first: "
                f"phys.Crossbar(rows, cols, device)"
            )
        self.env, self.crossbar, self.trace, self.name = env, crossbar, trace, name
        self.timing = timing = checked_timing(timing)
        self.number = trace.number(name) if trace is not None else 0
        rows, cols = crossbar.rows, crossbar.cols
        self.late = (timing.late_fs(COLUMN, cols), timing.late_fs(ROW, rows))
        self.settling = Settling(crossbar.columns, timing.settling_fs)
        self.wires = Wires(env, rows, cols, timing, self._switch, trace, self.number)
        self.energy_fj = 0.0
        self._busy: tuple[str, int] | None = None
        self._tally = Tally()
        self._noise: Callable[[np.ndarray], tuple[Any, Any]] = lambda turn: (turn, turn)

    # -- operations ------------------------------------------------------------------------
    def update(
        self, x: Any, d: Any, lr: float, pulses: int = 10, mode: str = "parallel"
    ) -> Operation:
        """Apply one stochastic update; the arguments are those of `phys.Crossbar.update`.

        Parameters
        ----------
        mode : str
            "parallel", "rows" or "devices", see `phys.programming`.

        Returns
        -------
        EventResult
            When the process ends.
        """
        crossbar = self.crossbar
        x = checked.array("x", x, (crossbar.cols,))
        d = checked.array("d", d, (crossbar.rows,))
        lr = checked.real("lr", lr, 0.0, open_low=True)
        pulses = checked.whole("pulses", pulses, 1, MAX_PULSES)
        gain = update_gain(lr, crossbar.device.dw_min, pulses)
        result = yield from self.planned_update(x, d, gain, pulses, mode)
        return result

    def planned_update(
        self, x: np.ndarray, d: np.ndarray, gain: np.float32, pulses: int, mode: str = "parallel"
    ) -> Operation:
        """Apply one update with arguments that have been checked."""
        crossbar, number = self.crossbar, self.crossbar.updates
        with self._operation("update"):
            start, tally = self.env.now, self._tally
            plan = plan_update(x, d, gain, pulses, crossbar.streams, number)
            crossbar.updates += 1
            crossbar.statistics[array_loops.UPDATES] += 1
            coincidences = 0
            if plan is not None:
                noise_key = update_key(crossbar.streams[2], number)
                self._noise = lambda turn: (noise_key, turn % pulses)
                self.wires.slots = pulses
                phases = list(sub_phases(x, d, mode))
                shots = update_shots(plan, phases, pulses, start, self.timing)
                coincidences = planned_coincidences(plan, pulses)
                span = len(phases) * pulses * self.timing.slot_fs
                span += (len(phases) - 1) * self.timing.phase_gap_fs
                yield from self._drive(shots, span, number)
            crossbar.relax()
            devices, counts = tally.pulses()
            given = int(counts.sum())
            if plan is not None:
                arrays.count_update(crossbar, plan, given)
            energy = self._spend(self.timing.pulse_fj * tally.overlap_fs / self.timing.nominal_fs)
            return EventResult(
                pulses=given,
                wanted=plan.wanted if plan else 0.0,
                delivered=plan.delivered if plan else 0.0,
                clipped_fraction=plan.clipped / plan.addressed if plan else 0.0,
                shape=(crossbar.rows, crossbar.cols),
                devices=devices,
                counts=counts,
                coincidences=coincidences,
                lost=coincidences + tally.stray - given,
                stray=tally.stray,
                partial=tally.partial,
                start_ns=start / FS_PER_NS,
                time_ns=(self.env.now - start) / FS_PER_NS,
                energy_fj=energy,
                trace=self.trace,
            )

    def pulse_all(self, directions: Any) -> Operation:
        """Give every device one pulse per entry of `directions`, +1 up or -1 down."""
        turns = checked_directions(directions)
        crossbar, number = self.crossbar, self.crossbar.updates
        with self._operation("pulses"):
            keys = np.array(
                [update_key(crossbar.streams[2], number + n) for n in range(turns.size)],
                dtype=np.uint64,
            )
            self._noise = lambda turn: (keys[turn], 0)
            self.wires.slots = 1
            slot, lead = self.timing.slot_fs, self.timing.gap_fs // 2
            start = self.env.now
            shots = [(start + n * slot + lead, n, int(turn)) for n, turn in enumerate(turns)]
            lines = (
                dict.fromkeys(range(crossbar.cols if shots else 0), shots),
                dict.fromkeys(range(crossbar.rows if shots else 0), shots),
            )
            if crossbar.relaxes:
                self.env.process(self._relax_between(turns.size, slot))
            yield from self._drive(lines, turns.size * slot, number)
            if turns.size:
                crossbar.relax()
            crossbar.updates += turns.size
            energy = self.timing.pulse_fj * self._tally.overlap_fs / self.timing.nominal_fs
            self._spend(energy)

    def forward(self, x: Any) -> Operation:
        """Return ``effective_weights @ x`` for one `x`, (cols,), from the momentary weights."""
        x = checked.array("x", x, (self.crossbar.cols,))
        yield from self._read()
        y = arrays.forward(self._momentary(), self.crossbar.reference_columns, x[None])[0]
        return y

    def backward(self, d: Any) -> Operation:
        """Return ``effective_weights.T @ d`` for one `d`, (rows,), from the momentary weights."""
        d = checked.array("d", d, (self.crossbar.rows,))
        yield from self._read()
        return arrays.backward(self._momentary(), self.crossbar.reference_columns, d[None])[0]

    def read_column(self, column: int) -> Operation:
        """Return the effective weights of one column, one read, from the momentary weights."""
        column = checked.whole("column", column, 0, self.crossbar.cols - 1)
        yield from self._read(columns=1)
        return self._momentary()[column] - self.crossbar.reference_columns[column]

    def zero_shift(self, pairs: int) -> Operation:
        """Alternate `pairs` up-down pulses, read every column and programme the reference with it.

        Programming the reference stands for an ideal write and takes no time here.
        """
        pairs = checked.whole("pairs", pairs, 1)
        yield from self.pulse_all(np.tile([1, -1], pairs))
        found = np.empty_like(self.crossbar.columns)
        for column in range(self.crossbar.cols):
            yield from self._read(columns=1)
            found[column] = self._momentary()[column]
        self.crossbar.set_reference(found.T)

    # -- how an operation runs -------------------------------------------------------------
    @contextmanager
    def _operation(self, what: str) -> Iterator[None]:
        """Keep the array for one operation."""
        now = self.env.now
        if self._busy is not None:
            other, since = self._busy
            raise BusyError(
                f"{what} of {self.name} at {now / FS_PER_NS:g} ns: its {other} has been running "
                f"since {since / FS_PER_NS:g} ns; begin when that has ended"
            )
        self._busy = what, now
        self._tally = Tally()
        self._mark(BEGIN)
        try:
            yield
        finally:
            self._mark(END)
            self._busy = None

    def _read(self, columns: int | None = None) -> Operation:
        with self._operation("read"):
            yield Later(self.env, self.timing.read_fs, ENDING)
            devices = self.crossbar.rows * (self.crossbar.cols if columns is None else columns)
            self._spend(devices * self.timing.read_fj)
            self._mark(READ)

    def _relax_between(self, pulses: int, slot_fs: int) -> Generator[simpy.Event, Any, None]:
        """Let devices relax at the end of every slot but the last."""
        for _ in range(pulses - 1):
            yield Later(self.env, slot_fs, ENDING)
            self.crossbar.relax()

    def _drive(self, lines: LineShots, span: int, number: int) -> Operation:
        """Start the driver of every line that has pulses, and wait until all has been switched."""
        start, timing = self.env.now, self.timing
        last = start + span
        for side in (COLUMN, ROW):
            for line, shots in lines[side].items():
                if timing.random or self.late[side][line]:
                    key = stream_key(self.crossbar.seed, JITTER[side], number, line)
                    shots = moved_shots(shots, int(self.late[side][line]), key, timing)
                self.env.process(line_driver(self.env, self.wires, side, line, shots))
                last = max(last, shots[-1][0] + timing.pulse_fs)
        yield Later(self.env, last + max(self.wires.travel_fs) - start, ENDING)

    # -- devices ---------------------------------------------------------------------------
    def _switch(self, batch: Switching) -> None:
        """Switch the devices whose lines have just ceased to overlap, in order of their number."""
        now, timing, tally = self.env.now, self.timing, self._tally
        device = np.array(batch.devices, dtype=np.int64)
        order = np.argsort(device)
        device = device[order]
        overlap = now - np.array(batch.opens, dtype=np.int64)[order]
        turn = np.array(batch.column_turns, dtype=np.int64)[order]
        stray = None
        if batch.row_turns != batch.column_turns:
            stray = np.array(batch.row_turns, dtype=np.int64)[order] != turn
        tally.overlap_fs += int(overlap.sum())
        fraction: np.ndarray | None = None
        if overlap.min() < timing.nominal_fs:
            fraction = timing.part_of(overlap)
            lost = fraction == 0
            if lost.any():
                if self.trace is not None:
                    self._record(LOST, batch.polarity, device[lost], turn[lost], overlap[lost])
                kept = ~lost
                device, turn, overlap, fraction = (
                    a[kept] for a in (device, turn, overlap, fraction)
                )
                stray = None if stray is None else stray[kept]
            tally.partial += int(np.count_nonzero(fraction < 1))
        if not device.size:
            return
        noise_key, slot = self._noise(turn)
        up, start = batch.polarity > 0, self._start(device)
        moved = arrays.give_pulses(self.crossbar, device, up, noise_key, slot, fraction, start)
        self.settling.stepped(device, moved, now)
        tally.devices.append(device)
        if stray is not None:
            tally.stray += int(np.count_nonzero(stray))
        if self.trace is not None:
            self._record(SWITCH, batch.polarity, device, turn, overlap, moved)

    def _start(self, device: np.ndarray) -> np.ndarray | None:
        if self.timing.evaluate_at == "settled":
            return None
        return self.settling.momentary(self.env.now, device)

    def _momentary(self) -> np.ndarray:
        return self.settling.momentary(self.env.now).reshape(self.crossbar.columns.shape)

    def _spend(self, energy_fj: float) -> float:
        self.energy_fj += energy_fj
        return energy_fj

    def _mark(self, kind: int) -> None:
        if self.trace is not None:
            self.trace.record(self.env.now, kind, self.number, NO_LINE, NO_LINE, 0, 0, 1)

    def _record(
        self, kind: int, polarity: int, device: Any, turn: Any, overlap: Any, moved: Any = None
    ) -> None:
        assert self.trace is not None
        now, rows, slots = self.env.now, self.crossbar.rows, self.wires.slots
        weights = self.crossbar.columns.reshape(-1)[device].tolist()
        steps = [0.0] * device.size if moved is None else moved.tolist()
        each = zip(device.tolist(), turn.tolist(), overlap.tolist(), steps, weights, strict=True)
        for flat, n, both_high, step, weight in each:
            column, row = divmod(flat, rows)
            place = now, kind, self.number, row, column
            self.trace.record(*place, n, n % slots, polarity, both_high, step, weight)


def checked_directions(directions: Any) -> np.ndarray:
    """Return `directions` as int64, or raise InputError."""
    turns = np.asarray(directions)
    if turns.ndim != 1 or not np.isin(turns, (-1, 1)).all():
        raise InputError(f"directions = {directions!r}: give a list of +1 (up) and -1 (down)")
    return turns.astype(np.int64)


def run_update(
    crossbar: Crossbar,
    x: np.ndarray,
    d: np.ndarray,
    gain: np.float32,
    pulses: int,
    timing: Timing | None,
    trace: bool | Trace,
    mode: str = "parallel",
) -> EventResult:
    """Run one update on a clock of its own; afterwards the devices have settled."""
    record = trace if isinstance(trace, Trace) else Trace() if trace else None
    env = Clock()
    array = EventArray(env, crossbar, timing, record)
    process = env.process(array.planned_update(x, d, gain, pulses, mode))
    env.run()
    result = process.value
    assert isinstance(result, EventResult)
    return result


def run_pulses(crossbar: Crossbar, directions: Any, timing: Timing | None) -> None:
    """Give every device these pulses on a clock of their own; afterwards it has settled."""
    env = Clock()
    array = EventArray(env, crossbar, timing)
    env.process(array.pulse_all(directions))
    env.run()
