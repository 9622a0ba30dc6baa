"""Reading and writing files so that nothing is half read and nothing is half written."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from cutkit.errors import InputError, MachineError, UsageError


def read_bytes(path: str | Path) -> bytes:
    """The bytes of an input file; InputError (exit 3) where it is missing, a folder, empty or unreadable."""
    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise InputError("no such file", where=str(path), hint="Check the name and the folder.") from None
    except IsADirectoryError:
        raise InputError("this is a folder, not a file", where=str(path)) from None
    except (OSError, ValueError) as error:
        raise InputError(f"cannot be read: {_reason(error)}", where=str(path)) from error
    if not data:
        raise InputError("the file is empty", where=str(path), hint="Export or copy it again.")
    return data


def is_toml_path(name_or_path: str) -> bool:
    """Whether what may be a name is a TOML file of the user's own: it ends in .toml or holds a slash."""
    return name_or_path.casefold().endswith(".toml") or "/" in name_or_path or "\\" in name_or_path


def text_of_path(path: str) -> str:
    """A path as text that any file can carry: bytes that are not UTF-8 become question marks (U+FFFD)."""
    return os.fsencode(path).decode("utf-8", "replace")


def sha256_of(data: bytes) -> str:
    """The SHA-256 of ``data`` in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def write_whole(path: str | Path, content: str | bytes, *, inputs: Iterable[str | Path] = ()) -> None:
    """Write ``content`` to ``path`` whole or not at all: a temporary file beside it, flushed to disk, then renamed.

    Replaces an older output of that name, also behind a link, never one of ``inputs`` (UsageError). MachineError
    (exit 6) where the folder is missing, read-only or full; then nothing of the new content is left behind. A device or
    a pipe (``/dev/null``, ``/dev/stdout``) is written to as it is: a rename would put a file in its place.
    """
    refuse_to_replace(path, inputs)
    data = content.encode("utf-8") if isinstance(content, str) else content
    if _is_device(Path(path)):
        _write_to_device(Path(path), data)
        return
    stage(path, data).publish()


@dataclass(frozen=True, slots=True)
class Staged:
    """An output that lies whole and flushed to disk beside its place, under a name of its own until it is published."""

    target: Path
    temporary: Path

    def publish(self) -> None:
        """Put it in its place at one stroke; MachineError (exit 6) where that is refused, and then it is discarded."""
        try:
            os.replace(self.temporary, self.target)
        except OSError as error:
            self.discard()
            raise _cannot_write(self.target, error) from error

    def discard(self) -> None:
        """Take it away again."""
        self.temporary.unlink(missing_ok=True)


def stage(path: str | Path, data: bytes, *, tag: str = "") -> Staged:
    """Write ``data`` beside ``path``, flushed to disk, to be published later. ``tag`` is part of the temporary name.

    MachineError (exit 6) where the folder is missing, read-only or full; then nothing is left behind.
    """
    target = Path(os.path.realpath(path))
    temporary: str | None = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=f".{target.name}.{tag}", suffix=".part", dir=target.parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _usual_mode())
    except OSError as error:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise _cannot_write(path, error) from error
    return Staged(target, Path(temporary))


def _cannot_write(path: str | Path, error: OSError) -> MachineError:
    return MachineError(
        f"cannot be written: {_reason(error)}", where=str(path), hint="Nothing was written. Choose another folder."
    )


def _is_device(target: Path) -> bool:
    return target.exists() and not (target.is_file() or target.is_dir())


def _write_to_device(target: Path, data: bytes) -> None:
    try:
        target.write_bytes(data)
    except OSError as error:
        raise MachineError(f"cannot be written: {_reason(error)}", where=str(target)) from error


def refuse_bad_outputs(outputs: Iterable[str | Path | None], inputs: Iterable[str | Path]) -> None:
    """UsageError where an output that is asked for would replace an input, or another output."""
    given = [path for path in outputs if path is not None]
    for path in given:
        refuse_to_replace(path, inputs)
    real = [os.path.realpath(path) for path in given]
    twice = [str(path) for path, target in zip(given, real, strict=True) if real.count(target) > 1]
    if twice:
        raise UsageError("two outputs have this name", where=min(twice), hint="Give each a name of its own.")


def refuse_to_replace(path: str | Path, inputs: Iterable[str | Path]) -> None:
    """UsageError where ``path`` is one of the ``inputs``, also by another name or through a link."""
    for source in inputs:
        if os.path.realpath(path) == os.path.realpath(source):
            raise UsageError("the output would replace an input", where=str(path), hint="Choose another name for it.")


def refuse_unwritable(path: str | Path) -> None:
    """MachineError (exit 6) where ``path`` cannot be written: for saying so before hours of work, not after."""
    if _is_device(Path(path)):
        return
    target = Path(os.path.realpath(path))
    if target.is_dir():
        raise MachineError("cannot be written: it is a folder", where=str(target), hint="Give the name of a file.")
    try:
        with tempfile.TemporaryFile(dir=target.parent):
            return
    except OSError as error:
        raise MachineError(
            f"cannot be written: {_reason(error)}", where=str(target), hint="Choose another folder."
        ) from error


def _usual_mode() -> int:
    """The permissions a newly made file would get: mkstemp makes it private."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _reason(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
