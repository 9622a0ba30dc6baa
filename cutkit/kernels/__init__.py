"""The numba core of the nest: arrays in, arrays out. Imports nothing else of cutkit.

What is decorated as a kernel is compiled when it is first called, and cached on disk (see ``cache``).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from cutkit.kernels import cache

F = TypeVar("F", bound=Callable[..., object])


def kernel(function: F) -> F:
    """Compile ``function`` with numba: no Python objects, no GIL, cached on disk. Python and other kernels may call it.

    No fastmath: a reassociated sum depends on the width of the processor's vectors, and the same seed must give the
    same bytes on any machine of one architecture.
    """
    with cache.in_its_place():
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
