"""`crosspoint fit` and `crosspoint train --law`: from a file of pulses to a training."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from phys.cli import main
from phys.cli.fit import EXAMPLE_NAMES
from phys.device_file import device_from_json
from phys.fitting.examples import EXAMPLES

ONE_LAW = ("--law", "soft_bounds", "--resamples", "100")
TRAIN = ["train", "--dataset", "digits", "--samples", "60", "--layers", "64,10", "--epochs", "1"]


def crosspoint(*words: object) -> Result:
    result = CliRunner().invoke(main, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


@pytest.fixture(scope="module")
def law_file(tmp_path_factory):
    """A law file and a plot, as the command writes them."""
    folder = tmp_path_factory.mktemp("fit")
    out, plot = folder / "law.json", folder / "fit.png"
    words = ("fit", "--example", "soft_bounds", *ONE_LAW, "--out", out, "--plot", plot)
    result = crosspoint(*words)
    assert result.exit_code == 0, result.stderr
    return result, out, plot


def test_the_report_shows_the_law_its_intervals_and_the_truth(law_file):
    result, _, _ = law_file
    assert "* soft_bounds" in result.stdout
    assert "95 % interval" in result.stdout
    line = next(part for part in result.stdout.splitlines() if "imbalance" in part).split()
    assert float(line[2]) < float(line[1]) < float(line[4])
    assert line[5] == "0.3"
    assert "symmetry point" in result.stdout


def test_law_file_and_plot_are_written(law_file):
    _, out, plot = law_file
    device = device_from_json(out.read_text())
    assert device.law.name == "soft_bounds"
    assert device.spread.step > 0
    assert plot.read_bytes().startswith(b"\x89PNG")
    data = json.loads(out.read_text())
    assert data["fit"]["symmetry_point"]["low"] < float(device.law.symmetry_point())


def test_json_is_the_same_for_the_same_seed():
    words = ("fit", "--example", "soft_bounds", *ONE_LAW, "--json", "--seed")
    one, two, other = (json.loads(crosspoint(*words, s).stdout) for s in (3, 3, 4))
    assert one == two
    assert one["numbers"] != other["numbers"]
    assert one["law"] == "soft_bounds"


def test_a_file_and_its_range(tmp_path):
    example = EXAMPLES["linear_step"]
    path = tmp_path / "measured.csv"
    path.write_text(example.to_csv())
    words = ("fit", path, "--range", 1, 9, "--law", "linear_step", "--resamples", 100, "--json")
    found = json.loads(crosspoint(*words).stdout)
    assert found["conductance"]["zero_S"] == pytest.approx(example.mapping.zero)
    assert found["conductance"]["per_weight_S"] == pytest.approx(example.mapping.per_weight)


def test_a_training_takes_the_law_file(law_file):
    _, out, _ = law_file
    result = crosspoint(*TRAIN, "--law", out, "--json")
    assert result.exit_code == 0, result.stderr
    other = crosspoint(*TRAIN, "--law", out, "--cycle-noise", "0", "--spread", "0", "--json")
    assert json.loads(result.stdout)["accuracy"] != json.loads(other.stdout)["accuracy"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("fit",), "give one file of measured pulses, or --example NAME"),
        (("fit", "FILE", "--example", "soft_bounds"), "give one file"),
        (("fit", "--example", "soft_bounds", "--range", 1, 2), "an example has its own"),
        (("fit", "--example", "soft_bounds", "--law", "hard"), "no law 'hard' to fit"),
        (("fit", "--example", "soft_bounds", "--plot", "x.txt"), "end its name in .png"),
        (("fit", "--example", "soft_bounds", "--out", "no/such/x.json"), "the folder of --out"),
        (("fit", "--example", "other"), "other"),
        (("fit", "nowhere.csv"), "nowhere.csv"),
        (("fit", "FILE"), "line 1: the column 'device' is missing"),
        ((*TRAIN, "--law", "FILE"), "not JSON"),
        ((*TRAIN, "--law", "LAW", "--w-max", 1), "--w-max beside --law"),
        ((*TRAIN, "--law", "LAW", "--algorithm", "float"), "--law is given, but"),
    ],
)
def test_bad_words_end_in_one_line(words, message, tmp_path, law_file, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "table.csv"
    path.write_text("a,b\n1,2\n")
    places = {"FILE": path, "LAW": law_file[1]}
    result = crosspoint(*(places.get(word, word) for word in words))
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_the_names_in_the_help_are_those_of_the_examples():
    assert set(EXAMPLE_NAMES) == set(EXAMPLES)
