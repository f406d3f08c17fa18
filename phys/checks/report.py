"""What a run of the checks found, as a table, HTML, JSON and JUnit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from html import escape
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

if TYPE_CHECKING:
    from rich.table import Table


class Status(StrEnum):
    """What became of a check."""

    PASSED = "passed"
    FAILED = "failed"
    EXPECTED_FAILURE = "expected failure"
    NOT_APPLICABLE = "not applicable"
    SKIPPED = "skipped"

    @property
    def ran(self) -> bool:
        """Whether the statement was examined."""
        return self not in (Status.NOT_APPLICABLE, Status.SKIPPED)


STYLES = {
    Status.PASSED: "green",
    Status.FAILED: "bold red",
    Status.EXPECTED_FAILURE: "yellow",
    Status.NOT_APPLICABLE: "dim",
    Status.SKIPPED: "yellow",
}
COLOURS = {
    Status.PASSED: "#006d4e",
    Status.FAILED: "#b30000",
    Status.EXPECTED_FAILURE: "#8a5a00",
    Status.NOT_APPLICABLE: "#5f5f5f",
    Status.SKIPPED: "#8a5a00",
}


@dataclass(frozen=True)
class Result:
    """What became of one check.

    Attributes
    ----------
    id, statement : str
        Of the check.
    status : Status
    message : str
        What was found wrong, or why the check did not run; empty where it passed.
    examples : int
        Examples examined, those of the search for the smallest counter-example included.
    counter_example : str
        Python code that shows the failure; empty where there is none.
    seconds : float
        Time that it took.
    """

    id: str
    statement: str
    status: Status
    message: str = ""
    examples: int = 0
    counter_example: str = ""
    seconds: float = 0.0


@dataclass(frozen=True)
class Report:
    """The results of all checks on one device.

    Attributes
    ----------
    device : str
        What was checked.
    seed : int
        Seed of the examples; the same seed draws the same ones.
    max_examples : int
    results : tuple of Result

    Notes
    -----
    Iterating gives the results; ``report["bounds.clamped"]`` gives one.
    """

    device: str
    seed: int
    max_examples: int
    results: tuple[Result, ...]

    def __iter__(self) -> Iterator[Result]:
        return iter(self.results)

    def __len__(self) -> int:
        return len(self.results)

    def __getitem__(self, id: str) -> Result:  # noqa: A002 - the word of the report
        for result in self.results:
            if result.id == id:
                return result
        raise KeyError(id)

    @property
    def passed(self) -> bool:
        """Whether no check failed, other than those expected to."""
        return not self.failures

    @property
    def failures(self) -> tuple[Result, ...]:
        """The checks that failed and were not expected to."""
        return tuple(r for r in self.results if r.status is Status.FAILED)

    @property
    def counts(self) -> dict[Status, int]:
        """How many checks there are of each status."""
        found = Counter(r.status for r in self.results)
        return {status: found[status] for status in Status}

    @property
    def summary(self) -> str:
        """How many checks ran, how many did not, and what became of them.

        Examples
        --------
        >>> Report("a device", 0, 10, (Result("a.b", "1 = 1.", Status.PASSED, examples=3),)).summary
        '1 check: 1 ran (1 passed, 0 failed, 0 expected failures); 0 did not'
        """
        n, total = self.counts, len(self.results)
        ran = sum(count for status, count in n.items() if status.ran)
        expected = n[Status.EXPECTED_FAILURE]
        text = (
            f"{total} check{'s' * (total != 1)}: {ran} ran ({n[Status.PASSED]} passed, "
            f"{n[Status.FAILED]} failed, {expected} expected failure{'s' * (expected != 1)}); "
            f"{total - ran} did not"
        )
        if total - ran:
            text += (
                f" ({n[Status.NOT_APPLICABLE]} not applicable, {n[Status.SKIPPED]} skipped: "
                f"see why beside each)"
            )
        return text

    # -- forms -----------------------------------------------------------------------------
    def table(self, statements: bool = False) -> Table:
        """Return a table for the terminal; with `statements`, what each check states."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        table = Table(
            box=box.SIMPLE_HEAD,
            title=f"Checks of {self.device}; seed {self.seed}",
            caption=self.summary,
            title_justify="left",
            caption_justify="left",
            caption_style="",
        )
        table.add_column("check", no_wrap=True)
        table.add_column("status", no_wrap=True)
        table.add_column("examples", justify="right")
        table.add_column(
            "statement, and what was found" if statements else "what was found, or why"
        )
        for r in self.results:
            lines = [Text(r.statement)] if statements else []
            lines += [Text(r.message, STYLES[r.status])] if r.message else []
            table.add_row(
                r.id,
                Text(r.status.value, STYLES[r.status]),
                str(r.examples) if r.status.ran else "",
                Text("\n").join(lines),
            )
        return table

    def text(self, statements: bool = False) -> str:
        """Return the table as text, and a counter-example for each check that failed."""
        from rich.console import Console

        console = Console(width=112, color_system=None, force_terminal=False)
        with console.capture() as captured:
            console.print(self.table(statements))
        lines = (line.rstrip() for line in captured.get().splitlines())
        return "\n".join((*lines, *self.counter_examples()))

    def counter_examples(self) -> list[str]:
        """Return, for each check that failed, what it states and code that shows the failure."""
        return [
            "\n".join(
                (
                    "",
                    fill(f"{r.id}: {r.statement}", 100),
                    fill(r.message, 100),
                    "",
                    r.counter_example,
                )
            )
            for r in self.results
            if r.counter_example
        ]

    def __str__(self) -> str:
        return self.text()

    def as_dict(self) -> dict[str, Any]:
        """Return the report in JSON types."""
        return {
            "device": self.device,
            "seed": self.seed,
            "max_examples": self.max_examples,
            "passed": self.passed,
            "summary": self.summary,
            "counts": {status.value: n for status, n in self.counts.items()},
            "results": [asdict(r) | {"status": r.status.value} for r in self.results],
        }

    def to_json(self) -> str:
        """Return the report as JSON."""
        return json.dumps(self.as_dict(), indent=2, ensure_ascii=False)

    def _repr_html_(self) -> str:
        rows = []
        for r in self.results:
            said = f"<div>{escape(r.statement)}</div>"
            if r.message:
                said += f'<div style="color:{COLOURS[r.status]}">{escape(r.message)}</div>'
            if r.counter_example:
                said += f"<pre>{escape(r.counter_example)}</pre>"
            rows.append(
                f"<tr><td><code>{escape(r.id)}</code></td>"
                f'<td style="color:{COLOURS[r.status]}">{r.status.value}</td>'
                f"<td>{r.examples if r.status.ran else ''}</td>"
                f'<td style="text-align:left">{said}</td></tr>'
            )
        head = "".join(
            f"<th>{name}</th>"
            for name in ("check", "status", "examples", "statement, and what was found")
        )
        return (
            f"<p><b>Checks of {escape(self.device)}</b><br>{escape(self.summary)}; seed "
            f"{self.seed}</p><table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
            f"</table>"
        )

    def to_html(self) -> str:
        """Return the report as a page that needs nothing beside it."""
        style = (
            "body{font-family:sans-serif;max-width:75em;margin:2em auto;padding:0 1em}"
            "table{border-collapse:collapse}td,th{padding:.3em .6em;vertical-align:top;"
            "text-align:left;border-bottom:1px solid #ddd}pre{background:#f4f4f4;padding:.5em;"
            "white-space:pre-wrap}"
        )
        return (
            f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
            f"<title>Checks of {escape(self.device)}</title><style>{style}</style></head>"
            f"<body>{self._repr_html_()}</body></html>\n"
        )

    def junit(self) -> str:
        """Return the report as JUnit XML, which continuous integration reads."""
        counts = self.counts
        suite = ElementTree.Element(
            "testsuite",
            name=f"crosspoint check of {self.device}",
            tests=str(len(self.results)),
            failures=str(counts[Status.FAILED]),
            errors="0",
            skipped=str(len(self.results) - counts[Status.PASSED] - counts[Status.FAILED]),
            time=f"{sum(r.seconds for r in self.results):.3f}",
        )
        for r in self.results:
            topic, _, name = r.id.partition(".")
            case = ElementTree.SubElement(
                suite, "testcase", classname=topic, name=name, time=f"{r.seconds:.3f}"
            )
            if r.status is Status.FAILED:
                node = ElementTree.SubElement(case, "failure", message=_xml(r.message))
                node.text = _xml(f"{r.statement}\n{r.message}\n\n{r.counter_example}")
            elif r.status is not Status.PASSED:
                ElementTree.SubElement(
                    case, "skipped", message=_xml(f"{r.status.value}: {r.message}")
                )
        ElementTree.indent(suite)
        return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"

    def to_junit(self, path: str | Path) -> None:
        """Write the report as JUnit XML."""
        Path(path).write_text(self.junit(), encoding="utf-8")


def _xml(text: str) -> str:
    """Return `text` without the control characters that XML cannot hold."""
    return "".join(c if c in "\t\n" or ord(c) >= 32 else "�" for c in text)
