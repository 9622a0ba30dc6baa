"""Moving one overlapping piece: scan the strip's lattice, refine the best positions on the exact loss, take the best.

The loss of a pair is sqrt(hull A * hull B) / mean * (depth + floor) where the depth of their overlap is above a
tolerance, else zero; hull X is the square root of the area of X's convex hull. The floor matters: without it the
layouts of least loss are dozens of tiny overlaps, with it one or two pairs. Losses are weighted by guided local search
(GLS).
Sources: sparrow (Gardeyn, Vanden Berghe, Wauters: arXiv 2509.13329) for the scheme; scanning tabulated depths in place
of random sampling is cutkit's own.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel, inner_kernel
from cutkit.kernels.field import Floats, Ints, Longs, Singles, signed_distance

MAKES_ARRAYS = False

# Columns of Tables.number
HEIGHT, STEP, TOLERANCE, FLOOR, GAP, WINDOW, BUCKET = range(7)
# Columns of Layout.number and Layout.tally
LENGTH = 0
ACTIVE, EVALUATIONS, MOVES, SCANNED = range(4)
# Columns of Tables.pair_grid and Tables.pair_shape
SIGN, GRID_X, GRID_Y, PER_CELL = range(4)
COLUMNS, ROWS, FIRST_CELL, STAMP_X, STAMP_Y, STAMP = range(6)

CANDIDATES = 3
"""Lattice positions per orientation that are refined."""
TAKEN = 0x7F800000
"""The bits of a float32 infinity: a lattice position that is not to be picked again."""


class Tables(NamedTuple):
    """All that is known of the shapes before the search; shared by its threads, never written.

    ``half`` (S, 2) half widths and heights of the S shapes' boxes; ``hull`` (S,) weights of their losses; ``pair_grid``
    (S, S, 4) and ``pair_shape`` (S, S, 6) say for a shape B that moves about a fixed shape A where their NFP's cells
    and stamp are; ``number`` the constants above.
    """

    half: Floats
    hull: Floats
    pair_grid: Floats
    pair_shape: Ints
    cell_start: Ints
    listed: Ints
    edges: Floats
    stamps: Singles
    number: Floats


class Layout(NamedTuple):
    """One layout in work and its GLS weights; owned by one thread.

    ``place`` (n, 2) centres; ``shape`` (n,); ``option`` lists for piece i the shapes it may take in
    ``option[option_start[i]:option_start[i + 1]]``; ``loss`` and ``weight`` (n, n), symmetric; ``clashes`` (n,) how
    many others a piece overlaps; ``active`` the pairs that overlap or whose weight is above 1; ``head``, ``after``,
    ``before`` lists of the pieces by x; ``number`` the strip's length; ``tally`` the work done.
    """

    place: Floats
    shape: Ints
    option: Ints
    option_start: Longs
    loss: Singles
    weight: Singles
    clashes: Ints
    active: Ints
    is_active: NDArray[np.bool_]
    head: Ints
    after: Ints
    before: Ints
    number: Floats
    tally: Longs
    random: NDArray[np.uint64]


class Scratch(NamedTuple):
    """Room to work in, one per thread: the scan's sums and their least by row, the neighbours in hand, candidates, an
    order.

    A piece's number is int64, as a loop's count is: kernels that take it as two types are compiled twice.
    """

    sums: Singles
    row_least: Ints
    near: Longs
    near_number: Floats
    near_shape: Ints
    candidate: Floats
    order: Longs


@inline_kernel
def next_random(state: NDArray[np.uint64]) -> float:
    """A uniform number in [0, 1): xorshift64* (Vigna 2016)."""
    x = state[0]
    x ^= x >> np.uint64(12)
    x ^= x << np.uint64(25)
    x ^= x >> np.uint64(27)
    state[0] = x
    return float((x * np.uint64(2685821657736338717)) >> np.uint64(11)) * (1.0 / 9007199254740992.0)


@inline_kernel
def _bucket_of(x: float, width: float, buckets: int) -> int:
    return min(max(int(x / width), 0), buckets - 1)


@inner_kernel
def link(layout: Layout, tables: Tables, i: int) -> None:
    """Enter piece i into the list of its place along the strip."""
    b = _bucket_of(layout.place[i, 0], tables.number[BUCKET], len(layout.head))
    layout.after[i] = layout.head[b]
    layout.before[i] = -1 - b
    if layout.head[b] >= 0:
        layout.before[layout.head[b]] = i
    layout.head[b] = i


@inner_kernel
def unlink(layout: Layout, i: int) -> None:
    """Take piece i out of its list."""
    after = layout.after[i]
    before = layout.before[i]
    if before < 0:
        layout.head[-1 - before] = after
    else:
        layout.after[before] = after
    if after >= 0:
        layout.before[after] = before


@inner_kernel
def gather(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, x: float, y: float, reach: float) -> int:
    """Write to ``scratch`` the pieces that piece i as shape s, within ``reach`` of (x, y), may overlap; how many."""
    half = tables.half
    place = layout.place
    shape = layout.shape
    near = scratch.near
    number = scratch.near_number
    grid = scratch.near_shape
    gap = tables.number[GAP]
    width = tables.number[BUCKET]
    buckets = len(layout.head)
    far = half[s, 0] + reach + gap + width
    first = _bucket_of(x - far, width, buckets)
    last = _bucket_of(x + far, width, buckets)
    found = 0
    for b in range(first, last + 1):
        j = layout.head[b]
        while j >= 0:
            t = shape[j]
            if (
                j != i
                and abs(place[j, 0] - x) < half[s, 0] + half[t, 0] + reach + gap
                and abs(place[j, 1] - y) < half[s, 1] + half[t, 1] + reach + gap
            ):
                near[found] = j
                number[found, 0] = place[j, 0]
                number[found, 1] = place[j, 1]
                number[found, 2] = layout.weight[i, j] * tables.hull[s] * tables.hull[t]
                number[found, 3] = tables.pair_grid[t, s, SIGN]
                number[found, 4] = tables.pair_grid[t, s, GRID_X]
                number[found, 5] = tables.pair_grid[t, s, GRID_Y]
                number[found, 6] = tables.pair_grid[t, s, PER_CELL]
                grid[found, 0] = tables.pair_shape[t, s, COLUMNS]
                grid[found, 1] = tables.pair_shape[t, s, ROWS]
                grid[found, 2] = tables.pair_shape[t, s, FIRST_CELL]
                found += 1
            j = layout.after[j]
    return found


@inline_kernel
def _depth_to(
    k: int, x: float, y: float, number: Floats, grid: Ints, cell_start: Ints, listed: Ints, edges: Floats
) -> float:
    """Signed distance of the position (x, y) to the NFP with gathered neighbour k."""
    sign = number[k, 3]
    return signed_distance(
        sign * (x - number[k, 0]),
        sign * (y - number[k, 1]),
        number[k, 4],
        number[k, 5],
        number[k, 6],
        grid[k, 0],
        grid[k, 1],
        grid[k, 2],
        cell_start,
        listed,
        edges,
    )


@inline_kernel
def weigh(
    x: float,
    y: float,
    near_count: int,
    number: Floats,
    grid: Ints,
    cell_start: Ints,
    listed: Ints,
    edges: Floats,
    tolerance: float,
    floor: float,
    gap: float,
    bound: float,
) -> float:
    """Weighted loss of a position against the gathered neighbours; stops early above ``bound``."""
    total = 0.0
    for k in range(near_count):
        depth = _depth_to(k, x, y, number, grid, cell_start, listed, edges) + gap
        if depth > tolerance:
            total += number[k, 2] * (depth + floor)
            if total >= bound:
                return total
    return total


@inner_kernel
def descend(
    layout: Layout,
    tables: Tables,
    scratch: Scratch,
    i: int,
    s: int,
    start: tuple[float, float],
    steps: tuple[float, float],
) -> tuple[float, float, float]:
    """Coordinate descent of the exact weighted loss from ``start``: axes x, y and both diagonals in random order.

    ``steps`` are the first and the smallest step; the step grows by 1.1 on success and halves on failure. Moves stay
    within four first steps of the start and inside the strip. Returns (x, y, loss); stops at the first zero.
    """
    step, smallest = steps
    reach = 4.0 * step
    half_x = tables.half[s, 0]
    half_y = tables.half[s, 1]
    low_x = max(half_x, start[0] - reach)
    high_x = min(layout.number[LENGTH] - half_x, start[0] + reach)
    low_y = max(half_y, start[1] - reach)
    high_y = min(tables.number[HEIGHT] - half_y, start[1] + reach)
    x = min(max(start[0], low_x), high_x)
    y = min(max(start[1], low_y), high_y)
    near_count = gather(layout, tables, scratch, i, s, x, y, reach)
    number = scratch.near_number
    grid = scratch.near_shape
    cell_start = tables.cell_start
    listed = tables.listed
    edges = tables.edges
    tolerance = tables.number[TOLERANCE]
    floor = tables.number[FLOOR]
    gap = tables.number[GAP]
    best = weigh(x, y, near_count, number, grid, cell_start, listed, edges, tolerance, floor, gap, np.inf)
    evaluations = 1
    axis = int(4.0 * next_random(layout.random))
    while best > 0.0 and step >= smallest:
        dx = 0.0 if axis == 1 else step
        dy = 0.0 if axis == 0 else step
        if axis >= 2:
            dx *= 0.7071067811865476
            dy *= 0.7071067811865476 if axis == 2 else -0.7071067811865476
        xa = min(max(x + dx, low_x), high_x)
        ya = min(max(y + dy, low_y), high_y)
        xb = min(max(x - dx, low_x), high_x)
        yb = min(max(y - dy, low_y), high_y)
        loss_a = weigh(xa, ya, near_count, number, grid, cell_start, listed, edges, tolerance, floor, gap, best)
        loss_b = weigh(xb, yb, near_count, number, grid, cell_start, listed, edges, tolerance, floor, gap, best)
        evaluations += 2
        if loss_a < best and loss_a <= loss_b:
            x, y, best = xa, ya, loss_a
            step *= 1.1
        elif loss_b < best:
            x, y, best = xb, yb, loss_b
            step *= 1.1
        else:
            step *= 0.5
            axis = int(4.0 * next_random(layout.random))
    layout.tally[EVALUATIONS] += evaluations
    return x, y, best


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
    first = _bucket_of(origin[0] - far, width, buckets)
    last = _bucket_of(origin[0] + columns * step + far, width, buckets)
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
    half_x = tables.half[s, 0]
    half_y = tables.half[s, 1]
    step = tables.number[STEP]
    low_x = max(half_x, centre_x - tables.number[WINDOW])
    high_x = min(layout.number[LENGTH] - half_x, centre_x + tables.number[WINDOW])
    low_y = half_y
    high_y = tables.number[HEIGHT] - half_y
    if high_x < low_x:
        return 0
    high_y = max(high_y, low_y)
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


@inner_kernel
def enter_losses(layout: Layout, tables: Tables, scratch: Scratch, i: int) -> None:
    """Enter the losses of piece i where it lies now; those of its old place must have been cleared."""
    s = layout.shape[i]
    x = layout.place[i, 0]
    y = layout.place[i, 1]
    count = gather(layout, tables, scratch, i, s, x, y, 0.0)
    tolerance = tables.number[TOLERANCE]
    for k in range(count):
        depth = (
            _depth_to(k, x, y, scratch.near_number, scratch.near_shape, tables.cell_start, tables.listed, tables.edges)
            + tables.number[GAP]
        )
        j = scratch.near[k]
        if depth > tolerance and layout.loss[i, j] == 0.0:
            loss = tables.hull[s] * tables.hull[layout.shape[j]] * (depth + tables.number[FLOOR])
            layout.loss[i, j] = loss
            layout.loss[j, i] = loss
            layout.clashes[i] += 1
            layout.clashes[j] += 1
            if not layout.is_active[i, j] and layout.tally[ACTIVE] < len(layout.active):
                layout.is_active[i, j] = True
                layout.is_active[j, i] = True
                layout.active[layout.tally[ACTIVE], 0] = i
                layout.active[layout.tally[ACTIVE], 1] = j
                layout.tally[ACTIVE] += 1


@inner_kernel
def clear_losses(layout: Layout, tables: Tables, scratch: Scratch, i: int) -> None:
    """Forget the losses of piece i at its present place."""
    if layout.clashes[i] == 0:
        return
    x = layout.place[i, 0]
    y = layout.place[i, 1]
    count = gather(layout, tables, scratch, i, layout.shape[i], x, y, 0.0)
    for k in range(count):
        j = scratch.near[k]
        if layout.loss[i, j] > 0.0:
            layout.loss[i, j] = 0.0
            layout.loss[j, i] = 0.0
            layout.clashes[i] -= 1
            layout.clashes[j] -= 1


@inner_kernel
def put(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, x: float, y: float) -> None:
    """Move piece i to (x, y) as shape s and bring its losses up to date."""
    clear_losses(layout, tables, scratch, i)
    unlink(layout, i)
    layout.place[i, 0] = x
    layout.place[i, 1] = y
    layout.shape[i] = s
    link(layout, tables, i)
    enter_losses(layout, tables, scratch, i)


@inner_kernel
def move_piece(layout: Layout, tables: Tables, scratch: Scratch, i: int) -> None:
    """Look for a better place for piece i, in every orientation it may take, and move it there."""
    s = layout.shape[i]
    x = layout.place[i, 0]
    y = layout.place[i, 1]
    small = 2.0 * min(tables.half[s, 0], tables.half[s, 1])
    best_x, best_y, best = descend(layout, tables, scratch, i, s, (x, y), (0.25 * small, 0.008 * small))
    best_shape = s
    lattice = 0.5 * tables.number[STEP]
    centre_x = x
    if layout.number[LENGTH] > 2.0 * tables.number[WINDOW] and next_random(layout.random) < 0.5:
        centre_x = next_random(layout.random) * layout.number[LENGTH]
    for o in range(layout.option_start[i], layout.option_start[i + 1]):
        if best <= 0.0:
            break
        t = layout.option[o]
        found = scan(layout, tables, scratch, i, t, centre_x)
        for k in range(found):
            start = (scratch.candidate[k, 0], scratch.candidate[k, 1])
            cx, cy, loss = descend(layout, tables, scratch, i, t, start, (lattice, 0.008 * small))
            if loss < best:
                best_x, best_y, best, best_shape = cx, cy, loss, t
                if best <= 0.0:
                    break
    if best > 0.0:
        fine = (0.008 * small, 0.001 * small)
        best_x, best_y, best = descend(layout, tables, scratch, i, best_shape, (best_x, best_y), fine)
    put(layout, tables, scratch, i, best_shape, best_x, best_y)
    layout.tally[MOVES] += 1
