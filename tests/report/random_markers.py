"""Random markers without a nest: the shapes of the soak test on shelves, with flaws where nothing lies."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
from shapely.geometry import Polygon, box

from cutkit.model import Defect, Fabric, Marker, NestSettings, OrderedPiece, Placement

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "nest"))

from random_jobs import random_job


def random_marker(number: int) -> Marker:
    """Marker ``number``: up to 14 pieces in columns, some touching, at angles of their own, with holes and flaws."""
    rng = np.random.default_rng([5, number])
    pieces = random_job(number).demand.pieces
    reach = max(max(_size(piece.outline)) for piece in pieces)
    width, selvedge = float(rng.uniform(1.0, 3.0)) * reach, float(rng.choice([0.0, 0.02])) * reach
    gap = float(rng.choice([0.0, 0.0, 0.03])) * reach
    placements: list[Placement] = []
    polygons: list[Polygon] = []
    x, y, column = 0.0, 0.0, 0.0
    for piece in pieces:
        for copy in range(piece.total):
            angle = float(rng.choice([0.0, 90.0, 180.0, 31.7]))
            laid = Placement(piece.id, copy + 1, 0.0, 0.0, angle, bool(rng.random() < 0.3))
            x0, y0, x1, y1 = laid.polygon(piece.outline).bounds
            if y1 - y0 > width:
                continue
            if y + y1 - y0 > width:
                x, y, column = x + column + gap, 0.0, 0.0
            placed = Placement(piece.id, copy + 1, x - x0, y - y0, angle, laid.mirrored)
            placements.append(placed)
            polygons.append(placed.polygon(piece.outline))
            y, column = y + y1 - y0 + gap, max(column, x1 - x0)
    length = max((polygon.bounds[2] for polygon in polygons), default=0.0)
    flaws = tuple(Defect(flaw) for _ in range(3) if (flaw := _flaw(rng, polygons, length, width)))
    counted = tuple(_counted(piece, placements) for piece in pieces)
    fabric = Fabric(width + 2 * selvedge, selvedge, defects=flaws)
    return Marker(fabric, counted, tuple(placements), NestSettings())


def _size(outline: Polygon) -> tuple[float, float]:
    x0, y0, x1, y1 = outline.bounds
    return x1 - x0, y1 - y0


def _flaw(
    rng: np.random.Generator, polygons: list[Polygon], length: float, width: float
) -> tuple[float, float, float, float] | None:
    """A box where no piece lies, perhaps reaching over the cloth's edge."""
    x, y = rng.uniform(-0.05, 1.0) * length, rng.uniform(-0.05, 1.0) * width
    corners = (float(x), float(y), float(x + 0.08 * length), float(y + 0.06 * width))
    return None if any(box(*corners).intersects(polygon) for polygon in polygons) else corners


def _counted(piece: OrderedPiece, placements: list[Placement]) -> OrderedPiece:
    mine = sum(placement.piece == piece.id for placement in placements)
    return replace(piece, ordered=mine, ordered_mirrored=0, may_mirror=True)
