"""Which lines of a marker a path runs along, how often and where: exact, by intervals along every line.

All lines to be cut are laid end to end on one axis (with a gap between them). A segment of the blade's path that runs
along an edge, in either direction and nearer than a tolerance, covers an interval of that axis; sorting the ends of all
intervals gives how often each stretch is covered. Where edges of two pieces lie flush, a pass along one covers the
other too; so each stretch also knows how many passes it must have: its own and those of the edges flush with it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

Array = NDArray[np.float64]
Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]
Span = tuple[float, float]

LEAST_COSINE = 0.87
"""A segment within 30 degrees of an edge runs along it; what crosses it does not."""
BETWEEN_LINES_MM = 10.0


@dataclass(frozen=True, eq=False)
class Overlaps:
    """Stretches where a segment runs along an edge: indices of both, and the interval on the common axis."""

    segment: Indices
    edge: Indices
    start_mm: Array
    end_mm: Array

    def only(self, keep: NDArray[np.bool_]) -> Overlaps:
        """Those stretches for which ``keep`` is true."""
        return Overlaps(self.segment[keep], self.edge[keep], self.start_mm[keep], self.end_mm[keep])

    def picked(self, which: Indices) -> Overlaps:
        """Those with some numbers."""
        return Overlaps(self.segment[which], self.edge[which], self.start_mm[which], self.end_mm[which])

    def and_also(self, more: Overlaps) -> Overlaps:
        """These stretches and then those."""
        return Overlaps(
            np.append(self.segment, more.segment),
            np.append(self.edge, more.edge),
            np.append(self.start_mm, more.start_mm),
            np.append(self.end_mm, more.end_mm),
        )


class Lines:
    """The lines to be cut, laid end to end on one axis."""

    def __init__(self, lines: list[Array]) -> None:
        counts = np.array([len(points) - 1 for points in lines], dtype=np.int64)
        self.line_of_edge = np.repeat(np.arange(len(lines)), counts)
        self.edges = np.concatenate([np.hstack([p[:-1], p[1:]]) for p in lines]) if lines else np.zeros((0, 4))
        edge_mm = np.hypot(self.edges[:, 2] - self.edges[:, 0], self.edges[:, 3] - self.edges[:, 1])
        self.length_mm = np.bincount(self.line_of_edge, edge_mm, minlength=len(lines))
        jumps = self.line_of_edge * BETWEEN_LINES_MM
        self.edge_start_mm = np.cumsum(edge_mm) - edge_mm + jumps
        first_edge = np.cumsum(counts) - counts
        self.start_mm = self.edge_start_mm[first_edge]
        self.tree = tree_of(self.edges)

    def along(self, segments: Array, tolerance_mm: float, tree: shapely.STRtree | None = None) -> Overlaps:
        """Where ``segments`` (rows of x0, y0, x1, y1) run along the lines' edges, nearer than the tolerance.

        ``tree``: one over these segments, where there is one; a long path takes much memory to be built twice.
        """
        shapes = (tree or tree_of(segments)).geometries
        pairs = self.tree.query(shapes, predicate="dwithin", distance=tolerance_mm)
        segment, edge = pairs[0].astype(np.int64), pairs[1].astype(np.int64)
        low, high = _shared_interval(segments[segment], self.edges[edge], tolerance_mm)
        keep = high - low > 1e-6
        start = self.edge_start_mm[edge]
        return Overlaps(segment[keep], edge[keep], (start + low)[keep], (start + high)[keep])

    def nearest(self, points: Array) -> Array:
        """The distance of each point from the nearest line; infinite where there are no lines."""
        return nearest_mm(self.tree, points)[0]

    def places_mm(self, line: int) -> Array:
        """Where the points of a line lie on the axis."""
        first, end = np.searchsorted(self.line_of_edge, [line, line + 1])
        return np.append(self.edge_start_mm[first:end], self.start_mm[line] + self.length_mm[line])

    def line_at(self, axis_mm: Array) -> Indices:
        """The line that holds each place on the axis."""
        found: Indices = np.searchsorted(self.start_mm, axis_mm, side="right") - 1
        return found


def tree_of(segments: Array) -> shapely.STRtree:
    """A search tree over segments (rows of x0, y0, x1, y1)."""
    return shapely.STRtree(shapely.linestrings(segments.reshape(-1, 2, 2)))


def nearest_mm(tree: shapely.STRtree, points: Array) -> tuple[Array, Indices]:
    """For each point, how far the nearest segment of a tree is, and which that is; infinite and -1 if it is empty."""
    distance, which = np.full(len(points), np.inf), np.full(len(points), -1)
    if len(tree.geometries) and len(points):
        pair, found = tree.query_nearest(shapely.points(points), return_distance=True, all_matches=False)
        distance[pair[0]], which[pair[0]] = found, pair[1]
    return distance, which


def _shared_interval(a: Array, b: Array, tolerance_mm: float) -> tuple[Array, Array]:
    """From where to where on each edge of ``b``, in mm, the segment of ``a`` runs along it; 0, 0 where it does not."""
    along_b = b[:, 2:] - b[:, :2]
    length = np.maximum(np.hypot(along_b[:, 0], along_b[:, 1]), 1e-12)
    unit = along_b / length[:, None]
    from_start, from_end = a[:, :2] - b[:, :2], a[:, 2:] - b[:, :2]
    t0, t1 = (from_start * unit).sum(axis=1), (from_end * unit).sum(axis=1)
    d0 = from_start[:, 1] * unit[:, 0] - from_start[:, 0] * unit[:, 1]
    d1 = from_end[:, 1] * unit[:, 0] - from_end[:, 0] * unit[:, 1]
    way = np.hypot(t1 - t0, d1 - d0)
    parallel = np.abs(t1 - t0) >= LEAST_COSINE * np.maximum(way, 1e-12)
    u_low, u_high = _part_between(d0, d1, -tolerance_mm, tolerance_mm)
    ends = np.stack([t0 + (t1 - t0) * u_low, t0 + (t1 - t0) * u_high])
    low = np.clip(ends.min(axis=0), 0.0, length)
    high = np.clip(ends.max(axis=0), 0.0, length)
    fine = parallel & (u_high > u_low)
    return np.where(fine, low, 0.0), np.where(fine, high, 0.0)


def _part_between(first: Array, last: Array, low: float, high: float) -> tuple[Array, Array]:
    """From which to which share of its way (0 to 1) a value that runs evenly from first to last is between the two."""
    change = last - first
    steady = np.abs(change) < 1e-12
    inside = (first >= low) & (first <= high)
    divisor = np.where(steady, 1.0, change)
    a, b = (low - first) / divisor, (high - first) / divisor
    begin = np.where(steady, 0.0, np.clip(np.minimum(a, b), 0.0, 1.0))
    end = np.where(steady, np.where(inside, 1.0, 0.0), np.clip(np.maximum(a, b), 0.0, 1.0))
    return begin, end


@dataclass(frozen=True, eq=False)
class Stretches:
    """The axis cut at every change: each stretch with its line, its length, and counts that hold all along it."""

    line: Indices
    start_mm: Array
    length_mm: Array
    passes: Array
    fewest: Array
    most: Array

    def within(self, spans: list[Span]) -> NDArray[np.bool_]:
        """For each stretch whether its middle lies in one of ``spans`` of the axis."""
        middle = self.start_mm + self.length_mm / 2
        inside = np.zeros(len(middle), dtype=bool)
        for low, high in spans:
            inside |= (middle > low) & (middle < high)
        return inside


def stretches(lines: Lines, cut: Overlaps, fewest: tuple[Overlaps, Array], most: tuple[Overlaps, Array]) -> Stretches:
    """How often each stretch of the lines is covered, and how often it must and may be: once, and with its neighbours.

    ``fewest`` and ``most`` are overlaps with neighbours and the weight of each.
    """
    ends = lines.start_mm + lines.length_mm
    marks = [lines.start_mm, ends]
    for overlaps in (cut, fewest[0], most[0]):
        marks += [overlaps.start_mm, overlaps.end_mm]
    axis = np.unique(np.concatenate(marks))
    middle = (axis[:-1] + axis[1:]) / 2
    line = lines.line_at(middle)
    on_line = middle < ends[line]
    counts = [
        _count(axis, cut, np.ones(len(cut.start_mm))),
        1.0 + _count(axis, *fewest),
        1.0 + _count(axis, *most),
    ]
    length = np.diff(axis)
    return Stretches(line[on_line], axis[:-1][on_line], length[on_line], *(c[on_line] for c in counts))


def _count(axis: Array, overlaps: Overlaps, weight: Array) -> Array:
    """The summed weight of the intervals over each stretch between two marks of the axis."""
    steps = np.zeros(len(axis))
    np.add.at(steps, np.searchsorted(axis, overlaps.start_mm), weight)
    np.add.at(steps, np.searchsorted(axis, overlaps.end_mm), -weight)
    counts: Array = np.cumsum(steps)[:-1]
    return np.round(counts, 6)


def spans(cut: Overlaps) -> list[Span]:
    """The stretches of the axis that are covered, each once, in order."""
    return merged(zip(cut.start_mm.tolist(), cut.end_mm.tolist(), strict=True))


def merged(found: Iterable[Span]) -> list[Span]:
    """Stretches of the axis, each place once, in order."""
    joined: list[Span] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1] + 1e-6:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def length_mm(found: list[Span]) -> float:
    """The length of some stretches together."""
    return sum(high - low for low, high in found)


def common(first: list[Span], second: list[Span]) -> list[Span]:
    """Where both of two lists of stretches cover the axis."""
    both = [(max(a, c), min(b, d)) for a, b in first for c, d in second]
    return [(low, high) for low, high in both if high > low]


def repeated_mm(cut: Overlaps, run: Indices, line: Indices, most_mm: float, lines: int) -> Array:
    """For each line, how much of it single strokes cut more than once, as an overcut does: at most so much a stroke."""
    if not len(run):
        return np.zeros(lines)
    order = np.lexsort((cut.start_mm, line, run))
    run, line = run[order], line[order]
    group = np.cumsum((np.diff(run, prepend=-1) != 0) | (np.diff(line, prepend=-1) != 0)) - 1
    shift = group * (float(cut.end_mm.max()) + 1.0)
    start, end = cut.start_mm[order] + shift, cut.end_mm[order] + shift
    reached = np.concatenate([[0.0], np.maximum.accumulate(end)[:-1]])
    again = np.bincount(group, np.clip(np.minimum(reached, end) - start, 0.0, None))
    first = np.flatnonzero(np.diff(group, prepend=-1))
    totals: Array = np.bincount(line[first], np.minimum(again, most_mm), minlength=lines).astype(float)
    return totals


def gaps_of(found: Stretches, flag: NDArray[np.bool_], longer_than_mm: float) -> dict[int, list[Span]]:
    """For each line its flagged stretches on the axis, each uninterrupted, but for short ones amid others."""
    gaps: dict[int, list[Span]] = {}
    for line, start, length in zip(found.line[flag], found.start_mm[flag], found.length_mm[flag], strict=True):
        own = gaps.setdefault(int(line), [])
        if own and start - own[-1][1] <= 1e-6:
            own[-1] = (own[-1][0], float(start + length))
        else:
            own.append((float(start), float(start + length)))
    return {line: own for line, own in gaps.items() if any(b - a > longer_than_mm for a, b in own)}


def around(gaps: list[Span], start: float, end: float) -> list[list[Span]]:
    """The gaps of a closed line, each in its parts: one that lies across the line's first point has two."""
    if len(gaps) > 1 and gaps[0][0] <= start + 1e-6 and gaps[-1][1] >= end - 1e-6:
        return [[gaps[-1], gaps[0]], *([gap] for gap in gaps[1:-1])]
    return [[gap] for gap in gaps]


def summed_where(found: Stretches, flag: NDArray[np.bool_], longer_than_mm: float, lines: int) -> Array:
    """For each line, the length of its flagged stretches, counting only those that together, uninterrupted, are longer
    than a limit (what is shorter comes of rounding at the corners)."""
    change = np.ones(len(flag), dtype=bool)
    change[1:] = (flag[1:] != flag[:-1]) | (found.line[1:] != found.line[:-1])
    first = np.flatnonzero(change)
    if len(first) == 0:
        return np.zeros(lines)
    sums = np.add.reduceat(found.length_mm, first)
    keep = flag[first] & (sums > longer_than_mm)
    totals: Array = np.bincount(found.line[first][keep], sums[keep], minlength=lines).astype(float)
    return totals
