"""One task: some searching on the markers of a bundle, and the files that come of it.

It knows nothing of the store, nor of the machine that it was sent from: what goes in and what comes out can travel.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from cutkit.batch.bundle import Bundle
from cutkit.batch.prepare import PreparedJob, prepare_job
from cutkit.errors import CutkitError
from cutkit.formats.files import sha256_of
from cutkit.formats.jobs import Job, shown_due
from cutkit.model import Marker, SearchRecord
from cutkit.nest import Progress, Stage
from cutkit.outputs.drawings import DRAWINGS, Drawing
from cutkit.outputs.programs import make_programs
from cutkit.prepare.prepare import Preparer
from cutkit.report.balance import Spread
from cutkit.report.summary import Cut

Tell = Callable[[Stage, str, float | None], None]
"""Told now and then what is being done, for which material, and the efficiency so far (a fraction; None before there is
any)."""


@dataclass(frozen=True, slots=True)
class Search:
    """What is to be done for one marker of a bundle, the ``index``-th.

    Exactly one of ``seconds`` and ``rounds`` is given; 0 seconds search nothing and only make the files of ``start``,
    the best marker so far (a marker file's text). ``spent_s`` was searched before.
    """

    index: int
    seconds: float | None
    rounds: int | None
    seed: int
    start: bytes | None = None
    spent_s: float = 0.0


@dataclass(frozen=True)
class Task:
    """Searches on one bundle, by ``threads`` threads."""

    id: int
    bundle: Bundle
    searches: tuple[Search, ...]
    threads: int = 1


@dataclass(frozen=True, slots=True)
class OutputFile:
    """A file to be written."""

    path: str
    data: bytes

    @property
    def sha256(self) -> str:
        """The SHA-256 of what is to be written."""
        return sha256_of(self.data)


@dataclass(frozen=True)
class Nested:
    """A marker that came of a search: its file's text, its figures, the files to write, and how the length fell.

    ``trace`` has (seconds of all searching, length in mm) wherever the length became less. ``cut_short``: a stop came
    before the effort was spent; ``ended_early``: the search knew before its time that nothing shorter is possible.
    There are no files where no piece fits. ``fault`` is the exit code and text of why the program could not be made.
    """

    index: int
    text: bytes
    figures: dict[str, Any]
    unplaced: tuple[str, ...]
    files: tuple[OutputFile, ...]
    trace: tuple[tuple[float, float], ...]
    spent_s: float
    search_s: float
    cut_short: bool
    ended_early: bool
    fault: tuple[int, str] | None = None
    notes: tuple[str, ...] = ()
    """What the program does otherwise than drawn, in words."""
    limited: bool = False
    """Whether the marker may not be longer than some length: a better layout may hold what is left out."""

    @property
    def rank(self) -> tuple[int, float]:
        """The fewer pieces are left out, and then the shorter a marker, the better; the least is the best."""
        return self.figures["pieces"]["unplaced"], round(self.figures["length_mm"], 6)


@dataclass(frozen=True)
class Done:
    """A task's results, one for each of its searches."""

    task: int
    nested: tuple[Nested, ...]

    @property
    def stopped(self) -> bool:
        """Whether a stop came before the effort was spent."""
        return any(one.cut_short for one in self.nested)


@dataclass(frozen=True, slots=True)
class Failed:
    """A task that cannot be done: the exit code of its error, and what it says."""

    task: int
    exit_code: int
    message: str


def perform(task: Task, stop: Callable[[], bool], tell: Tell, preparer: Preparer) -> Done | Failed:
    """Search, and make the files. Any failure comes back as ``Failed``: a bad job must not end its worker."""
    try:
        prepared = prepare_job(task.bundle, preparer)
        nested = [_nested(prepared, search, task.threads, stop, tell) for search in task.searches]
        return Done(task.id, tuple(nested))
    except CutkitError as error:
        return Failed(task.id, error.exit_code, str(error))
    except MemoryError:
        return Failed(task.id, 1, "out of memory; nest fewer pieces at once")
    except Exception as error:  # noqa: BLE001 (a fault of cutkit itself fails the job, not the night)
        return Failed(task.id, 1, f"a fault of cutkit itself: {type(error).__name__}: {error}")


@dataclass
class _Listener:
    """Notes how the length falls, and tells of the efficiency at most once a second."""

    material: str
    tell: Tell
    spent_s: float
    trace: list[tuple[float, float]] = field(default_factory=list)
    searched: float | None = None
    _told: float = 0.0

    def __call__(self, progress: Progress) -> None:
        if progress.stage == "searching" and self.searched is None:
            self.searched = time.monotonic()
        length = progress.length_mm
        if length is not None and (not self.trace or length < self.trace[-1][1]):
            self.trace.append((self.spent_s + progress.elapsed_s, length))
        now = time.monotonic()
        if now - self._told >= 1.0:
            self._told = now
            self.tell(progress.stage, self.material, progress.efficiency)


def _nested(prepared: PreparedJob, search: Search, threads: int, stop: Callable[[], bool], tell: Tell) -> Nested:
    from cutkit.formats.marker import parse_marker
    from cutkit.nest import nest

    job, nesting = prepared.bundle.job, prepared.nest
    demand = nesting.demands[search.index]
    start = parse_marker(search.start, where="the best marker so far") if search.start is not None else None
    listener = _Listener(demand.material, tell, search.spent_s)
    begin = time.monotonic()
    if start is not None and search.seconds == 0:
        # Its text again, byte for byte: what was checked and perhaps already written stays as it is.
        return _with_files(prepared, search, start, search.start or b"", listener, _Spent())
    settings = replace(nesting.settings, seed=search.seed, time_s=search.seconds, rounds=search.rounds, workers=threads)
    fabric = nesting.fabric_of(demand)
    begin_from = start or nesting.start_of(demand)
    found = nest(fabric, demand, settings, inputs=nesting.inputs, listener=listener, stop=stop, start=begin_from)
    spent = _Spent(time.monotonic() - begin, cut_short=stop() and _is_short(found.search, search))
    marker = _better(found, start)
    if found.search.time_s is not None:
        marker = replace(marker, search=_in_all(found.search, start, search))
    marker = replace(marker, settings=replace(marker.settings, seed=job.seed))
    if listener.trace and listener.trace[-1][1] > marker.length_mm:
        listener.trace.append((search.spent_s + spent.seconds, marker.length_mm))
    early = not spent.cut_short and search.rounds is None and _is_short(found.search, search)
    return _with_files(prepared, search, marker, _checked_text(marker), listener, replace(spent, ended_early=early))


@dataclass(frozen=True, slots=True)
class _Spent:
    """What one search took, and why it ended before its effort was spent, where it did."""

    seconds: float = 0.0
    cut_short: bool = False
    ended_early: bool = False


def _is_short(record: SearchRecord, search: Search) -> bool:
    """Whether a search ended clearly before its effort was spent."""
    if search.rounds is not None:
        return record.rounds < search.rounds
    return record.time_s is not None and search.seconds is not None and record.time_s < 0.95 * search.seconds - 0.05


def _in_all(record: SearchRecord, start: Marker | None, search: Search) -> SearchRecord:
    """The record of all searches for a marker together."""
    rounds = record.rounds + (start.search.rounds if start is not None else 0)
    return SearchRecord(round(search.spent_s + (record.time_s or 0.0), 3), rounds, record.workers)


def _better(marker: Marker, other: Marker | None) -> Marker:
    """The marker with fewer pieces left out, then the shorter one."""
    if other is None:
        return marker
    return min((marker, other), key=lambda m: (sum(u.count for u in m.unplaced), round(m.length_mm, 9)))


def _checked_text(marker: Marker) -> bytes:
    """The marker file's text, after the referee found no fault in it as it will be read back."""
    from cutkit.check import check_marker
    from cutkit.formats.marker import invalid_marker, marker_text, parse_marker

    text = marker_text(marker).encode()
    if marker.placements and (faults := check_marker(parse_marker(text, where="the new marker"))):
        raise invalid_marker(faults, where="the new marker")
    return text


def _with_files(
    prepared: PreparedJob, search: Search, marker: Marker, text: bytes, listener: _Listener, spent: _Spent
) -> Nested:
    from cutkit.report import marker_figures, nest_entry

    paths = prepared.outputs(search.index)
    plies = prepared.nest.demands[search.index].plies
    made = _files(prepared, marker, text, paths, plies) if marker.placements else _Made()
    figures = nest_entry(marker_figures(marker, path=paths["marker"], search_s=search.spent_s + spent.seconds))
    figures["sha256"] = sha256_of(text)
    figures["cloth"] = prepared.nest.cloth_name
    if plies > 1:
        figures["plies"] = plies
    if made.cut_s is not None:
        figures["cut_s"] = made.cut_s
    return Nested(
        index=search.index,
        text=text,
        figures=figures,
        unplaced=tuple(f"{u.piece}: {u.count} not placed: {u.reason}" for u in marker.unplaced),
        files=tuple(made.files),
        trace=tuple(listener.trace),
        spent_s=search.spent_s + spent.seconds,
        search_s=spent.seconds,
        cut_short=spent.cut_short,
        ended_early=spent.ended_early,
        fault=made.fault,
        notes=tuple(made.notes),
        limited=prepared.nest.fabric.max_length_mm is not None,
    )


@dataclass
class _Made:
    """The files that were made of a marker, what is to be said of them, and why there is no program, where so."""

    files: list[OutputFile] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    fault: tuple[int, str] | None = None
    cut_s: float | None = None
    """The time that the program takes on the cutter."""


def _files(prepared: PreparedJob, marker: Marker, text: bytes, paths: dict[str, str], plies: int) -> _Made:
    """Everything that is to be written of a marker. A machine's limit must not cost the marker: it is a fault of the
    result, not of the task."""
    made = _Made()
    if "program" in paths and prepared.profile is not None:
        with _noted(made):
            _add_programs(made, prepared, marker, paths)
    cut = _cut(prepared.bundle.job, marker, paths["marker"], made.cut_s, plies)
    drawing = Drawing(cut=cut, date=time.strftime("%Y-%m-%d"))
    first = [OutputFile(paths["marker"], text)]
    for kind in DRAWINGS:
        if kind in paths:
            with _noted(made):
                first.append(OutputFile(paths[kind], drawing.of(kind)))
    made.files = first + made.files
    return made


@contextmanager
def _noted(made: _Made) -> Iterator[None]:
    """An error within it is the fault of what was made."""
    try:
        yield
    except CutkitError as error:
        made.fault = (error.exit_code, str(error))


def _cut(job: Job, marker: Marker, path: str, cut_s: float | None, plies: int) -> Cut:
    """How a job's marker is cut, for its page: on as many plies as the job says, else on those that it was planned
    for."""
    return Cut(
        marker=marker,
        path=path,
        order=job.name,
        due=shown_due(job.due_at),
        spread=Spread(plies=job.plies or plies, end_allowance_mm=job.end_allowance_mm or 0.0),
        cut_s=cut_s,
    )


def _add_programs(made: _Made, prepared: PreparedJob, marker: Marker, paths: dict[str, str]) -> None:
    """The programs of a marker and their pick list; what is doubtful about its print is said, too."""
    from cutkit.cut.figures import cut_figures
    from cutkit.cut.registration import registration_notices

    profile, job, fit = prepared.profile, prepared.bundle.job, prepared.fit
    if profile is None:
        return
    name = Path(paths["marker"]).name
    programs = make_programs(marker, profile, name=name, windows=job.windows == "auto", fit=fit)
    names = programs.names(Path(paths["program"]))
    if "picklist" in paths:
        made.files.append(OutputFile(paths["picklist"], programs.pick_list(paths["marker"]).encode()))
    made.files += [OutputFile(str(path), text) for path, text in zip(names, programs.texts, strict=True)]
    made.cut_s = cut_figures(programs.path, profile).time_s
    notices = [*(registration_notices(fit) if fit else ()), *programs.path.notices]
    made.notes += [f"{n.code}: {f'{n.piece}: ' if n.piece else ''}{n.message}" for n in notices]
