"""Solutions of other nesters, read as markers."""

from __future__ import annotations

import json

import pytest

from cutkit.errors import InputError
from cutkit.formats.strip_packing import parse_instance
from cutkit.formats.strip_solution import is_solution, parse_solution
from cutkit.model import Fabric

SHAPE = {"type": "simple_polygon", "data": [[0, 0], [40, 0], [40, 20]]}
INSTANCE = {
    "name": "two",
    "strip_height": 100,
    "items": [
        {"id": 0, "demand": 1, "allowed_orientations": [0, 180], "shape": SHAPE},
        {"id": 7, "demand": 1, "allowed_orientations": [0.0, 30.0], "shape": SHAPE},
    ],
}


def placed(item, rotation, x, y):
    return {"item_id": item, "transformation": {"rotation": rotation, "translation": [x, y]}}


def parsed(*items, instance=INSTANCE):
    value = {**instance, "solution": {"strip_width": 90.0, "layout": {"container_id": 0, "placed_items": items}}}
    pieces = parse_instance(json.dumps(INSTANCE).encode(), where="a.json").demand.pieces
    return parse_solution(json.dumps(value).encode(), where="s.json", pieces=pieces, fabric=Fabric(100.0))


def test_a_placed_item_is_turned_about_its_origin_and_moved():
    marker = parsed(placed(0, -180.0, 45.5, 20.0), placed(7, 29.9999981, 50.0, 1.0))
    first, second = marker.placements
    assert (first.piece, first.angle_deg, first.x_mm, first.y_mm) == ("0", 180.0, 45.5, 20.0)
    assert second.angle_deg == 30.0
    assert marker.polygons[0].bounds == pytest.approx((5.5, 0.0, 45.5, 20.0))
    assert marker.fabric.usable_width_mm == 100.0


def test_angles_that_are_not_allowed_stay_what_they_are():
    (only,) = parsed(placed(0, -90.0, 0, 0)).placements
    assert only.angle_deg == 270.0


def test_a_solution_without_its_instance_is_of_the_pieces_given():
    marker = parsed(placed("7", 0, 1, 2), instance={})
    assert [p.id for p in marker.pieces] == ["0", "7"]
    assert marker.placements[0].piece == "7"


def test_what_is_a_solution():
    assert is_solution(json.dumps({"solution": {}}).encode())
    assert is_solution(b'\xef\xbb\xbf{"layout": {}}')
    assert not is_solution(json.dumps(INSTANCE).encode())
    assert not is_solution(b'{"schema": "cutkit.marker/1", "layout": {}}')
    assert not is_solution(b"no JSON")


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ((placed(3, 0, 0, 0),), "s.json, placed item 0: there is no item 3 in the instance"),
        ((placed(0, 0, 1e9, 0),), "item 0 lies at"),
        (({"item_id": 0},), "transformation"),
        ((placed(0, "up", 0, 0),), "rotation"),
    ],
)
def test_what_cannot_be_understood_is_named(items, said):
    with pytest.raises(InputError) as told:
        parsed(*items)
    assert said in str(told.value)
