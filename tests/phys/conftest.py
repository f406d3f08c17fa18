"""Fixtures of the tests of phys."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from phys import compiler


@pytest.fixture
def numpy_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Return a switch between the NumPy engine (True) and whatever this process has (False)."""
    real = compiler.available

    def switch(on: bool) -> None:
        monkeypatch.setattr(compiler, "available", (lambda: False) if on else real)

    return switch


@pytest.fixture
def compiled() -> None:
    """Skip a test that needs the compiled engine where there is none."""
    if not compiler.available():
        pytest.skip("numba is missing or switched off: there is no compiled engine to compare with")
