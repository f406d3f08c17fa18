"""Execute notebooks from clean kernels, and stamp what made their outputs.

Run by ``make notebooks``: ``python tutorials/execute.py [NAME ...]``, all of them by default.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from phys.teaching.settings import AUTOMATED_VARIABLE
from phys.teaching.stamp import stamp

FOLDER = Path(__file__).resolve().parent
LONGEST_S = 600
LARGEST_BYTES = 8 * 2**20


def execute(path: Path) -> nbformat.NotebookNode:
    """Return a notebook, executed from top to bottom in a kernel of its own.

    Nothing that changes from run to run, or from machine to machine, stays in it.

    Raises
    ------
    nbclient.exceptions.CellExecutionError
        A cell raised an error.
    """
    notebook = nbformat.read(path, as_version=4)
    os.environ[AUTOMATED_VARIABLE] = "1"
    client = NotebookClient(
        notebook,
        timeout=LONGEST_S,
        kernel_name="python3",
        record_timing=False,
        resources={"metadata": {"path": str(FOLDER)}},
    )
    client.execute()
    notebook.metadata = nbformat.NotebookNode(
        kernelspec={"display_name": "Python 3", "language": "python", "name": "python3"},
        language_info={"name": "python"},
    )
    fold(notebook)
    stamp(notebook, version("crosspoint"))
    return notebook


def fold(notebook: nbformat.NotebookNode) -> None:
    """Fold the cells that reveal a result, code and output: they stand below the question."""
    for cell in notebook.cells:
        if cell.cell_type == "code" and "reveal(" in cell.source:
            cell.metadata["jupyter"] = {"outputs_hidden": True, "source_hidden": True}
            cell.metadata["tags"] = ["hide-cell"]


def main() -> int:
    """Execute the notebooks that the command line names."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="notebooks; default: all")
    names = parser.parse_args().names
    known = {path.stem: path for path in sorted(FOLDER.glob("*.ipynb"))}
    if unknown := [name for name in names if Path(name).stem not in known]:
        parser.error(f"no notebook is called {unknown[0]!r}; there are {', '.join(known)}")
    paths = [known[Path(name).stem] for name in names] or list(known.values())
    for path in paths:
        start = time.monotonic()
        print(f"{path.name} ... ", end="", flush=True)
        nbformat.write(execute(path), path)
        print(f"{time.monotonic() - start:.0f} s, {path.stat().st_size / 1024:.0f} KiB")
    total = sum(path.stat().st_size for path in FOLDER.glob("*.ipynb"))
    print(f"all notebooks: {total / 2**20:.2f} MiB of {LARGEST_BYTES / 2**20:.0f}")
    return int(total > LARGEST_BYTES)


if __name__ == "__main__":
    sys.exit(main())
