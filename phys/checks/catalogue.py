"""The list of checks, as the documentation and the command line show it."""

from __future__ import annotations

from textwrap import fill

from phys.checks.registry import checks

MARK = "<!-- checks -->"


def markdown() -> str:
    """Return a table of all checks: id, statement, and what a device needs for it.

    Examples
    --------
    >>> markdown().splitlines()[0]
    '| check | states | needs |'
    """
    lines = ["| check | states | needs |", "| --- | --- | --- |"]
    for one in checks().values():
        statement = one.statement.replace("|", "&#124;").replace("*", r"\*")
        lines.append(f"| `{one.id}` | {statement} | {', '.join(one.needs)} |")
    return "\n".join(lines)


def listing() -> str:
    """Return the checks as plain text, each with its statement below its id."""
    return "\n".join(
        f"{one.id}\n{fill(one.statement, 100, initial_indent='    ', subsequent_indent='    ')}"
        for one in checks().values()
    )


def renewed(page: str) -> str:
    """Return a Markdown page with the table between its two marks replaced by today's.

    Examples
    --------
    >>> renewed(f"{MARK} old {MARK} end").splitlines()[1]
    '| check | states | needs |'
    """
    before, _, after = page.partition(MARK)
    _, _, after = after.partition(MARK)
    return f"{before}{MARK}\n{markdown()}\n{MARK}{after}"
