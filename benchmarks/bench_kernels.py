"""What the kernels cost, one by one, in seconds of the processor: no wall clock, so a busy machine does less harm.

First the preparation of a pair of shapes, by the points of an outline; then the parts of a move, on a layout taken
from the midst of a search (60 pieces of 20 types, 44 points, on 150 cm). Figures are the least of several runs, on one
core; those of moves and sweeps are means over the search itself.

    python benchmarks/bench_kernels.py
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from garments import garment_pieces, strip_instance, write_instance
from numpy.typing import NDArray

POINTS = (8, 20, 44, 88, 150)
SHAPES = 8
"""Shapes of each number of points; all their ordered pairs are prepared."""
RUNS = 5
WIDTH_MM = 1500.0
CASE = (60, 20, 44)
"""Pieces, types and points of the layout that the parts of a move are tried on."""
SLICES = 60
"""Slices of search work before the layout is taken: the strip is tight by then."""
TIMES = 3000
"""Calls of a kernel in one run."""

Floats = NDArray[np.float64]


def least_s(run: Callable[[], Any], runs: int = RUNS) -> float:
    """The least processor seconds of several runs."""
    best = np.inf
    for _ in range(runs):
        begin = time.thread_time()
        run()
        best = min(best, time.thread_time() - begin)
    return float(best)


# --- preparation, by points


def preparation_row(points: int) -> str:
    """Milliseconds per pair: the no-fit polygon, the cells, the stamp; and how many edges a no-fit polygon has."""
    from cutkit.kernels import field
    from cutkit.kernels.convex import convex_parts
    from cutkit.kernels.nfp import FAILED, SLIVER, no_fit_batch
    from cutkit.nest.tables import CELLS_ALONG, LATTICE_ROWS

    outlines = [piece.outline - piece.outline.max(axis=0) / 2 for piece in garment_pieces(SHAPES, points, seed=1)]
    parts = [convex_parts(outline, np.array([0, points])) for outline in outlines]
    xy = np.concatenate([vertices for vertices, _ in parts])
    shape_offsets = np.cumsum([0] + [len(offsets) - 1 for _, offsets in parts])
    part_offsets = np.cumsum(np.concatenate([[0]] + [np.diff(offsets) for _, offsets in parts]))
    pairs = np.array([(a, b) for a in range(SHAPES) for b in range(SHAPES)])
    edges, starts, status = no_fit_batch(xy, part_offsets, shape_offsets, pairs, SLIVER)
    assert not (status == FAILED).any()
    half = np.array([outline.max(axis=0) for outline in outlines])
    extents = half[pairs[:, 0]] + half[pairs[:, 1]]
    step = WIDTH_MM / LATTICE_ROWS
    cells = field.build_cells(edges, starts, extents, CELLS_ALONG[0][1], 0.0)
    field.build_stamps(*cells, edges, extents, step, 0.0)
    costs = [
        least_s(lambda: no_fit_batch(xy, part_offsets, shape_offsets, pairs, SLIVER)),
        least_s(lambda: field.build_cells(edges, starts, extents, CELLS_ALONG[0][1], 0.0)),
        least_s(lambda: field.build_stamps(*cells, edges, extents, step, 0.0)),
    ]
    ms = "".join(f"{1e3 * cost / len(pairs):>10.4f}" for cost in costs)
    return f"{points:>6}{shape_offsets[-1] / SHAPES:>7.1f}{starts[-1] / len(pairs):>8.1f}{ms}"


# --- the parts of a move, on a layout in the midst of a search


def chain_in_search() -> Any:
    """A chain of the search (nest/chain.py) after some work, its layout tight and with some overlaps."""
    from contest import Job

    from cutkit.model import NestSettings
    from cutkit.nest import nest
    from cutkit.nest import run as run_module
    from cutkit.nest.chain import Chain, SearchPlan
    from cutkit.nest.search import Outcome

    caught: list[Any] = []

    def catch(problem: Any, start: Any, *_: Any) -> Outcome:
        caught.extend((problem, start))
        return Outcome([start], 0)

    pieces, types, points = CASE
    with tempfile.TemporaryDirectory() as folder:
        instance = strip_instance(garment_pieces(types, points, 1), pieces, WIDTH_MM, "kernels")
        fabric, demand = Job(str(write_instance(instance, Path(folder) / "kernels.json")), 1).load()
    searching, run_module.search = run_module.search, catch
    nest(fabric, demand, NestSettings(rounds=1))
    run_module.search = searching
    chain = Chain(caught[0], SearchPlan(), np.random.default_rng(1), caught[1])
    for done, _ in enumerate(chain.run()):
        if done >= SLICES:
            break
    return chain


def compiled_loops() -> tuple[Callable[..., Any], ...]:
    """Loops over gather, descend, sum_stamps and scan in compiled code: a call from Python costs as much as a descent.

    They take layout, tables, scratch and how often to call, and go through the pieces in turn.
    """
    from numba import njit

    from cutkit.kernels import moves, near, scan, state

    gather, scan, sum_stamps, descend = near.gather, scan.scan, scan.sum_stamps, moves.descend
    length, height, step_number = state.LENGTH, state.HEIGHT, state.STEP

    @njit(nogil=True)
    def gathers(layout: Any, tables: Any, scratch: Any, times: int) -> int:
        found = 0
        for k in range(times):
            i = k % len(layout.shape)
            step = 0.5 * tables.number[step_number]
            x, y = layout.place[i, 0], layout.place[i, 1]
            found += gather(layout, tables, scratch, i, layout.shape[i], x, y, 4.0 * step)
        return found

    @njit(nogil=True)
    def descents(layout: Any, tables: Any, scratch: Any, times: int) -> float:
        total = 0.0
        for k in range(times):
            i = k % len(layout.shape)
            step = 0.5 * tables.number[step_number]
            start = (layout.place[i, 0] + (k % 7 - 3) * step, layout.place[i, 1] + (k % 5 - 2) * step)
            total += descend(layout, tables, scratch, i, layout.shape[i], start, (step, 0.05 * step))[2]
        return total

    @njit(nogil=True)
    def sums(layout: Any, tables: Any, scratch: Any, times: int) -> None:
        step = tables.number[step_number]
        for k in range(times):
            i = k % len(layout.shape)
            s = layout.shape[i]
            columns = int((layout.number[length] - 2.0 * tables.half[s, 0]) / step) + 1
            rows = int((tables.number[height] - 2.0 * tables.half[s, 1]) / step) + 1
            origin = (tables.half[s, 0], tables.half[s, 1])
            sum_stamps(layout, tables, scratch, i, s, origin, min(columns, len(scratch.sums) // rows), rows)

    @njit(nogil=True)
    def scans(layout: Any, tables: Any, scratch: Any, times: int) -> int:
        found = 0
        for k in range(times):
            i = k % len(layout.shape)
            found += scan(layout, tables, scratch, i, layout.shape[i], layout.place[i, 0])
        return found

    return gathers, descents, sums, scans


def search_rows() -> Iterator[str]:
    """A line per part of a move."""
    from cutkit.kernels import separate, state

    gathers, descents, sums, scans = compiled_loops()
    chain = chain_in_search()
    layout, scratch, tables = chain.layout, chain.scratch, chain.problem.tables
    tally = layout.tally

    def measured(loop: Callable[..., Any], counter: int) -> tuple[float, float]:
        """Microseconds a call, and how far ``counter`` goes up in a call."""
        loop(layout, tables, scratch, 10)
        before = tally[counter]
        us = 1e6 * least_s(lambda: loop(layout, tables, scratch, TIMES)) / TIMES
        return us, (tally[counter] - before) / (RUNS * TIMES)

    gather_us, _ = measured(gathers, state.EVALUATIONS)
    neighbours = gathers(layout, tables, scratch, TIMES) / TIMES
    descent_us, evaluations = measured(descents, state.EVALUATIONS)
    sum_us, added = measured(sums, state.SCANNED)
    scan_us, _ = measured(scans, state.SCANNED)
    evaluation_us = (descent_us - gather_us) / evaluations
    yield f"gathering {neighbours:.1f} neighbours       {gather_us:>9.3f} us"
    yield f"an exact evaluation against them {evaluation_us:>9.4f} us    {1 / evaluation_us:.2f} million a second"
    yield f"a descent, {evaluations:.0f} evaluations       {descent_us:>9.2f} us"
    yield f"summing stamps                   {sum_us:>9.2f} us    {1e3 * sum_us / added:.3f} ns a number added"
    yield f"picking the best positions       {max(0.0, scan_us - sum_us):>9.2f} us    a scan without its sums"
    yield from _moves_and_sweeps(chain, state, separate)


def _moves_and_sweeps(chain: Any, state: Any, separate: Any) -> Iterator[str]:
    """Moves as the search makes them, bookkeeping and all, and one sweep over a layout with many overlaps."""
    layout, scratch, tables = chain.layout, chain.scratch, chain.problem.tables
    before, begin = layout.tally.copy(), time.thread_time()
    for done, _ in enumerate(chain.run()):
        if done >= SLICES:
            break
    spent = time.thread_time() - begin
    count, evaluations, scanned = (layout.tally[k] - before[k] for k in (state.MOVES, state.EVALUATIONS, state.SCANNED))
    text = f"{evaluations / count:.0f} evaluations, {scanned / count:,.0f} numbers added"
    yield f"a move in the search             {1e6 * spent / count:>9.1f} us    {text}"
    rate = evaluations / spent / 1e6
    yield f"the search                                     {rate:.2f} million evaluations a second and core"
    separate.sweep(layout, tables, scratch)  # once uncounted: it is loaded from the cache
    separate.shrink(layout, tables, 0.9 * float(layout.number[state.LENGTH]), 0.0)
    separate.reset(layout, tables, scratch)
    clashing = int((layout.clashes > 0).sum())
    begin = time.thread_time()
    separate.sweep(layout, tables, scratch)
    spent = time.thread_time() - begin
    yield f"a sweep over {clashing} clashing pieces     {1e3 * spent:>9.3f} ms"


def main() -> None:
    """Print both tables."""
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    print("points  parts   edges    nfp ms  cells ms  stamp ms   (a pair of shapes)")
    preparation_row(POINTS[0])
    for points in POINTS:
        print(preparation_row(points), flush=True)
    print(f"\n{CASE[0]} pieces of {CASE[1]} types, {CASE[2]} points")
    for line in search_rows():
        print(line, flush=True)


if __name__ == "__main__":
    main()
