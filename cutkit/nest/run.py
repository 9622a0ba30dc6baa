"""One nest from beginning to end: which copies fit, preparation, first layout, search, and the marker at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

from cutkit.check import check_marker
from cutkit.kernels import cache
from cutkit.model import Copy, Demand, Fabric, InputFile, Marker, NestSettings, OrderedPiece, SearchRecord, Unplaced
from cutkit.nest import Listener, Progress, angles
from cutkit.nest import Stage as Doing
from cutkit.nest.angles import Stage, TablesCost
from cutkit.nest.compile import compile_kernels
from cutkit.nest.problem import Found, Problem
from cutkit.nest.resume import layout_of
from cutkit.nest.search import Effort, Report, search
from cutkit.nest.settle import Laid, settle
from cutkit.nest.shapes import Choice, ShapeSet, shapes_of
from cutkit.nest.start import first_layout, shelf_layout
from cutkit.nest.tables import build_tables

SIMPLIFY = 5e-5
"""How far outlines may grow when they are simplified, as a part of the usable width."""
FITS = 1e-9
"""A piece may exceed the usable width by this part of it: rounding, not cloth."""


@dataclass
class Run:
    """What one call of ``nest`` knows; ``begin`` is when its time began to count (time.monotonic)."""

    fabric: Fabric
    demand: Demand
    settings: NestSettings
    listener: Listener | None
    stop: Callable[[], bool]
    begin: float
    start: Marker | None = None
    _simplify_mm: float = field(default=0.0, init=False)
    _area_mm2: float = field(default=0.0, init=False)
    _tables_cost: TablesCost = field(default_factory=TablesCost, init=False)

    def marker(self, inputs: tuple[InputFile, ...]) -> Marker:
        """Nest, and settle on the best layout that the referee passes."""
        self._simplify_mm = SIMPLIFY * self.fabric.usable_width_mm if self._compile() else 0.0
        choice, unplaced = self._fitting()
        layouts, rounds = self._search(choice) if choice.copies else ([], 0)
        by_time = self.settings.rounds is None
        record = SearchRecord(
            time_s=round(time.monotonic() - self.begin, 3) if by_time else None,
            rounds=rounds,
            workers=self.settings.workers if by_time else None,
        )
        empty = Marker(self.fabric, self.demand.pieces, (), self.settings, tuple(unplaced), inputs, record)
        return settle(empty, layouts)

    def _fitting(self) -> tuple[Choice, list[Unplaced]]:
        """The copies that fit the fabric with the shapes that each may take first, and the others with the reason."""
        ways = angles.first_ways(self.demand, self.fabric)
        choice = self._choice(list(self.demand.copies), ways)
        left_out: dict[str, int] = {}
        for copy, options in zip(choice.copies, choice.options, strict=True):
            if not options:
                left_out[copy.piece] = left_out.get(copy.piece, 0) + 1
        by_id = {piece.id: piece for piece in self.demand.pieces}
        return choice.fitting(), [Unplaced(p, n, self._why_not(by_id[p])) for p, n in left_out.items()]

    def _choice(self, copies: list[Copy], ways: list[Copy]) -> Choice:
        """``copies`` with the shapes that fit the fabric among those which they take in ``ways``."""
        shapes = shapes_of(replace(self.demand, copies=tuple(ways)), self._simplify_mm)
        options = [[s for s in shapes.options(way) if self._fits(shapes, s)] for way in ways]
        return Choice(shapes, copies, ways, options)

    def _fits(self, shapes: ShapeSet, index: int) -> bool:
        half_x, half_y = shapes.shapes[index].half_mm
        limit = self.fabric.max_length_mm
        across = 2 * half_y <= self.fabric.usable_width_mm * (1 + FITS)
        return across and (limit is None or 2 * half_x <= limit * (1 + FITS))

    def _why_not(self, piece: OrderedPiece) -> str:
        x0, y0, x1, y1 = piece.outline.bounds
        text = f"the piece is {x1 - x0:.1f} mm along the grain and {y1 - y0:.1f} mm across"
        if piece.tilt_deg > 0:
            text += f", and does not fit when tilted by up to {piece.tilt_deg:g} degrees either"
        text += f"; the usable width is {self.fabric.usable_width_mm:.1f} mm"
        if self.fabric.max_length_mm is not None:
            text += f" and the length limit {self.fabric.max_length_mm:.1f} mm"
        return text

    def _search(self, choice: Choice) -> tuple[list[Laid], int]:
        """The layouts found, the shortest first, and the rounds it took: in stages, where pieces may tilt."""
        known = self._known(choice)
        shelf = shelf_layout(choice.half_mm, choice.options, self.fabric.usable_width_mm, self.settings.gap_mm)
        start = known or shelf
        self._area_mm2 = sum(choice.shapes.area_mm2[copy.piece] for copy in choice.copies)
        self._report("preparing", start)
        problem = self._problem(choice)
        if problem is None:
            return [Laid(start, choice)], 0
        start = known or first_layout(problem, shelf, self._is_over)
        self._report("searching", start)
        layouts, rounds = [Laid(start, choice)], 0
        for stage in angles.stages_of(self.demand, self.settings, self._left_s, self._tables_cost):
            if stage.number > 0:
                choice, problem, start = self._finer(layouts[0], stage) or (choice, problem, layouts[0].found)
                if self._is_over():
                    break
            seed, effort = stage.seed(self.settings.seed), self._effort(stage)
            outcome = search(problem, start, seed, effort, self._reporter(rounds))
            layouts = [Laid(found, choice) for found in outcome.layouts] + layouts
            rounds += outcome.rounds
        return layouts, rounds

    def _known(self, choice: Choice) -> Found | None:
        """The layout to go on from; None where there is none, or it has faults on this cloth: another width or gap."""
        if self.start is None:
            return None
        here = replace(self.start, fabric=self.fabric, pieces=self.demand.pieces, settings=self.settings, stated=None)
        return None if check_marker(here) else layout_of(self.start, choice)

    def _finer(self, best: Laid, stage: Stage) -> tuple[Choice, Problem, Found] | None:
        """The best layout in a choice of finer angles, with its tables; None where that would cost too much."""
        if self._is_over():
            return None
        left_s = self._left_s
        most_pairs = self._tables_cost.most_pairs(None if left_s is None else stage.share_of_rest * left_s)
        ways = angles.finer_ways(self.demand, best, stage, most_pairs, stage.seed(self.settings.seed))
        if ways is None:
            return None
        choice = self._choice(best.choice.copies, ways)
        problem = self._problem(choice)
        shape = np.array([choice.shape_of(i, best.pose(i)) for i in range(len(ways))], dtype=np.int32)
        return None if problem is None else (choice, problem, replace(best.found, shape=shape))

    def _effort(self, stage: Stage) -> Effort:
        """A stage's part of the effort that is left."""
        deadline, left_s = self._deadline, self._left_s
        if left_s is not None and stage.share_of_rest < 1:
            deadline = time.monotonic() + stage.share_of_rest * left_s
        return Effort(deadline, stage.rounds, self.settings.workers, self.stop)

    def _problem(self, choice: Choice) -> Problem | None:
        """A choice with its tables; None where the search was over before they were made."""
        if self._is_over():
            return None
        shapes, width = choice.shapes, self.fabric.usable_width_mm
        begin = time.monotonic()
        tables = build_tables(shapes, width, self.settings.gap_mm, self.settings.workers, self._is_over)
        if tables is None:
            return None
        half = choice.half_mm
        longest = max(min(2 * half[s, 0] for s in taken) for taken in choice.options)
        solid = sum(shapes.shapes[taken[0]].outline.area for taken in choice.options)
        half_turn = {k: t for k in range(len(shapes.shapes)) if (t := shapes.half_turn_of(k)) is not None}
        self._tables_cost = TablesCost.of(tables, len(half_turn), time.monotonic() - begin)
        return Problem(tables, choice.options, half_turn, max(longest, solid / width))

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
