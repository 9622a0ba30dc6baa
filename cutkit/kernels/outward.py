"""Outlines with far fewer points that never cut into the piece: simplified outward only.

Two steps add area and take a point away: a hollow point is bridged by the chord between its neighbours, and an edge
between two convex points is dropped by lengthening its neighbours until they meet. The step that adds least comes
first, for as long as every new point lies within the tolerance of the old outline, every old point within the tolerance
of the new one, and no edges cross. Corners stay sharp, because rounding none off adds nothing and none can be cut.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel, inner_kernel, kernel

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Point = tuple[float, float]


class Ring(NamedTuple):
    """An outline that is being simplified: ``old`` points, and a linked list of present ones (``xy``; its last two
    rows are the corners of the box).

    Present point k stands for the old points ``span[k, 0]`` .. ``span[k, 1]`` (cyclic); ``link`` holds the next and the
    previous point, ``step`` (n, 3) the area that taking point k away adds (inf: cannot) and where the new point goes.
    """

    old: Floats
    xy: Floats
    span: Ints
    link: Ints
    step: Floats


@inline_kernel
def _to_segment(x: float, y: float, a: Point, b: Point) -> float:
    """The distance from (x, y) to segment a-b."""
    vx, vy, wx, wy = b[0] - a[0], b[1] - a[1], x - a[0], y - a[1]
    square = vx * vx + vy * vy
    t = 0.0 if square == 0.0 else min(1.0, max(0.0, (wx * vx + wy * vy) / square))
    return math.hypot(wx - t * vx, wy - t * vy)


@inline_kernel
def _at(ring: Ring, k: int) -> Point:
    return ring.xy[k, 0], ring.xy[k, 1]


@inline_kernel
def _turn(a: Point, b: Point, c: Point) -> float:
    return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])


@inner_kernel
def _old_near(ring: Ring, first: int, last: int, path: tuple[Point, ...], tolerance: float) -> bool:
    """Whether the old points ``first`` .. ``last`` lie within the tolerance of the path of five points."""
    count = len(ring.old)
    for i in range((last - first) % count + 1):
        x, y = ring.old[(first + i) % count, 0], ring.old[(first + i) % count, 1]
        near = _to_segment(x, y, path[1], path[2]) <= tolerance or _to_segment(x, y, path[2], path[3]) <= tolerance
        near = near or _to_segment(x, y, path[0], path[1]) <= tolerance
        if not (near or _to_segment(x, y, path[3], path[4]) <= tolerance):
            return False
    return True


@inner_kernel
def _near_old(ring: Ring, point: Point, first: int, last: int, tolerance: float) -> bool:
    """Whether the point lies within the tolerance of the old outline from point ``first`` to ``last``."""
    count = len(ring.old)
    for i in range((last - first) % count):
        a, b = (first + i) % count, (first + i + 1) % count
        if (
            _to_segment(point[0], point[1], (ring.old[a, 0], ring.old[a, 1]), (ring.old[b, 0], ring.old[b, 1]))
            <= tolerance
        ):
            return True
    return False


@inline_kernel
def _meeting(a: Point, b: Point, c: Point, d: Point) -> Point:
    """Where the line a-b meets the line c-d; infinite where they are parallel or all but turn back."""
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], d[0] - c[0], d[1] - c[1]
    cross = ux * vy - uy * vx
    back = ux * vx + uy * vy <= 0.0 and cross <= 0.05 * math.hypot(ux, uy) * math.hypot(vx, vy)
    if back or cross <= 0.0:
        return math.inf, math.inf
    t = ((c[0] - a[0]) * vy - (c[1] - a[1]) * vx) / cross
    return a[0] + t * ux, a[1] + t * uy


@inner_kernel
def _weigh(ring: Ring, k: int, tolerance: float) -> None:
    """Work out what taking point k away adds (the edge from k to its next point where k is convex)."""
    after, before, step = ring.link[0], ring.link[1], ring.step[k]
    step[0] = math.inf
    p, n = before[k], after[k]
    m = after[n]
    if m == p:
        return
    a, b, c, d = _at(ring, p), _at(ring, k), _at(ring, n), _at(ring, m)
    bend = _turn(a, b, c)
    if bend <= 0.0:
        path = (_at(ring, before[p]), a, a, c, d)
        if _old_near(ring, ring.span[p, 0], ring.span[n, 1], path, tolerance):
            step[0] = -0.5 * bend
        return
    if _turn(b, c, d) <= 0.0:
        return
    x = _meeting(a, b, c, d)
    low, high = ring.xy[-2], ring.xy[-1]
    if not (low[0] <= x[0] <= high[0] and low[1] <= x[1] <= high[1]):
        return
    if not _near_old(ring, x, ring.span[p, 1], ring.span[m, 0], tolerance):
        return
    path = (_at(ring, before[p]), a, x, d, _at(ring, after[m]))
    if _old_near(ring, ring.span[p, 0], ring.span[m, 1], path, tolerance):
        step[0], step[1], step[2] = 0.5 * abs(_turn(b, x, c)), x[0], x[1]


@inner_kernel
def _free(ring: Ring, a: Point, b: Point, stop: int, start: int) -> bool:
    """Whether the segment a-b meets none of the edges from point ``start`` on to point ``stop``."""
    low_x, high_x, low_y, high_y = min(a[0], b[0]), max(a[0], b[0]), min(a[1], b[1]), max(a[1], b[1])
    k = start
    while k != stop:
        n = ring.link[0, k]
        c, d = _at(ring, k), _at(ring, n)
        k = n
        if max(c[0], d[0]) < low_x or min(c[0], d[0]) > high_x or max(c[1], d[1]) < low_y or min(c[1], d[1]) > high_y:
            continue
        abc, abd, cda, cdb = _turn(a, b, c), _turn(a, b, d), _turn(c, d, a), _turn(c, d, b)
        if min(abc, abd) <= 0.0 <= max(abc, abd) and min(cda, cdb) <= 0.0 <= max(cda, cdb):
            return False
    return True


@inner_kernel
def _take_away(ring: Ring, k: int) -> bool:
    """Take point k away as ``_weigh`` planned, unless edges would cross."""
    after, before = ring.link[0], ring.link[1]
    p, n = before[k], after[k]
    if _turn(_at(ring, p), _at(ring, k), _at(ring, n)) <= 0.0:
        if not _free(ring, _at(ring, p), _at(ring, n), before[p], after[n]):
            return False
    else:
        m = after[n]
        x = (ring.step[k, 1], ring.step[k, 2])
        if not (_free(ring, _at(ring, k), x, p, m) and _free(ring, x, _at(ring, n), p, m)):
            return False
        ring.xy[n, 0], ring.xy[n, 1] = x
        ring.span[n, 0] = ring.span[k, 0]
    after[p], before[n] = n, p
    ring.step[k, 0] = math.inf
    return True


@inner_kernel
def _cheapest(ring: Ring) -> int:
    """The point that adds least when it is taken away."""
    best = 0
    for k in range(len(ring.old)):
        if ring.step[k, 0] < ring.step[best, 0]:
            best = k
    return best


@kernel
def _take_all(ring: Ring, tolerance: float) -> int:
    """Take points away, the one that adds least first, for as long as one can go; how many points are left."""
    for k in range(len(ring.old)):
        _weigh(ring, k, tolerance)
    left = len(ring.old)
    while left > 3:
        best = _cheapest(ring)
        if ring.step[best, 0] == math.inf:
            break
        if not _take_away(ring, best):
            ring.step[best, 0] = math.inf
            continue
        left -= 1
        near = ring.link[1, ring.link[1, ring.link[1, best]]]
        for _ in range(6):
            _weigh(ring, near, tolerance)
            near = ring.link[0, near]
    return left


def simplify_outward(xy: Floats, tolerance: float) -> Floats:
    """A ring with fewer points that contains the ring ``xy`` (to rounding), within ``tolerance`` and inside its box.

    ``xy`` (n, 2), simple, its first point not repeated, has the piece to its left: an outer ring counter-clockwise, a
    hole clockwise (which then shrinks). The result is simple where the ring is; three points stay as they are.
    """
    count = len(xy)
    if count <= 3 or tolerance <= 0.0:
        return xy.copy()
    places = np.arange(count)
    link = np.array([np.roll(places, -1), np.roll(places, 1)])
    present = np.concatenate((xy, [xy.min(axis=0), xy.max(axis=0)]))
    ring = Ring(xy, present, np.column_stack((places, places)), link, np.empty((count, 3)))
    left = _take_all(ring, float(tolerance))
    return _present(ring, left)


@kernel
def _present(ring: Ring, left: int) -> Floats:
    """The points that are left, in their order."""
    out = np.empty((left, 2))
    k = 0
    while ring.link[1, ring.link[0, k]] != k:
        k += 1
    for i in range(left):
        out[i, 0], out[i, 1] = ring.xy[k, 0], ring.xy[k, 1]
        k = ring.link[0, k]
    return out
