"""``cutkit simulate``: run a program on the emulated cutter and judge it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import DURATION, json_option, print_json, quiet_option, say, stroke_options, with_choices
from cutkit.cli.notices import say_notices
from cutkit.cli.programs import Outcome, Sources, judged, violation_json
from cutkit.cli.registration import fit_json, fit_rows, registration_fit, registration_options
from cutkit.errors import CheckError, UsageError
from cutkit.units import format_duration, format_length

if TYPE_CHECKING:
    from cutkit.cut.registration import RegistrationFit
    from cutkit.formats.svg.cut import CutPicture
    from cutkit.machine.actions import Violation
    from cutkit.machine.judge import Verdict
    from cutkit.machine.trace import Run
    from cutkit.model import Notice

SHOWN_VIOLATIONS = 20
SHOWN_OF_A_CODE = 8
HINTS = {
    "unknown-command": "Is it the right --cutter? The program has instructions that this machine does not know.",
    "real-time-byte": "Take ! ? ~ and letters beyond ASCII out of the program, also out of its comments.",
    "not-emulated": "What the machine would do the emulator cannot say; take the command out, or try it bladeless.",
    "not-initialised": "Begin the program with IN;",
    "out-of-range": "The marker is too long for the machine's numbers, or the program is for other units.",
    "outside-table": "Nest on the width and length of this table, or check the cutter's profile.",
    "no-dwell": "Wait longer after the tool goes up or down (G4).",
    "down-rapid": "Lift the tool before G0.",
    "feed-down": "Lift the tool before the cloth is moved on, or it tears.",
    "down-at-end": "End the program with the tool up.",
    "nothing-done": "Is it the right --cutter? Nothing in the program lowers a tool.",
    "missed": "Strokes are missing or lie elsewhere: cut the program again. Give --blocks as for cut.",
    "unclosed": "A piece stays attached: check start point and overcut. Give --bridges and --common-lines as for cut.",
    "cut-twice": "The cloth frays where it is cut again: check for doubled strokes.",
    "off-outline": "The blade cuts into cloth where it should not: check units, blade offset and lifts.",
    "fold-cut": "The side of a piece on the fold must stay whole: cut its outline from one end of it to the other.",
    "corner-missed": "Check the blade's offset, and how it swivels at corners.",
    "cut-after-freed": "Cut what is in a piece or a cut-out before the line that frees it. Give --notches as for cut.",
    "link-overrun": "The sender must heed the machine's buffer: count bytes, wait for answers, or obey XOFF.",
    "closed-early": "Wait for the answer to a dwell (or the machine's other barrier) before the port is closed.",
    "soft-limit": "Set the work's zero so that the job lies within the machine's travel.",
    "ink-missed": "Cut the program again from the marker; lines of the pen are missing or lie elsewhere.",
    "stray-ink": "The pen draws where nothing should be: check for lifts left out.",
}


@click.command("simulate")
@click.argument("programs", metavar="PROGRAM...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--cutter", required=True, metavar="NAME|FILE", help="A machine profile, or a TOML file of your own.")
@click.option("--marker", "marker_path", metavar="MARKER", help="Judge the run against this marker.")
@click.option("--svg", "svg_path", metavar="OUT", help="Write a picture of what the blade did.")
@click.option(
    "--animate", "play_s", metavar="TIME", type=DURATION, help="Let the picture (--svg) play the run in so long: 30s."
)
@click.option("--png", "png_path", metavar="OUT", help="Write the picture as PNG too (needs cutkit[png]).")
@click.option("--trace", "trace_path", metavar="OUT.jsonl", help="Write the timed trace, one JSON object a line.")
@registration_options
@stroke_options
@json_option
@quiet_option
def command(
    programs: tuple[Path, ...],
    cutter: str,
    marker_path: str | None,
    svg_path: str | None,
    play_s: float | None,
    png_path: str | None,
    trace_path: str | None,
    registration_path: Path | None,
    registration_tolerance_mm: float,
    as_json: bool,
    quiet: bool,
    **choices: Any,
) -> None:
    """Run a program on the emulated cutter and judge it.

    Several programs are run one after the other, as one job. With --marker every piece must be cut exactly once and the
    blade stay on the lines. Any violation ends in exit code 5.
    """
    from cutkit.formats.files import is_toml_path, refuse_bad_outputs, write_whole
    from cutkit.formats.marker import read_marker
    from cutkit.formats.profile import load_profile

    if play_s is not None and svg_path is None:
        raise UsageError("--animate is about the picture", hint="Say where to write it (--svg OUT).")
    if registration_path is not None and marker_path is None:
        raise UsageError("--registration tells where a marker's print lies", hint="Give the marker too (--marker).")
    inputs: list[str | Path] = [
        *programs,
        *([marker_path] if marker_path else []),
        *([cutter] if is_toml_path(cutter) else []),
        *([registration_path] if registration_path else []),
    ]
    refuse_bad_outputs([svg_path, png_path, trace_path], inputs)
    profile = with_choices(load_profile(cutter), choices)
    marker = read_marker(marker_path) if marker_path else None
    fit = registration_fit(registration_path, registration_tolerance_mm)
    outcome = judged(programs, profile, marker, fit.registration if fit else None)
    png, notices = _png(outcome) if png_path else (b"", [])
    write_outputs(outcome, svg_path, trace_path, inputs, play_s)
    if png_path:
        write_whole(png_path, png, inputs=inputs)
    say_notices(notices, quiet=quiet, all_of_them="")
    for remark in outcome.remarks:
        say(f"note [{remark.code}] {outcome.sources.where(remark.line)}: {remark.message}", quiet=quiet)
    if as_json:
        print_json(outcome_json(outcome) | ({"registration": fit_json(fit)} if fit else {}))
    else:
        print_outcome(outcome, fit)
    if outcome.violations:
        raise click.exceptions.Exit(CheckError.exit_code)


def write_outputs(
    outcome: Outcome,
    svg_path: str | None,
    trace_path: str | None,
    inputs: Sequence[str | Path],
    play_s: float | None = None,
) -> None:
    """Write the picture (played, where a time is given) and the trace that were asked for, over none of the inputs."""
    from cutkit.formats.files import write_whole
    from cutkit.formats.svg.cut import cut_svg

    if trace_path:
        write_whole(trace_path, "".join(_trace_lines(outcome.run)), inputs=inputs)
    if svg_path:
        write_whole(svg_path, cut_svg(_picture(outcome, play_s)), inputs=inputs)


def outcome_json(outcome: Outcome) -> dict[str, Any]:
    run, verdict = outcome.run, outcome.verdict
    report: dict[str, Any] = {
        "schema": "cutkit.simulate/1",
        "ok": not outcome.violations,
        "violations": [violation_json(v, outcome.sources) for v in outcome.violations],
        "remarks": [violation_json(v, outcome.sources) for v in outcome.remarks],
        "time_s": round(run.time_s, 3),
        "cut_mm": round(run.cut_mm, 3),
        "drawn_mm": round(run.drawn_mm, 3),
        "travel_mm": round(run.travel_mm, 3),
        "tool_downs": run.tool_downs,
        "bounds_mm": [round(value, 4) + 0.0 for value in run.bounds_mm],
        "windows_mm": [round(value, 3) + 0.0 for value in run.windows_mm],
    }
    if verdict:
        names = ("expected", "cut_once", "missed", "cut_twice")
        report["pieces"] = {name: getattr(verdict, name) for name in names}
        report["worst_deviation_mm"] = round(verdict.worst_deviation_mm, 4)
        report["ink_judged"] = verdict.judges_ink
    return report


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


def print_outcome(outcome: Outcome, fit: RegistrationFit | None = None) -> None:
    """The figures, then the violations with their lines, then what to do about them."""
    from cutkit.cli.tables import Column, TableData, print_table

    for name, value in (*_figures(outcome), *(fit_rows(fit) if fit else ())):
        click.echo(f"{name:<15}  {value}")
    found = outcome.violations
    if not found:
        return
    click.echo()
    columns = (Column("violation", "left"), Column("line"), Column("what", "left", shrink_to=30))
    shown = _first_of_each(found)[:SHOWN_VIOLATIONS]
    print_table(TableData(columns, tuple((v.code, _line_text(v, outcome.sources), v.message) for v in shown)))
    if len(found) > len(shown):
        click.echo(f"and {len(found) - len(shown)} more; --json lists them all")
    click.echo()
    for code in dict.fromkeys(v.code for v in found):
        if code in HINTS:
            click.echo(f"{code}: {HINTS[code]}")
    if len(outcome.sources.paths) > 1 and any(v.code == "off-outline" for v in found):
        click.echo("Are the programs given in the order of their windows?")


def _first_of_each(found: tuple[Violation, ...]) -> list[Violation]:
    """The violations in their order; of several kinds only the first few each, so that none hides another."""
    if len({violation.code for violation in found}) == 1:
        return list(found)
    seen: Counter[str] = Counter()
    shown = []
    for violation in found:
        seen[violation.code] += 1
        if seen[violation.code] <= SHOWN_OF_A_CODE:
            shown.append(violation)
    return shown


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
    elif run.tool_downs:
        yield "pieces", "not judged: what was to be cut only a marker tells (--marker)"
    count = len(outcome.violations)
    yield "verdict", "no violation" if count == 0 else f"{count} violation{'s' * (count != 1)}"


def _pieces_text(verdict: Verdict) -> str:
    parts = [f"{verdict.cut_once} of {verdict.expected} cut once"]
    parts += [f"{verdict.missed} missed"] if verdict.missed else []
    parts += [f"{verdict.cut_twice} cut twice"] if verdict.cut_twice else []
    return ", ".join(parts)


def _picture(outcome: Outcome, play_s: float | None) -> CutPicture:
    """What a picture of the run shows; ``play_s``: it plays in so long."""
    from cutkit.formats.svg.cut import CutLine, CutPicture, FaultMark, Play

    run, marker = outcome.run, outcome.marker
    trace = run.trace
    cuts = []
    for first, end in trace.runs():
        tool = int(trace.tool[first])
        points = tuple((float(x), float(y)) for x, y in trace.tip_mm[first:end])
        time_s = (float(trace.t_s[first]), float(trace.t_s[end - 1]))
        cuts.append(CutLine(trace.tools[tool] if tool >= 0 else run.cutting_tool, points, time_s))
    laid = outcome.registration
    rings = [
        tuple(tuple((float(x), float(y)) for x, y, *_ in ring.coords) for ring in (p.exterior, *p.interiors))
        for p in ((p if laid is None else laid.outline(p)) for p in (marker.polygons if marker else ()))
    ]
    figures = tuple(f"{name} {text}" for name, text in list(_figures(outcome))[2:])
    faults = tuple(FaultMark(v.at_mm, v.code) for v in outcome.violations if v.at_mm is not None)
    title = ", ".join(path.name for path in outcome.sources.paths) + f" on {run.profile.name}"
    windows = run.windows_mm if len(run.windows_mm) > 1 else ()
    play = Play(run.time_s, play_s) if play_s else None
    return CutPicture(title, figures, tuple(cuts), tuple(_travels(run)), faults, tuple(rings), windows, play)


def _png(outcome: Outcome) -> tuple[bytes, list[Notice]]:
    from cutkit.formats.png import svg_to_png
    from cutkit.formats.svg.cut import cut_svg, width_units

    still = _picture(outcome, None)
    return svg_to_png(cut_svg(still), width_units(still))


def _travels(run: Run) -> list[tuple[tuple[float, float], ...]]:
    """The holder's ways with the tool up, each from a lift to the next time down, or to where the cloth is moved on."""
    trace = run.trace
    ways = []
    start = 0
    for first, end in [*trace.runs(), (len(trace.t_s) - 1, len(trace.t_s))]:
        moved = [k for k in run.starts if start < k <= first]
        for a, b in pairwise([start, *moved, first + 1]):
            points = [(float(x), float(y)) for x, y in trace.holder_mm[a:b]]
            if len(set(points)) > 1:
                ways.append(tuple(points))
        start = end - 1
    return ways
