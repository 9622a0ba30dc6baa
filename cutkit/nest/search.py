"""The search over several lanes: threads that exchange their best layouts, stopped by time, by rounds or from outside.

A round is a fixed amount of work of every lane. By rounds, lanes meet after each round and exchange their best in a
fixed order, so the result does not depend on the number of threads or on how loaded the machine is. By time, every
thread does its rounds at its own pace and exchanges after each.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from cutkit.nest.lane import Lane
from cutkit.nest.problem import Found, Problem

LANES_BY_ROUNDS = 2
"""Lanes of a search by rounds, whatever the number of threads: a fixed number, so that its bytes repeat."""
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
    count = LANES_BY_ROUNDS if effort.rounds is not None else max(1, effort.workers)
    lanes = [Lane(problem, start, seed, k) for k in range(count)]
    rounds = _by_rounds(lanes, effort, report) if effort.rounds is not None else _by_time(lanes, effort, report)
    layouts = [start, *(found for lane in lanes for found in lane.history)]
    return Outcome(sorted(layouts, key=lambda found: found.length_mm), rounds)


def _by_rounds(lanes: list[Lane], effort: Effort, report: Report) -> int:
    rounds = effort.rounds or 0
    with ThreadPoolExecutor(max_workers=max(1, effort.workers)) as pool:
        for done in range(rounds):
            going = list(pool.map(lambda lane, at=done / rounds: lane.run_round(at, effort.stop), lanes))
            best = min((lane.best for lane in lanes), key=lambda found: found.length_mm)
            for lane in lanes:
                lane.hear(best)
            report(best, done + 1)
            if effort.stop() or not any(going):
                return done + 1
    return rounds


def _by_time(lanes: list[Lane], effort: Effort, report: Report) -> int:
    begin = time.monotonic()
    deadline = effort.deadline if effort.deadline is not None else np.inf
    shared = _Shared(lanes[0].best)

    def stop() -> bool:
        return effort.stop() or time.monotonic() >= deadline

    def work(lane: Lane) -> None:
        going = True
        while going:
            progress = min(1.0, (time.monotonic() - begin) / max(1e-9, deadline - begin))
            going = lane.run_round(progress, stop)
            shared.exchange(lane)

    with ThreadPoolExecutor(max_workers=len(lanes)) as pool:
        futures = [pool.submit(work, lane) for lane in lanes]
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

    def exchange(self, lane: Lane) -> None:
        """Take the lane's best, or let it hear of a better one."""
        with self._lock:
            self.rounds += 1
            self.best = min(self.best, lane.best, key=lambda found: found.length_mm)
            lane.hear(self.best)
