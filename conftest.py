"""Doctests run in the modules that everything else imports."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

PACKAGES = ("phys", "theory")


@pytest.hookimpl(tryfirst=True)
def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> None:
    """Import a module of the packages by its name before pytest looks for its doctests.

    pytest runs a file that is not imported yet a second time where its package imports it, too: the
    second module takes the name of the first, and what is patched in it is used by nobody.
    """
    try:
        parts = file_path.relative_to(parent.config.rootpath).with_suffix("").parts
    except ValueError:
        return
    if file_path.suffix == ".py" and parts[0] in PACKAGES and parts[-1] != "__main__":
        names = parts[:-1] if parts[-1] == "__init__" else parts
        importlib.import_module(".".join(names))
