"""Shapes: what the search sees of the pieces. A shape is an outline in one orientation, centred on its box.

Outlines are simplified outward only, so a layout of shapes that do not overlap is a layout of pieces that do not.
Pieces whose outlines are equal after turning share a shape, and so its no-fit polygons.
"""

from __future__ import annotations

from collections.abc import Callable, Container
from dataclasses import dataclass, field, replace

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.polygon import orient

from cutkit.model import Copy, Demand, OrderedPiece, Placement, Point

Floats = NDArray[np.float64]
SEATED_MM = 1e-3
"""A piece is where it may lie when it is within this of it: what markers are written to, and a little more."""


@dataclass(frozen=True, slots=True)
class Stand:
    """What the rules of cloth ask of a shape: where it may lie, which flaws it may lie on, what it is matched by.

    ``room``: low and high x, low and high y of its centre, in mm; None: anywhere on the cloth. ``quality`` is its
    class. ``anchor``: the coordinates of its match points along and across the repeat, from its centre; ``matched``:
    whether it has any.
    """

    room: tuple[float, float, float, float] | None = None
    quality: str = ""
    anchor: Point = (0.0, 0.0)
    matched: bool = False


@dataclass(frozen=True, slots=True)
class Pose:
    """How a piece takes a shape: mirrored or not, turned, and where the shape's centre is from the piece's origin."""

    angle_deg: float
    mirrored: bool
    centre_mm: tuple[float, float]


ANYWHERE = Stand()
Way = tuple[str, bool, float]
"""A piece, by its id, mirrored or not, at an angle."""


Standing = Callable[[OrderedPiece, Pose, Point], tuple[Stand, ...]]
"""Tells the stands of a piece in a pose, whose shape has these half sides; none where it may not lie so."""


def _anywhere(_piece: OrderedPiece, _pose: Pose, _half_mm: Point) -> tuple[Stand, ...]:
    return (ANYWHERE,)


@dataclass(frozen=True)
class Shape:
    """An outline in one orientation, its box centred on (0, 0): the solid the search keeps apart.

    Shapes of one ``form`` have the same outline, and differ in where they may stand. A flaw of the cloth is a shape
    that ``allows`` pieces of some classes to lie on it.
    """

    outline: Polygon
    form: int = 0
    stand: Stand = ANYWHERE
    allows: tuple[str, ...] | None = None

    def may_lie_on(self, flaw: Shape) -> bool:
        """Whether the other is a flaw that this one may lie on."""
        return flaw.allows is not None and self.stand.quality in flaw.allows

    @property
    def half_mm(self) -> tuple[float, float]:
        """Half the width and half the height of its box."""
        x0, y0, x1, y1 = self.outline.bounds
        return (x1 - x0) / 2, (y1 - y0) / 2

    @property
    def hull_side_mm(self) -> float:
        """The square root of the area of its convex hull: its size."""
        return float(np.sqrt(self.outline.convex_hull.area))


@dataclass
class ShapeSet:
    """All shapes of a demand, and how each piece takes them: ``taken[piece id, mirrored, angle]`` is the numbers of one
    or several shapes and the pose. ``forms`` has a shape of each form. ``area_mm2`` is each piece's own area, cut-outs
    taken off."""

    shapes: list[Shape] = field(default_factory=list)
    forms: list[Shape] = field(default_factory=list)
    taken: dict[Way, tuple[tuple[int, ...], Pose]] = field(default_factory=dict)
    area_mm2: dict[str, float] = field(default_factory=dict)
    _known: dict[bytes, int] = field(default_factory=dict)
    _numbers: dict[Shape, int] = field(default_factory=dict)

    def options(self, copy: Copy) -> list[int]:
        """The shapes that a copy may take, each once."""
        return list(dict.fromkeys(number for way in _ways(copy) for number in self.taken[way][0]))

    def pose(self, copy: Copy, index: int) -> Pose:
        """How a copy takes shape ``index``."""
        return next(self.taken[way][1] for way in _ways(copy) if index in self.taken[way][0])

    def enter(
        self, way: Way, solid: Polygon, piece: OrderedPiece | None = None, standing: Standing = _anywhere
    ) -> None:
        """Enter a piece's outline as it lies when mirrored and turned, in every way in which it may stand so."""
        name, mirrored, angle = way
        turned = orient(Placement(name, 0, 0.0, 0.0, angle, mirrored).polygon(solid))
        x0, y0, x1, y1 = turned.bounds
        pose = Pose(angle, mirrored, ((x0 + x1) / 2, (y0 + y1) / 2))
        form = self._form_of(_centred(turned))
        stands = (ANYWHERE,) if piece is None else standing(piece, pose, self.forms[form].half_mm)
        shapes = [replace(self.forms[form], stand=stand) for stand in stands]
        self.taken[way] = tuple(map(self._number_of, shapes)), pose

    def enter_flaw(self, outline: Polygon, allows: tuple[str, ...]) -> int:
        """Enter a flaw of the cloth; the number of its shape."""
        return self._number_of(replace(self.forms[self._form_of(_centred(orient(outline)))], allows=allows))

    def half_turn_of(self, index: int) -> int | None:
        """A shape that equals shape ``index`` turned by 180 degrees, where there is one."""
        shape = self.shapes[index]
        form = self.form_half_turn(shape.form)
        alike = (k for k, s in enumerate(self.shapes) if s.form == form and s.stand.quality == shape.stand.quality)
        return None if form is None else next(alike, None)

    def form_half_turn(self, form: int) -> int | None:
        """The form that equals ``form`` turned by 180 degrees, where there is one."""
        return self._known.get(_key(orient(shapely.transform(self.forms[form].outline, np.negative))))

    def _form_of(self, outline: Polygon) -> int:
        key = _key(outline)
        if key not in self._known:
            self._known[key] = len(self.forms)
            self.forms.append(Shape(outline, len(self.forms)))
        return self._known[key]

    def _number_of(self, shape: Shape) -> int:
        if shape not in self._numbers:
            self._numbers[shape] = len(self.shapes)
            self.shapes.append(shape)
        return self._numbers[shape]


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

    def shape_at(self, i: int, pose: Pose, centre: Floats) -> int | None:
        """The shape in which copy ``i``, mirrored and turned as in ``pose``, may lie at ``centre``; None if in none."""
        taken = self.shapes.taken.get((self.copies[i].piece, pose.mirrored, pose.angle_deg))
        fitting = (s for s in taken[0] if s in self.options[i] and self._stands(s, centre)) if taken else iter(())
        return next(fitting, None)

    def _stands(self, shape: int, centre: Floats) -> bool:
        room = self.shapes.shapes[shape].stand.room
        if room is None:
            return True
        x, y = map(float, centre)
        return room[0] - SEATED_MM <= x <= room[1] + SEATED_MM and room[2] - SEATED_MM <= y <= room[3] + SEATED_MM

    def without(self, left_out: Container[int]) -> Choice:
        """The choice without some of the copies."""
        kept = [i for i in range(len(self.copies)) if i not in left_out]
        copies, ways = [self.copies[i] for i in kept], [self.ways[i] for i in kept]
        return Choice(self.shapes, copies, ways, [self.options[i] for i in kept])


def _ways(copy: Copy) -> list[Way]:
    """All the ways in which a copy may lie."""
    flips = (False, True) if copy.mirrored is None else (copy.mirrored,)
    return [(copy.piece, mirrored, angle) for mirrored in flips for angle in copy.angles_deg]


def _centred(outline: Polygon) -> Polygon:
    x0, y0, x1, y1 = outline.bounds
    return shapely.transform(outline, lambda xy: xy - np.array(((x0 + x1) / 2, (y0 + y1) / 2)))


def shapes_of(demand: Demand, tolerance_mm: float, standing: Standing = _anywhere) -> ShapeSet:
    """The shapes that the copies of a demand may take, simplified outward by at most ``tolerance_mm``."""
    found = ShapeSet()
    ways = dict.fromkeys(way for copy in demand.copies for way in _ways(copy))
    for piece in demand.pieces:
        found.area_mm2[piece.id] = piece.outline.area
        solid = simplified_outward(piece, tolerance_mm)
        for way in ways:
            if way[0] == piece.id:
                found.enter(way, solid, piece, standing)
    return found


def simplified_outward(piece: OrderedPiece, tolerance_mm: float) -> Polygon:
    """A polygon that contains what the piece reserves, within ``tolerance_mm`` of it and in its box; cut-outs shrink.

    The box is kept so that a piece exactly as wide as the fabric still fits.
    """
    from cutkit.kernels.outward import simplify_outward

    whole = orient(piece.reserved)
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
