"""What a search works on: the problem that its chains share, a layout that was found, and room to work in."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import first, scan, state
from cutkit.kernels.state import Layout, Scratch, Tables
from cutkit.nest.matching import Matching

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Longs = NDArray[np.int64]

NUDGE_SHARE = 0.5
"""Part of the new phases that are near the old one; the others are anywhere."""
NUDGE = 0.08
"""Standard deviation of a phase that is near the old one, as a part of the repeat."""


@dataclass(frozen=True)
class Found:
    """A layout: centres (n, 2), shapes (n,), and the length it takes."""

    place: Floats
    shape: Ints
    length_mm: float


@dataclass(frozen=True)
class Rules:
    """What the rules of cloth ask of a layout beyond the rooms of its shapes.

    ``fixed`` (n,) says which pieces are FREE, LOCKED or a FLAW (see ``kernels.state``), ``fixed_place`` (n, 2) where
    those are that are not free. ``bundle`` (n,) numbers the garments, which must each lie within ``span_mm`` along the
    strip (None: anywhere); flaws have -1.
    """

    fixed: Ints
    fixed_place: Floats
    matching: Matching
    bundle: Longs
    flaw_shapes: list[int]
    span_mm: float | None = None

    def with_flaws(self, found: Found, problem: Problem) -> Found:
        """A layout of the copies alone, with the flaws behind them."""
        flaws = self.fixed == state.FLAW
        shape = np.array([problem.options[i][0] for i in np.flatnonzero(flaws)], dtype=np.int32)
        return replace(
            found, place=np.vstack([found.place, self.fixed_place[flaws]]), shape=np.concatenate([found.shape, shape])
        )

    def least_length(self, tables: Tables, options: list[list[int]]) -> float:
        """No layout is shorter: where what is locked, and what is tied to a place along the strip, ends."""
        ends = [0.0]
        for i, taken in enumerate(options):
            if self.fixed[i] == state.LOCKED:
                ends.append(float(self.fixed_place[i, 0] + tables.half[taken[0], 0]))
            elif self.fixed[i] == state.FREE:
                ends.append(min(float(tables.room[s, 0] + tables.half[s, 0]) for s in taken))
        return max(ends)

    def prepare(self, layout: Layout, problem: Problem, split_x: float, shorter_mm: float) -> None:
        """Before the strip of a layout is shortened: let the spans go, and every knot of matches that lies right of
        ``split_x`` as a whole move along with its pieces."""
        layout.span[:] = -np.inf, np.inf
        if self.matching.is_needed:
            known = {}
            for (axis, k), i in self.matching.leaders().items():
                anchor = problem.tables.anchor[layout.shape[i]]
                phase = self.matching.phase_of(axis, i, layout.place[i], anchor)
                moved = bool((layout.place[self.matching.knot[:, axis] == k, 0] > split_x).all())
                known[axis, k] = phase - moved * shorter_mm * float(self.matching.axes[axis, 0])
            layout.phase[:] = self.matching.phases(known)

    def confine(self, layout: Layout, problem: Problem, rng: np.random.Generator) -> None:
        """Give every garment its span of the strip: about where its pieces lie, with what is left to either side."""
        if self.span_mm is None:
            return
        half = problem.tables.half[layout.shape, 0]
        left, right = layout.place[:, 0] - half, layout.place[:, 0] + half
        for b in np.unique(self.bundle[self.bundle >= 0]):
            mine = self.bundle == b
            low, high = float(left[mine].min()), float(right[mine].max())
            low -= float(rng.uniform(0.0, 1.0)) * max(0.0, self.span_mm - (high - low))
            locked = mine & (self.fixed == state.LOCKED)
            if locked.any():  # these stay: where the others have moved away from them, they come back
                low = min(max(low, float(right[locked].max()) - self.span_mm), float(left[locked].min()))
            layout.span[mine] = low, low + self.span_mm

    def rephase(self, layout: Layout, rng: np.random.Generator) -> None:
        """Give one knot of matches that is not tied to the cloth another phase."""
        knots = self.matching.free_knots
        if not knots:
            return
        axis, k = knots[int(rng.integers(len(knots)))]
        repeat = float(self.matching.repeat_mm[axis])
        near = rng.random() < NUDGE_SHARE
        tied = self.matching.knot[:, axis] == k
        layout.phase[tied, axis] += rng.normal(0, NUDGE * repeat) if near else rng.uniform(0, repeat)

    def restore_fixed(self, layout: Layout) -> None:
        """Put what is fixed back to its place."""
        kept = self.fixed != state.FREE
        layout.place[kept] = self.fixed_place[kept]


@dataclass(frozen=True)
class Problem:
    """What every chain of a search shares: the tables, and which shapes each copy may take.

    The copies come first, then what else is in the layout: flaws. ``rules`` is None where there are none to keep beside
    those that are in the tables.
    """

    tables: Tables
    options: list[list[int]]
    half_turn: dict[int, int]
    """The shape that a shape becomes when turned by 180 degrees, where it is among the shapes."""
    least_length_mm: float
    """No layout can be shorter: the area's length, and the longest piece's."""
    rules: Rules | None = None


def new_layout(problem: Problem, longest_mm: float, seed: int) -> tuple[Layout, Scratch]:
    """Room for one layout on strips of up to ``longest_mm``, and to work on it."""
    tables, options = problem.tables, problem.options
    n = len(options)
    step = float(tables.number[state.STEP])
    width = float(tables.number[state.BUCKET])
    rows = int(tables.number[state.HEIGHT] / step) + 2
    columns = int(2 * float(tables.number[state.WINDOW]) / step) + 2
    layout = Layout(
        place=np.zeros((n, 2)),
        shape=np.array([o[0] for o in options], dtype=np.int32),
        option=np.array([s for o in options for s in o], dtype=np.int32),
        option_start=np.cumsum([0] + [len(o) for o in options]).astype(np.int64),
        loss=np.zeros((n, n), dtype=np.float32),
        weight=np.ones((n, n), dtype=np.float32),
        clashes=np.zeros(n, dtype=np.int32),
        active=np.zeros((min(n * (n - 1) // 2, 200 * n) + 1, 2), dtype=np.int32),
        is_active=np.zeros((n, n), dtype=np.bool_),
        head=np.full(first.bucket_count(longest_mm, width), -1, dtype=np.int32),
        after=np.full(n, -1, dtype=np.int32),
        before=np.full(n, -1, dtype=np.int32),
        number=np.array([np.inf]),
        tally=np.zeros(4, dtype=np.int64),
        random=np.array([seed], dtype=np.uint64),
        span=np.tile([-np.inf, np.inf], (n, 1)),
        phase=np.full((n, 2), np.inf),
        fixed=np.zeros(n, dtype=np.int32),
    )
    if problem.rules is not None:
        layout.fixed[:] = problem.rules.fixed
        problem.rules.restore_fixed(layout)
    scratch = Scratch(
        sums=np.zeros(rows * columns, dtype=np.float32),
        row_least=np.zeros(rows, dtype=np.int32),
        near=np.zeros(n, dtype=np.int64),
        near_number=np.zeros((n, 7)),
        near_shape=np.zeros((n, 3), dtype=np.int32),
        candidate=np.zeros((scan.CANDIDATES, 3)),
        order=np.zeros(n, dtype=np.int64),
    )
    return layout, scratch
