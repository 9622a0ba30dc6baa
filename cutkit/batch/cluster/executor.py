"""Tasks on the workers of a Dask scheduler.

What Dask does by itself: where a worker is lost, another one does its task, a few times; then the task counts as lost.
What it does not: after a restart of the scheduler, or a break of the line, every open task is sent again, under a new
key. Only what comes back under the newest key of a task counts, so that no result is taken twice.
"""

from __future__ import annotations

import gc
import logging
import os
import queue
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any

from cutkit import __version__
from cutkit.batch.cluster.local import StoppedError
from cutkit.batch.cluster.remote import Answer, DamagedError, pack_task, unpack
from cutkit.batch.perform import Done, Failed, Task
from cutkit.batch.workers import Event, Lost, Telling
from cutkit.errors import MachineError, UsageError

CONNECT_S = 10.0
"""How long the scheduler is tried at the start."""
LATE_S = 2.0
"""How much longer than it was told to a connection may take, before it is given up."""
WORKERS_S = 30.0
"""How long the first worker is waited for."""
RECONNECT_S = 300.0
"""How long a scheduler that is gone is waited for before the run is given up."""
TRY_AGAIN_S = 2.0
LOOK_EVERY_S = 1.0
STOP_WAIT_S = 120.0
"""How long a task that was told to stop is waited for, which may not have begun at all."""
PART_STEP = 1_000_003
"""Added to the seeds for every further part of a task."""


@dataclass
class _Part:
    """A share of a task: its searches with seeds of their own. It was sent under ``key``."""

    task: Task
    key: str = ""
    future: Any = None
    result: Done | None = None


@dataclass
class _Open:
    """A task whose result is waited for: the best that its parts find."""

    id: int
    parts: list[_Part]
    stopped_at: float | None = None


@dataclass(frozen=True)
class _Answered:
    """What came back under a key: an answer, or the error of the cluster."""

    key: str
    answer: Answer | BaseException


class ClusterExecutor:
    """Performs tasks on the workers of the scheduler at ``address``, as many at once as they have threads.

    UsageError without distributed; MachineError where the scheduler cannot be reached, has no workers, or has some with
    another cutkit; StoppedError where ``stop`` is true before there are any. Where the cluster goes away later, all
    open tasks come back as Lost, and then ``wait`` raises.
    """

    def __init__(
        self,
        address: str,
        say: Callable[[str], None] = lambda _: None,
        stop: Callable[[], bool] = lambda: False,
        *,
        reconnect_s: float = RECONNECT_S,
    ) -> None:
        need_distributed()
        self._address = address
        self._say = say
        self._reconnect_s = reconnect_s
        self._topic = f"cutkit-{uuid.uuid4().hex}"
        self._heard: queue.SimpleQueue[_Answered | dict[str, Any]] = queue.SimpleQueue()
        self._open: dict[int, _Open] = {}
        self._by_key: dict[str, tuple[_Open, _Part]] = {}
        self._sent = 0
        self._look_next = 0.0
        self._gone_since: float | None = None
        self._broken = False
        self._fatal: MachineError | None = None
        self._client = self._connect(CONNECT_S, stop)
        try:
            self._threads = self._first_workers(stop)
        except BaseException:
            self.close()
            raise

    def slots(self) -> int:
        """How many tasks the cluster does at once, as it is now."""
        return sum(self._threads.values())

    def free(self) -> int:
        """How many tasks could be begun at once."""
        if self._fatal is not None or self._gone_since is not None or self._broken:
            return 0
        return max(0, self.slots() - len(self._searching()))

    def submit(self, task: Task) -> None:
        """Send a task. Instead of several threads it gets as many parts, each with one thread of some worker."""
        one = _Open(task.id, [_Part(part) for part in parts_of(task, self.free())])
        self._open[task.id] = one
        for part in one.parts:
            self._send(one, part)

    def wait(self, timeout_s: float) -> list[Event]:
        """What has come back, and how far tasks are; MachineError where the cluster has been given up."""
        if self._fatal is not None:
            raise self._fatal
        events: list[Event] = []
        if self._broken or time.monotonic() >= self._look_next:
            self._look_next = time.monotonic() + LOOK_EVERY_S
            events += self._look_after()
        for one in self._all_heard(0.0 if events else timeout_s):
            event = self._told(one) if isinstance(one, dict) else self._came_back(one)
            events += [event] if event is not None else []
        return events + self._given_up()

    def stop(self, task: int) -> None:
        """Ask a task to end with the best so far; it is asked again until it does."""
        one = self._open.get(task)
        if one is not None and one.stopped_at is None:
            one.stopped_at = time.monotonic()
            self._look_next = 0.0

    def close(self) -> None:
        """Leave the cluster: the scheduler then cancels what is still open, and the workers end it."""
        self._open.clear()
        self._by_key.clear()
        _close_quietly(self._client)

    def _searching(self) -> list[tuple[_Open, _Part]]:
        return [(one, part) for one in self._open.values() for part in one.parts if part.result is None]

    # --- what came back

    def _all_heard(self, timeout_s: float) -> list[_Answered | dict[str, Any]]:
        heard: list[_Answered | dict[str, Any]] = []
        try:
            heard.append(self._heard.get(timeout=timeout_s) if timeout_s > 0 else self._heard.get_nowait())
            while True:
                heard.append(self._heard.get_nowait())
        except queue.Empty:
            return heard

    def _told(self, message: dict[str, Any]) -> Telling | None:
        one, _ = self._by_key.get(message["key"], (None, None))
        if one is None:
            return None
        return Telling(one.id, message["stage"], message["material"], message["efficiency"])

    def _came_back(self, answered: _Answered) -> Event | None:
        """What an answer means; None where its key is an old one, or more of its task has to come."""
        from distributed import KilledWorker

        if answered.key not in self._by_key:
            return None
        one, part = self._by_key[answered.key]
        answer = answered.answer
        if isinstance(answer, _cancelled()):
            self._broken = True
            return None
        if isinstance(answer, KilledWorker):
            return self._lost(one.id, "was lost, and so was every other one that the scheduler gave the job to")
        if isinstance(answer, ImportError):
            self._fatal = _unfit({"a worker": None})
            return None
        if isinstance(answer, BaseException):
            return self._lost(one.id, f"failed: {type(answer).__name__}: {answer}")
        return self._answered(one, part, answer)

    def _answered(self, one: _Open, part: _Part, answer: Answer) -> Event | None:
        what, content = answer
        if what == "version":
            self._fatal = _unfit({"a worker": content})
            return None
        if what == "damaged":
            return self._lost(one.id, f"did not receive what was sent: {content}")
        try:
            result = unpack(content)
        except DamagedError as error:
            return self._lost(one.id, f"sent something else than what arrived: {error}")
        if isinstance(result, Failed):
            self._forget(one.id)
            return result
        assert isinstance(result, Done)
        part.result, part.future = result, None
        del self._by_key[part.key]
        results = [part.result for part in one.parts if part.result is not None]
        if len(results) < len(one.parts):
            return None
        self._forget(one.id)
        return best_of(results)

    def _lost(self, task: int, reason: str) -> Lost:
        self._forget(task)
        return Lost(task, reason)

    def _given_up(self) -> list[Event]:
        """All that is open, where nothing can come back any more."""
        if self._fatal is None:
            return []
        reason = self._fatal.message
        return [self._lost(task, f"cannot go on: {reason}") for task in list(self._open)]

    def _forget(self, task: int) -> None:
        for part in self._open.pop(task).parts:
            self._by_key.pop(part.key, None)
            part.future = None  # the scheduler lets a task and its result go when nobody holds its future

    # --- the connection

    def _send(self, one: _Open, part: _Part) -> None:
        """Send a part of a task under a new key."""
        self._sent += 1
        self._by_key.pop(part.key, None)
        part.key = f"{self._topic}-{one.id}-{self._sent}"
        self._by_key[part.key] = one, part
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a pattern is large is known
            arguments = (__version__, part.key, self._topic, pack_task(part.task))
            try:
                part.future = self._client.submit(_perform_there, *arguments, key=part.key, pure=False, retries=0)
            except Exception:  # noqa: BLE001 (whatever it is, the connection is made anew and the task sent again)
                self._broken = True
                return
        heard, key = self._heard, part.key
        part.future.add_done_callback(
            lambda future: threading.Thread(target=_fetch, args=(future, key, heard), daemon=True).start()
        )

    def _look_after(self) -> list[Event]:
        """See who is there, ask again for stops, and connect again where that is needed."""
        if self._broken or self._client.status != "running":
            return self._again()
        try:
            self._threads = dict(self._client.nthreads())
            return self._press_stops()
        except Exception:  # noqa: BLE001 (a line that breaks shows in many ways)
            self._broken = True
            return []

    def _press_stops(self) -> list[Event]:
        told = {task: one for task, one in self._open.items() if one.stopped_at is not None}
        if not told:
            return []
        keys = [part.key for one in told.values() for part in one.parts]
        self._client.run(_stop_there, keys, on_error="ignore")
        late = time.monotonic() - STOP_WAIT_S
        return [
            self._lost(task, "did not end when it was told to")
            for task, one in told.items()
            if not self._threads or (one.stopped_at or 0.0) < late
        ]

    def _again(self) -> list[Event]:
        """Try to connect again, and then send all open tasks again; those that are to stop anyway count as lost."""
        if self._gone_since is None:
            self._gone_since = time.monotonic()
            self._by_key.clear()
            self._threads = {}
            _close_quietly(self._client)
            self._say(f"the connection to the scheduler at {self._address} is lost; waiting for it")
        stopped = [task for task, one in self._open.items() if one.stopped_at is not None]
        events: list[Event] = [self._lost(task, "was cut off") for task in stopped]
        try:
            self._client = self._connect(TRY_AGAIN_S)
            threads = dict(self._client.nthreads())
        except (MachineError, OSError):
            if time.monotonic() - self._gone_since > self._reconnect_s:
                hint = "Start it again; the next run takes the jobs up."
                self._fatal = MachineError("the scheduler is gone", where=self._address, hint=hint)
            return events
        self._gone_since, self._broken, self._threads = None, False, threads
        self._say(f"connected again; {len(self._open)} jobs are sent again")
        for one, part in self._searching():
            self._send(one, part)
        return events

    def _connect(self, timeout_s: float, stop: Callable[[], bool] = lambda: False) -> Any:
        """A connection, made by a thread: one to a program that is no scheduler may never come back."""
        attempt = _Attempt(self._address, timeout_s)
        end = time.monotonic() + timeout_s + LATE_S
        while (client := attempt.result(0.1)) is None:
            if stop():
                attempt.give_up()
                raise StoppedError
            if time.monotonic() > end:
                attempt.give_up()
                client = TimeoutError("no answer")
                break
        if isinstance(client, Exception):  # whatever answers there may be no scheduler: even MemoryErrors come of that
            hint = "Start one (`dask scheduler`), or see whether the address is right and a firewall is between."
            raise MachineError("no Dask scheduler answers", where=self._address, hint=hint) from client
        if isinstance(client, BaseException):
            raise client
        heard = self._heard
        client.subscribe_topic(self._topic, lambda event: heard.put(event[1]))
        return client

    def _first_workers(self, stop: Callable[[], bool]) -> dict[str, int]:
        """The threads of each worker, once there is one; MachineError where none comes or one has another cutkit."""
        end = time.monotonic() + WORKERS_S
        while not (threads := dict(self._client.nthreads())):
            if stop():
                raise StoppedError
            if time.monotonic() > end:
                hint = f"Start one where cutkit is installed: dask worker {self._address}"
                raise MachineError("the scheduler has no workers", where=self._address, hint=hint)
            time.sleep(0.1)
        found = self._client.run(_version_there, on_error="return")
        other = {where: v if isinstance(v, str) else None for where, v in found.items() if v != __version__}
        if other:
            raise _unfit(other)
        return threads


class _Attempt:
    """A connection that is being made. Nobody waits for one that was given up; where it is made after all, it is
    closed."""

    def __init__(self, address: str, timeout_s: float) -> None:
        self._made: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._given_up = threading.Event()
        threading.Thread(target=self._make, args=(address, timeout_s), daemon=True).start()

    def result(self, wait_s: float) -> Any:
        """The client, or the exception that was raised; None where neither is there yet."""
        try:
            return self._made.get(timeout=wait_s)
        except queue.Empty:
            return None

    def give_up(self) -> None:
        """Want it no more."""
        self._given_up.set()

    def _make(self, address: str, timeout_s: float) -> None:
        from distributed import Client

        try:
            with warnings.catch_warnings(), no_collection():
                warnings.simplefilter("ignore")  # packages that differ do not matter, cutkit's own version is asked for
                client = Client(address, timeout=timeout_s, set_as_default=False, name="cutkit")
        except BaseException as error:  # noqa: BLE001 (raised again by whoever waits for it)
            self._made.put(error)
            return
        if self._given_up.is_set():
            _close_quietly(client)
        self._made.put(client)


@contextmanager
def no_collection() -> Iterator[None]:
    """Let the garbage collector do its work first, and then rest, while a client of distributed is made.

    Making one takes a lock that closing one takes too, in the same thread where the collector finds an old client just
    then: a connection that came to nothing would stop the next one for ever.
    """
    gc.collect()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


# --- What runs on a worker. It travels by value, as what is defined in __main__ does: so the scheduler needs no cutkit,
# and a worker without one can say so.


def _version_there() -> str | None:
    try:
        from cutkit import __version__
        from cutkit.batch.cluster import remote  # noqa: F401
    except ImportError:
        return None
    return __version__


def _perform_there(version: str, key: str, topic: str, parcel: Any) -> Any:
    from cutkit.batch.cluster.remote import perform_parcel

    return perform_parcel(version, key, topic, parcel)


def _stop_there(keys: list[str]) -> None:
    from cutkit.batch.cluster.remote import stop_tasks

    stop_tasks(keys)


for _function in (_version_there, _perform_there, _stop_there):
    _function.__module__ = "__main__"


# --- one task on several workers


def parts_of(task: Task, places: int) -> list[Task]:
    """A task that may have several threads as tasks with one thread each, and seeds of their own.

    Where the effort is in rounds, or a marker only has its files made, it is one: the result is to be the same.
    """
    fixed = any(search.rounds is not None or not search.seconds for search in task.searches)
    count = 1 if fixed else max(1, min(task.threads, places))
    return [
        replace(task, threads=1, searches=tuple(replace(s, seed=s.seed + PART_STEP * k) for s in task.searches))
        for k in range(count)
    ]


def best_of(results: Sequence[Done]) -> Done:
    """The best marker of each search of a task."""
    nested = []
    for alike in zip(*(result.nested for result in results), strict=True):
        best = min(alike, key=lambda one: one.rank)
        spent, short = max(one.spent_s for one in alike), any(one.cut_short for one in alike)
        nested.append(replace(best, spent_s=spent, cut_short=short))
    return Done(results[0].task, tuple(nested))


# --- small things


def _fetch(future: Any, key: str, heard: queue.SimpleQueue[Any]) -> None:
    """Get a result, from a thread of its own: where its worker was lost meanwhile, it is made again first."""
    try:
        heard.put(_Answered(key, future.result()))
    except BaseException as error:  # noqa: BLE001 (told to who waits for it)
        heard.put(_Answered(key, error))


def _cancelled() -> tuple[type[BaseException], ...]:
    """What is raised for a task that its scheduler does not know any more."""
    import asyncio
    import concurrent.futures

    return asyncio.CancelledError, concurrent.futures.CancelledError


def _unfit(versions: dict[str, str | None]) -> MachineError:
    """The error of workers with another cutkit, or none."""
    (where, version), *more = versions.items()
    what = "no cutkit that knows of clusters" if version is None else f"cutkit {version}"
    others = f", and {len(more)} more like it" if more else ""
    return MachineError(
        f"the runner has cutkit {__version__}, {where} has {what}{others}",
        hint=f"Install the same one on every worker: pip install 'cutkit[cluster]=={__version__}'",
    )


def _close_quietly(client: Any) -> None:
    with suppress(Exception):
        client.close(timeout=2.0)


def need_distributed() -> None:
    """UsageError where distributed is not installed; else it keeps its log to itself, but for CUTKIT_DEBUG."""
    try:
        import distributed  # noqa: F401
    except ImportError as error:
        raise UsageError(
            "--cluster needs the package distributed", hint="Install it: pip install 'cutkit[cluster]'"
        ) from error
    if not os.environ.get("CUTKIT_DEBUG"):
        for name in [
            name for name in logging.root.manager.loggerDict if name.split(".")[0] in ("distributed", "tornado")
        ]:
            logging.getLogger(name).setLevel(logging.CRITICAL + 1)
