"""``cutkit simulate``: run a program on the emulated cutter and judge it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, print_json, quiet_option, say
from cutkit.errors import CheckError, UsageError
from cutkit.units import format_duration, format_length

if TYPE_CHECKING:
    from cutkit.machine.actions import Violation
    from cutkit.machine.emulator import Run
    from cutkit.machine.judge import Verdict
    from cutkit.model import Marker

SHOWN_VIOLATIONS = 20
HINTS = {
    "unknown-command": "Is it the right --cutter? The program has instructions that this machine does not know.",
    "real-time-byte": "Take ! ? ~ and letters beyond ASCII out of the program, also out of its comments.",
    "not-emulated": "What the machine would do the emulator cannot say; take the command out, or try it bladeless.",
    "not-initialised": "Begin the program with IN;",
    "out-of-range": "The marker is too long for the machine's numbers, or the program is for other units.",
    "outside-table": "Nest on the width and length of this table, or check the cutter's profile.",
    "no-dwell": "Wait longer after the tool goes up or down (G4).",
    "down-rapid": "Lift the tool before G0.",
    "down-at-end": "End the program with the tool up.",
    "nothing-done": "Is it the right --cutter? Nothing in the program lowers a tool.",
    "missed": "Cut the program again from the marker; strokes are missing or lie elsewhere.",
    "unclosed": "A piece stays attached: check start point and overcut.",
    "cut-twice": "The cloth frays where it is cut again: check for doubled strokes.",
    "off-outline": "The blade cuts into cloth where it should not: check units, blade offset and lifts.",
    "corner-missed": "Check the blade's offset, and how it swivels at corners.",
    "cut-after-freed": "Cut what is inside a piece, or in its cut-out, before the line that frees it.",
    "ink-missed": "Cut the program again from the marker; lines of the pen are missing or lie elsewhere.",
    "stray-ink": "The pen draws where nothing should be: check for lifts left out.",
}


@click.command("simulate")
@click.argument("programs", metavar="PROGRAM...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--cutter", required=True, metavar="NAME|FILE", help="A machine profile, or a TOML file of your own.")
@click.option("--marker", "marker_path", metavar="MARKER", help="Judge the run against this marker.")
@click.option("--svg", "svg_path", metavar="OUT", help="Write a picture of what the blade did.")
@click.option("--trace", "trace_path", metavar="OUT.jsonl", help="Write the timed trace, one JSON object a line.")
@json_option
@quiet_option
def command(
    programs: tuple[Path, ...],
    cutter: str,
    marker_path: str | None,
    svg_path: str | None,
    trace_path: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Run a program on the emulated cutter and judge it.

    Several programs are run one after the other, as one job. With --marker every piece must be cut exactly once and the
    blade stay on the lines. Any violation ends in exit code 5.
    """
    from cutkit.formats.files import refuse_bad_outputs
    from cutkit.formats.marker import read_marker
    from cutkit.formats.profile import is_profile_file, load_profile
    from cutkit.machine.judge import judge

    inputs: list[str | Path] = [
        *programs,
        *([marker_path] if marker_path else []),
        *([cutter] if is_profile_file(cutter) else []),
    ]
    refuse_bad_outputs([svg_path, trace_path], inputs)
    profile = load_profile(cutter)
    marker = read_marker(marker_path) if marker_path else None
    run, sources = _run_all(programs, profile, _zeros_mm(programs, profile, marker))
    verdict = judge(run, marker) if marker else None
    outcome = Outcome(run, marker, verdict, sources)
    write_outputs(outcome, svg_path, trace_path, inputs)
    for remark in run.remarks:
        say(f"note [{remark.code}] {sources.where(remark.line)}: {remark.message}", quiet=quiet)
    if as_json:
        print_json(outcome_json(outcome))
    else:
        print_outcome(outcome)
    if outcome.violations:
        raise click.exceptions.Exit(CheckError.exit_code)


def write_outputs(outcome: Outcome, svg_path: str | None, trace_path: str | None, inputs: Sequence[str | Path]) -> None:
    """Write the picture and the trace that were asked for, over none of the inputs."""
    from cutkit.formats.files import write_whole

    if trace_path:
        write_whole(trace_path, "".join(_trace_lines(outcome.run)), inputs=inputs)
    if svg_path:
        write_whole(svg_path, _picture(outcome), inputs=inputs)


@dataclass(frozen=True)
class Sources:
    """The programs of a job, whose lines are counted through: which program and line a joint line number means."""

    paths: tuple[Path, ...]
    first_line: tuple[int, ...]

    def of(self, line: int | None) -> tuple[int, int | None]:
        """The index of the program, and the line in it."""
        if line is None:
            return 0, None
        index = max(k for k, first in enumerate(self.first_line) if first < line or k == 0)
        return index, line - self.first_line[index]

    def where(self, line: int | None) -> str:
        """``FILE:LINE``, or the program as a whole."""
        index, own = self.of(line)
        return str(self.paths[index]) + (f":{own}" if own is not None else "")


@dataclass(frozen=True)
class Outcome:
    """A run and, where there is a marker, the judge's verdict."""

    run: Run
    marker: Marker | None
    verdict: Verdict | None
    sources: Sources

    @property
    def violations(self) -> tuple[Violation, ...]:
        """The machine's and the judge's, in this order."""
        return (*self.run.violations, *(self.verdict.violations if self.verdict else ()))


def _zeros_mm(programs: Sequence[Path], profile: Any, marker: Marker | None) -> list[float] | None:
    """Where along the marker the machine's zero lies while each program runs, if the marker is cut in windows."""
    from cutkit.cut.plan import window_starts

    if marker is None or not marker.placements or profile.windows is None:
        return None
    starts = window_starts(marker, profile)
    if len(starts) == 1:
        return None
    if len(programs) != len(starts):
        raise UsageError(
            f"on {profile.name} this marker is cut in {len(starts)} windows, and {len(programs)} programs are given",
            hint="Give the programs of all windows, in their order.",
        )
    return starts


def _run_all(programs: Sequence[Path], profile: Any, zeros_mm: list[float] | None) -> tuple[Run, Sources]:
    from cutkit.formats.files import read_bytes
    from cutkit.machine.emulator import join_runs, line_count, run_program

    runs, first_lines, lines = [], [], 0
    for path in programs:
        data = read_bytes(path)
        runs.append(run_program(data, profile))
        first_lines.append(lines)
        lines += line_count(data, profile)
    return join_runs(runs, first_lines, zeros_mm), Sources(tuple(programs), tuple(first_lines))


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    run, verdict = outcome.run, outcome.verdict
    report: dict[str, Any] = {
        "schema": "cutkit.simulate/1",
        "ok": not outcome.violations,
        "violations": [_violation_json(v, outcome.sources) for v in outcome.violations],
        "remarks": [_violation_json(v, outcome.sources) for v in run.remarks],
        "time_s": round(run.time_s, 3),
        "cut_mm": round(run.cut_mm, 3),
        "drawn_mm": round(run.drawn_mm, 3),
        "travel_mm": round(run.travel_mm, 3),
        "tool_downs": run.tool_downs,
        "bounds_mm": [round(value, 4) + 0.0 for value in run.bounds_mm],
    }
    if verdict:
        names = ("expected", "cut_once", "missed", "cut_twice")
        report["pieces"] = {name: getattr(verdict, name) for name in names}
        report["worst_deviation_mm"] = round(verdict.worst_deviation_mm, 4)
        report["ink_judged"] = verdict.judges_ink
    return report


def _violation_json(violation: Violation, sources: Sources) -> dict[str, Any]:
    index, line = sources.of(violation.line)
    entry: dict[str, Any] = {"code": violation.code, "message": violation.message, "line": line}
    if violation.at_mm is not None:
        entry["at_mm"] = [round(value, 3) for value in violation.at_mm]
    if len(sources.paths) > 1 and line is not None:
        entry["program"] = str(sources.paths[index])
    return entry


def _trace_lines(run: Run) -> Iterator[str]:
    trace = run.trace
    drags = run.profile.knife.kind == "drag"
    columns = (trace.t_s.tolist(), trace.tool.tolist(), trace.down.tolist(), trace.tip_mm.tolist())
    for t_s, tool, down, tip, blade_deg in zip(*columns, trace.blade_deg.tolist(), strict=True):
        row = {
            "t_s": round(t_s, 5),
            "tool": trace.tools[tool] if tool >= 0 else None,
            "down": down,
            "tip_mm": [round(tip[0], 4), round(tip[1], 4)],
        }
        if drags:
            row["blade_deg"] = round(blade_deg, 3)
        yield json.dumps(row) + "\n"


def print_outcome(outcome: Outcome) -> None:
    """The figures, then the violations with their lines, then what to do about them."""
    from cutkit.cli.tables import Column, TableData, print_table

    for name, value in _figures(outcome):
        click.echo(f"{name:<15}  {value}")
    found = outcome.violations
    if not found:
        return
    click.echo()
    columns = (Column("violation", "left"), Column("line"), Column("what", "left", shrink_to=30))
    shown = found[:SHOWN_VIOLATIONS]
    print_table(TableData(columns, tuple((v.code, _line_text(v, outcome.sources), v.message) for v in shown)))
    if len(found) > len(shown):
        click.echo(f"and {len(found) - len(shown)} more; --json lists them all")
    click.echo()
    for code in dict.fromkeys(v.code for v in found):
        if code in HINTS:
            click.echo(f"{code}: {HINTS[code]}")


def _line_text(violation: Violation, sources: Sources) -> str:
    index, line = sources.of(violation.line)
    if line is None:
        return ""
    return str(line) if len(sources.paths) == 1 else f"{sources.paths[index].name}:{line}"


def _figures(outcome: Outcome) -> Iterator[tuple[str, str]]:
    run, verdict = outcome.run, outcome.verdict
    yield "program", ", ".join(str(path) for path in outcome.sources.paths)
    yield "cutter", f"{run.profile.name} ({run.profile.title})"
    yield "time", format_duration(run.time_s)
    if run.cut_mm or not run.drawn_mm:
        yield "cut", format_length(run.cut_mm)
    if run.drawn_mm:
        yield "drawn", format_length(run.drawn_mm)
    yield "tool downs", str(run.tool_downs)
    yield "travel", format_length(run.travel_mm)
    x0, y0, x1, y1 = (round(value, 1) + 0.0 for value in run.bounds_mm)
    yield "bounds", f"x {x0:.1f} to {x1:.1f} mm, y {y0:.1f} to {y1:.1f} mm"
    if verdict:
        yield "pieces", _pieces_text(verdict)
        yield "worst deviation", f"{verdict.worst_deviation_mm:.3f} mm"
        if run.drawn_mm and not verdict.judges_ink:
            yield "drawn lines", "not judged: not lettered as cutkit would"
    count = len(outcome.violations)
    yield "verdict", "no violation" if count == 0 else f"{count} violation{'s' * (count != 1)}"


def _pieces_text(verdict: Verdict) -> str:
    parts = [f"{verdict.cut_once} of {verdict.expected} cut once"]
    parts += [f"{verdict.missed} missed"] if verdict.missed else []
    parts += [f"{verdict.cut_twice} cut twice"] if verdict.cut_twice else []
    return ", ".join(parts)


def _picture(outcome: Outcome) -> str:
    from cutkit.formats.svg.cut import CutLine, CutPicture, FaultMark, cut_svg

    run, marker = outcome.run, outcome.marker
    trace = run.trace
    cuts = []
    for first, end in trace.runs():
        tool = int(trace.tool[first])
        points = tuple((float(x), float(y)) for x, y in trace.tip_mm[first:end])
        cuts.append(CutLine(trace.tools[tool] if tool >= 0 else run.cutting_tool, points))
    rings = [
        tuple(tuple((float(x), float(y)) for x, y, *_ in ring.coords) for ring in (p.exterior, *p.interiors))
        for p in (marker.polygons if marker else ())
    ]
    figures = tuple(f"{name} {text}" for name, text in list(_figures(outcome))[2:])
    faults = tuple(FaultMark(v.at_mm, v.code) for v in outcome.violations if v.at_mm is not None)
    title = ", ".join(path.name for path in outcome.sources.paths) + f" on {run.profile.name}"
    return cut_svg(CutPicture(title, figures, tuple(cuts), tuple(_travels(run)), faults, tuple(rings)))


def _travels(run: Run) -> list[tuple[tuple[float, float], ...]]:
    """The holder's ways with the tool up, each from a lift to the next time down."""
    trace = run.trace
    ways = []
    start = 0
    for first, end in [*trace.runs(), (len(trace.t_s) - 1, len(trace.t_s))]:
        points = [(float(x), float(y)) for x, y in trace.holder_mm[start : first + 1]]
        if len(set(points)) > 1:
            ways.append(tuple(points))
        start = end - 1
    return ways
