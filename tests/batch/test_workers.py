"""Worker processes: they stay alive, die without harm, and hear a stop in the midst of a search."""

from __future__ import annotations

import os
import signal

import pytest
from jobs_for_tests import outcome

from cutkit.batch.perform import Done, Failed, Search, Task
from cutkit.batch.workers import LocalExecutor, Lost

PATIENCE_S = 100.0


@pytest.fixture
def executor():
    workers = LocalExecutor(1)
    yield workers
    workers.close()


def test_one_process_does_task_after_task(executor, bundle):
    (first,) = executor.pids()
    for number in (1, 2):
        executor.submit(Task(number, bundle, (Search(0, None, 1, 0),)))
        assert executor.free() == 0
        assert isinstance(done := outcome(executor), Done)
        assert (done.task, done.stopped) == (number, False)
    assert executor.pids() == [first]


def test_a_stop_is_heard_in_the_midst_and_only_by_its_task(executor, bundle):
    executor.submit(Task(1, bundle, (Search(0, 1000.0, None, 0),)))
    executor.stop(7)
    executor.stop(1)
    done = outcome(executor)
    assert (done.task, done.stopped) == (1, True)
    assert done.nested[0].files
    executor.submit(Task(2, bundle, (Search(0, None, 1, 0),)))
    assert not outcome(executor).stopped


def test_a_killed_worker_is_told_and_replaced(executor, bundle):
    (first,) = executor.pids()
    executor.submit(Task(1, bundle, (Search(0, 1000.0, None, 0),)))
    os.kill(first, signal.SIGKILL)
    assert outcome(executor) == Lost(1, "ended by SIGKILL")
    executor.submit(Task(2, bundle, (Search(0, None, 1, 0),)))
    assert isinstance(outcome(executor), Done)
    assert executor.pids() != [first]


def test_a_worker_killed_while_idle_costs_nothing(executor, bundle):
    (first,) = executor.pids()
    os.kill(first, signal.SIGKILL)
    while executor.pids():
        executor.wait(0.1)
    executor.submit(Task(1, bundle, (Search(0, None, 1, 0),)))
    assert isinstance(outcome(executor), Done)


def test_a_bad_job_fails_and_its_worker_goes_on(executor, bundle):
    executor.submit(Task(1, bundle, (Search(5, None, 1, 0),)))
    failed = outcome(executor)
    assert isinstance(failed, Failed)
    assert (failed.task, failed.exit_code) == (1, 1)
    assert "IndexError" in failed.message
    executor.submit(Task(2, bundle, (Search(0, None, 1, 0),)))
    assert isinstance(outcome(executor), Done)


def test_workers_end_with_their_connection(bundle):
    executor = LocalExecutor(2)
    workers = [worker.process for worker in executor._workers]
    executor.submit(Task(1, bundle, (Search(0, 1000.0, None, 0),)))
    executor.close()
    assert all(process.returncode is not None for process in workers)
