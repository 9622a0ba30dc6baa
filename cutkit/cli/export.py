"""``cutkit export``: a pattern or a marker as DXF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, layer_options, layer_roles, print_json, quiet_option, say
from cutkit.cli.notices import say_notices
from cutkit.errors import UsageError

if TYPE_CHECKING:
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
    from cutkit.formats.files import refuse_to_replace, write_whole

    sources = [file, *([Path(rul)] if rul else [])]
    refuse_to_replace(output, sources)
    if _is_marker(file):
        given = [name for name, value in (("units", units), ("rul", rul), *layers.items()) if value]
        if given or dialect != "astm":
            name = given[0].replace("_", "-") if given else "dialect"
            raise UsageError(f"--{name} does not go with a marker", hint="A marker is exported as ASTM, as it lies.")
        text, blocks, kind = _marker_text(file)
    else:
        text, blocks, kind = _pattern_text(file, _DIALECTS[dialect], layers, quiet, units=units, rul=rul)
    write_whole(output, text, inputs=sources)
    if as_json:
        report = {"path": str(output), "kind": kind, "dialect": _DIALECTS[dialect], "blocks": blocks}
        print_json({"schema": "cutkit.export/1", **report})
    else:
        say(f"{output}: {blocks} pieces as {_DIALECTS[dialect]}", quiet=quiet)


def _is_marker(path: Path) -> bool:
    from cutkit.formats.files import read_bytes

    return read_bytes(path).lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{")


def _marker_text(path: Path) -> tuple[str, int, str]:
    from cutkit.formats.dxf.marker import marker_dxf
    from cutkit.formats.marker import read_marker

    marker = read_marker(str(path))
    return marker_dxf(marker, strict=True), len(marker.placements), "marker"


def _pattern_text(
    path: Path, dialect: Dialect, layers: dict[str, Any], quiet: bool, **reading: Any
) -> tuple[str, int, str]:
    from cutkit.formats.dxf.export import pattern_dxf
    from cutkit.formats.patterns import read_pattern

    pattern = read_pattern(path, layers=layer_roles(layers), **reading)
    text, lost = pattern_dxf(pattern, dialect)
    say_notices(pattern.notices, quiet=quiet, all_of_them="`cutkit inspect` lists them")
    say_notices(lost, quiet=quiet, all_of_them="`--dialect astm` loses none of it")
    return text, len(pattern.pieces), "pattern"
