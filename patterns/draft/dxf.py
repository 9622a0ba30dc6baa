"""Writes garments as the pattern files of sewing CADs: ASTM D6673 graded nests and AAMA-292 sample files.

Every CAD has its habits within the two standards; a ``Habit`` names the ones that a file here follows. Bytes depend on
the draft alone: the date is fixed and coordinates are rounded once.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Literal

from patterns.draft.geometry import TOLERANCE_MM, Path, Point, closed, pt
from patterns.draft.rul import BOUNDARY, DRILL, INTERNAL, NOTCH, SEW, Grading, corners
from patterns.draft.sheet import SheetPiece

CREATED = ("02-11-2026", "08:00")
AUTHOR = ("cutkit", "patterns.draft", "1.0")


@dataclass(frozen=True)
class Habit:
    """How a file is written.

    ``boundary``: "closed" (one polyline with the closed flag), "repeat" (first vertex repeated, no flag) or "chain" (an
    open polyline per edge). ``sample_only``: quantity, material and category stand in the sample size's block alone.
    ``notch_width_mm`` 0 makes slits, else V notches. ``grain_deg`` None leaves every piece as it was drafted.
    """

    dialect: Literal["ASTM", "AAMA"] = "ASTM"
    units: Literal["METRIC", "Metric", "ENGLISH"] = "METRIC"
    boundary: Literal["closed", "repeat", "chain"] = "closed"
    grain_deg: float | None = 0.0
    material_key: str = "Material"
    upper_keys: bool = False
    sample_only: bool = False
    notch_width_mm: float = 0.0
    tolerance_mm: float = TOLERANCE_MM
    header: tuple[tuple[int, str], ...] = ()
    separator: str = "_"


@dataclass(frozen=True)
class Style:
    """What a file says about the style as a whole."""

    name: str
    sizes: tuple[str, ...]
    sample: str
    rule_table: str = ""


@dataclass
class Tags:
    """DXF text in the making: group code and value, a line each. Lengths are given in millimetres."""

    per_mm: float = 1.0
    lines: list[str] = field(default_factory=list)

    def add(self, code: int, value: str | int) -> None:
        """One group."""
        self.lines += [f"{code:3d}", str(value)]

    def number(self, code: int, mm: float) -> None:
        """One length or coordinate. Rounding twice makes ties fall the same way on every machine."""
        text = f"{round(mm * self.per_mm, 7):.4f}"
        self.add(code, "0.0000" if text == "-0.0000" else text)

    def point(self, where: Point, code: int = 10) -> None:
        """A coordinate pair."""
        self.number(code, float(where[0]))
        self.number(code + 10, float(where[1]))

    def entity(self, kind: str, layer: int | str) -> None:
        """The start of an entity."""
        self.add(0, kind)
        self.add(8, layer)

    def text(self, layer: int | str, where: Point, text: str, height_mm: float = 6.0) -> None:
        """A TEXT."""
        self.entity("TEXT", layer)
        self.point(where)
        self.number(40, height_mm)
        self.add(1, text)

    def line(self, layer: int | str, start: Point, end: Point) -> None:
        """A LINE."""
        self.entity("LINE", layer)
        self.point(start)
        self.point(end, 11)

    def dot(self, layer: int | str, where: Point) -> None:
        """A POINT."""
        self.entity("POINT", layer)
        self.point(where)

    def polyline(self, layer: int | str, path: Path, closed: bool) -> None:
        """A POLYLINE with its vertices."""
        self.entity("POLYLINE", layer)
        self.add(66, 1)
        self.add(70, 1 if closed else 0)
        for vertex in path:
            self.entity("VERTEX", layer)
            self.point(vertex)
        self.entity("SEQEND", layer)

    def section(self, name: str) -> None:
        """The start of a section."""
        self.add(0, "SECTION")
        self.add(2, name)

    @property
    def data(self) -> bytes:
        """The file."""
        return ("\n".join(self.lines) + "\n").encode("ascii")


def dxf(style: Style, pieces: list[SheetPiece], habit: Habit, grading: Grading | None = None) -> bytes:
    """The file's bytes. ``pieces`` are those to write: all sizes of a nest, or the sample size beside a rule table."""
    tags = Tags(per_mm=1 / 25.4 if habit.units == "ENGLISH" else 1.0)
    tags.section("HEADER")
    for code, value in habit.header:
        tags.add(code, value)
    tags.add(0, "ENDSEC")
    tags.section("BLOCKS")
    for piece in pieces:
        _Block(tags, style, piece, habit, grading).write()
    tags.add(0, "ENDSEC")
    tags.section("ENTITIES")
    for row, text in enumerate(_style_texts(style, habit)):
        tags.text(1, pt(0.0, -30.0 - 10.0 * row), text)
    for piece in pieces:
        tags.entity("INSERT", 1)
        tags.add(2, f"{piece.name}{habit.separator}{piece.size}")
        tags.point(pt(0.0, 0.0))
    tags.add(0, "ENDSEC")
    tags.add(0, "EOF")
    return tags.data


def _keyed(habit: Habit, key: str, value: str) -> str:
    return f"{key.upper() if habit.upper_keys else key}: {value}"


def _style_texts(style: Style, habit: Habit) -> list[str]:
    """The texts about the whole style, in the dialect's words."""
    astm = habit.dialect == "ASTM"
    rows = [("Style Name", style.name), ("Creation Date", CREATED[0]), ("Creation Time", CREATED[1])]
    if astm:
        rows.append(("Author", " ; ".join(AUTHOR)))
    else:
        rows += zip(("Author", "Product", "Version"), AUTHOR, strict=True)
    rows.append(("Sample Size", style.sample))
    if style.rule_table:
        rows.append(("Grade Rule Table", style.rule_table))
    tolerance = habit.tolerance_mm / (25.4 if habit.units == "ENGLISH" else 1.0)
    rows += [("Units", habit.units), ("Curve Tolerance" if astm else "Tolerance", f"{tolerance:.4f}")]
    texts = [_keyed(habit, key, value) for key, value in rows]
    return ["ASTM/D13Proposal 1 Version: D 6673-04", *texts] if astm else ["ANSI/AAMA VERSION: 1.0.0", *texts]


@dataclass
class _Block:
    """Writes one piece in one size. Labels and turn and curve points stand in the sample size alone, as CADs do it."""

    tags: Tags
    style: Style
    piece: SheetPiece
    habit: Habit
    grading: Grading | None

    @property
    def sample(self) -> bool:
        return self.piece.size == self.style.sample

    def write(self) -> None:
        tags, piece = self.tags, self.piece
        tags.add(0, "BLOCK")
        tags.add(8, 1)
        tags.add(2, f"{piece.name}{self.habit.separator}{piece.size}")
        tags.add(70, 0)
        tags.point(pt(0.0, 0.0))
        self._texts()
        self._boundary()
        self._notches()
        tags.line(7, *piece.grain)
        tags.line(5, *piece.grain)
        if piece.mirror:
            tags.line(6, *piece.mirror)
        self._internals()
        for point in piece.drills:
            tags.dot(13, point)
            self._label(13, DRILL, point)
        self._sew_line()
        tags.add(0, "ENDBLK")
        tags.add(8, 1)

    def _texts(self) -> None:
        piece, habit = self.piece, self.habit
        count, mirrored = piece.copies
        rows = [("Piece Name", piece.name), ("Size", piece.size)]
        if self.sample or not habit.sample_only:
            quantity = f"{count},{mirrored}" if habit.dialect == "ASTM" else f"{count + mirrored}"
            rows += [("Quantity", quantity), ("Category", piece.category), (habit.material_key, piece.material)]
            fold = " ON FOLD" if piece.on_fold else ""
            rows += [("Annotation", f"CUT {count + mirrored}{fold}")]
        middle = (piece.grain[0] + piece.grain[1]) / 2
        for row, (key, value) in enumerate(rows):
            self.tags.text(1, middle + pt(0.0, -8.0 * row), _keyed(habit, key, value))

    def _boundary(self) -> None:
        piece, how = self.piece, self.habit.boundary
        outline = piece.outline
        paths = list(piece.boundary) if how == "chain" else [outline if how == "closed" else closed(outline)]
        for path in paths:
            self.tags.polyline(1, path, how == "closed")
            if self.sample:
                self.tags.polyline(84, path, how == "closed")
        if self.sample:
            for path in piece.boundary:
                self._points(path, 1, BOUNDARY)

    def _points(self, path: Path, layer: int, kind: int) -> None:
        """Turn points (layer 2) at an edge's start and corners, curve points (layer 3) between; each once."""
        turns = {0, *corners(path)}
        for index, vertex in enumerate(path[:-1]):
            where = 2 if index in turns else 3
            self.tags.dot(where, vertex)
            self._label(where if self.habit.dialect == "AAMA" else layer, kind, vertex)

    def _label(self, layer: int, kind: int, where: Point) -> None:
        if self.grading:
            self.tags.text(layer, where, f"# {self.grading.number(self.piece.name, kind, where)}")

    def _notches(self) -> None:
        for notch in self.piece.notches:
            self.tags.dot(4, notch.point)
            self.tags.number(30, notch.depth_mm)
            self.tags.number(39, self.habit.notch_width_mm)
            angle = round(math.degrees(math.atan2(notch.inward[1], notch.inward[0])), 4) % 360.0
            self.tags.add(50, f"{angle:.4f}")
            self._label(4, NOTCH, notch.point)

    def _internals(self) -> None:
        for inner in self.piece.internals:
            if len(inner.path) == 2:
                self.tags.line(8, inner.path[0], inner.path[1])
            else:
                self.tags.polyline(8, inner.path, False)
            self.tags.text(8, inner.path[0], inner.label)
            for vertex in inner.path:
                self._label(8, INTERNAL, vertex)

    def _sew_line(self) -> None:
        piece, how = self.piece, self.habit.boundary
        ring = piece.sew_line
        paths = list(piece.sew) if how == "chain" else [ring if how == "closed" else closed(ring)]
        for path in paths:
            self.tags.polyline(14, path, how == "closed")
        for vertex in ring:
            self._label(14, SEW, vertex)
