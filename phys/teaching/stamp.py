"""The mark of an executed notebook: which code, of which version, made its outputs."""

from __future__ import annotations

import hashlib
import json
from typing import Any

KEY = "crosspoint"

Notebook = dict[str, Any]
"""A notebook as JSON, nbformat 4."""


def source_of(cell: dict[str, Any]) -> str:
    """Return the text of a cell, which files keep as a list of lines."""
    source = cell["source"]
    return source if isinstance(source, str) else "".join(source)


def code_hash(notebook: Notebook) -> str:
    """Return the SHA-256 of the code cells, in their order.

    Examples
    --------
    >>> cells = [{"cell_type": "code", "source": "1 + 1"}]
    >>> code_hash({"cells": cells}) == code_hash({"cells": [{**cells[0], "source": ["1 + 1"]}]})
    True
    """
    code = [source_of(cell) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return hashlib.sha256(json.dumps(code).encode()).hexdigest()


def stamp(notebook: Notebook, version: str) -> None:
    """Write the mark into the metadata of a notebook that was just executed."""
    notebook["metadata"][KEY] = {"code": code_hash(notebook), "version": version}


def is_stale(notebook: Notebook, version: str) -> bool:
    """Return whether outputs are missing, or come from other code or another version."""
    wanted = {"code": code_hash(notebook), "version": version}
    return bool(notebook["metadata"].get(KEY) != wanted)
