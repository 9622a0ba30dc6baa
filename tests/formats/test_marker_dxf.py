"""The DXF of a marker, read back with ezdxf: the same outlines at the same places, on the pattern's layers."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

import ezdxf
import numpy as np
import pytest
import shapely
from sample_markers import marker_of
from shapely.geometry import LineString, Polygon, box

from cutkit.formats.dxf.marker import marker_dxf
from cutkit.formats.dxf.write import mark_layer
from cutkit.model import Defect, Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement

TOLERANCE_MM = 1e-4


def read(marker: Marker):
    document = ezdxf.read(StringIO(marker_dxf(marker)))
    auditor = document.audit()
    assert not auditor.errors
    return document


def blocks_of(document) -> list:
    return [document.blocks[insert.dxf.name] for insert in document.modelspace().query("INSERT")]


def rings(block, layer: str) -> list[Polygon]:
    lines = block.query(f'POLYLINE[layer=="{layer}"]')
    assert all(line.is_closed for line in lines)
    return [Polygon([(v.dxf.location.x, v.dxf.location.y) for v in line.vertices]) for line in lines]


def texts(space, layer: str = "1") -> list[str]:
    return [text.dxf.text for text in space.query(f'TEXT[layer=="{layer}"]')]


def tilted(marker: Marker) -> Marker:
    """The marker with every third piece at an odd angle: the DXF does not care whether they overlap then."""
    spots = (replace(p, angle_deg=p.angle_deg + 3.7) if i % 3 == 0 else p for i, p in enumerate(marker.placements))
    return replace(marker, placements=tuple(spots))


@pytest.mark.parametrize("change", [lambda m: m, tilted])
def test_every_outline_and_cutout_comes_back_where_it_lies(change):
    marker = change(marker_of(["S", "M", "L"]))
    blocks = blocks_of(read(marker))
    assert len(blocks) == len(marker.placements) == 57
    for block, polygon in zip(blocks, marker.polygons, strict=True):
        (outline,) = rings(block, "1")
        found = Polygon(outline.exterior, [hole.exterior for hole in rings(block, "11")])
        assert len(found.interiors) == len(polygon.interiors)
        ours, theirs = shapely.get_coordinates(found), shapely.get_coordinates(polygon)
        assert ours.shape == theirs.shape
        assert np.abs(ours - theirs).max() < TOLERANCE_MM


def test_blocks_are_put_where_they_are_by_plain_inserts():
    document = read(marker_of(["M", "L"]))
    inserts = document.modelspace().query("INSERT")
    assert len({insert.dxf.name for insert in inserts}) == len(inserts) == 38
    for insert in inserts:
        assert tuple(insert.dxf.insert) == (0, 0, 0)
        assert (insert.dxf.xscale, insert.dxf.yscale, insert.dxf.rotation) == (1, 1, 0)
        assert len(insert.dxf.name) <= 31
        assert insert.dxf.name.replace("_", "").isalnum()


def test_units_cloth_and_key_texts_are_stated():
    marker = marker_of(["M"], defects=(Defect((10, 20, 30, 60)),))
    document = read(marker)
    assert document.header["$INSUNITS"] == 4
    assert document.header["$ACADVER"] == "AC1009"
    space = document.modelspace()
    found = texts(space)
    assert {"Units: METRIC", "Style Name: Shirt 1207", "Usable Width: 1470.000 mm"} <= set(found)
    assert f"Marker Length: {marker.length_mm:.3f} mm" in found
    assert rings(space, "FABRIC")[0].bounds == pytest.approx((0, -15, marker.length_mm, 1485), abs=TOLERANCE_MM)
    assert rings(space, "USABLE")[0].bounds == pytest.approx((0, 0, marker.length_mm, 1470), abs=TOLERANCE_MM)
    assert rings(space, "DEFECT")[0].bounds == (10, 20, 30, 60)
    block = blocks_of(document)[0]
    assert texts(block)[:3] == ["Piece Name: Front", "Size: M", "Quantity: 1,0"]
    assert "Annotation: Garment 1" in texts(block)


def one(piece: OrderedPiece, angle: float, mirrored: bool):
    marker = Marker(Fabric(1000.0), (piece,), (Placement("a", 1, 500, 400, angle, mirrored),), NestSettings())
    return blocks_of(read(marker))[0]


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("angle", [0.0, 90.0, 180.0, 33.5])
def test_notches_keep_depth_width_and_point_into_the_piece(angle, mirrored):
    outline = Polygon([(0, 0), (200, 0), (200, 100), (0, 140)])
    inwards = [((50.0, 0.0), 90.0), ((200.0, 40.0), 180.0), ((0.0, 60.0), 0.0)]
    shapes = ["slit", "t", "castle"]
    marks = tuple(
        Mark("notch", (at,), "knife", 6.0, 3.5, inward, shape)
        for (at, inward), shape in zip(inwards, shapes, strict=True)
    )
    block = one(OrderedPiece("a", "A", "M", outline, 1, 1, marks), angle, mirrored)
    (placed,) = rings(block, "1")
    points = list(block.query("POINT"))
    assert [point.dxf.layer for point in points] == ["4", "80", "81"]
    for point in points:
        x, y, depth = point.dxf.location
        assert (depth, point.dxf.thickness) == (6.0, 3.5)
        turn = np.radians(point.dxf.angle)
        assert placed.exterior.distance(shapely.Point(x, y)) < TOLERANCE_MM
        # Straight in, half the piece is reached before the outline is met again.
        inner = LineString([(x + np.cos(turn) * d, y + np.sin(turn) * d) for d in (0.01, 50.0)])
        assert placed.contains(inner)


def test_other_marks_keep_their_layers_and_places():
    marks = (
        Mark("drill", ((50, 50),), "punch", layer="13"),
        Mark("internal", ((10, 10), (90, 10), (90, 20)), layer="8"),
        Mark("sew", ((5, 5), (195, 5)), layer="8"),
        Mark("grain", ((20, 50), (180, 50)), layer="7"),
        Mark("label", ((60, 60),), text="CUT 2\r\n", layer="15"),
    )
    block = one(OrderedPiece("a", "A", "M", box(0, 0, 200, 100), 1, 0, marks), 90, False)
    (drill,) = block.query("POINT")
    assert tuple(drill.dxf.location) == (450, 450, 0)
    (sew,) = block.query('LINE[layer=="8"]')
    assert {tuple(sew.dxf.start), tuple(sew.dxf.end)} == {(495, 405, 0), (495, 595, 0)}
    (grain,) = block.query('LINE[layer=="7"]')
    assert grain.dxf.start.x == grain.dxf.end.x == 450
    assert "CUT 2" in [text.strip() for text in texts(block, "15")]
    (internal,) = block.query('POLYLINE[layer=="8"]')
    assert not internal.is_closed


def test_a_piece_without_a_grain_line_gets_one_inside_it():
    ring = Polygon([(0, 0), (200, 0), (200, 200), (0, 200)], [[(50, 50), (150, 50), (150, 150), (50, 150)]])
    block = one(OrderedPiece("a", "A", "M", ring, 1), 33.0, True)
    (line,) = block.query('LINE[layer=="7"]')
    (outline,), (hole,) = rings(block, "1"), rings(block, "11")
    drawn = LineString([line.dxf.start.vec2, line.dxf.end.vec2])
    assert Polygon(outline.exterior, [hole.exterior]).contains(drawn)
    dx, dy = line.dxf.end.x - line.dxf.start.x, line.dxf.end.y - line.dxf.start.y
    assert np.degrees(np.arctan2(dy, dx)) == pytest.approx(33.0, abs=1e-3)


@pytest.mark.parametrize(
    ("mark", "layer"),
    [
        (Mark("internal", ((0, 0), (1, 1)), layer="21"), "21"),
        (Mark("internal", ((0, 0), (1, 1)), layer="1"), "8"),
        (Mark("internal", ((0, 0), (1, 1)), layer="11"), "8"),
        (Mark("internal", ((0, 0), (1, 1)), "knife", layer="8"), "11"),
        (Mark("sew", ((0, 0), (1, 1)), layer="86"), "14"),
        (Mark("fold", ((0, 0), (1, 1)), layer="6"), "8"),
        (Mark("notch", ((0, 0),), "knife", shape="check"), "82"),
        (Mark("notch", ((0, 0),), "knife", shape="u"), "83"),
        (Mark("notch", ((0, 0),), "knife", shape="v"), "4"),
        (Mark("match", ((0, 0),)), "9"),
    ],
)
def test_nothing_that_is_drawn_lands_on_a_layer_that_is_cut(mark, layer):
    assert mark_layer(mark) == layer


def test_the_text_is_ascii_without_exponents_and_repeats():
    piece = OrderedPiece("a", "Ärmel 袖\x00\n0\nLINE", "M", Polygon([(0, 0), (100, 1e-5), (90, 80), (1e-7, 70)]), 1)
    marker = Marker(Fabric(500.0), (piece,), (Placement("a", 1, 1e-6, -0.0, 0),), NestSettings())
    text = marker_dxf(marker)
    assert text.isascii()
    assert text == marker_dxf(marker)
    assert text.endswith("EOF\n")
    assert not [line for line in text.splitlines() if line.strip("-.0123456789") == "e"]
    block = blocks_of(read(marker))[0]
    assert texts(block)[0] == r"Piece Name: \U+00C4rmel \U+8896 0 LINE"
    assert ezdxf.decode_dxf_unicode(texts(block)[0]) == "Piece Name: Ärmel 袖 0 LINE"
    assert not block.query('LINE[layer!="7"]')


def test_an_empty_marker_is_still_a_file_with_its_cloth():
    marker = replace(marker_of(["M"]), placements=())
    document = read(marker)
    assert not document.modelspace().query("INSERT")
    assert len(document.modelspace().query("POLYLINE")) == 2
