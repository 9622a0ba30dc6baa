"""A pattern as DXF: a graded nest in ASTM D6673 or AAMA-292, as strict garment readers take it (``write``).

One block for every piece in every size, its grain along x; sizes of a piece share the corner that they have in the
pattern, pieces lie side by side. Pieces are written whole, also those that were halves. Beside the layers that
``write`` names: 2 turn points and 3 curve points of the outline, which tell a CAD where its corners are. What a text in
such a half says of the fold is left out: somebody would cut the whole piece on a fold of the cloth.

Lost on the way to AAMA: it has one number for the copies, which readers take for pairs.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from cutkit import __version__
from cutkit.formats.dxf.meaning import read_quantity, says_on_fold
from cutkit.formats.dxf.write import add_text, block_name, drawing_text, fill_block, new_drawing, rounded_points
from cutkit.model import Dialect, Notice, Pattern, Piece, Placement, Point

if TYPE_CHECKING:
    from ezdxf.layouts.base import BaseLayout

BESIDE_MM = 50.0
"""Distance between the boxes of pieces that lie side by side."""
TURN_DEG = 15.0
"""A point of the outline where it turns by more than this is a corner."""
STANDARD = {"ASTM D6673": "ASTM/D13Proposal 1 Version: D 6673-04", "AAMA-292": "ANSI/AAMA VERSION: 1.0.0"}


def pattern_dxf(pattern: Pattern, dialect: Dialect) -> tuple[str, tuple[Notice, ...]]:
    """The pattern as the text of a DXF file (R12, ASCII, millimetres), and what it could not say.

    ``read_pattern`` reads back the same pieces: outlines within 0.0001 mm, names, sizes, copies, materials and marks. A
    fold line comes back as an internal line, for the piece is whole.
    """
    document = new_drawing()
    taken: set[str] = set()
    x = 0.0
    for name in dict.fromkeys(piece.name for piece in pattern.pieces):
        sizes = [piece for piece in pattern.pieces if piece.name == name]
        for piece in sizes:
            block = _free_name(piece, taken)
            _fill_block(document.blocks.new(block), piece, Placement(name, 0, x, 0.0, 0.0, False), dialect)
            document.modelspace().add_blockref(block, (0, 0), dxfattribs={"layer": "1"})
        x += max(piece.outline.bounds[2] for piece in sizes) + BESIDE_MM
    for text in _style_texts(pattern, dialect):
        add_text(document.modelspace(), text, (0.0, 0.0), "1")
    return drawing_text(document), tuple(_lost(pattern, dialect))


def _free_name(piece: Piece, taken: set[str]) -> str:
    """A block name that no other piece has."""
    words = f"{piece.name}_{piece.size}" if piece.size else piece.name
    name, number = block_name(words) or "PIECE", 1
    while name in taken:
        number += 1
        name = block_name(words, after=f"_{number}")
    taken.add(name)
    return name


def _fill_block(block: BaseLayout, piece: Piece, placement: Placement, dialect: Dialect) -> None:
    marks = [mark for mark in piece.marks if mark.kind != "label" or (mark.text and _holds(mark.text, piece))]
    fill_block(block, piece.outline, marks, placement, list(_piece_texts(piece, dialect)))
    ring = placement.points(tuple(piece.outline.exterior.coords[:-1]))
    for (px, py), turns in zip(rounded_points(ring), _turns(ring), strict=True):
        block.add_point((px, py, 0.0), dxfattribs={"layer": "2" if turns else "3"})


def _turns(ring: tuple[Point, ...]) -> Iterator[bool]:
    """Of every point of a ring, whether the outline turns a corner there."""
    for before, here, after in zip((ring[-1], *ring), ring, (*ring[1:], ring[0]), strict=False):
        first = math.atan2(here[1] - before[1], here[0] - before[0])
        second = math.atan2(after[1] - here[1], after[0] - here[0])
        yield abs(math.remainder(second - first, 2 * math.pi)) > math.radians(TURN_DEG)


def _piece_texts(piece: Piece, dialect: Dialect) -> Iterator[str]:
    yield f"Piece Name: {piece.name}"
    if piece.size:
        yield f"Size: {piece.size}"
    yield f"Quantity: {_quantity(piece, dialect)}"
    if piece.material:
        yield f"{'Fabric' if dialect == 'AAMA-292' else 'Material'}: {piece.material}"
    if piece.category:
        yield f"Category: {piece.category}"
    if piece.annotation and _holds(piece.annotation, piece):
        yield f"Annotation: {piece.annotation}"


def _holds(text: str, piece: Piece) -> bool:
    """Whether a text still holds of the whole piece: not that it has to be cut on the fold."""
    return not (piece.unfolded and says_on_fold([text]))


def _quantity(piece: Piece, dialect: Dialect) -> str:
    return str(piece.per_garment) if dialect == "AAMA-292" else f"{piece.as_drawn},{piece.mirrored}"


def _style_texts(pattern: Pattern, dialect: Dialect) -> Iterator[str]:
    yield STANDARD[dialect]
    yield f"Style Name: {pattern.style}"
    if dialect == "AAMA-292":
        yield "AUTHOR: cutkit"
        yield "PRODUCT: cutkit"
        yield f"VERSION: {__version__}"
    else:
        yield f"Author: cutkit; cutkit; {__version__}"
    if pattern.sample_size:
        yield f"Sample Size: {pattern.sample_size}"
    yield "Units: METRIC"


def _free_texts(piece: Piece) -> Iterator[str]:
    yield piece.annotation
    yield from (mark.text for mark in piece.marks if mark.kind == "label" and mark.text)


def _lost(pattern: Pattern, dialect: Dialect) -> Iterator[Notice]:
    """What is left out, or what a reader of the file will understand otherwise."""
    on_fold = dict.fromkeys(p.name for p in pattern.pieces if not all(_holds(t, p) for t in _free_texts(p)))
    for name in on_fold:
        yield Notice("fold-text-left-out", "it is written whole, without the text that it is cut on the fold", name)
    if dialect != "AAMA-292":
        return
    told: set[str] = set()
    for piece in pattern.pieces:
        read = read_quantity(_quantity(piece, dialect))
        if piece.name in told or (read and (read.as_drawn, read.mirrored) == (piece.as_drawn, piece.mirrored)):
            continue
        told.add(piece.name)
        has = f"{piece.as_drawn} as drawn and {piece.mirrored} mirrored"
        message = f"AAMA has one number for the copies: {has} become {piece.per_garment}, which readers take for pairs"
        yield Notice("quantity-not-told", message, piece.name)
