"""One chain of the search: explore ever shorter strips, disrupt when stuck, compress at the end.

A chain is a generator that gives way after every slice of kernel work, so that the caller can stop it at any time,
count its work, and let chains share what they find. The scheme is sparrow's (arXiv 2509.13329, algorithms 6 to 9); the
moves below it are cutkit's own (see kernels/moves).
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass, field

import numpy as np

from cutkit.kernels import first, lattice, state
from cutkit.kernels import separate as kernels
from cutkit.nest.disrupt import MILD, Disruption, Experience, Shaken, swap_large, turn_window
from cutkit.nest.problem import Found, Problem, new_layout

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
    turn_share: float = 0.1
    """Part of the disruptions while exploring that turn a window of the strip; the others swap two large pieces."""
    rephase_share: float = 0.5
    """Part of the disruptions that also give one knot of matches another phase, where there are any."""
    compress_patience: int = 60
    """Short: where a few dozen sweeps did not remove what a mild disruption caused, hundreds seldom do."""
    compress_from: float = 5e-4
    compress_to: float = 1e-5
    pool_spread: float = 0.25
    """Standard deviation of the choice among failed layouts, as a part of their number; the best is the likeliest."""
    slice_work: int = 100_000
    """Work of one slice, in exact evaluations: some 5 to 10 ms."""


@dataclass(frozen=True, slots=True)
class Failed:
    """A layout that overlaps remained in, and their loss."""

    loss: float
    layout: Found


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
        self.experience = Experience(self.rng)

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
        pool: list[Failed] = []
        while self.progress < plan.explore_share and not self._cannot_shrink():
            stuck = shrink <= plan.least_shrink
            length = self._shorter(shrink)
            if pool:
                self._load(self._from_pool(pool), length)
                self._disrupt(turn_window if self.rng.random() < plan.turn_share else swap_large)
            else:
                self._load(self.best, length, split_x=self._random_split())
            outcome = yield from self._separate(plan.patience if stuck else plan.hasty_patience)
            if outcome in (kernels.SOLVED, ABANDONED):
                pool.clear()
                if self._quick:
                    shrink = min(plan.first_shrink, shrink * plan.growth)
            elif stuck:
                place, shape, number = self._least
                pool.append(Failed(float(number[kernels.LOSS]), Found(place.copy(), shape.copy(), length)))
                pool.sort(key=lambda failed: failed.loss)
            else:
                shrink = max(plan.least_shrink, shrink / 2)

    def _compress(self) -> Generator[None, None, None]:
        """Ever smaller steps from the best layout, after mild disruptions: those most that have paid so far."""
        plan = self.plan
        while self.progress < 1.0 and not self._cannot_shrink():
            done = max(0.0, (self.progress - plan.explore_share) / (1 - plan.explore_share))
            shrink = plan.compress_from * (plan.compress_to / plan.compress_from) ** done
            begin = self.work
            self._load(self.best, self._shorter(shrink), split_x=self._random_split())
            disruption = self.experience.pick()
            self._disrupt(MILD[disruption])
            outcome = yield from self._separate(plan.compress_patience)
            if outcome != ABANDONED:
                self.experience.learn(disruption, outcome == kernels.SOLVED, self.work - begin)

    def _disrupt(self, disruption: Disruption) -> None:
        shaken = Shaken(self.layout, self.problem, self.rng)
        disruption(shaken)
        rules = self.problem.rules
        if rules is not None:
            if self.rng.random() < self.plan.rephase_share:
                rules.rephase(self.layout, self.rng)
            rules.restore_fixed(self.layout)
        shaken.keep_inside()

    def _shorter(self, shrink: float) -> float:
        return max(self.best.length_mm * (1 - shrink), self.problem.least_length_mm)

    def _random_split(self) -> float:
        return float(self.rng.uniform(0, self.best.length_mm))

    def _load(self, found: Found, length_mm: float, split_x: float = np.inf) -> None:
        """Take up a layout, shortened to ``length_mm`` by moving what lies right of ``split_x`` to the left."""
        self.layout.place[:] = found.place
        self.layout.shape[:] = found.shape
        self.layout.number[state.LENGTH] = found.length_mm
        rules = self.problem.rules
        if rules is None:
            kernels.shrink(self.layout, self.problem.tables, length_mm, split_x)
            return
        rules.prepare(self.layout, self.problem, split_x, found.length_mm - length_mm)
        kernels.shrink(self.layout, self.problem.tables, length_mm, split_x)
        rules.confine(self.layout, self.problem, self.rng)
        lattice.seat_all(self.layout, self.problem.tables)

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
            if outcome == kernels.SOLVED and self._is_sound():
                self._quick = slices <= 2
                self._accept()
                return outcome
            yield
            if outcome == kernels.SOLVED:
                return int(kernels.FAILED)
            if self.layout.number[state.LENGTH] >= self.best.length_mm or self.progress >= 1.0:
                self._quick = False
                return ABANDONED
            if outcome == kernels.FAILED:
                return outcome

    def _is_sound(self) -> bool:
        """Whether a layout without overlaps also keeps to the limits: rules may ask for more than a strip has room."""
        return self.problem.rules is None or bool(lattice.all_seated(self.layout, self.problem.tables))

    def _accept(self) -> None:
        """The layout in hand has no overlaps: it is the new best."""
        length = float(first.strip_length(self.layout, self.problem.tables))
        self.best = Found(self.layout.place.copy(), self.layout.shape.copy(), length)
        self.history.append(self.best)

    def _from_pool(self, pool: list[Failed]) -> Found:
        """A failed layout, the better the likelier."""
        rank = int(abs(self.rng.normal(0, self.plan.pool_spread)) * len(pool))
        return pool[min(rank, len(pool) - 1)].layout
