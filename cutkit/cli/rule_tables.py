"""The tables of ``check``: the rules of cloth that hold in a marker, and its matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cutkit.cli.tables import Column, TableData

if TYPE_CHECKING:
    from cutkit.check import MatchResidual, RuleFigure
    from cutkit.model import Marker

MOST_NAMED = 2
"""Pieces that are named in a table's cell; of more, only how many."""


def rule_table(marker: Marker, figures: Sequence[RuleFigure]) -> TableData:
    """A row for every rule: what it says, its worst figure, its limit, and the pieces that the figure is of."""
    rows = [
        (f.rule, f.holds, f.figure or "-", _figure(f.worst, f.unit), _limit(f), _pieces(marker, f.placements))
        for f in figures
    ]
    return TableData(_RULE_COLUMNS, tuple(rows))


def match_table(marker: Marker, residuals: Sequence[MatchResidual]) -> TableData:
    """A row for every matched point: how far it is off along and across the repeat, in mm, and off what."""
    rows = [
        (
            r.name,
            marker.by_id[r.piece].name or r.piece,
            str(r.bundle),
            "the cloth" if not r.group else r.group if r.partner is not None else f"{r.group} (alone)",
            _signed(r.along_mm),
            _signed(r.across_mm),
        )
        for r in residuals
    ]
    return TableData(_MATCH_COLUMNS, tuple(rows))


def rule_json(figure: RuleFigure) -> dict[str, Any]:
    """A rule as ``check --json`` has it."""
    return {
        "rule": figure.rule,
        "holds": figure.holds,
        "figure": figure.figure or None,
        "worst": figure.worst,
        "limit": figure.limit,
        "unit": figure.unit or None,
        "placements": list(figure.placements),
    }


def match_json(residual: MatchResidual) -> dict[str, Any]:
    """A match as ``check --json`` has it."""
    return {
        "placement": residual.placement,
        "piece": residual.piece,
        "bundle": residual.bundle,
        "match": residual.name,
        "group": residual.group or None,
        "at_mm": [residual.x_mm, residual.y_mm],
        "along_mm": residual.along_mm,
        "across_mm": residual.across_mm,
        "distance_mm": residual.distance_mm,
        "partner": residual.partner,
    }


def _figure(value: float | None, unit: str) -> str:
    return "-" if value is None else f"{value + 0.0:.3f} {unit}"


def _limit(figure: RuleFigure) -> str:
    return "-" if figure.limit is None else f"{figure.limit:g}"


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{value:+.3f}"


def _pieces(marker: Marker, placements: Sequence[int]) -> str:
    if not placements:
        return "-"
    if len(placements) > MOST_NAMED:
        return f"{len(placements)} pieces"
    laid = [marker.placements[i] for i in placements]
    return ", ".join(f"{p.piece} ({p.bundle})" for p in laid)


_RULE_COLUMNS = (
    Column("Rule", "left", style="bold"),
    Column("Holds", "left", shrink_to=28),
    Column("Figure", "left", worth=8, shrink_to=10),
    Column("Worst"),
    Column("Limit", worth=9),
    Column("Pieces (garment)", "left", worth=20, shrink_to=12),
)
_MATCH_COLUMNS = (
    Column("Match", "left", shrink_to=6, style="bold"),
    Column("Piece", "left", shrink_to=6),
    Column("Garment"),
    Column("Matches", "left", shrink_to=6),
    Column("Along\nmm"),
    Column("Across\nmm"),
)
