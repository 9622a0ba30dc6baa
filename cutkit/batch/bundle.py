"""A job with the bytes of its inputs: all that a worker needs, wherever it is."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import msgspec

from cutkit import __version__
from cutkit.formats.files import read_bytes, sha256_of
from cutkit.formats.jobs import Job

Role = Literal["pattern", "rules", "order", "cutter"]
_NOT_THE_WORK = ("source", "given", "due_at", "priority", "name", "extend", "cloth", "plies", "end_allowance_mm")
"""Fields of a job that say when it is done, or what it is called, not what comes of it."""


@dataclass(frozen=True, slots=True)
class BundleFile:
    """An input: its path as it was given and as it is on this machine, and its bytes.

    A rule table that was found beside a pattern is for that one (``owner``, a path), any other for all.
    """

    given: str
    path: str
    role: Role
    sha256: str
    data: bytes
    owner: str = ""

    @property
    def known(self) -> KnownInput:
        """What the store keeps of it."""
        return KnownInput(self.path, self.role, self.sha256, self.owner)


@dataclass(frozen=True, slots=True)
class KnownInput:
    """An input without its bytes."""

    path: str
    role: Role
    sha256: str
    owner: str = ""


@dataclass(frozen=True)
class Bundle:
    """A job and its inputs. ``key`` stands for all that decides what comes of it."""

    job: Job
    files: tuple[BundleFile, ...]

    @cached_property
    def key(self) -> str:
        """A hash of the settings, the inputs and cutkit's version; two jobs with the same key have the same result,
        as far as the effort is given in rounds."""
        settings = msgspec.to_builtins(self.job)
        for field in _NOT_THE_WORK:
            settings.pop(field)
        parts = [__version__, msgspec.json.encode(settings, order="sorted").hex()]
        parts += [f"{file.role} {file.path} {file.sha256}" for file in self.files]
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()

    def of_role(self, role: Role) -> list[BundleFile]:
        """The inputs that are ``role``, in the job's order."""
        return [file for file in self.files if file.role == role]


def read_input(job: Job, path: str, role: Role, owner: str = "") -> BundleFile:
    """An input of a job as it is on disk now; InputError where it cannot be read."""
    given = job.given.get(path, path)
    data = read_bytes(path)
    return BundleFile(given, path, role, sha256_of(data), data, owner)


def is_order_file(job: Job) -> bool:
    """Whether the job's order is a file."""
    return job.order is not None and os.path.isabs(job.order)
