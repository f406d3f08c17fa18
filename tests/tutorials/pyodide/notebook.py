"""Run the code cells of notebook.ipynb in this folder; report what each said, and how it ended."""

from __future__ import annotations

import json
import os
from pathlib import Path

import js
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

os.environ |= {"CROSSPOINT_AUTOMATED": "1", "MPLBACKEND": "agg"}


def seconds() -> float:
    """Return how long Node's process has computed; Python's own clock does not know in Pyodide."""
    usage = js.process.cpuUsage()
    return float(usage.user + usage.system) / 1e6


shell = InteractiveShell.instance()
report = []
for place, cell in enumerate(json.loads(Path("notebook.ipynb").read_text())["cells"]):
    if cell["cell_type"] != "code" or "".join(cell["source"]).startswith("%pip"):
        continue
    began = seconds()
    with capture_output() as seen:
        result = shell.run_cell("".join(cell["source"]))
    shown = [output.data or {} for output in seen.outputs]
    error = result.error_in_exec or result.error_before_exec
    report.append(
        {
            "place": place,
            "error": error and f"{type(error).__name__}: {error}",
            "said": "\n".join(data.get("text/markdown", "") for data in shown),
            "pictures": sum("image/png" in data for data in shown),
            "seconds": seconds() - began,
        }
    )
print(json.dumps(report))
