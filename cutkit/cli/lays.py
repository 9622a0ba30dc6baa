"""What ``nest`` says and writes about lays: several markers of an order, and the rolls that they are cut from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import LENGTH, F
from cutkit.errors import UsageError

if TYPE_CHECKING:
    from cutkit.cli.tables import TableData
    from cutkit.lay import LayRules, RollUse
    from cutkit.model import Demand, Roll
    from cutkit.report import MarkerFigures

SCHEMA = "cutkit.rolls/1"


def lay_options(command: F) -> F:
    """How an order is dealt out to markers and cloth."""
    for option in reversed(
        (
            click.option(
                "--garments-per-marker", type=click.IntRange(1), metavar="N", help="At most so many garments."
            ),
            click.option("--part-garments", is_flag=True, help="Pieces of one garment may go to several markers."),
            click.option(
                "--rolls",
                metavar="FILE",
                help="The cloth there is (CSV, TOML): remnants first, each roll with its width and flaws; what is left"
                " is written beside the marker.",
            ),
            click.option(
                "--sections",
                type=click.Choice(["straight", "open"]),
                help="Keep garments together, one section behind another: with a straight line between, or moved up.",
            ),
            click.option(
                "--section-size", type=click.IntRange(1), metavar="N", help="Garments in a section; 1 if not given."
            ),
            click.option("--span", type=LENGTH, help="All pieces of a garment within so much of the length."),
        )
    ):
        command = option(command)
    return command


def lay_rules(options: dict[str, Any], rolls: Sequence[Roll]) -> LayRules:
    """The rules that ``lay_options`` were given; UsageError where they do not go together."""
    from cutkit.formats.keys import FARTHEST_MM
    from cutkit.lay import LayRules, Sections

    if options["section_size"] is not None and options["sections"] is None:
        raise UsageError("--section-size needs --sections", hint="--sections straight --section-size 2")
    if options["span"] is not None and not 0 < options["span"] <= FARTHEST_MM:
        raise UsageError(f"--span must be above 0 and at most {FARTHEST_MM / 1e6:g} km")
    if options["part_garments"] and options["garments_per_marker"] is not None:
        raise UsageError(
            "--part-garments does not go with --garments-per-marker, which counts whole garments",
            hint="Let --max-length part them.",
        )
    sections = None
    if options["sections"] is not None:
        sections = Sections(options["section_size"] or 1, options["sections"])
    return LayRules(options["garments_per_marker"], options["part_garments"], sections, tuple(rolls))


def refuse_odd_rolls(rolls: Sequence[Roll], demands: Sequence[Demand]) -> None:
    """UsageError where it is not clear what cloth a roll is, or plies are laid that rolls cannot tell."""
    if not rolls:
        return
    materials = list(dict.fromkeys(demand.material for demand in demands))
    if len(materials) > 1 and any(not roll.material for roll in rolls):
        raise UsageError(
            f"the order needs {', '.join(name or 'one without a name' for name in materials)}: whose are the rolls?",
            hint="Tell each roll's material in the file, or nest one of them with --material.",
        )
    if any(demand.plies > 1 for demand in demands):
        raise UsageError("rolls are laid ply by ply: --rolls does not go with several plies")


# --- rolls


def remnant_paths(output: Path) -> tuple[Path, Path]:
    """Where what is left of the rolls is written: as CSV, which can be the next ``--rolls``, and as JSON."""
    from cutkit.outputs.names import marker_title, with_ending

    csv_path = with_ending(output.with_name(f"{marker_title(output)}.csv"), "remnants")
    return csv_path, csv_path.with_suffix(".json")


def used_together(lays: Iterable[Sequence[RollUse]]) -> tuple[RollUse, ...]:
    """What became of every roll over the lays of several materials: a roll is of one of them."""
    together: dict[str, RollUse] = {}
    for uses in lays:
        for use in uses:
            before = together.get(use.roll.name)
            together[use.roll.name] = use if before is None or use.used_mm > before.used_mm else before
    return tuple(together.values())


def rolls_json(uses: Sequence[RollUse], rows: Sequence[MarkerFigures]) -> dict[str, Any]:
    """What became of the rolls, and what is left of them."""
    from cutkit.formats.rolls import roll_json

    cut: dict[str, list[dict[str, Any]]] = {}
    for row in rows:
        if row.stretch is not None:
            at = {"path": row.path, "from_mm": row.stretch.from_mm, "to_mm": row.stretch.to_mm}
            cut.setdefault(row.stretch.roll, []).append(at)
    rolls = [
        roll_json(use.roll) | {"used_mm": use.used_mm, "left_mm": use.left_mm, "markers": cut.get(use.roll.name, [])}
        for use in uses
    ]
    remnants = [roll_json(use.remnant) for use in uses if use.remnant is not None]
    return {"schema": SCHEMA, "rolls": rolls, "remnants": remnants}


def write_remnants(
    output: Path, uses: Sequence[RollUse], rows: Sequence[MarkerFigures], inputs: Iterable[str]
) -> tuple[Path, Path]:
    """Write what is left of the rolls, and what became of them."""
    from cutkit.formats.files import write_whole
    from cutkit.formats.rolls import rolls_csv

    csv_path, json_path = remnant_paths(output)
    inputs = list(inputs)
    left = [use.remnant for use in uses if use.remnant is not None]
    write_whole(csv_path, rolls_csv(left), inputs=inputs)
    write_whole(json_path, json.dumps(rolls_json(uses, rows), indent=1, ensure_ascii=False) + "\n", inputs=inputs)
    return csv_path, json_path


def rolls_table(uses: Sequence[RollUse], rows: Sequence[MarkerFigures]) -> TableData:
    """A row for every roll: what it was, how many markers are cut from it, what is left."""
    from cutkit.cli.tables import Column, TableData

    markers = [row.stretch.roll for row in rows if row.stretch is not None]
    columns = (
        Column("Roll", "left", shrink_to=10, style="bold"),
        Column("Kind", "left", worth=5),
        Column("Width\ncm", worth=6),
        Column("Length\nm"),
        Column("Flaws", worth=4),
        Column("Markers"),
        Column("Used\nm"),
        Column("Left\nm", style="green"),
    )
    cells = tuple(
        (
            use.roll.name,
            use.roll.kind,
            f"{use.roll.width_mm / 10:.1f}",
            f"{use.roll.length_mm / 1000:.3f}",
            str(len(use.roll.flaws)),
            str(markers.count(use.roll.name)),
            f"{use.used_mm / 1000:.3f}",
            f"{use.left_mm / 1000:.3f}",
        )
        for use in uses
    )
    return TableData(columns, cells)
