"""The journal of a job: which cuts are surely made. JSON lines, each on disk before the next cut is begun.

::

    {"schema": "cutkit.journal/1", "program", "sha256", "cutter", "port", "cuts": n, "confirms": bool}
    {"cut": k, "done": true}        the machine has said that it is made
    {"cut": k, "sent": true}        handed over; this machine cannot tell more
    {"resumed": k}                  a later run goes on with cut k; with "told": true because the operator says that
                                    the cuts before it are made, and none behind it
    {"stopped": "fault" | "interrupted" | "operator", "message"}
    {"finished": true}

Cuts are numbered from 1. A last line that is torn (the computer lost its power) is left out: its cut is not done.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cutkit.errors import InputError, MachineError

SCHEMA = "cutkit.journal/1"
_BEGINNING = b'{"schema": "cutkit.journal/1"'


@dataclass(frozen=True, slots=True)
class Header:
    """What job a journal is about. ``confirms``: the machine tells when a cut is made."""

    program: str
    sha256: str
    cutter: str
    port: str
    cuts: int
    confirms: bool


@dataclass
class Journal:
    """What a journal says; ``done`` and ``sent`` are numbers of cuts. ``whole_bytes`` are its whole lines, of the
    ``size_bytes`` that the file had when it was read."""

    header: Header
    done: set[int] = field(default_factory=set)
    sent: set[int] = field(default_factory=set)
    finished: bool = False
    whole_bytes: int = 0
    size_bytes: int = 0

    @property
    def next_cut(self) -> int:
        """The first cut that is not done; one more than there are where all are."""
        return next((k for k in range(1, self.header.cuts + 1) if k not in self.done), self.header.cuts + 1)


def read_journal(path: Path) -> Journal:
    """Read a journal. InputError (exit 3) where it is missing or none."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise InputError(
            "no journal here: nothing to resume", where=str(path), hint="--journal names it; or send without --resume."
        ) from None
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    whole = data.rfind(b"\n") + 1
    if not whole and _BEGINNING.startswith(data[: len(_BEGINNING)]):
        raise InputError("the journal is empty: nothing was begun, send without --resume", where=str(path))
    entries = [_entry(text, number, path) for number, text in enumerate(data[:whole].splitlines(), 1)]
    if not entries or entries[0].get("schema") != SCHEMA:
        raise InputError("this is no journal of cutkit send", where=str(path))
    journal = Journal(_header(entries[0], path), whole_bytes=whole, size_bytes=len(data))
    for entry in entries[1:]:
        _take(journal, entry)
    return journal


def _entry(text: bytes, number: int, path: Path) -> Mapping[str, Any]:
    try:
        entry = json.loads(text)
    except ValueError:
        entry = None
    if not isinstance(entry, dict):
        raise InputError("this line is no JSON object", where=f"{path}:{number}", hint="Is it a journal?")
    return entry


def _header(entry: Mapping[str, Any], path: Path) -> Header:
    try:
        return Header(
            str(entry["program"]),
            str(entry["sha256"]),
            str(entry["cutter"]),
            str(entry["port"]),
            int(entry["cuts"]),
            bool(entry["confirms"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"the head of the journal is not whole: {error}", where=f"{path}:1") from error


def _take(journal: Journal, entry: Mapping[str, Any]) -> None:
    cut = entry.get("cut")
    if isinstance(cut, int) and entry.get("done") is True:
        journal.done.add(cut)
    elif isinstance(cut, int) and entry.get("sent") is True:
        journal.sent.add(cut)
    told = entry.get("resumed")
    if isinstance(told, int) and entry.get("told") is True:
        journal.done, journal.sent, journal.finished = set(range(1, told)), set(), False
    journal.finished = journal.finished or entry.get("finished") is True


def is_begun(path: Path) -> bool:
    """Whether there is anything in a journal: not where its sender was killed before the first line was whole.
    InputError where the path is no file."""
    if path.exists() and not path.is_file():
        raise InputError("a journal is a file, this is none", where=str(path))
    try:
        with path.open("rb") as file:
            head = file.readline()
    except OSError:
        return path.exists()
    return head.endswith(b"\n") or not _BEGINNING.startswith(head[: len(_BEGINNING)])


@contextlib.contextmanager
def claimed(path: Path, journal: Journal | None) -> Iterator[None]:
    """Only one sender at a time works by a journal. MachineError (exit 6) where another one does, or has gone on with
    it since ``journal`` was read (None: there was none); and where it cannot be written."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        _lock(handle, path)
    except MachineError:
        os.close(handle)
        raise
    try:
        size = os.fstat(handle).st_size
        if size != (journal.size_bytes if journal is not None else 0) and (journal is not None or is_begun(path)):
            raise MachineError(
                "the journal has changed since it was read: another cutkit send has gone on with the job",
                where=str(path),
                hint="Nothing was sent. Look at the cloth, then --resume.",
            )
        yield
    finally:
        if os.fstat(handle).st_size == 0:
            path.unlink(missing_ok=True)
        os.close(handle)


def _lock(handle: int, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not on Windows
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise MachineError(
            "another cutkit send works by this journal", where=str(path), hint="Nothing was sent. Wait until it ends."
        ) from None
    except OSError:
        return  # some file systems know no locks


class JournalFile:
    """A journal that is being written; every line is on disk when ``write`` returns."""

    def __init__(self, path: Path, header: Header) -> None:
        """Begin a new journal, in place of an older one. MachineError (exit 6) where it cannot be written."""
        self._path = path
        self._handle = self._open(os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        self.write(
            {
                "schema": SCHEMA,
                "program": header.program,
                "sha256": header.sha256,
                "cutter": header.cutter,
                "port": header.port,
                "cuts": header.cuts,
                "confirms": header.confirms,
            }
        )
        _sync_folder(path)

    @classmethod
    def going_on(cls, path: Path, journal: Journal) -> JournalFile:
        """Go on with a journal behind its last whole line."""
        self = cls.__new__(cls)
        self._path = path
        self._handle = self._open(os.O_WRONLY)
        os.ftruncate(self._handle, journal.whole_bytes)
        os.lseek(self._handle, 0, os.SEEK_END)
        return self

    def write(self, entry: Mapping[str, Any]) -> None:
        """Add a line. MachineError where the disk does not take it."""
        data = (json.dumps(entry) + "\n").encode("utf-8")
        try:
            while data:
                data = data[os.write(self._handle, data) :]
            os.fsync(self._handle)
        except OSError as error:
            raise self._failed(error) from error

    def close(self) -> None:
        """Let the file go."""
        os.close(self._handle)

    def _open(self, flags: int) -> int:
        try:
            return os.open(self._path, flags, 0o666)
        except OSError as error:
            raise self._failed(error) from error

    def _failed(self, error: OSError) -> MachineError:
        return _unwritable(self._path, error)


def _unwritable(path: Path, error: OSError) -> MachineError:
    return MachineError(
        f"the journal cannot be written: {error.strerror or error}",
        where=str(path),
        hint="Without it an interrupted job cannot be resumed. --journal names another place.",
    )


def _sync_folder(path: Path) -> None:
    """Put the name of a new file on disk too, where the system can."""
    try:
        handle = os.open(path.parent, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        pass  # some file systems cannot; the lines themselves are synced
    finally:
        os.close(handle)
