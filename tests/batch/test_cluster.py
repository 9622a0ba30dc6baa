"""A scheduler and workers as processes: killed, restarted, stopped, left alone; nothing is lost, nothing done twice."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from cluster_for_tests import NONE, Cluster
from crash import children_of, hashes_in
from jobs_for_tests import DirectExecutor, outcome, write_jobs

from cutkit import __version__
from cutkit.batch.cluster.executor import ClusterExecutor, _Answered, no_collection
from cutkit.batch.cluster.local import LocalProcesses, StoppedError
from cutkit.batch.perform import Done, Failed, Search, Task
from cutkit.batch.workers import Telling
from cutkit.errors import MachineError

pytest.importorskip("distributed")
pytestmark = pytest.mark.slow

PATIENCE_S = 180.0


@pytest.fixture
def cluster(tmp_path_factory):
    found = Cluster(tmp_path_factory.mktemp("cluster"))
    yield found
    found.kill()


class Silent:
    """A program that takes connections, and says nothing of what a scheduler would say."""

    def __init__(self):
        self.says = b""
        self.was_called = threading.Event()
        self._held = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"tcp://127.0.0.1:{self._socket.getsockname()[1]}"
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self._held.append(connection)
            connection.sendall(self.says)
            self.was_called.set()

    def close(self):
        for one in (self._socket, *self._held):
            one.close()


@pytest.fixture
def silent():
    found = Silent()
    yield found
    found.close()


@pytest.fixture
def executor(cluster):
    cluster.start()
    found = ClusterExecutor(cluster.address)
    yield found
    found.close()


def until(what, patience_s=PATIENCE_S):
    """Wait until ``what()`` is true."""
    end = time.monotonic() + patience_s
    while not what():
        assert time.monotonic() < end, "it does not come true"
        time.sleep(0.02)


# --- the executor


def test_a_task_comes_back_with_the_bytes_of_a_search_at_home(executor, bundle):
    task = Task(1, bundle, (Search(0, None, 1, 0),))
    here = DirectExecutor()
    here.submit(task)
    assert executor.free() == 1
    executor.submit(task)
    assert executor.free() == 0
    there = outcome(executor)
    assert there.nested[0].files == here.wait(1.0)[0].nested[0].files
    assert executor.free() == 1
    executor.submit(Task(2, bundle, (Search(5, None, 1, 0),)))
    assert isinstance(failed := outcome(executor), Failed)
    assert failed.task == 2


def test_a_task_tells_how_far_it_is_and_hears_a_stop(executor, bundle):
    executor.submit(Task(1, bundle, (Search(0, 1000.0, None, 0),)))
    told = []
    until(lambda: told.extend(executor.wait(0.1)) or any(t.efficiency is not None for t in told))
    assert {t.task for t in told} == {1}
    executor.stop(7)
    executor.stop(1)
    done = outcome(executor)
    assert (done.task, done.stopped) == (1, True)
    assert done.nested[0].files
    executor.submit(Task(2, bundle, (Search(0, None, 1, 0),)))
    assert not outcome(executor).stopped


def test_a_task_whose_runner_is_gone_gives_its_worker_back(executor, cluster, bundle):
    executor.submit(Task(1, bundle, (Search(0, 1000.0, None, 0),)))
    until(lambda: any(isinstance(e, Telling) for e in executor.wait(0.1)))
    executor.close()
    other = ClusterExecutor(cluster.address)
    other.submit(Task(1, bundle, (Search(0, None, 1, 0),)))
    assert not outcome(other).stopped
    other.close()


def test_only_the_newest_key_of_a_task_counts(executor, bundle):
    executor.submit(Task(1, bundle, (Search(0, None, 1, 0),)))
    old = executor._open[1].parts[0].key
    executor._broken = True
    executor.wait(0.0)
    executor.wait(0.0)
    assert executor._open[1].parts[0].key != old
    for _ in range(2):
        executor._heard.put(_Answered(old, ("version", "a late answer would end the run")))
    assert isinstance(done := outcome(executor), Done)
    newest = _Answered(old, ("damaged", "again"))
    executor._heard.put(newest)
    assert (done.task, executor.wait(0.2)) == (1, [])


def test_a_scheduler_that_stays_away_ends_the_run_and_loses_nothing(cluster, bundle):
    cluster.start()
    executor = ClusterExecutor(cluster.address, reconnect_s=0.0)
    executor.submit(Task(1, bundle, (Search(0, 1000.0, None, 0),)))
    cluster.kill()
    lost = outcome(executor)
    assert (lost.task, "scheduler is gone" in lost.reason, executor.free()) == (1, True, 0)
    with pytest.raises(MachineError, match="the scheduler is gone"):
        executor.wait(0.1)
    executor.close()


@pytest.mark.parametrize(
    ("preloaded", "said"),
    [
        ("import cutkit\ncutkit.__version__ = '0.0.1'\n", "cutkit 0.0.1"),
        ("import sys\nsys.modules['cutkit'] = None\n", "no cutkit that knows of clusters"),
    ],
)
def test_another_cutkit_on_a_worker_is_refused(cluster, tmp_path, preloaded, said):
    old = tmp_path / "old.py"
    old.write_text(preloaded)
    cluster.start(1, "--preload", str(old))
    with pytest.raises(MachineError) as caught:
        ClusterExecutor(cluster.address)
    assert __version__ in str(caught.value)
    assert said in str(caught.value)


def test_a_worker_with_another_cutkit_that_comes_later_is_refused(executor, cluster, bundle, tmp_path):
    old = tmp_path / "old.py"
    old.write_text("import cutkit\nimport cutkit.batch.cluster.remote as r\n\nr.__version__ = '0.0.1'\n")
    cluster.kill()
    cluster.start(1, "--preload", str(old))
    executor.submit(Task(1, bundle, (Search(0, None, 1, 0),)))
    lost = outcome(executor)
    assert "has cutkit 0.0.1" in lost.reason
    with pytest.raises(MachineError):
        executor.wait(0.1)


def test_a_task_that_its_worker_does_not_survive_is_lost(cluster, bundle, monkeypatch):
    monkeypatch.setenv("DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES", "0")
    cluster.start()
    executor = ClusterExecutor(cluster.address)
    executor.submit(Task(1, bundle, (Search(0, 1000.0, None, 0),)))
    until(lambda: any(isinstance(e, Telling) for e in executor.wait(0.1)))
    cluster.workers[0].kill()
    lost = outcome(executor)
    assert (lost.task, "was lost" in lost.reason) == (1, True)
    executor.close()


def test_one_marker_is_searched_by_all_workers(cluster, bundle):
    cluster.start(2)
    executor = ClusterExecutor(cluster.address)
    until(lambda: executor.wait(0.1) or executor.free() == 2)
    executor.submit(Task(1, bundle, (Search(0, 2.0, None, 0),), threads=2))
    assert executor.free() == 0
    seeds = [part.task.searches[0].seed for part in executor._open[1].parts]
    assert len(set(seeds)) == 2
    done = outcome(executor)
    assert (done.task, len(done.nested), done.stopped) == (1, 1, False)
    assert (executor.free(), executor.wait(0.2)) == (2, [])
    executor.close()


# --- the whole command


def run_there(folder, *cluster):
    command = [sys.executable, "-m", "cutkit", "batch", "run", "night.toml", "--cluster", *cluster]
    return subprocess.Popen(command, cwd=folder, stdin=NONE, stdout=NONE, stderr=subprocess.PIPE, text=True)


def ask(folder, question):
    with sqlite3.connect(folder / "cutkit-batch.sqlite", timeout=60) as store:
        return store.execute(question).fetchall()


def some_are_done(folder):
    return lambda: len(hashes_in(folder)) >= 2


def bytes_of_a_run_at_home(tmp_path, jobs):
    from cutkit.batch.prepare import Checker, check_jobs
    from cutkit.batch.runner import Runner, RunOptions
    from cutkit.batch.store import Store
    from cutkit.formats.jobs import read_jobs

    class Silent:
        def news(self, news):
            pass

        def tick(self, running):
            pass

    home = tmp_path / "home"
    home.mkdir()
    with Store(home / "store") as store:
        store.add(check_jobs(read_jobs([write_jobs(home, jobs)]).jobs, Checker())[0])
        Runner(store, DirectExecutor(), RunOptions(1), Silent(), lambda: False).run()
    return hashes_in(home)


def judge(folder, runner, expected):
    """All done, each once, with the bytes of the run at home, and nothing left beside them."""
    _, said = runner.communicate(timeout=PATIENCE_S)
    assert runner.returncode == 0, said
    assert hashes_in(folder) == expected
    assert list((folder / "out").glob(".*")) == []
    done = dict(ask(folder, "SELECT job, COUNT(*) FROM events WHERE text = 'done' GROUP BY job"))
    assert list(done.values()) == [1] * len(expected)
    assert ask(folder, "SELECT DISTINCT state FROM jobs") == [("done",)]
    return said


@pytest.fixture
def batch(tmp_path):
    folder = tmp_path / "batch"
    folder.mkdir()
    write_jobs(folder, 8)
    return folder


def test_a_worker_killed_in_the_midst_costs_nothing_but_time(cluster, batch, tmp_path):
    expected = bytes_of_a_run_at_home(tmp_path, 8)
    cluster.start(2)
    runner = run_there(batch, cluster.address)
    until(some_are_done(batch))
    assert len(hashes_in(batch)) < 6, "killed too late to show anything"
    cluster.workers[0].kill()
    judge(batch, runner, expected)


def test_a_scheduler_restarted_in_the_midst_costs_nothing_but_time(cluster, batch, tmp_path):
    expected = bytes_of_a_run_at_home(tmp_path, 8)
    cluster.start(2)
    runner = run_there(batch, cluster.address)
    until(some_are_done(batch))
    assert len(hashes_in(batch)) < 6, "killed too late to show anything"
    cluster.kill()
    cluster.start(2)
    said = judge(batch, runner, expected)
    assert "waiting for it" in said
    assert "connected again" in said


def test_no_scheduler_is_exit_6(batch, cutkit, monkeypatch):
    monkeypatch.chdir(batch)
    monkeypatch.setattr("cutkit.batch.cluster.executor.CONNECT_S", 0.5)
    ran = cutkit("batch", "run", "night.toml", "--cluster", "tcp://127.0.0.1:1")
    assert ran.code == 6
    assert "tcp://127.0.0.1:1: no Dask scheduler answers" in ran.err
    assert ask(batch, "SELECT DISTINCT state FROM jobs") == [("queued",)]


def test_a_program_that_is_no_scheduler_is_told_from_one(silent, monkeypatch):
    monkeypatch.setattr("cutkit.batch.cluster.executor.CONNECT_S", 0.5)
    monkeypatch.setattr("cutkit.batch.cluster.executor.LATE_S", 0.5)
    with pytest.raises(MachineError, match="no Dask scheduler answers"):
        ClusterExecutor(silent.address)
    silent.says = b"HTTP/1.1 400 Bad Request\r\n\r\n" * 20
    monkeypatch.setattr("cutkit.batch.cluster.executor.CONNECT_S", 5.0)
    with pytest.raises(MachineError, match="no Dask scheduler answers"):
        ClusterExecutor(silent.address)


def test_an_interrupt_is_heard_while_a_scheduler_is_tried(silent, batch):
    runner = run_there(batch, silent.address)
    assert silent.was_called.wait(PATIENCE_S)
    runner.send_signal(signal.SIGINT)
    _, said = runner.communicate(timeout=PATIENCE_S)
    assert (runner.returncode, "interrupted: " in said) == (130, True), said
    assert ask(batch, "SELECT DISTINCT state FROM jobs") == [("queued",)]


def test_an_interrupt_is_heard_while_workers_are_waited_for(cluster):
    from distributed import Client

    cluster.start(0)
    with no_collection():
        probe = Client(cluster.address, set_as_default=False)
    with probe:

        def clients():
            return probe.run_on_scheduler(lambda dask_scheduler: len(dask_scheduler.clients))

        before = clients()
        with pytest.raises(StoppedError):
            ClusterExecutor(cluster.address, stop=lambda: clients() > before)
        until(lambda: clients() == before)


def test_an_interrupt_is_heard_while_a_local_cluster_starts():
    before = children_of(os.getpid())
    with pytest.raises(StoppedError):
        LocalProcesses(2, stop=lambda: True)
    assert children_of(os.getpid()) == before


def test_a_local_cluster_is_interrupted_as_local_workers_are(tmp_path):
    write_jobs(tmp_path, 2, more='time = "1000s"\n')
    runner = run_there(tmp_path, "local:2")
    until(lambda: (tmp_path / "cutkit-batch.sqlite").exists() and children_of(runner.pid))
    until(lambda: len(ask(tmp_path, "SELECT 1 FROM jobs WHERE state = 'running'")) == 2)
    processes = [p for child in children_of(runner.pid) for p in (child, *children_of(child))]
    time.sleep(2.0)
    runner.send_signal(signal.SIGINT)
    _, said = runner.communicate(timeout=PATIENCE_S)
    assert runner.returncode == 130, said
    assert len(hashes_in(tmp_path)) == 2
    assert ask(tmp_path, "SELECT DISTINCT state FROM jobs") == [("queued",)]
    assert len(processes) > 2
    until(lambda: not any(Path(f"/proc/{p}").exists() for p in processes), 20.0)


def test_a_local_cluster_ends_with_a_runner_that_is_killed(tmp_path):
    write_jobs(tmp_path, 1, more='time = "1000s"\n')
    runner = run_there(tmp_path, "local:1")
    until(lambda: (tmp_path / "cutkit-batch.sqlite").exists() and children_of(runner.pid))
    until(lambda: len(ask(tmp_path, "SELECT 1 FROM jobs WHERE state = 'running'")) == 1)
    processes = [p for child in children_of(runner.pid) for p in (child, *children_of(child))]
    assert len(processes) > 2, "a scheduler, a worker and their helpers"
    assert all(Path(f"/proc/{p}").exists() for p in processes)
    os.kill(runner.pid, signal.SIGKILL)
    runner.communicate()
    until(lambda: not any(Path(f"/proc/{p}").exists() for p in processes), 60.0)
    assert not [p for p in processes if Path(f"/proc/{p}").exists()]
