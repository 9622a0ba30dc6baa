"""The marker file, ``NAME.marker.json`` (schema ``cutkit.marker/1``): the contract between the steps.

What is written has passed the referee in the very form in which it is written, rounding included: nobody can skip it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

from cutkit import __version__
from cutkit.check import Fault, check_marker
from cutkit.errors import CheckError, InputError
from cutkit.formats.files import read_bytes, write_whole
from cutkit.formats.marker_forms import MarkerForm, marker_of
from cutkit.formats.marker_json import SCHEMA, marker_to_json
from cutkit.model import Marker

__all__ = [
    "SCHEMA",
    "invalid_marker",
    "marker_text",
    "marker_to_json",
    "parse_marker",
    "read_marker",
    "read_valid_marker",
    "write_marker",
]

FAULTS_SHOWN = 8
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def read_marker(path: str | Path) -> Marker:
    """The marker in a file. InputError (exit 3) names what cannot be understood; faults are the referee's to find."""
    return parse_marker(read_bytes(path), where=str(path))


def read_valid_marker(path: str | Path) -> Marker:
    """The marker in a file, after the referee found no fault in it; CheckError (exit 5) with the faults otherwise."""
    marker = read_marker(path)
    faults = check_marker(marker)
    if faults:
        raise invalid_marker(faults, where=str(path))
    return marker


def parse_marker(data: bytes, *, where: str) -> Marker:
    """The marker in the bytes of a marker file; ``where`` names it in errors."""
    data = data.removeprefix(_BYTE_ORDER_MARK)
    _refuse_other_schemas(data, where)
    try:
        form = msgspec.json.decode(data, type=MarkerForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"not a marker file that can be read: {error}", where=where, hint="Write it again with `cutkit nest`."
        ) from error
    return marker_of(form, where)


def _refuse_other_schemas(data: bytes, where: str) -> None:
    """A clear word for what is not a marker, or one of a newer cutkit, before its fields are looked at."""
    try:
        head = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(
            f"not a marker file: it is not JSON ({error})",
            where=where,
            hint="A marker is written by `cutkit nest ... -o NAME.marker.json`.",
        ) from error
    schema = head.get("schema") if isinstance(head, dict) else None
    if schema == SCHEMA:
        return
    family, _, version = str(schema).partition("/")
    if family == "cutkit.marker" and version.isdigit():
        raise InputError(
            f"a marker of version {version}; this cutkit ({__version__}) reads version 1",
            where=where,
            hint="Update cutkit, or nest again with this one.",
        )
    raise InputError(
        f"not a marker file: its schema is {schema!r}, not {SCHEMA!r}",
        where=where,
        hint="A marker is written by `cutkit nest ... -o NAME.marker.json`.",
    )


def write_marker(path: str | Path, marker: Marker, *, inputs: Iterable[str | Path] = ()) -> None:
    """Write a marker file, whole or not at all, after the referee has found no fault in what will be read back.

    CheckError (exit 5) with the faults where there are any; nothing is written then.
    """
    text = marker_text(marker)
    faults = check_marker(parse_marker(text.encode(), where=str(path)))
    if faults:
        raise invalid_marker(faults, where=str(path))
    write_whole(path, text, inputs=inputs)


def invalid_marker(faults: list[Fault], *, where: str) -> CheckError:
    """The error that names the faults of a marker."""
    shown = [f"{fault.code}: {fault.message}" for fault in faults[:FAULTS_SHOWN]]
    if len(faults) > FAULTS_SHOWN:
        shown.append(f"and {len(faults) - FAULTS_SHOWN} more")
    count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
    return CheckError(f"the marker is not valid, {count}:", where=where, hint="\n".join(shown))


def marker_text(marker: Marker) -> str:
    """The marker file's text: one line for each piece's field and each placement, so that files can be compared."""
    value = marker_to_json(marker)
    lines = [f" {json.dumps(key)}: {_block(item)}" for key, item in value.items()]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _block(item: Any) -> str:
    if isinstance(item, list) and item and isinstance(item[0], dict):
        return "[\n" + ",\n".join("  " + json.dumps(entry, ensure_ascii=False) for entry in item) + "\n ]"
    return json.dumps(item, ensure_ascii=False)
