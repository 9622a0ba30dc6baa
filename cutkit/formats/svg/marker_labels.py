"""The labels of a marker's pieces: what is written, fitted once a piece, and drawn turned with every placement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from math import cos, radians, sin
from typing import Any

from cutkit.formats.svg.labels import (
    ARROW_ROOM_EM,
    LINE_EM,
    PAD_EM,
    FontLimits,
    Form,
    Label,
    LabelSpace,
    beside_arrow_em,
    fit_label,
    readable_deg,
)
from cutkit.formats.svg.pieces import INK, Pen, number, obstacles_of, path_of
from cutkit.formats.svg.text import ASCENT_EM, abbreviate, clean_text, two_lines
from cutkit.model import Marker, OrderedPiece, Placement, Point

ARROW_LINE_EM = 0.08
_Key = tuple[str, int]


@dataclass(frozen=True)
class MarkerLabels:
    """A label for every piece and number of digits of a bundle, and the numbers of names that a key explains."""

    labels: dict[_Key, Label]
    numbers: dict[str, int]
    short_names: dict[str, str]
    with_bundle: bool

    def form(self, piece: OrderedPiece, placement: Placement) -> Form:
        """What is written in one placement of a piece."""
        forms = self._forms(piece, str(placement.bundle), f"({self.numbers.get(piece.name, 0)})")
        return forms[self.labels[_key(placement)].form]

    def _forms(self, piece: OrderedPiece, bundle: str, index: str) -> list[Form]:
        short = self.short_names.get(piece.name)
        return label_forms(piece, short, bundle if self.with_bundle else "", index)


def fit_labels(marker: Marker, unit_mm: float, pen: Pen) -> MarkerLabels:
    """Fit the labels of all pieces; placements of one piece whose bundles have as many digits share a label."""
    limits = _font_limits(marker, unit_mm)
    labels = MarkerLabels({}, {}, _short_names(marker), has_garments(marker))
    spaces: dict[str, LabelSpace] = {}
    for placement in marker.placements:
        key, piece = _key(placement), marker.by_id[placement.piece]
        if key in labels.labels:
            continue
        if piece.id not in spaces:
            spaces[piece.id] = LabelSpace(piece.outline, obstacles_of(piece, pen))
        forms = labels._forms(piece, "8" * key[1], "(88)")
        label = fit_label(spaces[piece.id], forms, limits)
        labels.labels[key] = label
        if forms[label.form].rank == 2:
            labels.numbers.setdefault(piece.name, len(labels.numbers) + 1)
    return labels


def has_garments(marker: Marker) -> bool:
    """Whether bundles mean anything here: items of a strip-packing instance have no size and are all of one bundle."""
    return len(marker.bundles) > 1 or any(piece.size for piece in marker.pieces)


def _font_limits(marker: Marker, unit_mm: float) -> FontLimits:
    """Labels are in proportion to the picture, and none so large that it shouts out of the largest piece."""
    side = max((piece.outline.area for piece in marker.pieces), default=0.0) ** 0.5
    largest = min(1.1 * unit_mm, 0.16 * side) or unit_mm
    good = min(0.34 * unit_mm, largest)
    return FontLimits(largest, good, 0.7 * good)


def _key(placement: Placement) -> _Key:
    return placement.piece, len(str(placement.bundle))


def _short_names(marker: Marker) -> dict[str, str]:
    """Abbreviations of the names, where no two names have the same one."""
    names = list(dict.fromkeys(piece.name for piece in marker.pieces))
    short = {name: abbreviate(clean_text(name)) for name in names}
    taken = list(short.values())
    return {name: s for name, s in short.items() if s and s != name and taken.count(s) == 1}


def label_forms(piece: OrderedPiece, short: str | None, bundle: str, index: str) -> list[Form]:
    """Every way to write a piece's name, size and bundle, from the whole name to a number; always in this order."""
    name, size = clean_text(piece.name) or clean_text(piece.id), clean_text(piece.size)
    detail = " ".join(part for part in (size, f"#{bundle}" if bundle else "") if part)
    forms = [Form(_lines(name, detail), 0), Form((f"{name} {detail}".strip(),), 0)]
    if halves := two_lines(name):
        forms.append(Form((*halves, detail) if detail else halves, 0, bold=2))
    if short:
        forms += [Form(_lines(short, detail), 1), Form((f"{short} {detail}".strip(),), 1)]
        if halves := two_lines(short):
            forms.append(Form((*halves, detail) if detail else halves, 1, bold=2))
    forms += [Form(_lines(index, detail), 2), Form((f"{index} {detail}".strip(),), 2)]
    return forms


def _lines(name: str, detail: str) -> tuple[str, ...]:
    return (name, detail) if detail else (name,)


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of a label: the middle of its baseline, beside the label's own origin, y downwards."""

    text: str
    x_mm: float
    y_mm: float
    bold: bool


@dataclass(frozen=True, slots=True)
class PlacedLabel:
    """A label where it lies: its origin on the marker (y up), and by how much it is turned, counter-clockwise.

    The grain arrow's lines are round ``arrow_at``, which is beside the label's origin, y downwards, as its texts are.
    """

    origin: Point
    turn_deg: float
    font_mm: float
    texts: tuple[TextLine, ...]
    arrow_at: Point
    arrow: tuple[tuple[Point, ...], ...]


def placed_labels(marker: Marker, labels: MarkerLabels) -> Iterator[PlacedLabel]:
    """The label of every placement, in the order of the placements."""
    for placement in marker.placements:
        piece = marker.by_id[placement.piece]
        label = labels.labels[_key(placement)]
        (origin,) = placement.points((label.centre,))
        in_piece = -label.direction_deg if placement.mirrored else label.direction_deg
        direction = readable_deg(in_piece) + placement.angle_deg
        one_way = marker.fabric.nap != "two-way" and not piece.ignores_nap
        form = labels.form(piece, placement)
        grain = placement.angle_deg - direction
        texts, at, length = _texts(label, form, grain)
        arrow = tuple(map(tuple, arrow_lines(length, label.font_mm, grain, one_way=one_way)))
        yield PlacedLabel(origin, direction, label.font_mm, texts, at, arrow)


def _texts(label: Label, form: Form, grain_deg: float) -> tuple[tuple[TextLine, ...], Point, float]:
    """The texts around the origin, level, and the arrow's middle and length; ``grain_deg`` is the grain against the
    text."""
    font = label.font_mm
    arrow_em = beside_arrow_em(form, grain_deg)
    side = 0.0 if label.arrow_below else abs(arrow_em * cos(radians(grain_deg))) + ARROW_ROOM_EM
    below = ARROW_ROOM_EM if label.arrow_below else 0.0
    top = -(form.height_em + below) / 2
    texts = tuple(
        TextLine(line, -side / 2 * font, (top + ASCENT_EM + index * LINE_EM) * font, index < form.bold)
        for index, line in enumerate(form.lines)
    )
    if label.arrow_below:
        length, x, y = max(form.width_em, 1.6), 0.0, top + form.height_em + ARROW_ROOM_EM / 2
    else:
        length, y = arrow_em, 0.0
        x = label.width_mm / font / 2 - PAD_EM - (side - ARROW_ROOM_EM) / 2
    return texts, (x * font, y * font), length * font


def draw_labels(drawing: Any, marker: Marker, labels: MarkerLabels, origin: Point) -> Iterator[Any]:
    """A group for every placement, in the order of the placements; ``origin`` is where the marker's (0, 0) lies."""
    for label in placed_labels(marker, labels):
        x, y = origin[0] + label.origin[0], origin[1] - label.origin[1]
        group = drawing.g(transform=f"translate({number(x)} {number(y)}) rotate({number(-label.turn_deg % 360)})")
        for line in label.texts:
            at = (number(line.x_mm), number(line.y_mm))
            text = drawing.text(line.text, insert=at, font_size=number(label.font_mm))
            if line.bold:
                text["font-weight"] = "bold"
            group.add(text)
        arrow = drawing.g(transform=f"translate({number(label.arrow_at[0])} {number(label.arrow_at[1])})")
        arrow.add(_arrow_path(drawing, label.arrow, label.font_mm))
        group.add(arrow)
        yield group


def draw_arrow(drawing: Any, length_mm: float, font_mm: float, direction_deg: float, *, one_way: bool) -> Any:
    """A grain arrow around the origin: one head along the nap, or a head at either end."""
    return _arrow_path(drawing, arrow_lines(length_mm, font_mm, direction_deg, one_way=one_way), font_mm)


def _arrow_path(drawing: Any, lines: Iterable[Iterable[Point]], font_mm: float) -> Any:
    path = drawing.path(d=" ".join(path_of(line) for line in lines), fill="none", stroke=INK)
    path["stroke-width"] = number(ARROW_LINE_EM * font_mm)
    return path


def arrow_lines(length_mm: float, font_mm: float, direction_deg: float, *, one_way: bool) -> list[list[Point]]:
    """The lines of a grain arrow around the origin, y downwards."""
    head = min(0.45 * font_mm, 0.4 * length_mm)
    half = length_mm / 2
    turn = radians(direction_deg)
    heads = [[(half - head, 0.45 * head), (half, 0.0), (half - head, -0.45 * head)]]
    if not one_way:
        heads.append([(-x, y) for x, y in heads[0]])
    lines = [[(-half, 0.0), (half, 0.0)], *heads]
    return [[(x * cos(turn) - y * sin(turn), -x * sin(turn) - y * cos(turn)) for x, y in line] for line in lines]
