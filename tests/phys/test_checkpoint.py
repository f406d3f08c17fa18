"""Checkpoints: going on equals never having stopped, and a bad file is refused."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from phys import checkpoint, train, training_run
from phys.algorithms import PulsedSGD
from phys.checked import InputError
from phys.checkpoint import CheckpointError
from phys.history import History, Progress
from phys.training_run import TrainingInterrupted
from tests.phys.helpers import blobs, same_bits
from tests.phys.test_training import RUNS, bits, short

SETTINGS = {"seed": 1, "layers": [3, 2], "lr": 0.5}
PROGRESS = {"epoch": 2, "position": 7}


class Stop:
    """A progress callback that presses Ctrl-C once a share of the training is done."""

    def __init__(self, share: float) -> None:
        self.share = share

    def __call__(self, progress: Progress) -> None:
        if progress.stage == "training" and progress.fraction >= self.share:
            raise KeyboardInterrupt


def interrupted(name: str, file: Path, share: float, **changes: Any) -> None:
    with pytest.raises(TrainingInterrupted, match="go on with"):
        short(name, checkpoint_file=file, progress=Stop(share), **changes)


# -- going on ----------------------------------------------------------------------------------
@pytest.mark.parametrize("share", [0.05, 0.3, 0.75])
@pytest.mark.parametrize("name", ["float in batches", "sgd, uneven", "shd", "shd, uneven"])
def test_a_resumed_training_equals_one_never_stopped(
    name: str, share: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights, losses and accuracies to the last bit, stopped early, in between and late."""
    monkeypatch.setattr(training_run, "CHUNK", 6)
    whole, file = bits(short(name)), tmp_path / "run.ckpt"
    interrupted(name, file, share)
    assert bits(short(name, checkpoint_file=file, resume=True)) == whole


def test_a_training_may_be_stopped_again_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_run, "CHUNK", 6)
    file = tmp_path / "run.ckpt"
    whole = short("shd, uneven", record_energy=3)
    for n, share in enumerate((0.1, 0.35, 0.6, 0.9)):
        interrupted("shd, uneven", file, share, resume=n > 0, record_energy=3)
    last = short("shd, uneven", checkpoint_file=file, resume=True, record_energy=3)
    assert bits(last) == bits(whole)
    assert [p.samples for p in last.energy] == [p.samples for p in whole.energy]
    assert last.energy == whole.energy


def test_a_resumed_training_remembers_how_its_arrays_were_shifted(tmp_path: Path) -> None:
    file = tmp_path / "run.ckpt"
    whole = short("shd, uneven")
    interrupted("shd, uneven", file, 0.4)
    resumed = short("shd, uneven", checkpoint_file=file, resume=True)
    assert list(resumed.zero_shifts) == list(whole.zero_shifts) == ["A1", "C1", "A2", "C2"]
    for label, shift in whole.zero_shifts.items():
        other = vars(resumed.zero_shifts[label])
        for name, value in vars(shift).items():
            if isinstance(value, np.ndarray):
                assert same_bits(other[name], value), name
            else:
                assert other[name] == value, name
    assert resumed.as_dict()["zero_shifts"] == whole.as_dict()["zero_shifts"]


def test_the_stepwise_engine_goes_on_where_the_fast_one_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_run, "CHUNK", 6)
    file = tmp_path / "run.ckpt"
    interrupted("shd, uneven", file, 0.4)
    resumed = short("shd, uneven", checkpoint_file=file, resume=True, engine="stepwise")
    assert bits(resumed) == bits(short("shd, uneven"))


def test_a_finished_training_can_be_made_longer(tmp_path: Path) -> None:
    file = tmp_path / "run.ckpt"
    short("sgd", epochs=1, checkpoint_file=file)
    longer = short("sgd", epochs=3, checkpoint_file=file, resume=True)
    assert bits(longer) == bits(short("sgd", epochs=3))


def test_writing_checkpoints_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_run, "CHECKPOINT_SECONDS", 0.0)
    monkeypatch.setattr(training_run, "CHUNK", 6)
    plain = bits(short("shd, uneven"))
    assert bits(short("shd, uneven", checkpoint_file=tmp_path / "run.ckpt")) == plain
    assert [p.name for p in tmp_path.iterdir()] == ["run.ckpt"], "no draft is left behind"


# -- a real Ctrl-C -----------------------------------------------------------------------------
CHILD = """
import sys, time
from phys import train
from tests.phys.helpers import blobs
from tests.phys.test_training import short

def progress(p):
    if p.stage == "training" and p.fraction > 2e-5:
        print("ready", flush=True)
        time.sleep(0.02)

short(sys.argv[1], epochs=100_000, checkpoint_file=sys.argv[2], progress=progress)
"""


@pytest.mark.skipif(not hasattr(signal, "SIGINT"), reason="the system knows no SIGINT")
def test_a_signal_leaves_a_checkpoint_to_go_on_from(tmp_path: Path, repository: Path) -> None:
    file = tmp_path / "run.ckpt"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, "sgd, uneven", str(file)],
        cwd=repository,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        _, error = child.communicate(timeout=60)
    finally:
        child.kill()
    assert child.returncode != 0
    assert "TrainingInterrupted" in error
    assert f"--resume --checkpoint {file}" in error
    with np.load(file) as stored:
        header = bytes(stored["header"]).decode()
    epochs = int(header.split('"epoch": ')[1].split(",")[0]) + 2
    resumed = short("sgd, uneven", epochs=epochs, checkpoint_file=file, resume=True)
    assert bits(resumed) == bits(short("sgd, uneven", epochs=epochs))


def test_a_signal_waits_until_the_arrays_are_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pressed in the middle of a sample, Ctrl-C takes effect after it, not after the chunk."""
    monkeypatch.setattr(training_run, "HOLD_SECONDS", 1e-9)
    pressed = []

    class Pressing(PulsedSGD):
        def update(self, layer: Any, x: np.ndarray, d: np.ndarray) -> None:
            if len(pressed) == 4:
                os.kill(os.getpid(), signal.SIGINT)
            pressed.append(1)
            super().update(layer, x, d)

    def run(algorithm: PulsedSGD, **options: Any) -> History:
        device = RUNS["sgd, uneven"]["device"]
        return train(
            blobs(41, 20), algorithm, device, epochs=2, layers=(12, 6, 3), pairs=5, **options
        )

    file = tmp_path / "run.ckpt"
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(TrainingInterrupted, match="3 of 41 samples"):
        run(Pressing(lr=0.05), checkpoint_file=file)
    assert signal.getsignal(signal.SIGINT) is before
    assert len(pressed) == 3 * 2, "two layers and three samples"
    assert bits(run(Pressing(lr=0.05), checkpoint_file=file, resume=True)) == bits(
        run(Pressing(lr=0.05))
    )


def test_without_a_checkpoint_the_message_says_that_nothing_is_kept() -> None:
    with pytest.raises(TrainingInterrupted, match="nothing was kept"):
        short("float", progress=Stop(0.1))


# -- bad files ---------------------------------------------------------------------------------
@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A checkpoint of two small arrays."""
    path = tmp_path / "a.ckpt"
    arrays = {
        "0.c.weights": np.arange(6, dtype=np.float32).reshape(2, 3),
        "0.c.updates": np.array(5),
    }
    checkpoint.save(path, SETTINGS, PROGRESS, arrays)
    return path


def test_what_is_saved_is_loaded(file: Path) -> None:
    progress, arrays = checkpoint.load(file, SETTINGS)
    assert progress == PROGRESS
    assert sorted(arrays) == ["0.c.updates", "0.c.weights"]
    assert arrays["0.c.weights"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert arrays["0.c.weights"].dtype == np.float32


@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.6, 0.9, 0.999])
def test_a_truncated_file_is_refused(file: Path, share: float) -> None:
    content = file.read_bytes()
    file.write_bytes(content[: int(share * len(content))])
    with pytest.raises(CheckpointError, match=r"a\.ckpt' is damaged .*; delete it and start anew"):
        checkpoint.load(file, SETTINGS)


def test_a_flipped_bit_is_refused_or_has_no_effect(file: Path) -> None:
    """Every byte in turn: no damage gives other numbers, and none an error of another kind."""
    content = file.read_bytes()
    progress, arrays = checkpoint.load(file, SETTINGS)
    refused = 0
    for place in range(len(content)):
        flipped = bytearray(content)
        flipped[place] ^= 1 << place % 8
        file.write_bytes(bytes(flipped))
        try:
            found = checkpoint.load(file, SETTINGS)
        except CheckpointError:
            refused += 1
            continue
        assert found[0] == progress, place
        assert sorted(found[1]) == sorted(arrays), place
        assert all(np.array_equal(found[1][k], v) for k, v in arrays.items()), place
    assert refused > len(content) / 2


@pytest.mark.parametrize("content", [b"", b"hello", b"PK\x03\x04", b"\x93NUMPY\x01\x00"])
def test_a_file_of_another_kind_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other"
    path.write_bytes(content)
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(path, SETTINGS)


def test_pickled_objects_are_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "a.ckpt"
    with path.open("wb") as stream:
        np.savez(stream, header=np.array([{"a": 1}], dtype=object))
    with pytest.raises(CheckpointError, match="damaged"):
        checkpoint.load(path, SETTINGS)


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="does not exist; start without resume"):
        short("float", checkpoint_file=tmp_path / "none.ckpt", resume=True)


def test_another_format_says_so(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "FORMAT", checkpoint.FORMAT + 1)
    with pytest.raises(CheckpointError, match="has format 1, this version reads 2"):
        checkpoint.load(file, SETTINGS)


def test_each_setting_that_differs_is_named(file: Path) -> None:
    with pytest.raises(CheckpointError) as caught:
        checkpoint.load(file, {"seed": 2, "layers": [3, 2], "rate": 1})
    message = str(caught.value)
    for part in ("seed was 1, now 2", "lr was 0.5, now None", "rate was None, now 1"):
        assert part in message
    assert "layers" not in message


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 9}, "seed was 3, now 9"),
        ({"lr_c": 0.7}, "algorithm was"),
        ({"layers": (12, 7, 3)}, "layers was"),
        ({"device": RUNS["shd, uneven"]["device"]}, "devices was"),
        ({"zero_shift": False}, "zero_shift was"),
        ({"pairs": 21}, "pairs was 20, now 21"),
        ({"batch": 2}, "batch was 1, now 2"),
        ({"activation": "relu"}, "activation was 'sigmoid', now 'relu'"),
        ({"samples": 40}, "samples was 41, now 40"),
    ],
)
def test_a_training_with_other_settings_does_not_go_on(
    changes: dict[str, Any], named: str, tmp_path: Path
) -> None:
    file = tmp_path / "run.ckpt"
    short("shd", epochs=1, checkpoint_file=file)
    content = file.read_bytes()
    with pytest.raises(CheckpointError, match="from other settings") as caught:
        short("shd", checkpoint_file=file, resume=True, **changes)
    assert named in str(caught.value)
    assert file.read_bytes() == content


def test_a_folder_is_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"checkpoint_file = .* is a folder; name a file"):
        short("float", checkpoint_file=tmp_path)
    with pytest.raises(InputError):
        short("float", checkpoint_file=tmp_path, resume=True)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_device_is_no_checkpoint() -> None:
    with pytest.raises(InputError, match="'/dev/full' is a device or a pipe; name a file"):
        short("float", checkpoint_file="/dev/full")
    assert Path("/dev/full").is_char_device()


def test_a_place_that_cannot_be_written_is_named_before_training_starts(tmp_path: Path) -> None:
    """A file stands where the folder should be: nobody may write there, whoever asks."""
    (tmp_path / "file").write_text("not a folder")
    seen: list[Progress] = []
    with pytest.raises(InputError, match=r"checkpoint = .* cannot be written .*; name a file"):
        short("float", checkpoint_file=tmp_path / "file" / "run.ckpt", progress=seen.append)
    assert not seen


def test_resume_needs_a_file() -> None:
    with pytest.raises(InputError, match="resume = True needs checkpoint_file"):
        short("float", resume=True)


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
from phys.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="the system has no limit of file sizes")
@pytest.mark.parametrize("begun", [True, False])
def test_a_disk_that_takes_no_more_keeps_what_it_has(
    tmp_path: Path, repository: Path, begun: bool
) -> None:
    """Files of this process may have 2000 bytes, and a checkpoint has more."""
    file = tmp_path / "c.npz"
    words = ["train", "--dataset", "digits", "--algorithm", "float", "--layers", "64,10"]
    words += ["--samples", "50", "--quiet", "--checkpoint", str(file)]
    environment = {**os.environ, "CROSSPOINT_NUMBA": "0"}  # which writes compiled code, too

    def run(program: str, *more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", program, *words, *more],
            cwd=repository,
            env=environment,
            capture_output=True,
            text=True,
        )

    resume = ["--resume"] if begun else []
    if begun:
        assert run("from phys.cli import main; main()", "--epochs", "1").returncode == 0
        content = file.read_bytes()
        assert len(content) > 2000
    ended = run(LIMITED, "--epochs", "3", *resume)
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    assert f"checkpoint = '{file}' could not be written (File too large); make room" in line
    assert ("The earlier one is untouched" in line) == begun
    assert [p.name for p in tmp_path.iterdir()] == ["c.npz"] * begun
    if begun:
        assert file.read_bytes() == content
        assert run("from phys.cli import main; main()", "--epochs", "3", *resume).returncode == 0


def test_a_write_that_fails_keeps_the_old_checkpoint(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = file.read_bytes()

    def full(draft: Any, **arrays: object) -> None:
        draft.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(CheckpointError, match=r"a\.ckpt.*No space left.*make room.*untouched"):
        checkpoint.save(file, SETTINGS, PROGRESS, {"x": np.zeros(3)})
    assert file.read_bytes() == content
    assert [p.name for p in file.parent.iterdir()] == ["a.ckpt"]
