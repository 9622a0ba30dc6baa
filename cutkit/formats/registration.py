"""Measured print marks, as a camera or a pointer on the head gives them: a CSV file.

Its first line names the columns ``mark,x_mm,y_mm,measured_x_mm,measured_y_mm``: a mark's name, where the marker has it,
and where it was found on the table, from the zero at which the program will start.
"""

from __future__ import annotations

from math import isfinite
from pathlib import Path

from cutkit.errors import InputError
from cutkit.formats.csv_table import parse_rows
from cutkit.formats.files import read_bytes
from cutkit.toolpath import RegistrationMark

COLUMNS = ("mark", "x_mm", "y_mm", "measured_x_mm", "measured_y_mm")


def read_registration(path: str | Path) -> tuple[RegistrationMark, ...]:
    """The marks in a file, in its order; InputError, naming file and line, for anything that is not as it must be."""
    return parse_registration(read_bytes(path), where=str(path))


def parse_registration(data: bytes, *, where: str) -> tuple[RegistrationMark, ...]:
    """The marks in the bytes of a file; ``where`` names it in errors."""
    path = where
    rows = parse_rows(data, path)
    if not rows:
        raise InputError("there are no marks", where=str(path), hint=f"The first line is {','.join(COLUMNS)}")
    number, names = rows[0]
    if tuple(name.casefold() for name in names) != COLUMNS:
        raise InputError(
            f"the first line must be {','.join(COLUMNS)}, not {','.join(names)}", where=f"{path}, line {number}"
        )
    marks = tuple(_mark(row, number, path) for number, row in rows[1:])
    if not marks:
        raise InputError("it names its columns, but has no mark", where=str(path))
    lines: dict[str, int] = {}
    for mark in marks:
        if mark.name in lines:
            raise InputError(f"mark {mark.name} is given in line {lines[mark.name]} too", where=_where(path, mark.line))
        lines[mark.name] = mark.line
    return marks


def _mark(cells: list[str], line: int, path: str | Path) -> RegistrationMark:
    if len(cells) != len(COLUMNS):
        raise InputError(f"{len(cells)} entries, not {len(COLUMNS)}", where=_where(path, line))
    if not cells[0]:
        raise InputError("the mark has no name", where=_where(path, line))
    x, y, measured_x, measured_y = (
        _number(cell, f"{column} of mark {cells[0]}", _where(path, line))
        for column, cell in zip(COLUMNS[1:], cells[1:], strict=True)
    )
    return RegistrationMark(cells[0], (x, y), (measured_x, measured_y), line)


def _number(text: str, what: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        hint = "Write decimals with a point." if "," in text else None
        raise InputError(f"{what}: {text!r} is not a number", where=where, hint=hint) from None
    if not isfinite(value):
        raise InputError(f"{what}: {text!r} is no place on a table", where=where)
    return value


def _where(path: str | Path, line: int) -> str:
    return f"{path}, line {line}"
