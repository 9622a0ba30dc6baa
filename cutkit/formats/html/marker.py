"""A marker as inline SVG, to be zoomed and hovered over by the page's script."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil
from typing import Any

import shapely
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from cutkit.formats.report_page import MarkerSheet, piece_fills
from cutkit.formats.svg.marker_labels import draw_labels, fit_labels
from cutkit.formats.svg.pieces import Pen, number, outline_path, piece_symbol
from cutkit.formats.svg.text import clean_text
from cutkit.model import Marker, Placement

RULER_EM = 1.9
"""Room below the cloth for the numbers of metres."""
HATCH_EM = 0.55
"""How far apart the lines are that fill waste: pieces are plain, so that none is taken for the other."""
SLIVER_MM2 = 1.0
"""Waste below it is not drawn: there is nothing to see."""


def marker_picture(sheet: MarkerSheet) -> str:
    """The marker of ``sheet`` as an SVG element; every piece carries its name, size, bundle and area as data."""
    import svgwrite

    marker = sheet.marker
    fabric = marker.fabric
    length = marker.length_mm or fabric.width_mm / 2
    unit = min(max(length, 1.5 * fabric.width_mm) / 110, fabric.width_mm / 10)
    ruler = RULER_EM * unit
    drawing = svgwrite.Drawing(size=("100%", "100%"), debug=False)
    drawing.viewbox(0, 0, number(length), number(fabric.width_mm + ruler))
    drawing.update({"class": "marker", "aria-label": clean_text(sheet.title), "role": "img"})
    base = fabric.width_mm - fabric.selvedge_mm
    _cloth(drawing, marker, length)
    _metres(drawing, length, fabric.width_mm, ruler)
    flipped = drawing.g(transform=f"matrix(1 0 0 -1 0 {number(base)})")
    flipped.add(_waste(drawing, sheet, HATCH_EM * unit))
    for placed in _pieces(drawing, sheet):
        flipped.add(placed)
    drawing.add(flipped)
    labels = drawing.g(**{"class": "labels"}, text_anchor="middle")
    if marker.placements:
        for label in draw_labels(drawing, marker, fit_labels(marker, unit, Pen(1.0, 0.6)), (0.0, base)):
            labels.add(label)
    drawing.add(labels)
    return str(drawing.tostring())


def _cloth(drawing: Any, marker: Marker, length: float) -> None:
    fabric = marker.fabric
    drawing.add(drawing.rect((0, 0), (number(length), number(fabric.width_mm)), **{"class": "selvedge"}))
    at, size = (0, number(fabric.selvedge_mm)), (number(length), number(fabric.usable_width_mm))
    drawing.add(drawing.rect(at, size, **{"class": "cloth"}))


def _metres(drawing: Any, length: float, width: float, ruler: float) -> None:
    """A line and a number at every metre, at every fifth on a long marker."""
    step = 1 if length < 12_000 else 5
    for metre in range(step, ceil(length / 1000), step):
        x = number(1000.0 * metre)
        drawing.add(drawing.line((x, 0), (x, number(width)), **{"class": "metre"}))
        text = drawing.text(f"{metre} m", (x, number(width + 0.82 * ruler)), font_size=number(0.8 * ruler))
        text["class"] = "ruler"
        drawing.add(text)


def _waste(drawing: Any, sheet: MarkerSheet, step_mm: float) -> Any:
    """The places of the waste, each hatched in its own colour and direction."""
    group = drawing.g(**{"class": "waste"})
    for index, (place, region) in enumerate(sheet.regions.items()):
        path = " ".join(outline_path(part) for part in _polygons(region))
        if path:
            name = f"{sheet.anchor}-at-{place}"
            drawing.defs.add(_hatch(drawing, name, place, step_mm, 45 + 36 * index))
            group.add(drawing.path(d=path, fill=f"url(#{name})", fill_rule="evenodd"))
    return group


def _hatch(drawing: Any, name: str, place: str, step_mm: float, turn_deg: float) -> Any:
    side, middle = number(step_mm), number(step_mm / 2)
    pattern = drawing.pattern((0, 0), (side, side), id=name, patternUnits="userSpaceOnUse")
    pattern["patternTransform"] = f"rotate({turn_deg:g})"
    pattern["class"] = f"hatch at-{place}"
    pattern.add(drawing.rect((0, 0), (side, side), stroke="none"))
    pattern.add(drawing.line((0, middle), (side, middle), stroke_width=number(0.28 * step_mm)))
    return pattern


def _polygons(region: BaseGeometry) -> Iterator[Polygon]:
    for part in shapely.get_parts(region):
        if part.geom_type == "Polygon" and part.area >= SLIVER_MM2:
            yield part
        elif part.geom_type == "GeometryCollection":
            yield from _polygons(part)


def _pieces(drawing: Any, sheet: MarkerSheet) -> Iterator[Any]:
    """The pieces, each drawn once and used wherever it lies."""
    marker = sheet.marker
    ids = {piece.id: f"{sheet.anchor}-{index}" for index, piece in enumerate(marker.pieces)}
    shapes = drawing.g(**{"class": "shapes"})
    for piece in marker.pieces:
        shapes.add(piece_symbol(drawing, piece, ids[piece.id], Pen(1.0, 0.6)))
    drawing.defs.add(shapes)
    fills = piece_fills(marker)
    cloth = drawing.g(**{"class": "pieces"})
    for placement in marker.placements:
        piece = marker.by_id[placement.piece]
        use = drawing.use(f"#{ids[piece.id]}", transform=_matrix(placement), fill=fills.of(piece, placement))
        use["data-name"] = clean_text(piece.name or piece.id)
        use["data-size"] = clean_text(piece.size)
        use["data-bundle"] = str(placement.bundle)
        use["data-area"] = f"{piece.outline.area / 100:.1f}"
        use["data-lies"] = f"{placement.angle_deg:g}°" + (", mirrored" if placement.mirrored else "")
        cloth.add(use)
    yield cloth


def _matrix(placement: Placement) -> str:
    a, b, d, e, x, y = placement.matrix
    turn = " ".join(f"{round(value, 9) + 0.0:.9g}" for value in (a, d, b, e))
    return f"matrix({turn} {number(x)} {number(y)})"
