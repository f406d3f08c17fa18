"""What every test shares: Hypothesis profiles, a plotting backend without windows, real MNIST."""

from __future__ import annotations

import os
import signal
from pathlib import Path

# Before anything imports matplotlib; processes that tests start inherit it.
os.environ.setdefault("MPLBACKEND", "Agg")

# A shell starts a job in the background deaf to Ctrl-C, and the processes that tests start with it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

import pytest
from hypothesis import settings

# Numerical tests compile kernels on first use, so that a deadline would measure the compiler.
settings.register_profile("dev", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what is no test module, where doctests are looked for, unless it is named.

    Modules ``run_...`` need more than the tests' environment, programs in ``pyodide`` run inside
    Pyodide, and saboteurs register themselves when their test imports them.
    """
    if collection_path.suffix != ".py":
        return None
    folder = collection_path.parent.name
    helper = collection_path.name.startswith("run_") or folder in ("pyodide", "saboteurs")
    named = {Path(argument.split("::")[0]).resolve() for argument in config.args}
    return True if helper and collection_path.resolve() not in named else None


@pytest.fixture(scope="session")
def repository() -> Path:
    """Return the root of the checkout."""
    return Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def mnist_dir() -> Path:
    """Return the folder with real MNIST, which the environment has to name."""
    if not (folder := os.environ.get("CROSSPOINT_DATA")):
        pytest.skip("needs real MNIST: set CROSSPOINT_DATA to a folder with its four .gz files")
    return Path(folder)
