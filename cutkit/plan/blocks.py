"""The block of a piece: the one shape that it reserves, for everything that rules say must stay clear round it.

It is made in this order: the shape of the ``block`` rule (else the outline), swept along and across the repeat by the
``allowance``, with the ``buffer`` round all of that; and what edges of the outline keep clear is added.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import Polygon, box

from cutkit.errors import InputError
from cutkit.geometry import Line, distance, mend, without_repeats
from cutkit.model import Piece, Point, Repeat
from cutkit.plan.points import edges_of, name_of
from cutkit.rules import BlockRule, EdgeBuffer, PieceRules

MITRE_LIMIT = 5.0
"""A corner of a block reaches out by at most so many times its offset; sharper ones are cut off."""
GRID_MM = 1e-6
STICKS_OUT_MM = 0.01

Finder = Callable[[str], Piece]
"""Finds another piece of the same style and size by its name; InputError where there is none."""


def block_of(piece: Piece, rules: PieceRules, repeat: Repeat | None, other: Finder) -> Polygon | None:
    """What a piece reserves, in its own coordinates: it contains the outline. None where rules ask for nothing.

    InputError (exit 3), naming the piece, where its rules name an edge, a layer or a piece that is not there, or a
    block that does not contain the outline.
    """
    shape = piece.outline
    if rules.block is not None:
        shape = _shape_of(piece, rules.block, other)
    if rules.allowance_mm:
        shape = _swept(shape, *_allowances(rules.allowance_mm, repeat))
    if rules.buffer_mm:
        shape = _offset(shape, rules.buffer_mm)
    if rules.edge_buffers:
        shape = shapely.union_all([shape, *_strips(piece, rules.edge_buffers)], grid_size=GRID_MM)
    if shape is piece.outline:
        return None
    return _one_polygon(shapely.union_all([shape, piece.outline]))


def _one_polygon(shape: shapely.Geometry) -> Polygon:
    """The largest polygon of a union: the others are specks of rounding."""
    return max(shapely.get_parts(shape).tolist(), key=lambda part: part.area)


def _shape_of(piece: Piece, block: BlockRule, other: Finder) -> Polygon:
    if block.offset_mm is not None:
        return _offset(piece.outline, block.offset_mm)
    if block.box:
        return box(*piece.outline.bounds)
    shape = _drawn(piece, block.layer) if block.layer else _centred(other(block.piece).outline, piece.outline)
    beyond = shapely.difference(Polygon(piece.outline.exterior), shape.buffer(STICKS_OUT_MM))
    if not beyond.is_empty:
        what = f"the line on layer {block.layer}" if block.layer else f"piece {block.piece}"
        reach = max(Polygon(shape.exterior).distance(shapely.Point(xy)) for xy in shapely.get_coordinates(beyond))
        message = f"{what} is to be its block, and its outline reaches {reach:.1f} mm out of that"
        raise InputError(message, where=name_of(piece), hint="A block contains the whole piece.")
    return shape


def _centred(shape: Polygon, on: Polygon) -> Polygon:
    """A shape moved so that the middle of its box lies on that of another one's."""
    x0, y0, x1, y1 = shape.bounds
    a0, b0, a1, b1 = on.bounds
    return translate(Polygon(shape.exterior), (a0 + a1 - x0 - x1) / 2, (b0 + b1 - y0 - y1) / 2)


def _drawn(piece: Piece, layer: str) -> Polygon:
    """The largest closed line that is drawn on a layer of the piece."""
    shapes = []
    for mark in piece.marks:
        if mark.layer == layer and len(mark.points) > 3 and distance(mark.points[0], mark.points[-1]) <= 1e-3:
            mended = mend(without_repeats(mark.points, closed=True))
            shapes += [mended.polygon] if mended else []
    if shapes:
        return max(shapes, key=lambda shape: shape.area)
    layers = sorted({mark.layer for mark in piece.marks if mark.layer})
    has = f"It has marks on the layers {', '.join(layers)}." if layers else "It has no marks."
    raise InputError(f"its block is to be on layer {layer}, which holds no closed line", where=name_of(piece), hint=has)


def _offset(shape: Polygon, by_mm: float) -> Polygon:
    return _one_polygon(shape.buffer(by_mm, join_style="mitre", mitre_limit=MITRE_LIMIT))


# --- allowances for matching


def _allowances(allowance_mm: float, repeat: Repeat | None) -> Point:
    """The allowance in x and in y: along and across a repeat, there where it has one; both ways where it lies askew."""
    if repeat is None or repeat.angle_deg % 180.0:
        return allowance_mm, allowance_mm
    return allowance_mm if repeat.x_mm else 0.0, allowance_mm if repeat.y_mm else 0.0


def _swept(shape: Polygon, dx: float, dy: float) -> Polygon:
    """All that a shape covers while it is moved by up to ``dx`` and ``dy`` to either side."""
    for step in ((dx, 0.0), (0.0, dy)):
        if any(step):
            shape = _one_polygon(_moved_along(shape, step))
    return shape


def _moved_along(shape: Polygon, step: Point) -> shapely.Geometry:
    """The union of a shape at all places from one step back to one step on: its edges sweep out parallelograms."""
    away = np.array(step)
    parts = [translate(shape, *away), translate(shape, *-away)]
    for ring in (shape.exterior, *shape.interiors):
        xy = np.asarray(ring.coords)
        corners = np.stack([xy[:-1] - away, xy[1:] - away, xy[1:] + away, xy[:-1] + away], axis=1)
        swept = shapely.polygons(corners)
        parts += shapely.make_valid(swept[shapely.area(swept) > 0]).tolist()
    return shapely.union_all(parts, grid_size=GRID_MM)


# --- buffers along edges


def _strips(piece: Piece, buffers: Sequence[EdgeBuffer]) -> list[Polygon]:
    """What each edge keeps clear: a strip along it, and at corners where two strips meet what their mitre fills."""
    widths: dict[Line, float] = {}
    for buffer in buffers:
        for line in edges_of(piece, buffer.edge):
            widths[line] = max(widths.get(line, 0.0), buffer.buffer_mm)
    for line in list(widths):
        if distance(*line) <= 0 or not widths[line]:
            del widths[line]
    begins = {line[0]: line for line in widths}
    strips = [Polygon([a, b, _off((a, b), b, w), _off((a, b), a, w)]) for (a, b), w in widths.items()]
    for line in widths:
        after = begins.get(line[1])
        if after is not None:
            strips += _mitre(line, widths[line], after, widths[after])
    return strips


def _off(line: Line, point: Point, by_mm: float) -> Point:
    """A point of a line moved off it, to the right of its direction: out of a counter-clockwise ring."""
    (ax, ay), (bx, by) = line
    length = distance(*line)
    return point[0] + (by - ay) / length * by_mm, point[1] - (bx - ax) / length * by_mm


def _mitre(line: Line, width: float, after: Line, width_after: float) -> list[Polygon]:
    """The corner between the strips along two edges that follow one another; none where it turns inward."""
    (a, b), (_, c) = line, after
    ux, uy = (b[0] - a[0]) / distance(a, b), (b[1] - a[1]) / distance(a, b)
    vx, vy = (c[0] - b[0]) / distance(b, c), (c[1] - b[1]) / distance(b, c)
    sine = ux * vy - uy * vx
    if sine <= 1e-9:
        return []
    p, q = _off(line, b, width), _off(after, b, width_after)
    along = ((q[0] - p[0]) * vy - (q[1] - p[1]) * vx) / sine
    tip = (p[0] + along * ux, p[1] + along * uy)
    sharp = distance(b, tip) > MITRE_LIMIT * max(width, width_after)
    corner = Polygon([b, p, q] if sharp else [b, p, tip, q])
    return [corner] if corner.is_valid and corner.area > 0 else [Polygon([b, p, q])]
