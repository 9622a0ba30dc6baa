"""A marker as DXF: the pattern's layers, every piece where it lies.

The form is the one that readers of pattern DXF take: R12 tags, one BLOCK for every placement, and one INSERT of it.
The geometry in a block lies where the piece lies on the fabric, and its INSERT is at 0,0, neither scaled, turned nor
mirrored. Readers differ: some look at the blocks only, some put INSERTs in place but ignore their angle, and garment
CAD writes none that is turned or mirrored. In this form all of them see the same marker. A block for every piece with
turned INSERTs would be a smaller file that half of them get wrong.

Layers, as in ASTM D6673 and AAMA-292: 1 outline and texts, 4 notches (80 T, 81 castle, 82 check, 83 U), 7 grain,
8 internal lines, 9 match points, 11 cut-outs, 13 drill holes, 14 sew lines, 15 labels. A mark stays on the layer it
had in the pattern, but for two cases. Fold lines go to 8: a piece in a marker is whole, and a line on 6 would make a
reader unfold it once more. And what is only drawn is never left on a layer that is cut. FABRIC, USABLE and DEFECT hold
the cloth; they are in no block, so nobody takes them for pieces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from typing import TYPE_CHECKING, Any

import shapely

from cutkit.model import Mark, Marker, OrderedPiece, Placement, Point

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


def marker_dxf(marker: Marker) -> str:
    """The marker as the text of a DXF file (R12, ASCII, millimetres); the same marker gives the same text.

    Outlines come back from it within 0.0001 mm of where they lie in the marker. Characters outside ASCII are written
    as ``\\U+XXXX``, which DXF readers know.
    """
    from ezdxf.addons import gerber_D6673
    from ezdxf.document import Drawing

    # Not ezdxf.new: it warns on stderr that R12 has no $INSUNITS, which the header below states all the same.
    document = Drawing.new("R12")
    for index, placement in enumerate(marker.placements):
        name = _block_name(index, marker.by_id[placement.piece])
        _fill_block(document.blocks.new(name), marker, placement)
        document.modelspace().add_blockref(name, (0, 0), dxfattribs={"layer": "1"})
    _add_fabric(document, marker)
    _add_style_texts(document, marker)
    stream = StringIO()
    # This writer leaves out tables, handles and the layout blocks, on which strict garment readers fail.
    gerber_D6673.export_stream(document, stream)
    text = stream.getvalue().replace("HEADER\n", "HEADER\n" + _header(marker), 1)
    return "".join(char if char.isascii() else _escaped(char) for char in text)


def _escaped(char: str) -> str:
    """A character as R12 has it in ASCII: ``\\U+XXXX`` for each of its UTF-16 units."""
    units = char.encode("utf-16-be", "surrogatepass").hex().upper()
    return "".join(f"\\U+{units[i : i + 4]}" for i in range(0, len(units), 4))


def _header(marker: Marker) -> str:
    """The header's variables: version R12, drawing units millimetres, and the extent of the cloth."""
    selvedge, width = marker.fabric.selvedge_mm, marker.fabric.usable_width_mm
    tags: list[tuple[int, Any]] = [(9, "$ACADVER"), (1, "AC1009"), (9, "$INSUNITS"), (70, 4)]
    tags += [(9, "$EXTMIN"), (10, 0.0), (20, _coordinate(-selvedge)), (30, 0.0)]
    tags += [(9, "$EXTMAX"), (10, _coordinate(marker.length_mm)), (20, _coordinate(width + selvedge)), (30, 0.0)]
    return "".join(f"{code:>3}\n{value}\n" for code, value in tags)


def _block_name(index: int, piece: OrderedPiece) -> str:
    """A name that R12 takes (31 characters of A-Z, 0-9 and _), unique by the placement's number."""
    words = re.sub(r"[^A-Za-z0-9]+", "_", f"{piece.name}_{piece.size}").strip("_").upper()
    return f"P{index + 1:04d}_{words}"[:31].rstrip("_")


def _coordinate(value: float) -> float:
    return round(value, DECIMALS) + 0.0


def _points(points: Any) -> list[Point]:
    return [(_coordinate(x), _coordinate(y)) for x, y in points]


def _fill_block(block: BaseLayout, marker: Marker, placement: Placement) -> None:
    """One placed piece: outline, cut-outs, marks, grain and texts, in the marker's coordinates."""
    piece = marker.by_id[placement.piece]
    polygon = placement.polygon(piece.outline)
    _add_ring(block, shapely.get_coordinates(polygon.exterior), "1")
    for hole in polygon.interiors:
        _add_ring(block, shapely.get_coordinates(hole), "11")
    for mark in piece.marks:
        _add_mark(block, mark, placement)
    if not any(mark.kind == "grain" for mark in piece.marks):
        _add_line(block, placement.points(_grain_line(piece)), "7")
    _add_piece_texts(block, piece, placement)


def _add_ring(block: BaseLayout, ring: Any, layer: str) -> None:
    block.add_polyline2d(_points(ring[:-1]), close=True, dxfattribs={"layer": layer})


def _add_line(block: BaseLayout, points: tuple[Point, ...], layer: str) -> None:
    if len(points) == 2:
        start, end = _points(points)
        block.add_line(start, end, dxfattribs={"layer": layer})
    else:
        block.add_polyline2d(_points(points), dxfattribs={"layer": layer})


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
            _add_text(block, mark.text, points[0], layer, turned_deg=_placed_deg(mark.angle_deg or 0.0, placement))
    elif len(points) == 1 or mark.kind == "drill":
        for x, y in _points(points):
            block.add_point((x, y, 0.0), dxfattribs={"layer": layer})
    else:
        _add_line(block, points, layer)


def _add_notch(block: BaseLayout, mark: Mark, placement: Placement, layer: str) -> None:
    """A notch as the standards have it: a point with depth in group 30, width in 39, direction inwards in 50."""
    ((x, y),) = _points(placement.points(mark.points[:1]))
    attributes: dict[str, Any] = {"layer": layer, "thickness": _coordinate(mark.width_mm or NO_NOTCH_WIDTH_MM)}
    if mark.angle_deg is not None:
        attributes["angle"] = _placed_deg(mark.angle_deg, placement)
    block.add_point((x, y, _coordinate(mark.depth_mm or 0.0)), dxfattribs=attributes)


def _placed_deg(angle_deg: float, placement: Placement) -> float:
    """A direction of the piece as it points on the fabric, 0 <= a < 360."""
    turned = (-angle_deg if placement.mirrored else angle_deg) + placement.angle_deg
    return _coordinate(turned) % 360.0


def _grain_line(piece: OrderedPiece) -> tuple[Point, Point]:
    """A line along the grain (+x) inside the piece, where the pattern has none of its own."""
    inside = piece.outline.representative_point()
    x0, _, x1, _ = piece.outline.bounds
    across = shapely.LineString([(x0, inside.y), (x1, inside.y)]).intersection(piece.outline)
    here = min(shapely.get_parts(across), key=lambda part: part.distance(inside))
    start, end = here.bounds[0], here.bounds[2]
    margin = 0.1 * (end - start)
    return (start + margin, inside.y), (end - margin, inside.y)


def _add_piece_texts(block: BaseLayout, piece: OrderedPiece, placement: Placement) -> None:
    """The key texts of a piece on layer 1, and on 15 what a plotter writes into it."""
    at = placement.points((piece.outline.representative_point().coords[0],))[0]
    for text in _piece_texts(piece, placement):
        _add_text(block, text, at, "1")
    label = " ".join(part for part in (piece.name, piece.size, f"#{placement.bundle}") if part)
    _add_text(block, label, at, "15", turned_deg=_placed_deg(0.0, placement))


def _piece_texts(piece: OrderedPiece, placement: Placement) -> Iterator[str]:
    yield f"Piece Name: {piece.name}"
    if piece.size:
        yield f"Size: {piece.size}"
    # The outline is already mirrored where its placement is: the block is cut once, as it is drawn.
    yield "Quantity: 1,0"
    if piece.material:
        yield f"Material: {piece.material}"
    yield f"Annotation: Garment {placement.bundle}"


def _add_text(block: BaseLayout, text: str, at: Point, layer: str, *, turned_deg: float = 0.0) -> None:
    shown = re.sub(r"[\x00-\x1f\x7f]+", " ", text)
    attributes: dict[str, Any] = {"layer": layer, "insert": _points([at])[0]}
    if turned_deg:
        attributes["rotation"] = turned_deg
    block.add_text(shown, height=TEXT_HEIGHT_MM, dxfattribs=attributes)


def _add_fabric(document: Drawing, marker: Marker) -> None:
    """Edges of the cloth, edges of its usable width, and its defects, as closed lines outside of all blocks."""
    fabric, space = marker.fabric, document.modelspace()
    width, selvedge = fabric.usable_width_mm, fabric.selvedge_mm
    boxes = [("FABRIC", (0.0, -selvedge, marker.length_mm, width + selvedge))]
    boxes.append(("USABLE", (0.0, 0.0, marker.length_mm, width)))
    boxes += [("DEFECT", defect.box_mm) for defect in fabric.defects]
    for layer, (x0, y0, x1, y1) in boxes:
        corners = _points([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
        space.add_polyline2d(corners, close=True, dxfattribs={"layer": layer})


def _add_style_texts(document: Drawing, marker: Marker) -> None:
    """What holds for the whole marker, as key texts on layer 1: the standard, units, style and the cloth."""
    styles = list(dict.fromkeys(piece.style for piece in marker.pieces if piece.style))
    sizes = list(dict.fromkeys(piece.size for piece in marker.pieces if piece.size))
    texts = ["ASTM/D13Proposal 1 Version: D 6673-04", "Units: METRIC", f"Style Name: {' + '.join(styles) or 'Marker'}"]
    texts += [f"Sample Size: {sizes[0]}"] if sizes else []
    texts.append(f"Marker Length: {marker.length_mm:.3f} mm")
    texts.append(f"Fabric Width: {marker.fabric.width_mm:.3f} mm")
    texts.append(f"Usable Width: {marker.fabric.usable_width_mm:.3f} mm")
    texts.append(f"Efficiency: {100 * marker.efficiency:.2f} %")
    for text in texts:
        _add_text(document.modelspace(), text, (0.0, 0.0), "1")
