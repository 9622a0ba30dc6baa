"""How each marker was spread, as a table: a CSV file with a column ``marker`` and any of those in COLUMNS.

Lengths carry their unit, as on the command line. An empty cell leaves what the options say. A marker is named by its
file, with or without its suffix and folder::

    marker,order,due,plies,end_allowance,issued,price
    shirt-S-M,week 48,2026-12-01,20,4cm,75m,6.50
    shirt-L,week 48,2026-12-01,8,4cm,,6.50
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import PurePath

from cutkit.errors import InputError, did_you_mean
from cutkit.formats.csv_table import csv_rows
from cutkit.units import parse_length

SpreadValue = str | int | float
SUFFIXES = (".json", ".marker")


def _count(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and 0 <= int(text) <= 10_000):
        raise ValueError(f"{text!r} is not a whole number from 0 to 10000")
    return int(text)


def _plies(text: str) -> int:
    if _count(text) == 0:
        raise ValueError("a spread has a ply at least")
    return int(text)


def _amount(text: str) -> float:
    value = float(text)
    if not 0 <= value <= 1e9:
        raise ValueError(f"{text!r} is not a number from 0 on")
    return value


def _length(text: str) -> float:
    value = parse_length(text)
    if not 0 <= value <= 1e8:
        raise ValueError(f"{text!r} is not a length from 0 to 100 km")
    return value


COLUMNS: dict[str, Callable[[str], SpreadValue]] = {
    "order": str,
    "due": str,
    "plies": _plies,
    "end_allowance": _length,
    "splices": _count,
    "splice": _length,
    "flaws": _length,
    "issued": _length,
    "remnants": _length,
    "price": _amount,
    "currency": str,
    "weight": _amount,
}
"""What may stand in the table, and how it is read: lengths to mm, weight in g/m2."""


def name_of(path: str) -> str:
    """What a marker is called in the table: its file's name without folder and suffixes."""
    name = PurePath(path).name
    for suffix in SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def read_spreads(path: str) -> dict[str, dict[str, SpreadValue]]:
    """The cells of every marker by its name, those that are filled; InputError (exit 3) names line and column."""
    rows = csv_rows(path)
    if not rows:
        raise InputError("the table has no lines", where=path, hint="The first line names the columns: marker,plies")
    number, names = rows[0]
    columns = _columns([name.casefold().replace(" ", "_") for name in names], f"{path}, line {number}")
    spreads: dict[str, dict[str, SpreadValue]] = {}
    for number, row in rows[1:]:
        where = f"{path}, line {number}"
        if len(row) > len(columns):
            raise InputError("more cells than columns", where=where)
        cells = dict(zip(columns, row, strict=False))
        marker = name_of(cells.pop("marker"))
        if not marker or marker in spreads:
            raise InputError("the marker is missing" if not marker else f"{marker!r} is there twice", where=where)
        spreads[marker] = _values(cells, where)
    return spreads


def _columns(names: list[str], where: str) -> list[str]:
    for name in names:
        if name != "marker" and name not in COLUMNS:
            hint = did_you_mean(name, COLUMNS) or f"Known are: marker, {', '.join(COLUMNS)}."
            raise InputError(f"unknown column {name!r}", where=where, hint=hint)
    if "marker" not in names or len(set(names)) != len(names):
        raise InputError("the first line must name each column once, marker among them", where=where)
    return names


def _values(cells: dict[str, str], where: str) -> dict[str, SpreadValue]:
    values: dict[str, SpreadValue] = {}
    for name, text in cells.items():
        try:
            if text:
                values[name] = COLUMNS[name](text)
        except ValueError as error:
            raise InputError(f"{name}: {error}", where=where) from None
    return values


def unknown_markers(spreads: Iterable[str], paths: Iterable[str]) -> list[str]:
    """The markers of a table that are none of these files."""
    known = {name_of(path) for path in paths}
    return [name for name in spreads if name not in known]
