"""Notches as lines to cut: slit, V, T, castle, U and check, inward from the outline.

Every line is clipped to the piece's own cloth: it starts on the outline and never leaves the piece, nor comes nearer
than ``KEEP_MM`` to the far side of a narrow part, which it would sever.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, cos, hypot, pi, sin

import shapely
from shapely.geometry import LineString, MultiLineString, Polygon
from shapely.geometry import Point as ShapelyPoint

from cutkit.model import NotchShape, Point

KEEP_MM = 1.0
"""The cloth that is left between the end of a notch and the far side of the piece."""
DEPTH_MM = 5.0
"""The depth of a notch that does not say its own."""
OFF_OUTLINE_MM = 3.0
"""A notch farther from the outline than this is not of this outline."""
ON_OUTLINE_MM = 0.1
"""A notch nearer to the outline than this lies on it; between the two it is moved onto it, and that is said."""
ARC_STEP_MM = 0.002
"""How far the chords of a U's round lie inside it: so fine that a turned blade follows it without being lifted."""
_TINY_MM = 1e-6
_REACH_MM = 0.01


@dataclass(frozen=True, slots=True)
class Notch:
    """A notch on the table: where, which way inward (a unit vector, None: square to the outline), how deep and wide;
    ``arc_step_mm`` is how far the chords of a round may lie inside it."""

    at: Point
    inward: Point | None
    depth_mm: float | None = None
    width_mm: float | None = None
    shape: NotchShape = "slit"
    arc_step_mm: float = ARC_STEP_MM


Lines = list[tuple[Point, ...]]


def notch_lines(notch: Notch, outline: Polygon, cut: shapely.Geometry | None = None) -> tuple[Lines, list[str]]:
    """The lines that cut a notch into ``outline``, and what had to be done otherwise than asked, in words.

    A slit starts at the outline. No line at all where the notch is not of this outline. ``cut`` is what is cut of the
    outline, where that is not all of it.
    """
    edge = outline.boundary if cut is None else cut
    off = edge.distance(ShapelyPoint(notch.at))
    if off > OFF_OUTLINE_MM:
        return [], [f"a notch lies {off:.1f} mm off the outline and is not cut"]
    said = [f"a notch lies {off:.2f} mm off the outline and is cut at the nearest point of it"]
    start = _nearest(edge, notch.at)
    depth = DEPTH_MM if notch.depth_mm is None else notch.depth_mm
    said = said if off > ON_OUTLINE_MM else []
    way = notch.inward
    if way is None or not _goes_in(start, way, outline):
        if way is not None:
            said.append("a notch points out of the piece and is cut square to the outline instead")
        way = _inward(start, outline)
    run = _run_mm(start, way, depth + KEEP_MM, outline)
    if run < depth + KEEP_MM - _TINY_MM:
        short = max(run - KEEP_MM, run / 2)
        said.append(f"a notch of {depth:.1f} mm would cut through the piece and is cut {short:.1f} mm deep")
        depth = short
    lines, whole = _shape(notch, start, way, (depth, notch.width_mm or depth), outline)
    if not whole:
        said.append(f"a {notch.shape} notch does not fit the piece and is cut as a slit")
    return lines, said


def _shape(notch: Notch, start: Point, way: Point, size: tuple[float, float], outline: Polygon) -> tuple[Lines, bool]:
    """The lines of a notch in its shape, and whether it fitted; else they are a slit's."""
    depth, width = size
    shape = notch.shape
    side = (-way[1], way[0])
    end = _along(start, way, depth)
    slit: Lines = [(start, end)]
    corners: tuple[Point, ...] = (end,)
    if shape == "slit":
        return slit, True
    if shape == "t":
        bar = _inside((_along(end, side, -width / 2), _along(end, side, width / 2)), end, outline)
        return ([*slit, bar], True) if bar else (slit, False)
    if shape == "v":
        mouths = (_along(start, side, width / 2), _along(start, side, -width / 2))
    elif shape == "check":
        mouths = (start, _along(start, side, -width))
    else:
        left, right = _along(start, side, width / 2), _along(start, side, -width / 2)
        mouths = (left, right)
        corners = _floor(notch, left, right, way, depth)
    line = _open_shape(corners, mouths, depth + width, outline)
    return ([line], True) if line else (slit, False)


def _floor(notch: Notch, left: Point, right: Point, way: Point, depth: float) -> tuple[Point, ...]:
    """The inner end of a castle (straight) or a U (round, where it is deep enough), from left to right."""
    radius = hypot(left[0] - right[0], left[1] - right[1]) / 2
    if notch.shape != "u" or radius >= depth - _TINY_MM:
        return _along(left, way, depth), _along(right, way, depth)
    middle = _along(((left[0] + right[0]) / 2, (left[1] + right[1]) / 2), way, depth - radius)
    side = (-way[1], way[0])
    steps = max(4, ceil(pi / (2 * (2 * notch.arc_step_mm / radius) ** 0.5)))
    turns = [pi * k / steps for k in range(steps + 1)]
    return tuple(_along(_along(middle, side, radius * cos(t)), way, radius * sin(t)) for t in turns)


def _open_shape(
    corners: tuple[Point, ...], mouths: tuple[Point, Point], beyond: float, outline: Polygon
) -> tuple[Point, ...] | None:
    """From the outline through the inner corners back to the outline; None where that does not fit the piece."""
    floor = LineString(corners) if len(corners) > 1 else ShapelyPoint(corners[0])
    if not outline.contains(floor) or outline.boundary.distance(floor) < _TINY_MM:
        return None
    first = _leg(corners[0], mouths[0], beyond, outline)
    last = _leg(corners[-1], mouths[1], beyond, outline)
    return (first, *corners, last) if first and last else None


def _leg(corner: Point, mouth: Point, beyond: float, outline: Polygon) -> Point | None:
    """Where the line from an inner corner through the mouth of a notch first meets the outline; None if it does not."""
    dx, dy = mouth[0] - corner[0], mouth[1] - corner[1]
    length = hypot(dx, dy)
    if length < _TINY_MM:
        return None
    run = _run_mm(corner, (dx / length, dy / length), length + beyond, outline)
    if run > length and outline.boundary.distance(ShapelyPoint(mouth)) < _TINY_MM:
        run = length  # beyond a mouth in an inner corner the piece may go on
    if run <= _TINY_MM or run > length + beyond - _TINY_MM:
        return None
    return _along(corner, (dx / length, dy / length), run)


def _inside(line: tuple[Point, Point], middle: Point, outline: Polygon) -> tuple[Point, ...] | None:
    """The part of a line about its middle that keeps off the edge of the piece."""
    room = outline.buffer(-KEEP_MM / 2)
    parts = [p for p in _parts(LineString(line).intersection(room)) if p.distance(ShapelyPoint(middle)) < _REACH_MM]
    return tuple(parts[0].coords) if parts else None


def _run_mm(start: Point, way: Point, longest: float, outline: Polygon) -> float:
    """How far one can go from a point inside or on the outline before leaving the piece, at most ``longest``."""
    ray = LineString([_along(start, way, -_REACH_MM), _along(start, way, longest)])
    here = ShapelyPoint(_along(start, way, _REACH_MM))
    for part in _parts(ray.intersection(outline)):
        if part.distance(here) < _TINY_MM:
            x, y = part.coords[-1]
            return float((x - start[0]) * way[0] + (y - start[1]) * way[1])
    return 0.0


def _goes_in(start: Point, way: Point, outline: Polygon) -> bool:
    """Whether a direction leads from a point of the outline into the cloth, not out of it nor along its edge."""
    just_in = ShapelyPoint(_along(start, way, 2 * _REACH_MM))
    return bool(outline.contains(just_in) and outline.boundary.distance(just_in) > _TINY_MM)


def _inward(start: Point, outline: Polygon) -> Point:
    """The unit vector square to the outline, into the piece: away from what lies outside close by."""
    near = ShapelyPoint(start).buffer(0.5, quad_segs=16)
    cloth = near.intersection(outline)
    dx, dy = cloth.centroid.x - start[0], cloth.centroid.y - start[1]
    length = hypot(dx, dy)
    return (dx / length, dy / length) if length > _TINY_MM else (1.0, 0.0)


def _parts(geometry: shapely.Geometry) -> list[LineString]:
    if isinstance(geometry, LineString):
        return [] if geometry.is_empty else [geometry]
    if isinstance(geometry, MultiLineString):
        return list(geometry.geoms)
    return [g for g in getattr(geometry, "geoms", ()) if isinstance(g, LineString)]


def _nearest(edge: shapely.Geometry, at: Point) -> Point:
    x, y = shapely.shortest_line(edge, ShapelyPoint(at)).coords[0]
    return (x, y)


def _along(point: Point, way: Point, length: float) -> Point:
    return (point[0] + way[0] * length, point[1] + way[1] * length)
