"""How deep two shapes overlap, measured by the largest circle within what they have in common."""

from __future__ import annotations

from dataclasses import dataclass
from math import pi

from shapely.geometry.base import BaseGeometry

from cutkit.check.faults import OVERLAP_TOLERANCE_MM


@dataclass(frozen=True, slots=True)
class Overlap:
    """Where two outlines overlap deepest, and how deep: the diameter of the largest circle within the overlap."""

    depth_mm: float
    x_mm: float
    y_mm: float


def overlap_of(a: BaseGeometry, b: BaseGeometry) -> Overlap | None:
    """The overlap of two outlines where it is deeper than the rounding of written coordinates, else None.

    Depth is width here, not area over perimeter: beside a long seam that touches, with a rounding error all along, a
    corner that truly overlaps would otherwise be thinned out to nothing.
    """
    return depth_of(a.intersection(b))


def depth_of(common: BaseGeometry) -> Overlap | None:
    """The largest circle within a shape, where it is larger than the rounding of written coordinates, else None."""
    if common.area < pi / 4 * OVERLAP_TOLERANCE_MM**2:
        return None
    core = common.buffer(-OVERLAP_TOLERANCE_MM / 2)
    if core.is_empty:
        return None
    low = OVERLAP_TOLERANCE_MM
    x0, y0, x1, y1 = common.bounds
    high = min(x1 - x0, y1 - y0)
    while high - low > max(1e-4, 0.01 * low):
        middle = (low + high) / 2
        inner = common.buffer(-middle / 2)
        if inner.is_empty:
            high = middle
        else:
            low, core = middle, inner
    x, y = core.representative_point().coords[0]
    return Overlap(low, x, y)
