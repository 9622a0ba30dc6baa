"""Pieces tied to the cloth's repeat: moves from one place of a lattice to another.

A piece whose match point must lie at a certain phase of the repeat may lie at the points of a lattice: in both of the
repeat's directions a whole number of repeats apart, or in one of them, and anywhere in the other. So the rule needs no
penalty: the search never leaves the lattice, and a layout without overlaps matches exactly.
"""

from __future__ import annotations

import math

import numpy as np

from cutkit.kernels import inline_kernel, inner_kernel, kernel
from cutkit.kernels.near import gather, weigh
from cutkit.kernels.scan import CANDIDATES, sum_stamps
from cutkit.kernels.state import (
    EVALUATIONS,
    FLOOR,
    FREE,
    GAP,
    REPEAT_COS,
    REPEAT_SIN,
    REPEAT_X,
    REPEAT_Y,
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
RINGS = 3
"""So many repeats to either side a place within the limits is looked for."""
ROUNDING_MM = 1e-7
LEEWAY_MM = 0.4
"""What a match may be off where a tie wants it so; the referee allows 0.5 mm."""


@inline_kernel
def inside(x: float, y: float, low_x: float, high_x: float, low_y: float, high_y: float) -> bool:
    """Whether a place is within the limits, but for rounding."""
    across = low_y - ROUNDING_MM <= y <= high_y + ROUNDING_MM
    return across and low_x - ROUNDING_MM <= x <= high_x + ROUNDING_MM


@inline_kernel
def _to_phase(at: float, phase: float, repeat: float) -> float:
    """How far the nearest place of a phase is; 0 where any will do."""
    if phase == np.inf:
        return 0.0
    off = phase - at
    return off - repeat * math.floor(off / repeat + 0.5)


@inner_kernel
def seat_of(layout: Layout, tables: Tables, i: int, s: int, x: float, y: float) -> tuple[float, float]:
    """The nearest place to (x, y), or about that, where piece i may lie as shape s: within its limits, on its lattice.

    Where it is tied to a place as well, a lattice that comes within ``LEEWAY_MM`` of that gives way. Where no place
    within reach is both, it is on the lattice.
    """
    low_x, high_x, low_y, high_y = limits(layout, tables, i, s)
    x = min(max(x, low_x), high_x)
    y = min(max(y, low_y), high_y)
    if not on_lattice(layout, i):
        return x, y
    c, sn = tables.number[REPEAT_COS], tables.number[REPEAT_SIN]
    along, across = tables.number[REPEAT_X], tables.number[REPEAT_Y]
    u = _to_phase(c * x + sn * y + tables.anchor[s, 0], layout.phase[i, 0], along)
    v = _to_phase(c * y - sn * x + tables.anchor[s, 1], layout.phase[i, 1], across)
    reach_u = 0 if layout.phase[i, 0] == np.inf else RINGS
    reach_v = 0 if layout.phase[i, 1] == np.inf else RINGS
    best_x, best_y = x + c * u - sn * v, y + sn * u + c * v
    wide_x = LEEWAY_MM if high_x - low_x < ROUNDING_MM else 0.0
    wide_y = LEEWAY_MM if high_y - low_y < ROUNDING_MM else 0.0
    least = np.inf
    for k in range(-reach_u, reach_u + 1):
        for m in range(-reach_v, reach_v + 1):
            eu = u + k * along if reach_u else u
            ev = v + m * across if reach_v else v
            px, py = x + c * eu - sn * ev, y + sn * eu + c * ev
            far = eu * eu + ev * ev
            if far < least and inside(px, py, low_x - wide_x, high_x + wide_x, low_y - wide_y, high_y + wide_y):
                least = far
                best_x = min(max(px, low_x), high_x) if wide_x > 0.0 else px
                best_y = min(max(py, low_y), high_y) if wide_y > 0.0 else py
    return best_x, best_y


@kernel
def seat_all(layout: Layout, tables: Tables) -> None:
    """Move every piece that is free to the nearest place where it may lie."""
    for i in range(len(layout.shape)):
        if layout.fixed[i] == FREE:
            x, y = seat_of(layout, tables, i, layout.shape[i], layout.place[i, 0], layout.place[i, 1])
            layout.place[i, 0], layout.place[i, 1] = x, y


@kernel
def all_seated(layout: Layout, tables: Tables) -> bool:
    """Whether every piece that is free lies within its limits: not so where the strip is too short for one of them."""
    for i in range(len(layout.shape)):
        low_x, high_x, low_y, high_y = limits(layout, tables, i, layout.shape[i])
        x, y = layout.place[i, 0], layout.place[i, 1]
        if layout.fixed[i] == FREE and not inside(x, y, low_x, high_x, low_y, high_y):
            return False
    return True


@inline_kernel
def _stride(step: float, repeat: float, phase: float) -> float:
    """The step along a direction: a whole number of repeats where the piece is tied to it."""
    if phase == np.inf:
        return step
    return repeat * max(1.0, math.floor(step / repeat + 0.5))


@inline_kernel
def part_inside(
    x: float, y: float, dx: float, dy: float, low_x: float, high_x: float, low_y: float, high_y: float
) -> float:
    """Which part of a step stays within the limits."""
    part = 1.0
    if x + dx > high_x:
        part = min(part, (high_x - x) / dx)
    elif x + dx < low_x:
        part = min(part, (low_x - x) / dx)
    if y + dy > high_y:
        part = min(part, (high_y - y) / dy)
    elif y + dy < low_y:
        part = min(part, (low_y - y) / dy)
    return max(part, 0.0)


@inner_kernel
def descend_on_lattice(
    layout: Layout,
    tables: Tables,
    scratch: Scratch,
    i: int,
    s: int,
    start: tuple[float, float],
    steps: tuple[float, float],
) -> tuple[float, float, float]:
    """Coordinate descent of the exact weighted loss as ``moves.descend`` does it, but along the repeat's directions.

    Where a piece is tied to a direction, its steps there are whole repeats. The start is moved to the lattice.
    """
    step, smallest = steps
    x, y = seat_of(layout, tables, i, s, start[0], start[1])
    along, across = tables.number[REPEAT_X], tables.number[REPEAT_Y]
    phase_u, phase_v = layout.phase[i, 0], layout.phase[i, 1]
    tied_u, tied_v = phase_u < np.inf, phase_v < np.inf
    reach = 4.0 * max(step, max(along if tied_u else 0.0, across if tied_v else 0.0))
    if tied_u and tied_v:
        smallest = max(smallest, 0.2 * min(along, across))
    low_x, high_x, low_y, high_y = limits(layout, tables, i, s)
    low_x, high_x = max(low_x, x - reach), min(high_x, x + reach)
    low_y, high_y = max(low_y, y - reach), min(high_y, y + reach)
    c, sn = tables.number[REPEAT_COS], tables.number[REPEAT_SIN]
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
        du = 0.0 if axis == 1 else _stride(step, along, phase_u)
        dv = 0.0 if axis == 0 else _stride(step, across, phase_v)
        if axis == 3:
            dv = -dv
        tied = (axis != 1 and tied_u) or (axis != 0 and tied_v)
        better = False
        from_x, from_y = x, y
        for side in range(2):
            sign = 1.0 if side == 0 else -1.0
            dx, dy = sign * (c * du - sn * dv), sign * (sn * du + c * dv)
            if tied:
                if not inside(from_x + dx, from_y + dy, low_x, high_x, low_y, high_y):
                    continue
            else:
                part = part_inside(from_x, from_y, dx, dy, low_x, high_x, low_y, high_y)
                dx, dy = part * dx, part * dy
            px, py = from_x + dx, from_y + dy
            loss = weigh(px, py, near_count, number, grid, cell_start, listed, edges, tolerance, floor, gap, best)
            evaluations += 1
            if loss < best:
                x, y, best = px, py, loss
                better = True
        if better:
            step *= 1.1
        else:
            step *= 0.5
            axis = int(4.0 * next_random(layout.random))
    layout.tally[EVALUATIONS] += evaluations
    return x, y, best


@inline_kernel
def _first_at(low: float, phase: float, repeat: float) -> float:
    """The first place from ``low`` on that has a phase; ``low`` where any will do."""
    if phase == np.inf:
        return low
    return phase + repeat * math.ceil((low - phase) / repeat - 1e-9)


@inner_kernel
def _note(scratch: Scratch, found: int, x: float, y: float, value: float, apart: float) -> int:
    """Keep a position if it is one of the lowest so far, and not beside a lower one; how many candidates there are."""
    candidate = scratch.candidate
    for k in range(found):
        if abs(candidate[k, 0] - x) < apart and abs(candidate[k, 1] - y) < apart:
            if value < candidate[k, 2]:
                candidate[k, 0], candidate[k, 1], candidate[k, 2] = x, y, value
            return found
    if found < CANDIDATES:
        k = found
        found += 1
    else:
        k = 0
        for m in range(1, found):
            if candidate[m, 2] > candidate[k, 2]:
                k = m
        if value >= candidate[k, 2]:
            return found
    candidate[k, 0], candidate[k, 1], candidate[k, 2] = x, y, value
    return found


@inner_kernel
def scan_on_lattice(layout: Layout, tables: Tables, scratch: Scratch, i: int, s: int, centre_x: float) -> int:
    """As ``scan.scan``, over the places of the piece's lattice; where that is dense, over some of them."""
    step = tables.number[STEP]
    low_x, high_x, low_y, high_y = limits(layout, tables, i, s)
    low_x = max(low_x, centre_x - tables.number[WINDOW])
    high_x = min(high_x, centre_x + tables.number[WINDOW])
    if high_x < low_x:
        return 0
    columns = int((high_x - low_x) / step) + 1
    rows = int((high_y - low_y) / step) + 1
    sum_stamps(layout, tables, scratch, i, s, (low_x, low_y), columns, rows)
    c, sn = tables.number[REPEAT_COS], tables.number[REPEAT_SIN]
    phase_u, phase_v = layout.phase[i, 0], layout.phase[i, 1]
    anchor_u, anchor_v = tables.anchor[s, 0], tables.anchor[s, 1]
    low_u = min(c * low_x, c * high_x) + min(sn * low_y, sn * high_y) + anchor_u
    high_u = max(c * low_x, c * high_x) + max(sn * low_y, sn * high_y) + anchor_u
    low_v = min(c * low_y, c * high_y) - max(sn * low_x, sn * high_x) + anchor_v
    high_v = max(c * low_y, c * high_y) - min(sn * low_x, sn * high_x) + anchor_v
    stride_u = _stride(0.8 * step, tables.number[REPEAT_X], phase_u)
    stride_v = _stride(0.8 * step, tables.number[REPEAT_Y], phase_v)
    u = _first_at(low_u, phase_u, tables.number[REPEAT_X])
    first_v = _first_at(low_v, phase_v, tables.number[REPEAT_Y])
    if phase_u < np.inf:
        u += tables.number[REPEAT_X] * int(next_random(layout.random) * stride_u / tables.number[REPEAT_X])
    if phase_v < np.inf:
        first_v += tables.number[REPEAT_Y] * int(next_random(layout.random) * stride_v / tables.number[REPEAT_Y])
    found = 0
    while u <= high_u + ROUNDING_MM:
        v = first_v
        while v <= high_v + ROUNDING_MM:
            x = c * (u - anchor_u) - sn * (v - anchor_v)
            y = sn * (u - anchor_u) + c * (v - anchor_v)
            if inside(x, y, low_x, high_x, low_y, high_y):
                column = min(max(int((x - low_x) / step + 0.5), 0), columns - 1)
                row = min(max(int((y - low_y) / step + 0.5), 0), rows - 1)
                found = _note(scratch, found, x, y, scratch.sums[row * columns + column], 1.5 * step)
            v += stride_v
        u += stride_u
    return found
