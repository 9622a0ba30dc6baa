"""Orders of garments: ``S=1,M=2,L=1`` on the command line, or a CSV file.

The CSV file has a line of column names, ``size`` and ``count``, and where needed ``style`` and ``bundle`` (the number
of the line's first garment), in any order; separated by commas, semicolons or tabs, as spreadsheets save them; UTF-8,
with or without a byte order mark. Further columns are rules for the pieces of the line's style, by the keys of a rules
file that fit into a cell (``nap``, ``tilt``, ...); an empty cell says nothing.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from cutkit.errors import InputError, UsageError, did_you_mean
from cutkit.formats.csv_table import parse_rows
from cutkit.formats.files import read_bytes
from cutkit.formats.rules import CELL_KEYS, cell_rules
from cutkit.model import Order, OrderLine
from cutkit.rules import Rule

COLUMNS = ("size", "count", "style", "bundle")
NEEDED = ("size", "count")
EXAMPLE = "S=1,M=2,L=1"

_DIGITS = re.compile(r"\d{1,9}")


def read_order(text_or_csv_path: str) -> Order:
    """The order in ``S=1,M=2,L=1``, in a plain number (garments of the only size), or in a CSV file of that path.

    Lines of the same size and style add up, unless a bundle sets them apart. UsageError (exit 2) names the entry that
    is wrong, InputError (exit 3) the file and line.
    """
    text = text_or_csv_path.strip()
    return parse_order_table(read_bytes(text), where=text) if is_order_path(text) else parse_order(text)


def parse_order(text: str, *, called: str = "order", example: str = EXAMPLE) -> Order:
    """The order in a text; errors say what the text is ``called``, and how one is written."""
    try:
        return Order(_added_up([_entry(part, text.strip()) for part in text.strip().split(",")]))
    except ValueError as error:
        hint = f"Write it like {example}, or name a CSV file."
        raise UsageError(str(error), where=f"{called} {text.strip()!r}", hint=hint) from None


def parse_order_table(data: bytes, *, where: str) -> Order:
    """The order in the bytes of a CSV file; ``where`` names it in errors."""
    return Order(_added_up(_csv_lines(data, where)))


def order_rules(data: bytes, *, where: str) -> tuple[Rule, ...]:
    """What the columns of an order's table say of the pieces of its styles: a rule for each style that has any.

    InputError where a cell is wrong, or where lines of one style say different things.
    """
    said: dict[str, dict[str, tuple[str, str]]] = {}
    for cells, place in _csv_cells(data, where):
        of_style = said.setdefault(cells.get("style") or "*", {})
        for key in CELL_KEYS:
            text = cells.get(key, "")
            if text and of_style.setdefault(key, (text, place))[0] != text:
                other = of_style[key][1].removeprefix(f"{where}, ")
                hint = "Give lines that differ a style, or an order, of their own."
                raise InputError(f"column '{key}': {text!r} is not what {other} says", where=place, hint=hint)
    return tuple(
        cell_rules(style, {key: text for key, (text, _) in cells.items()}, next(iter(cells.values()))[1])
        for style, cells in said.items()
        if cells
    )


def is_order_path(text: str) -> bool:
    """True for what ends like a file of a table, or is one."""
    text = text.strip()
    if text.casefold().endswith((".csv", ".txt", ".tsv")):
        return True
    return "=" not in text and not text.isdecimal() and Path(text).is_file()


def _added_up(lines: list[OrderLine]) -> tuple[OrderLine, ...]:
    """The lines with those of the same size and style as one, where the first of them stands."""
    totals: dict[object, OrderLine] = {}
    for number, line in enumerate(lines):
        key = (line.style, line.size) if line.bundle is None else number
        before = totals.get(key)
        totals[key] = line if before is None else replace(before, count=before.count + line.count)
    return tuple(totals.values())


def _entry(part: str, text: str) -> OrderLine:
    """One ``SIZE=COUNT``, or a count alone; ValueError says what is wrong with it."""
    if ";" in text:
        raise ValueError("entries are separated by commas, not by semicolons")
    if not part.strip():
        raise ValueError("an entry is empty")
    size, equals, count = part.rpartition("=")
    if equals and not size.strip():
        raise ValueError(f"{part.strip()!r} names no size")
    if not equals and not count.strip().isdecimal():
        raise ValueError(f"{part.strip()!r} is not SIZE=COUNT")
    if not equals and "," in text:
        raise ValueError(f"{part.strip()!r} names no size")
    try:
        return OrderLine(size.strip(), _count(count))
    except ValueError as error:
        raise ValueError(f"{part.strip()!r}: {error}") from None


def _count(text: str, what: str = "count") -> int:
    """A whole number from 1 on; ValueError says what is wrong with it."""
    text = text.strip()
    if not text:
        raise ValueError(f"the {what} is missing")
    if not (text.isascii() and _DIGITS.fullmatch(text)):
        raise ValueError(f"the {what} {text!r} is not a whole number from 1 to 999999999")
    if int(text) == 0:
        raise ValueError(f"the {what} is 0; leave out what is not to be cut")
    return int(text)


# --- CSV


def _csv_lines(data: bytes, path: str) -> list[OrderLine]:
    return [_csv_line(cells, place) for cells, place in _csv_cells(data, path)]


def _csv_cells(data: bytes, path: str) -> list[tuple[dict[str, str], str]]:
    """The cells of each line by their columns, and where it stands."""
    rows = parse_rows(data, path)
    if not rows:
        raise InputError("the order has no lines", where=path, hint="The first line names the columns: size,count")
    number, names = rows[0]
    columns = _columns(names, f"{path}, line {number}")
    lines = [(_cells(row, columns, f"{path}, line {number}"), f"{path}, line {number}") for number, row in rows[1:]]
    if not lines:
        raise InputError("the order names its columns, but asks for no garment", where=path)
    return lines


def _columns(names: list[str], where: str) -> dict[str, int]:
    """Where each column stands. Unknown ones are refused: what they say would be lost without a word."""
    columns: dict[str, int] = {}
    for position, name in enumerate(names):
        column = name.casefold()
        if not column:
            continue
        if column not in (*COLUMNS, *CELL_KEYS):
            known = (*COLUMNS, *CELL_KEYS)
            hint = f"Known columns are {', '.join(known)}. {did_you_mean(column, known)}".strip()
            raise InputError(f"unknown column {name!r}", where=where, hint=hint)
        if column in columns:
            raise InputError(f"column {name!r} is there twice", where=where)
        columns[column] = position
    missing = [name for name in NEEDED if name not in columns]
    if missing:
        hint = "The first line names the columns: size,count and where needed style,bundle."
        raise InputError(f"no column {' and '.join(missing)}", where=where, hint=hint)
    return columns


def _cells(row: list[str], columns: dict[str, int], where: str) -> dict[str, str]:
    named = set(columns.values())
    stray = [cell for position, cell in enumerate(row) if cell and position not in named]
    if stray:
        raise InputError(f"{stray[0]!r} stands in no named column", where=where)
    return {name: row[position] if position < len(row) else "" for name, position in columns.items()}


def _csv_line(cells: dict[str, str], where: str) -> OrderLine:
    try:
        count = _count(cells["count"])
        bundle = cells.get("bundle", "")
        number = _count(bundle, "bundle") if bundle else None
    except ValueError as error:
        raise InputError(str(error), where=where) from None
    return OrderLine(cells["size"], count, cells.get("style") or None, number)
