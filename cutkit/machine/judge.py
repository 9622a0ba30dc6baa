"""Judges a run against the marker: was every piece cut exactly once, and where did the blade go astray?

From the path of the blade's tip alone, never from what the writer of the program noted. The lines that the marker wants
(``wanted``) are matched exactly with the path (``coverage``).

Violations, by their stable codes:

=================  ==================================================================================================
missed             a piece's boundary or cut-out is not cut, or not the greater part of it
unclosed           part of a boundary or cut-out is not cut: the piece still hangs there
cut-twice          a line is cut again, beyond the overcut that closes it
off-outline        the knife cuts where the marker has no line
corner-missed      the knife passes a corner of a piece too far away
notch-missed       a notch is not cut, or not whole
drill-missed       no punch or cut goes through a drill hole's point
internal-missed    an internal line for the knife is not cut, or not whole
cut-after-freed    something in a piece is cut after its boundary, when it no longer lies fast
pen-outside        a pen draws off the fabric
=================  ==================================================================================================
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import shapely
from numpy.typing import NDArray

from cutkit.machine.actions import Violation
from cutkit.machine.coverage import (
    Array,
    Indices,
    Lines,
    Overlaps,
    Stretches,
    nearest_mm,
    stretches,
    summed_where,
    tree_of,
)
from cutkit.machine.emulator import Run
from cutkit.machine.wanted import Spot, drawn_lines, wanted_lines
from cutkit.model import Marker, Point

TOLERANCE_MM = 0.05
COVER_TOLERANCE_MM = 0.08
"""How near a pass must run to a line to cut it; more than the tolerance, so that a path at its limit still counts."""
SURELY_FLUSH_MM = 0.03
MAYBE_FLUSH_MM = 0.16
"""Neighbours nearer than the first share their passes for certain, farther than the second never do."""
ROUNDING_GAP_MM = 0.3
"""Shorter stretches that seem uncut come of rounding at corners."""
OVERCUT_MM = 10.0
OVERCUT_SHARE = 0.02
"""A contour may be cut on beyond its closing point by so much; the larger counts."""
MISSED_SHARE = 0.5
SAMPLE_MM = 2.0
CROSSING_SINE = 0.7
MOST_ROUNDS = 20
"""How often blame is shared out among lines that lie flush; each round finds all that are alike."""
LONGEST_ALIGNMENT_MM = 100.0


@dataclass(frozen=True)
class Verdict:
    """What the judge found. Pieces are counted by their boundaries and cut-outs; one with any fault is not "once".

    ``worst_deviation_mm`` is two-sided: the farthest of the tip, cutting, from any line of the marker, and of any
    corner of a piece that is cut from the tip's path.
    """

    violations: tuple[Violation, ...]
    expected: int
    cut_once: int
    missed: int
    cut_twice: int
    worst_deviation_mm: float


def judge(run: Run, marker: Marker) -> Verdict:
    """Compare what the tool did with what the marker wants; x and y of the table are the marker's."""
    case = _Case(run, marker)
    found = [
        *case.coverage_faults(),
        *case.spot_faults(),
        *case.off_faults(),
        *case.corner_faults(),
        *case.freed_faults(),
        *case.pen_faults(),
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
    )


@dataclass(frozen=True, eq=False)
class _Path:
    """The segments of the tip's way with one tool down; ``run`` and ``sample`` say where in the trace each one is."""

    segments: Array
    run: Indices
    sample: Indices
    points: Array
    point_sample: Indices
    point_run: Indices


def _path_of(run: Run, tools: set[str]) -> _Path:
    trace = run.trace
    segments: list[Array] = []
    runs: list[Indices] = []
    samples: list[Indices] = []
    points: list[Array] = []
    point_samples: list[Indices] = []
    point_runs: list[Indices] = []
    for number, (first, end) in enumerate(trace.runs()):
        tool = int(trace.tool[first])
        if (trace.tools[tool] if tool >= 0 else "") not in tools:
            continue
        tips = trace.tip_mm[first:end]
        moving = np.flatnonzero(np.hypot(*np.diff(tips, axis=0).T) > 0)
        segments.append(np.hstack([tips[moving], tips[moving + 1]]))
        samples.append(first + 1 + moving)
        runs.append(np.full(len(moving), number))
        points.append(tips)
        point_samples.append(np.arange(first, end))
        point_runs.append(np.full(end - first, number))
    if not points:
        none = np.zeros(0, np.int64)
        return _Path(np.zeros((0, 4)), none, none, np.zeros((0, 2)), none, none)
    whole = [np.concatenate(part) for part in (runs, samples, point_samples, point_runs)]
    return _Path(np.concatenate(segments), whole[0], whole[1], np.concatenate(points), whole[2], whole[3])


@dataclass
class _Case:
    """One run and one marker before the judge."""

    run: Run
    marker: Marker
    missed_pieces: set[int] = field(default_factory=set)
    doubled_pieces: set[int] = field(default_factory=set)
    missed_lines: set[int] = field(default_factory=set)
    worst_mm: float = 0.0

    def __post_init__(self) -> None:
        self.wanted, self.spots = wanted_lines(self.marker)
        self.lines = Lines([w.points for w in self.wanted])
        self.drawn = Lines(drawn_lines(self.marker) if self.run.cutting_tool == "pen" else [])
        self.redrawn = self.lines.along(self.drawn.edges, MAYBE_FLUSH_MM)
        self.path = _path_of(self.run, {self.run.cutting_tool})
        self.punched = _path_of(self.run, {"punch"})
        self.tree = tree_of(self.path.segments)
        self.cut = self.lines.along(self.path.segments, COVER_TOLERANCE_MM)
        self.line_of_cut: Indices = self.lines.line_of_edge[self.cut.edge]

    # ---- is every line covered, and once? -----------------------------------------------------------------------

    def coverage_faults(self) -> Iterator[Violation]:
        """What is not cut, and what is cut again; neighbours that only lie flush with such a line are not blamed."""
        weight = np.ones(len(self.wanted))
        surely, maybe = self._flush(SURELY_FLUSH_MM), self._flush(MAYBE_FLUSH_MM)
        for _ in range(MOST_ROUNDS):
            found = self._stretches(surely, maybe, weight)
            lacking = summed_where(found, found.passes < found.fewest, ROUNDING_GAP_MM, len(self.wanted))
            extra = summed_where(found, found.passes > found.most, ROUNDING_GAP_MM, len(self.wanted))
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

    def _beyond_allowance(self, lacking: Array, extra: Array, weight: Array) -> tuple[Array, Array]:
        """What is left of missing and extra lengths after what a sound program may leave out or cut again."""
        length = self.lines.length_mm
        closed = np.array([w.closed for w in self.wanted], dtype=bool)
        short = np.array([w.may_end_short_mm for w in self.wanted])
        overcut = np.where(
            closed, np.minimum(np.maximum(OVERCUT_MM, OVERCUT_SHARE * length), 0.4 * length), 0.2 * length
        )
        lacking = np.where((lacking > short + 1e-9) & (weight == 1), lacking, 0.0)
        return lacking, np.where((extra > overcut) & (weight == 1), extra, 0.0)

    def _flush(self, tolerance_mm: float) -> Overlaps:
        """Where edges lie flush, also two of one line; ``segment`` and ``edge`` are both edges."""
        found = self.lines.along(self.lines.edges, tolerance_mm)
        return found.only(found.segment != found.edge)

    def _stretches(self, surely: Overlaps, maybe: Overlaps, weight: Array) -> Stretches:
        of = self.lines.line_of_edge
        fewest = (surely, weight[of[surely.segment]])
        most = (maybe.and_also(self.redrawn), np.append(weight[of[maybe.segment]], np.ones(len(self.redrawn.segment))))
        return stretches(self.lines, self.cut, fewest, most)

    def _blame(self, index: int, lacks: bool, *, whole: bool) -> Violation:
        wanted = self.wanted[index]
        at = (float(wanted.points[0][0]), float(wanted.points[0][1]))
        line = self._program_line(index)
        what = f"the {_words(wanted.kind)} of {self._name(wanted.placement)}"
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

    # ---- drill holes, and notches whose direction is open -------------------------------------------------------

    def spot_faults(self) -> Iterator[Violation]:
        """Drill holes that nothing goes through, and notches of open direction that go too little inward."""
        for spot in self.spots:
            if spot.is_drill:
                yield from self._drill_faults(spot)
            elif self._deepest_mm(spot) < spot.least_depth_mm:
                yield Violation("notch-missed", f"a notch of {self._name(spot.placement)} is not cut", None, spot.at)

    def _drill_faults(self, spot: Spot) -> Iterator[Violation]:
        """A drill hole is one punch or, where nothing can punch, a cross of two cuts with its point in the middle."""
        name = f"a drill hole of {self._name(spot.placement)}"
        near = np.hypot(*(self.punched.points - spot.at).T) <= TOLERANCE_MM
        punches = len(np.unique(self.punched.point_run[near]))
        through = self.tree.query(shapely.Point(spot.at), predicate="dwithin", distance=TOLERANCE_MM)
        ends = [self._ends_mm(number, spot) for number in np.unique(self.path.run[through])]
        arms = [e for e in ends if max(np.hypot(*e.T)) <= spot.radius_mm]
        across = len(arms) >= 2 and any(abs(_sine_between(arms[0], arm)) > CROSSING_SINE for arm in arms[1:])
        if punches + len(arms) == 0 or (punches == 0 and not across):
            yield Violation("drill-missed", f"{name} is not made{' whole' if arms else ''}", None, spot.at)
        elif punches > 1 or len(arms) > 2 or (punches and arms):
            line = int(self.run.trace.line[self.path.sample[through].max(initial=0)]) if arms else None
            yield Violation("cut-twice", f"{name} is made again", line, spot.at)
        elif any(self._is_off_middle(arm, spot) for arm in arms):
            yield Violation("off-outline", f"{name}: its cross is off its point", None, spot.at)

    def _ends_mm(self, number: int, spot: Spot) -> Array:
        """Both ends of a stroke as seen from a spot."""
        segments = self.path.segments[self.path.run == number]
        ends: Array = np.array([segments[0, :2], segments[-1, 2:]]) - spot.at
        return ends

    def _is_off_middle(self, arm: Array, spot: Spot) -> bool:
        """True where a spot is not in the middle of a stroke that does not end at the outline either."""
        far = np.hypot(*arm.T)
        at_edge = shapely.distance(shapely.points(arm + spot.at), self.marker.polygons[spot.placement].boundary)
        return bool(abs(far[0] - far[1]) > 2 * TOLERANCE_MM and at_edge.min() > TOLERANCE_MM)

    def _made_at(self, spot: Spot) -> int:
        """The sample at which a drill hole is first punched or cut through its point; -1: never."""
        cut = self.tree.query(shapely.Point(spot.at), predicate="dwithin", distance=TOLERANCE_MM)
        punched = np.hypot(*(self.punched.points - spot.at).T) <= TOLERANCE_MM
        made = np.concatenate([self.path.sample[cut], self.punched.point_sample[punched]])
        return int(made.min()) if len(made) else -1

    def _deepest_mm(self, spot: Spot) -> float:
        """How far from the outline, inside the piece, a cut near the spot comes."""
        near = self.tree.query(shapely.Point(spot.at), predicate="dwithin", distance=spot.radius_mm)
        outline = self.marker.polygons[spot.placement]
        points = shapely.points(self.path.segments[near][:, 2:]) if len(near) else np.zeros(0, dtype=object)
        inside = points[shapely.within(points, outline)] if len(points) else points
        return float(shapely.distance(inside, outline.boundary).max(initial=0.0)) if len(inside) else 0.0

    # ---- where the blade should not be --------------------------------------------------------------------------

    def off_faults(self) -> Iterator[Violation]:
        """Every stretch with the tool down that leaves the marker's lines, once, at its worst point."""
        points, sample, run = self._sampled()
        if len(points) == 0:
            return
        distance = np.minimum(self.lines.nearest(points), self.drawn.nearest(points))
        off = np.flatnonzero(distance > TOLERANCE_MM)
        off = off[~self._is_free(points[off], run[off])]
        on_lines = distance <= TOLERANCE_MM
        self.worst_mm = float(max(distance[on_lines].max(initial=0.0), distance[off].max(initial=0.0)))
        for number in np.unique(run[off]):
            here = off[run[off] == number]
            worst = here[np.argmax(distance[here])]
            at = (float(points[worst][0]), float(points[worst][1]))
            message = f"the {self.run.cutting_tool} is {distance[worst]:.2f} mm off every line of the marker"
            yield Violation("off-outline", message, int(self.run.trace.line[sample[worst]]), at)
        yield from self._stray_punches()

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

    def _is_free(self, points: Array, run: Indices) -> NDArray[np.bool_]:
        """True where a cut is free to be: about a spot, in the waste to align the blade, or a pen's within a piece."""
        free = np.zeros(len(points), dtype=bool)
        if len(points) == 0:
            return free
        for spot in self.spots:
            free |= self._makes_spot(points, run, spot)
        free |= run == self._alignment()
        if self.run.cutting_tool == "pen":
            free |= np.isin(run, self._drawings(run))
        return free

    def _makes_spot(self, points: Array, run: Indices, spot: Spot) -> NDArray[np.bool_]:
        """Points about a spot: of a drill hole only those whose whole stroke goes through its point."""
        near: NDArray[np.bool_] = np.hypot(*(points - spot.at).T) <= spot.radius_mm
        if spot.is_drill:
            for number in np.unique(run[near]):
                if self._stroke(int(number)).distance(shapely.Point(spot.at)) > TOLERANCE_MM:
                    near &= run != number
        return near

    def _alignment(self) -> int:
        """The stroke that turns a blade of unknown heading: the first one, short, clear of every piece; -1: none."""
        knife = self.run.profile.knife
        if knife.kind != "drag" or knife.start_deg is not None or len(self.path.run) == 0:
            return -1
        first = int(self.path.run[0])
        stroke = self._stroke(first)
        clear = all(stroke.distance(polygon) > TOLERANCE_MM for polygon in self.marker.polygons)
        return first if clear and stroke.length <= LONGEST_ALIGNMENT_MM else -1

    def _drawings(self, runs: Indices) -> list[int]:
        """Of the strokes of a pen that makes outlines too, those that only write: within a piece, along no contour."""
        closed = np.array([w.closed for w in self.wanted], dtype=bool)
        along = set(self.path.run[self.cut.segment[closed[self.line_of_cut]]].tolist())
        tree = shapely.STRtree(shapely.buffer(np.array(self.marker.polygons, dtype=object), TOLERANCE_MM))
        candidates = [int(number) for number in np.unique(runs) if int(number) not in along]
        strokes = [self._stroke(number) for number in candidates]
        return [candidates[k] for k in np.unique(tree.query(strokes, predicate="within")[0])] if strokes else []

    def _stroke(self, number: int) -> shapely.Geometry:
        segments = self.path.segments[self.path.run == number]
        return shapely.multilinestrings(shapely.linestrings(segments.reshape(-1, 2, 2)))

    def _stray_punches(self) -> Iterator[Violation]:
        holes = np.array([s.at for s in self.spots if s.is_drill]).reshape(-1, 2)
        for point, sample in zip(self.punched.points, self.punched.point_sample, strict=True):
            if not (np.hypot(*(holes - point).T) <= TOLERANCE_MM).any():
                at = (float(point[0]), float(point[1]))
                yield Violation("off-outline", "a punch where no drill hole is", int(self.run.trace.line[sample]), at)

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
        distance, nearest = nearest_mm(self.tree, flat)
        self.worst_mm = max(self.worst_mm, float(distance.max(initial=0.0)))
        bad = np.flatnonzero(distance > TOLERANCE_MM)
        for line in np.unique(owner[bad]):
            here = bad[owner[bad] == line]
            worst = here[np.argmax(distance[here])]
            name = self._name(self.wanted[line].placement)
            message = f"a corner of {name} is {distance[worst]:.2f} mm from the nearest cut"
            sample = self.path.sample[nearest[worst]]
            at = (float(flat[worst][0]), float(flat[worst][1]))
            yield Violation("corner-missed", message, int(self.run.trace.line[sample]), at)

    def freed_faults(self) -> Iterator[Violation]:
        """What is cut in a piece after its boundary has been closed."""
        start, end = self._spans()
        freed = {w.placement: end[k] for k, w in enumerate(self.wanted) if w.kind == "boundary" and end[k] >= 0}
        for k, wanted in enumerate(self.wanted):
            if wanted.kind != "boundary" and start[k] >= 0 and start[k] > freed.get(wanted.placement, np.inf):
                sample = self.path.sample[start[k]]
                message = f"the {_words(wanted.kind)} of {self._name(wanted.placement)} is cut after the piece is freed"
                at = (float(wanted.points[0][0]), float(wanted.points[0][1]))
                yield Violation("cut-after-freed", message, int(self.run.trace.line[sample]), at)

        for spot in self.spots:
            sample = self._made_at(spot) if spot.is_drill and spot.placement in freed else -1
            if sample >= 0 and sample > self.path.sample[freed[spot.placement]]:
                message = f"a drill hole of {self._name(spot.placement)} is made after the piece is freed"
                yield Violation("cut-after-freed", message, int(self.run.trace.line[sample]), spot.at)

    def _spans(self) -> tuple[Indices, Indices]:
        """For every wanted line the first and last segment of the stroke that cuts the most of it; -1: not cut.

        Of strokes that cut as much, the first: a line cut twice frees the piece the first time.
        """
        start, end = np.full(len(self.wanted), -1), np.full(len(self.wanted), -1)
        if len(self.cut.segment) == 0:
            return start, end
        order = np.lexsort((self.path.run[self.cut.segment], self.line_of_cut))
        line, run = self.line_of_cut[order], self.path.run[self.cut.segment[order]]
        first = np.flatnonzero((np.diff(line, prepend=-1) != 0) | (np.diff(run, prepend=-1) != 0))
        length = np.add.reduceat((self.cut.end_mm - self.cut.start_mm)[order], first)
        low = np.minimum.reduceat(self.cut.segment[order], first)
        high = np.maximum.reduceat(self.cut.segment[order], first)
        most = np.zeros(len(self.wanted))
        for k, line_index in enumerate(line[first].tolist()):
            if length[k] > most[line_index] + 1.0 + 0.01 * most[line_index]:
                most[line_index], start[line_index], end[line_index] = length[k], low[k], high[k]
        return start, end

    def pen_faults(self) -> Iterator[Violation]:
        """A pen of a machine that has a knife must stay on the fabric; how it draws there is its own affair."""
        if self.run.cutting_tool == "pen":
            return
        drawn = _path_of(self.run, {"pen"})
        length, width = self.marker.length_mm, self.marker.fabric.usable_width_mm
        x, y = drawn.points[:, 0], drawn.points[:, 1]
        slack = TOLERANCE_MM
        off = np.flatnonzero((x < -slack) | (y < -slack) | (x > length + slack) | (y > width + slack))
        if len(off):
            at: Point = (float(x[off[0]]), float(y[off[0]]))
            line = int(self.run.trace.line[drawn.point_sample[off[0]]])
            yield Violation(
                "pen-outside", f"the pen draws off the fabric at x {at[0]:.1f} mm, y {at[1]:.1f} mm", line, at
            )

    def _name(self, placement: int) -> str:
        place = self.marker.placements[placement]
        return f"{place.piece} (placement {placement}, bundle {place.bundle})"


def _sine_between(a: Array, b: Array) -> float:
    """The sine of the angle between two strokes, each given by its ends."""
    u, v = a[1] - a[0], b[1] - b[0]
    return float((u[0] * v[1] - u[1] * v[0]) / max(np.hypot(*u) * np.hypot(*v), 1e-12))


def _words(kind: str) -> str:
    return {"boundary": "boundary", "cutout": "cut-out", "notch": "notch", "internal": "internal cut"}[kind]
