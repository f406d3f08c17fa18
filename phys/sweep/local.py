"""The runs of a sweep on this machine: one process for each, as many at a time as there are cores.

A process that dies takes its own run with it and no other; the run is tried once more.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from phys.history import Progress
from phys.sweep.settings import Run, perform

TRIES = 2
PRELOADED = ["phys.training", "phys.compiler", "numba"]


@dataclass(frozen=True)
class Outcome:
    """What came of a run: its record, or why there is none."""

    run: Run
    record: dict[str, Any] | None
    failure: str = ""


@dataclass
class _Busy:
    process: Any
    pipe: Connection
    run: Run
    tries: int


def cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def work(
    runs: Sequence[Run],
    jobs: int,
    data_dir: str | None,
    folder: Path | None,
    moved: Callable[[Run, float], Any],
) -> Generator[Outcome, None, None]:
    """Yield the outcome of every run, as they end.

    Parameters
    ----------
    runs : sequence of Run
    jobs : int
        Processes at a time.
    data_dir : str, optional
        Folder with the MNIST files.
    folder : Path, optional
        Where the runs keep their state meanwhile.
    moved : callable
        Called with a run and the part of it that is done, in [0, 1).
    """
    methods = multiprocessing.get_all_start_methods()
    context: Any = multiprocessing.get_context("forkserver" if "forkserver" in methods else "spawn")
    if "forkserver" in methods:
        context.set_forkserver_preload(PRELOADED)
    waiting = deque((run, 1) for run in runs)
    busy: list[_Busy] = []
    try:
        while waiting or busy:
            while waiting and len(busy) < jobs:
                busy.append(_start(context, *waiting.popleft(), data_dir, folder))
            ready = wait([b.pipe for b in busy])
            for one in [b for b in busy if b.pipe in ready]:
                word, value = _hear(one)
                if word == "moved":
                    moved(one.run, value)
                    continue
                busy.remove(one)
                one.process.join()
                if word == "record":
                    yield Outcome(one.run, value)
                elif word == "failed":
                    yield Outcome(one.run, None, value)
                elif one.tries < TRIES:
                    waiting.append((one.run, one.tries + 1))
                else:
                    yield Outcome(one.run, None, f"{value}, {TRIES} times; is the memory full?")
    finally:
        for one in busy:
            one.process.terminate()
        for one in busy:
            one.process.join()


def _start(context: Any, run: Run, tries: int, data_dir: str | None, folder: Path | None) -> _Busy:
    ours, theirs = context.Pipe(duplex=False)
    checkpoint = None if folder is None else str(folder / f"{run.key}.npz")
    process = context.Process(
        target=_child, args=(theirs, run, data_dir, checkpoint), daemon=True, name=run.key
    )
    process.start()
    theirs.close()
    return _Busy(process, ours, run, tries)


def _hear(one: _Busy) -> tuple[str, Any]:
    try:
        word, value = one.pipe.recv()
    except EOFError:
        one.process.join()
        return "died", f"its process ended with exit code {one.process.exitcode}"
    return word, value


def _child(pipe: Connection, run: Run, data_dir: str | None, checkpoint: str | None) -> None:
    # Ctrl-C reaches the whole group: the parent hears it, and ends its children.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()

    def tell(now: Progress) -> None:
        if now.stage == "training" and now.fraction < 1:
            pipe.send(("moved", float(now.fraction)))

    try:
        record = perform(run, data_dir, checkpoint, tell)
    except Exception as error:
        pipe.send(("failed", f"{type(error).__name__}: {error}"))
    else:
        pipe.send(("record", record))
    pipe.close()


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
