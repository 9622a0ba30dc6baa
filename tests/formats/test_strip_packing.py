"""Strip-packing instances in the field's JSON form."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cutkit.errors import InputError
from cutkit.formats.strip_packing import is_strip_packing, read_instance

SQUARE = [[0, 0], [10, 0], [10, 10], [0, 10], [0, 0]]
SHARED = Path(__file__).resolve().parents[2] / "../shared/instances"


def item(number=0, demand=1, data=SQUARE, **more):
    return {"id": number, "demand": demand, "shape": {"type": "simple_polygon", "data": data}, **more}


def instance(*items, **more):
    return {"name": "test", "strip_height": 40.0, "items": list(items), **more}


@pytest.fixture
def read(tmp_path):
    def call(value):
        path = tmp_path / "instance.json"
        path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())
        return read_instance(path)

    return call


def test_items_become_pieces(read):
    got = read(instance(item(7, 2, allowed_orientations=[0.0, 180.0]), item("b", dxf="b.dxf")))
    assert (got.name, got.strip_height_mm, len(got.sha256)) == ("test", 40.0, 64)
    first, second = got.demand.pieces
    assert (first.id, first.ordered, first.ordered_mirrored, first.may_mirror) == ("7", 2, 0, False)
    assert first.allowed_angles_deg == (0.0, 180.0)
    assert second.allowed_angles_deg == (0.0, 90.0, 180.0, 270.0)
    assert [(c.piece, c.bundle, c.mirrored, c.angles_deg) for c in got.demand.copies] == [
        ("7", 1, False, (0.0, 180.0)),
        ("7", 1, False, (0.0, 180.0)),
        ("b", 1, False, (0.0, 90.0, 180.0, 270.0)),
    ]


@pytest.mark.parametrize("data", [SQUARE, SQUARE[:-1], SQUARE[::-1], [[0, 0], [5, 0], [10, 0], [10, 0], [5, 7]]])
def test_the_outline_is_the_items_own(read, data):
    outline = read(instance(item(data=data))).demand.pieces[0].outline
    closed = data if data[0] == data[-1] else [*data, data[0]]
    assert [list(point) for point in outline.exterior.coords] == closed


@pytest.mark.parametrize(
    ("given", "allowed"), [(None, (0.0, 90.0, 180.0, 270.0)), ([], (0.0,)), ([-90, 270, 360.0], (270.0, 0.0))]
)
def test_orientations(read, given, allowed):
    assert read(instance(item(allowed_orientations=given))).demand.pieces[0].allowed_angles_deg == allowed


def test_a_demand_of_zero_is_left_out_and_said(read):
    got = read(instance(item(1, 0), item(2)))
    assert [p.id for p in got.demand.pieces] == ["2"]
    assert [(n.code, n.piece) for n in got.notices] == [("demand-zero", "1")]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe{}", "not JSON"),
        (b"[" * 100_000, "not JSON"),
        ({"name": "x"}, "strip_height"),
        ([1], "not a strip-packing instance"),
        ({"schema": "cutkit.marker/1"}, "cutkit.marker/1"),
        (instance(), "nothing to place"),
        (instance(item(demand=0)), "nothing to place"),
        (instance(item(), strip_height=0), "strip height is 0"),
        (instance(item(), strip_height=1e9), "at most 1e+07"),
        (b"null", "not a strip-packing instance"),
        (instance(item(), strip_height=-5), "strip height is -5"),
        (instance(item(), strip_height="40"), "strip_height"),
        (instance(item(4), item(4)), "two items have the id 4"),
        (instance(item(4), item("4")), "two items have the id 4"),
        (instance(item(3), item(4, demand="2")), "item 4"),
        (instance(item(4, demand=-1)), "item 4: the demand is -1"),
        (instance(item(4, demand=10**7)), "demand is above"),
        (instance(item(4, data=SQUARE[:2])), "item 4: the shape has 2 different points"),
        (instance(item(4, data=[[0, 0], [10, 10], [10, 0], [0, 10]])), "item 4: the shape is not a simple polygon"),
        (instance(item(4, data=[[0, 0], [10, 10], [20, 20]])), "item 4: the shape is not a simple polygon"),
        (instance(item(4, data=[[0, 0], [1e9, 0], [0, 1e9]])), "item 4: a coordinate is beyond"),
        (b'{"strip_height": 1, "items": [{"id": 4, "demand": 1e999}]}', "not"),
        (instance(item(4) | {"shape": {"type": "circle", "data": SQUARE}}), "item 4: the shape is a 'circle'"),
    ],
)
def test_what_is_wrong_is_named(read, value, says):
    with pytest.raises(InputError) as caught:
        read(value)
    assert says in str(caught.value)
    assert "instance.json" in str(caught.value)


FRAME = [[0, 0], [9, 0], [9, 9], [0, 9], [0, 0], [2, 2], [2, 7], [7, 7], [7, 2], [2, 2]]
TOUCHING = {
    "spike": ([[0, 0], [9, 0], [9, 4], [5, 4], [5, 8], [5, 4], [0, 4]], 36, 0),
    "slit": ([[0, 0], [9, 0], [9, 4], [5, 4], [5, 1], [5, 4], [0, 4]], 36, 0),
    "cut-out reached by a slit": (FRAME, 81 - 25, 1),
    "cut-out that touches the outline in a point": (
        [[0, 0], [9, 0], [9, 9], [5, 9], [8, 5], [5, 2], [2, 5], [5, 9], [0, 9]],
        81 - 21,
        1,
    ),
    "bay closed along an edge": (
        [[0, 0], [9, 0], [9, 9], [6, 9], [6, 4], [3, 4], [3, 7], [6, 7], [6, 9], [0, 9]],
        81 - 9,
        1,
    ),
    "loop that runs round like the outline": ([[0, 0], [9, 0], [9, 9], [5, 9], [2, 5], [5, 2], [5, 9], [0, 9]], 81, 0),
    "drawn twice": (SQUARE + SQUARE, 100, 0),
    "loop at a corner": ([[0, 0], [9, 0], [9, 10], [8, 9], [10, 9], [9, 9], [0, 9]], 81.5, 0),
}


@pytest.mark.parametrize(("data", "area", "holes"), TOUCHING.values(), ids=TOUCHING)
@pytest.mark.parametrize("turned", [False, True])
def test_a_shape_that_touches_itself_is_mended_and_told(read, data, area, holes, turned):
    got = read(instance(item(4, data=data[::-1] if turned else data)))
    outline = got.demand.pieces[0].outline
    assert outline.is_valid
    assert outline.area == pytest.approx(area)
    assert len(outline.interiors) == holes
    assert [(n.code, n.piece) for n in got.notices] == [("outline-mended", "4")]


def test_a_byte_order_mark_is_no_matter(read):
    assert read(b"\xef\xbb\xbf" + json.dumps(instance(item())).encode()).name == "test"


@pytest.mark.parametrize(
    ("name", "data", "yes"),
    [
        ("a", b' \n{"a"', True),
        ("a.dxf", b"\xef\xbb\xbf{", True),
        ("a", b"[", True),
        ("a.JSON", b"null", True),
        ("a.dxf", b"0\nSECTION", False),
        ("a", b"", False),
    ],
)
def test_told_apart_from_a_dxf(name, data, yes):
    assert is_strip_packing(name, data) is yes


def test_ezdxf_stays_unimported():
    code = (
        "import sys, cutkit.formats.strip_packing as s; print(sorted({'ezdxf', 'click', 'numba'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.skipif(not SHARED.is_dir(), reason="the published instances are not here")
def test_the_published_instances():
    for path in sorted(SHARED.glob("*.json")):
        raw = json.loads(path.read_text())
        got = read_instance(path)
        assert len(got.demand.copies) == sum(i["demand"] for i in raw["items"])
        for piece, source in zip(got.demand.pieces, raw["items"], strict=True):
            assert [list(point) for point in piece.outline.exterior.coords] == source["shape"]["data"]
