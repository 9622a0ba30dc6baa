"""Joint relaxation: the last few overlaps pushed apart, with every piece that this stirs giving way a little.

Moves take one piece at a time, by steps that end; a chain of pieces that all must give a hair, and an exact fit, are
beyond them. Here each pair that overlaps is pushed apart by the shortest way, each piece by half, until nothing
overlaps. Source: the projection of position based dynamics (Mueller et al. 2007, section 3.3), in Gauss-Seidel order,
on the no-fit polygons' nearest boundary points.
"""

from __future__ import annotations

import math

import numpy as np

from cutkit.kernels import inline_kernel, inner_kernel
from cutkit.kernels.field import Floats, Ints, cell_of
from cutkit.kernels.lattice import part_inside
from cutkit.kernels.near import gather, link, unlink
from cutkit.kernels.state import (
    ACTIVE,
    EVALUATIONS,
    FREE,
    GAP,
    REPEAT_COS,
    REPEAT_SIN,
    TOLERANCE,
    Layout,
    Scratch,
    Tables,
    limits,
    on_lattice,
)

MAKES_ARRAYS = False
PASSES = 100
"""Six pieces in a row that fit exactly come to rest in about 20; more pieces with little room take longer."""
MOST_CLASHING = 6
"""Pieces that overlap others, at the most, for a relaxation to be tried: three pairs."""
MOST_STIRRED = 60
OVERSHOOT = 1.7
"""How much farther than needed pieces are pushed: chains of pieces come to rest the sooner."""


@inline_kernel
def way_out(edges: Floats, listed: Ints, first: int, last: int, x: float, y: float) -> tuple[float, float, float]:
    """Signed distance from (x, y) to the nearest of the edges ``listed[first:last]``, and the unit vector outward."""
    best = np.inf
    sign = -1.0
    away_x = away_y = along_x = along_y = 0.0
    for k in range(first, last):
        e = listed[k]
        rx = x - edges[e, 0]
        ry = y - edges[e, 1]
        ux = edges[e, 2]
        uy = edges[e, 3]
        along = min(max(rx * ux + ry * uy, 0.0), edges[e, 4])
        left = ux * ry - uy * rx
        s = 0.0
        if along <= 0.0:
            s = edges[e, 5]
        elif along >= edges[e, 4]:
            s = edges[e, 6]
        rx -= along * ux
        ry -= along * uy
        d2 = rx * rx + ry * ry
        if d2 < best:
            best = d2
            sign = s if s != 0.0 else (1.0 if left > 0.0 else -1.0)
            away_x, away_y, along_x, along_y = rx, ry, ux, uy
    distance = math.sqrt(best)
    if distance <= 1e-12 * (abs(x) + abs(y)):
        return 0.0, along_y, -along_x
    return sign * distance, -sign * away_x / distance, -sign * away_y / distance


@inner_kernel
def _shift(layout: Layout, tables: Tables, i: int, dx: float, dy: float) -> None:
    """Move a piece within its limits; one that is tied to the repeat in that direction alone in which it is free."""
    low_x, high_x, low_y, high_y = limits(layout, tables, i, layout.shape[i])
    x, y = layout.place[i, 0], layout.place[i, 1]
    if on_lattice(layout, i):
        c, sn = tables.number[REPEAT_COS], tables.number[REPEAT_SIN]
        du = 0.0 if layout.phase[i, 0] < np.inf else c * dx + sn * dy
        dv = 0.0 if layout.phase[i, 1] < np.inf else c * dy - sn * dx
        dx, dy = c * du - sn * dv, sn * du + c * dv
        part = part_inside(x, y, dx, dy, low_x, high_x, low_y, high_y)
        x, y = x + part * dx, y + part * dy
    else:
        x = max(low_x, min(x + dx, high_x))
        y = max(low_y, min(y + dy, high_y))
    unlink(layout, i)
    layout.place[i, 0], layout.place[i, 1] = x, y
    link(layout, tables, i)


@inner_kernel
def _push(layout: Layout, tables: Tables, scratch: Scratch, i: int, stirred: int) -> int:
    """Push piece i and all that it overlaps apart; how many pieces are stirred now, or -1 where nothing overlaps.

    The stirred pieces are the first of ``scratch.order``.
    """
    number, grid = scratch.near_number, scratch.near_shape
    count = gather(layout, tables, scratch, i, layout.shape[i], layout.place[i, 0], layout.place[i, 1], 0.0)
    layout.tally[EVALUATIONS] += 1
    pushed = False
    for k in range(count):
        j = scratch.near[k]
        sign = number[k, 3]
        x = sign * (layout.place[i, 0] - layout.place[j, 0])
        y = sign * (layout.place[i, 1] - layout.place[j, 1])
        cell = cell_of(x, y, number[k, 4], number[k, 5], number[k, 6], grid[k, 0], grid[k, 1])
        if cell < 0:
            continue
        first, last = tables.cell_start[grid[k, 2] + cell], tables.cell_start[grid[k, 2] + cell + 1]
        if first == last:
            continue
        distance, out_x, out_y = way_out(tables.edges, tables.listed, first, last, x, y)
        depth = distance + tables.number[GAP]
        if depth <= tables.number[TOLERANCE] or (layout.fixed[i] != FREE and layout.fixed[j] != FREE):
            continue
        pushed = True
        part = 0.5 * OVERSHOOT * depth * sign
        if layout.fixed[j] != FREE or layout.fixed[i] != FREE:
            part *= 2.0
        if layout.fixed[i] == FREE:
            _shift(layout, tables, i, part * out_x, part * out_y)
        if layout.fixed[j] != FREE:
            continue
        _shift(layout, tables, j, -part * out_x, -part * out_y)
        known = False
        for other in range(stirred):
            known = known or scratch.order[other] == j
        if not known:
            scratch.order[stirred] = j
            stirred += 1
    return stirred if pushed else -1


@inner_kernel
def _clashing(layout: Layout, scratch: Scratch) -> int:
    """Write the pieces that overlap to ``scratch.order``; how many they are, or -1 where too many."""
    count = 0
    for i in range(len(layout.shape)):
        if layout.clashes[i] > 0:
            if count >= MOST_CLASHING:
                return -1
            scratch.order[count] = i
            count += 1
    return count


@inner_kernel
def relax(layout: Layout, tables: Tables, scratch: Scratch, place: Floats) -> bool:
    """Push apart what overlaps; True where nothing overlaps any more, and the losses say so.

    Else every piece is back in its ``place``. Tried only where few pieces overlap. Shapes do not change.
    """
    stirred = _clashing(layout, scratch)
    if stirred < 0:
        return False
    at_rest = False
    passes = 0
    while not at_rest and passes < PASSES and stirred < MOST_STIRRED:
        at_rest = True
        passes += 1
        k = 0
        while k < stirred:
            now = _push(layout, tables, scratch, scratch.order[k], stirred)
            if now >= 0:
                at_rest = False
                stirred = now
            k += 1
    if not at_rest:
        for k in range(stirred):
            i = scratch.order[k]
            unlink(layout, i)
            layout.place[i, 0], layout.place[i, 1] = place[i, 0], place[i, 1]
            link(layout, tables, i)
        return False
    _forget_losses(layout)
    return True


@inner_kernel
def _forget_losses(layout: Layout) -> None:
    for k in range(layout.tally[ACTIVE]):
        i, j = layout.active[k, 0], layout.active[k, 1]
        layout.loss[i, j] = layout.loss[j, i] = 0.0
    for i in range(len(layout.clashes)):
        layout.clashes[i] = 0
