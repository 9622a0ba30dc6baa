"""Compiling every kernel, once on a machine, on two processors where there are two.

The kernels fall in two halves that do not call one another: outlines to no-fit polygons, and everything behind. numba
compiles one function at a time in a process, so each half gets a process; both write to one cache.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import numpy as np
from shapely.geometry import box

from cutkit.kernels import cache, first, nfp
from cutkit.kernels.convex import convex_parts
from cutkit.kernels.outward import simplify_outward
from cutkit.nest.chain import Chain, SearchPlan
from cutkit.nest.problem import Problem
from cutkit.nest.shapes import ShapeSet
from cutkit.nest.start import first_layout, shelf_layout
from cutkit.nest.tables import tabulated

SIDE_MM = 10.0
HOLLOW = SIDE_MM * np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.5, 0.3], [0.0, 1.0]])
"""An outline that is not convex."""
CUT_OUT = SIDE_MM * np.array([[0.1, 0.1], [0.1, 0.2], [0.2, 0.1]])
"""A hole in it."""
POLL_S = 0.05
HALVES = ("compile_outlines", "compile_search")
_PROGRAM = "import gc; gc.disable(); from cutkit.nest.compile import {half}; {half}()"
"""What a process does for its half. It is short, and looking for garbage in all that numba builds takes it longer."""


def compile_kernels(stop: Callable[[], bool]) -> bool:
    """Compile all kernels into the cache; where another process is at it already, wait for that one.

    False where ``stop`` became true before they were all there.
    """
    with _alone(stop) as alone:
        if not alone:
            return False
        if cache.is_compiled():
            return True
        if not _compile_in_processes(stop):
            cache.forget_compiled()
        if stop():
            return False
        compile_outlines()  # both from the cache now, unless a process could not be started or failed
        compile_search()
        cache.note_compiled()
        return True


def _compile_in_processes(stop: Callable[[], bool]) -> bool:
    """Let a process compile each half; False where one failed, as it does where files in the cache are damaged.

    Processes, because numba cannot be stopped once it compiles: they can.
    """
    commands = [[sys.executable, "-c", _PROGRAM.format(half=half)] for half in HALVES]
    none = subprocess.DEVNULL
    running: list[subprocess.Popen[bytes]] = []
    try:
        for command in commands:
            running.append(subprocess.Popen(command, stdout=none, stderr=none))
        while not stop() and any(process.poll() is None for process in running):
            time.sleep(POLL_S)
        return stop() or all(process.returncode == 0 for process in running)
    except OSError:  # no process can be started here: the caller compiles
        return True
    finally:
        for process in running:
            process.kill()
            process.wait()


def compile_outlines() -> None:
    """Compile what leads from simplified outlines to no-fit polygons."""
    rings = np.array([0, len(HOLLOW), len(HOLLOW) + len(CUT_OUT)], dtype=np.int64)
    parts, offsets = convex_parts(np.concatenate([HOLLOW, CUT_OUT]), rings)
    shapes = np.array([0, len(offsets) - 1], dtype=np.int64)
    nfp.no_fit_batch(parts, offsets, shapes, np.array([[0, 0]], dtype=np.int64), nfp.SLIVER)


def compile_search() -> None:
    """Compile what works with no-fit polygons: the tables, the first layout and the search, on three squares.

    And the simplification, because that makes both halves take about equally long.
    """
    simplify_outward(HOLLOW, 0.1)
    shapes = ShapeSet()
    shapes.enter(("square", False, 0.0), box(0, 0, SIDE_MM, SIDE_MM))
    corners = SIDE_MM * np.array([[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0]])
    along = (np.roll(corners, -1, axis=0) - corners) / (2 * SIDE_MM)
    rows = np.column_stack([corners, along, np.full(4, 2 * SIDE_MM), np.full((4, 2), -1.0)])
    height = 2.5 * SIDE_MM
    tables = tabulated(shapes, height, 0.0, [(rows, np.array([0, 4], dtype=np.int64))])
    options = [[0], [0], [0]]
    problem = Problem(tables, options, {0: 0}, SIDE_MM)
    start = shelf_layout(tables.half, options, height, 0.0)
    chain = Chain(problem, SearchPlan(), np.random.default_rng(1), first_layout(problem, start))
    first.begin(chain.layout, tables)
    first.end_of_placed(chain.layout, tables)
    first.take_out(chain.layout, np.zeros(0, dtype=np.int64), 0, 0)
    for slices, _ in enumerate(chain.run()):
        if slices == 3:
            break


@contextmanager
def _alone(stop: Callable[[], bool]) -> Iterator[bool]:
    """Only one process of this user compiles at a time; the others wait, and get False where ``stop`` came first."""
    try:
        import fcntl
    except ImportError:  # not on Windows: there two processes may compile the same, which costs time only
        yield True
        return
    with open(cache.FOLDER / "compiling", "w") as file:
        while not stop():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(POLL_S)
                continue
            yield True
            return
        yield False


if __name__ == "__main__":
    compile_kernels(lambda: False)
