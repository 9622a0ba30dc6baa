"""Markers longer than the machine: which piece is cut in which window, and how far the cloth is moved between.

A window is as long as the machine's table, or as its numbers reach. It begins at the first piece that is not yet cut,
so a piece that fits the table is always cut whole: where the cloth is moved a little too far or too little, gaps
change and pieces do not. Only a piece longer than the table is split: its lines are cut up to the window's end, and in
the next window from ``overlap_mm`` before that on. What lies inside it is cut in the first window that holds it, so it
is never finished before its inner cuts are.

A machine that always moves the cloth by the same bite has its windows where the bites put them, and splits what lies
across both the end of one and the beginning of the next. Where a program moves the cloth, windows begin at whole
numbers of the unit in which it says how far, so that nothing adds up.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import ceil, floor, hypot

from shapely.geometry import LineString
from shapely.ops import substring

from cutkit.cut.blade import distinct, is_closed
from cutkit.cut.strokes import PieceStrokes
from cutkit.errors import LimitError
from cutkit.model import Point
from cutkit.toolpath import CutterProfile, Stroke, StrokeKind, Windows

ROUNDING_MM = 1e-3
SPLIT: tuple[StrokeKind, ...] = ("boundary", "cutout", "internal")
"""What may be cut in two; anything else is small and waits for a window that holds it."""
FAR_MM = 1e7
FEED_GRID_MM = 1e-3
"""The least that a feed in mm can say: a program writes it with three digits after the point."""


@dataclass(frozen=True)
class WindowWork:
    """What is done in one window, in the marker's coordinates; the machine's begin at ``start_mm``."""

    start_mm: float
    end_mm: float
    pieces: tuple[PieceStrokes, ...]


def window_length_mm(profile: CutterProfile) -> float:
    """How far along the cloth a tool reaches; infinite on a roll with wide numbers."""
    form, table = profile.coordinates, profile.table
    by_numbers = float("inf")
    if form.highest_units is not None:
        by_numbers = form.highest_units / form.units_per_mm - profile.knife.offset_mm
    return min(by_numbers, float("inf") if table.length_mm is None else table.length_mm)


def in_windows(pieces: Sequence[PieceStrokes], profile: CutterProfile, windows: Windows) -> list[WindowWork]:
    """The work on all pieces window by window, in the order in which the cloth moves on; none of them is empty.

    LimitError where a line that must not be split is longer than a window.
    """
    length, grid = window_length_mm(profile), _grid_mm(profile)
    waiting = [_Waiting(piece, windows.overlap_mm, length) for piece in pieces]
    made: list[WindowWork] = []
    start = 0.0
    while waiting:
        end = start + length
        work = [part for one in waiting if (part := one.up_to(_begun_before(start, grid, windows), end)) is not None]
        made += [WindowWork(start, end, tuple(work))] if work else []
        waiting = [one for one in waiting if one.strokes]
        if waiting:
            first = min(waiting, key=lambda one: one.next_start())
            following = first.next_start()
            before, start = start, _next_start(start, following, grid, windows)
            if start <= before + ROUNDING_MM or following < start - ROUNDING_MM:
                raise _too_long(first.piece.placement, length, profile)
    return made


def _grid_mm(profile: CutterProfile) -> float:
    """The unit in which the machine is told how far to move the cloth; 0: no program tells it."""
    text = (profile.windows.feed or "") if profile.windows is not None else ""
    if "{advance}" in text:
        return 10.0**-profile.coordinates.decimals / profile.coordinates.units_per_mm
    return FEED_GRID_MM if text else 0.0


def _begun_before(start: float, grid: float, windows: Windows) -> float:
    """What does not fit a window is begun in it if it begins before this: no later window holds its beginning."""
    return start + grid + ROUNDING_MM if windows.bite_mm is None else start + windows.bite_mm - ROUNDING_MM


def _too_long(placement: int, length: float, profile: CutterProfile) -> LimitError:
    bite = profile.windows.bite_mm if profile.windows is not None else None
    fixed = (
        ""
        if bite is None
        else f", or lies across the end of one and the beginning of the next, a bite of {bite:.0f} mm on"
    )
    return LimitError(
        f"a line of placement {placement} that must not be split is longer than a window of {length:.0f} mm{fixed}",
        where=f"cutter {profile.name}",
        hint="Choose a cutter with a longer table." if bite is None else "A smaller bite (windows.bite_mm) holds it.",
    )


def _next_start(start: float, following: float, grid: float, windows: Windows) -> float:
    """Where the next window begins, at ``following`` or before: so far as the machine can be told, or a bite on.

    A bite on lies the next window, whatever is there; where nothing begins before several bites, they follow at once.
    """
    if windows.bite_mm is not None:
        bites = max(1, floor((following - start) / windows.bite_mm + ROUNDING_MM / windows.bite_mm))
        return start + bites * windows.bite_mm
    return following if grid == 0 else floor(following / grid + ROUNDING_MM) * grid


@dataclass
class _Waiting:
    """A piece with the strokes that are still to be made; of those that were begun, up to where."""

    piece: PieceStrokes
    overlap_mm: float
    window_mm: float
    strokes: list[Stroke] = field(default_factory=list)
    begun: dict[int, float] = field(default_factory=dict)
    """Of strokes that were cut in part, by their id: up to which x."""

    def __post_init__(self) -> None:
        self.strokes = list(self.piece.strokes)

    def up_to(self, begun_before: float, end: float) -> PieceStrokes | None:
        """Take what is made in a window that reaches to ``end``; None where that is nothing.

        What the window does not hold is begun in it only if it begins before ``begun_before``, in no later window, or
        if that does not split it once more: so it is split least often.
        """
        x0, _, x1, _ = self.piece.outline.bounds
        if x1 <= end + ROUNDING_MM and not self.begun:
            made, self.strokes = self.strokes, []
        elif x0 <= begun_before or self._in_as_few_parts(end):
            made = list(self._parts(begun_before, end))
        else:
            made = []
        return replace(self.piece, strokes=tuple(made)) if made else None

    def _in_as_few_parts(self, end: float) -> bool:
        """Whether a piece longer than a window, begun in one that reaches to ``end``, has as few parts as can be."""
        x0, _, x1, _ = self.piece.outline.bounds
        step = self.window_mm - self.overlap_mm
        if x1 - x0 <= self.window_mm or x0 >= end or step <= 0:
            return False
        least = ceil((x1 - x0 - self.window_mm) / step)
        return bool(1 + ceil(max(0.0, x1 - end + self.overlap_mm - self.window_mm) / step) <= least)

    def _goes_on(self, stroke: Stroke, begun_before: float, end: float) -> bool:
        """Whether a line that a window ending at ``end`` does not hold is cut in it as far as it reaches.

        Not where the next one would cut all of that once more, nor where it ends in no fewer parts for it.
        """
        low, high = _extent(stroke)
        since = self.begun.get(id(stroke))
        if since is None:
            return low < end - self.overlap_mm
        step = self.window_mm - self.overlap_mm
        if since - self.overlap_mm <= begun_before or step <= 0:
            return True
        return 1 + ceil((high - end) / step) <= ceil((high - since) / step)

    def _parts(self, begun_before: float, end: float) -> Iterator[Stroke]:
        left: list[Stroke] = []
        for stroke in self.strokes:
            _, high = _extent(stroke)
            since = self.begun.get(id(stroke), -FAR_MM)
            if high <= end + ROUNDING_MM:
                yield from (
                    [stroke] if id(stroke) not in self.begun else _between(stroke, since, FAR_MM, self.overlap_mm)
                )
                continue
            left.append(stroke)
            if stroke.kind in SPLIT and self._goes_on(stroke, begun_before, end):
                yield from _between(stroke, since, end, self.overlap_mm)
                self.begun[id(stroke)] = end
        self.strokes = left

    def next_start(self) -> float:
        """Where the window must begin that goes on with this piece."""
        return min(self.begun.get(id(s), _extent(s)[0] + self.overlap_mm) - self.overlap_mm for s in self.strokes)


def _extent(stroke: Stroke) -> tuple[float, float]:
    xs = [x for x, _ in stroke.points]
    return min(xs), max(xs)


def _between(stroke: Stroke, low: float, high: float, overlap_mm: float) -> Iterator[Stroke]:
    """The parts of a stroke with x above low and up to high; at low, where it was cut before, from a little earlier on.

    The overlap is measured along the line, however steeply it crosses the border.
    """
    points = distinct(stroke.points)
    if is_closed(points):
        ring = points[:-1]
        begin = min(range(len(ring)), key=lambda k: ring[k][0] if low > -FAR_MM else -ring[k][0])
        points = (*ring[begin:], *ring[: begin + 1])
    line = LineString(points)
    found: list[tuple[float, float]] = []
    for start, end in _stretches(points, low, high):
        cut_off = (end if start == 0 else start) if start == 0 or end == line.length else 0.0
        if end - start <= overlap_mm and _is_at(line, cut_off, high):
            continue  # an end so short that the overlap of the next part makes all of it
        start = max(0.0, start - overlap_mm) if _is_at(line, start, low) else start
        end = min(line.length, end + overlap_mm) if _is_at(line, end, low) else end
        if found and start <= found[-1][1] + ROUNDING_MM:
            found[-1] = (found[-1][0], end)
        elif end > start + ROUNDING_MM:
            found.append((start, end))
    for start, end in found:
        part = substring(line, start, end)
        yield replace(stroke, points=tuple((float(x), float(y)) for x, y, *_ in part.coords))


def _stretches(points: Sequence[Point], low: float, high: float) -> Iterator[tuple[float, float]]:
    """From where to where on a line, along it, x is above low and up to high; side by side."""
    done = 0.0
    for (x0, y0), (x1, y1) in pairwise(points):
        length = hypot(x1 - x0, y1 - y0)
        if x0 == x1:
            a, b = (0.0, 1.0) if low < x0 <= high else (0.0, 0.0)
        else:
            first, last = sorted(((low - x0) / (x1 - x0), (high - x0) / (x1 - x0)))
            a, b = max(0.0, first), min(1.0, last)
        if b > a:
            yield done + a * length, done + b * length
        done += length


def _is_at(line: LineString, along: float, x: float) -> bool:
    """Whether a line is cut off at a border, and does not end there by itself."""
    return 0 < along < line.length and bool(abs(line.interpolate(along).x - x) <= ROUNDING_MM)
