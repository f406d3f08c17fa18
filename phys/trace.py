"""Trace: what happened when, as a structured array and a table.

Recording is opt-in. A full trace stops recording, counts what it drops and lets the simulation go
on. The order of the entries is total: by time, then by kind in the order of `KINDS`, then by array,
row, column and turn, so that a trace does not depend on the order in which simultaneous events
entered the queue.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from phys import checked

KINDS = ("fall", "switch", "lost", "read", "end", "begin", "rise")
FALL, SWITCH, LOST, READ, END, BEGIN, RISE = range(len(KINDS))
NO_LINE = -1

ENTRY = np.dtype(
    [
        ("time_fs", np.int64),
        ("kind", np.uint8),
        ("array", np.int16),
        ("row", np.int32),
        ("column", np.int32),
        ("turn", np.int32),
        ("slot", np.int16),
        ("polarity", np.int8),
        ("overlap_fs", np.int64),
        ("step", np.float32),
        ("weight", np.float32),
    ]
)
DEFAULT_LIMIT = 1_000_000


class Trace:
    """A record of events.

    Parameters
    ----------
    limit : int
        Entries to keep; those after it are counted in `dropped`.

    Attributes
    ----------
    dropped : int
        Entries that came after the trace was full.
    arrays : list of str
        Names of the arrays, by their number in the entries.

    Examples
    --------
    >>> trace = Trace(limit=2)
    >>> for time in (3, 1, 2):
    ...     trace.record(time, RISE, 0, 0, NO_LINE, 0, 0, 1)
    >>> trace.entries["time_fs"].tolist(), trace.dropped
    ([1, 3], 1)
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self.limit = checked.whole("limit", limit, 1)
        self.dropped = 0
        self.arrays: list[str] = []
        self._taken: list[tuple[Any, ...]] = []

    def __len__(self) -> int:
        return len(self._taken)

    def number(self, name: str) -> int:
        """Return the number that stands for the array `name` in the entries."""
        if name not in self.arrays:
            self.arrays.append(name)
        return self.arrays.index(name)

    def record(
        self,
        time_fs: int,
        kind: int,
        array: int,
        row: int,
        column: int,
        turn: int,
        slot: int,
        polarity: int,
        overlap_fs: int = 0,
        step: float = 0.0,
        weight: float = np.nan,
    ) -> None:
        """Add an entry; `row` or `column` is `NO_LINE` where none takes part.

        A `turn` counts the slots of an operation over all its sub-phases, `slot` those of a train.
        """
        if len(self._taken) >= self.limit:
            self.dropped += 1
            return
        entry = (time_fs, kind, array, row, column, turn, slot, polarity, overlap_fs, step, weight)
        self._taken.append(entry)

    @property
    def entries(self) -> np.ndarray:
        """The entries in their total order, a structured array of dtype `ENTRY`."""
        taken = np.array(self._taken, dtype=ENTRY)
        keys = [taken[name] for name in ("turn", "column", "row", "array", "kind", "time_fs")]
        return taken[np.lexsort(keys)]

    def of(self, *kinds: int) -> np.ndarray:
        """Return the entries of these kinds, in order."""
        entries = self.entries
        return entries[np.isin(entries["kind"], kinds)]

    def table(self, most: int = 40) -> str:
        """Return the first `most` entries as text, one line each."""
        head = f"{'ns':>10} {'kind':<7}{'array':<8}{'row':>5}{'col':>5}{'slot':>5} {'+-':>2}"
        lines = [head + f"{'overlap ns':>12}{'step':>12}{'weight':>12}"]
        entries = self.entries
        for e in entries[:most]:
            name = self.arrays[e["array"]] if self.arrays else str(e["array"])
            row, column = (str(n) if n != NO_LINE else "" for n in (e["row"], e["column"]))
            text = f"{e['time_fs'] / 1e6:>10.3f} {KINDS[e['kind']]:<7}{name:<8}{row:>5}{column:>5}"
            text += f"{e['slot']:>5} {'+' if e['polarity'] > 0 else '-':>2}"
            if e["kind"] in (SWITCH, LOST):
                text += f"{e['overlap_fs'] / 1e6:>12.3f}{e['step']:>12.3g}{e['weight']:>12.4g}"
            lines.append(text)
        left = entries.size - most
        if left > 0:
            lines.append(f"... {left} more")
        if self.dropped:
            lines.append(f"{self.dropped} entries dropped: the trace was full at {self.limit}")
        return "\n".join(lines)
