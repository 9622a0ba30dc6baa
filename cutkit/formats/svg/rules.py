"""What the rules of cloth leave to be seen on a marker: lines in the marker's own millimetres, x along, y upwards.

The SVG, the page and the PDF all draw these. Each shape names its rule; there is none for a rule that the marker does
not have. What lies below the pieces belongs to the cloth (zones, the grid of the repeat), what lies above them must not
be hidden by any (flaws, folds, match points).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import sqrt
from typing import Literal

from shapely.geometry import Polygon

from cutkit.check import MatchResidual, match_residuals
from cutkit.formats.svg.colours import LINE_COLOURS
from cutkit.formats.svg.lines import (
    Line,
    cross_lines,
    diamond_line,
    grid_lines,
    hatch_lines,
    line_of,
    shortest_tree,
    thinned,
)
from cutkit.model import Marker, Match, OrderedPiece, Placement, Point, Repeat
from cutkit.splices import splice_bands

Rule = Literal[
    "zone", "repeat", "splice", "tie", "block", "flaw", "link", "match", "section", "fold",
    "margin", "selvedge", "grain", "mirrored", "may-mirror", "tilt", "locked",
]  # fmt: skip
Band = tuple[float, float]

CLOTH = "#FBFAF6"
SELVEDGE = "#DDD8CC"
MARGIN = "#EEEAE0"
GRID = "#9FB4C2"
ZONES = ("#D5E4EE", "#F3E4CE", "#DDEBD8", "#EBDDEA")
SPLICE = "#2B7F8E"
TIE = "#7A4FA3"
BLOCK = "#555555"
RULED = "#222222"
FLAWS = ("#B00020", "#A65F00", "#6F6A00", "#7A4A2B")
"""Hatches of flaws: the first for those that no piece may lie on, the others for a set of classes each."""
_CROSS = 0.32
"""Half the size of a match point's cross, in text units."""
_CLEAR = 0.9
"""The least distance of two lines of the grid, in text units."""
_HATCH = 0.55
_ROUND = 1e-3
SPLICES_APART_MM = 1000.0


@dataclass(frozen=True, slots=True)
class Ink:
    """How a shape is drawn. ``width`` and ``dash`` are in widths of an outline's pen; opacity is of lines and fill."""

    colour: str
    width: float = 1.0
    dash: tuple[float, ...] = ()
    fill: str | None = None
    opacity: float = 1.0


SPLICE_INK = Ink("none", 0.0, fill=SPLICE, opacity=0.22)
BLOCK_INK = Ink(BLOCK, 1.1, (0.1, 2.6))
TIE_INK = Ink(TIE, 1.3, fill="#FFFFFF")
HALO_INK = Ink("#FFFFFF", 4.2, opacity=0.7)


@dataclass(frozen=True, slots=True)
class Shape:
    """Lines that show a rule, drawn as one path; ``told`` is what a pointer on it is told."""

    rule: Rule
    lines: tuple[Line, ...]
    ink: Ink
    closed: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class _Flaw:
    """What a flaw allows, sorted, and its corners from the lower left one on."""

    allows: tuple[str, ...]
    corners: Line


@dataclass(frozen=True, slots=True)
class _Matched:
    """A match point on the cloth, and half the size of its cross."""

    group: str
    bundle: int
    point: Point
    arm_mm: float


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of the marker, and the garments that lie in it alone."""

    x0_mm: float
    x1_mm: float
    bundles: tuple[int, ...]


@dataclass(frozen=True)
class RuledCloth:
    """A marker as its rules are drawn: text units are ``unit_mm`` large.

    ``bands`` are those (x0, x1) in which a ply may end and the next one begin; None: the usual ones.
    """

    marker: Marker
    unit_mm: float
    bands: tuple[Band, ...] | None = None

    @cached_property
    def splices(self) -> tuple[Band, ...]:
        """The bands of splices that are shown."""
        return usual_splices(self.marker) if self.bands is None else self.bands

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
        """The colour of every group of match points on the cloth; points that are tied to the cloth itself are of the
        group ""."""
        used = dict.fromkeys(matched.group for matched in self._matched)
        named = [group for group in used if group]
        colours = {group: LINE_COLOURS[index % len(LINE_COLOURS)] for index, group in enumerate(named)}
        return ({"": RULED} if "" in used else {}) | colours

    @cached_property
    def _matched(self) -> tuple[_Matched, ...]:
        """The match points of all placements that lie on the cloth; one that a piece has far outside of its outline
        need not."""
        return tuple(
            _Matched(match.group, placement.bundle, point, cross_arm_mm(piece, self.unit_mm))
            for placement, piece in self._placed()
            for match in piece.matches
            for point in placement.points((match.point,))
            if self._is_on_cloth(point)
        )

    def _is_on_cloth(self, point: Point) -> bool:
        """Whether a point lies on the cloth, its selvedges and margins."""
        fabric, low = self.marker.fabric, self.marker.fabric.selvedge_mm
        x0 = -fabric.start_margin_mm
        return x0 <= point[0] <= x0 + self.whole_length_mm and -low <= point[1] <= fabric.width_mm - low

    @cached_property
    def flaws(self) -> tuple[_Flaw, ...]:
        """The flaws that lie on the marker, as far as they do."""
        boxes = ((tuple(sorted(set(d.allows))), self._box(*d.box_mm)) for d in self.marker.fabric.defects)
        return tuple(_Flaw(allows, corners) for allows, corners in boxes if corners)

    def flaws_on(self, placement: Placement, outline: Polygon) -> tuple[Line, ...]:
        """The lines of the flaws that are drawn on a piece, in its own coordinates; ``outline`` as it lies."""
        x0, y0, x1, y1 = outline.bounds
        lines = []
        for flaw in self.flaws:
            (left, low), (right, high) = flaw.corners[0], flaw.corners[2]
            if left < x1 and x0 < right and low < y1 and y0 < high:
                lines += [(*flaw.corners, flaw.corners[0]), *self._hatch(flaw)]
        return tuple(in_piece(placement, line) for line in lines)

    def _hatch(self, flaw: _Flaw) -> list[Line]:
        number = list(self.classes).index(flaw.allows)
        return hatch_lines(flaw.corners, _HATCH * self.unit_mm, falling=number % 2)

    @cached_property
    def classes(self) -> dict[tuple[str, ...], str]:
        """The colour of flaws by the classes that they allow, () first; of those flaws that lie on the marker."""
        kinds = {flaw.allows for flaw in self.flaws}
        several = sorted(kinds - {()})
        colours = {allows: FLAWS[1 + index % (len(FLAWS) - 1)] for index, allows in enumerate(several)}
        return ({(): FLAWS[0]} if () in kinds else {}) | colours

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """The marker's sections, from its start; none where garments are mixed."""
        return sections_of(self.marker) if self.marker.settings.bundling == "sections" else ()

    def rules_of(self, index: int) -> Iterator[str]:
        """What a pointer on the piece of a placement is told of its rules, beside its angle."""
        placement = self.marker.placements[index]
        piece = self.marker.by_id[placement.piece]
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
        for match in piece.matches:
            yield f"{match.name}: {match_text(match.group)}{self._off(index, match)}"
        if piece.ties:
            yield "tied to a place of the cloth"

    def _off(self, index: int, match: Match) -> str:
        residual = self.residuals.get((index, match.name, match.group))
        return "" if residual is None else f", {residual.distance_mm:.2f} mm off"

    def worst_mm(self, groups: Sequence[str]) -> float | None:
        """By how much the match points of some groups are off at most; None where the cloth has no repeat."""
        return max((r.distance_mm for r in self.residuals.values() if r.group in groups), default=None)

    @cached_property
    def residuals(self) -> dict[tuple[int, str, str], MatchResidual]:
        """How far every match point is off, by its placement's number, its name and its group."""
        return {(r.placement, r.name, r.group): r for r in match_residuals(self.marker)}

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
                ink = Ink("#8A8A80", 0.5, (5, 4), fill=ZONES[index % len(ZONES)], opacity=0.5)
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
        for allows, colour in self.classes.items():
            flaws = [flaw for flaw in self.flaws if flaw.allows == allows]
            hatch = tuple(line for flaw in flaws for line in self._hatch(flaw))
            if hatch:
                yield Shape("flaw", hatch, Ink(colour, 0.6, opacity=0.8), told=flaw_text(allows))
            yield Shape("flaw", tuple(f.corners for f in flaws), Ink(colour, 2.0), closed=True, told=flaw_text(allows))

    def _folds(self) -> Iterator[Shape]:
        fabric = self.marker.fabric
        x0, x1 = -fabric.start_margin_mm, self.length_mm + fabric.end_margin_mm
        lines = tuple(((x0, y), (x1, y)) for y in fabric.folds_mm)
        if lines:
            yield Shape("fold", lines, Ink(RULED, 3.2, (11, 5.5, 1.5, 5.5)), told="fold of the cloth")

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
        diamonds = []
        for placement, piece in self._placed():
            arm = 0.8 * cross_arm_mm(piece, self.unit_mm)
            points = placement.points(tuple(tie.point for tie in piece.ties))
            diamonds += [diamond_line(point, arm) for point in points if self._is_on_cloth(point)]
        if diamonds:
            yield Shape("tie", tuple(diamonds), TIE_INK, closed=True, told="tied to a place of the cloth")

    def _links(self) -> Iterator[Shape]:
        """A thin line between the points of one group in one garment."""
        tied: dict[str, dict[int, list[Point]]] = {group: {} for group in self.groups if group}
        for matched in self._matched:
            if matched.group:
                tied[matched.group].setdefault(matched.bundle, []).append(matched.point)
        for group, by_bundle in tied.items():
            lines = tuple(line for points in by_bundle.values() for line in shortest_tree(points))
            if lines:
                yield Shape("link", lines, link_ink(self.groups[group]), told=match_text(group))

    def _match_points(self) -> Iterator[Shape]:
        """Crosses on a light ground, each group's in its colour; upright, as all of them are read together."""
        for group, colour in self.groups.items():
            crosses = [cross_lines(m.point, m.arm_mm) for m in self._matched if m.group == group]
            lines = tuple(line for cross in crosses for line in cross)
            yield Shape("match", lines, HALO_INK)
            yield Shape("match", lines, Ink(colour, 1.8), told=match_text(group))


def block_shape(piece: OrderedPiece) -> Shape | None:
    """The block that a piece reserves, in the piece's own coordinates; None where it is the outline."""
    if piece.block is None:
        return None
    rings = (piece.block.exterior, *piece.block.interiors)
    lines = tuple(line_of(ring)[:-1] for ring in rings)
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


def link_ink(colour: str) -> Ink:
    """The thin line between points that are tied to one another."""
    return Ink(colour, 0.7, (2.5, 3.5), opacity=0.6)


def usual_splices(marker: Marker) -> tuple[Band, ...]:
    """The shortest bands in which plies may be spliced, a metre apart, as they are marked on the table; none in a
    marker that is so short that a ply is begun anew."""
    if marker.length_mm < 2 * SPLICES_APART_MM:
        return ()
    return tuple((band.x0_mm, band.x1_mm) for band in splice_bands(marker, apart_mm=SPLICES_APART_MM))


def in_piece(placement: Placement, line: Line) -> Line:
    """A line on the cloth in the coordinates of a piece that lies there."""
    a, b, d, e, x, y = placement.matrix
    return tuple((a * (px - x) + d * (py - y), b * (px - x) + e * (py - y)) for px, py in line)


def cross_arm_mm(piece: OrderedPiece, unit_mm: float) -> float:
    """Half the size of a match point's cross in a piece: smaller in a small one."""
    return min(_CROSS * unit_mm, 0.08 * sqrt(piece.outline.area))


def tied_lines(piece: OrderedPiece, unit_mm: float) -> list[Line]:
    """The crosses at the points of a piece that are matched or tied to a place, as its label knows them."""
    points = [*(match.point for match in piece.matches), *(tie.point for tie in piece.ties)]
    arm = cross_arm_mm(piece, unit_mm)
    return [line for point in points for line in cross_lines(point, arm)]


def tilt_deg(placement: Placement) -> float:
    """By how much a placement lies off the nearest quarter turn, counter-clockwise, to a tenth: -45 to 45."""
    off = placement.angle_deg % 90.0
    return round(off - 90.0 if off > 45.0 else off, 1) + 0.0


# ------------------------------------------------------------------------------------------------------------- words


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
