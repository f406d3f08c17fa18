import multiprocessing
import os
import signal
import subprocess
import sys

import pytest

from phys.checked import InputError
from phys.sweep import Choices, Run, Store, cluster, grid, perform, sweep

COMMAND = "from phys.cli import main; main()"
FIXED = {"data": "digits", "epochs": 2, "samples": 300, "zero_shift": False, "layers": [64, 16, 10]}
LONG = {**FIXED, "epochs": 25, "samples": 1000, "layers": [64, 32, 10]}


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


def test_a_killed_process_costs_nothing_but_time(tmp_path):
    runs = [Run({**LONG, "algorithm": "sgd", "seed": seed}) for seed in (0, 1)]
    killed = []

    def kill_the_first(run, part):
        if part > 0.1 and not killed:
            killed.append(run.settings["seed"])
            (victim,) = [p for p in multiprocessing.active_children() if p.name == run.key]
            os.kill(victim.pid, signal.SIGKILL)

    report = sweep(runs, tmp_path / "s.sqlite", jobs=2, moved=kill_the_first)
    assert killed
    assert (report.done, report.failed) == (2, [])
    found = records(tmp_path / "s.sqlite")
    for seed in (0, 1):
        own = perform(runs[seed])
        assert found[seed] == (own["accuracy"], own["loss"])


def test_a_process_that_always_dies_is_reported(tmp_path):
    runs = [Run({**LONG, "algorithm": "sgd", "seed": 0}), Run({**FIXED, "seed": 1})]

    def kill(run, part):
        if run.settings["seed"] == 0:
            for process in multiprocessing.active_children():
                if process.name == run.key:
                    os.kill(process.pid, signal.SIGKILL)

    report = sweep(runs, tmp_path / "s.sqlite", jobs=2, moved=kill)
    ((run, reason),) = report.failed
    assert run == runs[0]
    assert "exit code -9, 2 times" in reason
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
