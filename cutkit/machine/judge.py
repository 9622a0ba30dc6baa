"""Judges a run against the marker: was every piece cut exactly once, and where did the blade go astray?

From the path of the blade's tip alone, never from what the writer of the program noted. The lines that the marker wants
(``wanted``) are matched exactly with the path (``coverage``); ``spots`` judges drill holes, ``freed`` the order of cuts
(``closing``: when each contour is closed) and ``ink`` what a pen draws. The operator's choices in the machine's profile
hold here too: bridges, common lines, late notches.

Violations, by their stable codes:

=================  ==================================================================================================
missed             a piece's boundary or cut-out is not cut, or not the greater part of it
unclosed           part of a boundary or cut-out is not cut: the piece still hangs there
cut-twice          a line is cut again, beyond the overcut that closes it
off-outline        the knife cuts where the marker has no line
fold-cut           the knife cuts along a piece's side on the fold of the cloth, which must stay whole
corner-missed      the knife passes a corner of a piece too far away
notch-missed       a notch is not cut, or not whole
drill-missed       no punch or cut goes through a drill hole's point
internal-missed    an internal line for the knife is not cut, or not whole
cut-after-freed    something is cut within a boundary or a cut-out after that was closed, in cloth that lies loose;
                   but for notches, where the operator wants them last
pen-outside        a pen draws off the fabric
ink-missed         a line or a letter that the pen should draw is not drawn, or not where it should be
drawn-twice        the pen draws a line again
stray-ink          the pen draws where there is nothing to draw
=================  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
import shapely
from numpy.typing import NDArray

from cutkit.machine.actions import Violation
from cutkit.machine.closing import JOIN_MM, ContourCuts
from cutkit.machine.coverage import (
    Array,
    Flags,
    Indices,
    Lines,
    Overlaps,
    Span,
    Stretches,
    around,
    common,
    gaps_of,
    length_mm,
    nearest_mm,
    repeated_mm,
    spans,
    stretches,
    summed_where,
    tree_of,
)
from cutkit.machine.freed import Closed, freed_faults
from cutkit.machine.ink import ink_faults, ink_lines, match_ink
from cutkit.machine.spots import SpotJudge
from cutkit.machine.tip_path import tip_path
from cutkit.machine.trace import Run
from cutkit.machine.wanted import fold_sides, wanted_lines
from cutkit.model import Marker, Point
from cutkit.recut import as_cut

TOLERANCE_MM = 0.05
GRID_SHARE = 0.75
"""Where a machine's positions lie on a grid coarser than a fifteenth of a millimetre, a line may be so much of it off:
its corners are rounded by up to half a diagonal."""
COVER_TOLERANCE_MM = 0.08
"""How near a pass must run to a line to cut it; more than the tolerance, so that a path at its limit still counts."""
SURELY_FLUSH_MM = 0.03
MAYBE_FLUSH_MM = 0.16
"""Neighbours nearer than the first share their passes for certain, farther than the second never do."""
ROUNDING_GAP_MM = 0.2
"""Shorter stretches that seem uncut come of rounding at corners."""
TURNED_CORNER_MM = 1.6
"""At a corner where it turns by three degrees or more one side runs for so long within the tolerance of the other."""
OVERCUT_MM = 10.0
"""A stroke may run on beyond the closing point of a contour by so much."""
JOINT_MM = 5.0
"""So much of a contour may be cut again where several strokes that make it meet."""
MISSED_SHARE = 0.5
BRIDGE_TOLERANCE_MM = 0.2
"""A bridge may be so much longer than it should be; one that is shorter holds all the same."""
NOTCH_SHARE = 0.9
"""A stroke of which so much runs along a notch makes that notch and nothing else."""
SAMPLE_MM = 2.0
MOST_ROUNDS = 20
"""How often blame is shared out among lines that lie flush; each round finds all that are alike."""
LONGEST_ALIGNMENT_MM = 100.0
SPLICE_SLANT = 4.0
"""The parts of a line that is split at a window's end overlap by so many times what they do along the cloth: it may run
across it at a slant."""


@dataclass(frozen=True)
class Verdict:
    """What the judge found. Pieces are counted by their boundaries and cut-outs; one with any fault is not "once".

    ``worst_deviation_mm`` is two-sided: the farthest of the tip, cutting, from any line of the marker, and of any
    corner of a piece that is cut from the tip's path. ``judges_ink``: what the pen draws is what cutkit would have it
    draw, and was judged line by line; else the pen must only stay on the cloth.
    """

    violations: tuple[Violation, ...]
    expected: int
    cut_once: int
    missed: int
    cut_twice: int
    worst_deviation_mm: float
    judges_ink: bool = False


def judge(run: Run, marker: Marker) -> Verdict:
    """Compare what the tool did with what the marker wants; x and y of the table are the marker's.

    Of a piece that is cut again by hand that is its block, if the machine's profile does not say otherwise.
    """
    case = _Case(run, as_cut(marker, run.profile.strokes.blocks))
    found = [
        *case.coverage_faults(),
        *case.spots.faults(),
        *case.off_faults(),
        *case.corner_faults(),
        *case.freed_faults(),
        *case.pen_faults(),
        *ink_faults(case.ink, run, case.pen_path, case.names),
    ]
    missed, twice = case.missed_pieces, case.doubled_pieces
    count = len(marker.placements)
    return Verdict(
        tuple(sorted(found, key=lambda v: (v.line is None, v.line or 0))),
        count,
        count - len(missed | twice),
        len(missed),
        len(twice - missed),
        case.worst_mm,
        case.ink.is_known,
    )


@dataclass
class _Case:
    """One run and one marker before the judge."""

    run: Run
    marker: Marker
    missed_pieces: set[int] = field(default_factory=set)
    doubled_pieces: set[int] = field(default_factory=set)
    missed_lines: set[int] = field(default_factory=set)
    bridges: list[Span] = field(default_factory=list)
    """The stretches, on the axis of all lines, that are left uncut as bridges."""
    worst_mm: float = 0.0
    spliced_lines: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        marker, trace = self.marker, self.run.trace
        self.tolerance_mm = max(TOLERANCE_MM, GRID_SHARE * self.run.profile.coordinates.grid_mm)
        # A pass along a neighbour's line, as far off as it may be, must still count for this one.
        self.surely_flush_mm = min(SURELY_FLUSH_MM, COVER_TOLERANCE_MM - self.tolerance_mm)
        self.rules = self.run.profile.strokes
        self.names = {k: f"{p.piece} (placement {k}, bundle {p.bundle})" for k, p in enumerate(marker.placements)}
        self.wanted, spots = wanted_lines(marker)
        self.closed = np.array([w.closed for w in self.wanted], dtype=bool)
        self.lines = Lines([w.points for w in self.wanted])
        self.path = tip_path(trace, self.run.cutting_tools)
        self.punched = tip_path(trace, {"punch"})
        self.tree = tree_of(self.path.segments)
        self._sort_ink()
        letters = self.writing if self.ink.is_known else frozenset()
        self.spots = SpotJudge(
            marker, spots, trace, self.path, self.tree, self.punched, letters, self.names, self.tolerance_mm
        )

    def _sort_ink(self) -> None:
        """Tell the strokes that cut (or outline) from those of a pen that only draw or write."""
        on_paper = self.run.cutting_tool == "pen"
        self.pen_path = self.path if on_paper else tip_path(self.run.trace, {"pen"})
        lines = ink_lines(self.marker, self.run, self.wanted)
        self.ink = match_ink(lines, self.pen_path, self._splice_mm)
        self.drawn = Lines([line.points for line in lines] if on_paper and not self.ink.is_known else [])
        self.redrawn = self.lines.along(self.drawn.edges, MAYBE_FLUSH_MM)
        cut = self.lines.along(self.path.segments, COVER_TOLERANCE_MM, self.tree)
        self.writing: frozenset[int] = frozenset()
        counts = np.ones(len(cut.segment), dtype=bool)
        if on_paper and self.ink.is_known:
            self.writing = self.ink.drawn | self.ink.again
            counts = ~np.isin(self.path.run[cut.segment], list(self.writing))
        elif on_paper:
            self.writing = self._lettering(cut)
            counts = ~(np.isin(self.path.run[cut.segment], list(self.writing)) & self.closed[self._line_of(cut)])
        self.cut = cut.only(counts)
        self.line_of_cut = self._line_of(self.cut)
        self.redrawn = self.redrawn.and_also(self._splices())

    @property
    def _splice_mm(self) -> float:
        """By so much the parts of a split line may overlap."""
        windows = self.run.profile.windows
        return 0.0 if windows is None else windows.overlap_mm * SPLICE_SLANT

    def _splices(self) -> Overlaps:
        """Where a line that is cut in two windows may be cut twice: by the overlap of its parts, and no more.

        Parts are strokes of different windows that have a little of a line in common, and each some of it alone. What
        lies flush with that line they cut twice too.
        """
        parts = self._parts_of_lines() if self.run.profile.windows is not None else {}
        spliced = {line: set(_spliced(of_line, self._splice_mm)) for line, of_line in parts.items()}
        self.spliced_lines = frozenset(line for line, pairs in spliced.items() if pairs)
        pairs = set().union(*spliced.values())
        found: list[tuple[int, float, float]] = []
        for line, of_line in parts.items():
            edge = int(np.searchsorted(self.lines.line_of_edge, line))
            for first, last in combinations(of_line, 2):
                if (first.stroke, last.stroke) in pairs:
                    found += [(edge, a, b) for a, b in common(first.cut, last.cut) if b - a <= self._splice_mm]
        columns = np.array(found, dtype=float).reshape(-1, 3)
        edges = columns[:, 0].astype(np.int64)
        return Overlaps(edges, edges, columns[:, 1], columns[:, 2])

    def _parts_of_lines(self) -> dict[int, list[_Part]]:
        """For every line that is cut in several windows, the strokes that cut along it and what each cuts of it."""
        program = np.searchsorted(self.run.starts, self.path.sample[self.cut.segment], side="right")
        stroke = self.path.run[self.cut.segment]
        lines, programs = np.unique(np.unique(np.stack([self.line_of_cut, program]), axis=1)[0], return_counts=True)
        parts: dict[int, list[_Part]] = {}
        for line in lines[programs > 1].tolist():
            own = np.flatnonzero(self.line_of_cut == line)
            for number in np.unique(stroke[own]).tolist():
                of = own[stroke[own] == number]
                parts.setdefault(line, []).append(_Part(number, int(program[of[0]]), spans(self.cut.picked(of))))
        return parts

    def _line_of(self, cut: Overlaps) -> Indices:
        return self.lines.line_of_edge[cut.edge]

    def _lettering(self, cut: Overlaps) -> frozenset[int]:
        """Of the strokes of a pen that outlines too, those that only write: in a piece, and mostly along no contour."""
        size = int(self.path.run.max(initial=-1)) + 1
        contour = self.closed[self._line_of(cut)]
        along = np.bincount(self.path.run[cut.segment[contour]], (cut.end_mm - cut.start_mm)[contour], minlength=size)
        length = self.path.lengths_mm(size)
        writes = np.flatnonzero((length > 0) & (along < MISSED_SHARE * length))
        tree = shapely.STRtree(shapely.buffer(np.array(self.marker.polygons, dtype=object), self.tolerance_mm))
        strokes = np.array([self.path.stroke(int(number)) for number in writes], dtype=object)
        return frozenset(writes[np.unique(tree.query(strokes, predicate="within")[0])].tolist())

    # ---- is every line covered, and once? -----------------------------------------------------------------------

    def coverage_faults(self) -> Iterator[Violation]:
        """What is not cut, and what is cut again; neighbours that only lie flush with such a line are not blamed."""
        weight = np.ones(len(self.wanted))
        surely, maybe = self._flush(self.surely_flush_mm), self._flush(MAYBE_FLUSH_MM)
        for _ in range(MOST_ROUNDS):
            found = self._stretches(surely, maybe, weight)
            self.bridges = self._bridges(found) if self.rules.bridges else []
            uncut = (found.passes < found.fewest) & ~found.within(self.bridges)
            lacking = summed_where(found, uncut, ROUNDING_GAP_MM, len(self.wanted))
            extra = summed_where(found, found.passes > found.most, self._corner_mm, len(self.wanted))
            lacking, extra = self._beyond_allowance(lacking, extra, weight)
            share = np.maximum(lacking, extra) / np.maximum(self.lines.length_mm, 1e-9)
            blamed = (share >= MISSED_SHARE) & (share >= share.max(initial=0.0) - 0.02) & (weight == 1)
            for line in np.flatnonzero(blamed):
                yield self._blame(int(line), lacking[line] >= extra[line], whole=True)
                weight[line] = 0 if lacking[line] >= extra[line] else 2
            if not blamed.any():
                break
        for line in np.flatnonzero(((lacking > 0) | (extra > 0)) & (weight == 1)):
            yield self._blame(int(line), bool(lacking[line] > 0), whole=False)

    def _bridges(self, found: Stretches) -> list[Span]:
        """The uncut stretches that are bridges: of each boundary so many, and so long, as the rules say."""
        longest = self.rules.bridge_mm + BRIDGE_TOLERANCE_MM
        bridges: list[Span] = []
        for line, gaps in gaps_of(found, found.passes < found.fewest, ROUNDING_GAP_MM).items():
            if self.wanted[line].kind == "boundary":
                start, end = self.lines.start_mm[line], self.lines.start_mm[line] + self.lines.length_mm[line]
                parted = around(gaps, start, end) if self.wanted[line].is_ring else [[gap] for gap in gaps]
                of_length = [(gap, sum(b - a for a, b in gap)) for gap in parted]
                short = [gap for gap, length in of_length if ROUNDING_GAP_MM < length <= longest]
                bridges += [part for gap in short[: self.rules.bridges] for part in gap]
        return bridges

    @property
    def _corner_mm(self) -> float:
        """Shorter stretches that seem cut twice come of rounding, or of corners at which a blade is lifted."""
        turned = self.run.profile.knife.kind in ("tangential", "rotary")
        return TURNED_CORNER_MM if turned else ROUNDING_GAP_MM

    def _beyond_allowance(self, lacking: Array, extra: Array, weight: Array) -> tuple[Array, Array]:
        """What is left of missing and extra lengths after what a sound program may leave out or cut again."""
        length = self.lines.length_mm
        short = np.array([w.may_end_short_mm for w in self.wanted])
        short = np.where(short > 0, short + ROUNDING_GAP_MM, 0.0)
        overlap = np.where(self.closed, np.minimum(JOINT_MM, 0.4 * length), 0.2 * length)
        overcut = repeated_mm(self.cut, self.path.run[self.cut.segment], self.line_of_cut, OVERCUT_MM, len(length))
        lacking = np.where((lacking > short + 1e-9) & (weight == 1), lacking, 0.0)
        return lacking, np.where((extra > overlap + overcut) & (weight == 1), extra, 0.0)

    def _flush(self, tolerance_mm: float) -> Overlaps:
        """Where edges lie flush, also two of one line; ``segment`` and ``edge`` are both edges."""
        found = self.lines.along(self.lines.edges, tolerance_mm, self.lines.tree)
        return found.only(found.segment != found.edge)

    def _stretches(self, surely: Overlaps, maybe: Overlaps, weight: Array) -> Stretches:
        of = self.lines.line_of_edge
        if self.rules.common_lines:  # a contour that lies flush may have left this cut to another
            surely = surely.only(~self.closed[of[surely.segment]])
        fewest = (surely, weight[of[surely.segment]])
        most = (maybe.and_also(self.redrawn), np.append(weight[of[maybe.segment]], np.ones(len(self.redrawn.segment))))
        return stretches(self.lines, self.cut, fewest, most)

    def _blame(self, index: int, lacks: bool, *, whole: bool) -> Violation:
        wanted = self.wanted[index]
        at = (float(wanted.points[0][0]), float(wanted.points[0][1]))
        line = self._program_line(index)
        what = f"the {_words(wanted.kind)} of {self.names[wanted.placement]}"
        if not lacks:
            if wanted.closed:
                self.doubled_pieces.add(wanted.placement)
            return Violation("cut-twice", f"{what} is cut again", line, at)
        if whole:
            self.missed_lines.add(index)
        if wanted.closed:
            self.missed_pieces.add(wanted.placement)
        code = ("missed" if whole else "unclosed") if wanted.closed else f"{wanted.kind}-missed"
        text = "is not cut" if whole else ("is not closed" if wanted.closed else "is not cut whole")
        return Violation(code, f"{what} {text}", line, at)

    def _program_line(self, wanted: int) -> int | None:
        """The program's line where a wanted line is last cut; None where it is not."""
        segments = self.cut.segment[self.line_of_cut == wanted]
        return int(self.run.trace.line[self.path.sample[segments.max()]]) if len(segments) else None

    # ---- where the blade should not be --------------------------------------------------------------------------

    def off_faults(self) -> Iterator[Violation]:
        """Every stretch with the tool down that leaves the marker's lines, once, at its worst point."""
        points, sample, run = self._sampled()
        free = [*self.writing, *self._alignments()]
        judged = ~np.isin(run, free)
        points, sample, run = points[judged], sample[judged], run[judged]
        distance = np.minimum(self.lines.nearest(points), self.drawn.nearest(points))
        off = np.flatnonzero(distance > self.tolerance_mm)
        off = off[~self.spots.makes_one(points[off], run[off])]
        off = off[~self._beyond_corners(points[off])]
        close = distance[distance <= self.tolerance_mm]
        self.worst_mm = float(max(close.max(initial=0.0), distance[off].max(initial=0.0)))
        side = self._fold_sides_at(points[off])
        for on_fold, number in np.unique(np.stack([side, run[off]]), axis=1).T.tolist():
            here = off[(run[off] == number) & (side == on_fold)]
            worst = here[np.argmax(distance[here])]
            at = (float(points[worst][0]), float(points[worst][1]))
            message = f"the {self.run.cutting_tool} is {distance[worst]:.2f} mm off every line of the marker"
            if on_fold >= 0:
                message = f"the {self.run.cutting_tool} cuts along the fold of {self.names[on_fold]}"
            code = "off-outline" if on_fold < 0 else "fold-cut"
            yield Violation(code, message, int(self.run.trace.line[sample[worst]]), at)

    def _fold_sides_at(self, points: Array) -> Indices:
        """For each point the placement on whose fold side it lies; -1 for none."""
        sides = list(fold_sides(self.marker))
        found = np.full(len(points), -1, dtype=np.int64)
        if not sides or not len(points):
            return found
        tree = shapely.STRtree([shapely.linestrings(line) for _, line in sides])
        at, side = tree.query(shapely.points(points), predicate="dwithin", distance=COVER_TOLERANCE_MM)
        found[at] = np.array([index for index, _ in sides])[side]
        return found

    def _sampled(self) -> tuple[Array, Indices, Indices]:
        """Points of the path: its ends and corners, and more on long stretches; with sample and run of each."""
        start, end = self.path.segments[:, :2], self.path.segments[:, 2:]
        count = np.maximum(np.ceil(np.hypot(*(end - start).T) / SAMPLE_MM).astype(int), 1)
        which = np.repeat(np.arange(len(count)), count)
        step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
        share = ((step + 1) / count[which])[:, None]
        inner = start[which] * (1 - share) + end[which] * share
        firsts = np.flatnonzero(np.diff(self.path.run, prepend=-1))
        points = np.vstack([start[firsts], inner])
        index = np.concatenate([firsts, which])
        return points, self.path.sample[index], self.path.run[index]

    def _beyond_corners(self, points: Array) -> Flags:
        """Which points a turned blade may cut beyond the corners at which it is lifted: in the waste, close to them."""
        longest = self.run.profile.knife.corner_overcut_mm
        if longest <= 0 or not len(points):
            return np.zeros(len(points), dtype=bool)
        corners = np.concatenate([w.points for w in self.wanted if w.closed])
        spots = shapely.points(points)
        near = shapely.STRtree(shapely.points(corners)).query(
            spots, predicate="dwithin", distance=longest + TOLERANCE_MM
        )
        allowed = np.zeros(len(points), dtype=bool)
        allowed[near[0]] = True
        pieces = shapely.STRtree(np.array(self.marker.polygons, dtype=object))
        allowed[pieces.query(spots, predicate="within")[0]] = False
        return allowed

    def _alignments(self) -> list[int]:
        """The strokes that turn a blade of unknown heading: of every program the first, short, clear of every piece."""
        knife = self.run.profile.knife
        if knife.kind != "drag" or knife.start_deg is not None or len(self.path.run) == 0:
            return []
        found: list[int] = []
        for start in self.run.starts:
            at = int(np.searchsorted(self.path.sample, start))
            if at == len(self.path.run):
                continue
            first = int(self.path.run[at])
            stroke = self.path.stroke(first)
            clear = all(stroke.distance(polygon) > self.tolerance_mm for polygon in self.marker.polygons)
            if clear and stroke.length <= LONGEST_ALIGNMENT_MM:
                found.append(first)
        return found + self._repeated(found)

    def _repeated(self, alignments: list[int]) -> list[int]:
        """Strokes that turn the blade once more in the same waste, as after an interruption of the job."""
        again: list[int] = []
        for number in alignments:
            circle = shapely.minimum_bounding_circle(self.path.stroke(number)).buffer(self.run.profile.knife.offset_mm)
            centres = shapely.contains_xy(circle, *self.path.segments[:, 2:].T)
            for other in np.unique(self.path.run[centres]).tolist():
                stroke = self.path.stroke(other)
                clear = all(stroke.distance(polygon) > self.tolerance_mm for polygon in self.marker.polygons)
                if other != number and clear and circle.contains(stroke):
                    again.append(other)
        return again

    # ---- corners, freed pieces, pens ----------------------------------------------------------------------------

    def corner_faults(self) -> Iterator[Violation]:
        """Lines whose corners the blade passes too far away: one violation a line, at the worst corner."""
        if len(self.path.segments) == 0:
            return
        chosen = [k for k, w in enumerate(self.wanted) if w.closed and k not in self.missed_lines]
        if not chosen:
            return
        owner = np.repeat(chosen, [len(self.wanted[k].points) for k in chosen])
        flat = np.concatenate([self.wanted[k].points for k in chosen])
        if self.bridges:
            cut = ~np.concatenate([self._on_bridge(k) for k in chosen])
            owner, flat = owner[cut], flat[cut]
        distance, nearest = nearest_mm(self.tree, flat)
        self.worst_mm = max(self.worst_mm, float(distance.max(initial=0.0)))
        bad = np.flatnonzero(distance > self.tolerance_mm)
        for line in np.unique(owner[bad]):
            here = bad[owner[bad] == line]
            worst = here[np.argmax(distance[here])]
            name = self.names[self.wanted[line].placement]
            message = f"a corner of {name} is {distance[worst]:.2f} mm from the nearest cut"
            sample = self.path.sample[nearest[worst]]
            at = (float(flat[worst][0]), float(flat[worst][1]))
            yield Violation("corner-missed", message, int(self.run.trace.line[sample]), at)

    def _on_bridge(self, line: int) -> NDArray[np.bool_]:
        """For every point of a wanted line whether it lies on a bridge."""
        place = self.lines.places_mm(line)
        on_bridge = np.zeros(len(place), dtype=bool)
        for a, b in self.bridges:
            on_bridge |= (place >= a) & (place <= b)
        return on_bridge

    def freed_faults(self) -> Iterator[Violation]:
        """What is cut in cloth that lies loose already; drawing on paper frees nothing."""
        if self.run.cutting_tool == "pen" or not len(self.cut.segment):
            return
        join_mm = JOIN_MM + self.run.profile.knife.corner_overcut_mm
        cuts = ContourCuts(self.path, self.cut, self.lines, self.closed, self.spliced_lines, join_mm)
        closed_at = cuts.closed_jointly_at() if self.rules.common_lines else cuts.closed_at()
        closed_at[np.unique(self.lines.line_at(np.array([a for a, _ in self.bridges])))] = -1
        late = self._late_notches() if self.rules.notches == "after" else np.zeros(0, dtype=np.int64)
        found = Closed(self.wanted, closed_at, late)
        yield from freed_faults(self.run, found, (self.path, self.punched), self.names)

    def _late_notches(self) -> Indices:
        """The strokes that make nothing but a notch: they may come when the piece is free."""
        notch = np.array([w.kind == "notch" for w in self.wanted], dtype=bool)
        size = int(self.path.run.max()) + 1
        own = notch[self.line_of_cut]
        along = np.bincount(
            self.path.run[self.cut.segment[own]], (self.cut.end_mm - self.cut.start_mm)[own], minlength=size
        )
        length = self.path.lengths_mm(size)
        makes = (along > 0) & (length - along <= np.maximum((1 - NOTCH_SHARE) * length, ROUNDING_GAP_MM))
        return np.union1d(np.flatnonzero(makes), self.spots.notch_strokes())

    def pen_faults(self) -> Iterator[Violation]:
        """A pen of a machine that has a knife must stay on the fabric; how it draws there is its own affair."""
        if self.run.cutting_tool == "pen":
            return
        drawn = self.pen_path
        length, width = self.marker.length_mm, self.marker.fabric.usable_width_mm
        x, y = drawn.points[:, 0], drawn.points[:, 1]
        slack = self.tolerance_mm
        off = np.flatnonzero((x < -slack) | (y < -slack) | (x > length + slack) | (y > width + slack))
        if len(off):
            at: Point = (float(x[off[0]]), float(y[off[0]]))
            line = int(self.run.trace.line[drawn.point_sample[off[0]]])
            yield Violation(
                "pen-outside", f"the pen draws off the fabric at x {at[0]:.1f} mm, y {at[1]:.1f} mm", line, at
            )


@dataclass(frozen=True, slots=True)
class _Part:
    """What one stroke cuts of a line, and in which window."""

    stroke: int
    window: int
    cut: list[Span]


def _spliced(parts: list[_Part], longest_mm: float) -> Iterator[tuple[int, int]]:
    """The pairs of strokes of different windows that have a little of a line in common, and each more than that."""
    for first, last in combinations(parts, 2):
        shared = common(first.cut, last.cut) if first.window != last.window else []
        alone = min(length_mm(first.cut), length_mm(last.cut)) - length_mm(shared)
        if alone > TOLERANCE_MM and any(high - low <= longest_mm for low, high in shared):
            yield first.stroke, last.stroke


def _words(kind: str) -> str:
    return {"boundary": "boundary", "cutout": "cut-out", "notch": "notch", "internal": "internal cut"}[kind]
