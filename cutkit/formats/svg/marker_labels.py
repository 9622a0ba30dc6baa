"""The labels of a marker's pieces: what is written, fitted once a piece, and drawn turned with every placement.

A label tells how its piece lies, too: by its grain arrow, by the degrees where that is off the grain, by a bar across
the arrow of a mirrored piece, a ring on the arrow of one that the search may mirror, and a pin where it is locked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from math import cos, radians, sin
from typing import Any

from shapely.geometry import MultiLineString

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
from cutkit.formats.svg.lines import Line, ring_line
from cutkit.formats.svg.pieces import INK, Pen, number, obstacles_of, path_of
from cutkit.formats.svg.rules import RuledCloth, tied_lines, tilt_deg
from cutkit.formats.svg.text import ASCENT_EM, abbreviate, clean_text, two_lines
from cutkit.model import Marker, OrderedPiece, Placement, Point

Lines = tuple[Line, ...]
ARROW_LINE_EM = 0.08
_BAR_EM = 0.3
"""Half the length of the bar across the arrow of a mirrored piece."""
_RING_EM = 0.14
_PIN_EM = 0.17


@dataclass(frozen=True, slots=True)
class _Key:
    """What placements have in common that share a label: the piece, how much is written in it, and the lines of flaws
    that cross it."""

    piece: str
    digits: int
    tilt: str
    locked: bool
    flaws: Lines

    @property
    def longest(self) -> _Written:
        """The widest that is written in any of them."""
        return _Written("8" * self.digits, "(88)", self.tilt, self.locked)


@dataclass(frozen=True, slots=True)
class _Written:
    """What is written in a placement beside its piece's name and size: all as texts, and whether it is locked."""

    bundle: str
    index: str
    tilt: str
    locked: bool


@dataclass(frozen=True)
class MarkerLabels:
    """The labels by what is written in them, and the numbers of names that a key explains."""

    labels: dict[_Key, Label]
    keys: tuple[_Key, ...]
    numbers: dict[str, int]
    short_names: dict[str, str]
    with_bundle: bool

    def of(self, marker: Marker) -> Iterator[tuple[Placement, Label, Form]]:
        """Every placement with its label and what is written in it."""
        for placement, key in zip(marker.placements, self.keys, strict=True):
            piece, label = marker.by_id[placement.piece], self.labels[key]
            index = f"({self.numbers.get(piece.name, 0)})"
            written = _Written(str(placement.bundle), index, tilt_text(placement), placement.locked)
            yield placement, label, self.forms(piece, written)[label.form]

    def forms(self, piece: OrderedPiece, written: _Written) -> list[Form]:
        """Every way to write that in a piece."""
        return label_forms(piece, self.short_names.get(piece.name), written, with_bundle=self.with_bundle)


def fit_labels(marker: Marker, unit_mm: float, pen: Pen) -> MarkerLabels:
    """Fit the labels of all pieces; placements of one piece that have as much written in them share a label."""
    limits, ruled = _font_limits(marker, unit_mm), RuledCloth(marker, unit_mm)
    keys = tuple(
        _key(p, ruled.flaws_on(p, polygon)) for p, polygon in zip(marker.placements, marker.polygons, strict=True)
    )
    labels = MarkerLabels({}, keys, {}, _short_names(marker), has_garments(marker))
    for key in dict.fromkeys(keys):
        piece = marker.by_id[key.piece]
        forms = labels.forms(piece, key.longest)
        firm = [*key.flaws, *tied_lines(piece, unit_mm)]
        marks = MultiLineString([*obstacles_of(piece, pen), *firm])
        label = fit_label(LabelSpace(piece.outline, marks, MultiLineString(firm)), forms, limits)
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


def _key(placement: Placement, flaws: Lines) -> _Key:
    tilt = tilt_text(placement)
    sample = ("+8.8°" if len(tilt) < 6 else "+88.8°") if tilt else ""
    return _Key(placement.piece, len(str(placement.bundle)), sample, placement.locked, flaws)


def tilt_text(placement: Placement) -> str:
    """The degrees by which a placement lies off the grain; nothing where it lies along it or at a quarter turn."""
    tilt = tilt_deg(placement)
    return f"{tilt:+.1f}°" if tilt else ""


def _short_names(marker: Marker) -> dict[str, str]:
    """Abbreviations of the names, where no two names have the same one."""
    names = list(dict.fromkeys(piece.name for piece in marker.pieces))
    short = {name: abbreviate(clean_text(name)) for name in names}
    taken = list(short.values())
    return {name: s for name, s in short.items() if s and s != name and taken.count(s) == 1}


def label_forms(piece: OrderedPiece, short: str | None, written: _Written, *, with_bundle: bool) -> list[Form]:
    """Every way to write a piece's name, size, bundle and tilt, from the whole name to a number; always in this
    order."""
    name, size = clean_text(piece.name) or clean_text(piece.id), clean_text(piece.size)
    detail = " ".join(filter(None, (size, f"#{written.bundle}" if with_bundle else "", written.tilt)))
    forms: list[Form] = []
    for rank, title in enumerate((name, short, written.index)):
        if title:
            forms += [Form(_lines(title, detail), rank), Form((f"{title} {detail}".strip(),), rank)]
            if rank < 2 and (halves := two_lines(title)):
                forms.append(Form((*halves, detail) if detail else halves, rank, bold=2))
    return [replace(form, signed=written.locked) for form in forms]


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

    The grain arrow's lines, and those of ``signs`` on it, are round ``arrow_at``, which is beside the label's origin, y
    downwards, as its texts are. ``pin`` is round the origin itself.
    """

    origin: Point
    turn_deg: float
    font_mm: float
    texts: tuple[TextLine, ...]
    arrow_at: Point
    arrow: Lines
    signs: Lines = ()
    pin: Lines = ()


def placed_labels(marker: Marker, labels: MarkerLabels) -> Iterator[PlacedLabel]:
    """The label of every placement, in the order of the placements."""
    for placement, label, form in labels.of(marker):
        piece = marker.by_id[placement.piece]
        (origin,) = placement.points((label.centre,))
        in_piece = -label.direction_deg if placement.mirrored else label.direction_deg
        direction = readable_deg(in_piece) + placement.angle_deg
        one_way = marker.fabric.nap != "two-way" and not piece.ignores_nap
        grain = placement.angle_deg - direction
        texts, at, length = _texts(label, form, grain)
        arrow = arrow_lines(length, label.font_mm, grain, one_way=one_way)
        signs = sign_lines(label.font_mm, grain, mirrored=placement.mirrored, may_mirror=piece.may_mirror)
        pin = _pin(label, form, texts[-1]) if form.signed else ()
        yield PlacedLabel(origin, direction, label.font_mm, texts, at, arrow, signs, pin)


def _pin(label: Label, form: Form, last: TextLine) -> Lines:
    """The pin behind the last line of a label."""
    font = label.font_mm
    return pin_lines((last.x_mm + form.widths_em[-1] / 2 * font, last.y_mm), font)


def _texts(label: Label, form: Form, grain_deg: float) -> tuple[tuple[TextLine, ...], Point, float]:
    """The texts around the origin, level, and the arrow's middle and length; ``grain_deg`` is the grain against the
    text."""
    font = label.font_mm
    arrow_em = beside_arrow_em(form, grain_deg)
    side = 0.0 if label.arrow_below else abs(arrow_em * cos(radians(grain_deg))) + ARROW_ROOM_EM
    below = ARROW_ROOM_EM if label.arrow_below else 0.0
    top = -(form.height_em + below) / 2
    rooms = [0.0] * (len(form.lines) - 1) + [form.sign_em]
    texts = tuple(
        TextLine(line, -(side + rooms[index]) / 2 * font, (top + ASCENT_EM + index * LINE_EM) * font, index < form.bold)
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
        for lines in filter(None, (label.arrow, label.signs)):
            arrow.add(_ink_path(drawing, lines, label.font_mm))
        group.add(arrow)
        if label.pin:
            group.add(_ink_path(drawing, label.pin, label.font_mm))
        yield group


def _ink_path(drawing: Any, lines: Lines, font_mm: float) -> Any:
    path = drawing.path(d=" ".join(path_of(line) for line in lines), fill="none", stroke=INK)
    path["stroke-width"] = number(ARROW_LINE_EM * font_mm)
    return path


def arrow_lines(length_mm: float, font_mm: float, direction_deg: float, *, one_way: bool) -> Lines:
    """The lines of a grain arrow around the origin, y downwards."""
    head = min(0.45 * font_mm, 0.4 * length_mm)
    half = length_mm / 2
    heads = [[(half - head, 0.45 * head), (half, 0.0), (half - head, -0.45 * head)]]
    if not one_way:
        heads.append([(-x, y) for x, y in heads[0]])
    return _turned([[(-half, 0.0), (half, 0.0)], *heads], direction_deg)


def sign_lines(font_mm: float, direction_deg: float, *, mirrored: bool, may_mirror: bool) -> Lines:
    """What stands on the middle of a grain arrow: a bar where its piece is mirrored, a ring where it may be."""
    lines: list[Line] = []
    if mirrored:
        lines.append(((0.0, -_BAR_EM * font_mm), (0.0, _BAR_EM * font_mm)))
    if may_mirror:
        lines.append(ring_line((0.0, 0.0), _RING_EM * font_mm))
    return _turned(lines, direction_deg)


def pin_lines(tip: Point, font_mm: float) -> Lines:
    """A pin with its tip on a baseline, y downwards."""
    x, y = tip
    centre = (x, y - 0.6 * font_mm)
    stem = [(x, centre[1] + _PIN_EM * font_mm), (x, y)]
    return tuple(ring_line(centre, _PIN_EM * font_mm)), tuple(stem)


def _turned(lines: Iterable[Iterable[Point]], direction_deg: float) -> Lines:
    """Lines turned to a direction, and their y turned downwards."""
    turn = radians(direction_deg)
    return tuple(
        tuple((x * cos(turn) - y * sin(turn), -x * sin(turn) - y * cos(turn)) for x, y in line) for line in lines
    )
