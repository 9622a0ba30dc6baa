"""Tangential knives and rotary blades: the machine turns them, and lifts them where the line turns too sharply.

The blade's axis follows the line itself, and its angle is the line's direction. At a bend up to a limit it turns along
the way, in the last and the first millimetre beside it; at a sharper one it is lifted, turned and let down again, so
that a stroke falls into runs. A blade that makes a cut of some length where it stands, its axis in the middle, comes
down half of that after the start of a run and goes up half of it before its end: the advance of the trade. What is
shorter than the blade, or curves more tightly than a wheel can follow, it cannot cut: a finer knife must, where the
machine has one.

Overcut: a contour without a corner to begin at runs on over its start. At a corner the blade may cut on beyond it, but
only where waste lies there, never into a piece.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from math import asin, atan2, degrees, hypot, radians

import shapely
import shapely.ops
from shapely.geometry import LineString, Polygon

from cutkit.cut.blade import distinct, first_mm, is_closed
from cutkit.cut.strokes import PieceStrokes
from cutkit.errors import InfeasibleError
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, CutTool, Knife, Stroke

EDGE_ERROR_MM = 0.03
"""How far the edge of a blade that has a length may leave the line while it turns along the way."""
CURVE_ERROR_MM = 0.045
"""How far its edges may leave a curve that it follows."""
TURN_WITHIN_MM = 1.0
"""A bend is turned in so much of the way before and behind it, or in half of a shorter side."""
OVERCUT_ABOVE_DEG = 45.0
"""At softer corners an overcut would run along the next side, and cut it again."""
FINE_ERROR_MM = 1e-6
AHEAD_MM = 1e-3
"""The direction of a line at a place is that in which it goes so far on."""
WHEEL_SPAN_MM = 5.0
"""Over so much of a line its curve is measured, or over a blade's length: single bends of a polygon say little."""


@dataclass(frozen=True)
class Ground:
    """What lies on the table: the pieces' outlines, and the cloth from ``start_mm`` to ``end_mm`` and of some width."""

    outlines: tuple[Polygon, ...]
    end_mm: float
    width_mm: float
    start_mm: float = 0.0


def turn_blade(strokes: Sequence[Stroke], knife: Knife, ground: Ground, tool: CutTool = "knife") -> list[Stroke]:
    """The strokes with the blade's angle at every point, parted where it must be lifted; those of other tools as given.

    Angles count on beyond 360 degrees, so that the blade never turns back by a whole turn. Every stroke must be one
    that the knife can make: see ``unfit``.
    """
    limit = turn_limit_deg(knife)
    angle = 0.0
    made: list[Stroke] = []
    for stroke in strokes:
        if stroke.tool != tool:
            made.append(stroke)
            continue
        for run in _led_runs(stroke, knife, limit, ground):
            points, angles = _turned(run, angle)
            angle = angles[-1]
            made.append(replace(stroke, points=tuple(points), angles_deg=tuple(angles)))
    return made


def turn_limit_deg(knife: Knife) -> float:
    """The sharpest bend that the blade turns along the way; at sharper ones it is lifted.

    The edge of a knife of length l runs off the line by l/2 sin(turn/2) where it stands across the bend; a wheel cuts
    below its axis.
    """
    if knife.kind == "rotary" or knife.length_mm <= 2 * EDGE_ERROR_MM:
        return knife.lift_above_deg
    return min(knife.lift_above_deg, degrees(2 * asin(2 * EDGE_ERROR_MM / knife.length_mm)))


def unfit(points: tuple[Point, ...], knife: Knife) -> str | None:
    """Why the blade cannot make a line, in words; None where it can."""
    points, limit = distinct(points), turn_limit_deg(knife)
    runs = runs_of(points, limit)
    if len(runs) > 1 and is_closed(points) and abs(_bend_deg(points[-2], points[0], points[1])) <= limit:
        runs = [(*runs[-1], *runs[0][1:]), *runs[1:-1]]
    shortest = min(_length(run) for run in runs)
    if shortest < knife.length_mm - FINE_ERROR_MM:
        return f"a side of {shortest:.1f} mm is shorter than the blade's own cut of {knife.length_mm:g} mm"
    radius, least = min(_least_radius(run, _span_mm(knife)) for run in runs), least_radius_mm(knife)
    if radius < least:
        return f"a curve of {radius:.1f} mm radius is tighter than the {least:.1f} mm that the blade can follow"
    off = max(_bent_ends_mm(run, knife) for run in runs) if knife.kind == "rotary" else 0.0
    if off > CURVE_ERROR_MM:
        return f"where the wheel comes down or goes up the line is not straight: its cut would be {off:.2f} mm off"
    return None


def _bent_ends_mm(run: tuple[Point, ...], knife: Knife) -> float:
    """How far off the line a wheel cuts where it stands: at both ends of a run, or anywhere on a round contour."""
    if is_closed(run):
        return knife.length_mm**2 / (8 * _least_radius(run, _span_mm(knife)))
    return max(_stands_off_mm(way, knife.length_mm) for way in (run, run[::-1]))


def _stands_off_mm(run: tuple[Point, ...], length_mm: float) -> float:
    """How far the first ``length_mm`` of a run are off the cut of a wheel that stands with its axis in their middle."""
    half = length_mm / 2
    line, axis = LineString(first_mm(run, length_mm)), first_mm(run, half)[-1]
    ahead = first_mm(run, min(half + AHEAD_MM, line.length))[-1]
    way = hypot(ahead[0] - axis[0], ahead[1] - axis[1])
    u, v = (ahead[0] - axis[0]) / way * half, (ahead[1] - axis[1]) / way * half
    return float(line.hausdorff_distance(LineString([(axis[0] - u, axis[1] - v), (axis[0] + u, axis[1] + v)])))


def least_radius_mm(knife: Knife) -> float:
    """The tightest curve that the blade follows: the edges of a knife of length l run off it by l^2 / 8r."""
    if knife.kind == "rotary":
        return knife.least_radius_mm
    return max(knife.least_radius_mm, knife.length_mm**2 / (8 * CURVE_ERROR_MM))


def with_fine_knife(pieces: Sequence[PieceStrokes], profile: CutterProfile) -> list[PieceStrokes]:
    """The pieces' strokes, those for the fine knife that the blade cannot make.

    Where the outline of a piece is one of them, all that is cut in it is, or it would be cut in cloth already freed.
    InfeasibleError, with the piece and the reason, where the machine has no fine knife.
    """
    if profile.knife.kind not in ("tangential", "rotary"):
        return list(pieces)
    return _inner_fine([_fined(piece, profile) for piece in pieces])


def all_fine(pieces: Sequence[PieceStrokes], placements: Collection[int]) -> list[PieceStrokes]:
    """The pieces, those of some placements all for the fine knife."""
    return _inner_fine([_all_fine(p) if p.placement in placements else p for p in pieces])


def too_short_for(strokes: Iterable[Stroke], profile: CutterProfile) -> set[int]:
    """The placements of which the blades cannot make a stroke as it was parted."""
    knives = {"knife": profile.knife, "fine": profile.fine_knife}
    turned = {tool: knife for tool, knife in knives.items() if knife.kind in ("tangential", "rotary")}
    return {s.placement for s in strokes if s.tool in turned and unfit(s.points, turned[s.tool])}


def _inner_fine(pieces: Sequence[PieceStrokes]) -> list[PieceStrokes]:
    """The pieces, those all for the fine knife that lie in a cut-out which that makes: it cuts first."""
    found = list(pieces)
    for k, piece in enumerate(found):
        holes = [Polygon(s.points) for s in piece.strokes if s.kind == "cutout" and s.tool == "fine"]
        inside = [n for n, other in enumerate(found) if n != k and any(h.contains(other.outline) for h in holes)]
        for n in inside:
            found[n] = _all_fine(found[n])
    return found


def _fined(piece: PieceStrokes, profile: CutterProfile) -> PieceStrokes:
    strokes: list[Stroke] = []
    for stroke in piece.strokes:
        coarse = unfit(stroke.points, profile.knife) if stroke.tool == "knife" else None
        reason = _too_fine(stroke.points, profile) if coarse and "fine" in profile.tools else coarse
        if reason:
            raise InfeasibleError(
                f"the blade cannot cut a {stroke.kind} of placement {stroke.placement}: {reason}",
                where=f"cutter {profile.name}",
                hint="Give the profile a second, finer knife (tools.fine), or choose another cutter.",
            )
        strokes.append(replace(stroke, tool="fine") if coarse else stroke)
    changed = replace(piece, strokes=tuple(strokes))
    whole = any(s.kind == "boundary" and s.tool == "fine" for s in strokes)
    return _all_fine(changed) if whole else changed


def _too_fine(points: tuple[Point, ...], profile: CutterProfile) -> str | None:
    """Why not even the fine knife can make a line; None where it can."""
    return unfit(points, profile.fine_knife) if profile.fine_knife.kind == "tangential" else None


def _all_fine(piece: PieceStrokes) -> PieceStrokes:
    return replace(piece, strokes=tuple(replace(s, tool="fine") if s.tool == "knife" else s for s in piece.strokes))


# ---- runs -------------------------------------------------------------------------------------------------------


def runs_of(points: tuple[Point, ...], limit_deg: float) -> list[tuple[Point, ...]]:
    """A line parted at the corners sharper than the limit; a contour stays whole where it has none but its start."""
    runs: list[tuple[Point, ...]] = []
    first = 0
    for k in range(1, len(points) - 1):
        if abs(_bend_deg(points[k - 1], points[k], points[k + 1])) > limit_deg:
            runs.append(points[first : k + 1])
            first = k
    runs.append(points[first:])
    return runs


def _led_runs(stroke: Stroke, knife: Knife, limit: float, ground: Ground) -> Iterator[tuple[Point, ...]]:
    """The runs of a stroke as the axis must go them, with advance and overcut."""
    points = distinct(stroke.points)
    if len(points) == 1:
        yield points
        return
    runs = runs_of(points, limit)
    closed = is_closed(points)
    smooth_start = closed and abs(_bend_deg(points[-2], points[0], points[1])) <= limit
    half = knife.length_mm / 2
    for number, run in enumerate(runs):
        last = number == len(runs) - 1
        length = _length(run)
        if last and smooth_start:
            over = first_mm(points, min(knife.overcut_mm + 2 * half, _length(points) / 2))
            run = (*run, *over[1:])
        elif stroke.kind in ("boundary", "cutout") and (closed or not last):  # a part ends where it is told to
            following = runs[(number + 1) % len(runs)]
            if abs(_bend_deg(run[-2], run[-1], following[1])) > OVERCUT_ABOVE_DEG:
                run = _beyond(run, knife.corner_overcut_mm, ground)
        yield trimmed(run, min(half, length / 2))


def trimmed(run: tuple[Point, ...], by_mm: float) -> tuple[Point, ...]:
    """A line without its first and last so many millimetres; its middle, as a direction, where it would vanish."""
    if by_mm <= 0:
        return run
    whole = LineString(run)
    if whole.length <= 2 * by_mm + FINE_ERROR_MM:
        ends = (whole.interpolate(whole.length / 2 + by) for by in (-FINE_ERROR_MM, FINE_ERROR_MM))
        return tuple((float(end.x), float(end.y)) for end in ends)
    part = shapely.ops.substring(whole, by_mm, whole.length - by_mm)
    return tuple((float(x), float(y)) for x, y, *_ in part.coords)


def _beyond(run: tuple[Point, ...], by_mm: float, ground: Ground) -> tuple[Point, ...]:
    """A run that goes straight on beyond its end as far as waste lies there, at most ``by_mm``."""
    (ax, ay), (bx, by) = run[-2], run[-1]
    length = hypot(bx - ax, by - ay)
    if by_mm <= 0:
        return run
    way = ((bx - ax) / length, (by - ay) / length)
    start = (bx + way[0] * FINE_ERROR_MM, by + way[1] * FINE_ERROR_MM)
    ray = LineString([start, (bx + way[0] * by_mm, by + way[1] * by_mm)])
    free = min(by_mm, _room_mm(run[-1], way, ground))
    for polygon in ground.outlines:
        if polygon.distance(ray) > 0:
            continue
        free = min(free, shapely.Point(run[-1]).distance(ray.intersection(polygon)))
    if free < EDGE_ERROR_MM:
        return run
    return (*run, (bx + way[0] * free, by + way[1] * free))


def _room_mm(point: Point, way: Point, ground: Ground) -> float:
    """How far a way stays on the cloth."""
    spans = ((ground.start_mm, ground.end_mm), (0.0, ground.width_mm))
    rooms = [(span[w > 0] - p) / w for p, w, span in zip(point, way, spans, strict=True) if abs(w) > 1e-12]
    return max(0.0, min(rooms))


def _turned(run: tuple[Point, ...], angle: float) -> tuple[list[Point], list[float]]:
    """The points of a run with the blade's angle at each, in degrees; points are added where a bend is turned.

    ``angle`` is where the blade stands before: of all that mean the same the nearest is taken.
    """
    if len(run) == 1:
        return list(run), [angle]
    ways = [degrees(atan2(b[1] - a[1], b[0] - a[0])) for a, b in pairwise(run)]
    lengths = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(run)]
    points, angles = [run[0]], [_nearest(ways[0], angle)]
    for k in range(1, len(run) - 1):
        before = angles[-1] if len(angles) == 1 else _nearest(ways[k - 1], angles[-1])
        after = _nearest(ways[k], before)
        if lengths[k - 1] > 2 * TURN_WITHIN_MM:
            points.append(_along(run[k], run[k - 1], TURN_WITHIN_MM))
            angles.append(before)
        points.append(run[k])
        angles.append((before + after) / 2)
        if lengths[k] > 2 * TURN_WITHIN_MM:
            points.append(_along(run[k], run[k + 1], TURN_WITHIN_MM))
            angles.append(after)
    points.append(run[-1])
    angles.append(_nearest(ways[-1], angles[-1]))
    return points, angles


def _nearest(way_deg: float, to_deg: float) -> float:
    """The angle that means the direction and lies nearest to another."""
    return to_deg + (way_deg - to_deg + 180.0) % 360.0 - 180.0


def _along(a: Point, b: Point, by_mm: float) -> Point:
    length = hypot(b[0] - a[0], b[1] - a[1])
    return (a[0] + (b[0] - a[0]) * by_mm / length, a[1] + (b[1] - a[1]) * by_mm / length)


def _bend_deg(a: Point, b: Point, c: Point) -> float:
    ux, uy, vx, vy = b[0] - a[0], b[1] - a[1], c[0] - b[0], c[1] - b[1]
    return degrees(atan2(ux * vy - uy * vx, ux * vx + uy * vy))


def _length(points: tuple[Point, ...]) -> float:
    return sum(hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(points))


def _span_mm(knife: Knife) -> float:
    return max(min(WHEEL_SPAN_MM, knife.length_mm), FINE_ERROR_MM)


def _least_radius(run: tuple[Point, ...], span_mm: float) -> float:
    """The tightest radius of a run: its way over its turn, by stretches of ``span_mm``; infinite if straight."""
    if len(run) < 3:
        return float("inf")
    bends = [0.0, *(radians(_bend_deg(*run[k - 1 : k + 2])) for k in range(1, len(run) - 1))]
    sides = [hypot(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(run)]
    least = float("inf")
    for k in range(1, len(sides)):
        way, turn, n = (sides[k - 1] + sides[k]) / 2, bends[k], k
        while way < span_mm and n + 1 < len(sides):
            n += 1
            way += (sides[n - 1] + sides[n]) / 2
            turn += bends[n]
        if abs(turn) > 1e-9:
            least = min(least, max(way, span_mm) / abs(turn))
    return least
