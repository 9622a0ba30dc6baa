"""Notches of a pattern file: points, lines and points on the sew line become places on the outline.

A POINT on layer 4 is a slit (width 0 or absent) or a V; 80 to 83 are T, castle, check and U. Group 30 is the depth, 39
the width, 50 a direction, in either sense; the sense is decided from the outline when the piece is finished. Older
Valentina draws notches as lines from the outline inwards.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.shapes import Shape
from cutkit.geometry import Place, angle_of, distance, nearest_place
from cutkit.model import NotchShape, Point

SHAPES: dict[str, NotchShape] = {"4": "slit", "80": "t", "81": "castle", "82": "check", "83": "u"}
DEFAULT_DEPTH_MM = 5.0
MEET_MM = 0.05
"""Lines of a notch that come this near to one another meet."""
ON_LINE_MM = 1.0
"""A notch this near to a line lies on it."""
NEAR_MM = 5.0
"""A notch this near to the outline is moved to it; one further off, and on no sew line, is left out."""
MOST_DEPTH_MM = 30.0
"""No notch is deeper or wider; a larger number is damaged, or in a wrong unit, and would cut the piece in two."""
FAR_MM = 30.0
"""No seam allowance is wider: a notch on the sew line is moved no further to the outline."""


@dataclass(frozen=True, slots=True)
class Notch:
    """A notch at a place of the drawn outline: ``share`` of the way along the edge that begins at point ``edge``.

    ``angle_deg`` is a direction along its axis, in either sense; None: square to the outline.
    """

    edge: int
    share: float
    depth_mm: float
    width_mm: float
    angle_deg: float | None
    shape: NotchShape
    layer: str


@dataclass(frozen=True, slots=True)
class Teller:
    """Says something about one piece in one size."""

    remarks: Remarks
    piece: str
    size: str

    def __call__(self, code: str, message: str) -> None:
        self.remarks.add(code, message, self.piece, self.size)


@dataclass(slots=True)
class _Raw:
    point: Point
    depth_mm: float | None
    width_mm: float
    angle_deg: float | None
    shape: NotchShape
    layer: str


def notches_of(by_layer: dict[str, list[Shape]], ring: Sequence[Point], tell: Teller) -> list[Notch]:
    """The notches of a piece, each on its outline; what was moved, assumed or dropped is told."""
    raw = [_of_point(s) for layer in SHAPES for s in by_layer.get(layer, ()) if s.kind == "POINT"]
    for layer in SHAPES:
        lines = [s for s in by_layer.get(layer, ()) if s.is_path and len(s.points) > 1]
        raw += _of_lines(lines, ring, SHAPES[layer], layer)
    if not raw:
        return []
    _refuse_sizes(raw, tell)
    if any(n.depth_mm is None for n in raw):
        tell("notch-depth-default", f"notches without a depth are {DEFAULT_DEPTH_MM:g} mm deep")
    if any(n.depth_mm is not None and n.depth_mm < 0 for n in raw):
        tell("notch-depth-negative", "notches with a negative depth are cut into the piece by its amount")
    sew = [s.points for s in by_layer.get("14", ()) if s.is_path and len(s.points) > 1]
    placed = [(n, _place(n.point, ring, sew)) for n in raw]
    _tell_of_places(placed, tell)
    notches = [_notch(n, found) for n, (found, _) in placed if found is not None]
    _tell_of_doubles(notches, tell)
    return notches


def _refuse_sizes(raw: Sequence[_Raw], tell: Teller) -> None:
    """Take away depths and widths that no notch has."""
    odd = [n for n in raw if max(abs(n.depth_mm or 0.0), n.width_mm) > MOST_DEPTH_MM]
    for notch in odd:
        if abs(notch.depth_mm or 0.0) > MOST_DEPTH_MM:
            notch.depth_mm = None
        if notch.width_mm > MOST_DEPTH_MM:
            notch.width_mm = 0.0
            notch.shape = "slit" if notch.shape == "v" else notch.shape
    if odd:
        size = f"deeper or wider than {MOST_DEPTH_MM:g} mm"
        tell("notch-too-large", f"{len(odd)} notches would be {size}: cut {DEFAULT_DEPTH_MM:g} mm deep or as slits")


def _of_point(shape: Shape) -> _Raw:
    width = abs(shape.width_mm or 0.0)
    kind = SHAPES[shape.layer]
    if kind == "slit" and width > 0:
        kind = "v"
    depth = shape.depth_mm if shape.depth_mm else None
    return _Raw(shape.points[0], depth, width, shape.angle_deg, kind, shape.layer)


def _of_lines(lines: Sequence[Shape], ring: Sequence[Point], kind: NotchShape, layer: str) -> list[_Raw]:
    """Notches drawn as lines: a group of lines that touch is one notch, and its free ends on the outline its mouth."""
    raw: list[_Raw] = []
    for group in _touching([list(line.points) for line in lines]):
        points = [p for path in group for p in path]
        feet = [p for p in dict.fromkeys(points) if nearest_place(ring, p).distance_mm <= ON_LINE_MM]
        if not feet:
            feet = [min(points, key=lambda p: nearest_place(ring, p).distance_mm)]
        mouth = (sum(p[0] for p in feet) / len(feet), sum(p[1] for p in feet) / len(feet))
        tip = max(points, key=lambda p: nearest_place(ring, p).distance_mm)
        width = max((distance(a, b) for a in feet for b in feet), default=0.0)
        shape: NotchShape = kind if kind != "slit" else _drawn_shape(len(feet), len(group))
        raw.append(_Raw(mouth, distance(mouth, tip) or None, width, angle_of(mouth, tip), shape, layer))
    return raw


def _drawn_shape(feet: int, lines: int) -> NotchShape:
    if feet >= 2:
        return "v" if lines <= 2 else "castle"
    return "slit" if lines == 1 else "t"


def _touching(paths: list[list[Point]]) -> list[list[list[Point]]]:
    """The paths in groups of which each meets another one at its ends or in its middle."""
    group = list(range(len(paths)))

    def root(k: int) -> int:
        while group[k] != k:
            group[k] = group[group[k]]
            k = group[k]
        return k

    near: dict[tuple[int, int], list[tuple[int, Point]]] = defaultdict(list)
    for k, path in enumerate(paths):
        for point in (path[0], path[-1], _middle(path)):
            column, row = math.floor(point[0] / MEET_MM), math.floor(point[1] / MEET_MM)
            for x in (column - 1, column, column + 1):
                for y in (row - 1, row, row + 1):
                    for other, place in near.get((x, y), ()):
                        if distance(point, place) < MEET_MM:
                            group[root(other)] = root(k)
            near[column, row].append((k, point))
    members: dict[int, list[list[Point]]] = defaultdict(list)
    for k, path in enumerate(paths):
        members[root(k)].append(path)
    return list(members.values())


def _middle(path: Sequence[Point]) -> Point:
    return (path[0][0] + path[-1][0]) / 2, (path[0][1] + path[-1][1]) / 2


def _place(point: Point, ring: Sequence[Point], sew: Sequence[Sequence[Point]]) -> tuple[Place | None, str]:
    """Where on the outline a notch belongs, and how it got there: "on", "moved", "sew" or "lost"."""
    place = nearest_place(ring, point)
    if place.distance_mm <= ON_LINE_MM:
        return place, "on"
    if place.distance_mm <= FAR_MM and any(nearest_place(line, point).distance_mm <= ON_LINE_MM for line in sew):
        return place, "sew"
    return (place, "moved") if place.distance_mm <= NEAR_MM else (None, "lost")


def _tell_of_places(placed: Sequence[tuple[_Raw, tuple[Place | None, str]]], tell: Teller) -> None:
    counts = {how: sum(1 for _, (_, h) in placed if h == how) for how in ("moved", "sew", "lost")}
    if counts["sew"]:
        tell("notch-on-sew-line", f"{counts['sew']} notches on the sew line are moved square out to the cut line")
    if counts["moved"]:
        furthest = max(p.distance_mm for _, (p, how) in placed if p is not None and how == "moved")
        tell("notch-moved", f"{counts['moved']} notches off the outline are moved to it, by up to {furthest:.1f} mm")
    if counts["lost"]:
        tell("notch-dropped", f"{counts['lost']} notches lie on no line of the piece and are left out")


def _notch(raw: _Raw, place: Place) -> Notch:
    depth = abs(raw.depth_mm) if raw.depth_mm is not None else DEFAULT_DEPTH_MM
    return Notch(place.edge, place.share, depth, raw.width_mm, raw.angle_deg, raw.shape, raw.layer)


def _tell_of_doubles(notches: list[Notch], tell: Teller) -> None:
    twice = len(notches) - len(set(notches))
    if twice:
        tell("notch-twice", f"{twice} of {len(notches)} notches are given twice, at the same point")
