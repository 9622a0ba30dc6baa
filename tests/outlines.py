"""Outlines to try kernels on: garment-like, rectilinear, stars, combs, with holes; fixed ones and strategies."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import strategies as st
from shapely.affinity import rotate
from shapely.geometry import Polygon, box


def garment(points: int, seed: int) -> Polygon:
    """A wavy closed curve with hollows, about 600 mm wide."""
    rng = np.random.default_rng(seed)
    angle = np.arange(points) * 2 * np.pi / points
    waves = sum(0.25 / k * rng.normal() * np.cos(k * angle + rng.uniform(0, 7)) for k in range(1, 6))
    radius = np.maximum(1 + np.asarray(waves), 0.3) * 300
    return Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle) * rng.uniform(0.4, 1)]))


def comb(teeth: int, width: float = 10.0, depth: float = 30.0) -> Polygon:
    """A comb whose teeth fit exactly into the gaps of another one."""
    gaps = [box((2 * k + 1) * width, 10, (2 * k + 2) * width, 10 + depth) for k in range(teeth - 1)]
    return box(0, 0, (2 * teeth - 1) * width, 10 + depth).difference(shapely.union_all(gaps))


def star(tips: int, inner: float) -> Polygon:
    """A star of radius 100 whose hollows lie at radius ``inner``."""
    angle = np.arange(2 * tips) * np.pi / tips
    radius = np.where(np.arange(2 * tips) % 2, inner, 100.0)
    return Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))


L_SHAPE = Polygon([(0, 0), (6, 0), (6, 2), (2, 2), (2, 5), (0, 5)])
U_SHAPE = Polygon([(0, 0), (7, 0), (7, 6), (5, 6), (5, 2), (2, 2), (2, 6), (0, 6)])
FRAME = box(0, 0, 100, 80).difference(box(20, 20, 70, 60))
TWO_HOLES = box(0, 0, 100, 80).difference(box(10, 10, 40, 70)).difference(Polygon([(60, 20), (90, 30), (70, 60)]))

SAMPLES = {
    "square": box(0, 0, 1, 1),
    "L": L_SHAPE,
    "U": U_SHAPE,
    "comb": comb(5),
    "turned comb": rotate(comb(5), 33.3, origin=(0, 0)),
    "star": star(5, 40.0),
    "thin star": star(7, 3.0),
    "frame": FRAME,
    "turned frame": rotate(FRAME, 17.0, origin=(0, 0)),
    "two holes": TWO_HOLES,
    "garment 20": garment(20, 1),
    "garment 88": garment(88, 4),
    "far away": shapely.affinity.translate(garment(30, 5), 1e6, -1e6),
    "tiny": shapely.affinity.scale(garment(30, 6), 1e-5, 1e-5, origin=(0, 0)),
    "needle": Polygon([(0, 0), (1000, 0.001), (2000, 0), (1000, 0.003)]),
}


@st.composite
def ragged(draw: st.DrawFn) -> Polygon:
    """A polygon that sees its centre, with whole-number corners where that leaves it simple."""
    radii = draw(st.lists(st.integers(10, 100), min_size=3, max_size=14))
    angle = np.arange(len(radii)) * 2 * np.pi / len(radii) + draw(st.sampled_from([0.0, 0.3, np.pi / 4]))
    exact = np.column_stack([np.cos(angle), np.sin(angle)]) * np.array(radii)[:, None]
    rounded = Polygon(np.round(exact))
    return rounded if rounded.is_valid and rounded.area > 0 else Polygon(exact)


@st.composite
def blocks(draw: st.DrawFn) -> Polygon:
    """A rectilinear polygon on a small grid, sometimes with holes: most of its edges are in line with others."""
    cells = draw(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=14, unique=True))
    area = shapely.union_all([box(x, y, x + 1, y + 1) for x, y in cells])
    parts = [area] if isinstance(area, Polygon) else list(area.geoms)
    return max(parts, key=lambda part: part.area)
