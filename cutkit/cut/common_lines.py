"""Common lines: where pieces lie flush, the line between them is cut once.

The piece that is cut first cuts it. The contour of a later one leaves out what is cut already, and so becomes open
strokes from one common stretch to the next. At both ends such a stroke runs on by the knife's overcut along its own
line, which is cut there already, so it enters no neighbour. What is left is put in order once more: open strokes have
other ends than contours.

A piece may come free by its neighbours' cuts alone. What is inside it is therefore made before the cut that frees it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from math import dist

import shapely
from shapely.geometry import LineString, MultiLineString, Polygon

from cutkit.cut.blade import is_closed
from cutkit.cut.flush import NEAR_MM, Edges, Span, contours_of, left_of, part
from cutkit.cut.strokes import CONTOURS, PieceStrokes
from cutkit.model import Point
from cutkit.toolpath import CutTool, Knife, Stroke, StrokeKind, StrokeRules

FLUSH_MM = 0.02
"""Lines this near are one line: less than what any machine here is true to."""
LEAST_COMMON_MM = 10.0
"""A shorter common stretch is cut twice: to lift the tool takes longer."""
SLIVER_MM = 0.1
"""A shorter stretch between common ones comes of rounding."""
CUTTING: tuple[CutTool, ...] = ("knife", "fine", "pen")
"""What makes contours. One tool makes all of its own before the next: which piece goes first tells only of one tool."""
STANDS_MM = 0.5
"""A piece of whose outline more than this is uncut is not free."""


def near_others(pieces: Sequence[PieceStrokes]) -> dict[int, shapely.Geometry]:
    """For every placement the stretches of its contours along which a neighbour's cut runs too, and may free it."""
    contours = contours_of(pieces)
    found: dict[int, shapely.Geometry] = {}
    for piece in pieces:
        own = [stroke for stroke in piece.strokes if stroke.kind in CONTOURS]
        spans = [(s.points, span) for s in own for span in contours.along(s.points, NEAR_MM, but=piece.placement)]
        found[piece.placement] = MultiLineString([part(points, *span) for points, span in spans])
    return found


def cut_once(
    strokes: Sequence[Stroke],
    pieces: Sequence[PieceStrokes],
    knife: Knife,
    rules: StrokeRules,
    whole: Collection[int] = (),
) -> tuple[list[Stroke], float]:
    """The strokes in their order, with common lines cut once; and how many mm that saves.

    The contours of the placements ``whole`` leave out nothing.
    """
    work = _Work(pieces, knife, rules, whole)
    return list(work.made(strokes)), work.saved_mm


def left_to_cut(pieces: Sequence[PieceStrokes], strokes: Sequence[Stroke]) -> tuple[list[PieceStrokes], list[set[int]]]:
    """The pieces with what is left of their contours in ``strokes``; and for each the neighbours (their numbers) that
    were cut before it and must be, for it leaves the common lines to them."""
    parts: dict[tuple[int, StrokeKind], list[Stroke]] = {}
    first: dict[tuple[int, CutTool], int] = {}
    for number, stroke in enumerate(strokes):
        if stroke.kind in CONTOURS:
            parts.setdefault((stroke.placement, stroke.kind), []).append(stroke)
            first.setdefault((stroke.placement, stroke.tool), number)
    left = []
    for piece in pieces:
        kept: list[Stroke] = []
        for kind, own in groupby(piece.strokes, key=lambda s: s.kind):
            kept += parts.get((piece.placement, kind), []) if kind in CONTOURS else list(own)
        left.append(replace(piece, strokes=tuple(kept)))
    earlier: list[set[int]] = [set() for _ in pieces]
    shapes = [piece.outline for piece in pieces]
    for a, b in shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=NEAR_MM).T.tolist():
        for tool in CUTTING:
            when, then = (first.get((pieces[k].placement, tool)) for k in (a, b))
            if when is not None and then is not None:
                if when < then:
                    earlier[b].add(a)
                break
    return left, earlier


@dataclass
class _Work:
    """Pieces, what is cut of their contours so far, and what is not made yet inside them."""

    pieces: Sequence[PieceStrokes]
    knife: Knife
    rules: StrokeRules
    whole: Collection[int] = ()
    saved_mm: float = 0.0
    here: Point = (0.0, 0.0)
    cut: dict[int, list[Stroke]] = field(default_factory=dict)
    done: set[int] = field(default_factory=set)
    inner: dict[int, dict[int, Stroke]] = field(default_factory=dict)
    """What must be made before a placement is free: the strokes by their numbers."""

    def __post_init__(self) -> None:
        self.rim = {piece.placement: piece.rim for piece in self.pieces}
        shapes = [piece.outline for piece in self.pieces]
        first, second = shapely.STRtree(shapes).query(shapes, predicate="dwithin", distance=NEAR_MM)
        self.beside: dict[int, list[int]] = {piece.placement: [] for piece in self.pieces}
        for a, b in zip(first.tolist(), second.tolist(), strict=True):
            self.beside[self.pieces[a].placement].append(self.pieces[b].placement)

    def made(self, strokes: Sequence[Stroke]) -> Iterator[Stroke]:
        """The strokes, each contour without what is cut already, and before it what lies in a piece that it frees."""
        self._note_inner(strokes)
        for number, stroke in enumerate(strokes):
            yield from self._made(number, stroke)

    def _made(self, number: int, stroke: Stroke) -> Iterator[Stroke]:
        if number in self.done:
            return
        self.done.add(number)
        if stroke.kind not in CONTOURS:
            self.here = stroke.points[-1]
            yield stroke
            return
        parts = self._left(stroke)
        for other in self.beside[stroke.placement]:
            left = {n: inner for n, inner in self.inner.get(other, {}).items() if n not in self.done}
            if other != stroke.placement and left and self._frees(parts, other):
                for n, inner in left.items():
                    yield from self._made(n, inner)
        self.cut.setdefault(stroke.placement, []).extend(parts)
        if parts:
            self.here = parts[-1].points[-1]
        yield from parts

    def _note_inner(self, strokes: Sequence[Stroke]) -> None:
        """Note for every placement what must be made before it is free: what is in it, and pieces in its cut-outs."""
        late = ("boundary", "notch") if self.rules.notches == "after" else ("boundary",)
        holes = [(p.placement, Polygon(hole)) for p in self.pieces for hole in p.outline.interiors]
        spots = {piece.placement: piece.outline.representative_point() for piece in self.pieces}
        within = {p: [frame for frame, hole in holes if frame != p and hole.covers(spot)] for p, spot in spots.items()}
        for number, stroke in enumerate(strokes):
            for placement in within[stroke.placement]:
                self.inner.setdefault(placement, {})[number] = stroke
            if stroke.kind not in late:
                self.inner.setdefault(stroke.placement, {})[number] = stroke

    def _left(self, stroke: Stroke) -> list[Stroke]:
        """What is left of a contour to be cut, from the end that is nearest to where the tool is."""
        done = self._cut_beside(stroke.placement)
        found = [span for span in done.along(stroke.points, FLUSH_MM) if span[1] - span[0] >= LEAST_COMMON_MM]
        if not found or stroke.placement in self.whole:
            return [stroke]
        length = LineString(stroke.points).length
        spans = left_of(length, found)
        self.saved_mm += length - sum(high - low for low, high in spans)
        ring = is_closed(stroke.points)
        if ring and len(spans) > 1 and spans[0][0] == 0.0 and spans[-1][1] == length:
            spans = [*spans[1:-1], (spans[-1][0], spans[0][1])]
        spans = [(low, high) for low, high in spans if (high - low) % length > SLIVER_MM]
        if stroke.tool == "knife":
            spans = [self._with_overcut(span, spans, length, ring=ring) for span in spans]
        lines = [part(stroke.points, low, high) for low, high in spans]
        return [replace(stroke, points=points) for points in _in_turn(lines, self.here)]

    def _with_overcut(self, span: Span, spans: Sequence[Span], length: float, *, ring: bool) -> Span:
        """A stretch that runs on by the overcut at both ends, where the line goes on and is cut already."""
        k = spans.index(span)
        if not ring:
            ends = [0.0, *(place for one in spans for place in one), length]
            over = max(self.knife.lead_in_mm, self.knife.overcut_mm)
            before, behind = span[0] - ends[2 * k], ends[2 * k + 3] - span[1]
            return span[0] - min(over, before / 2), span[1] + min(over, behind / 2)
        room_before = (span[0] - spans[k - 1][1]) % length or length
        room_behind = (spans[(k + 1) % len(spans)][0] - span[1]) % length or length
        over = max(self.knife.lead_in_mm, self.knife.overcut_mm)  # which end will be the last is not known yet
        start = (span[0] - min(over, room_before / 2)) % length
        return start, (span[1] + min(over, room_behind / 2)) % length or length

    def _frees(self, parts: Sequence[Stroke], placement: int) -> bool:
        """Whether all of a piece's outline is cut when these strokes are."""
        rim = self.rim[placement]
        cuts = self._cut_beside(placement, parts)
        covered = sum(high - low for low, high in cuts.along(rim, NEAR_MM))
        return float(LineString(rim).length) - covered < STANDS_MM

    def _cut_beside(self, placement: int, more: Sequence[Stroke] = ()) -> Edges:
        """What is cut of the contours beside a piece so far, its own too."""
        done = [stroke for other in self.beside[placement] for stroke in self.cut.get(other, ())]
        lines = [stroke.points for stroke in (*done, *more) if len(stroke.points) > 1]
        return Edges(lines, [0] * len(lines))


def _in_turn(lines: Sequence[tuple[Point, ...]], here: Point) -> Iterator[tuple[Point, ...]]:
    """The lines, the nearest end next."""
    left = list(lines)
    while left:
        line = min(left, key=lambda line: min(dist(here, line[0]), dist(here, line[-1])))
        left.remove(line)
        points = line if dist(here, line[0]) <= dist(here, line[-1]) else line[::-1]
        yield points
        here = points[-1]
