"""What a pen should draw for a marker, and which of its strokes did: labels, internal lines, guides on paper.

Drawn lines are judged stroke by stroke where the program writes the labels that cutkit writes (``letters``); another
program may letter its pieces as it likes, and then the pen must only stay on the cloth.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from cutkit.letters import mark_text, placement_label
from cutkit.machine.actions import Violation
from cutkit.machine.coverage import Array, Indices
from cutkit.machine.tip_path import TipPath
from cutkit.machine.trace import Run
from cutkit.machine.wanted import Wanted, clipped, same_line
from cutkit.model import Mark, Marker, Placement

TOLERANCE_MM = 0.05
SAME_LENGTH_SHARE = 0.01
KNOWN_SHARE = 0.5
"""Where so much of what cutkit would draw is drawn just so, the rest must be too."""
CROSS_MM = 4.0


@dataclass(frozen=True, eq=False)
class InkLine:
    """A line that the pen should draw, and on which placement."""

    placement: int
    points: Array


@dataclass(frozen=True, eq=False)
class Ink:
    """How a pen's strokes fit what was to be drawn. ``is_known``: enough of it is there for the rest to be judged.

    ``drawn`` are the strokes that draw a line as it should be, ``again`` those that draw one once more; ``missing`` are
    the lines that no stroke draws.
    """

    is_known: bool
    drawn: frozenset[int]
    again: frozenset[int]
    missing: tuple[InkLine, ...]


def ink_lines(marker: Marker, run: Run, wanted: list[Wanted]) -> list[InkLine]:
    """What the pen of a machine should draw; none without a pen. A line that must be cut as well is left out."""
    if "pen" not in run.profile.tools:
        return []
    on_paper = run.cutting_tool == "pen"
    seen = {(line.placement, same_line(line.points)) for line in wanted}
    found = []
    for index, placement in enumerate(marker.placements):
        for points in _drawn_on(marker, index, placement, on_paper=on_paper):
            key = (index, same_line(points))
            if key not in seen:
                seen.add(key)
                found.append(InkLine(index, points))
    return found


def _drawn_on(marker: Marker, index: int, placement: Placement, *, on_paper: bool) -> Iterator[Array]:
    piece, outline = marker.by_id[placement.piece], marker.polygons[index]
    for line in placement_label(piece, placement) or ():
        yield np.array(line)
    for mark in piece.marks:
        if mark.kind == "label" and on_paper and mark.text:
            for line in mark_text(mark, placement):
                yield from clipped(line, outline)
        elif _is_drawn(mark, on_paper=on_paper):
            for line in _lines_of(mark, placement):
                yield from clipped(line, outline)


def _is_drawn(mark: Mark, *, on_paper: bool) -> bool:
    if mark.kind == "internal":
        return mark.tool == "pen"
    return on_paper and mark.kind in ("sew", "grain", "match") and len(mark.points) > 1


def _lines_of(mark: Mark, placement: Placement) -> list[tuple[tuple[float, float], ...]]:
    """A mark's line on the table; a cross for a mere point."""
    points = placement.points(mark.points)
    if len(points) > 1:
        return [points]
    (x, y), (c, s) = points[0], np.array(placement.matrix)[[0, 2]] * CROSS_MM / 2
    return [((x - c, y - s), (x + c, y + s)), ((x + s, y - c), (x - s, y + c))]


def match_ink(lines: list[InkLine], path: TipPath, splice_mm: float = 0.0) -> Ink:
    """Which strokes of a pen draw which lines: each line once, at most ``TOLERANCE_MM`` off, either way round.

    A line may be drawn in several strokes, as one is that is split between windows, if they have no more than
    ``splice_mm`` in common at each joint.
    """
    numbers = np.unique(path.point_run)
    strokes = np.array([_as_line(path.run_points(int(n))) for n in numbers], dtype=object)
    shapes = np.array([_as_line(line.points) for line in lines], dtype=object)
    stroke, line = shapely.STRtree(shapes).query(strokes, predicate="dwithin", distance=TOLERANCE_MM)
    near = np.abs(shapely.bounds(strokes)[stroke] - shapely.bounds(shapes)[line]).max(axis=1, initial=0) <= TOLERANCE_MM
    off = np.abs(shapely.length(strokes)[stroke] - shapely.length(shapes)[line])
    near &= off <= 2 * TOLERANCE_MM + SAME_LENGTH_SHARE * shapely.length(shapes)[line]
    stroke, line = stroke[near], line[near]
    close = shapely.hausdorff_distance(strokes[stroke], shapes[line]) <= TOLERANCE_MM
    left = set(range(len(lines)))
    drawn, alike = set(), set()
    for s, k in zip(stroke[close].tolist(), line[close].tolist(), strict=True):
        alike.add(int(numbers[s]))
        if k in left and int(numbers[s]) not in drawn:
            left.remove(k)
            drawn.add(int(numbers[s]))
    parts = _drawn_in_parts([(k, shapes[k]) for k in sorted(left)], strokes, numbers, alike | drawn, splice_mm)
    left -= {k for k, _ in parts}
    drawn |= {number for _, of_line in parts for number in of_line}
    known = bool(lines) and len(lines) - len(left) >= KNOWN_SHARE * len(lines)
    missing = tuple(lines[k] for k in sorted(left))
    return Ink(known, frozenset(drawn), frozenset(alike - drawn), missing if known else ())


def _drawn_in_parts(
    lines: list[tuple[int, shapely.LineString]],
    strokes: NDArray[np.object_],
    numbers: Indices,
    used: set[int],
    splice_mm: float,
) -> list[tuple[int, set[int]]]:
    """Lines that several of the strokes not yet used draw together, each with the numbers of those."""
    found: list[tuple[int, set[int]]] = []
    free = [(int(n), stroke) for n, stroke in zip(numbers, strokes, strict=True) if int(n) not in used]
    tree = shapely.STRtree([stroke for _, stroke in free])
    taken: set[int] = set()
    for index, line in lines:
        zone = line.buffer(TOLERANCE_MM)
        inside = [free[k] for k in tree.query(zone, predicate="contains").tolist() if free[k][0] not in taken]
        length = sum(stroke.length for _, stroke in inside)
        whole = shapely.union_all([stroke for _, stroke in inside]).buffer(2 * TOLERANCE_MM).covers(line)
        allowed = line.length * (1 + SAME_LENGTH_SHARE) + splice_mm * len(inside)
        if len(inside) > 1 and whole and length <= allowed:
            found.append((index, {number for number, _ in inside}))
            taken |= found[-1][1]
    return found


def _as_line(points: Array) -> shapely.LineString:
    return shapely.LineString(points if len(points) > 1 else np.repeat(points, 2, axis=0))


def ink_faults(ink: Ink, run: Run, path: TipPath, names: dict[int, str]) -> Iterator[Violation]:
    """Lines that the pen leaves out, draws again, or, on a machine whose knife cuts, draws where none should be."""
    if not ink.is_known:
        return
    for line in ink.missing:
        at = (float(line.points[0, 0]), float(line.points[0, 1]))
        yield Violation("ink-missed", f"a line or letter of {names[line.placement]} is not drawn, or not so", None, at)
    others = set() if run.cutting_tool == "pen" else set(path.point_run.tolist()) - ink.drawn - ink.again
    for number in sorted(ink.again | others):
        first = int(np.searchsorted(path.point_run, number))
        x, y = path.points[first].tolist()
        line_number = int(run.trace.line[path.point_sample[first]])
        if number in ink.again:
            yield Violation("drawn-twice", "the pen draws a line again", line_number, (x, y))
        else:
            yield Violation("stray-ink", "the pen draws where the marker has nothing to draw", line_number, (x, y))
