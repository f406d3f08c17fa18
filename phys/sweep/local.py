"""The runs of a sweep on this machine: a worker process for every core, each with a run at a time.

A worker is a program of its own, so that it has no need of the program that asked for the sweep:
that may be a script, a notebook or a line of standard input. A worker that dies takes its own run
with it and no other; the run is tried once more, in a new one.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from phys.checked import InputError
from phys.sweep.settings import Run

TRIES = 2
LAST_LINES = 3
LISTEN_S = 0.5


@dataclass(frozen=True)
class Outcome:
    """What came of a run: its record, or why there is none."""

    run: Run
    record: dict[str, Any] | None
    failure: str = ""


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

    Raises
    ------
    InputError
        A worker process cannot start.
    """
    heard: queue.SimpleQueue[tuple[Worker, str, Any]] = queue.SimpleQueue()
    waiting = deque((run, 1) for run in runs)
    workers: list[Worker] = []
    try:
        workers += [Worker(heard) for _ in range(min(jobs, len(waiting)))]
        while workers:
            worker, word, value = _next(heard)
            run = worker.run
            if worker not in workers:  # it was let go
                continue
            if word == "ended":
                workers.remove(worker)
                worker.end()
                if run is None:
                    raise InputError(
                        f"a worker process of the sweep cannot start: {worker.why()}; mend that, "
                        f"or give fewer jobs"
                    )
                if worker.tries < TRIES:
                    waiting.append((run, worker.tries + 1))
                else:
                    yield Outcome(run, None, f"{TRIES} times {worker.why()}")
                if waiting:
                    workers.append(Worker(heard))
            elif run is not None and word == "moved":
                moved(run, value)
            else:
                if run is not None:
                    yield Outcome(run, value) if word == "record" else Outcome(run, None, value)
                if waiting:
                    worker.take(*waiting.popleft(), data_dir, folder)
                else:
                    workers.remove(worker)
                    worker.end()
    finally:
        for worker in workers:
            worker.end()


class Worker:
    """A process of `phys.sweep.worker`, and the run that it has.

    Parameters
    ----------
    heard : SimpleQueue
        Gets what the process tells, as (worker, word, value); "ended" is the last word.

    Attributes
    ----------
    process : Popen
    run : Run or None
        None until the process is ready.
    tries : int
        How often the run has been begun.
    """

    def __init__(self, heard: queue.SimpleQueue[tuple[Worker, str, Any]]) -> None:
        self.run: Run | None = None
        self.tries = 0
        self._last: deque[str] = deque(maxlen=LAST_LINES)
        # The same modules must be found as here, wherever they are.
        found = [str(folder) for folder in sys.path]
        program = f"import sys; sys.path[:] = {found}; import phys.sweep.worker as w; w.main()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        output, errors = self.process.stdout, self.process.stderr
        assert output is not None
        assert errors is not None
        self._threads = [
            threading.Thread(target=self._listen, args=(output, heard), daemon=True),
            threading.Thread(target=self._keep_last, args=(errors,), daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def _listen(self, output: IO[str], heard: queue.SimpleQueue[tuple[Worker, str, Any]]) -> None:
        for line in output:
            if line.endswith("\n"):
                heard.put((self, *json.loads(line)))
        heard.put((self, "ended", None))

    def _keep_last(self, errors: IO[str]) -> None:
        self._last.extend(line.strip() for line in errors if line.strip())

    def take(self, run: Run, tries: int, data_dir: str | None, folder: Path | None) -> None:
        """Give the process a run."""
        self.run, self.tries = run, tries
        checkpoint = None if folder is None else str(folder / f"{run.key}.npz")
        line = json.dumps([dict(run.settings), data_dir, checkpoint])
        assert self.process.stdin is not None
        with contextlib.suppress(BrokenPipeError):
            print(line, file=self.process.stdin, flush=True)

    def why(self) -> str:
        """Return how the process ended, and the last that it wrote to standard error."""
        code = self.process.wait()
        if code >= 0:
            ended = f"its process ended with exit code {code}"
        else:
            names = {s.value: s.name for s in signal.Signals}
            ended = f"its process was ended by {names.get(-code, f'signal {-code}')}"
        if code == -getattr(signal, "SIGKILL", 0):
            ended += " (is the memory full?)"
        return ended + (f". It wrote: {' | '.join(self._last)}" if self._last else "")

    def end(self) -> None:
        """End the process, if it still runs."""
        self.process.terminate()
        self.process.wait()
        for thread in self._threads:
            thread.join()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            with contextlib.suppress(BrokenPipeError):
                pipe.close()


def _next(heard: queue.SimpleQueue[tuple[Worker, str, Any]]) -> tuple[Worker, str, Any]:
    # Some systems deliver Ctrl-C only between waits.
    while True:
        with contextlib.suppress(queue.Empty):
            return heard.get(timeout=LISTEN_S)
