"""Slow, obvious twins of the kernels: what a fast kernel returns is compared with what these return.

Each is written from the definition with shapely or numpy, and shares no code with the kernel it judges.
"""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry
from shapely.geometry.polygon import orient

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


def rings_of(outline: Polygon) -> tuple[Floats, Ints]:
    """An outline as the kernels take it: the outer ring counter-clockwise, holes clockwise, and where each begins."""
    outline = orient(outline)
    rings = [np.array(ring.coords, dtype=np.float64)[:-1] for ring in (outline.exterior, *outline.interiors)]
    return np.concatenate(rings), np.cumsum([0, *map(len, rings)]).astype(np.int64)


def triangles(outline: Polygon) -> list[Polygon]:
    """Triangles that make up the outline (shapely's constrained Delaunay triangulation)."""
    return [t for t in shapely.constrained_delaunay_triangles(outline).geoms if t.area > 0]


def no_fit_area(a: Polygon, b: Polygon) -> Polygon:
    """The Minkowski sum of A and -B: the union of the sums of their triangles; holes narrower than a hair are filled.

    The union is taken on a fine grid: without one it has been seen to lose the tip of a star.
    """
    corners_a = [np.array(t.exterior.coords)[:-1] for t in triangles(a)]
    corners_b = [np.array(t.exterior.coords)[:-1] for t in triangles(b)]
    sums = [
        shapely.convex_hull(shapely.multipoints((p[:, None] - q[None]).reshape(-1, 2)))
        for p in corners_a
        for q in corners_b
    ]
    size = np.abs(shapely.total_bounds(sums)).max()
    return without_slits(shapely.union_all(sums, grid_size=1e-13 * size), 1e-9 * size)


def without_slits(area: BaseGeometry, width: float) -> Polygon:
    """The area with its holes and gaps narrower than ``width`` filled; where it has none, the very same coordinates."""
    parts = [area] if isinstance(area, Polygon) else list(area.geoms)
    outer = max(parts, key=lambda part: part.area)
    plain = Polygon(outer.exterior, [hole for hole in outer.interiors if 2 * Polygon(hole).area > width * hole.length])
    closed = plain.buffer(width, join_style="mitre").buffer(-width, join_style="mitre")
    return closed if plain.boundary.length - closed.boundary.length > 1e4 * width else plain


def signed_distance(area: Polygon, x: float, y: float) -> float:
    """The distance of (x, y) to the boundary of the area: positive inside, negative outside."""
    point = shapely.Point(x, y)
    return float(area.boundary.distance(point)) * (1.0 if area.contains(point) else -1.0)


def boundary_area(rows: Floats) -> float:
    """The area within a boundary that is given as rows (see cutkit.kernels.nfp), interior to the left."""
    x, y = rows[:, 0], rows[:, 1]
    return float(0.5 * np.sum(x * rows[:, 4] * rows[:, 3] - y * rows[:, 4] * rows[:, 2]))
