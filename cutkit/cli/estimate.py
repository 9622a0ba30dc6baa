"""``cutkit estimate``: the length that an order takes, told before it is nested."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, print_json, quiet_option, say
from cutkit.cli.nest_options import job_options, prepared
from cutkit.cli.notices import say_notices
from cutkit.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

    from cutkit.cli.tables import TableData
    from cutkit.model import Demand
    from cutkit.plan.estimate import Estimate, Observation


MOST_HISTORY = 50
"""The newest markers that are learned from: more would take longer than they are worth."""


@dataclass(frozen=True)
class Row:
    """What is told of one marker."""

    demand: Demand
    estimate: Estimate

    @property
    def garments(self) -> int:
        """How many garments all plies of the marker give."""
        return self.demand.garments * self.demand.garments_per_bundle

    @property
    def cloth_mm(self) -> float:
        """The length of cloth that all plies take."""
        return self.estimate.length_mm * self.demand.plies


@click.command("estimate")
@click.argument("inputs", metavar="INPUT...", nargs=-1, required=True)
@job_options
@click.option(
    "--history", multiple=True, metavar="FOLDER", help="Markers of the shop to learn from, as often as wanted."
)
@click.option("--price", type=click.FloatRange(0, 1e9), metavar="NUMBER", help="Price of a running metre of cloth.")
@json_option
@quiet_option
def command(
    inputs: tuple[str, ...], history: tuple[str, ...], price: float | None, as_json: bool, quiet: bool, **options: Any
) -> None:
    """Tell the length and cloth of an order before it is nested, with the interval that holds nine of ten orders.

    INPUT, order and cloth are given as to nest. For quotes: it takes a moment, not minutes.
    """
    from cutkit.plan.estimate import estimate_length

    job = prepared(inputs, options)
    say_notices(job.notices, quiet=quiet, all_of_them="`cutkit inspect` lists them")
    if any(piece.tilt_deg for demand in job.demands for piece in demand.pieces):
        say("note: what tilting pieces gains is not in the estimate", quiet=quiet)
    known = _history(history, quiet)
    rows = [
        Row(demand, estimate_length(demand.pieces, job.fabric_of(demand), job.settings.gap_mm, known))
        for demand in job.demands
    ]
    if as_json:
        print_json({"schema": "cutkit.estimate/1", "markers": [_json(row, price) for row in rows]})
    else:
        from cutkit.cli.tables import print_table

        print_table(_table(rows, price))


def _history(folders: tuple[str, ...], quiet: bool) -> list[Observation]:
    """What the shop's newest markers teach; InputError where one of them cannot be read."""
    from cutkit.cli.marker_files import marker_paths
    from cutkit.formats.marker import read_marker
    from cutkit.plan.estimate import observation_of

    seen = []
    paths = sorted(marker_paths(folders), key=_written, reverse=True)
    for path in paths[:MOST_HISTORY]:
        marker = read_marker(path)
        try:
            seen.append(observation_of(marker))
        except (KeyError, ValueError) as error:
            raise InputError("not a marker to learn from", where=str(path), hint="cutkit check tells why.") from error
    if seen:
        newest = f"the {len(seen)} newest of {len(paths)}" if len(paths) > len(seen) else str(len(seen))
        say(f"learned from {newest} marker{'s' if len(paths) > 1 else ''} of the shop", quiet=quiet)
    return seen


def _written(path: Path) -> float:
    """When a file was written; 0 where there is none, which reading it will tell."""
    return path.stat().st_mtime if path.exists() else 0.0


def _json(row: Row, price: float | None) -> dict[str, Any]:
    estimate = row.estimate
    return {
        "material": row.demand.material,
        "usable_width_mm": estimate.usable_width_mm,
        "pieces": len(row.demand.copies),
        "plies": row.demand.plies,
        "garments": row.garments,
        "area_mm2": estimate.area_mm2,
        "length_mm": estimate.length_mm,
        "interval_mm": [estimate.low_mm, estimate.high_mm],
        "confidence": 0.9,
        "efficiency": estimate.efficiency,
        "cloth_mm": row.cloth_mm,
        "length_per_garment_mm": row.cloth_mm / row.garments,
        "cost": None if price is None else row.cloth_mm / 1000 * price,
        "history": estimate.history,
    }


def _table(rows: list[Row], price: float | None) -> TableData:
    from cutkit.cli.tables import Column, TableData

    in_plies = any(row.demand.plies > 1 for row in rows)
    columns = (
        Column("Material", "left", shrink_to=8, style="bold"),
        Column("Pieces", worth=8),
        *((Column("Plies", worth=9),) if in_plies else ()),
        Column("Gar-\nments", worth=7),
        Column("Pieces'\narea m2", worth=5),
        Column("Length\nm", style="green"),
        Column("9 of 10 from\nm"),
        Column("to\nm"),
        Column("Eff.\n%", worth=6),
        Column("m per\ngarment", worth=20),
        *((Column("Cost"),) if price is not None else ()),
    )
    total = _total(rows, price, in_plies) if len(rows) > 1 else None
    return TableData(columns, tuple(_cells(row, price, in_plies) for row in rows), total)


def _cells(row: Row, price: float | None, in_plies: bool) -> tuple[str, ...]:
    estimate = row.estimate
    return (
        row.demand.material or "-",
        str(len(row.demand.copies)),
        *((str(row.demand.plies),) if in_plies else ()),
        str(row.garments),
        f"{estimate.area_mm2 / 1e6:.3f}",
        f"{estimate.length_mm / 1000:.2f}",
        f"{estimate.low_mm / 1000:.2f}",
        f"{estimate.high_mm / 1000:.2f}",
        f"{100 * estimate.efficiency:.1f}",
        f"{row.cloth_mm / 1000 / row.garments:.3f}",
        *((f"{row.cloth_mm / 1000 * price:.2f}",) if price is not None else ()),
    )


def _total(rows: list[Row], price: float | None, in_plies: bool) -> tuple[str, ...]:
    """The sums that make sense: no interval, for those of several markers do not add up."""
    length = sum(row.estimate.length_mm for row in rows) / 1000
    pieces = str(sum(len(row.demand.copies) for row in rows))
    cost = (f"{sum(row.cloth_mm for row in rows) / 1000 * price:.2f}",) if price is not None else ()
    return ("Total", pieces, *(("",) if in_plies else ()), "", "", f"{length:.2f}", "", "", "", "", *cost)
