import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from phys.sweep import Run, Store, StoreError
from phys.sweep import store as store_module

DONE = {"accuracy": [0.5]}


@pytest.fixture
def store(tmp_path):
    kept = Store(tmp_path / "sweep.sqlite")
    kept.add(Run({"seed": 1}), {"accuracy": [0.5, 0.9]})
    return kept


def test_results_come_back_in_order_and_once(store):
    assert store.add(Run({"seed": 2}), {"diverged": "a weight"})
    assert not store.add(Run({"seed": 1}), {"accuracy": [0.1]})
    first, second = Store(store.path).results()
    assert first.settings == {"seed": 1}
    assert first.error == pytest.approx(0.1)
    assert second.error is None


@pytest.mark.parametrize("statement", ["DELETE FROM results", "UPDATE results SET record = '{}'"])
def test_results_are_only_added(store, statement):
    with sqlite3.connect(store.path) as connection, pytest.raises(sqlite3.DatabaseError):
        connection.execute(statement)
    assert store.results()[0].record == {"accuracy": [0.5, 0.9]}


def test_many_writers_lose_and_double_nothing(store):
    runs = [Run({"seed": n % 40}) for n in range(80)]
    with ThreadPoolExecutor(8) as pool:
        added = list(pool.map(lambda run: Store(store.path).add(run, DONE), runs))
    assert sum(added) == 39
    assert {result.settings["seed"] for result in store.results()} == set(range(40))
    assert len(store.results()) == 40


def test_a_locked_store_is_said_to_be_locked(store, monkeypatch):
    monkeypatch.setattr(store_module, "PATIENCE_S", 0.05)
    with sqlite3.connect(store.path) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match=r"has been locked for 0\.05 s; end the program"):
            store.add(Run({"seed": 3}), {})
    assert len(store.results()) == 1


def test_a_full_disk_leaves_what_was_there(store, monkeypatch):
    connect = sqlite3.connect

    def small(*args, **kwargs):
        connection = connect(*args, **kwargs)
        connection.execute("PRAGMA max_page_count = 1")
        return connection

    monkeypatch.setattr(store_module.sqlite3, "connect", small)
    with pytest.raises(StoreError, match="disk is full; make room"):
        store.add(Run({"seed": 3}), {"loss": [0.1] * 10_000})
    monkeypatch.undo()
    assert len(Store(store.path).results()) == 1


def test_a_damaged_store_is_refused(store):
    for seed in range(2, 12):
        store.add(Run({"seed": seed}), {"loss": [0.25] * 1000})
    content = bytearray(store.path.read_bytes())
    content[5000:9000] = bytes(4000)
    store.path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged"):
        Store(store.path)


@pytest.mark.parametrize(
    ("there", "then"),
    [
        (b'{"accuracy"', b'x"accuracy"'),
        (b'"accuracy"', b'"accurazy"'),
        (b'{"seed": 1}', b'{"seed": 2}'),
    ],
)
def test_a_result_that_is_not_what_was_kept_is_refused(store, there, then):
    """The database does not see a damage within a text."""
    assert len(store.results()) == 1
    content = store.path.read_bytes()
    assert content.count(there) == 1
    store.path.write_bytes(content.replace(there, then))
    with pytest.raises(StoreError, match=r"is damaged \(the result in row 1 is not what was"):
        Store(store.path).results()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
def test_a_device_is_no_store():
    with pytest.raises(StoreError, match="'/dev/full' is a device or a pipe; name a file"):
        Store("/dev/full")


def test_a_failing_disk_is_not_called_damage(store, monkeypatch):
    class Failing:
        def execute(self, *_):
            raise sqlite3.OperationalError("disk I/O error")

        def close(self):
            pass

    monkeypatch.setattr(store_module.sqlite3, "connect", lambda *_, **__: Failing())
    with pytest.raises(
        StoreError, match=r"could not be read or written \(disk I/O error\); see to"
    ):
        store.add(Run({"seed": 3}), DONE)


def test_what_is_no_store_is_refused(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("not a database, and longer than the header of one, which has 100 bytes" * 9)
    with pytest.raises(StoreError, match="is no SQLite file"):
        Store(text)
    other = tmp_path / "other.sqlite"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE birds (name TEXT)")
    with pytest.raises(StoreError, match="but not of a sweep"):
        Store(other)
    with pytest.raises(StoreError, match="is a folder"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="cannot be opened"):
        Store(tmp_path / "missing" / "sweep.sqlite")


def test_a_store_of_another_format_is_refused(store):
    with sqlite3.connect(store.path) as connection:
        connection.execute("UPDATE about SET value = '99' WHERE name = 'format'")
    with pytest.raises(StoreError, match="has format 99"):
        Store(store.path)
