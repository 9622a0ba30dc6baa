"""The numba core of the nest: arrays in, arrays out. Imports nothing else of cutkit.

Compiled kernels are cached on disk in a folder that is named after a hash of every kernel source, the numba version and
the processor. numba's own bookkeeping is not enough: it returns a stale result when a kernel that another cached kernel
calls was edited (numba issue 1833). The folder is chosen here, before any kernel is declared.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., object])

COMPILED_STAMP = "compiled"
"""A file of this name in the cache folder says that every kernel was compiled, and lists the files that hold them."""

UNUSED_DAYS = 14
"""Folders of other versions that no nest has used for so long are deleted; longer than the longest search."""

_CACHED = ("*.nbi", "*.nbc")
"""numba's files: an index per kernel, and the code per signature."""


def _numba_config() -> Any:
    import numba

    return numba.config


def _folder_name(sources: Path) -> str:
    """``kernels-`` and a hash of all that compiled code depends on: sources, numba, Python, the processor.

    And of where the sources are and when they were written, by which numba tells whether its files are for them.
    """
    import hashlib

    import numba
    from llvmlite import binding

    processor = binding.get_host_cpu_name(), binding.get_host_cpu_features().flatten()
    chosen = _numba_config().CPU_NAME, _numba_config().CPU_FEATURES
    digest = hashlib.sha256(repr((numba.__version__, sys.version_info[:2], processor, chosen)).encode())
    for source in sorted(sources.glob("*.py")):
        digest.update(f"{source} {source.stat().st_mtime_ns}".encode())
        digest.update(source.read_bytes())
    return f"kernels-{digest.hexdigest()[:16]}"


def _writable(folder: Path) -> bool:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return os.access(folder, os.W_OK)


def _choose_cache() -> Path:
    """The cache folder of these kernels: below CUTKIT_CACHE_DIR where it is set, else in the user's cache folder.

    Where that cannot be written (a read-only home), a folder of this user in the temporary folder serves.
    """
    import tempfile

    import platformdirs

    name = _folder_name(Path(__file__).parent)
    given = os.environ.get("CUTKIT_CACHE_DIR")
    home = Path(given) if given else Path(platformdirs.user_cache_dir("cutkit", appauthor=False))
    if _writable(home / name):
        return home / name
    fallback = Path(tempfile.gettempdir()) / f"cutkit-{os.getuid() if hasattr(os, 'getuid') else 'user'}" / name
    fallback.mkdir(parents=True, exist_ok=True)
    return fallback


def _use_cache(folder: Path) -> None:
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    _numba_config().CACHE_DIR = str(folder)


CACHE = _choose_cache()
_use_cache(CACHE)


def is_compiled() -> bool:
    """True where an earlier run has compiled and cached every kernel, and no file of them is missing or cut short."""
    if _numba_config().DISABLE_JIT:
        return True
    stamp = CACHE / COMPILED_STAMP
    try:
        noted = [line.split(" ", 1) for line in stamp.read_text(encoding="utf-8").splitlines()]
        # Not "equal": an index grows when a kernel is called with other types.
        whole = all((CACHE / name).stat().st_size >= int(size) for size, name in noted)
    except (OSError, ValueError):
        return False
    with suppress(OSError):
        os.utime(stamp)
    return whole and bool(noted)


def note_compiled() -> None:
    """Remember that every kernel is in the cache now; a cache that cannot be written is simply not remembered.

    The code of earlier versions goes, once it has not been used for ``UNUSED_DAYS``.
    """
    files = sorted(file for pattern in _CACHED for file in CACHE.rglob(pattern))
    lines = [f"{file.stat().st_size} {file.relative_to(CACHE).as_posix()}\n" for file in files]
    with suppress(OSError):
        (CACHE / COMPILED_STAMP).write_text("".join(lines), encoding="utf-8")
    _delete_unused()


def forget_compiled() -> None:
    """Delete what the cache holds: it is damaged, and numba would stumble over it."""
    (CACHE / COMPILED_STAMP).unlink(missing_ok=True)
    for pattern in _CACHED:
        for file in CACHE.rglob(pattern):
            with suppress(OSError):
                file.unlink()


def _delete_unused() -> None:
    import shutil

    oldest = time.time() - UNUSED_DAYS * 24 * 3600
    for folder in CACHE.parent.glob("kernels-*"):
        with suppress(OSError):
            used = max(folder.stat().st_mtime, *(file.stat().st_mtime for file in folder.glob(COMPILED_STAMP)), 0.0)
            if folder != CACHE and used < oldest:
                shutil.rmtree(folder, ignore_errors=True)


def kernel(function: F) -> F:
    """Compile ``function`` with numba: no Python objects, no GIL, cached on disk. Python and other kernels may call it.

    No fastmath: a reassociated sum depends on the width of the processor's vectors, and the same seed must give the
    same bytes on any machine of one architecture.
    """
    return _compiled(function, cache=True)


def inner_kernel(function: F) -> F:
    """As ``kernel``, for functions that only other kernels call; from Python, a TypeError.

    The code that unpacks Python's arguments takes as long to compile as many a kernel: a tuple of tables is twenty
    arrays, each with its shape and its owner. It needs no cache either: a cached kernel holds all that it calls.
    """
    return _without_a_way_in(_compiled(function, no_cpython_wrapper=True))


def inline_kernel(function: F) -> F:
    """As ``inner_kernel``, for small functions: always inlined by LLVM."""
    return _without_a_way_in(_compiled(function, no_cpython_wrapper=True, forceinline=True))


def _compiled(function: F, **options: Any) -> F:
    """``function`` compiled; in a module with ``MAKES_ARRAYS = False`` without numba's counting of references.

    numba counts who holds an array, also a slice of one, by atomic operations. Where every array comes from the caller
    nobody needs to know, and a search without them takes a quarter to a third less time. A kernel that makes an array
    all the same does not compile there.
    """
    import numba

    makes_arrays = function.__globals__.get("MAKES_ARRAYS", True)
    options |= {"nogil": True, "error_model": "numpy", "no_cfunc_wrapper": True, "_nrt": makes_arrays}
    return cast(F, numba.njit(**options)(function))


def _without_a_way_in(dispatcher: F) -> F:
    """Let a call from Python raise: numba would jump to the address of a wrapper that is not there."""

    def refuse(*_: object, **__: object) -> None:
        name = getattr(dispatcher, "__name__", "this kernel")
        raise TypeError(f"{name} can be called from kernels only; @kernel instead of @inner_kernel lets Python call it")

    if hasattr(dispatcher, "_compile_for_args"):  # not where NUMBA_DISABLE_JIT leaves a plain function
        vars(dispatcher).update(_compile_for_args=refuse, _insert=lambda *_: None)
    return dispatcher
