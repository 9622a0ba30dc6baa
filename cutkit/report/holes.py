"""The waste of a marker, hole by hole: how large each is, where it lies, and which pieces lie around it.

Cloth that no piece covers hangs together through the gaps between the pieces. A hole is what a disc can roll about in
that is a little wider than the gap (``neck_mm``); what is too narrow for the disc are the seams. Cut-outs and flaws are
holes of their own. Holes and seams are disjoint, and together they are the waste within the marker (``report.places``).

Whose waste a hole is tells a triangulation of it, every corner of which lies on the outline of a piece or on an edge of
the cloth: a triangle is between the pieces that have its corners. Triangles fill the waste exactly, so what is between
every two pieces adds up to it, too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString, Polygon, box
from shapely.geometry.base import BaseGeometry

from cutkit.model import Marker, Point
from cutkit.report.places import PLACES, Place, WastePlaces, waste_places

NECK_SHARE = 0.005
"""A hole is wider than the gap by this part of the usable width: 7.5 mm on cloth of 150 cm."""
CORNER_SHARE = 0.015
"""Corners of the triangles are no farther apart than this part of the usable width, along the outlines."""
SAME_AREA = 1e-9
"""Triangles fill a part whose area they have, to this part of it."""
LEAST_HOLE_MM2 = 1e-3
"""What is smaller is rounding, and counts among the seams."""

Kind = Literal["piece", "edge", "end", "flaw"]


@dataclass(frozen=True, slots=True, order=True)
class Neighbour:
    """What lies beside waste: a piece (``placement`` is its index in the marker), an edge, an end or a flaw of the
    cloth."""

    kind: Kind
    placement: int = -1


Pair = tuple[Neighbour, Neighbour]
"""Two neighbours in order; twice the same where the waste lies within the hollow of one."""


@dataclass(frozen=True)
class Hole:
    """A stretch of cloth without pieces, on the marker (x along, y across): most of it lies at ``place``.

    ``around`` are its neighbours, each with its part of the area in mm2: the largest first, together all of it.
    """

    region: Polygon
    place: Place
    around: tuple[tuple[Neighbour, float], ...]

    @property
    def area_mm2(self) -> float:
        """The cloth in it."""
        return float(self.region.area)

    @cached_property
    def disc(self) -> tuple[Point, float]:
        """The middle and the diameter, in mm, of the largest disc in it: where it is to be numbered, and its width."""
        radius = shapely.maximum_inscribed_circle(self.region)
        (x, y), _ = radius.coords
        return (float(x), float(y)), 2 * float(radius.length)


@dataclass(frozen=True)
class WasteMap:
    """All waste within a marker, of one ply. The ``holes`` come the largest first; ``seams`` is what is narrower than
    ``neck_mm``. ``pairs`` tells how many mm2 lie between which two neighbours."""

    places: WastePlaces
    neck_mm: float
    holes: tuple[Hole, ...]
    seams: BaseGeometry
    pairs: dict[Pair, float]

    @property
    def area_mm2(self) -> float:
        """The waste: holes and seams."""
        return sum(hole.area_mm2 for hole in self.holes) + float(self.seams.area)


def waste_map(marker: Marker, places: WastePlaces | None = None) -> WasteMap:
    """The holes of ``marker``. Takes a few seconds for 300 pieces; an empty marker has none."""
    places = places or waste_places(marker)
    width = marker.fabric.usable_width_mm
    neck = marker.settings.gap_mm + NECK_SHARE * width
    if places.usable.is_empty:
        return WasteMap(places, neck, (), Polygon(), {})
    whole = shapely.union_all([Polygon(p.exterior) for p in marker.polygons])
    free = places.usable.difference(shapely.union_all([whole, places.regions["flaws"]]))
    around = _Around(marker, CORNER_SHARE * width)
    holes: list[Hole] = []
    for region in _holes_in(free, neck):
        holes.append(Hole(region, _place_of(region, places), around.shares(region)))
    seams = free.difference(shapely.union_all([hole.region for hole in holes]))
    for place in ("cutouts", "flaws"):
        kept = [part for part in _polygons(places.regions[place]) if part.area > LEAST_HOLE_MM2]
        holes += [Hole(part, place, around.shares(part, flaw=place == "flaws")) for part in kept]
    around.shares(seams)
    return WasteMap(places, neck, tuple(sorted(holes, key=_rank)), seams, dict(around.pairs))


def _rank(hole: Hole) -> tuple[float, float, float]:
    x0, y0, _, _ = hole.region.bounds
    return -hole.area_mm2, x0, y0


def _polygons(shape: BaseGeometry) -> list[Polygon]:
    return [part for part in shapely.get_parts(shape) if isinstance(part, Polygon) and not part.is_empty]


def _holes_in(free: BaseGeometry, neck_mm: float) -> list[Polygon]:
    """Where a disc of ``neck_mm`` can be: one region for each stretch that its middle can roll through. Disjoint."""
    found: list[Polygon] = []
    for core in sorted(_polygons(free.buffer(-neck_mm / 2)), key=lambda core: -core.area):
        swept = core.buffer(neck_mm / 2)
        near = [hole for hole in found if swept.intersects(hole)]  # at a neck, both discs reach a little into it
        within = swept.intersection(free).difference(shapely.union_all(near))
        parts = [part for part in _polygons(within) if part.area > LEAST_HOLE_MM2]
        if parts:
            found.append(max(parts, key=lambda part: part.area))
    return found


def _place_of(region: Polygon, places: WastePlaces) -> Place:
    return max(PLACES, key=lambda place: float(region.intersection(places.regions[place]).area))


def _straight(shape: BaseGeometry) -> NDArray[np.object_]:
    """Every straight piece of a shape's lines."""
    rings = shapely.get_parts(shape.boundary) if isinstance(shape, Polygon) else [shape]
    points = [shapely.get_coordinates(ring) for ring in rings]
    pieces: NDArray[np.object_] = shapely.linestrings(
        np.concatenate([np.stack([p[:-1], p[1:]], axis=1) for p in points])
    )
    return pieces


class _Around:
    """Shares waste among its neighbours, and remembers what lies between every two of them."""

    def __init__(self, marker: Marker, corner_mm: float) -> None:
        length, width = marker.length_mm, marker.fabric.usable_width_mm
        lines = [(polygon, Neighbour("piece", index)) for index, polygon in enumerate(marker.polygons)]
        lines += [(LineString([(0, y), (length, y)]), Neighbour("edge")) for y in (0, width)]
        lines += [(LineString([(x, 0), (x, width)]), Neighbour("end")) for x in (0, length)]
        lines += [(box(*defect.box_mm), Neighbour("flaw")) for defect in marker.fabric.defects]
        # Straight pieces of lines: to ask for the nearest of long ones takes many times as long.
        pieces = [_straight(shape) for shape, _ in lines]
        self.tree = shapely.STRtree(np.concatenate(pieces))
        self.neighbours = [n for (_, n), straight in zip(lines, pieces, strict=True) for _ in straight]
        self.corner_mm = corner_mm
        self.pairs: defaultdict[Pair, float] = defaultdict(float)

    def shares(self, region: BaseGeometry, *, flaw: bool = False) -> tuple[tuple[Neighbour, float], ...]:
        """The neighbours of ``region`` with their parts of its area, the largest first. Faulty cloth is the flaw's."""
        shares: defaultdict[Neighbour, float] = defaultdict(float)
        for corners, area in self._triangles(region):
            beside = (Neighbour("flaw"),) if flaw else tuple(sorted({self.neighbours[k] for k in corners}))
            pairs = list(combinations(beside, 2)) or [(beside[0], beside[0])]
            for pair in pairs:
                self.pairs[pair] += area / len(pairs)
            for neighbour in beside:
                shares[neighbour] += area / len(beside)
        return tuple(sorted(shares.items(), key=lambda share: (-share[1], share[0])))

    def _triangles(self, region: BaseGeometry) -> Iterator[tuple[list[int], float]]:
        """Triangles that fill ``region``: what lies at each of the corners, by its index, and the area in mm2."""
        for part in _polygons(region):
            triangles = _triangulated(part, self.corner_mm)
            corners = shapely.get_coordinates(triangles).reshape(len(triangles), -1, 2)[:, :-1]
            points, number = np.unique(corners.reshape(-1, 2), axis=0, return_inverse=True)
            nearest = self.tree.nearest(shapely.points(points))[number].reshape(len(triangles), -1)
            yield from zip(nearest.tolist(), shapely.area(triangles).tolist(), strict=True)


def _triangulated(part: Polygon, corner_mm: float) -> NDArray[np.object_]:
    """Triangles that are ``part``, with corners as near to one another as that; the part itself, where it is so thin
    that no triangles come of it."""
    for shape in (shapely.segmentize(part, corner_mm), part):  # the first may mend what is thin into something else
        try:
            triangles: NDArray[np.object_] = shapely.get_parts(shapely.constrained_delaunay_triangles(shape))
        except shapely.errors.GEOSException:
            continue
        if abs(float(shapely.area(triangles).sum()) - part.area) <= SAME_AREA * part.area:
            return triangles
    return np.array([part], dtype=object)
