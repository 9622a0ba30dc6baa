"""Sections: a marker of garments that are kept together, one section behind another along the cloth.

Every section is nested by itself, those of the same lot once, and repeated: a step marker. Between two sections lies a
straight line across the cloth, or, with open sections, the ragged end of the one within that of the other: each is
moved up to the one before it until they touch, turned by a half turn where it may lie so and comes nearer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil
from typing import Literal

import shapely
from shapely.geometry import Polygon

from cutkit.check import check_marker
from cutkit.errors import CutkitError, UsageError
from cutkit.geometry import polygons_of
from cutkit.lay.cloth import cloth_from, moved, turned
from cutkit.lay.garments import Garment, handed_on, part_of, signature, stock_of
from cutkit.lay.judge import Effort, Judge, Nester
from cutkit.lay.split import Bounds, Splitter
from cutkit.model import Demand, Fabric, Marker, NestSettings, Placement, Unplaced
from cutkit.nest.settle import steadiest_first
from cutkit.report.places import clearance_mm

Border = Literal["straight", "open"]
SAFE_MM = 1e-6
"""Sections that are moved up stay so far apart: rounding must not make an overlap."""
ARC_SEGMENTS = 64
"""Segments of a quarter circle round a corner where outlines are grown by the gap."""


ENOUGH = 1.1
"""A section is not nested again for less than this factor of effort."""


@dataclass(frozen=True, slots=True)
class Sections:
    """How garments are kept together: ``garments`` in each section, and what lies between two sections."""

    garments: int = 1
    border: Border = "straight"


@dataclass(frozen=True)
class SectionNester:
    """A ``Nester`` of markers in sections, who remembers every section: of all its markers, those that are alike are
    nested once."""

    nester: Nester
    sections: Sections
    stop: Callable[[], bool]
    _known: dict[object, tuple[float, Marker, list[Garment]]] = field(default_factory=dict)

    def __call__(self, fabric: Fabric, demand: Demand, settings: NestSettings, start: Marker | None) -> Marker:
        """The sections of ``demand`` one behind another. The effort is that of all of them together.

        UsageError where a piece is tied to a place along the cloth, and for open sections on cloth with flaws.
        """
        tied = sorted({piece.id for piece in demand.pieces if any(tie.x_mm is not None for tie in piece.ties)})
        if tied:
            raise UsageError(f"piece {tied[0]!r} is tied to a place along the cloth: it cannot lie in a section")
        step = _step(fabric, demand)
        if step is None and self.sections.border == "open":
            raise UsageError(
                "open sections are moved up to one another, which this cloth does not allow: it has flaws, or a pattern"
                " that runs askew",
                hint="Use straight sections.",
            )
        row = _Row(fabric, settings.gap_mm, step or 0.0)
        if step is None:
            self._nest_in_place(row, demand, settings)
        else:
            for section in self._nested_once(demand, fabric, settings):
                row.add(section, moved_up=self.sections.border == "open", may_turn=_may_turn(demand))
        marker = self._joined(row, demand, settings)
        return marker if start is None or marker.length_mm < start.length_mm else start

    def _nested_once(self, demand: Demand, fabric: Fabric, settings: NestSettings) -> list[Marker]:
        """The sections as markers of their own; those of one lot have been nested once."""
        stock = stock_of(demand)
        effort = Effort(_shared(settings, len(stock.kinds)), self.stop, whole_s=settings.time_s)
        judge = Judge(replace(fabric, max_length_mm=None), stock, effort, self._remembered)
        lots = Splitter(judge, Bounds(None, self.sections.garments), effort).split().lots
        dealt = stock.deal(lots)
        pairs = zip(lots, dealt, strict=True)
        return [handed_on(judge.known[lot], stock.sample(lot), garments) for lot, garments in pairs]

    def _remembered(self, fabric: Fabric, demand: Demand, settings: NestSettings, start: Marker | None) -> Marker:
        """A section, from a nest of one that is alike where there was one with as much effort."""
        garments = sorted((garment for kind in stock_of(demand).kinds for garment in kind), key=signature)
        key, effort = (fabric, tuple(map(signature, garments))), settings.rounds or settings.time_s or 0.0
        spent, marker, sample = self._known.get(key, (0.0, None, garments))
        if marker is None or effort > ENOUGH * spent:
            marker, sample = self.nester(fabric, demand, settings, start), garments
            self._known[key] = effort, marker, sample
        return handed_on(marker, sample, garments)

    def _nest_in_place(self, row: _Row, demand: Demand, settings: NestSettings) -> None:
        """Nest section after section, each on the cloth where it will lie: flaws and pattern are other ones there."""
        garments = [garment for kind in stock_of(demand).kinds for garment in kind]
        each = self.sections.garments
        parts = [garments[k : k + each] for k in range(0, len(garments), each)]
        for part in parts:
            copies = [copy for garment in part for copy in garment]
            cloth = replace(cloth_from(row.fabric, row.next_mm), max_length_mm=None)
            row.add(self.nester(cloth, part_of(demand, copies), _shared(settings, len(parts)), None))

    def _joined(self, row: _Row, demand: Demand, settings: NestSettings) -> Marker:
        """The sections as one marker; CutkitError where the referee finds a fault in it."""
        first = row.sections[0]
        kept_apart = self.sections.garments == 1 and self.sections.border == "straight"
        settings = replace(settings, bundling="sections" if kept_apart else settings.bundling)
        unplaced = Counter[tuple[str, str]]()
        for section in row.sections:
            unplaced.update({(entry.piece, entry.reason): entry.count for entry in section.unplaced})
        marker = replace(
            first,
            fabric=row.fabric,
            pieces=demand.pieces,
            placements=tuple(row.placements),
            settings=settings,
            unplaced=tuple(Unplaced(piece, count, reason) for (piece, reason), count in unplaced.items()),
        )
        marker = steadiest_first(marker)
        faults = check_marker(replace(marker, fabric=replace(row.fabric, max_length_mm=None)))
        if faults and marker.placements:
            raise CutkitError(f"the sections do not pass the referee: {faults[0].message}")
        return marker


@dataclass
class _Row:
    """Sections one behind another: their placements so far, and the shapes that these reserve."""

    fabric: Fabric
    gap_mm: float
    step_mm: float
    sections: list[Marker] = field(default_factory=list)
    placements: list[Placement] = field(default_factory=list)
    shapes: list[Polygon] = field(default_factory=list)

    @property
    def next_mm(self) -> float:
        """Where a section may begin behind a straight line."""
        ends = [shape.bounds[2] for shape in self.shapes]
        return self._on_step(max(ends) + self.gap_mm) if ends else 0.0

    def add(self, section: Marker, *, moved_up: bool = False, may_turn: bool = False) -> None:
        """Lay a section behind the others; where it may be moved up, as near as it goes."""
        at, placements = self.next_mm, section.placements
        if moved_up and self.shapes and placements:
            ways = [placements]
            if may_turn:
                length, width = section.length_mm, self.fabric.usable_width_mm
                ways.append(tuple(turned(p, length, width) for p in placements))
            tries = [self._moved_up(_shapes(section, way, at), at) for way in ways]
            at, placements = min(zip(tries, ways, strict=True), key=lambda pair: pair[0])
        self.sections.append(section)
        self.placements += [moved(p, at) for p in placements]
        self.shapes += _shapes(section, placements, at)

    def _moved_up(self, shapes: list[Polygon], at: float) -> float:
        """Where the section of these shapes, which begins at ``at``, may begin at the least."""
        x0, _, x1, _ = shapely.total_bounds(shapes)
        near = [shape for shape in self.shapes if shape.bounds[2] > at - (x1 - x0)]
        grown = [shape.buffer(self.gap_mm, quad_segs=ARC_SEGMENTS) for shape in near] if self.gap_mm else near
        free = min(clearance_mm(polygons_of(shapely.union_all(grown)), shapes), x1 - x0) - SAFE_MM
        return self._on_step(max(0.0, at - max(0.0, free)))

    def _on_step(self, x_mm: float) -> float:
        """The first place from ``x_mm`` on where the cloth's pattern is as at the beginning."""
        return ceil(x_mm / self.step_mm - 1e-9) * self.step_mm if self.step_mm else x_mm


def _shapes(section: Marker, placements: Sequence[Placement], at: float) -> list[Polygon]:
    """What placements of a section that begins at ``at`` reserve."""
    return [moved(p, at).polygon(section.by_id[p.piece].reserved) for p in placements]


def _step(fabric: Fabric, demand: Demand) -> float | None:
    """By what multiple a section may be moved along the cloth; 0: by any, None: by none."""
    if fabric.defects:
        return None
    repeat = fabric.repeat
    if repeat is None or not any(piece.matches for piece in demand.pieces):
        return 0.0
    return None if repeat.angle_deg % 180.0 else repeat.x_mm or 0.0


def _may_turn(demand: Demand) -> bool:
    """Whether sections may be turned by a half turn: every copy may, and none is bound to a place of the cloth."""
    bound = any(piece.matches or piece.ties or piece.zones or piece.fold for piece in demand.pieces)
    return not bound and all((a + 180.0) % 360.0 in copy.angles_deg for copy in demand.copies for a in copy.angles_deg)


def _shared(settings: NestSettings, parts: int) -> NestSettings:
    """The settings for one of so many nests that share an effort."""
    if settings.rounds is not None:
        return replace(settings, rounds=max(1, settings.rounds // parts))
    return replace(settings, time_s=(settings.time_s or 0.0) / parts)
