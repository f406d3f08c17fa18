"""Reading a CSV file of measured pulse trains; every error gives file, line, column and remedy.

One row is one pulse: which device, which cycle (one train that begins at a state of its own), the
number of the pulse in the train, its direction, and the state of the device after it. The first
row of a cycle is the state before the first pulse; its direction does not matter.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

from phys.checked import InputError
from phys.fitting.pulse_data import PulseData, WeightMapping

KEYS = ("device", "cycle", "pulse", "direction")
UNITS = {"S": 1.0, "mS": 1e-3, "uS": 1e-6, "nS": 1e-9}
VALUES = ("weight", *(f"conductance_{unit}" for unit in UNITS))
UP_WORDS = frozenset({"up", "+1", "1", "u", "+"})
DOWN_WORDS = frozenset({"down", "-1", "d", "-"})
START_WORDS = frozenset({"", "0", "start"})
LONGEST_FILE = 100_000_000
MIXED_UNITS = 500.0
REMEDY = f"the columns are {', '.join(KEYS)} and one of {', '.join(VALUES)}"


def read_pulses(path: Path | str, span: tuple[float, float] | None = None) -> PulseData:
    """Read a CSV file of measured pulse trains.

    Parameters
    ----------
    path : path
        UTF-8 text with a header line. Columns, in any order: ``device``, ``cycle``, ``pulse`` (a
        whole number that counts up), ``direction`` (up or down, +1 or -1) and one of ``weight``,
        ``conductance_S``, ``conductance_mS``, ``conductance_uS``, ``conductance_nS``. Other
        columns are left alone; lines that begin with # are comments.
    span : (float, float), optional
        Conductances in siemens that become the weights -1 and +1; left out, the smallest and the
        largest reading of the file.

    Returns
    -------
    PulseData

    Raises
    ------
    InputError
        The file cannot be used; with file, line and column, and what would do.
    """
    path = Path(path)
    lines = _lines(path)
    header = _Header.read(path, lines)
    rows = [header.row(path, number, cells) for number, cells in lines]
    if not rows:
        raise InputError(f"{path}: a header and no rows; give one row for each pulse")
    _refuse_mixed(path, header, rows)
    return _arranged(path, header, rows, span)


def unit_of(path: Path) -> float:
    """Return the siemens that one unit of the readings stands for; 1 where they are weights."""
    return _Header.read(path, _lines(path)).factor


@dataclass(frozen=True)
class _Row:
    line: int
    device: str
    cycle: str
    pulse: int
    direction: int
    value: float


@dataclass(frozen=True)
class _Header:
    """Where the columns stand."""

    places: dict[str, int]
    value: str

    @classmethod
    def read(cls, path: Path, lines: Iterator[tuple[int, list[str]]]) -> _Header:
        number, cells = next(lines, (0, []))
        if not number:
            raise InputError(f"{path}: the file is empty; {REMEDY}")
        names = [cell.strip() for cell in cells]
        places = {name: k for k, name in enumerate(names)}
        where = f"{path}, line {number}"
        doubled = sorted({name for name in names if names.count(name) > 1 and name})
        if doubled:
            raise InputError(f"{where}: the column {doubled[0]!r} is there twice; keep one")
        missing = [key for key in KEYS if key not in places]
        if missing:
            raise InputError(f"{where}: the column {missing[0]!r} is missing; {REMEDY}")
        values = [name for name in names if name in VALUES]
        if len(values) > 1:
            raise InputError(
                f"{where}: {' and '.join(values)} are both there, and the file can have one unit; "
                f"keep one of them"
            )
        if not values:
            strange = [n for n in names if n.startswith("conductance")]
            problem = (
                f"the unit of {strange[0]!r} is not known"
                if strange
                else "the column with the readings is missing"
            )
            raise InputError(f"{where}: {problem}; {REMEDY}")
        return cls({name: places[name] for name in (*KEYS, values[0])}, values[0])

    @property
    def factor(self) -> float:
        """Siemens per unit of the readings; 1 for weights."""
        return UNITS.get(self.value.removeprefix("conductance_"), 1.0)

    def row(self, path: Path, line: int, cells: list[str]) -> _Row:
        """Check one row."""

        def cell(name: str) -> str:
            place = self.places[name]
            if place >= len(cells):
                raise InputError(
                    f"{path}, line {line}: {len(cells)} cells, and column {name!r} is number "
                    f"{place + 1}; complete the row"
                )
            return cells[place].strip()

        def fail(name: str, remedy: str) -> InputError:
            return InputError(f"{path}, line {line}, column {name!r}: {cell(name)!r} {remedy}")

        names = {name: cell(name) for name in ("device", "cycle")}
        for name, text in names.items():
            if not text:
                raise fail(name, f"is empty; name the {name}, for example 1")
        pulse = cell("pulse")
        if not pulse.isascii() or not pulse.isdigit() or len(pulse) > 12:
            raise fail("pulse", "is not a whole number of at least 0; number the pulses 0, 1, 2")
        word = cell("direction").lower()
        if word not in UP_WORDS | DOWN_WORDS | START_WORDS:
            raise fail("direction", "is no direction; write up or down, or +1 or -1")
        try:
            value = float(cell(self.value))
        except ValueError:
            raise fail(self.value, "is not a number; give the reading without a unit") from None
        if not math.isfinite(value):
            raise fail(self.value, "is not finite; leave the train out from there, or repeat it")
        if self.value != "weight" and value < 0:
            raise fail(self.value, "is negative, and no conductance is; use the column weight")
        direction = 1 if word in UP_WORDS else -1 if word in DOWN_WORDS else 0
        return _Row(line, names["device"], names["cycle"], int(pulse), direction, value)


def _lines(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows of a CSV file that hold something, each with its line number."""
    if path.stat().st_size > LONGEST_FILE:
        raise InputError(f"{path}: {path.stat().st_size} bytes; at most {LONGEST_FILE}")
    raw = path.read_bytes()
    if b"\0" in raw:
        raise InputError(f"{path}: a binary file; save the table as CSV text")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            f"{path}, line {line}: not UTF-8 text; save the table as CSV (UTF-8)"
        ) from None
    reader = csv.reader(io.StringIO(text), strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
                yield reader.line_num, cells
    except csv.Error as error:
        raise InputError(
            f"{path}, line {reader.line_num}: not CSV: {error}; save the table as CSV"
        ) from None


def _refuse_mixed(path: Path, header: _Header, rows: list[_Row]) -> None:
    """Refuse a file whose readings are in several units, which differ by factors of 1000."""
    if header.value == "weight":
        return
    typical = float(np.median([row.value for row in rows]))
    for row in rows:
        if typical and row.value > MIXED_UNITS * typical:
            raise InputError(
                f"{path}, line {row.line}, column {header.value!r}: {row.value:g} is "
                f"{row.value / typical:.3g} times the median of the file; are units mixed? give "
                f"all readings in the unit of the header"
            )


def _arranged(
    path: Path, header: _Header, rows: list[_Row], span: tuple[float, float] | None
) -> PulseData:
    trains: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        trains.setdefault((row.device, row.cycle), []).append(row)
    names = tuple(dict.fromkeys(device for device, _ in trains))
    ordered: list[_Row] = []
    cycle: list[int] = []
    for number, (device, name) in enumerate(sorted(trains, key=lambda key: names.index(key[0]))):
        train = sorted(trains[device, name], key=lambda row: (row.pulse, row.line))
        _check_train(path, train)
        ordered += train
        cycle += [number] * len(train)
    cycles = np.array(cycle)
    turns = np.array([row.direction for row in ordered])
    turns[np.r_[True, np.diff(cycles) > 0]] = 0
    readings = np.array([row.value for row in ordered]) * header.factor
    mapping = None
    if header.value == "weight":
        if span is not None:
            raise InputError(
                f"range = {span}: {path} gives weights, which need no mapping; leave it out"
            )
    else:
        low, high = span or (float(readings.min()), float(readings.max()))
        if low == high:
            raise InputError(f"{path}: all readings are {low:g} S; give pulses that change it")
        mapping = WeightMapping.of_range(low, high)
        readings = mapping.weight(readings)
    places = np.array([names.index(row.device) for row in ordered])
    data = PulseData(places, cycles, turns, readings, names, mapping, path.name)
    _check_directions(path, data)
    return data


def _check_train(path: Path, train: list[_Row]) -> None:
    for before, after in pairwise(train):
        where = f"{path}, line {after.line}, column 'pulse': {after.pulse} of device "
        where += f"{after.device}, cycle {after.cycle}"
        if after.pulse == before.pulse:
            raise InputError(
                f"{where} is there already, in line {before.line}; number the pulses of a cycle "
                f"0, 1, 2, or give each train a cycle of its own"
            )
        if after.pulse > before.pulse + 1:
            raise InputError(
                f"{where} follows {before.pulse}: the readings between are missing; give them, or "
                f"begin a new cycle here"
            )
        if after.direction == 0:
            raise InputError(
                f"{path}, line {after.line}, column 'direction': only the first reading of a cycle "
                f"may have none; write up or down"
            )


def _check_directions(path: Path, data: PulseData) -> None:
    if not data.pulses:
        raise InputError(f"{path}: every cycle has one reading; give the readings after pulses")
    for sign, word, other in ((1, "up", "down"), (-1, "down", "up")):
        if not (data.direction == sign).any():
            raise InputError(
                f"{path}, column 'direction': only {other} pulses; a law needs {word} pulses too: "
                f"measure trains of both"
            )
