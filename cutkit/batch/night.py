"""A span of the store, as somebody in the morning has to know it: what to cut, what is left, which cloth to issue.

``read_night`` makes the list of ``report.summary.Cut`` that a report is made of. Marker files may have been moved or
changed since; what the store knows of them is told all the same, and that they are not in the balance.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping, Sequence
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


@dataclass(frozen=True, kw_only=True)
class Left:
    """A job that gave nothing to cut: why, and what to do about it."""

    record: JobRecord
    reason: str
    todo: str

    @property
    def state(self) -> State:
        """The job's state."""
        return self.record.row.state


@dataclass(frozen=True, kw_only=True)
class Issue:
    """Cloth to be issued for all markers of one cloth together; ``marker_mm`` and ``ends_mm`` on all plies."""

    cloth: str
    material: str
    width_mm: float
    markers: int
    plies: int
    marker_mm: float
    ends_mm: float
    issued_mm: float

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
        """Cloth by cloth, what to issue: of all markers that are ready, wherever their files are."""
        by_cloth: dict[tuple[str, str, float], list[Ready]] = {}
        for one in self.ready:
            by_cloth.setdefault(one.cloth, []).append(one)
        return tuple(_issue(cloth, ready) for cloth, ready in sorted(by_cloth.items()))


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


def _issue(cloth: tuple[str, str, float], ready: Sequence[Ready]) -> Issue:
    name, material, width = cloth
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
    )


# --- what is left


def _left(record: JobRecord) -> Left:
    row = record.row
    if row.state == "failed":
        reason = row.message.replace(f", job {row.name}", "")  # whose name stands above it
        return Left(record=record, reason=reason or "no reason was given", todo=_cure(record))
    if row.state == "cancelled":
        todo = f"Nothing, if that was meant. `cutkit batch retry {row.name}` queues it again."
        return Left(record=record, reason=row.message or "cancelled", todo=todo)
    so_far = f"best so far {_so_far(record)}, which is written" if record.written else "nothing is written yet"
    if row.state == "running":
        todo = "Wait for it, or run the batch again if its runner was killed: the next run takes it over."
        return Left(record=record, reason=f"a run is at work on it; {so_far}", todo=todo)
    tried = "stopped before it was finished" if row.attempts else "the night ended before it began"
    return Left(record=record, reason=f"{tried}; {so_far}", todo="`cutkit batch run` goes on with it.")


def _cure(record: JobRecord) -> str:
    """What to do about a failed job, by its exit code."""
    row = record.row
    retry = f"`cutkit batch retry {row.name}`, then `cutkit batch run`"
    written = f" What was found ({_so_far(record)}) is written and may be cut." if record.written else ""
    source = os.path.basename(row.source)
    match row.exit_code:
        case 2 | 3:
            return f"Correct what is named here or in {source}, and run the batch with it again: a change is noticed."
        case 4:
            change = f"Change the job in {source} (cloth, length, or the cutter), and run the batch with it again."
            return change + _incomplete(record)
        case 5:
            return f"Decide whether it is good enough. Else give it more time in {source}, or {retry}.{written}"
        case 6:
            return "Free the disk, or give the rights to its folder; the next run does it again."
    return f"`cutkit batch log {row.name}` tells more; {retry} tries it again.{written}"


def _incomplete(record: JobRecord) -> str:
    """What was written of a job that could not be done as it was asked for, so that nobody takes it for the whole."""
    if not record.written:
        return ""
    lacks = any(figures["unplaced"] for figures in record.row.markers)
    what = "lacks the pieces named here" if lacks else "is whole, but not all of its files could be made"
    return f" What is written ({_so_far(record)}) {what}."


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
