"""Drag-knife compensation, proved with a trailing blade."""

from __future__ import annotations

from dataclasses import replace
from math import cos, hypot, pi, radians, sin

import pytest
import shapely
from garment_markers import arc, garments
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box
from trailing_blade import farthest_mm, knife_traces, missed_mm, tip_trace

from cutkit.cut.blade import align_stroke, holder_path, lead_blade, run_over
from cutkit.cut.plan import plan_cut
from cutkit.errors import LimitError
from cutkit.formats.profile import load_profile
from cutkit.model import Fabric, Marker, NestSettings, OrderedPiece, Placement
from cutkit.toolpath import Knife, Stroke

GRBL = replace(load_profile("grbl-servo"), knife=replace(load_profile("grbl-servo").knife, start_deg=0.0))


def drag(offset_mm, **more) -> Knife:
    return Knife("drag", offset_mm, **more)


def off_and_missed(line, knife, heading):
    trace, _ = tip_trace(holder_path(tuple(line), knife, heading)[0], knife.offset_mm, heading)
    return farthest_mm(trace, [LineString(line)]), missed_mm(line, trace)


@pytest.mark.parametrize(("offset", "missed"), [(0.25, 0.17), (0.9, 0.60), (3.0, 1.99)])
def test_without_compensation_the_model_misses_corners_as_published(offset, missed):
    trace, _ = tip_trace([(0, 0), (60, 0), (60, 60)], offset, 0.0)
    assert farthest_mm([(60, 0)], [LineString(trace)]) == pytest.approx(missed, rel=0.05)


@pytest.mark.parametrize("offset", [0.25, 0.6, 0.9, 1.0, 3.0])
@pytest.mark.parametrize("corner", [5, 9.9, 20, 45, 90, 135, 170, 180])
def test_corners_are_cut_as_they_are(offset, corner):
    end = (40 + 40 * cos(radians(corner)), 40 * sin(radians(corner)))
    off, missed = off_and_missed([(0, 0), (40, 0), end], drag(offset), 0.0)
    assert off <= 0.01
    assert missed <= 0.01


@pytest.mark.parametrize("radius", [2.0, 8.0, 30.0, 200.0])
@pytest.mark.parametrize("vertices", [24, 90, 720])
def test_smooth_curves_are_compensated_vertex_by_vertex(radius, vertices):
    circle = arc(0, 0, radius, 0, 2 * pi, vertices)
    off, missed = off_and_missed(circle, drag(1.0), 1.0)
    assert max(off, missed) <= 0.01


def test_on_a_circle_the_holder_runs_on_a_larger_one():
    holder, _ = holder_path(tuple(arc(0, 0, 8.0, 0, 2 * pi, 720)), drag(1.0), pi / 2)
    assert all(hypot(*point) == pytest.approx(hypot(8, 1), abs=0.01) for point in holder)


@given(
    points=st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=2, max_size=12),
    offset=st.sampled_from([0.2, 0.6, 1.0]),
    heading=st.floats(-3.1, 3.1),
)
@settings(max_examples=60, deadline=None)
def test_any_line_is_followed_from_any_known_heading(points, offset, heading):
    line = [(x / 4, y / 4) for k, (x, y) in enumerate(points) if k == 0 or points[k - 1] != (x, y)]
    if len(line) > 1:
        off, missed = off_and_missed(line, drag(offset), heading)
        assert max(off, missed) <= 0.02


def test_the_start_is_exact_even_when_the_blade_points_straight_back():
    off, missed = off_and_missed([(0, 0), (50, 0)], drag(0.6), pi)
    assert off <= 0.005
    assert missed <= 0.005


def test_a_contour_closes_and_runs_over_along_its_own_line():
    square = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0))
    led = run_over(square, 2.0, 3.0)
    assert led[0] == (0.0, 2.0)
    assert led[1:6] == square
    assert led[-1] == (3.0, 0.0)
    assert run_over(square, 0.0, 0.0) == square
    assert LineString(run_over(square, 99.0, 99.0)).length == pytest.approx(80.0)


def test_a_contour_runs_the_way_round_that_turns_the_blade_less():
    square = ((0.0, 0.0), (10.0, 0.0), (10.0, 10.0), (0.0, 10.0), (0.0, 0.0))
    stroke = Stroke("knife", "boundary", square, 0)
    up = next(lead_blade([stroke], drag(0.6), 80.0))
    along = next(lead_blade([stroke], drag(0.6), 10.0))
    assert up.points[1] == (0.0, 10.0)
    assert along.points[1] == (10.0, 0.0)


def test_pens_stand_on_their_axis_and_leave_the_heading_alone():
    pen = Stroke("pen", "label", ((0.0, 0.0), (0.0, 9.0)), 0)
    cut = Stroke("knife", "notch", ((5.0, 5.0), (9.0, 5.0)), 0)
    drawn, cut = lead_blade([pen, cut], drag(0.6), 0.0)
    assert drawn.holder is None
    assert cut.holder == ((5.6, 5.0), (9.6, 5.0))


def marker_lines(marker, path):
    """Every line that may be cut: outlines and holes of the marker, notches and drills as planned."""
    rings = [r for p in marker.polygons for r in (p.exterior, *p.interiors)]
    inner = [LineString(s.points) for s in path.strokes if s.kind in ("notch", "drill")]
    return [LineString(r.coords) for r in rings] + inner


def worst_mm(marker, profile, start_deg, first=None):
    """The worst of: the tip off the marker's lines, a wanted line not cut. The alignment in the waste is left out."""
    path = plan_cut(marker, profile)
    lines = marker_lines(marker, path)
    worst = 0.0
    for stroke, trace in knife_traces(path.strokes[:first], profile.knife.offset_mm, start_deg):
        if stroke.kind != "align":
            worst = max(worst, farthest_mm(trace, lines), missed_mm(stroke.points, trace))
    return worst


@pytest.mark.parametrize("offset", [0.3, 0.6, 1.0])
@pytest.mark.parametrize("lead_in", [0.0, 2.0])
def test_every_line_of_a_marker_is_cut_within_tolerance(offset, lead_in):
    knife = drag(offset, overcut_mm=1.0, lead_in_mm=lead_in)
    assert worst_mm(garments(), replace(GRBL, knife=knife), 0.0) <= 0.02


def test_a_forgotten_offset_shows():
    wrong = replace(GRBL, knife=Knife("none"))
    path = plan_cut(garments(), wrong)
    traces = [t for _, t in knife_traces(path.strokes, 0.6, 0.0)]
    assert max(farthest_mm(t, marker_lines(garments(), path)) for t in traces) > 0.3


@pytest.mark.parametrize("start_deg", [-180, -135, -90, -45, -1, 0, 17, 45, 90, 135, 179.9, 180])
def test_an_unknown_heading_is_turned_in_the_waste(start_deg):
    profile = replace(GRBL, knife=replace(GRBL.knife, start_deg=None))
    assert worst_mm(garments(), profile, start_deg, first=8) <= 0.05


def test_the_turning_stays_clear_of_every_piece():
    marker = garments()
    profile = replace(GRBL, knife=replace(GRBL.knife, start_deg=None))
    align = plan_cut(marker, profile).strokes[0]
    assert align.kind == "align"
    cloth = shapely.union_all(marker.polygons)
    for start in range(0, 360, 15):
        trace, _ = tip_trace(align.path, profile.knife.offset_mm, radians(start))
        assert LineString(trace).distance(cloth) > 0.1


def full_marker(length=200.0) -> Marker:
    piece = OrderedPiece("full", "Full", "", box(0, 0, length, 100), 1)
    return Marker(Fabric(100), (piece,), (Placement("full", 1, 0, 0, 0),), NestSettings())


def test_without_waste_the_blade_is_turned_behind_the_last_piece():
    profile = replace(GRBL, knife=replace(GRBL.knife, start_deg=None))
    stroke, heading = align_stroke(full_marker(), profile)
    assert min(x for x, _ in stroke.path) > 200 + profile.knife.offset_mm
    assert heading == 0.0


def test_without_any_room_for_turning_it_is_refused():
    profile = replace(GRBL, knife=replace(GRBL.knife, start_deg=None), table=replace(GRBL.table, length_mm=201.0))
    with pytest.raises(LimitError, match="no room in the waste"):
        plan_cut(full_marker(), profile)


def test_flush_neighbours_are_not_entered():
    """With pieces side by side and no gap, the tip stays on the shared line."""
    piece = OrderedPiece("box", "Box", "", Polygon([(0, 0), (80, 0), (80, 50), (0, 50)]), 2)
    places = (Placement("box", 1, 0, 0, 0), Placement("box", 2, 80, 0, 0))
    assert worst_mm(Marker(Fabric(50), (piece,), places, NestSettings()), GRBL, 0.0) <= 0.01
