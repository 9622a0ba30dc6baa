"""Pieces in a picture: outline, cut-outs and marks of a piece, once as a symbol, in the piece's own millimetres."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

import shapely
from shapely.geometry import Polygon

from cutkit.formats.svg.lines import Line, cross_lines
from cutkit.model import Mark, OrderedPiece, Point

DEFAULT_NOTCH_MM = 6.0
DEFAULT_NOTCH_WIDTH_MM = 4.0
INK = "#222222"
_MM_DECIMALS = 3


@dataclass(frozen=True, slots=True)
class Pen:
    """Line widths in mm: of outlines, and of the thinner lines inside."""

    outline_mm: float
    inner_mm: float


def number(value: float) -> str:
    """A coordinate as short as it can be, to a thousandth of a millimetre, the same on every machine."""
    text = f"{value:.{_MM_DECIMALS}f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def path_of(points: Iterable[Point], *, closed: bool = False) -> str:
    """The points as the data of an SVG path."""
    data = "M" + " L".join(f"{number(x)},{number(y)}" for x, y in points)
    return data + " Z" if closed else data


def outline_path(polygon: Polygon) -> str:
    """The outline and its cut-outs as one path, to be filled by the even-odd rule."""
    rings = [polygon.exterior, *polygon.interiors]
    return " ".join(path_of(shapely.get_coordinates(ring)[:-1].tolist(), closed=True) for ring in rings)


def piece_symbol(drawing: Any, piece: OrderedPiece, symbol_id: str, pen: Pen) -> Any:
    """The piece as a group to be used by its id; its fill is left to who uses it."""
    group = drawing.g(id=symbol_id, stroke=INK, stroke_linejoin="round", stroke_linecap="round")
    group.add(drawing.path(d=outline_path(piece.outline), stroke_width=number(pen.outline_mm), fill_rule="evenodd"))
    inner = drawing.g(fill="none", stroke_width=number(pen.inner_mm))
    for mark in drawn_marks(piece):
        drawn = _mark(drawing, mark, pen)
        if drawn is not None:
            inner.add(drawn)
    if inner.elements:
        group.add(inner)
    return group


def drawn_marks(piece: OrderedPiece) -> list[Mark]:
    """The marks, less those that a marker shows as match points."""
    tied = {(round(x, 1), round(y, 1)) for x, y in (match.point for match in piece.matches)}
    return [m for m in piece.marks if m.kind != "match" or not tied & {(round(x, 1), round(y, 1)) for x, y in m.points}]


def _mark(drawing: Any, mark: Mark, pen: Pen) -> Any:
    """A mark's drawing. None for texts and grain lines: the label and its arrow stand for them."""
    if mark.kind in ("label", "grain"):
        return None
    if mark.kind == "notch":
        return drawing.path(d=notch_path(mark), stroke_width=number(pen.outline_mm))
    if mark.kind == "drill" or len(mark.points) == 1:
        return _drill(drawing, mark, pen)
    dashes = {"sew": (4, 3), "fold": (8, 2, 1, 2)}.get(mark.kind)
    line = drawing.path(d=path_of(mark.points))
    if dashes:
        line["stroke-dasharray"] = " ".join(number(dash * pen.outline_mm * 2) for dash in dashes)
        line["stroke"] = "#666666"
    return line


def _drill(drawing: Any, mark: Mark, pen: Pen) -> Any:
    """A drill hole as a ring with a cross; as large as the drill, or large enough to be seen."""
    radius = max((mark.width_mm or 0.0) / 2, 4 * pen.outline_mm)
    group = drawing.g()
    for x, y in mark.points:
        group.add(drawing.circle(center=(number(x), number(y)), r=number(radius)))
        group.add(drawing.path(d=" ".join(map(path_of, cross_lines((x, y), 1.8 * radius)))))
    return group


def notch_path(mark: Mark) -> str:
    """A notch in its true shape and depth, from the outline into the piece."""
    return " ".join(path_of(line) for line in notch_lines(mark))


def notch_lines(mark: Mark) -> list[list[Point]]:
    """The lines of a notch: a slit, a V, a T, a check (half a V), a castle or a U (both drawn square)."""
    (x, y), depth = mark.points[0], mark.depth_mm or DEFAULT_NOTCH_MM
    half = (mark.width_mm or DEFAULT_NOTCH_WIDTH_MM) / 2
    turn = radians(mark.angle_deg or 0.0)
    dx, dy = cos(turn), sin(turn)

    def at(along: float, across: float) -> Point:
        return x + along * dx - across * dy, y + along * dy + across * dx

    tip = at(depth, 0)
    shapes = {
        "v": [[at(0, -half), tip, at(0, half)]],
        "t": [[at(0, 0), tip], [at(depth, -half), at(depth, half)]],
        "check": [[at(0, 0), tip, at(0, 2 * half)]],
        "castle": [[at(0, -half), at(depth, -half), at(depth, half), at(0, half)]],
        "u": [[at(0, -half), at(depth, -half), at(depth, half), at(0, half)]],
    }
    return shapes.get(mark.shape or "slit", [[at(0, 0), tip]])


def obstacles_of(piece: OrderedPiece, pen: Pen) -> list[Line]:
    """The lines inside a piece that its label should keep off: every mark that is drawn."""
    lines: list[Line] = []
    for mark in drawn_marks(piece):
        if mark.kind in ("label", "grain"):
            continue
        if mark.kind == "notch":
            lines += map(tuple, notch_lines(mark))
        elif len(mark.points) > 1 and mark.kind != "drill":
            lines.append(mark.points)
        else:
            arm = 1.8 * max((mark.width_mm or 0.0) / 2, 4 * pen.outline_mm)
            lines += [line for point in mark.points for line in cross_lines(point, arm)]
    return lines
