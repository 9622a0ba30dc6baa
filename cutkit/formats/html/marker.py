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
from cutkit.formats.svg.rule_layers import shape_path, shapes_group
from cutkit.formats.svg.rule_legend import HIGH, WIDE, rule_entries
from cutkit.formats.svg.rules import RuledCloth, block_shape
from cutkit.formats.svg.text import clean_text
from cutkit.model import Placement

PEN = Pen(1.0, 0.6)
"""Lines are so many pixels wide however near one looks: the page's style says so."""
RULER_EM = 1.9
"""Room below the cloth for the numbers of metres."""
HATCH_EM = 0.55
"""How far apart the lines are that fill waste: pieces are plain, so that none is taken for the other."""
SLIVER_MM2 = 1.0
"""Waste below it is not drawn: there is nothing to see."""


def marker_picture(sheet: MarkerSheet) -> str:
    """The marker of ``sheet`` as an SVG element; every piece carries its name, size, bundle, area and rules as data."""
    import svgwrite

    marker, cloth = sheet.marker, ruled_cloth(sheet)
    fabric, start = marker.fabric, -marker.fabric.start_margin_mm
    ruler = RULER_EM * cloth.unit_mm
    drawing = svgwrite.Drawing(size=("100%", "100%"), debug=False)
    drawing.viewbox(number(start), 0, number(cloth.whole_length_mm), number(fabric.width_mm + ruler))
    drawing.update({"class": "marker", "aria-label": clean_text(sheet.title), "role": "img"})
    base = fabric.width_mm - fabric.selvedge_mm
    _cloth(drawing, cloth)
    _metres(drawing, cloth.length_mm, fabric.width_mm, ruler)
    flipped = drawing.g(transform=f"matrix(1 0 0 -1 0 {number(base)})")
    flipped.add(shapes_group(drawing, cloth.below(), PEN.outline_mm, class_="rules below"))
    flipped.add(_waste(drawing, sheet, HATCH_EM * cloth.unit_mm))
    for placed in _pieces(drawing, sheet, cloth):
        flipped.add(placed)
    flipped.add(shapes_group(drawing, cloth.above(), PEN.outline_mm, class_="rules above"))
    drawing.add(flipped)
    labels = drawing.g(**{"class": "labels"}, text_anchor="middle")
    if marker.placements:
        for label in draw_labels(drawing, marker, fit_labels(marker, cloth.unit_mm, PEN), (0.0, base)):
            labels.add(label)
    drawing.add(labels)
    return str(drawing.tostring())


def rule_chips(sheet: MarkerSheet) -> Iterator[tuple[str, str]]:
    """The legend of the rules that the picture shows: a small SVG element and what it means."""
    import svgwrite

    entries = rule_entries(RuledCloth(sheet.marker, 1.0, sheet.splices))
    for entry in entries:
        drawing = svgwrite.Drawing(size=(f"{20 * WIDE:g}", f"{20 * HIGH:g}"), debug=False)
        drawing.viewbox(-0.1, -0.1, WIDE + 0.2, HIGH + 0.2)
        drawing.update({"class": "sample", "aria-hidden": "true"})
        upright = f"translate(0 {HIGH:g}) scale(1 -1)"
        drawing.add(shapes_group(drawing, entry.sample, PEN.outline_mm, transform=upright))
        drawing.elements = [element for element in drawing.elements if element.elementname != "defs"]
        yield str(drawing.tostring()), entry.text


def ruled_cloth(sheet: MarkerSheet) -> RuledCloth:
    """The marker as its rules are drawn, with texts in proportion to it."""
    width = sheet.marker.fabric.width_mm
    length = RuledCloth(sheet.marker, 1.0).whole_length_mm
    return RuledCloth(sheet.marker, min(max(length, 1.5 * width) / 110, width / 10), sheet.splices)


def _cloth(drawing: Any, cloth: RuledCloth) -> None:
    """Selvedges, margins and the cloth between them."""
    fabric, start = cloth.marker.fabric, -cloth.marker.fabric.start_margin_mm
    high = number(fabric.width_mm - fabric.usable_width_mm - fabric.selvedge_mm)
    whole, usable = number(cloth.whole_length_mm), number(fabric.usable_width_mm)
    parts = [("selvedge", (number(start), "0"), (whole, number(fabric.width_mm)))]
    if cloth.whole_length_mm > cloth.length_mm:
        parts.append(("margin", (number(start), high), (whole, usable)))
    for kind, at, size in (*parts, ("cloth", ("0", high), (number(cloth.length_mm), usable))):
        drawing.add(drawing.rect(at, size, **{"class": kind}))


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


def _pieces(drawing: Any, sheet: MarkerSheet, ruled: RuledCloth) -> Iterator[Any]:
    """The pieces, each drawn once and used wherever it lies."""
    marker = sheet.marker
    ids = {piece.id: f"{sheet.anchor}-{index}" for index, piece in enumerate(marker.pieces)}
    shapes = drawing.g(**{"class": "shapes"})
    for piece in marker.pieces:
        symbol = piece_symbol(drawing, piece, ids[piece.id], PEN)
        if block := block_shape(piece):
            symbol.add(shape_path(drawing, block, PEN.outline_mm))
        shapes.add(symbol)
    drawing.defs.add(shapes)
    fills = piece_fills(marker)
    cloth = drawing.g(**{"class": "pieces"})
    for index, placement in enumerate(marker.placements):
        piece = marker.by_id[placement.piece]
        use = drawing.use(f"#{ids[piece.id]}", transform=_matrix(placement), fill=fills.of(piece, placement))
        use["data-name"] = clean_text(piece.name or piece.id)
        use["data-size"] = clean_text(piece.size)
        use["data-bundle"] = str(placement.bundle)
        use["data-area"] = f"{piece.outline.area / 100:.1f}"
        use["data-lies"] = f"{placement.angle_deg:g}°" + (", mirrored" if placement.mirrored else "")
        if rules := list(ruled.rules_of(index)):
            use["data-rules"] = clean_text(", ".join(rules))
        cloth.add(use)
    yield cloth


def _matrix(placement: Placement) -> str:
    a, b, d, e, x, y = placement.matrix
    turn = " ".join(f"{round(value, 9) + 0.0:.9g}" for value in (a, d, b, e))
    return f"matrix({turn} {number(x)} {number(y)})"
