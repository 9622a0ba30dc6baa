"""One thread's part of the search: chains from several starts one after the other, then the best of them.

How good a chain becomes is settled early: it falls fast for a while, then hardly at all, and where it comes to rest
differs more between starts than anything done later gains. So for the first part of the effort a lane begins anew
whenever its chain has come to rest, and hears nothing of the others; then it goes on with its best chain, and lanes
share the best layout. A chain that is still falling is never given up, so short searches and large orders have one
start each.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cutkit.nest.chain import Chain, SearchPlan
from cutkit.nest.problem import Found, Problem

ROUND_WORK = 2_000_000
"""Work of one lane in one round, in exact evaluations: about a fifth of a second."""


class Lane:
    """Chains on ``problem`` from ``start``. ``number`` tells the lanes of one seed apart."""

    def __init__(self, problem: Problem, start: Found, seed: int, number: int) -> None:
        self._problem, self._start, self._seed = problem, start, [seed, number]
        self._plan = SearchPlan()
        self._starts = 0
        self._shares = False
        self.history: list[Found] = []
        """All layouts without overlaps that its chains found."""
        self._chain = self._new_chain()
        self._aside: Chain | None = None
        """The best of the chains that have come to rest."""

    @property
    def best(self) -> Found:
        """The shortest layout without overlaps that it knows."""
        return self._better().best

    def run_round(self, progress: float, stop: Callable[[], bool]) -> bool:
        """Work for one round; ``progress`` of the effort runs from 0 to 1. False where it has ended, or was stopped."""
        if progress >= self._plan.alone_share:
            self._shares = True
            self._chain, self._aside = self._better(), None
        elif self._chain.is_at_rest:
            self._chain, self._aside = self._new_chain(), self._better()
        chain = self._chain
        chain.progress = progress
        end = chain.work + ROUND_WORK
        for _ in chain.slices:
            if stop():
                return False
            if chain.work >= end:
                return True
        return False

    def hear(self, found: Found) -> None:
        """Take over another lane's layout where it is better: in the second part, or if there is none better still."""
        if found.length_mm < self._chain.best.length_mm and (self._shares or self._problem.is_shortest(found)):
            self._chain.adopt(found)

    def _new_chain(self) -> Chain:
        rng = np.random.default_rng([*self._seed, self._starts])
        self._starts += 1
        return Chain(self._problem, self._plan, rng, self._start, history=self.history)

    def _better(self) -> Chain:
        """The better one of the chain in hand and the one put aside."""
        if self._aside is None or self._chain.best.length_mm < self._aside.best.length_mm:
            return self._chain
        return self._aside
