"""What convex parts tell about a shape: its outline's edges and convex corners, and its parts ready to be added up.

The outline is found from the parts alone: an edge that another part has in the opposite direction lies inside, and a
point is a convex corner of the outline only for directions that are extreme in every part that meets there. Where
parts do not match point for point, more than the outline's edges and corners is found; the no-fit polygon's clipping
takes that out again.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import inline_kernel, inner_kernel, kernel
from cutkit.kernels.convex import sorted_order

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Shapes(NamedTuple):
    """What the convex parts of many shapes tell about them; shape s has the rows ``starts[s]`` .. ``starts[s + 1]``.

    ``edges`` (x, y, vector, unit vector, length) and ``corners`` (x, y, vector in, vector out) of the outlines, the
    latter only convex ones; ``points`` and ``vectors`` of the parts' edges, ``part_starts``, ``boxes`` and the place of
    the ``lowest`` and highest point of every part. Centred on each shape's box; ``centres`` says by how much, ``areas``
    are the shapes' areas. Columns of ``starts``: edges, corners, parts.
    """

    edges: Floats
    corners: Floats
    points: Floats
    vectors: Floats
    part_starts: Ints
    boxes: Floats
    lowest: Ints
    starts: Ints
    centres: Floats
    areas: Floats


@inner_kernel
def _same_points(points: Floats) -> Ints:
    """For every point the number of the first point with the same coordinates."""
    first, xs = np.arange(len(points)), np.empty(len(points))
    for k in range(len(points)):
        xs[k] = points[k, 0]
    order = sorted_order(xs)
    begin = 0
    for i in range(len(order)):
        here = order[i]
        while points[order[begin], 0] != points[here, 0]:
            begin += 1
        for k in range(begin, i):
            if points[order[k], 1] == points[here, 1]:
                first[here] = first[order[k]]
                break
    return first


@inline_kernel
def _within(ax: float, ay: float, bx: float, by: float, x: float, y: float) -> bool:
    """Whether direction (x, y) lies in the closed turn of less than 180 degrees from a to b."""
    return ax * y - ay * x >= 0.0 and x * by - y * bx >= 0.0


@inner_kernel
def _narrow(corner: Floats, ax: float, ay: float, bx: float, by: float) -> None:
    """Narrow the corner's turn to what the turn from a to b has in common with it; to zero vectors where nothing."""
    in_x, in_y, out_x, out_y = corner[2], corner[3], corner[4], corner[5]
    if in_x == in_y == 0.0:
        return
    if _within(in_x, in_y, out_x, out_y, ax, ay):
        in_x, in_y = ax, ay
    if _within(corner[2], corner[3], out_x, out_y, bx, by):
        out_x, out_y = bx, by
    if _within(ax, ay, bx, by, in_x, in_y) and _within(ax, ay, bx, by, out_x, out_y):
        corner[2], corner[3], corner[4], corner[5] = in_x, in_y, out_x, out_y
    else:
        corner[2] = corner[3] = corner[4] = corner[5] = 0.0


@inner_kernel
def _outline_corners(points: Floats, vectors: Floats, before: Ints, same: Ints, corners: Floats) -> int:
    """Write the convex corners of the outline: what the turns of all parts that meet in a point have in common."""
    place = np.full(len(points), -1)
    count = 0
    for k in range(len(points)):
        in_x, in_y = vectors[before[k], 0], vectors[before[k], 1]
        if same[k] == k:
            place[k] = count
            corners[count, 0], corners[count, 1] = points[k, 0], points[k, 1]
            corners[count, 2], corners[count, 3] = in_x, in_y
            corners[count, 4], corners[count, 5] = vectors[k, 0], vectors[k, 1]
            count += 1
        else:
            _narrow(corners[place[same[k]]], in_x, in_y, vectors[k, 0], vectors[k, 1])
    kept = 0
    for k in range(count):
        if corners[k, 2] * corners[k, 5] - corners[k, 3] * corners[k, 4] > 0.0:
            for column in range(6):
                corners[kept, column] = corners[k, column]
            kept += 1
    return kept


@inner_kernel
def _outline_edges(points: Floats, vectors: Floats, after: Ints, same: Ints, edges: Floats) -> int:
    """Write the edges of the outline: those of the parts that no other part has in the opposite direction."""
    count = len(points)
    head, following = np.full(count, -1), np.full(count, -1)
    for k in range(count):
        following[k] = head[same[k]]
        head[same[k]] = k
    kept = 0
    for k in range(count):
        other = head[same[after[k]]]
        while other >= 0 and same[after[other]] != same[k]:
            other = following[other]
        if other < 0:
            x, y = vectors[k, 0], vectors[k, 1]
            length = math.hypot(x, y)
            edges[kept, 0], edges[kept, 1], edges[kept, 2], edges[kept, 3] = points[k, 0], points[k, 1], x, y
            edges[kept, 4], edges[kept, 5], edges[kept, 6] = x / length, y / length, length
            kept += 1
    return kept


@inner_kernel
def _part_order(points: Floats, part_starts: Ints) -> Ints:
    """The parts from the largest to the smallest: large sums cover most edges at once."""
    areas = np.zeros(len(part_starts) - 1)
    for p in range(len(areas)):
        last = part_starts[p + 1] - 1
        for k in range(part_starts[p], last + 1):
            areas[p] -= points[last, 0] * points[k, 1] - points[last, 1] * points[k, 0]
            last = k
    return sorted_order(areas)


@inner_kernel
def _enter_part(shapes: Shapes, part: int, ring: Floats, centre: Floats) -> float:
    """Write a part into the table from its row on; its area."""
    first, count = shapes.part_starts[part], len(ring)
    low, high, area = 0, 0, 0.0
    box = shapes.boxes[part]
    box[0] = box[1] = math.inf
    box[2] = box[3] = -math.inf
    for k in range(count):
        x, y = ring[k, 0] - centre[0], ring[k, 1] - centre[1]
        following = k + 1 if k + 1 < count else 0
        shapes.points[first + k, 0], shapes.points[first + k, 1] = x, y
        shapes.vectors[first + k, 0] = ring[following, 0] - ring[k, 0]
        shapes.vectors[first + k, 1] = ring[following, 1] - ring[k, 1]
        area += 0.5 * (x * (ring[following, 1] - centre[1]) - y * (ring[following, 0] - centre[0]))
        box[0], box[1], box[2], box[3] = min(box[0], x), min(box[1], y), max(box[2], x), max(box[3], y)
        if (ring[k, 1], ring[k, 0]) < (ring[low, 1], ring[low, 0]):
            low = k
        if (ring[k, 1], ring[k, 0]) > (ring[high, 1], ring[high, 0]):
            high = k
    shapes.lowest[part, 0], shapes.lowest[part, 1] = low, high
    shapes.part_starts[part + 1] = first + count
    return area


@inner_kernel
def _enter_centre(points: Floats, centre: Floats) -> None:
    """Write the middle of the points' box."""
    for axis in range(2 if len(points) else 0):
        low = high = points[0, axis]
        for k in range(len(points)):
            low, high = min(low, points[k, axis]), max(high, points[k, axis])
        centre[axis] = 0.5 * (low + high)


@inner_kernel
def _enter_outline(shapes: Shapes, s: int) -> None:
    """Write the outline's edges and convex corners of shape s, whose parts are in the table already."""
    first, last = shapes.starts[s, 2], shapes.starts[s + 1, 2]
    low, high = shapes.part_starts[first], shapes.part_starts[last]
    before, after = np.arange(-1, high - low - 1), np.arange(1, high - low + 1)
    for p in range(first, last):
        begin, end = shapes.part_starts[p] - low, shapes.part_starts[p + 1] - low
        before[begin], after[end - 1] = end - 1, begin
    points, vectors = shapes.points[low:high], shapes.vectors[low:high]
    same = _same_points(points)
    begin = shapes.starts[s, 0]
    shapes.starts[s + 1, 0] = begin + _outline_edges(points, vectors, after, same, shapes.edges[begin:])
    begin = shapes.starts[s, 1]
    shapes.starts[s + 1, 1] = begin + _outline_corners(points, vectors, before, same, shapes.corners[begin:])


@kernel
def shape_table(xy: Floats, part_offsets: Ints, shape_offsets: Ints) -> Shapes:
    """The table of many shapes: shape s is the parts ``shape_offsets[s]`` .. ``shape_offsets[s + 1]``.

    Part p has the points ``xy[part_offsets[p]:part_offsets[p + 1]]``, strictly convex and counter-clockwise.
    """
    total, parts, count = len(xy), len(part_offsets) - 1, len(shape_offsets) - 1
    shapes = Shapes(
        np.empty((total, 7)),
        np.empty((total, 6)),
        np.empty((total, 2)),
        np.empty((total, 2)),
        np.zeros(parts + 1, dtype=np.int64),
        np.empty((parts, 4)),
        np.empty((parts, 2), dtype=np.int64),
        np.zeros((count + 1, 3), dtype=np.int64),
        np.zeros((count, 2)),
        np.zeros(count),
    )
    for s in range(count):
        first, last = shape_offsets[s], shape_offsets[s + 1]
        ring = xy[part_offsets[first] : part_offsets[last]]
        _enter_centre(ring, shapes.centres[s])
        part = first
        for p in _part_order(xy, part_offsets[first : last + 1]):
            ring = xy[part_offsets[first + p] : part_offsets[first + p + 1]]
            shapes.areas[s] += _enter_part(shapes, part, ring, shapes.centres[s])
            part += 1
        shapes.starts[s + 1, 2] = last
        _enter_outline(shapes, s)
    return shapes
