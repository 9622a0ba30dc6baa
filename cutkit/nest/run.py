"""One nest from beginning to end: which copies fit, preparation, first layout, search, and the marker at the end."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from cutkit.check import check_marker
from cutkit.kernels import cache
from cutkit.model import (
    Copy,
    Demand,
    Fabric,
    InputFile,
    Marker,
    NestSettings,
    Notice,
    OrderedPiece,
    SearchRecord,
    Unplaced,
)
from cutkit.nest import Listener, Progress, angles
from cutkit.nest import Stage as Doing
from cutkit.nest.angles import Stage, TablesCost
from cutkit.nest.compile import compile_kernels
from cutkit.nest.matching import matching_of, tied_ways
from cutkit.nest.problem import Found, Problem
from cutkit.nest.reasons import no_place, why_not
from cutkit.nest.repair import beside_their_garment, repaired, rough_layout
from cutkit.nest.resume import exact_layout, faults_here, lock, locked_way, share_out, with_pieces
from cutkit.nest.rules import needs_rules, rules_of, without_tilt_of_matched
from cutkit.nest.search import Effort, Report, search
from cutkit.nest.settle import Laid, settle
from cutkit.nest.shapes import Choice, shapes_of
from cutkit.nest.stands import Cloth
from cutkit.nest.start import first_layout, ruled_layout, shelf_layout
from cutkit.nest.tables import build_tables
from cutkit.nest.told import Tell, Told, longer_than_start

SIMPLIFY = 5e-5
"""How far outlines may grow when they are simplified, as a part of the usable width."""
OVER = "the time was over before the start was made sound"
NOTHING = Found(np.zeros((0, 2)), np.zeros(0, dtype=np.int32), 0.0)


@dataclass(frozen=True)
class _Begun:
    """What a search begins with: copies and shapes, their tables where they were made, and a layout."""

    choice: Choice
    problem: Problem | None
    found: Found


def _area(choice: Choice) -> float:
    """The area of all copies."""
    return sum(choice.shapes.area_mm2[copy.piece] for copy in choice.copies)


def _unplaced(copies: Sequence[Copy], reasons: Mapping[int, str]) -> list[Unplaced]:
    """The copies that were left out, counted by piece and reason."""
    counts = Counter((copies[i].piece, reason) for i, reason in reasons.items())
    return [Unplaced(piece, count, reason) for (piece, reason), count in counts.items()]


@dataclass
class Run:
    """What one call of ``nest`` knows; ``begin`` is when its time began to count (time.monotonic)."""

    fabric: Fabric
    demand: Demand
    settings: NestSettings
    listener: Listener | None
    stop: Callable[[], bool]
    begin: float
    start: Marker | None
    tell: Tell
    _simplify_mm: float = field(default=0.0, init=False)
    _area_mm2: float = field(default=0.0, init=False)
    _tables_cost: TablesCost = field(default_factory=TablesCost, init=False)

    def __post_init__(self) -> None:
        if self.start is not None:
            self.start = with_pieces(self.start, self.demand) if self.start.placements else None
        untilted = without_tilt_of_matched(self.demand, self.fabric)
        self._sought = lock(untilted, self.start, self.fabric, self.settings)
        self._unplaced: list[Unplaced] = []
        self._was_mended = False
        self._sound_start: Marker | None = None

    def marker(self, inputs: tuple[InputFile, ...]) -> Marker:
        """Nest, and settle on the best layout that the referee passes."""
        self._simplify_mm = SIMPLIFY * self.fabric.usable_width_mm if self._compile() else 0.0
        choice = self._fitting()
        layouts, rounds = self._search(choice) if choice.copies else ([], 0)
        by_time = self.settings.rounds is None
        record = SearchRecord(
            time_s=round(time.monotonic() - self.begin, 3) if by_time else None,
            rounds=rounds,
            workers=self.settings.workers if by_time else None,
        )
        marker = self._not_longer(settle(replace(self._empty, inputs=inputs, search=record), layouts))
        return replace(marker, planned=self.demand.planned.within(marker.bundles))

    @property
    def _empty(self) -> Marker:
        """The marker before anything is placed."""
        return Marker(self.fabric, self.demand.pieces, (), self.settings, tuple(self._unplaced))

    def _not_longer(self, found: Marker) -> Marker:
        """The marker found, or its start where that is sound and shorter; a word where one with faults was shorter."""
        sound = self._sound_start
        if sound is not None and len(found.placements) <= len(sound.placements) and found.length_mm > sound.length_mm:
            return replace(found, placements=sound.placements, unplaced=sound.unplaced)
        if self.start is not None and self._was_mended:
            self._say(longer_than_start(found, self.start))
        return found

    def _say(self, notices: Iterable[Notice]) -> None:
        for notice in notices:
            self.tell(notice)

    def _fitting(self) -> Choice:
        """The copies that fit the fabric with the shapes that each may take first; the others are noted as unplaced."""
        by_id = {piece.id: piece for piece in self.demand.pieces}
        first = self._as_in_start(angles.first_ways(self._sought, self.fabric), by_id)
        choice = self._choice(list(self._sought.copies), tied_ways(self.fabric, by_id, first))
        _, conflicts = matching_of(self.fabric, by_id, choice.ways)
        reasons = {conflict.copy: conflict.reason for conflict in conflicts}
        for i, (copy, options) in enumerate(zip(choice.copies, choice.options, strict=True)):
            if not options:
                reasons[i] = why_not(by_id[copy.piece], self.fabric, self.settings)
        self._unplaced += _unplaced(choice.copies, reasons)
        return choice.without(reasons)

    def _as_in_start(self, ways: list[Copy], by_id: Mapping[str, OrderedPiece]) -> list[Copy]:
        """The ways in which copies may lie, with the angles that those have in the start which may tilt."""
        if self.start is None or all(piece.tilt_deg <= 0 for piece in by_id.values()):
            return ways
        taken = share_out(self.start, self.demand, self._sought.copies)
        return angles.ways_with(ways, self._sought.copies, taken.lying, by_id)

    def _choice(self, copies: list[Copy], ways: list[Copy]) -> Choice:
        """``copies`` with the shapes that fit the fabric among those which they take in ``ways``."""
        ways = [way if copy.locked is None else locked_way(copy) for copy, way in zip(copies, ways, strict=True)]
        cloth = Cloth(self.fabric, self.settings.bundle_span_mm)
        shapes = shapes_of(replace(self._sought, copies=tuple(ways)), self._simplify_mm, cloth.stands)
        options = [[s for s in shapes.options(way) if cloth.fits(shapes.shapes[s])] for way in ways]
        return Choice(shapes, copies, ways, options)

    def _search(self, choice: Choice) -> tuple[list[Laid], int]:
        """The layouts found, the shortest first, and the rounds it took: in stages, where pieces may tilt."""
        begun = self._begun(choice)
        if begun.problem is None:
            return [Laid(begun.found, choice)] if len(begun.choice.copies) else [], 0
        choice, problem, start = begun.choice, begun.problem, begun.found
        self._report("searching", start)
        layouts, rounds = [Laid(start, choice)], 0
        for stage in angles.stages_of(self._sought, self.settings, self._left_s, self._tables_cost):
            if stage.number > 0:
                choice, problem, start = self._finer(layouts[0], stage) or (choice, problem, layouts[0].found)
                if self._is_over():
                    break
            seed, effort = stage.seed(self.settings.seed), self._effort(stage)
            outcome = search(problem, start, seed, effort, self._reporter(rounds))
            layouts = [Laid(found, choice) for found in outcome.layouts] + layouts
            rounds += outcome.rounds
        return layouts, rounds

    def _begun(self, choice: Choice) -> _Begun:
        """The layout to begin with and the tables of its choice; no tables where the search was over before these."""
        if needs_rules(choice, self.fabric, self.settings):
            return self._begun_by_rules(choice)
        resumed = self._resumed(choice)
        known = self._known(choice, resumed)
        shelf = shelf_layout(choice.half_mm, choice.options, self.fabric.usable_width_mm, self.settings.gap_mm)
        start = known or shelf
        self._area_mm2 = _area(choice)
        self._report("preparing", start)
        problem = self._problem(choice)
        if problem is None:
            if resumed is not None and known is None:
                self._say(resumed.not_used(OVER))
            return _Begun(choice, None, start)
        start = known or self._mended(choice, resumed, problem) or first_layout(problem, shelf, self._is_over)
        return _Begun(choice, problem, start)

    def _begun_by_rules(self, choice: Choice) -> _Begun:
        """The same where the layout has rules to keep: their first layout is made whatever the time, for boxes alone
        would keep none of them. Copies that find no place are left out, with the reason."""
        self._area_mm2 = _area(choice)
        self._report("preparing")
        resumed = self._resumed(choice)
        known = self._known(choice, resumed)
        problem = self._problem(choice, at_any_rate=True)
        if problem is None or problem.rules is None:
            return _Begun(choice.without(range(len(choice.copies))), None, NOTHING)
        if known is not None:
            return _Begun(choice, problem, problem.rules.with_flaws(known, problem))
        mended = self._mended(choice, resumed, problem)
        if mended is not None:
            return _Begun(choice, problem, mended)
        longest = 2 * sum(2 * choice.half_mm[taken[0], 0] for taken in choice.options)
        found, left_out = ruled_layout(problem, problem.rules, longest)
        if not left_out:
            return _Begun(choice, problem, found)
        rough = beside_their_garment(found, left_out, problem)
        mended = repaired(problem, rough, self.settings.seed, self.stop) if self.settings.bundle_span_mm else None
        if mended is not None:
            return _Begun(choice, problem, mended)
        by_id = {piece.id: piece for piece in self.demand.pieces}
        reasons = {i: no_place(by_id[choice.copies[i].piece], self.fabric, self.settings) for i in left_out}
        self._unplaced += _unplaced(choice.copies, reasons)
        rest = choice.without(reasons)
        return self._begun_by_rules(rest) if rest.copies else _Begun(rest, None, NOTHING)

    def _resumed(self, choice: Choice) -> Told | None:
        """Who lies where in the start; None where there is none."""
        if self.start is None:
            return None
        taken = share_out(self.start, self.demand, choice.copies)
        faults = faults_here(self.start, self.fabric, self.demand, self.settings)
        return Told(self.start, {piece.id: piece for piece in self.demand.pieces}, choice, taken, faults)

    def _known(self, choice: Choice, resumed: Told | None) -> Found | None:
        """The layout of the start as it is; None where there is none, or it has faults on this cloth: another width or
        gap."""
        placements = None if resumed is None else resumed.taken.own(choice.copies)
        if resumed is None or placements is None:
            return None
        sound = replace(self._empty, placements=placements)
        if check_marker(sound):
            return None
        self._sound_start = sound
        known = exact_layout(choice, resumed.taken.lying)
        if known is not None:
            self._say(resumed.as_it_is())
        return known

    def _mended(self, choice: Choice, resumed: Told | None, problem: Problem) -> Found | None:
        """The layout of a start with faults, or of other pieces, made sound; None without a start, or in vain."""
        if resumed is None:
            return None
        if all(lying is None for lying in resumed.taken.lying):
            self._say(resumed.not_used("none of its pieces is ordered"))
            return None
        rough = rough_layout(resumed.start, choice, resumed.taken, problem)
        mended = repaired(problem, rough, self.settings.seed, self._is_over)
        if mended is None:
            self._say(resumed.not_used(OVER if self._is_over() else "it could not be made sound"))
            return None
        self._was_mended = resumed.taken.own(choice.copies) is not None
        self._say(resumed.mended(mended.length_mm))
        return mended

    def _finer(self, best: Laid, stage: Stage) -> tuple[Choice, Problem, Found] | None:
        """The best layout in a choice of finer angles, with its tables; None where that would cost too much."""
        if self._is_over():
            return None
        left_s = self._left_s
        most_pairs = self._tables_cost.most_pairs(None if left_s is None else stage.share_of_rest * left_s)
        ways = angles.finer_ways(self._sought, best, stage, most_pairs, stage.seed(self.settings.seed))
        if ways is None:
            return None
        choice = self._choice(best.choice.copies, ways)
        problem = self._problem(choice)
        if problem is None:
            return None
        seats = [choice.shape_at(i, best.pose(i), best.found.place[i]) for i in range(len(ways))]
        flaws = [options[0] for options in problem.options[len(ways) :]]
        shape = np.array([s for s in seats if s is not None] + flaws, dtype=np.int32)
        return (choice, problem, replace(best.found, shape=shape)) if None not in seats else None

    def _effort(self, stage: Stage) -> Effort:
        """A stage's part of the effort that is left."""
        deadline, left_s = self._deadline, self._left_s
        if left_s is not None and stage.share_of_rest < 1:
            deadline = time.monotonic() + stage.share_of_rest * left_s
        return Effort(deadline, stage.rounds, self.settings.workers, self.stop)

    def _problem(self, choice: Choice, *, at_any_rate: bool = False) -> Problem | None:
        """A choice with its tables; None where the search was over before they were made.

        ``at_any_rate``: they are made even where the time is over; only a stop from outside counts.
        """
        is_over = self.stop if at_any_rate else self._is_over
        if is_over():
            return None
        shapes, width = choice.shapes, self.fabric.usable_width_mm
        half = choice.half_mm
        begin = time.monotonic()
        rules = rules_of(choice, self.demand, self.fabric, self.settings)
        matching = None if rules is None else rules.matching
        tables = build_tables(shapes, width, self.settings.gap_mm, self.settings.workers, is_over, matching)
        if tables is None:
            return None
        half_turn = {k: t for k in range(len(shapes.shapes)) if (t := shapes.half_turn_of(k)) is not None}
        forms, turned = len(shapes.forms), sum(shapes.form_half_turn(k) is not None for k in range(len(shapes.forms)))
        self._tables_cost = TablesCost.of(tables, forms, turned, time.monotonic() - begin)
        longest = max(min(2 * half[s, 0] for s in taken) for taken in choice.options)
        solid = sum(shapes.shapes[taken[0]].outline.area for taken in choice.options)
        least = max(longest, solid / width)
        if rules is None:
            return Problem(tables, choice.options, half_turn, least)
        options = choice.options + [[s] for s in rules.flaw_shapes]
        return Problem(tables, options, half_turn, max(least, rules.least_length(tables, options)), rules)

    @property
    def _deadline(self) -> float | None:
        return None if self.settings.time_s is None else self.begin + self.settings.time_s

    @property
    def _left_s(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _is_over(self) -> bool:
        return self.stop() or self._left_s == 0

    def _reporter(self, rounds_before: int) -> Report:
        return lambda best, rounds: self._report("searching", best, rounds_before + rounds)

    def _report(self, stage: Doing, best: Found | None = None, rounds: int = 0) -> None:
        if self.listener is None:
            return
        now = time.monotonic()
        length = best.length_mm if best else None
        self.listener(
            Progress(
                stage=stage,
                copies=len(self.demand.copies),
                elapsed_s=now - self.begin,
                left_s=self._left_s,
                rounds=rounds,
                rounds_left=None if self.settings.rounds is None else self.settings.rounds - rounds,
                length_mm=length,
                efficiency=self._area_mm2 / (self.fabric.usable_width_mm * length) if length else None,
            )
        )

    def _compile(self) -> bool:
        """On the first run on a machine: compile every kernel, and only then let the time begin.

        False where a stop came first: then no kernel may be called, for the stop would wait for its compilation.
        """
        if cache.is_compiled():
            return True
        self._report("compiling")
        done = compile_kernels(self.stop)
        self.begin = time.monotonic()
        return done
