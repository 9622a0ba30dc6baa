"""The order of strokes: inner before outer, small before large, and short ways between.

Tools are changed as seldom as can be: everything drawn, then everything punched, then everything cut. Within a tool the
pieces follow one another by nearest neighbour, with a pull towards the start of the marker so that none is left behind;
within a piece its phases keep their order, and where and which way a line begins is chosen by the shortest way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import atan2, cos, hypot, radians

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon

from cutkit.cut.blade import is_closed
from cutkit.cut.strokes import PieceStrokes
from cutkit.model import Point, Tool
from cutkit.toolpath import Stroke

TOOL_ORDER: tuple[Tool, ...] = ("pen", "punch", "knife")
SMALL_MM2 = 64_500.0
"""A piece up to this area is small: fabric cutters cut it first, while the cloth about it still holds it."""
NEIGHBOUR_MM = 20.0
"""A small piece goes before a large one (twice its area or more) that lies this near."""
CORNER_DEG = 20.0
"""A contour begins at one of its corners, if it has any: a trace of the start shows least there."""
PULLS = (0.1, 0.4, 1.0)
"""Weights of the pull to the start of the marker; the one with the shortest way is taken."""


@dataclass(frozen=True)
class _Group:
    """The strokes of one piece with one tool, by phases."""

    piece: int
    phases: tuple[tuple[Stroke, ...], ...]
    start_x: float


def ordered_strokes(pieces: Sequence[PieceStrokes]) -> list[Stroke]:
    """All strokes of all pieces in the order in which they are to be made, from the origin of the table.

    A piece whose cloth lies in another's cut-out is cut before it, so nothing is ever cut in cloth already freed.
    """
    here: Point = (0.0, 0.0)
    done: list[Stroke] = []
    before = predecessors([p.outline for p in pieces])
    for tool in TOOL_ORDER:
        groups = [g for k, p in enumerate(pieces) if (g := _group(k, p, tool)).phases]
        if not groups:
            continue
        routes = [_route(groups, before, here, pull) for pull in PULLS]
        done += routes[int(np.argmin([travel_mm(route, here) for route in routes]))]
        here = done[-1].points[-1]
    return done


def travel_mm(strokes: Sequence[Stroke], start: Point) -> float:
    """The way with the tool up, from ``start``, at the tip."""
    here, total = start, 0.0
    for stroke in strokes:
        total += _apart(here, stroke.points[0])
        here = stroke.points[-1]
    return total


def predecessors(outlines: Sequence[Polygon]) -> list[set[int]]:
    """For every piece those that must be cut before it: pieces in its cut-outs, and small ones beside a large one.

    Both go from the smaller to the larger area within the outer line, so no two can wait for one another.
    """
    before: list[set[int]] = [set() for _ in outlines]
    shapes = np.array(outlines, dtype=object)
    tree = shapely.STRtree(shapes)
    for k, outline in enumerate(outlines):
        for hole in outline.interiors:
            cloth = Polygon(hole)
            for other in tree.query(cloth, predicate="intersects").tolist():
                if other != k and cloth.covers(shapes[other].representative_point()):
                    before[k].add(other)
    areas = shapely.area(shapely.polygons(shapely.get_exterior_ring(shapes)))
    small, large = tree.query(shapes, predicate="dwithin", distance=NEIGHBOUR_MM)
    for a, b in zip(small.tolist(), large.tolist(), strict=True):
        if areas[a] <= SMALL_MM2 and areas[b] >= 2 * areas[a]:
            before[b].add(a)
    return before


def _group(number: int, piece: PieceStrokes, tool: Tool) -> _Group:
    mine = [s for s in piece.strokes if s.tool == tool]
    phases = tuple(tuple(strokes) for _, strokes in groupby(mine, key=lambda s: s.kind))
    return _Group(number, phases, float(piece.outline.bounds[0]))


def _route(groups: Sequence[_Group], before: list[set[int]], here: Point, pull: float) -> list[Stroke]:
    """The strokes of all groups, the nearest group next, among those that nothing must go before."""
    entries = [_entries_of(group) for group in groups]
    points = np.concatenate([np.array(e, dtype=float) for e in entries])
    firsts = np.concatenate([[0], np.cumsum([len(e) for e in entries])[:-1]])
    lag = pull * np.array([group.start_x for group in groups])
    place = {group.piece: k for k, group in enumerate(groups)}
    awaited = [{place[p] for p in before[group.piece] if p in place} for group in groups]
    blocked = np.array([len(a) for a in awaited]) > 0
    done = np.zeros(len(groups), dtype=bool)
    followers: dict[int, list[int]] = {}
    for k, first in ((k, first) for k, those in enumerate(awaited) for first in those):
        followers.setdefault(first, []).append(k)
    route: list[Stroke] = []
    for _ in groups:
        k = _nearest_group(points, firsts, lag, ~(blocked | done), here)
        route += _visit(groups[k], here)
        here = route[-1].points[-1]
        done[k] = True
        for follower in followers.get(k, ()):
            awaited[follower].discard(k)
            blocked[follower] = bool(awaited[follower])
    return route


def _nearest_group(
    points: NDArray[np.float64],
    firsts: NDArray[np.int64],
    lag: NDArray[np.float64],
    ready: NDArray[np.bool_],
    at: Point,
) -> int:
    way = np.minimum.reduceat(np.hypot(points[:, 0] - at[0], points[:, 1] - at[1]), firsts) + lag
    return int(np.argmin(np.where(ready, way, np.inf)))


def _entries_of(group: _Group) -> list[Point]:
    """The points at which the work on a group can begin."""
    return [stroke.points[k] for stroke in group.phases[0] for k in _starts(stroke)]


def _visit(group: _Group, here: Point) -> list[Stroke]:
    """The strokes of one group, phase after phase, in each the nearest next."""
    made: list[Stroke] = []
    for phase in group.phases:
        left = list(phase)
        while left:
            choices = [(_apart(here, s.points[k]), n, k) for n, s in enumerate(left) for k in _starts(s)]
            _, n, k = min(choices)
            stroke = _started_at(left.pop(n), k)
            made.append(stroke)
            here = stroke.points[-1]
    return made


def _starts(stroke: Stroke) -> list[int]:
    """The indices at which a line may begin: the corners of a contour, else the ends; a slit begins at the outline."""
    points = stroke.points
    if is_closed(points):
        return _corners(points) or list(range(len(points) - 1))
    if len(points) == 1 or (stroke.kind == "notch" and len(points) == 2):
        return [0]
    return [0, len(points) - 1]


def _started_at(stroke: Stroke, k: int) -> Stroke:
    points = stroke.points
    if is_closed(points):
        return replace(stroke, points=(*points[k:-1], *points[: k + 1]))
    return stroke if k == 0 else replace(stroke, points=points[::-1])


def _corners(ring: tuple[Point, ...]) -> list[int]:
    """The indices of a closed line at which it turns by more than ``CORNER_DEG``."""
    sides = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(ring)]
    corners = []
    for k, side in enumerate(sides):
        last = sides[k - 1]
        turn = atan2(last[0] * side[1] - last[1] * side[0], last[0] * side[0] + last[1] * side[1])
        if cos(turn) < cos(radians(CORNER_DEG)):
            corners.append(k)
    return corners


def _apart(a: Point, b: Point) -> float:
    return hypot(a[0] - b[0], a[1] - b[1])
