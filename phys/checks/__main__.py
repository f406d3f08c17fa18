"""Print the list of checks, or renew it: ``python -m phys.checks [docs/conformance.md]``."""

from __future__ import annotations

import sys
from pathlib import Path

from phys.checks.catalogue import markdown, renewed

if len(sys.argv) > 1:
    page = Path(sys.argv[1])
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")
else:
    print(markdown())
