"""Pattern files in DXF: ASTM D6673, AAMA-292 and plain drawings. ``read_pattern`` is the door.

The way of a file: container (``dxf_container``), shapes in mm (``dxf_shapes``), texts (``dxf_meaning``), unit
(``dxf_units``), drafts of the pieces as drawn (``dxf_draft`` with ``dxf_outline`` and ``dxf_notch``; ``dxf_plain`` for
a file without blocks), names and sizes (``dxf_sizes``), grading (``dxf_grade``), and the pieces (``dxf_piece``).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from cutkit.errors import InputError
from cutkit.formats.dxf_container import EXPORT_AGAIN, Block, Drawing, Record, read_drawing
from cutkit.formats.dxf_draft import Draft, drafts_of
from cutkit.formats.dxf_grade import grade_drafts
from cutkit.formats.dxf_meaning import Style, layers_dialect, style_of
from cutkit.formats.dxf_notch import Teller
from cutkit.formats.dxf_piece import finish
from cutkit.formats.dxf_plain import plain_drafts
from cutkit.formats.dxf_remarks import Remarks
from cutkit.formats.dxf_shapes import ShapeReader
from cutkit.formats.dxf_sizes import (
    fill_material,
    inherit,
    name_drafts,
    quantity_of,
    sizes_in_order,
    tell_of_fold_text,
    tell_of_missing_sizes,
)
from cutkit.formats.dxf_units import UnitChoice, check_units, choose_units
from cutkit.formats.files import read_bytes, sha256_of
from cutkit.formats.rul import RuleTable, find_rule_table, read_rule_table
from cutkit.geometry import angle_of
from cutkit.model import Dialect, Pattern, Piece, Units

GARMENT_LAYERS = {"1", "84", "14"}
"""A block with one of these draws a piece by the ASTM or AAMA convention."""
NO_GRAIN_NAMED = 6


def read_pattern(path: str | Path, *, units: Units | None = None, rul: str | Path | None = None) -> Pattern:
    """The pattern in a DXF file, with a notice for everything that was assumed, mended or could not be used.

    ``units`` overrides what the file says; ``rul`` is its grade rule table, looked for beside the file (same name,
    ``.rul``) where it is not given. InputError (exit 3) where the file is missing, no DXF, damaged, has no piece, or
    where its unit cannot be right.
    """
    where = str(path)
    data = read_bytes(path)
    remarks = Remarks()
    drawing = read_drawing(data, where)
    for code, message in drawing.remarks:
        remarks.add(code, message)
    style = style_of(ShapeReader(drawing, where, 1.0).loose_shapes(_texts(drawing.entities)), drawing)
    choice = choose_units(units, style, drawing, remarks)
    table_path = rul if rul is not None else find_rule_table(path)
    table = read_rule_table(table_path, choice.units) if table_path is not None else None
    reading = _Reading(where, drawing, style, choice, remarks)
    drafts, dialect = reading.drafts()
    return reading.pattern(drafts, dialect, table, sha256_of(data), Path(path).stem)


def _texts(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if record.kind in ("TEXT", "MTEXT")]


@dataclass(slots=True)
class _Reading:
    """One file on its way from blocks to pieces."""

    where: str
    drawing: Drawing
    style: Style
    choice: UnitChoice
    remarks: Remarks

    def drafts(self) -> tuple[list[Draft], Dialect]:
        """The pieces as drawn and the dialect; InputError where the file has none."""
        reader = ShapeReader(self.drawing, self.where, self.choice.mm)
        blocks = _piece_blocks(self.drawing)
        if blocks:
            drafts = self._block_drafts(blocks, reader)
            layers = {record.layer for block in blocks for record in block.records}
            dialect = self.style.dialect or layers_dialect(layers)
        else:
            drafts = plain_drafts(reader.loose_shapes(self.drawing.entities), self.where, self.remarks)
            dialect = self.style.dialect or "plain"
        if reader.ignored:
            self._tell_ignored(reader.ignored)
        if not drafts:
            raise InputError(
                "no piece found: no block has an outline on layer 1, and no line outside the blocks closes",
                where=self.where,
                hint=EXPORT_AGAIN,
            )
        return drafts, dialect

    def _block_drafts(self, blocks: Sequence[Block], reader: ShapeReader) -> list[Draft]:
        inserts = self._inserts(blocks)
        drafts: list[Draft] = []
        for block in blocks:
            shapes = reader.block_shapes(block, inserts.get(id(block)))
            where = f"{self.where}, block {block.name!r}"
            drafts += drafts_of(shapes, block.name, block.line, where, self.remarks)
        self._tell_loose(reader)
        return drafts

    def _inserts(self, blocks: Sequence[Block]) -> dict[int, Record]:
        """The INSERT of each block, by the block's id: of blocks with one name the n-th takes the n-th INSERT."""
        by_name: dict[str, list[Record]] = defaultdict(list)
        for record in self.drawing.entities:
            if record.kind == "INSERT":
                by_name[record.text(2).upper()].append(record)
        same_name = Counter(block.name.upper() for block in blocks)
        taken: Counter[str] = Counter()
        found: dict[int, Record] = {}
        for block in blocks:
            name = block.name.upper()
            inserts = by_name.get(name, [])
            if inserts:
                found[id(block)] = inserts[min(taken[name], len(inserts) - 1)]
            elif by_name:
                self.remarks.add(
                    "block-not-inserted", "its block is inserted nowhere; it is read as a piece", block.name
                )
            if same_name[name] == 1 and len(inserts) > 1:
                message = f"its block is inserted {len(inserts)} times; it is read as one piece"
                self.remarks.add("block-inserted-often", message, block.name)
            taken[name] += 1
        return found

    def _tell_loose(self, reader: ShapeReader) -> None:
        loose = [r for r in self.drawing.entities if r.kind not in ("INSERT", "TEXT", "MTEXT", "ATTRIB", "ATTDEF")]
        if loose:
            layers = ", ".join(sorted({record.layer for record in loose})[:6])
            self.remarks.add(
                "outside-blocks", f"{len(loose)} entities outside the blocks are not used (layers {layers})"
            )

    def _tell_ignored(self, ignored: Counter[str]) -> None:
        known = {"ATTDEF", "VIEWPORT"}
        listed = ", ".join(f"{kind} ({n})" for kind, n in sorted(ignored.items()) if kind not in known)
        if listed:
            self.remarks.add("entity-ignored", f"entities that are neither line, point nor text are not used: {listed}")

    def pattern(
        self, drafts: list[Draft], dialect: Dialect, table: RuleTable | None, sha256: str, stem: str
    ) -> Pattern:
        """The pattern that the drafts make."""
        sample = self.style.sample_size or (table.sample_size if table else None)
        name_drafts(drafts, sample, self.remarks)
        inherit(drafts, sample, self.remarks)
        sizes = sizes_in_order(drafts)
        if table is not None:
            drafts, sizes = grade_drafts(drafts, table, sample, self.remarks)
        tell_of_missing_sizes(drafts, sizes, self.remarks)
        pieces = self._pieces(drafts)
        check_units(pieces, self.choice, self.where, self.remarks)
        return Pattern(
            path=self.where,
            style=self.style.name or stem,
            sizes=sizes,
            sample_size=sample,
            pieces=pieces,
            dialect=dialect,
            cad=self.style.cad,
            units=self.choice.units,
            units_from=self.choice.source,
            notices=self.remarks.notices(),
            sha256=sha256,
        )

    def _pieces(self, drafts: Sequence[Draft]) -> tuple[Piece, ...]:
        shared = self._shared_grain(drafts)
        pieces: list[Piece] = []
        for draft in drafts:
            tell = Teller(self.remarks, draft.name, draft.size)
            tell_of_fold_text(draft, self.remarks)
            fill_material(draft.labels)
            quantity = quantity_of(draft.labels, draft.name, self.remarks)
            pieces.append(finish(draft, quantity, shared, f"{self.where}, block {draft.block!r}", tell))
        if sum(piece.per_garment for piece in pieces) == 0:
            self.remarks.add("nothing-to-cut", "every piece has quantity 0: an order would cut nothing")
        return tuple(pieces)

    def _shared_grain(self, drafts: Sequence[Draft]) -> float | None:
        """The grain that all pieces with a grain line share, for those without; and a word on the latter."""
        angles = [angle_of(*draft.grain) % 180.0 for draft in drafts if draft.grain is not None]
        without = list(dict.fromkeys(draft.name for draft in drafts if draft.grain is None))
        if not without:
            return None
        spread = max((abs((a - angles[0] + 90.0) % 180.0 - 90.0) for a in angles), default=0.0)
        shared = angles[0] if angles and spread < 1.0 else None
        if not angles:
            how = "no piece has a grain line: all lie as drawn, the file's x along the cloth"
            self.remarks.add("grain-missing", how)
            return None
        for name in without:
            if shared is not None:
                how = f"no grain line: the grain of all other pieces, {shared:.0f} degrees, is taken"
            else:
                how = "no grain line: it lies as drawn, the file's x along the cloth"
            self.remarks.add("grain-missing", how, name)
        return shared


def _piece_blocks(drawing: Drawing) -> list[Block]:
    """The blocks that draw a piece: with a garment layer, no layout, and not only a part of another block."""
    by_name = {block.name.upper(): block for block in reversed(drawing.blocks)}
    inner = {r.text(2).upper() for block in drawing.blocks for r in block.records if r.kind == "INSERT"}
    outer = {r.text(2).upper() for r in drawing.entities if r.kind == "INSERT"}
    blocks = [b for b in drawing.blocks if not _LAYOUT.match(b.name)]
    own = [b for b in blocks if b.name.upper() not in inner or b.name.upper() in outer]
    return [b for b in own if _layers(b.records, by_name) & GARMENT_LAYERS]


_LAYOUT = re.compile(r"[*$](?:MODEL|PAPER)_SPACE", re.IGNORECASE)


def _layers(records: Iterable[Record], by_name: dict[str, Block], depth: int = 0) -> set[str]:
    """The layers that lines are drawn on, also those of blocks inserted among them."""
    layers: set[str] = set()
    for record in records:
        if record.kind == "INSERT":
            inner = by_name.get(record.text(2).upper())
            if inner is not None and depth < 2:
                layers |= _layers(inner.records, by_name, depth + 1)
        elif record.kind not in ("TEXT", "MTEXT", "POINT", "ATTDEF"):
            layers.add(record.layer)
    return layers
