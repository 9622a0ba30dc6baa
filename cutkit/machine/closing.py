"""When each contour of a marker is cut through, from the path of the tip alone.

Usually a contour is closed by its own strokes. Where a neighbour lies flush, its cut runs along the line too, and all
that can be asked is which strokes cut the most of it. A contour may be made in parts, with notches between them; parts
that go on where the last one ended are one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import dist

import numpy as np
from numpy.typing import NDArray
from shapely.geometry import LineString
from shapely.geometry import Point as ShapelyPoint

from cutkit.machine.coverage import Indices, Lines, Overlaps, Span, length_mm, merged, spans
from cutkit.machine.tip_path import TipPath
from cutkit.model import Point

OPEN_MM = 1.0
"""A closed line of which no more than this is uncut counts as cut through: what it frees lies loose."""
SPLIT_OPEN_MM = 0.4
"""One that is cut in several windows hangs by the least of its parts."""
ADDS_MM = 0.05
"""A stroke that adds no more to what is cut of a line does not close it."""
JOIN_MM = 0.1
"""A part that begins so near to where the last one ended goes on with it."""
ALONG_SHARE = 0.9
"""A stroke of which so much runs along contours is a part of one."""


@dataclass(frozen=True, eq=False)
class ContourCuts:
    """The path, where it runs along which lines, which of the lines are closed, and which are split between windows.

    A part of a contour begins within ``join_mm`` of where the last one ended.
    """

    path: TipPath
    cut: Overlaps
    lines: Lines
    closed: NDArray[np.bool_]
    split: frozenset[int] = frozenset()
    join_mm: float = JOIN_MM

    def closed_at(self) -> Indices:
        """For every line the sample at which its own strokes have cut it through; -1: never.

        Its own are those that cut the most of it, of equals the first: a line cut twice frees the piece the first time.
        """
        line_of_cut, stroke_of_cut = self._line_of_cut, self._contours()[self.path.run[self.cut.segment]]
        order = np.lexsort((stroke_of_cut, line_of_cut))
        line, stroke = line_of_cut[order], stroke_of_cut[order]
        first = np.flatnonzero((np.diff(line, prepend=-1) != 0) | (np.diff(stroke, prepend=-1) != 0))
        groups = np.split(order, first[1:])
        found = np.full(len(self.closed), -1)
        bounds = np.searchsorted(line[first], np.arange(len(self.closed) + 1))
        for k in np.flatnonzero(self.closed).tolist():
            strokes = [self._part(group) for group in groups[bounds[k] : bounds[k + 1]]]
            found[k] = _cut_through_at(strokes, self._enough_mm(k)) if strokes else -1
        return found

    def _part(self, group: Indices) -> tuple[int, list[Span]]:
        """The last sample of some cuts, and what they cover."""
        return int(self.path.sample[self.cut.segment[group]].max()), spans(self.cut.picked(group))

    def closed_jointly_at(self) -> Indices:
        """For every closed line the sample at which it is cut through, whoever's strokes did it; -1: never."""
        found = np.full(len(self.closed), -1)
        order = np.lexsort((-self.path.sample[self.cut.segment], self._line_of_cut))
        bounds = np.searchsorted(self._line_of_cut[order], np.arange(len(self.closed) + 1))
        for k in np.flatnonzero(self.closed):
            found[k] = self._jointly_at(order[bounds[k] : bounds[k + 1]], self._enough_mm(int(k)))
        return found

    def _jointly_at(self, latest_first: Indices, enough_mm: float) -> int:
        """The sample at which some stretches of a line, the latest first, have together covered enough."""
        start, end = self.cut.start_mm[latest_first], self.cut.end_mm[latest_first]
        axis = np.unique(np.append(start, end))
        covered = np.full(max(len(axis) - 1, 0), -1)
        samples = self.path.sample[self.cut.segment[latest_first]]
        lows, highs = np.searchsorted(axis, start).tolist(), np.searchsorted(axis, end).tolist()
        for low, high, sample in zip(lows, highs, samples.tolist(), strict=True):
            covered[low:high] = sample
        made = covered >= 0
        when, length = covered[made], np.diff(axis)[made]
        order = np.argsort(when, kind="stable")
        needed = int(np.searchsorted(np.cumsum(length[order]), enough_mm))
        return int(when[order[needed]]) if needed < len(order) else -1

    def _enough_mm(self, line: int) -> float:
        return float(self.lines.length_mm[line]) - (SPLIT_OPEN_MM if line in self.split else OPEN_MM)

    @property
    def _line_of_cut(self) -> Indices:
        return self.lines.line_of_edge[self.cut.edge]

    def _contours(self) -> Indices:
        """For every stroke its own number; of the parts of one contour that of the first."""
        size = int(self.path.run.max(initial=-1)) + 1
        number = np.arange(size)
        contour = self.closed[self._line_of_cut]
        length = (self.cut.end_mm - self.cut.start_mm)[contour]
        along = np.bincount(self.path.run[self.cut.segment[contour]], length, minlength=size)
        parts = np.flatnonzero((along > 0) & (along >= ALONG_SHARE * self.path.lengths_mm(size)))
        for first, later in _chains([(int(run), self._points(int(run))) for run in parts], self.join_mm):
            number[later] = first
        return number

    def _points(self, run: int) -> list[Point]:
        segments = self.path.of_run(run)
        return [(x, y) for x, y in [*segments[:1, :2].tolist(), *segments[:, 2:].tolist()]]


def _chains(strokes: list[tuple[int, list[Point]]], join_mm: float) -> Iterator[tuple[int, int]]:
    """Pairs of strokes by their numbers: the first part of a contour, and a later one; a contour ends at its start."""
    first, begun, here = -1, (0.0, 0.0), (0.0, 0.0)
    for number, points in strokes:
        goes_on = first >= 0 and dist(points[0], here) <= join_mm
        if goes_on:
            yield first, number
        else:
            first, begun = number, points[0]
        here = points[-1]
        behind = points if goes_on else points[len(points) // 2 :]
        if len(behind) > 1 and LineString(behind).distance(ShapelyPoint(begun)) <= JOIN_MM:
            first = -1


def _cut_through_at(strokes: list[tuple[int, list[Span]]], enough_mm: float) -> int:
    """When strokes, each with its last sample and what it cuts of a line, have together cut enough of it; -1: never.

    Those that cut the most are the line's own; of such within a hundredth and a millimetre the earliest. Others count
    for what they add, the longest first.
    """
    lengths = np.array([length_mm(cut) for _, cut in strokes])
    if lengths.sum() < enough_mm:
        return -1
    own = int(np.flatnonzero(lengths >= lengths.max() - 1.0 - 0.01 * lengths.max())[0])
    at, done = strokes[own]
    for k in np.argsort(-lengths, kind="stable").tolist():
        if length_mm(done) >= enough_mm:
            break
        sample, cut = strokes[k]
        joined = merged([*done, *cut])
        if length_mm(joined) > length_mm(done) + ADDS_MM:
            at, done = max(at, sample), joined
    return at if length_mm(done) >= enough_mm else -1
