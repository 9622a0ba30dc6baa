"""Notches made where the contour passes them, which spares the ways to them.

The contour stops where the notch meets it, the tool is lifted, the notch is cut (a slit inwards, as ever), and the tool
comes down again exactly where the contour stopped. A contour that is parted so ends with the knife's overcut, once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from math import dist

import shapely
from shapely.geometry import LineString, MultiLineString
from shapely.geometry import Point as ShapelyPoint
from shapely.ops import substring

from cutkit.cut.blade import is_closed, run_over
from cutkit.cut.flush import NEAR_MM, Edges, left_of, part
from cutkit.cut.strokes import CONTOURS, PieceStrokes
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, Knife, Stroke

TOUCH_MM = 0.01
"""What is this near meets: the ends of notches are worked out, and so are rounded."""
CLEAR_MM = 2.0
"""What a contour has for itself alone behind a notch, so that the piece is surely not free when the notch is made."""
AT_END_MM = 1.0
"""A notch this near to where a contour begins, or a closed one ends, is cut before it, and one this near to the end of
an open one before the rest: no shorter part is worth a lift."""


@dataclass(frozen=True)
class Passed:
    """A notch that is made in passing: its lines, and the places at which they meet a contour."""

    mouths: tuple[Point, ...]
    lines: tuple[Stroke, ...]


def set_aside(piece: PieceStrokes, common: shapely.Geometry | None) -> tuple[PieceStrokes, list[Passed]]:
    """The piece without the notches that are made in passing, and these.

    A notch stays where none of the piece's contours meets it, or another tool makes them; and on a line that is
    ``common`` with a neighbour, which may cut it.
    """
    passed: list[Passed] = []
    left: list[Stroke] = []
    contours = {
        tool: _joint(s for s in piece.strokes if s.kind in CONTOURS and s.tool == tool) for tool in _tools(piece)
    }
    for stroke in piece.strokes:
        mouths = () if stroke.kind != "notch" else _mouths(stroke, contours[stroke.tool])
        if mouths and not (common and any(ShapelyPoint(mouth).distance(common) < CLEAR_MM for mouth in mouths)):
            passed.append(Passed(mouths, (stroke,)))
            continue
        beside = None if stroke.kind != "notch" or mouths else _notch_of(stroke, passed)
        if beside is None:
            left.append(stroke)
        else:
            passed[beside] = replace(passed[beside], lines=(*passed[beside].lines, stroke))
    return replace(piece, strokes=tuple(left)), passed


def in_passing(
    strokes: Sequence[Stroke], passed: dict[int, list[Passed]], profile: CutterProfile, contours: Edges
) -> Iterator[Stroke]:
    """The strokes, with the notches that were set aside (by placement) made where their contours pass them.

    One that no contour meets any more is made before them. ``contours`` are those of all pieces: where a boundary lies
    flush with others to its end, they may have freed the piece by then, and notches there are made before it too. A
    contour begins at one of its notches, where the way there costs no more than the lift that it spares.
    """
    work = _Passing(profile, contours, {placement: list(those) for placement, those in passed.items()})
    for stroke in strokes:
        if stroke.kind in CONTOURS:
            work.contours.setdefault(stroke.placement, []).append(stroke)
    for stroke, following in zip(strokes, [*strokes[1:], None], strict=True):
        for made in work.made(stroke, None if following is None else following.points[0]):
            yield made
            work.here = made.points[-1]


@dataclass
class _Passing:
    """The notches that wait for their contours, by placement, and where the tool is."""

    profile: CutterProfile
    neighbours: Edges
    waiting: dict[int, list[Passed]]
    contours: dict[int, list[Stroke]] = field(default_factory=dict)
    here: Point = (0.0, 0.0)

    def made(self, stroke: Stroke, then: Point | None) -> Iterator[Stroke]:
        """A stroke with the notches that it passes; ``then`` is where the next one begins."""
        mine = self.waiting.get(stroke.placement, [])
        if stroke.kind not in CONTOURS or not mine:
            yield stroke
            return
        met = [one for one in mine if _meets(one, stroke)]
        if met and is_closed(stroke.points):
            motion = self.profile.motion
            lift_mm = (motion.tool_down_s + motion.tool_up_s) * motion.travel_mm_s
            stroke = _begun_at_a_notch(stroke, met, (self.here, then), lift_mm)
        all_mine = self.contours[stroke.placement]
        early = [one for one in mine if not any(_meets(one, contour) for contour in all_mine)]
        if stroke.kind == "boundary" and _is_last(stroke, all_mine):
            early += self._behind_the_last_own(stroke, met)
        for one in early:
            yield from _made(one, self.here)
        met = [one for one in met if one not in early]
        self.waiting[stroke.placement] = [one for one in mine if one not in met and one not in early]
        yield from _parted(stroke, met, self.profile.knife) if met else [stroke]

    def _behind_the_last_own(self, stroke: Stroke, met: Sequence[Passed]) -> list[Passed]:
        """Those of some notches behind which a boundary lies flush with neighbours to its end."""
        line = LineString(stroke.points)
        flush = self.neighbours.along(stroke.points, NEAR_MM, but=stroke.placement)
        own = [high for low, high in left_of(line.length, flush) if high - low >= CLEAR_MM]
        last = own[-1] if own else 0.0
        return [one for one in met if flush and _passed_at(one, line) > last - CLEAR_MM]


def _is_last(stroke: Stroke, contours: Sequence[Stroke]) -> bool:
    """Whether no other stroke of the contours is made after this one (which may begin elsewhere by now)."""
    return contours[-1].kind == stroke.kind and set(contours[-1].points) <= set(stroke.points)


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
    """The lines of a notch, each begun at its nearer end, a slit at the outline."""
    for number, line in enumerate(one.lines):
        points = line.points
        slit = len(points) == 2 and number == 0
        if not slit and dist(points[-1], here) < dist(points[0], here):
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
