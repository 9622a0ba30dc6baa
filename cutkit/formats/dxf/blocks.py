"""Which blocks of a DXF draw pieces: by the layers of their lines, by how they are inserted, and by where they lie."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial

from shapely.geometry import Point as ShapelyPoint
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from cutkit.formats.dxf.container import Block, Drawing, Record, guard
from cutkit.formats.dxf.meaning import labels_of
from cutkit.formats.dxf.plain import is_box, lie_on_one_another, outer_areas
from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.shapes import Shape, lies_as_drawn

GARMENT_LAYERS = {"1", "84", "14"}
"""A block with one of these draws a piece by the ASTM or AAMA convention."""
Placed = tuple[Record, list[Shape], BaseGeometry]
"""An INSERT, the shapes that it lays, and what their outermost closed lines enclose."""
_LAYOUT = re.compile(r"[*$](?:MODEL|PAPER)_SPACE", re.IGNORECASE)


def piece_blocks(drawing: Drawing) -> tuple[list[Block], list[Block]]:
    """The blocks that draw a piece, with a line on a garment layer, and the other ones.

    Layouts are neither, nor is a block that is only a part of another one.
    """
    by_name = {block.name.upper(): block for block in reversed(drawing.blocks)}
    blocks = [block for block in drawing.blocks if not _LAYOUT.match(block.name)]
    parts = _parts(blocks, {r.text(2).upper() for r in drawing.entities if r.kind == "INSERT"}, by_name)
    own = [block for block in blocks if block.name.upper() not in parts]
    drawing_pieces = {id(block) for block in own if _layers(block, by_name) & GARMENT_LAYERS}
    if not drawing_pieces:  # all of them may be drawn on layer 0, which lies where the INSERT does
        on_outlines = {r.text(2).upper() for r in drawing.entities if r.kind == "INSERT" and r.layer in ("1", "84")}
        drawing_pieces = {
            id(block) for block in own if block.name.upper() in on_outlines and "0" in _layers(block, by_name)
        }
        if not any(_layers(block, by_name) - {"0"} for block in own if id(block) in drawing_pieces):
            drawing_pieces = set()  # nothing else says that the numbers of layers mean anything
    return [b for b in own if id(b) in drawing_pieces], [b for b in own if id(b) not in drawing_pieces]


def _parts(blocks: Sequence[Block], outer: set[str], by_name: dict[str, Block]) -> set[str]:
    """The names of blocks that only stand inside others; of blocks inside one another the first counts as its own."""
    parts: set[str] = set()
    for block in blocks:
        if block.name.upper() not in parts:
            parts |= {name for name in _within(block, by_name) if name != block.name.upper()}
    return parts - outer


def _within(block: Block, by_name: dict[str, Block]) -> set[str]:
    """The names of all blocks that are inserted in a block, at whatever depth."""
    found: set[str] = set()
    waiting = [block]
    while waiting:
        names = {r.text(2).upper() for r in waiting.pop().records if r.kind == "INSERT"} - found
        found |= names
        waiting += [by_name[name] for name in names if name in by_name]
    return found


def a_piece_each(
    inserts: Sequence[Record], inserted: Sequence[list[Shape]], remarks: Remarks
) -> list[list[Shape]] | None:
    """The shapes of a plain drawing piece by piece, where its INSERTs are pieces of their own; None where it is one.

    They are where each has a text that names a piece, or where all are inserted at one point and lie across one
    another: then every block has coordinates of its own, as in the files of garment CADs. A block without an outline
    (a notch, an arrow) belongs to the piece that it lies on, and a rectangle round all others is a frame.
    """
    found = [(insert, shapes, outer_areas(shapes)) for insert, shapes in zip(inserts, inserted, strict=True)]
    pieces = [(insert, shapes, area) for insert, shapes, area in found if area is not None]
    if len(pieces) > 2:
        pieces = _without_frames(pieces, remarks)
    if len(pieces) < 2:
        return None
    places = {(insert.text(10, "0"), insert.text(20, "0")) for insert, _, _ in pieces}
    named = all(labels_of(shapes).name for _, shapes, _ in pieces)
    if not named and not (len(places) == 1 and lie_on_one_another([area for _, _, area in pieces])):
        return None
    groups = [list(shapes) for _, shapes, _ in pieces]
    for _, shapes, area in found:
        if area is None and shapes:
            at = ShapelyPoint(*shapes[0].points[0])
            gaps = [outline.distance(at) for _, _, outline in pieces]
            groups[gaps.index(min(gaps))] += shapes
    return groups


def _without_frames(pieces: list[Placed], remarks: Remarks) -> list[Placed]:
    """The pieces without a rectangle that lies round all others."""
    for k, (insert, _, area) in enumerate(pieces):
        others = [other for n, (_, _, other) in enumerate(pieces) if n != k]
        if isinstance(area, Polygon) and is_box(area) and all(area.covers(other) for other in others):
            message = f"block {insert.text(2)!r} is a rectangle round all others: a frame, not a piece"
            remarks.add("frame-ignored", message)
            return [piece for n, piece in enumerate(pieces) if n != k]
    return pieces


def without_wrappers(drawing: Drawing, where: str) -> list[Record]:
    """The entities outside the blocks, with the INSERTs of a block that only holds the pieces in its place."""
    by_name = {block.name.upper(): block for block in reversed(drawing.blocks)}
    entities: list[Record] = []
    wrappers: set[str] = set()
    for record in drawing.entities:
        block = by_name.get(record.text(2).upper()) if record.kind == "INSERT" else None
        if (
            block is not None
            and _wraps_pieces(block, by_name)
            and guard(where, record.line, "INSERT", partial(lies_as_drawn, record))
        ):
            entities += block.records
            wrappers.add(block.name.upper())
        else:
            entities.append(record)
    if wrappers:
        drawing.blocks[:] = [block for block in drawing.blocks if block.name.upper() not in wrappers]
    return entities


def _wraps_pieces(block: Block, by_name: dict[str, Block]) -> bool:
    """Whether a block draws nothing itself but inserts pieces."""
    inner = [by_name.get(r.text(2).upper()) for r in block.records if r.kind == "INSERT"]
    if not inner or any(r.kind not in ("INSERT", "TEXT", "MTEXT", "ATTRIB", "ATTDEF") for r in block.records):
        return False
    if len(inner) < 2 and any(r.kind in ("TEXT", "MTEXT") for r in block.records):
        return False  # it may well be the piece, and its outline a part of it
    return all(b is not None and b is not block and _layers(b, by_name) & {"1", "84"} for b in inner)


def _layers(block: Block, by_name: dict[str, Block]) -> set[str]:
    """The layers that lines are drawn on, also those of blocks inserted among them."""
    inner = [by_name[name] for name in _within(block, by_name) if name in by_name]
    no_lines = ("INSERT", "TEXT", "MTEXT", "POINT", "ATTDEF")
    return {record.layer for b in (block, *inner) for record in b.records if record.kind not in no_lines}
