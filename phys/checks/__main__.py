"""Print the list of checks in Markdown: ``python -m phys.checks``."""

from __future__ import annotations

from phys.checks.catalogue import markdown

print(markdown())
