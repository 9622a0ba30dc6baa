"""Pattern files of every kind: ``read_pattern`` looks into the file, whatever its name says."""

from __future__ import annotations

import re
from pathlib import Path

from cutkit.formats.dxf import parse_dxf
from cutkit.formats.dxf.layers import AS_THE_FILE_HAS_THEM, LayerRoles, Overrides
from cutkit.formats.files import read_bytes
from cutkit.model import Pattern, Units

_SVG = re.compile(rb"<(?:\w+:)?svg[\s>]", re.IGNORECASE)


def read_pattern(
    path: str | Path,
    *,
    units: Units | None = None,
    rul: str | Path | None = None,
    layers: LayerRoles = AS_THE_FILE_HAS_THEM,
) -> Pattern:
    """The pattern in a DXF or SVG file, with a notice for everything that was assumed, mended or could not be used.

    ``units`` overrides what the file says; ``rul`` is its grade rule table, looked for beside a DXF (same name,
    ``.rul``) where it is not given; ``layers`` are those that the user wants cut, drawn or ignored. InputError (exit 3)
    where the file is missing, neither of them, damaged, has no piece, or where its unit cannot be right.
    """
    return parse_pattern(read_bytes(path), where=str(path), told=Overrides(units, rul, layers))


def parse_pattern(data: bytes, *, where: str, told: Overrides) -> Pattern:
    """The pattern in the bytes of a pattern file; ``where`` names it in errors."""
    if _is_svg(data):
        from cutkit.formats.svg.drawing import parse_svg

        return parse_svg(data, where=where, told=told)
    return parse_dxf(data, where=where, told=told)


def _is_svg(data: bytes) -> bool:
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"<") and _SVG.search(data[:100_000]) is not None
