"""Ctrl-C is heard once, at a moment when everything is whole, and is never lost."""

from __future__ import annotations

import gc
import signal
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from phys.interrupts import REPEAT_SECONDS, hold_interrupt, repeat_interrupt

PATIENCE_S = 30.0


@pytest.fixture
def dropped(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[object]]:
    """Press Ctrl-C in a callback of the garbage collector, and note what Python drops there."""
    found: list[object] = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: found.append(args.exc_type))

    def press(phase: str, info: dict[str, int]) -> None:
        gc.callbacks.remove(press)
        signal.raise_signal(signal.SIGINT)

    gc.callbacks.append(press)
    yield found
    if press in gc.callbacks:
        gc.callbacks.remove(press)


def test_python_drops_what_a_callback_raises(dropped: list[object]) -> None:
    gc.collect()
    assert dropped == [KeyboardInterrupt]


def test_a_dropped_interrupt_comes_again(dropped: list[object]) -> None:
    before = signal.getsignal(signal.SIGINT)
    reached = []

    def work() -> None:
        gc.collect()
        reached.append("after the drop")
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            pass
        reached.append("the end")

    with pytest.raises(KeyboardInterrupt), repeat_interrupt():
        work()
    assert reached == ["after the drop"]
    assert dropped == [], "what comes again is not reported"
    assert signal.getsignal(signal.SIGINT) is before


def test_an_interrupt_that_became_another_error_is_one_again() -> None:
    def work() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
        except KeyboardInterrupt:
            raise AssertionError("of a library") from None

    with pytest.raises(KeyboardInterrupt), repeat_interrupt():
        work()


def test_it_comes_no_more_when_the_block_has_ended() -> None:
    with pytest.raises(KeyboardInterrupt), repeat_interrupt():
        signal.raise_signal(signal.SIGINT)
    time.sleep(3 * REPEAT_SECONDS)
    assert not [t for t in threading.enumerate() if "repeat" in t.name]


def test_a_block_without_ctrl_c_raises_nothing() -> None:
    before = signal.getsignal(signal.SIGINT)
    with repeat_interrupt(), hold_interrupt():
        pass
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("guard", [hold_interrupt, repeat_interrupt])
def test_another_thread_leaves_ctrl_c_to_the_main_one(guard: type) -> None:
    before = signal.getsignal(signal.SIGINT)
    seen = []

    def work() -> None:
        with guard():
            seen.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [before]
