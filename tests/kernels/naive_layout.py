"""Slow, obvious twins of the search's kernels: everything by shapely, one pair at a time."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import MultiPoint, Point, Polygon


def no_fit_polygon(a: Polygon, b: Polygon):
    """Where b's origin must not be, a fixed: the union of the convex sums of the triangles of a and of -b."""
    triangles = [
        [np.array(t.exterior.coords)[:-1] for t in shapely.constrained_delaunay_triangles(shape).geoms]
        for shape in (a, b)
    ]
    sums = [
        MultiPoint((s[:, None, :] - t[None, :, :]).reshape(-1, 2)).convex_hull
        for s in triangles[0]
        for t in triangles[1]
    ]
    return shapely.union_all(sums)


def depth(a: Polygon, b: Polygon, v) -> float:
    """Signed distance of the position ``v`` of b (a at the origin) to the boundary of their NFP, positive inside."""
    nfp = no_fit_polygon(a, b)
    distance = nfp.boundary.distance(Point(v))
    return distance if nfp.contains(Point(v)) else -distance


def overlaps(outlines: list[Polygon], places) -> list[tuple[int, int]]:
    """The pairs of outlines that overlap by more than rounding."""
    laid = [translate(outline, *place) for outline, place in zip(outlines, places, strict=True)]
    return [
        (i, j) for i in range(len(laid)) for j in range(i) if laid[i].intersection(laid[j]).area > 1e-6 * laid[i].area
    ]
