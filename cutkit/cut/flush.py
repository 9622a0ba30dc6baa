"""Where lines lie flush: pieces that share an edge, so that a cut along one is a cut along the other.

Everything is in places along a line, in mm from its first point.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.ops import substring

from cutkit.cut.strokes import CONTOURS, PieceStrokes
from cutkit.model import Point

Floats = NDArray[np.float64]
Span = tuple[float, float]
NEAR_MM = 0.1
"""A neighbour's cut this near frees a piece as its own does."""
JOIN_MM = 0.05
"""Stretches this near to one another are one: between them lies a corner, or a vertex of the other line."""


class Edges:
    """The edges of some lines, to be asked which stretches of another line lie along them.

    ``owners`` are the pieces that the lines belong to.
    """

    def __init__(self, lines: Sequence[Sequence[Point]], owners: Sequence[int]) -> None:
        self.edges = _edges(lines)
        self.owner = np.repeat(owners, [len(line) - 1 for line in lines])
        self.tree = shapely.STRtree(shapely.linestrings(self.edges.reshape(-1, 2, 2)))

    def along(self, line: Sequence[Point], tolerance_mm: float, but: int = -1) -> list[Span]:
        """The stretches of ``line`` that run along one of these edges, at most so far off, in order and disjoint.

        Edges of the piece ``but`` do not count.
        """
        own = _edges([line])
        mine, theirs = self.tree.query(
            shapely.linestrings(own.reshape(-1, 2, 2)), predicate="dwithin", distance=tolerance_mm
        )
        other = self.owner[theirs] != but
        mine, theirs = mine[other], theirs[other]
        length = np.hypot(*(own[:, 2:] - own[:, :2]).T)
        start = np.cumsum(length) - length
        low, high = _stretch(own[mine], self.edges[theirs], tolerance_mm)
        long = high - low > 1e-9
        return joined(list(zip((start[mine] + low)[long].tolist(), (start[mine] + high)[long].tolist(), strict=True)))


def _edges(lines: Sequence[Sequence[Point]]) -> Floats:
    pairs = [(*a, *b) for line in lines for a, b in pairwise(line)]
    return np.array(pairs, dtype=float).reshape(-1, 4)


def _stretch(own: Floats, other: Floats, tolerance_mm: float) -> tuple[Floats, Floats]:
    """From where to where on each edge of ``own`` the edge of ``other`` beside it is at most so far off; in mm."""
    way = own[:, 2:] - own[:, :2]
    length = np.maximum(np.hypot(way[:, 0], way[:, 1]), 1e-12)
    unit = way / length[:, None]
    ends = [other[:, k : k + 2] - own[:, :2] for k in (0, 2)]
    along = [(end * unit).sum(axis=1) for end in ends]
    aside = [unit[:, 0] * end[:, 1] - unit[:, 1] * end[:, 0] for end in ends]
    reach = along[1] - along[0]
    slope = (aside[1] - aside[0]) / np.where(np.abs(reach) < 1e-12, 1e-12, reach)
    level = np.abs(slope) < 1e-12  # else they cross at ``middle``, and so ``wide`` to either side are still near
    steep = np.where(level, 1.0, slope)
    middle, wide = along[0] - aside[0] / steep, tolerance_mm / np.abs(steep)
    low = np.maximum(np.clip(np.minimum(*along), 0.0, length), np.where(level, 0.0, middle - wide))
    high = np.minimum(np.clip(np.maximum(*along), 0.0, length), np.where(level, length, middle + wide))
    fine = (high > low) & (~level | (np.abs(aside[0]) <= tolerance_mm))
    return np.where(fine, low, 0.0), np.where(fine, high, 0.0)


def joined(spans: Sequence[Span]) -> list[Span]:
    """The stretches in order, those that meet or nearly do as one."""
    found: list[Span] = []
    for low, high in sorted(spans):
        if found and low <= found[-1][1] + JOIN_MM:
            found[-1] = (found[-1][0], max(found[-1][1], high))
        else:
            found.append((low, high))
    return found


def left_of(length: float, spans: Sequence[Span]) -> list[Span]:
    """What is left of a line of some length without ``spans``, which are in order and disjoint."""
    edges = [0.0, *(place for span in spans for place in span), length]
    return [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if high > low]


def contours_of(pieces: Sequence[PieceStrokes]) -> Edges:
    """The edges of all boundaries and cut-outs of some pieces, by placement."""
    found = [stroke for piece in pieces for stroke in piece.strokes if stroke.kind in CONTOURS]
    return Edges([stroke.points for stroke in found], [stroke.placement for stroke in found])


def part(points: Sequence[Point], start: float, end: float) -> tuple[Point, ...]:
    """The part of a line between two places; of a closed line on across its first point, where ``end`` is less."""
    line = LineString(points)
    if end > start:
        return _sub(line, start, end)
    to_end, from_start = _sub(line, start, line.length), _sub(line, 0.0, end)
    return (*to_end, *from_start[1:])


def _sub(line: LineString, start: float, end: float) -> tuple[Point, ...]:
    return tuple((float(x), float(y)) for x, y, *_ in substring(line, start, end).coords)
