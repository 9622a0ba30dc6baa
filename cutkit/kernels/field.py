"""Signed distance to no-fit polygons, tabulated: cells that list the few edges that can be nearest, and stamps.

The overlap of two shapes depends only on their relative position v = (position of B) - (position of A). The distance
from v to the boundary of NFP(A, B), positive inside, is the depth by which they overlap. A grid of cells over the NFP's
box lists for each cell the edges that can be nearest to a point in it, so that a query looks at one cell and at a few
edges, and is exact. A stamp is the same depth sampled on the lattice of the strip, for scanning many positions at once.

Rows of an edge table: x, y of the start, unit direction x, y, length, and for either end the sign that the signed
distance has where that vertex is the nearest point: -1 outside, +1 inside, 0 where the vertex is so flat that the side
of the edge's line tells it better. The NFP's interior is on the left.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel, inner_kernel, kernel

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

FAR_OUTSIDE = -1e300
BLOCK = 5
"""Cells are culled first in blocks of BLOCK x BLOCK: most edges are far from a block and are never looked at again."""


@inline_kernel
def point_segment_distance2(edges: Floats, e: int, x: float, y: float) -> float:
    """Squared distance from a point to an edge."""
    rx = x - edges[e, 0]
    ry = y - edges[e, 1]
    along = rx * edges[e, 2] + ry * edges[e, 3]
    if along <= 0.0:
        return rx * rx + ry * ry
    if along >= edges[e, 4]:
        rx -= edges[e, 4] * edges[e, 2]
        ry -= edges[e, 4] * edges[e, 3]
        return rx * rx + ry * ry
    off = rx * edges[e, 3] - ry * edges[e, 2]
    return off * off


@inline_kernel
def nearest_signed_distance(edges: Floats, listed: Ints, first: int, last: int, x: float, y: float) -> float:
    """Signed distance (positive inside) from (x, y) to the nearest of the edges ``listed[first:last]``."""
    best = np.inf
    sign = -1.0
    for k in range(first, last):
        e = listed[k]
        rx = x - edges[e, 0]
        ry = y - edges[e, 1]
        ux = edges[e, 2]
        uy = edges[e, 3]
        along = rx * ux + ry * uy
        length = edges[e, 4]
        if along <= 0.0:
            d2 = rx * rx + ry * ry
            s = edges[e, 5]
        elif along >= length:
            rx -= length * ux
            ry -= length * uy
            d2 = rx * rx + ry * ry
            s = edges[e, 6]
        else:
            off = ux * ry - uy * rx
            d2 = off * off
            s = 0.0
        if s == 0.0:
            s = 1.0 if ux * ry - uy * rx > 0.0 else -1.0
        if d2 < best:
            best = d2
            sign = s
    return sign * math.sqrt(best)


@inline_kernel
def _segment_meets_box(edges: Floats, e: int, x0: float, y0: float, x1: float, y1: float) -> bool:
    """Whether an edge and a box have a point in common (Liang and Barsky's clipping)."""
    low = 0.0
    high = edges[e, 4]
    for axis in range(2):
        start = edges[e, axis]
        along = edges[e, 2 + axis]
        lo = x0 if axis == 0 else y0
        hi = x1 if axis == 0 else y1
        if abs(along) < 1e-300:
            if start < lo or start > hi:
                return False
            continue
        t0 = (lo - start) / along
        t1 = (hi - start) / along
        if t0 > t1:
            t0, t1 = t1, t0
        low = max(low, t0)
        high = min(high, t1)
        if low > high:
            return False
    return True


@inline_kernel
def _point_box_distance2(x: float, y: float, x0: float, y0: float, x1: float, y1: float) -> float:
    dx = max(x0 - x, 0.0, x - x1)
    dy = max(y0 - y, 0.0, y - y1)
    return dx * dx + dy * dy


@inner_kernel
def edges_near_box(edges: Floats, pool: Ints, count: int, box: Floats, low: Floats, out: Ints) -> int:
    """Write to ``out`` those of ``pool[:count]`` that can be the nearest edge of a point in ``box`` (x0, y0, x1, y1).

    An edge is out where even its nearest point to the box is farther than another edge is from the whole of the box;
    the distance to a segment is convex, so its largest value over the box is at a corner. ``low`` is scratch.
    """
    x0, y0, x1, y1 = box[0], box[1], box[2], box[3]
    reach = np.inf
    for k in range(count):
        e = pool[k]
        d00 = point_segment_distance2(edges, e, x0, y0)
        d10 = point_segment_distance2(edges, e, x1, y0)
        d01 = point_segment_distance2(edges, e, x0, y1)
        d11 = point_segment_distance2(edges, e, x1, y1)
        far = max(d00, d10, d01, d11)
        reach = min(reach, far)
        near = min(d00, d10, d01, d11)
        ex = edges[e, 0] + edges[e, 4] * edges[e, 2]
        ey = edges[e, 1] + edges[e, 4] * edges[e, 3]
        near = min(near, _point_box_distance2(edges[e, 0], edges[e, 1], x0, y0, x1, y1))
        near = min(near, _point_box_distance2(ex, ey, x0, y0, x1, y1))
        if near > 0.0 and _segment_meets_box(edges, e, x0, y0, x1, y1):
            near = 0.0
        low[k] = near
    found = 0
    for k in range(count):
        if low[k] <= reach * (1.0 + 1e-12):
            out[found] = pool[k]
            found += 1
    return found


@inner_kernel
def _grids(extents: Floats, cells_along: int, gap: float) -> tuple[Floats, Ints, int]:
    """The grid of every NFP's cells: (x0, y0, 1 / cell size), (columns, rows, first cell), and the cells of all."""
    pairs = len(extents)
    grid = np.empty((pairs, 3))
    shape = np.empty((pairs, 3), dtype=np.int32)
    total = 0
    for p in range(pairs):
        width = 2.0 * (extents[p, 0] + gap)
        height = 2.0 * (extents[p, 1] + gap)
        size = max(width, height) / cells_along * (1.0 + 1e-9)
        columns = math.ceil(width / size)
        rows = math.ceil(height / size)
        grid[p, 0] = -0.5 * columns * size
        grid[p, 1] = -0.5 * rows * size
        grid[p, 2] = 1.0 / size
        shape[p, 0] = columns
        shape[p, 1] = rows
        shape[p, 2] = total
        total += columns * rows
    return grid, shape, total


@inner_kernel
def _longer(numbers: Ints, count: int) -> Ints:
    """A copy with room for ``count`` numbers."""
    longer = np.empty(count, dtype=np.int32)
    for k in range(len(numbers)):
        longer[k] = numbers[k]
    return longer


@kernel
def build_cells(
    edges: Floats, starts: Longs, extents: Floats, cells_along: int, gap: float
) -> tuple[Floats, Ints, Ints, Ints]:
    """The cell tables of many NFPs. NFP p has the edges ``starts[p]:starts[p + 1]`` and lies within +-``extents[p]``.

    Returns per NFP the grid (x0, y0, 1 / cell size), its counts (columns, rows, first cell), and over all cells where
    each one's list begins in the list of edges (absolute edge numbers). A cell that lies wholly outside the NFP, by
    more than ``gap``, has an empty list.
    """
    pairs = len(starts) - 1
    grid, shape, total = _grids(extents, cells_along, gap)
    cell_start = np.zeros(total + 1, dtype=np.int32)
    listed = np.empty(max(16, 4 * total), dtype=np.int32)
    filled = 0
    most = 0
    for p in range(pairs):
        most = max(most, starts[p + 1] - starts[p])
    all_edges = np.empty(most, dtype=np.int32)
    near_block = np.empty(most, dtype=np.int32)
    near_cell = np.empty(most, dtype=np.int32)
    low = np.empty(most)
    box = np.empty(4)
    for p in range(pairs):
        count = starts[p + 1] - starts[p]
        for k in range(count):
            all_edges[k] = starts[p] + k
        columns = shape[p, 0]
        rows = shape[p, 1]
        size = 1.0 / grid[p, 2]
        blocks_x = (columns + BLOCK - 1) // BLOCK
        # Lists of a row of blocks, so that cells can be filled in row order while each block is culled once.
        pool = np.empty((blocks_x, most), dtype=np.int32)
        pool_count = np.zeros(blocks_x, dtype=np.int64)
        for row in range(rows):
            if row % BLOCK == 0:
                for b in range(blocks_x):
                    box[0] = grid[p, 0] + b * BLOCK * size
                    box[1] = grid[p, 1] + row * size
                    box[2] = box[0] + BLOCK * size
                    box[3] = box[1] + BLOCK * size
                    found = edges_near_box(edges, all_edges, count, box, low, near_block)
                    pool_count[b] = found
                    for k in range(found):
                        pool[b, k] = near_block[k]
            for column in range(columns):
                b = column // BLOCK
                box[0] = grid[p, 0] + column * size
                box[1] = grid[p, 1] + row * size
                box[2] = box[0] + size
                box[3] = box[1] + size
                found = edges_near_box(edges, pool[b], pool_count[b], box, low, near_cell)
                centre = nearest_signed_distance(edges, near_cell, 0, found, box[0] + 0.5 * size, box[1] + 0.5 * size)
                cell = shape[p, 2] + row * columns + column
                cell_start[cell] = filled
                if centre + 0.70711 * size + gap > 0.0:
                    if filled + found > len(listed):
                        listed = _longer(listed, 2 * len(listed) + found)
                    for k in range(found):
                        listed[filled + k] = near_cell[k]
                    filled += found
    cell_start[total] = filled
    return grid, shape, cell_start, listed[:filled].copy()


@inline_kernel
def cell_of(x: float, y: float, x0: float, y0: float, per_cell: float, columns: int, rows: int) -> int:
    """The cell of an NFP's grid that (x, y) lies in, counted from its first; -1 outside the grid."""
    fx = (x - x0) * per_cell
    fy = (y - y0) * per_cell
    if fx < 0.0 or fy < 0.0:
        return -1
    column = int(fx)
    row = int(fy)
    if column >= columns or row >= rows:
        return -1
    return row * columns + column


@inline_kernel
def signed_distance(
    x: float,
    y: float,
    x0: float,
    y0: float,
    per_cell: float,
    columns: int,
    rows: int,
    first_cell: int,
    cell_start: Ints,
    listed: Ints,
    edges: Floats,
) -> float:
    """Signed distance from (x, y) to an NFP through its cell table; FAR_OUTSIDE where a cell says so."""
    within = cell_of(x, y, x0, y0, per_cell, columns, rows)
    if within < 0:
        return FAR_OUTSIDE
    cell = first_cell + within
    first = cell_start[cell]
    last = cell_start[cell + 1]
    if first == last:
        return FAR_OUTSIDE
    return nearest_signed_distance(edges, listed, first, last, x, y)


@kernel
def build_stamps(
    grid: Floats,
    shape: Ints,
    cell_start: Ints,
    listed: Ints,
    edges: Floats,
    extents: Floats,
    step: float,
    gap: float,
) -> tuple[Singles, Ints]:
    """The depth of every NFP on a lattice of spacing ``step`` about its centre, row by row, and once more reversed.

    Returns the samples and per NFP the half counts mx, my and where its forward and its reversed stamp begin: a stamp
    has (2 my + 1) rows of (2 mx + 1). Reversed, it is the stamp of the negated relative position.
    """
    pairs = len(grid)
    layout = np.empty((pairs, 4), dtype=np.int32)
    total = 0
    for p in range(pairs):
        mx = int((extents[p, 0] + gap) / step) + 1
        my = int((extents[p, 1] + gap) / step) + 1
        layout[p, 0] = mx
        layout[p, 1] = my
        layout[p, 2] = total
        total += (2 * mx + 1) * (2 * my + 1)
        layout[p, 3] = total
        total += (2 * mx + 1) * (2 * my + 1)
    stamps = np.zeros(total, dtype=np.float32)
    for p in range(pairs):
        mx = layout[p, 0]
        my = layout[p, 1]
        k = layout[p, 2]
        back = layout[p, 3] + (2 * mx + 1) * (2 * my + 1) - 1
        for row in range(-my, my + 1):
            for column in range(-mx, mx + 1):
                d = signed_distance(
                    column * step,
                    row * step,
                    grid[p, 0],
                    grid[p, 1],
                    grid[p, 2],
                    shape[p, 0],
                    shape[p, 1],
                    shape[p, 2],
                    cell_start,
                    listed,
                    edges,
                )
                if d + gap > 0.0:
                    stamps[k] = d + gap
                    stamps[back] = d + gap
                k += 1
                back -= 1
    return stamps, layout
