"""The picture of pattern files: every piece with its marks, its sizes nested, grain along the page.

The sample size is filled and drawn with its marks; the other sizes are outlines round it, in a colour each. One unit of
the drawing is one millimetre; y points up on the pieces and down on the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from cutkit.formats.svg.colours import LINE_COLOURS
from cutkit.formats.svg.page import FAINT, Item, Sheet, new_drawing
from cutkit.formats.svg.pieces import INK, Pen, number, outline_path, path_of, piece_symbol
from cutkit.formats.svg.text import shorten_to
from cutkit.model import OrderedPiece, Pattern, Piece, Point

SAMPLE_FILL = "#F1EFE8"
DASHES: tuple[tuple[float, ...], ...] = ((), (0.5, 0.3), (0.15, 0.25))
"""Dashes, in text units, that tell sizes of one colour apart, once the line colours repeat."""
LABEL_SIZE = 0.7
"""Of the texts on a piece, in text units."""
PAGE_SHAPE = 1.5
"""How much wider than high the page is meant to be."""


@dataclass(frozen=True, slots=True)
class _Nest:
    """One piece in all its sizes; ``shown`` is drawn in full, the others as outlines round it."""

    shown: Piece
    others: tuple[Piece, ...]

    @property
    def width_mm(self) -> float:
        """The length of the largest size."""
        return max(_extent(piece)[0] for piece in (self.shown, *self.others))

    @property
    def height_mm(self) -> float:
        """The width across the grain of the largest size."""
        return max(_extent(piece)[1] for piece in (self.shown, *self.others))

    def offset(self, piece: Piece) -> Point:
        """Where a size lies: across the grain in the middle; along it at the start, or fold line on fold line."""
        width, height = _extent(piece)
        along = (self.width_mm - width) / 2 if _folds_across(self.shown) else 0.0
        return along, (self.height_mm - height) / 2

    def shift(self, piece: Piece) -> str:
        """The same as an SVG transform."""
        along, across = self.offset(piece)
        return f"translate({number(along)},{number(across)})"


def patterns_svg(patterns: Sequence[Pattern]) -> str:
    """The picture of the pieces of all patterns as the text of an SVG file. The same patterns give the same bytes."""
    nests = [(pattern, _nests(pattern)) for pattern in patterns]
    sheet = _sheet([of_pattern for _, of_pattern in nests])
    y = 0.0
    for index, (pattern, of_pattern) in enumerate(nests):
        y = _head(sheet, pattern, y)
        y = _rows(sheet, pattern, of_pattern, y, f"f{index}")
    width = 2 * sheet.left_mm + sheet.inner_mm
    sheet.drawing.viewbox(0, 0, number(width), number(y))
    backdrop = sheet.drawing.rect((0, 0), (number(width), number(y)), fill="#FFFFFF")
    sheet.drawing.elements.insert(1, backdrop)
    return '<?xml version="1.0" encoding="utf-8" ?>\n' + str(sheet.drawing.tostring()) + "\n"


def _nests(pattern: Pattern) -> list[_Nest]:
    by_name: dict[str, list[Piece]] = {}
    for piece in pattern.pieces:
        by_name.setdefault(piece.name, []).append(piece)
    nests: list[_Nest] = []
    for pieces in by_name.values():
        shown = next((piece for piece in pieces if piece.size == pattern.sample_size), pieces[0])
        nests.append(_Nest(shown, tuple(piece for piece in pieces if piece is not shown)))
    return nests


def _folds_across(piece: Piece) -> bool:
    """Whether a piece is unfolded about a line across its grain."""
    fold = next((mark.points for mark in piece.marks if mark.kind == "fold"), None)
    return fold is not None and abs(fold[0][0] - fold[-1][0]) < abs(fold[0][1] - fold[-1][1])


def _extent(piece: Piece) -> Point:
    _, _, x1, y1 = piece.outline.bounds
    return float(x1), float(y1)


def _sheet(patterns: Sequence[Sequence[_Nest]]) -> Sheet:
    area = max(sum((nest.width_mm + 60) * (nest.height_mm + 90) for nest in nests) for nests in patterns)
    inner = max((1.35 * PAGE_SHAPE * area) ** 0.5, max(nest.width_mm for nests in patterns for nest in nests))
    unit = inner / 95
    return Sheet(new_drawing(), unit, 2.0 * unit, inner)


def _head(sheet: Sheet, pattern: Pattern, y: float) -> float:
    """Style and source, then the sizes in their colours."""
    u = sheet.unit_mm
    sheet.text(sheet.left_mm, y + 2.8 * u, pattern.style, 1.7, font_weight="bold")
    source = ", ".join(text for text in (pattern.dialect, pattern.cad, f"drawn in {pattern.units}") if text)
    sheet.text(sheet.left_mm, y + 4.4 * u, source, 0.95, fill=FAINT)
    items = [_size_item(sheet, pattern, size) for size in pattern.sizes]
    return sheet.flow(items, y + 6.2 * u, gap=1.2, row=1.8) if len(items) > 1 else y + 5.4 * u


def _size_item(sheet: Sheet, pattern: Pattern, size: str) -> Item:
    u = sheet.unit_mm
    more = {} if (dashes := _dashes(pattern, size, u)) is None else {"stroke_dasharray": dashes}

    def draw(x: float, y: float) -> None:
        sheet.line(x, y - 0.35 * u, x + 1.6 * u, y - 0.35 * u, 0.16, _colour(pattern, size), **more)
        sheet.text(x + 2.0 * u, y, size)

    return Item(2.0 * u + sheet.text_width_mm(size), draw)


def _colour(pattern: Pattern, size: str) -> str:
    if size == pattern.sample_size or size not in pattern.sizes:
        return INK
    return LINE_COLOURS[pattern.sizes.index(size) % len(LINE_COLOURS)]


def _dashes(pattern: Pattern, size: str, unit_mm: float) -> str | None:
    """The dashes of a size's line, where the colours have been used up once or twice."""
    if size == pattern.sample_size or size not in pattern.sizes:
        return None
    lengths = DASHES[pattern.sizes.index(size) // len(LINE_COLOURS) % len(DASHES)]
    return " ".join(number(length * unit_mm) for length in lengths) or None


def _rows(sheet: Sheet, pattern: Pattern, nests: Sequence[_Nest], y: float, prefix: str) -> float:
    """The nests side by side, on further rows where one is full; the lower end of the last row comes back."""
    u = sheet.unit_mm
    right = sheet.left_mm + sheet.inner_mm
    x, depth = sheet.left_mm, 0.0
    for index, nest in enumerate(nests):
        width = _room(sheet, nest)
        if x > sheet.left_mm and x + width > right:
            x, y, depth = sheet.left_mm, y + depth, 0.0
        _draw(sheet, pattern, nest, (x, y + u), f"{prefix}p{index}")
        depth = max(depth, nest.height_mm + 6.2 * u)
        x += width + 2.2 * u
    return y + depth


def _room(sheet: Sheet, nest: _Nest) -> float:
    """The width a nest takes with its texts; only a very long name is shortened."""
    texts = [sheet.text_width_mm(nest.shown.name, 1.05, bold=True)]
    texts += [sheet.text_width_mm(text, 0.85) for text in _figures(nest.shown)]
    return max(nest.width_mm, min(max(texts), 24 * sheet.unit_mm))


def _draw(sheet: Sheet, pattern: Pattern, nest: _Nest, at: Point, symbol: str) -> None:
    """One nest with its upper left corner at ``at``, and its name and figures below."""
    u, drawing = sheet.unit_mm, sheet.drawing
    pen = Pen(0.11 * u, 0.07 * u)
    group = drawing.g(transform=f"translate({number(at[0])},{number(at[1] + nest.height_mm)}) scale(1,-1)")
    full = drawing.g(transform=nest.shift(nest.shown), fill=SAMPLE_FILL)
    full.add(piece_symbol(drawing, _as_ordered(nest.shown), symbol, pen))
    full.add(_grain(drawing, nest.shown, u))
    group.add(full)
    for piece in nest.others:
        outline = drawing.path(d=outline_path(piece.outline), fill="none", stroke=_colour(pattern, piece.size))
        outline.update({"stroke_width": number(0.07 * u), "transform": nest.shift(piece)})
        if dashes := _dashes(pattern, piece.size, u):
            outline["stroke-dasharray"] = dashes
        group.add(outline)
    drawing.add(group)
    width = _room(sheet, nest)
    _draw_labels(sheet, nest, at, width)
    below = at[1] + nest.height_mm
    name = shorten_to(nest.shown.name, width / (1.05 * u) + 0.01, bold=True)
    sheet.text(at[0], below + 1.6 * u, name, 1.05, font_weight="bold")
    for line, text in enumerate(_figures(nest.shown)):
        sheet.text(
            at[0], below + (2.9 + 1.15 * line) * u, shorten_to(text, width / (0.85 * u) + 0.01), 0.85, fill=FAINT
        )


def _draw_labels(sheet: Sheet, nest: _Nest, at: Point, width: float) -> None:
    """The texts that stand on the piece, where there is room: not over one another, nor beyond the piece's own."""
    u = sheet.unit_mm
    along, across = nest.offset(nest.shown)
    taken: list[tuple[float, float, float]] = []
    for mark in nest.shown.marks:
        words = (mark.text or "").split("\n")[0]
        if mark.kind != "label" or words in ("", nest.shown.name):
            continue
        x = at[0] + along + mark.points[0][0]
        y = at[1] + nest.height_mm - across - mark.points[0][1]
        shown = shorten_to(words, (at[0] + width - x) / (LABEL_SIZE * u))
        end = x + sheet.text_width_mm(shown, LABEL_SIZE)
        apart = all(abs(y - other) > 1.2 * LABEL_SIZE * u or end < x0 or x > x1 for x0, x1, other in taken)
        if len(shown) > 1 and apart and at[0] <= x and at[1] <= y <= at[1] + nest.height_mm:
            taken.append((x, end, y))
            sheet.text(x, y, shown, LABEL_SIZE, fill=FAINT)


def _as_ordered(piece: Piece) -> OrderedPiece:
    return OrderedPiece(piece.name, piece.name, piece.size, piece.outline, 1, marks=piece.marks)


def _figures(piece: Piece) -> list[str]:
    width, height = _extent(piece)
    copies = f"{piece.as_drawn} + {piece.mirrored} mirrored" if piece.mirrored else f"{piece.as_drawn}"
    first = [text for text in (f"size {piece.size}" if piece.size else "", f"cut {copies}", piece.material) if text]
    fold = ", unfolded" if piece.unfolded else ""
    return [" · ".join(first), f"{width / 10:.1f} x {height / 10:.1f} cm, {piece.outline.area / 100:.0f} cm²{fold}"]


def _grain(drawing: object, piece: Piece, unit_mm: float) -> object:
    """The grain as an arrow where the file draws it; dashed, through the middle, where it does not."""
    drawn = next((mark.points for mark in piece.marks if mark.kind == "grain"), None)
    if drawn is None:
        middle = piece.outline.representative_point()
        half = 0.12 * _extent(piece)[0]
        drawn = ((middle.x - half, middle.y), (middle.x + half, middle.y))
    (x0, y), (x1, _) = sorted((drawn[0], drawn[-1]))
    head = min(0.9 * unit_mm, 0.3 * (x1 - x0))
    path = [path_of([(x0, y), (x1, y)])]
    for tip, way in ((x0, 1), (x1, -1)):
        path.append(path_of([(tip + way * head, y + head / 2.5), (tip, y), (tip + way * head, y - head / 2.5)]))
    arrow = drawing.path(d=" ".join(path), fill="none", stroke=FAINT, stroke_width=number(0.09 * unit_mm))  # type: ignore[attr-defined]
    if piece.grain_deg is None:
        arrow["stroke-dasharray"] = f"{number(0.5 * unit_mm)} {number(0.4 * unit_mm)}"
    return arrow
