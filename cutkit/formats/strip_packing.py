"""Strip-packing instances in the field's JSON benchmark form, as published with the nesting papers.

``{"name", "strip_height", "items": [{"id", "demand", "allowed_orientations", "shape": {"type": "simple_polygon",
"data": [[x, y], ...]}}]}``. One unit is one millimetre and the strip height is the usable width. Other keys are left
alone: the published files carry some.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import msgspec
import shapely
from shapely.geometry import Polygon

from cutkit.errors import InputError
from cutkit.formats.files import read_bytes, sha256_of
from cutkit.geometry import mend
from cutkit.model import Copy, Demand, Notice, OrderedPiece, Point

ANY_QUARTER_TURN = (0.0, 90.0, 180.0, 270.0)
"""How an item may lie that does not say."""
BUNDLE = 1
"""An instance knows no garments: every copy belongs to one bundle."""
FARTHEST_MM = 1e7
MOST_COPIES = 100_000
LOST_SHARE = 1e-6
"""A shape that loses more than this part of its area when it is mended is refused."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HINT = 'It needs "name", "strip_height" and "items" with "id", "demand" and "shape".'


@dataclass(frozen=True)
class StripInstance:
    """A strip-packing instance: its name, the usable width, what to place, and the SHA-256 of the file."""

    name: str
    strip_height_mm: float
    demand: Demand
    sha256: str
    notices: tuple[Notice, ...] = ()


class _ShapeForm(msgspec.Struct):
    type: str
    data: list[Point]


class _ItemForm(msgspec.Struct):
    id: int | str
    demand: int
    shape: _ShapeForm
    allowed_orientations: list[float] | None = None


class _InstanceForm(msgspec.Struct):
    strip_height: float
    items: list[_ItemForm]
    name: str = ""


def is_strip_packing(path: str | Path, data: bytes) -> bool:
    """True for a JSON object or list, or by its name, which among the inputs of ``nest`` can only mean an instance.

    ``read_instance`` then says what is wrong with one that is none.
    """
    starts = data[:4096].removeprefix(_BYTE_ORDER_MARK).lstrip()[:1] in (b"{", b"[")
    return starts or str(path).lower().endswith(".json")


def read_instance(path: str | Path) -> StripInstance:
    """The instance in a file. InputError (exit 3) names the file, and the item where one is at fault."""
    return parse_instance(read_bytes(path), where=str(path))


def parse_instance(data: bytes, *, where: str) -> StripInstance:
    """The instance in the bytes of a file; ``where`` names it in errors."""
    form = _decoded(data, where)
    if not (isfinite(form.strip_height) and 0 < form.strip_height <= FARTHEST_MM):
        wanted = f"not above 0 and at most {FARTHEST_MM:g}"
        raise InputError(f"the strip height is {form.strip_height:g}, {wanted}", where=where)
    _refuse_twice([str(item.id) for item in form.items], where)
    pieces: list[OrderedPiece] = []
    notices: list[Notice] = []
    for item in form.items:
        piece = _piece(item, f"{where}, item {item.id}", notices)
        if piece.ordered:
            pieces.append(piece)
        else:
            notices.append(Notice("demand-zero", f"item {item.id} has demand 0 and is not placed", piece.id))
    if not pieces:
        raise InputError("nothing to place: no item has a demand", where=where)
    if sum(piece.ordered for piece in pieces) > MOST_COPIES:
        raise InputError(f"the demand is above {MOST_COPIES:,} items", where=where)
    copies = [Copy(p.id, BUNDLE, False, p.allowed_angles_deg) for p in pieces for _ in range(p.ordered)]
    demand = Demand("", tuple(pieces), tuple(copies))
    return StripInstance(form.name or Path(where).stem, form.strip_height, demand, sha256_of(data), tuple(notices))


def _decoded(data: bytes, where: str) -> _InstanceForm:
    data = data.removeprefix(_BYTE_ORDER_MARK)
    try:
        value = msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InputError(f"not JSON: {error}", where=where) from error
    if isinstance(value, dict) and str(value.get("schema", "")).startswith("cutkit."):
        raise InputError(
            f"this is a file of schema {value['schema']}, not something to nest",
            where=where,
            hint="nest takes pattern files (DXF) or one strip-packing instance.",
        )
    try:
        return msgspec.convert(value, _InstanceForm)
    except msgspec.ValidationError as error:
        message = f"not a strip-packing instance: {error}{_item_named(value, str(error))}"
        raise InputError(message, where=where, hint=_HINT) from error


def _item_named(value: object, message: str) -> str:
    """``, item 7`` where a decoder's message points at ``$.items[3]``, an item that has the id 7."""
    _, at, rest = message.partition("$.items[")
    if not at or not isinstance(value, dict):
        return ""
    item = value["items"][int(rest.partition("]")[0])]
    return f", item {item['id']}" if isinstance(item, dict) and "id" in item else ""


def _refuse_twice(ids: list[str], where: str) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise InputError(f"two items have the id {name}", where=where)
        seen.add(name)


def _piece(item: _ItemForm, where: str, notices: list[Notice]) -> OrderedPiece:
    """The item as a piece; what had to be mended is added to ``notices``."""
    if item.demand < 0:
        raise InputError(f"the demand is {item.demand}", where=where)
    if item.shape.type != "simple_polygon":
        raise InputError(f"the shape is a {item.shape.type!r}; only 'simple_polygon' is known", where=where)
    name = str(item.id)
    outline, mended = _outline(item.shape.data, where)
    if mended and item.demand:
        notices.append(Notice("outline-mended", f"item {name}: {mended}", name))
    return OrderedPiece(
        id=name,
        name=name,
        size="",
        outline=outline,
        ordered=item.demand,
        allowed_angles_deg=_angles(item.allowed_orientations, where),
    )


def _outline(points: list[Point], where: str) -> tuple[Polygon, str]:
    """The item's own points, as a simple polygon with an area; InputError tells where it is not.

    A spike, a slit or a touch of itself takes nothing from a shape: it is left out, and the text returned says so. A
    cut-out that the points run round by such a slit becomes a hole.
    """
    if len(set(points)) < 3:
        raise InputError(f"the shape has {len(set(points))} different points; a polygon needs three", where=where)
    if any(not isfinite(v) or abs(v) > FARTHEST_MM for point in points for v in point):
        raise InputError(f"a coordinate is beyond {FARTHEST_MM:g} mm", where=where)
    outline = Polygon(points)
    if outline.is_valid:
        return outline, ""
    mended = mend(points[:-1] if points[0] == points[-1] else points)
    if mended is None or mended.lost_mm2 > LOST_SHARE * mended.polygon.area:
        reason = shapely.is_valid_reason(outline)
        raise InputError(f"the shape is not a simple polygon: {reason}", where=where, hint="Mend its outline there.")
    places = ", ".join(f"({x:g}, {y:g})" for x, y in mended.faults[:3])
    holes = [hole.exterior for hole in mended.enclosed]
    text = f"the shape crosses or touches itself at {places} and is mended"
    return Polygon(mended.polygon.exterior, holes), text + (f"; cut-outs in it: {len(holes)}" if holes else "")


def _angles(allowed: list[float] | None, where: str) -> tuple[float, ...]:
    """The angles from 0 to 360, each once, in the order given; none given: 0 alone, as the field reads it."""
    if allowed is None:
        return ANY_QUARTER_TURN
    if not all(isfinite(angle) for angle in allowed):
        raise InputError("an orientation is not a number", where=where)
    return tuple(dict.fromkeys(angle % 360.0 for angle in allowed)) or (0.0,)
