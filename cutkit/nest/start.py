"""First layouts: one at once, from boxes alone, and a good one from the tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import first, state
from cutkit.kernels.state import Layout, Scratch
from cutkit.nest.problem import Found, Problem, Rules, new_layout

Floats = NDArray[np.float64]
Longs = NDArray[np.int64]

PIECES_AT_A_TIME = 50
"""Pieces that are placed before it is asked whether to go on."""


def shelf_layout(half: Floats, options: list[list[int]], height_mm: float, gap_mm: float) -> Found:
    """Pieces side by side in columns across the fabric, by their boxes: valid, at once, and nothing more.

    The longest boxes come first (next-fit decreasing height, Coffman et al. 1980), each piece in the option whose box
    is shortest along the fabric.
    """
    shape = np.array([min(o, key=lambda s: (half[s, 0], half[s, 1], s)) for o in options], dtype=np.int32)
    place = np.zeros((len(options), 2))
    x = y = column = 0.0
    for i in np.argsort(-half[shape, 0], kind="stable"):
        width, height = 2 * half[shape[i]]
        if y > 0 and y + height > height_mm:
            x, y, column = x + column + gap_mm, 0.0, 0.0
        place[i] = x + width / 2, y + height / 2
        y += height + gap_mm
        column = max(column, width)
    return Found(place, shape, float((place[:, 0] + half[shape, 0]).max(initial=0.0)))


def first_layout(problem: Problem, start: Found, is_over: Callable[[], bool] = lambda: False) -> Found:
    """Pieces one after the other, large before small, each as far left as it goes; ``start`` where that is shorter.

    Once ``is_over`` is true, the pieces that are left lie behind the others by their boxes.
    """
    tables = problem.tables
    layout, scratch = new_layout(problem, start.length_mm, seed=1)
    size = np.array([tables.hull[options[0]] for options in problem.options])
    order = np.argsort(-size, kind="stable").astype(np.int64)
    placed = 0
    while placed < len(order) and not is_over():
        end = min(placed + PIECES_AT_A_TIME, len(order))
        first.lay_out(layout, tables, scratch, order, placed, end)
        placed = end
    _put_behind(layout, problem, order[:placed], order[placed:])
    length = float(first.strip_length(layout, tables))
    return Found(layout.place, layout.shape, length) if length < start.length_mm else start


def _put_behind(layout: Layout, problem: Problem, placed: Longs, left: Longs) -> None:
    """Lay the pieces that are ``left`` on shelves behind those that are placed."""
    tables = problem.tables
    gap = float(tables.number[state.GAP])
    options = [problem.options[i] for i in left]
    shelves = shelf_layout(tables.half, options, float(tables.number[state.HEIGHT]), gap)
    ends = layout.place[placed, 0] + tables.half[layout.shape[placed], 0]
    behind = float(ends.max()) + gap if len(placed) else 0.0
    layout.place[left] = shelves.place + (behind, 0.0)
    layout.shape[left] = shelves.shape


def ruled_layout(problem: Problem, rules: Rules, longest_mm: float) -> tuple[Found, list[int]]:
    """A first layout that keeps the rules of cloth, and the copies that found no place, which lie at the origin.

    As ``first_layout``, but what is tied to a place along the strip goes first, and where garments have a span, one
    garment after the other.
    """
    layout, scratch = new_layout(problem, longest_mm, seed=1)
    first.begin(layout, problem.tables)
    laying = _Laying(problem, rules, layout, scratch)
    for garment in laying.garments():
        laying.lay(garment)
    return Found(layout.place, layout.shape, float(first.strip_length(layout, problem.tables))), laying.left_out


@dataclass
class _Laying:
    """A first layout under way, the phases known so far, and the copies that found no place."""

    problem: Problem
    rules: Rules
    layout: Layout
    scratch: Scratch
    known: dict[tuple[int, int], float] = field(default_factory=dict)
    left_out: list[int] = field(default_factory=list)

    def garments(self) -> list[list[int]]:
        """The free copies in the order in which they are laid: one list, or one a garment where there is a span."""
        tables = self.problem.tables
        tied = [min(tables.room[s, 1] for s in options) < np.inf for options in self.problem.options]
        size = [float(tables.hull[options[0]]) for options in self.problem.options]
        free = np.flatnonzero(self.rules.fixed == state.FREE).tolist()
        order = sorted(free, key=lambda i: (not tied[i], -size[i]))
        if self.rules.span_mm is None:
            return [order]
        apart: dict[int, list[int]] = {}
        for i in order:
            apart.setdefault(int(self.rules.bundle[i]), []).append(i)
        return [apart[b] for b in sorted(apart)]

    def lay(self, garment: list[int]) -> None:
        """Lay the copies of a garment; where its span cannot be kept among the others, behind them."""
        if self.rules.span_mm is None:
            self.left_out += [i for i in garment if not self._place(i)]
            return
        before = dict(self.known)
        left = self._within(garment, -np.inf)
        if left:
            placed = [i for i in garment if i not in left]
            first.take_out(self.layout, np.array(placed, dtype=np.int64), 0, len(placed))
            self.known = before
            left = self._within(garment, self._end())
        self.left_out += left

    def _within(self, garment: list[int], begin_mm: float) -> list[int]:
        """Lay a garment's copies from ``begin_mm`` on, each within the span of those that lie; those left out."""
        left_out: list[int] = []
        bundle = self.rules.bundle[garment[0]]
        lying = np.flatnonzero((self.rules.bundle == bundle) & (self.rules.fixed == state.LOCKED)).tolist()
        for i in garment:
            self.layout.span[i] = self._span_about(lying, begin_mm)
            if self._place(i):
                lying.append(i)
            else:
                left_out.append(i)
        return left_out

    def _span_about(self, lying: list[int], begin_mm: float) -> tuple[float, float]:
        """From where to where a piece may lie that is of a garment with the pieces ``lying``."""
        if not lying:
            return begin_mm, np.inf
        span = self.rules.span_mm or np.inf
        half = self.problem.tables.half[self.layout.shape[lying], 0]
        place = self.layout.place[lying, 0]
        return max(begin_mm, float((place + half).max()) - span), float((place - half).min()) + span

    def _end(self) -> float:
        """Where the last of the pieces that lie ends."""
        return float(first.end_of_placed(self.layout, self.problem.tables))

    def _place(self, i: int) -> bool:
        """Lay one copy as far left as it goes; False where there is no place for it."""
        matching = self.rules.matching
        if matching.is_needed:
            self.layout.phase[i] = matching.phases(self.known)[i]
        order = np.array([i], dtype=np.int64)
        if not first.lay_out(self.layout, self.problem.tables, self.scratch, order, 0, 1):
            return False
        anchor = self.problem.tables.anchor[self.layout.shape[i]]
        for axis in (0, 1):
            k = int(matching.knot[i, axis])
            if k > 0 and (axis, k) not in self.known:
                self.known[axis, k] = matching.phase_of(axis, i, self.layout.place[i], anchor)
        return True
