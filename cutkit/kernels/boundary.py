"""Pieces of a boundary, cut by ``nfp``, made into closed loops: doubles taken out, ends joined, vertices judged.

Pieces are rows x0, y0, x1, y1, unit vector x, y; the interior lies to the left. Rounding leaves their ends a little
apart; after ``closed_rows`` every edge ends exactly where another one starts.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel, inner_kernel
from cutkit.kernels.convex import sorted_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@inline_kernel
def _offset(piece: Floats, x: float, y: float) -> float:
    """How far (x, y) lies to the left of the piece's line."""
    return piece[4] * (y - piece[1]) - piece[5] * (x - piece[0])


@inner_kernel
def _take_double(one: Floats, two: Floats, width: float) -> None:
    """Take out what two pieces that run along one line have in common: the second is trimmed, or either is emptied.

    Only where they are nearer than ``width`` all along their common stretch. An empty piece has unit vector (0, 0).
    """
    ux, uy = one[4], one[5]
    if ux * two[4] + uy * two[5] < 0.5:
        return
    length = ux * (one[2] - one[0]) + uy * (one[3] - one[1])
    start = ux * (two[0] - one[0]) + uy * (two[1] - one[1])
    end = ux * (two[2] - one[0]) + uy * (two[3] - one[1])
    low, high = max(0.0, start), min(length, end)
    if high - low <= width:
        return
    at_start, at_end = _offset(one, two[0], two[1]), _offset(one, two[2], two[3])
    slope = (at_end - at_start) / (end - start)
    if abs(at_start + slope * (low - start)) > width or abs(at_start + slope * (high - start)) > width:
        return
    if start >= -width and end <= length + width:
        two[4] = two[5] = 0.0
    elif start <= width and end >= length - width:
        one[4] = one[5] = 0.0
    elif start < 0.0:
        two[2], two[3] = one[0], one[1]
    else:
        two[0], two[1] = one[2], one[3]


@inner_kernel
def without_doubles(pieces: Floats, width: float) -> Floats:
    """The pieces less what runs along another piece in the same direction, nearer than ``width``."""
    count = len(pieces)
    left = np.empty(count)
    for i in range(count):
        left[i] = min(pieces[i, 0], pieces[i, 2])
    order = sorted_order(left)
    for i in range(count):
        one = pieces[order[i]]
        right = max(one[0], one[2]) + width
        low, high = min(one[1], one[3]) - width, max(one[1], one[3]) + width
        for j in range(i + 1, count):
            if left[order[j]] > right or one[4] == one[5] == 0.0:
                break
            two = pieces[order[j]]
            if min(two[1], two[3]) <= high and max(two[1], two[3]) >= low:
                _take_double(one, two, width)
    kept = 0
    for i in range(count):
        if pieces[i, 4] != 0.0 or pieces[i, 5] != 0.0:
            for column in range(6):
                pieces[kept, column] = pieces[i, column]
            kept += 1
    return pieces[:kept]


@inline_kernel
def _root(parent: Ints, k: int) -> int:
    while parent[k] != k:
        parent[k] = parent[parent[k]]
        k = parent[k]
    return k


@inner_kernel
def _vertices(pieces: Floats, width: float) -> Ints:
    """For every end (2 k, 2 k + 1: start and end of piece k) the end that stands for all ends nearer than ``width``."""
    count = 2 * len(pieces)
    xs, parent = np.empty(count), np.arange(count)
    for k in range(count):
        xs[k] = pieces[k // 2, 2 * (k % 2)]
    order = sorted_order(xs)
    for i in range(count):
        here = order[i]
        y = pieces[here // 2, 2 * (here % 2) + 1]
        for j in range(i + 1, count):
            other = order[j]
            if xs[other] - xs[here] > width:
                break
            if abs(pieces[other // 2, 2 * (other % 2) + 1] - y) <= width:
                one, two = _root(parent, here), _root(parent, other)
                parent[max(one, two)] = min(one, two)
    for k in range(count):
        parent[k] = _root(parent, k)
    return parent


@inner_kernel
def _balance(vertex: Ints) -> Ints:
    """For every vertex how many more pieces start than end there."""
    excess = np.zeros(len(vertex), dtype=np.int64)
    for k in range(len(vertex)):
        excess[vertex[k]] += 1 - 2 * (k % 2)
    return excess


@inner_kernel
def _is_open(excess: Ints) -> bool:
    open_vertices = 0
    for k in range(len(excess)):
        open_vertices += abs(excess[k])
    return open_vertices > 0


@inner_kernel
def _join_far(pieces: Floats, vertex: Ints, width: float) -> bool:
    """Join vertices where a piece too many ends with the nearest where one starts; whether none is left over."""
    excess = _balance(vertex)
    for k in range(len(vertex)):
        while vertex[k] == k and excess[k] < 0:
            x, y = pieces[k // 2, 2 * (k % 2)], pieces[k // 2, 2 * (k % 2) + 1]
            best, nearest = -1, width
            for m in range(len(vertex)):
                if vertex[m] == m and excess[m] > 0:
                    gap = math.hypot(pieces[m // 2, 2 * (m % 2)] - x, pieces[m // 2, 2 * (m % 2) + 1] - y)
                    if gap <= nearest:
                        best, nearest = m, gap
            if best < 0:
                return False
            excess[k] += excess[best]
            excess[best] = 0
            for m in range(len(vertex)):
                if vertex[m] == best:
                    vertex[m] = k
    return not _is_open(excess)


@inner_kernel
def _snap(pieces: Floats, vertex: Ints) -> int:
    """Move every end to its vertex and drop pieces of no length (both arrays are packed); how many pieces remain."""
    kept = 0
    place = pieces.copy()
    for k in range(len(pieces)):
        if vertex[2 * k] != vertex[2 * k + 1]:
            for side in range(2):
                v = vertex[2 * k + side]
                pieces[kept, 2 * side], pieces[kept, 2 * side + 1] = (
                    place[v // 2, 2 * (v % 2)],
                    place[v // 2, 2 * (v % 2) + 1],
                )
            vertex[2 * kept], vertex[2 * kept + 1] = vertex[2 * k], vertex[2 * k + 1]
            dx, dy = pieces[kept, 2] - pieces[kept, 0], pieces[kept, 3] - pieces[kept, 1]
            length = math.hypot(dx, dy)
            pieces[kept, 4], pieces[kept, 5] = dx / length, dy / length
            kept += 1
    return kept


@inner_kernel
def _places(vertex: Ints, v: int) -> Ints:
    """The ends that lie in vertex v."""
    places, count = np.empty(len(vertex), dtype=np.int64), 0
    for k in range(len(vertex)):
        if vertex[k] == v:
            places[count] = k
            count += 1
    return places[:count]


@inner_kernel
def _judge_pinch(pieces: Floats, vertex: Ints, v: int, links: Ints, signs: Floats) -> None:
    """Link the pieces that meet in a vertex of several loops, and give all of them the vertex's sign.

    Sorted by angle, the rays of pieces bound sectors that lie inside and outside in turn. A piece that ends is linked
    with the next ray counter-clockwise, across the outside. Only the widest sector has points whose nearest the vertex
    is.
    """
    rays = _places(vertex, v)
    angles = np.empty(len(rays))
    for k in range(len(rays)):
        side = 1.0 - 2.0 * (rays[k] % 2)
        angles[k] = math.atan2(side * pieces[rays[k] // 2, 5], side * pieces[rays[k] // 2, 4])
    order = sorted_order(angles)
    widest, sign = -1.0, 0.0
    for k in range(len(rays)):
        here, following = order[k], order[(k + 1) % len(rays)]
        width = angles[following] - angles[here] + (0.0 if k + 1 < len(rays) else 2.0 * math.pi)
        if width > widest:
            widest, sign = width, (1.0 if rays[here] % 2 == 0 else -1.0)
    taken = np.zeros(len(rays), dtype=np.bool_)
    for k in range(len(rays)):
        ray = rays[order[k]]
        signs[ray] = sign
        if ray % 2 == 0:
            continue
        for m in range(1, len(rays)):
            other = order[(k + m) % len(rays)]
            if rays[other] % 2 == 0 and not taken[other]:
                taken[other] = True
                links[ray // 2] = rays[other] // 2
                break


@inner_kernel
def _link(pieces: Floats, vertex: Ints, links: Ints, signs: Floats) -> None:
    """For every piece the one that follows it, and the sign of either end (as ``vertex``)."""
    last = 0
    for k in range(len(vertex)):
        last = max(last, vertex[k])
    starts, ends = np.zeros(last + 1, dtype=np.int64), np.zeros(last + 1, dtype=np.int64)
    piece_in, piece_out = np.empty(last + 1, dtype=np.int64), np.empty(last + 1, dtype=np.int64)
    for k in range(len(pieces)):
        starts[vertex[2 * k]] += 1
        ends[vertex[2 * k + 1]] += 1
        piece_out[vertex[2 * k]] = k
        piece_in[vertex[2 * k + 1]] = k
    for v in range(len(starts)):
        if starts[v] == 1 and ends[v] == 1:
            i, o = piece_in[v], piece_out[v]
            links[i] = o
            sign = -1.0 if pieces[i, 4] * pieces[o, 5] - pieces[i, 5] * pieces[o, 4] >= 0.0 else 1.0
            signs[2 * i + 1] = signs[2 * o] = sign
        elif starts[v] > 1:
            _judge_pinch(pieces, vertex, v, links, signs)


@inline_kernel
def _is_flat(pieces: Floats, i: int, x: float, y: float, o: int, width: float) -> float:
    """How far the start of piece o lies off the line from (x, y) to its end; infinite where the two turn back."""
    if pieces[i, 4] * pieces[o, 4] + pieces[i, 5] * pieces[o, 5] <= 0.0:
        return math.inf
    dx, dy = pieces[o, 2] - x, pieces[o, 3] - y
    length = math.hypot(dx, dy)
    return abs(dx * (pieces[o, 1] - y) - dy * (pieces[o, 0] - x)) / length if length > 0.0 else math.inf


@inner_kernel
def _loop_rows(pieces: Floats, loop: Ints, signs: Floats, width: float, rows: Floats, row: int) -> int:
    """Write the rows of one loop, merging pieces that go on straight; the row after the last."""
    count, begin = len(loop), 0
    for k in range(count):
        before = loop[(k + count - 1) % count]
        if not _is_flat(pieces, before, pieces[before, 0], pieces[before, 1], loop[k], width) <= 0.5 * width:
            begin = k
            break
    k = 0
    while k < count:
        first = last = loop[(begin + k) % count]
        x, y, strayed = pieces[first, 0], pieces[first, 1], 0.0
        k += 1
        while k < count:
            following = loop[(begin + k) % count]
            strayed += _is_flat(pieces, last, x, y, following, width)
            if strayed > width:
                break
            last = following
            k += 1
        dx, dy = pieces[last, 2] - x, pieces[last, 3] - y
        length = math.hypot(dx, dy)
        rows[row, 0], rows[row, 1], rows[row, 2], rows[row, 3] = x, y, dx / length, dy / length
        rows[row, 4], rows[row, 5], rows[row, 6] = length, signs[2 * first], signs[2 * last + 1]
        row += 1
    return row


@inner_kernel
def _loop_at(links: Ints, first: int, seen: NDArray[np.bool_], loop: Ints) -> int:
    """Write the pieces of the loop that piece ``first`` belongs to; their number."""
    count, k = 0, first
    while not seen[k]:
        seen[k] = True
        loop[count] = k
        count += 1
        k = links[k]
    return count


@inner_kernel
def _area_and_length(pieces: Floats, loop: Ints) -> tuple[float, float]:
    """The signed area within a loop, and its length."""
    area, length = 0.0, 0.0
    x, y = pieces[loop[0], 0], pieces[loop[0], 1]
    for k in loop:
        area += 0.5 * ((pieces[k, 0] - x) * (pieces[k, 3] - y) - (pieces[k, 1] - y) * (pieces[k, 2] - x))
        length += math.hypot(pieces[k, 2] - pieces[k, 0], pieces[k, 3] - pieces[k, 1])
    return area, length


@inner_kernel
def closed_rows(pieces: Floats, near: float, far: float, straight: float, sliver: float) -> tuple[Floats, float, bool]:
    """The boundary as rows (see ``nfp``), its area, and whether it is closed (if not, no rows).

    Ends nearer than ``near`` are one vertex; those left over join over up to ``far``. Pieces that go on straight to
    within ``straight`` are merged; loops narrower than ``sliver`` are dropped.
    """
    nothing = np.empty((0, 7))
    vertex = _vertices(pieces, near)
    if _is_open(_balance(vertex)) and not _join_far(pieces, vertex, far):
        return nothing, 0.0, False
    count = _snap(pieces, vertex)
    if count == 0:
        return nothing, 0.0, False
    pieces, vertex = pieces[:count], vertex[: 2 * count]
    links, signs = np.empty(count, dtype=np.int64), np.empty(2 * count)
    _link(pieces, vertex, links, signs)
    rows, row, total = np.empty((count, 7)), int(np.int64(0)), 0.0
    seen, loop = np.zeros(count, dtype=np.bool_), np.empty(count, dtype=np.int64)
    for k in range(count):
        size = _loop_at(links, k, seen, loop)
        if size > 0:
            area, length = _area_and_length(pieces, loop[:size])
            if abs(area) > 0.5 * sliver * length:
                total += area
                row = _loop_rows(pieces, loop[:size], signs, straight, rows, row)
    return rows[:row], total, True
