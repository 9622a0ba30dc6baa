"""One chain of the search: explore ever shorter strips, disrupt when stuck, compress at the end.

A chain is a generator that gives way after every slice of kernel work, so that the caller can stop it at any time,
count its work, and let chains share what they find. The scheme is sparrow's (arXiv 2509.13329, algorithms 6 to 9); the
moves below it are cutkit's own (see kernels/moves).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from cutkit.kernels import first, moves
from cutkit.kernels import separate as kernels
from cutkit.kernels.moves import Layout, Scratch, Tables

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]
Attempt = Generator[None, None, int]
"""Gives way after each slice of work; returns what kernels.separate returned, or ABANDONED."""

ABANDONED = -1


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """The constants of the search; lengths as parts of the strip's length."""

    explore_share: float = 0.8
    """Part of the effort spent on exploring; the rest compresses."""
    first_shrink: float = 0.02
    least_shrink: float = 0.001
    growth: float = 1.5
    """What the shrink step is multiplied by after a success in few sweeps."""
    hasty_patience: int = 60
    """Sweeps without a gain before a step above the least one is given up."""
    patience: int = 200
    compress_patience: int = 100
    compress_from: float = 5e-4
    compress_to: float = 1e-5
    pool_spread: float = 0.25
    """Standard deviation of the choice among failed layouts, as a part of their number; the best is the likeliest."""
    turn_share: float = 0.1
    """Part of the disruptions that turn a window of the strip; the others swap two large pieces."""
    large_share: float = 0.75
    """The largest pieces that make up this part of all hulls' area are large."""
    slice_work: int = 100_000
    """Work of one slice, in exact evaluations: some 5 to 10 ms."""


@dataclass(frozen=True)
class Found:
    """A layout: centres (n, 2), shapes (n,), and the length it takes."""

    place: Floats
    shape: Ints
    length_mm: float


@dataclass(frozen=True)
class Problem:
    """What every chain of a search shares: the tables, and which shapes each copy may take."""

    tables: Tables
    options: list[list[int]]
    half_turn: dict[int, int]
    """The shape that a shape becomes when turned by 180 degrees, where it is among the shapes."""
    least_length_mm: float
    """No layout can be shorter: the area's length, and the longest piece's."""


@dataclass
class Chain:
    """One thread's search. ``best`` is the shortest layout without overlaps it knows; ``progress`` runs from 0 to 1."""

    problem: Problem
    plan: SearchPlan
    rng: np.random.Generator
    best: Found
    progress: float = 0.0
    history: list[Found] = field(default_factory=list)

    def __post_init__(self) -> None:
        seed = int(self.rng.integers(1, 2**62))
        self.layout, self.scratch = new_layout(self.problem, self.best.length_mm, seed)
        self._least = (self.best.place.copy(), self.best.shape.copy(), np.zeros(3))
        self._quick = False

    @property
    def work(self) -> int:
        """The work done so far, in exact evaluations."""
        return int(kernels.work_done(self.layout))

    def adopt(self, found: Found) -> None:
        """Take over a better layout that another chain found; an attempt at a strip that is still shorter goes on."""
        self.best = found

    def run(self) -> Generator[None, None, None]:
        """Explore, then compress, until ``progress`` is 1 or the layout cannot be shorter."""
        yield from self._explore()
        yield from self._compress()

    def _cannot_shrink(self) -> bool:
        return self.best.length_mm <= self.problem.least_length_mm * (1 + 1e-7)

    def _explore(self) -> Generator[None, None, None]:
        plan = self.plan
        shrink = plan.first_shrink
        pool: list[tuple[float, Found]] = []
        while self.progress < plan.explore_share and not self._cannot_shrink():
            stuck = shrink <= plan.least_shrink
            length = self._shorter(shrink)
            if pool:
                self._load(self._from_pool(pool), length)
                self._disrupt()
            else:
                self._load(self.best, length, split_x=self._random_split())
            outcome = yield from self._separate(plan.patience if stuck else plan.hasty_patience)
            if outcome in (kernels.SOLVED, ABANDONED):
                pool.clear()
                if self._quick:
                    shrink = min(plan.first_shrink, shrink * plan.growth)
            elif stuck:
                place, shape, number = self._least
                pool.append((float(number[kernels.LOSS]), Found(place.copy(), shape.copy(), length)))
                pool.sort(key=lambda entry: entry[0])
            else:
                shrink = max(plan.least_shrink, shrink / 2)

    def _compress(self) -> Generator[None, None, None]:
        plan = self.plan
        while self.progress < 1.0 and not self._cannot_shrink():
            done = max(0.0, (self.progress - plan.explore_share) / (1 - plan.explore_share))
            shrink = plan.compress_from * (plan.compress_to / plan.compress_from) ** done
            self._load(self.best, self._shorter(shrink), split_x=self._random_split())
            yield from self._separate(plan.compress_patience)

    def _shorter(self, shrink: float) -> float:
        return max(self.best.length_mm * (1 - shrink), self.problem.least_length_mm)

    def _random_split(self) -> float:
        return float(self.rng.uniform(0, self.best.length_mm))

    def _load(self, found: Found, length_mm: float, split_x: float = np.inf) -> None:
        """Take up a layout, shortened to ``length_mm`` by moving what lies right of ``split_x`` to the left."""
        self.layout.place[:] = found.place
        self.layout.shape[:] = found.shape
        self.layout.number[moves.LENGTH] = found.length_mm
        kernels.shrink(self.layout, self.problem.tables, length_mm, split_x)

    def _separate(self, patience: int) -> Attempt:
        """Remove the overlaps of the layout in hand; where that succeeds it is the new best."""
        kernels.reset(self.layout, self.problem.tables, self.scratch)
        place, shape, number = self._least
        number[:] = np.inf, 0, np.inf
        slices = 0
        while True:
            args = (self.layout, self.problem.tables, self.scratch, place, shape, number)
            outcome = kernels.separate(*args, patience, self.plan.slice_work)
            slices += 1
            if outcome == kernels.SOLVED:
                self._quick = slices <= 2
                self._accept()
                return outcome
            yield
            if self.layout.number[moves.LENGTH] >= self.best.length_mm or self.progress >= 1.0:
                self._quick = False
                return ABANDONED
            if outcome == kernels.FAILED:
                return outcome

    def _accept(self) -> None:
        """The layout in hand has no overlaps: it is the new best."""
        length = float(first.strip_length(self.layout, self.problem.tables))
        self.best = Found(self.layout.place.copy(), self.layout.shape.copy(), length)
        self.history.append(self.best)

    def _from_pool(self, pool: list[tuple[float, Found]]) -> Found:
        """A failed layout, the better the likelier."""
        rank = int(abs(self.rng.normal(0, self.plan.pool_spread)) * len(pool))
        return pool[min(rank, len(pool) - 1)][1]

    def _disrupt(self) -> None:
        if self.rng.random() >= self.plan.turn_share or not self._turn_window():
            self._swap_large()

    def _turn_window(self) -> bool:
        """Turn a window of the strip by 180 degrees; False where some piece in it may not be turned."""
        layout = self.layout
        length = float(layout.number[moves.LENGTH])
        width = self.rng.uniform(0.15, 0.6) * length
        left = self.rng.uniform(0, length - width)
        inside = np.flatnonzero((layout.place[:, 0] > left) & (layout.place[:, 0] < left + width))
        turned = [self.problem.half_turn.get(int(layout.shape[i]), -1) for i in inside]
        if any(s not in self.problem.options[i] for s, i in zip(turned, inside, strict=True)):
            return False
        height = self.problem.tables.number[moves.HEIGHT]
        layout.place[inside, 0] = 2 * left + width - layout.place[inside, 0]
        layout.place[inside, 1] = height - layout.place[inside, 1]
        layout.shape[inside] = turned
        self._keep_inside()
        return True

    def _swap_large(self) -> None:
        """Swap two large pieces of different shape; what lies inside either goes along."""
        half = self.problem.tables.half
        place, shape = self.layout.place, self.layout.shape
        large = self._large_pieces()
        a = int(self.rng.choice(large))
        others = [i for i in large if shape[i] != shape[a]]
        if not others:
            return
        b = int(self.rng.choice(others))
        shift = place[b] - place[a]
        small = np.ones(len(place), dtype=bool)
        small[[a, b]] = False
        in_a = small & (np.abs(place - place[a]) < half[shape[a]] / 2).all(axis=1)
        in_b = small & (np.abs(place - place[b]) < half[shape[b]] / 2).all(axis=1) & ~in_a
        place[in_a] += shift
        place[in_b] -= shift
        place[a] += shift
        place[b] -= shift
        self._keep_inside()

    def _large_pieces(self) -> NDArray[np.int64]:
        size = self.problem.tables.hull[self.layout.shape] ** 4  # hull weights go by the root of the side
        order = np.argsort(-size, kind="stable")
        share = np.cumsum(size[order]) / size.sum()
        return order[: int(np.searchsorted(share, self.plan.large_share)) + 1]

    def _keep_inside(self) -> None:
        half = self.problem.tables.half[self.layout.shape]
        limit = np.array([self.layout.number[moves.LENGTH], self.problem.tables.number[moves.HEIGHT]])
        self.layout.place[:] = np.clip(self.layout.place, half, np.maximum(limit - half, half))


def new_layout(problem: Problem, longest_mm: float, seed: int) -> tuple[Layout, Scratch]:
    """Room for one layout on strips of up to ``longest_mm``, and to work on it."""
    tables, options = problem.tables, problem.options
    n = len(options)
    step = float(tables.number[moves.STEP])
    width = float(tables.number[moves.BUCKET])
    rows = int(tables.number[moves.HEIGHT] / step) + 2
    columns = int(2 * float(tables.number[moves.WINDOW]) / step) + 2
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
    )
    scratch = Scratch(
        sums=np.zeros(rows * columns, dtype=np.float32),
        near=np.zeros(n, dtype=np.int32),
        near_number=np.zeros((n, 7)),
        near_shape=np.zeros((n, 3), dtype=np.int32),
        candidate=np.zeros((moves.CANDIDATES, 2)),
        order=np.zeros(n, dtype=np.int64),
    )
    return layout, scratch
