"""``crosspoint check`` and ``crosspoint new-device``: what they accept, write, and refuse."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from phys import Device
from phys.checks import checks
from phys.cli import main
from phys.cli.new_device import KINDS
from phys.device_file import device_to_json
from phys.user_object import load_object, origin, preset_device
from theory import laws
from theory.law_file import law_to_json
from theory.laws.presets import PRESETS

DEVICES = """from sympy import Rational

from phys import Device
from theory import DeviceLaw, w

GOOD = DeviceLaw("good", up=Rational(13, 10) * (1 - w), down=Rational(7, 10) * (1 + w),
                 bounds=(-1, 1))
RUNAWAY = DeviceLaw("runaway", up=1 + w / 2, down=1 - w / 2, bounds=(-1, 1))
NUMBER = 3


def make():
    return Device(GOOD, dw_min=0.01)
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, arguments)


def check(*arguments: str) -> Result:
    return run("check", *arguments, "--max-examples", "1")


@pytest.fixture
def devices(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Write a file of devices, and go there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", sys.path.copy())
    (tmp_path / "devices.py").write_text(DEVICES)
    yield tmp_path
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.mark.usefixtures("devices")
class TestOutcome:
    def test_a_sound_device_ends_with_0_and_a_table(self) -> None:
        result = check("devices.py:GOOD")
        assert result.exit_code == 0, result.output
        assert "Checks of 'good', bounds -1 to 1, dw_min 0.02; seed 0" in result.output
        assert f"{len(checks())} checks: " in result.output
        assert [p.name for p in Path().iterdir() if p.name != "__pycache__"] == ["devices.py"]
        assert "0 failed" in result.output

    def test_a_failure_ends_with_1_and_a_counter_example_that_runs(self) -> None:
        result = check("devices.py:RUNAWAY")
        assert result.exit_code == 1
        code = result.output[result.output.index("import runpy") :]
        assert "runpy.run_path('devices.py')['RUNAWAY']" in code
        with pytest.raises(AssertionError, match="pulses lead away"):
            exec(compile(code, "<pasted>", "exec"), {})

    def test_files_and_json_hold_the_same_report(self) -> None:
        result = check("devices.py:RUNAWAY", "--json", "--html", "r.html", "--junit", "r.xml")
        data = json.loads(result.stdout)
        assert result.exit_code == 1
        assert [r["id"] for r in data["results"]] == list(checks())
        suite = ElementTree.parse("r.xml").getroot()
        assert int(str(suite.get("failures"))) == data["counts"]["failed"] == 1
        assert "pulses lead away" in Path("r.html").read_text(encoding="utf-8")

    def test_exemptions_are_taken_and_dead_ones_refused(self) -> None:
        known = ("--expect-failure", "symmetry.attracts=it has two states")
        assert check("devices.py:RUNAWAY", *known).exit_code == 0
        dead = check("devices.py:GOOD", *known)
        assert dead.exit_code == 1
        assert "dead exemption (it has two states)" in dead.output
        assert check("devices.py:GOOD", "--skip", "steps.sign=slow").output.count("slow") == 1

    def test_statements_are_shown_on_request(self) -> None:
        statement = checks()["steps.sign"].statement[:50]
        assert statement not in check("devices.py:GOOD").output
        assert statement in check("devices.py:GOOD", "--statements").output


def test_the_list_of_checks_needs_no_device() -> None:
    result = run("check", "--list")
    assert result.exit_code == 0
    assert all(name in result.output for name in checks())


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("devices.py:NUMBER", "devices.py, line 9: NUMBER is of type int, no device"),
        ("devices.py:make", "devices.py, line 12: make is of type function, no device"),
        ("devices.py:make", "make()"),
        ("devices.py:GOD", "devices.py holds no 'GOD'; did you mean GOOD (line 6)?"),
        ("devices.py:xyz", "devices.py holds no 'xyz'; it holds GOOD, RUNAWAY"),
        ("devices.py", "name the device in it, FILE.py:NAME; it holds GOOD, RUNAWAY"),
        ("gone.py:GOOD", "gone.py is not a file"),
        ("gone.json", "gone.json is not a file"),
        ("soft_bound", "there is no device 'soft_bound'"),
        ("soft_bound", "a name such as soft_bounds"),
    ],
)
def test_what_is_no_device_is_refused(devices: Path, target: str, message: str) -> None:
    result = check(target)
    assert result.exit_code == 2
    assert message in result.output


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x = 1\ny = (\n", "broken.py, line 2: '(' was never closed"),
        ("import os\n\nz = 1 / 0\n", "broken.py, line 3: the file does not import: ZeroDivision"),
        ("import sys\nsys.exit(3)\n", "broken.py, line 2: the file does not import: SystemExit: 3"),
        ("import no_such_module\n", "broken.py, line 1: the file does not import: ModuleNotFound"),
        ("from theory import *\nL = DeviceLaw('l', up=w, down=1, bounds=(-1, 1))", "NotPositive"),
    ],
    ids=["syntax", "error", "exit", "import", "law"],
)
def test_a_file_that_does_not_import_is_named_with_its_line(
    devices: Path, text: str, message: str
) -> None:
    (devices / "broken.py").write_text(text)
    result = check("broken.py:L")
    assert result.exit_code == 2
    assert message in result.output
    assert "broken" not in sys.modules


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--skip", "no.such=x"), "there is no check 'no.such'"),
        (("--skip", "steps.sign"), "not of the form ID=REASON"),
        (("--max-examples", "0"), "max_examples = 0 is out of range"),
        (("--seed", "-1"), "seed = -1 is out of range"),
        (("--html", "gone/r.html"), "--html = 'gone' cannot be written to"),
    ],
)
def test_bad_options_are_refused(devices: Path, arguments: tuple[str, ...], message: str) -> None:
    result = run("check", "devices.py:GOOD", *arguments)
    assert result.exit_code == 2
    assert message in result.output


def test_a_device_is_needed() -> None:
    result = run("check")
    assert result.exit_code == 2
    assert "give the device" in result.output


def test_law_files_and_device_files_are_read(tmp_path: Path) -> None:
    law = laws.CATALOGUE["soft_bounds"].law()
    device = Device(law, dw_min=0.01, cycle_noise=0.2)
    (tmp_path / "law.json").write_text(json.dumps(law_to_json(law)))
    (tmp_path / "device.json").write_text(json.dumps(device_to_json(device)))
    (tmp_path / "damaged.json").write_text('{"format": ')
    assert load_object(str(tmp_path / "law.json")) == law
    assert load_object(str(tmp_path / "device.json")) == device
    result = check(str(tmp_path / "damaged.json"))
    assert result.exit_code == 2
    assert "damaged.json: " in result.output


@pytest.mark.parametrize("place", ["soft_bounds", "ecram"])
def test_names_are_those_of_the_catalogue_and_of_the_presets(place: str) -> None:
    expected = preset_device(PRESETS[place]()) if place in PRESETS else laws.CATALOGUE[place].law()
    assert load_object(place) == expected
    names: dict[str, object] = {}
    exec(origin(place), names)
    assert names["device"] == expected


def test_a_file_may_import_its_neighbours_and_be_called_like_another_module(devices: Path) -> None:
    (devices / "json.py").write_text("from devices import GOOD as DEVICE\n")
    assert load_object("json.py:DEVICE").name == "good"
    assert sys.modules["json"] is json


# -- new-device ------------------------------------------------------------------------------
def test_the_starter_files_pass_as_they_stand(
    tmp_path: Path, numpy_engine: Callable[[bool], None]
) -> None:
    """All checks here, with few examples; their tests as a user runs them, for some checks."""
    numpy_engine(True)
    for kind in KINDS:
        result = run("new-device", f"my_{kind}", "--kind", kind, "--folder", str(tmp_path))
        assert result.exit_code == 0, result.output
        assert check(f"{tmp_path}/my_{kind}.py:DEVICE").exit_code == 0
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST")}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-W", "error", "-k", "bounds or steps or symmetry"],
        cwd=tmp_path,
        env=environment | {"CROSSPOINT_NUMBA": "0"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    passed = int(re.findall(r"(\d+) passed", done.stdout)[0])
    assert passed > 5 * len(KINDS)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("3d", "no name that Python can import"),
        ("my-device", "no name that Python can import"),
        ("../device", "no name that Python can import"),
        ("lambda", "no name that Python can import"),
        ("json", "a module of Python's own"),
        ("sympy", "an installed package"),
        ("devices", "devices.py is there already"),
    ],
)
def test_names_that_would_not_do_are_refused(devices: Path, name: str, message: str) -> None:
    result = run("new-device", name)
    assert result.exit_code == 2
    assert message in result.output
    assert sorted(p.name for p in devices.iterdir()) == ["devices.py"]


def test_an_existing_test_is_kept(devices: Path) -> None:
    (devices / "test_mine.py").write_text("mine")
    result = run("new-device", "mine")
    assert result.exit_code == 2
    assert not (devices / "mine.py").exists()
    assert (devices / "test_mine.py").read_text() == "mine"


def test_a_file_that_is_no_text_is_named(devices):
    Path("binary.py").write_bytes(b"\xff\xfe\x00")
    shown = check("binary.py:DEVICE")
    assert shown.exit_code == 2
    assert "error: binary.py" in shown.output
    assert "None" not in shown.output


def test_a_number_that_no_float_holds_is_refused_with_its_column(devices):
    law = {**law_to_json(laws.soft_bounds(w_max=1, w_min=-1, imbalance=0)), "up": "1e400*(1 - w)"}
    Path("huge.json").write_text(json.dumps(law))
    shown = check("huge.json")
    assert shown.exit_code == 2
    assert "up: column 1: a number of more than 300 digits" in shown.output
