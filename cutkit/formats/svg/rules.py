"""What the rules of cloth leave to be seen on a marker: lines in the marker's own millimetres, x along, y upwards.

The SVG, the page and the PDF all draw these. Each shape names its rule; there is none for a rule that the marker does
not have. What lies below the pieces belongs to the cloth (zones, the grid of the repeat), what lies above them must not
be hidden by any (flaws, folds, match points).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import ceil, dist, floor
from typing import Literal

import shapely
from shapely.geometry import MultiLineString
from shapely.geometry.base import BaseGeometry

from cutkit.formats.svg.colours import LINE_COLOURS
from cutkit.formats.svg.pieces import cross_lines
from cutkit.model import Defect, Marker, OrderedPiece, Placement, Point, Repeat, cos_sin_deg

Rule = Literal[
    "zone", "repeat", "splice", "tie", "block", "flaw", "link", "match", "section", "fold",
    "margin", "selvedge", "grain", "mirrored", "may-mirror", "tilt", "locked",
]  # fmt: skip
Band = tuple[float, float]
Line = tuple[Point, ...]

CLOTH = "#FBFAF6"
SELVEDGE = "#DDD8CC"
MARGIN = "#EEEAE0"
GRID = "#9FB4C2"
ZONES = ("#D5E4EE", "#F3E4CE", "#DDEBD8", "#EBDDEA")
SPLICE = "#2B7F8E"
TIE = "#7A4FA3"
BLOCK = "#6B6B6B"
RULED = "#222222"
FLAWS = ("#B00020", "#A65F00", "#6F6A00", "#7A4A2B")
"""Hatches of flaws: the first for those that no piece may lie on, the others for a set of classes each."""
CROSS = 0.32
"""Half the size of a match point's cross, in text units."""
_CLEAR = 0.9
"""The least distance of two lines of the grid, in text units."""
_HATCH = 0.55
_MOST_HATCHES = 60
_ROUND = 1e-3


@dataclass(frozen=True, slots=True)
class Ink:
    """How a shape is drawn. ``width`` and ``dash`` are in widths of an outline's pen; opacity is of lines and fill."""

    colour: str
    width: float = 1.0
    dash: tuple[float, ...] = ()
    fill: str | None = None
    opacity: float = 1.0


SPLICE_INK = Ink("none", 0.0, fill=SPLICE, opacity=0.22)
BLOCK_INK = Ink(BLOCK, 0.9, (0.1, 2.6))


@dataclass(frozen=True, slots=True)
class Shape:
    """Lines that show a rule, drawn as one path; ``told`` is what a pointer on it is told."""

    rule: Rule
    lines: tuple[Line, ...]
    ink: Ink
    closed: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the marker, and the garments that lie in it alone."""

    x0_mm: float
    x1_mm: float
    bundles: tuple[int, ...]


@dataclass(frozen=True)
class RuledCloth:
    """A marker as its rules are drawn: text units are ``unit_mm`` large, ``splices`` are bands (x0, x1) in which plies
    may end and begin."""

    marker: Marker
    unit_mm: float
    splices: tuple[Band, ...] = ()

    @cached_property
    def length_mm(self) -> float:
        """The length of cloth that is shown between its margins: an empty marker shows a piece of bare cloth."""
        return self.marker.length_mm or self.marker.fabric.width_mm / 2

    @property
    def whole_length_mm(self) -> float:
        """The same with the margins at both ends."""
        return self.marker.fabric.start_margin_mm + self.length_mm + self.marker.fabric.end_margin_mm

    @property
    def selvedges_mm(self) -> tuple[float, float]:
        """The low and the high selvedge."""
        fabric = self.marker.fabric
        return fabric.selvedge_mm, fabric.width_mm - fabric.usable_width_mm - fabric.selvedge_mm

    def every(self, step_mm: float | None) -> int:
        """Every how many lines of the grid one is drawn."""
        return thinned(step_mm, _CLEAR * self.unit_mm) if step_mm else 1

    @cached_property
    def groups(self) -> dict[str, str]:
        """The colour of every group of match points; points that are tied to the cloth itself are of the group ""."""
        placed = {placement.piece for placement in self.marker.placements}
        used = [m.group for piece in self.marker.pieces if piece.id in placed for m in piece.matches]
        named = [group for group in dict.fromkeys(used) if group]
        colours = {group: LINE_COLOURS[index % len(LINE_COLOURS)] for index, group in enumerate(named)}
        return ({"": RULED} if "" in used else {}) | colours

    @cached_property
    def classes(self) -> dict[tuple[str, ...], str]:
        """The colour of flaws by the classes that they allow, () first; of those flaws that lie on the marker."""
        kinds = {_classes_of(defect) for defect in self.marker.fabric.defects if self._box(*defect.box_mm)}
        several = sorted(kinds - {()})
        colours = {allows: FLAWS[1 + index % (len(FLAWS) - 1)] for index, allows in enumerate(several)}
        return ({(): FLAWS[0]} if () in kinds else {}) | colours

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The marker's sections, from its start; none where garments are mixed."""
        return sections_of(self.marker) if self.marker.settings.bundling == "sections" else ()

    def below(self) -> list[Shape]:
        """What lies below the pieces."""
        return [*self._zones(), *self._grid(), *self._splice_bands(), *self._tie_lines()]

    def above(self) -> list[Shape]:
        """What lies above the pieces, and below their labels."""
        return [
            *self._flaws(),
            *self._splice_edges(),
            *self._section_lines(),
            *self._links(),
            *self._tie_points(),
            *self._match_points(),
            *self._folds(),
        ]

    def _box(self, x0: float, y0: float, x1: float, y1: float) -> Line | None:
        """A box as far as it lies on the usable width between the marker's ends; None where it does not."""
        x0, x1 = max(x0, 0.0), min(x1, self.length_mm)
        y0, y1 = max(y0, 0.0), min(y1, self.marker.fabric.usable_width_mm)
        return ((x0, y0), (x1, y0), (x1, y1), (x0, y1)) if x0 < x1 and y0 < y1 else None

    def _across(self, x: float) -> Line:
        return (x, 0.0), (x, self.marker.fabric.usable_width_mm)

    def _along(self, y: float) -> Line:
        return (0.0, y), (self.length_mm, y)

    # ------------------------------------------------------------------------------------------------- of the cloth

    def _zones(self) -> Iterator[Shape]:
        for index, zone in enumerate(self.marker.fabric.zones):
            band = self._box(0.0, zone.y0_mm, self.length_mm, zone.y1_mm)
            if band:
                ink = Ink("#8A8A80", 0.5, (5, 4), fill=ZONES[index % len(ZONES)], opacity=0.75)
                yield Shape("zone", (band,), ink, closed=True, told=f"zone {zone.name}")

    def _grid(self) -> Iterator[Shape]:
        repeat = self.marker.fabric.repeat
        if repeat is None:
            return
        edges = (0.0, 0.0, self.length_mm, self.marker.fabric.usable_width_mm)
        lines = grid_lines(repeat, edges, _CLEAR * self.unit_mm)
        if lines:
            yield Shape("repeat", tuple(lines), Ink(GRID, 0.5), told=repeat_text(repeat))

    def _splice_bands(self) -> Iterator[Shape]:
        bands = tuple(filter(None, (self._box(x0, 0.0, x1, self._width) for x0, x1 in self.splices)))
        if bands:
            yield Shape("splice", bands, SPLICE_INK, closed=True, told="splice")

    def _splice_edges(self) -> Iterator[Shape]:
        places = sorted({x for band in self.splices for x in band if 0.0 <= x <= self.length_mm})
        if places:
            lines = tuple(self._across(x) for x in places)
            yield Shape("splice", lines, Ink(SPLICE, 0.6, (3, 4), opacity=0.8), told="splice")

    @property
    def _width(self) -> float:
        return self.marker.fabric.usable_width_mm

    def _flaws(self) -> Iterator[Shape]:
        for number, (allows, colour) in enumerate(self.classes.items()):
            boxes = [self._box(*d.box_mm) for d in self.marker.fabric.defects if _classes_of(d) == allows]
            seen = tuple(filter(None, boxes))
            hatch = tuple(line for one in seen for line in hatch_lines(one, _HATCH * self.unit_mm, falling=number % 2))
            yield Shape("flaw", hatch, Ink(colour, 0.6, opacity=0.8), told=flaw_text(allows))
            yield Shape("flaw", seen, Ink(colour, 2.0), closed=True, told=flaw_text(allows))

    def _folds(self) -> Iterator[Shape]:
        lines = tuple(self._along(y) for y in self.marker.fabric.folds_mm)
        if lines:
            yield Shape("fold", lines, Ink(RULED, 3.2, (16, 7, 2, 7)), told="fold of the cloth")

    def _section_lines(self) -> Iterator[Shape]:
        gaps = zip(self.sections, self.sections[1:], strict=False)
        lines = tuple(self._across((one.x1_mm + other.x0_mm) / 2) for one, other in gaps)
        if lines:
            yield Shape("section", lines, Ink(RULED, 1.6, (9, 6)), told="between sections")

    # ------------------------------------------------------------------------------------------------ of the pieces

    def _placed(self) -> Iterator[tuple[Placement, OrderedPiece]]:
        for placement in self.marker.placements:
            yield placement, self.marker.by_id[placement.piece]

    def _tie_lines(self) -> Iterator[Shape]:
        ties = [tie for _, piece in self._placed() for tie in piece.ties]
        xs = sorted({round(tie.x_mm, 3) for tie in ties if tie.x_mm is not None})
        ys = sorted({round(tie.y_mm, 3) for tie in ties if tie.y_mm is not None})
        lines = [self._across(x) for x in xs if 0.0 <= x <= self.length_mm]
        lines += [self._along(y) for y in ys if 0.0 <= y <= self._width]
        if lines:
            yield Shape("tie", tuple(lines), Ink(TIE, 0.7, (7, 3, 1.5, 3), opacity=0.7), told="place of a tie")

    def _tie_points(self) -> Iterator[Shape]:
        arm = 0.8 * CROSS * self.unit_mm
        points = [placement.points((tie.point,))[0] for placement, piece in self._placed() for tie in piece.ties]
        diamonds = tuple(((x - arm, y), (x, y - arm), (x + arm, y), (x, y + arm)) for x, y in points)
        if diamonds:
            yield Shape(
                "tie", diamonds, Ink(TIE, 1.3, fill="#FFFFFF"), closed=True, told="tied to a place of the cloth"
            )

    def _links(self) -> Iterator[Shape]:
        """A thin line between the points of one group in one garment."""
        tied: dict[str, dict[int, list[Point]]] = {}
        for placement, piece in self._placed():
            for match in piece.matches:
                if match.group:
                    by_bundle = tied.setdefault(match.group, {})
                    by_bundle.setdefault(placement.bundle, []).extend(placement.points((match.point,)))
        for group, by_bundle in tied.items():
            lines = tuple(line for points in by_bundle.values() for line in shortest_tree(points))
            if lines:
                ink = Ink(self.groups[group], 0.8, (2.5, 3.5), opacity=0.7)
                yield Shape("link", lines, ink, told=match_text(group))

    def _match_points(self) -> Iterator[Shape]:
        """Crosses, each group's in its colour; upright, so that a grid of the repeat is told from them."""
        arm = CROSS * self.unit_mm
        for group, colour in self.groups.items():
            points = [
                placement.points((match.point,))[0]
                for placement, piece in self._placed()
                for match in piece.matches
                if match.group == group
            ]
            lines = tuple(tuple(line) for point in points for line in cross_lines(point, arm))
            yield Shape("match", lines, Ink(colour, 1.8), told=match_text(group))


def _classes_of(defect: Defect) -> tuple[str, ...]:
    return tuple(sorted(set(defect.allows)))


def block_shape(piece: OrderedPiece) -> Shape | None:
    """The block that a piece reserves, in the piece's own coordinates; None where it is the outline."""
    if piece.block is None:
        return None
    rings = (piece.block.exterior, *piece.block.interiors)
    lines = tuple(_line(ring)[:-1] for ring in rings)
    return Shape("block", lines, BLOCK_INK, closed=True)


def sections_of(marker: Marker) -> tuple[Section, ...]:
    """The stretches of the marker that share no cross-cut with another garment, from its start."""
    stretches: dict[int, Band] = {}
    for placement, polygon in zip(marker.placements, marker.polygons, strict=True):
        x0, _, x1, _ = polygon.bounds
        low, high = stretches.get(placement.bundle, (x0, x1))
        stretches[placement.bundle] = (min(low, x0), max(high, x1))
    sections: list[Section] = []
    for bundle, (x0, x1) in sorted(stretches.items(), key=lambda entry: entry[1]):
        last = sections[-1] if sections else None
        if last and x0 < last.x1_mm - _ROUND:
            sections[-1] = Section(last.x0_mm, max(last.x1_mm, x1), (*last.bundles, bundle))
        else:
            sections.append(Section(x0, x1, (bundle,)))
    return tuple(sections)


def tilt_deg(placement: Placement) -> float:
    """By how much a placement lies off the nearest quarter turn, counter-clockwise, to a tenth: -45 to 45."""
    off = placement.angle_deg % 90.0
    return round(off - 90.0 if off > 45.0 else off, 1) + 0.0


# ------------------------------------------------------------------------------------------------------------- words


def rules_of(piece: OrderedPiece, placement: Placement) -> Iterator[str]:
    """What a pointer on a piece is told of its rules, beside its angle."""
    if tilt := tilt_deg(placement):
        yield f"{tilt:+g}° off grain"
    if placement.locked:
        yield "locked"
    if piece.ignores_nap:
        yield "any way of the nap"
    if piece.quality:
        yield f"class {piece.quality}"
    if piece.zones:
        yield f"in zone {' or '.join(piece.zones)}"
    if piece.fold:
        yield "half, on the fold"
    if piece.block is not None:
        yield f"block, buffer {piece.buffer_mm:g} mm" if piece.buffer_mm else "block"
    yield from (f"{match_text(match.group)} ({match.name})" for match in piece.matches)
    yield from ("tied to a place" for _ in piece.ties[:1])


def match_text(group: str) -> str:
    """What a match point is tied to."""
    return f"match {group}" if group else "match on the repeat"


def flaw_text(allows: Sequence[str]) -> str:
    """What a flaw lets lie on it."""
    return f"flaw, only for class {' or '.join(allows)}" if allows else "flaw, kept clear"


def repeat_text(repeat: Repeat) -> str:
    """The size of a repeat, along and across."""
    along = f"{repeat.x_mm:g} mm along" if repeat.x_mm else ""
    across = f"{repeat.y_mm:g} mm across" if repeat.y_mm else ""
    turned = f"turned {repeat.angle_deg:g}°" if repeat.angle_deg % 90.0 else ""
    return "repeat " + ", ".join(filter(None, (along, across, turned)))


# ------------------------------------------------------------------------------------------------------------- lines


def grid_lines(repeat: Repeat, edges: tuple[float, float, float, float], clear_mm: float) -> list[Line]:
    """The lines at which the repeat begins, within ``edges`` (x0, y0, x1, y1); where they lie closer than ``clear_mm``,
    only every second, fifth, tenth ... of them."""
    x0, y0, x1, y1 = edges
    c, s = cos_sin_deg(repeat.angle_deg)
    corners = [(x - repeat.offset_x_mm, y - repeat.offset_y_mm) for x in (x0, x1) for y in (y0, y1)]
    along = [c * x + s * y for x, y in corners]
    across = [c * y - s * x for x, y in corners]
    lines: list[tuple[Point, Point]] = []
    for at in _steps(along, repeat.x_mm, clear_mm):
        lines.append(((at, min(across) - 1.0), (at, max(across) + 1.0)))
    for at in _steps(across, repeat.y_mm, clear_mm):
        lines.append(((min(along) - 1.0, at), (max(along) + 1.0, at)))

    def on_cloth(point: Point) -> Point:
        u, v = point
        return c * u - s * v + repeat.offset_x_mm, s * u + c * v + repeat.offset_y_mm

    drawn = MultiLineString([[on_cloth(a), on_cloth(b)] for a, b in lines])
    parts = shapely.get_parts(shapely.clip_by_rect(drawn, x0, y0, x1, y1))
    return [_line(part) for part in parts if part.geom_type == "LineString"]


def _line(geometry: BaseGeometry) -> Line:
    return tuple((float(x), float(y)) for x, y in shapely.get_coordinates(geometry))


def thinned(step_mm: float, clear_mm: float) -> int:
    """Every how many steps a line is drawn so that lines are ``clear_mm`` apart: 1, 2, 5, 10, 20 ..."""
    every, factors = 1, (2.0, 2.5, 2.0)
    turn = 0
    while every * step_mm < clear_mm:
        every = round(every * factors[turn % 3])
        turn += 1
    return every


def _steps(places: Sequence[float], step_mm: float | None, clear_mm: float) -> Iterator[float]:
    """The multiples of a step between the least and the largest of ``places``, thinned out."""
    if not step_mm:
        return
    step = step_mm * thinned(step_mm, clear_mm)
    for k in range(ceil(min(places) / step - 1e-9), floor(max(places) / step + 1e-9) + 1):
        yield k * step


def hatch_lines(corners: Line, step_mm: float, *, falling: int = 0) -> list[Line]:
    """Lines at 45 degrees within a box (its corners from the lower left one on), rising or falling."""
    (x0, y0), (x1, y1) = corners[0], corners[2]
    width, height = x1 - x0, y1 - y0
    step = max(step_mm * 2**0.5, (width + height) / _MOST_HATCHES)
    lines: list[Line] = []
    for k in range(1, ceil((width + height) / step)):
        at = k * step
        a, b = (max(at - height, 0.0), min(at, height)), (min(at, width), max(at - width, 0.0))
        if falling:
            lines.append(((x0 + a[0], y0 + a[1]), (x0 + b[0], y0 + b[1])))
        else:
            lines.append(((x0 + a[0], y1 - a[1]), (x0 + b[0], y1 - b[1])))
    return lines


def shortest_tree(points: Iterable[Point]) -> list[Line]:
    """The shortest lines that join all points (Prim's algorithm, from the first of them)."""
    first, *left = points
    nearest = dict.fromkeys(range(len(left)), first)
    lines: list[Line] = []
    while nearest:
        index = min(nearest, key=lambda i: dist(nearest[i], left[i]))
        joined = left[index]
        lines.append((nearest.pop(index), joined))
        for other, point in nearest.items():
            if dist(joined, left[other]) < dist(point, left[other]):
                nearest[other] = joined
    return lines
