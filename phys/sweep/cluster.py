"""The runs of a sweep on a cluster: a Dask scheduler hands them to its workers.

Dask runs anew what a worker had when it died. A run has one key everywhere, so that it is counted
once even where it was computed twice.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Sequence
from importlib.metadata import version
from typing import Any

from phys.checked import InputError
from phys.sweep.local import Outcome
from phys.sweep.settings import Run, perform

CONNECT_S = 10
WORKERS_S = 60
POLL_S = 0.05


def work(
    runs: Sequence[Run], scheduler: str, data_dir: str | None
) -> Generator[Outcome, None, None]:
    """Yield the outcome of every run, as they end.

    Parameters
    ----------
    runs : sequence of Run
    scheduler : str
        Address of the Dask scheduler, for example ``tcp://node1:8786``.
    data_dir : str, optional
        Folder with the MNIST files, on the workers.

    Raises
    ------
    InputError
        There is no scheduler, or it has no workers, or they have another version of Crosspoint,
        or it went away; what came until then has been yielded.
    """
    client = _connect(scheduler)
    try:
        yield from _ask(client, runs, scheduler, data_dir)
    finally:
        client.close()


def _connect(scheduler: str) -> Any:
    try:
        from distributed import Client
        from distributed.comm.addressing import resolve_address
    except ImportError:
        raise InputError(
            f"scheduler = {scheduler!r} needs Dask Distributed; "
            f"install it with: pip install 'crosspoint[cluster]'"
        ) from None
    try:
        resolve_address(scheduler)
    except (OSError, ValueError) as error:
        raise InputError(
            f"scheduler = {scheduler!r} is no address ({error}); give one such as "
            f"'tcp://node1:8786', which 'dask scheduler' shows when it starts"
        ) from error
    try:
        client = Client(scheduler, timeout=CONNECT_S, set_as_default=False)
    except (OSError, TimeoutError, ValueError) as error:
        raise InputError(
            f"scheduler = {scheduler!r} does not answer ({error}); start one with "
            f"'dask scheduler', or leave the scheduler out to use the cores of this machine"
        ) from error
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
        theirs = client.run(version, "crosspoint")
    except TimeoutError as error:
        client.close()
        raise InputError(
            f"scheduler = {scheduler!r} has had no worker for {WORKERS_S} s; "
            f"start some with 'dask worker {scheduler}'"
        ) from error
    ours = version("crosspoint")
    for worker, other in theirs.items():
        if other != ours:
            client.close()
            raise InputError(
                f"worker {worker} has Crosspoint {other}, and this is {ours}; "
                f"install the same version on both"
            )
    return client


def _ask(
    client: Any, runs: Sequence[Run], scheduler: str, data_dir: str | None
) -> Generator[Outcome, None, None]:
    from distributed import as_completed

    # Runs train on one core each, and threads of one worker share its memory only.
    asked = {
        client.submit(perform, run, data_dir, key=f"crosspoint-{run.key}", pure=False): run
        for run in runs
    }
    arrived = as_completed(list(asked), loop=client.loop)
    alone_since = None
    try:
        while asked:
            batch = arrived.next_batch(block=False)
            for future in batch:
                yield _outcome(asked.pop(future), future, scheduler)
                future.release()
            if batch or client.scheduler_info()["workers"]:
                alone_since = None
            else:
                alone_since = alone_since or time.monotonic()
                if time.monotonic() - alone_since > WORKERS_S:
                    raise InputError(
                        f"scheduler = {scheduler!r} has lost its workers and had none for "
                        f"{WORKERS_S} s; what they had finished is kept: start some with "
                        f"'dask worker {scheduler}' and repeat the command"
                    )
            if not batch:
                time.sleep(POLL_S)
    finally:
        if asked and client.status == "running":
            client.cancel(list(asked))


def _outcome(run: Run, future: Any, scheduler: str) -> Outcome:
    if future.status == "finished":
        return Outcome(run, future.result())
    if future.status == "error":
        error = future.exception()
        return Outcome(run, None, f"{type(error).__name__}: {error}")
    raise InputError(
        f"scheduler = {scheduler!r} went away; what it had finished is kept: start it again and "
        f"repeat the command"
    )
