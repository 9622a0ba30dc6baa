"""Solutions of strip-packing instances as other nesters write them, to go on from.

sparrow and others of its family write the instance with a solution beside its items, or the solution alone::

    {"name", "strip_height", "items": [...],
     "solution": {"strip_width", "layout": {"placed_items": [
         {"item_id", "transformation": {"rotation": degrees, "translation": [x, y]}}, ...]}}}

An item is turned about its own origin, then moved; so a placed item is a placement. Numbers are in single precision.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isfinite

import msgspec

from cutkit.errors import InputError
from cutkit.formats.strip_packing import BUNDLE, FARTHEST_MM, parse_instance
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement, Point

SINGLE_PRECISION_DEG = 1e-3
"""An angle this near to one that the item allows is that one, as far as single precision tells."""

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_HINT = 'It needs "layout" with "placed_items", each with "item_id" and "transformation": "rotation", "translation".'


class _TransformationForm(msgspec.Struct):
    rotation: float
    translation: Point


class _PlacedForm(msgspec.Struct):
    item_id: int | str
    transformation: _TransformationForm


class _LayoutForm(msgspec.Struct):
    placed_items: list[_PlacedForm]


class _SolutionForm(msgspec.Struct):
    layout: _LayoutForm


def is_solution(data: bytes) -> bool:
    """Whether the bytes are JSON that has a strip-packing solution in it, or is one."""
    try:
        value = msgspec.json.decode(data.removeprefix(_BYTE_ORDER_MARK))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return isinstance(value, dict) and "schema" not in value and ("solution" in value or "layout" in value)


def parse_solution(data: bytes, *, where: str, pieces: Sequence[OrderedPiece], fabric: Fabric) -> Marker:
    """The marker that a solution describes: of the instance in its file, else of ``pieces`` on ``fabric``.

    Nobody has judged it: its pieces may overlap. InputError where something cannot be understood, or is of an item that
    is not in the instance.
    """
    value = msgspec.json.decode(data.removeprefix(_BYTE_ORDER_MARK))
    if "items" in value:
        instance = parse_instance(data, where=where)
        pieces, fabric = instance.demand.pieces, Fabric(instance.strip_height_mm, name=instance.name)
    try:
        solution = msgspec.convert(value.get("solution", value), _SolutionForm)
    except msgspec.ValidationError as error:
        raise InputError(f"not a strip-packing solution: {error}", where=where, hint=_HINT) from error
    by_id = {piece.id: piece for piece in pieces}
    placed = enumerate(solution.layout.placed_items)
    placements = tuple(_placement(item, by_id, f"{where}, placed item {number}") for number, item in placed)
    return Marker(fabric, tuple(pieces), placements, NestSettings())


def _placement(item: _PlacedForm, by_id: dict[str, OrderedPiece], where: str) -> Placement:
    name, (x, y), angle = str(item.item_id), item.transformation.translation, item.transformation.rotation
    if name not in by_id:
        raise InputError(f"there is no item {name} in the instance", where=where)
    if not (isfinite(angle) and all(isfinite(v) and abs(v) <= FARTHEST_MM for v in (x, y))):
        raise InputError(f"item {name} lies at ({x:g}, {y:g}), turned by {angle:g} degrees", where=where)
    return Placement(name, BUNDLE, x, y, _allowed(angle % 360.0, by_id[name]))


def _allowed(angle: float, piece: OrderedPiece) -> float:
    """The angle as the item allows it, where rounding alone is between them."""
    apart = {a: abs((angle - a + 180.0) % 360.0 - 180.0) for a in piece.allowed_angles_deg}
    nearest = min(apart, key=apart.__getitem__, default=angle)
    return nearest if apart.get(nearest, 0.0) <= SINGLE_PRECISION_DEG else angle
