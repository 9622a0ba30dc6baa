"""``cutkit inspect``: what is in pattern files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cutkit.cli.common import json_option, layer_options, layer_roles, print_json, quiet_option, say, show_error
from cutkit.cli.notices import TEXT_WIDTH, notice_lines
from cutkit.errors import InputError, UsageError

if TYPE_CHECKING:
    from cutkit.cli.tables import Column, TableData
    from cutkit.model import Dialect, Notice, Pattern, Piece

_UNITS_FROM = {
    "option": "as --units says",
    "text": "as the file says",
    "insunits": "as its header says",
    "assumed": "assumed: the file does not say",
}


@click.command("inspect")
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--units", type=click.Choice(["mm", "cm", "in"]), help="The unit of the files, whatever they say.")
@click.option(
    "--rul",
    metavar="FILE",
    type=click.Path(path_type=Path),
    help="The grade rule table; found beside the DXF where it has its name.",
)
@layer_options
@click.option("--svg", metavar="OUT", type=click.Path(path_type=Path), help="Draw every piece, its sizes nested.")
@click.option(
    "--fix",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write the one file as it was understood, mended and in mm: a graded nest in DXF.",
)
@click.option("--sizes", "every_size", is_flag=True, help="A row for every size, not only for the sample size.")
@json_option
@quiet_option
def command(
    files: tuple[Path, ...],
    units: Any,
    rul: Path | None,
    svg: Path | None,
    fix: Path | None,
    every_size: bool,
    as_json: bool,
    quiet: bool,
    **layers: Any,
) -> None:
    """Show what is in pattern files: pieces, sizes, areas, marks, warnings.

    A file that cannot be read is named with the reason, the others are shown all the same; the exit code is then 3.
    Areas are of the whole piece as it is cut: fold pieces unfolded, cut-outs taken off.
    """
    from cutkit.formats.files import refuse_bad_outputs
    from cutkit.formats.patterns import read_pattern

    if fix is not None and len(files) > 1:
        raise UsageError("--fix goes with one file", hint="Mend them one by one.")
    refuse_bad_outputs([svg, fix], [*files, *([rul] if rul else [])])
    roles = layer_roles(layers)
    patterns: list[Pattern] = []
    refused: list[InputError] = []
    for path in files:
        try:
            patterns.append(read_pattern(path, units=units, rul=rul, layers=roles))
        except InputError as error:
            refused.append(error)
    if not patterns:
        raise _all_of(refused)
    if svg is not None:
        _write_svg(svg, patterns, files, quiet)
    if fix is not None:
        _write_fixed(fix, patterns[0], files, quiet)
    if as_json:
        print_json({"schema": "cutkit.inspect/1", "files": [file_json(pattern) for pattern in patterns]})
    else:
        for number, pattern in enumerate(patterns):
            _print_pattern(pattern, every_size, first=number == 0)
    for refusal in refused:
        show_error(refusal)
    if refused:
        raise click.exceptions.Exit(InputError.exit_code)


def _all_of(refused: Sequence[InputError]) -> InputError:
    for error in refused[:-1]:
        show_error(error)
    return refused[-1]


def _write_fixed(path: Path, pattern: Pattern, files: Iterable[Path], quiet: bool) -> None:
    from cutkit.formats.dxf.export import pattern_dxf
    from cutkit.formats.files import write_whole

    dialect: Dialect = "AAMA-292" if pattern.dialect == "AAMA-292" else "ASTM D6673"
    text, lost = pattern_dxf(pattern, dialect)
    write_whole(path, text, inputs=files)
    for line in notice_lines(lost):
        say(line, quiet=quiet)
    say(f"written: {path}, {len(pattern.pieces)} pieces as {dialect}", quiet=quiet)


def _write_svg(path: Path, patterns: Sequence[Pattern], files: Iterable[Path], quiet: bool) -> None:
    from cutkit.formats.files import write_whole
    from cutkit.formats.svg.pattern import patterns_svg

    write_whole(path, patterns_svg(patterns), inputs=files)
    say(f"drawn: {path}", quiet=quiet)


# --- JSON --------------------------------------------------------------------------------------------------------


def file_json(pattern: Pattern) -> dict[str, Any]:
    """One file as an entry of ``inspect --json``."""
    return {
        "path": pattern.path,
        "style": pattern.style,
        "dialect": pattern.dialect,
        "cad": pattern.cad,
        "units": pattern.units,
        "units_from": pattern.units_from,
        "sample_size": pattern.sample_size,
        "sizes": list(pattern.sizes),
        "rule_table": None if pattern.rule_table is None else pattern.rule_table.path,
        "pieces": [piece_json(piece) for piece in pattern.pieces],
        "warnings": [_notice_json(notice) for notice in pattern.notices],
    }


def _notice_json(notice: Notice) -> dict[str, Any]:
    entry = {"code": notice.code, "message": notice.message}
    return entry | ({"piece": notice.piece} if notice.piece else {})


def piece_json(piece: Piece) -> dict[str, Any]:
    """One piece in one size as an entry of ``inspect --json``: the whole piece as cut, its box in the file's axes."""
    from cutkit.geometry import size_after_turn

    return {
        "name": piece.name,
        "size": piece.size,
        "material": piece.material,
        "category": piece.category,
        "annotation": piece.annotation,
        "quantity": {"as_drawn": piece.as_drawn, "mirrored": piece.mirrored},
        "area_cm2": round(piece.outline.area / 100, 4),
        "perimeter_mm": round(piece.outline.exterior.length, 3),
        "bbox_mm": [round(side, 3) for side in size_after_turn(piece.outline, -piece.turned_deg)],
        "unfolded": piece.unfolded,
        "grain_deg": None if piece.grain_deg is None else round(piece.grain_deg, 3) % 180.0,
        "notches": _count(piece, "notch"),
        "drills": _count(piece, "drill"),
        "internal_lines": _internal_lines(piece),
        "sew_lines": _count(piece, "sew"),
        "cutouts": _cutouts(piece),
        "vertices": len(piece.outline.exterior.coords) - 1,
    }


def _count(piece: Piece, kind: str) -> int:
    return sum(1 for mark in piece.marks if mark.kind == kind)


def _internal_lines(piece: Piece) -> int:
    return sum(1 for mark in piece.marks if mark.kind == "internal" and mark.tool != "knife")


def _cutouts(piece: Piece) -> int:
    """Cut-outs and slits: all that is cut inside the piece."""
    slits = sum(1 for mark in piece.marks if mark.kind == "internal" and mark.tool == "knife")
    return len(piece.outline.interiors) + slits


# --- table -------------------------------------------------------------------------------------------------------


def _print_pattern(pattern: Pattern, every_size: bool, *, first: bool) -> None:
    from cutkit.cli.tables import print_table

    if not first:
        click.echo()
    for line in head_lines(pattern):
        click.echo(line)
    click.echo()
    print_table(piece_table(pattern, every_size=every_size))
    lines = notice_lines(pattern.notices)
    if lines:
        click.echo()
    for line in lines:
        click.echo(line)


def head_lines(pattern: Pattern) -> list[str]:
    """What is known of the whole file: style, where it comes from, its unit and its sizes."""
    import textwrap

    source = f"{pattern.dialect}, {pattern.cad}" if pattern.cad else pattern.dialect
    sizes = "none named" if not pattern.sizes else " ".join(pattern.sizes)
    if pattern.sizes and pattern.sample_size:
        sizes += f" (sample size {pattern.sample_size})"
    names = len({piece.name for piece in pattern.pieces})
    rows = [
        ("file", pattern.path),
        ("format", source),
        ("unit", f"{pattern.units}, {_UNITS_FROM[pattern.units_from]}"),
        ("sizes", sizes),
        *([("graded", f"by the rule table {pattern.rule_table.path}")] if pattern.rule_table else []),
        ("pieces", _pieces_line(pattern, names)),
    ]
    lines = [pattern.style]
    for key, text in rows:
        lines += textwrap.wrap(
            text, TEXT_WIDTH, initial_indent=f"  {key:<8}", subsequent_indent=" " * 10, break_on_hyphens=False
        )
    return lines


def _pieces_line(pattern: Pattern, names: int) -> str:
    shown = _representatives(pattern)
    copies = sum(piece.per_garment for piece in shown)
    area = sum(piece.outline.area * piece.per_garment for piece in shown) / 1e6
    size = f" of size {shown[0].size}" if pattern.sizes and shown else ""
    drawn = f"{names} ({len(pattern.pieces)} with their sizes)" if len(pattern.pieces) > names else str(names)
    return f"{drawn}; a garment{size} takes {copies} copies, {area:.3f} m²"


def _representatives(pattern: Pattern) -> list[Piece]:
    """Each piece in the sample size, else in the first size it has."""
    chosen: dict[str, Piece] = {}
    for piece in pattern.pieces:
        if piece.name not in chosen or piece.size == pattern.sample_size:
            chosen[piece.name] = piece
    return list(chosen.values())


def piece_table(pattern: Pattern, *, every_size: bool) -> TableData:
    """A row for every piece with the figures of the sample size, or for every piece and size."""
    from cutkit.cli.tables import TableData

    sizes: dict[str, list[str]] = {}
    for piece in pattern.pieces:
        sizes.setdefault(piece.name, []).append(piece.size)
    pieces = pattern.pieces if every_size else _representatives(pattern)
    rows = [_row(piece, piece.size if every_size else _span(sizes[piece.name], pattern.sizes)) for piece in pieces]
    used = [i for i, column in enumerate(_columns()) if i not in _OPTIONAL or any(row[i] for row in rows)]
    columns = _columns()
    return TableData(tuple(columns[i] for i in used), tuple(tuple(row[i] for i in used) for row in rows))


def _span(sizes: Sequence[str], all_sizes: Sequence[str]) -> str:
    """``26-52`` for a run of sizes of the file, else the sizes themselves."""
    named = [size for size in sizes if size]
    if len(named) < 3:
        return " ".join(named) or "-"
    if tuple(named) == tuple(all_sizes):
        return f"all {len(named)}"
    return f"{len(named)} of {len(all_sizes)}"


_OPTIONAL = {3, 7, 8, 9, 10, 11}
"""Columns left out where no piece has anything in them."""


def _columns() -> tuple[Column, ...]:
    from cutkit.cli.tables import Column

    return (
        Column("Piece", "left", shrink_to=12, style="bold"),
        Column("Sizes", "left", worth=6),
        Column("Copies\n+ mirrored", "left"),
        Column("Material", "left", worth=8, shrink_to=5),
        Column("Area\ncm²"),
        Column("Along x\nacross, cm"),
        Column("Grain\n°", worth=4),
        Column("Fold", "left", worth=3),
        Column("Not-\nches", worth=2),
        Column("Drill\nholes", worth=2),
        Column("Inner\nlines", worth=1),
        Column("Cut-\nouts", worth=2),
    )


def _row(piece: Piece, sizes: str) -> tuple[str, ...]:
    x0, y0, x1, y1 = piece.outline.bounds
    return (
        piece.name,
        sizes or "-",
        _copies(piece),
        piece.material,
        f"{piece.outline.area / 100:.1f}",
        f"{(x1 - x0) / 10:.1f} x {(y1 - y0) / 10:.1f}",
        "-" if piece.grain_deg is None else f"{round(piece.grain_deg, 1) % 180.0:g}",
        "unfolded" if piece.unfolded else "",
        *(str(count) if count else "" for count in _mark_counts(piece)),
    )


def _copies(piece: Piece) -> str:
    if piece.per_garment == 0:
        return "0"
    return f"{piece.as_drawn} + {piece.mirrored}" if piece.mirrored else str(piece.as_drawn)


def _mark_counts(piece: Piece) -> tuple[int, int, int, int]:
    return _count(piece, "notch"), _count(piece, "drill"), _internal_lines(piece), _cutouts(piece)
