"""A real Ctrl-C in the middle of each long command: one line, exit status 130, nothing torn."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from phys.sweep import Store

CPU_SECONDS = 2.0
"""Of the command itself after Ctrl-C, the way out included: waiting for others is not its doing."""

PRESSING = """
import atexit, os, signal, sys, threading, time

file, function, note = sys.argv[1:4]
del sys.argv[1:4]

def place(frame):
    while frame is not None:
        yield frame.f_code.co_filename.replace(os.sep, "/"), frame.f_code.co_name
        frame = frame.f_back

def press():
    main = threading.main_thread().ident
    while True:
        there = place(sys._current_frames()[main])
        if any(name.endswith(file) and code == function for name, code in there):
            break
        time.sleep(0.001)
    began = time.process_time()
    atexit.register(lambda: open(note, "w").write(str(time.process_time() - began)))
    os.kill(os.getpid(), signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
threading.Thread(target=press, daemon=True).start()
from phys.cli import main
main()
"""
DIGITS = ["--dataset", "digits", "--epochs", "100000", "--quiet"]
SWEPT = ["--set", "data=digits", "--set", "epochs=100000", "--seeds", "2", "--quiet"]
COMMANDS = {
    "train, shifting": ("phys/training_run.py", "prepare", ["train", *DIGITS], "before the first"),
    "train, learning": (
        "phys/training_run.py",
        "_learn_piece",
        ["train", *DIGITS, "--no-zero-shift", "--checkpoint", "c.npz"],
        "go on with: crosspoint train",
    ),
    "sweep": ("phys/sweep/local.py", "_next", ["sweep", "s.sqlite", *SWEPT], "go on with: "),
    "fit": (
        "phys/fitting/optimise.py",
        "_search",
        ["fit", "--example", "soft_bounds", "--out", "l.json", "--plot", "p.png", "--quiet"],
        "interrupted",
    ),
    "check": (
        "phys/checks/runner.py",
        "search",
        ["check", "soft_bounds", "--html", "r.html", "--junit", "r.xml", "--quiet"],
        "interrupted",
    ),
}


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="the system has no such signals")
@pytest.mark.parametrize("name", COMMANDS)
def test_ctrl_c_ends_a_command_at_once(name: str, tmp_path: Path, repository: Path) -> None:
    file, function, words, said = COMMANDS[name]
    folder, note = tmp_path / "work", tmp_path / "seconds"
    folder.mkdir()
    ended = subprocess.run(
        [sys.executable, "-c", PRESSING, file, function, str(note), *words],
        cwd=folder,
        capture_output=True,
        text=True,
        start_new_session=True,
        timeout=300,
    )
    assert ended.returncode == 130, ended.stderr
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    assert said in line
    assert float(note.read_text()) < CPU_SECONDS
    left = {path.name for path in folder.iterdir()}
    if name == "train, learning":
        assert left == {"c.npz"}
        with np.load(folder / "c.npz") as stored:
            assert "header" in stored
    elif name == "sweep":
        assert "s.sqlite" in left
        assert Store(folder / "s.sqlite").results() == []
    else:
        assert left == set()
