"""What a marker wants cut, as lines on the table: outlines, cut-outs, notches, drill holes, internal cuts.

The side of a piece that lies on a fold of the cloth is none of them: what is left of its outline are open lines.

Worked out from the marker alone, apart from how ``cut`` makes strokes of it, for the judge to compare with.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as ShapelyPoint

from cutkit.model import Mark, Marker, Placement, Point, cos_sin_deg

Kind = Literal["boundary", "cutout", "notch", "internal"]
USUAL_DEPTH_MM = 5.0
NOT_OF_THIS_OUTLINE_MM = 3.0
"""A notch farther from its outline than this belongs to something else and cannot be cut into it."""
LEFT_STANDING_MM = 1.0
"""Where a piece is so narrow that a notch would sever it, this much of it is left standing, or half of it."""
STRAIGHT_MM = 0.5
"""Where the outline runs straight for so far to either side of a point, "square to the outline" has one meaning."""
ON_FOLD_MM = 2e-3
"""An outline this near to a fold lies on it."""
ALONG_FOLD_MM = 0.05
"""An internal line this near to a fold is not cut along it."""
DRILL_ZONE_MM = 3.0
"""Cuts this near to a drill hole make it, where nothing can punch, if they go through its point."""


@dataclass(frozen=True, eq=False)
class Wanted:
    """A line that must be cut once. ``may_end_short_mm`` of it may be left out at its end."""

    kind: Kind
    placement: int
    points: NDArray[np.float64]
    may_end_short_mm: float = 0.0

    @property
    def closed(self) -> bool:
        """True for an outline or a cut-out, though those on a fold of the cloth are closed only by that."""
        return self.kind in ("boundary", "cutout")

    @property
    def is_ring(self) -> bool:
        """True where it ends where it began."""
        return bool((self.points[0] == self.points[-1]).all())


@dataclass(frozen=True, slots=True)
class Spot:
    """A place on a piece where cuts are free within a radius: a drill hole, or a notch whose direction is not given."""

    placement: int
    at: Point
    radius_mm: float
    is_drill: bool
    least_depth_mm: float = 0.0


def wanted_lines(marker: Marker) -> tuple[list[Wanted], list[Spot]]:
    """Every line that the marker wants cut, and the spots that need a cut but leave open which.

    What a piece has twice, as pattern files sometimes say a notch twice, is wanted once.
    """
    lines: list[Wanted] = []
    spots: list[Spot] = []
    for index, (placement, outline) in enumerate(zip(marker.placements, marker.polygons, strict=True)):
        contours = list(_contours(marker, index))
        lines += contours
        cut = shapely.multilinestrings([shapely.linestrings(contour.points) for contour in contours])
        laid = _Laid(index, placement, outline, cut, _fold_zone(marker, index))
        for mark in marker.by_id[placement.piece].marks:
            _add_mark(mark, laid, lines, spots)
    once = {(line.placement, same_line(line.points)): line for line in reversed(lines)}
    return list(reversed(once.values())), list(dict.fromkeys(spots))


@dataclass(frozen=True, eq=False)
class _Laid:
    """A placement: its outline, the lines of it that are cut, and the zone about its fold (None: it has none)."""

    index: int
    placement: Placement
    outline: Polygon
    cut: shapely.Geometry
    fold: Polygon | None


def fold_sides(marker: Marker) -> Iterator[tuple[int, NDArray[np.float64]]]:
    """What of outlines lies on a fold and must stay whole: the placement, and the line."""
    for index, outline in enumerate(marker.polygons):
        zone = _fold_zone(marker, index)
        if zone is not None:
            for side in shapely.get_parts(outline.exterior.intersection(zone)):
                if side.length > 10 * ON_FOLD_MM:
                    yield index, _points(side)


def _contours(marker: Marker, index: int) -> Iterator[Wanted]:
    """The boundary and the cut-outs of a placement. On a fold the line that reaches along all others is the boundary;
    what else is left of the outer line encloses waste with the fold."""
    outline, zone = marker.polygons[index], _fold_zone(marker, index)
    lines = [outline.exterior]
    if zone is not None:
        left = outline.exterior.difference(zone)
        merged = shapely.line_merge(left) if left.geom_type == "MultiLineString" else left
        lines = sorted(shapely.get_parts(merged).tolist(), key=lambda line: line.bounds[0] - line.bounds[2])
    yield Wanted("boundary", index, _points(lines[0]))
    for line in (*outline.interiors, *lines[1:]):
        yield Wanted("cutout", index, _points(line))


def _fold_zone(marker: Marker, index: int) -> Polygon | None:
    """The fold that a placement lies on, as far as the piece reaches along it; None where it is on none."""
    if marker.by_id[marker.placements[index].piece].fold is None or not marker.fabric.folds_mm:
        return None
    x0, y0, x1, y1 = marker.polygons[index].bounds
    fold = min(marker.fabric.folds_mm, key=lambda fold: min(abs(y0 - fold), abs(y1 - fold)))
    return shapely.box(x0 - 1, fold - ON_FOLD_MM, x1 + 1, fold + ON_FOLD_MM)


def same_line(points: NDArray[np.float64]) -> frozenset[frozenset[Point]]:
    """A key that two lines share where they run along the same points, to a thousandth, in either direction."""
    rounded = [(x, y) for x, y in (np.round(points, 3) + 0.0).tolist()]
    return frozenset(frozenset(pair) for pair in pairwise(rounded))


def _points(ring: shapely.Geometry) -> NDArray[np.float64]:
    found: NDArray[np.float64] = shapely.get_coordinates(ring)
    return found


def _add_mark(mark: Mark, laid: _Laid, lines: list[Wanted], spots: list[Spot]) -> None:
    index, placement, outline = laid.index, laid.placement, laid.outline
    points = placement.points(mark.points)
    if mark.tool == "pen" or not points:
        return
    if mark.kind == "drill" or (mark.kind == "internal" and len(points) == 1):
        spots += [Spot(index, p, DRILL_ZONE_MM, True) for p in points if outline.contains(ShapelyPoint(p))]
    elif mark.kind == "internal":
        lines += [
            Wanted("internal", index, part) for line in _off_fold(points, laid) for part in clipped(line, outline)
        ]
    elif mark.kind == "notch":
        found = _notch(mark, points[0], laid)
        if isinstance(found, Spot):
            spots.append(Spot(index, found.at, found.radius_mm, False, found.least_depth_mm))
        else:
            lines += [Wanted("notch", index, part, short) for part, short in found]


def clipped(points: tuple[Point, ...], outline: Polygon) -> Iterator[NDArray[np.float64]]:
    """The parts of a line that lie on the piece."""
    line = LineString(points)
    inside = line if outline.covers(line) else shapely.line_merge(line.intersection(outline))
    for part in getattr(inside, "geoms", [inside]):
        if isinstance(part, LineString) and part.length > 0:
            yield _points(part)


def _off_fold(points: tuple[Point, ...], laid: _Laid) -> Iterator[tuple[Point, ...]]:
    """The parts of a line that do not run along the piece's fold."""
    zone = None if laid.fold is None else laid.fold.buffer(ALONG_FOLD_MM)
    line = LineString(points)
    if zone is None or line.intersection(zone).length <= 3 * ALONG_FOLD_MM:
        yield points
        return
    for part in shapely.get_parts(line.difference(zone)):
        if part.length > ALONG_FOLD_MM:
            yield tuple((x, y) for x, y in part.coords)


def _notch(mark: Mark, at: Point, laid: _Laid) -> list[tuple[NDArray[np.float64], float]] | Spot:
    """The lines of a notch, each with how much of its end may be left standing; a spot where its direction is open."""
    edge, placement, outline = laid.cut, laid.placement, laid.outline
    here = ShapelyPoint(at)
    if edge.distance(here) > NOT_OF_THIS_OUTLINE_MM:
        return []
    start = shapely.shortest_line(edge, here).coords[0]
    depth = USUAL_DEPTH_MM if mark.depth_mm is None else mark.depth_mm
    way = None if mark.angle_deg is None else _direction(placement, mark.angle_deg)
    snips = laid.fold is not None and laid.fold.distance(ShapelyPoint(start)) <= ON_FOLD_MM
    if snips:  # nothing can be cut along the fold itself: how its corner is marked is open
        return Spot(-1, start, math.hypot(depth, mark.width_mm or depth) + 1.0, False, 0.1)
    if way is None or not _goes_in(start, way, outline):
        way = _square_in(start, outline)
    if way is None:
        return Spot(-1, start, math.hypot(depth, mark.width_mm or depth) + 1.0, False, 0.1)
    room = _room(start, way, depth + LEFT_STANDING_MM, outline)
    fits = room >= depth + LEFT_STANDING_MM - 1e-6
    reach = depth if fits else max(room - LEFT_STANDING_MM, room / 2)
    shaped = _shaped(mark, start, way, (reach, mark.width_mm or reach), outline)
    return shaped if shaped is not None else [_slit(start, way, depth, outline)]


def _goes_in(start: Point, way: Point, outline: Polygon) -> bool:
    """Whether a direction leads from a point of the outline into the piece, not out of it nor along its edge."""
    just_in = ShapelyPoint(_far(start, way, 0.02))
    return bool(outline.contains(just_in) and outline.boundary.distance(just_in) > 1e-6)


def _square_in(start: Point, outline: Polygon) -> Point | None:
    """The direction square to the outline, into the piece; None near a corner, where it could be more than one."""
    near = shapely.line_merge(outline.boundary.intersection(ShapelyPoint(start).buffer(STRAIGHT_MM)))
    if not isinstance(near, LineString) or near.length < 2 * STRAIGHT_MM - 0.05:
        return None
    (ax, ay), (bx, by) = near.coords[0], near.coords[-1]
    length = math.hypot(bx - ax, by - ay)
    if near.length > length + 1e-6:
        return None
    way = ((ay - by) / length, (bx - ax) / length)
    return way if _goes_in(start, way, outline) else (-way[0], -way[1])


def _direction(placement: Placement, angle_deg: float) -> Point:
    c, s = cos_sin_deg(angle_deg)
    a, b, d, e, _, _ = placement.matrix
    return (a * c + b * s, d * c + e * s)


def _slit(start: Point, way: Point, depth: float, outline: Polygon) -> tuple[NDArray[np.float64], float]:
    room = _room(start, way, depth + LEFT_STANDING_MM, outline)
    reach = min(depth, room)
    short = 0.0 if room >= depth + LEFT_STANDING_MM - 1e-6 else reach - min(reach, room / 2)
    return np.array([start, _far(start, way, reach)]), short


def _shaped(
    mark: Mark, start: Point, way: Point, size: tuple[float, float], outline: Polygon
) -> list[tuple[NDArray[np.float64], float]] | None:
    """The lines of a notch that is no slit; None where it does not fit on the piece and is a slit after all."""
    depth, width = size
    side = (-way[1], way[0])
    end = _far(start, way, depth)
    left, right = _far(start, side, width / 2), _far(start, side, -width / 2)
    if mark.shape == "t":
        bar = LineString([_far(end, side, width / 2), _far(end, side, -width / 2)])
        inside = bar.intersection(outline.buffer(-LEFT_STANDING_MM / 2))
        parts = [p for p in getattr(inside, "geoms", [inside]) if p.length > 0 and p.distance(ShapelyPoint(end)) < 0.01]
        return [_slit(start, way, depth, outline), (_points(parts[0]), 0.0)] if parts else None
    corners = {
        "v": [end],
        "check": [end],
        "castle": [_far(left, way, depth), _far(right, way, depth)],
        "u": _round_floor(left, right, way, depth),
    }.get(mark.shape or "slit")
    if corners is None:
        return None
    mouths = (start, right) if mark.shape == "check" else (left, right)
    if mark.shape == "check":
        mouths = (start, _far(start, side, -width))
    return _open_line(corners, mouths, depth + width, outline)


def _round_floor(left: Point, right: Point, way: Point, depth: float) -> list[Point]:
    radius = math.dist(left, right) / 2
    if radius >= depth - 1e-6:
        return [_far(left, way, depth), _far(right, way, depth)]
    middle = _far(((left[0] + right[0]) / 2, (left[1] + right[1]) / 2), way, depth - radius)
    side = (-way[1], way[0])
    turns = [math.pi * k / 36 for k in range(37)]
    return [_far(_far(middle, side, radius * math.cos(t)), way, radius * math.sin(t)) for t in turns]


def _open_line(
    corners: list[Point], mouths: tuple[Point, Point], beyond: float, outline: Polygon
) -> list[tuple[NDArray[np.float64], float]] | None:
    """From the outline through the inner corners back to it: the legs run on (or stop) where they meet the outline."""
    floor = LineString(corners) if len(corners) > 1 else ShapelyPoint(corners[0])
    if not outline.contains(floor) or outline.boundary.distance(floor) < 1e-6:
        return None
    ends = []
    for corner, mouth in ((corners[0], mouths[0]), (corners[-1], mouths[1])):
        length = math.dist(corner, mouth)
        if length < 1e-6:
            return None
        way = ((mouth[0] - corner[0]) / length, (mouth[1] - corner[1]) / length)
        room = _room(corner, way, length + beyond, outline)
        if room > length and outline.boundary.distance(ShapelyPoint(mouth)) < 1e-6:
            room = length
        if room >= length + beyond - 1e-6:
            return None
        ends.append(_far(corner, way, room))
    line = [ends[0], *corners, ends[1]]
    if not outline.buffer(0.01).covers(LineString(line)):
        return None
    return [(np.array(line), 0.0)]


def _room(start: Point, way: Point, longest: float, outline: Polygon) -> float:
    """How far a straight line from a point on or in the piece stays on it, at most ``longest``."""
    ray = LineString([_far(start, way, 1e-3), _far(start, way, longest)])
    inside = ray.intersection(outline)
    reach = 0.0
    for part in getattr(inside, "geoms", [inside]):
        if isinstance(part, LineString) and part.distance(ShapelyPoint(ray.coords[0])) < 1e-6:
            reach = max(reach, max(math.dist(start, c) for c in part.coords))
    return min(reach, longest)


def _far(point: Point, way: Point, length: float) -> Point:
    return (point[0] + way[0] * length, point[1] + way[1] * length)
