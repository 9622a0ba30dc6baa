"""The order of strokes: its rules, and the way between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from garment_markers import garments, notch
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box

from cutkit.cut.order import travel_mm
from cutkit.cut.plan import plan_cut
from cutkit.formats.profile import load_profile
from cutkit.model import Fabric, Mark, Marker, NestSettings, OrderedPiece, Placement
from cutkit.toolpath import StrokeRules

HPGL = load_profile("hpgl-generic")
GRBL = replace(load_profile("grbl-servo"), knife=replace(load_profile("grbl-servo").knife, start_deg=0.0))


def marker_of(shapes, marks=(), step=400):
    """One copy each of some shapes, one behind the other."""
    pieces = tuple(OrderedPiece(f"p{k}", f"P{k}", "", shape, 1, marks=marks) for k, shape in enumerate(shapes))
    places = tuple(Placement(f"p{k}", 1, step * k, 0, 0) for k in range(len(shapes)))
    return Marker(Fabric(1800), pieces, places, NestSettings())


def test_everything_drawn_comes_before_everything_cut():
    tools = [s.tool for s in plan_cut(garments(), HPGL).strokes]
    assert tools == sorted(tools, key=["pen", "knife"].index)


@pytest.mark.parametrize("profile", [HPGL, GRBL], ids=lambda p: p.name)
def test_the_boundary_is_the_last_cut_of_its_piece(profile):
    for notches in ("before", "with"):
        chosen = replace(profile, strokes=StrokeRules(notches=notches))
        strokes = [s for s in plan_cut(garments(), chosen).strokes if s.tool == "knife"]
        for placement in range(len(garments().placements)):
            kinds = [s.kind for s in strokes if s.placement == placement]
            assert kinds[-1] == "boundary"
            assert notches == "with" or kinds.count("boundary") == 1


def test_a_piece_in_a_cut_out_is_cut_before_the_cut_out():
    frame = Polygon(box(0, 0, 300, 300).exterior.coords, [box(100, 100, 200, 200).exterior.coords])
    pieces = (OrderedPiece("frame", "F", "", frame, 1), OrderedPiece("inner", "I", "", box(0, 0, 60, 60), 1))
    places = (Placement("frame", 1, 0, 0, 0), Placement("inner", 1, 120, 120, 0))
    strokes = plan_cut(Marker(Fabric(300), pieces, places, NestSettings()), HPGL).strokes
    cuts = [s for s in strokes if s.tool == "knife"]
    assert [(s.placement, s.kind) for s in cuts] == [(1, "boundary"), (0, "cutout"), (0, "boundary")]


def test_a_small_piece_goes_before_a_large_one_beside_it():
    pieces = (
        OrderedPiece("large", "L", "", box(0, 0, 500, 500), 1),
        OrderedPiece("small", "S", "", box(0, 0, 50, 50), 1),
    )
    places = (Placement("large", 1, 0, 0, 0), Placement("small", 1, 505, 0, 0))
    strokes = plan_cut(Marker(Fabric(500), pieces, places, NestSettings()), GRBL).strokes
    assert [s.placement for s in strokes] == [1, 0]


def test_the_way_is_shorter_than_in_the_order_of_the_marker():
    shapes = [box(0, 0, 100, 100)] * 30
    marker = marker_of(shapes, step=0)
    spots = [((k * 7) % 30 % 6 * 150, (k * 7) % 30 // 6 * 150) for k in range(30)]
    placed = tuple(replace(p, x_mm=x, y_mm=y) for p, (x, y) in zip(marker.placements, spots, strict=True))
    path = plan_cut(replace(marker, placements=placed), GRBL)
    by_marker = sorted(path.strokes, key=lambda s: s.placement)
    assert travel_mm(path.strokes, (0, 0)) < 0.45 * travel_mm(by_marker, (0, 0))


points = st.tuples(st.integers(0, 300), st.integers(0, 300))


@st.composite
def shapes(draw):
    hull = LineString(draw(st.lists(points, min_size=4, max_size=9, unique=True))).convex_hull
    if hull.geom_type != "Polygon" or hull.buffer(-20).is_empty:
        hull = box(0, 0, 80, 120)
    core = hull.buffer(-15)
    if draw(st.booleans()) and core.geom_type == "Polygon" and core.area > 400:
        return Polygon(hull.exterior.coords, [core.centroid.buffer(5, quad_segs=4).exterior.coords])
    return hull


@given(st.lists(shapes(), min_size=1, max_size=6), st.data())
@settings(max_examples=40, deadline=None)
def test_every_boundary_once_inner_before_outer_notches_inside(outlines, data):
    pieces, places = [], []
    for k, outline in enumerate(outlines):
        spot = outline.exterior.interpolate(data.draw(st.floats(0, 0.99)), normalized=True)
        mid = outline.representative_point()
        marks = (
            Mark("notch", ((spot.x, spot.y),), "knife", depth_mm=6.0, shape=data.draw(st.sampled_from(["slit", "v"]))),
            Mark("drill", ((mid.x, mid.y),), "punch"),
        )
        pieces.append(OrderedPiece(f"p{k}", "P", "", outline, 1, marks=marks))
        angle, mirrored = data.draw(st.sampled_from([0.0, 90.0, 180.0])), data.draw(st.booleans())
        places.append(Placement(f"p{k}", 1, 450 + 800 * k, 450, angle, mirrored))
    marker = Marker(Fabric(1800), tuple(pieces), tuple(places), NestSettings())
    strokes = plan_cut(marker, replace(HPGL, strokes=StrokeRules(notches="before"))).strokes
    for k, polygon in enumerate(marker.polygons):
        mine = [s for s in strokes if s.placement == k and s.tool == "knife"]
        kinds = [s.kind for s in mine]
        assert kinds.count("boundary") == 1
        assert kinds[-1] == "boundary"
        assert kinds.count("cutout") == len(polygon.interiors)
        assert set(mine[-1].points) == {(x, y) for x, y in polygon.exterior.coords}
        assert LineString(mine[-1].points).length == pytest.approx(polygon.exterior.length)
        for s in mine:
            if s.kind in ("notch", "drill"):
                assert polygon.buffer(1e-3).covers(LineString(s.points))


def test_a_slit_is_cut_from_the_outline_inward():
    marker = marker_of([box(0, 0, 100, 60)], (notch(0, 30, 0), notch(100, 30, 180)))
    slits = [s for s in plan_cut(marker, GRBL).strokes if s.kind == "notch"]
    assert sorted(s.points for s in slits) == [((0.0, 30.0), (5.0, 30.0)), ((100.0, 30.0), (95.0, 30.0))]
