"""The store of a sweep: an SQLite file to which results are added and from which none is taken."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from phys.checked import InputError
from phys.sweep.settings import Run

FORMAT = "1"
PATIENCE_S = 10.0
SCHEMA = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE results (
    key TEXT PRIMARY KEY, settings TEXT NOT NULL, record TEXT NOT NULL, version TEXT NOT NULL,
    finished TEXT NOT NULL
);
CREATE TRIGGER kept BEFORE DELETE ON results
BEGIN SELECT RAISE(ABORT, 'results are added and never taken away'); END;
CREATE TRIGGER unchanged BEFORE UPDATE ON results
BEGIN SELECT RAISE(ABORT, 'results are added and never changed'); END;
"""


class StoreError(InputError):
    """A store that is locked, damaged, full or none at all."""


@dataclass(frozen=True)
class Result:
    """A run and what came of it.

    Attributes
    ----------
    settings : dict
        See `phys.sweep.Run`.
    record : dict
        See `phys.sweep.perform`.
    version : str
        Version of Crosspoint that made it.
    """

    settings: dict[str, Any]
    record: dict[str, Any]
    version: str

    @property
    def error(self) -> float | None:
        """Test error after the last epoch, in [0, 1]; None where the run diverged."""
        accuracy = self.record.get("accuracy")
        return 1 - float(accuracy[-1]) if accuracy else None


class Store:
    """The results of a sweep, in one file.

    Parameters
    ----------
    path : path
        An SQLite file; it is made where it is missing.

    Raises
    ------
    StoreError
        The file is no store, is damaged, or cannot be opened.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> store = Store(Path(folder.name) / "sweep.sqlite")
    >>> run = Run({"seed": 1})
    >>> store.add(run, {"accuracy": [0.9]}), store.add(run, {"accuracy": [0.1]})
    (True, False)
    >>> [result.record["accuracy"] for result in store.results()]
    [[0.9]]
    >>> folder.cleanup()
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if self.path.is_dir():
            raise StoreError(f"store = {str(self.path)!r} is a folder; name a file")
        if self.path.exists() and not self.path.is_file():
            raise StoreError(f"store = {str(self.path)!r} is a device or a pipe; name a file")
        with self._open() as connection:
            tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master")}
            if not tables:
                # A second sweep may make the same store at the same moment.
                connection.execute("BEGIN IMMEDIATE")
                if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                    for statement in _statements(SCHEMA):
                        connection.execute(statement)
                    connection.execute("INSERT INTO about VALUES ('format', ?)", (FORMAT,))
                connection.execute("COMMIT")
                return
            (state,) = connection.execute("PRAGMA quick_check").fetchone()
            if state != "ok":
                raise sqlite3.DatabaseError(state)
            if "results" not in tables or "about" not in tables:
                raise StoreError(
                    f"store = {str(self.path)!r} is a database, but not of a sweep; "
                    f"name another file"
                )
            (found,) = connection.execute(
                "SELECT value FROM about WHERE name = 'format'"
            ).fetchone() or ("none",)
            if found != FORMAT:
                raise StoreError(
                    f"store = {str(self.path)!r} has format {found}, and this version reads "
                    f"{FORMAT}; use the version that wrote it, or another file"
                )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        connection = None
        try:
            connection = sqlite3.connect(self.path, timeout=PATIENCE_S, isolation_level=None)
            yield connection
        except sqlite3.DatabaseError as error:
            raise StoreError(_explained(self.path, error)) from error
        finally:
            if connection is not None:
                connection.close()

    def add(self, run: Run, record: dict[str, Any]) -> bool:
        """Keep the result of a run, unless it is there already; return whether it was added.

        Raises
        ------
        StoreError
            It could not be written; what was there is untouched.
        """
        row = (
            run.key,
            json.dumps(dict(run.settings), sort_keys=True),
            json.dumps(record),
            version("crosspoint"),
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        with self._open() as connection:
            done = connection.execute("INSERT OR IGNORE INTO results VALUES (?, ?, ?, ?, ?)", row)
            return done.rowcount == 1

    def keys(self) -> set[str]:
        """Return the keys of the runs that are kept."""
        with self._open() as connection:
            return {key for (key,) in connection.execute("SELECT key FROM results")}

    def results(self) -> list[Result]:
        """Return what is kept, in the order in which it came.

        Raises
        ------
        StoreError
            A result cannot be read, or is none.
        """
        with self._open() as connection:
            rows = connection.execute(
                "SELECT rowid, key, settings, record, version FROM results ORDER BY rowid"
            ).fetchall()
        return [self._result(*row) for row in rows]

    def _result(self, row: int, key: str, settings: str, record: str, made_by: str) -> Result:
        try:
            found = Result(json.loads(settings), json.loads(record), made_by)
            whole = Run(found.settings).key == key and {"accuracy", "diverged"} & set(found.record)
        except (ValueError, TypeError):
            whole = False
        if not whole:
            raise StoreError(_damaged(self.path, f"the result in row {row} is not what was kept"))
        return found


def _statements(script: str) -> Iterator[str]:
    """Split a script, for `executescript` would end the transaction."""
    part = ""
    for line in script.splitlines():
        part += line + "\n"
        if sqlite3.complete_statement(part):
            yield part
            part = ""


def _explained(path: Path, error: sqlite3.DatabaseError) -> str:
    said = str(error)
    if "locked" in said or "busy" in said:
        remedy = (
            f"has been locked for {PATIENCE_S:g} s; end the program that holds it, or name "
            f"another file"
        )
    elif "full" in said:
        remedy = "could not be written, for the disk is full; make room and repeat the command"
    elif "I/O" in said:
        remedy = (
            f"could not be read or written ({said}); see to the disk and its quota, and repeat the "
            f"command"
        )
    elif "unable to open" in said or "readonly" in said:
        remedy = "cannot be opened for writing; name a file in a folder that you may write to"
    elif "not a database" in said:
        remedy = "is no SQLite file; name another file"
    else:
        return _damaged(path, said.partition(" with text ")[0])
    return f"store = {str(path)!r} {remedy}. Results that were kept before are untouched"


def _damaged(path: Path, what: str) -> str:
    return (
        f"store = {str(path)!r} is damaged ({what}); keep it aside, save what can be read with "
        f"'sqlite3 FILE .recover', and name another file"
    )
