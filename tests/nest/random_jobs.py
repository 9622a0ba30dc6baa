"""Small random jobs of every kind that the nest must cope with, each made from its number alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import shapely
from shapely.affinity import rotate, scale, translate
from shapely.geometry import Polygon, box
from shapely.geometry.polygon import orient

from cutkit.model import Copy, Demand, Fabric, NestSettings, OrderedPiece

ANGLES = (
    (0.0,),
    (0.0, 180.0),
    (0.0, 180.0),
    (0.0, 90.0, 180.0, 270.0),
    (90.0,),
    (45.0,),
    (0.0, 37.3, 180.0),
    tuple(30.0 * k for k in range(12)),
)


@dataclass(frozen=True)
class Job:
    """What ``nest`` is called with."""

    fabric: Fabric
    demand: Demand
    settings: NestSettings


def random_job(number: int) -> Job:
    """Job ``number``: up to 6 types and 14 copies, on a strip that most of them fit."""
    rng = np.random.default_rng(number)
    unit = float(10.0 ** rng.choice([-2.0, 0.0, 0.0, 0.0, 1.0, 2.0, 4.0]))
    width = 100.0 * unit
    whole_mm = unit >= 1 and rng.random() < 0.3
    angles = ANGLES[rng.integers(len(ANGLES))]
    nap = str(rng.choice(["two-way", "two-way", "one-way", "per-bundle"]))
    pieces: list[OrderedPiece] = []
    copies: list[Copy] = []
    for k in range(rng.integers(1, 7)):
        outline = _laid_out_oddly(rng, scale(_outline(rng), unit, unit, origin=(0, 0)), unit, whole_mm)
        counts = (int(rng.integers(1, 4)), int(rng.integers(0, 2)))
        piece = OrderedPiece(
            f"P{k}", f"P{k}", "M", outline, *counts, allowed_angles_deg=angles, may_mirror=bool(rng.random() < 0.2)
        )
        pieces.append(piece)
        copies += _copies(piece, nap)
    room = float(rng.choice([width, 3 * width])) if rng.random() < 0.1 else None
    selvedge = width * float(rng.choice([0.0, 0.0, 0.013]))
    fabric = Fabric(width + 2 * selvedge, selvedge, nap, max_length_mm=room)
    gap = width * float(rng.choice([0.0, 0.0, 0.0, 0.003, 0.05]))
    tilt_deg = float(rng.choice([0.0, 0.0, 0.0, 0.5, 3.0]))
    pieces = [replace(piece, tilt_deg=tilt_deg) for piece in pieces]
    return Job(fabric, Demand("", tuple(pieces), tuple(copies)), NestSettings(gap, number, rounds=5, workers=1))


def _copies(piece: OrderedPiece, nap: str) -> list[Copy]:
    angles = {"two-way": piece.allowed_angles_deg, "one-way": piece.allowed_angles_deg[:1]}
    copies = []
    for n in range(piece.total):
        mirrored = None if piece.may_mirror else n >= piece.ordered
        turned = piece.allowed_angles_deg[n % len(piece.allowed_angles_deg)]
        copies.append(Copy(piece.id, n + 1, mirrored, angles.get(nap, piece.allowed_angles_deg[:1] or (turned,))))
    return copies


def _outline(rng: np.random.Generator) -> Polygon:
    """An outline about the size of a strip of 100, or far smaller, or larger in one direction."""
    kinds = (_convex, _star, _star, _blocks, _blocks, _with_holes, _needle, _tiny, _garment, _rectangle)
    return kinds[rng.integers(len(kinds))](rng)


def _convex(rng: np.random.Generator) -> Polygon:
    return shapely.multipoints(rng.uniform(0, 60, (int(rng.integers(3, 12)), 2))).convex_hull


def _star(rng: np.random.Generator) -> Polygon:
    """A polygon that sees its centre."""
    count = int(rng.integers(3, 25))
    angle = np.sort(rng.uniform(0, 2 * np.pi, count)) if rng.random() < 0.5 else np.arange(count) * 2 * np.pi / count
    radius = rng.uniform(3, 40, count)
    ring = Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle)]))
    return ring if ring.is_valid and ring.area > 1 else _convex(rng)


def _garment(rng: np.random.Generator) -> Polygon:
    """A smooth closed curve with hollows, of up to 120 points."""
    angle = np.linspace(0, 2 * np.pi, int(rng.integers(8, 120)), endpoint=False)
    waves = sum(rng.normal(0, 0.3 / h) * np.cos(h * angle + rng.uniform(0, 6.28)) for h in range(2, 6))
    radius = np.maximum(1 + np.asarray(waves), 0.2) * rng.uniform(8, 35)
    return Polygon(np.column_stack([radius * np.cos(angle), radius * np.sin(angle) * rng.uniform(0.4, 1)]))


def _blocks(rng: np.random.Generator) -> Polygon:
    """A rectilinear polygon on a coarse grid: its edges are in line with others, its holes are exact fits."""
    side = float(rng.choice([5.0, 7.5, 10.0]))
    cells = [box(x * side, y * side, (x + 1) * side, (y + 1) * side) for x, y in rng.integers(0, 6, (14, 2))]
    area = shapely.union_all(cells)
    return max([area] if isinstance(area, Polygon) else area.geoms, key=lambda part: part.area)


def _with_holes(rng: np.random.Generator) -> Polygon:
    outer = _rectangle(rng) if rng.random() < 0.5 else _convex(rng)
    x, y = outer.centroid.coords[0]
    hole = translate(scale(outer, 0.6, 0.6, origin=(x, y)), *rng.uniform(-1, 1, 2))
    cut = outer.difference(hole)
    return cut if isinstance(cut, Polygon) else outer


def _needle(rng: np.random.Generator) -> Polygon:
    thin = 10.0 ** rng.uniform(-7, 0)
    length = rng.uniform(10, 150)
    turned = rotate(Polygon([(0, 0), (length, rng.uniform(-1, 1) * thin), (0.6 * length, thin)]), rng.uniform(0, 180))
    return turned if turned.is_valid and turned.area > 0 else box(0, 0, length, thin)


def _tiny(rng: np.random.Generator) -> Polygon:
    return scale(_convex(rng), 0.02, 0.02, origin=(0, 0))


def _rectangle(rng: np.random.Generator) -> Polygon:
    """Often as long or as wide as the strip, or half of that."""
    sides = [100.0, 50.0, 25.0, float(rng.uniform(5, 130))]
    return box(0, 0, sides[rng.integers(4)], sides[rng.integers(4)])


def _laid_out_oddly(rng: np.random.Generator, outline: Polygon, unit: float, whole_mm: bool) -> Polygon:
    """The same outline clockwise, far from the origin, on whole millimetres, or with points that say nothing new."""
    if whole_mm:
        rounded = shapely.transform(outline, np.round)
        outline = rounded if rounded.is_valid and rounded.area > 0 else outline
    if rng.random() < 0.3:
        outline = translate(outline, *rng.uniform(-1e6, 1e6, 2).round(3)) if unit >= 1 else outline
    if rng.random() < 0.4:
        outline = orient(outline, -1.0)
    return _with_idle_points(rng, outline) if rng.random() < 0.3 else outline


def _with_idle_points(rng: np.random.Generator, outline: Polygon) -> Polygon:
    """Points twice, and points in the middle of edges."""
    ring: list[tuple[float, float]] = []
    corners = list(outline.exterior.coords)
    for (ax, ay), (bx, by) in pairwise(corners):
        ring += [(ax, ay)] * int(rng.integers(1, 3))
        if rng.random() < 0.5:
            ring.append(((ax + bx) / 2, (ay + by) / 2))
    odd = Polygon(ring, outline.interiors)
    return odd if odd.is_valid else outline
