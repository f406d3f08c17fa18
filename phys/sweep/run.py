"""Work through the runs of a sweep that are not kept yet."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from phys import checked
from phys.data import Dataset
from phys.sweep import local
from phys.sweep.settings import Run, load_data
from phys.sweep.store import Store


@dataclass
class SweepReport:
    """What a sweep did.

    Attributes
    ----------
    planned : int
        Runs that were asked for.
    kept_before : int
        Runs whose results were there already.
    done : int
        Runs whose results were added now.
    diverged : int
        Those of them whose weights or loss became infinite or NaN; that is a result too.
    failed : list of (Run, str)
        Runs without a result, and why; they are tried again next time.
    """

    planned: int = 0
    kept_before: int = 0
    done: int = 0
    diverged: int = 0
    failed: list[tuple[Run, str]] = field(default_factory=list)


def sweep(
    runs: Sequence[Run],
    store: Store | str | Path,
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    data_dir: str | None = None,
    moved: Callable[[Run, float], Any] | None = None,
) -> SweepReport:
    """Train every run that the store does not hold, and keep each result as it comes.

    Parameters
    ----------
    runs : sequence of Run
        See `phys.sweep.grid` and `phys.sweep.random_runs`.
    store : Store or path
    jobs : int, optional
        Processes at a time on this machine; default: as many as there are cores.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers train in place of this machine.
    data_dir : str, optional
        Folder with the MNIST files.
    moved : callable, optional
        Called with a run and the part of it that is done, in [0, 1].

    Returns
    -------
    SweepReport

    Raises
    ------
    InputError
        A setting that cannot be used, a store that cannot be written, a scheduler that is not
        there. Nothing has been trained then, or what has been is kept.

    Notes
    -----
    A run that was stopped goes on from its checkpoint, in the folder ``STORE.running`` beside the
    store, and ends with the same bits as one that was not.

    Examples
    --------
    >>> import tempfile
    >>> from phys.sweep import Choices, grid
    >>> fixed = {"data": "digits", "epochs": 1, "samples": 50, "zero_shift": False}
    >>> runs = grid({"imbalance": Choices((0, 0.3))}, fixed, seeds=(0,))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     first = sweep(runs, Path(folder) / "s.sqlite", jobs=1)
    ...     again = sweep(runs, Path(folder) / "s.sqlite", jobs=1)
    >>> first.done, again.done, again.kept_before
    (2, 0, 2)
    """
    store = store if isinstance(store, Store) else Store(store)
    jobs = local.cores() if jobs is None else checked.whole("jobs", jobs, 1)
    _check(runs, data_dir, here=scheduler is None)
    kept = store.keys()
    todo = [run for run in runs if run.key not in kept]
    report = SweepReport(planned=len(runs), kept_before=len(runs) - len(todo))
    if not todo:
        return report
    moved = moved or (lambda run, part: None)
    folder = store.path.with_name(store.path.name + ".running")
    if scheduler is None:
        folder.mkdir(exist_ok=True)
        outcomes = local.work(todo, jobs, data_dir, folder, moved)
    else:
        from phys.sweep import cluster

        outcomes = cluster.work(todo, scheduler, data_dir)
    with contextlib.closing(outcomes):
        for outcome in outcomes:
            if outcome.record is None:
                report.failed.append((outcome.run, outcome.failure))
            else:
                report.done += store.add(outcome.run, outcome.record)
                report.diverged += "diverged" in outcome.record
                (folder / f"{outcome.run.key}.npz").unlink(missing_ok=True)
            moved(outcome.run, 1.0)
    with contextlib.suppress(OSError):
        folder.rmdir()
    return report


def _check(runs: Sequence[Run], data_dir: str | None, here: bool) -> None:
    seen: set[str] = set()
    data: dict[Any, Dataset] = {}
    for run in runs:
        alike = Run({n: v for n, v in run.settings.items() if n != "seed"}).key
        if alike in seen:
            continue
        seen.add(alike)
        name = run.settings.get("data")
        run.check(data.get(name))
        if here and name not in data:
            data[name] = load_data(run, data_dir)
            run.check(data[name])
