"""The pieces near a place, and the exact weighted loss of a position against them."""

from __future__ import annotations

from cutkit.kernels import inline_kernel, inner_kernel
from cutkit.kernels.field import Floats, Ints, signed_distance
from cutkit.kernels.state import (
    BUCKET,
    COLUMNS,
    FIRST_CELL,
    GAP,
    GRID_X,
    GRID_Y,
    PER_CELL,
    ROWS,
    SIGN,
    Layout,
    Scratch,
    Tables,
)

MAKES_ARRAYS = False


@inline_kernel
def bucket_of(x: float, width: float, buckets: int) -> int:
    return min(max(int(x / width), 0), buckets - 1)


@inner_kernel
def link(layout: Layout, tables: Tables, i: int) -> None:
    """Enter piece i into the list of its place along the strip."""
    b = bucket_of(layout.place[i, 0], tables.number[BUCKET], len(layout.head))
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
    first = bucket_of(x - far, width, buckets)
    last = bucket_of(x + far, width, buckets)
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
def depth_to(
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
        depth = depth_to(k, x, y, number, grid, cell_start, listed, edges) + gap
        if depth > tolerance:
            total += number[k, 2] * (depth + floor)
            if total >= bound:
                return total
    return total
