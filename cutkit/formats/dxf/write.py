"""What a pattern and a marker have in common as DXF: the form that strict garment readers take.

R12 tags, ASCII, one BLOCK for every piece and one INSERT of it at 0,0, neither scaled, turned nor mirrored; no tables,
no handles, no layout blocks, on which AccuMark-like readers fail (ezdxf's addons.gerber_D6673 knows which). Readers
differ: some look at the blocks only, some put INSERTs in place but ignore their angle. In this form all of them see
the same.

Layers, as in ASTM D6673 and AAMA-292: 1 outline and texts, 4 notches (80 T, 81 castle, 82 check, 83 U), 7 grain,
8 internal lines, 9 match points, 11 cut-outs, 13 drill holes, 14 sew lines, 15 labels. A mark stays on the layer it
had in the pattern, but for two cases. Fold lines go to 8: a piece is written whole, and a line on 6 would make a
reader unfold it once more. And what is only drawn is never left on a layer that is cut.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from io import StringIO
from typing import TYPE_CHECKING, Any

import shapely
from shapely.geometry import Polygon

from cutkit.model import Mark, Placement, Point

if TYPE_CHECKING:
    from ezdxf.document import Drawing
    from ezdxf.layouts.base import BaseLayout

DECIMALS = 4
"""Coordinates are written to 0.0001 mm; shorter numbers would need an exponent, which some readers do not know."""
TEXT_HEIGHT_MM = 8.0
NO_NOTCH_WIDTH_MM = 0.0

_LAYER_OF_KIND = {
    "notch": "4",
    "drill": "13",
    "internal": "8",
    "sew": "14",
    "grain": "7",
    "fold": "8",
    "label": "15",
    "match": "9",
}
_LAYER_OF_NOTCH = {"t": "80", "castle": "81", "check": "82", "u": "83"}
_KEPT_LAYERS = re.compile(r"[4578]|9|1[03-9]|[2-6]\d|8[0-3]|9\d")
"""Layers that a mark may stay on: none that is cut (1, 11), none of copies (2, 3, 84 to 87), no mirror line (6)."""


def new_drawing() -> Drawing:
    """An empty drawing to be filled and then given to ``drawing_text``."""
    from ezdxf.document import Drawing

    # Not ezdxf.new: it warns on stderr that R12 has no $INSUNITS, which the header states all the same.
    return Drawing.new("R12")


def drawing_text(document: Drawing, extent: tuple[Point, Point] | None = None) -> str:
    """The text of a DXF file; the same drawing gives the same text.

    With an ``extent``, from where to where it reaches, its header states that, the version and the unit; without one
    the header is empty, for the strictest readers take no other.
    """
    from ezdxf.addons import gerber_D6673

    stream = StringIO()
    gerber_D6673.export_stream(document, stream)
    text = stream.getvalue()
    if extent is not None:
        text = text.replace("HEADER\n", "HEADER\n" + _header(*extent), 1)
    return "".join(char if char.isascii() else _escaped(char) for char in text)


def _header(low: Point, high: Point) -> str:
    """The header's variables: version R12, drawing units millimetres, and the extent."""
    tags: list[tuple[int, Any]] = [(9, "$ACADVER"), (1, "AC1009"), (9, "$INSUNITS"), (70, 4)]
    for name, (x, y) in (("$EXTMIN", low), ("$EXTMAX", high)):
        tags += [(9, name), (10, coordinate(x)), (20, coordinate(y)), (30, 0.0)]
    return "".join(f"{code:>3}\n{value}\n" for code, value in tags)


def _escaped(char: str) -> str:
    """A character as R12 has it in ASCII: ``\\U+XXXX`` for each of its UTF-16 units."""
    units = char.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\U+{units[i : i + 4]}" for i in range(0, len(units), 4))


def block_name(words: str, *, before: str = "", after: str = "") -> str:
    """A name that R12 takes: 31 characters of A-Z, 0-9 and _; what has to be kept stands ``before`` or ``after``."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", words).strip("_").upper()
    return before + (plain[: 31 - len(before) - len(after)].rstrip("_") + after).strip("_")


def coordinate(value: float) -> float:
    return round(value, DECIMALS) + 0.0


def rounded_points(points: Any) -> list[Point]:
    return [(coordinate(x), coordinate(y)) for x, y in points]


def fill_block(
    block: BaseLayout, outline: Polygon, marks: Iterable[Mark], placement: Placement, texts: Sequence[str]
) -> None:
    """One piece as it is placed: outline, cut-outs, marks and, on layer 1, the key texts."""
    polygon = placement.polygon(outline)
    _add_ring(block, shapely.get_coordinates(polygon.exterior), "1")
    for hole in polygon.interiors:
        _add_ring(block, shapely.get_coordinates(hole), "11")
    for mark in marks:
        _add_mark(block, mark, placement)
    at = placement.points((outline.representative_point().coords[0],))[0]
    for text in texts:
        add_text(block, text, at, "1")


def _add_ring(block: BaseLayout, ring: Any, layer: str) -> None:
    block.add_polyline2d(rounded_points(ring[:-1]), close=True, dxfattribs={"layer": layer})


def add_line(block: BaseLayout, points: tuple[Point, ...], layer: str) -> None:
    if len(points) == 2:
        start, end = rounded_points(points)
        block.add_line(start, end, dxfattribs={"layer": layer})
    else:
        block.add_polyline2d(rounded_points(points), dxfattribs={"layer": layer})


def mark_layer(mark: Mark) -> str:
    """The layer a mark is written on: the one it came from, or the one that the standards give to its kind."""
    if mark.kind == "internal" and mark.tool == "knife":
        return "11"
    if mark.layer and mark.kind != "fold" and _KEPT_LAYERS.fullmatch(mark.layer):
        return mark.layer
    if mark.kind == "notch":
        return _LAYER_OF_NOTCH.get(mark.shape or "", "4")
    return _LAYER_OF_KIND[mark.kind]


def _add_mark(block: BaseLayout, mark: Mark, placement: Placement) -> None:
    points, layer = placement.points(mark.points), mark_layer(mark)
    if mark.kind == "notch":
        _add_notch(block, mark, placement, layer)
    elif mark.kind == "label":
        if mark.text:
            add_text(block, mark.text, points[0], layer, turned_deg=placed_deg(mark.angle_deg or 0.0, placement))
    elif len(points) == 1 or mark.kind == "drill":
        for x, y in rounded_points(points):
            block.add_point((x, y, 0.0), dxfattribs={"layer": layer})
    else:
        add_line(block, points, layer)


def _add_notch(block: BaseLayout, mark: Mark, placement: Placement, layer: str) -> None:
    """A notch as the standards have it: a point with depth in group 30, width in 39, direction inwards in 50."""
    ((x, y),) = rounded_points(placement.points(mark.points[:1]))
    attributes: dict[str, Any] = {"layer": layer, "thickness": coordinate(mark.width_mm or NO_NOTCH_WIDTH_MM)}
    if mark.angle_deg is not None:
        attributes["angle"] = placed_deg(mark.angle_deg, placement)
    block.add_point((x, y, coordinate(mark.depth_mm or 0.0)), dxfattribs=attributes)


def placed_deg(angle_deg: float, placement: Placement) -> float:
    """A direction of the piece as it points on the fabric, 0 <= a < 360."""
    turned = (-angle_deg if placement.mirrored else angle_deg) + placement.angle_deg
    return coordinate(turned) % 360.0


def add_text(block: BaseLayout, text: str, at: Point, layer: str, *, turned_deg: float = 0.0) -> None:
    shown = re.sub(r"[\x00-\x1f\x7f]+", " ", text)
    attributes: dict[str, Any] = {"layer": layer, "insert": rounded_points([at])[0]}
    if turned_deg:
        attributes["rotation"] = turned_deg
    block.add_text(shown, height=TEXT_HEIGHT_MM, dxfattribs=attributes)
