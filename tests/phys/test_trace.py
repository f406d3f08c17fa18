from __future__ import annotations

import io
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phys import Crossbar, Device, Timing, Trace
from phys.checked import InputError
from phys.events import EventArray
from phys.trace import FALL, KINDS, RISE, SWITCH
from phys.trace_plots import timing_diagram
from phys.waveform import write_vcd
from phys.wires import Clock
from theory import laws

LAW = laws.soft_bounds(w_max=1, w_min=-1, imbalance=0.3)


def traced(trace: bool | Trace = True, **timing: Any) -> Trace:
    xbar = Crossbar(3, 4, Device(LAW, dw_min=0.05), seed=1)
    times = Timing(**timing)
    result: Any = xbar.update(
        [1, 0.5, 0, -1], [1, -0.3, 0.7], lr=0.3, engine="event", timing=times, trace=trace
    )
    assert isinstance(result.trace, Trace)
    return result.trace


def test_a_full_trace_stops_recording_and_the_simulation_goes_on() -> None:
    whole, short = traced(), traced(Trace(limit=10))
    assert len(short) == 10
    assert short.dropped == len(whole) - 10
    assert f"{short.dropped} entries dropped: the trace was full at 10" in short.table()
    assert short.entries["time_fs"].max() <= whole.entries["time_fs"][10]


def test_nothing_is_recorded_unless_asked() -> None:
    xbar = Crossbar(3, 4, Device(LAW, dw_min=0.05), seed=1)
    result: Any = xbar.update([1, 0, 0, 1], [1, 1, 1], lr=0.3, engine="event")
    assert result.trace is None


def test_the_trace_tells_the_whole_update() -> None:
    """Replayed from the trace alone, the weights are those of the array."""
    xbar = Crossbar(3, 4, Device(LAW, dw_min=0.05, cycle_noise=0.3), seed=1)
    result: Any = xbar.update([1, 0.5, 0, -1], [1, -0.3, 0.7], lr=0.3, engine="event", trace=True)
    weights = np.zeros((3, 4), np.float32)
    for entry in result.trace.of(SWITCH):
        weights[entry["row"], entry["column"]] += entry["step"]
    np.testing.assert_allclose(weights, xbar.weights, atol=1e-6)
    assert result.trace.of(RISE).size == result.trace.of(FALL).size
    entries = result.trace.of(RISE)
    assert entries["slot"].max() < 10 <= entries["turn"].max()  # four sub-phases of ten slots
    assert (entries["turn"] % 10 == entries["slot"]).all()


def test_the_table_names_what_happened() -> None:
    table = traced().table(most=1000)
    assert table.splitlines()[0].split() == [
        "ns", "kind", "array", "row", "col", "slot", "+-", "overlap", "ns", "step", "weight",
    ]  # fmt: skip
    assert {"begin", "rise", "fall", "switch", "end"} <= set(table.split())
    assert "more" in traced().table(most=5)


def test_an_operation_begins_before_its_pulses_and_ends_after_them() -> None:
    kinds = traced().entries["kind"]
    assert KINDS[kinds[0]] == "begin"
    assert KINDS[kinds[-1]] == "end"


def test_a_trace_needs_room() -> None:
    with pytest.raises(InputError, match="limit = 0"):
        Trace(limit=0)


def parse_vcd(text: str) -> tuple[str, dict[str, list[tuple[int, str]]]]:
    """Return the timescale and, by name, the changes of each signal: a reader of our own."""
    names, changes, scale, time = {}, {}, "", 0
    scope: list[str] = []
    lines = iter(text.splitlines())
    for line in lines:
        words = line.split()
        if not words:
            continue
        if words[0] == "$timescale":
            scale = " ".join(words[1:-1])
        elif words[0] == "$scope":
            scope.append(words[2])
        elif words[0] == "$upscope":
            scope.pop()
        elif words[0] == "$var":
            names[words[3]] = ".".join([*scope, words[4]])
            changes[names[words[3]]] = []
        elif words[0].startswith("#"):
            time = int(words[0][1:])
        elif words[0][0] == "r":
            changes[names[words[1]]].append((time, words[0][1:]))
        elif words[0][0] in "01" and len(words) == 1:
            changes[names[words[0][1:]]].append((time, words[0][0]))
    return scale, changes


def test_the_waveform_holds_every_edge_and_weight(tmp_path: Path) -> None:
    trace = traced(slot_ns=8)
    path = tmp_path / "update.vcd"
    count = write_vcd(trace, path)
    scale, changes = parse_vcd(path.read_text())
    assert scale == "1 fs"
    assert len(changes) == count
    for entry in trace.of(RISE, FALL):
        side = "row" if entry["row"] >= 0 else "column"
        signal = changes[f"array.{side}_{entry[side]}"]
        assert (entry["time_fs"], "1" if entry["kind"] == RISE else "0") in signal
    for entry in trace.of(SWITCH):
        signal = dict(changes[f"array.w_{entry['row']}_{entry['column']}"])
        assert float(signal[entry["time_fs"]]) == pytest.approx(float(entry["weight"]), rel=1e-6)


@pytest.mark.skipif(
    not (shutil.which("vcd2fst") and shutil.which("fst2vcd")), reason="GTKWave is not installed"
)
@pytest.mark.parametrize("times", [{}, {"slot_ns": 9, "line_delay_ps": 300, "settling_ns": 10}])
@pytest.mark.parametrize("name", ["array", "the core array, ½"])
def test_gtkwave_reads_back_every_change(tmp_path: Path, times: Any, name: str) -> None:
    """Through GTKWave's own reader into its own format, and back."""
    env, trace = Clock(), Trace()
    for own in (name, "a second.array"):
        xbar = Crossbar(3, 4, Device(LAW, dw_min=0.05), seed=1)
        array = EventArray(env, xbar, Timing(**times), trace, own)
        env.process(array.update([1, 0.5, 0, -1], [1, -0.3, 0.7], lr=0.3))
    env.run()
    plain, packed = tmp_path / "update.vcd", tmp_path / "update.fst"
    count = write_vcd(trace, plain)
    subprocess.run(["vcd2fst", plain, packed], check=True)
    back = subprocess.run(["fst2vcd", packed], check=True, capture_output=True, text=True).stdout
    _, changes = parse_vcd(plain.read_text())
    _, found = parse_vcd(back[back.index("$scope") :])
    assert len(changes) == count
    assert found == changes
    assert "1fs" in back.split()


def test_back_to_back_pulses_stay_high_in_the_waveform() -> None:
    xbar = Crossbar(1, 1, Device(LAW, dw_min=0.05), seed=1)
    result: Any = xbar.update([1], [1], lr=1, pulses=10, engine="event", trace=True)
    text = io.StringIO()
    write_vcd(result.trace, text)
    _, changes = parse_vcd(text.getvalue())
    high = [c for c in changes["array.column_0"] if c[1] == "1"]
    assert len(high) == 1 + sum(b > a for a, b in _gaps(result.trace))


def _gaps(trace: Trace) -> list[tuple[int, int]]:
    own = trace.of(RISE, FALL)
    own = own[own["column"] == 0]
    starts, ends = own["time_fs"][own["kind"] == RISE], own["time_fs"][own["kind"] == FALL]
    return list(zip(ends[:-1], starts[1:], strict=True))


def test_an_empty_trace_has_no_picture(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="empty"):
        write_vcd(Trace(), tmp_path / "none.vcd")
    with pytest.raises(InputError, match="no pulse of array 0"):
        timing_diagram(Trace())
    assert not list(tmp_path.iterdir())


def test_a_waveform_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        write_vcd(traced(), tmp_path / "missing" / "update.vcd")


@pytest.mark.parametrize("times", [{}, {"slot_ns": 9, "line_delay_ps": 300, "settling_ns": 10}])
def test_the_diagram_shows_lines_switching_and_weights(times: dict[str, float]) -> None:
    trace = traced(**times)
    figure = timing_diagram(trace, Timing(**times))
    lines, marks, weights = figure.axes
    assert len(lines.get_yticklabels()) == 6  # three columns with a signal, three rows
    shown = sum(len(c.get_offsets()) for c in marks.collections)
    assert shown == trace.of(SWITCH).size
    assert len(weights.lines) == (6 if "settling_ns" in times else 3)
    assert len({c.get_hatch() for c in lines.collections if c.get_paths()}) == 2
    named = weights.get_legend().get_lines()
    assert len({line.get_linestyle() for line in named}) == len(named) == 3
    assert all(line.get_alpha() is None for line in named)  # where a weight is, not where it goes
    figure.savefig(io.BytesIO())
