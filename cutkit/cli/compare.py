"""``cutkit compare``: two markers, two folders of them, or two reports; waste against waste."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cutkit.cli.common import json_option, print_json, quiet_option, say
from cutkit.errors import CheckError, InputError, UsageError

if TYPE_CHECKING:
    from cutkit.cli.tables import TableData
    from cutkit.report.compare import Comparison, Measured, Pair


@click.command("compare")
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option(
    "--fail-below", type=float, metavar="PTS", help="Exit 5 where B's waste is not so many points less: -0.2."
)
@click.option("--each", is_flag=True, help="--fail-below holds for every marker, not only for the total.")
@json_option
@quiet_option
def command(before: str, after: str, fail_below: float | None, each: bool, as_json: bool, quiet: bool) -> None:
    """Compare waste against waste, marker by marker and in total.

    A and B are two markers, two folders of them, or two reports (what report --json or nest --json printed); markers
    of one name are compared. The gain is in points: by how much less of the cloth is wasted in B.
    """
    from math import isfinite

    from cutkit.report.compare import compare, compare_json

    if fail_below is not None and not isfinite(fail_below):
        raise UsageError("--fail-below is not a number")
    if each and fail_below is None:
        raise UsageError("--each goes with --fail-below")
    comparison = compare(list(_measured(before)), list(_measured(after)))
    if not comparison.pairs:
        raise InputError("no marker has the same name on both sides", where=f"{before}, {after}")
    _say(comparison, quiet)
    if as_json:
        print_json(compare_json(comparison))
    else:
        from cutkit.cli.tables import print_table

        print_table(_table(comparison))
    if fail_below is not None:
        _refuse_loss(comparison, fail_below, each)


def _measured(given: str) -> Iterator[Measured]:
    """The markers of a file or a folder. A marker must be valid: overlaps would pass for less waste."""
    from cutkit.cli.marker_files import marker_paths
    from cutkit.formats.marker import read_valid_marker
    from cutkit.formats.reports import SCHEMAS, read_report, schema_of
    from cutkit.report.compare import Measured

    root = Path(given)
    if not root.is_dir() and schema_of(root) in SCHEMAS:
        for reported in read_report(root):
            cloth = reported.usable_width_mm * reported.length_mm
            yield Measured(reported.path, cloth, reported.efficiency * cloth)
        return
    for path in marker_paths([given]):
        marker = read_valid_marker(path)
        name = path.relative_to(root).as_posix() if root.is_dir() else path.name
        yield Measured(name, marker.fabric.usable_width_mm * marker.length_mm, marker.placed_area_mm2)


def _say(comparison: Comparison, quiet: bool) -> None:
    for side, names in (("A", comparison.only_before), ("B", comparison.only_after)):
        for name in names:
            say(f"note: only in {side}, not compared: {name}", quiet=quiet)
    for pair in comparison.pairs:
        if not pair.same_pieces:
            areas = f"{pair.before.pieces_mm2 / 1e6:.4f} and {pair.after.pieces_mm2 / 1e6:.4f} m2"
            say(f"note: {pair.name}: not the same pieces, {areas}", quiet=quiet)


def _table(comparison: Comparison) -> TableData:
    from cutkit.cli.tables import Column, TableData

    columns = (
        Column("Marker", "left", shrink_to=12, style="bold"),
        Column("Cloth A\nm2", worth=10),
        Column("Cloth B\nm2", worth=10),
        Column("Waste A\n%"),
        Column("Waste B\n%"),
        Column("Gain\npoints", alarm=lambda text: text.startswith("-")),
    )
    total = _cells(comparison.total) if len(comparison.pairs) > 1 else None
    return TableData(columns, tuple(map(_cells, comparison.pairs)), total)


def _cells(pair: Pair) -> tuple[str, ...]:
    return (
        pair.name,
        f"{pair.before.cloth_mm2 / 1e6:.4f}",
        f"{pair.after.cloth_mm2 / 1e6:.4f}",
        f"{pair.before.waste_pct:.2f}",
        f"{pair.after.waste_pct:.2f}",
        f"{pair.gain_points:+.2f}",
    )


def _refuse_loss(comparison: Comparison, fail_below: float, each: bool) -> None:
    judged = [*(comparison.pairs if each else ()), comparison.total]
    low = [f"{pair.name}: {pair.gain_points:+.3f} points" for pair in judged if pair.gain_points < fail_below]
    if low:
        raise CheckError(f"the gain is below {fail_below:g} points:", hint="\n".join(low))
