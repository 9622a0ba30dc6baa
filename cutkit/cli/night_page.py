"""The morning page: what to cut first, what failed and why, which cloth to issue; the figures come after it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import groupby

from cutkit.batch.night import Issue, Left, Night, Ready, Week
from cutkit.batch.store import State
from cutkit.cli.report_store import (
    LOST_TEXTS,
    cloth_name,
    cut_order,
    day_text,
    due_text,
    facts_of,
    job_name,
    programs_of,
)
from cutkit.formats.report_page import PageAnswer, PageCell, PageColumn, PageItem, PageList, PageTable, section_anchor
from cutkit.outputs.report_page import Frame, anchor_of, number_cell, without_empty
from cutkit.units import format_duration

STATES: Mapping[State, str] = {"failed": "failed", "cancelled": "cancelled", "queued": "not done", "running": "running"}
NEXT_SHOWN, FAILED_SHOWN, CLOTHS_SHOWN = 8, 4, 20
"""How many jobs, failures and cloths are told at the top of the page; all of them are told below."""
_WHY, _CLOTH = section_anchor(2), section_anchor(3)
"""The sections of the page that tell more of what failed, and of cloth."""
NOTES = (
    "Cut in this order: what is due first, then by priority, the higher number first, then as the jobs came.",
    "Cloth to issue: plies times marker length and end allowance, with splices and flaws where they are told; only of "
    "jobs that are done. Markers of one cloth, material and width are counted together; a job names its cloth by the "
    "key `cloth`. What is issued is rounded up to the centimetre, cloth by cloth, and the sum is that of the rounded "
    "figures; the balance, the markers and the files for programs (JSON, CSV) have the exact ones.",
    "Trend: efficiency and waste of all plies nested in a week, by the figures in the store.",
)


def night_frame(night: Night, *, night_only: bool) -> Frame:
    """What the page of a span of the store has besides the figures of its markers."""
    end = datetime.fromtimestamp(night.until)
    began = "" if night.since is None else f", since {datetime.fromtimestamp(night.since):%a %Y-%m-%d %H:%M}"
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
    counts = [_count(done, "job") + " done", _count(len(night.ready), "marker") + " to cut"]
    for state, word in STATES.items():
        if number := _number(night, state):
            counts.append(f"{number} {word}")
    return ", ".join(counts)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


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
    note = f"Then {_count(len(rest), 'more marker')}, as listed below." if rest else ""
    then = tuple(_next_jobs(night, [next_one for next_one, _ in rest])[:NEXT_SHOWN])
    return PageAnswer("Cut first", job_name(one), lines, note, then, anchor)


def _next_jobs(night: Night, rest: Sequence[Ready]) -> list[tuple[str, str]]:
    """A job a line with all its materials, so that no job's markers are told by half."""
    told: list[tuple[str, str]] = []
    for _, group in groupby(rest, key=lambda one: one.record.row.id):
        markers = list(group)
        name, several = markers[0].record.row.name, len(markers[0].record.numbers) > 1
        materials = ", ".join(dict.fromkeys(one.figures["material"] for one in markers if one.figures["material"]))
        told.append((f"{name}, {materials}" if several and materials else name, _due_cell(night, markers[0]).text))
    return told


def _failed(night: Night) -> PageAnswer:
    """Every job that failed, the gist of why, what must not be cut and what to do; most urgent is what was written and
    lacks pieces, of jobs that are merely not done too."""
    failed = sorted((left for left in night.left if left.state == "failed"), key=lambda left: not left.do_not_cut)
    lost = sum(bool(one.lost or one.lost_programs) for one in night.ready)
    notes = [f"{lost} done, but files are missing or changed"] if lost else []
    notes += [f"{n} {word}" for s, word in STATES.items() if s != "failed" and (n := _number(night, s))]
    note = f"Besides: {', '.join(notes)}. More below." if notes else ""
    shown, others = failed[:FAILED_SHOWN], [left for left in night.left if left.state != "failed"]
    warnings = [left.warning for left in (*failed[FAILED_SHOWN:], *others) if left.warning]
    more = f"{len(failed) - FAILED_SHOWN} more below." if len(failed) > FAILED_SHOWN else ""
    note = " ".join(filter(None, (more, note, *(f"{warning}." for warning in warnings))))
    if not failed:
        return PageAnswer("Failed", "nothing", note=note, anchor=_WHY, alarm=bool(lost or warnings))
    items = tuple(_gist_item(left) for left in shown)
    return PageAnswer("Failed", _count(len(failed), "job"), (), note, anchor=_WHY, alarm=True, items=items)


def _gist_item(left: Left) -> PageItem:
    """A job that failed, as the top of the page tells it."""
    facts = tuple((name, _unbroken(text)) for name, text in facts_of(left))
    return PageItem(left.record.row.name, "failed", left.gist, f"To do: {left.todo}", True, facts, left.warning)


def _unbroken(text: str) -> str:
    """Numbers stay with their units, and a width with its word, where lines are broken."""
    return re.sub(r"(?<=\d) (?=mm\b|cm\b)|(?<=cm) (?=wide)|(?<=width) (?=\d)|(?<=usable) (?=\d)", "\u00a0", text)


def _issued(night: Night) -> PageAnswer:
    """Cloth by cloth, how many metres."""
    issues = night.issues
    if not issues:
        return PageAnswer("Cloth to issue", "none")
    lines = [(f"{_cloth_text(i)} · cut\u00a0{i.first_cut}", f"{i.issue_cm / 100:.2f} m") for i in issues]
    more = f" {len(issues) - CLOTHS_SHOWN} more below." if len(issues) > CLOTHS_SHOWN else ""
    total = f"{sum(i.issue_cm for i in issues) / 100:.2f} m in all"
    without = ", without the failed jobs" if _number(night, "failed") else ""
    note = f"In order of need, by first cut. With end allowance{without}; each rounded up to the cm, then added."
    return PageAnswer("Cloth to issue", total, tuple(lines[:CLOTHS_SHOWN]), note + more, anchor=_CLOTH)


def _cloth_text(issue: Issue) -> str:
    return _unbroken(cloth_name(issue.cloth, issue.material, issue.width_mm))


# --- the tables behind them


def _cut_table(night: Night) -> PageTable:
    columns = (
        PageColumn("Cut"),
        PageColumn("Job", numeric=False, wraps=True),
        PageColumn("Due", numeric=False),
        PageColumn("Priority", "higher first"),
        PageColumn("Cloth", numeric=False, wraps=True),
        PageColumn("Plies"),
        PageColumn("Each ply", "m, with ends"),
        PageColumn("Cutter", numeric=False),
        PageColumn("Program", numeric=False, wraps=True),
        PageColumn("Cutting", "min"),
    )
    ranked = any(one.record.row.priority for one in night.ready)
    rows = tuple(
        _cut_cells(night, number, one, anchor, ranked) for number, (one, anchor) in enumerate(_anchored(night), 1)
    )
    if not rows:
        return PageTable("What to cut", (), (), lead="Nothing: no job was done in this time.")
    folders = {os.path.dirname(path) for one in night.ready for path in one.programs}
    where = f" The programs are in {', '.join(sorted(folders))}." if folders else ""
    known = [one.cut_s for one in night.ready if one.cut_s is not None]
    time = f" {format_duration(sum(known))} on the cutter" if known else ""
    time += (
        f" for those {len(known)} that have a program." if known and len(known) < len(rows) else "." if known else ""
    )
    lead = f"{cut_order(night)}{where}{time}"
    return without_empty(PageTable("What to cut first", columns, rows, lead=lead, cards=True))


def _anchored(night: Night) -> Iterator[tuple[Ready, str]]:
    """Every marker with its section of the page: those whose files are there have one, in this order."""
    number = 0
    for one in night.ready:
        number += one.marker is not None
        yield one, anchor_of(number) if one.marker is not None else ""


def _cut_cells(night: Night, number: int, one: Ready, anchor: str, ranked: bool) -> tuple[PageCell, ...]:
    """``ranked``: whether any of the jobs has a priority; else there is none to tell."""
    priority = one.record.row.priority
    return (
        PageCell(str(number), float(number)),
        PageCell(job_name(one), anchor=anchor),
        _due_cell(night, one),
        PageCell(str(priority) if ranked else "", float(priority)),
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
    due = due_text(due_at) or "no date"
    return PageCell(f"{due}, overdue" if overdue else due, due_at or 1e15, alarm=overdue)


def _cloth_of(one: Ready) -> str:
    return _unbroken(cloth_name(*one.cloth))


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
    facts = tuple((name, _unbroken(text)) for name, text in facts_of(left))
    state, todo = STATES.get(left.state, left.state), f"To do: {left.todo}"
    return PageItem(left.record.row.name, state, left.reason, todo, left.state == "failed", facts, left.warning)


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
        PageColumn("Cloth", numeric=False, wraps=True),
        PageColumn("To issue", "m"),
        PageColumn("First cut"),
        PageColumn("First job", numeric=False, wraps=True),
        PageColumn("Plies"),
        PageColumn("Markers"),
        PageColumn("Marker lengths", "m, all plies"),
        PageColumn("End allowance", "m, all plies"),
    )
    rows = tuple(
        (
            PageCell(_cloth_text(each)),
            number_cell(each.issue_cm / 100, 2),
            number_cell(each.first_cut, 0),
            PageCell(_first_job(night, each)),
            number_cell(each.plies, 0),
            number_cell(each.markers, 0),
            number_cell(each.marker_mm / 1000, 2),
            number_cell(each.ends_mm / 1000, 2),
        )
        for each in issues
    )
    total = (
        PageCell("All cloth"),
        number_cell(sum(each.issue_cm for each in issues) / 100, 2),
        PageCell(""),
        PageCell(""),
        number_cell(sum(each.plies for each in issues), 0),
        number_cell(sum(each.markers for each in issues), 0),
        number_cell(sum(each.marker_mm for each in issues) / 1000, 2),
        number_cell(sum(each.ends_mm for each in issues) / 1000, 2),
    )
    lead = (
        "In the order in which it is needed. Only for jobs that are done: every ply as long as its marker, and the end "
        "allowance. To issue is rounded up to the cm, and all cloth is the sum of the rounded figures."
    )
    return PageTable("Which cloth to issue", columns, rows, total if len(rows) > 1 else (), lead=lead)


def _first_job(night: Night, issue: Issue) -> str:
    """The job that needs a cloth first, and when it is due."""
    due = day_text(night.ready[issue.first_cut - 1].record.row.due_at)
    return f"{issue.first_job}, {due}" if due else issue.first_job


def _trend(night: Night) -> tuple[PageTable, ...]:
    if not night.weeks:
        return ()
    columns = (
        PageColumn("Week", numeric=False),
        PageColumn("Cloth", numeric=False),
        PageColumn("Markers"),
        PageColumn("To issue", "m"),
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
                PageCell(_unbroken(cloth_name(*cloth))),
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
