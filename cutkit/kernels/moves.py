"""Moving one overlapping piece: scan the strip's lattice, refine the best positions on the exact loss, take the best.

The loss of a pair is sqrt(hull A * hull B) / mean * (depth + floor) where the depth of their overlap is above a
tolerance, else zero; hull X is the square root of the area of X's convex hull. The floor matters: without it the
layouts of least loss are dozens of tiny overlaps, with it one or two pairs. Losses are weighted by guided local search
(GLS).
Sources: sparrow (Gardeyn, Vanden Berghe, Wauters: arXiv 2509.13329) for the scheme; scanning tabulated depths in place
of random sampling is cutkit's own.
"""

from __future__ import annotations

import numpy as np

from cutkit.kernels import inner_kernel
from cutkit.kernels.lattice import descend_on_lattice, scan_on_lattice
from cutkit.kernels.near import depth_to, gather, link, unlink, weigh
from cutkit.kernels.scan import scan
from cutkit.kernels.state import (
    ACTIVE,
    EVALUATIONS,
    FLOOR,
    FREE,
    GAP,
    LENGTH,
    MOVES,
    STEP,
    TOLERANCE,
    WINDOW,
    Layout,
    Scratch,
    Tables,
    limits,
    next_random,
    on_lattice,
)

MAKES_ARRAYS = False


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
    low_x, high_x, low_y, high_y = limits(layout, tables, i, s)
    x = min(max(start[0], low_x), high_x)
    y = min(max(start[1], low_y), high_y)
    low_x, high_x = max(low_x, x - reach), min(high_x, x + reach)
    low_y, high_y = max(low_y, y - reach), min(high_y, y + reach)
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
def enter_losses(layout: Layout, tables: Tables, scratch: Scratch, i: int) -> None:
    """Enter the losses of piece i where it lies now; those of its old place must have been cleared."""
    s = layout.shape[i]
    x = layout.place[i, 0]
    y = layout.place[i, 1]
    count = gather(layout, tables, scratch, i, s, x, y, 0.0)
    tolerance = tables.number[TOLERANCE]
    for k in range(count):
        depth = (
            depth_to(k, x, y, scratch.near_number, scratch.near_shape, tables.cell_start, tables.listed, tables.edges)
            + tables.number[GAP]
        )
        j = scratch.near[k]
        if depth > tolerance and layout.loss[i, j] == 0.0 and (layout.fixed[i] == FREE or layout.fixed[j] == FREE):
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
def _descend(
    layout: Layout,
    tables: Tables,
    scratch: Scratch,
    i: int,
    s: int,
    start: tuple[float, float],
    steps: tuple[float, float],
) -> tuple[float, float, float]:
    """``descend``, on the lattice of a piece that is tied to the cloth's repeat."""
    if on_lattice(layout, i):
        return descend_on_lattice(layout, tables, scratch, i, s, start, steps)
    return descend(layout, tables, scratch, i, s, start, steps)


@inner_kernel
def _scan(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, centre_x: float) -> int:
    """``scan``, over the lattice of a piece that is tied to the cloth's repeat."""
    if on_lattice(layout, i):
        return scan_on_lattice(layout, tables, scratch, i, s, centre_x)
    return scan(layout, tables, scratch, i, s, centre_x)


@inner_kernel
def move_piece(layout: Layout, tables: Tables, scratch: Scratch, i: int) -> None:
    """Look for a better place for piece i, in every orientation it may take, and move it there."""
    s = layout.shape[i]
    x = layout.place[i, 0]
    y = layout.place[i, 1]
    small = 2.0 * min(tables.half[s, 0], tables.half[s, 1])
    best_x, best_y, best = _descend(layout, tables, scratch, i, s, (x, y), (0.25 * small, 0.008 * small))
    best_shape = s
    lattice = 0.5 * tables.number[STEP]
    centre_x = x
    if layout.number[LENGTH] > 2.0 * tables.number[WINDOW] and next_random(layout.random) < 0.5:
        centre_x = next_random(layout.random) * layout.number[LENGTH]
    for o in range(layout.option_start[i], layout.option_start[i + 1]):
        if best <= 0.0:
            break
        t = layout.option[o]
        found = _scan(layout, tables, scratch, i, t, centre_x)
        for k in range(found):
            start = (scratch.candidate[k, 0], scratch.candidate[k, 1])
            cx, cy, loss = _descend(layout, tables, scratch, i, t, start, (lattice, 0.008 * small))
            if loss < best:
                best_x, best_y, best, best_shape = cx, cy, loss, t
                if best <= 0.0:
                    break
    if best > 0.0:
        fine = (0.008 * small, 0.001 * small)
        best_x, best_y, best = _descend(layout, tables, scratch, i, best_shape, (best_x, best_y), fine)
    put(layout, tables, scratch, i, best_shape, best_x, best_y)
    layout.tally[MOVES] += 1
