"""What a worker of a cluster does with a task, and the form in which tasks and results travel.

A parcel is a pickle with its SHA-256. A task's bundle carries the hash of each input besides, and the key that stands
for all of it; both are found again here before anything is searched. Nothing is read from a disk of the runner's.
"""

from __future__ import annotations

import pickle
import threading
from typing import Any

from cutkit import __version__
from cutkit.batch.perform import Task, perform
from cutkit.formats.files import sha256_of
from cutkit.nest import Stage
from cutkit.prepare.prepare import Preparer

Answer = tuple[str, Any]
"""``("done", parcel)``; ``("damaged", what)``; ``("version", cutkit's version on the worker)``."""
Parcel = tuple[str, bytes]

_stopped: set[str] = set()
"""Keys of tasks that are to end with the best so far."""
_of_this_thread = threading.local()


class DamagedError(Exception):
    """What arrived is not what was sent."""


def pack(content: object) -> Parcel:
    """Something as it travels."""
    data = pickle.dumps(content)
    return sha256_of(data), data


def unpack(parcel: Parcel) -> Any:
    """What was packed; DamagedError where a byte of it has changed on the way."""
    sha256, data = parcel
    if sha256_of(data) != sha256:
        raise DamagedError(f"a parcel of {len(data)} bytes")
    return pickle.loads(data)


def pack_task(task: Task) -> Parcel:
    """A task, with the key that its bundle has here."""
    return pack((task.bundle.key, task))


def unpack_task(parcel: Parcel) -> Task:
    """The task; DamagedError where an input does not have its hash, or the bundle not its key."""
    key, task = unpack(parcel)
    assert isinstance(task, Task)
    for file in task.bundle.files:
        if sha256_of(file.data) != file.sha256:
            raise DamagedError(f"input {file.given}")
    # The key is remembered where it was asked for before, and then has come along: it is to be made anew.
    if type(task.bundle)(task.bundle.job, task.bundle.files).key != key:
        raise DamagedError(f"the bundle of job {task.bundle.job.name}")
    return task


def perform_parcel(version: str, key: str, topic: str, parcel: Parcel) -> Answer:
    """Perform a task that a runner with cutkit ``version`` sent under ``key``, telling ``topic`` how far it is."""
    if version != __version__:
        return "version", __version__
    try:
        task = unpack_task(parcel)
    except DamagedError as error:
        return "damaged", str(error)
    from distributed import get_worker

    worker = get_worker()

    def tell(stage: Stage, material: str, efficiency: float | None) -> None:
        worker.log_event(topic, {"key": key, "stage": stage, "material": material, "efficiency": efficiency})

    def stop() -> bool:
        return key in _stopped or _nobody_wants(worker, key)

    try:
        return "done", pack(perform(task, stop, tell, _preparer()))
    finally:
        _stopped.discard(key)


def stop_tasks(keys: list[str]) -> None:
    """Have tasks end with the best so far, where they are being performed here."""
    _stopped.update(keys)


def _nobody_wants(worker: Any, key: str) -> bool:
    """Whether the runner of a task is gone: then the scheduler has forgotten the task, and cancelled it here."""
    known = worker.state.tasks.get(key)
    return known is None or known.state == "cancelled"


def _preparer() -> Preparer:
    """One for each thread of the worker: it is no good to several at once."""
    if not hasattr(_of_this_thread, "preparer"):
        _of_this_thread.preparer = Preparer()
    found: Preparer = _of_this_thread.preparer
    return found
