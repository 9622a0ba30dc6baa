"""Slow, obvious twins of the search's kernels: everything by shapely, one pair at a time."""

from __future__ import annotations

from functools import cache

import numpy as np
import shapely
from shapely.affinity import translate
from shapely.geometry import MultiPoint, Point, Polygon


@cache
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


def lowest(sums: np.ndarray, most: int) -> list[tuple[int, int]]:
    """Row and column of the lowest sums, none beside another; further ones only where they are above zero."""
    left = sums.astype(float).copy()
    found: list[tuple[int, int]] = []
    while len(found) < most and np.isfinite(left.min()) and not (found and left.min() == 0):
        row, column = map(int, np.unravel_index(np.argmin(left), left.shape))
        found.append((row, column))
        left[max(0, row - 1) : row + 2, max(0, column - 1) : column + 2] = np.inf
    return found


def xorshift64star(state: int) -> tuple[int, float]:
    """The next state of the generator and its number in [0, 1), in whole numbers of any length."""
    state ^= state >> 12
    state ^= (state << 25) % 2**64
    state ^= state >> 27
    return state, (state * 2685821657736338717 % 2**64 >> 11) / 2**53


def new_weights(weight: np.ndarray, loss: np.ndarray) -> np.ndarray:
    """Guided local search on whole matrices: overlapping pairs times 1.2 to 2, the others fade towards 1."""
    raised = weight * (1.2 + 0.8 * loss / loss.max()) if loss.max() > 0 else weight
    return np.where(loss > 0, raised, np.maximum(1.0, 0.95 * weight))
