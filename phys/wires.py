"""Lines, edges and coincidences: the SimPy processes below an array.

A *line driver* is a process that schedules the edges of one line. An edge travels along the line
and reaches the crosspoints one after the other. A crosspoint knows nothing but these edges: it
switches when the first of its two lines falls, for as long as both were high. Nothing is computed
for a crosspoint whose lines are not both driven, so that the cost follows the pulses fired and the
coincidences, whatever the size of the array.

Events of the same femtosecond have a total order:

1. edges leave their drivers, in any order: an edge only notes what it meets;
2. edges that took time reach crosspoints, in any order, with the same effect;
3. devices switch, in the order of their number (a device cannot switch twice in one instant);
4. reads sample the weights, operations end.

Nothing depends on the order in which the events of one instant entered SimPy's queue.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from typing import Any

import simpy
from simpy.events import EventPriority

from phys.timing import Timing
from phys.trace import FALL, NO_LINE, RISE, Trace

COLUMN, ROW = 0, 1
NORMAL = EventPriority(1)
ARRIVAL = EventPriority(2)
SWITCHING = EventPriority(3)
ENDING = EventPriority(4)
NEVER = 2**62

Shot = tuple[int, int, int]
"""When a pulse starts (fs), its turn in the operation, and its polarity, +1 or -1."""


class Clock(simpy.Environment):
    """A SimPy environment whose time is a whole number of femtoseconds."""

    @property
    def now(self) -> int:
        """The present time in femtoseconds."""
        return self._now  # type: ignore[return-value]


class Later(simpy.Event):
    """A timeout with a place in the order of simultaneous events."""

    def __init__(self, env: Clock, delay: int, order: EventPriority) -> None:
        super().__init__(env)
        self._ok = True
        self._value = None
        env.schedule(self, order, delay)


class Pulse:
    """One pulse of one line, as its driver sends it out."""

    __slots__ = ("fall", "line", "meetings", "polarity", "rise", "turn")

    def __init__(self, line: int, turn: int, polarity: int, rise: int) -> None:
        self.line = line
        self.turn = turn
        self.polarity = polarity
        self.rise = rise
        self.fall = NEVER
        self.meetings: list[Meeting] = []


class Meeting:
    """A crosspoint that both edges reach late: high on both lines from `opens` to `closes`."""

    __slots__ = ("closes", "column", "opens", "row")

    def __init__(self, row: Pulse, column: Pulse, opens: int) -> None:
        self.row = row
        self.column = column
        self.opens = opens
        self.closes = NEVER


class Switching:
    """The devices that switch in one instant and direction; an entry per device in each list.

    Attributes
    ----------
    polarity : int
    devices : list of int
        Flat places, ``column * rows + row``.
    opens : list of int
        Since when both lines have been high, fs.
    row_turns, column_turns : list of int
        Turns of the two pulses.
    """

    __slots__ = ("column_turns", "devices", "opens", "polarity", "row_turns")

    def __init__(self, polarity: int) -> None:
        self.polarity = polarity
        self.devices: list[int] = []
        self.opens: list[int] = []
        self.row_turns: list[int] = []
        self.column_turns: list[int] = []


def line_driver(
    env: Clock, wires: Wires, side: int, line: int, shots: Iterable[Shot]
) -> Generator[simpy.Event, Any, None]:
    """Fire the pulses of one line."""
    for start, turn, polarity in shots:
        if start > env.now:  # Otherwise the last pulse has just ended.
            yield env.timeout(start - env.now)
        pulse = wires.rise(side, line, turn, polarity)
        yield env.timeout(wires.pulse_fs)
        wires.fall(side, pulse)


class Wires:
    """The lines of one array.

    Parameters
    ----------
    env : Clock
    rows, cols : int
    timing : Timing
    switch : callable
        Called with the devices that switch at the present time.
    trace : Trace, optional
    number : int
        Number of the array in the trace.
    """

    def __init__(
        self,
        env: Clock,
        rows: int,
        cols: int,
        timing: Timing,
        switch: Callable[[Switching], None],
        trace: Trace | None = None,
        number: int = 0,
    ) -> None:
        self.env, self.switch, self.trace, self.number = env, switch, trace, number
        self.pulse_fs, self.rise_fs, self.delay_fs = (
            timing.pulse_fs,
            timing.rise_fs,
            timing.delay_fs,
        )
        # An edge has left its line when it has passed the last crosspoint.
        self.travel_fs = (self.delay_fs * rows, self.delay_fs * cols)
        self.live: tuple[dict[Pulse, None], dict[Pulse, None]] = ({}, {})
        self.rows = rows
        self.slots = 1
        self.ending: dict[int, list[Meeting]] = {}
        self.batches: dict[int, Switching] = {}

    def rise(self, side: int, line: int, turn: int, polarity: int) -> Pulse:
        """Send out the rising edge of a pulse."""
        now = self.env.now
        if self.trace is not None:
            self._record(now, RISE, side, line, turn, polarity)
        pulse = Pulse(line, turn, polarity, now + self.rise_fs)
        self.live[side][pulse] = None
        if self.delay_fs:
            self._meet(side, pulse)
        return pulse

    def fall(self, side: int, pulse: Pulse) -> None:
        """Send out the falling edge of a pulse."""
        now = pulse.fall = self.env.now
        if self.trace is not None:
            self._record(now, FALL, side, pulse.line, pulse.turn, pulse.polarity)
        if self.delay_fs:
            self._travel(side, pulse)
            return
        del self.live[side][pulse]
        polarity = pulse.polarity
        met = [q for q in self.live[1 - side] if q.polarity == polarity and q.rise < now]
        if not met or pulse.rise >= now:
            return
        # The edge is everywhere at once: it ends the overlap with all lines that are high.
        batch, rise, turn, count = self._batch(polarity), pulse.rise, pulse.turn, len(met)
        if side == COLUMN:
            first = pulse.line * self.rows
            batch.devices += [first + q.line for q in met]
            batch.row_turns += [q.turn for q in met]
            batch.column_turns += [turn] * count
        else:
            line, rows = pulse.line, self.rows
            batch.devices += [q.line * rows + line for q in met]
            batch.row_turns += [turn] * count
            batch.column_turns += [q.turn for q in met]
        batch.opens += [q.rise if q.rise > rise else rise for q in met]

    # -- edges that take time --------------------------------------------------------------
    def _meet(self, side: int, pulse: Pulse) -> None:
        """Let the crosspoints of a line know from when on both of their lines will be high."""
        delay, polarity, met = self.delay_fs, pulse.polarity, pulse.meetings
        for other in self.live[1 - side]:
            if other.polarity != polarity:  # Half-select voltages of opposite sign cancel.
                continue
            row, column = (pulse, other) if side == ROW else (other, pulse)
            row_passes, column_passes = delay * column.line, delay * row.line
            row_rises, column_rises = row.rise + row_passes, column.rise + column_passes
            opens = row_rises if row_rises > column_rises else column_rises
            meeting = Meeting(row, column, opens)
            if other.fall < NEVER:  # Its edge is still on its way.
                falls = other.fall + (column_passes if side == ROW else row_passes)
                if falls <= opens:
                    continue
                self._close(meeting, falls)
            else:
                other.meetings.append(meeting)
            met.append(meeting)

    def _travel(self, side: int, pulse: Pulse) -> None:
        """Let a falling edge reach the crosspoints of its line one after the other."""
        now, delay = self.env.now, self.delay_fs
        meetings, pulse.meetings = pulse.meetings, []  # No cycles, no work for a garbage collector.
        for meeting in meetings:
            time = now + delay * (meeting.column.line if side == ROW else meeting.row.line)
            if time < meeting.closes:
                self._close(meeting, time)
        gone = Later(self.env, self.travel_fs[side], SWITCHING)
        gone.callbacks.append(lambda _: self.live[side].pop(pulse, None))

    def _close(self, meeting: Meeting, time: int) -> None:
        """Let a crosspoint know when the first of its lines falls, as far as known by now."""
        meeting.closes = time
        ending = self.ending.get(time)
        if ending is None:
            ending = self.ending[time] = []
            Later(self.env, time - self.env.now, ARRIVAL).callbacks.append(self._arrive)
        ending.append(meeting)

    def _arrive(self, _: simpy.Event) -> None:
        """End the overlaps of this instant whose other line did not fall before they began."""
        now, rows = self.env.now, self.rows
        met = [m for m in self.ending.pop(now) if m.closes == now and m.opens < now]
        for polarity in {m.row.polarity for m in met}:
            batch = self._batch(polarity)
            own = [m for m in met if m.row.polarity == polarity]
            batch.devices += [m.column.line * rows + m.row.line for m in own]
            batch.opens += [m.opens for m in own]
            batch.row_turns += [m.row.turn for m in own]
            batch.column_turns += [m.column.turn for m in own]

    # -- devices ---------------------------------------------------------------------------
    def _batch(self, polarity: int) -> Switching:
        """Return the list of devices that switch in this instant."""
        if not self.batches:
            Later(self.env, 0, SWITCHING).callbacks.append(self._switch)
        batch = self.batches.get(polarity)
        if batch is None:
            batch = self.batches[polarity] = Switching(polarity)
        return batch

    def _switch(self, _: simpy.Event) -> None:
        batches, self.batches = self.batches, {}
        for batch in batches.values():  # No device is in both.
            self.switch(batch)

    def _record(self, now: int, kind: int, side: int, line: int, turn: int, polarity: int) -> None:
        assert self.trace is not None
        row, column = (line, NO_LINE) if side == ROW else (NO_LINE, line)
        slot = turn % self.slots
        self.trace.record(now, kind, self.number, row, column, turn, slot, polarity)
