"""Convex parts of an outline, and outlines made simpler without ever cutting into the piece.

An outline is given as rings: ``xy`` (n, 2) float64 holds the outer ring, counter-clockwise, then the holes, clockwise,
none with its first point repeated; ring r is ``xy[offsets[r]:offsets[r + 1]]``.

The decomposition cuts ears off (holes are first joined to the outer ring by bridges), flips diagonals towards Delaunay,
and takes diagonals away for as long as the parts stay convex (S. Hertel and K. Mehlhorn, Fast triangulation of the
plane with respect to simple polygons, 1985). The order in which diagonals go decides how many parts remain, so several
orders are tried. Every decision on which side a point lies is exact (after J. R. Shewchuk, Adaptive precision
floating-point arithmetic, 1997): collinear points, near-duplicates and slivers need no tolerance.
"""

from __future__ import annotations

import math
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel, inner_kernel, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

NOISE = 1e-12
"""Points that lie off the line of their neighbours by less than this fraction of the outline's size are dropped."""

TRIES = 24
"""Orders of removal of the diagonals that are tried; the fewest parts win."""


@kernel
def sorted_order(keys: Floats) -> Ints:
    """The indices that sort ``keys`` ascending, equal keys in their order (compiles faster than numpy's)."""
    count = len(keys)
    order, other = np.arange(count), np.empty(count, dtype=np.int64)
    width = 1
    while width < count:
        for low in range(0, count, 2 * width):
            middle, high = min(low + width, count), min(low + 2 * width, count)
            i, j = low, middle
            for k in range(low, high):
                if i < middle and (j >= high or keys[order[i]] <= keys[order[j]]):
                    other[k] = order[i]
                    i += 1
                else:
                    other[k] = order[j]
                    j += 1
        order, other = other, order
        width *= 2
    return order


@inline_kernel
def _two_product(a: float, b: float) -> tuple[float, float]:
    """a * b as rounded product and its exact error (Dekker's splitting)."""
    product = a * b
    scaled = 134217729.0 * a
    a_high = scaled - (scaled - a)
    a_low = a - a_high
    scaled = 134217729.0 * b
    b_high = scaled - (scaled - b)
    b_low = b - b_high
    return product, a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)


@inner_kernel
def _grow(parts: Floats, count: int, value: float) -> int:
    """Add ``value`` exactly to the expansion ``parts[:count]`` (increasing magnitude); its new length."""
    kept = 0
    total = value
    for i in range(count):
        part = parts[i]
        rounded = total + part
        virtual = rounded - total
        error = (total - (rounded - virtual)) + (part - virtual)
        total = rounded
        if error != 0.0:
            parts[kept] = error
            kept += 1
    if total != 0.0 or kept == 0:
        parts[kept] = total
        kept += 1
    return kept


@inner_kernel
def _turn_exact(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    """The sign of the turn a, b, c without rounding: the six products are summed as an expansion."""
    parts = np.zeros(13)
    count = int(np.int64(0))  # a literal 0 would compile _grow twice
    for left, right in ((ax, by), (-ax, cy), (-cx, by), (-ay, bx), (ay, cx), (cy, bx)):
        product, error = _two_product(left, right)
        count = _grow(parts, count, error)
        count = _grow(parts, count, product)
    return parts[count - 1]


@kernel
def turn(ax: float, ay: float, bx: float, by: float, cx: float, cy: float) -> float:
    """Positive where a, b, c turn left, negative where right, zero where collinear: exact but for underflow."""
    left = (ax - cx) * (by - cy)
    right = (ay - cy) * (bx - cx)
    value = left - right
    if abs(value) > 3.4e-16 * (abs(left) + abs(right)):
        return value
    return _turn_exact(ax, ay, bx, by, cx, cy)


@inner_kernel  # not inlined: with a dozen of them in it, a function takes seconds to compile
def _turn_at(xy: Floats, a: int, b: int, c: int) -> float:
    return turn(xy[a, 0], xy[a, 1], xy[b, 0], xy[b, 1], xy[c, 0], xy[c, 1])


@inline_kernel
def _same(xy: Floats, a: int, b: int) -> bool:
    return xy[a, 0] == xy[b, 0] and xy[a, 1] == xy[b, 1]


@inner_kernel
def _off_line(xy: Floats, a: int, b: int, c: int) -> float:
    """How far b lies from the segment a-c."""
    vx, vy = xy[c, 0] - xy[a, 0], xy[c, 1] - xy[a, 1]
    wx, wy = xy[b, 0] - xy[a, 0], xy[b, 1] - xy[a, 1]
    square = vx * vx + vy * vy
    t = 0.0 if square == 0.0 else min(1.0, max(0.0, (wx * vx + wy * vy) / square))
    return math.hypot(wx - t * vx, wy - t * vy)


@kernel
def _clean_ring(xy: Floats, first: int, last: int, tolerance: float) -> Ints:
    """Indices of the ring's points without duplicates, collinear points and spikes (all within ``tolerance``)."""
    ring = np.arange(first, last)
    count = last - first
    i, calm = 0, 0
    while count >= 3 and calm < count:
        before, here, after = ring[(i + count - 1) % count], ring[i % count], ring[(i + 1) % count]
        if _turn_at(xy, before, here, after) == 0.0 or _off_line(xy, before, here, after) <= tolerance:
            i %= count
            count -= 1
            for k in range(i, count):
                ring[k] = ring[k + 1]
            calm = 0
            i = max(i - 1, 0)
        else:
            i += 1
            calm += 1
    return ring[: count if count >= 3 else 0]


@inner_kernel
def _crosses(xy: Floats, a: int, b: int, c: int, d: int) -> bool:
    """Whether segment a-b touches segment c-d anywhere but in end points with the same coordinates."""
    abc, abd = _turn_at(xy, a, b, c), _turn_at(xy, a, b, d)
    if abc == 0.0 and abd == 0.0:
        k = 0 if abs(xy[b, 0] - xy[a, 0]) >= abs(xy[b, 1] - xy[a, 1]) else 1
        low, high = min(xy[a, k], xy[b, k]), max(xy[a, k], xy[b, k])
        return max(min(xy[c, k], xy[d, k]), low) < min(max(xy[c, k], xy[d, k]), high)
    if _same(xy, a, c) or _same(xy, a, d) or _same(xy, b, c) or _same(xy, b, d):
        return False
    cda, cdb = _turn_at(xy, c, d, a), _turn_at(xy, c, d, b)
    return min(abc, abd) <= 0.0 <= max(abc, abd) and min(cda, cdb) <= 0.0 <= max(cda, cdb)


@inner_kernel
def _in_corner(xy: Floats, before: int, corner: int, after: int, point: int) -> bool:
    """Whether the ray from ``corner`` to ``point`` starts into the inside between the two edges of the corner."""
    left_of_first = _turn_at(xy, before, corner, point) > 0.0
    left_of_second = _turn_at(xy, corner, after, point) > 0.0
    if _turn_at(xy, before, corner, after) >= 0.0:
        return left_of_first and left_of_second
    return left_of_first or left_of_second


@inner_kernel
def _sees(xy: Floats, a: int, b: int, ring: Ints, hole_points: Ints, hole_offsets: Ints) -> bool:
    """Whether the segment a-b crosses neither the ring nor any hole."""
    count = len(ring)
    for i in range(count):
        if _crosses(xy, a, b, ring[i], ring[(i + 1) % count]):
            return False
    for h in range(len(hole_offsets) - 1):
        first, last = hole_offsets[h], hole_offsets[h + 1]
        for i in range(first, last):
            if _crosses(xy, a, b, hole_points[i], hole_points[i + 1 if i + 1 < last else first]):
                return False
    return True


@kernel
def _bridge(xy: Floats, ring: Ints, tip: int, following: int, hole_points: Ints, hole_offsets: Ints) -> int:
    """The place in the ring of the nearest point that sees the hole's point ``tip``; -1 where none does.

    Where the hole touches the ring in ``tip``, that point itself; ``following`` is the hole's next point.
    """
    count = len(ring)
    distance = np.empty(count)
    for i in range(count):
        distance[i] = math.hypot(xy[ring[i], 0] - xy[tip, 0], xy[ring[i], 1] - xy[tip, 1])
    for i in sorted_order(distance):
        before, after = ring[(i + count - 1) % count], ring[(i + 1) % count]
        towards = following if distance[i] == 0.0 else tip
        if not _in_corner(xy, before, ring[i], after, towards):
            continue
        if distance[i] == 0.0 or _sees(xy, tip, ring[i], ring, hole_points, hole_offsets):
            return i
    return -1


def _touch(xy: Floats, hole: Ints, ring: Ints) -> int:
    """The place in the hole of a point that the ring has, too; -1 where they do not touch."""
    common = (xy[hole][:, None] == xy[ring][None]).all(axis=2).any(axis=1)
    return int(common.argmax()) if common.any() else -1


def _joined_ring(xy: Floats, rings: list[Ints]) -> Ints:
    """The outer ring with every hole spliced in; empty where a hole cannot be.

    Holes that touch the ring come first, in the point where they touch; then the rightmost, over a bridge.
    """
    ring, holes = rings[0], sorted(rings[1:], key=lambda hole: float(xy[hole, 0].max()))
    while holes:
        touches = [_touch(xy, hole, ring) for hole in holes]
        pick = next((k for k, place in enumerate(touches) if place >= 0), len(holes) - 1)
        hole = holes.pop(pick)
        hole = np.roll(hole, -(touches[pick] if touches[pick] >= 0 else int(xy[hole, 0].argmax())))
        others = np.concatenate([hole, *holes])
        at = _bridge(xy, ring, hole[0], hole[1], others, np.cumsum([0, len(hole), *map(len, holes)]))
        if at < 0:
            return ring[:0]
        ring = np.concatenate((ring[: at + 1], hole[1:] if touches[pick] >= 0 else np.append(hole, hole[0]), ring[at:]))
    return ring


@inner_kernel
def _is_ear(xy: Floats, ring: Ints, after: Ints, before: Ints, i: int) -> bool:
    """Whether the corner at place i can be cut off: it turns left and no other point lies in its triangle."""
    p, n = before[i], after[i]
    a, b, c = ring[p], ring[i], ring[n]
    if _turn_at(xy, a, b, c) <= 0.0:
        return False
    if after[n] == p:
        return True
    if not (_in_corner(xy, ring[before[p]], a, b, c) and _in_corner(xy, b, c, ring[after[n]], a)):
        return False
    low_x, high_x = min(xy[a, 0], xy[b, 0], xy[c, 0]), max(xy[a, 0], xy[b, 0], xy[c, 0])
    low_y, high_y = min(xy[a, 1], xy[b, 1], xy[c, 1]), max(xy[a, 1], xy[b, 1], xy[c, 1])
    k = after[n]
    while k != p:
        q = ring[k]
        k = after[k]
        if xy[q, 0] < low_x or xy[q, 0] > high_x or xy[q, 1] < low_y or xy[q, 1] > high_y:
            continue
        if _same(xy, q, a) or _same(xy, q, b) or _same(xy, q, c):
            here = before[k]
            if _enters(xy, q, ring[before[here]], a, b, c) or _enters(xy, q, ring[k], a, b, c):
                return False
        elif _turn_at(xy, a, b, q) >= 0.0 and _turn_at(xy, b, c, q) >= 0.0 and _turn_at(xy, c, a, q) >= 0.0:
            return False
    return True


@inner_kernel
def _enters(xy: Floats, q: int, other: int, a: int, b: int, c: int) -> bool:
    """Whether the edge from q, at one of the triangle's corners, to ``other`` starts into the triangle a, b, c."""
    if _same(xy, q, a):
        return _turn_at(xy, a, b, other) > 0.0 and _turn_at(xy, c, a, other) > 0.0
    if _same(xy, q, b):
        return _turn_at(xy, b, c, other) > 0.0 and _turn_at(xy, a, b, other) > 0.0
    return _turn_at(xy, c, a, other) > 0.0 and _turn_at(xy, b, c, other) > 0.0


@kernel
def _ears(xy: Floats, ring: Ints) -> tuple[Ints, Ints]:
    """Triangles by ear cutting, as half-edges: the point at the start of each, and the half-edge across it (-1: none).

    Half-edges 3 t, 3 t + 1, 3 t + 2 go round triangle t. Both empty where the ring is not simple.
    """
    count = len(ring)
    after, before = np.empty(count, dtype=np.int64), np.empty(count, dtype=np.int64)
    for i in range(count):
        after[i], before[i] = (i + 1) % count, (i + count - 1) % count
    start, twin = np.empty(3 * (count - 2), dtype=np.int64), np.full(3 * (count - 2), -1)
    beyond = np.full(count, -1)
    made, i, failed = 0, int(np.int64(0)), 0  # a literal 0 would compile _is_ear twice
    while made < count - 2:
        p, n = before[i], after[i]
        if not _is_ear(xy, ring, after, before, i):
            failed += 1
            if failed > count - made:
                return start[:0], twin[:0]
            i = n
            continue
        h = 3 * made
        start[h], start[h + 1], start[h + 2] = ring[p], ring[i], ring[n]
        _link(twin, h, beyond[p])
        _link(twin, h + 1, beyond[i])
        beyond[p] = h + 2
        after[p], before[n] = n, p
        made, failed, i = made + 1, 0, n
    _link(twin, 3 * count - 7, beyond[i])
    return start, twin


@inline_kernel
def _link(twin: Ints, h: int, other: int) -> None:
    twin[h] = other
    if other >= 0:
        twin[other] = h


def _link_bridges(start: Ints, twin: Ints) -> None:
    """Join the two sides of every bridge: half-edges without another side that run between the same points."""
    loose = np.flatnonzero(twin < 0)
    following = np.where(loose % 3 < 2, loose + 1, loose - 2)
    by_ends = {(int(start[h]), int(start[after])): h for h, after in zip(loose, following, strict=True)}
    for (a, b), h in by_ends.items():
        twin[h] = by_ends.get((b, a), -1)


@inline_kernel
def _next(h: int) -> int:
    return h + 1 if h % 3 < 2 else h - 2


@inner_kernel
def _flip_if_better(xy: Floats, start: Ints, twin: Ints, h: int) -> bool:
    """Turn the diagonal of the two triangles at half-edge h where Delaunay's rule wants it; whether it was turned."""
    g = twin[h]
    h1, g1 = _next(h), _next(g)
    h2, g2 = _next(h1), _next(g1)
    u, v, w, x = start[h], start[g], start[h2], start[g2]
    if _turn_at(xy, x, v, w) <= 0.0 or _turn_at(xy, w, u, x) <= 0.0:
        return False
    ax, ay, bx, by = xy[u, 0] - xy[w, 0], xy[u, 1] - xy[w, 1], xy[v, 0] - xy[w, 0], xy[v, 1] - xy[w, 1]
    cx, cy, dx, dy = xy[v, 0] - xy[x, 0], xy[v, 1] - xy[x, 1], xy[u, 0] - xy[x, 0], xy[u, 1] - xy[x, 1]
    sine = (ax * by - ay * bx) * (cx * dx + cy * dy) + (ax * bx + ay * by) * (cx * dy - cy * dx)
    if sine >= -1e-12 * math.hypot(ax, ay) * math.hypot(bx, by) * math.hypot(cx, cy) * math.hypot(dx, dy):
        return False
    wu, ux, xv, vw = twin[h2], twin[g1], twin[g2], twin[h1]
    start[h], start[h1], start[h2] = x, w, u
    start[g], start[g1], start[g2] = w, x, v
    _link(twin, h1, wu)
    _link(twin, h2, ux)
    _link(twin, g1, xv)
    _link(twin, g2, vw)
    return True


@kernel
def _flip_all(xy: Floats, start: Ints, twin: Ints) -> None:
    """Make the triangles Delaunay within the outline (C. L. Lawson's flips)."""
    for _ in range(len(start)):
        flipped = False
        for h in range(len(start)):
            if twin[h] > h and _flip_if_better(xy, start, twin, h):
                flipped = True
        if not flipped:
            return


@inline_kernel
def _is_convex(xy: Floats, a: int, b: int, c: int, tolerance: float) -> bool:
    return _turn_at(xy, a, b, c) >= 0.0 or _off_line(xy, a, b, c) <= tolerance


@kernel
def _take_away(xy: Floats, start: Ints, twin: Ints, order: Ints, links: Ints, tolerance: float) -> int:
    """Take the diagonals away in this order where both ends stay convex; how many went. ``links``: next, previous."""
    after, before = links[0], links[1]
    for h in range(len(start)):
        after[h] = _next(h)
        before[_next(h)] = h
    gone = 0
    for h in order:
        g = twin[h]
        hp, hn, gp, gn = before[h], after[h], before[g], after[g]
        if not _is_convex(xy, start[hp], start[h], start[after[gn]], tolerance):
            continue
        if not _is_convex(xy, start[gp], start[g], start[after[hn]], tolerance):
            continue
        after[hp], before[gn] = gn, hp
        after[gp], before[hn] = hn, gp
        after[h], after[g] = -1, -1
        gone += 1
    return gone


def _fewest_parts(xy: Floats, start: Ints, twin: Ints, tolerance: float) -> Ints:
    """Half-edge links of the fewest parts found: longest diagonals first, then ``TRIES`` shuffled orders."""
    inner = np.flatnonzero(twin > np.arange(len(twin)))
    length = np.hypot(*(xy[start[inner]] - xy[start[twin[inner]]]).T)
    shuffle = np.random.default_rng(0)
    best, links, most = np.empty((2, len(start)), dtype=np.int64), np.empty((2, len(start)), dtype=np.int64), -1
    for attempt in range(TRIES + 1):
        weight = length if attempt == 0 else length * shuffle.uniform(0.2, 1.2, len(length))
        gone = _take_away(xy, start, twin, inner[np.argsort(-weight, kind="stable")], links, tolerance)
        if gone > most:
            most, best, links = gone, links, best
        if len(inner) == gone:
            break
    return best


@kernel
def _collect(xy: Floats, start: Ints, links: Ints, tolerance: float) -> tuple[Floats, Ints]:
    """The parts' points without collinear ones, one after the other, and where each begins; none that is all flat."""
    after = links[0].copy()
    vertices, offsets = np.empty((len(start), 2)), np.zeros(len(start) + 1, dtype=np.int64)
    ring = np.empty(len(start), dtype=np.int64)
    count, parts = 0, 0
    for first in range(len(start)):
        size, h = 0, first
        while after[h] >= 0:
            ring[size] = start[h]
            size += 1
            following = after[h]
            after[h] = -1
            h = following
        if size == 0:
            continue
        for i in range(size):
            a, b, c = ring[(i + size - 1) % size], ring[i], ring[(i + 1) % size]
            if _turn_at(xy, a, b, c) > 0.0 and _off_line(xy, a, b, c) > tolerance:
                vertices[count, 0], vertices[count, 1] = xy[ring[i], 0], xy[ring[i], 1]
                count += 1
        if count >= offsets[parts] + 3:
            parts += 1
            offsets[parts] = count
        count = offsets[parts]
    return vertices[:count].copy(), offsets[: parts + 1].copy()


def convex_parts(xy: Floats, ring_offsets: Ints) -> tuple[Floats, Ints]:
    """Strictly convex counter-clockwise parts that make up the outline: points (K, 2) and offsets (P + 1).

    The parts use the outline's own points and do not overlap. Points within ``NOISE`` of the line between their
    neighbours, duplicates and zero-width spikes are left out first. No part at all (offsets ``[0]``) says that the
    outline is empty or not simple. Cost: 0.1 ms for 40 points, 1 ms for 200.
    """
    none = np.empty((0, 2)), np.zeros(1, dtype=np.int64)
    tolerance = NOISE * float(np.ptp(xy, axis=0).max()) if len(xy) else 0.0
    bounds = [int(bound) for bound in ring_offsets]
    outer, *holes = [_clean_ring(xy, first, last, tolerance) for first, last in pairwise(bounds)]
    if len(outer) == 0:
        return none
    rings = [outer, *(hole for hole in holes if len(hole))]
    ring = _joined_ring(xy, rings)
    if len(ring) < 3:
        return none
    start, twin = _ears(xy, ring)
    if len(start) == 0:
        return none
    if len(rings) > 1:
        _link_bridges(start, twin)
    _flip_all(xy, start, twin)
    return _collect(xy, start, _fewest_parts(xy, start, twin, tolerance), tolerance)
