"""Notches made where the contour passes them, which spares the ways to them.

The contour stops where the notch meets it, the tool is lifted, the notch is cut (a slit inwards, as ever), and the tool
comes down again exactly where the contour stopped. A contour that is parted so ends with the knife's overcut, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import dist

import shapely
from shapely.geometry import LineString, MultiLineString
from shapely.geometry import Point as ShapelyPoint
from shapely.ops import substring

from cutkit.cut.blade import is_closed, run_over
from cutkit.cut.flush import part
from cutkit.cut.strokes import CONTOURS, PieceStrokes
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, Knife, Stroke

TOUCH_MM = 0.01
"""What is this near meets: the ends of notches are worked out, and so are rounded."""
CLEAR_MM = 2.0
"""A notch this near to a line that a neighbour has too is made before the contour, not with it."""
AT_END_MM = 1.0
"""A notch this near to where a contour begins, or a closed one ends, is cut before it, and one this near to an open
one's end before the rest: no shorter part is worth a lift."""


@dataclass(frozen=True)
class Passed:
    """A notch that is made in passing: its lines, and the places at which they meet a contour."""

    mouths: tuple[Point, ...]
    lines: tuple[Stroke, ...]


def set_aside(piece: PieceStrokes, near: shapely.Geometry) -> tuple[PieceStrokes, list[Passed]]:
    """The piece without the notches that are made in passing, and these.

    A notch stays where none of the piece's contours meets it, or another tool makes them; also ``near`` a neighbour,
    whose cut runs along the contour there: when that was first, the rest of the contour frees the piece.
    """
    passed: list[Passed] = []
    left: list[Stroke] = []
    contours = {
        tool: _joint(s for s in piece.strokes if s.kind in CONTOURS and s.tool == tool) for tool in _tools(piece)
    }
    for stroke in piece.strokes:
        mouths = () if stroke.kind != "notch" else _mouths(stroke, contours[stroke.tool])
        if mouths and not any(ShapelyPoint(mouth).distance(near) < CLEAR_MM for mouth in mouths):
            passed.append(Passed(mouths, (stroke,)))
            continue
        beside = None if stroke.kind != "notch" or mouths else _notch_of(stroke, passed)
        if beside is None:
            left.append(stroke)
        else:
            passed[beside] = replace(passed[beside], lines=(*passed[beside].lines, stroke))
    return replace(piece, strokes=tuple(left)), passed


def in_passing(strokes: Sequence[Stroke], passed: dict[int, list[Passed]], profile: CutterProfile) -> Iterator[Stroke]:
    """The strokes, with the notches that were set aside (by placement) made where their contours pass them.

    One that no contour meets any more is made before them. A contour begins at one of its notches, where the way there
    costs no more than the lift that it spares.
    """
    motion = profile.motion
    lift_mm = (motion.tool_down_s + motion.tool_up_s) * motion.travel_mm_s
    here: Point = (0.0, 0.0)
    contours: dict[int, list[Stroke]] = {}
    for stroke in strokes:
        if stroke.kind in CONTOURS:
            contours.setdefault(stroke.placement, []).append(stroke)
    waiting = {placement: list(those) for placement, those in passed.items()}
    for number, stroke in enumerate(strokes):
        mine = waiting.get(stroke.placement, []) if stroke.kind in CONTOURS else []
        for one in mine:
            if not any(_meets(one, contour) for contour in contours[stroke.placement]):
                yield from one.lines
                here = one.lines[-1].points[-1]
                mine = [other for other in mine if other is not one]
        met = [one for one in mine if _meets(one, stroke)]
        if stroke.kind in CONTOURS:
            waiting[stroke.placement] = [one for one in mine if one not in met]
        if met and is_closed(stroke.points):
            then = strokes[number + 1].points[0] if number + 1 < len(strokes) else None
            stroke = _begun_at_a_notch(stroke, met, (here, then), lift_mm)
        yield from _parted(stroke, met, profile.knife) if met else [stroke]
        here = stroke.points[-1]


def _begun_at_a_notch(stroke: Stroke, met: list[Passed], ends: tuple[Point, Point | None], lift_mm: float) -> Stroke:
    """The contour begun where it meets one of its notches, if the way from one of ``ends`` over there to the other is
    not longer by more than ``lift_mm``."""
    here, then = ends

    def way(point: Point) -> float:
        return dist(here, point) + (0.0 if then is None else dist(point, then))

    line = LineString(stroke.points)
    places = [_passed_at(one, line) for one in met]
    at = min(places, key=lambda place: way(_point(line, place)))
    if not AT_END_MM < at < line.length - AT_END_MM or way(_point(line, at)) > way(stroke.points[0]) + lift_mm:
        return stroke
    return replace(stroke, points=part(stroke.points, at, at))


def _meets(one: Passed, contour: Stroke) -> bool:
    line = LineString(contour.points)
    return any(ShapelyPoint(mouth).distance(line) < TOUCH_MM for mouth in one.mouths)


def _parted(stroke: Stroke, met: list[Passed], knife: Knife) -> Iterator[Stroke]:
    """A contour in parts, with the notches that it meets between them."""
    line, lead = LineString(stroke.points), 0.0
    whole = line
    if stroke.tool == "knife" and is_closed(stroke.points):
        lead = LineString(run_over(stroke.points, knife.lead_in_mm, 0.0)).length - line.length
        whole = LineString(run_over(stroke.points, knife.lead_in_mm, knife.overcut_mm))
    at = 0.0
    for place, one in sorted(((_passed_at(one, line), one) for one in met), key=lambda found: found[0]):
        here = lead + place if place > AT_END_MM else 0.0
        if here - at > AT_END_MM and whole.length - here > AT_END_MM:
            yield replace(stroke, points=_between(whole, at, here))
            at = here
        yield from _made(one, _point(whole, here))
    yield replace(stroke, points=_between(whole, at, whole.length))


def _passed_at(one: Passed, line: LineString) -> float:
    """How far along a contour a notch is first met; where a closed one ends, it has begun."""
    points = [ShapelyPoint(mouth) for mouth in one.mouths]
    places = [float(line.project(point)) for point in points if point.distance(line) < TOUCH_MM]
    return min(0.0 if line.is_ring and place > line.length - AT_END_MM else place for place in places)


def _made(one: Passed, here: Point) -> Iterator[Stroke]:
    """The lines of a notch, each begun at its nearer end."""
    for line in one.lines:
        points = line.points
        if dist(points[-1], here) < dist(points[0], here):
            points = points[::-1]
        yield replace(line, points=points)
        here = points[-1]


def _between(line: LineString, start: float, end: float) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y, *_ in substring(line, start, end).coords)


def _point(line: LineString, at: float) -> Point:
    point = line.interpolate(at)
    return (point.x, point.y)


def _tools(piece: PieceStrokes) -> set[str]:
    return {stroke.tool for stroke in piece.strokes}


def _joint(strokes: Iterator[Stroke]) -> shapely.Geometry:
    return MultiLineString([stroke.points for stroke in strokes])


def _mouths(stroke: Stroke, contours: shapely.Geometry) -> tuple[Point, ...]:
    """The ends of a notch's line that lie on a contour."""
    ends = (stroke.points[0], stroke.points[-1])
    return tuple(end for end in ends if ShapelyPoint(end).distance(contours) < TOUCH_MM)


def _notch_of(stroke: Stroke, passed: Sequence[Passed]) -> int | None:
    """Of the notches the one that a line touches which meets no contour: the bar of a T."""
    bar = LineString(stroke.points)
    for k, one in enumerate(passed):
        if any(bar.distance(LineString(line.points)) < TOUCH_MM for line in one.lines):
            return k
    return None
