"""The strokes of one placement, as lines on the table, before they are put in order.

What is drawn and what is cut: notches, drills, cut-outs and the boundary are cut (or drawn, on a machine without a
knife). Internal lines are made with the tool that the mark names, and clipped to the piece. A label with name, size and
bundle is drawn where the machine has a pen. Grain, sew and match lines and the pattern's own texts guide people: they
are drawn on paper only, that is on a machine without a knife. Fold lines are never drawn: pieces lie unfolded, or with
that line on a fold of the cloth, where nothing is cut (``on_fold``).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from math import hypot

import shapely
from shapely.geometry import LineString, Polygon
from shapely.geometry import Point as ShapelyPoint

from cutkit.cut.notches import ARC_STEP_MM, DEPTH_MM, Notch, notch_lines
from cutkit.cut.on_fold import FoldedOutline, folded_outline
from cutkit.letters import mark_text, placement_label
from cutkit.model import Mark, Marker, Notice, OrderedPiece, Placement, Point, Tool, cos_sin_deg
from cutkit.toolpath import CutterProfile, Stroke, StrokeKind, StrokeRules

DRILL_MM = 4.0
"""The length of either line of the cross that stands for a drill hole where nothing can punch."""
STAND_INS: dict[Tool, tuple[Tool, ...]] = {
    "knife": ("knife", "pen"),
    "pen": ("pen",),
    "punch": ("punch", "knife", "pen"),
}
"""What makes a mark, first choice first. Nothing stands in for a pen: what was to be drawn must not be cut."""
GRID_SHARE = 0.2
"""Chords of a round finer than this much of the machine's grid would be zigzags when their ends are rounded to it."""
SAME_DECIMALS = 3
"""Lines that agree to so many digits of a millimetre are the same."""
PHASES: tuple[StrokeKind, ...] = ("label", "internal", "notch", "drill", "cutout", "boundary")
"""The order within a piece: the boundary, which frees it, last."""
CONTOURS: tuple[StrokeKind, ...] = ("cutout", "boundary")
"""What frees cloth, and what notches are cut into."""


def phases(rules: StrokeRules) -> tuple[StrokeKind, ...]:
    """The order within a piece as the operator wants it: ``PHASES``, or with the notches behind the boundary."""
    if rules.notches != "after":
        return PHASES
    return (*(kind for kind in PHASES if kind != "notch"), "notch")


@dataclass(frozen=True)
class PieceStrokes:
    """All strokes of one placement in the order of ``phases``, its outline on the table, and what must be said."""

    placement: int
    outline: Polygon
    strokes: tuple[Stroke, ...]
    notices: tuple[Notice, ...]
    piece: str = ""
    """The id of the piece that lies there."""
    rim: tuple[Point, ...] = ()
    """The line that frees it when it is cut: the outer one, but for what lies on a fold of the cloth."""


def piece_strokes(marker: Marker, index: int, profile: CutterProfile) -> PieceStrokes:
    """The strokes of placement ``index`` with the tools that the machine of ``profile`` has."""
    return _PieceAtWork(marker, index, profile).make()


class _PieceAtWork:
    """One placement and the machine; gathers strokes and what must be said about them."""

    def __init__(self, marker: Marker, index: int, profile: CutterProfile) -> None:
        self.index = index
        self.placement: Placement = marker.placements[index]
        self.piece: OrderedPiece = marker.by_id[self.placement.piece]
        self.outline: Polygon = marker.polygons[index]
        self.cut: FoldedOutline = folded_outline(self.piece, self.outline)
        self.tools = profile.tools
        self.phases = phases(profile.strokes)
        self.arc_step_mm = max(ARC_STEP_MM, GRID_SHARE * profile.coordinates.grid_mm)
        self.strokes: list[Stroke] = []
        self.notices: list[Notice] = []

    def make(self) -> PieceStrokes:
        self._label()
        for mark in self.piece.marks:
            self._mark(mark)
        cutter = self._tool("knife")
        for line in self.cut.cutouts:
            self._add(cutter, "cutout", line)
        self._add(cutter, "boundary", self.cut.boundary)
        ordered = self._once(sorted(self.strokes, key=lambda s: self.phases.index(s.kind)))
        return PieceStrokes(
            self.index, self.outline, tuple(ordered), tuple(self.notices), self.piece.id, self.cut.boundary
        )

    def _once(self, strokes: list[Stroke]) -> list[Stroke]:
        """The strokes without those that one tool would make twice, whatever they are for; the last of each is kept."""
        last = {(s.tool, _sides(s.points)): k for k, s in enumerate(strokes)}
        kept = sorted(last.values())
        for k in sorted(set(range(len(strokes))) - set(kept)):
            self._say("given-twice", f"a {strokes[k].kind} line is given twice: it is made once")
        return [strokes[k] for k in kept]

    def _mark(self, mark: Mark) -> None:
        if mark.kind == "notch":
            self._notch(mark)
        elif mark.kind == "drill":
            self._drill(mark)
        elif mark.kind == "internal":
            self._line(mark)
        elif "knife" in self.tools or mark.kind == "fold":
            return
        elif mark.kind == "label":
            self._text(mark)
        elif len(mark.points) > 1:
            self._line(mark)

    def _notch(self, mark: Mark) -> None:
        tool = self._tool(mark.tool, mark)
        inward = None if mark.angle_deg is None else self._way(mark.angle_deg)
        shape = mark.shape or "slit"
        at, depth = self._points(mark)[0], DEPTH_MM if mark.depth_mm is None else mark.depth_mm
        if (snip := self.cut.snip(at, depth, mark.width_mm or depth)) is not None:
            if shape != "v":
                self._say("notch", f"a {shape} notch where the outline meets the fold is cut as a snip of the corner")
            self._add(tool, "notch", snip)
            return
        notch = Notch(at, inward, mark.depth_mm, mark.width_mm, shape, self.arc_step_mm)
        lines, said = notch_lines(notch, self.outline, self.cut.edge if self.cut.fold else None)
        for line in lines:
            self._add(tool, "notch", line)
        for words in said:
            self._say("notch", words)

    def _drill(self, mark: Mark) -> None:
        tool = self._tool(mark.tool, mark)
        for at in self._points(mark):
            if not self.outline.contains(ShapelyPoint(at)):
                where = "on the fold" if self.cut.is_on_fold(at) else "off the piece"
                self._say("drill", f"a drill hole at x {at[0]:.1f} mm, y {at[1]:.1f} mm lies {where}: left out")
            elif tool == "punch":
                self._add(tool, "drill", (at,))
            else:
                for line in self._cross(at):
                    self._clipped(tool, "drill", line)

    def _line(self, mark: Mark) -> None:
        points = self._points(mark)
        tool = self._tool("pen" if mark.kind != "internal" else mark.tool, mark)
        for line in [points] if len(points) > 1 else self._cross(points[0]):
            for part in self._off_fold(line) if mark.tool != "pen" else [line]:
                self._clipped(tool, "internal", part)

    def _off_fold(self, line: tuple[Point, ...]) -> list[tuple[Point, ...]]:
        """The parts of a line that may be cut: not along the fold, where it would part the two halves."""
        parts = list(self.cut.off_fold(line)) if self.cut.fold else [line]
        if parts != [line]:
            self._say("fold", "a line along the fold is not cut there: it would part the two halves")
        return parts

    def _text(self, mark: Mark) -> None:
        for line in mark_text(mark, self.placement):
            self._clipped("pen", "label", line)

    def _label(self) -> None:
        if "pen" not in self.tools:
            return
        lines = placement_label(self.piece, self.placement)
        if lines is None:
            self._say("label", "too small for a label: none is drawn")
        for line in lines or ():
            self._add("pen", "label", line)

    def _cross(self, at: Point) -> list[tuple[Point, ...]]:
        """Two lines through a point, turned with the piece."""
        c, s = self._way(0.0)
        r = DRILL_MM / 2
        return [
            ((at[0] - r * c, at[1] - r * s), (at[0] + r * c, at[1] + r * s)),
            ((at[0] + r * s, at[1] - r * c), (at[0] - r * s, at[1] + r * c)),
        ]

    def _clipped(self, tool: Tool | None, kind: StrokeKind, points: tuple[Point, ...]) -> None:
        """A line, as far as it lies on the piece; exactly as given where all of it does."""
        line = LineString(points)
        if self.outline.covers(line):
            self._add(tool, kind, points)
            return
        inside = shapely.line_merge(line.intersection(self.outline))
        for part in getattr(inside, "geoms", [inside]):
            if isinstance(part, LineString) and part.length > 0:
                self._add(tool, kind, tuple((x, y) for x, y, *_ in part.coords))

    def _tool(self, wanted: Tool, mark: Mark | None = None) -> Tool | None:
        """The tool that makes a mark; None, and a word about it, where the machine has none for it."""
        for tool in STAND_INS[wanted]:
            if tool in self.tools:
                return tool
        if mark is not None:
            self._say("no-tool", f"the cutter has no {wanted}: {mark.kind} marks are left out")
        return None

    def _add(self, tool: Tool | None, kind: StrokeKind, points: tuple[Point, ...]) -> None:
        if tool is not None:
            self.strokes.append(Stroke(tool, kind, points, self.index))

    def _say(self, code: str, message: str) -> None:
        notice = Notice(code, message, self.piece.id)
        if notice not in self.notices:
            self.notices.append(notice)

    def _points(self, mark: Mark) -> tuple[Point, ...]:
        return self.placement.points(mark.points)

    def _way(self, angle_deg: float) -> Point:
        """The unit vector of a piece's direction as it lies on the table."""
        a, b, d, e, _, _ = self.placement.matrix
        c, s = cos_sin_deg(angle_deg)
        way = (a * c + b * s, d * c + e * s)
        length = hypot(*way)
        return (way[0] / length, way[1] / length)


def _sides(points: tuple[Point, ...]) -> frozenset[tuple[Point, ...]]:
    """The sides of a line, the same whichever way round it is drawn and wherever a contour begins."""
    rounded = [(round(x, SAME_DECIMALS), round(y, SAME_DECIMALS)) for x, y in points]
    if len(rounded) == 1:
        return frozenset([(rounded[0],)])
    return frozenset((min(a, b), max(a, b)) for a, b in pairwise(rounded))


def all_strokes(marker: Marker, profile: CutterProfile) -> Iterator[PieceStrokes]:
    """The strokes of every placement, in the marker's order."""
    for index in range(len(marker.placements)):
        yield piece_strokes(marker, index, profile)
