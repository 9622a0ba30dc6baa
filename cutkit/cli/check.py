"""``cutkit check``: the referee, on a marker file, and the judge on a program made from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, print_json, quiet_option, say, stroke_options, with_choices
from cutkit.cli.programs import Outcome, violation_json
from cutkit.cli.programs import judged as run_and_judge
from cutkit.cli.registration import registration_fit, registration_options
from cutkit.errors import CheckError, UsageError
from cutkit.units import format_length

if TYPE_CHECKING:
    from cutkit.check import Fault
    from cutkit.machine.judge import Verdict
    from cutkit.model import Marker
    from cutkit.toolpath import CutterProfile, Registration


@dataclass(frozen=True)
class Judged:
    """What the machine and the judge found, and the judge's figures."""

    cutter: str
    outcome: Outcome
    verdict: Verdict


@click.command("check")
@click.argument("marker_path", metavar="MARKER")
@click.argument("programs", metavar="[PROGRAM...]", nargs=-1, type=click.Path(path_type=Path))
@click.option("--cutter", metavar="NAME|FILE", help="The machine that PROGRAM is for.")
@click.option("--matches", "with_matches", is_flag=True, help="List every match point with its residual.")
@registration_options
@stroke_options
@json_option
@quiet_option
def command(
    marker_path: str,
    programs: tuple[Path, ...],
    cutter: str | None,
    with_matches: bool,
    registration_path: Path | None,
    registration_tolerance_mm: float,
    as_json: bool,
    quiet: bool,
    **choices: Any,
) -> None:
    """Referee a marker file: inside the fabric, no overlap, the gap kept, angles, counts and nap as ordered, and every
    other rule of cloth that it holds: flaws, zones, folds, matches, ties, blocks, garments together.

    Prints a line for each fault and ends with exit code 5 where there is one; then the rules that hold in the marker,
    each with the figure that comes nearest to breaking it. With PROGRAM, it is run on the emulated cutter too, and
    every piece of the marker must be cut exactly once; the programs of several windows are given in their order.
    """
    from cutkit.check import check_marker
    from cutkit.formats.marker import read_marker
    from cutkit.formats.profile import load_profile

    if bool(programs) != (cutter is not None):
        raise UsageError("PROGRAM and --cutter go together", hint="cutkit check MARKER PROGRAM --cutter NAME")
    if registration_path is not None and not programs:
        raise UsageError("--registration tells where a program cuts", hint="Give PROGRAM and --cutter too.")
    fit = registration_fit(registration_path, registration_tolerance_mm)
    marker = read_marker(marker_path)
    faults = check_marker(marker)
    judged = None
    if cutter is not None and not faults:
        profile = with_choices(load_profile(cutter), choices)
        judged = _judge(marker, programs, profile, fit.registration if fit else None)
    if as_json:
        print_json(_report(marker_path, marker, faults, judged))
    else:
        _print_marker(marker_path, marker, faults, with_matches)
        _print_program(judged)
    for remark in judged.outcome.remarks if judged else ():
        say(f"note [{remark.code}]: {remark.message}", quiet=quiet)
    if programs and judged is None:
        say(f"{programs[0]}: not judged, for the marker has faults", quiet=quiet)
    if faults or (judged and judged.outcome.violations):
        raise click.exceptions.Exit(CheckError.exit_code)


def _judge(
    marker: Marker, programs: tuple[Path, ...], profile: CutterProfile, registration: Registration | None
) -> Judged | None:
    """The programs' run, judged against a marker that is valid."""
    outcome = run_and_judge(programs, profile, marker, registration)
    return Judged(profile.name, outcome, outcome.verdict) if outcome.verdict else None


def _report(path: str, marker: Marker, faults: list[Fault], judged: Judged | None) -> dict[str, Any]:
    from cutkit.check import match_residuals, rule_figures
    from cutkit.report.rules import match_json, rule_json

    report: dict[str, Any] = {
        "schema": "cutkit.check/1",
        "marker": path,
        "ok": not faults and not (judged and judged.outcome.violations),
        "faults": [{"code": f.code, "message": f.message, "placements": list(f.placements)} for f in faults],
        "pieces": {
            "ordered": sum(piece.total for piece in marker.pieces),
            "placed": len(marker.placements),
            "unplaced": sum(entry.count for entry in marker.unplaced),
        },
        "length_mm": marker.length_mm if _is_measurable(faults) else None,
        "efficiency": marker.efficiency if _is_measurable(faults) else None,
        "rules": [rule_json(figure) for figure in rule_figures(marker)] if _is_measurable(faults) else [],
        "matches": [match_json(residual) for residual in match_residuals(marker)] if _is_measurable(faults) else [],
    }
    if judged:
        verdict = judged.verdict
        report["program"] = {
            "path": str(judged.outcome.sources.paths[0]),
            "paths": [str(path) for path in judged.outcome.sources.paths],
            "cutter": judged.cutter,
            "violations": [violation_json(v, judged.outcome.sources) for v in judged.outcome.violations],
            "remarks": [violation_json(v, judged.outcome.sources) for v in judged.outcome.remarks],
            "pieces": {name: getattr(verdict, name) for name in ("expected", "cut_once", "missed", "cut_twice")},
            "worst_deviation_mm": round(verdict.worst_deviation_mm, 4),
        }
    return report


def _print_marker(path: str, marker: Marker, faults: list[Fault], with_matches: bool) -> None:
    for fault in faults:
        click.echo(f"{fault.code}: {fault.message}")
    for entry in marker.unplaced:
        click.echo(f"unplaced: {entry.count} of {entry.piece}: {entry.reason}")
    if _is_measurable(faults):
        _print_rules(marker, with_matches)
    text = f"{path}: {_counted(len(faults), 'fault') if faults else 'valid'}; "
    text += f"{_counted(len(marker.placements), 'piece')} of {_counted(len(marker.bundles), 'garment')}"
    if _is_measurable(faults):
        text += f", {format_length(marker.length_mm)} long on {format_length(marker.fabric.usable_width_mm)}"
        text += f", efficiency {100 * marker.efficiency:.2f} %"
    click.echo(text)


def _print_rules(marker: Marker, with_matches: bool) -> None:
    """The tables of the rules that hold, and of the matches; nothing where there are none."""
    from cutkit.check import match_residuals
    from cutkit.cli.rule_tables import match_table, rule_table
    from cutkit.cli.tables import print_table

    tables = [rule_table(marker)]
    if with_matches:
        tables.append(match_table(marker, match_residuals(marker)))
    for table in tables:
        if table.rows:
            print_table(table)
            click.echo()


def _is_measurable(faults: list[Fault]) -> bool:
    """False where a placement has no outline, and so the marker no length."""
    from cutkit.check import UNMEASURABLE

    return not any(fault.code in UNMEASURABLE for fault in faults)


def _print_program(judged: Judged | None) -> None:
    if judged is None:
        return
    sources = judged.outcome.sources
    several = len(sources.paths) > 1
    for violation in judged.outcome.violations:
        number = sources.of(violation.line)[1]
        of = sources.where(violation.line) if several else f"line {number}"
        at = f"{of}: " if number is not None else ""
        click.echo(f"{violation.code}: {at}{violation.message}")
    verdict, count = judged.verdict, len(judged.outcome.violations)
    name = str(sources.paths[0]) + (f" to {sources.paths[-1].name}" if several else "")
    click.echo(
        f"{name}: {_counted(count, 'violation') if count else 'right'} on {judged.cutter}; "
        f"{verdict.cut_once} of {_counted(verdict.expected, 'piece')} cut once, "
        f"worst deviation {verdict.worst_deviation_mm:.3f} mm"
    )


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
