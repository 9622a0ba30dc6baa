"""The picture of a marker, as the trade draws it: length to the right, real proportions, a label in every piece.

One unit of the drawing is one millimetre of cloth. Sizes of text follow the marker's size, so that a picture of one
metre and one of ten read alike when they fill a screen. The text depends on nothing but the marker and the date.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from math import ceil, isclose
from typing import Any

from cutkit.formats.svg.colours import FILLS, fills_of
from cutkit.formats.svg.marker_edges import ClothEdges, ClothFrame, cloth_frame
from cutkit.formats.svg.marker_labels import MarkerLabels, draw_labels, fit_labels, has_garments
from cutkit.formats.svg.page import (
    ALARM,
    TEXT,
    Item,
    Sheet,
    figure_item,
    new_drawing,
    plain_item,
    swatch_item,
)
from cutkit.formats.svg.pieces import Pen, number, piece_symbol
from cutkit.formats.svg.rule_layers import shape_path, shapes_group
from cutkit.formats.svg.rule_legend import WIDE, LegendEntry, rule_entries
from cutkit.formats.svg.rules import CLOTH, MARGIN, SELVEDGE, Band, RuledCloth, Shape, block_shape
from cutkit.formats.svg.text import clean_text, shorten_to, text_width_em, wrap_text
from cutkit.model import Marker, OrderedPiece, Placement
from cutkit.units import format_length

METRE = "#D5D0C4"
_NAP_TEXT = {"two-way": "two-way", "one-way": "one-way", "per-bundle": "one way per garment"}
_SPREAD_TEXT = {"face-to-face": "face to face", "folded": "folded", "tubular": "tubular"}


def marker_svg(marker: Marker, *, date: str, splices: Sequence[Band] | None = None) -> str:
    """The picture of ``marker`` as the text of an SVG file; ``date`` is shown in its header as it is given.

    It shows every rule of the cloth that the marker has, with a legend. ``splices`` are the bands (x0, x1) in which a
    ply may end and the next one begin; None: the usual ones of a long marker. Valid, self-contained XML: names are
    escaped, nothing is fetched from elsewhere. The same marker and date give the same bytes. Takes about a second for
    300 placements of 60 pieces: most of it goes into fitting labels, once a piece.
    """
    sheet, cloth = _sheet(marker, None if splices is None else tuple(splices))
    y = _header(sheet, cloth, date)
    y = _legend(sheet, cloth, y)
    frame = cloth_frame(cloth, sheet, y)
    plan, edges = _Plan(cloth, sheet, frame), ClothEdges(cloth, sheet, frame)
    plan.cloth()
    plan.pieces()
    labels = plan.labels()
    right = max(edges.tags(), sheet.left_mm + sheet.inner_mm)
    y = edges.rulers()
    y = _key(sheet, labels, y)
    y = _unplaced(sheet, marker, y)
    width = right + sheet.unit_mm * 1.5
    sheet.drawing.viewbox(0, 0, number(width), number(y))
    backdrop = sheet.drawing.rect((0, 0), (number(width), number(y)), fill="#FFFFFF")
    sheet.drawing.elements.insert(1, backdrop)
    return '<?xml version="1.0" encoding="utf-8" ?>\n' + str(sheet.drawing.tostring()) + "\n"


def _sheet(marker: Marker, splices: tuple[Band, ...] | None) -> tuple[Sheet, RuledCloth]:
    """A sheet for the marker, and the marker as its rules are drawn on it."""
    width, length = marker.fabric.width_mm, RuledCloth(marker, 1.0).whole_length_mm
    inner = max(length, 0.9 * width)
    unit = min(max(inner, 1.5 * width) / 110, width / 10)
    return Sheet(new_drawing(), unit, 4.2 * unit, inner), RuledCloth(marker, unit, splices)


def _pen(sheet: Sheet) -> Pen:
    return Pen(min(0.04 * sheet.unit_mm, 2.4), min(0.026 * sheet.unit_mm, 1.6))


# ------------------------------------------------------------------------------------------------ above the cloth


def _header(sheet: Sheet, cloth: RuledCloth, date: str) -> float:
    """Style and fabric as a title, then the figures, each under its name."""
    u, marker = sheet.unit_mm, cloth.marker
    y = 2.6 * u
    for line in wrap_text(clean_text(_title(marker)), sheet.inner_mm / (1.7 * u), bold=True):
        sheet.text(sheet.left_mm, y, line, 1.7, font_weight="bold")
        y += 2.1 * u
    items = [figure_item(sheet, name, value) for name, value in _figures(cloth, date)]
    return sheet.flow(items, y + 0.2 * u, gap=1.8, row=3.0)


def _title(marker: Marker) -> str:
    styles = dict.fromkeys(piece.style for piece in marker.pieces if piece.style)
    cloth = [text for text in (marker.fabric.name, marker.fabric.material) if text and text not in styles]
    parts = [" + ".join(styles), ", ".join(dict.fromkeys(cloth))]
    return " — ".join(part for part in parts if part) or "Marker"


def _figures(cloth: RuledCloth, date: str) -> Iterator[tuple[str, str]]:
    marker, fabric = cloth.marker, cloth.marker.fabric
    ordered = sum(piece.total for piece in marker.pieces)
    yield "Width", f"{fabric.width_mm / 10:.1f} cm"
    yield "Usable width", f"{fabric.usable_width_mm / 10:.1f} cm"
    yield "Length", format_length(marker.length_mm)
    yield "Efficiency", f"{100 * marker.efficiency:.2f} %" if marker.placements else "-"
    yield "Waste", f"{100 * (1 - marker.efficiency):.2f} %" if marker.placements else "-"
    yield "Pieces placed", f"{len(marker.placements)} of {ordered}"
    sizes = _garments(marker)
    by_size = ", ".join(f"{count} × {size}" for size, count in sizes.items() if size)
    if has_garments(marker):
        yield "Garments", f"{sizes.total()}" + (f" ({by_size})" if by_size else "")
    yield "Nap", _NAP_TEXT[fabric.nap]
    yield "Gap", f"{marker.settings.gap_mm:g} mm"
    if fabric.defects:
        yield "Defects", str(len(fabric.defects))
    yield from _rule_figures(marker)
    yield "Seed", str(marker.settings.seed)
    yield "Date", date


def _rule_figures(marker: Marker) -> Iterator[tuple[str, str]]:
    """The cloth it is cut from, and the rules that hold for the whole marker and leave nothing to be drawn."""
    fabric, settings = marker.fabric, marker.settings
    if marker.stretch:
        at = marker.stretch
        yield "Cut from", f"{at.roll}, {format_length(at.from_mm)} to {format_length(at.to_mm)}"
    if fabric.spread in _SPREAD_TEXT:
        yield "Spread", _SPREAD_TEXT[fabric.spread]
    if not fabric.has_face:
        yield "Face", "both sides alike"
    if any(fabric.shrinkage):
        warp, weft = (f"{100 * part:.4g} %" for part in fabric.shrinkage)
        yield "Shrinkage, in the outlines", f"{warp} warp, {weft} weft"
    if fabric.max_length_mm is not None:
        yield "Length limit", format_length(fabric.max_length_mm)
    if settings.bundling == "sections":
        yield "Garments lie", "in sections"
    if settings.bundle_span_mm is not None:
        yield "A garment within", format_length(settings.bundle_span_mm)


def _garments(marker: Marker) -> Counter[str]:
    """Garments by size, in the marker's order of sizes; a garment's size is that of most of its pieces."""
    sizes: dict[int, Counter[str]] = {}
    for placement in marker.placements:
        sizes.setdefault(placement.bundle, Counter())[marker.by_id[placement.piece].size] += 1
    counts = Counter(counter.most_common(1)[0][0] for counter in sizes.values())
    order = dict.fromkeys(piece.size for piece in marker.pieces)
    return Counter({size: counts[size] for size in order if counts[size]})


class _Colours:
    """What colours a piece: its size where there are several, else its bundle."""

    def __init__(self, marker: Marker) -> None:
        sizes = list(dict.fromkeys(piece.size for piece in marker.pieces))
        self.by_size = len(sizes) > 1
        self.keys = sizes if self.by_size else [str(bundle) for bundle in marker.bundles]
        self.fills = fills_of(self.keys)

    def key(self, piece: OrderedPiece, placement: Placement) -> str:
        return piece.size if self.by_size else str(placement.bundle)

    def entries(self, marker: Marker) -> Iterator[tuple[str, str]]:
        """Fill and text of every entry of the legend; bundles that share a fill share an entry."""
        pieces = Counter(self.key(marker.by_id[p.piece], p) for p in marker.placements)
        garments = _garments(marker)
        for fill in FILLS:
            keys = [key for key in self.keys if self.fills[key] == fill and (self.by_size or pieces[key])]
            if not keys:
                continue
            total = sum(pieces[key] for key in keys)
            if self.by_size:
                names = ", ".join(key or "no size" for key in keys)
                yield fill, f"{names}: {_count(sum(garments[k] for k in keys), 'garment')}, {_count(total, 'piece')}"
            else:
                shown = [f"#{key}" for key in keys[:4]] + (["…"] if len(keys) > 4 else [])
                names = f"{', '.join(shown)}: " if has_garments(marker) else ""
                yield fill, names + _count(total, "piece")


def _count(number_of: int, noun: str) -> str:
    return f"{number_of} {noun}" if number_of == 1 else f"{number_of} {noun}s"


def _legend(sheet: Sheet, cloth: RuledCloth, y: float) -> float:
    """Colours of sizes or garments, then every rule that is drawn."""
    marker = cloth.marker
    items = [swatch_item(sheet, fill, text) for fill, text in _Colours(marker).entries(marker)]
    items += [_rule_item(sheet, entry) for entry in rule_entries(cloth)]
    if has_garments(marker):
        items.append(plain_item(sheet, "in a piece: name, size, #garment"))
    return sheet.flow(items, y + 0.1 * sheet.unit_mm, gap=1.6, row=1.6) - 0.3 * sheet.unit_mm


def _rule_item(sheet: Sheet, entry: LegendEntry) -> Item:
    u = sheet.unit_mm
    text = shorten_to(entry.text, 0.9 * sheet.inner_mm / u)

    def draw(x: float, y: float) -> None:
        at = f"translate({number(x)} {number(y + 0.2 * u)}) scale(1 -1)"
        sample = shapes_group(sheet.drawing, entry.sample, _pen(sheet).outline_mm, transform=at)
        sample["class"] = "sample"
        sheet.drawing.add(sample)
        sheet.text(x + (WIDE + 0.5) * u, y, text, 0.95)

    return Item((WIDE + 0.5) * u + sheet.text_width_mm(text, 0.95), draw)


# -------------------------------------------------------------------------------------------------- on the cloth


class _Plan:
    """The cloth with its pieces, and what is drawn on it."""

    def __init__(self, cloth: RuledCloth, sheet: Sheet, frame: ClothFrame) -> None:
        self.ruled, self.marker, self.sheet, self.frame = cloth, cloth.marker, sheet, frame
        self.drawing = sheet.drawing
        self.pen = _pen(sheet)
        self.colours = _Colours(self.marker)

    def cloth(self) -> None:
        """Cloth, selvedges, margins, a faint line at every metre, the ends; and on it what lies below the pieces."""
        f, u = self.frame, self.sheet.unit_mm
        self._rect(f.start, f.top, f.end - f.start, f.bottom - f.top, SELVEDGE)
        if f.end - f.start > f.length:
            self._rect(f.start, f.high, f.end - f.start, f.base - f.high, MARGIN)
        self._rect(f.left, f.high, f.length, f.base - f.high, CLOTH)
        self.drawing.add(self._on_cloth("below", self.ruled.below()))
        for metre in range(1, ceil(f.length / 1000)):
            x = f.left + 1000.0 * metre
            self.sheet.line(x, f.high, x, f.base, 0.04, METRE)
        folds = [f.base - y for y in self.marker.fabric.folds_mm]
        for y in (f.top, f.bottom):
            if not any(isclose(y, fold) for fold in folds):
                self.sheet.line(f.start, y, f.end, y, 0.06)
        for x in dict.fromkeys((f.start, f.left, f.left + f.length, f.end)):
            self.sheet.line(x, f.top - 0.25 * u, x, f.bottom + 0.25 * u, 0.06)

    def _rect(self, x: float, y: float, width: float, height: float, fill: str) -> None:
        at, size = (number(x), number(y)), (number(width), number(height))
        self.drawing.add(self.drawing.rect(at, size, fill=fill))

    def _on_cloth(self, name: str, shapes: Sequence[Shape]) -> Any:
        pen_mm = self.pen.outline_mm
        return shapes_group(self.drawing, shapes, pen_mm, id=f"rules-{name}", transform=self.frame.transform)

    def pieces(self) -> None:
        """Every placement as a use of its piece, in its colour, where it lies; over them what must not be hidden."""
        ids = {piece.id: f"piece-{index}" for index, piece in enumerate(self.marker.pieces)}
        for piece in self.marker.pieces:
            symbol = piece_symbol(self.drawing, piece, ids[piece.id], self.pen)
            if block := block_shape(piece):
                symbol.add(shape_path(self.drawing, block, self.pen.outline_mm))
            self.drawing.defs.add(symbol)
        placements = self.drawing.g(id="placements", transform=self.frame.transform)
        for index, placement in enumerate(self.marker.placements):
            placements.add(self._use(index, ids[placement.piece]))
        self.drawing.add(placements)
        self.drawing.add(self._on_cloth("above", self.ruled.above()))

    def _use(self, index: int, symbol: str) -> object:
        placement = self.marker.placements[index]
        piece = self.marker.by_id[placement.piece]
        a, b, d, e, x, y = placement.matrix
        turn = " ".join(f"{round(value, 9) + 0.0:.9g}" for value in (a, d, b, e))
        use = self.drawing.use(f"#{symbol}", transform=f"matrix({turn} {number(x)} {number(y)})")
        use["fill"] = self.colours.fills[self.colours.key(piece, placement)]
        words = [piece.name, piece.size, f"#{placement.bundle}", "mirrored" if placement.mirrored else ""]
        told = [" ".join(filter(None, words)), f"{placement.angle_deg:g}°", *self.ruled.rules_of(index)]
        use.set_desc(title=clean_text(", ".join(told)))
        return use

    def labels(self) -> MarkerLabels:
        """A label in every piece; what comes back knows which pieces got a number instead of a name."""
        labels = fit_labels(self.marker, self.sheet.unit_mm, self.pen)
        group = self.drawing.g(id="labels", fill=TEXT, text_anchor="middle")
        for label in draw_labels(self.drawing, self.marker, labels, (self.frame.left, self.frame.base)):
            group.add(label)
        self.drawing.add(group)
        return labels


# -------------------------------------------------------------------------------------------------- below the cloth


def _key(sheet: Sheet, labels: MarkerLabels, y: float) -> float:
    """What the numbers in small pieces stand for, beside and below the scale bar."""
    if not labels.numbers:
        return y + 1.5 * sheet.unit_mm
    u = sheet.unit_mm
    items = [plain_item(sheet, "Small pieces:")]
    for name, index in labels.numbers.items():
        text = shorten_to(f"({index}) {clean_text(name)}", 0.9 * sheet.inner_mm / u)
        items.append(_key_item(sheet, text))
    return sheet.flow(items, y + 1.8 * u, gap=1.4, row=1.5)


def _key_item(sheet: Sheet, text: str) -> Item:
    return Item(text_width_em(text) * 0.95 * sheet.unit_mm, lambda x, y: sheet.text(x, y, text, 0.95))


def _unplaced(sheet: Sheet, marker: Marker, y: float) -> float:
    """The pieces that found no place, in red, each with the reason."""
    u = sheet.unit_mm
    if not marker.unplaced:
        return y
    y += 0.8 * u
    total = sum(entry.count for entry in marker.unplaced)
    sheet.text(sheet.left_mm, y, f"Not placed: {_count(total, 'piece')}", 1.15, fill=ALARM, font_weight="bold")
    for entry in marker.unplaced:
        piece = marker.by_id.get(entry.piece)
        name = f"{piece.name} {piece.size}".strip() if piece else entry.piece
        for line in wrap_text(clean_text(f"{entry.count} × {name}: {entry.reason}"), sheet.inner_mm / u):
            y += 1.4 * u
            sheet.text(sheet.left_mm, y, line, 1.0, fill=ALARM)
    return y + 1.5 * u
