"""The command ``crosspoint derive``."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from phys.cli.derive import NAMES, derive
from theory import derive as derivations


def run(*words):
    return CliRunner().invoke(derive, list(words))


def test_names_are_those_of_theory():
    assert tuple(derivations.NAMES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_every_derivation_runs_with_numbers(name):
    made = run(name, "--set", "w_max=0.6", "--set", "w_min=-0.6", "--set", "imbalance=3/10")
    assert made.exit_code == 0, made.output
    assert "steps checked: a proof" in made.output


def test_symbolic_default_latex_and_json():
    assert r"\begin{enumerate}" in run("symmetry_point", "--latex").output
    data = json.loads(run("symmetry_point", "--json").output)
    assert data["name"] == "symmetry_point"
    assert data["is_proof"] is True
    assert "rho" in data["statement"]


def test_defaults_presets_and_files(tmp_path):
    assert "9/50" in run("symmetry_point", "--defaults").output
    assert run("zero_shifting", "--law", "ecram").exit_code == 0
    file = tmp_path / "mine.py"
    file.write_text(
        "from theory import DeviceLaw, w\n"
        "device = DeviceLaw('mine', up=1 - w, down=1 + w/2, bounds=(-1, 1))\n"
        "other = 3\n"
    )
    assert "of mine" in run("symmetry_point", "--law", f"{file}:device").output
    assert (
        "line 3: other is of type int, no device"
        in run("zero_shifting", "--law", f"{file}:other").output
    )
    file.write_text("import nothing_of_that_name")
    assert "does not import" in run("symmetry_point", "--law", f"{file}:device").output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("nothing",), "is not one of"),
        (("symmetry_point", "--law", "nope"), "choose from"),
        (("symmetry_point", "--law", "no.py:x"), "is not a file"),
        (("symmetry_point", "--set", "w_max"), "name=value"),
        (("symmetry_point", "--set", "w_max=big"), "is no number"),
        (("symmetry_point", "--set", "w_maximum=1"), "it has: w_max"),
        (("symmetry_point", "--set", "imbalance=2"), "between -1 and 1"),
        (("symmetry_point", "--law", "constant_step"), "does not depend on w"),
        (("symmetry_point", "--latex", "--json"), "not both"),
    ],
)
def test_bad_input_is_one_clear_line(words, said):
    made = run(*words)
    assert made.exit_code != 0
    assert said in made.output
    assert "Traceback" not in made.output
