"""The numba core of the nest: arrays in, arrays out. Imports nothing else of cutkit.

Compiled kernels are cached on disk in a folder that is named after a hash of every kernel source and the numba version.
numba's own bookkeeping is not enough: it returns a stale result when a kernel that another cached kernel calls was
edited (numba issue 1833). The folder is chosen here, before any kernel module can import numba.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, cast

F = TypeVar("F", bound=Callable[..., object])

COMPILED_STAMP = "compiled"
"""A file of this name in the cache folder says that every kernel has been compiled and stored there."""


def _sources_hash() -> str:
    """A short hash of all kernel sources, the numba version and the Python version."""
    import hashlib
    from importlib.metadata import version

    digest = hashlib.sha256(f"{version('numba')} {sys.version_info[:2]}".encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.name.encode())
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]


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

    name = f"kernels-{_sources_hash()}"
    given = os.environ.get("CUTKIT_CACHE_DIR")
    home = Path(given) if given else Path(platformdirs.user_cache_dir("cutkit", appauthor=False))
    if _writable(home / name):
        return home / name
    fallback = Path(tempfile.gettempdir()) / f"cutkit-{os.getuid() if hasattr(os, 'getuid') else 'user'}" / name
    fallback.mkdir(parents=True, exist_ok=True)
    return fallback


CACHE = _choose_cache()
os.environ["NUMBA_CACHE_DIR"] = str(CACHE)
if "numba" in sys.modules:
    sys.modules["numba"].config.CACHE_DIR = str(CACHE)


def is_compiled() -> bool:
    """True where an earlier run has compiled and cached every kernel."""
    return (CACHE / COMPILED_STAMP).exists()


def note_compiled() -> None:
    """Remember that every kernel is in the cache now; a cache that cannot be written is simply not remembered."""
    try:
        (CACHE / COMPILED_STAMP).touch()
    except OSError:
        return


def kernel(function: F) -> F:
    """Compile ``function`` with numba: no Python objects, no GIL, cached on disk.

    No fastmath: a reassociated sum depends on the width of the processor's vectors, and the same seed must give the
    same bytes on any machine of one architecture.
    """
    import numba

    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy")(function))


def inline_kernel(function: F) -> F:
    """As ``kernel``, for small functions that only other kernels call: always inlined by LLVM."""
    import numba

    return cast(F, numba.njit(cache=True, nogil=True, error_model="numpy", forceinline=True)(function))
