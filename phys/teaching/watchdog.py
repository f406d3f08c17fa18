"""A time limit for algebra that may not end."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any


class TookTooLong(Exception):
    """Raised inside `time_limit` when its seconds are over."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TookTooLong` in the block after so many seconds.

    Where there are no alarm signals (outside the main thread, on Windows, in the browser) the block
    runs without a limit; what is judged there is bounded in size instead.

    Examples
    --------
    >>> with time_limit(5):
    ...     print(1 + 1)
    2
    """
    alarm: Any = getattr(signal, "setitimer", None)
    if alarm is None or threading.current_thread() is not threading.main_thread():
        yield
        return

    def stop(number: int, frame: FrameType | None) -> None:
        raise TookTooLong

    old: Callable[[int, FrameType | None], Any] | int | None = signal.signal(signal.SIGALRM, stop)
    alarm(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        alarm(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old)
