"""The store: the queue of jobs in one SQLite file, safe under a kill at any instant.

States: queued -> running -> done or failed; queued or running -> cancelled; a running job goes back to queued when its
runner or worker dies, or was stopped. A running job is held by one runner, under a lease that it renews; every holder
has a higher ``token`` than the one before, and what comes under an older token is refused. Files are put in their
places within the very transaction that checks the token: whoever was overtaken cannot replace them any more.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast

from cutkit import __version__
from cutkit.batch.database import Database
from cutkit.batch.owner import is_dead, shown
from cutkit.errors import InputError, MachineError, UsageError, did_you_mean

if TYPE_CHECKING:  # what is slow to import: `batch status` needs none of it
    from cutkit.batch.bundle import KnownInput
    from cutkit.batch.perform import Nested
    from cutkit.batch.prepare import Checked
    from cutkit.formats.files import Staged
    from cutkit.formats.jobs import Asked, Job, JobFault

State = Literal["queued", "running", "done", "failed", "cancelled"]
STATES: tuple[State, ...] = ("queued", "running", "done", "failed", "cancelled")
OPEN: tuple[State, ...] = ("queued", "running")
"""States of jobs that are still to be done."""
Taken = Literal["new", "changed", "again", "waiting", "running", "unchanged", "failed before", "cancelled before"]
"""What became of a job that was put into the store; the first four are queued now."""

DEFAULT_STORE = "cutkit-batch.sqlite"
STORE_VARIABLE = "CUTKIT_STORE"
LEASE_S = 60.0
"""How long a runner holds a job without a sign of life, where nobody can see whether it lives."""
MOST_DEATHS = 5
"""A job on which so many workers died is failed: it would kill the next one, too."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The best marker so far of a job that is not done: its text, and the seconds that were searched for it."""

    text: bytes
    spent_s: float


@dataclass(frozen=True)
class Claim:
    """A job that a runner holds, with all that is known of it. ``kept`` is by the marker's number."""

    id: int
    token: int
    job: Job
    inputs: tuple[KnownInput, ...]
    materials: tuple[str, ...]
    wishes_s: tuple[float, ...]
    kept: Mapping[int, Kept]


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a job goes on after its files were written: with which state, and why."""

    state: State
    exit_code: int | None = None
    message: str = ""


@dataclass(frozen=True)
class JobRow:
    """A job as ``batch status`` shows it; times in seconds since 1970, ``markers`` as entries of `nest --json`."""

    id: int
    name: str
    source: str
    state: State
    due_at: float | None
    priority: int
    attempts: int
    queued_at: float
    started_at: float | None
    ended_at: float | None
    exit_code: int | None
    message: str
    key: str
    markers: tuple[dict[str, Any], ...]
    outputs: tuple[str, ...]

    @property
    def spent_s(self) -> float:
        """Seconds that were searched for it, of all its markers."""
        return float(sum(marker["search_s"] or 0.0 for marker in self.markers))


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a job wrote: for which of its markers, and with which hash."""

    path: str
    marker: int
    sha256: str


@dataclass(frozen=True)
class JobRecord:
    """All that a report needs of a job. ``job`` is None where its file could not be understood; ``markers`` of ``row``
    are those of ``numbers``, in this order."""

    row: JobRow
    job: Job | None
    numbers: tuple[int, ...]
    written: tuple[Written, ...]


class Store(Database):
    """A store that is open. Use it as a context manager, and from one thread."""

    # --- putting jobs in

    def add(self, jobs: Sequence[Checked], *, force: bool = False) -> dict[str, Taken]:
        """Queue jobs, all or none of them, and say what became of each, by name.

        A job that is done stays so where its key is the same and its files are there; ``force`` queues it all the same.
        One that failed for a reason of the machine's (exit code 6) is queued again, others that failed are not.
        """
        with self._change():
            return {one.job.name: self._add(one, force) for one in jobs}

    def foreign_writers(self, jobs: Sequence[Checked]) -> list[JobFault]:
        """A fault for every output that a job of another name, still to be done, writes; and for every name that a job
        of another file, still to be done, has."""
        from cutkit.formats.jobs import JobFault

        faults = []
        with self._told():
            for one in jobs:
                job = one.job
                row = self._db.execute("SELECT source, state FROM jobs WHERE name = ?", (job.name,)).fetchone()
                if _is_open_elsewhere(row, job.source):
                    message = f"the store has a job of this name from {row['source']}, still to be done."
                    faults.append(JobFault(job.source, job.name, "name", message, "Give it another name."))
                faults += self._clashes_with_open_jobs(one)
        return faults

    def _clashes_with_open_jobs(self, one: Checked) -> Iterator[JobFault]:
        from cutkit.formats.jobs import JobFault

        for path in one.writes:
            for table, word in (("writes", "is written by"), ("inputs", "is an input of")):
                other = self._db.execute(
                    f"SELECT name FROM {table} JOIN jobs ON jobs.id = job WHERE path = ? AND name != ?"
                    f" AND state IN {OPEN}",
                    (path, one.job.name),
                ).fetchone()
                if other:
                    message = f"{path} {word} job {other['name']} of the store, still to be done."
                    yield JobFault(one.job.source, one.job.name, "marker", message, "Choose another name.")

    def refuse(self, asked: Asked, message: str) -> None:
        """Note a job that cannot be run as failed (exit code 3), so that the morning shows it, too, and when it is
        due. A job of its name from another file, still to be done, is left as it is; its log tells of the other one."""
        name, source = asked.name, asked.source
        with self._change():
            row = self._db.execute("SELECT id, token, state, source FROM jobs WHERE name = ?", (name,)).fetchone()
            if _is_open_elsewhere(row, source):
                self._note(row["id"], f"a job of this name in {source} was refused: {message}")
                return
            now = time.time()
            if row is None:
                self._db.execute(
                    "INSERT INTO jobs (name, source, spec, key, cutkit, materials, wishes_s, state, queued_at)"
                    " VALUES (?, ?, '{}', '', ?, '[]', '[]', 'failed', ?)",
                    (name, source, __version__, now),
                )
            elif row["state"] == "running":
                self._end_attempt(row["id"], row["token"], "overtaken: the job has changed")
            self._db.execute(
                "UPDATE jobs SET state = 'failed', key = '', source = ?, exit_code = ?, message = ?, ended_at = ?,"
                " due_at = ?, priority = ?, owner = NULL, lease_until = NULL, token = token + 1 WHERE name = ?",
                (source, InputError.exit_code, message, now, asked.due_at, asked.priority, name),
            )
            number = self._db.execute("SELECT id FROM jobs WHERE name = ?", (name,)).fetchone()["id"]
            self._note(number, f"refused: {message}")

    def _add(self, one: Checked, force: bool) -> Taken:
        job = one.job
        row = self._db.execute("SELECT * FROM jobs WHERE name = ?", (job.name,)).fetchone()
        taken: Taken = "new" if row is None else self._what_with(row, one, force)
        if taken in ("unchanged", "failed before", "cancelled before", "running"):
            self._db.execute(
                "UPDATE jobs SET source = ?, spec = ?, due_at = ?, priority = ? WHERE id = ?",
                (job.source, _spec_of(job), job.due_at, job.priority, row["id"]),
            )
            return taken
        number = self._insert(one) if row is None else self._replace(row, one, taken, force)
        self._replace_files_of(number, one)
        if taken != "waiting":
            self._note(number, f"queued: {taken}")
            self._note_assumptions(number, one)
        return taken

    def _insert(self, one: Checked) -> int:
        """A new row; its number."""
        fields = {"name": one.job.name, "queued_at": time.time(), **_fields_of(one)}
        names, marks = ", ".join(fields), ", ".join("?" * len(fields))
        inserted = self._db.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(fields.values()))
        return cast(int, inserted.lastrowid)

    def _replace(self, row: sqlite3.Row, one: Checked, taken: Taken, force: bool) -> int:
        """A row as its job is now; whoever holds it is overtaken, and what came of an earlier form is forgotten."""
        number: int = row["id"]
        fields = _fields_of(one)
        if taken != "waiting":
            fields["queued_at"] = time.time()
        sets = ", ".join(f"{name} = ?" for name in fields)
        self._db.execute(f"UPDATE jobs SET {sets}, token = token + 1 WHERE id = ?", (*fields.values(), number))
        if row["state"] == "running":
            self._end_attempt(number, row["token"], "overtaken: the job has changed")
        if force or row["key"] != one.key:
            self._db.execute("DELETE FROM markers WHERE job = ?", (number,))
            self._db.execute("DELETE FROM outputs WHERE job = ?", (number,))
        return number

    def _note_assumptions(self, number: int, one: Checked) -> None:
        """What the readers assumed or mended, each text once with the pieces that it is about."""
        pieces: dict[str, list[str]] = {}
        for notice in one.notices:
            pieces.setdefault(f"{notice.code}: {notice.message}", []).extend([notice.piece] if notice.piece else [])
        for text, about in pieces.items():
            self._note(number, f"note: {text}" + (f" ({', '.join(dict.fromkeys(about))})" if about else ""))

    def _what_with(self, row: sqlite3.Row, one: Checked, force: bool) -> Taken:
        """What a job that the store knows becomes when it is put in again."""
        same = row["key"] == one.key
        state: State = row["state"]
        if state == "queued":
            return "waiting" if same else "changed"
        if not same:
            return "changed"
        if state == "running":
            return "running"
        if force:
            return "again"
        if state == "done":
            return "unchanged" if self._outputs_are_there(row["id"]) else "again"
        if state == "failed":
            return "again" if row["exit_code"] == MachineError.exit_code else "failed before"
        return "cancelled before"

    def _outputs_are_there(self, number: int) -> bool:
        rows = self._db.execute("SELECT path FROM outputs WHERE job = ?", (number,)).fetchall()
        return bool(rows) and all(os.path.exists(row["path"]) for row in rows)

    def _replace_files_of(self, number: int, one: Checked) -> None:
        self._db.execute("DELETE FROM inputs WHERE job = ?", (number,))
        self._db.execute("DELETE FROM writes WHERE job = ?", (number,))
        rows = [(number, i.path, i.role, i.sha256, i.owner) for i in one.inputs]
        self._db.executemany("INSERT INTO inputs (job, path, role, sha256, owner) VALUES (?, ?, ?, ?, ?)", rows)
        writes = [(path, number) for path in one.writes]
        self._db.executemany("INSERT OR REPLACE INTO writes (path, job) VALUES (?, ?)", writes)

    # --- working on them

    def claim(self, owner: str, lease_s: float = LEASE_S) -> Claim | None:
        """Take the next job: due dates first, then priority, then the order in which they came. None where none waits.

        Jobs of runners that are dead, or silent for longer than their lease, are taken over first.
        """
        with self._change():
            self._take_over_from_the_dead()
            row = self._db.execute(
                "SELECT * FROM jobs WHERE state = 'queued'"
                " ORDER BY due_at IS NULL, due_at, priority DESC, queued_at, id LIMIT 1"
            ).fetchone()
            if row is None:
                return None
            now, token = time.time(), row["token"] + 1
            self._db.execute(
                "UPDATE jobs SET state = 'running', owner = ?, token = ?, lease_until = ?, attempts = attempts + 1,"
                " started_at = ?, ended_at = NULL, exit_code = NULL, message = '' WHERE id = ?",
                (owner, token, now + lease_s, now, row["id"]),
            )
            self._db.execute(
                "INSERT INTO attempts (job, token, owner, began_at) VALUES (?, ?, ?, ?)",
                (row["id"], token, owner, now),
            )
            self._note(row["id"], f"begun by {shown(owner)}")
            return self._claim_of(row, token)

    def _claim_of(self, row: sqlite3.Row, token: int) -> Claim:
        import msgspec

        from cutkit.batch.bundle import KnownInput
        from cutkit.formats.jobs import Job

        inputs = self._db.execute(
            "SELECT path, role, sha256, owner FROM inputs WHERE job = ? ORDER BY rowid", [row["id"]]
        )
        kept = self._db.execute("SELECT marker, best, spent_s FROM markers WHERE job = ?", [row["id"]])
        return Claim(
            id=row["id"],
            token=token,
            job=msgspec.json.decode(row["spec"], type=Job),
            inputs=tuple(KnownInput(*i) for i in inputs),
            materials=tuple(json.loads(row["materials"])),
            wishes_s=tuple(json.loads(row["wishes_s"])),
            kept={k["marker"]: Kept(zlib.decompress(k["best"]), k["spent_s"]) for k in kept if k["best"] is not None},
        )

    def _take_over_from_the_dead(self) -> None:
        running = self._db.execute("SELECT id, token, owner, lease_until FROM jobs WHERE state = 'running'").fetchall()
        dead = {owner for owner in {row["owner"] for row in running} if is_dead(owner)}
        for row in running:
            if row["owner"] in dead or row["lease_until"] < time.time():
                why = "is dead" if row["owner"] in dead else "has been silent for too long"
                self._end_attempt(row["id"], row["token"], f"taken over: {shown(row['owner'])} {why}")
                self._requeue(row["id"])
                self._note(row["id"], f"queued again: {shown(row['owner'])} {why}")

    def heartbeat(self, owner: str, lease_s: float = LEASE_S) -> set[tuple[int, int]]:
        """Renew the leases of a runner; what comes back are the jobs and tokens that it still holds."""
        with self._change():
            self._db.execute(
                "UPDATE jobs SET lease_until = ? WHERE state = 'running' AND owner = ?", (time.time() + lease_s, owner)
            )
            rows = self._db.execute("SELECT id, token FROM jobs WHERE state = 'running' AND owner = ?", (owner,))
            return {(row["id"], row["token"]) for row in rows}

    def publish(self, claim: Claim, nested: Sequence[Nested], staged: Sequence[Staged], outcome: Outcome) -> bool:
        """Put the staged files in their places, keep the markers, and give the job its next state: at one stroke.

        False where the job was taken over or cancelled meanwhile: then nothing is written, and the staged files are
        taken away. MachineError where a file cannot be put in its place; then the job is as it was before.
        """
        try:
            with self._change():
                if not self._is_held(claim):
                    return False
                for one in nested:
                    self._keep(claim, one)
                self._put_in_place(claim.id, nested, staged)
                if staged:
                    self._note(claim.id, f"written: {_told_of(nested)}")
                    for text in dict.fromkeys(text for one in nested for text in one.notes):
                        self._note(claim.id, f"note: {text}")
                self._end(claim, outcome)
                return True
        finally:
            for file in staged:
                file.discard()

    def keep(self, claim: Claim, nested: Sequence[Nested]) -> bool:
        """Keep markers whose files could not be written, so that they need not be searched again; False as above."""
        with self._change():
            if not self._is_held(claim):
                return False
            for one in nested:
                self._keep(claim, one)
            return True

    def end(self, claim: Claim, outcome: Outcome, *, died: bool = False) -> Outcome | None:
        """Give a held job its next state without any files; ``died``: because its worker did. What comes back is what
        became of it (failed, where too many workers died), or None where it is not held any more."""
        with self._change():
            if not self._is_held(claim):
                return None
            if died:
                self._db.execute("UPDATE jobs SET deaths = deaths + 1 WHERE id = ?", (claim.id,))
                deaths = self._db.execute("SELECT deaths FROM jobs WHERE id = ?", (claim.id,)).fetchone()[0]
                if deaths >= MOST_DEATHS:
                    outcome = Outcome("failed", 1, f"{deaths} workers died on it; the last time {outcome.message}")
            self._end(claim, outcome)
            return outcome

    def _is_held(self, claim: Claim) -> bool:
        row = self._db.execute("SELECT state, token FROM jobs WHERE id = ?", (claim.id,)).fetchone()
        return row is not None and row["state"] == "running" and row["token"] == claim.token

    def _keep(self, claim: Claim, one: Nested) -> None:
        """Keep a marker; not to go on from it where a search by rounds was cut short, for that would not repeat."""
        again = one.cut_short and claim.job.rounds is not None
        best = None if again else zlib.compress(one.text)
        figures, unplaced = json.dumps(one.figures), json.dumps(one.unplaced)
        self._db.execute(
            "INSERT OR REPLACE INTO markers (job, marker, material, figures, unplaced, spent_s, best)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (claim.id, one.index, claim.materials[one.index], figures, unplaced, one.spent_s, best),
        )

    def _put_in_place(self, number: int, nested: Sequence[Nested], staged: Sequence[Staged]) -> None:
        for one in nested:
            self._refuse_foreign_files(number, one)
        for file in staged:
            file.publish()
        for folder in {file.target.parent for file in staged}:
            _flush_folder(folder)
        now = time.time()
        for one in [one for one in nested if one.files]:
            self._remove_stale(number, one)
            self._db.execute("DELETE FROM outputs WHERE job = ? AND marker = ?", (number, one.index))
            for output in one.files:
                self._db.execute(
                    "INSERT OR REPLACE INTO outputs (path, job, marker, sha256, bytes, written_at)"
                    " VALUES (?, ?, ?, ?, ?, ?)",
                    (output.path, number, one.index, output.sha256, len(output.data), now),
                )

    def _refuse_foreign_files(self, number: int, one: Nested) -> None:
        """InputError where a file would replace what another job writes or reads: a program's windows get their names
        only when it is made."""
        for output in one.files:
            for table, states, word in (("writes", STATES, "is written by"), ("inputs", OPEN, "is an input of")):
                other = self._db.execute(
                    f"SELECT name FROM {table} JOIN jobs ON jobs.id = job WHERE path = ? AND jobs.id != ?"
                    f" AND state IN {states}",
                    (output.path, number),
                ).fetchone()
                if other:
                    hint = "Give the outputs of one of them another name."
                    raise InputError(f"this file {word} job {other['name']}", where=output.path, hint=hint)

    def _remove_stale(self, number: int, one: Nested) -> None:
        """Take away what an earlier result wrote and this one does not (a program's fifth window): somebody might cut
        it. A file that was changed since is not ours any more, and stays."""
        written = {output.path for output in one.files}
        rows = self._db.execute("SELECT path, sha256 FROM outputs WHERE job = ? AND marker = ?", (number, one.index))
        for row in rows.fetchall():
            if row["path"] not in written and _sha256_in(row["path"]) == row["sha256"]:
                Path(row["path"]).unlink(missing_ok=True)

    def _end(self, claim: Claim, outcome: Outcome) -> None:
        """The next state of a held job. Running stays running; queued ends the attempt, and the others the job."""
        if outcome.state == "running":
            return
        self._end_attempt(claim.id, claim.token, outcome.message or outcome.state)
        if outcome.state == "queued":
            self._requeue(claim.id)
        else:
            self._db.execute(
                "UPDATE jobs SET state = ?, exit_code = ?, message = ?, ended_at = ?, owner = NULL, lease_until = NULL"
                " WHERE id = ?",
                (outcome.state, outcome.exit_code, outcome.message, time.time(), claim.id),
            )
        if outcome.state == "done":
            self._db.execute("UPDATE markers SET best = NULL WHERE job = ?", (claim.id,))
        self._note(claim.id, f"{outcome.state}: {outcome.message}" if outcome.message else outcome.state)

    def _requeue(self, number: int) -> None:
        self._db.execute("UPDATE jobs SET state = 'queued', owner = NULL, lease_until = NULL WHERE id = ?", (number,))

    def _end_attempt(self, number: int, token: int, outcome: str) -> None:
        self._db.execute(
            "UPDATE attempts SET ended_at = ?, outcome = ? WHERE job = ? AND token = ?",
            (time.time(), outcome, number, token),
        )

    def _note(self, number: int, text: str) -> None:
        self._db.execute("INSERT INTO events (job, at, text) VALUES (?, ?, ?)", (number, time.time(), text))

    # --- for people

    def retry(self, names: Iterable[str] = ()) -> list[str]:
        """Queue jobs again that failed or were cancelled, all that failed where no names are given; the names of those.

        UsageError for a name that the store does not have.
        """
        with self._change():
            wanted = list(names)
            rows = self._named(wanted, ("failed", "cancelled") if wanted else ("failed",))
            for row in [row for row in rows if row["key"]]:  # not those that were refused: their file has to change
                self._db.execute("UPDATE jobs SET deaths = 0, queued_at = ? WHERE id = ?", (time.time(), row["id"]))
                self._requeue(row["id"])
                self._note(row["id"], "queued again by hand")
            return [row["name"] for row in rows if row["key"]]

    def cancel(self, names: Iterable[str]) -> list[str]:
        """Cancel jobs that are queued or running; the names of those. A runner at work on one is overtaken by it."""
        with self._change():
            rows = self._named(names, ("queued", "running"))
            for row in rows:
                if row["state"] == "running":
                    self._end_attempt(row["id"], row["token"], "cancelled")
                self._db.execute(
                    "UPDATE jobs SET state = 'cancelled', token = token + 1, owner = NULL, lease_until = NULL,"
                    " ended_at = ?, message = 'cancelled by hand' WHERE id = ?",
                    (time.time(), row["id"]),
                )
                self._note(row["id"], "cancelled by hand")
            return [row["name"] for row in rows]

    def _named(self, names: Iterable[str], states: Sequence[State]) -> list[sqlite3.Row]:
        """The jobs of these names (all, where there are none) that are in one of the states, in their order."""
        rows = self._db.execute("SELECT * FROM jobs ORDER BY id").fetchall()
        wanted = list(names)
        known = [row["name"] for row in rows]
        for name in wanted:
            if name not in known:
                raise UsageError(f"the store has no job {name!r}", where=self.path, hint=did_you_mean(name, known))
        return [row for row in rows if row["state"] in states and (not wanted or row["name"] in wanted)]

    def jobs(self, names: Iterable[str] | None = None) -> list[JobRow]:
        """All jobs, or those of the names, in the order in which they are worked on."""
        with self._told():
            markers: dict[int, list[dict[str, Any]]] = {}
            for row in self._db.execute("SELECT job, figures, spent_s, unplaced FROM markers ORDER BY job, marker"):
                entry = {**json.loads(row["figures"]), "search_s": row["spent_s"]}
                entry["unplaced"] = json.loads(row["unplaced"])
                markers.setdefault(row["job"], []).append(entry)
            outputs: dict[int, list[str]] = {}
            for row in self._db.execute("SELECT job, path FROM outputs ORDER BY job, rowid"):
                outputs.setdefault(row["job"], []).append(row["path"])
            order = "ORDER BY due_at IS NULL, due_at, priority DESC, queued_at, id"
            rows = self._db.execute(f"SELECT * FROM jobs {order}").fetchall()
        wanted = None if names is None else set(names)
        return [
            _job_row(row, tuple(markers.get(row["id"], ())), tuple(outputs.get(row["id"], ())))
            for row in rows
            if wanted is None or row["name"] in wanted
        ]

    def records(self) -> list[JobRecord]:
        """All jobs with their settings and files, in the order in which they are worked on; as of one moment."""
        import msgspec

        from cutkit.formats.jobs import Job

        with self._snapshot():
            rows = self.jobs()
            specs = dict(self._db.execute("SELECT id, spec FROM jobs").fetchall())
            numbers: dict[int, list[int]] = {}
            for found in self._db.execute("SELECT job, marker FROM markers ORDER BY job, marker"):
                numbers.setdefault(found["job"], []).append(found["marker"])
            files: dict[int, list[Written]] = {}
            for found in self._db.execute("SELECT job, path, marker, sha256 FROM outputs ORDER BY job, rowid"):
                files.setdefault(found["job"], []).append(Written(found["path"], found["marker"], found["sha256"]))
        return [
            JobRecord(
                row=row,
                job=None if specs[row.id] == "{}" else msgspec.json.decode(specs[row.id], type=Job),
                numbers=tuple(numbers.get(row.id, ())),
                written=tuple(files.get(row.id, ())),
            )
            for row in rows
        ]

    def last_run_at(self) -> float | None:
        """When the run began that worked on a job last, in seconds since 1970; None where there was none."""
        with self._told():
            row = self._db.execute(
                "SELECT MIN(began_at) FROM attempts WHERE owner = (SELECT owner FROM attempts ORDER BY id DESC LIMIT 1)"
            ).fetchone()
            return None if row[0] is None else float(row[0])

    def log(self, name: str) -> list[tuple[float, str]]:
        """What happened to a job: when (seconds since 1970), and what. UsageError for an unknown name."""
        with self._told():
            row = self._named([name], STATES)[0]
            events = self._db.execute("SELECT at, text FROM events WHERE job = ? ORDER BY id", (row["id"],))
            return [(event["at"], event["text"]) for event in events]

    def open_wishes_s(self) -> float:
        """The search time that all queued jobs wish for together."""
        with self._told():
            rows = self._db.execute("SELECT wishes_s FROM jobs WHERE state = 'queued'").fetchall()
            return float(sum(sum(json.loads(row["wishes_s"])) for row in rows))

    def counts(self) -> dict[State, int]:
        """How many jobs are in each state."""
        with self._told():
            rows = dict(self._db.execute("SELECT state, COUNT(*) FROM jobs GROUP BY state").fetchall())
            return {state: rows.get(state, 0) for state in STATES}


def store_path(given: str | None) -> str:
    """The store that is meant: as given, else by the environment (CUTKIT_STORE), else in the current folder."""
    return given or os.environ.get(STORE_VARIABLE) or DEFAULT_STORE


def _is_open_elsewhere(row: sqlite3.Row | None, source: str) -> bool:
    """Whether a job is still to be done for another file, which is there."""
    if row is None or row["state"] not in OPEN:
        return False
    return row["source"] != source and os.path.exists(row["source"])


def _fields_of(one: Checked) -> dict[str, Any]:
    """The columns of a job that is queued."""
    return {
        "source": one.job.source,
        "spec": _spec_of(one.job),
        "key": one.key,
        "cutkit": __version__,
        "materials": json.dumps(one.materials),
        "wishes_s": json.dumps(one.wishes_s),
        "due_at": one.job.due_at,
        "priority": one.job.priority,
        "state": "queued",
        "deaths": 0,
        "exit_code": None,
        "message": "",
        "owner": None,
        "lease_until": None,
    }


def _spec_of(job: Job) -> str:
    import msgspec

    return msgspec.json.encode(job).decode()


def _job_row(row: sqlite3.Row, markers: tuple[dict[str, Any], ...], outputs: tuple[str, ...]) -> JobRow:
    plain = ("id", "name", "source", "state", "due_at", "priority", "attempts", "queued_at", "started_at", "ended_at")
    fields = {name: row[name] for name in (*plain, "exit_code", "message", "key")}
    return JobRow(**fields, markers=markers, outputs=outputs)


def _sha256_in(path: str) -> str:
    """The hash of a file as it is now; nothing where it cannot be read."""
    from cutkit.formats.files import sha256_of

    try:
        return sha256_of(Path(path).read_bytes())
    except OSError:
        return ""


def _told_of(nested: Sequence[Nested]) -> str:
    """Efficiency, length and time of some results, in words."""
    parts = []
    for one in nested:
        length, efficiency = one.figures["length_mm"] / 1000, 100 * one.figures["efficiency"]
        parts.append(f"{efficiency:.2f} %, {length:.3f} m after {one.spent_s:.0f} s")
    return "; ".join(parts)


def _flush_folder(folder: Path) -> None:
    """Have the names of a folder on disk, so that a power cut after the commit cannot undo a rename."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return  # not every system opens folders
    try:
        os.fsync(handle)
    except OSError:
        return
    finally:
        os.close(handle)
