"""``cutkit check``: the referee, on a marker file, and the judge on a program made from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, print_json, quiet_option, say, stroke_options, with_choices
from cutkit.errors import CheckError, UsageError
from cutkit.units import format_length

if TYPE_CHECKING:
    from cutkit.check import Fault
    from cutkit.machine.actions import Violation
    from cutkit.machine.judge import Verdict
    from cutkit.model import Marker
    from cutkit.toolpath import CutterProfile


@dataclass(frozen=True)
class Judged:
    """A program, what the machine and the judge found wrong with it, and the judge's figures."""

    path: str
    cutter: str
    violations: tuple[Violation, ...]
    verdict: Verdict


@click.command("check")
@click.argument("marker_path", metavar="MARKER")
@click.argument("program_path", metavar="[PROGRAM]", required=False)
@click.option("--cutter", metavar="NAME|FILE", help="The machine that PROGRAM is for.")
@stroke_options
@json_option
@quiet_option
def command(
    marker_path: str, program_path: str | None, cutter: str | None, as_json: bool, quiet: bool, **choices: Any
) -> None:
    """Referee a marker file: inside the fabric, no overlap, the gap kept, angles, counts and nap as ordered.

    With PROGRAM, it is run on the emulated cutter too, and every piece of the marker must be cut exactly once. Prints a
    line for each fault and ends with exit code 5 where there is one.
    """
    from cutkit.check import check_marker
    from cutkit.formats.marker import read_marker
    from cutkit.formats.profile import load_profile

    if (program_path is None) != (cutter is None):
        raise UsageError("PROGRAM and --cutter go together", hint="cutkit check MARKER PROGRAM --cutter NAME")
    marker = read_marker(marker_path)
    faults = check_marker(marker)
    judged = None
    if program_path is not None and cutter is not None and not faults:
        judged = _judge(marker, program_path, with_choices(load_profile(cutter), choices))
    if as_json:
        print_json(_report(marker_path, marker, faults, judged))
    else:
        _print_marker(marker_path, marker, faults)
        _print_program(judged)
    if program_path is not None and judged is None:
        say(f"{program_path}: not judged, for the marker has faults", quiet=quiet)
    if faults or (judged and judged.violations):
        raise click.exceptions.Exit(CheckError.exit_code)


def _judge(marker: Marker, program_path: str, profile: CutterProfile) -> Judged:
    """The program's run, judged against a marker that is valid."""
    from cutkit.formats.files import read_bytes
    from cutkit.machine.emulator import run_program
    from cutkit.machine.judge import judge

    run = run_program(read_bytes(program_path), profile)
    verdict = judge(run, marker)
    return Judged(program_path, profile.name, (*run.violations, *verdict.violations), verdict)


def _report(path: str, marker: Marker, faults: list[Fault], judged: Judged | None) -> dict[str, Any]:
    report: dict[str, Any] = {
        "schema": "cutkit.check/1",
        "marker": path,
        "ok": not faults and not (judged and judged.violations),
        "faults": [{"code": f.code, "message": f.message, "placements": list(f.placements)} for f in faults],
        "pieces": {
            "ordered": sum(piece.total for piece in marker.pieces),
            "placed": len(marker.placements),
            "unplaced": sum(entry.count for entry in marker.unplaced),
        },
        "length_mm": marker.length_mm if _is_measurable(faults) else None,
        "efficiency": marker.efficiency if _is_measurable(faults) else None,
    }
    if judged:
        verdict = judged.verdict
        report["program"] = {
            "path": judged.path,
            "cutter": judged.cutter,
            "violations": [{"code": v.code, "message": v.message, "line": v.line} for v in judged.violations],
            "pieces": {name: getattr(verdict, name) for name in ("expected", "cut_once", "missed", "cut_twice")},
            "worst_deviation_mm": round(verdict.worst_deviation_mm, 4),
        }
    return report


def _print_marker(path: str, marker: Marker, faults: list[Fault]) -> None:
    for fault in faults:
        click.echo(f"{fault.code}: {fault.message}")
    for entry in marker.unplaced:
        click.echo(f"unplaced: {entry.count} of {entry.piece}: {entry.reason}")
    text = f"{path}: {_counted(len(faults), 'fault') if faults else 'valid'}; "
    text += f"{_counted(len(marker.placements), 'piece')} of {_counted(len(marker.bundles), 'garment')}"
    if _is_measurable(faults):
        text += f", {format_length(marker.length_mm)} long on {format_length(marker.fabric.usable_width_mm)}"
        text += f", efficiency {100 * marker.efficiency:.2f} %"
    click.echo(text)


def _is_measurable(faults: list[Fault]) -> bool:
    """False where a placement has no outline, and so the marker no length."""
    from cutkit.check import UNMEASURABLE

    return not any(fault.code in UNMEASURABLE for fault in faults)


def _print_program(judged: Judged | None) -> None:
    if judged is None:
        return
    for violation in judged.violations:
        at = f"line {violation.line}: " if violation.line is not None else ""
        click.echo(f"{violation.code}: {at}{violation.message}")
    verdict, count = judged.verdict, len(judged.violations)
    click.echo(
        f"{judged.path}: {_counted(count, 'violation') if count else 'right'} on {judged.cutter}; "
        f"{verdict.cut_once} of {_counted(verdict.expected, 'piece')} cut once, "
        f"worst deviation {verdict.worst_deviation_mm:.3f} mm"
    )


def _counted(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
