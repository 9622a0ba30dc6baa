"""``cutkit export``: a pattern or a marker as DXF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, layer_options, layer_roles, print_json, quiet_option, say
from cutkit.cli.notices import say_notices
from cutkit.errors import UsageError

if TYPE_CHECKING:
    from cutkit.formats.dxf.layers import Overrides
    from cutkit.model import Dialect

_DIALECTS: dict[str, Dialect] = {"astm": "ASTM D6673", "aama": "AAMA-292"}


@click.command("export")
@click.argument("file", metavar="FILE", type=click.Path(path_type=Path))
@click.option(
    "--dialect",
    type=click.Choice(list(_DIALECTS)),
    default="astm",
    show_default=True,
    help="The convention to follow: ASTM D6673 or AAMA-292.",
)
@click.option("--units", type=click.Choice(["mm", "cm", "in"]), help="The unit of the pattern file.")
@click.option("--rul", metavar="FILE", help="The grade rule table; found beside the DXF where it has its name.")
@layer_options
@click.option("-o", "--output", required=True, metavar="OUT", type=click.Path(path_type=Path), help="The DXF to write.")
@json_option
@quiet_option
def command(
    file: Path,
    dialect: str,
    units: Any,
    rul: str | None,
    output: Path,
    as_json: bool,
    quiet: bool,
    **layers: Any,
) -> None:
    """Write a pattern file (DXF, SVG) or a marker as clean ASTM D6673 or AAMA-292 DXF.

    A pattern becomes a graded nest: a block for every piece in every size, whole, its grain along x, in millimetres. A
    marker becomes a block for every piece, where it lies on the fabric; ASTM only.
    """
    from cutkit.formats.dxf.layers import Overrides
    from cutkit.formats.files import read_bytes, refuse_to_replace, write_whole

    sources = [file, *([Path(rul)] if rul else [])]
    refuse_to_replace(output, sources)
    data = read_bytes(file)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        given = [name for name, value in (("units", units), ("rul", rul), *layers.items()) if value]
        if given or dialect != "astm":
            name = given[0].replace("_", "-") if given else "dialect"
            raise UsageError(f"--{name} does not go with a marker", hint="A marker is exported as ASTM, as it lies.")
        text, blocks, kind = _marker_text(data, str(file))
    else:
        told = Overrides(units, rul, layer_roles(layers))
        text, blocks, kind = _pattern_text(data, str(file), told, _DIALECTS[dialect], quiet)
    write_whole(output, text, inputs=sources)
    if as_json:
        report = {"path": str(output), "kind": kind, "dialect": _DIALECTS[dialect], "blocks": blocks}
        print_json({"schema": "cutkit.export/1", **report})
    else:
        say(f"{output}: {blocks} pieces as {_DIALECTS[dialect]}", quiet=quiet)


def _marker_text(data: bytes, where: str) -> tuple[str, int, str]:
    from cutkit.formats.dxf.marker import marker_dxf
    from cutkit.formats.marker import parse_marker

    marker = parse_marker(data, where=where)
    return marker_dxf(marker, strict=True), len(marker.placements), "marker"


def _pattern_text(data: bytes, where: str, told: Overrides, dialect: Dialect, quiet: bool) -> tuple[str, int, str]:
    from cutkit.formats.dxf.export import pattern_dxf
    from cutkit.formats.patterns import parse_pattern

    pattern = parse_pattern(data, where=where, told=told)
    text, lost = pattern_dxf(pattern, dialect)
    say_notices(pattern.notices, quiet=quiet, all_of_them="`cutkit inspect` lists them")
    say_notices(lost, quiet=quiet, all_of_them="`--dialect astm` loses fewer")
    return text, len(pattern.pieces), "pattern"
