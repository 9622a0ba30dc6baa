"""Pattern files in DXF: ASTM D6673, AAMA-292 and plain drawings. ``parse_dxf`` is the door."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial

from cutkit.errors import InputError
from cutkit.formats.dxf.blocks import a_piece_each, piece_blocks, without_wrappers
from cutkit.formats.dxf.container import EXPORT_AGAIN, Block, Drawing, Record, guard, read_drawing
from cutkit.formats.dxf.draft import Draft, drafts_of
from cutkit.formats.dxf.layers import AS_THE_FILE_HAS_THEM, LayerRoles, Overrides
from cutkit.formats.dxf.meaning import (
    Labels,
    Style,
    key_and_value,
    labels_of,
    layers_dialect,
    says_quantity,
    style_of,
)
from cutkit.formats.dxf.pattern import Source, pattern_of
from cutkit.formats.dxf.plain import plain_drafts
from cutkit.formats.dxf.remarks import Remarks
from cutkit.formats.dxf.shapes import Shape, ShapeReader, copies, mirrors, turn_of
from cutkit.formats.dxf.units import UnitChoice, choose_units
from cutkit.formats.files import sha256_of
from cutkit.formats.rul import RuleTable, find_rule_table, parse_rule_table, read_rule_table
from cutkit.model import Dialect, Pattern


def parse_dxf(data: bytes, *, where: str, told: Overrides) -> Pattern:
    """The pattern in the bytes of a DXF file, with a notice for everything that was assumed, mended or not used.

    ``where`` is its path, beside which a rule table of its name is looked for if none is ``told``. InputError (exit 3)
    where it is no DXF, damaged, has no piece, or where its unit cannot be right.
    """
    with _without_garbage_collection():
        return _parse(data, where, told)


@contextmanager
def _without_garbage_collection() -> Iterator[None]:
    """Python looks for garbage whenever much is made: among the records of a large file ever longer, and in vain."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _parse(data: bytes, where: str, told: Overrides) -> Pattern:
    remarks = Remarks()
    drawing = read_drawing(data, where)
    for code, message in drawing.remarks:
        remarks.add(code, message)
    style = style_of(ShapeReader(drawing, where, 1.0).loose_shapes(_texts(drawing.entities)), drawing)
    choice = choose_units(told.units, style, drawing, remarks)
    table = _rule_table(told, style, where, choice)
    for code, message in table.remarks if table else ():
        remarks.add(code, message)
    reading = _Reading(where, drawing, style, choice, told.layers, remarks)
    drafts, dialect = reading.drafts()
    source = Source(where, style, choice, dialect, sha256_of(data))
    return pattern_of(drafts, source, table, remarks)


def _rule_table(told: Overrides, style: Style, where: str, choice: UnitChoice) -> RuleTable | None:
    """The grade rule table that is told, else the one beside the pattern."""
    path = told.rul if told.rul is not None else find_rule_table(where, style.rule_table)
    if path is None:
        return None
    if told.rul_data is not None:
        return parse_rule_table(told.rul_data, choice.units, where=str(path))
    return read_rule_table(path, choice.units)


def _texts(records: Iterable[Record]) -> list[Record]:
    return [record for record in records if record.kind in ("TEXT", "MTEXT")]


@dataclass(slots=True)
class _Reading:
    """One file on its way from blocks to pieces."""

    where: str
    drawing: Drawing
    style: Style
    choice: UnitChoice
    roles: LayerRoles
    remarks: Remarks
    _by_block: dict[str, list[Record]] = field(default_factory=dict)
    """The INSERTs outside the blocks, by the name of their block in capitals."""
    _attributes_of: dict[int, list[Record]] = field(default_factory=dict)
    """The ATTRIBs of each INSERT, by its id."""

    def __post_init__(self) -> None:
        self.drawing.entities[:] = without_wrappers(self.drawing, self.where)
        last: Record | None = None
        for record in self.drawing.entities:
            if record.kind == "INSERT":
                self._by_block.setdefault(record.text(2).upper(), []).append(record)
                last = record
            elif record.kind == "ATTRIB" and last is not None:
                self._attributes_of.setdefault(id(last), []).append(record)
            else:
                last = None

    def drafts(self) -> tuple[list[Draft], Dialect]:
        """The pieces as drawn and the dialect; InputError where the file has none."""
        reader = ShapeReader(self.drawing, self.where, self.choice.mm, self.roles)
        blocks, others = piece_blocks(self.drawing)
        if blocks:
            drafts = self._block_drafts(blocks, reader)
            self._tell_not_read(others, reader)
            layers = {record.layer for block in blocks for record in block.records}
            dialect = self.style.dialect or layers_dialect(layers)
        else:
            drafts = self._plain_drafts(others, reader)
            dialect = self.style.dialect or "plain"
        if reader.ignored:
            self._tell_ignored(reader.ignored)
        if reader.on_paper:
            self.remarks.add("paper-space", f"{reader.on_paper} entities in paper space are not used")
        self.roles.tell_of_missing(reader.seen, self.remarks)
        if not drafts:
            raise InputError(
                "no piece found: no block has an outline on layer 1, and no line outside the blocks closes",
                where=self.where,
                hint=EXPORT_AGAIN if self.roles == AS_THE_FILE_HAS_THEM else "Name other layers, or none.",
            )
        return drafts, dialect

    def _plain_drafts(self, blocks: Sequence[Block], reader: ShapeReader) -> list[Draft]:
        """The pieces of a file without a garment block: of what is drawn outside the blocks, else of each block."""
        others_drawn = bool(self.roles.cut)
        inserts = [record for record in self.drawing.entities if record.kind == "INSERT"]
        inserted = [reader.loose_shapes([insert]) for insert in inserts]
        loose = reader.loose_shapes([record for record in self.drawing.entities if record.kind != "INSERT"])
        if any(shape.is_path for shapes in (loose, *inserted) for shape in shapes):
            self._tell_not_inserted(blocks, reader)
            groups = [[*loose, *(shape for shapes in inserted for shape in shapes)]]
            if not any(shape.is_path for shape in loose) and (each := a_piece_each(inserts, inserted, self.remarks)):
                groups = each
                self.remarks.add("blocks-by-themselves", "every inserted block is read by itself")
            return plain_drafts(groups, self.where, self.remarks, others_drawn=others_drawn)
        named = [reader.named_shapes(block) for block in blocks]
        drafts = plain_drafts(named, self.where, self.remarks, others_drawn=others_drawn)
        if drafts:
            message = "nothing is drawn outside the blocks, and none is inserted: each block is read by itself"
            self.remarks.add("block-not-inserted", message)
        return drafts

    def _tell_not_inserted(self, blocks: Sequence[Block], reader: ShapeReader) -> None:
        """Name the blocks with lines that a plain drawing does not insert: a library, or a piece left out."""
        unused = [block.name for block in blocks if not self._inserts_of(block.name.upper()) and _draws(block, reader)]
        if unused:
            listed = ", ".join(unused[:6]) + (f" and {len(unused) - 6} more" if len(unused) > 6 else "")
            self.remarks.add(
                "block-not-inserted", f"blocks with lines that are inserted nowhere are not used: {listed}"
            )

    def _block_drafts(self, blocks: Sequence[Block], reader: ShapeReader) -> list[Draft]:
        inserts = self._inserts(blocks)
        same_name = Counter(block.name.upper() for block in blocks)
        drafts: list[Draft] = []
        for block in blocks:
            where = f"{self.where}, block {block.name!r}"
            several = self._inserts_of_many_names(block)
            laid: list[Record | None] = [*several] if several else [inserts.get(id(block))]
            for insert in laid:
                shapes = [*reader.block_shapes(block, insert), *self._attributes(insert, reader)]
                found = drafts_of(shapes, block.name, block.line, where, self.remarks)
                if insert is not None:
                    _turn_grading(found, insert)
                if found and not several:
                    self._tell_inserts(block, found[0].labels, same_name[block.name.upper()] > 1)
                drafts += found
        self._tell_loose()
        self._tell_missing_blocks()
        return drafts

    def _inserts_of_many_names(self, block: Block) -> list[Record]:
        """The INSERTs of a block where attributes call them by several names, so that it draws several pieces."""
        inserts = self._inserts_of(block.name.upper())
        texts = [sorted(r.text(1) for r in self._attributes_of.get(id(insert), ())) for insert in inserts]
        return inserts if len(inserts) > 1 and len(set(map(tuple, texts))) == len(inserts) else []

    def _attributes(self, insert: Record | None, reader: ShapeReader) -> list[Shape]:
        """The texts that stand with an INSERT, of which the tag may be the key: PIECE_NAME for "Piece Name"."""
        shapes = reader.loose_shapes(self._attributes_of.get(id(insert), ()))
        for shape, record in zip(shapes, self._attributes_of.get(id(insert), ()), strict=True):
            text = f"{record.text(2).replace('_', ' ')}: {shape.text}"
            if key_and_value(shape.text) is None and key_and_value(text) is not None:
                shape.text = text
        return shapes

    def _tell_missing_blocks(self) -> None:
        names = {block.name.upper() for block in self.drawing.blocks}
        for name, inserts in self._by_block.items():
            if name not in names and not name.startswith(("*", "$")):
                message = (
                    f"line {inserts[0].line}: INSERT of block {inserts[0].text(2)!r}, which the file does not have"
                )
                self.remarks.add("insert-without-block", f"{message}: a piece may be missing")

    def _inserts(self, blocks: Sequence[Block]) -> dict[int, Record]:
        """The INSERT of each block, by the block's id: of blocks with one name the n-th takes the n-th INSERT."""
        taken: Counter[str] = Counter()
        found: dict[int, Record] = {}
        for block in blocks:
            name = block.name.upper()
            inserts = self._inserts_of(name)
            if inserts:
                found[id(block)] = inserts[min(taken[name], len(inserts) - 1)]
            taken[name] += 1
        return found

    def _inserts_of(self, name: str) -> list[Record]:
        return self._by_block.get(name, [])

    def _tell_inserts(self, block: Block, labels: Labels, name_shared: bool) -> None:
        """Say where a piece's block is not inserted once, as it is in nearly all files.

        Where no text says how many copies there are, its INSERTs do.
        """
        piece = labels.name or block.name
        inserts = self._inserts_of(block.name.upper())
        if not inserts and self._by_block:
            message = f"its block {block.name!r} is inserted nowhere; it is read as a piece"
            self.remarks.add("block-not-inserted", message, piece)
        each = [guard(self.where, i.line, "INSERT", partial(copies, i)) for i in inserts]
        count = sum(each)
        if count < 2 or name_shared:
            return
        times = f"its block {block.name!r} is inserted {count} times"
        if says_quantity(labels):
            self.remarks.add("block-inserted-often", f"{times}; it is read as one piece", piece)
            return
        other_way = sum(n for n, insert in zip(each, inserts, strict=True) if mirrors(insert) != mirrors(inserts[0]))
        labels.quantity = f"{count - other_way},{other_way}"
        message = f"{times} and no text says how often to cut it: {count - other_way} as drawn, {other_way} mirrored"
        self.remarks.add("quantity-from-inserts", message, piece)

    def _tell_not_read(self, others: Sequence[Block], reader: ShapeReader) -> None:
        """Name the blocks that an INSERT or a text means as pieces, but that have no line on a garment layer."""
        inserted = {r.text(2).upper() for r in self.drawing.entities if r.kind == "INSERT"}
        for block in others:
            shapes = reader.block_shapes(block)
            name = labels_of(shapes).name
            layers = ", ".join(sorted({shape.layer for shape in shapes if shape.is_path})[:6])
            if name or (layers and block.name.upper() in inserted):
                has = f"has lines on layers {layers}, but" if layers else "has"
                message = f"block {block.name!r} {has} no outline (layer 1); it is not read"
                self.remarks.add("piece-without-outline", message, name or block.name)

    def _tell_loose(self) -> None:
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


def _turn_grading(drafts: Sequence[Draft], insert: Record) -> None:
    """Let the moves of grade rules turn with the block as its INSERT lays it."""
    turn_deg, mirrored = turn_of(insert)
    for draft in drafts:
        draft.grade_mirrored = mirrored
        if draft.grade_axis_deg is None:
            draft.grade_axis_deg = turn_deg


def _draws(block: Block, reader: ShapeReader) -> bool:
    return any(shape.is_path for shape in reader.block_shapes(block))
