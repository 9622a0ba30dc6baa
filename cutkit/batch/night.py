"""A span of the store, as somebody in the morning has to know it: what to cut, what is left, which cloth to issue.

``read_night`` makes the list of ``report.summary.Cut`` that a report is made of. Marker files may have been moved or
changed since; what the store knows of them is told all the same, and that they are not in the balance.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

from cutkit.batch.store import JobRecord, State, Written
from cutkit.errors import CutkitError
from cutkit.formats.files import sha256_of
from cutkit.formats.jobs import Job, shown_due
from cutkit.formats.marker import parse_marker
from cutkit.model import Marker
from cutkit.report.balance import Spread, issued_mm
from cutkit.report.summary import Cut, Terms

Conditions = Callable[[str, Job, Mapping[str, Any]], tuple[Spread, Terms]]
"""How a marker, by its path, its job and the figures in the store, is spread, and what its cloth costs."""
Lost = Literal["", "moved", "changed", "faulty"]
WEEKS = 12
"""How many weeks a trend looks back, at least."""


@dataclass(frozen=True, kw_only=True)
class Ready:
    """A marker of a job that is done, to be cut. ``lost`` tells why its file is not in the balance, where so;
    ``lost_programs`` are those that are not where they were written, or not as they were."""

    record: JobRecord
    job: Job
    figures: Mapping[str, Any]
    path: str
    programs: tuple[str, ...]
    lost_programs: tuple[str, ...]
    spread: Spread
    terms: Terms
    marker: Marker | None
    lost: Lost

    @property
    def cut_s(self) -> float | None:
        """The time on the cutter, where the batch made a program."""
        return self.figures.get("cut_s")

    @property
    def issued_mm(self) -> float:
        """The length of cloth off the roll."""
        return issued_mm(self.figures.get("laid_mm", self.figures["length_mm"]), self.spread)

    @property
    def cloth(self) -> tuple[str, str, float]:
        """What tells cloths apart: the job's name for it or its fabric's, the material, the full width in mm: of
        folded cloth as it is bought, opened; of a tube as it lies."""
        width = self.layer_mm * (2 if self.figures.get("spread") == "folded" else 1)
        return self.job.cloth or self.figures.get("cloth", ""), self.figures["material"], width

    @property
    def layer_mm(self) -> float:
        """The width of the cloth as it lies."""
        width: float = self.figures.get("width_mm") or self.job.width_mm or self.figures["usable_width_mm"]
        return width

    @property
    def layers(self) -> int:
        """How many layers a ply has."""
        return 2 if self.figures.get("spread") in ("folded", "tubular") else 1

    @property
    def marker_area_mm2(self) -> float:
        """The cloth of the marker within the usable width, of all plies and their layers."""
        length, width = self.figures["length_mm"], self.figures["usable_width_mm"]
        return float(self.spread.plies * self.layers * length * width)


@dataclass(frozen=True, slots=True)
class Missing:
    """Pieces of a marker that found no place: how many, and why."""

    piece: str
    count: int
    reason: str

    @property
    def name(self) -> str:
        """The piece, and how many of it where they are several."""
        return f"{self.count} x {self.piece}" if self.count > 1 else self.piece

    @property
    def gist(self) -> str:
        """Why it found no place, in the first clause of the reason."""
        if not self.reason.startswith("it "):
            return f"{self.name}: {self.reason}"
        return f"{self.piece} {self.reason.removeprefix('it ').split('; ')[0]}"


@dataclass(frozen=True, slots=True)
class LeftFile:
    """A file by which somebody might cut although its job is not done: a program, or a marker without one. ``lacks``
    names the pieces that are not in it."""

    path: str
    is_program: bool
    lacks: tuple[str, ...]

    @property
    def name(self) -> str:
        """The file's name, without its folder."""
        return os.path.basename(self.path)


@dataclass(frozen=True, kw_only=True)
class Left:
    """A job that is not done: why, what to do about it, which pieces found no place, and what was written all the
    same."""

    record: JobRecord
    reason: str
    todo: str
    missing: tuple[Missing, ...] = ()
    files: tuple[LeftFile, ...] = ()

    @property
    def state(self) -> State:
        """The job's state."""
        return self.record.row.state

    @property
    def gist(self) -> str:
        """The first thing that the reason tells, without what merely leads up to it."""
        if self.missing and self.state == "failed":
            told = [one.gist for one in self.missing]
        else:
            told = [line for line in self.reason.splitlines() if line.strip() and not line.endswith(":")]
        told = told or [self.reason]
        return told[0] + (f"; and {len(told) - 1} more" if len(told) > 1 else "")

    @property
    def cloth(self) -> tuple[str, str, float | None, float | None]:
        """The cloth's name, the materials, and the full and the usable width in mm, as far as they are known."""
        job, markers = self.record.job, self.record.row.markers
        first = markers[0] if markers else {}
        name = (job.cloth if job else "") or first.get("cloth", "")
        told = [one["material"] for one in markers] or [job.material if job else None]
        width = first.get("width_mm") or (job.width_mm if job else None)
        return name, ", ".join(dict.fromkeys(filter(None, told))), width, first.get("usable_width_mm")

    @property
    def do_not_cut(self) -> tuple[LeftFile, ...]:
        """What was written and lacks pieces."""
        return tuple(file for file in self.files if file.lacks)

    @property
    def warning(self) -> str:
        """Which files look like those of a job that is done, and are not; empty where there are none."""
        by_pieces: dict[tuple[str, ...], list[str]] = {}
        for file in self.do_not_cut:
            by_pieces.setdefault(file.lacks, []).append(file.name)
        told = [f"{', '.join(names)}: incomplete: lacks {', '.join(lacks)}" for lacks, names in by_pieces.items()]
        return f"{'; '.join(told)}; do not cut" if told else ""

    @property
    def programs(self) -> str:
        """Which whole programs there are, or that there is none; empty where all are incomplete."""
        whole = [file.name for file in self.files if file.is_program and not file.lacks]
        if whole:
            return f"{', '.join(whole)}: written, and lacks no piece"
        if any(file.is_program for file in self.files):
            return ""
        asked = self.record.job is None or self.record.job.program is not None
        return "none was written" if asked else "none was asked for"


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Cloth to be issued for all markers of one cloth together; ``marker_mm`` and ``ends_mm`` on all plies.
    ``first_cut`` counts the markers in the order of cutting, from 1, to the first that needs it, of ``first_job``."""

    cloth: str
    material: str
    width_mm: float
    markers: int
    plies: int
    marker_mm: float
    ends_mm: float
    issued_mm: float
    first_cut: int
    first_job: str

    @property
    def issue_cm(self) -> int:
        """What to take off the roll: the centimetre that is begun counts. A thousandth of a millimetre does not."""
        return math.ceil(round(self.issued_mm, 3) / 10)

    @property
    def name(self) -> str:
        """Cloth and material, as far as they are known."""
        return " · ".join(filter(None, (self.cloth, self.material))) or "cloth without a name"


@dataclass(frozen=True, kw_only=True)
class Week:
    """What was nested of one cloth in an ISO week. Shares are fractions; waste is cloth issued that is in no piece."""

    week: str
    cloth: str
    material: str
    width_mm: float
    markers: int
    issued_mm: float
    efficiency: float
    waste: float


@dataclass(frozen=True, kw_only=True)
class Night:
    """A span of the store: ``ready`` in the order of cutting, ``left`` with the failed first."""

    since: float | None
    until: float
    ready: tuple[Ready, ...]
    left: tuple[Left, ...]
    weeks: tuple[Week, ...]

    @property
    def cuts(self) -> list[Cut]:
        """The markers whose files are there, for ``summarize``."""
        return [
            Cut(
                marker=one.marker,
                path=one.path,
                order=one.record.row.name,
                due=shown_due(one.record.row.due_at),
                spread=one.spread,
                terms=one.terms,
                cut_s=one.cut_s,
            )
            for one in self.ready
            if one.marker is not None
        ]

    @property
    def issues(self) -> tuple[Issue, ...]:
        """Cloth by cloth, what to issue, in the order in which it is needed: of all markers that are ready, wherever
        their files are."""
        by_cloth: dict[tuple[str, str, float], list[tuple[int, Ready]]] = {}
        for number, one in enumerate(self.ready, 1):
            by_cloth.setdefault(one.cloth, []).append((number, one))
        return tuple(_issue(cloth, numbered) for cloth, numbered in by_cloth.items())


def read_night(
    records: Sequence[JobRecord],
    conditions: Conditions,
    *,
    since: float | None,
    until: float,
    elsewhere: Iterable[Path] = (),
) -> Night:
    """What was done, failed or cancelled from ``since`` to ``until`` (seconds since 1970), and all that is open.

    Marker files that are not where they were written are looked for, by what is in them, among ``elsewhere``.
    """
    finder = _Finder(elsewhere)
    done = [r for r in records if r.row.state == "done" and _within(r, since, until)]
    ready = [one for record in done for one in _ready(record, conditions, finder)]
    states: tuple[State, ...] = ("failed", "running", "queued", "cancelled")
    left = [_left(r) for state in states for r in records if r.row.state == state and _within(r, since, until)]
    earliest = min(since if since is not None else 0.0, until - WEEKS * 7 * 86400)
    of_weeks = [r for r in records if r.row.state == "done" and _within(r, earliest, until)]
    return Night(
        since=since, until=until, ready=tuple(ready), left=tuple(left), weeks=tuple(_weeks(of_weeks, conditions))
    )


def _within(record: JobRecord, since: float | None, until: float) -> bool:
    """Whether a job ended in the span; one that is open belongs to every span that had begun when it came."""
    row = record.row
    if row.state in ("queued", "running"):
        return row.queued_at <= until
    at = row.ended_at if row.ended_at is not None else row.queued_at
    return (since is None or at >= since) and at <= until


# --- what is ready to be cut


class _Finder:
    """Finds the marker that a job wrote: in its place, or by its hash among other files."""

    def __init__(self, elsewhere: Iterable[Path]) -> None:
        self._elsewhere = list(elsewhere)
        self._by_hash: dict[str, str] | None = None

    def find(self, path: str, sha256: str) -> tuple[str, Marker | None, Lost]:
        """Where the marker is, what it is, and why it cannot be had, where so."""
        data = _read(path)
        if data is None or sha256_of(data) != sha256:
            found = self._hashes().get(sha256)
            if found is None:
                return path, None, "moved" if data is None else "changed"
            path, data = found, _read(found)
        try:
            marker = parse_marker(data or b"", where=path)
        except CutkitError:
            return path, None, "faulty"
        return path, marker, ""

    def lost(self, files: Iterable[Written]) -> tuple[str, ...]:
        """The files that are not where they were written, or not as they were."""
        return tuple(file.path for file in files if sha256_of(_read(file.path) or b"") != file.sha256)

    def _hashes(self) -> dict[str, str]:
        if self._by_hash is None:
            files = {str(path): _read(str(path)) for path in self._elsewhere}
            self._by_hash = {sha256_of(data): path for path, data in files.items() if data is not None}
        return self._by_hash


def _read(path: str) -> bytes | None:
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


def _ready(record: JobRecord, conditions: Conditions, finder: _Finder) -> Iterable[Ready]:
    """The markers of a done job. The referee passed them when they were written, and their hash is the same."""
    if record.job is None:
        return
    for number, figures in zip(record.numbers, record.row.markers, strict=True):
        files = [file for file in record.written if file.marker == number]
        written = next((file for file in files if file.path == figures["path"]), None)
        if written is None:
            continue  # no piece fitted, so there is no file
        path, marker, lost = finder.find(written.path, written.sha256)
        # A job that is done wrote its marker, its pictures, its pick list, then its programs.
        programs = files[len([key for key in record.job.outputs() if key != "program"]) :]
        spread, terms = conditions(written.path, record.job, figures)
        yield Ready(
            record=record,
            job=record.job,
            figures=figures,
            path=path,
            programs=tuple(file.path for file in programs),
            lost_programs=finder.lost(programs),
            spread=spread,
            terms=terms,
            marker=marker,
            lost=lost,
        )


def _issue(cloth: tuple[str, str, float], numbered: Sequence[tuple[int, Ready]]) -> Issue:
    name, material, width = cloth
    (number, first), ready = numbered[0], [one for _, one in numbered]
    marker_mm = sum(one.spread.plies * one.figures["length_mm"] for one in ready)
    return Issue(
        cloth=name,
        material=material,
        width_mm=width,
        markers=len(ready),
        plies=sum(one.spread.plies for one in ready),
        marker_mm=marker_mm,
        ends_mm=sum(one.spread.plies * one.spread.end_allowance_mm for one in ready),
        issued_mm=sum(one.issued_mm for one in ready),
        first_cut=number,
        first_job=first.record.row.name,
    )


# --- what is left


_MISSING = re.compile(r"(.+?): (\d+) not placed: (.*)", re.DOTALL)
"""How a worker tells the store of pieces without a place."""


def _missing(figures: Mapping[str, Any]) -> Iterator[Missing]:
    for text in figures.get("unplaced", ()):
        found = _MISSING.fullmatch(text)
        yield Missing(found[1], int(found[2]), found[3]) if found else Missing(text, 1, "")


def _left_files(record: JobRecord) -> Iterator[LeftFile]:
    """The programs of a job that is not done, and the markers that have none."""
    for number, figures in zip(record.numbers, record.row.markers, strict=True):
        lacks = tuple(one.name for one in _missing(figures))
        paths = [file.path for file in record.written if file.marker == number]
        programs = [path for path in paths if _is_program(path, record.job)]
        yield from (LeftFile(path, True, lacks) for path in programs)
        if not programs:
            yield from (LeftFile(path, False, lacks) for path in paths if path == figures["path"])


def _is_program(path: str, job: Job | None) -> bool:
    """Whether a file is called like the job's program, or that with a material or a window. Not told by its place among
    the files: of a job that is not done, some may be missing."""
    if job is None or job.program is None:
        return False
    (begin, suffix), (stem, ending) = os.path.splitext(job.program), os.path.splitext(path)
    return ending == suffix and stem.startswith(begin)


def _left(record: JobRecord) -> Left:
    row = record.row
    if row.state == "failed":
        reason = row.message.replace(f", job {row.name}", "")  # whose name stands above it
        return _told(record, reason or "no reason was given", _cure(record))
    if row.state == "cancelled":
        todo = f"Nothing, if that was meant. `cutkit batch retry {row.name}` queues it again."
        return _told(record, row.message or "cancelled", todo)
    so_far = f"best so far {_so_far(record)}, which is written" if record.written else "nothing is written yet"
    if row.state == "running":
        todo = "Wait for it, or run the batch again if its runner was killed: the next run takes it over."
        return _told(record, f"a run is at work on it; {so_far}", todo)
    tried = "stopped before it was finished" if row.attempts else "the night ended before it began"
    return _told(record, f"{tried}; {so_far}", "`cutkit batch run` goes on with it.")


def _told(record: JobRecord, reason: str, todo: str) -> Left:
    missing = tuple(one for figures in record.row.markers for one in _missing(figures))
    return Left(record=record, reason=reason, todo=todo, missing=missing, files=tuple(_left_files(record)))


def _cure(record: JobRecord) -> str:
    """What to do about a failed job, by its exit code."""
    row = record.row
    retry = f"`cutkit batch retry {row.name}`, then `cutkit batch run`"
    lacking = any(figures.get("unplaced") for figures in row.markers)
    written = (
        f" What was found ({_so_far(record)}) is written and may be cut." if record.written and not lacking else ""
    )
    source = os.path.basename(row.source)
    match row.exit_code:
        case 2 | 3:
            return f"Correct what is named here or in {source}, and run the batch with it again: a change is noticed."
        case 4:
            change = f"Change the job in {source} (cloth, length, or the cutter), and run the batch with it again."
            return change + _whole(record)
        case 5:
            return f"Decide whether it is good enough. Else give it more time in {source}, or {retry}.{written}"
        case 6:
            return "Free the disk, or give the rights to its folder; the next run does it again."
    return f"`cutkit batch log {row.name}` tells more; {retry} tries it again.{written}"


def _whole(record: JobRecord) -> str:
    """That the markers of a job lack nothing although it failed; empty where they do, or where there are none."""
    if not record.written or any(figures.get("unplaced") for figures in record.row.markers):
        return ""
    return f" What is written ({_so_far(record)}) is whole, but not all of its files could be made."


def _so_far(record: JobRecord) -> str:
    return ", ".join(f"{m['length_mm'] / 1000:.3f} m at {100 * m['efficiency']:.2f} %" for m in record.row.markers)


# --- the trend


def _weeks(records: Sequence[JobRecord], conditions: Conditions) -> list[Week]:
    """By ISO week, then by cloth: from the figures in the store, so wherever the files are."""
    nowhere = _Nowhere()
    groups: dict[tuple[str, tuple[str, str, float]], list[Ready]] = {}
    for record in records:
        year, week, _ = datetime.fromtimestamp(record.row.ended_at or record.row.queued_at).isocalendar()
        for one in _ready(record, conditions, nowhere):
            groups.setdefault((f"{year}-W{week:02}", one.cloth), []).append(one)
    return [_week(week, cloth, ready) for (week, cloth), ready in sorted(groups.items())]


class _Nowhere(_Finder):
    """Reads no file: for figures alone."""

    def __init__(self) -> None:
        super().__init__(())

    def find(self, path: str, sha256: str) -> tuple[str, Marker | None, Lost]:
        return path, None, ""

    def lost(self, files: Iterable[Written]) -> tuple[str, ...]:
        return ()


def _week(week: str, cloth: tuple[str, str, float], ready: Sequence[Ready]) -> Week:
    name, material, width = cloth
    usable = sum(one.marker_area_mm2 for one in ready)
    pieces = sum(one.marker_area_mm2 * one.figures["efficiency"] for one in ready)
    issued = sum(one.issued_mm for one in ready)
    cloth_mm2 = sum((one.issued_mm - (one.spread.remnants_mm or 0.0)) * one.layer_mm * one.layers for one in ready)
    return Week(
        week=week,
        cloth=name,
        material=material,
        width_mm=width,
        markers=len(ready),
        issued_mm=issued,
        efficiency=pieces / usable if usable else 0.0,
        waste=1 - pieces / cloth_mm2 if cloth_mm2 > 0 else 0.0,
    )
