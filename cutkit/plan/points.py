"""Points and edges of a piece by their names: what rules mean by ``notch:3``, ``layer:9:1``, ``corner:2``, ``top``."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate, pairwise
from typing import NamedTuple

from shapely.geometry import LineString
from shapely.geometry.polygon import orient

from cutkit.errors import InputError
from cutkit.geometry import Line, Place, angle_of, distance, nearest_place, without_repeats
from cutkit.model import Mark, Piece, Point
from cutkit.rules import At, Edge, PointName, Side

CORNER_DEG = 30.0
"""The outline turns by at least this much at a corner; less is a point of a curve."""
ON_OUTLINE_MM = 1.0
MOST_LISTED = 12


class OutlinePoint(NamedTuple):
    """A point on an outline: how far along it, and where."""

    along_mm: float
    point: Point


def ring_of(piece: Piece) -> list[Point]:
    """The outline of a piece, counter-clockwise, from the point at which the file begins it."""
    return without_repeats(orient(piece.outline).exterior.coords, closed=True)


def named_points(piece: Piece) -> dict[str, Point]:
    """Every point of a piece that has a name, in the order in which they are counted."""
    ring = ring_of(piece)
    found: dict[str, Point] = {}
    for kind, points in (("notch", _notches(piece, ring)), ("corner", _corners(ring)), ("drill", _drills(piece))):
        found |= {f"{kind}:{number}": point for number, point in enumerate(points, 1)}
    layers: dict[str, int] = {}
    for mark in piece.marks:
        if mark.layer and mark.kind != "label":
            layers[mark.layer] = layers.get(mark.layer, 0) + 1
            found[f"layer:{mark.layer}:{layers[mark.layer]}"] = _middle(mark)
    return found


def point_of(piece: Piece, at: At, what: str) -> Point:
    """The point that ``at`` means on a piece; InputError (exit 3), naming the piece and ``what`` needs it, if none."""
    if not isinstance(at, PointName):
        return at
    points = named_points(piece)
    found = points.get(str(at))
    if found is not None:
        return found
    raise InputError(f"{what} needs the point {at}, which it does not have", where=name_of(piece), hint=_listed(points))


def edges_of(piece: Piece, edge: Edge) -> list[Line]:
    """The edges of the outline that make up an edge of a rule, each from its begin to its end, counter-clockwise.

    InputError where the piece lacks a point that bounds it.
    """
    if edge.side is not None:
        return _side_edges(piece, edge.side)
    ring = ring_of(piece)
    begin, end = (_bound(piece, ring, at, edge) for at in edge.ends)
    count = len(ring)
    steps = (end.edge - begin.edge) % count
    if steps == 0 and end.share <= begin.share:
        steps = count
    between = [ring[(begin.edge + 1 + k) % count] for k in range(steps)]
    return list(pairwise(without_repeats([begin.point, *between, end.point])))


def _bound(piece: Piece, ring: Sequence[Point], at: PointName, edge: Edge) -> Place:
    place = nearest_place(ring, point_of(piece, at, f"the edge {edge}"))
    if place.distance_mm > ON_OUTLINE_MM:
        message = f"{at} lies {place.distance_mm:.1f} mm off its outline and bounds no edge"
        raise InputError(message, where=name_of(piece), hint="Name notches or corners.")
    return place


def _side_edges(piece: Piece, side: Side) -> list[Line]:
    """The edges of the outline that face a side more than any other."""
    ring = ring_of(piece)
    facing = {"right": 0.0, "top": 90.0, "left": 180.0, "bottom": 270.0}[side]
    edges = list(zip(ring, ring[1:] + ring[:1], strict=True))
    outward = [(angle_of(a, b) - 90.0 - facing + 180.0) % 360.0 - 180.0 for a, b in edges]
    return [edge for edge, off in zip(edges, outward, strict=True) if -45.0 < off <= 45.0]


def _notches(piece: Piece, ring: Sequence[Point]) -> list[Point]:
    return _along(ring, [mark.points[0] for mark in piece.marks if mark.kind == "notch"])


def _along(ring: Sequence[Point], points: Sequence[Point]) -> list[Point]:
    """The points in their order along a ring."""
    steps = [distance(a, b) for a, b in zip(ring, [*ring[1:], ring[0]], strict=True)]
    starts = list(accumulate(steps, initial=0.0))
    placed = []
    for point in points:
        place = nearest_place(ring, point)
        placed.append(OutlinePoint(starts[place.edge] + place.share * steps[place.edge], point))
    return [p.point for p in sorted(placed)]


def _corners(ring: Sequence[Point]) -> list[Point]:
    corners = []
    for before, here, after in zip([ring[-1], *ring[:-1]], ring, [*ring[1:], ring[0]], strict=True):
        turn = (angle_of(here, after) - angle_of(before, here) + 180.0) % 360.0 - 180.0
        if abs(turn) >= CORNER_DEG:
            corners.append(here)
    return corners


def _drills(piece: Piece) -> list[Point]:
    return [mark.points[0] for mark in piece.marks if mark.kind == "drill"]


def _middle(mark: Mark) -> Point:
    """The point itself; of a line the middle of its length."""
    if len(mark.points) == 1:
        return mark.points[0]
    middle = LineString(mark.points).interpolate(0.5, normalized=True)
    return middle.x, middle.y


def name_of(piece: Piece) -> str:
    """What a piece is called in errors."""
    return f"piece {piece.name}, size {piece.size}" if piece.size else f"piece {piece.name}"


def _listed(points: dict[str, Point]) -> str:
    if not points:
        return "It has none with a name; give [x, y] in mm from its lower left corner."
    shown = [f"{name} at ({x:.0f}, {y:.0f})" for name, (x, y) in list(points.items())[:MOST_LISTED]]
    more = f" and {len(points) - MOST_LISTED} more" if len(points) > MOST_LISTED else ""
    return f"It has {', '.join(shown)}{more}."
