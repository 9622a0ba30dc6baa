"""No-fit polygons, exact: where two pieces overlap, as the edges of a boundary.

NFP(A, B) is the set of positions of B's origin at which B overlaps A (A fixed): the interior of the Minkowski sum of A
and -B. The sum is the union of the sums of their convex parts, and its boundary is made of edges of one outline added
to convex corners of the other (E. Behar and J.-M. Lien, Fast and robust 2D Minkowski sum using reduced convolution,
2011). So each such edge is taken, and what lies inside another convex sum is cut out of it, interval by interval; what
is left, linked end to end, is the boundary.

Coincident edges, the rule in garments and rectangles, need no case of their own: an edge is clipped as if it lay
``delta`` to its right, so that an edge running against it on its right covers it and one running with it does not.
Gaps narrower than ``delta`` (``DELTA`` of the size) are closed by that; everything else is exact to rounding.

A boundary is rows (E, 7) float64: start x, y; unit direction x, y; length; sign at the start; sign at the end. The
NFP's interior lies to the left. The sign of an end is that of the signed distance (positive inside) where that end is
the nearest point: -1 at a convex vertex, +1 at a reflex one. ``signed_distance`` shows how rows are to be read.

A shape is given by its convex parts (``convex.convex_parts``).
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel, inner_kernel, kernel
from cutkit.kernels.boundary import closed_rows, without_doubles
from cutkit.kernels.outward import simplify_outward as simplify_outward
from cutkit.kernels.shapes import Shapes, shape_table

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

DELTA = 1e-11
"""Width below which gaps are closed, as a fraction of the NFP's size."""

JOIN = 16.0
"""Ends of edges nearer than this many deltas are one vertex."""

FAR_JOIN = 1e5
"""Ends that found no partner (edges that cross at a tiny angle) may join over this many deltas."""

SLIVER = 1e-7
"""Default of ``sliver``: holes narrower than this fraction of the NFP's size are dropped."""

EXACT, MENDED, FAILED = 0, 1, 2
"""Status of an NFP: all right; all right at the second attempt, with a coarser delta; not closed, and left out."""


class Sums(NamedTuple):
    """The convex sums of a pair: half planes (nx, ny, c; inside where nx x + ny y + c > 0), and boxes.

    Sum of parts i and j is number i * columns + j; ``bands`` are the boxes of part i with the whole of the other shape.
    """

    planes: Floats
    starts: Ints
    boxes: Floats
    bands: Floats
    columns: int


# --- the convex sums of a pair ----------------------------------------------------------------------------------------


@inline_kernel
def _plane(planes: Floats, row: int, px: float, py: float, vx: float, vy: float) -> None:
    length = math.sqrt(vx * vx + vy * vy)
    nx, ny = -vy / length, vx / length
    planes[row, 0], planes[row, 1], planes[row, 2] = nx, ny, -(nx * px + ny * py)


@inner_kernel
def _sum_planes(shapes: Shapes, i: int, j: int, planes: Floats, row: int) -> int:
    """Write the half planes of part i plus the negative of part j, edges merged by angle; the row after the last."""
    a, b, v = shapes.points, shapes.points, shapes.vectors
    a_first, a_last, b_first, b_last = shapes.part_starts[i], shapes.part_starts[i + 1], 0, 0
    b_first, b_last = shapes.part_starts[j], shapes.part_starts[j + 1]
    k, m = a_first + shapes.lowest[i, 0], b_first + shapes.lowest[j, 1]
    a_left, b_left = a_last - a_first, b_last - b_first
    while a_left > 0 or b_left > 0:
        cross = v[k, 1] * v[m, 0] - v[k, 0] * v[m, 1]
        if a_left == 0:
            cross = -1.0
        elif b_left == 0:
            cross = 1.0
        px, py = a[k, 0] - b[m, 0], a[k, 1] - b[m, 1]
        if cross >= 0.0:
            _plane(planes, row, px, py, v[k, 0], v[k, 1])
            k = k + 1 if k + 1 < a_last else a_first
            a_left -= 1
        if cross < 0.0:
            _plane(planes, row, px, py, -v[m, 0], -v[m, 1])
        if cross <= 0.0:
            m = m + 1 if m + 1 < b_last else b_first
            b_left -= 1
        row += 1
    return row


@inner_kernel
def _convex_sums(shapes: Shapes, a: int, b: int) -> Sums:
    """The sums of every part of shape a with the negative of every part of shape b."""
    a_first, a_last = shapes.starts[a, 2], shapes.starts[a + 1, 2]
    b_first, b_last = shapes.starts[b, 2], shapes.starts[b + 1, 2]
    rows, columns = a_last - a_first, b_last - b_first
    a_points = shapes.part_starts[a_last] - shapes.part_starts[a_first]
    b_points = shapes.part_starts[b_last] - shapes.part_starts[b_first]
    planes = np.empty((a_points * columns + b_points * rows, 3))
    starts, boxes = np.empty(rows * columns + 1, dtype=np.int64), np.empty((rows * columns, 4))
    bands = np.empty((rows, 4))
    row = number = int(np.int64(0))  # a literal 0 would compile _sum_planes twice
    for i in range(a_first, a_last):
        band = bands[i - a_first]
        band[0] = band[1] = math.inf
        band[2] = band[3] = -math.inf
        for j in range(b_first, b_last):
            starts[number] = row
            row = _sum_planes(shapes, i, j, planes, row)
            box = boxes[number]
            box[0] = shapes.boxes[i, 0] - shapes.boxes[j, 2]
            box[1] = shapes.boxes[i, 1] - shapes.boxes[j, 3]
            box[2] = shapes.boxes[i, 2] - shapes.boxes[j, 0]
            box[3] = shapes.boxes[i, 3] - shapes.boxes[j, 1]
            band[0], band[1] = min(band[0], box[0]), min(band[1], box[1])
            band[2], band[3] = max(band[2], box[2]), max(band[3], box[3])
            number += 1
    starts[number] = row
    return Sums(planes, starts, boxes, bands, columns)


# --- cutting what is covered out of an edge ---------------------------------------------------------------------------


@inline_kernel
def _covered(sums: Sums, s: int, segment: tuple[float, ...], delta: float, cut: Floats) -> int:
    """How far convex sum s covers the segment moved ``delta`` to its right: 0 not, 1 in part (``cut``), 2 wholly.

    ``cut``: from, to, and how much rounding may have moved each. Where an edge of the sum that runs along with the
    segment bounds it, the cut lies where the segment itself crosses that edge, so that both edges end in one point.
    """
    x, y, ux, uy, length = segment
    x, y = x + delta * uy, y - delta * ux
    low, high, low_cut, high_cut, low_slack, high_slack = 0.0, length, 0.0, length, 0.0, 0.0
    planes = sums.planes
    for k in range(sums.starts[s], sums.starts[s + 1]):
        nx, ny = planes[k, 0], planes[k, 1]
        here, rise = nx * x + ny * y + planes[k, 2], nx * ux + ny * uy
        there = here + rise * length
        if here > 0.0 and there > 0.0:
            continue
        if here <= 0.0 and there <= 0.0:
            return 0
        t = -here / rise
        along = ny * ux - nx * uy
        moved = t - delta * along / rise if along > 0.0 else t
        if rise > 0.0 and t > low:
            low, low_cut, low_slack = t, moved, 1e-4 * delta / rise
        elif rise < 0.0 and t < high:
            high, high_cut, high_slack = t, moved, -1e-4 * delta / rise
        if low >= high:
            return 0
    cut[0], cut[1], cut[2], cut[3] = low_cut, high_cut, low_slack, high_slack
    return 2 if low == 0.0 and high == length else 1


@inner_kernel
def _cuts(sums: Sums, segment: tuple[float, ...], delta: float, last: Ints, cuts: Floats) -> int:
    """Write what the convex sums cover of the segment, sorted; the number of cuts, -1 where it is covered wholly.

    ``last[0]`` is the sum that covered a segment last: it often covers the next one, too.
    """
    x, y, ux, uy, length = segment
    x_low, x_high = min(x, x + length * ux) - delta, max(x, x + length * ux) + delta
    y_low, y_high = min(y, y + length * uy) - delta, max(y, y + length * uy) + delta
    if _covered(sums, last[0], segment, delta, cuts[0]) == 2:
        return -1
    count = int(np.int64(0))
    bands, boxes = sums.bands, sums.boxes
    for i in range(len(bands)):
        if x_high < bands[i, 0] or y_high < bands[i, 1] or x_low > bands[i, 2] or y_low > bands[i, 3]:
            continue
        for s in range(i * sums.columns, (i + 1) * sums.columns):
            if x_high < boxes[s, 0] or y_high < boxes[s, 1] or x_low > boxes[s, 2] or y_low > boxes[s, 3]:
                continue
            found = _covered(sums, s, segment, delta, cuts[count])
            if found == 2:
                last[0] = s
                return -1
            if found == 1:
                _sift(cuts, count)
                count += 1
    return count


@inline_kernel
def _sift(cuts: Floats, k: int) -> None:
    """Move cut k down to its place among the sorted cuts before it."""
    low, high, low_slack, high_slack = cuts[k, 0], cuts[k, 1], cuts[k, 2], cuts[k, 3]
    while k > 0 and cuts[k - 1, 0] > low:
        for column in range(4):
            cuts[k, column] = cuts[k - 1, column]
        k -= 1
    cuts[k, 0], cuts[k, 1], cuts[k, 2], cuts[k, 3] = low, high, low_slack, high_slack


@inner_kernel
def _keep(segment: tuple[float, ...], cuts: Floats, count: int, kept: Floats, row: int) -> int:
    """Write what the cuts leave of the segment (ends, unit vector) from ``row`` on; the row after the last."""
    x, y, ux, uy, length = segment
    start, slack = 0.0, 0.0
    for k in range(count + 1):
        end = cuts[k, 0] if k < count else length
        end_slack = cuts[k, 2] if k < count else 0.0
        if end > start + slack + end_slack:
            kept[row, 0], kept[row, 1] = x + start * ux, y + start * uy
            kept[row, 2], kept[row, 3] = x + end * ux, y + end * uy
            kept[row, 4], kept[row, 5] = ux, uy
            row += 1
        if k < count and cuts[k, 1] > start:
            start, slack = cuts[k, 1], cuts[k, 3]
    return row


@inner_kernel
def _grown(rows: Floats, needed: int) -> Floats:
    """``rows`` where it has ``needed`` rows, else a copy twice as long that has."""
    if needed <= len(rows):
        return rows
    larger = np.empty((max(needed, 2 * len(rows)), rows.shape[1]))
    for k in range(len(rows)):
        for column in range(rows.shape[1]):
            larger[k, column] = rows[k, column]
    return larger


@inner_kernel
def _pieces_of(shapes: Shapes, a: int, b: int, delta: float) -> Floats:
    """What no convex sum covers of the edges of one shape added to the convex corners of the other."""
    sums = _convex_sums(shapes, a, b)
    count, last = int(np.int64(0)), np.zeros(1, dtype=np.int64)
    cuts, kept = np.empty((len(sums.boxes) + 1, 4)), np.empty((64, 6))
    for turn in range(2):
        of, at = (a, b) if turn == 0 else (b, a)
        sign = 1.0 - 2.0 * turn
        for e in range(shapes.starts[of, 0], shapes.starts[of + 1, 0]):
            edge = shapes.edges[e]
            vx, vy = -edge[2], -edge[3]
            for c in range(shapes.starts[at, 1], shapes.starts[at + 1, 1]):
                corner = shapes.corners[c]
                after_in, before_out = corner[2] * vy - corner[3] * vx, vx * corner[5] - vy * corner[4]
                if after_in < 0.0 or before_out < 0.0 or (after_in == 0.0 if turn == 1 else before_out == 0.0):
                    continue
                x, y = sign * (edge[0] - corner[0]), sign * (edge[1] - corner[1])
                segment = (x, y, sign * edge[4], sign * edge[5], edge[6])
                found = _cuts(sums, segment, delta, last, cuts)
                if found >= 0:
                    kept = _grown(kept, count + found + 1)
                    count = _keep(segment, cuts, found, kept, count)
    return kept[:count]


# --- the whole --------------------------------------------------------------------------------------------------------


@inner_kernel
def _pair_rows(shapes: Shapes, a: int, b: int, sliver: float) -> tuple[Floats, int]:
    """The boundary of NFP(a, b) as rows, and its status: closed, and no smaller than Brunn and Minkowski demand."""
    size, least = 0.0, (math.sqrt(shapes.areas[a]) + math.sqrt(shapes.areas[b])) ** 2
    for s in (a, b):
        reach = 0.0
        for p in range(shapes.starts[s, 2], shapes.starts[s + 1, 2]):
            reach = max(reach, shapes.boxes[p, 2], shapes.boxes[p, 3])
        size += 2.0 * reach
        if reach == 0.0:
            return np.empty((0, 7)), FAILED
    status, delta = EXACT, DELTA * size
    while status <= MENDED:
        pieces = without_doubles(_pieces_of(shapes, a, b, delta), 4.0 * delta)
        rows, area, closed = closed_rows(pieces, JOIN * delta, FAR_JOIN * delta, 2.0 * delta, sliver * size)
        if closed and area >= least * (1.0 - 1e-9):
            for k in range(len(rows)):
                rows[k, 0] += shapes.centres[a, 0] - shapes.centres[b, 0]
                rows[k, 1] += shapes.centres[a, 1] - shapes.centres[b, 1]
            return rows, status
        status, delta = status + 1, 100.0 * delta
    return np.empty((0, 7)), FAILED


@kernel
def _pairs_rows(shapes: Shapes, pairs: Ints, sliver: float) -> tuple[Floats, Ints, Ints]:
    rows, starts = np.empty((256, 7)), np.zeros(len(pairs) + 1, dtype=np.int64)
    status = np.empty(len(pairs), dtype=np.int64)
    for p in range(len(pairs)):
        found, status[p] = _pair_rows(shapes, pairs[p, 0], pairs[p, 1], sliver)
        rows = _grown(rows, starts[p] + len(found))
        for k in range(len(found)):
            for column in range(7):
                rows[starts[p] + k, column] = found[k, column]
        starts[p + 1] = starts[p] + len(found)
    return rows[: starts[len(pairs)]], starts, status


def no_fit_batch(
    xy: Floats, part_offsets: Ints, shape_offsets: Ints, pairs: Ints, sliver: float = SLIVER
) -> tuple[Floats, Ints, Ints]:
    """The boundaries of many no-fit polygons: rows, where each pair's rows begin (pairs + 1), status of each pair.

    Shapes as in ``shapes.shape_table``; ``pairs`` (N, 2): A fixed, B moves. Holes narrower than ``sliver`` times the
    NFP's size are dropped. Status: EXACT; MENDED (a coarser delta was needed); FAILED (no rows). Exact to 1e-9 of it.
    Runs without the GIL: threads can share the pairs.
    """
    return _pairs_rows(shape_table(xy, part_offsets, shape_offsets), pairs, float(sliver))


def no_fit_edges(
    a_xy: Floats, a_offsets: Ints, b_xy: Floats, b_offsets: Ints, sliver: float = SLIVER
) -> tuple[Floats, int]:
    """The boundary of NFP(A, B) as rows, and its status, as ``no_fit_batch`` for one pair.

    ``a_xy``, ``a_offsets``: A's convex parts as ``convex.convex_parts`` returns them; likewise B's.
    """
    xy, part_offsets = np.concatenate((a_xy, b_xy)), np.concatenate((a_offsets, b_offsets[1:] + len(a_xy)))
    shape_offsets = np.array([0, len(a_offsets) - 1, len(part_offsets) - 1])
    rows, _, status = no_fit_batch(xy, part_offsets, shape_offsets, np.array([[0, 1]]), sliver)
    return rows, int(status[0])


@kernel
def signed_distance(rows: Floats, x: float, y: float) -> float:
    """How deep (x, y) lies inside the boundary; negative outside, and then its distance. The naive way to read rows.

    The nearest edge decides the sign: by its side where the foot lies on it (to within rounding), else by the vertex.
    """
    nearest, sign = math.inf, -1.0
    for k in range(len(rows)):
        dx, dy, length = x - rows[k, 0], y - rows[k, 1], rows[k, 4]
        along, left = dx * rows[k, 2] + dy * rows[k, 3], dy * rows[k, 2] - dx * rows[k, 3]
        beyond = max(-along, along - length, 0.0)
        square = left * left + beyond * beyond
        if square < nearest:
            nearest = square
            if beyond <= 1e-9 * length:
                sign = 1.0 if left >= 0.0 else -1.0
            else:
                sign = rows[k, 5] if along < 0.0 else rows[k, 6]
    return sign * math.sqrt(nearest)
