"""Scanning a lattice of positions at once: the stamped depths of all other pieces, weighted and added up.

That is cutkit's own, in place of the random samples of sparrow (arXiv 2509.13329).
"""

from __future__ import annotations

import numpy as np

from cutkit.kernels import inner_kernel
from cutkit.kernels.field import Floats, Ints, Singles
from cutkit.kernels.near import bucket_of
from cutkit.kernels.state import (
    BUCKET,
    GAP,
    SCANNED,
    STAMP,
    STAMP_X,
    STAMP_Y,
    STEP,
    WINDOW,
    Layout,
    Scratch,
    Tables,
    limits,
    next_random,
)

MAKES_ARRAYS = False

CANDIDATES = 3
"""Lattice positions per orientation that are refined."""
TAKEN = 0x7F800000
"""The bits of a float32 infinity: a lattice position that is not to be picked again."""


@inner_kernel
def _add_stamp(
    sums: Singles, columns: int, rows: int, stamps: Singles, where: tuple[int, int, int, int, int], weight: float
) -> int:
    """Add a weighted stamp to the scan's sums; returns how many numbers were added.

    ``where``: the stamp's begin, its half counts, and its column and row that fall on the sums' first column and row.
    """
    begin, mx, my, shift_x, shift_y = where
    width = 2 * mx + 1
    first_column = max(0, -shift_x)
    count = min(columns, width - shift_x) - first_column
    first_row = max(0, -shift_y)
    last_row = min(rows, 2 * my + 1 - shift_y)
    if count <= 0 or last_row <= first_row:
        return 0
    w = np.float32(weight)
    for row in range(first_row, last_row):
        source = begin + (row + shift_y) * width + shift_x + first_column
        target = row * columns + first_column
        # Slices, because LLVM makes vector code of a loop from 0: eight times as fast as indices into the whole.
        here = sums[target : target + count]
        there = stamps[source : source + count]
        for k in range(count):
            here[k] += w * there[k]
    return count * (last_row - first_row)


@inner_kernel
def sum_stamps(
    layout: Layout,
    tables: Tables,
    scratch: Scratch,
    i: int,
    s: int,
    origin: tuple[float, float],
    columns: int,
    rows: int,
) -> None:
    """The weighted depth of piece i, as shape s, over all others at ``columns`` x ``rows`` lattice positions.

    Written to ``scratch.sums`` row by row, from ``origin``, a lattice step apart.
    """
    step = tables.number[STEP]
    sums = scratch.sums
    sums[: columns * rows] = 0.0
    width = tables.number[BUCKET]
    buckets = len(layout.head)
    far = tables.half[s, 0] + 2.0 * width + tables.number[GAP]
    first = bucket_of(origin[0] - far, width, buckets)
    last = bucket_of(origin[0] + columns * step + far, width, buckets)
    weight = layout.weight
    place = layout.place
    shape = layout.shape
    added = 0
    for b in range(first, last + 1):
        j = layout.head[b]
        while j >= 0:
            if j != i:
                t = shape[j]
                mx = tables.pair_shape[t, s, STAMP_X]
                my = tables.pair_shape[t, s, STAMP_Y]
                shift_x = round((origin[0] - place[j, 0]) / step) + mx
                shift_y = round((origin[1] - place[j, 1]) / step) + my
                if shift_x < 2 * mx + 1 and shift_x + columns > 0:
                    w = weight[i, j] * tables.hull[s] * tables.hull[t]
                    where = (tables.pair_shape[t, s, STAMP], mx, my, shift_x, shift_y)
                    added += _add_stamp(sums, columns, rows, tables.stamps, where, w)
            j = layout.after[j]
    layout.tally[SCANNED] += added + columns * rows


@inner_kernel
def scan(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, centre_x: float) -> int:
    """Write to ``scratch.candidate`` the best lattice positions of piece i as shape s, at least two steps apart.

    The sums of the weighted stamps of all other pieces are taken over the whole strip, or where it is long over a
    window about ``centre_x``. The lattice is anchored at random at either end and edge. Returns their number.
    """
    step = tables.number[STEP]
    low_x, high_x, low_y, high_y = limits(layout, tables, i, s)
    low_x = max(low_x, centre_x - tables.number[WINDOW])
    high_x = min(high_x, centre_x + tables.number[WINDOW])
    if high_x < low_x:
        return 0
    columns = int((high_x - low_x) / step) + 1
    rows = int((high_y - low_y) / step) + 1
    origin_x = low_x if next_random(layout.random) < 0.5 else high_x - (columns - 1) * step
    origin_y = low_y if next_random(layout.random) < 0.5 else high_y - (rows - 1) * step
    sum_stamps(layout, tables, scratch, i, s, (origin_x, origin_y), columns, rows)
    return _pick(scratch.sums, columns, rows, (origin_x, origin_y, step), scratch.row_least, scratch.candidate)


@inner_kernel
def _pick(
    sums: Singles, columns: int, rows: int, lattice: tuple[float, float, float], row_least: Ints, candidate: Floats
) -> int:
    """The lowest lattice positions, none within a step of another; as x, y in ``candidate``. Returns their number.

    ``lattice``: x and y of the first position, and the step. ``row_least`` is room for a number per row. The sums are
    spoilt.
    """
    # Floats that are not negative sort like the integers of the same bits, whose least LLVM finds with vector code.
    bits = sums[: columns * rows].view(np.int32)
    for r in range(rows):
        row_least[r] = _least(bits[r * columns : (r + 1) * columns])
    found = 0
    for k in range(CANDIDATES):
        row = 0
        for r in range(1, rows):
            if row_least[r] < row_least[row]:
                row = r
        least = row_least[row]
        if least >= TAKEN or (least == 0 and k > 0):
            break
        column = 0
        while bits[row * columns + column] != least:
            column += 1
        candidate[k, 0] = lattice[0] + column * lattice[2]
        candidate[k, 1] = lattice[1] + row * lattice[2]
        found += 1
        for r in range(max(0, row - 1), min(rows, row + 2)):
            for c in range(max(0, column - 1), min(columns, column + 2)):
                bits[r * columns + c] = TAKEN
            row_least[r] = _least(bits[r * columns : (r + 1) * columns])
    return found


@inner_kernel
def _least(numbers: Ints) -> int:
    least = numbers[0]
    for k in range(len(numbers)):
        least = min(least, numbers[k])
    return least
