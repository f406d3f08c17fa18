"""The list of checks, as the documentation holds it."""

from __future__ import annotations

from textwrap import fill

from phys.checks.registry import checks
from phys.checks.subject import CAPABILITIES


def markdown() -> str:
    """Return a table of all checks: id, statement, and when it is not applicable.

    Examples
    --------
    >>> markdown().splitlines()[0]
    '| check | states | not applicable where |'
    """
    lines = ["| check | states | not applicable where |", "| --- | --- | --- |"]
    for one in checks().values():
        unless = "; ".join(CAPABILITIES[need][1] for need in one.needs)
        lines.append(f"| `{one.id}` | {one.statement.replace('|', '&#124;')} | {unless} |")
    return "\n".join(lines)


def listing() -> str:
    """Return the checks as plain text, each with its statement below its id."""
    return "\n".join(
        f"{one.id}\n{fill(one.statement, 100, initial_indent='    ', subsequent_indent='    ')}"
        for one in checks().values()
    )
