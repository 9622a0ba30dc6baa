"""A hot folder: its job files become jobs once they, and the files that they name, are whole.

A file is whole when neither its size nor its time has changed for a while, and, where the system can tell, no program
has it open for writing. What is missing is waited for: a job file may come before its patterns.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from cutkit.batch.bundle import files_of
from cutkit.errors import CutkitError
from cutkit.formats.jobs import Job, JobList, is_job_file, read_jobs

SETTLE_S = 3.0
"""How long a file must have been left alone."""
Stamp = tuple[int, int]
"""Size and time of a file."""


@dataclass
class HotFolder:
    """The job files of a folder. ``clock`` is in seconds; tests bring their own."""

    folder: str
    settle_s: float = SETTLE_S
    clock: Callable[[], float] = time.monotonic
    _seen: dict[str, tuple[Stamp, float]] = field(default_factory=dict)
    _taken: dict[str, tuple[Stamp, ...]] = field(default_factory=dict)
    waiting: dict[str, str] = field(default_factory=dict)
    """The job files that are not taken yet, each with what is waited for."""

    def ready(self) -> list[JobList]:
        """The jobs of every job file that has become whole since the last call, or has changed since then."""
        found = []
        self.waiting = {}
        for path in self._job_files():
            if not self._is_whole(path):
                self.waiting[path] = path
                continue
            jobs = self._read(path)
            inputs = [one for job in jobs.jobs for one in inputs_of(job)]
            missing = next((one for one in inputs if not self._is_whole(one)), None)
            if missing is not None:
                self.waiting[path] = missing
                continue
            stamps = tuple(stamp for one in (path, *inputs) if (stamp := _stamp(one)) is not None)
            if self._taken.get(path) != stamps:
                self._taken[path] = stamps
                found.append(jobs)
        return found

    def _job_files(self) -> list[str]:
        try:
            names = sorted(os.listdir(self.folder))
        except OSError:
            return []
        paths = [os.path.join(self.folder, name) for name in names if not name.startswith((".", "~"))]
        return [path for path in paths if os.path.isfile(path) and is_job_file(path)]

    def _read(self, path: str) -> JobList:
        try:
            return read_jobs([path])
        except CutkitError:  # it went away between two looks
            return JobList((), ())

    def _is_whole(self, path: str) -> bool:
        stamp = _stamp(path)
        if stamp is None:
            self._seen.pop(path, None)
            return False
        now = self.clock()
        before, since = self._seen.get(path, (None, now))
        if before != stamp:
            self._seen[path] = (stamp, now)
            return False
        return now - since >= self.settle_s and not _is_being_written(path)


def inputs_of(job: Job) -> list[str]:
    """The files that a job names as its inputs."""
    return [path for _, _, path in files_of(job)]


def _stamp(path: str) -> Stamp | None:
    try:
        status = Path(path).stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns


def _is_being_written(path: str) -> bool:
    """Whether another program has the file open for writing; False where the system cannot tell.

    Linux gives out a lease for reading only on a file that nobody is writing.
    """
    try:
        import fcntl

        lease = fcntl.F_SETLEASE, fcntl.F_RDLCK, fcntl.F_UNLCK
    except (ImportError, AttributeError):
        return False
    import errno

    try:
        with open(path, "rb") as file:
            fcntl.fcntl(file, lease[0], lease[1])
            fcntl.fcntl(file, lease[0], lease[2])
    except OSError as error:
        return error.errno in (errno.EAGAIN, errno.EACCES)
    return False
