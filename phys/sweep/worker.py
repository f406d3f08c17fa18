"""The process that trains: a run per line on standard input, what becomes of it on standard output.

Lines are JSON. The process tells ``["ready", null]`` when it has imported what training needs, then
for every run any number of ``["moved", part]`` and one ``["record", record]`` or
``["failed", why]``. It ends when its input does, even in the middle of a run.
"""

from __future__ import annotations

import json
import os
import queue
import signal
import sys
import threading
from typing import Any, TextIO


def main() -> None:
    """Perform the runs on standard input until it ends."""
    # Ctrl-C reaches the whole group: the parent hears it, and ends its workers.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    told = _take_output()
    asked: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(sys.stdin, asked), daemon=True).start()

    from phys.history import Progress
    from phys.sweep.settings import Run, perform

    def tell(word: str, value: Any) -> None:
        print(json.dumps([word, value]), file=told, flush=True)

    def moved(now: Progress) -> None:
        if now.stage == "training" and now.fraction < 1:
            tell("moved", float(now.fraction))

    tell("ready", None)
    while True:
        settings, data_dir, checkpoint = json.loads(asked.get())
        try:
            record = perform(Run(settings), data_dir, checkpoint, moved)
        except Exception as error:
            tell("failed", f"{type(error).__name__}: {error}")
        else:
            tell("record", record)


def _take_output() -> TextIO:
    """Keep standard output for the parent, and let what a run prints go to standard error."""
    own = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    return own


def _listen(lines: TextIO, asked: queue.SimpleQueue[str]) -> None:
    for line in lines:
        asked.put(line)
    os._exit(0)
