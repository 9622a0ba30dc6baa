"""The runner: jobs from the store to the workers, and their files to their places.

Every job first gets the search that it wishes for, shortened where the night is too short for all; due dates first,
then priorities. Where the night lasts longer, markers that still improve get further slices of time, each to the one
that is expected to save most cloth a second; those that have converged give their time away. Whatever a slice gains is
written at once: in the folder lies the best so far, always.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Literal, Protocol

from cutkit.batch.bundle import Bundle
from cutkit.batch.gain import SLICE_AT_MOST_S, Improvement
from cutkit.batch.owner import this_runner
from cutkit.batch.perform import Done, Failed, Nested, Search, Task
from cutkit.batch.prepare import SECONDS_A_ROUND, gathered_again
from cutkit.batch.publish import stage_files
from cutkit.batch.store import LEASE_S, Claim, Outcome, Store
from cutkit.batch.workers import Event, Executor, Lost, Telling
from cutkit.errors import CheckError, CutkitError, InfeasibleError

POLL_S = 0.25
IDLE_CLAIM_S = 1.0
"""How often an idle runner looks whether another one has died or queued something."""
LEAST_SLICE_S = 1.0
MARGIN_S = 2.0
"""What is left before the end of the night for making and writing files."""
GRACE_S = 3.0
"""How long after the end of the night a task is let alone: it ends by itself, unless it runs by rounds."""
SEED_STEP = 7919
"""Added to the seed for every further slice, so that it does not try the same again."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a run goes. ``until`` is when the night ends (seconds since 1970); None: every job just gets its time."""

    workers: int
    until: float | None = None
    lease_s: float = LEASE_S


What = Literal["begun", "improved", "done", "failed", "stopped", "again", "dropped"]


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened to a job of this run."""

    what: What
    job: str
    message: str = ""
    markers: tuple[Nested, ...] = ()


class Listener(Protocol):
    """Whoever shows how a run goes."""

    def news(self, news: News) -> None:
        """Something happened."""

    def tick(self, running: dict[str, float | None]) -> None:
        """Called a few times a second: the jobs that are being searched, with their efficiency so far."""


@dataclass
class _Held:
    """A job that this runner holds."""

    claim: Claim
    bundle: Bundle | None = None
    results: dict[int, Nested] = field(default_factory=dict)
    improvements: dict[int, Improvement] = field(default_factory=dict)
    task: int | None = None
    ends_at: float = 0.0
    """When its task is expected to end (seconds since 1970)."""
    served: bool = False
    """Whether it has had the time that it wished for: then a stop leaves it done."""

    def best_slice(self) -> tuple[float, int] | None:
        """The marker whose next slice is expected to save most, with that gain; None where none would."""
        if self.task is not None or self.claim.job.rounds is not None or not self.claim.job.extend:
            return None
        going = [(i.expected_gain(), index) for index, i in self.improvements.items() if not i.converged]
        return max(going, default=None)


class Runner:
    """One run of a batch. ``feed`` is called now and then and may queue more jobs; with one, the run waits for them."""

    def __init__(
        self,
        store: Store,
        executor: Executor,
        options: RunOptions,
        listener: Listener,
        stop: Callable[[], bool],
        feed: Callable[[], None] | None = None,
    ) -> None:
        self._store = store
        self._executor = executor
        self._options = options
        self._listener = listener
        self._stop = stop
        self._feed = feed
        self.owner = this_runner()
        self._held: dict[int, _Held] = {}
        self._tasks: dict[int, _Held] = {}
        self._efficiencies: dict[int, float | None] = {}
        self._next_task = 1
        self._asked_to_stop: set[int] = set()
        self._no_claim_before = 0.0
        self._compiling = False
        self._lost: set[tuple[int, int]] = set()
        self._store_failed: list[CutkitError] = []

    def run(self) -> None:
        """Work until nothing is left, the night is over, or a stop was asked for; then everything is in the store.

        MachineError where the store itself cannot be written any more: what was running is taken over by the next run.
        """
        over = threading.Event()
        pulse = threading.Thread(target=self._keep_leases, args=(over,), daemon=True)
        pulse.start()
        try:
            while self._goes_on():
                self._turn()
            self._close()
        finally:
            over.set()
            pulse.join()

    def _goes_on(self) -> bool:
        if self._tasks:
            return True
        if self._is_over():
            return False
        return self._feed is not None or self._more()

    def _more(self) -> bool:
        """Whether something is queued, or held by another runner, which may die: then it is ours."""
        counts = self._store.counts()
        return counts["queued"] + counts["running"] > 0

    def _turn(self) -> None:
        self._ask_for_stops()
        self._fill()
        events = self._executor.wait(POLL_S)
        self._free(events)
        self._fill(new_jobs_only=True)  # workers go on while the files of what they made are written
        for event in events:
            self._take(event)
        self._listener.tick(
            {self._tasks[t].claim.job.name: e for t, e in self._efficiencies.items() if t in self._tasks}
        )
        if self._feed is not None and not self._is_over():
            self._feed()
        if self._store_failed:
            raise self._store_failed[0]

    # --- what to do next

    def _is_over(self) -> bool:
        return self._stop() or self._left_s() < LEAST_SLICE_S

    def _left_s(self) -> float:
        """Seconds for searching until the night is over."""
        return float("inf") if self._options.until is None else self._options.until - MARGIN_S - time.time()

    def _ask_for_stops(self) -> None:
        """End tasks that must end: all of them after a stop, those of the night's end, and those that were lost."""
        for task, held in self._tasks.items():
            gone = (held.claim.id, held.claim.token) in self._lost
            if (self._stop() or gone or self._left_s() < -GRACE_S) and task not in self._asked_to_stop:
                self._asked_to_stop.add(task)
                self._executor.stop(task)

    def _fill(self, *, new_jobs_only: bool = False) -> None:
        while self._executor.free() > 0 and not self._is_over():
            if not (self._begin_a_job() or (not new_jobs_only and self._go_on_with_one())):
                return

    def _begin_a_job(self) -> bool:
        """Claim the next job and send it to a worker; False where none is queued. A job that fails at once counts."""
        if time.monotonic() < self._no_claim_before:
            return False
        claim = self._store.claim(self.owner, self._options.lease_s)
        if claim is None:
            self._no_claim_before = time.monotonic() + IDLE_CLAIM_S
            return False
        held = _Held(claim)
        self._held[claim.id] = held
        self._listener.news(News("begun", claim.job.name))
        share = self._share(claim)
        searches = tuple(self._first_search(claim, index, share) for index in range(len(claim.materials)))
        self._submit(held, searches)
        return True

    def _share(self, claim: Claim) -> float:
        """Which part of their wishes this job and all that are queued can have, so that each gets something before the
        end: what is left of the workers' time when the tasks that run now have ended."""
        if self._options.until is None:
            return 1.0
        busy = sum(max(0.0, held.ends_at - time.time()) for held in self._tasks.values())
        night = max(0.0, self._left_s())
        mine = max(1e-9, sum(claim.wishes_s))
        of_all = (self._options.workers * night - busy) / (mine + self._store.open_wishes_s())
        return min(1.0, max(0.0, of_all), night / mine)  # its markers are searched one after the other

    def _first_search(self, claim: Claim, index: int, share: float) -> Search:
        """The search that a job wishes for, or what is left of it after an earlier holder."""
        job, kept = claim.job, claim.kept.get(index)
        if job.rounds is not None:
            rounds, seconds = (job.rounds, None) if kept is None else (None, 0.0)
        else:
            spent = kept.spent_s if kept is not None else 0.0
            wish = max(0.0, claim.wishes_s[index] - spent)
            wanted = max(min(wish, LEAST_SLICE_S), share * wish)
            if kept is not None and wanted < LEAST_SLICE_S:
                wanted = 0.0
            if self._options.until is not None and job.extend:
                wanted = min(wanted, SLICE_AT_MOST_S)  # then it is seen whether it still improves
            rounds, seconds = None, min(self._left_s(), wanted)
        start = kept.text if kept is not None else None
        return Search(index, seconds, rounds, job.seed, start, kept.spent_s if kept is not None else 0.0)

    def _go_on_with_one(self) -> bool:
        """Give a slice of time to the marker that is expected to gain most; False where none is waiting for one."""
        if self._options.until is None:
            return False
        waiting = [(best, held) for held in self._held.values() if (best := held.best_slice()) is not None]
        if not waiting:
            return False
        (_, index), held = max(waiting, key=lambda pair: pair[0])
        improvement, known = held.improvements[index], held.results[index]
        seconds = min(improvement.next_slice_s, self._left_s())
        if self._left_s() - seconds < LEAST_SLICE_S:
            seconds = self._left_s()
        seed = held.claim.job.seed + SEED_STEP * improvement.slices
        self._submit(held, (Search(index, seconds, None, seed, known.text, known.spent_s),))
        return True

    def _submit(self, held: _Held, searches: tuple[Search, ...]) -> None:
        try:
            held.bundle = held.bundle or gathered_again(held.claim.job, held.claim.inputs)
        except CutkitError as error:
            self._let_go(held, Outcome("failed", error.exit_code, str(error)))
            return
        task = Task(self._next_task, held.bundle, searches, self._threads())
        self._next_task += 1
        held.task = task.id
        held.ends_at = time.time() + sum((s.seconds or 0.0) + SECONDS_A_ROUND * (s.rounds or 0) for s in searches)
        self._tasks[task.id] = held
        self._efficiencies[task.id] = None
        self._executor.submit(task)

    def _threads(self) -> int:
        """Threads for a task: more than one where there are more workers than jobs to do."""
        waiting = sum(held.best_slice() is not None for held in self._held.values())
        jobs = len(self._tasks) + 1 + waiting + self._store.counts()["queued"]
        return max(1, self._options.workers // jobs)

    # --- what came back

    def _free(self, events: list[Event]) -> None:
        """Nothing may be sent to a task that has ended."""
        for event in events:
            if not isinstance(event, Telling):
                self._efficiencies.pop(event.task, None)

    def _take(self, event: Event) -> None:
        if isinstance(event, Telling):
            self._efficiencies[event.task] = event.efficiency
            if event.stage == "compiling" and not self._compiling:
                self._compiling = True
                message = "compiling the search for this machine; this happens once and takes up to a minute or two"
                self._listener.news(News("begun", self._tasks[event.task].claim.job.name, message))
            return
        held = self._tasks.pop(event.task)
        self._efficiencies.pop(event.task, None)
        held.task = None
        if isinstance(event, Lost):
            self._let_go(held, Outcome("queued", None, f"its worker {event.reason}"), died=True)
        elif isinstance(event, Failed):
            self._let_go(held, Outcome("failed", event.exit_code, event.message))
        else:
            self._take_results(held, event)

    def _take_results(self, held: _Held, done: Done) -> None:
        improved = self._learn(held, done)
        outcome = self._outcome(held, done)
        new = [held.results[one.index] for one in done.nested]
        try:
            staged = stage_files(held.claim, improved, self._store.path)
            held_still = self._store.publish(held.claim, new, staged, outcome)
        except CutkitError as error:
            self._store.keep(held.claim, new)  # what was found need not be searched again
            self._let_go(held, Outcome("failed", error.exit_code, str(error)))
            return
        for one in improved:  # what is written need not be kept in memory all night
            held.results[one.index] = replace(one, files=())
        markers = tuple(held.results.values())
        if not held_still:
            message = "it was taken over, cancelled or changed meanwhile"
            self._forget(held, News("dropped", held.claim.job.name, message))
        elif outcome.state == "running" and improved:
            self._listener.news(News("improved", held.claim.job.name, "", markers))
        elif outcome.state != "running":
            self._forget(held, News(_news_of(outcome), held.claim.job.name, outcome.message, markers))

    def _learn(self, held: _Held, done: Done) -> list[Nested]:
        """Take the results in; what comes back are those that are shorter than before, and so have to be written."""
        better = []
        for one in done.nested:
            before = held.results.get(one.index)
            width = one.figures["usable_width_mm"]
            improvement = held.improvements.setdefault(one.index, Improvement(width))
            improvement.learn(one.trace or ((one.spent_s, one.figures["length_mm"]),), one.spent_s, one.ended_early)
            if before is None or one.rank < before.rank:
                held.results[one.index] = one
                better.append(one)
            else:
                held.results[one.index] = replace(before, spent_s=one.spent_s)
        return better

    def _outcome(self, held: _Held, done: Done) -> Outcome:
        """How the job goes on after these results."""
        if done.stopped and not held.served:
            return Outcome("queued", None, "stopped before its time was over; the best so far is written")
        held.served = True
        if self._is_hopeless(held):
            return self._judged(held)
        if self._options.until is not None and held.best_slice() is not None and not self._is_over():
            return Outcome("running")
        return self._judged(held)

    def _is_hopeless(self, held: _Held) -> bool:
        """Whether more time cannot help: pieces that do not fit the cloth, or a program that cannot be made."""
        results = held.results.values()
        left_out = any(one.unplaced and not one.limited for one in results)
        return left_out or any(one.fault is not None for one in results)

    def _judged(self, held: _Held) -> Outcome:
        """Done, or failed where pieces are left unplaced or the efficiency is below what the job wants."""
        results = [held.results[index] for index in sorted(held.results)]
        unplaced = [line for one in results for line in one.unplaced]
        if unplaced:
            return Outcome("failed", InfeasibleError.exit_code, "\n".join(["pieces are left unplaced:", *unplaced]))
        faults = [one.fault for one in results if one.fault is not None]
        if faults:
            return Outcome("failed", faults[0][0], "\n".join(text for _, text in faults))
        wanted = held.claim.job.min_efficiency
        low = [f"{100 * e:.2f} %" for one in results if wanted and 100 * (e := one.figures["efficiency"]) < wanted]
        if low:
            return Outcome(
                "failed", CheckError.exit_code, f"below the wanted efficiency of {wanted:g} %: {', '.join(low)}"
            )
        return Outcome("done", 0)

    # --- the end of a job

    def _let_go(self, held: _Held, outcome: Outcome, *, died: bool = False) -> None:
        """End a job without files, or give it back to the queue."""
        became = self._store.end(held.claim, outcome, died=died)
        what: What = "dropped" if became is None else "again" if died and became.state == "queued" else _news_of(became)
        self._forget(held, News(what, held.claim.job.name, (became or outcome).message, tuple(held.results.values())))
        self._no_claim_before = 0.0

    def _forget(self, held: _Held, news: News) -> None:
        self._held.pop(held.claim.id, None)
        self._listener.news(news)

    def _close(self) -> None:
        """Jobs that were waiting for more time have had what they wished for: they are done."""
        for held in list(self._held.values()):
            self._let_go(held, self._judged(held))

    def _keep_leases(self, over: threading.Event) -> None:
        """Renew the leases while the run goes on, from a thread of its own: the run may be busy with a large file."""
        try:
            with Store(self._store.path) as store:
                while not over.wait(self._options.lease_s / 4):
                    mine = {(held.claim.id, held.claim.token) for held in list(self._held.values())}
                    still = store.heartbeat(self.owner, self._options.lease_s)
                    self._lost = {claim for claim in mine if claim not in still}
        except CutkitError as error:
            self._store_failed.append(error)


def _news_of(outcome: Outcome) -> What:
    if outcome.state == "queued":
        return "stopped"
    return "done" if outcome.state == "done" else "failed"
