"""Reading measured pulses: what is understood, and how a file can be wrong, with the place."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from phys.checked import InputError
from phys.fitting.examples import EXAMPLES, load_example
from phys.fitting.pulse_data import WeightMapping, from_arrays
from phys.fitting.pulse_file import read_pulses

HEAD = "device,cycle,pulse,direction,weight"
GOOD = [HEAD, "a,1,0,,0.0", "a,1,1,up,0.1", "a,1,2,down,0.05", "b,1,0,,0.0", "b,1,1,-1,-0.1"]


@pytest.fixture
def write(tmp_path):
    def to_file(lines, name="measured.csv"):
        path = tmp_path / name
        text = "\n".join(lines) + "\n" if isinstance(lines, list) else lines
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    return to_file


def test_a_file_becomes_trains(write):
    data = read_pulses(write(GOOD))
    assert data.names == ("a", "b")
    assert (data.cycles, data.pulses) == (2, 3)
    assert data.direction.tolist() == [0, 1, -1, 0, -1]
    assert data.weight.tolist() == [0.0, 0.1, 0.05, 0.0, -0.1]


def test_order_of_rows_and_columns_other_columns_and_comments_do_not_matter(write):
    shuffled = [
        "# measured on Tuesday",
        " weight , pulse,note,device,cycle,direction",
        '-0.1,1,"warm, dry",b,1,d',
        "",
        "0.05,2,,a,1,DOWN",
        "0.0,0,,b,1,start",
        "0.1,1,,a,1,+1",
        "0,0,,a,1,0",
    ]
    a, b = read_pulses(write(GOOD)), read_pulses(write(shuffled, "shuffled.csv"))
    by_name = [np.sort(d.weight[d.device == d.names.index("a")]) for d in (a, b)]
    assert np.array_equal(*by_name)
    assert sorted(b.names) == ["a", "b"]
    assert a.pulses == b.pulses


@pytest.mark.parametrize(("unit", "factor"), [("S", 1), ("mS", 1e3), ("uS", 1e6), ("nS", 1e9)])
def test_conductances_become_weights_whatever_their_unit(write, unit, factor):
    siemens = [2e-6, 4e-6, 3e-6, 2e-6, 1.5e-6]
    lines = [HEAD.replace("weight", f"conductance_{unit}")]
    for line, g in zip(GOOD[1:], siemens, strict=True):
        lines.append(",".join([*line.split(",")[:4], repr(g * factor)]))
    data = read_pulses(write(lines), (1e-6, 5e-6))
    assert data.weight == pytest.approx([-0.5, 0.5, 0.0, -0.5, -0.75])
    assert data.mapping == WeightMapping.of_range(1e-6, 5e-6)
    whole = read_pulses(write(lines))
    assert (whole.weight.min(), whole.weight.max()) == pytest.approx((-1, 1))


def replaced(number, line):
    """Return the good lines with another one at that line number of the file."""
    return [*GOOD[: number - 1], line, *GOOD[number:]]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ("", "the file is empty; the columns are device, cycle, pulse, direction and one of"),
        ("\n\n# nothing\n", "the file is empty"),
        ([HEAD], "a header and no rows"),
        (b"\x89PNG\r\n\x1a\n\0\0", "a binary file; save the table as CSV"),
        ("α\n".encode("utf-16"), "binary|not UTF-8"),
        (b"device,cycle\n\xff\xfe", "line 2: not UTF-8 text"),
        ([HEAD, 'a,1,0,"open'], "line 2: not CSV"),
        (["device,pulse,direction,weight"], "line 1: the column 'cycle' is missing"),
        (["device,cycle,pulse,direction"], "line 1: the column with the readings is missing"),
        ([f"{HEAD},weight"], "line 1: the column 'weight' is there twice"),
        ([f"{HEAD},conductance_uS"], "weight and conductance_uS are both there"),
        (
            ["device,cycle,pulse,direction,conductance_S,conductance_uS"],
            "conductance_S and conductance_uS are both there, and the file can have one unit",
        ),
        (
            ["device,cycle,pulse,direction,conductance_kS"],
            "the unit of 'conductance_kS' is not known",
        ),
        (replaced(3, "a,1,1,up,nan"), "line 3, column 'weight': 'nan' is not finite"),
        (replaced(3, "a,1,1,up,inf"), "line 3, column 'weight': 'inf' is not finite"),
        (replaced(3, "a,1,1,up,"), "line 3, column 'weight': '' is not a number"),
        (replaced(3, "a,1,1,up,3 uS"), "line 3, column 'weight': '3 uS' is not a number"),
        (replaced(3, "a,1,1,sideways,0.1"), "line 3, column 'direction': 'sideways'"),
        (replaced(3, "a,1,1,,0.1"), "line 3, column 'direction': only the first reading"),
        (replaced(3, "a,1,1.5,up,0.1"), "line 3, column 'pulse': '1.5' is not a whole number"),
        (replaced(3, "a,1,-1,up,0.1"), "line 3, column 'pulse': '-1' is not a whole number"),
        (
            replaced(4, "a,1,1,down,0.05"),
            "line 4, column 'pulse': 1 of device a, cycle 1 is there already, in line 3",
        ),
        (replaced(4, "a,1,3,down,0.1"), "line 4, column 'pulse': 3 of device a, cycle 1 follows 1"),
        (replaced(3, ",1,1,up,0.1"), "line 3, column 'device': '' is empty"),
        (replaced(3, "a,1,1"), "line 3: 3 cells, and column 'direction' is number 4"),
        (GOOD[:3], "only up pulses; a law needs down pulses too"),
        ([HEAD, "a,1,0,,0.0", "b,1,0,,0.1"], "every cycle has one reading"),
    ],
)
def test_a_bad_file_is_refused_with_the_place_and_the_remedy(write, lines, message):
    path = write(lines)
    with pytest.raises(InputError, match=message) as refused:
        read_pulses(path)
    assert str(path) in str(refused.value)


def test_mixed_units_are_noticed(write):
    lines = [HEAD.replace("weight", "conductance_uS")]
    lines += [f"a,1,{k},{'up' if k % 2 else 'down'},{3 + k % 5}" for k in range(20)]
    read_pulses(write(lines))
    lines[8] = "a,1,7,up,5000"
    with pytest.raises(InputError, match=r"line 9, column 'conductance_uS': 5000 is .* mixed"):
        read_pulses(write(lines))
    lines[8] = "a,1,7,up,-5"
    with pytest.raises(InputError, match=r"line 9.*negative, and no conductance is"):
        read_pulses(write(lines))


@pytest.mark.parametrize("span", [(2e-6, 1e-6), (1e-6, 1e-6), (float("nan"), 1), (-1, 1)])
def test_a_bad_range_is_refused(write, span):
    path = write([line.replace("weight", "conductance_S").replace("-0.1", "0.1") for line in GOOD])
    with pytest.raises(InputError, match="range"):
        read_pulses(path, span)
    with pytest.raises(InputError, match="gives weights, which need no mapping"):
        read_pulses(write(GOOD), (1e-6, 2e-6))


@settings(max_examples=200)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda t: (HEAD + "\n" + t).encode()))
def test_any_bytes_give_data_or_one_clear_error(tmp_path_factory, content):
    """Shrinks towards the empty file."""
    path = tmp_path_factory.mktemp("any") / "x.csv"
    path.write_bytes(content)
    try:
        read_pulses(path)
    except InputError as error:
        assert re.match(re.escape(str(path)), str(error)) or "range" in str(error)  # noqa: PT017


@pytest.mark.parametrize(
    ("weights", "directions", "devices", "message"),
    [
        ([], [], None, "at least one train"),
        ([[0, 1]], [[1, 1]], None, "one weight more"),
        ([[0, 1]], [[2]], None, "directions of"),
        ([[0, float("nan")]], [[1]], None, r"weights\[1\] is not finite"),
        ([[0, 1]], [[1]], [3], "number them 0, 1, 2"),
        ([[0, 1], [0, 1]], [[1], [1]], [1, 0], "rising order"),
    ],
)
def test_bad_arrays_are_refused(weights, directions, devices, message):
    with pytest.raises(InputError, match=message):
        from_arrays(weights, directions, devices)


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_examples_in_the_package_are_what_the_generator_writes(name, repository):
    written = (repository / "phys" / "fitting" / "simulated" / f"{name}.csv").read_bytes()
    assert written == EXAMPLES[name].to_csv().encode()
    assert len(written) < 100_000
    data, drawn = load_example(name), EXAMPLES[name].simulate()
    assert data.weight == pytest.approx(drawn.weight, abs=2e-5)
    assert np.array_equal(data.direction, drawn.direction)
