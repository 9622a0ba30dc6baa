"""A marker on paper at full size: on one long page, or on tiles to be taped together.

The first page shows the whole marker small, with a square of 100 mm: measure it before you cut by the paper, for a
printer that fits pages to its paper is off by some percent. Two bars of 100 mm in the margins of every other page tell
the same. Then come the pages at full size. The marker is drawn once and shown on each of them through a window, so no
page can be off against another. Neighbours share a strip; crosses on its middle line lie on both pages, and come to lie
on each other when the pages are laid together.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Any, Literal

import shapely
from shapely.geometry import Polygon

from cutkit.errors import LimitError
from cutkit.formats.pdf.paper import ALARM, FAINT, INK, LINE, LONGEST_PAGE_MM, POINTS_PER_MM, Paper
from cutkit.formats.report_page import piece_fills
from cutkit.formats.svg.marker_labels import ARROW_LINE_EM, MarkerLabels, fit_labels, placed_labels
from cutkit.formats.svg.pieces import Pen, drawn_marks, notch_lines
from cutkit.formats.svg.rule_legend import WIDE, rule_entries
from cutkit.formats.svg.rules import CLOTH, HALO_INK, SELVEDGE, SPLICE, Band, RuledCloth, Shape, block_shape
from cutkit.model import Mark, Marker, Point
from cutkit.units import format_length

PageKind = Literal["roll", "a4", "a0"]
SHEETS_MM: dict[PageKind, tuple[float, float]] = {"a4": (210.0, 297.0), "a0": (841.0, 1189.0)}
MARGIN_MM = 10.0
"""Around the window of every page: what a printer leaves blank, and room for the page's name."""
SHARED_MM = 15.0
"""How much of the marker two neighbours both show."""
MOST_PAGES = 5000
CROSS_MM = 5.0
SQUARE_MM = 100.0
FULL_SIZE_PEN = Pen(0.3, 0.2)
FULL_SIZE_LABEL_MM = 14.0
A4_MM = (297.0, 210.0)
LEGEND_UNIT_MM, LEGEND_PT = 2.9, 7.5

Box = tuple[float, float, float, float]
Bands = tuple[Band, ...] | None


@dataclass(frozen=True, slots=True)
class Tile:
    """One page at full size: its row (from the top) and column, its window on the cloth (x0, y0, x1, y1; 0 is the lower
    edge of the cloth, selvedge and all), and its page's size."""

    row: int
    column: int
    window: Box
    page_mm: tuple[float, float]


def marker_pdf(
    marker: Marker, *, title: str, date: str, page: PageKind = "roll", splices: Sequence[Band] | None = None
) -> bytes:
    """The marker as PDF: the small picture, then its pages at full size. Both show the rules of the cloth; ``splices``
    are the bands (x0, x1) in which a ply may end and the next one begin; None: the usual ones of a long marker.

    ``roll`` is one page as large as the cloth, and as many as needed where the marker is longer than PDF's pages can
    be; ``a4`` and ``a0`` are tiles, turned so that fewer are needed. The same marker, title and date give the same
    bytes. LimitError (exit 4) where that is more than MOST_PAGES pages.
    """
    tiles = tiles_of(marker, page)
    paper = Paper(title)
    bands = None if splices is None else tuple(splices)
    _first_page(paper, marker, tiles, (title, date), bands)
    _keep_full_size(paper, marker, tiles, bands)
    for number, tile in enumerate(tiles, 2):
        _tile_page(paper, tile, f"{title} - row {tile.row + 1}, column {tile.column + 1}", (number, len(tiles) + 1))
    return paper.finish()


# ------------------------------------------------------------------------------------------------------------ tiles


def tiles_of(marker: Marker, page: PageKind) -> list[Tile]:
    """The pages at full size, row by row from the top, each row from the marker's start."""
    size = (marker.length_mm, marker.fabric.width_mm)
    if page == "roll":
        return _grid(size, (LONGEST_PAGE_MM, LONGEST_PAGE_MM), fitted=True)
    width, height = SHEETS_MM[page]
    return min((_grid(size, sheet, fitted=False) for sheet in ((width, height), (height, width))), key=len)


def _grid(size: tuple[float, float], sheet: tuple[float, float], *, fitted: bool) -> list[Tile]:
    """Windows that cover ``size``; ``fitted``: pages are only as large as their windows need."""
    xs, ys = (_stretches(whole, side - 2 * MARGIN_MM, fitted) for whole, side in zip(size, sheet, strict=True))
    if len(xs) * len(ys) > MOST_PAGES:
        raise LimitError(
            f"the marker takes {len(xs) * len(ys)} pages at full size, more than {MOST_PAGES}",
            hint="Choose larger ones: --pdf-page roll.",
        )
    tiles = []
    for row, (y0, y1) in enumerate(reversed(ys)):
        for column, (x0, x1) in enumerate(xs):
            page = (x1 - x0 + 2 * MARGIN_MM, y1 - y0 + 2 * MARGIN_MM) if fitted else sheet
            tiles.append(Tile(row, column, (x0, y0, x1, y1), page))
    return tiles


def _stretches(whole: float, most: float, even: bool) -> list[tuple[float, float]]:
    """Stretches that cover 0 to ``whole``, neighbours sharing SHARED_MM; each ``most`` long, or all equally long."""
    count = max(1, ceil((whole - SHARED_MM) / (most - SHARED_MM) - 1e-9))
    length = (whole + (count - 1) * SHARED_MM) / count if even else most
    return [(k * (length - SHARED_MM), k * (length - SHARED_MM) + length) for k in range(count)]


def _tile_page(paper: Paper, tile: Tile, name: str, number: tuple[int, int]) -> None:
    paper.new_page(*tile.page_mm)
    x0, y0, x1, y1 = tile.window
    width, height = x1 - x0, y1 - y0
    with paper.clipped(MARGIN_MM, MARGIN_MM, width, height), paper.moved(MARGIN_MM - x0, MARGIN_MM - y0):
        paper.use("full-size")
    paper.rectangle(MARGIN_MM, MARGIN_MM, width, height, width_mm=0.1, stroke=LINE, dash_mm=(2, 2))
    _bars(paper, width, height)
    top = tile.page_mm[1] - 7
    place = f"page {number[0]} of {number[1]} - x {x0:.0f} to {x1:.0f} mm, y {y0:.0f} to {y1:.0f} mm"
    shown = paper.fitted(f"{name} - 1:1", width - paper.text_width_mm(place, 8) - 5, 8)
    paper.text(MARGIN_MM, top, shown, 8, colour=FAINT)
    paper.text(MARGIN_MM + width, top, place, 8, align="right", colour=FAINT)


def _bars(paper: Paper, width: float, height: float) -> None:
    """100 mm along and across, in the margins below and to the left of the window, where the page has room for them."""
    low, tick = 6.5, 1.5
    if width >= SQUARE_MM:
        x = MARGIN_MM + (width - SQUARE_MM) / 2
        ends = [[(at, low - tick), (at, low + tick)] for at in (x, x + SQUARE_MM)]
        paper.lines([[(x, low), (x + SQUARE_MM, low)], *ends], width_mm=0.2)
        paper.text(x + SQUARE_MM / 2, low - 3.2, "100 mm", 7, align="middle")
    if height >= SQUARE_MM:
        y = MARGIN_MM + (height - SQUARE_MM) / 2
        ends = [[(low - tick, at), (low + tick, at)] for at in (y, y + SQUARE_MM)]
        paper.lines([[(low, y), (low, y + SQUARE_MM)], *ends], width_mm=0.2)
        with paper.moved(low - 1.2, y + SQUARE_MM / 2, turn_deg=90):
            paper.text(0, 0, "100 mm", 7, align="middle")


def _crosses(tiles: list[Tile], marker: Marker) -> Iterator[Point]:
    """Where neighbours are aligned: on the middle line of the strip that they share, near both of its ends."""
    xs = sorted({tile.window[0] for tile in tiles})
    ys = sorted({tile.window[1] for tile in tiles})
    (x0, y0, x1, y1) = tiles[0].window
    wide, high = x1 - x0, y1 - y0
    for x in xs[1:]:
        for y in ys:
            top = min(y + high, marker.fabric.width_mm)
            yield from ((x + SHARED_MM / 2, y + 0.25 * (top - y)), (x + SHARED_MM / 2, y + 0.75 * (top - y)))
    for y in ys[1:]:
        for x in xs:
            end = min(x + wide, marker.length_mm)
            yield from ((x + 0.25 * (end - x), y + SHARED_MM / 2), (x + 0.75 * (end - x), y + SHARED_MM / 2))


# -------------------------------------------------------------------------------------------------- at full size


def _keep_full_size(paper: Paper, marker: Marker, tiles: list[Tile], splices: Bands) -> None:
    """Keep the marker as the shape ``full-size``: 1 mm is 1 mm, (0, 0) the cloth's lower corner at its start."""
    fabric, length = marker.fabric, marker.length_mm
    names = {piece.id: f"piece-{index}" for index, piece in enumerate(marker.pieces)}
    cloth = _ruled(marker, FULL_SIZE_LABEL_MM, splices)
    for piece in marker.pieces:
        x0, y0, x1, y1 = piece.reserved.buffer(1.0).bounds
        reach = 50.0  # marks may reach out of the outline
        with paper.shape(names[piece.id], (x0 - reach, y0 - reach, x1 + reach, y1 + reach)):
            paper.lines(_rings(piece.outline), closed=True, width_mm=FULL_SIZE_PEN.outline_mm)
            if block := block_shape(piece):
                _shapes(paper, [block], FULL_SIZE_PEN.outline_mm, filled=False)
            _marks(paper, drawn_marks(piece), FULL_SIZE_PEN)
    labels = fit_labels(marker, FULL_SIZE_LABEL_MM, FULL_SIZE_PEN) if marker.placements else None
    edge = MARGIN_MM
    with paper.shape("full-size", (-edge, -edge, length + edge, fabric.width_mm + edge)):
        _cloth_lines(paper, marker)
        with paper.moved(0.0, fabric.selvedge_mm):
            _shapes(paper, cloth.below(), FULL_SIZE_PEN.outline_mm, filled=False)
            for placement in marker.placements:
                paper.use(names[placement.piece], placement.matrix)
            _shapes(paper, cloth.above(), FULL_SIZE_PEN.outline_mm, filled=False)
            if labels:
                _labels(paper, marker, labels)
            _edge_names(paper, cloth)
        for x, y in _crosses(tiles, marker):
            arms = [[(x - CROSS_MM, y), (x + CROSS_MM, y)], [(x, y - CROSS_MM), (x, y + CROSS_MM)]]
            paper.lines(arms, width_mm=0.15, stroke=ALARM)


def _cloth_lines(paper: Paper, marker: Marker) -> None:
    """The cloth's edges, the lines of the usable width, and a tick every 10 cm along them."""
    fabric, length = marker.fabric, marker.length_mm
    paper.rectangle(0, 0, length, fabric.width_mm, width_mm=0.3, stroke=FAINT)
    low, high = fabric.selvedge_mm, fabric.selvedge_mm + fabric.usable_width_mm
    if inner := [[(0.0, y), (length, y)] for y in (low, high) if 0.0 < y < fabric.width_mm]:
        paper.lines(inner, width_mm=0.2, stroke=FAINT, dash_mm=(6, 3))
    ticks = [[(x, 0.0), (x, 15.0 if x % 1000 == 0 else 6.0)] for x in range(100, int(length) + 1, 100)]
    if ticks:
        paper.lines(ticks, width_mm=0.2, stroke=FAINT)
    for x in range(1000, int(length) + 1, 1000):
        paper.text(x + 1.5, 9, f"{x // 1000} m", 9, colour=FAINT)


def _rings(polygon: Polygon) -> list[list[Point]]:
    return [shapely.get_coordinates(ring)[:-1].tolist() for ring in (polygon.exterior, *polygon.interiors)]


def _marks(paper: Paper, marks: Iterable[Mark], pen: Pen) -> None:
    """Notches in their shape, drill holes as crosses in rings, lines inside; labels and grain are drawn as the
    label."""
    for mark in marks:
        if mark.kind in ("label", "grain"):
            continue
        if mark.kind == "notch":
            paper.lines(notch_lines(mark), width_mm=pen.outline_mm)
        elif mark.kind == "drill" or len(mark.points) == 1:
            arm = max((mark.width_mm or 0.0) / 2, 2.0)
            for x, y in mark.points:
                paper.lines([[(x - arm, y), (x + arm, y)], [(x, y - arm), (x, y + arm)]], width_mm=pen.inner_mm)
        else:
            dashes = {"sew": (4.0, 3.0), "fold": (8.0, 2.0, 1.0, 2.0)}.get(mark.kind, ())
            paper.lines([mark.points], width_mm=pen.inner_mm, stroke=FAINT if dashes else INK, dash_mm=dashes)


def _labels(paper: Paper, marker: Marker, labels: MarkerLabels) -> None:
    """Name, size, bundle and grain of every piece, along the piece."""
    for label in placed_labels(marker, labels):
        with paper.moved(*label.origin, turn_deg=label.turn_deg):
            size = label.font_mm * POINTS_PER_MM
            for line in label.texts:
                paper.text(line.x_mm, -line.y_mm, line.text, size, bold=line.bold, align="middle")
            at_x, at_y = label.arrow_at
            arrow = [[(at_x + x, -at_y - y) for x, y in line] for line in (*label.arrow, *label.signs)]
            pin = [[(x, -y) for x, y in line] for line in label.pin]
            paper.lines([*arrow, *pin], width_mm=ARROW_LINE_EM * label.font_mm)


def _ruled(marker: Marker, unit_mm: float, splices: Bands) -> RuledCloth:
    """The marker as its rules are drawn here: pages begin and end where the pieces do, margins are not on them."""
    fabric = replace(marker.fabric, start_margin_mm=0.0, end_margin_mm=0.0)
    return RuledCloth(replace(marker, fabric=fabric), unit_mm, splices)


def _shapes(paper: Paper, shapes: Iterable[Shape], pen_mm: float, *, filled: bool = True) -> None:
    """What shows the rules; ``filled`` False: its lines alone, for paper that is white and is looked at from near."""
    for shape in shapes:
        ink = shape.ink
        fill = _on_white(ink.fill, ink.opacity) if ink.fill and filled else None
        drawn = ink.width and (filled or ink != HALO_INK)
        stroke = _on_white(ink.colour, ink.opacity) if drawn else None
        if fill or stroke:
            dash = tuple(dash * pen_mm for dash in ink.dash)
            style: dict[str, Any] = {"width_mm": max(ink.width, 0.5) * pen_mm, "dash_mm": dash}
            paper.lines(shape.lines, closed=shape.closed, fill=fill, stroke=stroke, **style)


def _on_white(colour: str, opacity: float) -> str:
    """A colour as it looks on white when it lets some of it through."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(255 - opacity * (255 - part)):02X}" for part in parts)


def _edge_names(paper: Paper, cloth: RuledCloth) -> None:
    """At full size: the word at every fold, each half metre, and at either end of every splice, inside of the cloth."""
    for y in cloth.marker.fabric.folds_mm:
        for x in range(250, int(cloth.length_mm), 500):
            paper.text(x, y + 2.0 if y == 0.0 else y - 5.0, "fold", 9, bold=True)
    high = cloth.marker.fabric.usable_width_mm - 12.0
    for x0, x1 in cloth.splices:
        paper.text(x0 - 2.0, high, "splice from", 9, align="right", colour=SPLICE)
        paper.text(x1 + 2.0, high, "splice to", 9, colour=SPLICE)


# ------------------------------------------------------------------------------------------------------- small


def draw_small(
    paper: Paper, marker: Marker, x: float, y: float, size: tuple[float, float], splices: Bands = None
) -> float:
    """The whole marker as large as ``size`` allows, its lower left corner at (x, y); its height comes back."""
    fabric = marker.fabric
    length = marker.length_mm or fabric.width_mm / 2
    scale = min(size[0] / length, size[1] / fabric.width_mm)
    unit = max(length, 1.5 * fabric.width_mm) / 110
    pen = 0.12 / scale
    fills, cloth = piece_fills(marker), _ruled(marker, unit, splices)
    with paper.moved(x, y, scale=scale):
        paper.rectangle(0, 0, length, fabric.width_mm, width_mm=pen, stroke=FAINT, fill=SELVEDGE)
        paper.rectangle(0, fabric.selvedge_mm, length, fabric.usable_width_mm, stroke=None, fill=CLOTH)
        with paper.moved(0.0, fabric.selvedge_mm):
            _shapes(paper, cloth.below(), pen)
            for placement, polygon in zip(marker.placements, marker.polygons, strict=True):
                piece = marker.by_id[placement.piece]
                paper.lines(_rings(polygon), width_mm=pen, fill=fills.of(piece, placement), closed=True)
                if block := block_shape(piece):
                    _shapes(paper, [replace(block, lines=tuple(map(placement.points, block.lines)))], pen)
            _shapes(paper, cloth.above(), pen)
            if marker.placements:
                _labels(paper, marker, fit_labels(marker, unit, Pen(pen, pen)))
    return scale * fabric.width_mm


def _first_page(paper: Paper, marker: Marker, tiles: list[Tile], head: tuple[str, str], splices: Bands) -> None:
    """The whole marker small, with the pages' windows on it, what it is (``head``: title and date), the legend of its
    rules, and the square to measure."""
    title, date = head
    paper.new_page(*A4_MM)
    width, height = A4_MM
    inner = width - 2 * 15.0
    paper.text(15, height - 18, paper.fitted(title, inner, 16, bold=True), 16, bold=True)
    paper.text(15, height - 25, paper.fitted(_facts(marker, date), inner, 9), 9, colour=FAINT)
    top = _legend(paper, _ruled(marker, LEGEND_UNIT_MM, splices), (15, height - 31), inner)
    room = (inner, top - 2 - 15 - SQUARE_MM - 12)
    fabric = marker.fabric
    scale = min(room[0] / (marker.length_mm or fabric.width_mm / 2), room[1] / fabric.width_mm)
    low = top - scale * fabric.width_mm
    draw_small(paper, marker, 15, low, room, splices)
    _show_tiles(paper, tiles, 15, low, scale, marker)
    paper.rectangle(15, 12, SQUARE_MM, SQUARE_MM, width_mm=0.2)
    paper.text(15 + SQUARE_MM / 2, 12 + SQUARE_MM / 2, "100 mm x 100 mm", 11, bold=True, align="middle")
    x = 15 + SQUARE_MM + 8
    for line, text in enumerate(_instructions(tiles)):
        for part, wrapped in enumerate(paper.wrapped(text, width - x - 15, 9)):
            paper.text(x, 12 + SQUARE_MM - 4 - 14 * line - 4.4 * part, wrapped, 9, bold=line == 0)


def _legend(paper: Paper, cloth: RuledCloth, at: Point, inner_mm: float) -> float:
    """The rules that the marker shows, in rows from ``at`` (x, baseline) down; where the next thing may begin."""
    x, y = at
    for entry in rule_entries(cloth):
        text = paper.fitted(entry.text, 0.8 * inner_mm, LEGEND_PT)
        wide = (WIDE + 0.5) * cloth.unit_mm + paper.text_width_mm(text, LEGEND_PT)
        if x > at[0] and x + wide > at[0] + inner_mm:
            x, y = at[0], y - 1.6 * cloth.unit_mm
        with paper.moved(x, y - 0.2 * cloth.unit_mm):
            _shapes(paper, entry.sample, 0.1)
        paper.text(x + (WIDE + 0.5) * cloth.unit_mm, y, text, LEGEND_PT)
        x += wide + 1.4 * cloth.unit_mm
    return y - 1.2 * cloth.unit_mm


def _facts(marker: Marker, date: str) -> str:
    fabric = marker.fabric
    cloth = " / ".join(dict.fromkeys(text for text in (fabric.name, fabric.material) if text))
    facts = [
        cloth,
        f"{fabric.width_mm / 10:.1f} cm wide, {fabric.usable_width_mm / 10:.1f} cm usable",
        f"length {format_length(marker.length_mm)}",
        f"efficiency {100 * marker.efficiency:.2f} %",
        f"{len(marker.placements)} pieces",
        date,
    ]
    return " · ".join(filter(None, facts))


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _instructions(tiles: list[Tile]) -> Iterator[str]:
    yield f"{_count(len(tiles), 'page')} at full size follow" + ("s." if len(tiles) == 1 else ".")
    yield "Print at 100 %, never fitted to the page. Measure the square: both sides must be 100 mm."
    if len(tiles) > 1:
        rows, columns = max(t.row for t in tiles) + 1, max(t.column for t in tiles) + 1
        where = f"{_count(rows, 'row')} from the top, {_count(columns, 'column')} from the marker's start"
        yield f"{where}. Neighbours share {SHARED_MM:g} mm."
        yield "Cut one of two neighbours at its dashed line, lay red crosses on red crosses, tape."


def _show_tiles(paper: Paper, tiles: list[Tile], x: float, y: float, scale: float, marker: Marker) -> None:
    """The middle lines of the shared strips over the small picture, and the pages' numbers while they can be read."""
    if len(tiles) == 1:
        return
    length, width = marker.length_mm, marker.fabric.width_mm
    for across in sorted({tile.window[0] for tile in tiles})[1:]:
        middle = x + (across + SHARED_MM / 2) * scale
        paper.lines([[(middle, y), (middle, y + width * scale)]], width_mm=0.2, stroke=ALARM)
    for up in sorted({tile.window[1] for tile in tiles})[1:]:
        middle = y + (up + SHARED_MM / 2) * scale
        paper.lines([[(x, middle), (x + length * scale, middle)]], width_mm=0.2, stroke=ALARM)
    for number, tile in enumerate(tiles, 2):
        x0, y0 = tile.window[0], tile.window[1]
        x1, y1 = min(tile.window[2], length), min(tile.window[3], width)
        if (x1 - x0) * scale > 6:
            at = (x + (x0 + x1) / 2 * scale, y + (y0 + y1) / 2 * scale - 1)
            paper.text(*at, str(number), 8, bold=True, align="middle", colour=ALARM)
