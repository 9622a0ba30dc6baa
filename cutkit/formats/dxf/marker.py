"""A marker as DXF: the pattern's layers, every piece where it lies.

The geometry in a block lies where the piece lies on the fabric; a block for every piece with turned INSERTs would be a
smaller file that half of the readers get wrong (``write`` tells what they take). FABRIC, USABLE and DEFECT hold the
cloth; they are in no block, so nobody takes them for pieces.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import shapely

from cutkit.formats.dxf.write import (
    add_line,
    add_text,
    block_name,
    drawing_text,
    fill_block,
    new_drawing,
    placed_deg,
    rounded_points,
)
from cutkit.model import Marker, OrderedPiece, Placement, Point

if TYPE_CHECKING:
    from ezdxf.document import Drawing
    from ezdxf.layouts.base import BaseLayout


def marker_dxf(marker: Marker, *, strict: bool = False) -> str:
    """The marker as the text of a DXF file (R12, ASCII, millimetres); the same marker gives the same text.

    ``strict``: with an empty header, as AccuMark wants it; else it states version, unit and extent.
    Outlines come back from it within 0.0001 mm of where they lie in the marker. Characters outside ASCII are written
    as ``\\U+XXXX``, which DXF readers know.
    """
    document = new_drawing()
    for index, placement in enumerate(marker.placements):
        piece = marker.by_id[placement.piece]
        name = block_name(f"{piece.name}_{piece.size}", before=f"P{index + 1:04d}_")
        _fill_block(document.blocks.new(name), marker, placement)
        document.modelspace().add_blockref(name, (0, 0), dxfattribs={"layer": "1"})
    _add_fabric(document, marker)
    _add_style_texts(document, marker)
    selvedge, width = marker.fabric.selvedge_mm, marker.fabric.usable_width_mm
    return drawing_text(document, None if strict else ((0.0, -selvedge), (marker.length_mm, width + selvedge)))


def _fill_block(block: BaseLayout, marker: Marker, placement: Placement) -> None:
    """One placed piece: outline, cut-outs, marks, grain and texts, in the marker's coordinates."""
    piece = marker.by_id[placement.piece]
    fill_block(block, piece.outline, piece.marks, placement, list(_piece_texts(piece, placement)))
    if not any(mark.kind == "grain" for mark in piece.marks):
        add_line(block, placement.points(_grain_line(piece)), "7")
    label = " ".join(part for part in (piece.name, piece.size, f"#{placement.bundle}") if part)
    at = placement.points((piece.outline.representative_point().coords[0],))[0]
    add_text(block, label, at, "15", turned_deg=placed_deg(0.0, placement))


def _grain_line(piece: OrderedPiece) -> tuple[Point, Point]:
    """A line along the grain (+x) inside the piece, where the pattern has none of its own."""
    inside = piece.outline.representative_point()
    x0, _, x1, _ = piece.outline.bounds
    across = shapely.LineString([(x0, inside.y), (x1, inside.y)]).intersection(piece.outline)
    here = min(shapely.get_parts(across), key=lambda part: part.distance(inside))
    start, end = here.bounds[0], here.bounds[2]
    margin = 0.1 * (end - start)
    return (start + margin, inside.y), (end - margin, inside.y)


def _piece_texts(piece: OrderedPiece, placement: Placement) -> Iterator[str]:
    yield f"Piece Name: {piece.name}"
    if piece.size:
        yield f"Size: {piece.size}"
    # The outline is already mirrored where its placement is: the block is cut once, as it is drawn.
    yield "Quantity: 1,0"
    if piece.material:
        yield f"Material: {piece.material}"
    yield f"Annotation: Garment {placement.bundle}"


def _add_fabric(document: Drawing, marker: Marker) -> None:
    """Edges of the cloth, edges of its usable width, and its defects, as closed lines outside of all blocks."""
    fabric, space = marker.fabric, document.modelspace()
    width, selvedge = fabric.usable_width_mm, fabric.selvedge_mm
    boxes = [("FABRIC", (0.0, -selvedge, marker.length_mm, width + selvedge))]
    boxes.append(("USABLE", (0.0, 0.0, marker.length_mm, width)))
    boxes += [("DEFECT", defect.box_mm) for defect in fabric.defects]
    for layer, (x0, y0, x1, y1) in boxes:
        corners = rounded_points([(x0, y0), (x1, y0), (x1, y1), (x0, y1)])
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
        add_text(document.modelspace(), text, (0.0, 0.0), "1")
