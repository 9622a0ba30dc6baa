"""Bridges: places of a boundary that stay uncut and hold the piece in the cloth until somebody snips them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from math import atan2, degrees, hypot, inf

from shapely.geometry import LineString
from shapely.geometry import Point as ShapelyPoint

from cutkit.cut.blade import is_closed
from cutkit.cut.flush import Edges, Span, contours_of, joined, left_of, part
from cutkit.cut.strokes import PieceStrokes
from cutkit.model import Notice, Point
from cutkit.toolpath import Stroke, StrokeRules

CLEAR_MM = 5.0
"""A bridge keeps so far from corners, from notches, and from lines of a neighbour, which would cut it."""
CORNER_DEG = 20.0
NEIGHBOUR_MM = 0.2
"""A neighbour's line this near would cut a bridge through, or tear it."""
LEAST_APART_MM = 40.0
"""Bridges lie at least so far apart along the boundary: a piece with a shorter one gets fewer."""
TOUCH_MM = 0.01


def with_bridges(pieces: Sequence[PieceStrokes], rules: StrokeRules) -> list[PieceStrokes]:
    """The pieces with bridges in their boundaries, which become open strokes from one bridge to the next.

    A piece whose boundary has no room for all gets fewer, and says so.
    """
    if rules.bridges == 0:
        return list(pieces)
    contours = contours_of(pieces)
    return [_bridged(piece, rules, contours) for piece in pieces]


def _bridged(piece: PieceStrokes, rules: StrokeRules, contours: Edges) -> PieceStrokes:
    strokes: list[Stroke] = []
    notices = piece.notices
    for stroke in piece.strokes:
        if stroke.kind != "boundary":
            strokes.append(stroke)
            continue
        places = _places(stroke, _kept_clear(piece, stroke, contours), rules)
        if len(places) < rules.bridges:
            message = (
                f"no room for {rules.bridges} bridges clear of corners, notches and neighbours: it gets {len(places)}"
            )
            notices = (*notices, Notice("bridges", message, piece.piece))
        strokes += _parts(stroke, places, rules.bridge_mm)
    return replace(piece, strokes=tuple(strokes), notices=notices)


def _places(stroke: Stroke, forbidden: Sequence[Span], rules: StrokeRules) -> list[float]:
    """The middles of the bridges: spread evenly, each moved on to the nearest place that is free."""
    length = LineString(stroke.points).length
    free = [(low, high) for low, high in left_of(length, _grown(forbidden, rules.bridge_mm / 2, length)) if high > low]
    count = min(rules.bridges, int(length // (LEAST_APART_MM + rules.bridge_mm)))
    places: list[float] = []
    for k in range(count):
        wish = (k + 0.5) * length / count
        near = [min(max(wish, low), high) for low, high in free]
        place = min(near, key=lambda at: abs(at - wish), default=inf)
        round_mm = length if is_closed(stroke.points) else inf
        apart = min((min(abs(place - p), round_mm - abs(place - p)) for p in places), default=inf)
        if place < inf and apart >= LEAST_APART_MM:
            places.append(place)
    return sorted(places)


def _kept_clear(piece: PieceStrokes, boundary: Stroke, contours: Edges) -> list[Span]:
    """The stretches of a boundary on which no bridge may lie, before they are made wider by half a bridge."""
    line = LineString(boundary.points)
    spots = [0.0, line.length, *_corners(boundary.points)]
    for stroke in piece.strokes:
        if stroke.kind == "notch":
            mouths = [ShapelyPoint(end) for end in (stroke.points[0], stroke.points[-1])]
            spots += [line.project(mouth) for mouth in mouths if mouth.distance(line) < TOUCH_MM]
    beside = contours.along(boundary.points, NEIGHBOUR_MM, but=piece.placement)
    return [(spot - CLEAR_MM, spot + CLEAR_MM) for spot in spots] + [(a - CLEAR_MM, b + CLEAR_MM) for a, b in beside]


def _grown(spans: Sequence[Span], by_mm: float, length: float) -> list[Span]:
    """The stretches, wider at both ends and cut off at the line's; in order and disjoint."""
    return joined([(max(low - by_mm, 0.0), min(high + by_mm, length)) for low, high in spans])


def _corners(ring: Sequence[Point]) -> Iterator[float]:
    """How far along a line its corners lie; of an open one its beginning, too."""
    sides = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(ring)]
    at = 0.0
    for k, side in enumerate(sides):
        last = sides[k - 1]
        turn = atan2(last[0] * side[1] - last[1] * side[0], last[0] * side[0] + last[1] * side[1])
        if abs(degrees(turn)) > CORNER_DEG:
            yield at
        at += hypot(*side)


def _parts(stroke: Stroke, places: Sequence[float], bridge_mm: float) -> Iterator[Stroke]:
    """The strokes from one bridge to the next, all round; of an open line also to its ends."""
    half = bridge_mm / 2
    if not places:
        yield stroke
        return
    if not is_closed(stroke.points):
        ends = [0.0, *(place + side for place in places for side in (-half, half)), LineString(stroke.points).length]
        for start, end in zip(ends[::2], ends[1::2], strict=True):
            yield replace(stroke, points=part(stroke.points, start, end))
        return
    for place, following in zip(places, [*places[1:], *places[:1]], strict=True):
        yield replace(stroke, points=part(stroke.points, place + half, following - half))
