"""The JSON that ``report --json`` and ``nest --json`` print, read back: what each says of its markers."""

from __future__ import annotations

from pathlib import Path

import msgspec

from cutkit.errors import InputError
from cutkit.formats.files import read_bytes

SCHEMAS = ("cutkit.report/1", "cutkit.nest/1")


class ReportedMarker(msgspec.Struct, frozen=True):
    """A marker as a report tells of it; the efficiency is a fraction."""

    path: str
    usable_width_mm: float
    length_mm: float
    efficiency: float


class _ReportForm(msgspec.Struct):
    schema: str
    markers: list[ReportedMarker]


class _Head(msgspec.Struct):
    schema: str = ""


def schema_of(path: str | Path) -> str:
    """What a JSON file says it is, empty where it does not; InputError where it is no JSON."""
    try:
        return msgspec.json.decode(read_bytes(path).removeprefix(b"\xef\xbb\xbf"), type=_Head).schema
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"neither a marker nor a report: {error}", where=str(path)) from error


def read_report(path: str | Path) -> list[ReportedMarker]:
    """The markers of a report; InputError (exit 3) where it is none that can be read."""
    try:
        form = msgspec.json.decode(read_bytes(path).removeprefix(b"\xef\xbb\xbf"), type=_ReportForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(f"not a report that can be read: {error}", where=str(path)) from error
    if form.schema not in SCHEMAS:
        raise InputError(
            f"not a report: its schema is {form.schema!r}, not one of {', '.join(SCHEMAS)}", where=str(path)
        )
    return form.markers
