"""Writes a drawing as an illustration or CAD program would: R12 DXF without units and without any garment convention.

Every copy of every piece is a closed polyline in ENTITIES, on a layer of its size, with its name as a text inside; arcs
are true arcs (bulges), holes are circles on the same layer, pencil marks stand on a layer of their own.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from patterns.draft.dxf import Tags
from patterns.draft.geometry import Path, Point, unit
from patterns.draft.sheet import SheetPiece

HOLE_MM = 5.0
MARKS = "MARKS"
Vertex = tuple[Point, float]


def plain_dxf(style: str, pieces: list[SheetPiece], rounded_mm: Mapping[str, float]) -> bytes:
    """The file's bytes. ``rounded_mm`` gives the pieces with rounded corners and their radius."""
    layers = {piece.size: f"{style}_{piece.size}" for piece in pieces}
    tags = Tags()
    tags.section("HEADER")
    tags.add(9, "$ACADVER")
    tags.add(1, "AC1009")
    tags.add(0, "ENDSEC")
    _layer_table(tags, [*layers.values(), MARKS])
    tags.section("ENTITIES")
    for piece in pieces:
        _piece(tags, piece, layers[piece.size], rounded_mm.get(piece.name, 0.0))
    tags.add(0, "ENDSEC")
    tags.add(0, "EOF")
    return tags.data


def _layer_table(tags: Tags, names: list[str]) -> None:
    tags.section("TABLES")
    tags.add(0, "TABLE")
    tags.add(2, "LAYER")
    tags.add(70, len(names))
    for colour, name in enumerate(names, start=1):
        for code, value in ((0, "LAYER"), (2, name), (70, 0), (62, colour), (6, "CONTINUOUS")):
            tags.add(code, value)
    tags.add(0, "ENDTAB")
    tags.add(0, "ENDSEC")


def _piece(tags: Tags, piece: SheetPiece, layer: str, radius_mm: float) -> None:
    tags.entity("POLYLINE", layer)
    tags.add(66, 1)
    tags.add(70, 1)
    lower_only = piece.name == "POCKET"
    for where, bulge in rounded_corners(piece.outline, radius_mm, piece.grain if lower_only else None):
        tags.entity("VERTEX", layer)
        tags.point(where)
        if bulge:
            tags.add(42, f"{bulge:.10f}")
    tags.entity("SEQEND", layer)
    for hole in piece.drills:
        tags.entity("CIRCLE", layer)
        tags.point(hole)
        tags.number(40, HOLE_MM)
    tags.text(layer, (piece.grain[0] + piece.grain[1]) / 2, f"{piece.name} {piece.size}", 12.0)
    for inner in piece.internals:
        tags.line(MARKS, inner.path[0], inner.path[-1])


def rounded_corners(ring: Path, radius_mm: float, grain: tuple[Point, Point] | None = None) -> list[Vertex]:
    """The ring's vertices with their bulges, each corner replaced by a fillet.

    With a ``grain``, only the corners in the half of the piece that the grain line starts in are rounded. A bulge is
    the tangent of a quarter of the arc's angle, and belongs to the segment that starts at its vertex.
    """
    if radius_mm <= 0:
        return [(vertex, 0.0) for vertex in ring]
    result: list[Vertex] = []
    for i, corner in enumerate(ring):
        arriving, leaving = unit(corner - ring[i - 1]), unit(ring[(i + 1) % len(ring)] - corner)
        turn = math.atan2(arriving[0] * leaving[1] - arriving[1] * leaving[0], float(np.dot(arriving, leaving)))
        upper = grain is not None and (corner - (grain[0] + grain[1]) / 2) @ (grain[1] - grain[0]) > 0
        if upper or abs(turn) < 1e-6:
            result.append((corner, 0.0))
            continue
        reach = radius_mm * math.tan(abs(turn) / 2)
        result += [(corner - arriving * reach, math.tan(turn / 4)), (corner + leaving * reach, 0.0)]
    return result
