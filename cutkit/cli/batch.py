"""``cutkit batch``: jobs from files, through a queue that loses none, to markers and programs."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import (
    EXIT_INTERRUPTED,
    first_interrupt_stops,
    json_option,
    print_json,
    quiet_option,
    say,
)
from cutkit.errors import CheckError, InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cutkit.batch.prepare import Checked
    from cutkit.batch.store import JobRow, Store, Taken
    from cutkit.batch.workers import Executor
    from cutkit.cli.tables import TableData
    from cutkit.formats.jobs import Asked, JobFault

EXIT_JOBS_FAILED = CheckError.exit_code
FAULTS_SHOWN = 200
ROWS_A_STATE = 30

store_option = click.option(
    "--store",
    metavar="FILE",
    help="The store of the jobs; CUTKIT_STORE if not given, else cutkit-batch.sqlite in this folder.",
)
workers_option = click.option(
    "--workers", type=click.IntRange(1, 256), help="Worker processes; one for each processor if not given."
)

cluster_option = click.option(
    "--cluster",
    metavar="ADDRESS|local[:N]",
    help="Search on the workers of a Dask scheduler (tcp://host:8786), or of one of this machine's own.",
)


@click.group("batch")
def command() -> None:
    """Run many jobs by a queue that loses none: at night, by several runners, from a hot folder.

    A job is patterns, an order and cloth, and makes markers, pictures and programs. docs/jobs.md explains the files
    that jobs are written in. Whatever is killed or fails, the store knows which jobs are done and which are not.
    """


@command.command("run", short_help="Do the jobs of files and folders, and all that is queued.")
@click.argument("jobs", metavar="[JOBS]...", nargs=-1, type=click.Path())
@store_option
@workers_option
@cluster_option
@click.option(
    "--until",
    metavar="HH:MM|TIME",
    help="When the night ends (06:00, or 8h from now): markers that still improve go on until then.",
)
@click.option("--force", is_flag=True, help="Also do jobs that are done already and unchanged.")
@click.option("--keep-going", is_flag=True, help="Where jobs have faults, run the others; without it none is run.")
@click.option("--dry-run", is_flag=True, help="Check all jobs and say what would be written; nothing is run.")
@click.option("--junit", metavar="FILE", type=click.Path(path_type=Path), help="Also write the result as JUnit XML.")
@json_option
@quiet_option
def run_command(
    jobs: tuple[str, ...],
    store: str | None,
    workers: int | None,
    cluster: str | None,
    until: str | None,
    force: bool,
    keep_going: bool,
    dry_run: bool,
    junit: Path | None,
    as_json: bool,
    quiet: bool,
) -> int:
    """Put the jobs of files and folders into the store, and do all that is queued there.

    Jobs that are done and unchanged are not done again. Without JOBS the queue alone is worked off. Several runs may
    share a store. Ctrl-C, or SIGTERM, once: the searches end with the best so far, and the next run goes on from there.
    Exit 5 where jobs failed or were left over.
    """
    from cutkit.batch.store import Store, store_path

    where = _where(workers, cluster)
    night_ends = _until(until)
    checked, faults, asked = _checked_jobs(jobs, quiet)
    path = store_path(store)
    _refuse_store_as_output(path, junit, checked)
    if faults and not keep_going:
        raise _faulty(faults)
    if dry_run:
        _print_plan(checked, faults, as_json)
        return InputError.exit_code if faults else 0
    with Store(path) as opened:
        taken, faults = _queued(opened, checked, faults, asked, force=force, keep_going=keep_going)
        noted = [one.job.name for one in checked if one.notices and taken.get(one.job.name) in ("new", "changed")]
        if noted:
            assumed = "something was assumed or mended; `cutkit batch log JOB` tells what"
            say(f"{len(noted)} of these jobs: {assumed}", quiet=quiet)
        _say_taken(taken, quiet)
        interrupted = _work(opened, where, night_ends, quiet)
        result = Result(_rows_of(opened, jobs, taken, faults), faults, taken)
    if junit is not None:
        _write_junit(junit, result)
    result.print(as_json)
    say(f"the store is {path}: `cutkit batch status` shows it", quiet=quiet)
    if interrupted:
        say("interrupted: the best so far is written, and the next run goes on from there", quiet=quiet)
        return EXIT_INTERRUPTED
    return result.exit_code


@command.command("status")
@click.argument("names", metavar="[JOB]...", nargs=-1)
@store_option
@click.option("--failed", is_flag=True, help="Only the jobs that failed.")
@click.option("--all", "all_of_them", is_flag=True, help="All jobs, not only the first 30 in each state.")
@json_option
def status_command(names: tuple[str, ...], store: str | None, failed: bool, all_of_them: bool, as_json: bool) -> None:
    """Show the jobs of the store: their states, figures and failures. --json has all of them."""
    from cutkit.batch.store import Store, store_path

    with Store(store_path(store), create=False) as opened:
        for name in names:
            opened.log(name)  # says what is wrong with an unknown name
        rows = opened.jobs(names or None)
    rows = [row for row in rows if not failed or row.state == "failed"]
    if not as_json:
        rows = _first_rows(rows, len(rows) if all_of_them or names else ROWS_A_STATE)
    Result(rows, [], {}).print(as_json)


def _first_rows(rows: list[JobRow], most: int) -> list[JobRow]:
    """The first rows in each state, after a line that counts all of them."""
    by_state: dict[str, list[JobRow]] = {}
    for row in rows:
        by_state.setdefault(row.state, []).append(row)
    counts = ", ".join(f"{len(alike)} {state}" for state, alike in by_state.items())
    click.echo(f"{len(rows)} jobs: {counts}" if rows else "no jobs")
    shown = {row.id for alike in by_state.values() for row in alike[:most]}
    if len(shown) < len(rows):
        click.echo(f"the first {most} in each state; --all shows all")
    return [row for row in rows if row.id in shown]


@command.command("retry", short_help="Queue jobs again that failed or were cancelled.")
@click.argument("names", metavar="[JOB]...", nargs=-1)
@store_option
def retry_command(names: tuple[str, ...], store: str | None) -> None:
    """Queue jobs again that failed or were cancelled; without names all that failed. `batch run` then does them."""
    from cutkit.batch.store import Store, store_path

    with Store(store_path(store), create=False) as opened:
        queued = opened.retry(names)
    _print_names("queued again", queued, names)


@command.command("cancel")
@click.argument("names", metavar="JOB...", nargs=-1, required=True)
@store_option
def cancel_command(names: tuple[str, ...], store: str | None) -> None:
    """Cancel jobs that are queued or running. What was written of them stays."""
    from cutkit.batch.store import Store, store_path

    with Store(store_path(store), create=False) as opened:
        cancelled = opened.cancel(names)
    _print_names("cancelled", cancelled, names)


@command.command("log")
@click.argument("name", metavar="JOB")
@store_option
@json_option
def log_command(name: str, store: str | None, as_json: bool) -> None:
    """Tell what happened to a job, and when."""
    from cutkit.batch.store import Store, store_path

    with Store(store_path(store), create=False) as opened:
        events = opened.log(name)
    if as_json:
        entries = [{"at": _iso(at), "text": text} for at, text in events]
        print_json({"schema": "cutkit.batch-log/1", "job": name, "events": entries})
        return
    for at, text in events:
        first, *rest = text.splitlines() or [""]
        click.echo(f"{_moment(at, seconds=True)}  {first}")
        for line in rest:
            click.echo(f"{'':21}{line}")


@command.command("watch")
@click.argument("folder", metavar="FOLDER", type=click.Path(exists=True, file_okay=False))
@store_option
@workers_option
@cluster_option
@quiet_option
def watch_command(folder: str, store: str | None, workers: int | None, cluster: str | None, quiet: bool) -> int:
    """Do the jobs of a hot folder as they come, until Ctrl-C or SIGTERM.

    A job file (TOML, CSV) is taken once it and the files that it names are there and nobody has written to them for
    three seconds. One that changes is taken again; jobs that are done and unchanged are not.
    """
    from cutkit.batch.store import Store, store_path
    from cutkit.batch.watch import HotFolder

    where = _where(workers, cluster)
    say(f"watching {folder}; Ctrl-C ends it", quiet=quiet)
    with Store(store_path(store)) as opened:
        feed = _Feed(HotFolder(folder), opened, quiet)
        _work(opened, where, None, quiet, feed)
    return EXIT_INTERRUPTED


# --- before anything runs


def _checked_jobs(paths: Sequence[str], quiet: bool) -> tuple[list[Checked], list[JobFault], Sequence[Asked]]:
    """The jobs that can run, the faults of the others, and all that were asked for."""
    from cutkit.batch.prepare import Checker, check_jobs
    from cutkit.formats.jobs import read_jobs

    if not paths:
        return [], [], ()
    found = read_jobs(paths)
    for path in found.left_alone:
        say(f"{path}: left alone, it holds no jobs", quiet=quiet)
    if len(found.jobs) > 1:
        say(f"checking {len(found.jobs)} jobs", quiet=quiet)
    checked, faults = check_jobs(found.jobs, Checker())
    all_faults = [*found.faults, *faults]
    named_badly = {(fault.file, fault.job) for fault in found.faults}
    return [c for c in checked if (c.job.source, c.job.name) not in named_badly], all_faults, found.asked


def _faulty(faults: Sequence[JobFault]) -> InputError:
    """All faults at once."""
    lines = [str(fault) for fault in faults[:FAULTS_SHOWN]]
    if len(faults) > FAULTS_SHOWN:
        lines.append(f"and {len(faults) - FAULTS_SHOWN} more")
    lines.append("Nothing was run. --keep-going runs the jobs without faults.")
    return InputError(
        "a fault in the jobs:" if len(faults) == 1 else f"{len(faults)} faults in the jobs:", hint="\n".join(lines)
    )


def _queued(
    store: Store,
    checked: list[Checked],
    faults: list[JobFault],
    asked: Sequence[Asked],
    *,
    force: bool,
    keep_going: bool,
) -> tuple[dict[str, Taken], list[JobFault]]:
    """Put the jobs into the store; what became of each, and the faults with those that only the store shows."""
    foreign = store.foreign_writers(checked)
    if foreign and not keep_going:
        raise _faulty([*faults, *foreign])
    bad = {fault.job for fault in foreign}
    taken = store.add([one for one in checked if one.job.name not in bad], force=force)
    all_faults = [*faults, *foreign]
    _note_refused(store, [fault for fault in all_faults if fault.job and fault.job not in taken], asked)
    return taken, all_faults


def _note_refused(store: Store, faults: Sequence[JobFault], asked: Sequence[Asked]) -> None:
    """Have the store, and so the morning, know of jobs that were refused, with all faults of each."""
    from cutkit.formats.jobs import Asked

    by_job: dict[tuple[str, str], list[str]] = {}
    for fault in faults:
        by_job.setdefault((fault.job, fault.file), []).append(str(fault))
    wanted = {(one.name, one.source): one for one in asked}
    for (name, source), texts in by_job.items():
        store.refuse(wanted.get((name, source), Asked(name, os.path.abspath(source))), "\n".join(texts))


def _refuse_store_as_output(path: str, junit: Path | None, checked: Sequence[Checked]) -> None:
    from cutkit.formats.files import refuse_to_replace, refuse_unwritable

    inputs = [known.path for one in checked for known in one.inputs] + [one.job.source for one in checked]
    refuse_to_replace(path, inputs)
    if junit is not None:
        refuse_to_replace(junit, [*inputs, path])
        refuse_unwritable(junit)


def _until(text: str | None) -> float | None:
    """The end of the night in seconds since 1970: the next time that the clock shows HH:MM, or a time from now."""
    import re
    import time
    from datetime import datetime, timedelta

    from cutkit.units import parse_duration

    if text is None:
        return None
    clock = re.fullmatch(r"(\d{1,2}):(\d{2})", text.strip())
    now = datetime.now()
    if clock and int(clock[1]) < 24 and int(clock[2]) < 60:
        end = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
        return (end if end > now else end + timedelta(days=1)).timestamp()
    try:
        seconds = parse_duration(text)
    except ValueError:
        raise UsageError(f"--until {text!r} is no time", hint="Write it like 06:00, or 8h for eight hours.") from None
    if seconds <= 0:
        raise UsageError("--until must be above 0", hint="Write it like 06:00, or 8h for eight hours.")
    return time.time() + seconds


@dataclass(frozen=True)
class _Where:
    """Who does the work: ``count`` processes of this machine, as plain workers or as a cluster; or a scheduler's."""

    count: int = 0
    scheduler: str | None = None
    own_cluster: bool = False

    @contextmanager
    def executor(self, talk: Callable[[str], None], stop: Callable[[], bool]) -> Iterator[tuple[Executor, int]]:
        """The executor, and how many tasks it does at once; all that was started for it ends with it. StoppedError
        where ``stop`` is true before a cluster is there."""
        from cutkit.batch.workers import LocalExecutor

        with ExitStack() as ends:
            executor: Executor
            if self.scheduler is None and not self.own_cluster:
                executor, slots = LocalExecutor(self.count), self.count
            else:
                from cutkit.batch.cluster.executor import ClusterExecutor
                from cutkit.batch.cluster.local import LocalProcesses

                address = self.scheduler
                if address is None:
                    own = LocalProcesses(self.count, stop)
                    ends.callback(own.close)
                    address = own.address
                executor = cluster = ClusterExecutor(address, talk, stop)
                slots = cluster.slots()
            ends.callback(executor.close)
            yield executor, slots


def _where(workers: int | None, cluster: str | None) -> _Where:
    """What --workers and --cluster say together."""
    import re

    from cutkit.batch.workers import processors

    if cluster is None:
        return _Where(workers or processors())
    from cutkit.batch.cluster.executor import need_distributed

    local = re.fullmatch(r"local(?::(\d{1,3}))?", cluster)
    if workers is not None:
        hint = "A scheduler's workers are counted by it; a local cluster is --cluster local:N."
        raise UsageError("--workers does not go with --cluster", hint=hint)
    if local and local[1] != "0":
        need_distributed()
        return _Where(int(local[1] or processors()), own_cluster=True)
    if not re.fullmatch(r"[a-z]+://.+", cluster):
        hint = "Write it like tcp://host:8786, local, or local:4."
        raise UsageError(f"--cluster {cluster!r} is no address of a scheduler", hint=hint)
    need_distributed()
    return _Where(scheduler=cluster)


# --- running


def _work(
    store: Store, where: _Where, until: float | None, quiet: bool, feed: Callable[[], None] | None = None
) -> bool:
    """Do what is queued; True where it was interrupted."""
    from cutkit.batch.cluster.local import StoppedError
    from cutkit.batch.runner import Runner, RunOptions
    from cutkit.cli.batch_progress import BatchTalk

    if feed is None and not store.counts()["queued"] + store.counts()["running"]:
        return False
    talk = BatchTalk(store.counts, until, quiet=quiet)
    with first_interrupt_stops() as interrupted:
        try:
            with where.executor(talk.note, interrupted) as (executor, slots):
                Runner(store, executor, RunOptions(slots, until), talk, interrupted, feed).run()
        except StoppedError:
            pass  # all jobs are still queued
        finally:
            talk.close()
        return interrupted()


class _Feed:
    """Queues what a hot folder has, at most once a second."""

    def __init__(self, folder: Any, store: Store, quiet: bool) -> None:
        self._folder = folder
        self._store = store
        self._quiet = quiet
        self._next = 0.0

    def __call__(self) -> None:
        import time

        from cutkit.batch.prepare import Checker, check_jobs

        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + 1.0
        for found in self._folder.ready():
            checked, faults = check_jobs(found.jobs, Checker())
            all_faults = [*found.faults, *faults]
            taken, faults = _queued(self._store, checked, all_faults, found.asked, force=False, keep_going=True)
            for fault in faults:
                say(f"refused: {fault}", quiet=self._quiet)
            for name, what in taken.items():
                say(f"{name}: {what}", quiet=self._quiet)


def _say_taken(taken: dict[str, Taken], quiet: bool) -> None:
    counts: dict[str, int] = {}
    for what in taken.values():
        counts[what] = counts.get(what, 0) + 1
    if counts:
        say(", ".join(f"{count} {what}" for what, count in counts.items()), quiet=quiet)
    for name, what in taken.items():
        if what in ("failed before", "cancelled before"):
            say(f"{name}: {what}, and unchanged; `cutkit batch retry {name}` queues it again", quiet=quiet)


# --- what came of it


@dataclass(frozen=True)
class Result:
    """Jobs to be shown, the faults of those that could not be run, and what each was when it was put in."""

    rows: list[JobRow]
    faults: list[JobFault]
    taken: dict[str, Taken]

    @property
    def untold(self) -> list[JobFault]:
        """The faults that no row tells of: those of files, and of jobs whose name is another file's job's."""
        messages = {row.name: row.message for row in self.rows}
        return [fault for fault in self.faults if str(fault) not in messages.get(fault.job, "")]

    @property
    def exit_code(self) -> int:
        """5 where jobs failed or are left over, or had faults."""
        left = any(row.state not in ("done", "cancelled") for row in self.rows)
        return EXIT_JOBS_FAILED if left or self.faults else 0

    def print(self, as_json: bool) -> None:
        """The table, and every failure in full; or all of it as JSON."""
        if as_json:
            print_json(self._json())
            return
        from cutkit.cli.tables import print_table

        if self.rows:
            print_table(_table(self.rows))
        for row in self.rows:
            if row.state == "failed":
                _echo_failure(row.name, row.message)
        for fault in self.untold:
            _echo_failure(fault.job or fault.file, str(fault))

    def _json(self) -> dict[str, Any]:
        counts: dict[str, int] = {}
        for row in self.rows:
            counts[row.state] = counts.get(row.state, 0) + 1
        return {
            "schema": "cutkit.batch/1",
            "counts": counts,
            "jobs": [_json_row(row, self.taken.get(row.name)) for row in self.rows],
            "faults": [
                {"file": f.file, "job": f.job, "key": f.key, "message": f.message, "hint": f.hint} for f in self.faults
            ],
        }


def _echo_failure(name: str, message: str) -> None:
    first, *rest = message.splitlines() or [""]
    click.echo(f"failed: {name}: {first}")
    for line in rest:
        click.echo(f"  {line}")


def _rows_of(store: Store, jobs: Sequence[str], taken: dict[str, Taken], faults: Sequence[JobFault]) -> list[JobRow]:
    """The jobs of this run; all of the store where none were named."""
    return store.jobs([*taken, *(fault.job for fault in faults)] if jobs else None)


def _json_row(row: JobRow, taken: str | None) -> dict[str, Any]:
    return {
        "name": row.name,
        "state": row.state,
        **({"taken": taken} if taken is not None else {}),
        "source": row.source,
        "due": _iso(row.due_at),
        "priority": row.priority,
        "attempts": row.attempts,
        "queued_at": _iso(row.queued_at),
        "started_at": _iso(row.started_at),
        "ended_at": _iso(row.ended_at),
        "search_s": round(row.spent_s, 3),
        "exit_code": row.exit_code,
        "message": row.message,
        "key": row.key,
        "markers": list(row.markers),
        "outputs": list(row.outputs),
    }


def _iso(at: float | None) -> str | None:
    from datetime import datetime

    return None if at is None else datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")


def _moment(at: float | None, *, seconds: bool = False) -> str:
    from datetime import datetime

    if at is None:
        return ""
    return datetime.fromtimestamp(at).strftime("%Y-%m-%d %H:%M" + (":%S" if seconds else ""))


def _table(rows: Sequence[JobRow]) -> TableData:
    from cutkit.cli.tables import Column, TableData, clock

    columns = (
        Column("Job", "left", shrink_to=12, style="bold"),
        Column("State", "left", alarm=lambda text: text == "failed"),
        Column("Due", "left", worth=3),
        Column("Mark-\ners", worth=2),
        Column("Length\nm"),
        Column("Eff.\n%", style="green"),
        Column("Time\nmin:s", worth=5),
        Column("Tries", worth=1),
        Column("Ended", "left", worth=4),
    )
    cells = []
    for row in rows:
        length, efficiency = _cloth(row)
        tries, ended = str(row.attempts), _moment(row.ended_at)
        time = clock(row.spent_s) if row.markers else "-"
        markers = str(len(row.markers) or "-")
        cells.append((row.name, row.state, _moment(row.due_at), markers, length, efficiency, time, tries, ended))
    return TableData(columns, tuple(cells))


def _cloth(row: JobRow) -> tuple[str, str]:
    """Length and efficiency of a job's markers together, weighted by cloth."""
    if not row.markers:
        return "-", "-"
    length = sum(m["length_mm"] for m in row.markers)
    cloth = sum(m["length_mm"] * m["usable_width_mm"] for m in row.markers)
    covered = sum(m["length_mm"] * m["usable_width_mm"] * m["efficiency"] for m in row.markers)
    return f"{length / 1000:.3f}", f"{100 * covered / cloth:.2f}" if cloth else "-"


def _print_plan(checked: Sequence[Checked], faults: Sequence[JobFault], as_json: bool) -> None:
    """What would be written, job by job."""
    if as_json:
        jobs = [
            {
                "name": one.job.name,
                "source": one.job.source,
                "due": _iso(one.job.due_at),
                "materials": list(one.materials),
                "search_s": round(sum(one.wishes_s), 1),
                "inputs": [known.path for known in one.inputs],
                "writes": list(one.writes),
                "notices": [{"code": n.code, "message": n.message, "piece": n.piece} for n in one.notices],
            }
            for one in checked
        ]
        print_json({"schema": "cutkit.batch-plan/1", "jobs": jobs, "faults": [str(fault) for fault in faults]})
        return
    from cutkit.cli.notices import notice_lines

    for one in checked:
        due = f", due {_moment(one.job.due_at)}" if one.job.due_at is not None else ""
        effort = f"{one.job.rounds} rounds" if one.job.rounds else f"{sum(one.wishes_s):.0f} s"
        click.echo(f"{one.job.name}: {effort}{due}")
        for line in notice_lines(one.notices):
            click.echo(f"  note: {line}")
        for path in one.writes:
            click.echo(f"  {path}{'  (replaced)' if os.path.exists(path) else ''}")
    click.echo(f"{len(checked)} jobs, {sum(len(one.writes) for one in checked)} files; nothing was run")
    for fault in faults:
        click.echo(f"fault: {fault}")


def _write_junit(path: Path, result: Result) -> None:
    from cutkit.batch.junit import junit_xml
    from cutkit.formats.files import write_whole

    write_whole(path, junit_xml(result.rows, result.untold))


def _print_names(what: str, names: Sequence[str], asked: Sequence[str]) -> None:
    click.echo(f"{what}: {', '.join(names) or 'none'}")
    for name in asked:
        if name not in names:
            say(f"{name}: left as it is; `cutkit batch status {name}` shows why")
