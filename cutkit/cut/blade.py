"""Drag knives: where the holder must go so that the tip of the blade goes where it should.

The tip trails the holder by the offset d and can move along the blade only, never sideways (a tractrix). Hence the
holder leads the tip by d along the direction of travel, and at a corner it runs about the standing tip in an arc of
radius d. Because the blade keeps its heading while it is up, every stroke begins with such an arc too, from the heading
in which the last stroke ended: the blade turns on the spot, at a point of the stroke's own line, and cuts no cloth off
that line. It needs no lead-in from outside, where a neighbour may lie flush.

On a straight line an error e of the heading decays as tan(e/2) = tan(e0/2) exp(-s/d), and from exactly 180 degrees it
never does. Where the first heading is unknown, ``align_stroke`` therefore turns the blade in the waste, over two legs
at right angles: what is wrong by 180 degrees on one is wrong by 90 on the other.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from itertools import pairwise
from math import acos, atan2, ceil, cos, degrees, hypot, pi, radians, sin

import shapely
from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon, box

from cutkit.errors import LimitError
from cutkit.model import Marker, Point
from cutkit.toolpath import CutterProfile, Knife, Registration, Stroke

ARC_ERROR_MM = 0.002
"""How far the chords of a swivel arc may push the standing tip."""
STEP_ERROR_MM = 0.01
"""How far a swivel in one step, below ``swivel_above_deg``, may push it."""
MOST_GAPS = 40
"""In so many gaps between pieces, the largest, room is looked for."""
ALIGN_LEGS = 6
"""The legs of the alignment in blade offsets: 0.3 degrees are left of a quarter turn."""


def lead_blade(strokes: Iterable[Stroke], knife: Knife, heading_deg: float) -> Iterator[Stroke]:
    """The strokes with what the holder must follow; the knife's, that is: pens and punches stand on their axis.

    ``heading_deg`` is the heading of the blade before the first. A closed contour runs in the direction for which the
    blade turns less, begins ``lead_in_mm`` before its start point and ends ``overcut_mm`` after it.
    """
    heading = radians(heading_deg)
    for stroke in strokes:
        if stroke.tool != "knife":
            yield stroke
            continue
        points = distinct(stroke.points)
        if is_closed(points):
            if knife.kind == "drag":
                points = min(points, points[::-1], key=lambda p: abs(_turn(heading, _way(p[0], p[1]))))
            points = run_over(points, knife.lead_in_mm, knife.overcut_mm)
        holder = None
        if knife.kind == "drag":
            holder, heading = holder_path(points, knife, heading)
        yield replace(stroke, points=points, holder=holder)


def heading_after(stroke: Stroke, knife: Knife) -> float:
    """The heading, in degrees, in which a stroke that ``lead_blade`` has made leaves a drag blade; 0 for others."""
    points = distinct(stroke.points)
    if knife.kind != "drag" or len(points) < 2:
        return 0.0
    return degrees(_way(points[-2], points[-1]))


def holder_path(points: tuple[Point, ...], knife: Knife, heading: float) -> tuple[tuple[Point, ...], float]:
    """The path of the holder that makes the tip follow ``points``, and the heading at its end, in radians.

    ``heading`` is that of the blade when it comes down at the first point. Exact at every vertex: smooth curves are
    compensated vertex by vertex.
    """
    d = knife.offset_mm
    path = [_lead(points[0], heading, d)]
    for k, point in enumerate(points[:-1]):
        new = _way(point, points[k + 1])
        turn = _turn(heading, new)
        steps = _swivel_steps(abs(turn), knife)
        path += [_lead(point, heading + turn * step / steps, d) for step in range(1, steps + 1)]
        path.append(_lead(points[k + 1], new, d))
        heading = new
    return distinct(tuple(path)), heading


def _swivel_steps(turn: float, knife: Knife) -> int:
    """In how many steps to turn: so many that the chords stay within ``ARC_ERROR_MM`` of the arc."""
    d = knife.offset_mm
    if turn <= radians(knife.swivel_above_deg) and d * (1 - cos(turn / 2)) <= STEP_ERROR_MM:
        return 1
    step = 2 * acos(max(0.0, 1 - ARC_ERROR_MM / d))
    return max(1, ceil(turn / step))


def run_over(ring: tuple[Point, ...], before_mm: float, after_mm: float) -> tuple[Point, ...]:
    """A closed line that begins ``before_mm`` before its first point and ends ``after_mm`` after it, along itself.

    Neither is longer than half the way round.
    """
    half = sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(ring)) / 2
    lead = first_mm(ring[::-1], min(before_mm, half))[::-1]
    tail = first_mm(ring, min(after_mm, half))
    return (*lead[:-1], *ring, *tail[1:])


def first_mm(line: tuple[Point, ...], length: float) -> tuple[Point, ...]:
    """The first ``length`` mm of a line."""
    part = [line[0]]
    for a, b in pairwise(line):
        step = hypot(b[0] - a[0], b[1] - a[1])
        if step >= length:
            if length > 0:
                part.append((a[0] + (b[0] - a[0]) * length / step, a[1] + (b[1] - a[1]) * length / step))
            break
        part.append(b)
        length -= step
    return tuple(part)


def align_stroke(
    marker: Marker,
    profile: CutterProfile,
    span_mm: tuple[float, float] | None = None,
    registration: Registration | None = None,
    begun: Collection[int] = (),
) -> tuple[Stroke, float]:
    """A stroke that turns a blade of unknown heading in the waste, and the heading in degrees that it leaves.

    It lies clear of every piece, whatever the heading was: in a gap between the pieces, else behind the last one; and
    within ``span_mm`` (from, to) along the cloth, where that is given. Cut-outs are waste as well, but not
    those of the placements that are ``begun`` already: they may lie loose. LimitError where neither has room.
    """
    d = profile.knife.offset_mm
    leg = ALIGN_LEGS * d
    cloth = cloth_outline(marker, registration)
    outlines = [p if registration is None else registration.outline(p) for p in marker.polygons]
    outlines = [Polygon(p.exterior) if k in begun else p for k, p in enumerate(outlines)]
    x, y = _waste_spot(cloth, outlines, profile, leg / 2 + 2 * d, span_mm or (0.0, float("inf")))
    corner = (x - leg / 2, y - leg / 2)
    legs = ((corner[0], corner[1] + leg), corner, (corner[0] + leg, corner[1]))
    return Stroke("knife", "align", legs, -1, holder=legs), 0.0


def cloth_outline(marker: Marker, registration: Registration | None = None) -> Polygon:
    """The cloth of a marker between its selvedges, as far as pieces lie; if it is printed, as it lies on the table."""
    cloth = box(0, 0, marker.length_mm, marker.fabric.usable_width_mm)
    return cloth if registration is None else registration.outline(cloth)


def _waste_spot(
    cloth: Polygon, outlines: list[Polygon], profile: CutterProfile, half_mm: float, span_mm: tuple[float, float]
) -> Point:
    """The middle of a square of waste, ``half_mm`` to every side, clear of every piece: of large gaps the nearest to
    where the machine stands."""
    reach = half_mm * 2**0.5
    _, low, length, high = cloth.bounds
    start, end = span_mm
    within = cloth.intersection(box(start, low, min(length, end), high)).buffer(-profile.knife.offset_mm)
    waste = within.difference(shapely.union_all(outlines))
    gaps = [g for g in getattr(waste, "geoms", [waste]) if isinstance(g, Polygon) and g.area > pi * reach**2]
    largest = sorted(gaps, key=lambda g: -g.area)[:MOST_GAPS]
    for gap in sorted(largest, key=lambda g: g.distance(ShapelyPoint(start, 0.0))):
        circle = shapely.maximum_inscribed_circle(gap, tolerance=0.5)
        if circle.length > reach:
            x, y = circle.coords[0]
            return (x, y)
    behind = length + 2 * half_mm
    table_end = float("inf") if profile.table.length_mm is None else start + profile.table.length_mm
    if behind + half_mm > min(table_end, end):
        raise LimitError(
            f"no room in the waste to turn a blade of unknown heading; it takes {2 * half_mm:.1f} mm each way",
            where=f"cutter {profile.name}",
            hint="Set knife.start_deg in the profile to how you set the blade.",
        )
    return (behind, (low + high) / 2)


def is_closed(points: tuple[Point, ...]) -> bool:
    """Whether a line ends where it began and encloses something."""
    return len(points) > 3 and points[0] == points[-1]


def distinct(points: tuple[Point, ...]) -> tuple[Point, ...]:
    """The points without those that repeat the one before."""
    return tuple(p for k, p in enumerate(points) if k == 0 or p != points[k - 1])


def _way(a: Point, b: Point) -> float:
    return atan2(b[1] - a[1], b[0] - a[0])


def _turn(a: float, b: float) -> float:
    """The smaller turn from one direction to another, -pi < turn <= pi."""
    turn = (b - a) % (2 * pi)
    return turn - 2 * pi if turn > pi else turn


def _lead(tip: Point, heading: float, d: float) -> Point:
    return (tip[0] + d * cos(heading), tip[1] + d * sin(heading))
