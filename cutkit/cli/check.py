"""``cutkit check``: the referee, on a marker file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, print_json
from cutkit.errors import CheckError
from cutkit.units import format_length

if TYPE_CHECKING:
    from cutkit.check import Fault
    from cutkit.model import Marker


@click.command()
@click.argument("marker_path", metavar="MARKER")
@json_option
def command(marker_path: str, as_json: bool) -> None:
    """Referee a marker file: inside the fabric, no overlap, the gap kept, angles, counts and nap as ordered.

    Prints a line for each fault and ends with exit code 5 where there is one.
    """
    from cutkit.check import check_marker
    from cutkit.formats.marker import read_marker

    marker = read_marker(marker_path)
    faults = check_marker(marker)
    if as_json:
        print_json(_report(marker_path, marker, faults))
    else:
        _print_lines(marker_path, marker, faults)
    if faults:
        raise click.exceptions.Exit(CheckError.exit_code)


def _report(path: str, marker: Marker, faults: list[Fault]) -> dict[str, Any]:
    return {
        "schema": "cutkit.check/1",
        "marker": path,
        "ok": not faults,
        "faults": [{"code": f.code, "message": f.message, "placements": list(f.placements)} for f in faults],
        "pieces": {
            "ordered": sum(piece.total for piece in marker.pieces),
            "placed": len(marker.placements),
            "unplaced": sum(entry.count for entry in marker.unplaced),
        },
        "length_mm": marker.length_mm,
        "efficiency": marker.efficiency,
    }


def _print_lines(path: str, marker: Marker, faults: list[Fault]) -> None:
    for fault in faults:
        click.echo(f"{fault.code}: {fault.message}")
    for entry in marker.unplaced:
        click.echo(f"unplaced: {entry.count} of {entry.piece}: {entry.reason}")
    pieces, garments = len(marker.placements), len(marker.bundles)
    verdict = "valid" if not faults else "a fault" if len(faults) == 1 else f"{len(faults)} faults"
    click.echo(
        f"{path}: {verdict}; {pieces} piece{'s' * (pieces != 1)} of {garments} garment{'s' * (garments != 1)}, "
        f"{format_length(marker.length_mm)} long on {format_length(marker.fabric.usable_width_mm)}, "
        f"efficiency {100 * marker.efficiency:.2f} %"
    )
