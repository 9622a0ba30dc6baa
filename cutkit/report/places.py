"""Where in a marker the cloth lies that no piece covers: what a better marker could win, and what none can.

The usable cloth of one ply, from 0 to the marker's end, falls apart into

    pieces      what is cut out and used
    flaws       faulty cloth that no piece lies on
    cutouts     cloth inside the outline of a piece, cut out of it
    ends        cloth from which nothing lies between it and the marker's start or end: the marker's ragged ends
    edges       cloth from which nothing lies between it and the nearest edge, ends excepted
    between     all that is enclosed by pieces

Each is an area of its own, found on its own: the pieces by the union of their outlines, ends and edges by the profile
that the pieces show to the four sides, what is between by taking the shapes of all else from the cloth. No part is what
is left of a sum, so that they add up to the cloth is a check of the report; that pieces cover as much cloth as their
outlines have is one of the marker (``overlap_mm2``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon, box
from shapely.geometry.base import BaseGeometry

from cutkit.model import Marker

Place = Literal["flaws", "cutouts", "ends", "edges", "between"]
PLACES: tuple[Place, ...] = ("between", "cutouts", "edges", "ends", "flaws")
EMPTY = Polygon()

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class WastePlaces:
    """The usable cloth of a marker by place, one ply: areas on the marker (x along, y across), disjoint.

    ``pieces_mm2`` is the cloth that pieces cover; ``overlap_mm2`` is by how much less that is than their outlines'
    areas, a few hundredths in a marker that the referee passes, for outlines that touch overlap by a rounding error.
    """

    usable: BaseGeometry
    pieces_mm2: float
    overlap_mm2: float
    regions: dict[Place, BaseGeometry]

    def area_mm2(self, place: Place) -> float:
        """The cloth at a place."""
        return float(self.regions[place].area)

    @property
    def error_mm2(self) -> float:
        """The cloth less the sum of its parts: rounding alone."""
        return float(self.usable.area) - self.pieces_mm2 - sum(self.area_mm2(place) for place in PLACES)


def waste_places(marker: Marker) -> WastePlaces:
    """The places of ``marker``. Takes about a second for 300 pieces; an empty marker has no cloth."""
    usable = box(0.0, 0.0, marker.length_mm, marker.fabric.usable_width_mm) if marker.placements else EMPTY
    outlines = [p if p.is_valid else shapely.make_valid(p) for p in marker.polygons]
    whole = [Polygon(p.exterior) for p in marker.polygons]
    covered = shapely.union_all(outlines)
    flaws = shapely.union_all([box(*d.box_mm) for d in marker.fabric.defects]).intersection(usable).difference(covered)
    cutouts = shapely.union_all(whole).difference(covered).difference(flaws)
    taken = shapely.union_all([covered, flaws, cutouts])
    ends = _seen_from(whole, usable, axis=0).difference(taken)
    edges = _seen_from(whole, usable, axis=1).difference(taken).difference(ends)
    between = usable.difference(shapely.union_all([taken, ends, edges]))
    regions: dict[Place, BaseGeometry] = {
        "flaws": flaws,
        "cutouts": cutouts,
        "ends": ends,
        "edges": edges,
        "between": between,
    }
    pieces = float(covered.intersection(usable).area)
    return WastePlaces(usable, pieces, marker.placed_area_mm2 - pieces, regions)


def _seen_from(outlines: Sequence[Polygon], usable: BaseGeometry, *, axis: int) -> BaseGeometry:
    """The cloth that is seen from both sides of the cloth along ``axis`` (0: x, from start and end; 1: y, from the
    edges) past the pieces."""
    if not outlines or usable.is_empty:
        return EMPTY
    rings = _rings(outlines, axis)
    x0, y0, x1, y1 = usable.bounds
    (low, high), (across0, across1) = ((x0, x1), (y0, y1))[:: 1 if axis == 0 else -1]
    steps = _steps(rings, across0, across1)
    nearest, farthest = _profile(rings, steps, low, high)
    sides = [_band(steps, nearest, low), _band(steps, farthest, high)]
    seen = shapely.union_all([side if side.is_valid else shapely.make_valid(side) for side in sides])
    return shapely.transform(seen, lambda points: points[:, ::-1]) if axis == 0 else seen


def _band(steps: Floats, profile: Floats, side: float) -> Polygon:
    """What lies between a profile and a side of the cloth; ``profile`` has the values at both ends of each step."""
    across = np.column_stack([steps[:-1], steps[1:]]).ravel()
    points = np.column_stack([across, profile.ravel()])
    return Polygon([(steps[0], side), *points.tolist(), (steps[-1], side)])


def clearance_mm(before: Sequence[Polygon], behind: Sequence[Polygon]) -> float:
    """How far ``behind`` may be moved towards the start of the cloth until a piece of it touches one of ``before``.

    All of it lies farther along the cloth; infinite where it may pass by.
    """
    rings_before, rings_behind = _rings(before, axis=0), _rings(behind, axis=0)
    corners = np.concatenate([ring[:, 0] for ring in (*rings_before, *rings_behind)])
    steps = _steps([*rings_before, *rings_behind], float(corners.min()), float(corners.max()))
    _, ends = _profile(rings_before, steps, -np.inf, np.inf)
    starts, _ = _profile(rings_behind, steps, -np.inf, np.inf)
    return float((starts - ends).min())


def _rings(outlines: Sequence[Polygon], axis: int) -> list[Floats]:
    """The outer rings as (across, along), each (n, 2)."""
    return [shapely.get_coordinates(outline.exterior)[:, [1 - axis, axis]] for outline in outlines]


def _steps(rings: Sequence[Floats], start: float, end: float) -> Floats:
    """The places across the cloth of all corners, from ``start`` to ``end``: between two of them every edge is straight
    throughout."""
    corners = np.concatenate([ring[:, 0] for ring in rings])
    return np.unique(np.clip(np.concatenate([corners, [start, end]]), start, end))


def _profile(rings: Sequence[Floats], steps: Floats, low: float, high: float) -> tuple[Floats, Floats]:
    """Between which values the pieces lie, at each step across the cloth.

    ``rings`` are (across, along). The ``steps`` (n + 1) have all corners' places, so within a step every edge is
    straight, and no two cross (pieces do not overlap): the edge that is outermost in its middle is so throughout. What
    comes back are the least and largest value at both ends of every step (n, 2); where no piece lies, the far side.
    """
    middles = (steps[:-1] + steps[1:]) / 2
    nearest = np.full((len(middles), 3), high)
    farthest = np.full((len(middles), 3), low)
    for ring in rings:
        for (a, value_a), (b, value_b) in pairwise(ring):
            if a > b:
                a, b, value_a, value_b = b, a, value_b, value_a
            first, last = np.searchsorted(middles, (a, b))
            if first == last:
                continue
            slope = (value_b - value_a) / (b - a)
            own = np.column_stack([steps[first:last], middles[first:last], steps[first + 1 : last + 1]])
            at = value_a + slope * (own - a)
            nearer = at[:, 1] < nearest[first:last, 1]
            farther = at[:, 1] > farthest[first:last, 1]
            nearest[first:last][nearer] = at[nearer]
            farthest[first:last][farther] = at[farther]
    return nearest[:, ::2], farthest[:, ::2]
