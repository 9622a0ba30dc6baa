"""From the drafts of a file to its pattern: names, sizes, grading, grain, unfolding, unit; and what was assumed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cutkit.formats.dxf.draft import Draft
from cutkit.formats.dxf.grade import grade_drafts
from cutkit.formats.dxf.meaning import Style
from cutkit.formats.dxf.notch import Teller
from cutkit.formats.dxf.piece import finish
from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.sizes import (
    fill_material,
    inherit,
    known_sample,
    name_drafts,
    quantity_of,
    sizes_in_order,
    tell_of_fold_text,
    tell_of_missing_sizes,
)
from cutkit.formats.dxf.units import UnitChoice, check_units
from cutkit.formats.rul import RuleTable
from cutkit.geometry import angle_of
from cutkit.model import Dialect, Pattern, Piece


@dataclass(frozen=True, slots=True)
class Source:
    """What is known of a file beside its pieces."""

    where: str
    style: Style
    choice: UnitChoice
    dialect: Dialect
    sha256: str


def pattern_of(drafts: list[Draft], source: Source, table: RuleTable | None, remarks: Remarks) -> Pattern:
    """The pattern that drafts make, graded by a rule table where there is one.

    InputError where a piece cannot be one, or where the unit cannot be right.
    """
    sample = source.style.sample_size or (table.sample_size if table else None)
    if table is not None:
        sample = _agreed_sample(sample, table, remarks)
    name_drafts(drafts, sample, remarks)
    sizes = sizes_in_order(drafts)
    if table is None:
        sample = known_sample(sample, sizes, remarks)
    inherit(drafts, sample, remarks)
    if table is not None:
        drafts, sizes = grade_drafts(drafts, table, sample, remarks)
    elif len(sizes) <= 1:
        _tell_of_rules_without_table(drafts, source.style.rule_table, remarks)
    tell_of_missing_sizes(drafts, sizes, remarks)
    pieces = _pieces(drafts, source.where, remarks)
    check_units(pieces, source.choice, source.where, remarks)
    return Pattern(
        path=source.where,
        style=source.style.name or Path(source.where).stem,
        sizes=sizes,
        sample_size=sample,
        pieces=pieces,
        dialect=source.dialect,
        cad=source.style.cad,
        units=source.choice.units,
        units_from=source.choice.source,
        notices=remarks.notices(),
        sha256=source.sha256,
        rule_table=table.file if table else None,
    )


def _agreed_sample(named: str | None, table: RuleTable, remarks: Remarks) -> str | None:
    """The sample size as the table spells it; told, where file and table name two of the table's sizes."""
    alike = next((size for size in table.sizes if named and size.casefold() == named.casefold()), named)
    if alike in table.sizes and alike != table.sample_size:
        message = f"the file's sample size is {alike}, the rule table's {table.sample_size}: graded from {alike}"
        remarks.add("sample-size-differs", message)
    return alike


def _tell_of_rules_without_table(drafts: Sequence[Draft], named: str, remarks: Remarks) -> None:
    labels = sum(len(draft.rules) for draft in drafts)
    if labels:
        called = f", which it calls {named!r}," if named else ""
        message = (
            f"{labels} points have grade rules, but their table{called} is not beside the file: it has the sample size"
            " alone (give the table with --rul)"
        )
        remarks.add("grade-table-missing", message)


def _pieces(drafts: Sequence[Draft], where: str, remarks: Remarks) -> tuple[Piece, ...]:
    shared = _shared_grain(drafts, remarks)
    pieces: list[Piece] = []
    for draft in drafts:
        tell = Teller(remarks, draft.name, draft.size)
        tell_of_fold_text(draft, remarks)
        fill_material(draft.labels)
        quantity = quantity_of(draft.labels, draft.name, remarks)
        pieces.append(finish(draft, quantity, shared, f"{where}, block {draft.block!r}", tell))
    if sum(piece.per_garment for piece in pieces) == 0:
        remarks.add("nothing-to-cut", "every piece has quantity 0: an order would cut nothing")
    return tuple(pieces)


def _shared_grain(drafts: Sequence[Draft], remarks: Remarks) -> float | None:
    """The grain that all pieces with a grain line share, for those without; and a word on the latter."""
    angles = [angle_of(*draft.grain) % 180.0 for draft in drafts if draft.grain is not None]
    without = list(dict.fromkeys(draft.name for draft in drafts if draft.grain is None))
    if not without:
        return None
    spread = max((abs((a - angles[0] + 90.0) % 180.0 - 90.0) for a in angles), default=0.0)
    shared = angles[0] if angles and spread < 1.0 else None
    if not angles:
        how = "no piece has a grain line: all lie as drawn, the file's x along the cloth"
        remarks.add("grain-missing", how)
        return None
    for name in without:
        if shared is not None:
            how = f"no grain line: the grain of all other pieces, {shared:.0f} degrees, is taken"
        else:
            how = "no grain line: it lies as drawn, the file's x along the cloth"
        remarks.add("grain-missing", how, name)
    return shared
