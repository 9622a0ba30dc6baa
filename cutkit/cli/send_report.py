"""What ``cutkit send`` prints on stdout: the cuts, the lines of a dry run, the figures at the end."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.units import format_duration

if TYPE_CHECKING:
    from cutkit.machine.send.job import Job
    from cutkit.machine.send.journal import Journal
    from cutkit.machine.send.resume import Rest
    from cutkit.machine.send.sender import Outcome
    from cutkit.toolpath import CutterProfile


@dataclass(frozen=True)
class Part:
    """One program of a job: read, parted into cuts, its journal looked up. ``rest`` None: it is finished already.
    ``journal`` is what to go on with, ``read`` what the file held, if anything."""

    path: Path
    sha256: str
    job: Job
    journal_path: Path
    journal: Journal | None
    rest: Rest | None
    read: Journal | None = None

    @property
    def made_before(self) -> int:
        """How many cuts earlier runs have made."""
        return self.rest.first - 1 if self.rest is not None else len(self.job.cuts)


def print_lines(path: Path, rest: Rest) -> None:
    """What would be sent: the cut, the line of the file, the text."""
    job = rest.job
    click.echo(f"# {path}: {len(job.cuts)} cuts, about {format_duration(job.run.time_s)}")
    bounds = [(cut.end, cut.number) for cut in job.cuts]
    for index, line in enumerate(job.lines):
        if index < job.preamble:
            name = "preamble"
        else:
            number = next((n for end, n in bounds if index < end), None)
            name = "ending" if number is None else "align" if number == 0 else f"cut {number}"
        where = "" if line.number is None else str(line.number)
        text = line.raw.decode("ascii", "backslashreplace").strip()
        if text:
            click.echo(f"{name:<10} {where:>7}  {text}")


def list_cuts(path: Path, profile: CutterProfile, journal_path: Path) -> None:
    """A table of the cuts: number, piece, where it begins, length, and what the journal says."""
    from cutkit.cli.tables import Column, TableData, print_table
    from cutkit.formats.files import read_bytes
    from cutkit.machine.send.job import read_job
    from cutkit.machine.send.journal import read_journal

    job = read_job(read_bytes(path), profile, str(path))
    journal = read_journal(journal_path) if journal_path.exists() else None
    rows = []
    for cut in job.cuts:
        x, y = cut.work[0]
        state = "" if journal is None else "made" if cut.number in journal.done else ""
        state = state or ("handed over" if journal is not None and cut.number in journal.sent else "")
        lines = job.file_lines(cut).removeprefix("lines ").removeprefix("line ")
        row = (str(cut.number), cut.name, cut.tool or "", f"{x:.1f}", f"{y:.1f}", f"{cut.length_mm:.0f}", lines, state)
        rows.append(row)
    left, right = ("piece", "tool", "lines", "journal"), ("cut", "from x, mm", "y, mm", "length, mm")
    columns = {name: Column(name, "left") for name in left} | {name: Column(name) for name in right}
    order = ("cut", "piece", "tool", "from x, mm", "y, mm", "length, mm", "lines", "journal")
    print_table(TableData(tuple(columns[name] for name in order), tuple(rows)))


def report_of(part: Part, outcome: Outcome) -> dict[str, Any]:
    figures = outcome.figures
    size = part.job.profile.link.buffer_bytes
    return {
        "program": str(part.path),
        "journal": str(part.journal_path),
        "state": outcome.ended,
        "cuts": len(part.job.cuts),
        "cuts_made": part.made_before + len(outcome.done),
        "cuts_sent_now": len(outcome.done),
        "in_doubt": outcome.doubt,
        "confirmed": outcome.confirmed,
        "bytes": figures.bytes,
        "lines": figures.lines,
        "time_s": round(figures.time_s, 2),
        "planned_s": round(outcome.planned_s, 2),
        "mean_fill": round(figures.mean_fill_bytes / size, 3) if outcome.fill_known else None,
        "most_bytes_waiting": figures.most_bytes if outcome.fill_known else None,
        "lost_answers": figures.lost_answers,
        "message": outcome.fault.message if outcome.fault else None,
    }


def print_report(report: dict[str, Any]) -> None:
    """The figures of one program, for people."""
    told = "made" if report["confirmed"] else "handed over; the machine may still be at work"
    time = f"{format_duration(report['time_s'])} (the emulated machine: {format_duration(report['planned_s'])})"
    rows = [
        ("program", report["program"]),
        ("cuts", f"{report['cuts_made']} of {report['cuts']} {told}"),
        ("time", time),
        ("sent", f"{report['lines']} lines, {report['bytes']} bytes"),
    ]
    if report["mean_fill"] is not None:
        rows.append(("buffer", f"{100 * report['mean_fill']:.0f} % full in the mean"))
    if report["lost_answers"]:
        rows.append(("answers", f"{report['lost_answers']} lost on the way, and made up for"))
    rows.append(("journal", report["journal"]))
    for name, value in rows:
        click.echo(f"{name:<10}  {value}")
