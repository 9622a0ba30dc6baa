"""``report`` over the store of batches: which jobs are meant, and what to cut, what is left, which cloth to issue as
text, JSON and rows of CSV."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import say
from cutkit.errors import UsageError

if TYPE_CHECKING:
    from cutkit.batch.night import Conditions, Left, Night, Ready
    from cutkit.cli.tables import TableData

NOON = 12
_AGO = re.compile(r"(\d+)\s*([dw])")
LOST_TEXTS = {
    "moved": "its marker file is not where the batch wrote it",
    "changed": "its marker file has changed since the batch wrote it",
    "faulty": "its marker file cannot be read",
}


def read_store(
    store: str | None,
    conditions: Conditions,
    *,
    since: str | None,
    until: str | None,
    night: bool,
    elsewhere: list[Path],
) -> Night:
    """The span of the store that the options mean. UsageError where they mean none; InputError without a store."""
    from cutkit.batch.night import read_night
    from cutkit.batch.store import Store, store_path

    if night and since is not None:
        raise UsageError("--night and --since exclude each other", hint="--night says since when by itself.")
    now = datetime.now()
    with Store(store_path(store), create=False) as opened:
        records = opened.records()
        began = opened.last_run_at()
    start = night_began(now, began) if night else moment_of(since, "--since", now, end=False) if since else None
    end = moment_of(until, "--until", now, end=True) if until else now.timestamp()
    if start is not None and start > end:
        raise UsageError("--since is later than --until")
    return read_night(records, conditions, since=start, until=end, elsewhere=elsewhere)


def night_began(now: datetime, last_run_at: float | None) -> float:
    """Yesterday's noon, or the noon before the last run began, where that is longer ago: Monday's page has Friday."""
    noon = now.replace(hour=NOON, minute=0, second=0, microsecond=0)
    began = noon - timedelta(days=1)
    if last_run_at is not None:
        run = datetime.fromtimestamp(last_run_at)
        before = run.replace(hour=NOON, minute=0, second=0, microsecond=0)
        began = min(began, before if before <= run else before - timedelta(days=1))
    return began.timestamp()


def moment_of(text: str, option: str, now: datetime, *, end: bool) -> float:
    """A day (its begin, or its ``end``), a day and time, the last time that the clock showed HH:MM, or a time ago."""
    from cutkit.units import parse_duration

    text = text.strip()
    try:
        if clock := re.fullmatch(r"(\d{1,2}):(\d{2})", text):
            at = now.replace(hour=int(clock[1]), minute=int(clock[2]), second=0, microsecond=0)
            return (at if at <= now else at - timedelta(days=1)).timestamp()
        if ago := _AGO.fullmatch(text):
            return (now - timedelta(days=int(ago[1]) * (7 if ago[2] == "w" else 1))).timestamp()
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            day = datetime.combine(date.fromisoformat(text), datetime.min.time())
            return (day + timedelta(days=1, seconds=-1) if end else day).timestamp()
        if re.match(r"\d{4}-\d{2}-\d{2}", text):
            return datetime.fromisoformat(text).timestamp()
        return (now - timedelta(seconds=parse_duration(text))).timestamp()
    except (ValueError, OverflowError):
        hint = "Write it like 2026-11-27, 2026-11-27T18:00, 18:00, 12h (ago), 7d or 4w."
        raise UsageError(f"{option} {text!r} is no time", hint=hint) from None


# --- for people


def say_lost(night: Night, quiet: bool) -> None:
    """A word for every file that is not as the batch wrote it."""
    for one in night.ready:
        if one.lost:
            hint = "; name the folder where it is now, and it is found by what is in it" if one.lost == "moved" else ""
            say(f"note: {one.record.row.name}: {LOST_TEXTS[one.lost]}: {one.path}{hint}", quiet=quiet)
        for path in one.lost_programs:
            say(f"note: {one.record.row.name}: its program was moved or changed: {path}", quiet=quiet)


def print_night(night: Night) -> None:
    """What to cut, what is left and which cloth to issue, as tables and lines."""
    from cutkit.cli.tables import print_table

    if night.ready:
        print_table(_cut_table(night))
        click.echo(f"\n{cut_order(night)}")
    else:
        click.echo("Nothing was done in this time.")
    for one in night.left:
        click.echo(f"\n{one.state}: {one.record.row.name}: {one.gist}")
        if one.warning:
            click.secho(f"  {one.warning}", fg="red", bold=True)
        facts = (f"{name}: {text}" for name, text in facts_of(one))
        reason = one.reason.splitlines() if one.reason != one.gist else []
        for line in (*facts, *reason, f"To do: {one.todo}"):
            click.echo(f"  {line}")
    if night.ready:
        click.echo()
        print_table(_cloth_table(night))
        click.echo("\nIn the order in which it is needed; each cloth rounded up to the cm, of jobs that are done.")
    click.echo()


def print_trend(night: Night) -> None:
    """Efficiency and waste by week and cloth, from two weeks on."""
    from cutkit.cli.tables import Column, TableData, print_table

    if len({week.week for week in night.weeks}) < 2:
        return
    columns = (Column("Week", "left"), Column("Cloth", "left", shrink_to=10), Column("Markers", worth=1))
    figures = (Column("Issued\nm"), Column("Eff.\n%", style="green"), Column("Waste\n%"))
    rows = [
        (
            week.week,
            cloth_name(week.cloth, week.material, week.width_mm),
            str(week.markers),
            f"{week.issued_mm / 1000:.2f}",
            f"{100 * week.efficiency:.2f}",
            f"{100 * week.waste:.2f}",
        )
        for week in night.weeks
    ]
    click.echo()
    print_table(TableData((*columns, *figures), tuple(rows)))


def cloth_name(cloth: str, material: str, width_mm: float) -> str:
    """What is told of a cloth, so that it is found on the shelf."""
    name = cloth or ("no name:" if material else "no name")
    named = f"{name} {material}" if not cloth and material else ", ".join(filter(None, (name, material)))
    return f"{named}, {width_mm / 10:g} cm wide"


def due_text(due_at: float | None) -> str:
    """A due date with its weekday; empty where there is none."""
    from cutkit.formats.jobs import shown_due

    return "" if due_at is None else f"{datetime.fromtimestamp(due_at):%a} {shown_due(due_at)}"


def day_text(due_at: float | None) -> str:
    """A due date in short: weekday, day and month."""
    if due_at is None:
        return ""
    moment = datetime.fromtimestamp(due_at)
    return f"{moment:%a} {moment.day} {moment:%b}"


def cut_order(night: Night) -> str:
    """In which order the markers are to be cut, by an example of the priorities that there are."""
    priorities = sorted({one.record.row.priority for one in night.ready}, reverse=True)
    if len(priorities) < 2:
        return "In this order: by due date, then as the jobs came."
    return (
        f"In this order: by due date, then priority ({' before '.join(map(str, priorities[:3]))}), then as they came."
    )


def facts_of(left: Left) -> list[tuple[str, str]]:
    """When a job that is not done is due, on which cloth, and what there is of its programs; as far as it is known."""
    due = due_text(left.record.row.due_at)
    name, material, width, usable = left.cloth
    told = [name or ("no name" if material or width else ""), material]
    told += [f"width {width / 10:g} cm" if width else "", f"usable {usable:g} mm" if usable else ""]
    facts = [("Due", due), ("Cloth", ", ".join(filter(None, told)))]
    facts.append(("Program", left.programs if left.state == "failed" else ""))
    return [(title, text) for title, text in facts if text]


def job_name(one: Ready) -> str:
    """A job's name, with the material where the job has several markers."""
    name, material = one.record.row.name, one.figures["material"]
    return f"{name}, {material}" if material and len(one.record.numbers) > 1 else name


def programs_of(one: Ready) -> str:
    """The names of the programs' files."""
    return ", ".join(os.path.basename(path) for path in one.programs)


def _cut_table(night: Night) -> TableData:
    from cutkit.cli.tables import Column, TableData, clock

    columns = (
        Column("Cut"),
        Column("Job", "left", shrink_to=10, style="bold"),
        Column("Due", "left"),
        Column("Prio-\nrity", worth=2),
        Column("Length\nm", worth=4),
        Column("Plies", worth=5),
        Column("Cutter", "left", worth=6),
        Column("Program", "left", shrink_to=12),
        Column("Time\nmin:s", worth=3),
    )
    rows = [
        (
            str(number),
            job_name(one),
            due_text(one.record.row.due_at) or "-",
            str(one.record.row.priority),
            f"{one.figures['length_mm'] / 1000:.3f}",
            str(one.spread.plies),
            one.job.cutter or "-",
            programs_of(one) or "-",
            clock(one.cut_s),
        )
        for number, one in enumerate(night.ready, 1)
    ]
    return TableData(columns, tuple(rows))


def _cloth_table(night: Night) -> TableData:
    from cutkit.cli.tables import Column, TableData

    columns = (
        Column("Cloth to issue", "left", shrink_to=12, style="bold"),
        Column("First\ncut", worth=4),
        Column("Markers", worth=1),
        Column("Plies", worth=3),
        Column("Lengths\nm", worth=2),
        Column("Ends\nm", worth=2),
        Column("To issue\nm"),
    )
    rows = [
        (
            cloth_name(each.cloth, each.material, each.width_mm),
            str(each.first_cut),
            str(each.markers),
            str(each.plies),
            f"{each.marker_mm / 1000:.2f}",
            f"{each.ends_mm / 1000:.2f}",
            f"{each.issue_cm / 100:.2f}",
        )
        for each in night.issues
    ]
    total = f"{sum(each.issue_cm for each in night.issues) / 100:.2f}"
    return TableData(
        columns, tuple(rows), ("All cloth", *([""] * (len(columns) - 2)), total) if len(rows) > 1 else None
    )


# --- for programs


def night_json(night: Night) -> dict[str, Any]:
    """What ``report --json`` has over a store besides the figures of markers."""
    return {
        "since": iso(night.since),
        "until": iso(night.until),
        "cut": [_cut_json(number, one) for number, one in enumerate(night.ready, 1)],
        "left": [
            {
                "job": one.record.row.name,
                "state": one.state,
                "exit_code": one.record.row.exit_code,
                "due": iso(one.record.row.due_at),
                "reason": one.reason,
                "todo": one.todo,
                "do_not_cut": [{"path": file.path, "lacks": list(file.lacks)} for file in one.do_not_cut],
                "outputs": [file.path for file in one.record.written],
            }
            for one in night.left
        ],
        "cloth": [{name: getattr(each, name) for name in each.__dataclass_fields__} for each in night.issues],
        "weeks": [{name: getattr(week, name) for name in week.__dataclass_fields__} for week in night.weeks],
    }


def _cut_json(number: int, one: Ready) -> dict[str, Any]:
    row = one.record.row
    return {
        "cut": number,
        "job": row.name,
        "material": one.figures["material"],
        "due": iso(row.due_at),
        "priority": row.priority,
        "marker": one.path,
        "lost": one.lost or None,
        "cutter": one.job.cutter,
        "programs": list(one.programs),
        "programs_lost": list(one.lost_programs),
        "cut_s": one.cut_s,
        "length_mm": one.figures["length_mm"],
        "efficiency": one.figures["efficiency"],
        "plies": one.spread.plies,
        "issued_mm": one.issued_mm,
    }


CSV_COLUMNS = ("state", "priority", "cutter", "program", "reason", "todo", "week")
"""The columns that a report over a store has besides."""


def night_rows(night: Night, rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of the figures, with the programs of markers; then lost markers, jobs that are left, and weeks."""
    by_path = {one.path: one for one in night.ready}
    for row in rows:
        one = by_path.get(row["marker"]) if row["row"] == "marker" else None
        yield row | (_ready_cells(one) if one else {})
    for one in night.ready:
        if one.lost:
            figures = {"row": "lost", "marker": one.path, "length_mm": one.figures["length_mm"], **_ready_cells(one)}
            yield figures | {"plies": one.spread.plies, "issued_mm": one.issued_mm, "reason": LOST_TEXTS[one.lost]}
    for left in night.left:
        todo = f"{left.warning}. {left.todo}" if left.warning else left.todo
        yield {"row": "job", **_job_cells(left.record.row), "reason": left.reason, "todo": todo}
    for week in night.weeks:
        cloth = cloth_name(week.cloth, week.material, week.width_mm)
        figures = {"efficiency_pct": 100 * week.efficiency, "issued_mm": week.issued_mm, "width_mm": week.width_mm}
        utilisation = {"utilisation_pct": 100 * (1 - week.waste)}
        yield {"row": "week", "week": week.week, "material": cloth, **figures, **utilisation}


def _ready_cells(one: Ready) -> dict[str, Any]:
    cells = {"cutter": one.job.cutter or "", "program": " ".join(one.programs)}
    return {**_job_cells(one.record.row), **cells}


def _job_cells(row: Any) -> dict[str, Any]:
    from cutkit.formats.jobs import shown_due

    return {"order": row.name, "due": shown_due(row.due_at), "state": row.state, "priority": row.priority}


def iso(at: float | None) -> str | None:
    """A moment as ISO 8601, with the zone."""
    return None if at is None else datetime.fromtimestamp(at).astimezone().isoformat(timespec="seconds")
