"""The command line: what it prints and where, what it refuses and how, and the way back."""

from __future__ import annotations

import errno
import gzip
import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from matplotlib.figure import Figure

from phys.checked import InputError
from phys.cli import COMMANDS, common, main
from phys.data import Dataset, load

DIGITS = ["train", "--dataset", "digits", "--samples", "200", "--layers", "64,16,10"]


def crosspoint(*words: str) -> Result:
    """Run the command as from a shell; whatever is not meant for the user is an error here."""
    result = CliRunner().invoke(main, [str(word) for word in words])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def learned(result: Result) -> dict[str, object]:
    """Return what a training learned, of the JSON that it printed."""
    assert result.exit_code == 0, result.stderr
    record = json.loads(result.stdout)
    return {name: record[name] for name in ("accuracy", "loss", "layers", "energy")}


class Stopped:
    """Presses Ctrl-C when the training has come so far."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fraction: float) -> None:
        follow = common.Bars.follow

        def stopping(bars: common.Bars, key: str) -> object:
            show = follow(bars, key)

            def press(now: object) -> None:
                show(now)
                if now.stage == "training" and now.fraction >= fraction:
                    raise KeyboardInterrupt

            return press

        monkeypatch.setattr(common.Bars, "follow", stopping)


# What is there


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name):
    result = crosspoint(name, "--help")
    assert result.exit_code == 0
    assert "Usage: " in result.stdout


def test_help_lists_the_commands_without_importing_them(monkeypatch):
    monkeypatch.setattr("phys.cli.import_module", lambda name: pytest.fail(f"imported {name}"))
    result = crosspoint("--help")
    assert all(name in result.stdout for name in COMMANDS)


def test_an_unknown_command_is_refused():
    result = crosspoint("trian")
    assert result.exit_code == 2
    assert "trian" in result.stderr


def test_version():
    assert crosspoint("--version").stdout.startswith("crosspoint, version")


# A training


def test_json_is_all_that_goes_to_standard_output():
    result = crosspoint(*DIGITS, "--epochs", "2", "--seed", "7", "--record-energy", "2", "--json")
    record = json.loads(result.stdout)
    assert len(record["accuracy"]) == len(record["loss"]) == 2
    assert all(0 <= value <= 1 for value in record["accuracy"])
    assert record["settings"]["seed"] == 7
    assert record["settings"]["layers"] == [64, 16, 10]
    assert 3 <= len(record["energy"]) <= 5
    assert record["notice"] == ""


@pytest.mark.parametrize("algorithm", ["float", "sgd", "shd"])
def test_without_a_terminal_each_epoch_is_a_line_on_standard_error(algorithm):
    result = crosspoint(*DIGITS, "--algorithm", algorithm, "--epochs", "2")
    lines = result.stderr.splitlines()
    assert len(lines) == 2
    assert lines[1].startswith(f"{algorithm}: epoch 2, test accuracy ")
    assert "epoch 2: test accuracy" in result.stdout


def test_quiet_leaves_standard_error_empty():
    assert crosspoint(*DIGITS, "--epochs", "1", "--quiet").stderr == ""


def test_the_same_seed_learns_the_same_and_another_does_not():
    runs = [learned(crosspoint(*DIGITS, "--epochs", "1", "--seed", s, "--json")) for s in "001"]
    assert runs[0] == runs[1] != runs[2]


def test_options_reach_the_training():
    options = ["--w-max", "0.5", "--w-min", "-0.7", "--imbalance", "-0.2", "--dw-min", "0.002"]
    options += ["--spread", "0.1", "--cycle-noise", "0.2", "--zero-shift-arrays", "a"]
    options += ["--pairs", "50", "--read", "mean", "--reference-error", "0.01"]
    options += ["--lr-a", "0.04", "--lr-c", "0.3", "--transfer-every", "3", "--pulses", "12"]
    options += ["--batch", "4", "--activation", "tanh"]
    result = crosspoint(*DIGITS, "--epochs", "1", "--json", *options)
    settings = json.loads(result.stdout)["settings"]
    assert settings["algorithm"] == "SHD(lr_a=0.04, lr_c=0.3, transfer_every=3, pulses=12)"
    assert settings["batch"] == 4
    assert settings["activation"] == "tanh"
    assert (settings["zero_shift"], settings["pairs"], settings["read"]) == ("a", 50, "mean")
    assert settings["reference_error"] == 0.01
    device = settings["devices"]["a"]
    assert device["bounds"] == [-0.7, 0.5]
    assert device["values"]["imbalance"] == -0.2
    assert (device["dw_min"], device["cycle_noise"]) == (0.002, 0.2)
    assert device["spread"]["step"] == device["spread"]["bounds"] == 0.1


def test_a_training_resumed_equals_one_never_stopped(tmp_path):
    file = tmp_path / "state.npz"
    first = crosspoint(*DIGITS, "--epochs", "1", "--checkpoint", file)
    assert first.exit_code == 0
    again = crosspoint(*DIGITS, "--epochs", "3", "--checkpoint", file, "--resume", "--json")
    whole = crosspoint(*DIGITS, "--epochs", "3", "--json")
    assert learned(again) == learned(whole)


def test_ctrl_c_keeps_the_state_and_names_the_command_that_goes_on(tmp_path, monkeypatch):
    words = [*DIGITS, "--epochs", "3", "--json", "--quiet"]
    with monkeypatch.context() as patch:
        Stopped(patch, 0.4)
        result = crosspoint(*words, "--checkpoint", tmp_path / "my state.npz")
    assert result.exit_code == 130
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    command = shlex.split(result.stderr.partition("go on with: ")[2])
    assert command[0] == "crosspoint"
    assert learned(crosspoint(*command[1:])) == learned(crosspoint(*words))


def test_ctrl_c_without_a_checkpoint_says_that_nothing_was_kept(monkeypatch):
    Stopped(monkeypatch, 0.0)
    result = crosspoint(*DIGITS, "--epochs", "2")
    assert result.exit_code == 130
    assert "--checkpoint" in result.stderr


# What is refused: one line that names the argument, before anything runs


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--imbalance", "1.5"], ["imbalance", "-1 and 1"]),
        (["--dw-min", "0"], ["dw_min", "0"]),
        (["--dw-min", "nan"], ["dw_min", "nan"]),
        (["--w-max", "-1"], ["w_max", "-1"]),
        (["--w-min", "0.5"], ["w_min"]),
        (["--epochs", "0"], ["epochs", "0", "between 1"]),
        (["--samples", "100000"], ["samples", "100000", "1440"]),
        (["--seed", "-1"], ["seed", "-1"]),
        (["--lr-a", "-0.1"], ["lr_a", "-0.1"]),
        (["--lr", "0.1"], ["lr", "shd", "lr_a"]),
        (["--pulses", "0"], ["pulses", "0"]),
        (["--batch", "0"], ["batch", "0"]),
        (["--layers", "10,10"], ["layers", "64 inputs"]),
        (["--layers", "64,16000000,16000000,10"], ["memory is full", "smaller layers"]),
        (["--pairs", "0"], ["pairs", "0"]),
        (["--spread", "-1"], ["spread", "-1"]),
        (["--no-zero-shift", "--zero-shift-arrays", "a"], ["--zero-shift-arrays", "leave"]),
        (["--algorithm", "sgd", "--zero-shift-arrays", "a"], ["zero_shift", "'a'"]),
        (["--algorithm", "sgd", "--record-energy", "3"], ["record_energy", "SHD"]),
        (["--algorithm", "float", "--imbalance", "0.1"], ["--imbalance", "float", "leave it out"]),
        (["--algorithm", "float", "--no-zero-shift"], ["zero-shift", "float"]),
        (["--resume"], ["--resume", "--checkpoint"]),
        (["--data", "somewhere"], ["somewhere", "digits"]),
    ],
)
def test_bad_input_is_one_clear_line(options, words):
    result = crosspoint("train", "--dataset", "digits", "--layers", "64,8,10", *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith("error: ")
    for word in words:
        assert word in result.stderr


@pytest.mark.parametrize(
    ("options", "word"),
    [
        (["--layers", "64,x"], "784,256"),
        (["--pairs", "3.5"], "measure"),
        (["--read", "up"], "mean"),
    ],
)
def test_options_that_do_not_parse_say_how_to_write_them(options, word):
    result = crosspoint(*DIGITS, *options)
    assert result.exit_code == 2
    assert word in result.stderr


def test_a_training_that_diverges_says_so():
    result = crosspoint(*DIGITS, "--algorithm", "float", "--lr", "1e30", "--activation", "relu")
    assert result.exit_code == 2
    assert "lower the learning rate" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_without_mnist_is_named(tmp_path):
    result = crosspoint("train", "--data", tmp_path)
    assert result.exit_code == 2
    assert str(tmp_path) in result.stderr


def test_a_checkpoint_that_is_damaged_or_from_other_settings_is_refused(tmp_path):
    file = tmp_path / "state.npz"
    missing = crosspoint(*DIGITS, "--checkpoint", file, "--resume")
    assert missing.exit_code == 2
    assert "does not exist" in missing.stderr
    assert crosspoint(*DIGITS, "--epochs", "1", "--checkpoint", file).exit_code == 0
    other = crosspoint(*DIGITS, "--seed", "1", "--checkpoint", file, "--resume")
    assert other.exit_code == 2
    assert "seed was 0, now 1" in other.stderr
    file.write_bytes(gzip.compress(b"no checkpoint"))
    damaged = crosspoint(*DIGITS, "--checkpoint", file, "--resume")
    assert damaged.exit_code == 2
    assert "damaged" in damaged.stderr


def test_a_checkpoint_that_cannot_be_written_is_refused_before_the_zero_shift(
    tmp_path, monkeypatch
):
    monkeypatch.setattr("phys.training.train", lambda *_, **__: pytest.fail("training began"))
    (tmp_path / "file").write_text("")
    result = crosspoint(*DIGITS, "--checkpoint", tmp_path / "file" / "state.npz")
    assert result.exit_code == 2
    assert "--checkpoint" in result.stderr


@pytest.mark.parametrize("option", ["--epochs", "--samples", "--jobs"])
def test_the_demonstration_refuses_bad_numbers_before_it_runs(option, tmp_path, monkeypatch):
    monkeypatch.setattr("phys.demo.play.measured", lambda seed: pytest.fail("zero-shifting began"))
    result = crosspoint("demo", "--dataset", "digits", "--out", tmp_path, option, "0")
    assert result.exit_code == 2
    assert f"{option[2:]} = 0" in result.stderr


def test_an_output_folder_that_cannot_be_written_is_refused_before_anything_runs(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "phys.demo.play.begin", lambda *_, **__: pytest.fail("the demonstration began")
    )
    (tmp_path / "file").write_text("")
    result = crosspoint("demo", "--dataset", "digits", "--out", tmp_path / "file" / "report")
    assert result.exit_code == 2
    assert "--out" in result.stderr
    assert len(result.stderr.splitlines()) == 1


# Other data than those asked for


def test_data_that_stand_in_for_others_are_announced(monkeypatch):
    digits = load("digits")
    fallback = Dataset(**{**vars(digits), "notice": "These are NOT the data asked for"})
    monkeypatch.setattr(common, "load", lambda *_: fallback)
    result = crosspoint(
        "train", "--samples", "100", "--layers", "64,8,10", "--epochs", "1", "--json"
    )
    assert "NOT the data asked for" in result.stderr
    assert json.loads(result.stdout)["notice"] == fallback.notice


# Pieces


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    file = tmp_path / "report.html"
    file.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        common.write_whole(file, "new \udc80")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]
    common.write_whole(file, "new")
    assert [p.read_text() for p in tmp_path.iterdir()] == ["new"]


def test_a_full_disk_leaves_the_old_file(tmp_path, monkeypatch):
    file = tmp_path / "report.html"
    file.write_text("old")

    def full(draft, path):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    figure = Figure()
    for write in (
        lambda: common.write_whole(file, "new"),
        lambda: common.save_figure(figure, file.with_suffix(".png")),
    ):
        with pytest.raises(InputError, match=r"report\.\w+' could not be written .No space left"):
            write()
    assert [p.read_text() for p in tmp_path.iterdir()] == ["old"]


@pytest.mark.parametrize(
    ("kind", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")]
)
def test_the_name_of_a_plot_says_its_format(tmp_path, kind, start):
    file = tmp_path / f"plot{kind}"
    common.save_figure(Figure(), file)
    assert file.read_bytes().startswith(start)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_device_is_written_to_and_not_replaced():
    common.write_whole(Path("/dev/null"), "anything")
    with pytest.raises(InputError, match=r"'/dev/full' could not be written \(No space left"):
        common.write_whole(Path("/dev/full"), "anything")
    assert Path("/dev/null").is_char_device()
    assert Path("/dev/full").is_char_device()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], [*DIGITS, "--json", "--quiet"]])
def test_an_output_that_takes_nothing_is_one_clear_line(words):
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [sys.executable, "-c", "from phys.cli import main; main()", *words],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
        )
    assert ended.returncode == 2
    assert ended.stderr == (
        "error: a file, or the standard output: No space left on device; make room and repeat the "
        "command\n"
    )


def test_json_has_no_numbers_that_readers_refuse():
    text = common.to_json({"ratio": float("nan"), "all": [1, float("inf"), "nan"]})
    assert json.loads(text, parse_constant=pytest.fail) == {"ratio": None, "all": [1, None, "nan"]}


def test_the_demonstration_can_be_stopped(tmp_path, monkeypatch):
    Stopped(monkeypatch, 0.0)
    folder: Path = tmp_path / "out"
    result = crosspoint("demo", "--dataset", "digits", "--out", folder, "--epochs", "1000")
    assert result.exit_code == 130
    assert f"--out {folder}" in result.stderr
    assert list(folder.iterdir()) == []


def test_on_a_terminal_the_bars_show_stage_and_accuracy(monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    result = crosspoint(*DIGITS, "--epochs", "2")
    assert result.exit_code == 0
    assert "accuracy" in result.stderr
    assert "training" in result.stderr
    assert "100%" in result.stderr
