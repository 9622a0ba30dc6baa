"""Executors: who performs tasks. ``Executor`` is the seam; here is the one of processes on this machine.

A worker process lives as long as its executor, so that a small job pays no start-up. It hears of its executor's death
by the end of its connection, and ends at once: nothing runs on behind a runner that was killed.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Protocol

from cutkit.batch.perform import Done, Failed, Task
from cutkit.nest import Stage

STOP_WAIT_S = 10.0
"""How long a worker that was told to go is waited for before it is killed."""


@dataclass(frozen=True, slots=True)
class Telling:
    """How far a task is: what is being done, the material nested, and the efficiency so far (a fraction)."""

    task: int
    stage: Stage
    material: str
    efficiency: float | None


@dataclass(frozen=True, slots=True)
class Lost:
    """The worker of a task is gone, and how it went."""

    task: int
    reason: str


@dataclass(frozen=True, slots=True)
class Stop:
    """What a worker is told: end this task with the best so far. For any other task it means nothing."""

    task: int


Event = Telling | Done | Failed | Lost


class Executor(Protocol):
    """Performs tasks somewhere. Every submitted task comes back as exactly one Done, Failed or Lost."""

    def free(self) -> int:
        """How many tasks could be begun at once."""

    def submit(self, task: Task) -> None:
        """Begin a task; only where one is free."""

    def wait(self, timeout_s: float) -> list[Event]:
        """What has happened, as soon as something has, or nothing after the time-out."""

    def stop(self, task: int) -> None:
        """Ask a task to end with the best so far."""

    def close(self) -> None:
        """End all workers; tasks that still run are lost without a word."""


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    connection: Connection
    task: int | None = None


class LocalExecutor:
    """``count`` worker processes on this machine. One that dies is replaced when its place is needed."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._workers: list[_Worker] = []
        for _ in range(count):
            self._start()

    def free(self) -> int:
        """How many tasks could be begun at once."""
        return self._count - sum(worker.task is not None for worker in self._workers)

    def pids(self) -> list[int]:
        """The worker processes, for whoever wants to watch or kill them."""
        return [worker.process.pid for worker in self._workers]

    def submit(self, task: Task) -> None:
        """Send a task to a worker that is free; a dead one is replaced first."""
        while True:
            idle = next((worker for worker in self._workers if worker.task is None), None) or self._start()
            try:
                idle.connection.send(task)
            except OSError:  # it died while it was idle, with no task to lose
                self._remove(idle)
                continue
            idle.task = task.id
            return

    def wait(self, timeout_s: float) -> list[Event]:
        """What the workers say, and which of them are gone."""
        if not self._workers:
            time.sleep(timeout_s)
            return []
        ready = wait([worker.connection for worker in self._workers], timeout_s)
        events: list[Event] = []
        for worker in [w for w in self._workers if w.connection in ready]:
            try:
                event: Event = worker.connection.recv()
            except (EOFError, OSError):
                self._remove(worker)
                if worker.task is not None:
                    events.append(Lost(worker.task, _how_it_went(worker.process.returncode)))
                continue
            if not isinstance(event, Telling):
                worker.task = None
            events.append(event)
        return events

    def stop(self, task: int) -> None:
        """Ask the worker of a task to end it with the best so far."""
        for worker in self._workers:
            if worker.task == task:
                _send_quietly(worker, Stop(task))

    def close(self) -> None:
        """End all workers: by the end of their connection, and where that does not help, by force."""
        for worker in self._workers:
            worker.connection.close()
        end = time.monotonic() + STOP_WAIT_S
        for worker in self._workers:
            try:
                worker.process.wait(max(0.0, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                worker.process.kill()
                worker.process.wait()
        self._workers.clear()

    def _start(self) -> _Worker:
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(
                [sys.executable, "-m", "cutkit.batch.worker", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                start_new_session=True,  # a Ctrl-C is for the runner, which tells its workers
            )
        worker = _Worker(process, Connection(ours.detach()))
        self._workers.append(worker)
        return worker

    def _remove(self, worker: _Worker) -> None:
        self._workers.remove(worker)
        worker.connection.close()
        worker.process.kill()
        worker.process.wait()


def _send_quietly(worker: _Worker, message: object) -> None:
    try:
        worker.connection.send(message)
    except OSError:
        return  # it is gone: the next wait tells


def _how_it_went(code: int | None) -> str:
    import signal

    if code is not None and code < 0:
        try:
            return f"ended by {signal.Signals(-code).name}"
        except ValueError:
            return f"ended by signal {-code}"
    return f"ended with code {code}"


def processors() -> int:
    """The processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
