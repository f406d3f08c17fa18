"""Print the list of checks, or renew it: ``python -m phys.checks [docs/conformance.md]``."""

from __future__ import annotations

import sys
from pathlib import Path

from phys.checks.catalogue import markdown, renewed


def main(arguments: list[str]) -> None:
    """Print the list, or renew it in the page that is named."""
    if not arguments:
        print(markdown())
        return
    page = Path(arguments[0])
    page.write_text(renewed(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
