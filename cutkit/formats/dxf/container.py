"""The container of a DXF: bytes to blocks and entities, each with the line of the file where it stands.

A reading of our own instead of ezdxf's: a pattern file may hold nine blocks of one name (ezdxf merges them into one), a
block name with a slash or ``??????`` (ezdxf refuses the file), and an error has to name its line (ezdxf does not keep
it). Only the grammar is read here, pairs of a group code and a value; what the entities are is in ``shapes``.
Binary DXF is turned into its text first (``binary``).
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeVar

from cutkit.errors import InputError
from cutkit.formats.dxf.binary import BINARY_MARK, text_of_binary

T = TypeVar("T")
LONGEST_NAME = 255
"""Longer names of blocks and layers are cut off; no CAD makes them."""
Tags = list[tuple[int, str]]
EXPORT_AGAIN = "Export the file again from the pattern CAD, as text DXF (ASTM D6673 or AAMA)."
_OTHER_FILES = (
    (b"AC10", "a DWG drawing, not a DXF", "Save it as DXF."),
    (b"PK\x03\x04", "a ZIP archive, not a DXF", "Unpack it and give the DXF inside."),
    (b"\xff\xfe", "UTF-16 text, which a DXF never is", "Save it as UTF-8 or ASCII text."),
    (b"\xfe\xff", "UTF-16 text, which a DXF never is", "Save it as UTF-8 or ASCII text."),
    (b"%PDF", "a PDF, not a DXF", "Export the pattern as DXF."),
    (b"<?xml", "an XML file, not a DXF", "Export the pattern as DXF."),
    (b"<svg", "an SVG picture, not a DXF", "Export the pattern as DXF."),
    (b"{", "a JSON file, not a DXF", "Export the pattern as DXF."),
)
_CODE_PAGES = {"ANSI_936": "gbk", "GB2312": "gbk", "ANSI_932": "cp932", "ANSI_949": "cp949", "ANSI_950": "cp950"}
_UNICODE_ESCAPE = re.compile(r"(?:\\U\+[0-9A-Fa-f]{4})+")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
"""Characters that a text of a pattern never means, and that would command the terminal it is shown on."""


@dataclass(slots=True)
class Record:
    """One entity (or its part, as VERTEX): its kind, its pairs of group code and value, its line in the file.

    The line is 0 in a binary file, which has none.
    """

    kind: str
    tags: Tags
    line: int
    parts: list[Record] = field(default_factory=list)

    def text(self, code: int, default: str = "") -> str:
        """The first value of a group code."""
        for tag_code, value in self.tags:
            if tag_code == code:
                return value.strip()
        return default

    def number(self, code: int, default: float | None = None) -> float:
        """The first value of a group code as a finite number; ValueError where it is missing or none."""
        for tag_code, value in self.tags:
            if tag_code == code:
                return finite(value)
        if default is None:
            raise ValueError(f"group {code} is missing")
        return default

    @property
    def on_paper(self) -> bool:
        """Whether it lies in paper space, which is no part of what is drawn."""
        return any(code == 67 and value.strip() == "1" for code, value in self.tags)

    def maybe(self, code: int) -> float | None:
        """The first value of a group code as a number, None where the entity has none."""
        return self.number(code) if any(tag_code == code for tag_code, _ in self.tags) else None

    def all(self, code: int) -> list[str]:
        """Every value of a group code."""
        return [value for tag_code, value in self.tags if tag_code == code]

    @property
    def layer(self) -> str:
        """The layer's name."""
        return layer_name(self.text(8, "0"))


def layer_name(name: str) -> str:
    """A layer's name; a number without leading zeros."""
    return str(int(name)) if len(name) < 10 and name.isascii() and name.isdigit() else name[:LONGEST_NAME]


@dataclass(slots=True)
class Block:
    """A BLOCK with its base point and its entities."""

    name: str
    line: int
    base: tuple[float, float] = (0.0, 0.0)
    records: list[Record] = field(default_factory=list)


@dataclass(slots=True)
class Drawing:
    """What a DXF holds. ``blocks`` are in the file's order, and blocks of one name stay apart.

    ``layer_colours`` are the colour numbers of declared layers; ``comments`` are the group 999 texts before the first
    section, where some programs leave their name; ``remarks`` (code and message) are for the user.
    """

    header: dict[str, str] = field(default_factory=dict)
    layer_colours: dict[str, int] = field(default_factory=dict)
    blocks: list[Block] = field(default_factory=list)
    entities: list[Record] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)


def read_drawing(data: bytes, where: str) -> Drawing:
    """The drawing in the bytes of a DXF; InputError with the line where they are no DXF, cut off or damaged."""
    drawing = Drawing()
    is_binary = data.startswith(BINARY_MARK)
    if is_binary:
        try:
            data = text_of_binary(data)
        except ValueError as error:
            raise InputError(f"damaged binary DXF: {error}", where=where, hint=EXPORT_AGAIN) from error
    else:
        _refuse_other_files(data, where)
    tags = _pairs(_decode(data, drawing), where)
    _Sections(drawing, _records(tags, drawing, where, has_lines=not is_binary), where).read()
    return drawing


def finite(value: str) -> float:
    """A number of a DXF; ValueError where it is none, not finite, or beyond any pattern."""
    number = float(value)
    if not -1e9 < number < 1e9:
        raise ValueError(f"{value.strip()!r} is no coordinate of a pattern")
    return number


def guard(where: str, line: int, what: str, convert: Callable[[], T]) -> T:
    """What ``convert`` returns; its ValueError becomes an InputError that names the file, the line and the entity."""
    try:
        return convert()
    except (ValueError, OverflowError) as error:
        place = f"{where}, line {line}" if line else where
        raise InputError(f"damaged {what}: {error}", where=place, hint=EXPORT_AGAIN) from error


def _refuse_other_files(data: bytes, where: str) -> None:
    start = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:16]
    for mark, what, hint in _OTHER_FILES:
        if start.startswith(mark):
            raise InputError(f"this is {what}", where=where, hint=hint)
    if b"\0" in data[:4096] or b"SECTION" not in data[:200_000].upper():
        raise InputError("this is not a DXF file", where=where, hint="Give a DXF as a pattern CAD exports it.")


def _decode(data: bytes, drawing: Drawing) -> str:
    """The text: UTF-8 if it is that, else the code page it names, else what it looks like (``_encoding_of``)."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        page = re.search(rb"\$DWGCODEPAGE\s+3\s+(\S+)", data[:20_000])
        named = page.group(1).decode("ascii", "replace").upper() if page else ""
        encoding = _CODE_PAGES.get(named) or (f"cp{named[5:]}" if re.fullmatch(r"ANSI_125\d", named) else "")
        if encoding in ("", "cp1252"):
            seen = _encoding_of(data)
            told, encoding = encoding == seen, seen
        else:
            told = True
        if not told:
            drawing.remarks.append(("encoding-assumed", f"the texts are read as {encoding}: the file does not say"))
        text = data.decode(encoding, "replace")
    if "\\U+" in text:
        text = _UNICODE_ESCAPE.sub(_unescaped, text)
    return _CONTROL.sub(" ", text)


def _unescaped(match: re.Match[str]) -> str:
    """The characters that ``\\U+XXXX`` stand for, UTF-16 units; half a pair becomes a replacement character."""
    units = bytes.fromhex(match.group().replace("\\U+", ""))
    return re.sub(r"[\r\n]", " ", units.decode("utf-16-be", "replace"))


def _encoding_of(data: bytes) -> str:
    """GBK, Shift-JIS or Windows Cyrillic where the bytes look like it, else Windows Latin, whose texts have single
    letters above ASCII rather than rows of them."""
    runs = re.findall(rb"[\x80-\xff]+", data)
    leads = [byte for run in runs for byte in run[::2]]
    if all(len(run) % 2 == 0 for run in runs) and all(0xA1 <= byte <= 0xF7 for byte in leads):
        common = sum(1 for byte in leads if 0xB0 <= byte <= 0xD7)  # as the common Chinese characters begin
        if 2 * common >= len(leads):
            return "gbk"
    if len(re.findall(rb"[\x82\x83][\x40-\xfc]", data)) >= 2 and _decodes(data, "cp932"):
        return "cp932"  # kana
    letters = sum(len(run) for run in runs)
    if letters >= 3 * len(runs) and all(
        byte >= 0xC0 or byte in b"\xa8\xb8\xb3\xbf\xba\xaf\xb2\xaa" for byte in b"".join(runs)
    ):
        return "cp1251"
    return "cp1252"


def _decodes(data: bytes, encoding: str) -> bool:
    try:
        data.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


@dataclass(slots=True)
class _Pairs:
    """Group codes and their values; ``blank`` lines stand before the first."""

    codes: list[int]
    values: list[str]
    blank: int


def _pairs(text: str, where: str) -> _Pairs:
    lines = text.split("\n") if "\n" in text else text.split("\r")
    while lines and not lines[-1].strip(" \t\r\x1a\0"):
        lines.pop()
    blank = next((i for i, line in enumerate(lines) if line.strip()), 0)
    del lines[:blank]
    try:
        codes = list(map(int, lines[0::2]))
    except ValueError:
        number = next(i for i, line in enumerate(lines) if i % 2 == 0 and not _is_code(line))
        raise InputError(
            f"a group code was expected, not {lines[number].strip()[:40]!r}",
            where=f"{where}{_block_before(lines, number)}, line {blank + number + 1}",
            hint=f"A line is missing, doubled or damaged at or before this one. {EXPORT_AGAIN}",
        ) from None
    values = lines[1::2]
    if len(values) < len(codes):
        raise InputError(
            "the file is cut off: its last group code has no value",
            where=f"{where}{_block_before(lines, len(lines) - 1)}, line {blank + len(lines)}",
            hint=EXPORT_AGAIN,
        )
    return _Pairs(codes, values, blank)


def _block_before(lines: list[str], number: int) -> str:
    """The block that a line is in, as part of a place; empty where it is in none."""
    for start in range(number - number % 2, -1, -2):
        words = [line.strip() for line in lines[start : start + 2]]
        if words in (["0", "ENDBLK"], ["0", "ENDSEC"]):
            return ""
        if words == ["0", "BLOCK"]:
            rest = [line.strip() for line in lines[start + 2 : start + 16]]
            name = next((value for code, value in zip(rest[0::2], rest[1::2], strict=False) if code == "2"), "")
            return f", block {name!r}"
    return ""


def _is_code(line: str) -> bool:
    try:
        int(line)
    except ValueError:
        return False
    return True


def _records(pairs: _Pairs, drawing: Drawing, where: str, *, has_lines: bool) -> Iterator[Record]:
    codes, values = pairs.codes, pairs.values
    starts = [index for index, code in enumerate(codes) if code == 0]
    if not starts:
        raise InputError("this is not a DXF file: it has no entities", where=where)
    drawing.comments += [v.strip() for c, v in zip(codes[: starts[0]], values, strict=False) if c == 999]
    starts.append(len(codes))
    for start, end in itertools.pairwise(starts):
        tags = list(zip(codes[start + 1 : end], values[start + 1 : end], strict=True))
        line = pairs.blank + 2 * start + 1 if has_lines else 0
        yield Record(values[start].strip().upper(), tags, line)


class _Sections:
    """Sorts records into header, blocks and entities. Tolerates missing sections, SEQEND and EOF, but no open block."""

    def __init__(self, drawing: Drawing, records: Iterator[Record], where: str) -> None:
        self.drawing, self.records, self.where = drawing, records, where
        self.last_line = 0
        self.strays: list[int] = []

    def read(self) -> None:
        ended = False
        for record in self.records:
            self.last_line = record.line
            if record.kind == "EOF":
                ended = True
                break
            if record.kind == "SECTION":
                self._section(record)
        if self.strays:
            self.drawing.remarks.append(
                (
                    "outside-blocks",
                    f"{len(self.strays)} entities among the blocks belong to none (the first at line {self.strays[0]}):"
                    " they are not used, and a piece may be missing",
                )
            )
        if not ended:
            self.drawing.remarks.append(
                ("file-without-end", "the file has no EOF mark: it may be cut off after a section")
            )

    def _section(self, start: Record) -> None:
        name = start.text(2).upper()
        if name == "HEADER":
            self.drawing.header.update(_header(start.tags))
        block: Block | None = None
        for record in self.records:
            self.last_line = record.line or self.last_line
            if record.kind in ("ENDSEC", "EOF", "SECTION") and block is not None:
                raise self._cut_off(f"block {block.name!r} has no end", block.line)
            if record.kind == "ENDSEC":
                return
            if record.kind in ("EOF", "SECTION"):
                raise self._cut_off(f"section {name} has no end", start.line)
            if name == "TABLES" and record.kind == "LAYER":
                self._layer_record(record)
            elif name == "ENTITIES":
                _append(self.drawing.entities, record)
            elif name == "BLOCKS":
                block = self._block_record(block, record)
        missing = f"block {block.name!r}" if block else f"section {name}"
        raise self._cut_off(f"the file is cut off in {missing}", self.last_line)

    def _layer_record(self, record: Record) -> None:
        """Note a layer's colour; one below 0 says that the layer is switched off, which is the screen's affair."""
        name = record.text(2)
        colour = guard(self.where, record.line, f"layer {name!r}", lambda: int(record.number(62, 0.0)))
        self.drawing.layer_colours[layer_name(name)] = abs(colour)

    def _block_record(self, block: Block | None, record: Record) -> Block | None:
        if record.kind == "BLOCK":
            if block is not None:
                raise self._cut_off(f"block {block.name!r} has no end", block.line)
            name = (record.text(2) or record.text(3))[:LONGEST_NAME]
            what = f"block {name!r}"
            base = guard(self.where, record.line, what, lambda: (record.number(10, 0.0), record.number(20, 0.0)))
            return Block(name, record.line, base)
        if record.kind == "ENDBLK":
            if block is not None:
                self.drawing.blocks.append(block)
            return None
        if block is not None:
            _append(block.records, record)
        else:
            self.strays.append(record.line)
        return block

    def _cut_off(self, message: str, line: int) -> InputError:
        place = f"{self.where}, line {line}" if line else self.where
        return InputError(message, where=place, hint=EXPORT_AGAIN)


def _append(records: list[Record], record: Record) -> None:
    """Add an entity; VERTEX goes to the POLYLINE before it, ATTRIB stays an entity of its own (a text)."""
    if record.kind == "SEQEND":
        return
    if record.kind == "VERTEX" and records and records[-1].kind == "POLYLINE":
        records[-1].parts.append(record)
        return
    records.append(record)


def _header(tags: Tags) -> dict[str, str]:
    """The header's variables, each with the first of its values."""
    variables: dict[str, str] = {}
    name = ""
    for code, value in tags:
        if code == 9:
            name = value.strip().upper()
        elif name and name not in variables:
            variables[name] = value.strip()
    return variables
