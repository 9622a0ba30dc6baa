"""Pattern files of every kind: ``read_pattern`` looks into the file, whatever its name says."""

from __future__ import annotations

import re
from pathlib import Path

from cutkit.errors import UsageError
from cutkit.formats.dxf import read_pattern as read_dxf
from cutkit.formats.dxf.layers import AS_THE_FILE_HAS_THEM, LayerRoles
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

    ``units`` overrides what the file says; ``rul`` is its grade rule table (DXF only: UsageError with an SVG);
    ``layers`` are those that the user wants cut, drawn or ignored. InputError (exit 3) as the format's reader says.
    """
    if not _is_svg(read_bytes(path)):
        return read_dxf(path, units=units, rul=rul, layers=layers)
    if rul is not None:
        raise UsageError("--rul does not go with an SVG: it has no grade points", hint="Give the pattern as DXF.")
    from cutkit.formats.svg.drawing import read_svg

    return read_svg(path, units=units, layers=layers)


def _is_svg(data: bytes) -> bool:
    start = data[:1000].lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"<") and _SVG.search(data[:100_000]) is not None
