"""The labels of a marker's pieces: what is written, fitted once a piece, and drawn turned with every placement."""

from __future__ import annotations

from collections.abc import Iterator
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


def draw_labels(drawing: Any, marker: Marker, labels: MarkerLabels, origin: Point) -> Iterator[Any]:
    """A group for every placement, in the order of the placements; ``origin`` is where the marker's (0, 0) lies."""
    for placement in marker.placements:
        piece = marker.by_id[placement.piece]
        label = labels.labels[_key(placement)]
        (x, y), *_ = placement.points((label.centre,))
        in_piece = -label.direction_deg if placement.mirrored else label.direction_deg
        direction = readable_deg(in_piece) + placement.angle_deg
        turn = f"translate({number(origin[0] + x)} {number(origin[1] - y)}) rotate({number(-direction % 360)})"
        group = drawing.g(transform=turn)
        one_way = marker.fabric.nap != "two-way" and not piece.ignores_nap
        _fill_label(drawing, group, label, labels.form(piece, placement), placement.angle_deg - direction, one_way)
        yield group


def _fill_label(drawing: Any, group: Any, label: Label, form: Form, grain_deg: float, one_way: bool) -> None:
    """Text and arrow around the origin, the text level; ``grain_deg`` is the grain against the text."""
    font = label.font_mm
    arrow_em = beside_arrow_em(form, grain_deg)
    side = 0.0 if label.arrow_below else abs(arrow_em * cos(radians(grain_deg))) + ARROW_ROOM_EM
    below = ARROW_ROOM_EM if label.arrow_below else 0.0
    top = -(form.height_em + below) / 2
    for index, line in enumerate(form.lines):
        at = (number(-side / 2 * font), number((top + ASCENT_EM + index * LINE_EM) * font))
        text = drawing.text(line, insert=at, font_size=number(font))
        if index < form.bold:
            text["font-weight"] = "bold"
        group.add(text)
    if label.arrow_below:
        length, x, y = max(form.width_em, 1.6), 0.0, top + form.height_em + ARROW_ROOM_EM / 2
    else:
        length, y = arrow_em, 0.0
        x = label.width_mm / font / 2 - PAD_EM - (side - ARROW_ROOM_EM) / 2
    arrow = drawing.g(transform=f"translate({number(x * font)} {number(y * font)})")
    arrow.add(draw_arrow(drawing, length * font, font, grain_deg, one_way=one_way))
    group.add(arrow)


def draw_arrow(drawing: Any, length_mm: float, font_mm: float, direction_deg: float, *, one_way: bool) -> Any:
    """A grain arrow around the origin: one head along the nap, or a head at either end."""
    head = min(0.45 * font_mm, 0.4 * length_mm)
    half = length_mm / 2
    turn = radians(direction_deg)
    heads = [[(half - head, 0.45 * head), (half, 0.0), (half - head, -0.45 * head)]]
    if not one_way:
        heads.append([(-x, y) for x, y in heads[0]])
    lines = [[(-half, 0.0), (half, 0.0)], *heads]
    turned = [[(x * cos(turn) - y * sin(turn), -x * sin(turn) - y * cos(turn)) for x, y in line] for line in lines]
    path = drawing.path(d=" ".join(path_of(line) for line in turned), fill="none", stroke=INK)
    path["stroke-width"] = number(0.08 * font_mm)
    return path
