import os
import signal
import subprocess
import sys

import pytest

from phys.checked import InputError
from phys.sweep import Choices, Run, Store, cluster, grid, local, perform, sweep

COMMAND = "from phys.cli import main; main()"
FIXED = {"data": "digits", "epochs": 2, "samples": 300, "zero_shift": False, "layers": [64, 16, 10]}
LONG = {**FIXED, "epochs": 25, "samples": 1000, "layers": [64, 32, 10]}
SCRIPT = """
import sys
from phys.sweep import Run, sweep

print("main runs")
run = Run({{**{fixed}, "algorithm": "float", "seed": 0}})
print(sweep([run], {store!r}, jobs=2).done, "done")
"""


@pytest.fixture
def workers(monkeypatch):
    """The worker processes of the sweeps on this machine, in the order of their start."""
    made = []

    class Noted(local.Worker):
        def __init__(self, heard):
            super().__init__(heard)
            made.append(self)

    monkeypatch.setattr(local, "Worker", Noted)
    return made


def records(store):
    """Return what must not depend on where and how often a run was begun."""
    return {
        result.settings["seed"]: (result.record["accuracy"], result.record["loss"])
        for result in Store(store).results()
    }


def test_processes_find_what_one_training_finds(tmp_path):
    runs = grid({"algorithm": Choices(("sgd", "float"))}, FIXED, seeds=(0,))
    report = sweep(runs, tmp_path / "s.sqlite", jobs=2)
    assert (report.done, report.failed, report.diverged) == (2, [], 0)
    for result in Store(tmp_path / "s.sqlite").results():
        own = perform(Run(result.settings))
        assert own["accuracy"] == result.record["accuracy"]
        assert own["loss"] == result.record["loss"]
    assert [path.name for path in tmp_path.iterdir()] == ["s.sqlite"]


def test_a_run_that_diverges_is_a_result(tmp_path):
    wild = Run({**FIXED, "algorithm": "float", "lr": 1e30, "seed": 0, "activation": "relu"})
    report = sweep([wild], tmp_path / "s.sqlite", jobs=1)
    assert (report.done, report.diverged) == (1, 1)
    (result,) = Store(tmp_path / "s.sqlite").results()
    assert result.error is None
    assert "lower the learning rate" in result.record["diverged"]


def test_a_wrong_setting_shows_before_anything_is_made(tmp_path):
    runs = [Run({**FIXED, "seed": 0}), Run({**FIXED, "imbalance": 7, "seed": 0})]
    with pytest.raises(ValueError, match="imbalance"):
        sweep(runs, tmp_path / "s.sqlite", jobs=1)
    assert Store(tmp_path / "s.sqlite").results() == []


@pytest.mark.parametrize("way", ["script", "-c", "stdin"])
def test_a_sweep_needs_nothing_of_the_program_that_asks_for_it(tmp_path, way):
    program = SCRIPT.format(fixed=FIXED, store=str(tmp_path / "s.sqlite"))
    path = tmp_path / "script.py"
    path.write_text(program)
    words = {"script": [str(path)], "-c": ["-c", program], "stdin": ["-"]}[way]
    with path.open() as stdin:
        ended = subprocess.run(
            [sys.executable, *words], stdin=stdin, capture_output=True, text=True, cwd=tmp_path
        )
    assert (ended.stdout, ended.stderr, ended.returncode) == ("main runs\n1 done\n", "", 0)
    assert len(Store(tmp_path / "s.sqlite").results()) == 1


def test_what_a_process_wrote_before_it_ended_is_the_reason(tmp_path, monkeypatch):
    words = 'import os, sys; print("one\\ntwo\\nthe probe broke", file=sys.stderr, flush=True)'
    (tmp_path / "sklearn.py").write_text(f"{words}; os._exit(3)")
    monkeypatch.syspath_prepend(tmp_path)
    report = sweep([Run({**FIXED, "seed": 0})], tmp_path / "s.sqlite", jobs=1)
    ((_, reason),) = report.failed
    assert reason == (
        "2 times its process ended with exit code 3. It wrote: one | two | the probe broke"
    )


def test_a_process_that_cannot_start_ends_the_sweep_with_one_error(tmp_path, monkeypatch):
    (tmp_path / "numpy.py").write_text('raise ImportError("numpy is broken here")')
    monkeypatch.syspath_prepend(tmp_path)
    runs = [Run({**FIXED, "seed": seed}) for seed in range(4)]
    with pytest.raises(InputError, match=r"cannot start: .*ImportError: numpy is broken here"):
        sweep(runs, tmp_path / "s.sqlite", jobs=2)
    assert Store(tmp_path / "s.sqlite").results() == []


def test_a_killed_process_costs_nothing_but_time(tmp_path, workers):
    runs = [Run({**LONG, "algorithm": "sgd", "seed": seed}) for seed in (0, 1)]
    killed = []

    def kill_the_first(run, part):
        if part > 0.1 and not killed:
            killed.append(run.settings["seed"])
            (victim,) = [worker for worker in workers if worker.run == run]
            victim.process.kill()

    report = sweep(runs, tmp_path / "s.sqlite", jobs=2, moved=kill_the_first)
    assert killed
    assert (report.done, report.failed) == (2, [])
    found = records(tmp_path / "s.sqlite")
    for seed in (0, 1):
        own = perform(runs[seed])
        assert found[seed] == (own["accuracy"], own["loss"])


def test_a_process_that_always_dies_is_reported(tmp_path, workers):
    runs = [Run({**LONG, "algorithm": "sgd", "seed": 0}), Run({**FIXED, "seed": 1})]

    def kill(run, part):
        if run.settings["seed"] == 0:
            for worker in workers:
                if worker.run == run:
                    worker.process.kill()

    report = sweep(runs, tmp_path / "s.sqlite", jobs=2, moved=kill)
    ((run, reason),) = report.failed
    assert run == runs[0]
    assert reason == "2 times its process was ended by SIGKILL (is the memory full?)"
    assert report.done == 1


def test_a_stopped_sweep_goes_on(tmp_path):
    store = tmp_path / "s.sqlite"
    words = ["--set", "data=digits", "--set", "epochs=12", "--set", "layers=64,32,10"]
    words += ["--set", "algorithm=sgd", "--set", "zero_shift=false", "--seeds", "4", "--jobs", "1"]
    command = [sys.executable, "-c", COMMAND, "sweep", str(store), *words]
    with subprocess.Popen(
        command, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True
    ) as first:
        for line in first.stderr:
            if "1 of 4 runs" in line:
                first.send_signal(signal.SIGINT)
                break
        said = first.stderr.read()
    assert first.returncode == 130
    assert "go on with: crosspoint sweep" in said
    before = records(store)
    assert 1 <= len(before) < 4
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "4 of 4 runs" in again.stderr
    found = records(store)
    assert len(found) == len(Store(store).results()) == 4
    assert before.items() <= found.items()


def test_a_worker_that_dies_loses_and_doubles_nothing(tmp_path):
    distributed = pytest.importorskip("distributed")
    runs = [Run({**LONG, "algorithm": "sgd", "seed": seed}) for seed in range(5)]
    killed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
    ) as cluster_here:
        with distributed.Client(cluster_here, set_as_default=False) as client:
            pids = client.run(os.getpid)

        def kill_a_busy_worker(run, part):
            busy = [w for w, state in cluster_here.scheduler.workers.items() if state.processing]
            if busy and not killed:
                killed.append(busy[0])
                os.kill(pids[busy[0]], signal.SIGKILL)

        report = sweep(
            runs,
            tmp_path / "s.sqlite",
            scheduler=cluster_here.scheduler_address,
            moved=kill_a_busy_worker,
        )
    assert killed
    assert (report.done, report.failed) == (5, [])
    assert len(Store(tmp_path / "s.sqlite").results()) == 5
    own = perform(runs[4])
    assert records(tmp_path / "s.sqlite")[4] == (own["accuracy"], own["loss"])


def test_a_scheduler_that_is_not_there_is_named(tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(cluster, "CONNECT_S", 0.5)
    with pytest.raises(InputError, match=r"scheduler = 'tcp://127\.0\.0\.1:9' does not answer"):
        sweep([Run({**FIXED, "seed": 0})], tmp_path / "s.sqlite", scheduler="tcp://127.0.0.1:9")
    assert Store(tmp_path / "s.sqlite").results() == []


@pytest.mark.parametrize("address", ["nonsense", "", "tcp://127.0.0.1", "tcp://127.0.0.1:port"])
def test_what_is_no_address_is_refused_at_once(tmp_path, address):
    pytest.importorskip("distributed")
    run = Run({**FIXED, "seed": 0})
    with pytest.raises(InputError, match=rf"scheduler = '{address}' is no address .*tcp://node1"):
        sweep([run], tmp_path / "s.sqlite", scheduler=address)
