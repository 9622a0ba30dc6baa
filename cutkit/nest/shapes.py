"""Shapes: what the search sees of the pieces. A shape is an outline in one orientation, centred on its box.

Outlines are simplified outward only, so a layout of shapes that do not overlap is a layout of pieces that do not.
Pieces whose outlines are equal after turning share a shape, and so its no-fit polygons.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.polygon import orient

from cutkit.model import Copy, Demand, OrderedPiece, Placement

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shape:
    """An outline in one orientation, its box centred on (0, 0): the solid the search keeps apart."""

    outline: Polygon

    @property
    def half_mm(self) -> tuple[float, float]:
        """Half the width and half the height of its box."""
        x0, y0, x1, y1 = self.outline.bounds
        return (x1 - x0) / 2, (y1 - y0) / 2

    @property
    def hull_side_mm(self) -> float:
        """The square root of the area of its convex hull: its size."""
        return float(np.sqrt(self.outline.convex_hull.area))


@dataclass(frozen=True, slots=True)
class Pose:
    """How a piece takes a shape: mirrored or not, turned, and where the shape's centre is from the piece's origin."""

    angle_deg: float
    mirrored: bool
    centre_mm: tuple[float, float]


@dataclass
class ShapeSet:
    """All shapes of a demand, and how each piece takes them: ``taken[piece id, mirrored, angle]`` is a shape's number
    and the pose. ``area_mm2`` is each piece's own area, cut-outs taken off."""

    shapes: list[Shape] = field(default_factory=list)
    taken: dict[tuple[str, bool, float], tuple[int, Pose]] = field(default_factory=dict)
    area_mm2: dict[str, float] = field(default_factory=dict)
    _known: dict[bytes, int] = field(default_factory=dict)

    def options(self, copy: Copy) -> list[int]:
        """The shapes that a copy may take, each once."""
        return list(dict.fromkeys(self.taken[way][0] for way in _ways(copy)))

    def pose(self, copy: Copy, index: int) -> Pose:
        """How a copy takes shape ``index``."""
        return next(self.taken[way][1] for way in _ways(copy) if self.taken[way][0] == index)

    def enter(self, way: tuple[str, bool, float], solid: Polygon) -> None:
        """Enter a piece's outline as it lies when mirrored and turned."""
        piece, mirrored, angle = way
        turned = orient(Placement(piece, 0, 0.0, 0.0, angle, mirrored).polygon(solid))
        x0, y0, x1, y1 = turned.bounds
        centre = ((x0 + x1) / 2, (y0 + y1) / 2)
        centred = shapely.transform(turned, lambda xy: xy - np.array(centre))
        self.taken[way] = self._index_of(centred), Pose(angle, mirrored, centre)

    def half_turn_of(self, index: int) -> int | None:
        """The shape that equals shape ``index`` turned by 180 degrees, where there is one."""
        turned = shapely.transform(self.shapes[index].outline, np.negative)
        return self._known.get(_key(orient(turned)))

    def _index_of(self, outline: Polygon) -> int:
        key = _key(outline)
        if key not in self._known:
            self._known[key] = len(self.shapes)
            self.shapes.append(Shape(outline))
        return self._known[key]


@dataclass(frozen=True)
class Choice:
    """What a search chooses from: ``ways`` are the ``copies`` with the angles that each may have, ``options`` the
    numbers of the shapes that these are."""

    shapes: ShapeSet
    copies: list[Copy]
    ways: list[Copy]
    options: list[list[int]]

    @property
    def half_mm(self) -> Floats:
        """Half the width and height of every shape's box: (S, 2)."""
        return np.array([shape.half_mm for shape in self.shapes.shapes])

    def pose(self, i: int, shape: int) -> Pose:
        """How copy ``i`` takes a shape."""
        return self.shapes.pose(self.ways[i], shape)

    def shape_of(self, i: int, pose: Pose) -> int:
        """The shape of copy ``i`` mirrored and turned as in ``pose``."""
        return self.shapes.taken[self.copies[i].piece, pose.mirrored, pose.angle_deg][0]

    def fitting(self) -> Choice:
        """The choice without the copies that have no option."""
        kept = [i for i, taken in enumerate(self.options) if taken]
        copies, ways = [self.copies[i] for i in kept], [self.ways[i] for i in kept]
        return Choice(self.shapes, copies, ways, [self.options[i] for i in kept])


def _ways(copy: Copy) -> list[tuple[str, bool, float]]:
    """All the ways in which a copy may lie."""
    flips = (False, True) if copy.mirrored is None else (copy.mirrored,)
    return [(copy.piece, mirrored, angle) for mirrored in flips for angle in copy.angles_deg]


def shapes_of(demand: Demand, tolerance_mm: float) -> ShapeSet:
    """The shapes that the copies of a demand may take, simplified outward by at most ``tolerance_mm``."""
    found = ShapeSet()
    ways = dict.fromkeys(way for copy in demand.copies for way in _ways(copy))
    for piece in demand.pieces:
        found.area_mm2[piece.id] = piece.outline.area
        solid = simplified_outward(piece, tolerance_mm)
        for way in ways:
            if way[0] == piece.id:
                found.enter(way, solid)
    return found


def simplified_outward(piece: OrderedPiece, tolerance_mm: float) -> Polygon:
    """A polygon that contains the piece's outline, within ``tolerance_mm`` of it and inside its box; cut-outs shrink.

    The box is kept so that a piece exactly as wide as the fabric still fits.
    """
    from cutkit.kernels.outward import simplify_outward

    whole = orient(piece.outline)
    rings = [simplify_outward(ring, tolerance_mm) for ring in rings_of(whole)]
    grown = Polygon(rings[0], [ring for ring in rings[1:] if len(ring) > 2])
    fewer = shapely.count_coordinates(grown) < shapely.count_coordinates(whole)
    return grown if fewer and grown.is_valid else whole


def rings_of(polygon: Polygon) -> list[Floats]:
    """The outer ring and the holes, each without its repeated last point."""
    return [np.asarray(ring.coords, dtype=np.float64)[:-1] for ring in (polygon.exterior, *polygon.interiors)]


def _key(outline: Polygon) -> bytes:
    """Equal for outlines that are equal to a millionth of their size, wherever their rings begin."""
    rings = rings_of(outline)
    scale = np.abs(rings[0]).max()
    head = np.array([round(float(np.log2(scale)) * 1e6)], dtype=np.int64).tobytes()
    outer, *holes = [_ring_key(ring / scale) for ring in rings]
    return b"|".join([head, outer, *sorted(holes)])


def _ring_key(ring: Floats) -> bytes:
    grid = np.round(ring * 1e7).astype(np.int64)
    first = np.lexsort((grid[:, 1], grid[:, 0]))[0]
    return bytes(np.roll(grid, -first, axis=0).tobytes())
