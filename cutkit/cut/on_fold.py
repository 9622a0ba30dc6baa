"""Pieces on a fold of the cloth: their fold side is not cut, so their outline is an open line between its ends.

The knife begins and ends on the fold, the edge of the cloth, and runs over neither along it nor beyond it. Where
a piece lies on the fold in several stretches, what is between two of them is waste that the piece and the fold
enclose: it is cut before the outer line, as a cut-out is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from math import dist

import shapely
from shapely.geometry import LineString, MultiLineString, Polygon
from shapely.geometry import Point as ShapelyPoint

from cutkit.cut.notches import OFF_OUTLINE_MM
from cutkit.model import OrderedPiece, Point

ON_FOLD_MM = 1e-3
"""A side of an outline this near to the fold lies on it."""
ALONG_FOLD_MM = 0.05
"""A line within a piece that runs this near to its fold would part its halves, for any cutter."""
Line = tuple[Point, ...]


@dataclass(frozen=True)
class FoldedOutline:
    """What is cut of an outline: its ``boundary``, which frees the piece, and the lines of its ``cutouts``.

    ``fold`` are its sides on the fold of the cloth; without them all lines are closed.
    """

    boundary: Line
    cutouts: tuple[Line, ...]
    fold: tuple[Line, ...] = ()

    @cached_property
    def edge(self) -> shapely.Geometry:
        """All lines that are cut."""
        return MultiLineString([self.boundary, *self.cutouts])

    @cached_property
    def _fold(self) -> shapely.Geometry:
        return MultiLineString(self.fold)

    def is_on_fold(self, point: Point) -> bool:
        """Whether a point lies on the fold, or as near to it as nothing is cut."""
        return bool(self.fold) and self._fold.distance(ShapelyPoint(point)) <= ALONG_FOLD_MM

    def snip(self, at: Point, depth_mm: float, width_mm: float) -> Line | None:
        """The cut across the corner where the outline ends on the fold nearest to ``at``: half of a V, from half its
        width along the outline to its depth along the fold. None where ``at`` is at no such corner."""
        if not self.fold or self.edge.distance(ShapelyPoint(at)) > OFF_OUTLINE_MM:
            return None
        here = shapely.shortest_line(self.edge, ShapelyPoint(at)).coords[0]
        ends = [way for line in (self.boundary, *self.cutouts) if line[0] != line[-1] for way in (line, line[::-1])]
        sides = [way for line in self.fold for way in (line, line[::-1])]
        for rim in (way for way in ends if dist(way[0], here) <= ON_FOLD_MM):
            for side in (way for way in sides if dist(way[0], here) <= ON_FOLD_MM):
                mouth = LineString(rim).interpolate(min(width_mm / 2, LineString(rim).length / 2))
                end = LineString(side).interpolate(min(depth_mm, LineString(side).length / 2))
                return (mouth.x, mouth.y), (end.x, end.y)
        return None

    def off_fold(self, line: Line) -> Iterator[Line]:
        """The parts of a line without what runs along the fold; the line itself where none of it does."""
        zone = self._fold.buffer(ALONG_FOLD_MM, cap_style="flat")
        drawn = LineString(line)
        if drawn.intersection(zone).length <= 2 * ALONG_FOLD_MM:
            yield line
            return
        left = drawn.difference(zone)
        for part in getattr(left, "geoms", [left]):
            if part.length > ALONG_FOLD_MM:
                yield tuple((x, y) for x, y, *_ in part.coords)


def folded_outline(piece: OrderedPiece, laid: Polygon) -> FoldedOutline:
    """What is cut of a piece whose outline lies on the table as ``laid``."""
    holes = tuple(_points(ring.coords) for ring in laid.interiors)
    ring = _points(laid.exterior.coords)
    if piece.fold is None:
        return FoldedOutline(ring, holes)
    folded = _on_fold(piece)
    if not any(folded):
        return FoldedOutline(ring, holes)
    lines = list(_runs(ring, folded, wanted=False))
    boundary = max(lines, key=lambda line: dist(line[0], line[-1]))
    others = tuple(line for line in lines if line is not boundary)
    return FoldedOutline(boundary, (*holes, *others), tuple(_runs(ring, folded, wanted=True)))


def _on_fold(piece: OrderedPiece) -> list[bool]:
    """For every side of a piece's outer line, whether it lies on the fold."""
    ys = [y for _, y, *_ in piece.outline.exterior.coords]
    fold = min(ys) if piece.fold == "low" else max(ys)
    return [abs(a - fold) <= ON_FOLD_MM and abs(b - fold) <= ON_FOLD_MM for a, b in pairwise(ys)]


def _runs(ring: Line, folded: Sequence[bool], *, wanted: bool) -> Iterator[Line]:
    """The lines that sides of a ring in a row make which lie on the fold, or do not, as ``wanted``."""
    count = len(folded)
    start = next(k for k in range(count) if folded[k] is wanted and folded[k - 1] is not wanted)
    line: list[Point] = []
    for k in (number % count for number in range(start, start + count)):
        if folded[k] is wanted:
            line = [*(line or [ring[k]]), ring[k + 1]]
        elif line:
            yield tuple(line)
            line = []
    if line:
        yield tuple(line)


def _points(coords: Sequence[tuple[float, ...]]) -> Line:
    return tuple((x, y) for x, y, *_ in coords)
