"""CSV files as spreadsheets save them: rows of cells with the lines they stand in."""

from __future__ import annotations

import csv
import io

from cutkit.errors import InputError
from cutkit.formats.files import read_bytes

SEPARATORS = (",", ";", "\t")


def csv_rows(path: str) -> list[tuple[int, list[str]]]:
    """The rows of a file, as ``parse_rows`` reads them; InputError where it cannot be read, too."""
    return parse_rows(read_bytes(path), path)


def parse_rows(data: bytes, path: str) -> list[tuple[int, list[str]]]:
    """The rows that hold anything, with their line numbers: UTF-8, with or without a byte order mark, separated by what
    the first row has most of commas, semicolons and tabs. InputError names the file, and the line of a broken row."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(
            f"not UTF-8 text (byte {error.start})", where=path, hint="Save it as 'CSV UTF-8' from the spreadsheet."
        ) from None
    if "\0" in text:
        raise InputError("this is not a text file", where=path, hint="Save it as 'CSV UTF-8' from the spreadsheet.")
    first = next((line for line in text.splitlines() if line.strip()), "")
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(SEPARATORS, key=first.count), strict=True)
    rows = []
    try:
        for row in reader:
            cells = [cell.strip() for cell in row]
            if any(cells):
                rows.append((reader.line_num, cells))
    except csv.Error as error:
        raise InputError(f"not a table: {error}", where=f"{path}, line {reader.line_num}") from None
    return rows
