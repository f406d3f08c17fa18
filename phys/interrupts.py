"""Ctrl-C where it must wait for something to be whole, and where it would get lost."""

from __future__ import annotations

import _thread
import contextlib
import signal
import sys
import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sys import UnraisableHookArgs

REPEAT_SECONDS = 0.1


@contextlib.contextmanager
def hold_interrupt() -> Iterator[None]:
    """Hold Ctrl-C back until the block has ended, so that what it changes is never torn.

    Examples
    --------
    >>> done = []
    >>> try:
    ...     with hold_interrupt():
    ...         signal.raise_signal(signal.SIGINT)
    ...         done.append("whole")
    ... except KeyboardInterrupt:
    ...     print(done)
    ['whole']
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[Any] = []
    before = signal.signal(signal.SIGINT, lambda *args: caught.append(args))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
    if caught:
        raise KeyboardInterrupt


@contextlib.contextmanager
def repeat_interrupt() -> Iterator[None]:
    """Repeat Ctrl-C until the block has ended, and raise it then, whatever the block made of it.

    Python drops what is raised in a callback from C or from its garbage collector, and a compiler
    and Hypothesis have many of these; Hypothesis may also turn it into an error of its own.

    Examples
    --------
    >>> try:
    ...     with repeat_interrupt():
    ...         try:
    ...             signal.raise_signal(signal.SIGINT)
    ...         except KeyboardInterrupt:
    ...             print("lost")
    ... except KeyboardInterrupt:
    ...     print("raised again")
    lost
    raised again
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    ended = threading.Event()
    repeating: list[threading.Thread] = []

    def press(*_: Any) -> None:
        if ended.is_set():
            return
        if not repeating:
            repeating.append(threading.Thread(target=repeat, daemon=True))
            repeating[0].start()
        raise KeyboardInterrupt

    def repeat() -> None:
        while not ended.wait(REPEAT_SECONDS):
            _thread.interrupt_main()

    def report(dropped: UnraisableHookArgs) -> None:
        if not issubclass(dropped.exc_type, KeyboardInterrupt):
            tell(dropped)

    tell, sys.unraisablehook = sys.unraisablehook, report
    before = signal.signal(signal.SIGINT, press)
    try:
        yield
    finally:
        ended.set()
        for thread in repeating:
            thread.join()
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = tell
        if repeating:  # whatever it has become on its way
            raise KeyboardInterrupt from None
