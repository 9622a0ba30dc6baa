"""The morning page: what to cut first, what failed and why, which cloth to issue; the figures come after it."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import datetime

from cutkit.batch.night import Left, Night, Ready, Week
from cutkit.batch.store import State
from cutkit.cli.report_store import LOST_TEXTS, cloth_name, job_name, programs_of
from cutkit.formats.jobs import shown_due
from cutkit.formats.report_page import PageAnswer, PageCell, PageColumn, PageItem, PageList, PageTable, section_anchor
from cutkit.outputs.report_page import Frame, anchor_of, number_cell, without_empty
from cutkit.units import format_duration

STATES: Mapping[State, str] = {"failed": "failed", "cancelled": "cancelled", "queued": "not done", "running": "running"}
NEXT_SHOWN, FAILED_SHOWN, CLOTHS_SHOWN = 8, 4, 20
"""How many are told at the top of the page; all of them are told below."""
_WHY, _CLOTH = section_anchor(2), section_anchor(3)
"""The sections of the page that tell more of what failed, and of cloth."""
NOTES = (
    "Cut in this order: what is due first, then by priority, then as the jobs came.",
    "Cloth to issue: plies times marker length and end allowance, with splices and flaws where they are told. Markers "
    "of one cloth, material and width are counted together; a job names its cloth by the key `cloth`.",
    "Trend: efficiency and waste of all plies nested in a week, by the figures in the store.",
)


def night_frame(night: Night, *, night_only: bool) -> Frame:
    """What the page of a span of the store has besides the figures of its markers."""
    end = datetime.fromtimestamp(night.until)
    began = "" if night.since is None else f" since {datetime.fromtimestamp(night.since):%Y-%m-%d %H:%M}"
    last = f"{end:%A}, {end.day} {end:%B %Y}"
    return Frame(
        title=f"To cut on {last}" if night_only else f"Jobs until {last}",
        subtitle=f"{_counts(night)}{began}",
        answers=(_cut_first(night), _failed(night), _issued(night)),
        first=(_cut_table(night), _left_list(night), _cloth_table(night)),
        tables=_trend(night),
        notes=NOTES,
    )


def _counts(night: Night) -> str:
    done = len({one.record.row.id for one in night.ready})
    counts = [f"{done} jobs done" if done != 1 else "1 job done"]
    for state, word in STATES.items():
        if number := _number(night, state):
            counts.append(f"{number} {word}")
    return ", ".join(counts)


def _number(night: Night, state: State) -> int:
    return sum(left.state == state for left in night.left)


# --- three questions, answered before all else


def _cut_first(night: Night) -> PageAnswer:
    """The marker to begin with, and what is needed for it."""
    if not night.ready:
        return PageAnswer("Cut first", "nothing", note="No job was done in this time.")
    (one, anchor), *rest = _anchored(night)
    plies = one.spread.plies
    lines = (
        ("Due", _due_cell(night, one).text),
        ("Cloth", _cloth_of(one)),
        ("Lay", f"{plies} {'ply' if plies == 1 else 'plies'} of {_ply_mm(one) / 1000:.3f} m"),
        ("Cutter", _cutter_of(one)),
        ("Program", _program_cell(one).text),
    )
    note = f"Then {len(rest)} more, in the order of the table below." if rest else ""
    then = tuple((job_name(next_one), _due_cell(night, next_one).text) for next_one, _ in rest[:NEXT_SHOWN])
    return PageAnswer("Cut first", job_name(one), lines, note, then, anchor)


def _failed(night: Night) -> PageAnswer:
    """Every job that failed, and the gist of why."""
    failed = [left for left in night.left if left.state == "failed"]
    lost = sum(bool(one.lost or one.lost_programs) for one in night.ready)
    notes = [f"{lost} done, but files are missing or changed"] if lost else []
    notes += [f"{n} {word}" for s, word in STATES.items() if s != "failed" and (n := _number(night, s))]
    note = f"Besides: {', '.join(notes)}. More below." if notes else ""
    if not failed:
        return PageAnswer("Failed", "nothing", note=note, anchor=_WHY, alarm=bool(lost))
    lines = tuple((left.record.row.name, _gist(left)) for left in failed[:FAILED_SHOWN])
    more = f"{len(failed) - FAILED_SHOWN} more below. " if len(failed) > FAILED_SHOWN else ""
    return PageAnswer(
        "Failed", "1 job" if len(failed) == 1 else f"{len(failed)} jobs", lines, more + note, anchor=_WHY, alarm=True
    )


def _gist(left: Left) -> str:
    """The first thing that the reason tells, without what merely leads up to it."""
    lines = [line for line in left.reason.splitlines() if line.strip() and not line.endswith(":")] or [left.reason]
    due = f" (due {shown_due(left.record.row.due_at)})" if left.record.row.due_at is not None else ""
    return lines[0] + (f"; and {len(lines) - 1} more" if len(lines) > 1 else "") + due


def _issued(night: Night) -> PageAnswer:
    """Cloth by cloth, how many metres."""
    issues = night.issues
    if not issues:
        return PageAnswer("Cloth to issue", "none")
    lines = [(cloth_name(i.cloth, i.material, i.width_mm), f"{i.issued_mm / 1000:.2f} m") for i in issues]
    more = f"{len(issues) - CLOTHS_SHOWN} more below." if len(issues) > CLOTHS_SHOWN else ""
    total = f"{sum(i.issued_mm for i in issues) / 1000:.2f} m in all"
    return PageAnswer("Cloth to issue", total, tuple(lines[:CLOTHS_SHOWN]), more, anchor=_CLOTH)


# --- the tables behind them


def _cut_table(night: Night) -> PageTable:
    columns = (
        PageColumn("Cut"),
        PageColumn("Job", numeric=False, wraps=True),
        PageColumn("Due", numeric=False),
        PageColumn("Priority"),
        PageColumn("Cloth", numeric=False, wraps=True),
        PageColumn("Plies"),
        PageColumn("Each ply", "m, with ends"),
        PageColumn("Cutter", numeric=False),
        PageColumn("Program", numeric=False, wraps=True),
        PageColumn("Cutting", "min"),
    )
    rows = tuple(_cut_cells(night, number, one, anchor) for number, (one, anchor) in enumerate(_anchored(night), 1))
    if not rows:
        return PageTable("What to cut", (), (), lead="Nothing: no job was done in this time.")
    folders = {os.path.dirname(path) for one in night.ready for path in one.programs}
    where = f" The programs are in {', '.join(sorted(folders))}." if folders else ""
    known = [one.cut_s for one in night.ready if one.cut_s is not None]
    time = f" {format_duration(sum(known))} on the cutter" if known else ""
    time += (
        f" for those {len(known)} that have a program." if known and len(known) < len(rows) else "." if known else ""
    )
    lead = f"In this order: by due date, then priority.{where}{time}"
    return without_empty(PageTable("What to cut first", columns, rows, lead=lead, cards=True))


def _anchored(night: Night) -> Iterator[tuple[Ready, str]]:
    """Every marker with its section of the page: those whose files are there have one, in this order."""
    number = 0
    for one in night.ready:
        number += one.marker is not None
        yield one, anchor_of(number) if one.marker is not None else ""


def _cut_cells(night: Night, number: int, one: Ready, anchor: str) -> tuple[PageCell, ...]:
    priority = one.record.row.priority
    return (
        PageCell(str(number), float(number)),
        PageCell(job_name(one), anchor=anchor),
        _due_cell(night, one),
        PageCell(str(priority) if priority else "", float(priority)),
        PageCell(_cloth_of(one)),
        number_cell(one.spread.plies, 0),
        number_cell(_ply_mm(one) / 1000, 3),
        PageCell(_cutter_of(one)),
        _program_cell(one),
        number_cell(one.cut_s / 60 if one.cut_s is not None else None, 1),
    )


def _due_cell(night: Night, one: Ready) -> PageCell:
    due_at = one.record.row.due_at
    overdue = due_at is not None and due_at < night.until
    due = shown_due(due_at) or "no date"
    return PageCell(f"{due}, overdue" if overdue else due, due_at or 1e15, alarm=overdue)


def _cloth_of(one: Ready) -> str:
    return cloth_name(one.job.cloth, one.figures["material"], one.cloth[2])


def _ply_mm(one: Ready) -> float:
    """A ply's length, its ends included."""
    length: float = one.figures["length_mm"]
    return length + one.spread.end_allowance_mm


def _cutter_of(one: Ready) -> str:
    return os.path.basename(one.job.cutter) if one.job.cutter else "none"


def _program_cell(one: Ready) -> PageCell:
    if not one.programs:
        return PageCell("none was asked for")
    if one.lost_programs:
        return PageCell(f"{programs_of(one)}: moved or changed since", alarm=True)
    return PageCell(programs_of(one))


def _left_list(night: Night) -> PageList:
    failed = [left for left in night.left if left.state == "failed"]
    lost = [_lost_item(one) for one in night.ready if one.lost or one.lost_programs]
    title = "What failed, and why" if failed else "Nothing failed"
    others = [left for left in night.left if left.state != "failed"]
    title += ("; what else is not done" if failed else "; what is not done") if others else ""
    lead = "" if night.left or lost else "All jobs of this time are done."
    return PageList(title, (*map(_left_item, (*failed, *others)), *lost), lead)


def _left_item(left: Left) -> PageItem:
    row = left.record.row
    due = f", due {shown_due(row.due_at)}" if row.due_at is not None else ""
    state = STATES.get(left.state, left.state)
    todo = f"To do: {left.todo}"
    return PageItem(row.name, f"{state}{due}", left.reason, todo, alarm=left.state == "failed")


def _lost_item(one: Ready) -> PageItem:
    text = LOST_TEXTS.get(one.lost, "").capitalize()
    lines = [f"{text}: {one.path}. It is not in the balance below."] if one.lost else []
    lines += [f"Its program was moved or changed since: {path}" for path in one.lost_programs]
    todo = "To do: find the files, or run the batch again: it makes missing files anew, changed ones with --force."
    return PageItem(job_name(one), "done, files missing or changed", "\n".join(lines), todo, alarm=True)


def _cloth_table(night: Night) -> PageTable:
    issues = night.issues
    if not issues:
        return PageTable("Which cloth to issue", (), (), lead="None: there is nothing to cut.")
    columns = (
        PageColumn("Cloth", numeric=False),
        PageColumn("Issue", "m"),
        PageColumn("Plies"),
        PageColumn("Markers"),
        PageColumn("Marker lengths", "m, all plies"),
        PageColumn("End allowance", "m, all plies"),
    )
    rows = tuple(
        (
            PageCell(cloth_name(each.cloth, each.material, each.width_mm)),
            number_cell(each.issued_mm / 1000, 2),
            number_cell(each.plies, 0),
            number_cell(each.markers, 0),
            number_cell(each.marker_mm / 1000, 2),
            number_cell(each.ends_mm / 1000, 2),
        )
        for each in issues
    )
    total = (
        PageCell("All cloth"),
        number_cell(sum(each.issued_mm for each in issues) / 1000, 2),
        number_cell(sum(each.plies for each in issues), 0),
        number_cell(sum(each.markers for each in issues), 0),
        number_cell(sum(each.marker_mm for each in issues) / 1000, 2),
        number_cell(sum(each.ends_mm for each in issues) / 1000, 2),
    )
    lead = "For what is done: every ply as long as its marker, and the end allowance."
    return PageTable("Which cloth to issue", columns, rows, total if len(rows) > 1 else (), lead=lead)


def _trend(night: Night) -> tuple[PageTable, ...]:
    if not night.weeks:
        return ()
    columns = (
        PageColumn("Week", numeric=False),
        PageColumn("Cloth", numeric=False),
        PageColumn("Markers"),
        PageColumn("Issued", "m"),
        PageColumn("Efficiency", "%"),
        PageColumn("Change", "points"),
        PageColumn("Waste", "%"),
        PageColumn("Change", "points"),
    )
    rows = []
    before: dict[tuple[str, str, float], Week] = {}
    for week in night.weeks:
        cloth = (week.cloth, week.material, week.width_mm)
        last = before.get(cloth)
        before[cloth] = week
        rows.append(
            (
                PageCell(week.week),
                PageCell(cloth_name(*cloth)),
                number_cell(week.markers, 0),
                number_cell(week.issued_mm / 1000, 2),
                number_cell(100 * week.efficiency, 2),
                _change(100 * (week.efficiency - last.efficiency) if last else None),
                number_cell(100 * week.waste, 2),
                _change(100 * (week.waste - last.waste) if last else None),
            )
        )
    return (without_empty(PageTable("Efficiency and waste, week by week", columns, tuple(rows))),)


def _change(points: float | None) -> PageCell:
    return PageCell("") if points is None else PageCell(f"{points:+.2f}", points)
