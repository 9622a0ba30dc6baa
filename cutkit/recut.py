"""Pieces that are cut twice: the machine cuts their block, and people cut the piece out of that.

What is cut of such a piece is settled here alone: ``cut`` makes strokes of it, and the judge of a run looks for the
same lines. The block takes the outline's place. What lies within is left to the second cut, and a pen draws it: the
outline, where notches and drill holes go, and lines that a knife would have cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import shapely
from shapely.geometry import LinearRing

from cutkit.model import Mark, Marker, OrderedPiece, Point, cos_sin_deg
from cutkit.toolpath import BlockCut

NOTCH_MM = 5.0
"""How long the line is that stands for a notch which does not say its depth."""
WITHIN_MM = 0.05
"""Where an outline runs nearer to its block than this, the block's cut is the outline."""


def is_recut(piece: OrderedPiece, blocks: BlockCut) -> bool:
    """Whether the machine cuts the block of a piece in place of its outline."""
    return piece.block is not None and (blocks == "cut" or (blocks == "ruled" and piece.cut_block))


def as_cut(marker: Marker, blocks: BlockCut) -> Marker:
    """The marker as the machine cuts it: with the blocks of pieces that are cut again as their outlines.

    It is the marker itself where there are none. For ``blocks`` see ``StrokeRules``.
    """
    if not any(is_recut(piece, blocks) for piece in marker.pieces):
        return marker
    pieces = tuple(_blocked(piece) if is_recut(piece, blocks) else piece for piece in marker.pieces)
    return replace(marker, pieces=pieces, stated=None)


def _blocked(piece: OrderedPiece) -> OrderedPiece:
    """A piece whose outline is its block; what is cut by hand is drawn."""
    assert piece.block is not None
    edge = piece.block.boundary.buffer(WITHIN_MM)
    drawn = [mark for ring in (piece.outline.exterior, *piece.outline.interiors) for mark in _within(ring, edge)]
    return replace(piece, outline=piece.block, block=None, marks=(*drawn, *map(_drawn, piece.marks)))


def _within(ring: LinearRing, edge: shapely.Geometry) -> Iterator[Mark]:
    """What of a line of the outline lies within the block, as lines for the pen."""
    left = ring.difference(edge)
    merged = shapely.line_merge(left) if left.geom_type == "MultiLineString" else left
    for line in shapely.get_parts(merged).tolist():
        if line.length > WITHIN_MM:
            yield Mark("internal", tuple((x, y) for x, y, *_ in line.coords), "pen")


def _drawn(mark: Mark) -> Mark:
    """A mark for the pen in place of one that is cut."""
    if mark.kind == "notch":
        return _tick(mark)
    if mark.kind in ("drill", "internal"):
        return replace(mark, kind="internal", tool="pen", depth_mm=None, width_mm=None, angle_deg=None, shape=None)
    return mark


def _tick(mark: Mark) -> Mark:
    """A line as long as a notch is deep; a cross where its direction is open."""
    (x, y), points = mark.points[0], mark.points[:1]
    if mark.angle_deg is not None:
        (c, s), depth = cos_sin_deg(mark.angle_deg), NOTCH_MM if mark.depth_mm is None else mark.depth_mm
        end: Point = (x + c * depth, y + s * depth)
        points = ((x, y), end)
    return Mark("internal", points, "pen", layer=mark.layer)
