"""The tables of the rules of cloth that hold in a marker, and of its matches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from cutkit.cli.tables import Column, TableData

if TYPE_CHECKING:
    from cutkit.check import MatchResidual
    from cutkit.model import Marker


def rule_table(marker: Marker) -> TableData:
    """A row for every rule: what it says, its worst figure, its limit, and the pieces that the figure is of."""
    from cutkit.report.rules import rule_texts

    rows = [(t.rule, t.holds, t.figure, t.worst, t.limit, t.pieces) for t in rule_texts(marker)]
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


def _signed(value: float | None) -> str:
    return "-" if value is None else f"{round(value, 3) + 0.0:+.3f}"


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
