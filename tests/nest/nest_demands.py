"""Outlines like those of garments, and demands of them, for the tests of the nest."""

from __future__ import annotations

import numpy as np
from shapely.geometry import Polygon

from cutkit.model import Copy, Demand, OrderedPiece

TWO_WAY = (0.0, 180.0)
QUARTERS = (0.0, 90.0, 180.0, 270.0)


def blob(rng: np.random.Generator, points: int, size: float) -> Polygon:
    """A simple, partly hollow outline about the origin."""
    t = np.linspace(0, 2 * np.pi, points, endpoint=False)
    r = 1 + sum(rng.normal(0, 0.3 / h) * np.cos(h * t + rng.uniform(0, 6.28)) for h in range(2, 5))
    r = np.maximum(r, 0.25) * size
    return Polygon(np.c_[r * np.cos(t) * rng.uniform(0.6, 1.6), r * np.sin(t)])


def demand(*items: tuple[Polygon, int], angles=TWO_WAY, mirrored: int = 0) -> Demand:
    """``items`` are outlines with their counts; ``mirrored`` more of each are ordered mirrored."""
    pieces, copies = [], []
    for k, (outline, count) in enumerate(items):
        piece = OrderedPiece(f"P{k}", f"P{k}", "M", outline, count, mirrored, allowed_angles_deg=angles)
        pieces.append(piece)
        copies += [Copy(piece.id, n + 1, False, angles) for n in range(count)]
        copies += [Copy(piece.id, n + 1, True, angles) for n in range(mirrored)]
    return Demand("", tuple(pieces), tuple(copies))


def blobs(seed: int, types: int, each: int, points: int = 12, size: float = 100.0, **more) -> Demand:
    """A demand of random outlines."""
    rng = np.random.default_rng(seed)
    return demand(*((blob(rng, points, size * rng.uniform(0.4, 1.2)), each) for _ in range(types)), **more)
