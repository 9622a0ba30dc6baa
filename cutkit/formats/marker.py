"""The marker file, ``NAME.marker.json`` (schema ``cutkit.marker/1``): the contract between the steps.

What is written has passed the referee in the very form in which it is written, rounding included: nobody can skip it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from shapely.geometry import Polygon

from cutkit import __version__
from cutkit.check import Fault, check_marker
from cutkit.errors import CheckError, InputError
from cutkit.formats.files import read_bytes, text_of_path, write_whole
from cutkit.model import (
    Defect,
    Fabric,
    InputFile,
    Mark,
    Marker,
    MarkKind,
    Nap,
    NestSettings,
    NotchShape,
    OrderedPiece,
    Placement,
    Point,
    SearchRecord,
    Stated,
    Tool,
    Unplaced,
)

SCHEMA = "cutkit.marker/1"
DECIMALS = 9
"""Digits after the point of written coordinates, in mm."""
FAULTS_SHOWN = 8
FARTHEST_MM = 1e8
"""No length or coordinate of a marker is larger; beyond it, micrometres are lost and areas overflow."""

_ANY_QUARTER_TURN = (0.0, 90.0, 180.0, 270.0)
"""How a piece of a foreign marker that names no angles may lie: the strip-packing form's default."""
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


class _DefectForm(msgspec.Struct):
    box_mm: tuple[float, float, float, float]


class _FabricForm(msgspec.Struct):
    width_mm: float
    usable_width_mm: float
    name: str = ""
    material: str = ""
    nap: Nap | None = None
    max_length_mm: float | None = None
    defects: list[_DefectForm] = []


class _SettingsForm(msgspec.Struct):
    gap_mm: float = 0.0


class _SearchForm(msgspec.Struct):
    time_s: float | None = None
    rounds: int | None = None
    workers: int | None = None


class _InputForm(msgspec.Struct):
    path: str
    sha256: str


class _MarkForm(msgspec.Struct):
    kind: MarkKind
    points: list[Point]
    tool: Tool = "pen"
    depth_mm: float | None = None
    width_mm: float | None = None
    angle_deg: float | None = None
    shape: NotchShape | None = None
    text: str | None = None
    layer: str | None = None


class _PieceForm(msgspec.Struct):
    id: str
    ordered: int
    outline: list[Point]
    name: str = ""
    size: str = ""
    ordered_mirrored: int = 0
    holes: list[list[Point]] = []
    marks: list[_MarkForm] = []
    allowed_angles_deg: list[float] | None = None
    tilt_deg: float = 0.0
    may_mirror: bool = False
    ignores_nap: bool = False
    material: str = ""
    style: str = ""


class _PlacementForm(msgspec.Struct):
    piece: str
    x_mm: float
    y_mm: float
    angle_deg: float
    bundle: int = 1
    mirrored: bool = False


class _UnplacedForm(msgspec.Struct):
    piece: str
    count: int = 1
    reason: str = ""


class _MarkerForm(msgspec.Struct):
    schema: str
    fabric: _FabricForm
    pieces: list[_PieceForm]
    placements: list[_PlacementForm]
    length_mm: float
    efficiency: float
    settings: _SettingsForm = msgspec.field(default_factory=_SettingsForm)
    seed: int = 0
    search: _SearchForm = msgspec.field(default_factory=_SearchForm)
    inputs: list[_InputForm] = []
    unplaced: list[_UnplacedForm] = []
    cutkit: str = ""


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
        form = msgspec.json.decode(data, type=_MarkerForm)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InputError(
            f"not a marker file that can be read: {error}", where=where, hint="Write it again with `cutkit nest`."
        ) from error
    return _marker_of(form, where)


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


def _marker_of(form: _MarkerForm, where: str) -> Marker:
    fabric = form.fabric
    _refuse_beyond("the fabric", [fabric.width_mm, fabric.usable_width_mm, form.settings.gap_mm], where)
    _refuse_beyond("a defect", [v for d in fabric.defects for v in d.box_mm], where)
    for p in form.placements:
        _refuse_beyond(f"a placement of {p.piece!r}", [p.x_mm, p.y_mm], where)
    return Marker(
        fabric=Fabric(
            width_mm=fabric.width_mm,
            selvedge_mm=(fabric.width_mm - fabric.usable_width_mm) / 2,
            nap=fabric.nap or "two-way",
            name=fabric.name,
            material=fabric.material,
            max_length_mm=fabric.max_length_mm,
            defects=tuple(Defect(d.box_mm) for d in fabric.defects),
        ),
        pieces=tuple(_piece_of(p, where) for p in form.pieces),
        placements=tuple(
            Placement(p.piece, p.bundle, p.x_mm, p.y_mm, p.angle_deg, p.mirrored) for p in form.placements
        ),
        settings=NestSettings(gap_mm=form.settings.gap_mm, seed=form.seed),
        unplaced=tuple(Unplaced(u.piece, u.count, u.reason) for u in form.unplaced),
        inputs=tuple(InputFile(i.path, i.sha256) for i in form.inputs),
        search=SearchRecord(form.search.time_s, form.search.rounds or 0, form.search.workers),
        stated=Stated(form.length_mm, form.efficiency),
    )


def _piece_of(form: _PieceForm, where: str) -> OrderedPiece:
    rings = [form.outline, *form.holes]
    for ring in rings:
        if len(ring) < 3:
            raise InputError(f"piece {form.id!r}: an outline needs at least three points", where=where)
        _refuse_beyond(f"piece {form.id!r}", [v for point in ring for v in point], where)
    for mark in form.marks:
        _refuse_bad_mark(form.id, mark, where)
    return OrderedPiece(
        id=form.id,
        name=form.name,
        size=form.size,
        outline=Polygon(form.outline, form.holes),
        ordered=form.ordered,
        ordered_mirrored=form.ordered_mirrored,
        marks=tuple(_mark_of(m) for m in form.marks),
        allowed_angles_deg=_ANY_QUARTER_TURN if form.allowed_angles_deg is None else tuple(form.allowed_angles_deg),
        tilt_deg=form.tilt_deg,
        may_mirror=form.may_mirror,
        ignores_nap=form.ignores_nap,
        material=form.material,
        style=form.style,
    )


def _refuse_beyond(what: str, values: Iterable[float], where: str) -> None:
    if any(abs(value) > FARTHEST_MM for value in values):
        raise InputError(f"{what} reaches beyond {FARTHEST_MM:g} mm", where=where)


def _refuse_bad_mark(piece: str, mark: _MarkForm, where: str) -> None:
    """A mark lies somewhere, and its sizes are sizes."""
    if not mark.points:
        raise InputError(f"piece {piece!r}: a mark ({mark.kind}) has no points", where=where)
    sizes = [size for size in (mark.depth_mm, mark.width_mm) if size is not None]
    if any(size < 0 for size in sizes):
        raise InputError(f"piece {piece!r}: a mark ({mark.kind}) has a negative depth or width", where=where)
    _refuse_beyond(f"a mark of piece {piece!r}", [*sizes, *(v for point in mark.points for v in point)], where)


def _mark_of(form: _MarkForm) -> Mark:
    return Mark(
        kind=form.kind,
        points=tuple(form.points),
        tool=form.tool,
        depth_mm=form.depth_mm,
        width_mm=form.width_mm,
        angle_deg=form.angle_deg,
        shape=form.shape,
        text=form.text,
        layer=form.layer,
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


def marker_to_json(marker: Marker) -> dict[str, Any]:
    """The marker as the JSON object that the contract describes."""
    return {
        "schema": SCHEMA,
        "cutkit": __version__,
        "fabric": _fabric_json(marker.fabric),
        "settings": {"gap_mm": marker.settings.gap_mm},
        "seed": marker.settings.seed,
        "search": {
            "time_s": marker.search.time_s,
            "rounds": marker.search.rounds,
            "workers": marker.search.workers,
        },
        "inputs": [{"path": text_of_path(i.path), "sha256": i.sha256} for i in marker.inputs],
        "pieces": [_piece_json(piece) for piece in marker.pieces],
        "placements": [
            {
                "piece": p.piece,
                "bundle": p.bundle,
                "x_mm": _number(p.x_mm),
                "y_mm": _number(p.y_mm),
                "angle_deg": p.angle_deg,
                "mirrored": p.mirrored,
            }
            for p in marker.placements
        ],
        "unplaced": [{"piece": u.piece, "count": u.count, "reason": u.reason} for u in marker.unplaced],
        "length_mm": _number(marker.length_mm),
        "efficiency": _number(marker.efficiency),
    }


def _fabric_json(fabric: Fabric) -> dict[str, Any]:
    return {
        "name": fabric.name,
        "material": fabric.material,
        "width_mm": _number(fabric.width_mm),
        "usable_width_mm": _number(fabric.usable_width_mm),
        "selvedge_mm": _number(fabric.selvedge_mm),
        "nap": fabric.nap,
        "max_length_mm": fabric.max_length_mm,
        "defects": [{"box_mm": list(d.box_mm)} for d in fabric.defects],
    }


def _piece_json(piece: OrderedPiece) -> dict[str, Any]:
    return {
        "id": piece.id,
        "name": piece.name,
        "size": piece.size,
        "style": piece.style,
        "material": piece.material,
        "ordered": piece.ordered,
        "ordered_mirrored": piece.ordered_mirrored,
        "allowed_angles_deg": list(piece.allowed_angles_deg),
        "tilt_deg": piece.tilt_deg,
        "may_mirror": piece.may_mirror,
        "ignores_nap": piece.ignores_nap,
        "outline": _ring_json(piece.outline.exterior.coords),
        "holes": [_ring_json(ring.coords) for ring in piece.outline.interiors],
        "marks": [_mark_json(mark) for mark in piece.marks],
    }


def _mark_json(mark: Mark) -> dict[str, Any]:
    optional = {
        "depth_mm": mark.depth_mm,
        "width_mm": mark.width_mm,
        "angle_deg": mark.angle_deg,
        "shape": mark.shape,
        "text": mark.text,
        "layer": mark.layer,
    }
    known = {key: value for key, value in optional.items() if value is not None}
    return {"kind": mark.kind, "points": [[_number(x), _number(y)] for x, y in mark.points], "tool": mark.tool, **known}


def _ring_json(coords: Iterable[tuple[float, ...]]) -> list[list[float]]:
    """A ring without its repeated last point."""
    return [[_number(p[0]), _number(p[1])] for p in coords][:-1]


def _number(value: float) -> float:
    """Rounded for writing; never a negative zero."""
    return round(float(value), DECIMALS) + 0.0
