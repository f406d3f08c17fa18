"""Waveform: a trace as a VCD file, for GTKWave and other waveform viewers (IEEE 1364)."""

from __future__ import annotations

import re
from pathlib import Path
from typing import IO, Any

import numpy as np
from vcd import VCDWriter

from phys.checked import InputError
from phys.trace import BEGIN, END, FALL, RISE, SWITCH, Trace

MOST_SIGNALS = 10_000


def write_vcd(trace: Trace, file: str | Path | IO[str]) -> int:
    """Write the lines, the operations and the weights of a trace as signals.

    Parameters
    ----------
    trace : Trace
    file : path or text file
        An existing file is replaced.

    Returns
    -------
    int
        How many signals were written.

    Raises
    ------
    InputError
        The trace is empty, or holds more than 10,000 lines and devices.

    Notes
    -----
    Each array is a scope of its name, in which all but letters, digits and ``_`` are written ``_``,
    with a wire ``busy``, a wire per line that fires (``column_3``, ``row_0``)
    and a real variable per device that switches (``w_0_3``), whose value is the settled weight and
    is unknown (NaN) before its first pulse. The time unit is 1 fs.

    Examples
    --------
    >>> import io
    >>> from theory import laws
    >>> from phys import Crossbar, Device
    >>> law = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0)
    >>> xbar = Crossbar(1, 1, Device(law, dw_min=0.1), seed=0)
    >>> result = xbar.update([1], [1], lr=1, pulses=10, engine="event", trace=True)
    >>> text = io.StringIO()
    >>> write_vcd(result.trace, text)
    4
    >>> "$var wire 1 ! busy $end" in text.getvalue()
    True
    """
    entries = trace.entries
    if not entries.size:
        raise InputError("trace is empty; run an operation with a trace first")
    names = sorted({name for e in entries if (name := _signal(e)) is not None})
    if len(names) > MOST_SIGNALS:
        raise InputError(
            f"the trace holds {len(names)} lines and devices; a waveform shows at most "
            f"{MOST_SIGNALS}: trace a smaller array"
        )
    if isinstance(file, str | Path):
        path = Path(file)
        try:
            with path.open("w", encoding="ascii") as handle:
                return _write(trace, entries, names, handle)
        except OSError as error:
            raise InputError(
                f"file = {str(path)!r} cannot be written ({error.strerror}); name another"
            ) from error
    return _write(trace, entries, names, file)


def _write(trace: Trace, entries: np.ndarray, names: list[tuple[int, str]], handle: IO[str]) -> int:
    with VCDWriter(handle, timescale="1 fs", comment="crosspoint", date="") as writer:
        signals = {}
        scopes = _scopes(trace.arrays)
        for array, name in names:
            scope = scopes[array] if scopes else f"array_{array}"
            kind, size, init = ("real", 64, float("nan")) if name[0] == "w" else ("wire", 1, 0)
            signals[array, name] = writer.register_var(scope, name, kind, size=size, init=init)
        for time, group in _instants(entries):
            values: dict[tuple[int, str], Any] = {}
            for entry in group:  # Falls come before rises: what counts is the last value.
                if (signal := _signal(entry)) is not None:
                    values[signal] = _value(entry)
            for signal, value in values.items():
                writer.change(signals[signal], time, value)
    return len(names)


def _scopes(names: list[str]) -> list[str]:
    """Return a scope for every array: viewers take no spaces, and a dot for a scope within.

    Examples
    --------
    >>> _scopes(["a0", "core array", "core.array"])
    ['a0', 'core_array', 'core_array_2']
    """
    scopes: list[str] = []
    for number, name in enumerate(names):
        scope = re.sub(r"\W", "_", name, flags=re.ASCII) or "array"
        scopes.append(f"{scope}_{number}" if scope in scopes else scope)
    return scopes


def _instants(entries: np.ndarray) -> list[tuple[int, np.ndarray]]:
    times, starts = np.unique(entries["time_fs"], return_index=True)
    return list(zip(times.tolist(), np.split(entries, starts[1:]), strict=True))


def _signal(entry: Any) -> tuple[int, str] | None:
    kind, array = entry["kind"], int(entry["array"])
    if kind in (RISE, FALL):
        line = f"row_{entry['row']}" if entry["row"] >= 0 else f"column_{entry['column']}"
        return array, line
    if kind == SWITCH:
        return array, f"w_{entry['row']}_{entry['column']}"
    return (array, "busy") if kind in (BEGIN, END) else None


def _value(entry: Any) -> Any:
    if entry["kind"] == SWITCH:
        return float(entry["weight"])
    return 1 if entry["kind"] in (RISE, BEGIN) else 0
