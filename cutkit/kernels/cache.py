"""Compiled kernels on disk: per user, or brought along by the package; never stale.

The files lie in a folder that is named after a hash of every kernel source, the numba version, Python and the kind of
machine. numba's own bookkeeping is not enough: it returns a stale result when a kernel that another cached kernel calls
was edited (numba issue 1833); and it asks where the sources are and when they were written, so that nothing compiled
could come along with a package. Its place and its question are therefore answered here (``Place``).

A package that was built by ``make wheel`` holds such a folder. It is copied to the user's, for numba must be able to
write there.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

COMPILED_STAMP = "compiled"
"""A file of this name in the cache folder says that every kernel was compiled, and lists the files that hold them."""

UNUSED_DAYS = 14
"""Folders of other versions that no nest has used for so long are deleted; longer than the longest search."""

_CACHED = ("*.nbi", "*.nbc")
"""numba's files: an index per kernel, and the code per signature."""

_PACKAGED = Path(__file__).parent / "compiled"
"""Where a package has compiled kernels, if it has any: in a folder of the same name as the user's."""


def _numba_config() -> Any:
    import numba

    return numba.config


def _compile_for_any_processor() -> None:
    """Let numba use no instructions that only some processors of this kind have, unless the user has chosen.

    The kernels gain nothing by them (measured: ARCHITECTURE.md), and one set of files serves every machine.
    """
    if _numba_config().CPU_NAME is None:
        for name, value in (("CPU_NAME", "generic"), ("CPU_FEATURES", "")):
            os.environ[f"NUMBA_{name}"] = value  # numba reads all of its settings again when one of them changes there
            setattr(_numba_config(), name, value)


def _folder_name(sources: Path) -> str:
    """``kernels-`` and a hash of all that compiled code depends on: sources, numba, Python, the kind of machine."""
    import hashlib

    import numba
    from llvmlite import binding

    features = _numba_config().CPU_FEATURES
    if features is None:
        features = binding.get_host_cpu_features().flatten()
    machine = binding.get_process_triple(), _numba_config().CPU_NAME, features
    digest = hashlib.sha256(repr((numba.__version__, sys.version_info[:2], machine)).encode())
    for source in sorted(sources.glob("*.py")):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()[:16]}"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _choose_folder(name: str) -> Path:
    """The cache folder of these kernels: below CUTKIT_CACHE_DIR where it is set, else in the user's cache folder.

    Where that cannot be written (a read-only home), a folder of this user in the temporary folder serves.
    """
    import tempfile

    import platformdirs

    given = os.environ.get("CUTKIT_CACHE_DIR")
    home = Path(given) if given else Path(platformdirs.user_cache_dir("cutkit", appauthor=False))
    if _writable(home / name):
        return home / name
    fallback = Path(tempfile.gettempdir()) / f"cutkit-{os.getuid() if hasattr(os, 'getuid') else 'user'}" / name
    fallback.mkdir(parents=True, exist_ok=True)
    return fallback


def _unpack(packaged: Path, folder: Path) -> None:
    """Copy what the package brought along, the stamp last; a copy that fails only means that we compile."""
    import shutil

    if (folder / COMPILED_STAMP).exists() or not _is_whole(packaged):
        return
    with suppress(OSError):
        for file in sorted(packaged.iterdir(), key=lambda file: file.name == COMPILED_STAMP):
            # Another process may be reading the same files already: never cut one short.
            copy = folder / f"{file.name}.{os.getpid()}"
            shutil.copyfile(file, copy)
            os.replace(copy, folder / file.name)


def _is_whole(folder: Path) -> bool:
    """True where the folder has its stamp, and no file that it lists is missing or cut short."""
    try:
        lines = (folder / COMPILED_STAMP).read_text(encoding="utf-8").splitlines()
        noted = [line.split(" ", 1) for line in lines]
        # Not "equal": an index grows when a kernel is called with other types.
        return bool(noted) and all((folder / name).stat().st_size >= int(size) for size, name in noted)
    except (OSError, ValueError):
        return False


_compile_for_any_processor()
FOLDER = _choose_folder(_folder_name(Path(__file__).parent))
_unpack(_PACKAGED / FOLDER.name, FOLDER)


class Place:
    """Where the files of a kernel belong, as numba asks for it (NUMBA_CACHE_LOCATOR_CLASSES)."""

    def __init__(self, function: Callable[..., object], file: str) -> None:
        self._line = function.__code__.co_firstlineno
        self._py_file = file  # numba's warnings name it

    @classmethod
    def from_function(cls, function: Callable[..., object], file: str) -> Place:
        return cls(function, file)

    def ensure_cache_path(self) -> None:
        FOLDER.mkdir(parents=True, exist_ok=True)

    def get_cache_path(self) -> str:
        return str(FOLDER)

    def get_source_stamp(self) -> str:
        """Always the same: the folder's name says for which sources its files are."""
        return FOLDER.name

    def get_disambiguator(self) -> str:
        return str(self._line)


@contextmanager
def in_its_place() -> Iterator[None]:
    """What is decorated with ``numba.njit(cache=True)`` herein is cached in ``FOLDER``; what others decorate is not."""
    config = _numba_config()
    before, config.CACHE_LOCATOR_CLASSES = config.CACHE_LOCATOR_CLASSES, f"{__name__}.{Place.__name__}"
    try:
        yield
    finally:
        config.CACHE_LOCATOR_CLASSES = before


def is_compiled() -> bool:
    """True where every kernel is in the cache, from an earlier run or from the package."""
    if _numba_config().DISABLE_JIT:
        return True
    with suppress(OSError):
        os.utime(FOLDER / COMPILED_STAMP)
    return _is_whole(FOLDER)


def holds(module: str) -> bool:
    """True where kernels of a module are in the cache; whether all of them are, numba finds out."""
    return _numba_config().DISABLE_JIT or any(FOLDER.glob(f"{module}.*.nbi"))


def note_compiled() -> None:
    """Remember that every kernel is in the cache now; a cache that cannot be written is simply not remembered.

    The code of earlier versions goes, once it has not been used for ``UNUSED_DAYS``.
    """
    files = sorted(file for pattern in _CACHED for file in FOLDER.glob(pattern))
    lines = [f"{file.stat().st_size} {file.name}\n" for file in files]
    with suppress(OSError):
        (FOLDER / COMPILED_STAMP).write_text("".join(lines), encoding="utf-8")
    _delete_unused()


def forget_compiled() -> None:
    """Delete what the cache holds: it is damaged, and numba would stumble over it."""
    (FOLDER / COMPILED_STAMP).unlink(missing_ok=True)
    for pattern in _CACHED:
        for file in FOLDER.glob(pattern):
            with suppress(OSError):
                file.unlink()


def _delete_unused() -> None:
    import shutil

    oldest = time.time() - UNUSED_DAYS * 24 * 3600
    for folder in FOLDER.parent.glob("kernels-*"):
        with suppress(OSError):
            used = max(folder.stat().st_mtime, *(file.stat().st_mtime for file in folder.glob(COMPILED_STAMP)), 0.0)
            if folder != FOLDER and used < oldest:
                shutil.rmtree(folder, ignore_errors=True)
