"""One nest from beginning to end: which copies fit, preparation, first layout, search, and the marker at the end."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from cutkit import kernels
from cutkit.model import Copy, Demand, Fabric, InputFile, Marker, NestSettings, OrderedPiece, SearchRecord, Unplaced
from cutkit.nest import Listener, Progress, Stage
from cutkit.nest.chain import Found, Problem
from cutkit.nest.compile import compile_kernels
from cutkit.nest.search import Effort, Outcome, search
from cutkit.nest.settle import settle
from cutkit.nest.shapes import ShapeSet, shapes_of
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
    _area_mm2: float = field(default=0.0, init=False)

    def marker(self, inputs: tuple[InputFile, ...]) -> Marker:
        """Nest, and settle on the best layout that the referee passes."""
        simplify = SIMPLIFY * self.fabric.usable_width_mm if self._compile() else 0.0
        shapes = shapes_of(self.demand, simplify)
        copies, options, unplaced = self._fitting(shapes)
        outcome = self._search(shapes, copies, options) if copies else Outcome([], 0)
        by_time = self.settings.rounds is None
        record = SearchRecord(
            time_s=round(time.monotonic() - self.begin, 3) if by_time else None,
            rounds=outcome.rounds,
            workers=self.settings.workers if by_time else None,
        )
        empty = Marker(self.fabric, self.demand.pieces, (), self.settings, tuple(unplaced), inputs, record)
        return settle(empty, shapes, copies, outcome.layouts)

    def _fitting(self, shapes: ShapeSet) -> tuple[list[Copy], list[list[int]], list[Unplaced]]:
        """The copies that fit the fabric, the shapes that each may take, and the others with the reason."""
        copies: list[Copy] = []
        options: list[list[int]] = []
        left_out: dict[str, int] = {}
        for copy in self.demand.copies:
            fitting = [s for s in shapes.options(copy) if self._fits(shapes, s)]
            if fitting:
                copies.append(copy)
                options.append(fitting)
            else:
                left_out[copy.piece] = left_out.get(copy.piece, 0) + 1
        by_id = {piece.id: piece for piece in self.demand.pieces}
        return copies, options, [Unplaced(p, n, self._why_not(by_id[p])) for p, n in left_out.items()]

    def _fits(self, shapes: ShapeSet, index: int) -> bool:
        half_x, half_y = shapes.shapes[index].half_mm
        limit = self.fabric.max_length_mm
        across = 2 * half_y <= self.fabric.usable_width_mm * (1 + FITS)
        return across and (limit is None or 2 * half_x <= limit * (1 + FITS))

    def _why_not(self, piece: OrderedPiece) -> str:
        x0, y0, x1, y1 = piece.outline.bounds
        text = f"the piece is {x1 - x0:.1f} mm along the grain and {y1 - y0:.1f} mm across"
        text += f"; the usable width is {self.fabric.usable_width_mm:.1f} mm"
        if self.fabric.max_length_mm is not None:
            text += f" and the length limit {self.fabric.max_length_mm:.1f} mm"
        return text

    def _search(self, shapes: ShapeSet, copies: list[Copy], options: list[list[int]]) -> Outcome:
        width, gap = self.fabric.usable_width_mm, self.settings.gap_mm
        half = np.array([shape.half_mm for shape in shapes.shapes])
        start = shelf_layout(half, options, width, gap)
        self._area_mm2 = sum(shapes.area_mm2[copy.piece] for copy in copies)
        self._report("preparing", start)
        if self._is_over():
            return Outcome([start], 0)
        tables = build_tables(shapes, width, gap, self.settings.workers, self._is_over)
        if tables is None:
            return Outcome([start], 0)
        longest = max(min(2 * half[s, 0] for s in taken) for taken in options)
        solid = sum(shapes.shapes[taken[0]].outline.area for taken in options)
        half_turn = {k: t for k in range(len(shapes.shapes)) if (t := shapes.half_turn_of(k)) is not None}
        problem = Problem(tables, options, half_turn, max(longest, solid / width))
        start = first_layout(problem, start)
        self._report("searching", start)
        effort = Effort(self._deadline, self.settings.rounds, self.settings.workers, self.stop)
        return search(problem, start, self.settings.seed, effort, self._report_search)

    @property
    def _deadline(self) -> float | None:
        return None if self.settings.time_s is None else self.begin + self.settings.time_s

    def _is_over(self) -> bool:
        deadline = self._deadline
        return self.stop() or (deadline is not None and time.monotonic() >= deadline)

    def _report_search(self, best: Found, rounds: int) -> None:
        self._report("searching", best, rounds)

    def _report(self, stage: Stage, best: Found | None = None, rounds: int = 0) -> None:
        if self.listener is None:
            return
        now = time.monotonic()
        length = best.length_mm if best else None
        self.listener(
            Progress(
                stage=stage,
                copies=len(self.demand.copies),
                elapsed_s=now - self.begin,
                left_s=None if self._deadline is None else max(0.0, self._deadline - now),
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
        if kernels.is_compiled():
            return True
        self._report("compiling")
        done = compile_kernels(self.stop)
        self.begin = time.monotonic()
        return done
