"""The files that a nest is made of, with their bytes: read once (an input may be a pipe), and fit to travel."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from cutkit.formats.files import read_bytes, sha256_of
from cutkit.prepare.wanted import Wanted

Role = Literal[
    "pattern",
    "rules",
    "order",
    "start",
    "user-rules",
    "project-rules",
    "own-rules",
    "fabric",
    "rolls",
    "cutter",
    "registration",
]
"""What a file is for; ``rules`` is a grade rule table, the others of that name are rules files by their layer."""


@dataclass(frozen=True, slots=True)
class SourceFile:
    """An input: its path as it was given and as it is on this machine, and its bytes.

    A rule table that was found beside a pattern is for that one (``owner``, a path), any other for all.
    """

    given: str
    path: str
    role: Role
    sha256: str
    data: bytes
    owner: str = ""


def read_source(path: str, role: Role, *, given: str | None = None, owner: str = "") -> SourceFile:
    """An input as it is on disk now; InputError where it cannot be read."""
    data = read_bytes(path)
    return SourceFile(path if given is None else given, path, role, sha256_of(data), data, owner)


def files_named(wanted: Wanted) -> Iterator[tuple[str, Role, str]]:
    """The files that are asked for: the key that names each, what it is for, and its path."""
    for path in wanted.patterns:
        yield "patterns", "pattern", path
    others: tuple[tuple[str, Role, str | None], ...] = (
        ("rul", "rules", wanted.rul),
        ("order", "order", wanted.order_path),
        ("start", "start", wanted.start),
        ("rolls", "rolls", wanted.rolls),
    )
    for key, role, named in others:
        if named is not None:
            yield key, role, named
    for path in wanted.rules:
        yield "rules", "own-rules", path


def of_role(files: Iterable[SourceFile], role: Role) -> list[SourceFile]:
    """The files that are ``role``, in their order."""
    return [file for file in files if file.role == role]
