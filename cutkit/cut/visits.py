"""One piece as a stop of the cutter: where the work on it may begin and end, and the way with the tool up within.

The strokes of a piece are made phase after phase, the boundary last. Where a phase begins is free, and so is where a
contour does; of the ways to begin a few that lie far apart are tried, each followed by the shortest way through the
rest. Where the boundary, which is the last stroke, begins is decided when the next piece is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from math import atan2, cos, radians

import numpy as np
from numpy.typing import NDArray

from cutkit.cut.blade import is_closed
from cutkit.kernels import route
from cutkit.model import Point
from cutkit.toolpath import Stroke

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]
CORNER_DEG = 20.0
"""A contour begins at one of its corners, if it has any: a trace of the start shows least there."""
MOST_ENTRIES = 4
MOST_EXITS = 6
"""So many ways to begin a piece, and to begin its boundary, are weighed while the pieces are put in order."""
MOST_STARTS = 12
"""So many starts of a single line are weighed."""
NEAR = 10
"""A stop may go beside one of so many near ones."""


@dataclass(frozen=True)
class Start:
    """A stroke that begins at one of its points: where it begins and where it ends."""

    stroke: Stroke
    index: int

    @property
    def entry(self) -> Point:
        """Where the tool comes down."""
        return self.stroke.points[self.index]

    @property
    def exit(self) -> Point:
        """Where it goes up."""
        points = self.stroke.points
        return points[self.index] if is_closed(points) else points[-1 if self.index == 0 else 0]

    def made(self) -> Stroke:
        """The stroke with its points in the order in which it is made."""
        points = self.stroke.points
        if is_closed(points):
            return replace(self.stroke, points=(*points[self.index : -1], *points[: self.index + 1]))
        return self.stroke if self.index == 0 else replace(self.stroke, points=points[::-1])


@dataclass(frozen=True)
class Way:
    """The strokes of a piece in order but for the last, from one entry; and every start of the last with the way to it.

    Of a piece with one stroke ``before`` is empty and every start has a way of its own.
    """

    before: tuple[Start, ...]
    lasts: tuple[Start, ...]
    within: Floats

    def entry(self, last: int) -> Point:
        """Where the piece is entered if its last stroke is ``lasts[last]``."""
        return (self.before or self.lasts[last : last + 1])[0].entry

    def strokes(self, last: int) -> list[Stroke]:
        """All strokes as they are made."""
        return [start.made() for start in (*self.before, self.lasts[last])]


@dataclass(frozen=True)
class Visit:
    """The strokes of one piece, with one tool or one tool after the other, and the ways to make them."""

    piece: int
    start_x: float
    ways: tuple[Way, ...]

    def modes(self) -> list[tuple[int, int]]:
        """The ways, each with a few starts of its last stroke that lie far apart."""
        return [(w, k) for w, way in enumerate(self.ways) for k in _apart(way.lasts, _most_lasts(way))]

    def best(self, here: Point, then: Point | None) -> tuple[int, int]:
        """The way, and the start of its last stroke, for the shortest path from here to there (None: anywhere)."""
        found: list[tuple[float, int, int]] = []
        for w, way in enumerate(self.ways):
            entries = np.array([way.entry(k) for k in range(len(way.lasts))])
            exits = np.array([last.exit for last in way.lasts])
            total = way.within + np.hypot(*(entries - here).T)
            if then is not None:
                total += np.hypot(*(exits - then).T)
            k = int(np.argmin(total))
            found.append((float(total[k]), w, k))
        _, w, k = min(found)
        return w, k


def _most_lasts(way: Way) -> int:
    return MOST_EXITS if way.before else MOST_STARTS


def visit_of(piece: int, start_x: float, strokes: Sequence[Stroke]) -> Visit | None:
    """The visit that makes the strokes of a piece, which are in the order of their phases; None for no stroke."""
    phases = [list(of_kind) for _, of_kind in groupby(strokes, key=lambda s: (s.tool, s.kind))]
    if not phases:
        return None
    if len(strokes) == 1:
        starts = _starts(strokes[0])
        return Visit(piece, start_x, (Way((), starts, np.zeros(len(starts))),))
    entries = [start for stroke in phases[0] for start in _starts(stroke)]
    return Visit(piece, start_x, tuple(_way(entries[k], phases) for k in _apart(entries, MOST_ENTRIES)))


def _way(first: Start, phases: Sequence[Sequence[Stroke]]) -> Way:
    """The shortest way through the strokes of all phases that begins with ``first``."""
    rest = [(stroke, number) for number, phase in enumerate(phases) for stroke in phase if stroke is not first.stroke]
    choices = [_starts(stroke) for stroke, _ in rest]
    counts = [sum(1 for _, n in rest if n < number) for number in range(len(phases) + 1)]
    before = [set(range(counts[number])) for _, number in rest]
    modes = modes_of([[(s.entry, s.exit, 0.0) for s in starts] for starts in choices])
    order, mode = shortest(modes, before, np.zeros(len(rest)), first.exit, 0)
    values, came = np.empty(len(modes.within)), np.empty(len(modes.within), dtype=np.int64)
    route.spread(order, modes, np.array(first.exit), values, came)
    last = int(order[-1])
    ends = range(int(modes.first[last]), int(modes.first[last + 1]))
    if last != len(rest) - 1 or len(phases[-1]) > 1:  # any of several strokes may be the last: the best one is
        ends = range(int(mode[last]), int(mode[last]) + 1)
    route.follow(order, modes, values, came, ends[0], mode)
    middle = tuple(choices[k][int(mode[k] - modes.first[k])] for k in order[:-1])
    lasts = tuple(choices[last][m - int(modes.first[last])] for m in ends)
    return Way((first, *middle), lasts, values[list(ends)])


def _apart(starts: Sequence[Start], most: int) -> list[int]:
    """The indices of at most so many starts that lie far apart from one another, beginning with the first."""
    if len(starts) <= most:
        return list(range(len(starts)))
    points = np.array([start.entry for start in starts])
    chosen = [0]
    gaps = np.hypot(*(points - points[0]).T)
    while len(chosen) < most:
        chosen.append(int(np.argmax(gaps)))
        gaps = np.minimum(gaps, np.hypot(*(points - points[chosen[-1]]).T))
    return sorted(set(chosen))


def _starts(stroke: Stroke) -> tuple[Start, ...]:
    """Where a line may begin: at the corners of a contour, else at its ends; a slit begins at the outline."""
    points = stroke.points
    if is_closed(points):
        indices = _corners(points) or list(range(len(points) - 1))
    elif len(points) == 1 or (stroke.kind == "notch" and len(points) == 2):
        indices = [0]
    else:
        indices = [0, len(points) - 1]
    return tuple(Start(stroke, k) for k in indices)


def _corners(ring: tuple[Point, ...]) -> list[int]:
    """The indices of a closed line at which it turns by more than ``CORNER_DEG``."""
    sides = [(b[0] - a[0], b[1] - a[1]) for a, b in pairwise(ring)]
    corners = []
    for k, side in enumerate(sides):
        last = sides[k - 1]
        turn = atan2(last[0] * side[1] - last[1] * side[0], last[0] * side[0] + last[1] * side[1])
        if cos(turn) < cos(radians(CORNER_DEG)):
            corners.append(k)
    return corners


# --- the kernels' arrays -----------------------------------------------------------------------------------------


def modes_of(stops: Sequence[Sequence[tuple[Point, Point, float]]]) -> route.Modes:
    """The arrays of stops whose modes are given as entry, exit and the way within."""
    flat = [mode for stop in stops for mode in stop]
    first = np.concatenate([[0], np.cumsum([len(stop) for stop in stops])]).astype(np.int64)
    entries, exits = (np.array([mode[k] for mode in flat], dtype=float).reshape(-1, 2) for k in (0, 1))
    return route.Modes(first, entries, exits, np.array([mode[2] for mode in flat], dtype=float))


def shortest(
    modes: route.Modes, before: Sequence[set[int]], lag: Floats, start: Point, kicks: int
) -> tuple[Longs, Longs]:
    """The order of stops for a short way from ``start``, and the mode of each; ``before`` each those named go first."""
    n = len(before)
    order, mode = np.empty(n, dtype=np.int64), np.empty(n, dtype=np.int64)
    precedence = _precedence(before)
    here = np.array(start, dtype=float)
    route.nearest_route(modes, precedence, lag, here, order)
    route.shorten(order, mode, modes, precedence, _near(modes), here, kicks)
    return order, mode


def compile_kernels() -> None:
    """Compile what puts stops in order into the cache, on two of them."""
    modes = modes_of([[((float(k), 0.0), (float(k), 0.0), 0.0)] for k in range(2)])
    order, mode = shortest(modes, [set(), {0}], np.zeros(2), (0.0, 0.0), 1)
    values, came = np.empty(2), np.empty(2, dtype=np.int64)
    route.spread(order, modes, np.zeros(2), values, came)
    route.follow(order, modes, values, came, 0, mode)


def _precedence(before: Sequence[set[int]]) -> route.Precedence:
    after: list[list[int]] = [[] for _ in before]
    for k, those in enumerate(before):
        for other in sorted(those):
            after[other].append(k)
    return route.Precedence(*_packed([sorted(those) for those in before]), *_packed(after))


def _packed(lists: Sequence[Sequence[int]]) -> tuple[Longs, Longs]:
    first = np.concatenate([[0], np.cumsum([len(those) for those in lists])]).astype(np.int64)
    return first, np.array([k for those in lists for k in those], dtype=np.int64)


def _near(modes: route.Modes) -> Longs:
    """For every stop the stops nearest to it, by the middles of their entries."""
    n = len(modes.first) - 1
    counts = np.diff(modes.first)[:, None]
    middles = np.add.reduceat(modes.entry, modes.first[:-1], axis=0) / counts
    most = min(NEAR, n - 1)
    near = np.empty((n, most), dtype=np.int64)
    for low in range(0, n, 500):
        part = middles[low : low + 500]
        gaps = np.hypot(*(part[:, None, :] - middles[None, :, :]).transpose(2, 0, 1))
        gaps[np.arange(len(part)), np.arange(low, low + len(part))] = np.inf
        closest = np.argpartition(gaps, most - 1, axis=1)[:, :most] if most else np.empty((len(part), 0), dtype=int)
        ranks = np.argsort(np.take_along_axis(gaps, closest, axis=1), axis=1, kind="stable")
        near[low : low + 500] = np.take_along_axis(closest, ranks, axis=1)
    return near
