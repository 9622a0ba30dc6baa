"""The search over several chains: threads that share the best layout, stopped by time, by rounds or from outside.

A round is a fixed amount of work of every chain. By rounds, chains meet after each round and exchange their best in a
fixed order, so the result does not depend on the number of threads or on how loaded the machine is. By time, every
thread does its rounds at its own pace and exchanges after each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from cutkit.nest.chain import Chain, SearchPlan
from cutkit.nest.problem import Found, Problem

ROUND_WORK = 2_000_000
"""Work of one chain in one round, in exact evaluations: about a fifth of a second."""
CHAINS_BY_ROUNDS = 2
"""Chains of a search by rounds, whatever the number of threads: a fixed number, so that its bytes repeat."""
REPORT_EVERY_S = 0.2

Report = Callable[[Found, int], None]
"""Called now and then with the best layout so far and the rounds done."""


@dataclass(frozen=True)
class Outcome:
    """The best layouts without overlaps, shortest first, and the rounds it took."""

    layouts: list[Found]
    rounds: int


@dataclass(frozen=True, slots=True)
class Effort:
    """When to stop: at ``deadline`` (time.monotonic), or after ``rounds``; and in any case when ``stop`` says so."""

    deadline: float | None
    rounds: int | None
    workers: int
    stop: Callable[[], bool]


def search(problem: Problem, start: Found, seed: int, effort: Effort, report: Report) -> Outcome:
    """Improve ``start`` until the effort is spent."""
    count = CHAINS_BY_ROUNDS if effort.rounds is not None else max(1, effort.workers)
    plan = SearchPlan()
    chains = [Chain(problem, plan, np.random.default_rng([seed, k]), start) for k in range(count)]
    rounds = _by_rounds(chains, effort, report) if effort.rounds is not None else _by_time(chains, effort, report)
    layouts = [start, *(found for chain in chains for found in chain.history)]
    return Outcome(sorted(layouts, key=lambda found: found.length_mm), rounds)


def _run_round(chain: Chain, slices: Generator[None, None, None], stop: Callable[[], bool]) -> bool:
    """Let a chain work for one round; False where it has ended, or was stopped."""
    end = chain.work + ROUND_WORK
    for _ in slices:
        if stop():
            return False
        if chain.work >= end:
            return True
    return False


def _by_rounds(chains: list[Chain], effort: Effort, report: Report) -> int:
    running = [(chain, chain.run()) for chain in chains]
    best = chains[0].best
    rounds = effort.rounds or 0
    with ThreadPoolExecutor(max_workers=max(1, effort.workers)) as pool:
        for done in range(rounds):
            for chain in chains:
                chain.progress = done / rounds
            going = list(pool.map(lambda pair: _run_round(pair[0], pair[1], effort.stop), running))
            best = min([best, *(chain.best for chain in chains)], key=lambda found: found.length_mm)
            _share(chains, best)
            report(best, done + 1)
            if effort.stop() or not any(going):
                return done + 1
    return rounds


def _share(chains: list[Chain], best: Found) -> None:
    for chain in chains:
        if best.length_mm < chain.best.length_mm:
            chain.adopt(best)


def _by_time(chains: list[Chain], effort: Effort, report: Report) -> int:
    begin = time.monotonic()
    deadline = effort.deadline if effort.deadline is not None else np.inf
    shared = _Shared(chains[0].best)

    def stop() -> bool:
        return effort.stop() or time.monotonic() >= deadline

    def work(chain: Chain) -> None:
        slices = chain.run()
        going = True
        while going:
            chain.progress = min(1.0, (time.monotonic() - begin) / max(1e-9, deadline - begin))
            going = _run_round(chain, slices, stop)
            shared.exchange(chain)

    with ThreadPoolExecutor(max_workers=len(chains)) as pool:
        futures = [pool.submit(work, chain) for chain in chains]
        while not all(future.done() for future in futures):
            time.sleep(min(REPORT_EVERY_S, max(0.01, deadline - time.monotonic())))
            report(shared.best, shared.rounds)
        for future in futures:
            future.result()
    return shared.rounds


class _Shared:
    """The best layout of all threads, and the rounds they have done together."""

    def __init__(self, best: Found) -> None:
        self.best = best
        self.rounds = 0
        self._lock = threading.Lock()

    def exchange(self, chain: Chain) -> None:
        """Give the chain's best, or take a better one."""
        with self._lock:
            self.rounds += 1
            if chain.best.length_mm < self.best.length_mm:
                self.best = chain.best
            elif self.best.length_mm < chain.best.length_mm:
                chain.adopt(self.best)
